/** What an order is refused for besides its symbol's filters: its leg, its size against the position, margin, its name and its time. */
import { smaller } from './ledger.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import { maxNotionalAt } from './brackets.ts';
import { checkClientId } from './filters.ts';
import { accountMargin, marginNeeded, symbolMargin } from './margin.ts';
import { reducible, takeable } from './matching.ts';
import type { PositionSide, Side, TimeInForce } from './model.ts';
import type { AccountState, Market } from './state.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

export interface OrderRequest {
  readonly symbol: string;
  readonly side: Side;
  /** Absent: BOTH, as in one-way mode. */
  readonly positionSide?: PositionSide;
  readonly type: 'LIMIT' | 'MARKET';
  /** LIMIT only; null otherwise. */
  readonly timeInForce: TimeInForce | null;
  readonly quantity: Decimal;
  /** LIMIT only; null otherwise. */
  readonly price: Decimal | null;
  readonly reduceOnly: boolean;
  /** Of GTD, ms; absent or zero otherwise. */
  readonly goodTillDate?: number;
  /** Absent: the exchange makes one. */
  readonly clientOrderId: string | null;
}

const MAX_OPEN_ORDERS = 200;

/** Open orders of one symbol. */
export function checkCount(own: AccountState, symbol: string): void {
  if (own.openOrders.size < MAX_OPEN_ORDERS) return;
  const open = [...own.openOrders.values()].filter((order) => order.symbol === symbol).length;
  if (open >= MAX_OPEN_ORDERS) throw new VenueError('MAX_OPEN_ORDERS');
}

/** A closing order of hedge mode reduces its leg by its very name. */
export function closesLeg(side: Side, positionSide: PositionSide): boolean {
  return (positionSide === 'LONG' && side === 'SELL') || (positionSide === 'SHORT' && side === 'BUY');
}

/** Hedge mode names a leg and leaves reduceOnly alone; one-way mode has BOTH. */
export function checkLeg(own: AccountState, request: { readonly positionSide?: PositionSide; readonly reduceOnly: boolean }): PositionSide {
  const positionSide = request.positionSide ?? 'BOTH';
  if (own.account.dualSide === (positionSide === 'BOTH')) throw new VenueError('POSITION_SIDE_MISMATCH');
  if (own.account.dualSide && request.reduceOnly) throw new VenueError('NOT_REQUIRED', 'reduceOnly');
  return positionSide;
}

/** What the position leaves to an order that may only reduce it, after the resting ones. One-way, it is cut to that; in hedge mode a larger one is refused. */
export function capped(own: AccountState, request: OrderRequest, positionSide: PositionSide): Decimal {
  const { symbol, side, quantity } = request;
  let room = reducible(own, { symbol, side, positionSide });
  for (const order of own.openOrders.values()) {
    if (order.symbol === symbol && order.side === side && order.positionSide === positionSide && order.reduceOnly) room = room.minus(order.quantity.minus(order.filled));
  }
  if (!room.isPositive() || room.isZero()) throw new VenueError('REDUCE_ONLY_REJECTED');
  if (positionSide !== 'BOTH' && quantity.isGreaterThan(room)) throw new VenueError('REDUCE_ONLY_REJECTED');
  return smaller(quantity, room);
}

/** Margin and position size, for what may open. A market order counts at the touch it would take. */
export function checkRisk(turn: Turn, own: AccountState, { symbol, side }: OrderRequest, leg: PositionSide, price: Decimal, quantity: Decimal): void {
  const row = symbolMargin(turn.state, own, symbol, leg);
  const needed = marginNeeded(row, side, price, quantity);
  if (needed.isZero()) return;
  const signed = price.multipliedBy(side === 'BUY' ? quantity : quantity.negated());
  const after = row.notional.plus(signed).plus(side === 'BUY' ? row.bidNotional : row.askNotional.negated());
  if (after.absoluteValue().isGreaterThan(maxNotionalAt(row.settings.leverage))) throw new VenueError('MAX_POSITION');
  if (needed.isGreaterThan(accountMargin(turn.state, own).available)) throw new VenueError('MARGIN_INSUFFICIENT');
}

/** FOK takes all of it at once, GTX nothing. */
export function checkImmediacy(turn: Turn, market: Market, request: OrderRequest, quantity: Decimal): void {
  if (request.timeInForce !== 'FOK' && request.timeInForce !== 'GTX') return;
  const now = takeable(turn.state, market, request.side, request.price);
  if (request.timeInForce === 'FOK' && now.isLessThan(quantity)) throw new VenueError('FOK_REJECTED');
  if (request.timeInForce === 'GTX' && !now.isZero()) throw new VenueError('GTX_REJECTED');
}

/** A client's own id is well formed, and no open order has it. */
export function checkIdentity(own: AccountState, clientOrderId: string | null): void {
  if (clientOrderId === null) return;
  checkClientId(clientOrderId);
  for (const order of own.openOrders.values()) if (order.clientOrderId === clientOrderId) throw new VenueError('DUPLICATE_CLIENT_ID');
}

/** More than ten minutes ahead and before the end of the year 9999. */
export function checkGoodTill(now: number, goodTillDate: number): void {
  if (goodTillDate <= now + 600_000 || goodTillDate >= 253_402_300_799_000) throw new VenueError('BAD_GOOD_TILL_DATE');
}
