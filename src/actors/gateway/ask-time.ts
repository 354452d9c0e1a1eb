/** The question for the venue's time: one at a time, and what was refused by its time alone waits for its answer. */
import { NO_READINGS, ROUND_TRIP_MAX_MS } from '../../rules/clock-offset.ts';
import { afterRequest } from '../../rules/request-budget.ts';
import type { GatewayContext, GatewayState, Resent } from './state.ts';
import { standingRest } from './trouble.ts';

/** A reading that takes longer is not taken. */
const TIME_DEADLINE_MS = ROUND_TRIP_MAX_MS + 500;

/** What an earlier question is answered counts no more. */
export function askTime(state: GatewayState, ctx: GatewayContext): void {
  const question = state.time.question + 1;
  state.time = { question, underWay: true };
  ctx.timers.cancel('time');
  state.budget = afterRequest(state.budget, 1, ctx.clock.now());
  ctx.effect({ name: 'server-time', deadlineMs: TIME_DEADLINE_MS, run: (signal) => state.options.venue.read('serverTime', {}, signal), report: (outcome) => ({ type: 'time', question, outcome }) });
}

/**
 * The venue refused our time: every earlier reading is void, and the clock is measured once for all who are refused until
 * it answers. Then `resent` goes again, or is told that it did not; so it is if this incarnation ends before.
 * @returns false: the venue has banned this address, and nothing is asked.
 */
export function resync(state: GatewayState, resent: Resent | undefined, ctx: GatewayContext): boolean {
  if (standingRest(state, ctx)?.banned === true) return false;
  if (resent !== undefined) state.resent.push(resent);
  if (state.time.underWay && state.readings === NO_READINGS) return true;
  ctx.log.warn({ what: nameOf(resent), clockOffsetMs: state.session.clockOffsetMs ?? null }, 'the venue refused our time: the clock is measured anew');
  state.readings = NO_READINGS;
  askTime(state, ctx);
  return true;
}

function nameOf(resent: Resent | undefined): string {
  if (resent === undefined) return 'what is not sent again';
  return resent.what === 'read' ? resent.waiting.read.name : `${resent.message.write.kind} ${resent.message.write.clientId}`;
}
