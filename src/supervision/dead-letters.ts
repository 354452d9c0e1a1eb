/** No message vanishes: what could not be delivered or handled is counted by reason and kept, newest last, in a bounded ring. */

export type DeadLetterReason = 'unknown-ref' | 'stopped' | 'overflow' | 'flushed' | 'crashed' | 'stale-incarnation' | 'late-answer' | 'nobody-asked';

export interface DeadLetter {
  readonly to: string;
  readonly from: string;
  readonly type: string;
  readonly reason: DeadLetterReason;
  readonly at: number;
}

const KEPT = 200;

export class DeadLetters {
  readonly #ring: DeadLetter[] = [];
  readonly #counts = new Map<DeadLetterReason, number>();

  add(letter: DeadLetter): void {
    this.#counts.set(letter.reason, (this.#counts.get(letter.reason) ?? 0) + 1);
    this.#ring.push(letter);
    if (this.#ring.length > KEPT) this.#ring.shift();
  }

  recent(): readonly DeadLetter[] {
    return [...this.#ring];
  }

  counts(): Readonly<Partial<Record<DeadLetterReason, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
