/** Room in the venue's order limits: entries may use a part of it, so that exits and stops always find the rest. */

/** The venue's documented limits per account: 300 orders in 10 s, 1,200 in a minute. Two thirds of them are open to entries, the rest is for exits alone. */
const LIMITS = [
  { windowMs: 10_000, orders: 300, forEntries: 200 },
  { windowMs: 60_000, orders: 1_200, forEntries: 800 },
] as const;

/** Itself, stop, target. */
const ORDERS_PER_ENTRY = 3;

/** How long an entry has to wait for its slot; 0: now. `sent` are the times of recent order writes, ascending. */
export function entrySlotDelay(sent: readonly number[], now: number): number {
  let delay = 0;
  for (const { windowMs, forEntries } of LIMITS) {
    // The last of those that must have left the window.
    const tooMany = sent[sent.length + ORDERS_PER_ENTRY - forEntries - 1];
    if (tooMany !== undefined) delay = Math.max(delay, tooMany + windowMs - now);
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
export function statedSlotDelay(stated: StatedOrders, sent: readonly number[], now: number, offsetMs: number): number {
  let delay = 0;
  for (const [count, { windowMs, forEntries }] of [[stated.orders10s, LIMITS[0]], [stated.orders1m, LIMITS[1]]] as const) {
    if (count === undefined || Math.floor((count.at + offsetMs) / windowMs) !== Math.floor((now + offsetMs) / windowMs)) continue;
    const used = count.value + sent.filter((at) => at > count.at).length;
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
