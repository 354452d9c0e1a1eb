/** Room for reading in the venue's weight limit: stops and exits first, then what openings need, then the rest, so that no reading ever takes an exit's room (failure 57). */
import type { ReadName, VenueReads, VenueWrite } from '../protocol/venue.ts';

/** Per address and minute, documented; shared by every key and program behind it. */
export const WEIGHT_PER_MINUTE = 2_400;
const MINUTE_MS = 60_000;

/** What a reading is for. `protection`: whether a stop stands, and the time every signature carries; light, so that it goes before what weighs more. `exit`: what resolves an order or a position. */
export type ReadLane = 'protection' | 'exit' | 'entry' | 'background';
/** In the order in which they are served. */
export const READ_LANES: readonly ReadLane[] = ['protection', 'exit', 'entry', 'background'];

/** How much of the minute may be used when a reading of the lane goes. What no reading may use is left to cancels, listen keys, and others behind the address. */
const SHARE: Readonly<Record<ReadLane, number>> = { protection: 0.95, exit: 0.9, entry: 0.75, background: 0.5 };

export type ReadOf = { [Name in ReadName]: { readonly name: Name; readonly query: VenueReads[Name]['query'] } }[ReadName];

/** As documented; two requests where the answer is put together from two. */
export function weightOf(read: ReadOf): number {
  switch (read.name) {
    case 'tickers':
      return 40;
    case 'candles':
      return candleWeight(read.query.limit);
    case 'openOrders':
    case 'openAlgoOrders':
      return read.query.symbol === undefined ? 40 : 1;
    case 'income':
      return 30;
    case 'accountModes':
      return 10;
    case 'account':
    case 'settings':
    case 'positions':
    case 'trades':
    case 'orders':
    case 'algoOrders':
    // The main venue tells it at an address with limits of its own; the others where an account's configuration is.
    case 'keyPermissions':
      return 5;
    case 'serverTime':
    case 'instruments':
    case 'brackets':
    case 'fundingIntervals':
    case 'order':
    case 'algoOrder':
      return 1;
  }
}

/** Orders are counted by themselves (`rate-lane.ts`) and weigh nothing. */
export function weightOfWrite(kind: VenueWrite['kind']): number {
  return kind === 'CANCEL' || kind === 'CONFIGURE' ? 1 : 0;
}

function candleWeight(limit: number): number {
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}

/** How many candles are asked for where so many are kept: one less where that is a step cheaper, and the stream brings it within a minute. */
export function candlesToAsk(kept: number): number {
  return candleWeight(kept - 1) < candleWeight(kept) ? kept - 1 : kept;
}

export function laneOf(read: ReadOf): ReadLane {
  switch (read.name) {
    case 'algoOrder':
    case 'serverTime':
      return 'protection';
    case 'order':
      return 'exit';
    case 'trades':
      return read.query.background === true ? 'background' : 'exit';
    case 'positions':
    case 'openOrders':
      return read.query.symbol === undefined ? 'entry' : 'exit';
    case 'openAlgoOrders':
      return read.query.symbol === undefined ? 'entry' : 'protection';
    case 'account':
    case 'accountModes':
    case 'keyPermissions':
    case 'settings':
    case 'brackets':
    // Light and rare, and nothing is opened without them.
    case 'instruments':
    case 'fundingIntervals':
      return 'entry';
    case 'orders':
    case 'algoOrders':
    case 'tickers':
    case 'candles':
    case 'income':
      return 'background';
  }
}

interface Count {
  readonly value: number;
  /** Our wall time when the venue was first heard to say so, ms. */
  readonly at: number;
}

export interface Budget {
  /** Our own requests of the last minute, ascending. */
  readonly requests: readonly { readonly at: number; readonly weight: number }[];
  /** What the venue's headers said last, whoever used it. */
  readonly stated: Count | undefined;
}

export const EMPTY_BUDGET: Budget = { requests: [], stated: undefined };

export function afterRequest(budget: Budget, weight: number, now: number): Budget {
  return { ...budget, requests: [...budget.requests.filter((one) => now - one.at < MINUTE_MS), { at: now, weight }] };
}

/** The same number again says nothing new: it may be the header of an earlier answer. */
export function afterStated(budget: Budget, weight1m: number | undefined, now: number): Budget {
  return weight1m === undefined || weight1m === budget.stated?.value ? budget : { ...budget, stated: { value: weight1m, at: now } };
}

/** The larger of our own count of a minute and the venue's of its minute, with what we have sent since it was said. `offsetMs`: the venue counts by its clock. */
export function usedWeight(budget: Budget, now: number, offsetMs: number): number {
  return Math.max(sentSince(budget, now - MINUTE_MS + 1), stated(budget, now, offsetMs) ?? 0);
}

/** Our own requests from then on. */
function sentSince({ requests }: Budget, since: number): number {
  return requests.filter((one) => one.at >= since).reduce((total, one) => total + one.weight, 0);
}

/** What the venue has counted in its present minute, with what we have sent in the same millisecond or later; undefined: it has not said. */
function stated(budget: Budget, now: number, offsetMs: number): number | undefined {
  return budget.stated === undefined || !sameMinute(budget.stated.at, now, offsetMs) ? undefined : budget.stated.value + sentSince(budget, budget.stated.at);
}

/** Whether both are of one of the minutes that the venue counts in. */
export function sameMinute(one: number, other: number, offsetMs: number): boolean {
  return Math.floor((one + offsetMs) / MINUTE_MS) === Math.floor((other + offsetMs) / MINUTE_MS);
}

/** Why something has to wait for room: `value` with it, of which `limit` may be used, and how long until there is room if nothing else is sent, ms. */
export interface NoRoom {
  readonly limit: number;
  readonly value: number;
  readonly delayMs: number;
}

/** Undefined: a reading may go. */
export function readRefusal(budget: Budget, read: ReadOf, now: number, offsetMs: number): NoRoom | undefined {
  return laneRefusal(budget, laneOf(read), weightOf(read), now, offsetMs);
}

/** Undefined: so much weight may be used now in the lane. */
export function laneRefusal(budget: Budget, lane: ReadLane, weight: number, now: number, offsetMs: number): NoRoom | undefined {
  const limit = WEIGHT_PER_MINUTE * SHARE[lane];
  const value = usedWeight(budget, now, offsetMs) + weight;
  return value <= limit ? undefined : { limit, value, delayMs: Math.max(ownDelay(budget, limit - weight, now), statedDelay(budget, limit - weight, now, offsetMs)) };
}

/** Until enough of our own requests are a minute old. */
function ownDelay({ requests }: Budget, most: number, now: number): number {
  const recent = requests.filter((one) => one.at > now - MINUTE_MS);
  let used = recent.reduce((total, one) => total + one.weight, 0);
  let delayMs = 0;
  for (const { at, weight } of recent) {
    if (used <= most) break;
    used -= weight;
    delayMs = at + MINUTE_MS - now;
  }
  return delayMs;
}

/** Until the venue's minute is over. */
function statedDelay(budget: Budget, most: number, now: number, offsetMs: number): number {
  return (stated(budget, now, offsetMs) ?? 0) <= most ? 0 : MINUTE_MS - ((now + offsetMs) % MINUTE_MS);
}
