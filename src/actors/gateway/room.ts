/** Room before it is used: entries get theirs in the order they asked, the moment there is some, or a refusal; settings go a few symbols at a time, and never take what exits need. */
import type { Denial } from '../../protocol/denials.ts';
import type { PlanId, SymbolName } from '../../protocol/names.ts';
import { PERMIT_LIFE_MS } from '../../protocol/permit.ts';
import type { VenueWrite, WriteOutcome } from '../../protocol/venue.ts';
import { newSlot, recentWrites, slotDelay, standingSlots } from '../../rules/rate-lane.ts';
import { laneRefusal, readRefusal, weightOfWrite } from '../../rules/request-budget.ts';
import type { GatewayContext, GatewayState } from './state.ts';
import { standingRest } from './trouble.ts';

/** An entry that finds no room for so long is refused: the signal it stands for is of now. */
const SLOT_PATIENCE_MS = 2_000;
/** So many symbols are set at a time: a universe of hundreds must not stand in the way of an exit, nor arrive too late by its own crowd. */
const SETTING_AT_A_TIME = 8;

export function askSlot(state: GatewayState, symbol: SymbolName, planId: PlanId, ctx: GatewayContext): void {
  state.slots.waiting.push({ symbol, planId, since: ctx.clock.monotonic() });
  giveSlots(state, ctx);
}

/** Whoever asked first goes first; the others are looked at again when there may be room for the first, or its patience is over. */
export function giveSlots(state: GatewayState, ctx: GatewayContext): void {
  const { slots, options } = state;
  for (let first = slots.waiting[0]; first !== undefined; first = slots.waiting[0]) {
    const { symbol, planId, since } = first;
    const hindrance = slotHindrance(state, ctx);
    const patience = SLOT_PATIENCE_MS - (ctx.clock.monotonic() - since);
    if (hindrance !== undefined && patience > 0) return ctx.timers.once('slots', Math.min(hindrance.delayMs, patience), { type: 'slots-due' });
    slots.waiting.shift();
    if (hindrance === undefined) {
      slots.given = [...slots.given, newSlot(symbol, planId, ctx.clock.now())];
      ctx.tell(options.executorOf(symbol), { type: 'slot-granted', planId });
    } else ctx.tell(options.executorOf(symbol), { type: 'slot-refused', planId, denial: hindrance.denial });
  }
}

/** Of a plan that was denied, or has passed: without it a hundred denied plans would keep the next one, which is not, waiting in vain. */
export function returnSlot(state: GatewayState, planId: PlanId, ctx: GatewayContext): void {
  const { slots } = state;
  slots.given = slots.given.filter((one) => one.planId !== planId);
  slots.waiting = slots.waiting.filter((one) => one.planId !== planId);
  giveSlots(state, ctx);
}

/** Room for an entry, its stop and its target, by our own count and by the venue's, and room to look after it. */
function slotHindrance(state: GatewayState, ctx: GatewayContext): { readonly denial: Denial; readonly delayMs: number } | undefined {
  const { slots, session, budget, ordersStated } = state;
  const now = ctx.clock.now();
  const offsetMs = session.clockOffsetMs ?? 0;
  state.sent = recentWrites(state.sent, now);
  slots.given = standingSlots(slots.given, now);
  const delayMs = slotDelay({ sent: state.sent, slots: slots.given, stated: ordersStated }, now, offsetMs);
  if (delayMs > 0) return { delayMs, denial: { code: 'VENUE_THROTTLED', limit: String(SLOT_PATIENCE_MS), value: String(delayMs), detail: 'the order limits have room for an entry only so many ms from now, if then' } };
  const weight = readRefusal(budget, { name: 'positions', query: {} }, now, offsetMs);
  return weight === undefined ? undefined : { delayMs: weight.delayMs, denial: { code: 'VENUE_THROTTLED', limit: String(weight.limit), value: String(weight.value), detail: 'the request weight of this minute has no room to look after another position' } };
}

/** A symbol that asks again, because its executor was started again, keeps its place. */
export function askSettings(state: GatewayState, symbol: SymbolName, settings: number, ctx: GatewayContext): void {
  state.settings.waiting.set(symbol, settings);
  giveSettings(state, ctx);
}

/** Asked at each request, each answer, and once a second: weight comes back with the minute. */
export function giveSettings(state: GatewayState, ctx: GatewayContext): void {
  const { settings, session, options } = state;
  const now = ctx.clock.monotonic();
  for (const [symbol, { until }] of settings.underWay) if (until <= now) settings.underWay.delete(symbol);
  if (!session.modesConfirmed || state.refusal !== undefined || standingRest(state, ctx) !== undefined) return;
  for (const [symbol, count] of settings.waiting) {
    if (settings.underWay.size >= SETTING_AT_A_TIME) return;
    const promised = [...settings.underWay.values()].reduce((sum, { left }) => sum + left, count);
    if (laneRefusal(state.budget, 'entry', promised * weightOfWrite('CONFIGURE'), ctx.clock.now(), session.clockOffsetMs ?? 0) !== undefined) return;
    settings.waiting.delete(symbol);
    settings.underWay.set(symbol, { left: count, until: now + count * PERMIT_LIFE_MS });
    ctx.tell(options.executorOf(symbol), { type: 'room-granted' });
  }
}

/** One setting has been answered; after the last one, or a refusal, the next symbol comes. */
export function settingDone(state: GatewayState, { symbol }: VenueWrite, outcome: WriteOutcome | undefined, ctx: GatewayContext): void {
  const { underWay } = state.settings;
  const known = underWay.get(symbol);
  if (known !== undefined && known.left > 1 && outcome?.result === 'accepted') underWay.set(symbol, { ...known, left: known.left - 1 });
  else underWay.delete(symbol);
  giveSettings(state, ctx);
}
