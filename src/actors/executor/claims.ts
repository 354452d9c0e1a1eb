/** Asks whose an order is of which fills were counted and which is on no record: ours by another id, the venue's own, or a stranger's. */
import type { ClientId } from '../../protocol/names.ts';
import type { VenueOrder } from '../../protocol/venue.ts';
import { clientIdFor } from '../../rules/client-ids.ts';
import { observeOrder, recognition } from '../../rules/position-life/observe.ts';
import { ownerOf, unclaimedOrders } from '../../rules/position-life/owners.ts';
import { record } from './record.ts';
import { askAlgo } from './stops.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';

/** Reports, answers and fills overtake one another: so long is waited for the one that names the order. */
const ASK_AFTER_MS = 1_500;
const ASK_AGAIN_MS = 1_000;
const READ_TIMEOUT_MS = 5_000;
/** After so many questions without an answer nobody's name is put on it: a position must not stay open on record for it. */
const ASKED_AT_MOST = 5;

export function askOwners(state: ExecutorState, ctx: ExecutorContext): void {
  const now = ctx.clock.monotonic();
  const { symbol, gateway } = state.options;
  const open = unclaimedOrders(state.life);
  for (const orderId of state.unclaimed.keys()) if (!open.includes(orderId)) state.unclaimed.delete(orderId);
  for (const orderId of open) {
    const key = `owner:${orderId}`;
    const claim = state.unclaimed.get(orderId) ?? { since: now, asked: 0, protectionsAsked: false };
    state.unclaimed.set(orderId, claim);
    if (now - claim.since < ASK_AFTER_MS || (state.busyUntil.get(key) ?? 0) > now) continue;
    if (!claim.protectionsAsked) {
      claim.protectionsAsked = true;
      if (askProtections(state, ctx)) {
        state.busyUntil.set(key, now + ASK_AGAIN_MS);
        continue;
      }
    }
    claim.asked += 1;
    state.busyUntil.set(key, now + READ_TIMEOUT_MS);
    ctx.ask(gateway, { type: 'read', name: 'order', query: { symbol, orderId } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'owner-asked', orderId, outcome }));
  }
}

/**
 * It may be the order of a protection that has fired, which has an id of its own: what became of each is asked before a
 * stranger is suspected, also of the one before, which may have been taken for gone. @returns whether there is any.
 */
function askProtections(state: ExecutorState, ctx: ExecutorContext): boolean {
  const { stop, target, stale, positionId } = state.life;
  const { tags, idPrefix } = state.options;
  const known = [stop, target, ...stale].filter((record) => record !== undefined);
  const before = known.flatMap(({ leg, attempt }) => (attempt === 1 || positionId === undefined ? [] : [clientIdFor(tags[0], leg, positionId, attempt - 1, idPrefix)]));
  const ids = new Set([...known.filter(({ orderId }) => orderId === undefined).map(({ clientId }) => clientId), ...before]);
  for (const clientId of ids) askAlgo(state, clientId, ctx);
  return ids.size > 0;
}

export function onOwnerAsked(state: ExecutorState, orderId: string, answer: { readonly value: VenueOrder | undefined; readonly failure: string | undefined }, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  state.busyUntil.set(`owner:${orderId}`, ctx.clock.monotonic() + ASK_AGAIN_MS);
  if (!unclaimedOrders(state.life).includes(orderId)) return;
  if (answer.value !== undefined) {
    // One that is on record and open: this is its report.
    const reports = observeOrder(state.life, answer.value, at);
    return record(state, reports.length > 0 ? reports : [recognition(answer.value, ownerOf(state.life, answer.value, state.options.tags), at)], ctx);
  }
  const asked = state.unclaimed.get(orderId)?.asked ?? 0;
  ctx.log.warn({ orderId, asked, failure: answer.failure ?? 'the venue does not know it' }, 'whose an order is that was filled could not be asked');
  if (asked < ASKED_AT_MOST) return;
  record(state, [{ type: 'OrderRecognised', at, orderId, clientId: '' as ClientId, by: 'stranger' }], ctx);
}
