/** REDUCING, by the worst case of all working orders: it never exceeds the present position, never opens from flat, and never flips. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, ZERO } from '../../protocol/decimal.ts';
import type { OrderSide, PositionSide } from '../../protocol/names.ts';

/** What may still be executed of an order, unsigned. */
export interface WorkingOrder {
  readonly side: OrderSide;
  readonly quantity: Decimal;
  /** The venue executes it only as far as it brings the position nearer to zero. */
  readonly reduceOnly: boolean;
}

/** The least and the most the position can become, signed, whatever is executed in whatever order and however far. */
export interface WorstCase {
  readonly lowest: Decimal;
  readonly highest: Decimal;
}

export function worstCase(position: Decimal, orders: readonly WorkingOrder[]): WorstCase {
  const sum = (side: OrderSide, reduceOnly: boolean) => orders.filter((order) => order.side === side && order.reduceOnly === reduceOnly).reduce((total, order) => total.plus(order.quantity), ZERO);
  // Furthest down: the reduce-only sells first, as far as there is something to sell; then the others, which know no zero.
  const reducedDown = position.isPositive() ? largest(position.minus(sum('SELL', true)), ZERO) : position;
  const reducedUp = position.isNegative() ? smallest(position.plus(sum('BUY', true)), ZERO) : position;
  return { lowest: reducedDown.minus(sum('SELL', false)), highest: reducedUp.plus(sum('BUY', false)) };
}

/** Which of the three rules the orders can break, with the position it would come to. */
export interface Breach {
  readonly rule: 'opens from flat' | 'flips' | 'exceeds the present position';
  readonly limit: Decimal;
  readonly value: Decimal;
}

/** Undefined: whatever is executed of `orders`, the position is never further from zero than now, and never on the other side. */
export function withinPresent(position: Decimal, orders: readonly WorkingOrder[]): Breach | undefined {
  const { lowest, highest } = worstCase(position, orders);
  const moved = highest.isGreaterThan(lowest.abs()) ? highest : lowest;
  if (position.isZero()) return moved.isZero() ? undefined : { rule: 'opens from flat', limit: ZERO, value: moved };
  const [beyond, across] = position.isPositive() ? [highest, lowest] : [lowest, highest];
  if (beyond.abs().isGreaterThan(position.abs())) return { rule: 'exceeds the present position', limit: position, value: beyond };
  const flips = position.isPositive() ? across.isLessThan(ZERO) : across.isGreaterThan(ZERO);
  return flips ? { rule: 'flips', limit: ZERO, value: across } : undefined;
}

/** What is held, signed; nothing is zero. */
export function signedPosition(position: { readonly side: PositionSide; readonly quantity: string } | undefined): Decimal {
  if (position === undefined) return ZERO;
  return position.side === 'LONG' ? decimal(position.quantity) : decimal(position.quantity).negated();
}

function largest(a: Decimal, b: Decimal): Decimal {
  return a.isGreaterThan(b) ? a : b;
}

function smallest(a: Decimal, b: Decimal): Decimal {
  return a.isLessThan(b) ? a : b;
}
