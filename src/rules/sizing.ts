/** From a notional to an order the venue accepts: quantity and limit price in exact decimals against its filters, or a coded refusal. */
import type { Decimal } from '../protocol/decimal.ts';
import { ceilTo, decimal, floorTo, ONE, text, wholeDecimal, ZERO } from '../protocol/decimal.ts';
import type { Denial } from '../protocol/denials.ts';
import type { Instrument } from '../protocol/market.ts';
import type { PositionSide } from '../protocol/names.ts';

export type Sizing = { readonly ok: true; readonly quantity: Decimal; readonly limitPrice: Decimal } | { readonly ok: false; readonly denial: Denial };

const BPS = wholeDecimal(10_000);

/** Mark ± `slippageBps`, rounded inward to the tick: the worst price the entry may have (ruling 7). */
export function entryLimit(side: PositionSide, mark: Decimal, slippageBps: number, tick: Decimal): Decimal {
  const share = wholeDecimal(slippageBps).dividedBy(BPS);
  return side === 'LONG' ? floorTo(mark.multipliedBy(ONE.plus(share)), tick) : ceilTo(mark.multipliedBy(ONE.minus(share)), tick);
}

/**
 * quantity = notional / mark, floored to the step (leverage is not multiplied in). Below the minimum notional it is raised
 * by one step, once. It must also be closable: a close is a MARKET order, whose largest quantity is smaller (failure 36).
 */
export function sizeEntry(side: PositionSide, notional: string, mark: Decimal, slippageBps: number, rules: Instrument): Sizing {
  const limitPrice = entryLimit(side, mark, slippageBps, rules.tickSize);
  const cap = mark.multipliedBy(rules.multiplierUp);
  const floor = mark.multipliedBy(rules.multiplierDown);
  if (side === 'LONG' && limitPrice.isGreaterThan(cap)) return refuse({ code: 'PRICE_OUT_OF_BOUNDS', limit: text(cap), value: text(limitPrice) });
  if (side === 'SHORT' && limitPrice.isLessThan(floor)) return refuse({ code: 'PRICE_OUT_OF_BOUNDS', limit: text(floor), value: text(limitPrice) });
  if (!limitPrice.isGreaterThan(ZERO) || limitPrice.isLessThan(rules.minPrice) || limitPrice.isGreaterThan(rules.maxPrice)) {
    return refuse({ code: 'PRICE_OUT_OF_BOUNDS', limit: `${text(rules.minPrice)} to ${text(rules.maxPrice)}`, value: text(limitPrice) });
  }

  let quantity = floorTo(decimal(notional).dividedBy(mark), rules.stepSize);
  if (quantity.multipliedBy(limitPrice).isLessThan(rules.minNotional)) quantity = quantity.plus(rules.stepSize);
  const value = quantity.multipliedBy(limitPrice);
  if (value.isLessThan(rules.minNotional)) return refuse({ code: 'NOTIONAL_TOO_SMALL', limit: text(rules.minNotional), value: text(value) });
  // A filter of 0 is no filter, and an order of nothing no order (failure 38).
  if (quantity.isLessThan(rules.minQuantity) || !quantity.isGreaterThan(ZERO)) return refuse({ code: 'QUANTITY_TOO_SMALL', limit: text(rules.minQuantity), value: text(quantity) });
  const most = rules.marketMaxQuantity.isLessThan(rules.maxQuantity) ? rules.marketMaxQuantity : rules.maxQuantity;
  if (quantity.isGreaterThan(most)) return refuse({ code: 'QUANTITY_TOO_LARGE', limit: text(most), value: text(quantity) });
  return { ok: true, quantity, limitPrice };
}

function refuse(denial: Denial): Sizing {
  return { ok: false, denial };
}
