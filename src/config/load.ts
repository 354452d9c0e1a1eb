/** The configuration from its layers: defaults, config/vigil.yaml, files, environment, flags; later wins, and all faults come at once. */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { z } from 'zod';
import { readCredentials } from './credentials.ts';
import { CROSS_CHECKS } from './cross-checks.ts';
import { shown, throwFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import { KEYS, variableOf } from './keys.ts';
import type { Given, Layer } from './layer.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';
import { environmentLayer, fileLayer, setLayer } from './sources.ts';

export interface ConfigSources {
  /** `--config`, in order. */
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--set path=value`, in order. */
  readonly sets: readonly string[];
  /** `--data-dir`. */
  readonly dataDir?: string;
  /** Where `config/vigil.yaml` and, by default, the data directory are. */
  readonly projectRoot: string;
  /** What relative paths of flags and variables are relative to; by default the working directory. */
  readonly cwd?: string;
}

/** What is in force, by key. */
type Winners = ReadonlyMap<string, Given>;

/**
 * @throws VigilError CONFIG_INVALID (with every fault in `details.faults`), CONFIG_UNREADABLE, CREDENTIALS_UNSAFE
 */
export function loadConfig(sources: ConfigSources): Config {
  const { projectRoot, cwd = process.cwd() } = sources;
  const layers = layersOf(sources, cwd);
  const winners = new Map(layers.flatMap((layer) => layer.given).map((given) => [given.key.path, given]));
  const faults = layers.flatMap((layer) => layer.faults);

  const { config, faulty } = check(winners, projectRoot, faults);
  for (const { keys, broken } of CROSS_CHECKS) {
    const expected = keys.some((key) => faulty.has(key)) ? undefined : broken(config);
    if (expected === undefined) continue;
    const [path] = keys;
    faults.push({ path, value: shown(valueAt(config, path), KEYS.get(path)?.field), source: sourceOf(winners, path), expected });
  }
  const leaked = passwordInUrl(winners.get('journal.redis.url'));
  if (leaked !== undefined) faults.push(leaked);
  throwFaults(faults);
  return withCredentials(config, sourceOf(winners, 'venue.credentialsFile'));
}

function layersOf({ files, env, sets, dataDir, projectRoot }: ConfigSources, cwd: string): Layer[] {
  const own = join(projectRoot, 'config', 'vigil.yaml');
  const named = relative(cwd, own).startsWith('..') ? own : relative(cwd, own);
  const flags = setLayer(sets, cwd);
  const dataDirKey = KEYS.get('dataDir');
  if (dataDir !== undefined && dataDirKey !== undefined) flags.give(dataDirKey, dataDir, '--data-dir', cwd);
  return [...(existsSync(own) ? [fileLayer(named, cwd)] : []), ...files.map((file) => fileLayer(file, cwd)), environmentLayer(env, cwd), flags];
}

/** The configuration; where values are faulty, with their defaults in place, so that the rest can still be checked. */
function check(winners: Winners, projectRoot: string, faults: Fault[]): { config: Config; faulty: ReadonlySet<string> } {
  const result = configSchema.safeParse(assemble(winners, projectRoot));
  if (result.success) return { config: result.data, faulty: new Set() };
  const faulty = new Map(result.error.issues.map((issue) => [issue.path.join('.'), { issue, ...blame(issue, winners) }]));
  for (const { issue, given, within } of faulty.values()) {
    const { path, field } = given.key;
    const place = within.map((step) => `[${String(step)}]`).join('');
    const value = within.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown>)[step], given.value);
    faults.push({ path: `${path}${place}`, value: shown(value, field), source: given.source, expected: issue.code === 'custom' && issue.message !== 'Invalid input' ? `${field.expected} (${issue.message})` : field.expected });
  }
  const paths = new Set([...faulty.values()].map(({ given }) => given.key.path));
  const sound = new Map([...winners].filter(([path]) => !paths.has(path)));
  return { config: configSchema.parse(assemble(sound, projectRoot)), faulty: paths };
}

/** The value that an issue is about: the schema's own defaults have none. */
function blame(issue: z.core.$ZodIssue, winners: Winners): { given: Given; within: PropertyKey[] } {
  for (let length = issue.path.length; length > 0; length--) {
    const given = winners.get(issue.path.slice(0, length).join('.'));
    if (given !== undefined) return { given, within: issue.path.slice(length) };
  }
  throw new TypeError(`the defaults of the configuration are faulty at ${issue.path.join('.')}: ${issue.message}`);
}

/** The input of the schema: what was given, and the default paths made absolute. */
function assemble(winners: Winners, projectRoot: string): unknown {
  const root: Record<string, unknown> = {};
  const put = (path: string, value: unknown) => {
    const parts = path.split('.');
    const last = parts.pop() ?? path;
    const section = parts.reduce((inner, part) => (inner[part] ??= {}) as Record<string, unknown>, root);
    section[last] = value;
  };
  for (const { path, field } of KEYS.values()) {
    const given = winners.get(path);
    if (given !== undefined) put(path, given.value);
    else if (field.pathFrom !== undefined && typeof valueAt(DEFAULTS, path) === 'string') {
      put(path, resolve(projectRoot, field.pathFrom === 'config' ? 'config' : '.', String(valueAt(DEFAULTS, path))));
    }
  }
  return root;
}

const DEFAULTS = configSchema.parse({});

/** Keys of the environment go before those of the file, as a pair: half of each would belong to nobody. The paper exchange's are known. */
function withCredentials(config: Config, source: string): Config {
  const { venue } = config;
  const given = venue.apiKey !== undefined || venue.apiSecret !== undefined;
  if (given && (venue.apiKey === undefined || venue.apiSecret === undefined)) {
    const path = venue.apiKey === undefined ? 'venue.apiKey' : 'venue.apiSecret';
    throwFaults([{ path, source: 'environment', expected: 'key and secret together: the other one is set' }]);
  }
  if (given) return config;
  const pair = venue.credentialsFile !== undefined ? readCredentials(venue.credentialsFile, source) : venue.mode === 'paper' ? PAPER_CREDENTIALS : undefined;
  return pair === undefined ? config : { ...config, venue: { ...venue, ...pair } };
}

/** Files are copied and committed, flags are listed by `ps`: a password stands in neither. */
function passwordInUrl(url: Given | undefined): Fault | undefined {
  if (url === undefined || typeof url.value !== 'string' || /^VIGIL_/i.test(url.source) || (URL.parse(url.value)?.password ?? '') === '') return undefined;
  return { path: url.key.path, value: shown(url.value, url.key.field), source: url.source, expected: `no password in it: it comes from ${variableOf('journal.redis.password')} or journal.redis.passwordFile` };
}

const PAPER_CREDENTIALS = { apiKey: 'paper', apiSecret: 'paper' };

function sourceOf(winners: Winners, path: string): string {
  return winners.get(path)?.source ?? 'default';
}

function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], config);
}
