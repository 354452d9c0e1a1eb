/** Position = fold of fills: average entry by quantity when adding, kept when reducing, started anew when crossing zero (reference binance-wire, b.10). */
import type { Decimal } from '../../protocol/decimal.ts';
import { ZERO } from '../../protocol/decimal.ts';
import type { OrderSide } from '../../protocol/names.ts';
import type { Holding } from './life.ts';

export interface Fill {
  readonly side: OrderSide;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly commission: Decimal;
  readonly realizedPnl: Decimal;
  readonly tradedAt: number;
}

export function afterFill(holding: Holding, fill: Fill): Holding {
  const change = fill.side === 'BUY' ? fill.quantity : fill.quantity.negated();
  const quantity = holding.quantity.plus(change);
  const averageEntry = averageAfter(holding, change, quantity, fill.price);
  return {
    ...atPrice(holding, quantity, averageEntry),
    peak: quantity.abs().isGreaterThan(holding.peak) ? quantity.abs() : holding.peak,
    realizedPnl: holding.realizedPnl.plus(fill.realizedPnl),
    commission: holding.commission.plus(fill.commission),
    openedAt: holding.openedAt ?? fill.tradedAt,
    firstFillAt: holding.firstFillAt ?? fill.tradedAt,
  };
}

/** Quantity and average entry, with what is remembered of them when nothing is held any more. */
export function atPrice(holding: Holding, quantity: Decimal, averageEntry: Decimal): Pick<Holding, 'quantity' | 'averageEntry' | 'side' | 'entryPrice'> {
  if (quantity.isZero()) return { quantity, averageEntry, side: holding.side, entryPrice: holding.entryPrice };
  return { quantity, averageEntry, side: quantity.isPositive() ? 'LONG' : 'SHORT', entryPrice: averageEntry };
}

function averageAfter(holding: Holding, change: Decimal, quantity: Decimal, price: Decimal): Decimal {
  if (quantity.isZero()) return ZERO;
  const adds = holding.quantity.isZero() || holding.quantity.isPositive() === change.isPositive();
  if (adds) return holding.quantity.abs().multipliedBy(holding.averageEntry).plus(change.abs().multipliedBy(price)).dividedBy(quantity.abs());
  const crosses = quantity.isPositive() !== holding.quantity.isPositive();
  return crosses ? price : holding.averageEntry;
}
