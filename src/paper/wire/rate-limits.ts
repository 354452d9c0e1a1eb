/** Request weight by address and orders by account, counted in clock windows; beyond the limit 429, and 418 for who goes on. */
import { VenueError } from '../core/venue-error.ts';
import type { OrderCount } from './route.ts';

export interface Limits {
  readonly weightPerMinute: number;
  readonly ordersPer10Seconds: number;
  readonly ordersPerMinute: number;
  /** `fundingRate` and `fundingInfo` together, by address. */
  readonly fundingPer5Minutes: number;
}

export const VENUE_LIMITS: Limits = { weightPerMinute: 2_400, ordersPer10Seconds: 300, ordersPerMinute: 1_200, fundingPer5Minutes: 500 };
/** For programs that want to know what they can do, not what they may. */
export const NO_LIMITS: Limits = { weightPerMinute: Infinity, ordersPer10Seconds: Infinity, ordersPerMinute: Infinity, fundingPer5Minutes: Infinity };

const MINUTE_MS = 60_000;
const FIVE_MINUTES_MS = 300_000;
const TEN_SECONDS_MS = 10_000;
/** This many requests after the first 429 of a minute bring the ban. */
const PATIENCE = 100;
const BAN_MS = 120_000;

class Window {
  readonly #spanMs: number;
  readonly #counts = new Map<string, number>();
  #window = -1;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  add(who: string, amount: number, now: number): number {
    const window = Math.floor(now / this.#spanMs);
    if (window !== this.#window) this.#counts.clear();
    this.#window = window;
    const count = (this.#counts.get(who) ?? 0) + amount;
    this.#counts.set(who, count);
    return count;
  }

  /** Seconds until the window ends, at least one. */
  retryAfter(now: number): number {
    return Math.max(1, Math.ceil((this.#spanMs - (now % this.#spanMs)) / 1_000));
  }
}

/** A refusal with the header that says when to come back. */
export class Throttled extends VenueError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number, refusal: 'TOO_MANY_REQUESTS' | 'BANNED' | 'TOO_MANY_ORDERS', ...details: readonly string[]) {
    super(refusal, ...details);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export class RateLimits {
  readonly #limits: Limits;
  readonly #weight = new Window(MINUTE_MS);
  readonly #refused = new Window(MINUTE_MS);
  readonly #funding = new Window(FIVE_MINUTES_MS);
  readonly #orders10 = new Window(TEN_SECONDS_MS);
  readonly #orders60 = new Window(MINUTE_MS);
  readonly #bannedUntil = new Map<string, number>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts a request's weight; returns the header's value. @throws Throttled */
  request(address: string, weight: number, now: number): number {
    const until = this.#bannedUntil.get(address) ?? 0;
    if (now < until) throw new Throttled(Math.ceil((until - now) / 1_000), 'BANNED', address, String(until));
    const used = this.#weight.add(address, weight, now);
    if (used <= this.#limits.weightPerMinute) return used;
    if (this.#refused.add(address, 1, now) > PATIENCE) this.#bannedUntil.set(address, now + BAN_MS);
    throw new Throttled(this.#weight.retryAfter(now), 'TOO_MANY_REQUESTS', address, String(this.#limits.weightPerMinute));
  }

  /** What the address has used of this minute. */
  used(address: string, now: number): number {
    return this.#weight.add(address, 0, now);
  }

  /** Counts a request for funding data. @throws Throttled */
  funding(address: string, now: number): void {
    const most = this.#limits.fundingPer5Minutes;
    if (this.#funding.add(address, 1, now) > most) throw new Throttled(this.#funding.retryAfter(now), 'TOO_MANY_REQUESTS', address, String(most));
  }

  /** Counts the orders of a request; returns the values of both headers. @throws Throttled */
  order(account: string, count: OrderCount, now: number): OrderCount {
    const per10Seconds = this.#orders10.add(account, count.per10Seconds, now);
    const perMinute = this.#orders60.add(account, count.perMinute, now);
    const { ordersPer10Seconds, ordersPerMinute } = this.#limits;
    if (per10Seconds > ordersPer10Seconds) throw new Throttled(this.#orders10.retryAfter(now), 'TOO_MANY_ORDERS', String(ordersPer10Seconds), '10 SECONDS');
    if (perMinute > ordersPerMinute) throw new Throttled(this.#orders60.retryAfter(now), 'TOO_MANY_ORDERS', String(ordersPerMinute), 'MINUTE');
    return { per10Seconds, perMinute };
  }
}
