/** What came of a write: the venue's answer, taken as the fact it is, or that the gateway did not send it. */
import type { ExecutorMessage } from '../../protocol/messages.ts';
import type { VenueWrite } from '../../protocol/venue.ts';
import { isOvertaken, observeOutcome } from '../../rules/position-life/observe.ts';
import { ordersOf, stopsCover } from '../../rules/position-life/standing.ts';
import { onConfigured } from './leverage.ts';
import { record } from './record.ts';
import { endFlight } from './went-out.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';

/** After an order of ours has been answered the venue's side is read once more, so that a lost fill is noticed at once. */
export const RECHECK_MS = 400;
/** A stop or target that the venue refuses while a stop that covers all stands. */
const RETRY_REFUSED_MS = 15_000;
/** Longer than the gateway takes to call any write unknown, one that goes twice for its time included. */
const UNANSWERED_MS = 20_000;

export function onOutcome(state: ExecutorState, message: Extract<ExecutorMessage, { type: 'write-outcome' }>, ctx: ExecutorContext): void {
  const { write, outcome, late, recordedAt } = message;
  if (write.kind === 'CONFIGURE') return onConfigured(state, write, outcome, ctx);
  if (isOvertaken(state.life, write, outcome, recordedAt)) return ctx.log.info({ clientId: write.clientId, outcome: outcome.result }, 'a late answer to an earlier sending of the same id: what has gone out since has its own');
  endFlight(state, write.clientId, ctx);
  if (late) ctx.log.info({ clientId: write.clientId, outcome: outcome.result }, 'a late answer, taken as the fact it is');
  record(state, observeOutcome(state.life, write, outcome, ctx.clock.now()), ctx);
  if (outcome.result === 'rejected' && write.kind !== 'OPEN') state.refusedExit = { at: ctx.clock.now(), write: write.kind, why: outcome.message };
  if (outcome.result === 'rejected' && write.kind !== 'OPEN') ctx.log.warn({ clientId: write.clientId, write: write.kind, venueCode: outcome.venueCode, message: outcome.message }, 'the venue refused a reducing write; it is asked again');
  if (outcome.result === 'throttled') state.busyUntil.set(keyOf(state, write), ctx.clock.monotonic() + outcome.retryAfterMs);
  // Something stands that is enough, or the venue takes none and the position is guarded from here: what the venue refuses is not asked for every second.
  if (outcome.result === 'rejected' && write.kind === 'PROTECT' && (stopsCover(state.life) || state.life.stopRefused !== undefined)) state.busyUntil.set(keyOf(state, write), ctx.clock.monotonic() + RETRY_REFUSED_MS);
  // A cancel or a close may have met what has just happened by itself: look.
  state.flat = write.kind === 'CANCEL' || write.kind === 'CLOSE' ? undefined : state.flat;
  state.truthDueAt ??= ctx.clock.monotonic() + RECHECK_MS;
  // Our picture is wrong: it is compared in this turn, before anything is sent by it again.
  if (outcome.result !== 'rejected' || outcome.reaction !== 'reconcile') return;
  state.truthDueAt = ctx.clock.monotonic();
  if (write.kind === 'CLOSE') state.nothingToReduce = write.clientId;
}

/** The need that a write was to meet. */
function keyOf(state: ExecutorState, write: VenueWrite): string {
  if (write.kind === 'PROTECT') return `protect:${write.leg}`;
  // Its own: a cancel that has to wait must not hold back a close.
  if (write.kind === 'CANCEL') return `cancel:${write.clientId}`;
  return write.clientId === state.life.reduce?.clientId ? 'reduce' : 'close';
}

export function onRefused(state: ExecutorState, message: Extract<ExecutorMessage, { type: 'write-refused' }>, ctx: ExecutorContext): void {
  const { write, code, detail } = message;
  endFlight(state, write.clientId, ctx);
  const at = ctx.clock.now();
  if (write.kind === 'OPEN') {
    if (state.life.entry?.clientId !== write.clientId) return ctx.log.info({ clientId: write.clientId, code, detail }, 'a late refusal of an entry that is over');
    const planId = state.life.plan?.planId ?? write.clientId;
    return record(state, [{ type: 'OrderAbandoned', at, clientId: write.clientId, code, detail }, { type: 'PlanEnded', at, planId, code, detail }], ctx);
  }
  state.refusedExit = { at, write: write.kind, why: detail === undefined ? code : `${code}: ${detail}` };
  ctx.log.warn({ clientId: write.clientId, write: write.kind, code, detail }, 'the gateway did not send it; it is asked again');
  if (write.kind === 'CLOSE') return record(state, [{ type: 'OrderAbandoned', at, clientId: write.clientId, code, detail }], ctx);
  if (write.kind === 'PROTECT') return record(state, [{ type: 'ProtectionLost', at, leg: write.leg, clientId: write.clientId, cause: `not sent: ${code}` }], ctx);
  if (write.kind === 'CONFIGURE') {
    state.configuring = undefined;
    state.busyUntil.set('configure', ctx.clock.monotonic() + 1_000);
  }
}

/** An answer that has not come by now was lost with whoever had it: the write may have gone out, and is asked for by its id (ruling 8). */
export function giveUpAnswers(state: ExecutorState, ctx: ExecutorContext): void {
  for (const [clientId, since] of state.inFlight) {
    const waitedMs = Math.round(ctx.clock.monotonic() - since);
    if (waitedMs < UNANSWERED_MS || state.waiting.some(({ write }) => write.clientId === clientId)) continue;
    endFlight(state, clientId, ctx);
    ctx.log.error({ clientId, waitedMs }, 'the gateway has said nothing of a write: the venue is asked for it by its id');
    const order = ordersOf(state.life).find((one) => one.clientId === clientId);
    if (order?.state === 'sending') record(state, [{ type: 'OrderAmbiguous', at: ctx.clock.now(), clientId, cause: `no answer within ${waitedMs} ms` }], ctx);
  }
}
