/** Stops and targets: the table of the incident, the right side by construction, ticks away from the entry. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../src/protocol/decimal.ts';
import { protectionPrices, stopPassed } from '../../src/rules/protection.ts';

const pricesOf = (side: 'LONG' | 'SHORT', entry: string, tick: string, stop = '2', target = '4') => {
  const prices = protectionPrices(side, decimal(entry), stop, target, decimal(tick));
  return prices === undefined ? undefined : [text(prices.stop), text(prices.target)];
};

describe('protection prices', () => {
  for (const [symbol, side, entry, tick, stop, target] of [
    ['GPSUSDT', 'LONG', '0.008625', '0.0000001', '0.0084525', '0.00897'],
    ['HYPEUSDT', 'LONG', '33.738', '0.00001', '33.06324', '35.08752'],
    ['RIVERUSDT', 'SHORT', '13.87', '0.0001', '14.1474', '13.3152'],
  ] as const) {
    it(`of ${symbol} ${side} at ${entry} are ${stop} and ${target}`, () => expect(pricesOf(side, entry, tick)).to.deep.equal([stop, target]));
  }

  it('go to the tick away from the entry, both of them, on both sides', () => {
    expect(pricesOf('LONG', '33.738', '0.001')).to.deep.equal(['33.063', '35.088']);
    expect(pricesOf('SHORT', '33.738', '0.001')).to.deep.equal(['34.413', '32.388']);
    expect(pricesOf('LONG', '100', '7')).to.deep.equal(['98', '105']);
    expect(pricesOf('SHORT', '100', '7')).to.deep.equal(['105', '91']);
  });

  it('are those of an average fill with more digits than any tick', () => {
    expect(pricesOf('LONG', `0.${'3'.repeat(40)}`, '0.0001')).to.deep.equal(['0.3266', '0.3467']);
  });

  for (const [stop, target] of [['0', '4'], ['2', '0'], ['0.0', '4'], ['-2', '4'], ['2', '-4']] as const) {
    it(`do not exist for a stop of ${stop} % and a target of ${target} % (failure 43)`, () => {
      expect(pricesOf('LONG', '33.738', '0.001', stop, target)).to.equal(undefined);
      expect(pricesOf('SHORT', '33.738', '0.001', stop, target)).to.equal(undefined);
    });
  }

  it('do not exist at zero or below', () => {
    expect(pricesOf('LONG', '33.738', '0.001', '100', '4')).to.equal(undefined);
    expect(pricesOf('SHORT', '33.738', '0.001', '2', '150')).to.equal(undefined);
    expect(pricesOf('LONG', '0.5', '1', '2', '4')).to.equal(undefined);
    expect(pricesOf('LONG', '0', '0.001')).to.equal(undefined);
    expect(pricesOf('SHORT', '0', '0.001')).to.equal(undefined);
  });

  it('refuse a percentage that is no decimal, rather than reading something out of it', () => {
    expect(() => pricesOf('LONG', '1', '0.1', '2 %')).to.throw(RangeError);
  });

  it('stand on the right side for any entry, tick and percentages, to the tick, less than one tick from exact', () => {
    const units = fc.bigInt({ min: 1n, max: 10n ** 15n });
    fc.assert(
      fc.property(units, fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 1, max: 9_999 }), fc.constantFrom('LONG' as const, 'SHORT' as const), (entry, tick, stopBps, targetBps, side) => {
        // All in units: percentages are hundredths of a percent.
        const prices = protectionPrices(side, decimal(String(entry)), (stopBps / 100).toFixed(2), (targetBps / 100).toFixed(2), decimal(String(tick)));
        const away = (bps: number, up: boolean) => {
          const exact = entry * BigInt(up ? 10_000 + bps : 10_000 - bps);
          const step = tick * 10_000n;
          return (up ? (exact + step - 1n) / step : exact / step) * tick;
        };
        const stop = away(stopBps, side === 'SHORT');
        const target = away(targetBps, side === 'LONG');
        expect(prices === undefined).to.equal(stop === 0n || target === 0n);
        if (prices === undefined) return;
        expect([text(prices.stop), text(prices.target)]).to.deep.equal([String(stop), String(target)]);
        expect(side === 'LONG' ? stop < entry && entry < target : target < entry && entry < stop).to.equal(true);
      }),
      { numRuns: 5_000, seed: 43 },
    );
  });
});

describe('a stop', () => {
  it('is passed at its price and beyond it, on the losing side only', () => {
    const stop = decimal('98');
    const passed = (side: 'LONG' | 'SHORT') => ['97.9', '98', '98.1'].map((mark) => stopPassed(side, stop, decimal(mark)));
    expect(passed('LONG')).to.deep.equal([true, true, false]);
    expect(passed('SHORT')).to.deep.equal([false, true, true]);
  });
});
