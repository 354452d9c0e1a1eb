/** The only function that changes what the exchange keeps: events carry what is true after them, so applying one is putting its records into their places. */
import type { ExchangeEvent } from './events.ts';
import { forget, KEPT_MS } from './forget.ts';
import type { Algo, Counters, Funding, Order } from './model.ts';
import { recordsOf, type KeptRecord } from './records.ts';
import { accountState, clientKey, isOpenOrder, owner, positionKey, type ExchangeState } from './state.ts';

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

function keepFunding(state: ExchangeState, funding: Funding): void {
  const rows = state.fundings.get(funding.symbol) ?? [];
  state.fundings.set(funding.symbol, rows);
  rows.push(funding);
  while (rows[0]!.fundingTime < funding.fundingTime - KEPT_MS) rows.shift();
}

function keepCounters(state: ExchangeState, counters: Counters): void {
  state.lastOrderId = Math.max(state.lastOrderId, counters.order);
  state.lastAlgoId = Math.max(state.lastAlgoId, counters.algo);
  state.lastTradeId = Math.max(state.lastTradeId, counters.trade);
  state.lastTranId = Math.max(state.lastTranId, counters.tran);
  state.lastAmendmentId = Math.max(state.lastAmendmentId, counters.amendment);
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
    case 'income':
      owner(state, body.account).incomes.push(body);
      state.lastTranId = Math.max(state.lastTranId, body.tranId);
      break;
    case 'margin-change':
      owner(state, body.account).marginChanges.push(body);
      state.lastTranId = Math.max(state.lastTranId, body.tranId);
      break;
    case 'amendment':
      owner(state, body.account).amendments.push(body);
      state.lastAmendmentId = Math.max(state.lastAmendmentId, body.amendmentId);
      break;
    case 'counters':
      keepCounters(state, body);
      break;
    case 'funding':
      keepFunding(state, body);
      break;
    case 'listing':
      state.listings.set(body.symbol, body);
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
  if (event.type === 'HistoryPruned') forget(owner(state, event.account.apiKey), event.gone);
}
