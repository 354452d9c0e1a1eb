/** Dead man's switches: unless a client renews its countdown in time, its open orders of that symbol are cancelled. Kept in memory only. */
import type { Clock, TimerHandle } from '../supervision/clock.ts';

export class Countdowns {
  readonly #clock: Clock;
  readonly #cancelAll: (apiKey: string, symbol: string) => void;
  readonly #timers = new Map<string, TimerHandle>();

  constructor(clock: Clock, cancelAll: (apiKey: string, symbol: string) => void) {
    this.#clock = clock;
    this.#cancelAll = cancelAll;
  }

  /** Starts or restarts the countdown of an account's symbol; zero stops it. */
  set(apiKey: string, symbol: string, afterMs: number): void {
    const key = `${apiKey} ${symbol}`;
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    if (afterMs === 0) return;
    const timer = this.#clock.after(afterMs, () => {
      this.#timers.delete(key);
      this.#cancelAll(apiKey, symbol);
    });
    this.#timers.set(key, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
