/** The bridge: one plan or one coded refusal for every intent, and never two plans of one signal. */
import { expect } from 'chai';
import { bridgeBehaviour } from '../../src/actors/bridge.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { BridgeMessage, ExecutorMessage, FlowedMessage, DecisionLogMessage, JournalMessage } from '../../src/protocol/messages.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aPlan, aUniverse, GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { makeCandles } from '../kit/decisions.ts';

async function bench(recorded: (now: number) => object[] = () => []) {
  const world = new World();
  const { clock, system } = world;
  const ref = system.ref<BridgeMessage>('bridge');
  const journal = new Probe<JournalMessage>(world, 'journal');
  journal.answer = () => recorded(clock.now());
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  const brackets = new Map([[GPS, [{ leverage: 20, notionalCap: decimal('5000') }]]]);
  const decisions = new Probe<DecisionLogMessage>(world, 'decisions');
  const watchdog = new Probe<FlowedMessage>(world, 'watchdog');
  await world.start(journal.spec, executor.spec, decisions.spec, watchdog.spec, worker(ref, bridgeBehaviour({ sources: { strategies: new Set(['trend-24h']), shadows: new Set(['ema-cross']), external: new Set(['manual']) }, limits: { priceMaxAgeMs: 10_000, entrySlippageBps: 30, notionalPerTrade: '210' }, executorOf: () => executor.ref, decisions: decisions.ref, journal: journal.ref, watchdog: watchdog.ref })));
  const tell = (message: BridgeMessage) => system.tell(ref, message);
  const life = (part: Partial<LifeView> = {}) => tell({ type: 'life', view: { symbol: GPS, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...part } });
  const inform = () => {
    tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets } });
    tell({ type: 'universe', universe: aUniverse() });
    tell({ type: 'market-view', view: { at: 0, symbols: new Map([[GPS, { symbol: GPS, candles: makeCandles(), mark: { price: decimal('0.01'), observedAt: clock.now() } }]]) } });
    life();
  };
  const intend = async (part: object = {}) => {
    tell({ type: 'intent', intent: { ...aPlan(clock.now()).intent, ...part } });
    await world.settle();
    return decisions.of('decided').filter(({ decision }) => decision.stage === 'intent').at(-1)?.decision.outcome;
  };
  return { world, tell, life, brackets, inform, intend, executor, decisions, plans: () => executor.of('plan').map((message) => message.plan), watchdog };
}

describe('bridge', () => {
  it('turns an intent into one plan, sized within the venue\'s filters, and says so twice in the funnel', async () => {
    const { inform, intend, plans, decisions } = await bench();
    inform();
    expect(await intend()).to.equal('passed');
    expect(plans()).to.have.length(1);
    expect(decimal(plans()[0]!.notional).toNumber()).to.be.within(195, 205);
    expect(decisions.of('decided').map(({ decision }) => [decision.stage, decision.outcome])).to.deep.equal([['intent', 'passed'], ['plan', 'passed']]);
  });

  it('knows nothing at first, and refuses rather than guesses: each missing input by its name', async () => {
    const { world, inform, tell, life, brackets, intend, plans } = await bench();
    expect(await intend()).to.equal('CLOCK_SKEW');
    tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets } });
    expect(await intend()).to.equal('UNIVERSE_UNKNOWN');
    tell({ type: 'universe', universe: aUniverse() });
    expect(await intend()).to.equal('POSITION_UNRESOLVED');
    life();
    expect(await intend()).to.equal('PRICE_MISSING');
    inform();
    tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: false, brackets: new Map() } });
    expect(await intend(), 'what the brackets are is not known before they were asked for').to.equal('LEVERAGE_BRACKET');
    inform();
    await world.advance(11_000);
    expect(await intend()).to.equal('PRICE_STALE');
    expect(plans()).to.deep.equal([]);
  });

  it('refuses an unknown source, a symbol outside the universe, an expired intent and a symbol that is not flat', async () => {
    const { world, inform, life, intend } = await bench();
    inform();
    expect(await intend({ source: 'somebody' })).to.equal('SOURCE_UNKNOWN');
    expect(await intend({ source: 'ema-cross' })).to.equal('SOURCE_NOT_LIVE');
    expect(await intend({ symbol: 'DOGEUSDT' })).to.equal('SYMBOL_NOT_IN_POLICY_UNIVERSE');
    expect(await intend({ expiresAt: world.clock.now() - 1 })).to.equal('INTENT_EXPIRED');
    life({ phase: 'Protected' });
    expect(await intend()).to.equal('POSITION_OPEN');
  });

  it('tells the decision log what each intent was decided by, and of a plan its numbers', async () => {
    const { inform, intend, decisions, life } = await bench();
    inform();
    await intend();
    const [intent, plan] = decisions.of('decided').map(({ decision }) => decision);
    expect(intent?.inputs).to.deep.include({ source: 'trend-24h', side: 'LONG', mark: '0.01', markAgeMs: 0, phase: 'Flat', ourUniverseVersion: 1, bracketsKnown: true });
    expect(plan?.inputs).to.deep.include({ action: 'OPEN_LONG', stopLossPercent: '2', takeProfitPercent: '4' });
    life({ phase: 'Protected' });
    await intend();
    expect(decisions.last('decided')?.decision).to.deep.include({ stage: 'intent', outcome: 'POSITION_OPEN', denials: [{ code: 'POSITION_OPEN', limit: 'Flat', value: 'Protected' }] });
    expect(decisions.last('decided')?.decision.inputs).to.include({ phase: 'Protected' });
  });

  it('takes an external intent\'s prices for percentages of the entry, and none on the wrong side (failure 43)', async () => {
    const { inform, intend, plans } = await bench();
    inform();
    expect(await intend({ source: 'manual', stopLoss: '0.0101' })).to.equal('STOP_INVALID');
    expect(await intend({ source: 'manual', stopLoss: '0.0097', takeProfit: '0.0105' })).to.equal('passed');
    expect(plans()[0]).to.include({ stopLossPercent: '3', takeProfitPercent: '5' });
  });

  it('tells the watchdog of every intent, by outcome', async () => {
    const { inform, intend, watchdog } = await bench();
    inform();
    await intend({ source: 'somebody' });
    await intend();
    expect(watchdog.told).to.deep.equal([{ type: 'flowed', edge: 'intents', outcomes: { SOURCE_UNKNOWN: 1 } }, { type: 'flowed', edge: 'intents', outcomes: { accepted: 1 } }]);
  });

  it('takes a signal that led to an order for a duplicate, one that was refused not (ruling 19)', async () => {
    const { inform, intend, life, plans } = await bench();
    inform();
    await intend();
    const { planId } = plans()[0]!;
    life({ plan: { planId, stage: 'pending' } });
    life({ plan: { planId, stage: 'ended' } });
    expect(await intend(), 'its plan was refused before it was sent').to.equal('passed');
    life({ phase: 'Opening', plan: { planId, stage: 'sent' } });
    life({ plan: { planId, stage: 'ended' } });
    expect(await intend()).to.equal('INTENT_DUPLICATE');
  });

  it('remembers over a restart which plans were made for an order (rulings 18, 19)', async () => {
    const plans: object[] = [];
    const { world, inform, intend, plans: made } = await bench((now) => plans.map((payload) => ({ at: now - 1_000, ...payload })));
    inform();
    await intend();
    const { planId } = made()[0]!;
    plans.push({ entity: `symbol/${GPS}`, type: 'PlanMade', payload: { plan: { planId } } });
    world.system.control('bridge', 'kill', 'test');
    await world.advance(1_000);
    inform();
    expect(await intend()).to.equal('INTENT_DUPLICATE');
  });

  it('takes a signal that led to an order for a duplicate also when the wall clock was set on by an hour meanwhile', async () => {
    const { world, inform, tell, brackets, intend, life, plans } = await bench();
    inform();
    const createdAt = world.clock.now();
    await intend({ createdAt });
    life({ phase: 'Opening', plan: { planId: plans()[0]!.planId, stage: 'sent' } });
    await world.settle();
    world.clock.setWall(3_600_000);
    inform();
    tell({ type: 'session', view: { clockOffsetMs: -3_600_000, modesConfirmed: true, brackets } });
    expect(await intend({ createdAt, expiresAt: createdAt + 60_000 })).to.equal('INTENT_DUPLICATE');
    await world.advance(600_001);
    expect(await intend({ createdAt, expiresAt: createdAt + 3_600_000 })).not.to.equal('INTENT_DUPLICATE');
  });

  it('dates by venue time: an intent is not old because our clock runs ahead (ruling 18)', async () => {
    const { world, tell, inform, brackets, intend } = await bench();
    inform();
    tell({ type: 'session', view: { clockOffsetMs: -5_000, modesConfirmed: true, brackets } });
    expect(await intend({ expiresAt: world.clock.now() - 4_000 })).to.equal('passed');
  });
});
