/** Restart intensity and backoff: how often a child may be restarted, and how long to wait before the next time. */
import type { Random } from './random.ts';

export interface RestartPolicy {
  /** At most `limit` restarts within `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Waits min·2ⁿ up to max, ± 20 %; n starts again at 0 after `windowMs` without a restart. */
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
  /** A spent budget ends the supervisor upward (`escalate`), or goes on slowly for ever, alerted (ruling 13). */
  readonly whenSpent: 'escalate' | { readonly retryEveryMs: number };
}

/** What Vigil's roles use unless they say otherwise: nothing that an exit needs is ever given up. */
export const DEFAULT_RESTART: RestartPolicy = {
  limit: 5,
  windowMs: 60_000,
  backoff: { minMs: 100, maxMs: 10_000 },
  whenSpent: { retryEveryMs: 30_000 },
};

export type RestartDecision = { readonly restart: true; readonly inMs: number; readonly spent: boolean } | { readonly restart: false };

/** The restarts of one child, over monotonic time. */
export class RestartBudget {
  readonly policy: RestartPolicy;
  #recent: number[] = [];

  constructor(policy: RestartPolicy) {
    this.policy = policy;
  }

  used(now: number): number {
    this.#recent = this.#recent.filter((at) => now - at < this.policy.windowMs);
    return this.#recent.length;
  }

  /** Records one exit at `now` and says what to do about it. */
  decide(now: number, random: Random): RestartDecision {
    const used = this.used(now);
    this.#recent.push(now);
    const { limit, backoff, whenSpent } = this.policy;
    if (used >= limit) {
      if (whenSpent === 'escalate') return { restart: false };
      return { restart: true, inMs: whenSpent.retryEveryMs, spent: true };
    }
    const delay = Math.min(backoff.minMs * 2 ** used, backoff.maxMs);
    return { restart: true, inMs: Math.round(delay * (0.8 + 0.4 * random.next())), spent: false };
  }
}
