/** The kill score: its vector, its rest, what moves it, and a second computation of it that shares nothing with the first. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { MarketStatistics } from '../../../src/protocol/market.ts';
import { killScore } from '../../../src/rules/exits/kill-score.ts';

const HOUR = 3_600_000;
const makeStatistics = (fields: Partial<MarketStatistics> = {}): MarketStatistics => ({ at: 0, observedAt: 0, atrShare: 0.01, sigma: 0.01, trendStrength: 0.3, regime: { trend: 0.4, meanReversion: 0.3, chop: 0.3 }, ...fields });

/** By tables instead of formulas: K = (1 + tanh(z / 2)) / 2, each part by where its input lies. */
function secondScore({ sigma, trendStrength, regime }: MarketStatistics, ageMs: number): number {
  const lost = regime!.trend < 0.3 && 1 - regime!.trend > 0.5;
  const spike = sigma! <= 0.01 ? 0 : sigma! >= 0.03 ? 2 : 100 * sigma! - 1;
  const drop = trendStrength! >= 0.3 ? 0 : trendStrength! <= -0.2 ? 0.5 : 0.3 - trendStrength!;
  const days = ageMs <= 0 ? 0 : ageMs >= 24 * HOUR ? 1 : ageMs / HOUR / 24;
  return (1 + Math.tanh(((lost ? 10 : 0) + 5 * spike + 5 * drop + 3 * days) / 20)) / 2;
}

describe('the kill score', () => {
  it('is 0.556014 for the vector: no flip, σ 0.012, trend strength 0.2, age 6 h (pipeline facts, 6)', () => {
    const { score, ...parts } = killScore(makeStatistics({ sigma: 0.012, trendStrength: 0.2 }), 6 * HOUR)!;
    expect(score).to.be.closeTo(0.556014, 5e-7);
    expect(parts.flip).to.equal(0);
    expect(parts.spike).to.be.closeTo(0.2, 1e-12);
    expect(parts.drop).to.be.closeTo(0.1, 1e-12);
    expect(parts.age).to.equal(0.25);
  });

  it('is exactly one half at rest', () => expect(killScore(makeStatistics(), 0)?.score).to.equal(0.5));

  it('flips when the trend is below 0.30 and what is left is above one half, and not at either border', () => {
    const flip = (trend: number, meanReversion: number, chop: number) => killScore(makeStatistics({ regime: { trend, meanReversion, chop } }), 0)!.flip;
    expect(flip(0.29, 0.31, 0.4)).to.equal(1);
    expect(flip(0.3, 0.3, 0.4)).to.equal(0);
    expect(flip(0.2, 0.2, 0.3)).to.equal(0);
    expect(flip(0.2, 0.25, 0.2500001)).to.equal(1);
    expect(flip(0.2, 0.3, 0.3)).to.equal(1);
  });

  it('has bounds for each part: spike 2, drop 0.5, age 1, none below 0', () => {
    const worst = killScore(makeStatistics({ sigma: 9, trendStrength: -9, regime: { trend: 0, meanReversion: 0, chop: 1 } }), 99 * 24 * HOUR)!;
    expect(worst).to.include({ flip: 1, spike: 2, drop: 0.5, age: 1 });
    expect(killScore(makeStatistics({ sigma: 0, trendStrength: 1 }), -HOUR)).to.include({ spike: 0, drop: 0, age: 0, score: 0.5 });
  });

  it('is unknown, not a number, when any part of it is (ruling 23)', () => {
    expect(killScore(undefined, 0)).to.equal(undefined);
    for (const missing of [{ sigma: undefined }, { trendStrength: undefined }, { regime: undefined }, { sigma: NaN }, { trendStrength: Infinity }, { regime: { trend: NaN, meanReversion: 0, chop: 1 } }]) {
      expect(killScore(makeStatistics(missing), HOUR), JSON.stringify(missing)).to.equal(undefined);
    }
    expect(killScore(makeStatistics({ atrShare: undefined }), HOUR), 'volatility is no part of it').to.not.equal(undefined);
  });

  it('agrees with the second computation for any market and age', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const inputs = fc.record({ sigma: fc.double({ min: 0, max: 0.05, noNaN: true }), trendStrength: fc.double({ min: -0.5, max: 1, noNaN: true }), trend: share, split: share, ageMs: fc.integer({ min: -HOUR, max: 72 * HOUR }) });
    fc.assert(
      fc.property(inputs, ({ sigma, trendStrength, trend, split, ageMs }) => {
        const statistics = makeStatistics({ sigma, trendStrength, regime: { trend, meanReversion: (1 - trend) * split, chop: (1 - trend) * (1 - split) } });
        expect(killScore(statistics, ageMs)!.score).to.be.closeTo(secondScore(statistics, ageMs), 1e-12);
      }),
      { numRuns: 5_000, seed: 6 },
    );
  });
});
