/** Sees to it that the stops on record stand at the venue: its list is read again and again, and what it lacks is asked for, then placed anew. */
import type { Outcome } from '../../supervision/behaviour.ts';
import type { ReadAnswer } from '../../protocol/messages.ts';
import type { ClientId } from '../../protocol/names.ts';
import type { VenueAlgoOrder } from '../../protocol/venue.ts';
import { readClientId } from '../../rules/client-ids.ts';
import { STOP_CHECK_EVERY_MS, STOP_RECHECK_MS, STOP_UNLISTED_AT_MOST } from '../../rules/position-life/guard.ts';
import { observeAlgo } from '../../rules/position-life/observe.ts';
import { liveProtectionsOf, standingStop } from '../../rules/position-life/standing.ts';
import { record } from './record.ts';
import type { Asked, ExecutorContext, ExecutorState } from './state.ts';
import { noteTold, wentOut } from './went-out.ts';

const READ_TIMEOUT_MS = 5_000;

/** @returns the ids of ours that the list has: by tag, whoever placed them and whether they are on record or not. */
export function lookAtStops(state: ExecutorState, listedAll: readonly VenueAlgoOrder[], { readAt, begunAt }: Asked, ctx: ExecutorContext): ReadonlySet<ClientId> {
  const at = ctx.clock.now();
  const ours = listedAll.filter((order) => state.options.tags.includes(readClientId(order.clientId)?.tag ?? ''));
  record(state, ours.flatMap((order) => observeAlgo(state.life, order, at)), ctx);
  const listed = new Set(ours.map((order) => order.clientId));
  // What is listed exists, whatever its own query has said before.
  for (const clientId of listed) noteTold(state, clientId, ctx);
  const live = liveProtectionsOf(state.life);
  state.orphans = begunAt > state.protectionGoneAt ? [...listed].filter((clientId) => !live.some((known) => known.clientId === clientId)) : [];
  for (const clientId of state.unlisted.keys()) if (listed.has(clientId) || !live.some((known) => known.clientId === clientId)) state.unlisted.delete(clientId);
  for (const { leg, clientId, state: stage, sentAt } of live) {
    if (stage !== 'placed' || listed.has(clientId) || wentOut(state, { clientId, openSince: sentAt }).by >= begunAt) continue;
    const lists = (state.unlisted.get(clientId) ?? 0) + 1;
    state.unlisted.set(clientId, lists);
    state.stopsDueAt = ctx.clock.monotonic() + STOP_RECHECK_MS;
    if (lists < STOP_UNLISTED_AT_MOST) askAlgo(state, clientId, ctx);
    else record(state, [{ type: 'ProtectionLost', at, leg, clientId, cause: `${lists} lists lacked it` }], ctx);
  }
  const stop = standingStop(state.life);
  if (stop !== undefined && listed.has(stop.clientId) && begunAt >= (state.stopSeen?.begunAt ?? 0)) state.stopSeen = { readAt, begunAt };
  return listed;
}

/** Reads the list when it is due; a reading of the whole symbol counts as well. */
export function checkStops(state: ExecutorState, ctx: ExecutorContext): void {
  const now = ctx.clock.monotonic();
  if (state.life.holding.quantity.isZero()) {
    state.stopsDueAt = now + STOP_CHECK_EVERY_MS;
    state.stopSeen = undefined;
    return;
  }
  if (state.checkingStops || now < state.stopsDueAt) return;
  state.checkingStops = true;
  const asked: Asked = { readAt: ctx.clock.now(), begunAt: now };
  state.stopsDueAt = now + STOP_CHECK_EVERY_MS;
  ctx.ask(state.options.gateway, { type: 'read', name: 'openAlgoOrders', query: { symbol: state.options.symbol } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'stops-asked', asked, outcome }));
}

export function onStopsAsked(state: ExecutorState, asked: Asked, outcome: Outcome<ReadAnswer<'openAlgoOrders'>>, ctx: ExecutorContext): void {
  state.checkingStops = false;
  const now = ctx.clock.monotonic();
  if (outcome.ok && outcome.value.ok) {
    const over = state.stopsUnread.over(now);
    if (over !== undefined) ctx.log.info({ ...over }, 'the list of stops can be read again');
    lookAtStops(state, outcome.value.value, asked, ctx);
    return;
  }
  state.stopsDueAt = now + STOP_RECHECK_MS;
  const failure = outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message;
  const news = state.stopsUnread.failed(now, failure);
  (news === undefined ? ctx.log.debug : ctx.log.warn)({ failure, lastSeenAt: state.stopSeen?.readAt ?? null, ...news }, 'the list of stops could not be read; asking again');
}

export function askAlgo(state: ExecutorState, clientId: ClientId, ctx: ExecutorContext): void {
  const key = `ask:${clientId}`;
  if ((state.busyUntil.get(key) ?? 0) > ctx.clock.monotonic()) return;
  state.busyUntil.set(key, ctx.clock.monotonic() + 1_000);
  const askedAt = ctx.clock.monotonic();
  ctx.ask(state.options.gateway, { type: 'read', name: 'algoOrder', query: { symbol: state.options.symbol, clientId } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'algo-asked', clientId, askedAt, outcome }));
}
