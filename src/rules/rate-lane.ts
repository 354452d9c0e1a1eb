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

/** What the venue's headers said last of the account's orders, whoever sent them, and when it was heard, our wall time, ms. */
export interface StatedOrders {
  readonly orders10s?: { readonly value: number; readonly at: number };
  readonly orders1m?: { readonly value: number; readonly at: number };
}

/** The same number again says nothing new: not every answer carries the header. */
export function afterStatedOrders(known: StatedOrders, usage: { readonly orders10s: number | undefined; readonly orders1m: number | undefined }, now: number): StatedOrders {
  const heard = (name: 'orders10s' | 'orders1m') => (usage[name] === undefined || usage[name] === known[name]?.value ? known[name] : { value: usage[name], at: now });
  const [orders10s, orders1m] = [heard('orders10s'), heard('orders1m')];
  return { ...(orders10s === undefined ? {} : { orders10s }), ...(orders1m === undefined ? {} : { orders1m }) };
}

/** How long an entry waits for others on the same account; the venue counts in windows of its clock. 0: now. */
export function statedSlotDelay(stated: StatedOrders, sent: readonly number[], now: number, offsetMs: number): number {
  let delay = 0;
  for (const [count, { windowMs, orders }] of [[stated.orders10s, LIMITS[0]], [stated.orders1m, LIMITS[1]]] as const) {
    if (count === undefined || Math.floor((count.at + offsetMs) / windowMs) !== Math.floor((now + offsetMs) / windowMs)) continue;
    const used = count.value + sent.filter((at) => at > count.at).length;
    if (used + ORDERS_PER_ENTRY > Math.floor(orders * ENTRY_SHARE)) delay = Math.max(delay, windowMs - ((now + offsetMs) % windowMs));
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
