/** The market: one picture for everybody, several times a second however fast the ticks come, with the age of each part. */
import { expect } from 'chai';
import { marketBehaviour } from '../../src/actors/market/market.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Candle, MarketEvent, MarketView } from '../../src/protocol/market.ts';
import type { ExecutorMessage, FlowedMessage, GatewayMessage, MarketMessage, StandingMessage, UniverseActorMessage } from '../../src/protocol/messages.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS } from '../kit/actors.ts';
import { makeLife, makePosition } from '../kit/decisions.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const BTC = 'BTCUSDT' as SymbolName;
const MINUTE = 60_000;
const one = decimal('1');
const aCandle = (minute: number, closed = true): Candle => ({ openTime: minute * MINUTE, open: one, high: one, low: one, close: one, volume: one, closed });

async function bench() {
  const world = new World();
  const ref = world.system.ref<MarketMessage>('market');
  const venue = { away: false, candles: [1, 2, 3].map((minute) => aCandle(minute)) };
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  gateway.answer = (message) => {
    if (message.type !== 'read') return undefined;
    if (venue.away) return { ok: false, kind: 'unreachable', message: 'down' };
    if (message.name === 'fundingIntervals') return { ok: true, value: new Map([[GPS, 4]]) };
    return { ok: true, value: message.name === 'candles' ? venue.candles : [{ symbol: GPS, changePercent: decimal('-3'), lastPrice: one, quoteVolume: one, closeTime: 0 }, { symbol: 'XUSDT' as SymbolName, changePercent: one, lastPrice: one, quoteVolume: one, closeTime: 0 }] };
  };
  const streams: { symbols: readonly SymbolName[]; emit: (event: MarketEvent) => void; up: (up: boolean) => void; closed: number; resubscribed: SymbolName[] }[] = [];
  const watchdog = new Probe<FlowedMessage | StandingMessage>(world, 'watchdog');
  const reader = new Probe<{ readonly type: 'market-view'; readonly view: MarketView }>(world, 'reader');
  const universe = new Probe<UniverseActorMessage>(world, 'universe');
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  await world.start(
    gateway.spec,
    universe.spec,
    executor.spec,
    reader.spec,
    watchdog.spec,
    worker(ref, marketBehaviour({
      streams: {
        open(symbols, emit, onState) {
          const stream = { symbols, emit, up: (up: boolean) => onState(up, 'a test'), closed: 0, resubscribed: [] as SymbolName[] };
          streams.push(stream);
          return { resubscribe: (stale) => void stream.resubscribed.push(...stale), close: () => void (stream.closed += 1) };
        },
      },
      gateway: gateway.ref,
      tickerMs: 15_000,
      candleHistory: 3,
      subscribers: [reader.ref],
      watchdog: watchdog.ref,
      executorOf: () => executor.ref,
      universe: universe.ref,
    })),
  );
  const watch = async (symbols: readonly SymbolName[] = [GPS]) => {
    world.system.tell(ref, { type: 'universe', universe: aUniverse(symbols) });
    await world.advance(300);
  };
  const hold = async (symbol: SymbolName, phase: LifeView['phase']) => {
    world.system.tell(ref, { type: 'life', view: makeLife({ symbol, phase }) });
    await world.advance(300);
  };
  const mark = (price: string, observedAt = world.clock.now(), symbol = GPS): MarketEvent => ({ type: 'mark', symbol, price: decimal(price), observedAt });
  return { world, ref, executor, venue, gateway, streams, reader, universe, watchdog, watch, mark, hold, of: (symbol: SymbolName) => reader.last('market-view')?.view.symbols.get(symbol) };
}

describe('market', () => {
  it('tells the watchdog every 5 s what came, be it nothing: silence would be its own', async () => {
    const { world, streams, watch, mark, watchdog } = await bench();
    await watch();
    streams[0]!.emit(mark('1'));
    streams[0]!.emit(mark('2'));
    await world.advance(10_000);
    expect(watchdog.of('flowed').map((one) => one.outcomes)).to.deep.equal([{ accepted: 2 }, { NO_PRICE: 1 }]);
  });

  it('does not take books, candles and listings for prices', async () => {
    const { world, streams, watch, watchdog } = await bench();
    await watch();
    for (const event of [{ type: 'book', symbol: GPS, bid: one, ask: one, observedAt: 0 }, { type: 'candle', symbol: GPS, candle: aCandle(4), observedAt: 0 }, { type: 'listing', symbol: GPS, status: 'TRADING', observedAt: 0 }] as const) streams[0]!.emit(event);
    await world.advance(5_000);
    expect(watchdog.of('flowed').map((one) => one.outcomes)).to.deep.equal([{ NO_PRICE: 1 }]);
  });

  it('shows a connection as up when it says so itself, whatever the one before was, and no event as long as none has come', async () => {
    const { world, streams, watch, mark } = await bench();
    const state = () => (world.system.inspect('market') as unknown as { readonly state: Record<string, unknown> }).state;
    await watch();
    streams[0]!.up(true);
    await world.advance(100);
    expect(state()).to.deep.include({ up: true, lastEventAt: null });
    await watch([GPS, BTC]);
    expect(state()).to.include({ up: false });
    streams[1]!.up(true);
    streams[1]!.emit(mark('1'));
    await world.advance(100);
    expect(state()).to.include({ up: true }).and.have.property('lastEventAt').that.is.a('string');
  });

  it('closes each connection once, the last one when it dies', async () => {
    const { world, streams, watch } = await bench();
    await watch();
    await watch([GPS, BTC]);
    world.system.control('market', 'kill', 'test');
    await world.settle();
    expect(streams.map((stream) => stream.closed)).to.deep.equal([1, 1]);
  });

  it('tells the price of a guarded position to its executor, as long as it is guarded and of no other (failure 89b)', async () => {
    const { world, ref, streams, executor, watch, mark } = await bench();
    await watch();
    const live = async (guard: string | null) => {
      world.system.tell(ref, { type: 'life', view: makeLife({ phase: 'Opening', position: makePosition({ stopOrderId: null, guard }) }) });
      await world.advance(300);
    };
    const told = () => executor.of('mark').map(({ price }) => price.toFixed());
    await live(null);
    streams.at(-1)!.emit(mark('9.9'));
    await world.advance(300);
    expect(told()).to.deep.equal([]);
    await live('9.8');
    streams.at(-1)!.emit(mark('9.85'));
    await world.advance(300);
    expect(told()).to.deep.equal(['9.85']);
    await live(null);
    streams.at(-1)!.emit(mark('9.7'));
    await world.advance(300);
    expect(told()).to.deep.equal(['9.85']);
  });

  it('makes one view of a flood of ticks, and it is the last one (failure 75)', async () => {
    const { world, streams, reader, watch, mark, of } = await bench();
    await watch();
    reader.clear();
    for (let i = 1; i <= 5_000; i++) streams[0]!.emit(mark(String(i)));
    await world.advance(250);
    expect(reader.told).to.have.length(1);
    expect(of(GPS)?.mark?.price.toFixed()).to.equal('5000');
    await world.advance(2_000);
    expect(reader.told, 'nothing new is nothing to tell').to.have.length(1);
  });

  it('leaves what was never observed undefined, and dates each part by itself', async () => {
    const { world, streams, watch, mark, of } = await bench();
    await watch([GPS, BTC]);
    const at = world.clock.now();
    streams[0]!.emit(mark('2', at - 700));
    await world.advance(300);
    expect(of(GPS)?.mark?.observedAt).to.equal(at - 700);
    expect(of(GPS)).to.not.have.property('book');
    expect(of(BTC)).to.not.have.any.keys('mark', 'book', 'ticker');
    expect(of(GPS)?.ticker?.changePercent.toFixed()).to.equal('-3');
  });

  it('never lets an older price replace a newer one', async () => {
    const { world, streams, watch, mark, of } = await bench();
    await watch();
    const at = world.clock.now();
    streams[0]!.emit(mark('2', at));
    streams[0]!.emit(mark('1', at - 5_000));
    await world.advance(300);
    expect(of(GPS)?.mark?.price.toFixed()).to.equal('2');
  });

  it('opens another connection after 20 s without any price, closing the old one, and then every 30 s', async () => {
    const { world, streams, watch, mark } = await bench();
    await watch();
    for (let i = 0; i < 40; i++) {
      streams[0]!.emit(mark('1'));
      await world.advance(1_000);
    }
    expect(streams).to.have.length(1);
    await world.advance(31_000);
    expect(streams.map((stream) => stream.closed)).to.deep.equal([1, 0]);
    await world.advance(31_000);
    expect(streams).to.have.length(3);
  });

  it('does not stand still for one price, or one book, that is dated an hour ahead', async () => {
    const { world, streams, watch, mark, of } = await bench();
    await watch();
    const now = world.clock.now();
    const book = (bid: string, observedAt: number): MarketEvent => ({ type: 'book', symbol: GPS, bid: decimal(bid), ask: decimal('9'), observedAt });
    for (const event of [mark('1', now + 3_600_000), book('1', now + 3_600_000), mark('2', now), book('2', now)]) streams[0]!.emit(event);
    await world.advance(300);
    expect([of(GPS)?.mark?.price.toFixed(), of(GPS)?.book?.bid.toFixed()]).to.deep.equal(['2', '2']);
    // What two overlapping streams tell out of order is from the same seconds.
    for (const event of [mark('3', now - 9_999), book('3', now - 9_999)]) streams[0]!.emit(event);
    await world.advance(300);
    expect([of(GPS)?.mark?.price.toFixed(), of(GPS)?.book?.bid.toFixed()]).to.deep.equal(['2', '2']);
  });

  it('keeps the candle window: history and stream joined, repeated ones once, open ones not, the oldest dropped', async () => {
    const { world, streams, watch, of } = await bench();
    await watch();
    expect(of(GPS)?.candles.length).to.equal(3);
    for (const candle of [aCandle(3), aCandle(4, false), aCandle(4), aCandle(5)]) streams[0]!.emit({ type: 'candle', symbol: GPS, candle, observedAt: 0 });
    await world.advance(300);
    expect(of(GPS)?.candles.length).to.equal(3);
  });

  it('shows everybody what nobody can change: a strategy that tries, crashes, and the prices of the others stay', async () => {
    const { world, venue, streams, watch, mark, of } = await bench();
    venue.away = true;
    await watch();
    const bare = of(GPS)!;
    expect(() => (bare.candles as Candle[]).push(aCandle(9)), 'before anything was seen').to.throw(TypeError);
    venue.away = false;
    streams[0]!.emit(mark('2'));
    streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(4), observedAt: 0 });
    await world.advance(5_000);
    const market = of(GPS)! as { mark?: unknown };
    const { candles, statistics, ticker } = of(GPS)!;
    const writes: (() => unknown)[] = [() => (market.mark = undefined), () => ((market.mark as { price: unknown }).price = one), () => ((candles as Candle[]).length = 0), () => ((candles[0] as { close: unknown }).close = one), () => ((statistics as { sigma: unknown }).sigma = 0), () => ((ticker as { changePercent: unknown }).changePercent = one)];
    for (const write of writes) expect(write, String(write)).to.throw(TypeError);
    expect(of(GPS)?.candles).to.have.length(3);
  });

  it('loads the history although the stream was faster with its first candle', async () => {
    const { world, venue, streams, watch, of } = await bench();
    venue.away = true;
    await watch();
    streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(4), observedAt: 0 });
    await world.advance(300);
    expect(of(GPS)?.candles.length).to.equal(1);
    venue.away = false;
    await watch([GPS, BTC]);
    await world.advance(5_000);
    expect(of(GPS)?.candles.length).to.equal(3);
  });

  it('asks again for tickers and history that could not be read', async () => {
    const { world, venue, watch, of } = await bench();
    venue.away = true;
    await watch();
    await world.advance(10_000);
    expect(of(GPS)).to.not.have.property('ticker');
    venue.away = false;
    await world.advance(2_500);
    expect(of(GPS)?.ticker).to.not.equal(undefined);
    expect(of(GPS)?.candles.length).to.equal(3);
    const told = (path: string, what: string) => world.logs.filter(({ message, path: from, level }) => from === path && level !== 'debug' && message.startsWith(what)).map(({ level, message, fields }) => [level, message.slice(what.length + 1), (fields as { readonly failures?: number }).failures]);
    expect(told('market', 'the candles of a symbol')).to.deep.equal([['warn', 'could not be read; trying again', 1], ['info', 'could be read again', 6]]);
    expect(told('market', 'the 24 h changes')).to.deep.equal([['warn', 'could not be read; trying again', 1], ['info', 'could be read again', 6]]);

    venue.away = true;
    await world.advance(150_000);
    expect(told('market', 'the 24 h changes').slice(2).map(([level, message]) => [level, message]), 'once a minute while it lasts').to.deep.equal([['warn', 'could not be read; trying again'], ['warn', 'could not be read; trying again'], ['warn', 'could not be read; trying again']]);
  });

  it('does not go on asking for the candles of a symbol that it no longer watches', async () => {
    const { world, venue, watch, gateway } = await bench();
    venue.away = true;
    await watch([GPS, BTC]);
    await watch([BTC]);
    await world.advance(2_000);
    gateway.told.length = 0;
    await world.advance(20_000);
    expect(new Set(gateway.of('read').flatMap((read) => (read.name === 'candles' ? [read.query.symbol] : [])))).to.deep.equal(new Set([BTC]));
  });

  it('follows the universe: a symbol more is subscribed at once, one less is forgotten, the same again is nothing new', async () => {
    const { streams, watch, of } = await bench();
    await watch();
    await watch();
    expect(streams).to.have.length(1);
    await watch([GPS, BTC]);
    expect(streams.at(-1)?.symbols).to.deep.equal([GPS, BTC]);
    await watch([BTC]);
    expect(streams.filter((stream) => stream.closed === 0)).to.have.length(1);
    expect(of(GPS)).to.equal(undefined);
  });

  it('goes on watching what is held, although it left the universe, until it is flat (failure 19)', async () => {
    const { streams, watch, hold, of } = await bench();
    await watch([GPS, BTC]);
    await hold(GPS, 'Protected');
    await watch([BTC]);
    expect(of(GPS)).to.not.equal(undefined);
    expect(streams).to.have.length(1);
    await hold(GPS, 'Flat');
    expect(of(GPS)).to.equal(undefined);
    expect(streams.at(-1)?.symbols).to.deep.equal([BTC]);
  });

  it('reads the minutes that a candle shows to be missing', async () => {
    const { world, venue, streams, watch, of } = await bench();
    await watch();
    venue.candles = [4, 5, 6].map((minute) => aCandle(minute));
    streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(6), observedAt: 0 });
    await world.advance(300);
    expect(of(GPS)?.candles.map((candle) => candle.openTime / MINUTE)).to.deep.equal([4, 5, 6]);
  });

  it('knows the funding with the hours between two of them, and nothing of it before those are known', async () => {
    const { world, venue, streams, watch, mark, of } = await bench();
    venue.away = true;
    await watch();
    const funded = (at: number): MarketEvent => ({ ...(mark('1', at) as Extract<MarketEvent, { type: 'mark' }>), funding: { rate: decimal('0.0001'), nextAt: at + 60_000 } });
    streams[0]!.emit(funded(world.clock.now()));
    await world.advance(300);
    expect(of(GPS)).to.not.have.property('funding');
    venue.away = false;
    await world.advance(3_000);
    streams[0]!.emit(funded(world.clock.now()));
    await world.advance(300);
    expect(of(GPS)?.funding).to.deep.include({ intervalHours: 4 });
    expect(of(GPS)?.funding?.rate.toFixed()).to.equal('0.0001');
  });

  it('has the universe look again when the venue says that it changed what it lists', async () => {
    const { world, streams, watch, universe } = await bench();
    await watch();
    streams[0]!.emit({ type: 'listing', symbol: BTC, status: 'SETTLING', observedAt: 0 });
    await world.advance(10);
    expect(universe.of('refresh')).to.have.length(1);
  });

  it('dates the statistics by the newest candle, which one told again does not make newer', async () => {
    const { world, streams, watch, of } = await bench();
    await watch();
    streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(4), observedAt: 240_100 });
    streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(4), observedAt: 299_000 });
    await world.advance(300);
    expect(of(GPS)?.statistics).to.deep.include({ at: 5 * MINUTE, observedAt: 240_100, sigma: undefined });
  });
});

describe('a symbol that falls silent (operators\' 47)', () => {
  const FINE = 'FINEUSDT' as SymbolName;

  /** One second after the other, with a mark of each of `ticking`, dated as the venue likes. */
  async function seconds({ world, streams, mark }: Awaited<ReturnType<typeof bench>>, count: number, ticking: readonly SymbolName[], datedAhead = 0) {
    for (let i = 0; i < count; i++) {
      for (const symbol of ticking) streams.at(-1)!.emit(mark('1', world.clock.now() + datedAhead, symbol));
      await world.advance(1_000);
    }
  }

  it('is subscribed anew alone, then its connection is replaced, and it is closed to openings by the receipt, not by the time in the event', async () => {
    const b = await bench();
    await b.watch([GPS, FINE]);
    await seconds(b, 1, [GPS, FINE], 60_000);
    await seconds(b, 9, [FINE]);
    expect(b.of(GPS)).to.not.have.property('silentSince');
    await seconds(b, 3, [FINE]);
    expect(b.streams.map((stream) => stream.resubscribed)).to.deep.equal([[GPS]]);
    expect(b.of(GPS)?.mark?.observedAt, 'it seems fresh').to.be.greaterThan(b.world.clock.now());
    expect(b.of(GPS)?.silentSince).to.be.closeTo(b.world.clock.now() - 12_000, 1_500);
    expect(b.of(FINE)).to.not.have.property('silentSince');
    await seconds(b, 10, [FINE]);
    expect(b.streams.map((stream) => stream.closed)).to.deep.equal([1, 0]);
    await seconds(b, 12, [FINE]);
    expect(b.watchdog.of('standing').at(-1)?.alerts.map((alert) => alert.name)).to.deep.equal([`market-silent/${GPS}`]);
    await seconds(b, 6, [GPS, FINE]);
    expect(b.of(GPS)).to.not.have.property('silentSince');
    expect(b.watchdog.of('standing').at(-1)?.alerts).to.deep.equal([]);
  });

  it('costs the others less and less: connections are replaced ever more seldom for one symbol alone', async () => {
    const b = await bench();
    await b.watch([GPS, FINE]);
    const opened: number[] = [];
    const start = b.world.clock.now();
    for (let second = 0; second < 500; second++) {
      await seconds(b, 1, [FINE]);
      if (b.streams.length > opened.length + 1) opened.push(Math.round((b.world.clock.now() - start) / 1_000));
    }
    expect(opened).to.have.length(5);
    const gaps = opened.slice(1).map((at, index) => at - opened[index]!);
    expect(gaps.map((gap) => Math.round(gap / 10) * 10)).to.deep.equal([30, 60, 120, 240]);
  });

  it('has its time when it is new, and is nobody\'s worry when it is no longer watched', async () => {
    const b = await bench();
    await b.watch([FINE]);
    await seconds(b, 60, [FINE]);
    await b.watch([FINE, GPS]);
    await seconds(b, 8, [FINE]);
    expect(b.streams.at(-1)?.resubscribed).to.deep.equal([]);
    await b.watch([FINE]);
    await seconds(b, 60, [FINE]);
    expect(b.streams.flatMap((stream) => stream.resubscribed)).to.deep.equal([]);
  });

  it('has its candles read over REST once a minute while prices come and candles do not', async () => {
    const b = await bench();
    b.venue.candles = Array.from({ length: 3 }, (_, index) => aCandle(Math.floor(b.world.clock.now() / MINUTE) - 3 + index));
    await b.watch([FINE]);
    const reads = () => b.gateway.of('read').filter((read) => read.name === 'candles').length;
    expect(reads()).to.equal(1);
    await seconds(b, 140, [FINE]);
    expect(reads()).to.equal(1);
    b.venue.candles = Array.from({ length: 3 }, (_, index) => aCandle(Math.floor(b.world.clock.now() / MINUTE) - 3 + index));
    await seconds(b, 30, [FINE]);
    expect(reads()).to.equal(2);
    await seconds(b, 120, [FINE]);
    expect(reads(), 'they are fresh again').to.equal(2);
    await seconds(b, 180, [FINE]);
    expect(reads()).to.be.within(4, 5);
  });

  for (const offsetMs of [-3_600_000, 600_000]) {
    it(`has its candles read when they do not come, and not when they do, on a machine whose clock is ${offsetMs} ms from the venue's`, async () => {
      const b = await bench();
      const minute = () => Math.floor((b.world.clock.now() - offsetMs) / MINUTE);
      b.world.clock.setWall(offsetMs);
      b.venue.candles = [3, 2, 1].map((ago) => aCandle(minute() - ago));
      await b.watch([FINE]);
      const reads = () => b.gateway.of('read').filter((read) => read.name === 'candles').length;
      for (let i = 0; i < 5; i++) {
        await seconds(b, 60, [FINE]);
        b.streams[0]!.emit({ type: 'candle', symbol: FINE, candle: aCandle(minute() - 1), observedAt: b.world.clock.now() - offsetMs });
      }
      expect(reads(), 'they come').to.equal(1);
      await seconds(b, 170, [FINE]);
      expect(reads(), 'they do not').to.equal(2);
    });
  }

  it('takes candles in any order and twice, as one series without a hole', async () => {
    const b = await bench();
    b.venue.candles = [];
    await b.watch();
    for (const minute of [10, 12, 11, 12, 11, 10]) b.streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(minute), observedAt: minute * MINUTE });
    await b.world.advance(300);
    expect(b.of(GPS)?.candles.map((candle) => candle.openTime / MINUTE)).to.deep.equal([10, 11, 12]);
    const asked = b.gateway.of('read').filter((read) => read.name === 'candles').length;
    b.streams[0]!.emit({ type: 'candle', symbol: GPS, candle: aCandle(9), observedAt: 13 * MINUTE });
    await b.world.advance(300);
    expect(b.gateway.of('read').filter((read) => read.name === 'candles').length, 'an old one shows no hole').to.equal(asked);
  });
});
