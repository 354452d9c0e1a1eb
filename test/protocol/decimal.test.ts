/** Decimals: what is read, what is refused, and rounding to a step against integers of any size. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ceilTo, decimal, decimalString, floorTo, isMultipleOf, text, wholeDecimal } from '../../src/protocol/decimal.ts';

/** `units` / 10^places as text, by digits alone. */
function textOf(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places === 0 ? '' : `.${digits.slice(-places)}`}`;
}

/** The same number without trailing zeros and without a sign on zero: as `text` writes it. */
function plain(written: string): string {
  const trimmed = written.includes('.') ? written.replace(/0+$/, '').replace(/\.$/, '') : written;
  return trimmed === '-0' ? '0' : trimmed;
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}

describe('decimal', () => {
  for (const bad of ['0x10', '1e-7', '1E5', ' 1', '1 ', 'NaN', 'Infinity', '-Infinity', '', '-', '.', '.5', '5.', '+1', '1_000', '1,5', '--1', '٣', '1\n', '0b1', 'null']) {
    it(`refuses ${JSON.stringify(bad)} and names it`, () => {
      expect(() => decimal(bad)).to.throw(RangeError, JSON.stringify(bad));
      expect(decimalString.safeParse(bad).success).to.equal(false);
    });
  }

  it('refuses on a wire what is not text', () => {
    for (const bad of [1, 0.1, null, undefined, {}, ['1']]) expect(decimalString.safeParse(bad).success).to.equal(false);
  });

  it('keeps every digit, and never writes an exponent', () => {
    for (const written of ['0.000000000000000000000000000000000001', '123456789012345678901234567890.123456789', '-0.1', '0']) expect(text(decimal(written))).to.equal(written);
    expect(text(decimal('0.1').plus(decimal('0.2')))).to.equal('0.3');
    expect(text(decimal('1').dividedBy(decimal('3')))).to.equal(`0.${'3'.repeat(40)}`);
  });

  it('counts only in whole numbers', () => {
    expect(text(wholeDecimal(10_000))).to.equal('10000');
    for (const bad of [0.5, Number.NaN, Infinity, 2 ** 53]) expect(() => wholeDecimal(bad)).to.throw(RangeError, 'not a whole number');
  });

  it('floors and ceils to a step exactly, above and below zero: 10,000 values against integers', () => {
    const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    const step = fc.oneof(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.integer({ min: 0, max: 12 }).map((power) => 10n ** BigInt(power)));
    fc.assert(
      fc.property(units, step, fc.integer({ min: 0, max: 18 }), (value, by, places) => {
        const below = floorDivide(value, by) * by;
        const above = below === value ? value : below + by;
        const read = decimal(textOf(value, places));
        const stepRead = decimal(textOf(by, places));
        expect(text(floorTo(read, stepRead))).to.equal(plain(textOf(below, places)));
        expect(plain(text(ceilTo(read, stepRead)))).to.equal(plain(textOf(above, places)));
        expect(isMultipleOf(read, stepRead)).to.equal(value % by === 0n);
      }),
      { numRuns: 10_000, seed: 37 },
    );
  });

  it('floors the quantities of the incident to LOT_SIZE (failure 37)', () => {
    expect(text(floorTo(decimal('23089.355806972988'), decimal('1')))).to.equal('23089');
    expect(text(floorTo(decimal('5.915759583530526'), decimal('0.01')))).to.equal('5.91');
  });
});
