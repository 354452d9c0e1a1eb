/** A clock that stands until the test moves it, and can say what still waits on it. */
import type { Clock, TimerHandle } from '../../src/supervision/clock.ts';

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #waiting: Waiting[] = [];

  constructor(startAt = 1_770_000_000_000) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const timer = { at: this.#now + delayMs, run };
    this.#waiting.push(timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((one) => one !== timer);
      },
    };
  }

  /** Timers not yet due, as the ms from now. */
  get pending(): readonly number[] {
    return this.#waiting.map((timer) => timer.at - this.#now).toSorted((one, other) => one - other);
  }

  /** Moves time, running what falls due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#waiting.filter((timer) => timer.at <= until).toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((timer) => timer !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }
}
