/** The question for the venue's time, and the same because something was refused by its time alone. */
import { ROUND_TRIP_MAX_MS } from '../../rules/clock-offset.ts';
import { afterRequest } from '../../rules/request-budget.ts';
import type { GatewayContext, GatewayInternal, GatewayState, Resent, Time } from './state.ts';

/** A reading that takes longer is not taken. */
const TIME_DEADLINE_MS = ROUND_TRIP_MAX_MS + 500;

export function askTime(state: GatewayState, ctx: GatewayContext, fact: boolean, report: (outcome: Time) => GatewayInternal): void {
  state.budget = afterRequest(state.budget, 1, ctx.clock.now());
  ctx.effect({ name: 'server-time', deadlineMs: TIME_DEADLINE_MS, fact, run: (signal) => state.options.venue.read('serverTime', {}, signal), report });
}

/** Its answer is a fact: whichever incarnation lives then sends `resent` again, or tells who waits that nothing was sent. */
export function resync(state: GatewayState, resent: Resent, ctx: GatewayContext): void {
  const what = resent.what === 'read' ? resent.waiting.read.name : `${resent.message.write.kind} ${resent.message.write.clientId}`;
  ctx.log.warn({ what, clockOffsetMs: state.session.clockOffsetMs ?? null }, 'the venue refused our time: the clock is measured anew');
  askTime(state, ctx, true, (outcome) => ({ type: 'resynced', resent, outcome }));
}
