/** Orders leave the book: by name, all of a symbol at once, or when their time is over. */
import { rulesOf } from './listing.ts';
import type { Order } from './model.ts';
import { cancelOpenOrder, expireOrder } from './settle.ts';
import { orderByClientId, type AccountState } from './state.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

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

/** Takes out of the book what was good until now. */
export function expireDue(turn: Turn, own: AccountState): void {
  for (const order of own.openOrders.values()) if (order.goodTillDate > 0 && order.goodTillDate <= turn.now) expireOrder(turn, own, order);
}
