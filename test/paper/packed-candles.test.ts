/** Minutes as numbers: what goes in comes out to the last digit, and what is joined is what exact decimals make of it, also where a number could not hold it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { joinAll, type Candle } from '../../src/paper/market/candle.ts';
import { PackedCandles } from '../../src/paper/market/packed-candles.ts';

const MINUTE = 60_000;
/** Digits that a number holds, and far more; zeros at the end, as the venue writes them. */
const digits = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 99_999 }).map(String), fc.bigInt({ min: 0n, max: 10n ** 24n }).map(String)), fc.oneof(fc.constant(''), fc.stringMatching(/^\d{1,20}$/))).map(([whole, fraction]) => (fraction === '' ? whole : `${whole}.${fraction}`));
const usual = fc.tuple(fc.integer({ min: 0, max: 9_999_999 }), fc.integer({ min: 0, max: 8 })).map(([units, places]) => (units / 10 ** places).toFixed(places));
const candleOf = (value: fc.Arbitrary<string>) => fc.record({ open: value, high: value, low: value, close: value, volume: value, quoteVolume: value, trades: fc.nat(), takerVolume: value, takerQuoteVolume: value });
const minutesOf = (value: fc.Arbitrary<string>) => fc.array(candleOf(value), { minLength: 1, maxLength: 40 }).map((rows): Candle[] => rows.map((row, index) => ({ openTime: index * MINUTE, ...row })));

function packed(candles: readonly Candle[], capacity: number): PackedCandles {
  const result = new PackedCandles(capacity);
  for (const candle of candles) result.push(candle);
  return result;
}

describe('paper exchange: packed candles', () => {
  for (const [name, value] of [['usual digits', usual], ['any digits', digits], ['both', fc.oneof({ arbitrary: usual, weight: 9 }, digits)]] as const) {
    it(`give back and join what they took, newest first to stay: ${name}`, () => {
      fc.assert(
        fc.property(minutesOf(value), fc.integer({ min: 1, max: 50 }), fc.nat(), fc.nat(), (candles, capacity, a, b) => {
          const minutes = packed(candles, capacity);
          const kept = candles.slice(-capacity);
          expect(minutes.slice(0)).to.deep.equal(kept);
          const [from, to] = [Math.min(a % kept.length, b % kept.length), Math.max(a % kept.length, b % kept.length) + 1];
          expect(minutes.slice(from, to)).to.deep.equal(kept.slice(from, to));
          expect(minutes.join(from, to)).to.deep.equal(joinAll(kept.slice(from, to)));
        }),
        { seed: 20_261_123, numRuns: 300 },
      );
    });
  }

  it('sum beyond what a number holds exactly without losing a digit', () => {
    const of = (minute: number, volume: string): Candle => ({ openTime: minute * MINUTE, open: '1', high: '1', low: '1', close: '1', volume, quoteVolume: '0.000000000000001', trades: 1, takerVolume: '0', takerQuoteVolume: '1' });
    const minutes = packed([of(0, '9007199254740991'), of(1, '9007199254740991'), of(2, '0.01')], 10);
    expect(minutes.join(0, 3)).to.include({ volume: '18014398509481982.01', quoteVolume: '0.000000000000003', takerVolume: '0', takerQuoteVolume: '3' });
  });

  it('change the newest, forget from a time on, and find where a time begins', () => {
    const of = (minute: number, price: string): Candle => ({ openTime: minute * MINUTE, open: price, high: price, low: price, close: price, volume: '2', quoteVolume: '4', trades: 1, takerVolume: '1', takerQuoteVolume: '2' });
    const odd = '0.12345678901234567890';
    const minutes = packed([of(0, '1'), of(1, '2'), of(4, odd)], 3);
    minutes.amend(of(4, '5'));
    expect(minutes.at(2)).to.deep.equal(of(4, '5'));
    minutes.amend(of(4, odd));
    expect(minutes.at(2)).to.deep.equal(of(4, odd));
    expect([-1, 0, MINUTE, MINUTE + 1, 4 * MINUTE, 9 * MINUTE].map((time) => minutes.countBefore(time))).to.deep.equal([0, 0, 1, 2, 2, 3]);
    minutes.cutFrom(MINUTE + 1);
    minutes.push(of(2, '3'));
    minutes.push(of(3, '4'));
    expect(minutes.slice(0)).to.deep.equal([of(1, '2'), of(2, '3'), of(3, '4')]);
  });
});
