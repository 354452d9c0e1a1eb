/** The ready gate: shut until everything is known, and shut again when something is lost (ruling 17). */
import { expect } from 'chai';
import { readinessBehaviour } from '../../src/actors/readiness.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ReadinessMessages } from '../../src/protocol/messages.ts';
import type { LifeView, ReadinessView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { makeCandles, makeFunding, makePerformance } from '../kit/decisions.ts';

const BTC = 'BTCUSDT' as SymbolName;
const price = decimal('1');

async function bench() {
  const world = new World();
  const ref = world.system.ref<ReadinessMessages>('readiness');
  const reader = new Probe<{ readonly type: 'readiness'; readonly view: ReadinessView }>(world, 'reader');
  await world.start(reader.spec, worker(ref, readinessBehaviour({ subscribers: [reader.ref] })));
  const tell = async (message: ReadinessMessages) => {
    world.system.tell(ref, message);
    await world.settle();
  };
  const life = (symbol: SymbolName, part: Partial<LifeView> = {}) => ({ type: 'life' as const, view: { symbol, phase: 'Flat' as const, notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...part } });
  const market = (symbols: readonly SymbolName[]) => ({ type: 'market-view' as const, view: { at: 0, symbols: new Map(symbols.map((symbol) => [symbol, { symbol, candles: makeCandles(), mark: { price, observedAt: 0 }, book: { bid: price, ask: price, observedAt: 0 }, ticker: { changePercent: price, quoteVolume: price, observedAt: 0 }, funding: makeFunding() }])) } });
  const inputs: readonly [string, ReadinessMessages][] = [
    ['universe', { type: 'universe', universe: aUniverse([GPS, BTC]) }],
    ['venue-time', { type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() } }],
    ['trading-state', { type: 'trading-state', view: { overall: 'ACTIVE', symbols: new Map(), cause: 'first start', since: 0, tradingEpoch: 1, activatedAt: 0 } }],
    ['equity', { type: 'equity', view: { equity: '1', walletBalance: '1', availableBalance: '1', observedAt: 0, performance: makePerformance() } }],
    ['user-stream', { type: 'stream', view: { live: true, streamEpoch: 1, since: 0 } }],
    ['reconciliation', { type: 'reconciliation', view: { streamEpoch: 1, at: 0, unresolved: [] } }],
    ['prices', market([GPS, BTC])],
    ['leverage', life(GPS)],
    ['leverage', life(BTC)],
  ];
  return { world, tell, inputs, reader, life, market, view: () => reader.last('readiness')?.view };
}

describe('readiness', () => {
  it('names what is missing, and opens with the last input and not before', async () => {
    const { tell, inputs, view } = await bench();
    for (const [name, message] of inputs) {
      expect(view()?.ready ?? false, `before ${name}`).to.equal(false);
      await tell(message);
    }
    expect(view()).to.deep.include({ ready: true, missing: [] });
  });

  it('shuts when the stream is lost or begins a new epoch, and opens when that is reconciled', async () => {
    const { tell, inputs, view } = await bench();
    for (const [, message] of inputs) await tell(message);
    await tell({ type: 'stream', view: { live: false, streamEpoch: 1, since: 0 } });
    expect(view()?.missing.map((one) => one.input)).to.deep.equal(['user-stream']);
    await tell({ type: 'stream', view: { live: true, streamEpoch: 2, since: 0 } });
    expect(view()?.missing.map((one) => one.input)).to.deep.equal(['reconciliation']);
    await tell({ type: 'reconciliation', view: { streamEpoch: 2, at: 0, unresolved: [] } });
    expect(view()?.ready).to.equal(true);
  });

  it('waits 15 s for every symbol, then goes on with those that are complete; one that the venue refuses holds nobody up', async () => {
    const { world, tell, inputs, view, market, life } = await bench();
    for (const [, message] of inputs) await tell(message);
    await tell(market([GPS]));
    expect(view()?.missing.map((one) => one.input)).to.deep.equal(['prices', 'tickers', 'candles', 'funding']);
    await world.advance(16_000);
    expect(view()?.ready).to.equal(true);
    await tell(market([]));
    expect(view()?.ready, 'none complete').to.equal(false);
    await tell(market([GPS, BTC]));
    await tell(life(BTC, { leverageConfirmed: false, leverageRefused: 'the venue says no' }));
    expect(view()?.ready).to.equal(true);
  });

  it('tells who is behind, and each step of it, while the others may be opened', async () => {
    const { world, tell, inputs, view, life } = await bench();
    for (const [, message] of inputs) await tell(message);
    await tell(life(BTC, { leverageConfirmed: false }));
    expect(view()).to.deep.include({ ready: false, behind: [] });
    await world.advance(16_000);
    expect(view()).to.deep.include({ ready: true, missing: [], behind: [{ input: 'leverage', reason: 'missing for BTCUSDT' }] });
    await tell(life(BTC));
    expect(view()).to.deep.include({ ready: true, behind: [] });
  });

  it('tells its view once a second without a change, and answers when asked', async () => {
    const { world, reader } = await bench();
    reader.clear();
    await world.advance(5_000);
    expect(reader.told).to.have.length(5);
    const answer = world.system.ask(world.system.ref<ReadinessMessages>('readiness'), { type: 'get' }, 1_000);
    await world.settle();
    expect((await answer).ready).to.equal(false);
  });

  it('is shut after a restart until it has heard everything again (rulings 14, 17)', async () => {
    const { world, tell, inputs, view } = await bench();
    for (const [, message] of inputs) await tell(message);
    world.system.control('readiness', 'kill', 'test');
    await world.advance(2_000);
    expect(view()?.ready).to.equal(false);
    for (const [, message] of inputs) await tell(message);
    expect(view()?.ready).to.equal(true);
  });
});
