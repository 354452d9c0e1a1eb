/** Does what the life needs now, each thing once at a time, and sends what was waiting for its record to be durable. */
import { clientIdFor } from '../../rules/client-ids.ts';
import { dueEvents } from '../../rules/position-life/due-events.ts';
import { guardPrice } from '../../rules/position-life/guard.ts';
import { needsOf } from '../../rules/position-life/needs.ts';
import type { Need, Situation } from '../../rules/position-life/situation.ts';
import { adoptCounted } from './adoption.ts';
import { tellAlarms } from './alarms.ts';
import { askOwners } from './claims.ts';
import { askOrder, concludeAbsences } from './queries.ts';
import { record } from './record.ts';
import type { ExecutorContext, ExecutorState, WaitingWrite } from './state.ts';
import { askAlgo, checkStops } from './stops.ts';
import { askTruth } from './truth.ts';

/** A write that was refused or failed is tried again after this long: exits ask without limit. */
const RETRY_WRITE_MS = 1_000;
/** How long a reducing write waits for its record to be durable before it goes all the same: a disk must not hold an exit (ruling 36). */
const EXIT_PATIENCE_MS = 500;
/** An opening that could not be made durable in this time is not sent. */
const OPENING_PATIENCE_MS = 4_000;
/** A guarded position whose price was not heard for so long: it is read. */
const MARK_SILENT_MS = 2_000;

/** @returns nothing: events, writes and questions are its outcome. Called after every message. */
export function settle(state: ExecutorState, ctx: ExecutorContext, heartbeat: boolean): void {
  noteNaked(state, ctx);
  tellAlarms(state, situationOf(state, ctx), heartbeat, ctx);
  sendDurable(state, ctx);
  if (state.truthSeenAt !== undefined) concludeAbsences(state, ctx);
  for (let due = dueEvents(state.life, situationOf(state, ctx)); due.length > 0; due = dueEvents(state.life, situationOf(state, ctx))) record(state, due, ctx);
  const now = ctx.clock.monotonic();
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
  const now = ctx.clock.monotonic();
  if (guardPrice(state.life, situationOf(state, ctx)) === undefined || (state.busyUntil.get('mark') ?? 0) > now || (state.mark !== undefined && now - state.mark.seenAt < MARK_SILENT_MS)) return;
  state.busyUntil.set('mark', now + MARK_SILENT_MS);
  askTruth(state, ctx);
}

/** After an outage the time begins when somebody is there to place a stop. */
function noteNaked(state: ExecutorState, ctx: ExecutorContext): void {
  const naked = state.life.nakedSince !== undefined && state.truthSeenAt !== undefined;
  state.nakedSeen = naked ? (state.nakedSeen ?? ctx.clock.monotonic()) : undefined;
}

function situationOf(state: ExecutorState, ctx: ExecutorContext): Situation {
  const { options, rules } = state;
  return {
    now: ctx.clock.now(),
    steadyNow: state.born.wall + ctx.clock.monotonic() - state.born.monotonic,
    tickSize: rules?.tickSize,
    largestOrder: rules?.marketMaxQuantity,
    stopLossPercent: options.stopLossPercent,
    takeProfitPercent: options.takeProfitPercent,
    nakedCloseMs: options.nakedCloseMs,
    guardedSince: state.truthSeenAt,
    nakedMs: state.nakedSeen === undefined ? undefined : ctx.clock.monotonic() - state.nakedSeen,
    mark: state.mark && { price: state.mark.price, ageMs: ctx.clock.monotonic() - state.mark.seenAt },
    flat: state.flat,
    inFlight: state.inFlight,
    clientId: (leg, of, attempt) => clientIdFor(options.tags[0], leg, of, attempt, options.idPrefix),
  };
}

function meet(state: ExecutorState, need: Need, ctx: ExecutorContext): void {
  const now = ctx.clock.monotonic();
  switch (need.need) {
    case 'write': {
      const { mandate } = state.life;
      state.busyUntil.set(need.key, now + RETRY_WRITE_MS);
      if (mandate === undefined) return adoptCounted(state, `a protection of ours without a position: ${need.write.clientId}`, ctx);
      record(state, need.events, ctx);
      state.inFlight.set(need.write.clientId, ctx.clock.monotonic());
      state.waiting.push({ write: need.write, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: need.because, after: need.events.length === 0 ? 0 : state.sequence, recordedAt: need.events[0]?.at, since: now });
      return sendDurable(state, ctx);
    }
    case 'ask-truth':
      state.busyUntil.set(need.key, now + 500);
      return askTruth(state, ctx);
    case 'ask-algo':
      return askAlgo(state, need.record.clientId, ctx);
    case 'ask-order':
      return askOrder(state, need.order, ctx);
    case 'adopt':
      state.busyUntil.set(need.key, now + RETRY_WRITE_MS);
      return adoptCounted(state, state.life.mandate === undefined ? 'a fill came for a position the journal had closed' : 'trades of others have made it larger than its mandate, or turned it round', ctx);
  }
}

/** Hands over every write whose record is durable; a reducing one goes after its patience in any case. */
function sendDurable(state: ExecutorState, ctx: ExecutorContext): void {
  const now = ctx.clock.now();
  const rest: WaitingWrite[] = [];
  for (const waiting of state.waiting) {
    const waited = Math.round(ctx.clock.monotonic() - waiting.since);
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
      if (state.inFlight.has(waiting.write.clientId)) state.inFlight.set(waiting.write.clientId, ctx.clock.monotonic());
      ctx.tell(state.options.gateway, { type: 'write', write: waiting.write, authority: waiting.authority, because: waiting.because, recordedAt: waiting.recordedAt });
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
  const now = ctx.clock.monotonic();
  if (mandate === undefined || holding.quantity.isZero() || stop?.state !== 'placed' || !stop.quantity.isEqualTo(holding.quantity.abs())) return;
  for (const clientId of state.orphans) {
    const key = `cancel:${clientId}`;
    if (clientId === stop.clientId || (state.busyUntil.get(key) ?? 0) > now) continue;
    state.busyUntil.set(key, now + RETRY_WRITE_MS);
    state.waiting.push({ write: { kind: 'CANCEL', symbol, clientId, of: 'algo' }, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: 'not on record, and another one stands', after: 0, since: now });
  }
  sendDurable(state, ctx);
}
