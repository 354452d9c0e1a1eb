/** Room in the venue's order limits: entries may use a part of it, so that exits and stops always find the rest. */

/** The venue's documented limits per account: 300 orders in 10 s, 1,200 in a minute. */
const LIMITS = [
  { windowMs: 10_000, orders: 300 },
  { windowMs: 60_000, orders: 1_200 },
] as const;

/** An entry needs three orders (itself, stop, target); two thirds of the room are theirs, the rest is for exits alone. */
const ENTRY_SHARE = 2 / 3;
const ORDERS_PER_ENTRY = 3;

/** How long an entry has to wait for its slot; 0: now. `sent` are the times of recent order writes, ascending. */
export function entrySlotDelay(sent: readonly number[], now: number): number {
  let delay = 0;
  for (const { windowMs, orders } of LIMITS) {
    const room = Math.floor(orders * ENTRY_SHARE);
    const recent = sent.filter((at) => now - at < windowMs);
    const excess = recent.length + ORDERS_PER_ENTRY - room;
    if (excess > 0) delay = Math.max(delay, recent[Math.min(excess, recent.length) - 1]! + windowMs - now);
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
