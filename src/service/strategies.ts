/** The strategies that the configuration names, loaded and checked before anything starts: all of them, or a refusal that names every fault. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance, isStrategyPath, throwFaults } from '../config.ts';
import type { Config, Fault } from '../config.ts';
import type { Source } from '../actors/strategies/evaluations.ts';
import { nameOf } from '../actors/strategies/evaluations.ts';
import { httpModel } from '../model/http-model.ts';
import { messageOf } from '../protocol/errors.ts';
import { BUILT_IN, REMOTE_MODEL, REMOTE_MODEL_DOES } from '../rules/strategies/built-in.ts';
import { strategyFaults } from '../rules/strategies/strategy.ts';
import type { Strategy } from '../rules/strategies/strategy.ts';

/** Who trades and who only watches, by name. */
export interface StrategyRoles {
  readonly live: readonly Source[];
  readonly shadows: readonly Source[];
}

const NAMES = [...BUILT_IN.map((one) => one.name), REMOTE_MODEL];

/** One entry of a list of the configuration. */
interface Named {
  /** `generator.strategies[1]` */
  readonly path: string;
  readonly value: string;
}

/** @throws VigilError CONFIG_INVALID with every fault. */
export async function loadStrategies(config: Config): Promise<StrategyRoles> {
  const { strategies, shadows, remoteModel } = config.generator;
  const faults: Fault[] = [];
  const refuse = ({ path, value }: Named, expected: string) => void faults.push({ path, value: JSON.stringify(value), source: 'configuration', expected });
  const listed = (list: readonly string[], key: string): Named[] => list.map((value, index) => ({ path: `generator.${key}[${index}]`, value }));
  const strategyOf = async (named: Named): Promise<Strategy | undefined> => {
    const found = isStrategyPath(named.value) ? await fromFile(named.value) : builtIn(named.value);
    if (typeof found === 'string') refuse(named, found);
    else if (found.warmUp > config.market.candleHistory) refuse(named, `a strategy that needs at most market.candleHistory (${config.market.candleHistory}) candles: ${found.name} needs ${found.warmUp}, and would never know anything`);
    else return found;
    return undefined;
  };
  const sourceOf = async (named: Named): Promise<Source | undefined> => {
    if (named.value === REMOTE_MODEL) return remote(named);
    const strategy = await strategyOf(named);
    return strategy === undefined ? undefined : { kind: 'own', strategy };
  };
  const remote = async (named: Named): Promise<Source | undefined> => {
    const { url, timeoutMs, failuresToOpen, retryMs, fallback } = remoteModel;
    const at: Named = { path: 'generator.remoteModel.fallback', value: fallback ?? '' };
    if (url === undefined) refuse(named, `generator.remoteModel.url to be set: ${REMOTE_MODEL} asks it`);
    if (fallback === REMOTE_MODEL) refuse(at, 'another strategy than the one it answers for, or null');
    const instead = fallback === null || fallback === REMOTE_MODEL ? undefined : await strategyOf(at);
    if (url === undefined || (fallback !== null && instead === undefined)) return undefined;
    return { kind: 'model', name: REMOTE_MODEL, does: REMOTE_MODEL_DOES, model: httpModel(url), timeoutMs, circuit: { failuresToOpen, retryMs }, fallback: instead };
  };
  const load = async (list: readonly Named[]) => (await Promise.all(list.map(async (named) => ({ named, source: await sourceOf(named) })))).flatMap(({ named, source }) => (source === undefined ? [] : [{ named, source }]));

  const live = await load(listed(strategies, 'strategies'));
  const watching = await load(listed(shadows, 'shadows'));
  const taken = new Map<string, Named>();
  for (const { named, source } of [...live, ...watching]) {
    const { name } = nameOf(source);
    const other = taken.get(name);
    if (other !== undefined) refuse(named, `a strategy of another name: ${other.path} (${other.value}) is called ${name} too, and a name is one actor, one source and one score`);
    else if (isStrategyPath(named.value) && NAMES.includes(name)) refuse(named, `a strategy of another name: ${name} comes with Vigil`);
    else taken.set(name, named);
  }
  throwFaults(faults);
  return { live: live.map((one) => one.source), shadows: watching.map((one) => one.source) };
}

/** The strategy, or what was expected. */
function builtIn(name: string): Strategy | string {
  const nearest = NAMES.toSorted((a, b) => distance(name, a) - distance(name, b))[0] ?? '';
  return BUILT_IN.find((one) => one.name === name) ?? `one of ${NAMES.join(', ')}, or the path of a file (./NAME.ts); did you mean ${nearest}?`;
}

/** The strategy, or what was expected. */
async function fromFile(path: string): Promise<Strategy | string> {
  if (!existsSync(path)) return 'the path of a file that exists, relative to the configuration file';
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly strategy?: unknown };
    if (module.strategy === undefined) return `a file that exports "strategy"; ${basename(path)} exports ${Object.keys(module).join(', ') || 'nothing'} (docs/strategies.md)`;
    const faults = strategyFaults(module.strategy);
    return faults.length === 0 ? (module.strategy as Strategy) : `a strategy as in docs/strategies.md: ${faults.join('; ')}`;
  } catch (error) {
    return `a file that can be loaded: ${messageOf(error).split('\n')[0]}`;
  }
}
