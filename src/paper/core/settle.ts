/** How orders end: with the order goes what depended on it, its algo order, and what protected a position that is gone. */
import type { Turn } from './turn.ts';
import type { Algo, Order, Position } from './model.ts';
import { isOpenOrder, type AccountState } from './state.ts';

export function changeAlgo(turn: Turn, algo: Algo, change: Partial<Algo>): Algo {
  const changed = { ...algo, ...change, updateTime: turn.now };
  turn.emit({ type: 'AlgoChanged', time: turn.now, algo: changed });
  return changed;
}

/** FINISHED says that the triggered order ended, not that it filled. */
export function finishAlgoOf(turn: Turn, own: AccountState, order: Order): void {
  if (order.algoId === null || isOpenOrder(order)) return;
  const algo = own.algos.get(order.algoId);
  if (algo?.status === 'TRIGGERED') changeAlgo(turn, algo, { status: 'FINISHED' });
}

export function cancelOpenOrder(turn: Turn, own: AccountState, order: Order): void {
  const canceled: Order = { ...order, status: 'CANCELED', updateTime: turn.now };
  turn.emit({ type: 'OrderCanceled', time: turn.now, order: canceled });
  finishAlgoOf(turn, own, canceled);
}

/** The venue takes an order, or what is left of it, out of the book. */
export function expireOrder(turn: Turn, own: AccountState, order: Order, status: 'EXPIRED' | 'EXPIRED_IN_MATCH' = 'EXPIRED'): void {
  const expired: Order = { ...order, status, updateTime: turn.now };
  turn.emit({ type: 'OrderExpired', time: turn.now, order: expired });
  finishAlgoOf(turn, own, expired);
}

/** Called when a position became flat or turned: its reduce-only orders and its GTE_GTC conditional orders have nothing left to protect. */
export function releaseProtection(turn: Turn, own: AccountState, { symbol, positionSide }: Position): void {
  const protects = (order: Order | Algo) => order.symbol === symbol && order.positionSide === positionSide;
  for (const order of own.openOrders.values()) if (protects(order) && order.reduceOnly) expireOrder(turn, own, order);
  for (const algo of own.openAlgos.values()) {
    if (protects(algo) && algo.timeInForce === 'GTE_GTC') changeAlgo(turn, algo, { status: 'EXPIRED' });
  }
}
