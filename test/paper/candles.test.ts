/** Candles: aligned as the venue's, the same over REST and on the streams, kept over a restart, and bounded however long the exchange runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { aggregate, type Candle } from '../../src/paper/market/candle.ts';
import { CandleSeries, KEPT_CANDLES } from '../../src/paper/market/candle-series.ts';
import { DAY_MS, intervalOf, INTERVALS, MINUTE_MS } from '../../src/paper/market/interval.ts';
import { PriceSeries, priceText, priceUnits } from '../../src/paper/market/price-series.ts';
import { PRICE_KINDS } from '../../src/paper/market/prices.ts';
import { historyOfTrades } from '../../src/paper/market/source.ts';
import { SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';
import { KEPT_TRADES } from '../../src/paper/market/tape.ts';
import { SqliteStore } from '../../src/paper/store/sqlite-store.ts';
import { stateIn } from '../../src/paper/store/state-directory.ts';
import { PaperVenue } from '../../src/paper/venue.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, Listeners, startForTest, temporaryDirectory, type Json, type Listener } from './kit.ts';

const SYMBOL = 'GPSUSDT';
/** A minute and a half before a Monday that is the first of a month. */
const BEFORE_JUNE = Date.parse('2026-05-31T23:58:30Z');
const JUNE = Date.parse('2026-06-01T00:00:00Z');

type Row = [openTime: number, open: string, high: string, low: string, close: string, volume: string, closeTime: number, quote: string, trades: number, takerBase: string, takerQuote: string, ignored: string];

describe('paper exchange: intervals', () => {
  const at = (name: string, time: string) => {
    const interval = intervalOf(name)!;
    const open = interval.openOf(Date.parse(time));
    return [open, interval.endOf(open)].map((value) => new Date(value).toISOString().slice(0, 16));
  };

  it('are those of the venue, weeks from Monday and months from the first, in UTC', () => {
    expect(INTERVALS.map(({ name }) => name)).to.deep.equal(['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M']);
    expect(at('1w', '2026-11-22T23:59:59Z')).to.deep.equal(['2026-11-16T00:00', '2026-11-23T00:00']);
    expect(at('1w', '2026-11-23T00:00:00Z')).to.deep.equal(['2026-11-23T00:00', '2026-11-30T00:00']);
    expect(at('1M', '2026-01-31T12:00:00Z')).to.deep.equal(['2026-01-01T00:00', '2026-02-01T00:00']);
    expect(at('1M', '2024-02-29T23:59:59Z')).to.deep.equal(['2024-02-01T00:00', '2024-03-01T00:00']);
    expect(at('1M', '2026-12-01T00:00:00Z')).to.deep.equal(['2026-12-01T00:00', '2027-01-01T00:00']);
    expect(at('4h', '2026-11-22T13:14:15Z')).to.deep.equal(['2026-11-22T12:00', '2026-11-22T16:00']);
  });

  it('join without a gap, and every time lies in its own', () => {
    for (const interval of INTERVALS) {
      for (let time = Date.parse('2027-12-20T00:00:00Z'); time < Date.parse('2028-04-02T00:00:00Z'); time += 7 * 3_600_000 + 61_001) {
        const open = interval.openOf(time);
        const end = interval.endOf(open);
        expect(open <= time && time < end, `${interval.name} ${time}`).to.equal(true);
        expect([interval.openOf(open), interval.openOf(end), interval.openOf(end - 1)]).to.deep.equal([open, end, open]);
      }
    }
  });
});

describe('paper exchange: series of candles', () => {
  it('keep three days of minutes, and the days before them whole, so that a month is what its minutes were', () => {
    const series = new CandleSeries();
    const all: Candle[] = [];
    const begun = Date.parse('2026-05-11T22:00:00Z');
    for (let minute = 0; minute < 30 * 1_440; minute += 37) {
      const price = decimal((100 + 10 * Math.sin(minute / 3_000) + (minute % 11) / 10).toFixed(2));
      const { candle } = series.tick(begun + minute * MINUTE_MS, price, { base: decimal('3'), takerBase: decimal('1') }, 2);
      all.push(candle);
      if (minute % 1_591 !== 0) continue;
      for (const name of ['1d', '3d', '1w', '1M']) expect(series.current(intervalOf(name)!), name).to.deep.equal(aggregate(all, intervalOf(name)!).at(-1));
    }
    expect(series.all.length).to.be.at.most(KEPT_CANDLES);
    for (const name of ['1d', '3d', '1w', '1M']) {
      const expected = aggregate(all, intervalOf(name)!);
      expect(series.list(intervalOf(name)!, null, null, 1_500), name).to.deep.equal(expected);
      expect(series.list(intervalOf(name)!, expected[1]!.openTime, null, 1), name).to.deep.equal([expected[1]]);
    }
    const again = new CandleSeries(historyOfTrades(series.all).minutes, series.days);
    expect(again.list(intervalOf('1d')!, null, null, 1_500)).to.deep.equal(series.list(intervalOf('1d')!, null, null, 1_500));
  });

  it('of prices nobody trades at hold each look, in order, and never more than three days', () => {
    const series = new PriceSeries();
    for (let look = 0; look < 3 * (KEPT_CANDLES + 500); look++) series.tick(look * 20_000, look - 100);
    expect(series.length).to.equal(KEPT_CANDLES);
    const last = KEPT_CANDLES + 499;
    expect(series.last).to.deep.equal({ openTime: last * MINUTE_MS, open: 3 * last - 100, high: 3 * last - 98, low: 3 * last - 100, close: 3 * last - 98, samples: 3 });
    expect(series.list(intervalOf('1h')!, null, null, 2).map(({ openTime, samples }) => [openTime / 3_600_000, samples])).to.deep.equal([[79, 180], [80, 60]]);
    expect(series.meanClose(3)).to.equal(3 * (last - 1) - 98);
    expect([priceText(priceUnits(86_500.12345678)), priceText(priceUnits(-0.00042931)), priceText(0)]).to.deep.equal(['86500.12345678', '-0.00042931', '0.00000000']);
  });
});

describe('paper exchange: candles on the wire', () => {
  const listeners = new Listeners();
  const { dir: place, remove: removeAll } = temporaryDirectory();
  after(removeAll);
  const symbolsFile = join(place, 'symbols.json');
  writeFileSync(symbolsFile, JSON.stringify(SYNTHETIC_SYMBOLS.filter(({ symbol }) => symbol === SYMBOL || symbol === 'BTCUSDT')));
  afterEach(() => listeners.closeAll());

  const settled = (listener: Listener) =>
    new Promise<void>((resolve) => {
      listener.socket.once('pong', () => resolve());
      listener.socket.ping();
    });

  it('are the same over REST and on both streams, for every interval, the closed ones and the open one, over the end of a month', async () => {
    const clock = new VirtualClock(BEFORE_JUNE);
    const exchange = await startForTest({ clock, symbolsFile, limits: NO_LIMITS });
    try {
      const client = new Client(exchange.url);
      const name = SYMBOL.toLowerCase();
      const listener = await listeners.open(exchange, `/market/stream?streams=${INTERVALS.map((interval) => `${name}@kline_${interval.name}/${name}_perpetual@continuousKline_${interval.name}`).join('/')}`);
      clock.advance(240_000);
      await settled(listener);
      for (const interval of INTERVALS) {
        const rows = (await client.get<Row[]>('/fapi/v1/klines', { symbol: SYMBOL, interval: interval.name, limit: 1_500 })).json;
        expect((await client.get('/fapi/v1/continuousKlines', { pair: SYMBOL, contractType: 'PERPETUAL', interval: interval.name, limit: 1_500 })).json).to.deep.equal(rows);
        for (const stream of [`${name}@kline_${interval.name}`, `${name}_perpetual@continuousKline_${interval.name}`]) {
          const told = listener.messages.filter((message) => message['stream'] === stream).map((message) => (message['data'] as Json)['k'] as Json);
          const asRow = ({ t, o, h, l, c, v, T, q, n, V, Q }: Json) => [t, o, h, l, c, v, T, q, n, V, Q, '0'];
          expect(asRow(told.at(-1)!), stream).to.deep.equal(rows.at(-1));
          expect(told.at(-1)!['x']).to.equal(false);
          const closed = told.filter((k) => k['x'] === true);
          expect(closed.length, stream).to.equal({ '1m': 4, '3m': 1, '3d': 0 }[interval.name] ?? 1);
          for (const k of closed) expect(asRow(k), stream).to.deep.equal(rows.find(([openTime]) => openTime === k['t']));
          if (!['1m', '3d'].includes(interval.name)) expect(closed[0]!['T'], stream).to.equal(JUNE - 1);
        }
      }
      const [bare, continuous] = ['@kline_1M', '_perpetual@continuousKline_1M'].map((stream) => listener.messages.findLast((message) => message['stream'] === name + stream)!['data'] as Json) as [Json, Json];
      expect(bare).to.have.all.keys('e', 'E', 's', 'k', 'st').and.to.include({ e: 'kline', s: SYMBOL });
      expect(continuous).to.have.all.keys('e', 'E', 'ps', 'ct', 'k', 'st').and.to.include({ e: 'continuous_kline', ps: SYMBOL, ct: 'PERPETUAL' });
      expect(bare['k']).to.deep.equal({ ...(continuous['k'] as Json), s: SYMBOL });
    } finally {
      await exchange.close();
    }
  });

  it('of mark price, index and premium agree with each other and with the newest prices', async () => {
    const clock = new VirtualClock(BEFORE_JUNE);
    const exchange = await startForTest({ clock, symbolsFile, limits: NO_LIMITS });
    try {
      const client = new Client(exchange.url);
      clock.advance(200_000);
      const rows = async (path: string, params: Json) => (await client.get<Row[]>(`/fapi/v1/${path}`, { limit: 1_500, ...params })).json;
      const named = { mark: ['markPriceKlines', 'symbol'], index: ['indexPriceKlines', 'pair'], premium: ['premiumIndexKlines', 'symbol'] } as const;
      const minutes = Object.fromEntries(await Promise.all(PRICE_KINDS.map(async (kind) => [kind, await rows(named[kind][0], { [named[kind][1]]: SYMBOL, interval: '1m' })] as const))) as Record<(typeof PRICE_KINDS)[number], Row[]>;
      const now = (await client.get('/fapi/v1/premiumIndex', { symbol: SYMBOL })).json;
      expect([minutes.mark.at(-1)![4], minutes.index.at(-1)![4]]).to.deep.equal([now['markPrice'], now['indexPrice']]);
      const trades = await rows('klines', { symbol: SYMBOL, interval: '1m' });
      for (const kind of PRICE_KINDS) {
        expect(minutes[kind].map(([openTime, , , , , , closeTime]) => [openTime, closeTime])).to.deep.equal(trades.map(([openTime, , , , , , closeTime]) => [openTime, closeTime]));
        expect(minutes[kind].at(-2)).to.include.members(['0', 240]);
        for (const [, open, high, low, close] of minutes[kind]) expect(Number(low) <= Math.min(Number(open), Number(close)) && Number(high) >= Math.max(Number(open), Number(close))).to.equal(true);
        const hours = await rows(named[kind][0], { [named[kind][1]]: SYMBOL, interval: '1h', limit: 2 });
        const last = minutes[kind].filter(([openTime]) => openTime >= hours[1]![0]);
        const values = (field: 1 | 2 | 3 | 4) => last.map((row) => Number(row[field]));
        expect(hours[1]!.slice(1, 5).map(Number)).to.deep.equal([values(1)[0], Math.max(...values(2)), Math.min(...values(3)), values(4).at(-1)]);
        const start = minutes[kind].at(-3)![0];
        expect(await rows(named[kind][0], { [named[kind][1]]: SYMBOL, interval: '1m', startTime: start, limit: 2 })).to.deep.equal(minutes[kind].slice(-3, -1));
        expect(await rows(named[kind][0], { [named[kind][1]]: SYMBOL, interval: '1M', startTime: 9_000_000_000_000_000 })).to.deep.equal([]);
      }
      for (const [index, [, , , , premium]] of minutes.premium.entries()) expect(Number(premium)).to.be.closeTo(Number(minutes.mark[index]![4]) / Number(minutes.index[index]![4]) - 1, 3e-6);
      expect(new Set(minutes.premium.map(([, , , , close]) => Math.sign(Number(close)))).size).to.be.greaterThan(1);
      const mean = minutes.index.slice(-60).reduce((sum, row) => sum + Number(row[4]), 0) / 60;
      expect(Number(now['estimatedSettlePrice'])).to.be.closeTo(mean, 2e-8);
      for (const [path, params, code] of [
        ['markPriceKlines', { symbol: 'NOPEUSDT', interval: '1m' }, -1121],
        ['markPriceKlines', { pair: SYMBOL, interval: '1m' }, -1102],
        ['indexPriceKlines', { pair: 'NOPEUSDT', interval: '1m' }, -4144],
        ['indexPriceKlines', { symbol: SYMBOL, interval: '1m' }, -1102],
        ['premiumIndexKlines', { symbol: SYMBOL, interval: '2m' }, -1120],
        ['continuousKlines', { pair: SYMBOL, interval: '1m' }, -1102],
        ['continuousKlines', { pair: SYMBOL, contractType: 'FOREVER', interval: '1m' }, -4104],
        ['continuousKlines', { pair: SYMBOL, contractType: 'PERPETUAL', interval: '1m', limit: 1_501 }, -1130],
      ] as const) expect((await client.get(`/fapi/v1/${path}`, params)).json['code'], path).to.equal(code);
      expect(await rows('continuousKlines', { pair: SYMBOL, contractType: 'NEXT_QUARTER', interval: '1m' })).to.deep.equal([]);
      expect((await client.get('/fapi/v1/indexInfo')).json).to.deep.equal([]);
      expect((await client.get('/fapi/v1/indexInfo', { symbol: 'NOPEUSDT' })).json['code']).to.equal(-1121);
    } finally {
      await exchange.close();
    }
  });

  it('come with the news of a symbol that is halted, listed again or delisted', async () => {
    const exchange = await startForTest({});
    try {
      const listener = await listeners.open(exchange, '/market/ws/!contractInfo');
      const client = new Client(exchange.url);
      for (const status of ['PENDING_TRADING', 'TRADING', 'TRADING', 'SETTLING']) await client.control('POST', 'symbols/GPSUSDT', { status });
      await settled(listener);
      const { json } = await client.get('/fapi/v1/exchangeInfo');
      const row = (json['symbols'] as Json[]).find(({ symbol }) => symbol === SYMBOL)!;
      expect(listener.messages.map((message) => message['cs'])).to.deep.equal(['PENDING_TRADING', 'TRADING', 'SETTLING']);
      expect(listener.messages.at(-1)).to.include({ e: 'contractInfo', s: SYMBOL, ps: row['pair'], ct: row['contractType'], dt: row['deliveryDate'], ot: row['onboardDate'], cs: row['status'] });
    } finally {
      await exchange.close();
    }
  });

  it('survive a restart, of trades and of prices, and a state from before there were others than minutes still opens', async () => {
    const { dir, remove } = temporaryDirectory();
    const clock = new VirtualClock(BEFORE_JUNE);
    const open = () => startForTest({ stateDir: dir, seed: 9, clock, limits: NO_LIMITS });
    const paths = [['klines', 'symbol', '1m'], ['klines', 'symbol', '1d'], ['klines', 'symbol', '1M'], ['markPriceKlines', 'symbol', '1m'], ['indexPriceKlines', 'pair', '5m'], ['premiumIndexKlines', 'symbol', '1h']] as const;
    const read = async (url: string) => Promise.all(paths.map(async ([path, parameter, interval]) => (await new Client(url).get<Row[]>(`/fapi/v1/${path}`, { [parameter]: SYMBOL, interval, limit: 1_500, endTime: JUNE - 1 })).json));
    let exchange = await open();
    try {
      clock.advance(150_000);
      const before = await read(exchange.url);
      const rate = (await new Client(exchange.url).get('/fapi/v1/premiumIndex', { symbol: SYMBOL })).json;
      await exchange.close();
      exchange = await open();
      expect(await read(exchange.url)).to.deep.equal(before);
      const now = (await new Client(exchange.url).get('/fapi/v1/premiumIndex', { symbol: SYMBOL })).json;
      for (const field of ['markPrice', 'indexPrice', 'estimatedSettlePrice']) expect(Number(now[field]) / Number(rate[field]), field).to.be.closeTo(1, 0.001);
      expect(now['lastFundingRate']).to.equal(rate['lastFundingRate']);
      await exchange.close();
      const db = new DatabaseSync(join(dir, 'exchange.db'));
      // As it lay before a state kept the time of its beginning: each minute of each symbol, trades only.
      db.exec("DELETE FROM candles WHERE symbol LIKE '% %' OR symbol = 'BTCUSDT'");
      const put = db.prepare('INSERT INTO candles VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
      for (const [openTime, open, high, low, close, volume, , quoteVolume, trades, takerVolume, takerQuoteVolume] of before[0]!) put.run(SYMBOL, openTime, JSON.stringify({ openTime, open, high, low, close, volume, quoteVolume, trades, takerVolume, takerQuoteVolume }));
      db.exec("UPDATE records SET body = json_remove(body, '$.begunAt') WHERE kind = 'market'");
      db.close();
      exchange = await open();
      const [minutes, , , marks] = await read(exchange.url);
      expect(minutes).to.deep.equal(before[0]);
      expect(marks!.map((row) => Number(row[4]))).to.deep.equal(minutes!.map((row) => Number(row[4])));
      const bitcoin = (await new Client(exchange.url).get<Row[]>('/fapi/v1/klines', { symbol: 'BTCUSDT', interval: '1m', limit: 1_500 })).json;
      expect(bitcoin).to.have.length(1_500);
    } finally {
      await exchange.close();
      remove();
    }
  });
});

describe('paper exchange: the history of a state', () => {
  it('is left out when minutes after it have been let go of: a day\'s statistics never reach over a hole', () => {
    const { dir, remove } = temporaryDirectory();
    const clock = new VirtualClock(BEFORE_JUNE);
    const open = () => {
      const source = new SyntheticMarket(11, SYNTHETIC_SYMBOLS.slice(7, 8));
      return new PaperVenue({ source, store: new SqliteStore(stateIn(dir), source), clock, log: () => {}, balance: decimal('1000'), onFatal: (error) => expect.fail(String(error)) });
    };
    const play = ({ market }: PaperVenue) => {
      for (let minute = 0; minute < 5; minute++) {
        clock.moveTo(clock.now() + 60_000);
        market.tick();
      }
    };
    let venue = open();
    try {
      play(venue);
      venue.close();
      clock.moveTo(clock.now() + 10 * DAY_MS);
      const resumedAt = clock.now();
      venue = open();
      play(venue);
      venue.close();
      venue = open();
      const [symbol] = venue.market.rules.keys();
      const minutes = venue.market.series(symbol!)!.all;
      expect(minutes).to.have.length(5);
      expect(minutes[0]!.openTime).to.be.greaterThan(resumedAt - 60_000);
      expect(venue.market.day(symbol!)!.openTime).to.equal(minutes[0]!.openTime);
      for (const kind of PRICE_KINDS) expect(venue.market.prices(symbol!)!.series(kind).since(0).map(({ openTime }) => openTime), kind).to.deep.equal(minutes.map(({ openTime }) => openTime));
    } finally {
      venue.close();
      remove();
    }
  });

  it('is not written and made again to the last digit: before the first tick, after it, and a day later', () => {
    const { dir, remove } = temporaryDirectory();
    const clock = new VirtualClock(BEFORE_JUNE);
    const open = () => {
      const source = new SyntheticMarket(11, SYNTHETIC_SYMBOLS.slice(7, 11));
      return new PaperVenue({ source, store: new SqliteStore(stateIn(dir), source), clock, log: () => {}, balance: decimal('1000'), onFatal: (error) => expect.fail(String(error)) });
    };
    const told = ({ market }: PaperVenue) =>
      [...market.rules.keys()].map((symbol) => [['1m', '1h', '1d', '1M'].map((name) => market.series(symbol)!.list(intervalOf(name)!, null, null, 5_000)), PRICE_KINDS.map((kind) => market.prices(symbol)!.series(kind).since(0)), market.day(symbol)]);
    let venue = open();
    try {
      for (const pause of [90_000, 600_000, DAY_MS]) {
        const before = told(venue);
        venue.close();
        clock.moveTo(clock.now() + pause);
        venue = open();
        expect(told(venue), `${pause} ms later`).to.deep.equal(before);
        for (let tick = 0; tick < 30; tick++) {
          clock.moveTo(clock.now() + 10_000);
          venue.market.tick();
        }
      }
      const db = new DatabaseSync(join(dir, 'exchange.db'), { readOnly: true });
      expect(db.prepare("SELECT count(*) AS count FROM candles WHERE symbol = 'BTCUSDT'").get()!['count']).to.be.lessThan(30);
      db.close();
    } finally {
      venue.close();
      remove();
    }
  });
});

describe('paper exchange: days of running', () => {
  it('grow nothing once what is kept is full: not in memory, and not on disk', function () {
    this.timeout(60_000);
    const { dir, remove } = temporaryDirectory();
    const clock = new VirtualClock(BEFORE_JUNE);
    const open = () => {
      const source = new SyntheticMarket(7, [{ symbol: 'AUSDT', price: '100', tickSize: '0.01', stepSize: '0.01', dayTurnover: 1e8 }]);
      return new PaperVenue({ source, store: new SqliteStore(stateIn(dir), source), clock, log: () => {}, balance: decimal('1000'), onFatal: (error) => expect.fail(String(error)) });
    };
    let venue = open();
    try {
      const sizes = () => {
        const db = new DatabaseSync(join(dir, 'exchange.db'), { readOnly: true });
        const rows = db.prepare('SELECT symbol, count(*) AS count FROM candles GROUP BY symbol ORDER BY symbol').all().map((row) => [row['symbol'], row['count']]);
        db.close();
        const tape = venue.market.tape('AUSDT')!;
        const prices = venue.market.prices('AUSDT')!;
        return { minutes: venue.market.series('AUSDT')!.all.length, prices: PRICE_KINDS.map((kind) => prices.series(kind).length), trades: tape.trades({ limit: 1e9 }).length, aggregates: tape.aggregates({ limit: 1e9 }).length, rows: Object.fromEntries(rows) as Json };
      };
      const measured: ReturnType<typeof sizes>[] = [];
      for (let second = 0; second < (5 * DAY_MS) / 1_000; second += 15) {
        clock.moveTo(BEFORE_JUNE + second * 1_000);
        venue.market.tick();
        if (second % 3_600 === 0) venue.saveMarket();
        if (second % 86_400 === 43_200) measured.push(sizes());
      }
      const [, , , fourth, fifth] = measured;
      expect(fourth).to.deep.include({ minutes: KEPT_CANDLES, prices: [KEPT_CANDLES, KEPT_CANDLES, KEPT_CANDLES], trades: KEPT_TRADES, aggregates: KEPT_TRADES });
      expect(fifth).to.deep.equal({ ...fourth, rows: { ...fourth!.rows, 'AUSDT 1d': Number(fourth!.rows['AUSDT 1d']) + 1 } });
      expect(fourth!.rows['AUSDT prices']).to.be.within(KEPT_CANDLES / 10, KEPT_CANDLES / 10 + 10);
      expect(fourth!.rows['AUSDT']).to.be.within(KEPT_CANDLES, KEPT_CANDLES + 61);
      const told = (venue: PaperVenue) => ['1m', '15m', '1d', '1w', '1M'].map((name) => venue.market.series('AUSDT')!.list(intervalOf(name)!, null, null, 5_000));
      const before = told(venue);
      venue.close();
      venue = open();
      expect(told(venue), 'after a restart, longer after the beginning than minutes are kept').to.deep.equal(before);
    } finally {
      venue.close();
      remove();
    }
  });
});
