/** What the synthetic market promises of its prices, measured over fixed seeds: fat tails, spells, common moves, a premium that comes back, funding that follows it, and spreads that widen when it is restless. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { fundingRateOf } from '../../src/paper/core/funding.ts';
import { Market } from '../../src/paper/market/market.ts';
import { PriceSeries } from '../../src/paper/market/price-series.ts';
import { Prices, type PriceHistory } from '../../src/paper/market/prices.ts';
import { DEFAULT_SEED, SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import type { SymbolHistory } from '../../src/paper/market/source.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';

const START = 1_795_000_020_000;
const UNIT = 1e8;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function moment(values: readonly number[], power: number): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** power));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [middleA, middleB] = [mean(a), mean(b)];
  return mean(a.map((value, index) => (value - middleA) * (b[index]! - middleB))) / Math.sqrt(moment(a, 2) * moment(b, 2));
}

/** Returns of the mark price from every `step`th minute to the next. */
function returns({ prices }: SymbolHistory, step: number = 1): number[] {
  const closes = prices.mark.since(0).filter((_, index) => index % step === 0).map(({ close }) => close);
  return closes.slice(1).map((close, index) => close / closes[index]! - 1);
}

const premiums = ({ premium }: PriceHistory): number[] => premium.since(0).map(({ close }) => close / UNIT);

describe('paper exchange: statistics of the synthetic market', () => {
  const histories = [DEFAULT_SEED, 21].map((seed) => new SyntheticMarket(seed).history(START));
  const each = histories.flatMap((history) => [...history]);

  it('has fat tails: minutes are far from normal, by jumps that are rare', () => {
    const [kurtoses, jumps]: [number[], number[]] = [[], []];
    for (const [, history] of each) {
      const minutes = returns(history);
      const deviation = Math.sqrt(moment(minutes, 2));
      kurtoses.push(moment(minutes, 4) / moment(minutes, 2) ** 2);
      jumps.push(minutes.filter((value) => Math.abs(value) > 6 * deviation).length);
    }
    expect(Math.max(...jumps)).to.be.lessThan(16);
    expect(mean(jumps)).to.be.greaterThan(1);
    // 3 would be normal.
    expect(Math.min(...kurtoses)).to.be.greaterThan(4);
    expect(mean(kurtoses)).to.be.greaterThan(15);
  });

  it('has spells: the size of a minute tells of the size of the next ones, its direction does not', () => {
    const told: Record<number, number[]> = { 1: [], 5: [], 10: [] };
    for (const [symbol, history] of each) {
      const minutes = returns(history);
      // What jumps do to a variance would drown the spells.
      const sizes = minutes.map((value) => Math.min(Math.abs(value), 0.0015));
      const lagged = (values: readonly number[], lag: number) => correlation(values.slice(lag), values.slice(0, -lag));
      for (const [lag, values] of Object.entries(told)) values.push(lagged(sizes, Number(lag)));
      expect(Math.abs(lagged(minutes, 1)), symbol).to.be.lessThan(0.1);
    }
    for (const [lag, values] of Object.entries(told)) {
      expect(Math.min(...values), `after ${lag}`).to.be.greaterThan(0.02);
      expect(mean(values), `after ${lag}`).to.be.greaterThan(0.08);
    }
  });

  it('moves together: every pair is correlated, and none is the same', () => {
    for (const history of histories) {
      const rows = [...history.values()].map((one) => returns(one, 5));
      const pairs = rows.flatMap((row, index) => rows.slice(index + 1).map((other) => correlation(row, other)));
      expect(Math.min(...pairs)).to.be.greaterThan(0.08);
      expect(mean(pairs)).to.be.greaterThan(0.25);
      expect(Math.max(...pairs)).to.be.lessThan(0.9);
    }
  });

  it('follows what moves all by each symbol\'s own beta, and has each symbol\'s own volatility', () => {
    const spec = (symbol: string, beta: number, volatility: number) => ({ symbol, price: '100', tickSize: '0.001', stepSize: '0.01', dayTurnover: 1e8, beta, volatility });
    const history = new SyntheticMarket(3, [spec('AUSDT', 1, 0), spec('BUSDT', 2, 0), spec('CUSDT', -1, 0), spec('DUSDT', 0, 1), spec('EUSDT', 0, 3)]).history(START);
    const [common, double, inverse, own, wild] = [...history.values()].map((one) => returns(one)) as [number[], number[], number[], number[], number[]];
    expect(correlation(common, double)).to.be.greaterThan(0.99);
    expect(correlation(common, inverse)).to.be.lessThan(-0.99);
    expect(Math.sqrt(moment(double, 2) / moment(common, 2))).to.be.within(1.9, 2.1);
    expect(Math.abs(correlation(common, own))).to.be.lessThan(0.1);
    expect(Math.sqrt(moment(wild, 2) / moment(own, 2))).to.be.within(2, 4.5);
  });

  it('has a premium of mark over index that wanders on both sides and comes back', () => {
    const falls: number[] = [];
    for (const [symbol, { prices }] of each) {
      const values = premiums(prices);
      expect(Math.max(...values.map(Math.abs)), symbol).to.be.within(0.0004, 0.004);
      expect(values.some((value) => value > 0) && values.some((value) => value < 0), symbol).to.equal(true);
      const hours = values.filter((_, index) => index % 60 === 0);
      // The further it is away, the more of it is gone an hour later.
      falls.push(correlation(hours.slice(0, -1), hours.slice(1).map((value, index) => value - hours[index]!)));
      const indexes = prices.index.since(0);
      const apart = prices.mark.since(0).map(({ close }, index) => Math.abs(close / indexes[index]!.close - 1 - values[index]!));
      expect(Math.max(...apart), symbol).to.be.lessThan(1e-5);
    }
    expect(Math.max(...falls)).to.be.lessThan(-0.15);
    expect(mean(falls)).to.be.lessThan(-0.3);
  });

  it('has last prices near mark prices', () => {
    for (const [symbol, { minutes, prices }] of each) {
      const marks = prices.mark.since(0);
      const tick = symbol === 'HYPEUSDT' || symbol === 'BTCUSDT' ? 0 : 0.0007;
      const apart = minutes.slice(0).map(({ close }, index) => Math.abs(Number(close) / (marks[index]!.close / UNIT) - 1));
      expect(Math.max(...apart), symbol).to.be.lessThan(0.0006 + tick);
    }
  });

  it('funds by the premium of the interval: its sign where the premium is large, the interest rate where it is small, whatever it is at the end', () => {
    let followed = 0;
    for (const [symbol, { prices }] of each) {
      for (let end = 480; end <= 2_880; end += 480) {
        const interval = prices.premium.since(0).slice(end - 480, end);
        const premium = new PriceSeries();
        for (const minute of [...interval, { ...interval.at(-1)!, openTime: START }]) premium.push(minute);
        const rate = fundingRateOf(new Prices({ ...prices, premium }, 0).averagePremium).toNumber();
        const weights = interval.reduce((sum, { close }, index) => sum + (close / UNIT) * (index + 1), 0) / ((480 * 481) / 2);
        if (Math.abs(weights - 0.0001) <= 0.00049) expect(rate, symbol).to.equal(0.0001);
        if (weights > 0.00061) expect(rate, symbol).to.be.closeTo(weights - 0.0005, 1e-8);
        if (weights < -0.00041) expect(rate, symbol).to.be.closeTo(weights + 0.0005, 1e-8);
        if (Math.abs(weights) > 0.00061) {
          followed++;
          expect(Math.sign(rate), symbol).to.equal(Math.sign(weights));
        }
      }
    }
    expect(followed).to.be.greaterThan(20);
  });

  it('has spreads that widen with volatility', function () {
    this.timeout(60_000);
    const clock = new VirtualClock(START);
    const symbols = ['AUSDT', 'BUSDT', 'CUSDT'];
    const source = new SyntheticMarket(12, symbols.map((symbol) => ({ symbol, price: '100', tickSize: '0.0001', stepSize: '0.01', dayTurnover: 1e8 })));
    const market = new Market(source, clock, () => {});
    market.open(undefined, undefined);
    const before = new Map(market.views().map(({ symbol, last }) => [symbol, last.toNumber()]));
    /** Each half minute of a symbol: how far its ticks went, and the spread at its end. */
    const halves: { moved: number; spread: number }[] = [];
    const moves = new Map<string, number[]>(symbols.map((symbol) => [symbol, []]));
    for (let tick = 0; tick < 10_800; tick++) {
      clock.moveTo(START + tick * 250);
      market.tick();
      for (const { symbol, last, bid, ask } of market.views()) {
        const own = moves.get(symbol)!;
        own.push(Math.abs(last.toNumber() / before.get(symbol)! - 1));
        before.set(symbol, last.toNumber());
        if (own.length < 120) continue;
        // The first quarter of an hour: what is usual is not known yet.
        if (tick > 3_600) halves.push({ moved: mean(own), spread: ask.minus(bid).dividedBy(last).toNumber() });
        own.length = 0;
      }
    }
    const bySize = halves.toSorted((a, b) => a.moved - b.moved);
    const calm = mean(bySize.slice(0, bySize.length / 2).map(({ spread }) => spread));
    const restless = mean(bySize.slice(-bySize.length / 10).map(({ spread }) => spread));
    expect(restless / calm).to.be.greaterThan(1.3);
    expect(correlation(halves.map(({ moved }) => moved), halves.map(({ spread }) => spread))).to.be.greaterThan(0.4);
    for (const { spread } of halves) expect(spread).to.be.within(0.00019, 0.0017);
  });

  it('goes on from the price that a customer moved it to, with last, mark and index together', () => {
    const source = new SyntheticMarket(5);
    source.start(START, undefined);
    source.due(START + 250);
    source.moved('HYPEUSDT', decimal('40'));
    const { last, mark, index } = source.due(START + 500).find(({ symbol }) => symbol === 'HYPEUSDT')!;
    for (const price of [last, mark, index]) expect(price.toNumber()).to.be.closeTo(40, 0.05);
  });
});
