/** The only function that changes what the exchange keeps: events carry what is true after them, so applying one is putting its records into their places. */
import type { ExchangeEvent } from './events.ts';
import type { Algo, Funding, Order } from './model.ts';
import { recordsOf, type KeptRecord } from './records.ts';
import { accountState, clientKey, isOpenOrder, owner, positionKey, type ExchangeState } from './state.ts';

/** Income and settled fundings are kept this long, as on the live venue. */
const RETENTION_MS = 90 * 86_400_000;

function keepOrder(state: ExchangeState, order: Order): void {
  const own = owner(state, order.account);
  own.orders.set(order.orderId, order);
  own.byClientId.set(clientKey(order.symbol, order.clientOrderId), order.orderId);
  if (isOpenOrder(order)) own.openOrders.set(order.orderId, order);
  else own.openOrders.delete(order.orderId);
  state.lastOrderId = Math.max(state.lastOrderId, order.orderId);
}

/** Open is what can be cancelled: not yet on its way into the engine. */
function keepAlgo(state: ExchangeState, algo: Algo): void {
  const own = owner(state, algo.account);
  own.algos.set(algo.algoId, algo);
  own.byClientAlgoId.set(algo.clientAlgoId, algo.algoId);
  if (algo.status === 'NEW') own.openAlgos.set(algo.algoId, algo);
  else own.openAlgos.delete(algo.algoId);
  state.lastAlgoId = Math.max(state.lastAlgoId, algo.algoId);
}

function dropBefore<T>(rows: T[], timeOf: (row: T) => number, oldest: number): void {
  const kept = rows.findIndex((row) => timeOf(row) >= oldest);
  rows.splice(0, kept < 0 ? rows.length : kept);
}

function keepFunding(state: ExchangeState, funding: Funding): void {
  const rows = state.fundings.get(funding.symbol) ?? [];
  state.fundings.set(funding.symbol, rows);
  rows.push(funding);
  dropBefore(rows, (row) => row.fundingTime, funding.fundingTime - RETENTION_MS);
}

/** Puts one record into its place and into every index that finds it; a newer one takes the place of an older. */
export function keep(state: ExchangeState, { kind, body }: KeptRecord): void {
  switch (kind) {
    case 'account': {
      const own = state.accounts.get(body.apiKey);
      if (own) own.account = body;
      else state.accounts.set(body.apiKey, accountState(body));
      break;
    }
    case 'settings':
      owner(state, body.account).settings.set(body.symbol, body);
      break;
    case 'position':
      owner(state, body.account).positions.set(positionKey(body), body);
      break;
    case 'order':
      keepOrder(state, body);
      break;
    case 'trade':
      owner(state, body.account).trades.push(body);
      state.lastTradeId = Math.max(state.lastTradeId, body.id);
      break;
    case 'income': {
      const { incomes } = owner(state, body.account);
      incomes.push(body);
      dropBefore(incomes, (row) => row.time, body.time - RETENTION_MS);
      state.lastTranId = Math.max(state.lastTranId, body.tranId);
      break;
    }
    case 'margin-change': {
      const { marginChanges } = owner(state, body.account);
      marginChanges.push(body);
      dropBefore(marginChanges, (row) => row.time, body.time - RETENTION_MS);
      state.lastTranId = Math.max(state.lastTranId, body.tranId);
      break;
    }
    case 'funding':
      keepFunding(state, body);
      break;
    case 'listing':
      state.statuses.set(body.symbol, body.status);
      break;
    case 'algo':
      keepAlgo(state, body);
      break;
  }
}

/** It serves whatever happens; what comes back from disk is kept record by record. */
export function applyEvent(state: ExchangeState, event: ExchangeEvent): void {
  for (const record of recordsOf(event)) keep(state, record);
  if (event.type === 'MarginCalled') owner(state, event.account).marginCalls.set(positionKey(event.position), event.time);
}
