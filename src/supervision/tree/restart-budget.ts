/** Restart intensity and backoff: how often there may be a restart, how long to wait before the next, and what when they are spent. */
import type { Random } from '../random.ts';

/**
 * What happens when a budget is spent: the supervisor gives up and its own supervisor decides, or it goes on slowly, for
 * ever: until an incarnation has run for a whole window, for a slow restart alone is no recovery.
 */
export type WhenSpent = 'escalate' | { readonly retryEveryMs: number };

/** For a policy that depends on what is lost: called once each time the budget is found spent. One that throws escalates. */
export interface Spent {
  readonly supervisor: string;
  readonly child: string;
  /** Restarts within the window, this one included. */
  readonly used: number;
  readonly reason: string;
}

export interface Intensity {
  /** At most `limit` restarts within `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  readonly whenSpent: WhenSpent | ((spent: Spent) => WhenSpent);
}

/** One child's own. */
export interface RestartPolicy extends Intensity {
  /** Waits min·2ⁿ up to max, ± 20 %; n starts again at 0 after `windowMs` without a restart. */
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
}

/** For a child that says nothing else: a failure is never the end, and never a storm. */
export const DEFAULT_RESTART: RestartPolicy = {
  limit: 5,
  windowMs: 60_000,
  backoff: { minMs: 100, maxMs: 10_000 },
  whenSpent: { retryEveryMs: 30_000 },
};

/** A child whose supervisor's intensity alone decides, as in OTP: no limit and no wait of its own. */
export const NO_BUDGET: RestartPolicy = { limit: Infinity, windowMs: 1, backoff: { minMs: 0, maxMs: 0 }, whenSpent: 'escalate' };

/** Restarts within a window, over monotonic time. */
export class RestartBudget {
  readonly limit: number;
  readonly windowMs: number;
  readonly whenSpent: Intensity['whenSpent'];
  #recent: number[];
  #last = 0;
  /** The wait of slow restarts, ms; 0: it is not spent. */
  #slowMs = 0;

  /** `before`: the budget that this one replaces; its restarts count on. */
  constructor({ limit, windowMs, whenSpent }: Intensity, before?: RestartBudget) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.whenSpent = whenSpent;
    this.#recent = before === undefined ? [] : [...before.#recent];
    if (before !== undefined) this.#last = before.#last;
  }

  /** Restarts within the window; more than the limit for as long as it is spent. */
  used(now: number): number {
    const { windowMs } = this;
    if (this.#slowMs > 0 && now - this.#last >= windowMs + this.#slowMs) this.#slowMs = 0;
    while (this.#recent.length > 0 && now - this.#recent[0]! >= windowMs) this.#recent.shift();
    return this.#slowMs > 0 ? Math.max(this.#recent.length, this.limit + 1) : this.#recent.length;
  }

  /** Counts a restart at `now`. False: the budget is spent. */
  take(now: number): boolean {
    this.used(now);
    // More than the limit need not be remembered one by one: a storm must not fill the memory.
    while (this.#recent.length > this.limit) this.#recent.shift();
    this.#recent.push(now);
    this.#last = now;
    return this.#slowMs === 0 && this.#recent.length <= this.limit;
  }

  /** It is spent, and the restart comes after `waitMs`; from then on it takes a whole quiet window to be whole again. */
  goSlow(waitMs: number): void {
    this.#slowMs = waitMs;
  }
}

/** What its owner makes of a spent budget: the wait before a slow restart, or Infinity to escalate. What nobody decides escalates. */
export function waitWhenSpent(whenSpent: Intensity['whenSpent'], spent: Spent, onDefect: (error: unknown) => void): number {
  let what: WhenSpent;
  try {
    what = typeof whenSpent === 'function' ? whenSpent(spent) : whenSpent;
  } catch (error) {
    onDefect(error);
    return Infinity;
  }
  if (what === 'escalate') return Infinity;
  const retryEveryMs: unknown = (what as Partial<typeof what> | undefined)?.retryEveryMs;
  if (typeof retryEveryMs === 'number' && retryEveryMs > 0) return retryEveryMs;
  // A policy that forgets its answer, which only its author's types can prevent (H22).
  onDefect(new TypeError(`whenSpent of ${spent.child} came to ${JSON.stringify(what)}; use 'escalate' or { retryEveryMs }`));
  return Infinity;
}

/** How long to wait before the restart that comes after `before` others in the window. */
export function backoffMs({ minMs, maxMs }: RestartPolicy['backoff'], before: number, random: Random): number {
  if (maxMs === 0) return 0;
  const delay = Math.min(minMs * 2 ** before, maxMs);
  return Math.round(delay * (0.8 + 0.4 * random.next()));
}
