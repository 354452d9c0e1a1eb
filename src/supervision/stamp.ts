/** The last reading of the monotonic clock: reading it costs as much as handling a message, so that those of one turn share readings. */
import type { Clock } from './clock.ts';

export class Stamp {
  /** Monotonic ms; at most one group of messages old while a turn runs. */
  value: number;
  /** While actors take their turns: `value` is fresh enough for whatever they send one another. */
  shared = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.value = clock.monotonic();
  }

  /** Reads the clock anew. */
  take(): number {
    return (this.value = this.#clock.monotonic());
  }

  /** The shared reading, or a new one. */
  read(): number {
    return this.shared ? this.value : this.take();
  }
}
