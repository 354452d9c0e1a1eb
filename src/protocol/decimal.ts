/** Exact decimals for money, prices and quantities: no binary floating point ever touches them, and on every wire they are strings. */
import { BigNumber } from 'bignumber.js';
import { z } from 'zod';

/** Division keeps 40 decimal places (rounded half up); sums and products are exact; text never takes an exponent. */
const Exact = BigNumber.clone({ DECIMAL_PLACES: 40, EXPONENTIAL_AT: 1e9, ROUNDING_MODE: BigNumber.ROUND_HALF_UP });

export type Decimal = BigNumber;

const decimalText = /^-?\d+(\.\d+)?$/;

/**
 * Reads a plain decimal (`-12.50`).
 * @throws RangeError for anything else: exponents, hexadecimal, blanks, NaN, Infinity.
 */
export function decimal(text: string): Decimal {
  if (!decimalText.test(text)) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
  return new Exact(text);
}

/** A small whole number that is a count or a multiplier, never a price. */
export function wholeDecimal(count: number): Decimal {
  if (!Number.isSafeInteger(count)) throw new RangeError(`not a whole number: ${count}`);
  return new Exact(count);
}

export const ZERO: Decimal = new Exact(0);
export const ONE: Decimal = new Exact(1);

/** The largest multiple of `step` that is not above `value` (toward negative infinity). */
export function floorTo(value: Decimal, step: Decimal): Decimal {
  return value.dividedBy(step).integerValue(BigNumber.ROUND_FLOOR).multipliedBy(step);
}

/** The smallest multiple of `step` that is not below `value`. */
export function ceilTo(value: Decimal, step: Decimal): Decimal {
  return value.dividedBy(step).integerValue(BigNumber.ROUND_CEIL).multipliedBy(step);
}

export function isMultipleOf(value: Decimal, step: Decimal): boolean {
  return value.modulo(step).isZero();
}

/** The plain text of a decimal, as it goes on a wire. */
export function text(value: Decimal): string {
  return value.toFixed();
}

/** A decimal as a string on a wire. Parsed to the same string, checked: convert with `decimal` where it is computed with. */
export const decimalString = z.string().regex(decimalText, 'a decimal number as a string, such as "0.00862"');
