/** The market's statistics: each by a second computation in other words, and unknown wherever a minute is missing. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Candle } from '../../src/protocol/market.ts';
import { aggregate } from '../../src/rules/indicators/aggregate.ts';
import { marketStatistics } from '../../src/rules/market-statistics.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One-minute candles from 00:00 on, with these closes; open is the close before, high and low a little beyond both. */
function candlesOf(closes: readonly number[], from = 0): Candle[] {
  const text = (value: number) => decimal(value.toFixed(8));
  return closes.map((close, index) => {
    const open = closes[index - 1] ?? close;
    return { openTime: from + index * MINUTE, open: text(open), high: text(Math.max(open, close) * 1.001), low: text(Math.min(open, close) * 0.999), close: text(close), volume: decimal('1'), closed: true };
  });
}

/** A price that moves by `stepOf(minute)`, a share of itself, each minute. */
function walk(minutes: number, stepOf: (minute: number) => number): number[] {
  const closes = [100];
  while (closes.length < minutes) closes.push(closes.at(-1)! * (1 + stepOf(closes.length)));
  return closes;
}

describe('market statistics', () => {
  it('makes whole candles only, aligned to the clock, without the one that is still open', () => {
    const bars = aggregate(candlesOf(walk(23, () => 0.001), 2 * MINUTE), 5);
    expect(bars.map((bar) => bar.openTime / MINUTE)).to.deep.equal([5, 10, 15, 20]);
    const closes = walk(23, () => 0.001);
    expect(bars[0]!.open).to.be.closeTo(closes[2]!, 1e-6);
    expect(bars[0]!.close).to.be.closeTo(closes[7]!, 1e-6);
    expect(bars[0]!.high).to.be.closeTo(closes[7]! * 1.001, 1e-6);
    expect(bars[0]!.low).to.be.closeTo(closes[2]! * 0.999, 1e-6);
  });

  it('goes back to the newest missing minute and no further', () => {
    const all = candlesOf(walk(60, () => 0.001));
    const without = (minute: number) => aggregate(all.filter((candle) => candle.openTime !== minute * MINUTE), 5).map((bar) => bar.openTime / MINUTE);
    expect(without(22)).to.deep.equal([25, 30, 35, 40, 45, 50, 55]);
    expect(without(59)).to.deep.equal([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
    expect(without(57), 'the newest is not whole').to.deep.equal([]);
    expect(aggregate([], 5)).to.deep.equal([]);
    expect(aggregate(all.filter(({ openTime }) => openTime < 20 * MINUTE || openTime >= 25 * MINUTE), 5).map((bar) => bar.openTime / MINUTE), 'a whole candle is missing').to.deep.equal([25, 30, 35, 40, 45, 50, 55]);
    expect(aggregate(candlesOf(walk(6, () => 0.001), 2 * MINUTE), 5), 'six minutes, and no whole candle').to.deep.equal([]);
  });

  it('says nothing of what it has too little history for, each by itself', () => {
    const after = (minutes: number) => marketStatistics(candlesOf(walk(minutes, (minute) => (minute % 3) * 0.0003)), 7);
    expect(marketStatistics([], 7)).to.equal(undefined);
    expect(after(104)).to.deep.equal({ at: 104 * MINUTE, observedAt: 7, atrShare: undefined, sigma: undefined, trendStrength: undefined, regime: undefined });
    expect(after(105)).to.include({ atrShare: undefined, regime: undefined }).and.have.property('sigma').that.is.a('number');
    expect(after(224)?.atrShare).to.equal(undefined);
    expect(after(225)?.atrShare).to.be.a('number');
    expect(after(244)?.regime).to.equal(undefined);
    expect(after(245)?.regime).to.not.equal(undefined);
  });

  it('has σ, ATR and trend strength as a second computation has them', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -0.01, max: 0.01, noNaN: true }), { minLength: 299, maxLength: 299 }), (steps) => {
        const closes = walk(300, (minute) => steps[minute - 1]!);
        const found = marketStatistics(candlesOf(closes), 0)!;
        // By sums of squares instead of distances from the mean.
        const fives = Array.from({ length: 21 }, (_, index) => Number(closes[299 - 5 * (20 - index)]!.toFixed(8)));
        const returns = fives.slice(1).map((close, index) => Math.log(close) - Math.log(fives[index]!));
        const sum = returns.reduce((a, b) => a + b, 0);
        const squares = returns.reduce((a, b) => a + b * b, 0);
        expect(found.sigma).to.be.closeTo(Math.sqrt(Math.max(0, (squares - (sum * sum) / 20) / 19)), 1e-9);
        const path = fives.slice(1).reduce((total, close, index) => total + Math.abs(close - fives[index]!), 0);
        expect(found.trendStrength).to.be.closeTo(path === 0 ? 0 : Math.abs(fives[20]! - fives[0]!) / path, 1e-9);
        let ranges = 0;
        for (let bar = 6; bar < 20; bar++) {
          const part = candlesOf(closes).slice(bar * 15, bar * 15 + 15);
          const before = Number(closes[bar * 15 - 1]!.toFixed(8));
          const highest = Math.max(before, ...part.map((candle) => candle.high.toNumber()));
          const lowest = Math.min(before, ...part.map((candle) => candle.low.toNumber()));
          ranges += highest - lowest;
        }
        expect(found.atrShare).to.be.closeTo(ranges / 14 / Number(closes[299]!.toFixed(8)), 1e-9);
        const { trend, meanReversion, chop } = found.regime!;
        expect(trend + meanReversion + chop).to.be.closeTo(1, 1e-12);
        for (const share of [trend, meanReversion, chop]) expect(share).to.be.within(0, 1);
      }),
      { numRuns: 25 },
    );
  });

  it('has a regime as a second computation has it: the largest of three moves, and how steps follow each other', () => {
    let seed = 7;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let run = 0; run < 20; run++) {
      const closes = walk(250, () => (next() - 0.5) / 500);
      const { trend, meanReversion, chop } = marketStatistics(candlesOf(closes), 0)!.regime!;
      const logs = Array.from({ length: 49 }, (_, index) => Math.log(Number(closes[249 - 5 * (48 - index)]!.toFixed(8))));
      const returns = logs.slice(1).map((log, index) => log - logs[index]!);
      const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      // Variances by sums of squares instead of distances from the mean.
      const moved = [12, 24, 48].map((count) => {
        const last = returns.slice(-count);
        return Math.abs(total(last)) / Math.sqrt((count * total(last.map((one) => one * one)) - total(last) ** 2) / (count - 1));
      });
      expect(trend).to.be.closeTo(1 - Math.exp(-2.5 * Math.max(...moved)), 1e-9);
      const middle = total(returns) / 48;
      const together = total(returns.slice(1).map((one, index) => one * returns[index]!)) - middle * (total(returns.slice(1)) + total(returns.slice(0, -1))) + 47 * middle * middle;
      const rho = together / (total(returns.map((one) => one * one)) - 48 * middle * middle);
      expect(meanReversion).to.be.closeTo(((1 - trend) * (1 - rho)) / 2, 1e-9);
      expect(chop).to.be.closeTo(((1 - trend) * (1 + rho)) / 2, 1e-9);
    }
  });

  it('calls a straight line a trend, a price that always comes back mean reversion, and waves about nothing chop', () => {
    const regimeOf = (stepOf: (minute: number) => number) => marketStatistics(candlesOf(walk(5 * 60, stepOf)), 0)!.regime!;
    const line = regimeOf(() => 0.001);
    expect(line.trend).to.be.greaterThan(0.99);
    // Five minutes up, five minutes down.
    const back = regimeOf((minute) => (Math.floor(minute / 5) % 2 === 0 ? 0.001 : -0.001 / 1.001));
    expect(back.trend).to.be.lessThan(0.3);
    expect(back.meanReversion).to.be.greaterThan(back.chop);
    // Thirty minutes up, thirty down: each step follows the last, and no hour has gone anywhere.
    const waves = regimeOf((minute) => (Math.floor(minute / 30) % 2 === 0 ? 0.001 : -0.001 / 1.001));
    expect(waves.trend).to.be.lessThan(0.3);
    expect(waves.chop).to.be.greaterThan(waves.meanReversion);
  });

  it('a market that stands still has no trend, no volatility and no strength', () => {
    const still = marketStatistics(candlesOf(walk(4 * 60 + 5, () => 0)), 0)!;
    expect(still).to.deep.include({ sigma: 0, trendStrength: 0 });
    expect(still.regime).to.deep.equal({ trend: 0, meanReversion: 0.5, chop: 0.5 });
    expect(still.at).to.equal(4 * HOUR + 5 * MINUTE);
  });

  it('noise is seldom without a trend at one hour, two and four: below 0.30 one time in fifty', () => {
    let seed = 1;
    // A linear congruence is chance enough here, and the same each time.
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    let below = 0;
    for (let run = 0; run < 600; run++) if (marketStatistics(candlesOf(walk(250, () => (next() + next() + next() - 1.5) / 1_000)), 0)!.regime!.trend < 0.3) below += 1;
    expect(below / 600).to.be.within(0.005, 0.05);
  });
});
