/** Turns that come when the world says so, in an order the seed draws; of a length that it draws, too, where that is asked for. */
import { SeededRandom } from '../../src/supervision/random.ts';
import type { Stamp } from '../../src/supervision/stamp.ts';
import type { Turn, Turns } from '../../src/supervision/turns.ts';

/** How many messages a turn takes before others come to theirs: so many, or from 1 to 32 as the seed draws. */
export type TurnMessages = 'seeded' | number;

const MOST = 32;

export class SeededTurns implements Turns {
  readonly #ready: (() => void)[] = [];
  readonly #random: SeededRandom;
  readonly #stamp: Stamp;
  readonly #messages: TurnMessages;
  /** Of the turn that is under way. */
  #length = MOST;

  constructor(seed: number, stamp: Stamp, messages: TurnMessages = MOST) {
    this.#random = new SeededRandom(seed);
    this.#stamp = stamp;
    this.#messages = messages;
  }

  register(run: () => void): Turn {
    let open = true;
    return {
      wake: () => void this.#ready.push(() => open && run()),
      close: () => {
        open = false;
      },
    };
  }

  enough(taken: number): boolean {
    return taken >= this.#length;
  }

  close(): void {
    this.#ready.length = 0;
  }

  /** False: nobody has asked for a turn. */
  runOne(): boolean {
    if (this.#ready.length === 0) return false;
    const [task] = this.#ready.splice(Math.floor(this.#random.next() * this.#ready.length), 1);
    this.#length = this.#messages === 'seeded' ? 1 + Math.floor(this.#random.next() * MOST) : this.#messages;
    this.#stamp.take();
    task!();
    return true;
  }
}
