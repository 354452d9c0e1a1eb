/** The cross of two averages: against a second computation, the same after any restart, nothing over a gap, and never a hold for what is not known. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { Candle } from '../../../src/protocol/market.ts';
import { confidenceOf, crossOf, strategy } from '../../../src/rules/strategies/ema-cross.ts';
import type { Evaluate, Verdict } from '../../../src/rules/strategies/strategy.ts';
import { makeMarket } from '../../kit/decisions.ts';

const START = 1_769_990_400_000;
const MINUTE = 60_000;
const KEPT = 500;

/** One-minute candles without a gap, one a close. */
function candlesOf(closes: readonly number[]): readonly Candle[] {
  return closes.map((close, index) => {
    const text = (value: number) => decimal(value.toFixed(8));
    return { openTime: START + index * MINUTE, open: text(close), high: text(close * 1.001), low: text(close * 0.999), close: text(close), volume: decimal('1'), closed: true };
  });
}

function look(evaluate: Evaluate, candles: readonly Candle[], ageMs = 0): Verdict {
  const at = (candles.at(-1)?.openTime ?? START) + MINUTE;
  const statistics = candles.length === 0 ? {} : { statistics: { at, observedAt: at, atrShare: undefined, sigma: undefined, trendStrength: undefined, regime: undefined } };
  const { statistics: _none, ...market } = makeMarket({ candles });
  return evaluate({ market: { ...market, ...statistics }, now: at + ageMs, maxAgeMs: 60_000 });
}

/** Falls for six hours, then rises: the fast average crosses the slow one from below. */
const V_SHAPE = [...Array.from({ length: 360 }, (_, i) => 100 - i * 0.02), ...Array.from({ length: 140 }, (_, i) => 92.8 + i * 0.05)];

describe('ema-cross', () => {
  it('stands where a computation by hand stands, over the last 58 candles and no more', () => {
    const bars = Array.from({ length: 80 }, (_, i) => {
      const close = 100 + Math.sin(i / 5) * 3;
      return { openTime: START + i * 300_000, open: close, high: close + 1 + (i % 7) / 10, low: close - 1, close };
    });
    const recent = bars.slice(-58);
    const average = (periods: number) => recent.reduce((known, { close }) => (close * 2 + known * (periods - 1)) / (periods + 1), recent[0]!.close);
    const ranges = recent.map((bar, i) => Math.max(bar.high - bar.low, i === 0 ? 0 : Math.abs(bar.high - recent[i - 1]!.close), i === 0 ? 0 : Math.abs(bar.low - recent[i - 1]!.close)));
    const atr = ranges.slice(14).reduce((known, range) => (known * 13 + range) / 14, ranges.slice(0, 14).reduce((sum, one) => sum + one, 0) / 14);
    const cross = crossOf(bars)!;
    expect(cross.fast).to.be.closeTo(average(12), 1e-9);
    expect(cross.slow).to.be.closeTo(average(26), 1e-9);
    expect(cross.atr).to.be.closeTo(atr, 1e-9);
    expect(cross.side).to.equal(Math.sign(average(12) - average(26)));
    expect(cross.closedAt).to.equal(START + 80 * 300_000);
    expect(crossOf(bars.slice(-58))).to.deep.equal(cross);
    expect(crossOf(bars.slice(-57)), 'one too few').to.equal(undefined);
  });

  it('signals from the second closed candle of a cross to the fourth, and holds before and after', () => {
    const story: string[] = [];
    for (let minutes = 300; minutes <= V_SHAPE.length; minutes += 5) {
      const verdict = look(strategy.start(), candlesOf(V_SHAPE.slice(0, minutes)));
      const since = verdict.inputs?.['candlesSinceCross'];
      if (verdict.verdict === 'signal') {
        expect(verdict.side).to.equal('LONG');
        expect(verdict.confidence).to.be.within(0.5, 0.8);
      }
      if (Number(since) <= 6) story.push(`${since} ${verdict.verdict}`);
    }
    expect(story).to.deep.equal(['1 hold', '2 signal', '3 signal', '4 signal', '5 hold', '6 hold']);
  });

  it('goes short on the mirror image', () => {
    const sides = Array.from({ length: 40 }, (_, i) => look(strategy.start(), candlesOf(V_SHAPE.map((close) => 200 - close).slice(0, 301 + i * 5)))).flatMap((verdict) => (verdict.verdict === 'signal' ? [verdict.side] : []));
    expect(new Set(sides)).to.deep.equal(new Set(['SHORT']));
  });

  for (const [distance, confidence] of [[0, 0.5], [0.1, 0.525], [0.4, 0.6], [1.2, 0.8], [5, 0.8]] as const) {
    it(`is ${confidence} sure at a distance of ${distance} ATR, up or down`, () => {
      expect(confidenceOf({ fast: 100 + distance * 2, slow: 100, atr: 2 })).to.equal(confidence);
      expect(confidenceOf({ fast: 100 - distance * 2, slow: 100, atr: 2 })).to.equal(confidence);
    });
  }

  it('is half sure where nothing has moved at all, and not NaN', () => expect(confidenceOf({ fast: 1, slow: 1, atr: 0 })).to.equal(0.5));

  it('does not know before its warm-up, and says how far it is (failures 4, 13)', () => {
    const unknown = (count: number) => look(strategy.start(), candlesOf(V_SHAPE.slice(0, count)));
    expect(unknown(289)).to.deep.equal({ verdict: 'unknown', missing: '57 of 58 closed 5-minute candles without a gap' });
    expect(unknown(290).verdict).to.equal('hold');
    expect(unknown(0)).to.deep.equal({ verdict: 'unknown', missing: 'no closed candle yet' });
  });

  it('knows after its declared warm-up wherever the candles begin, and declares no more', () => {
    expect(strategy.warmUp).to.equal(294);
    for (let from = 0; from < 5; from++) expect(look(strategy.start(), candlesOf(V_SHAPE.slice(0, from + strategy.warmUp)).slice(from)).verdict, `from minute ${from}`).not.to.equal('unknown');
  });

  it('begins its warm-up anew at a gap of one minute', () => {
    const candles = candlesOf(V_SHAPE);
    const gap = [...candles.slice(0, 450), ...candles.slice(451)];
    expect(look(strategy.start(), gap)).to.deep.equal({ verdict: 'unknown', missing: '9 of 58 closed 5-minute candles without a gap' });
  });

  it('does not know from candles that have stopped, and says for how long', () => {
    const evaluate = strategy.start();
    expect(look(evaluate, candlesOf(V_SHAPE), 120_000).verdict).not.to.equal('unknown');
    expect(look(evaluate, candlesOf(V_SHAPE), 120_001)).to.deep.equal({ verdict: 'unknown', missing: 'closed candle is 120001 ms old' });
  });

  it('says the same whether the candles came one by one or all at once after a restart, gaps included, whatever was dropped from the window', () => {
    const steps = fc.array(fc.double({ min: -0.01, max: 0.01, noNaN: true }), { minLength: 300, maxLength: 620 });
    let known = 0;
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 2 }), (moves, gaps) => {
        let price = 100;
        const all = candlesOf(moves.map((move) => (price *= 1 + move)));
        const candles = all.filter((_, index) => !gaps.includes(index));
        const streaming = strategy.start();
        for (let count = candles.length - 30; count <= candles.length; count++) {
          const window = candles.slice(Math.max(0, count - KEPT), count);
          const verdict = look(streaming, window);
          expect(verdict).to.deep.equal(look(strategy.start(), window));
          // A process that was started later knows less of the past.
          if (window.length > strategy.warmUp) expect(verdict).to.deep.equal(look(strategy.start(), window.slice(-strategy.warmUp)));
          if (verdict.verdict !== 'unknown') known += 1;
        }
      }),
      { numRuns: 25, seed: 5 },
    );
    expect(known).to.be.above(300);
  });
});
