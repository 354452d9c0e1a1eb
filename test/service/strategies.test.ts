/** Strategies come by name or as files: loaded and checked as a whole before anything starts, or refused with every fault. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { generatorBehaviour } from '../../src/actors/generator.ts';
import { nameOf } from '../../src/actors/strategies/evaluations.ts';
import type { Source } from '../../src/actors/strategies/evaluations.ts';
import { loadConfig } from '../../src/config.ts';
import type { Config, Fault } from '../../src/config.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { BridgeMessage, DecisionLogMessage, FlowedMessage, GeneratorMessage, StandingMessage } from '../../src/protocol/messages.ts';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';
import { flowContracts } from '../../src/service/contracts.ts';
import { loadStrategies } from '../../src/service/strategies.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse } from '../kit/actors.ts';
import { composedPaths, defaultConfig } from '../kit/composed-tree.ts';
import { GPS, makeCandles, makeMarket } from '../kit/decisions.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const EXAMPLE = 'config/strategies/example-breakout.ts';
const GOOD = "export const strategy = { name: 'mine', does: 'Nothing.', warmUp: 0, start: () => () => ({ verdict: 'hold', confidence: 0, inputs: {} }) };\n";
const names = (sources: readonly Source[]) => sources.map((one) => nameOf(one).name);

describe('the strategies of the configuration', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'vigil-strategies-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const file = (name: string, content: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
    return join(root, name);
  };
  /** The configuration with a file of its own in `root`. */
  const configured = (yaml: string): Config => loadConfig({ files: [file('mine.yaml', yaml)], env: {}, sets: [], dataDir: root, projectRoot: PROJECT_ROOT });
  const faultsOf = async (config: Config): Promise<readonly Fault[]> => {
    const error = await loadStrategies(config).then(() => undefined, (thrown: unknown) => thrown as VigilError);
    expect(error?.code).to.equal('CONFIG_INVALID');
    return error!.details['faults'] as Fault[];
  };

  it('are by default trend-24h, which trades, and ema-cross, which watches', async () => {
    const { live, shadows } = await loadStrategies(defaultConfig());
    expect([names(live), names(shadows)]).to.deep.equal([['trend-24h'], ['ema-cross']]);
  });

  it('come from files, relative to the configuration file, as actors of the tree with contracts of their own', async () => {
    file('strategies/mine.ts', GOOD);
    file('other.ts', GOOD.replace("'mine'", "'other'"));
    const config = configured('generator: {strategies: [trend-24h, ./strategies/mine.ts], shadows: [other.ts]}');
    const strategies = await loadStrategies(config);
    expect([names(strategies.live), names(strategies.shadows)]).to.deep.equal([['trend-24h', 'mine'], ['other']]);
    expect(composedPaths(config, strategies)).to.include.members(['generator/trend-24h', 'generator/mine', 'shadow/other']).and.not.include('shadow/ema-cross');
    expect(flowContracts(config, { live: names(strategies.live), shadows: names(strategies.shadows) }).map((one) => one.producer)).to.include.members(['generator/mine', 'shadow/other']);
  });

  it('are refused with the nearest name when there is none of this name', async () => {
    const [fault] = await faultsOf(configured('generator: {strategies: [trend-24], shadows: []}'));
    expect(fault).to.include({ path: 'generator.strategies[0]', value: '"trend-24"' });
    expect(fault!.expected).to.include('did you mean trend-24h?');
    expect((await faultsOf(configured('generator: {shadows: [ema-cros]}')))[0]).to.deep.include({ path: 'generator.shadows[0]' });
  });

  for (const [what, content, expected] of [
    ['exports no strategy', 'export const strategies = 1;', /exports "strategy".*exports strategies/],
    ['has only a default export', 'export default {};', /exports "strategy".*exports default/],
    ['does not parse', 'export const = ;', /a file that can be loaded: /],
    ['throws as it is loaded', "throw new Error('no such model');", /a file that can be loaded: no such model/],
    ['has no name', GOOD.replace("name: 'mine', ", ''), /strategy\.name: a text/],
    ['has a name that is no path', GOOD.replace("'mine'", "'Mine/1'"), /strategy\.name: small letters/],
    ['has a warm-up that is no count', GOOD.replace('warmUp: 0', 'warmUp: NaN'), /strategy\.warmUp: a whole number/],
    ['has no start', GOOD.replace(/, start.*/, ' };'), /strategy\.start: a function/],
    ['has a start that makes no evaluator', GOOD.replace(/start: .*/, 'start: () => 1 };'), /strategy\.start: it must return a function/],
    ['has a start that throws', GOOD.replace(/start: .*/, "start: () => { throw new Error('no licence'); } };"), /strategy\.start: it throws no licence/],
    ['needs more candles than are kept', GOOD.replace('warmUp: 0', 'warmUp: 501'), /market\.candleHistory \(500\) candles: mine needs 501/],
    ['takes a name that comes with Vigil', GOOD.replace("'mine'", "'ema-cross'"), /another name: ema-cross comes with Vigil/],
  ] as const) {
    it(`refuses a file that ${what}, with its key, its path and what is expected`, async () => {
      const path = file('mine.ts', content);
      const faults = await faultsOf(configured('generator: {strategies: [trend-24h, ./mine.ts], shadows: []}'));
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include({ path: 'generator.strategies[1]', value: JSON.stringify(path) });
      expect(faults[0]!.expected).to.match(expected);
    });
  }

  it('are refused all at once: a file that is not there, a name taken twice, one in both lists', async () => {
    file('a.ts', GOOD);
    file('b.ts', GOOD);
    const faults = await faultsOf(configured('generator: {strategies: [trend-24h, ./a.ts, ./b.ts, ./c.ts], shadows: [trend-24h]}'));
    expect(faults.map((one) => one.path)).to.deep.equal(['generator.strategies[3]', 'generator.strategies[2]', 'generator.shadows[0]']);
    expect(faults[0]!.expected).to.match(/a file that exists/);
    expect(faults[1]!.expected).to.match(/generator\.strategies\[1\] .*a\.ts\) is called mine too/);
    expect(faults[2]!.expected).to.match(/generator\.strategies\[0\] \(trend-24h\) is called trend-24h too/);
  });

  it('refuse remote-model without an address, and as its own fallback; with both it is one', async () => {
    const [missing] = await faultsOf(configured('generator: {strategies: [remote-model], shadows: []}'));
    expect(missing).to.include({ path: 'generator.strategies[0]' });
    expect(missing!.expected).to.include('generator.remoteModel.url to be set');
    const [own] = await faultsOf(configured('generator: {strategies: [remote-model], shadows: [], remoteModel: {url: "http://127.0.0.1:1", fallback: remote-model}}'));
    expect(own).to.include({ path: 'generator.remoteModel.fallback' });
    const { live } = await loadStrategies(configured('generator: {strategies: [remote-model], shadows: [trend-24h], remoteModel: {url: "http://127.0.0.1:1"}}'));
    expect(live[0]).to.deep.include({ kind: 'model', name: 'remote-model', timeoutMs: 5_000, circuit: { failuresToOpen: 3, retryMs: 60_000 } });
    expect(live[0]?.kind === 'model' && live[0].fallback?.name).to.equal('trend-24h');
  });
});

describe('the worked example', () => {
  it('stands in docs/strategies.md as it is', () => {
    const document = readFileSync(join(PROJECT_ROOT, 'docs/strategies.md'), 'utf8');
    expect(document).to.include(`\`\`\`ts\n${readFileSync(join(PROJECT_ROOT, EXAMPLE), 'utf8')}\`\`\``);
  });

  it('is loaded by its path, trades through the real generator, and tells what it was decided by', async () => {
    const config = loadConfig({ files: [], env: {}, sets: [`generator.strategies=./${EXAMPLE}`], projectRoot: PROJECT_ROOT, dataDir: '/nowhere', cwd: PROJECT_ROOT });
    const { live } = await loadStrategies(config);
    const world = new World();
    const ref = world.system.ref<GeneratorMessage>('generator/example-breakout');
    const bridge = new Probe<BridgeMessage>(world, 'bridge');
    const decisions = new Probe<DecisionLogMessage>(world, 'decisions');
    const watchdog = new Probe<FlowedMessage | StandingMessage>(world, 'watchdog');
    const behaviour = generatorBehaviour({ source: live[0]!, cycleMs: 60_000, minConfidence: 0.5, dataMaxAgeMs: 60_000, intentExpiryMs: 120_000, notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', maxFallbackShare: 0.5, shareWindowMs: 600_000, bridge: bridge.ref, decisions: decisions.ref, watchdog: watchdog.ref, edge: 'e' });
    await world.start(bridge.spec, decisions.spec, watchdog.spec, worker(ref, behaviour));
    const show = async (close: string) => {
      const now = world.clock.now();
      const candles = makeCandles(61);
      const newest = { ...candles.at(-1)!, close: decimal(close) };
      const market = makeMarket({ candles: [...candles.slice(0, -1), newest], statistics: { at: now, observedAt: now, atrShare: undefined, sigma: undefined, trendStrength: undefined, regime: undefined } });
      const tell = (message: GeneratorMessage) => world.system.tell(ref, message);
      tell({ type: 'universe', universe: aUniverse([GPS]) });
      tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() } });
      tell({ type: 'market-view', view: { at: now, symbols: new Map([[GPS, market]]) } });
      tell({ type: 'readiness', view: { ready: false, missing: [], behind: [], since: 0 } });
      tell({ type: 'readiness', view: { ready: true, missing: [], behind: [], since: 0 } });
      await world.advance(10);
    };
    await show('0.009');
    expect(bridge.of('intent').map(({ intent }) => [intent.source, intent.side, intent.confidence])).to.deep.equal([['example-breakout', 'LONG', 0.8]]);
    expect(decisions.of('decided')[0]?.decision.inputs).to.deep.include({ source: 'example-breakout', side: 'LONG', close: 0.009 });
    await show('0.00804');
    expect(decisions.of('decided').at(-1)?.decision.outcome).to.equal('SIGNAL_HOLD');
    await show('0.0079');
    expect(bridge.of('intent').at(-1)?.intent.side).to.equal('SHORT');
    await world.advance(180_000);
    expect(decisions.of('decided').at(-1)?.decision, 'old candles are no candles').to.include({ outcome: 'MARKET_DATA_MISSING' });
  });
});
