/** What fails again and again is said when it begins, for each new cause, once a minute with how long it has lasted, and when it is over; in between it is silent. */

export const SAID_AGAIN_MS = 60_000;
/** Causes are few; this is only so that texts that never come twice cannot grow the set. */
const MOST_CAUSES = 20;

export interface FailingNews {
  /** Since the first one, this one counted. */
  readonly failures: number;
  readonly forMs: number;
}

/** Numbers in a text (ports, counts, times) make no cause of their own. */
function causeOf(reason: string): string {
  return reason.replaceAll(/\d+/g, '#');
}

export class Failing {
  #since: number | undefined;
  #failures = 0;
  #saidAt = 0;
  readonly #causes = new Set<string>();

  /** @param now monotonic, ms. @returns what to say, undefined when nothing about it is new. */
  failed(now: number, reason: string): FailingNews | undefined {
    const cause = causeOf(reason);
    this.#since ??= now;
    this.#failures += 1;
    const known = this.#causes.has(cause) || this.#causes.size >= MOST_CAUSES;
    if (known && now - this.#saidAt < SAID_AGAIN_MS) return undefined;
    this.#causes.add(cause);
    this.#saidAt = now;
    return { failures: this.#failures, forMs: Math.round(now - this.#since) };
  }

  /** It went well. @returns what was over with it, undefined when nothing had failed. */
  over(now: number): FailingNews | undefined {
    if (this.#since === undefined) return undefined;
    const news = { failures: this.#failures, forMs: Math.round(now - this.#since) };
    this.#since = undefined;
    this.#failures = 0;
    this.#causes.clear();
    return news;
  }
}
