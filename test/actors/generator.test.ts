/** A strategy at work: silent until ready, then at once; every evaluation counted, what is confident enough published. */
import { expect } from 'chai';
import { generatorBehaviour } from '../../src/actors/generator.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { BridgeMessage, FlowedMessage, DecisionLogMessage, GeneratorMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { FIRST_MS } from '../../src/rules/strategies/left-out.ts';
import type { Evaluate, Strategy, Verdict } from '../../src/rules/strategies/strategy.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { makeCandles } from '../kit/decisions.ts';

const OTHERS = ['BTCUSDT', 'ETHUSDT', '币安人生USDT'] as SymbolName[];
const SYMBOLS = [GPS, ...OTHERS];
const OFFSET = -400;

async function bench(evaluate?: Evaluate) {
  const world = new World();
  const ref = world.system.ref<GeneratorMessage>('generator/test');
  const verdicts: Verdict[] = [
    { verdict: 'signal', side: 'LONG', confidence: 0.9, inputs: { change: '12.5' } },
    { verdict: 'signal', side: 'SHORT', confidence: 0.2, inputs: {} },
    { verdict: 'hold', confidence: 0.5, inputs: {} },
    { verdict: 'unknown', missing: 'ticker' },
  ];
  const strategy: Strategy = { name: 'test', does: 'Is told what to say.', warmUp: 0, start: () => evaluate ?? (({ market }) => verdicts[SYMBOLS.indexOf(market.symbol)]!) };
  const bridge = new Probe<BridgeMessage>(world, 'bridge');
  const decisions = new Probe<DecisionLogMessage>(world, 'decisions');
  const watchdog = new Probe<FlowedMessage | StandingMessage>(world, 'watchdog');
  await world.start(bridge.spec, decisions.spec, watchdog.spec, worker(ref, generatorBehaviour({ source: { kind: 'own', strategy }, maxFallbackShare: 0.5, shareWindowMs: 600_000, cycleMs: 60_000, minConfidence: 0.5, dataMaxAgeMs: 60_000, intentExpiryMs: 120_000, notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', bridge: bridge.ref, decisions: decisions.ref, watchdog: watchdog.ref, edge: 'evaluation/test' })));
  const tell = (message: GeneratorMessage) => world.system.tell(ref, message);
  const inform = (symbols: readonly SymbolName[] = SYMBOLS) => {
    tell({ type: 'universe', universe: aUniverse(symbols, 7) });
    tell({ type: 'session', view: { clockOffsetMs: OFFSET, modesConfirmed: true, brackets: new Map() } });
    tell({ type: 'market-view', view: { at: 0, symbols: new Map(symbols.map((symbol) => [symbol, { symbol, candles: makeCandles(), mark: { price: decimal('0.01'), observedAt: 0 } }])) } });
  };
  const ready = (is: boolean) => tell({ type: 'readiness', view: { ready: is, missing: [], behind: [], since: 0 } });
  const intents = () => bridge.of('intent').map((message) => message.intent);
  const outcomes = () => decisions.of('decided').map(({ decision }) => decision.outcome);
  const alerts = () => watchdog.last('standing')?.alerts.map((alert) => alert.message) ?? [];
  return { world, tell, inform, ready, intents, outcomes, watchdog, decisions, alerts };
}

describe('generator', () => {
  it('makes no cycle until the gate opens, and the first one at once (ruling 17)', async () => {
    const { world, inform, ready, intents } = await bench();
    inform();
    await world.advance(200_000);
    expect(intents()).to.deep.equal([]);
    ready(true);
    await world.advance(10);
    expect(intents()).to.have.length(1);
    await world.advance(59_000);
    expect(intents(), 'the next a cycle later').to.have.length(1);
    await world.advance(1_000);
    expect(intents()).to.have.length(2);
  });

  it('counts every evaluation of every cycle with its outcome, holds and unknowns included (ruling 27, failures 4, 8)', async () => {
    const { world, inform, ready, outcomes } = await bench();
    inform();
    ready(true);
    await world.advance(10);
    expect(outcomes()).to.deep.equal(['passed', 'CONFIDENCE_LOW', 'SIGNAL_HOLD', 'MARKET_DATA_MISSING']);
  });

  it('tells the watchdog of every cycle once, by outcome, and of none it did not make (ruling 27)', async () => {
    const { world, inform, ready, watchdog } = await bench();
    inform();
    await world.advance(120_000);
    expect(watchdog.of('flowed')).to.deep.equal([]);
    ready(true);
    await world.advance(60_010);
    const cycle = { type: 'flowed', edge: 'evaluation/test', outcomes: { accepted: 1, CONFIDENCE_LOW: 1, SIGNAL_HOLD: 1, MARKET_DATA_MISSING: 1 } };
    expect(watchdog.of('flowed')).to.deep.equal([cycle, cycle]);
  });

  it('dates an intent by venue time, and names the universe it was made for (rulings 18, 19)', async () => {
    const { world, inform, ready, intents } = await bench();
    inform();
    const now = world.clock.now();
    ready(true);
    await world.advance(0);
    expect(intents()[0]).to.include({ symbol: GPS, side: 'LONG', createdAt: now + OFFSET, expiresAt: now + OFFSET + 120_000, universeVersion: 7, price: '0.01', notional: '200' });
  });

  it('looks at the symbols of the universe and at no other (failure 3)', async () => {
    const seen: string[] = [];
    const { world, inform, ready } = await bench(({ market }) => {
      seen.push(market.symbol);
      return { verdict: 'hold', confidence: 0, inputs: {} };
    });
    inform();
    inform([GPS]);
    ready(true);
    await world.advance(10);
    expect(seen).to.deep.equal([GPS]);
  });

  it('evaluates a symbol nobody has seen a price of as one without data, not as none (failure 69)', async () => {
    const { world, inform, tell, ready, outcomes } = await bench(({ market }) => (market.mark === undefined ? { verdict: 'unknown', missing: 'mark' } : { verdict: 'hold', confidence: 0, inputs: {} }));
    inform([GPS]);
    tell({ type: 'universe', universe: aUniverse(SYMBOLS) });
    ready(true);
    await world.advance(10);
    expect(outcomes().filter((outcome) => outcome === 'MARKET_DATA_MISSING')).to.have.length(3);
    expect(outcomes()).to.have.length(4);
  });

  it('starts a cycle again each time it leaves NOT_READY, and makes none while it lasts', async () => {
    const { world, inform, ready, intents } = await bench();
    inform();
    ready(true);
    await world.advance(10);
    ready(true);
    await world.advance(10);
    expect(intents(), 'still ready is no new start').to.have.length(1);
    ready(false);
    await world.advance(120_000);
    expect(intents()).to.have.length(1);
    ready(true);
    await world.advance(10);
    expect(intents()).to.have.length(2);
  });

  it('crashes with a strategy that throws, is restarted, and goes on in the next cycle (failure 4)', async () => {
    let defect = true;
    const { world, inform, ready, outcomes } = await bench(() => {
      if (defect) throw new TypeError('a format error in a fallback');
      return { verdict: 'hold', confidence: 0, inputs: {} };
    });
    inform();
    ready(true);
    await world.advance(1_000);
    expect(world.system.inspect('generator/test')).to.include({ restarts: 1 });
    expect(outcomes(), 'nothing of a cycle that crashed is told').to.deep.equal([]);
    defect = false;
    inform();
    ready(true);
    await world.advance(10);
    expect(outcomes()).to.deep.equal(['STRATEGY_CRASHED', 'SIGNAL_HOLD', 'SIGNAL_HOLD', 'SIGNAL_HOLD']);
  });

  it('tells with each decision what it was decided by, and the numbers of its refusal (failures 67, 72)', async () => {
    const { world, inform, ready, decisions, intents } = await bench();
    inform();
    ready(true);
    await world.advance(10);
    const told = decisions.of('decided').map(({ decision }) => decision);
    expect(told.map(({ inputs }) => inputs)).to.deep.equal([
      { source: 'test', verdict: 'signal', side: 'LONG', confidence: 0.9, change: '12.5' },
      { source: 'test', verdict: 'signal', side: 'SHORT', confidence: 0.2 },
      { source: 'test', verdict: 'hold', confidence: 0.5 },
      { source: 'test', verdict: 'unknown', missing: 'ticker' },
    ]);
    expect(told.map(({ denials }) => denials?.[0])).to.deep.equal([undefined, { code: 'CONFIDENCE_LOW', limit: '0.5', value: '0.2' }, { code: 'SIGNAL_HOLD', value: '0.5' }, { code: 'MARKET_DATA_MISSING', unknown: true, detail: 'ticker' }]);
    expect(told[0]).to.deep.include({ by: 'generator/test', ids: { intentId: intents()[0]!.intentId } });
  });

  it('leaves out the one symbol it crashes on, longer each time, with an alert, so that the others are evaluated', async () => {
    let poison: SymbolName | undefined = OTHERS[0]!;
    const { world, inform, ready, outcomes, decisions, alerts } = await bench(({ market }) => {
      if (market.symbol === poison) throw new RangeError('division by nothing');
      return { verdict: 'hold', confidence: 0, inputs: {} };
    });
    const again = async () => {
      inform();
      ready(true);
      await world.advance(1_000);
    };
    await again();
    await again();
    expect(outcomes()).to.deep.equal(['SIGNAL_HOLD', 'STRATEGY_CRASHED', 'SIGNAL_HOLD', 'SIGNAL_HOLD']);
    expect(alerts()[0]).to.match(/^strategy test crashed and leaves out BTCUSDT until .*division by nothing/);
    expect(world.system.inspect('generator/test')).to.include({ restarts: 1 });
    await world.advance(FIRST_MS - 60_000);
    expect(world.system.inspect('generator/test'), 'not before its time').to.include({ restarts: 1 });
    await world.advance(120_000);
    expect(world.system.inspect('generator/test'), 'tried again, and crashed again').to.include({ restarts: 2 });
    await again();
    await world.advance(FIRST_MS + 60_000);
    expect(world.system.inspect('generator/test'), 'twice as long').to.include({ restarts: 2 });
    poison = undefined;
    await world.advance(FIRST_MS);
    decisions.clear();
    await world.advance(60_000);
    expect(outcomes()).to.deep.equal(['SIGNAL_HOLD', 'SIGNAL_HOLD', 'SIGNAL_HOLD', 'SIGNAL_HOLD']);
    expect(alerts(), 'and the alert is taken back').to.deep.equal([]);
  });

  for (const [what, verdict] of [['NaN', { verdict: 'signal', side: 'LONG', confidence: Number.NaN, inputs: {} }], ['a confidence of 1.2', { verdict: 'signal', side: 'LONG', confidence: 1.2, inputs: {} }], ['a side of its own', { verdict: 'signal', side: 'BUY', confidence: 0.9, inputs: {} }], ['nothing', undefined]] as const) {
    it(`takes ${what} for a crash of the strategy, and publishes nothing`, async () => {
      const { world, inform, ready, intents } = await bench(() => verdict as Verdict);
      inform();
      ready(true);
      await world.advance(1_000);
      expect(world.system.inspect('generator/test')).to.include({ restarts: 1 });
      expect(intents()).to.deep.equal([]);
    });
  }
});
