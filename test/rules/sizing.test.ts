/** Sizing against the venue's filters: the vectors, both sides of every filter, and no order that breaks one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../src/protocol/decimal.ts';
import type { Decimal } from '../../src/protocol/decimal.ts';
import type { Denial } from '../../src/protocol/denials.ts';
import type { Instrument } from '../../src/protocol/market.ts';
import { entryLimit, notionalTooSmall, priceOutOfBounds, quantityTooLarge, quantityTooSmall, sizeEntry } from '../../src/rules/sizing.ts';
import type { EntrySize } from '../../src/rules/sizing.ts';
import { makeInstrument } from '../kit/decisions.ts';

/** The order, and the first filter that is against it. */
function sized(side: 'LONG' | 'SHORT', notional: string, mark: Decimal, bps: number, rules: Instrument): EntrySize & { readonly denial: Denial | undefined } {
  const order = sizeEntry(side, notional, mark, bps, rules);
  return { ...order, denial: priceOutOfBounds(side, order, mark, rules) ?? notionalTooSmall(order, rules) ?? quantityTooSmall(order, rules) ?? quantityTooLarge(order, rules) };
}

/** Quantity and limit price as text, or the code of the refusal. */
function size(fields: Partial<Record<keyof Instrument, string>> & { side?: 'LONG' | 'SHORT'; notional?: string; mark?: string; bps?: number } = {}): string {
  const { side = 'LONG', notional = '200', mark = '10', bps = 0, ...filters } = fields;
  const rules = makeInstrument({ tickSize: decimal('0.01'), minPrice: decimal('0.01'), ...Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, decimal(value)])) });
  const { quantity, limitPrice, denial } = sized(side, notional, decimal(mark), bps, rules);
  return denial === undefined ? `${text(quantity)} @ ${text(limitPrice)}` : denial.code;
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
    const limit = (side: 'LONG' | 'SHORT', tick: string) => text(entryLimit(side, decimal('33.738'), 30, { tickSize: decimal(tick), minPrice: decimal(tick) }));
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
    expect(size({ notional: '5', mark: '10', minNotional: '0', minQuantity: '0' }), 'one step is asked for instead').to.equal('1 @ 10');
    expect(size({ notional: '0', mark: '10', minNotional: '0', minQuantity: '0' })).to.equal('QUANTITY_TOO_SMALL');
  });

  it('keeps to both sides of LOT_SIZE and of MARKET_LOT_SIZE, since a close is a market order (failure 36)', () => {
    expect([size({ minQuantity: '20' }), size({ minQuantity: '21' }), size({ minQuantity: '22' })]).to.deep.equal(['20 @ 10', '21 @ 10', 'QUANTITY_TOO_SMALL']);
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

  it('counts steps and ticks from the smallest lot and the lowest price, as the venue does', () => {
    expect(size({ notional: '207', minQuantity: '0.5', stepSize: '1' })).to.equal('20.5 @ 10');
    expect(size({ bps: 30, mark: '10', minPrice: '0.005', tickSize: '0.01' })).to.equal('20 @ 10.025');
    expect(size({ side: 'SHORT', bps: 30, mark: '10', minPrice: '0.005', tickSize: '0.01' })).to.equal('20 @ 9.975');
  });

  it('names limit and value in a refusal', () => {
    const { denial } = sized('LONG', '4', decimal('10'), 0, makeInstrument({ tickSize: decimal('0.01'), minPrice: decimal('0.01'), minNotional: decimal('50') }));
    expect(denial).to.deep.equal({ code: 'NOTIONAL_TOO_SMALL', limit: '50', value: '10' });
  });

  it('never makes an order that a filter refuses, and refuses only when neither the size asked for nor one step more fits: 10,000 instruments and prices, checked with integers', () => {
    // Everything in units of 10^-9; the product of two, in 10^-18.
    const UNIT = 1_000_000_000n;
    const asText = (units: bigint) => `${units / UNIT}.${String(units % UNIT).padStart(9, '0')}`;
    const floorDivide = (a: bigint, b: bigint) => a / b - (a % b !== 0n && a < 0n ? 1n : 0n);
    const step = fc.integer({ min: 0, max: 10 }).chain((power) => fc.constantFrom(1n, 2n, 5n).map((digit) => digit * 10n ** BigInt(power)));
    const steps = (max: number) => fc.integer({ min: 0, max });
    const most = fc.oneof({ weight: 1, arbitrary: steps(1_000) }, { weight: 5, arbitrary: fc.constant(10 ** 14) });
    const instrument = fc.record({ tick: step, lot: step, minPrice: steps(10), maxPrice: most, minLots: steps(20), maxLots: most, marketLots: most, offLot: steps(3), offTick: steps(3), minNotional: fc.constantFrom(0n, 5n * UNIT, 100n * UNIT, 'asked' as const), up: fc.integer({ min: 10_000, max: 11_000 }), down: fc.integer({ min: 9_000, max: 10_000 }) });
    const ticks = fc.integer({ min: 1, max: 6 }).chain((power) => fc.double({ min: 0.5, max: 10 ** power, noNaN: true }));
    const count = { accepted: 0, raised: 0, refused: 0 };
    fc.assert(
      fc.property(instrument, ticks, fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 0, max: 200 }), fc.constantFrom('LONG' as const, 'SHORT' as const), (one, marked, notionalCents, bps, side) => {
        const at = 1n + (one.tick * BigInt(Math.round(marked * 1_000))) / 1_000n;
        const d = (units: bigint) => decimal(asText(units));
        const [minPrice, minQuantity] = [one.tick * BigInt(one.minPrice) + (one.tick * BigInt(one.offTick)) / 4n, one.lot * BigInt(one.minLots) + (one.lot * BigInt(one.offLot)) / 4n];
        const [maxPrice, maxQuantity, marketMax] = [one.tick * BigInt(one.maxPrice), one.lot * BigInt(one.maxLots), one.lot * BigInt(one.marketLots)];
        const notional = BigInt(notionalCents) * 10_000_000n;
        const minNotional = one.minNotional === 'asked' ? notional : one.minNotional;
        const rules = makeInstrument({ tickSize: d(one.tick), minPrice: d(minPrice), maxPrice: d(maxPrice), stepSize: d(one.lot), minQuantity: d(minQuantity), maxQuantity: d(maxQuantity), marketMaxQuantity: d(marketMax), minNotional: d(minNotional), multiplierUp: decimal((one.up / 10_000).toFixed(4)), multiplierDown: decimal((one.down / 10_000).toFixed(4)) });
        const { denial, ...order } = sized(side, (notionalCents / 100).toFixed(2), d(at), bps, rules);

        // The limit price: the tick nearest to the worst allowed one, from within.
        const worst = side === 'LONG' ? at * BigInt(10_000 + bps) : at * BigInt(10_000 - bps);
        const ticksIn = side === 'LONG' ? floorDivide(worst - minPrice * 10_000n, one.tick * 10_000n) : -floorDivide(-(worst - minPrice * 10_000n), one.tick * 10_000n);
        const price = minPrice + ticksIn * one.tick;
        const pricePasses = price > 0n && price >= minPrice && price <= maxPrice && (side === 'LONG' ? price * 10_000n <= at * BigInt(one.up) : price * 10_000n >= at * BigInt(one.down));
        const passes = (quantity: bigint) => quantity > 0n && quantity >= minQuantity && quantity <= maxQuantity && quantity <= marketMax && quantity * price >= minNotional * UNIT;
        const asked = minQuantity + floorDivide(notional * UNIT - minQuantity * at, one.lot * at) * one.lot;
        const expected = !pricePasses ? undefined : [asked, asked + one.lot].find(passes);
        expect(denial === undefined, JSON.stringify(denial)).to.equal(expected !== undefined);
        if (expected === undefined) return void (count.refused += 1);
        if (expected > asked) count.raised += 1;
        count.accepted += 1;
        expect([order.quantity, order.limitPrice].map(text)).to.deep.equal([decimal(asText(expected)), decimal(asText(price))].map(text));
      }),
      { numRuns: 10_000, seed: 34 },
    );
    expect(count.accepted, 'orders that were made at all').to.be.above(1_000);
    expect(count.raised, 'orders that took one step more').to.be.above(50);
    expect(count.refused, 'refusals').to.be.above(1_000);
  });
});
