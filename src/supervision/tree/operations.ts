/** One thing after another: what a supervisor decides, it decides before it looks at the next. */
import { Ring } from '../ring.ts';

export class Operations {
  readonly #waiting = new Ring<() => Promise<void> | void>();
  readonly #onDefect: (error: unknown) => void;
  #busy = false;

  constructor(onDefect: (error: unknown) => void) {
    this.#onDefect = onDefect;
  }

  /** Begins at once if nothing is under way. */
  post(operation: () => Promise<void> | void | undefined): void {
    this.#waiting.push(operation);
    if (!this.#busy) this.#work();
  }

  /** The same, for one whose result is wanted. */
  run<Result>(operation: () => Promise<Result> | Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.post(() => Promise.try(operation).then(resolve, reject));
    });
  }

  #work(): void {
    this.#busy = true;
    for (let operation = this.#waiting.shift(); operation !== undefined; operation = this.#waiting.shift()) {
      let running: Promise<void> | void;
      try {
        running = operation();
      } catch (error) {
        this.#onDefect(error);
        continue;
      }
      if (running === undefined) continue;
      running.catch(this.#onDefect).finally(() => this.#work());
      return;
    }
    this.#busy = false;
  }
}
