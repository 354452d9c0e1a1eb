/** A resting limit order gets another price or quantity in place: checked as a new one, refused with nothing changed, or cancelled when there is nothing left of it. */
import { wholeDecimal, type Decimal } from '../../protocol/decimal.ts';
import { maxNotionalAt } from './brackets.ts';
import { checkNotional, checkPercentPrice, checkPrice, checkQuantity } from './filters.ts';
import { accountMargin, marginNeeded, symbolMargin } from './margin.ts';
import { reducible, takeable, takeFromBook } from './matching.ts';
import type { AmendmentRecord, Order, Side } from './model.ts';
import { findOrder, type OrderName } from './cancel.ts';
import { isTrading, rulesOf } from './listing.ts';
import { cancelOpenOrder } from './settle.ts';
import type { AccountState } from './state.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

/** Of one order, ever. */
const MAX_AMENDMENTS = 10_000;

export interface Amendment {
  readonly name: OrderName;
  /** As the order has it; the wire wants it said again. */
  readonly side: Side;
  /** Of the whole order, what is filled included. */
  readonly quantity: Decimal;
  readonly price: Decimal;
}

/** What the leg's resting orders lock changes by the difference only. */
function checkAmendedRisk(turn: Turn, own: AccountState, order: Order, price: Decimal, left: Decimal): void {
  const row = symbolMargin(turn.state, own, order.symbol, order.positionSide);
  const before = order.quantity.minus(order.filled).multipliedBy(order.price);
  const without = order.side === 'BUY' ? { ...row, bidNotional: row.bidNotional.minus(before) } : { ...row, askNotional: row.askNotional.minus(before) };
  const needed = marginNeeded(without, order.side, price, left);
  if (needed.isZero()) return;
  const notional = price.multipliedBy(left);
  const after = order.side === 'BUY' ? row.notional.plus(without.bidNotional).plus(notional) : row.notional.minus(without.askNotional).minus(notional);
  if (after.absoluteValue().isGreaterThan(wholeDecimal(maxNotionalAt(row.settings.leverage)))) throw new VenueError('MAX_POSITION');
  if (needed.isGreaterThan(accountMargin(turn.state, own).available)) throw new VenueError('MARGIN_INSUFFICIENT');
}

/** A reduce-only order may not grow beyond what the position leaves it. */
function checkAmendedRoom(own: AccountState, order: Order, left: Decimal): void {
  let room = reducible(own, order);
  for (const other of own.openOrders.values()) {
    const same = other.symbol === order.symbol && other.side === order.side && other.positionSide === order.positionSide;
    if (same && other.reduceOnly && other.orderId !== order.orderId) room = room.minus(other.quantity.minus(other.filled));
  }
  if (left.isGreaterThan(room)) throw new VenueError('REDUCE_ONLY_REJECTED');
}

/**
 * Amends, and matches anew when the new price meets the market. A quantity that is filled already, or a GTX order that would take, ends the order.
 * @returns the order's id.
 * @throws VenueError before anything has changed.
 */
export function amendOrder(turn: Turn, own: AccountState, { name, side, quantity, price }: Amendment): number {
  const rules = rulesOf(turn, name.symbol);
  const order = findOrder(own, name);
  if (!order || !own.openOrders.has(order.orderId)) throw new VenueError('NO_SUCH_ORDER');
  const market = turn.state.markets.get(name.symbol);
  if (!market || !isTrading(turn.state, name.symbol)) throw new VenueError('AMEND_NOT_TRADING');
  if (side !== order.side) throw new VenueError('BAD_SIDE');
  if (order.amendments >= MAX_AMENDMENTS) throw new VenueError('AMEND_TOO_OFTEN');
  if (quantity.isEqualTo(order.quantity) && price.isEqualTo(order.price)) throw new VenueError('AMEND_NOTHING');
  checkPrice(rules, price);
  checkQuantity(rules, quantity, false);
  checkPercentPrice(rules, side, price, market.view.mark);
  if (!order.reduceOnly) checkNotional(rules, price, quantity, 'AMEND_MIN_NOTIONAL');
  const left = quantity.minus(order.filled);
  const ends = left.isLessThanOrEqualTo(0) || (order.timeInForce === 'GTX' && !takeable(turn.state, market, side, price).isZero());
  if (ends) {
    cancelOpenOrder(turn, own, order);
    return order.orderId;
  }
  if (order.reduceOnly) checkAmendedRoom(own, order, left);
  else checkAmendedRisk(turn, own, order, price, left);
  const amendment: AmendmentRecord = {
    account: own.account.apiKey,
    amendmentId: turn.state.lastAmendmentId + 1,
    symbol: order.symbol,
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    priceBefore: order.price,
    priceAfter: price,
    quantityBefore: order.quantity,
    quantityAfter: quantity,
    count: order.amendments + 1,
    time: turn.now,
  };
  const amended: Order = { ...order, quantity, price, amendments: order.amendments + 1, updateTime: turn.now };
  turn.emit({ type: 'OrderAmended', time: turn.now, order: amended, amendment });
  takeFromBook(turn, own, amended);
  return order.orderId;
}
