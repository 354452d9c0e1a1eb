/** What the venue allows on a symbol: tick, step and limits; for a symbol it has never heard of, derived sensibly from its price. */
import { decimal, wholeDecimal, type Decimal } from '../../protocol/decimal.ts';

export interface SymbolRules {
  readonly symbol: string;
  readonly tickSize: Decimal;
  readonly minPrice: Decimal;
  readonly maxPrice: Decimal;
  readonly stepSize: Decimal;
  readonly minQty: Decimal;
  readonly maxQty: Decimal;
  /** MARKET_LOT_SIZE: market orders may be this large and no larger. */
  readonly marketMaxQty: Decimal;
  readonly minNotional: Decimal;
  /** PERCENT_PRICE: a BUY at most mark × up, a SELL at least mark × down. */
  readonly multiplierUp: Decimal;
  readonly multiplierDown: Decimal;
  /** Digits beyond which a price or quantity is refused with −1111; not the tick, not the step. */
  readonly pricePrecision: number;
  readonly quantityPrecision: number;
}

/** 10^exponent, exact, also for negative exponents. */
export function powerOfTen(exponent: number): Decimal {
  return exponent >= 0 ? decimal(`1${'0'.repeat(exponent)}`) : decimal(`0.${'0'.repeat(-exponent - 1)}1`);
}

/**
 * Rules from a typical price and the digits that prices and volumes are quoted in.
 * The largest order is a power of ten worth about 10 million USDT, the largest market order a tenth of it, as on comparable live symbols.
 */
export function deriveRules(symbol: string, price: Decimal, tickSize: Decimal, stepSize: Decimal): SymbolRules {
  const magnitude = price.e ?? 0;
  const maxQty = powerOfTen(Math.max(7 - magnitude, 2));
  return {
    symbol,
    tickSize,
    minPrice: tickSize,
    maxPrice: powerOfTen(magnitude + 3),
    stepSize,
    minQty: stepSize,
    maxQty,
    marketMaxQty: maxQty.dividedBy(wholeDecimal(10)),
    minNotional: wholeDecimal(5),
    multiplierUp: decimal('1.1'),
    multiplierDown: decimal('0.9'),
    pricePrecision: Math.min(tickSize.decimalPlaces()! + 2, 8),
    quantityPrecision: stepSize.decimalPlaces()!,
  };
}
