/** By when each write had gone out at the latest: what was asked of the venue later says what became of it, however the wall clock is set meanwhile. */
import type { ClientId } from '../../protocol/names.ts';
import type { WentOut } from '../../rules/position-life/absence.ts';
import { liveProtectionsOf, ordersOf } from '../../rules/position-life/standing.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';

/** Its outcome is known, or given up: it is not on its way any more. */
export function endFlight(state: ExecutorState, clientId: ClientId, ctx: ExecutorContext): void {
  noteTold(state, clientId, ctx);
  if (!state.inFlight.delete(clientId)) return;
  const known = new Set([...ordersOf(state.life), ...liveProtectionsOf(state.life)].map((one) => one.clientId));
  for (const kept of [state.answeredAt, state.absences]) for (const other of kept.keys()) if (!known.has(other)) kept.delete(other);
  state.answeredAt.set(clientId, ctx.clock.monotonic());
}

/** The venue has told of it: what its own query has said before counts no more, and the questions begin anew. */
export function noteTold(state: ExecutorState, clientId: ClientId, ctx: ExecutorContext): void {
  if (state.absences.delete(clientId)) state.answeredAt.set(clientId, ctx.clock.monotonic());
}

/** What an earlier incarnation sent had gone out when this one began; how long before, only the wall clock can say. */
export function wentOut({ inFlight, answeredAt, born }: ExecutorState, { clientId, openSince }: { readonly clientId: ClientId; readonly openSince: number }): WentOut {
  const by = inFlight.get(clientId) ?? answeredAt.get(clientId);
  return by === undefined ? { by: born.monotonic, openBefore: born.wall - openSince } : { by, openBefore: 0 };
}
