/** Does what the life needs now, each thing once at a time, and sends what was waiting for its record to be durable. */
import { closingSide } from '../../protocol/names.ts';
import type { ClientId } from '../../protocol/names.ts';
import { clientIdFor } from '../../rules/client-ids.ts';
import { dueEvents } from '../../rules/position-life/due-events.ts';
import { guardPrice } from '../../rules/position-life/guard.ts';
import { needsOf } from '../../rules/position-life/needs.ts';
import type { Need, Situation } from '../../rules/position-life/situation.ts';
import { heldSide, ordersOf } from '../../rules/position-life/standing.ts';
import type { OrderRecord, ProtectionRecord } from '../../rules/position-life/life.ts';
import { text } from '../../protocol/decimal.ts';
import { RECV_WINDOW_MS } from '../../protocol/venue.ts';
import { adopt } from './adoption.ts';
import { tellAlarms } from './alarms.ts';
import { askOwners } from './claims.ts';
import { record } from './record.ts';
import type { ExecutorContext, ExecutorState, WaitingWrite } from './state.ts';
import { askAlgo, checkStops } from './stops.ts';
import { askTrades, askTruth } from './truth.ts';

/** A write that was refused or failed is tried again after this long: exits ask without limit. */
const RETRY_WRITE_MS = 1_000;
/** How long a reducing write waits for its record to be durable before it goes all the same: a disk must not hold an exit (ruling 36). */
const EXIT_PATIENCE_MS = 500;
/** An opening that could not be made durable in this time is not sent. */
const OPENING_PATIENCE_MS = 4_000;
/** When an ambiguous order is asked for, after it became so (ruling 8); then every 8 s. */
const QUERY_AFTER_MS = [500, 1_000, 2_000, 5_000, 8_000];
/** A guarded position whose price was not heard for so long: it is read. */
const MARK_SILENT_MS = 2_000;
const ORDER_READ_TIMEOUT_MS = 5_000;

/** @returns nothing: events, writes and questions are its outcome. Called after every message. */
export function settle(state: ExecutorState, ctx: ExecutorContext, heartbeat: boolean): void {
  tellAlarms(state, situationOf(state, ctx), heartbeat, ctx);
  sendDurable(state, ctx);
  for (let due = dueEvents(state.life, situationOf(state, ctx)); due.length > 0; due = dueEvents(state.life, situationOf(state, ctx))) record(state, due, ctx);
  const now = ctx.clock.now();
  if (state.truthDueAt !== undefined && now >= state.truthDueAt) askTruth(state, ctx);
  if (state.truthSeenAt === undefined) return;
  for (const need of needsOf(state.life, situationOf(state, ctx))) {
    if ((state.busyUntil.get(need.key) ?? 0) > now) continue;
    meet(state, need, ctx);
  }
  clearOrphans(state, ctx);
  askOwners(state, ctx);
  checkStops(state, ctx);
  watchMark(state, ctx);
}

/** While a position is guarded from here and the stream is silent about its price, the venue's own reading tells the mark. */
function watchMark(state: ExecutorState, ctx: ExecutorContext): void {
  const now = ctx.clock.now();
  if (guardPrice(state.life, situationOf(state, ctx)) === undefined || (state.busyUntil.get('mark') ?? 0) > now || now - (state.mark?.observedAt ?? 0) < MARK_SILENT_MS) return;
  state.busyUntil.set('mark', now + MARK_SILENT_MS);
  askTruth(state, ctx);
}

function situationOf(state: ExecutorState, ctx: ExecutorContext): Situation {
  const { options, rules } = state;
  return {
    now: ctx.clock.now(),
    tickSize: rules?.tickSize,
    largestOrder: rules?.marketMaxQuantity,
    stopLossPercent: options.stopLossPercent,
    takeProfitPercent: options.takeProfitPercent,
    nakedCloseMs: options.nakedCloseMs,
    guardedSince: state.truthSeenAt,
    mark: state.mark,
    flat: state.flat,
    inFlight: state.inFlight,
    clientId: (leg, of, attempt) => clientIdFor(options.tags[0], leg, of, attempt, options.idPrefix),
  };
}

function meet(state: ExecutorState, need: Need, ctx: ExecutorContext): void {
  const now = ctx.clock.now();
  switch (need.need) {
    case 'write': {
      const { mandate } = state.life;
      state.busyUntil.set(need.key, now + RETRY_WRITE_MS);
      if (mandate === undefined) return adopt(state, text(state.life.holding.quantity), text(state.life.holding.averageEntry), `a protection of ours without a position: ${need.write.clientId}`, ctx);
      record(state, need.events, ctx);
      state.inFlight.add(need.write.clientId);
      state.waiting.push({ write: need.write, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: need.because, after: need.events.length === 0 ? 0 : state.sequence, since: now });
      return sendDurable(state, ctx);
    }
    case 'ask-truth':
      state.busyUntil.set(need.key, now + 500);
      return askTruth(state, ctx);
    case 'ask-algo':
      return askAlgo(state, need.record.clientId, ctx);
    case 'ask-order':
      return askOrder(state, need.order, ctx);
    case 'adopt': {
      state.busyUntil.set(need.key, now + RETRY_WRITE_MS);
      const { quantity, averageEntry } = state.life.holding;
      return adopt(state, text(quantity), text(averageEntry), 'a fill came for a position the journal had closed', ctx);
    }
  }
}

/** A protection that never stood and that the venue does not know goes out again as the same order: at worst the id is there already (ruling 8). */
export function sendAgain(state: ExecutorState, record: ProtectionRecord, ctx: ExecutorContext): void {
  const { mandate, holding, symbol } = state.life;
  const side = heldSide(state.life);
  if (mandate === undefined || side === undefined) return;
  const { clientId, leg, triggerPrice } = record;
  ctx.log.warn({ clientId, leg, held: text(holding.quantity) }, 'the venue does not know the protection; sending it again under its own id');
  state.inFlight.add(clientId);
  state.waiting.push({ write: { kind: 'PROTECT', symbol, clientId, side: closingSide(side), leg, quantity: record.quantity, triggerPrice }, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: `${leg} again`, after: 0, since: ctx.clock.now() });
}

/** Position and trades are asked for beside the order: protection follows the position before the order is resolved. */
function askOrder(state: ExecutorState, order: OrderRecord, ctx: ExecutorContext): void {
  const now = ctx.clock.now();
  const asked = state.absences.get(order.clientId) ?? 0;
  const since = order.ambiguousSince ?? order.sentAt;
  const dueAt = since + (QUERY_AFTER_MS[asked] ?? QUERY_AFTER_MS.at(-1)! * (asked - QUERY_AFTER_MS.length + 2));
  if (now < dueAt) return;
  state.busyUntil.set(`ask:${order.clientId}`, now + ORDER_READ_TIMEOUT_MS);
  askTruth(state, ctx);
  askTrades(state, ctx);
  const { clientId } = order;
  ctx.ask(state.options.gateway, { type: 'read', name: 'order', query: { symbol: state.options.symbol, clientId } }, ORDER_READ_TIMEOUT_MS, (outcome) => ({ type: 'order-asked', clientId, outcome }));
}

/** The venue does not know the id: once proves nothing. Absence needs every query, the recvWindow over, no list of open orders that has it, and the agreement of trades and position (failure 47, operators' 19). */
export function onOrderAbsent(state: ExecutorState, clientId: ClientId, ctx: ExecutorContext): void {
  const count = (state.absences.get(clientId) ?? 0) + 1;
  state.absences.set(clientId, count);
  state.busyUntil.delete(`ask:${clientId}`);
  const order = ordersOf(state.life).find((one) => one.clientId === clientId);
  if (order === undefined || count < QUERY_AFTER_MS.length) return;
  // Position and trades, both read when the venue could take it no more, agree without it: flat, or what others have made of it. Trades that could not be read are not waited for once the venue's word has become the position.
  // A close may be sent twice and closes once; a part would be closed twice.
  const over = order.sentAt + RECV_WINDOW_MS;
  const agreed = state.agreedAt >= over && (state.tradesReadAt >= over || state.adoptedAt > order.sentAt);
  if (order.purpose !== 'close' && !agreed) return;
  state.absences.delete(clientId);
  record(state, [{ type: 'OrderAbsent', at: ctx.clock.now(), clientId }], ctx);
}

/** Hands over every write whose record is durable; a reducing one goes after its patience in any case. */
function sendDurable(state: ExecutorState, ctx: ExecutorContext): void {
  const now = ctx.clock.now();
  const rest: WaitingWrite[] = [];
  for (const waiting of state.waiting) {
    const waited = now - waiting.since;
    const durable = state.durable >= waiting.after;
    const opens = waiting.write.kind === 'OPEN';
    if (!durable && opens && waited > OPENING_PATIENCE_MS) {
      state.inFlight.delete(waiting.write.clientId);
      record(state, [{ type: 'OrderAbandoned', at: now, clientId: waiting.write.clientId, code: 'JOURNAL_AWAY', detail: `not durable after ${waited} ms` }, { type: 'PlanEnded', at: now, planId: waiting.because, code: 'JOURNAL_AWAY' }], ctx);
    } else if (!durable && isPart(state, waiting)) {
      // Without its record a restart would not know of it and close another part: it waits, or a close overtakes it.
      if (state.life.closeRequested === undefined) rest.push(waiting);
      else {
        state.inFlight.delete(waiting.write.clientId);
        record(state, [{ type: 'OrderAbandoned', at: now, clientId: waiting.write.clientId, code: 'JOURNAL_AWAY', detail: `not durable after ${waited} ms, and the whole is being closed` }], ctx);
      }
    } else if (durable || (!opens && waited > EXIT_PATIENCE_MS)) {
      if (!durable) ctx.log.warn({ clientId: waiting.write.clientId, write: waiting.write.kind, waitedMs: waited }, 'the journal has not acknowledged the record of this write in time: it does not open anything, and goes before its record');
      ctx.tell(state.options.gateway, { type: 'write', write: waiting.write, authority: waiting.authority, because: waiting.because });
    } else rest.push(waiting);
  }
  state.waiting = rest;
}

function isPart(state: ExecutorState, { write }: WaitingWrite): boolean {
  return write.kind === 'CLOSE' && write.clientId === state.life.reduce?.clientId;
}

/** A second stop of the same position goes once the one on record stands (ruling 4); a flat symbol's are cleared by its needs. */
function clearOrphans(state: ExecutorState, ctx: ExecutorContext): void {
  const { mandate, stop, holding, symbol } = state.life;
  const now = ctx.clock.now();
  if (mandate === undefined || holding.quantity.isZero() || stop?.state !== 'placed' || !stop.quantity.isEqualTo(holding.quantity.abs())) return;
  for (const clientId of state.orphans) {
    const key = `cancel:${clientId}`;
    if (clientId === stop.clientId || (state.busyUntil.get(key) ?? 0) > now) continue;
    state.busyUntil.set(key, now + RETRY_WRITE_MS);
    state.waiting.push({ write: { kind: 'CANCEL', symbol, clientId, of: 'algo' }, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: 'not on record, and another one stands', after: 0, since: now });
  }
  sendDurable(state, ctx);
}
