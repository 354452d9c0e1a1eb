/** From a notional to an order the venue accepts: quantity and limit price in exact decimals, and what each of its filters says of them. */
import type { Decimal } from '../protocol/decimal.ts';
import { ceilTo, decimal, floorTo, ONE, text, wholeDecimal, ZERO } from '../protocol/decimal.ts';
import type { Denial } from '../protocol/denials.ts';
import type { Instrument } from '../protocol/market.ts';
import type { PositionSide } from '../protocol/names.ts';

export interface EntrySize {
  readonly quantity: Decimal;
  readonly limitPrice: Decimal;
}

const BPS = wholeDecimal(10_000);

/** Mark ± `slippageBps`, rounded inward to the tick (counted from the lowest price): the worst price the entry may have (ruling 7). */
export function entryLimit(side: PositionSide, mark: Decimal, slippageBps: number, rules: Pick<Instrument, 'tickSize' | 'minPrice'>): Decimal {
  const share = wholeDecimal(slippageBps).dividedBy(BPS);
  const { tickSize, minPrice } = rules;
  const inward = side === 'LONG' ? floorTo(mark.multipliedBy(ONE.plus(share)).minus(minPrice), tickSize) : ceilTo(mark.multipliedBy(ONE.minus(share)).minus(minPrice), tickSize);
  return minPrice.plus(inward);
}

/**
 * quantity = notional / mark, floored to the step (counted from the smallest lot; leverage is not multiplied in). If that
 * is below the smallest quantity or notional, one step more is taken, once (failures 34, 39). Whether the venue takes
 * either, the filters below say.
 */
export function sizeEntry(side: PositionSide, notional: string, mark: Decimal, slippageBps: number, rules: Instrument): EntrySize {
  const limitPrice = entryLimit(side, mark, slippageBps, rules);
  const quantity = rules.minQuantity.plus(floorTo(decimal(notional).dividedBy(mark).minus(rules.minQuantity), rules.stepSize));
  const size = { quantity, limitPrice };
  if (!decimal(notional).isGreaterThan(ZERO)) return size;
  const small = quantityTooSmall(size, rules) !== undefined || notionalTooSmall(size, rules) !== undefined;
  return small ? { quantity: quantity.plus(rules.stepSize), limitPrice } : size;
}

/** PRICE_FILTER, and PERCENT_PRICE for the side it binds. */
export function priceOutOfBounds(side: PositionSide, { limitPrice }: EntrySize, mark: Decimal, rules: Instrument): Denial | undefined {
  const cap = mark.multipliedBy(rules.multiplierUp);
  const floor = mark.multipliedBy(rules.multiplierDown);
  const value = text(limitPrice);
  if (side === 'LONG' && limitPrice.isGreaterThan(cap)) return { code: 'PRICE_OUT_OF_BOUNDS', limit: text(cap), value };
  if (side === 'SHORT' && limitPrice.isLessThan(floor)) return { code: 'PRICE_OUT_OF_BOUNDS', limit: text(floor), value };
  if (limitPrice.isGreaterThan(ZERO) && !limitPrice.isLessThan(rules.minPrice) && !limitPrice.isGreaterThan(rules.maxPrice)) return undefined;
  return { code: 'PRICE_OUT_OF_BOUNDS', limit: `${text(rules.minPrice)} to ${text(rules.maxPrice)}`, value };
}

/** LOT_SIZE from below. A filter of 0 is no filter, and an order of nothing no order (failure 38). */
export function quantityTooSmall({ quantity }: EntrySize, rules: Instrument): Denial | undefined {
  return quantity.isLessThan(rules.minQuantity) || !quantity.isGreaterThan(ZERO) ? { code: 'QUANTITY_TOO_SMALL', limit: text(rules.minQuantity), value: text(quantity) } : undefined;
}

/** LOT_SIZE from above, and MARKET_LOT_SIZE: it must be closable, and a close is a market order (failure 36). */
export function quantityTooLarge({ quantity }: EntrySize, rules: Instrument): Denial | undefined {
  const most = rules.marketMaxQuantity.isLessThan(rules.maxQuantity) ? rules.marketMaxQuantity : rules.maxQuantity;
  return quantity.isGreaterThan(most) ? { code: 'QUANTITY_TOO_LARGE', limit: text(most), value: text(quantity) } : undefined;
}

/** MIN_NOTIONAL, at the price it may get. */
export function notionalTooSmall({ quantity, limitPrice }: EntrySize, rules: Instrument): Denial | undefined {
  const value = quantity.multipliedBy(limitPrice);
  return value.isLessThan(rules.minNotional) ? { code: 'NOTIONAL_TOO_SMALL', limit: text(rules.minNotional), value: text(value) } : undefined;
}
