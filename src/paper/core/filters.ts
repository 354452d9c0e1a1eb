/** The filters of exchangeInfo: a price or quantity on the wrong side of an edge is refused with that edge's own code. */
import { isMultipleOf, text, type Decimal } from '../../protocol/decimal.ts';
import type { Side } from './model.ts';
import type { SymbolRules } from './symbol-rules.ts';
import { VenueError } from './venue-error.ts';

/** PRICE_FILTER and precision. Limit and trigger prices alike. */
export function checkPrice(rules: SymbolRules, price: Decimal): void {
  if (!price.isPositive() || price.isZero()) throw new VenueError('PRICE_NOT_POSITIVE');
  if (price.decimalPlaces()! > rules.pricePrecision) throw new VenueError('PRECISION');
  if (price.isGreaterThan(rules.maxPrice)) throw new VenueError('PRICE_ABOVE_MAX');
  if (price.isLessThan(rules.minPrice)) throw new VenueError('PRICE_BELOW_MIN');
  if (!isMultipleOf(price.minus(rules.minPrice), rules.tickSize)) throw new VenueError('PRICE_OFF_TICK');
}

/** LOT_SIZE, or MARKET_LOT_SIZE for a market order, and precision. */
export function checkQuantity(rules: SymbolRules, quantity: Decimal, market: boolean): void {
  if (!quantity.isPositive() || quantity.isZero()) throw new VenueError('QUANTITY_NOT_POSITIVE');
  if (quantity.decimalPlaces()! > rules.quantityPrecision) throw new VenueError('PRECISION');
  if (quantity.isLessThan(rules.minQty)) throw new VenueError('QUANTITY_BELOW_MIN');
  if (quantity.isGreaterThan(market ? rules.marketMaxQty : rules.maxQty)) throw new VenueError('QUANTITY_ABOVE_MAX');
  if (!isMultipleOf(quantity.minus(rules.minQty), rules.stepSize)) throw new VenueError('QUANTITY_OFF_STEP');
}

/** MIN_NOTIONAL: limit price × quantity, mark price × quantity for a market order; reduce-only orders are exempt. */
export function checkNotional(rules: SymbolRules, price: Decimal, quantity: Decimal, refusal: 'MIN_NOTIONAL' | 'AMEND_MIN_NOTIONAL' = 'MIN_NOTIONAL'): void {
  if (price.multipliedBy(quantity).isLessThan(rules.minNotional)) throw new VenueError(refusal, text(rules.minNotional));
}

/** PERCENT_PRICE: only the aggressive side is bounded, a BUY from above and a SELL from below. */
export function checkPercentPrice(rules: SymbolRules, side: Side, price: Decimal, mark: Decimal): void {
  const cap = mark.multipliedBy(rules.multiplierUp);
  const floor = mark.multipliedBy(rules.multiplierDown);
  if (side === 'BUY' && price.isGreaterThan(cap)) throw new VenueError('PRICE_ABOVE_CAP', text(cap));
  if (side === 'SELL' && price.isLessThan(floor)) throw new VenueError('PRICE_BELOW_FLOOR', text(floor));
}

const clientIdText = /^[.A-Z:/a-z0-9_-]+$/;

export function checkClientId(clientId: string): void {
  if (clientId.length > 36) throw new VenueError('LONG_CLIENT_ID');
  if (!clientIdText.test(clientId)) throw new VenueError('BAD_CLIENT_ID');
}
