/** Batches that wait to be written, in the order in which they were handed in: as many as one call takes go together. */
import type { VigilError } from '../../protocol/errors.ts';
import type { EncodedEntry } from '../journal-entry.ts';

/** Bounds the wait of the first batch in a group, and the time the script holds Redis. */
const BATCHES_A_GROUP = 256;
const CHARACTERS_A_GROUP = 4 * 1024 * 1024;

export interface WaitingBatch {
  readonly entries: readonly EncodedEntry[];
  /** Of payload. */
  readonly characters: number;
  /** It counts as durable only when a replica has it, too. */
  readonly needsReplica: boolean;
  /** How often it was sent. */
  attempts: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class WaitingBatches {
  #queue: WaitingBatch[] = [];

  get count(): number {
    return this.#queue.length;
  }

  add(batch: WaitingBatch): void {
    this.#queue.push(batch);
  }

  /** The next to be sent, counted as sent. */
  takeGroup(): readonly WaitingBatch[] {
    let characters = 0;
    let count = 0;
    for (const { characters: more, attempts } of this.#queue) {
      characters += more;
      if (count > 0 && (characters > CHARACTERS_A_GROUP || count >= BATCHES_A_GROUP)) break;
      count += 1;
      // What is sent again comes first and goes alone, so that nobody shares its fate twice.
      if (attempts > 0) break;
    }
    const group = this.#queue.splice(0, count);
    for (const one of group) one.attempts += 1;
    return group;
  }

  /** Before all that came after. */
  putBack(group: readonly WaitingBatch[]): void {
    this.#queue.unshift(...group);
  }

  refuseAll(error: VigilError): void {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}
