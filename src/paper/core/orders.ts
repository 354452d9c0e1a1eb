/** An order is accepted whole or refused with nothing changed: all its checks come before its first event. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import { checkNotional, checkPercentPrice, checkPrice, checkQuantity } from './filters.ts';
import { marketOf, rulesOf } from './listing.ts';
import { takeFromBook } from './matching.ts';
import type { Order, WorkingType } from './model.ts';
import { capped, checkCount, checkGoodTill, checkIdentity, checkImmediacy, checkLeg, checkRisk, closesLeg, type OrderRequest } from './order-checks.ts';
import type { AccountState } from './state.ts';
import type { Turn } from './turn.ts';

/** Where a triggered order comes from. */
export interface Origin {
  readonly algoId: number;
  readonly origType: string;
  readonly stopPrice: Decimal;
  /** Of a trailing stop; zero otherwise. */
  readonly activatePrice: Decimal;
  readonly callbackRate: Decimal;
  readonly workingType: WorkingType;
  readonly closePosition: boolean;
  /** Runs before the order's first event, once nothing can refuse it any more. */
  readonly onAccepted: () => void;
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
  checkCount(own, request.symbol);
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
    activatePrice: origin?.activatePrice ?? ZERO,
    callbackRate: origin?.callbackRate ?? ZERO,
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
