/** Dead man's switches: unless a client renews its countdown in time, its open orders of that symbol are cancelled, also when the exchange was down meanwhile. */
import type { Clock, TimerHandle } from '../supervision/clock.ts';
import type { Countdown, Store } from './store/store.ts';

/** What a timer can wait for: 24 days. */
export const MAX_COUNTDOWN_MS = 2_147_483_647;

export class Countdowns {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #cancelAll: (apiKey: string, symbol: string) => void;
  readonly #timers = new Map<string, TimerHandle>();

  constructor(store: Store, clock: Clock, cancelAll: (apiKey: string, symbol: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#cancelAll = cancelAll;
  }

  /** Goes on with those of an earlier run; what has run out meanwhile cancels at once. */
  resume(saved: readonly Countdown[]): void {
    for (const countdown of saved) this.#wait(countdown);
  }

  /** Starts or restarts the countdown of an account's symbol; zero stops it. */
  set(apiKey: string, symbol: string, afterMs: number): void {
    this.#stop(apiKey, symbol);
    if (afterMs === 0) {
      this.#store.removeCountdown(apiKey, symbol);
      return;
    }
    const countdown = { apiKey, symbol, endsAt: this.#clock.now() + afterMs };
    this.#store.saveCountdown(countdown);
    this.#wait(countdown);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #stop(apiKey: string, symbol: string): void {
    const key = `${apiKey} ${symbol}`;
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #wait({ apiKey, symbol, endsAt }: Countdown): void {
    const left = Math.min(Math.max(0, endsAt - this.#clock.now()), MAX_COUNTDOWN_MS);
    const timer = this.#clock.after(left, () => {
      this.#timers.delete(`${apiKey} ${symbol}`);
      this.#cancelAll(apiKey, symbol);
      this.#store.removeCountdown(apiKey, symbol);
    });
    this.#timers.set(`${apiKey} ${symbol}`, timer);
  }
}
