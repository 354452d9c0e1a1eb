/** An order is accepted whole or refused with nothing changed: all its checks come before its first event. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import { maxNotionalAt } from './brackets.ts';
import type { Turn } from './turn.ts';
import { checkClientId, checkNotional, checkPercentPrice, checkPrice, checkQuantity } from './filters.ts';
import { smaller } from './ledger.ts';
import { accountMargin, marginNeeded, symbolMargin } from './margin.ts';
import { reducible, takeable, takeFromBook } from './matching.ts';
import { checkTrading } from './listing.ts';
import type { Order, PositionSide, Side, TimeInForce, WorkingType } from './model.ts';
import { cancelOpenOrder, expireOrder } from './settle.ts';
import { orderByClientId, type AccountState, type Market } from './state.ts';
import type { SymbolRules } from './symbol-rules.ts';
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

/** Where a triggered order comes from. */
export interface Origin {
  readonly algoId: number;
  readonly origType: string;
  readonly stopPrice: Decimal;
  readonly workingType: WorkingType;
  readonly closePosition: boolean;
  /** Runs before the order's first event, once nothing can refuse it any more. */
  readonly onAccepted: () => void;
}

const MAX_OPEN_ORDERS = 200;

export function rulesOf(turn: Turn, symbol: string): SymbolRules {
  const rules = turn.state.rules.get(symbol);
  if (!rules) throw new VenueError('BAD_SYMBOL');
  return rules;
}

/** The market of a symbol that trades; a listed one without a price yet is refused. @param reduces it can only close */
export function marketOf(turn: Turn, symbol: string, reduces: boolean = false): Market {
  rulesOf(turn, symbol);
  checkTrading(turn.state, symbol, reduces);
  const market = turn.state.markets.get(symbol);
  if (!market) throw new VenueError('NOT_OPENABLE');
  return market;
}

/** A closing order of hedge mode reduces its leg by its very name. */
function closesLeg(side: Side, positionSide: PositionSide): boolean {
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
function capped(own: AccountState, request: OrderRequest, positionSide: PositionSide): Decimal {
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
function checkRisk(turn: Turn, own: AccountState, { symbol, side }: OrderRequest, leg: PositionSide, price: Decimal, quantity: Decimal): void {
  const row = symbolMargin(turn.state, own, symbol, leg);
  const needed = marginNeeded(row, side, price, quantity);
  if (needed.isZero()) return;
  const signed = price.multipliedBy(side === 'BUY' ? quantity : quantity.negated());
  const after = row.notional.plus(signed).plus(side === 'BUY' ? row.bidNotional : row.askNotional.negated());
  if (after.absoluteValue().isGreaterThan(maxNotionalAt(row.settings.leverage))) throw new VenueError('MAX_POSITION');
  if (needed.isGreaterThan(accountMargin(turn.state, own).available)) throw new VenueError('MARGIN_INSUFFICIENT');
}

function checkImmediacy(turn: Turn, market: Market, request: OrderRequest, quantity: Decimal): void {
  if (request.timeInForce !== 'FOK' && request.timeInForce !== 'GTX') return;
  const now = takeable(turn.state, market, request.side, request.price);
  if (request.timeInForce === 'FOK' && now.isLessThan(quantity)) throw new VenueError('FOK_REJECTED');
  if (request.timeInForce === 'GTX' && !now.isZero()) throw new VenueError('GTX_REJECTED');
}

function checkIdentity(own: AccountState, clientOrderId: string | null): void {
  if (clientOrderId === null) return;
  checkClientId(clientOrderId);
  for (const order of own.openOrders.values()) if (order.clientOrderId === clientOrderId) throw new VenueError('DUPLICATE_CLIENT_ID');
}

/** More than ten minutes ahead and before the end of the year 9999. */
function checkGoodTill(now: number, goodTillDate: number): void {
  if (goodTillDate <= now + 600_000 || goodTillDate >= 253_402_300_799_000) throw new VenueError('BAD_PARAMETER', 'goodTillDate');
}

/** Takes out of the book what was good until now. */
export function expireDue(turn: Turn, own: AccountState): void {
  for (const order of own.openOrders.values()) if (order.goodTillDate > 0 && order.goodTillDate <= turn.now) expireOrder(turn, own, order);
}

/**
 * Accepts and matches an order.
 * @param origin null for a customer's own order, else the algo order that triggered it.
 * @returns the order's id; its state after matching is in the exchange.
 * @throws VenueError before anything has changed.
 */
export function placeOrder(turn: Turn, own: AccountState, request: OrderRequest, origin: Origin | null): number {
  const rules = rulesOf(turn, request.symbol);
  const market = marketOf(turn, request.symbol, request.reduceOnly || closesLeg(request.side, request.positionSide ?? 'BOTH'));
  const positionSide = origin ? (request.positionSide ?? 'BOTH') : checkLeg(own, request);
  const reduceOnly = request.reduceOnly || closesLeg(request.side, positionSide);
  checkIdentity(own, request.clientOrderId);
  if (request.timeInForce === 'GTD') checkGoodTill(turn.now, request.goodTillDate ?? 0);
  if (request.price) checkPrice(rules, request.price);
  checkQuantity(rules, request.quantity, request.type === 'MARKET');
  const touch = request.side === 'BUY' ? market.view.ask : market.view.bid;
  if (!reduceOnly) checkNotional(rules, request.price ?? market.view.mark, request.quantity);
  if (request.price) checkPercentPrice(rules, request.side, request.price, market.view.mark);
  if (own.openOrders.size >= MAX_OPEN_ORDERS && [...own.openOrders.values()].filter((order) => order.symbol === request.symbol).length >= MAX_OPEN_ORDERS) {
    throw new VenueError('MAX_OPEN_ORDERS');
  }
  const quantity = reduceOnly ? capped(own, request, positionSide) : request.quantity;
  checkImmediacy(turn, market, request, quantity);
  if (!reduceOnly) checkRisk(turn, own, request, positionSide, request.price ?? touch, quantity);

  const orderId = turn.state.lastOrderId + 1;
  const order: Order = {
    account: own.account.apiKey,
    orderId,
    clientOrderId: request.clientOrderId ?? `venue${orderId}`,
    symbol: request.symbol,
    side: request.side,
    positionSide,
    type: request.type,
    origType: origin?.origType ?? request.type,
    timeInForce: request.timeInForce ?? 'GTC',
    quantity,
    price: request.price ?? ZERO,
    stopPrice: origin?.stopPrice ?? ZERO,
    workingType: origin?.workingType ?? 'CONTRACT_PRICE',
    reduceOnly,
    closePosition: origin?.closePosition ?? false,
    status: 'NEW',
    filled: ZERO,
    cost: ZERO,
    goodTillDate: request.goodTillDate ?? 0,
    amendments: 0,
    autoClose: null,
    algoId: origin?.algoId ?? null,
    time: turn.now,
    updateTime: turn.now,
  };
  origin?.onAccepted();
  turn.emit({ type: 'OrderAccepted', time: turn.now, order });
  takeFromBook(turn, own, order);
  return orderId;
}

/** Names an order: by id, or by client id (the newest of that name). */
export interface OrderName {
  readonly symbol: string;
  readonly orderId: number | null;
  readonly clientOrderId: string | null;
}

export function findOrder(own: AccountState, name: OrderName): Order | undefined {
  const order = name.orderId === null ? orderByClientId(own, name.symbol, name.clientOrderId ?? '') : own.orders.get(name.orderId);
  return order?.symbol === name.symbol ? order : undefined;
}

export function cancelOrder(turn: Turn, own: AccountState, name: OrderName): number {
  rulesOf(turn, name.symbol);
  const order = findOrder(own, name);
  if (!order || !own.openOrders.has(order.orderId)) throw new VenueError('CANCEL_REJECTED');
  cancelOpenOrder(turn, own, order);
  return order.orderId;
}

export function cancelAllOrders(turn: Turn, own: AccountState, symbol: string): void {
  rulesOf(turn, symbol);
  for (const order of own.openOrders.values()) if (order.symbol === symbol) cancelOpenOrder(turn, own, order);
}
