/** What the venue said, as events of the life: answers, user-stream events, queries. Facts in any order, twice or late, come out right. */
import { text } from '../../protocol/decimal.ts';
import type { LifeEvent, OrderOwner } from '../../protocol/life-events.ts';
import type { UserEvent, VenueAlgoOrder, VenueOrder, VenueTrade, VenueWrite, WriteOutcome } from '../../protocol/venue.ts';
import { isTerminal } from '../../protocol/venue.ts';
import { reactionTo } from '../../protocol/venue-reactions.ts';
import { readClientId } from '../client-ids.ts';
import type { Life, OrderRecord, ProtectionRecord } from './life.ts';
import { ownerOf } from './owners.ts';
import { ordersOf, protectionOf } from './standing.ts';

/** What an answer to a write means. Nothing for a write the life does not know (any more): the fact is in the log. */
export function observeOutcome(life: Life, write: VenueWrite, outcome: WriteOutcome, at: number): LifeEvent[] {
  switch (write.kind) {
    case 'OPEN':
    case 'CLOSE':
      return orderOutcome(orderOf(life, write.clientId), outcome, at);
    case 'PROTECT':
      return protectionOutcome(life, protectionOf(life, write.clientId), outcome, at);
    case 'CANCEL':
      return cancelOutcome(protectionOf(life, write.clientId), outcome, at);
    case 'CONFIGURE':
      return [];
  }
}

/** Under the same id it was recorded again since, and has gone out again or is about to: that the sending before was refused, ended without execution, or is not known, says nothing of this one (ruling 8). */
export function isOvertaken(life: Life, { clientId }: VenueWrite, outcome: WriteOutcome, recordedAt: number | undefined): boolean {
  const record = orderOf(life, clientId) ?? protectionOf(life, clientId);
  const cameToNothing = outcome.result !== 'accepted' || (outcome.order !== undefined && isTerminal(outcome.order.status) && outcome.order.executedQuantity.isZero());
  return cameToNothing && recordedAt !== undefined && record !== undefined && record.sentAt !== recordedAt;
}

export function observeUserEvent(life: Life, event: UserEvent, at: number): LifeEvent[] {
  if (event.type === 'algo') return observeAlgo(life, event.order, at);
  if (event.type !== 'order') return [];
  // The order first: whose a fill is, is known before it is counted.
  const reports = observeOrder(life, event.order, at);
  return [...(reports.length > 0 ? reports : recognised(life, event, at)), ...(event.trade === undefined ? [] : observeTrades(life, [event.trade], at))];
}

/** An order that its client id tells at once. Any other without a report on record may be that of a protection that has just fired: it is asked for after a while. */
function recognised(life: Life, { order, trade }: Extract<UserEvent, { type: 'order' }>, at: number): LifeEvent[] {
  if (trade === undefined || life.orders.has(order.orderId)) return [];
  const by = ownerOf(life, order, []);
  return by === 'stranger' ? [] : [recognition(order, by, at)];
}

export function recognition({ orderId, clientId, side, quantity }: VenueOrder, by: OrderOwner, at: number): LifeEvent {
  return { type: 'OrderRecognised', at, orderId, clientId, by, side, quantity: text(quantity) };
}

/** Each trade once, by its id; whoever sent its order: in one-way mode every fill of the symbol is ours. */
export function observeTrades(life: Life, trades: readonly VenueTrade[], at: number): LifeEvent[] {
  const seen = new Set(life.trades);
  const events: LifeEvent[] = [];
  for (const trade of trades) {
    if (seen.has(trade.tradeId)) continue;
    seen.add(trade.tradeId);
    const { tradeId, orderId, side, commissionAsset } = trade;
    events.push({ type: 'FillRecorded', at, tradeId, orderId, side, commissionAsset, price: text(trade.price), quantity: text(trade.quantity), commission: text(trade.commission), realizedPnl: text(trade.realizedPnl), tradedAt: trade.at });
  }
  return events;
}

export function observeOrder(life: Life, order: VenueOrder, at: number): LifeEvent[] {
  const record = orderOf(life, order.clientId);
  if (record === undefined || record.state === 'ended') return [];
  const same = record.status === order.status && record.executedQuantity.isEqualTo(order.executedQuantity) && record.state === 'reported';
  return same ? [] : [{ type: 'OrderReported', at, clientId: order.clientId, orderId: order.orderId, status: order.status, executedQuantity: text(order.executedQuantity) }];
}

export function observeAlgo(life: Life, order: VenueAlgoOrder, at: number): LifeEvent[] {
  const record = protectionOf(life, order.clientId);
  if (record === undefined) return [];
  const { leg, clientId } = record;
  const triggered: LifeEvent = { type: 'ProtectionTriggered', at, leg, clientId, ...(order.actualOrderId === undefined ? {} : { orderId: order.actualOrderId }) };
  // Taken for gone because no list had it, it had fired, and its fills were counted: that is a fact all the same (ruling 9).
  if (record.state === 'ended') return order.actualOrderId !== undefined && life.filled.has(order.actualOrderId) && life.orders.get(order.actualOrderId)?.by !== leg ? [triggered] : [];
  switch (order.status) {
    case 'NEW':
      if (record.state !== 'sending') return [];
      // Ids are worked out: a process whose record was lost may have given it to another one. The next attempt has an id of its own.
      if (!isAsSent(record, order)) return [{ type: 'ProtectionEnded', at, leg, clientId, cause: `its id is that of another one: ${order.side} ${text(order.quantity)} at ${text(order.triggerPrice)}` }];
      return [{ type: 'ProtectionPlaced', at, leg, clientId, algoId: order.algoId }];
    case 'TRIGGERING':
    case 'TRIGGERED':
      return record.state === 'triggered' ? [] : [triggered];
    case 'FINISHED':
      return [triggered, { type: 'ProtectionEnded', at, leg, clientId, cause: 'finished' }];
    case 'CANCELED':
    case 'EXPIRED':
    case 'REJECTED':
      return [{ type: 'ProtectionEnded', at, leg, clientId, cause: order.status.toLowerCase() }];
  }
}

function isAsSent(record: ProtectionRecord, { side, quantity, triggerPrice }: VenueAlgoOrder): boolean {
  return record.side === side && record.quantity.isEqualTo(quantity) && record.triggerPrice.isEqualTo(triggerPrice);
}

/** Of a protection of ours that another has replaced, for it was taken for gone: if it had fired, fills of its order were counted. */
export function observeReplaced(life: Life, { actualOrderId: orderId, clientId, side, quantity }: VenueAlgoOrder, at: number): LifeEvent[] {
  const leg = readClientId(clientId)?.leg;
  if (orderId === undefined || (leg !== 'stop' && leg !== 'target') || !life.filled.has(orderId) || life.orders.has(orderId)) return [];
  return [{ type: 'OrderRecognised', at, orderId, clientId, by: leg, side, quantity: text(quantity) }];
}

function orderOutcome(record: OrderRecord | undefined, outcome: WriteOutcome, at: number): LifeEvent[] {
  if (record === undefined || record.state === 'ended') return [];
  const { clientId } = record;
  switch (outcome.result) {
    case 'accepted':
      return outcome.order === undefined ? [{ type: 'OrderAmbiguous', at, clientId, cause: 'accepted without a report' }] : [{ type: 'OrderReported', at, clientId, orderId: outcome.order.orderId, status: outcome.order.status, executedQuantity: text(outcome.order.executedQuantity) }];
    case 'rejected':
      return [{ type: 'OrderRejected', at, clientId, venueCode: outcome.venueCode, message: outcome.message }];
    case 'throttled':
      return [{ type: 'OrderRejected', at, clientId, venueCode: -1003, message: outcome.message }];
    case 'unknown':
      return record.state === 'sending' ? [{ type: 'OrderAmbiguous', at, clientId, cause: outcome.message }] : [];
  }
}

function protectionOutcome(life: Life, record: ProtectionRecord | undefined, outcome: WriteOutcome, at: number): LifeEvent[] {
  if (record === undefined || record.state !== 'sending') return [];
  const { leg, clientId } = record;
  switch (outcome.result) {
    case 'accepted':
      return outcome.algoId === undefined ? [] : [{ type: 'ProtectionPlaced', at, leg, clientId, algoId: outcome.algoId }];
    case 'rejected': {
      const ended: LifeEvent = { type: 'ProtectionEnded', at, leg, clientId, cause: `rejected ${outcome.venueCode}: ${outcome.message}` };
      const reaction = reactionTo('PROTECT', outcome.venueCode);
      if (reaction === 'no-stop' && leg === 'stop') return [ended, { type: 'StopRefused', at, clientId, venueCode: outcome.venueCode, message: outcome.message }];
      // The trigger price has been passed already: the stop is hit, the target reached (failure 91).
      if (reaction !== 'stop-hit' || life.closeRequested !== undefined) return [ended];
      return [ended, { type: 'CloseRequested', at, reason: leg === 'stop' ? 'STOP_PASSED' : 'TARGET_REACHED', by: 'venue −2021' }];
    }
    case 'throttled':
      return [{ type: 'ProtectionEnded', at, leg, clientId, cause: `throttled: ${outcome.message}` }];
    case 'unknown':
      return [];
  }
}

/** A refused cancel says nothing: the order may have fired. What became of it is asked for. */
function cancelOutcome(record: ProtectionRecord | undefined, outcome: WriteOutcome, at: number): LifeEvent[] {
  if (record === undefined || record.state === 'ended') return [];
  if (outcome.result === 'accepted') return [{ type: 'ProtectionEnded', at, leg: record.leg, clientId: record.clientId, cause: 'cancelled' }];
  return [];
}

function orderOf(life: Life, clientId: string): OrderRecord | undefined {
  return ordersOf(life).find((order) => order.clientId === clientId);
}
