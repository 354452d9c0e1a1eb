/** No message vanishes: what could not be delivered or handled is counted by reason and kept, newest last, in a bounded ring. */
import type { Clock } from './clock.ts';
import { Ring } from './ring.ts';

export type DeadLetterReason =
  /** Nobody of that name. */
  | 'unknown-ref'
  /** It runs no more, and will not again. */
  | 'stopped'
  | 'overflow'
  /** A newer message with its key took its place: what its mailbox is for, so it is counted and not kept. */
  | 'superseded'
  | 'flushed'
  /** It crashed its handler, and could not be tried again. */
  | 'crashed'
  /** For an incarnation that has ended. */
  | 'stale-incarnation'
  /** A timer that was cancelled, or a watch that was ended, while its message waited. */
  | 'cancelled'
  /** A question that waited when the asked one ended; its asker was told. */
  | 'asked-of-the-dead'
  | 'late-answer'
  | 'nobody-asked';

export interface DeadLetter {
  readonly to: string;
  readonly from: string;
  readonly type: string;
  readonly reason: DeadLetterReason;
  readonly at: number;
}

const KEPT = 200;
/** Of one reason and receiver, so many are told of in so long; the rest are counted, and the next one says how many there were. */
const TOLD = 10;
const QUIET_MS = 300_000;
/** Reasons and receivers remembered for that; beyond, the one whose five minutes began first is forgotten. */
const THROTTLES = 1_000;

interface Throttle {
  since: number;
  told: number;
  untold: number;
}

export class DeadLetters {
  readonly #clock: Clock;
  readonly #tell: (letter: DeadLetter, unreported: number) => void;
  readonly #ring = new Ring<DeadLetter>();
  readonly #counts = new Map<DeadLetterReason, number>();
  readonly #throttles = new Map<string, Throttle>();

  constructor(clock: Clock, tell: (letter: DeadLetter, unreported: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(to: string, from: string, type: string, reason: DeadLetterReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (reason === 'superseded') return;
    const letter: DeadLetter = { to, from, type, reason, at: this.#clock.now() };
    this.#ring.push(letter);
    if (this.#ring.length > KEPT) this.#ring.shift();
    const throttle = this.#throttleOf(`${reason} ${to}`);
    if (throttle.told >= TOLD) {
      throttle.untold += 1;
      return;
    }
    throttle.told += 1;
    const unreported = throttle.untold;
    throttle.untold = 0;
    this.#tell(letter, unreported);
  }

  recent(): readonly DeadLetter[] {
    return this.#ring.toArray();
  }

  counts(): Readonly<Partial<Record<DeadLetterReason, number>>> {
    return Object.fromEntries(this.#counts);
  }

  /** Forgets what is kept; the counts stay. How many there were. */
  clear(): number {
    return this.#ring.drain().length;
  }

  #throttleOf(key: string): Throttle {
    const now = this.#clock.monotonic();
    const known = this.#throttles.get(key);
    if (known !== undefined) {
      if (now - known.since >= QUIET_MS) {
        known.since = now;
        known.told = 0;
        this.#throttles.delete(key);
        this.#throttles.set(key, known);
      }
      return known;
    }
    if (this.#throttles.size >= THROTTLES) this.#throttles.delete(this.#throttles.keys().next().value!);
    const fresh: Throttle = { since: now, told: 0, untold: 0 };
    this.#throttles.set(key, fresh);
    return fresh;
  }
}
