/** A clock that stands until the test moves it, and can say what still waits on it. */
import type { Clock, TimerHandle } from '../../src/supervision/clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  #timers: Timer[] = [];
  #wallMs = 0;

  constructor(startAt = 1_770_000_000_000) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now + this.#wallMs;
  }

  /** Sets the wall clock by so much beside the monotonic one, in all; timers go on as they were. */
  setWall(byMs: number): void {
    this.#wallMs = byMs;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
    };
  }

  /** Timers not yet due, as the ms from now. */
  get pending(): readonly number[] {
    return this.#timers.map((timer) => timer.at - this.#now).toSorted((one, other) => one - other);
  }

  /** Runs the earliest timer that is due by `limit`, moving time to it. False: there is none. */
  fireNext(limit: number): boolean {
    const next = this.#timers.reduce<Timer | undefined>((best, one) => (best === undefined || one.at < best.at ? one : best), undefined);
    if (next === undefined || next.at > limit) return false;
    this.#timers = this.#timers.filter((one) => one !== next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  moveTo(at: number): void {
    this.#now = Math.max(this.#now, at);
  }

  /** Moves time, running what falls due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.fireNext(until));
    this.moveTo(until);
  }
}
