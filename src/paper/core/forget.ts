/** Rows leave memory together with every index that would still find them. */
import type { Gone } from './events.ts';
import { clientKey, type AccountState } from './state.ts';

/** What is over stays this long from its creation, and so does what was settled and booked. Source: doc `trade/rest-api/Query-Order`. */
export const KEPT_MS = 90 * 86_400_000;

function dropRows<T>(rows: T[], gone: readonly number[], idOf: (row: T) => number): void {
  if (gone.length === 0) return;
  const ids = new Set(gone);
  let kept = 0;
  for (const row of rows) if (!ids.has(idOf(row))) rows[kept++] = row;
  rows.length = kept;
}

/** Takes rows out, and out of every index that would still find them. */
export function forget(own: AccountState, gone: Gone): void {
  for (const orderId of gone.order) {
    const order = own.orders.get(orderId)!;
    const key = clientKey(order.symbol, order.clientOrderId);
    if (own.byClientId.get(key) === orderId) own.byClientId.delete(key);
    own.orders.delete(orderId);
  }
  for (const algoId of gone.algo) {
    const { clientAlgoId } = own.algos.get(algoId)!;
    if (own.byClientAlgoId.get(clientAlgoId) === algoId) own.byClientAlgoId.delete(clientAlgoId);
    own.algos.delete(algoId);
  }
  dropRows(own.trades, gone.trade, (trade) => trade.id);
  dropRows(own.incomes, gone.income, (income) => income.tranId);
  dropRows(own.marginChanges, gone['margin-change'], (change) => change.tranId);
  dropRows(own.amendments, gone.amendment, (amendment) => amendment.amendmentId);
}
