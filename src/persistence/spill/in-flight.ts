/** Appends on their way to the store, in order; of the oldest it is noticed when the store has not answered in time. */
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { Journal } from '../port.ts';
import type { Call } from './keeper.ts';
import { isDefinite, isUnvouched } from './store-answers.ts';

export interface InFlightOptions {
  readonly store: Journal;
  readonly clock: Clock;
  /** A store that has not answered in this time is away. */
  readonly patienceMs: number;
  /** It is in the store: also of one that was given up meanwhile. */
  readonly onWritten: (call: Call) => void;
  /** The store did not take one, for a reason that is not the call's own; it is still on its way here, and so are the others. */
  readonly onFailed: (error: unknown) => void;
  readonly onSilent: () => void;
}

export class InFlight {
  readonly #options: InFlightOptions;
  readonly #calls = new Set<Call>();
  #patience: TimerHandle | undefined;

  constructor(options: InFlightOptions) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#calls.size === 0;
  }

  send(call: Call): void {
    const { store, clock, patienceMs } = this.#options;
    this.#calls.add(call);
    store.append(call.batch).then(
      () => this.#written(call),
      (error: unknown) => this.#refused(call, error),
    );
    this.#patience ??= clock.after(patienceMs, () => this.#lookAtOldest());
  }

  /** Gives up all that are on their way, and answers which those were: what the store says of them now is about the same bytes. */
  giveUp(): readonly Call[] {
    const calls = [...this.#calls];
    this.#calls.clear();
    return calls;
  }

  stop(): void {
    this.#patience?.cancel();
  }

  #written(call: Call): void {
    this.#calls.delete(call);
    this.#options.onWritten(call);
    call.resolve();
  }

  #refused(call: Call, error: unknown): void {
    if (!this.#calls.has(call)) return;
    if (!isDefinite(error) && !isUnvouched(error)) return this.#options.onFailed(error);
    this.#calls.delete(call);
    // It is there, whatever its caller makes of it: what comes next of its entities comes behind it.
    if (isUnvouched(error)) this.#options.onWritten(call);
    call.reject(error);
  }

  #lookAtOldest(): void {
    this.#patience = undefined;
    const [oldest] = this.#calls;
    if (oldest === undefined) return;
    const { clock, patienceMs, onSilent } = this.#options;
    const left = oldest.at + patienceMs - clock.monotonic();
    if (left <= 0) onSilent();
    else this.#patience = clock.after(left, () => this.#lookAtOldest());
  }
}
