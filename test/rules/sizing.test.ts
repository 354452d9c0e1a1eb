/** Sizing against the venue's filters: the vectors, both sides of every filter, and no order that breaks one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../src/protocol/decimal.ts';
import type { Instrument } from '../../src/protocol/market.ts';
import { entryLimit, sizeEntry } from '../../src/rules/sizing.ts';
import { makeInstrument } from '../kit/decisions.ts';

/** Quantity and limit price as text, or the code of the refusal. */
function size(fields: Partial<Record<keyof Instrument, string>> & { side?: 'LONG' | 'SHORT'; notional?: string; mark?: string; bps?: number } = {}): string {
  const { side = 'LONG', notional = '200', mark = '10', bps = 0, ...filters } = fields;
  const rules = makeInstrument({ tickSize: decimal('0.01'), minPrice: decimal('0.01'), ...Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, decimal(value)])) });
  const sizing = sizeEntry(side, notional, decimal(mark), bps, rules);
  return sizing.ok ? `${text(sizing.quantity)} @ ${text(sizing.limitPrice)}` : sizing.denial.code;
}

describe('sizing', () => {
  for (const [symbol, side, mark, stepSize, tickSize, order] of [
    ['GPSUSDT', 'LONG', '0.008625', '1', '0.000001', '23188 @ 0.008625'],
    ['GPSUSDT, to four digits', 'LONG', '0.008625', '0.0001', '0.000001', '23188.4057 @ 0.008625'],
    ['HYPEUSDT', 'LONG', '33.738', '0.01', '0.001', '5.92 @ 33.738'],
    ['HYPEUSDT, to four digits', 'LONG', '33.738', '0.0001', '0.001', '5.928 @ 33.738'],
    ['RIVERUSDT', 'SHORT', '13.87', '0.1', '0.01', '14.4 @ 13.87'],
    ['RIVERUSDT, to four digits', 'SHORT', '13.87', '0.0001', '0.01', '14.4196 @ 13.87'],
  ] as const) {
    it(`of 200 USDT in ${symbol}: ${order}`, () => expect(size({ side, mark, stepSize, tickSize, minQuantity: stepSize, minPrice: tickSize })).to.equal(order));
  }

  it('floors to LOT_SIZE: 23089.35… to 23089, 5.9157… to 5.91 (failure 37)', () => {
    expect(size({ notional: '23089.355806972988', mark: '1', stepSize: '1' })).to.equal('23089 @ 1');
    expect(size({ notional: '5.915759583530526', mark: '1', stepSize: '0.01', minQuantity: '0.01' })).to.equal('5.91 @ 1');
  });

  it('limits an entry at mark ± 30 bps, rounded inward (ruling 7)', () => {
    const limit = (side: 'LONG' | 'SHORT', tick: string) => text(entryLimit(side, decimal('33.738'), 30, decimal(tick)));
    expect([limit('LONG', '0.00001'), limit('SHORT', '0.00001')]).to.deep.equal(['33.83921', '33.63679']);
    expect([limit('LONG', '0.01'), limit('SHORT', '0.01')]).to.deep.equal(['33.83', '33.64']);
  });

  it('raises the quantity by one step, once, when the notional is below the minimum (failures 34, 39)', () => {
    expect(size({ notional: '99', mark: '10', minNotional: '90' })).to.equal('9 @ 10');
    expect(size({ notional: '99', mark: '10', minNotional: '90.01' })).to.equal('10 @ 10');
    expect(size({ notional: '99', mark: '10', minNotional: '100' })).to.equal('10 @ 10');
    expect(size({ notional: '99', mark: '10', minNotional: '100.01' })).to.equal('NOTIONAL_TOO_SMALL');
  });

  it('judges the minimum notional at the price it may get, not at the mark', () => {
    expect(size({ side: 'SHORT', notional: '100', mark: '10', bps: 100, minNotional: '100' })).to.equal('11 @ 9.9');
    expect(size({ side: 'LONG', notional: '100', mark: '10', bps: 100, minNotional: '101' })).to.equal('10 @ 10.1');
  });

  it('never orders nothing, whatever the filters say (failure 38)', () => {
    expect(size({ notional: '5', mark: '10', minNotional: '0', minQuantity: '0' })).to.equal('QUANTITY_TOO_SMALL');
    expect(size({ notional: '0', mark: '10', minNotional: '0', minQuantity: '0' })).to.equal('QUANTITY_TOO_SMALL');
  });

  it('keeps to both sides of LOT_SIZE and of MARKET_LOT_SIZE, since a close is a market order (failure 36)', () => {
    expect([size({ minQuantity: '20' }), size({ minQuantity: '21' })]).to.deep.equal(['20 @ 10', 'QUANTITY_TOO_SMALL']);
    expect([size({ maxQuantity: '20' }), size({ maxQuantity: '19' })]).to.deep.equal(['20 @ 10', 'QUANTITY_TOO_LARGE']);
    expect([size({ marketMaxQuantity: '20' }), size({ marketMaxQuantity: '19' })]).to.deep.equal(['20 @ 10', 'QUANTITY_TOO_LARGE']);
  });

  it('keeps to both sides of PRICE_FILTER', () => {
    expect([size({ minPrice: '10' }), size({ minPrice: '10.01' })]).to.deep.equal(['20 @ 10', 'PRICE_OUT_OF_BOUNDS']);
    expect([size({ maxPrice: '10' }), size({ maxPrice: '9.99' })]).to.deep.equal(['20 @ 10', 'PRICE_OUT_OF_BOUNDS']);
  });

  it('keeps to both sides of PERCENT_PRICE, each for the side it binds', () => {
    expect([size({ bps: 100, multiplierUp: '1.01' }), size({ bps: 100, multiplierUp: '1.0099' })]).to.deep.equal(['20 @ 10.1', 'PRICE_OUT_OF_BOUNDS']);
    expect([size({ side: 'SHORT', bps: 100, multiplierDown: '0.99' }), size({ side: 'SHORT', bps: 100, multiplierDown: '0.9901' })]).to.deep.equal(['20 @ 9.9', 'PRICE_OUT_OF_BOUNDS']);
    expect(size({ side: 'SHORT', bps: 100, multiplierUp: '0.5' })).to.equal('20 @ 9.9');
  });

  it('names limit and value in a refusal', () => {
    const sizing = sizeEntry('LONG', '4', decimal('10'), 0, makeInstrument({ tickSize: decimal('0.01'), minNotional: decimal('50') }));
    expect(sizing).to.deep.equal({ ok: false, denial: { code: 'NOTIONAL_TOO_SMALL', limit: '50', value: '10' } });
  });

  it('never makes an order that a filter refuses: 10,000 instruments and prices, checked with integers', () => {
    // Everything in units of 10^-9; the product of two, in 10^-18.
    const UNIT = 1_000_000_000n;
    const asText = (units: bigint) => `${units / UNIT}.${String(units % UNIT).padStart(9, '0')}`;
    const step = fc.integer({ min: 0, max: 10 }).chain((power) => fc.constantFrom(1n, 2n, 5n).map((digit) => digit * 10n ** BigInt(power)));
    const steps = (max: number) => fc.integer({ min: 0, max });
    const most = fc.oneof({ weight: 1, arbitrary: steps(1_000) }, { weight: 5, arbitrary: fc.constant(10 ** 14) });
    const instrument = fc.record({ tick: step, lot: step, minPrice: steps(10), maxPrice: most, minLots: steps(20), maxLots: most, marketLots: most, minNotional: fc.constantFrom(0n, 5n * UNIT, 100n * UNIT), up: fc.integer({ min: 10_000, max: 11_000 }), down: fc.integer({ min: 9_000, max: 10_000 }) });
    const ticks = fc.integer({ min: 1, max: 6 }).chain((power) => fc.double({ min: 0.5, max: 10 ** power, noNaN: true }));
    let accepted = 0;
    fc.assert(
      fc.property(instrument, ticks, fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 0, max: 200 }), fc.constantFrom('LONG' as const, 'SHORT' as const), (one, marked, notionalCents, bps, side) => {
        const at = 1n + (one.tick * BigInt(Math.round(marked * 1_000))) / 1_000n;
        const d = (units: bigint) => decimal(asText(units));
        const rules = makeInstrument({ tickSize: d(one.tick), minPrice: d(one.tick * BigInt(one.minPrice)), maxPrice: d(one.tick * BigInt(one.maxPrice)), stepSize: d(one.lot), minQuantity: d(one.lot * BigInt(one.minLots)), maxQuantity: d(one.lot * BigInt(one.maxLots)), marketMaxQuantity: d(one.lot * BigInt(one.marketLots)), minNotional: d(one.minNotional), multiplierUp: decimal((one.up / 10_000).toFixed(4)), multiplierDown: decimal((one.down / 10_000).toFixed(4)) });
        const notional = (notionalCents / 100).toFixed(2);
        const sizing = sizeEntry(side, notional, d(at), bps, rules);
        if (!sizing.ok) return;
        accepted += 1;
        const units = (written: string) => {
          const [whole, part = ''] = written.split('.');
          expect(part.length, `${written} has more digits than any step`).to.be.at.most(9);
          return BigInt(whole!) * UNIT + BigInt(part.padEnd(9, '0'));
        };
        const quantity = units(text(sizing.quantity));
        const price = units(text(sizing.limitPrice));
        const check = (rule: string, kept: boolean) => expect(kept, rule).to.equal(true);
        check('quantity above zero', quantity > 0n);
        check('LOT_SIZE step', quantity % one.lot === 0n);
        check('LOT_SIZE', quantity >= one.lot * BigInt(one.minLots) && quantity <= one.lot * BigInt(one.maxLots));
        check('MARKET_LOT_SIZE', quantity <= one.lot * BigInt(one.marketLots));
        check('PRICE_FILTER tick', price % one.tick === 0n);
        check('PRICE_FILTER', price > 0n && price >= one.tick * BigInt(one.minPrice) && price <= one.tick * BigInt(one.maxPrice));
        check('PERCENT_PRICE', side === 'LONG' ? price * 10_000n <= at * BigInt(one.up) : price * 10_000n >= at * BigInt(one.down));
        check('MIN_NOTIONAL', quantity * price >= one.minNotional * UNIT);
        check('slippage', side === 'LONG' ? price * 10_000n <= at * BigInt(10_000 + bps) : price * 10_000n >= at * BigInt(10_000 - bps));
        check('at most one step above what was asked', (quantity - one.lot) * at <= BigInt(notionalCents) * 10n ** 16n);
      }),
      { numRuns: 10_000, seed: 34 },
    );
    expect(accepted, 'orders that were made at all').to.be.above(1_000);
  });
});
