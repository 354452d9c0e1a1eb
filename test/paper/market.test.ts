/** The two markets: what the default seed promises, and recorded candles played as they were recorded, gaps and errors included. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Clock } from '../../src/supervision/clock.ts';
import { aggregate, dayStatistics, type Candle } from '../../src/paper/market/candle.ts';
import { intervalOf } from '../../src/paper/market/interval.ts';
import { Market } from '../../src/paper/market/market.ts';
import { ReplayMarket, turningPoints, type ReplayOptions } from '../../src/paper/market/replay.ts';
import { parseRecording, RecordingError } from '../../src/paper/market/replay-files.ts';
import { DEFAULT_SEED, SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';
import type { SymbolHistory } from '../../src/paper/market/source.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { Client, startForTest } from './kit.ts';


/** What Vigil trades: the first of the built-in symbols. */
const POLICY = readFileSync(new URL('../../config/universe.yaml', import.meta.url), 'utf8').match(/\S+USDT$/gm)!;
const RECORDED = new URL('../../../shared/data/klines-1m', import.meta.url).pathname;
const START = 1_795_000_020_000;
const MINUTE = 60_000;

/** Time that only moves when told, with no timers at all. */
class StillClock implements Clock {
  time = START;
  now = () => this.time;
  monotonic = () => this.time;
  after = () => ({ cancel() {} });
}

/** Of the newest 24 hours, percent. */
function changeOf({ minutes }: SymbolHistory): number {
  return Number(dayStatistics(minutes.join(minutes.length - 1_440, minutes.length - 1), minutes.at(minutes.length - 1)).changePercent);
}

describe('paper exchange: synthetic market', () => {
  it('puts at least five of the nine symbols of the policy beyond ± 2 % over 24 h with the default seed, at whatever time it starts', () => {
    for (const now of [START, START + 11 * 3_600_000]) {
      const history = new SyntheticMarket(DEFAULT_SEED).history(now);
      const changes = POLICY.map((symbol) => changeOf(history.get(symbol)!));
      expect(changes).to.have.length(9);
      expect(changes.filter((change) => Math.abs(change) > 2)).to.have.length.of.at.least(5);
    }
  });

  it('lets rise and fall by the default seed what the tests of the whole service count on', () => {
    const history = new SyntheticMarket(DEFAULT_SEED).history(START);
    const change = (symbol: string) => changeOf(history.get(symbol)!);
    for (const symbol of ['GPSUSDT', 'CHESSUSDT', 'FHEUSDT', 'HYPEUSDT', '币安人生USDT']) expect(change(symbol), symbol).to.be.greaterThan(2.2);
    for (const symbol of ['ANKRUSDT', 'RIVERUSDT', 'STABLEUSDT']) expect(change(symbol), symbol).to.be.lessThan(-2.2);
    expect(Math.abs(change('ARCUSDT')), 'below the trend of 1 % that Vigil trades').to.be.lessThan(0.8);
  });

  it('has two whole days of history on whole ticks, and minutes so calm that 2 % takes many of them, but for the rare jump', () => {
    const source = new SyntheticMarket(DEFAULT_SEED);
    for (const [symbol, { minutes, prices }] of source.history(START)) {
      const candles = minutes.slice(0);
      expect(candles).to.have.length(2_880);
      expect(candles.at(-1)!.openTime).to.equal(Math.floor(START / MINUTE) * MINUTE - MINUTE);
      for (const series of Object.values(prices)) expect(series.since(0).map(({ openTime }) => openTime)).to.deep.equal(candles.map(({ openTime }) => openTime));
      const ranges = candles.map(({ high, low }) => Number(high) / Number(low) - 1).toSorted((a, b) => a - b);
      expect(ranges[2_870], symbol).to.be.lessThan(0.01);
      expect(ranges.at(-1), symbol).to.be.lessThan(0.045);
    }
  });

  it('has calm and restless spells: a large minute is followed by larger ones than a small minute is', () => {
    for (const [symbol, { minutes }] of new SyntheticMarket(DEFAULT_SEED).history(START)) {
      if (!['GPSUSDT', 'HYPEUSDT', 'RIVERUSDT'].includes(symbol)) continue;
      const ranges = minutes.slice(0).map(({ high, low }) => Number(high) / Number(low) - 1);
      const typical = ranges.toSorted((a, b) => a - b)[ranges.length / 2]!;
      const after = (large: boolean) => {
        const next = ranges.slice(1).filter((_, index) => ranges[index]! > typical === large);
        return next.reduce((sum, range) => sum + range, 0) / next.length;
      };
      expect(after(true) / after(false), symbol).to.be.greaterThan(1.15);
    }
  });

  it('goes on from a state that was saved before there were spells, jumps, premiums and all but the nine', () => {
    const source = new SyntheticMarket(5);
    source.history(START);
    const old = { price: 20, drift: 0.00001, chance: 99 };
    source.start(START, Object.fromEntries(POLICY.map((symbol) => [symbol, symbol === 'GPSUSDT' ? { ...old, mood: 0.5, moodChance: 7 } : old])));
    const ticks = source.due(START + 1_000);
    expect(ticks.map(({ symbol }) => symbol)).to.deep.equal(SYNTHETIC_SYMBOLS.map(({ symbol }) => symbol));
    for (const { symbol, mark, index } of ticks.slice(0, POLICY.length)) {
      expect(mark.toNumber(), symbol).to.be.closeTo(20, 0.02);
      expect(index.toNumber(), symbol).to.be.closeTo(20, 0.02);
    }
  });

  it('is the same for the same seed and another for another', () => {
    const prices = (seed: number) => JSON.stringify([...new SyntheticMarket(seed).history(START)].map(([, { minutes, prices }]) => [minutes.slice(2_830), prices.index.since(0).slice(-50)]));
    expect(prices(3)).to.equal(prices(3));
    expect(prices(4)).not.to.equal(prices(3));
  });

  it('goes on from what was saved exactly as if it had not stopped', () => {
    const whole = new SyntheticMarket(5);
    whole.start(START, undefined);
    for (let second = 0; second < 50; second++) whole.due(START + second * 1_000);
    const resumed = new SyntheticMarket(5);
    resumed.start(START + 49_500, JSON.parse(JSON.stringify(whole.save())));
    const last = (source: SyntheticMarket) => source.due(START + 50_000).map((tick) => [tick.symbol, tick.last.toFixed(), tick.mark.toFixed(), tick.index.toFixed(), tick.bookSeed]);
    const [expected, got] = [last(whole), last(resumed)];
    expect(got).to.deep.equal(expected).and.to.have.length(SYNTHETIC_SYMBOLS.length);
  });
});

describe('paper exchange: candles', () => {
  const candle = (minute: number, price: string): Candle => ({ openTime: minute * MINUTE, open: price, high: price, low: price, close: price, volume: '2', quoteVolume: '4', trades: 1, takerVolume: '1', takerQuoteVolume: '2' });

  it('joins minutes into longer intervals aligned to the clock, with gaps left out', () => {
    const joined = aggregate([candle(14, '5'), candle(15, '7'), candle(17, '3'), candle(29, '4'), candle(45, '9')], intervalOf('15m')!);
    expect(joined.map(({ openTime, open, high, low, close, volume }) => [openTime / MINUTE, open, high, low, close, volume])).to.deep.equal([
      [0, '5', '5', '5', '5', '2'],
      [15, '7', '7', '3', '4', '6'],
      [45, '9', '9', '9', '9', '2'],
    ]);
  });
});

describe('paper exchange: replay', () => {
  const dirs: string[] = [];
  after(() => {
    for (const dir of dirs) rmSync(dir, { recursive: true });
  });

  function directory(files: Record<string, string>): string {
    const dir = mkdtempSync(join(tmpdir(), 'vigil-replay-'));
    dirs.push(dir);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    return dir;
  }

  const HEADER = 'open_time,open,high,low,close,volume';
  const T0 = 1_764_000_000_000;
  const row = (minute: number, [open, high, low, close]: readonly number[], volume = 100) => `${T0 + minute * MINUTE},${open},${high},${low},${close},${volume}`;
  const flat = (minutes: readonly number[]) => [HEADER, ...minutes.map((minute) => row(minute, [10, 10.2, 9.9, 10.1]))].join('\n');

  /** A market played by hand; `play` moves time and tells the ticks. */
  function player(dir: string, more: Partial<ReplayOptions> = {}, saved?: ReturnType<Market['save']>) {
    const clock = new StillClock();
    const ticks: { symbol: string; last: string; candle: number }[] = [];
    const ended: [string, boolean][] = [];
    const source = new ReplayMarket({ dir, speed: 60, history: 1, align: 'start', ...more }, (symbol, all) => ended.push([symbol, all]));
    const market = new Market(source, clock, ({ view, candle }) => ticks.push({ symbol: view.symbol, last: view.last.toFixed(), candle: candle.candle.openTime }));
    market.open(saved, undefined);
    return {
      market,
      ended,
      play: (realMs: number) => {
        clock.time += realMs;
        ticks.length = 0;
        market.tick();
        return [...ticks];
      },
    };
  }

  it('walks a minute from the open over the nearer extreme to the other and to the close', () => {
    const [down, up] = parseRecording('x', [HEADER, row(0, [10, 10.5, 9.9, 10.2]), row(1, [10, 10.1, 9, 9.5])].join('\n'));
    expect(turningPoints(down!).map((price) => price.toFixed())).to.deep.equal(['10', '9.9', '10.5', '10.2']);
    expect(turningPoints(up!).map((price) => price.toFixed())).to.deep.equal(['10', '10.1', '9', '9.5']);
  });

  it('plays X times as fast: history first, then each minute in its turn, candle times likewise', () => {
    const { market, play } = player(directory({ 'AUSDT.csv': flat([0, 1, 2, 3]) }));
    expect(market.series('AUSDT')!.all).to.have.length(1);
    expect(market.series('AUSDT')!.last!.openTime).to.equal(START - (START % MINUTE) - MINUTE);
    expect(play(0).map(({ last }) => last)).to.deep.equal(['10']);
    expect(play(999).map(({ last }) => last)).to.deep.equal(['9.9', '10.2', '10.1']);
    expect(play(1_000).map(({ candle }) => candle - (START - (START % MINUTE)))).to.deep.equal([MINUTE, MINUTE, MINUTE, MINUTE]);
  });

  it('interpolates at least once a second when played slowly, in whole ticks', () => {
    const { play } = player(directory({ 'AUSDT.csv': flat([0, 1]) }), { speed: 1 });
    const minute = Array.from({ length: 59 }, () => play(1_000)).flat();
    expect(minute.length).to.be.greaterThan(50);
    for (const { last } of minute) expect(last).to.match(/^\d+(\.\d)?$/);
  });

  it('is silent in a gap: no ticks and no candles, and goes on after it', () => {
    const { market, play } = player(directory({ 'AUSDT.csv': flat([0, 1, 5, 6]) }), { history: 1 });
    play(1_000);
    expect(play(2_900)).to.deep.equal([]);
    expect(play(1_000)).not.to.deep.equal([]);
    const minutes = market.series('AUSDT')!.all.map(({ openTime }) => (openTime - market.series('AUSDT')!.all[0]!.openTime) / MINUTE);
    expect(minutes).to.deep.equal([0, 1, 5]);
  });

  it('lines up the first live rows of symbols from different times, or keeps the recorded grid', () => {
    const dir = directory({ 'AUSDT.csv': flat([0, 1, 2, 3]), 'BUSDT.csv': flat([100, 101, 102, 103]) });
    const symbols = (ticks: { symbol: string }[]) => [...new Set(ticks.map(({ symbol }) => symbol))];
    expect(symbols(player(dir).play(1_000))).to.deep.equal(['AUSDT', 'BUSDT']);
    const grid = player(dir, { align: 'recorded' });
    expect(symbols(grid.play(1_000))).to.deep.equal(['AUSDT']);
    expect(grid.market.view('BUSDT')).to.equal(undefined);
    expect(symbols(grid.play(99_000))).to.include('BUSDT');
  });

  it('falls silent at the end of the data and says so once a symbol', () => {
    const { play, ended } = player(directory({ 'AUSDT.csv': flat([0, 1]), 'BUSDT.csv': flat([0, 1, 2, 3]) }));
    play(2_000);
    play(10_000);
    expect(play(60_000)).to.deep.equal([]);
    expect(ended).to.deep.equal([['AUSDT', false], ['BUSDT', true]]);
  });

  it('goes on after a stop where it was, not at the start and not where it would be by now', () => {
    const dir = directory({ 'AUSDT.csv': flat([0, 1, 2, 3, 4, 5]) });
    const first = player(dir);
    first.play(1_000);
    first.play(500);
    const again = player(dir, {}, JSON.parse(JSON.stringify(first.market.save())));
    expect(again.play(0)).to.deep.equal([]);
    expect(again.play(500).map(({ last }) => last)).to.deep.equal(['10.2', '10.1', '10']);
  });

  it('reads Binance\'s own files of 12 columns, with and without a header, several a symbol', () => {
    const long = (minute: number) => `${row(minute, [10, 10.2, 9.9, 10.1])},${T0 + minute * MINUTE + 59_999},1000,7,50,500,0`;
    const dir = directory({
      'AUSDT-1m-2025-11-24.csv': [long(0), long(1)].join('\n'),
      'AUSDT-1m-2025-11-25.csv': ['open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore', long(2), long(3)].join('\r\n'),
    });
    const { market, play } = player(dir);
    expect([...market.rules.keys()]).to.deep.equal(['AUSDT']);
    play(10_000);
    expect(market.series('AUSDT')!.all).to.have.length(4);
  });

  it('derives tick, step and limits from the digits of prices and volumes', () => {
    const dir = directory({ 'AUSDT.csv': [HEADER, row(0, [90150.9, 90151, 90150.8, 90150.9], 4.692), row(1, [90150.9, 90151, 90150.8, 90150.9], 1)].join('\n') });
    const rules = player(dir).market.rules.get('AUSDT')!;
    expect([rules.tickSize.toFixed(), rules.stepSize.toFixed(), rules.minQty.toFixed()]).to.deep.equal(['0.1', '0.001', '0.001']);
    expect(rules.maxPrice.toNumber()).to.be.greaterThan(90_151 * 10);
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['a price that is no number', `${HEADER}\n${row(0, [10, 10, 10, 10])}\n${T0 + MINUTE},10,x,9,10,1`, /line 3: high is "x"/],
    ['a missing column', `${HEADER}\n${T0},10,10,10`, /line 2: row is .*6 columns/],
    ['a high below the close', `${HEADER}\n${T0},10,10,9,11,1`, /line 2: high is "10"/],
    ['a low above the open', `${HEADER}\n${T0},10,12,11,11,1`, /line 2: low is "11"/],
    ['a time that does not rise', `${HEADER}\n${row(1, [1, 1, 1, 1])}\n${row(1, [1, 1, 1, 1])}`, /line 3: open_time/],
    ['a time that is no whole minute', `${HEADER}\n${T0 + 1},1,1,1,1,1`, /line 2: open_time/],
    ['a negative volume', `${HEADER}\n${T0},1,1,1,1,-1`, /line 2: volume is "-1"/],
    ['a price of zero', `${HEADER}\n${T0},0,1,0,1,1`, /line 2: open is "0"/],
    ['another header', `time,o,h,l,c,v\n${T0},1,1,1,1,1`, /line 1: open_time is "time"/],
    ['no rows', HEADER, /no candles/],
  ];
  for (const [name, content, expected] of broken) {
    it(`names file, line, field and value of ${name}`, () => {
      const dir = directory({ 'AUSDT.csv': content });
      expect(() => player(dir)).to.throw(RecordingError, expected).and.to.have.property('message').that.includes(join(dir, 'AUSDT.csv'));
    });
  }

  it('refuses a directory without recordings', () => {
    expect(() => player(directory({}))).to.throw(RecordingError, 'no *.csv files');
  });

  it('serves the recorded candles of this project whole: every symbol, its history, and prices that move', async function () {
    if (!existsSync(RECORDED)) {
      console.log(`skipped: no recorded candles at ${RECORDED}`);
      this.skip();
    }
    const exchange = await startForTest({ replay: { dir: RECORDED, speed: 600, history: 360, align: 'start' }, limits: NO_LIMITS });
    try {
      const client = new Client(exchange.url);
      const info = await client.get('/fapi/v1/exchangeInfo');
      const symbols = (info.json['symbols'] as { symbol: string; status: string }[]).filter(({ status }) => status === 'TRADING').map(({ symbol }) => symbol);
      expect(symbols).to.have.length(28).and.include('币安人生USDT');
      const klines = async () => (await client.get<string[][]>('/fapi/v1/klines', { symbol: '币安人生USDT', interval: '1m', limit: 1_500 })).json;
      const before = await klines();
      expect(before.length).to.be.at.least(360);
      let now = before;
      while (now.length < before.length + 5) now = await klines();
      expect(now.slice(0, 360)).to.deep.equal(before.slice(0, 360));
      const day = await client.get<{ symbol: string }[]>('/fapi/v1/ticker/24hr');
      expect(day.json).to.have.length(28);
      const order = await client.signed('POST', '/fapi/v1/order', { symbol: '币安人生USDT', side: 'BUY', type: 'MARKET', quantity: '1000', newOrderRespType: 'RESULT' });
      expect(order.json).to.include({ status: 'FILLED' });
    } finally {
      await exchange.close();
    }
  });
});
