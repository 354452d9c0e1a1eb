/** A shadow sees what a live strategy sees, is scored on paper over restarts, and has nothing that leads to the bridge. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { shadowBehaviour } from '../../src/actors/shadow.ts';
import type { ShadowOptions } from '../../src/actors/shadow.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { BridgeMessage, ExecutorMessage, FlowedMessage, GatewayMessage, JournalMessage, ShadowMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { Evaluate, Strategy, Verdict } from '../../src/rules/strategies/strategy.ts';
import { restoreScore } from '../../src/rules/strategies/score-record.ts';
import { strategy as emaCross } from '../../src/rules/strategies/ema-cross.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { aUniverse, GPS } from '../kit/actors.ts';
import { composedPaths } from '../kit/composed-tree.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const BTC = 'BTCUSDT' as SymbolName;
const TERMS: ShadowOptions['terms'] = { notional: '200', stopLossPercent: '2', takeProfitPercent: '4', takerFeeBps: 5, minConfidence: 0.5, timeMs: 14_400_000, priceMaxAgeMs: 10_000 };
const LONG: Verdict = { verdict: 'signal', side: 'LONG', confidence: 0.7, inputs: {} };
const HOLD: Verdict = { verdict: 'hold', confidence: 0.3, inputs: {} };

interface ScoreView {
  readonly closed: number;
  readonly hits: number;
  readonly hitRate: number | null;
  readonly resultUsdt: string;
  readonly byReason: Readonly<Record<string, number>>;
  readonly open: readonly { readonly symbol: string; readonly entryPrice: string; readonly resultUsdt: string | null }[];
}

async function bench(evaluate?: Evaluate) {
  const world = new World();
  const store = new MemoryJournal();
  const ref = world.system.ref<ShadowMessage>('shadow/test');
  const journal = world.system.ref<JournalMessage>('journal');
  const watchdog = new Probe<FlowedMessage | StandingMessage>(world, 'watchdog');
  const says: { now: Verdict } = { now: LONG };
  const strategy: Strategy = { name: 'test', does: 'Is told.', warmUp: 0, start: () => evaluate ?? (({ market }) => (market.symbol === GPS ? says.now : HOLD)) };
  await world.start(worker(journal as Ref<never>, journalBehaviour(store) as never), watchdog.spec, worker(ref, shadowBehaviour({ source: { kind: 'own', strategy }, cycleMs: 60_000, dataMaxAgeMs: 60_000, terms: TERMS, journal, watchdog: watchdog.ref, edge: 'shadow/test' })));
  const tell = (message: ShadowMessage) => world.system.tell(ref, message);
  const inform = () => {
    tell({ type: 'universe', universe: aUniverse([GPS, BTC]) });
    tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() } });
  };
  const price = async (text: string) => {
    const observedAt = world.clock.now();
    const mark = decimal(text);
    tell({ type: 'market-view', view: { at: observedAt, symbols: new Map([[GPS, { symbol: GPS, candles: [], mark: { price: mark, observedAt }, book: { bid: mark.multipliedBy('0.9995'), ask: mark.multipliedBy('1.0005'), observedAt } }]]) } });
    await world.advance(10);
  };
  const state = () => (world.system.inspect('shadow/test') as unknown as { state: { score: ScoreView; cycles: number; signals: number; notDurable: number } }).state;
  return { world, store, says, tell, inform, price, state, score: () => state().score, watchdog };
}

describe('shadow', () => {
  it('begins as soon as there is something to look at, whatever the ready gate says, and counts what it saw', async () => {
    const { inform, price, state, watchdog, world } = await bench();
    await world.advance(120_000);
    expect(state().cycles).to.equal(0);
    inform();
    await price('100');
    expect(state()).to.include({ cycles: 1, signals: 1 });
    expect(watchdog.of('flowed')).to.deep.equal([{ type: 'flowed', edge: 'shadow/test', outcomes: { signal: 1, hold: 1 } }]);
    await world.advance(60_000);
    expect(state().cycles).to.equal(2);
  });

  it('enters on paper at mark, shows what that is worth, and comes out at its stop with the costs taken off', async () => {
    const { inform, price, score, store } = await bench();
    inform();
    await price('100');
    expect(score().open.map(({ symbol, entryPrice, resultUsdt }) => [symbol, entryPrice, resultUsdt])).to.deep.equal([[GPS, '100', '-0.4']]);
    await price('101');
    expect(score().open[0]?.resultUsdt).to.equal('1.6');
    await price('98');
    expect(score()).to.deep.include({ closed: 1, hits: 0, hitRate: 0, resultUsdt: '-4.4', open: [] });
    expect(score().byReason).to.include({ STOP: 1 });
    expect(store.story('shadow/test')).to.deep.equal(['PaperOpened', 'PaperClosed']);
  });

  it('keeps its score and what is open over a restart', async () => {
    const { inform, price, score, says, world } = await bench();
    inform();
    await price('100');
    await price('104');
    says.now = HOLD;
    await world.advance(60_000);
    says.now = LONG;
    await price('104');
    await world.advance(60_000);
    await price('104');
    const before = score();
    expect(before).to.deep.include({ closed: 1, hits: 1, hitRate: 1, resultUsdt: '7.6' });
    world.system.control('shadow/test', 'kill', 'a test');
    await world.advance(5_000);
    expect(world.system.inspect('shadow/test')).to.include({ incarnation: 2, status: 'running' });
    expect({ ...score(), open: [] }).to.deep.equal({ ...before, open: [] });
    expect(score().open.map((one) => one.entryPrice)).to.deep.equal(before.open.map((one) => one.entryPrice));
    inform();
    await price('110');
    expect(score().closed).to.equal(before.closed + before.open.length);
  });

  it('writes its score down whole when the first entry is a day old, and goes on from there', async () => {
    const { inform, price, score, says, store, world } = await bench();
    inform();
    await price('100');
    await price('104');
    for (let i = 0; i < 13; i++) {
      await world.advance(5_000);
      await price('104');
    }
    const before = score();
    expect([before.closed, before.open.length]).to.deep.equal([1, 1]);
    world.clock.moveTo(world.clock.now() + 86_400_000);
    says.now = HOLD;
    await world.advance(2_000);
    expect(store.story('shadow/test').filter((type) => type === 'Snapshot')).to.have.length(1);
    const whole = store.entries.filter((entry) => entry.type !== 'Snapshot');
    const { spent: _spent, ...restored } = restoreScore(await store.read('shadow/test'));
    const { spent: _gone, ...folded } = restoreScore(whole);
    expect(restored).to.deep.equal(folded);
    world.system.control('shadow/test', 'kill', 'a test');
    await world.advance(5_000);
    // What was open could not be priced for a day.
    expect(score()).to.deep.equal({ ...before, open: [], voided: 1 });
    const next = (await store.read('shadow/test')).at(-1)!.sequence + 1;
    says.now = LONG;
    inform();
    await price('110');
    expect(store.entries.at(-1)).to.include({ sequence: next, type: 'PaperOpened' });
  });

  it('that comes back after its entries were let go of begins anew, behind the numbers it had: they are given once', async () => {
    const { inform, price, score, says, state, store, world } = await bench();
    inform();
    await price('100');
    await price('97');
    expect(score().closed).to.equal(1);
    await store.release(Number.MAX_SAFE_INTEGER);
    says.now = HOLD;
    world.system.control('shadow/test', 'kill', 'a test');
    await world.advance(5_000);
    expect(score().closed, 'forgotten').to.equal(0);
    says.now = LONG;
    inform();
    await price('110');
    await world.advance(10_000);
    expect(world.system.inspect('shadow/test')).to.include({ incarnation: 2, status: 'running' });
    expect(state().notDurable).to.equal(0);
    expect(store.entries.map(({ sequence, type }) => [sequence, type])).to.deep.equal([[3, 'PaperOpened']]);
  });

  it('waits for a journal that is away, loses no result, and holds nobody up', async () => {
    const { inform, price, score, state, store, world } = await bench();
    store.mood = 'failing';
    inform();
    await price('100');
    await price('97');
    expect(score().closed).to.equal(1);
    expect([state().notDurable, store.story('shadow/test')]).to.deep.equal([2, []]);
    store.mood = 'ok';
    await world.advance(6_000);
    expect([state().notDurable, store.story('shadow/test')]).to.deep.equal([0, ['PaperOpened', 'PaperClosed']]);
  });

  it('does not start over results it does not understand: a score over them would be none', async () => {
    const { world, store } = await bench();
    await store.append([{ entity: 'shadow/test', sequence: 1, type: 'PaperInvented', version: 1, at: 0, payload: {} }]);
    world.system.control('shadow/test', 'kill', 'a test');
    await world.advance(5_000);
    expect(world.system.inspect('shadow/test')?.status).to.not.equal('running');
  });

  it('of a strategy that lacks data knows nothing, and says so: ema-cross without candles costs a sentence', async () => {
    const { inform, price, state, score, watchdog } = await bench(emaCross.start());
    inform();
    await price('100');
    expect(watchdog.of('flowed')[0]?.outcomes).to.deep.equal({ unknown: 2 });
    expect(state().signals).to.equal(0);
    expect(score().closed + score().open.length).to.equal(0);
  });

  it('cannot be given what leads to a trade: it does not compile', () => {
    type Held = ShadowOptions[keyof ShadowOptions];
    expectTypeOf<Ref<BridgeMessage>>().not.toExtend<Held>();
    expectTypeOf<Ref<ExecutorMessage>>().not.toExtend<Held>();
    expectTypeOf<Ref<GatewayMessage>>().not.toExtend<Held>();
    const options = {} as ShadowOptions;
    const bridge = {} as Ref<BridgeMessage>;
    // @ts-expect-error there is no such option
    void ({ ...options, bridge } satisfies ShadowOptions);
    // @ts-expect-error nor does another take it
    void ({ ...options, journal: bridge } satisfies ShadowOptions);
    // @ts-expect-error nor does another take it
    void ({ ...options, watchdog: bridge } satisfies ShadowOptions);
    const said = shadowBehaviour({ source: { kind: 'own', strategy: emaCross }, cycleMs: 1, dataMaxAgeMs: 1, terms: TERMS, journal: {} as Ref<JournalMessage>, watchdog: {} as Ref<FlowedMessage | StandingMessage>, edge: 'e' });
    expect(said.emits.join(' ')).to.not.match(/bridge|executor|gateway|intent/);
  });

  it('is in the tree outside the room that decides, under a supervisor of its own', () => {
    expect(composedPaths()).to.include.members(['shadows', 'shadow/ema-cross']);
  });
});
