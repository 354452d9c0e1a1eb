/** Room in the venue's order limits: entries may use a part of it, so that exits and stops always find the rest. */
import type { PlanId, SymbolName } from '../protocol/names.ts';
import { PERMIT_LIFE_MS } from '../protocol/permit.ts';
import type { VenueWrite } from '../protocol/venue.ts';

/** The venue's documented limits per account: 300 orders in 10 s, 1,200 in a minute. Two thirds of them are open to entries, the rest is for exits alone. */
const LIMITS = [
  { windowMs: 10_000, orders: 300, forEntries: 200 },
  { windowMs: 60_000, orders: 1_200, forEntries: 800 },
] as const;

/** Itself, stop, target. */
const ORDERS_PER_ENTRY = 3;

/** What the venue counts as an order: a setting and a cancel cost request weight, and no exit waits for them. */
export function isOrder(kind: VenueWrite['kind']): boolean {
  return kind === 'OPEN' || kind === 'CLOSE' || kind === 'PROTECT';
}

/** Room that was given to an entry. So many of its orders are still to come, unless none has come since `at` for as long as a permit lives. */
export interface Slot {
  readonly symbol: SymbolName;
  readonly planId: PlanId;
  readonly orders: number;
  /** When it was given or last used, ms. */
  readonly at: number;
}

export function newSlot(symbol: SymbolName, planId: PlanId, now: number): Slot {
  return { symbol, planId, orders: ORDERS_PER_ENTRY, at: now };
}

/** Those that still hold room: what is neither used up nor has lapsed. */
export function standingSlots(slots: readonly Slot[], now: number): readonly Slot[] {
  return slots.filter(({ orders, at }) => orders > 0 && now - at < PERMIT_LIFE_MS);
}

/** After an order of `symbol` was sent: what its slot was given for is no longer to come. */
export function afterOrder(slots: readonly Slot[], symbol: SymbolName, now: number): readonly Slot[] {
  return slots.map((slot) => (slot.symbol === symbol ? { ...slot, orders: slot.orders - 1, at: now } : slot));
}

/** How long until the first of them lapses, ms; undefined: there is none. */
function nextLapse(slots: readonly Slot[], now: number): number | undefined {
  return slots.length === 0 ? undefined : Math.min(...slots.map(({ at }) => at + PERMIT_LIFE_MS - now));
}

/** How long until there may be room for an entry; 0: there is, by our own count and by the venue's. `sent` are the times of recent orders, ascending. */
export function slotDelay({ sent, slots, stated }: { readonly sent: readonly number[]; readonly slots: readonly Slot[]; readonly stated: StatedOrders }, now: number, offsetMs: number): number {
  const promised = slots.reduce((sum, { orders }) => sum + orders, 0);
  const delay = Math.max(entrySlotDelay(sent, now, promised), statedSlotDelay(stated, sent, now, offsetMs, promised));
  return delay === 0 ? 0 : Math.min(delay, nextLapse(slots, now) ?? delay);
}

/** How long an entry has to wait for its slot; 0: now. `promised`: orders that others' slots stand for. */
export function entrySlotDelay(sent: readonly number[], now: number, promised = 0): number {
  let delay = 0;
  for (const { windowMs, forEntries } of LIMITS) {
    const excess = sent.length + promised + ORDERS_PER_ENTRY - forEntries;
    if (excess <= 0) continue;
    // The last of those that must have left the window; what is promised alone may be too much, and leaves it last of all.
    const leaves = excess > sent.length ? now : sent[excess - 1]!;
    delay = Math.max(delay, leaves + windowMs - now);
  }
  return delay;
}

/** What a header of the venue said, and when it was first heard, our wall time, ms. */
interface Stated {
  readonly value: number;
  readonly at: number;
}

/** What the venue's headers said last of the account's orders, whoever sent them. */
export interface StatedOrders {
  readonly orders10s: Stated | undefined;
  readonly orders1m: Stated | undefined;
}

export const NOTHING_STATED: StatedOrders = { orders10s: undefined, orders1m: undefined };

/** The same number again says nothing new: not every answer carries the header. */
export function afterStatedOrders(known: StatedOrders, usage: { readonly orders10s: number | undefined; readonly orders1m: number | undefined }, now: number): StatedOrders {
  const heard = (before: Stated | undefined, value: number | undefined) => (value === undefined || value === before?.value ? before : { value, at: now });
  return { orders10s: heard(known.orders10s, usage.orders10s), orders1m: heard(known.orders1m, usage.orders1m) };
}

/** How long an entry waits for others on the same account; the venue counts in windows of its clock. 0: now. */
export function statedSlotDelay(stated: StatedOrders, sent: readonly number[], now: number, offsetMs: number, promised = 0): number {
  let delay = 0;
  for (const [count, { windowMs, forEntries }] of [[stated.orders10s, LIMITS[0]], [stated.orders1m, LIMITS[1]]] as const) {
    if (count === undefined || Math.floor((count.at + offsetMs) / windowMs) !== Math.floor((now + offsetMs) / windowMs)) continue;
    const used = count.value + sent.filter((at) => at > count.at).length + promised;
    if (used + ORDERS_PER_ENTRY > forEntries) delay = Math.max(delay, windowMs - ((now + offsetMs) % windowMs));
  }
  return delay;
}

/** The times that still matter for `entrySlotDelay`. */
export function recentWrites(sent: readonly number[], now: number): readonly number[] {
  return sent.filter((at) => now - at < 60_000);
}

/** Whether one more order stays within the venue's own limits: an exit asks for nothing else. */
export function exitHasRoom(sent: readonly number[], now: number): boolean {
  return LIMITS.every(({ windowMs, orders }) => sent.filter((at) => now - at < windowMs).length < orders);
}
