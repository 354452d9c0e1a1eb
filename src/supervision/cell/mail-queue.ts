/**
 * Messages in the order they came, in chunks of parallel slots: one that waits costs four words and no object of its own,
 * so that a burst of a million is neither copied by a growing array nor walked by the garbage collector.
 */
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import type { Envelope } from './envelope.ts';

const CHUNK = 128;
/** A busy queue keeps one emptied chunk for the next messages. */
interface Chunk {
  readonly messages: (Tagged | undefined)[];
  readonly senders: string[];
  /** Monotonic ms. */
  readonly queuedAt: number[];
  /** Only where a question has been put: undefined in a queue that never held one. */
  pending: (PendingAnswer | undefined)[] | undefined;
  next: Chunk | undefined;
}

/** Where a message waits: good until it is taken. */
export interface Slot {
  readonly chunk: Chunk;
  readonly index: number;
}

export class MailQueue {
  #first: Chunk | undefined;
  #last: Chunk | undefined;
  #spare: Chunk | undefined;
  #head = 0;
  #tail = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Monotonic ms of the oldest; undefined: none waits. */
  get oldestAt(): number | undefined {
    return this.#length === 0 ? undefined : this.#first!.queuedAt[this.#head];
  }

  push(message: Tagged, from: string, queuedAt: number, pending: PendingAnswer | undefined): void {
    if (this.#last === undefined || this.#tail === CHUNK) this.#grow();
    const chunk = this.#last!;
    const index = this.#tail++;
    chunk.messages[index] = message;
    chunk.senders[index] = from;
    chunk.queuedAt[index] = queuedAt;
    if (pending !== undefined) (chunk.pending ??= new Array<PendingAnswer | undefined>(CHUNK))[index] = pending;
    this.#length += 1;
  }

  /** Where the last pushed message waits. */
  get lastSlot(): Slot {
    return { chunk: this.#last!, index: this.#tail - 1 };
  }

  /** Another message in a waiting one's place; what was there is left in `replaced`. False: a question waits there, and stays. */
  replace({ chunk, index }: Slot, message: Tagged, queuedAt: number, replaced: Envelope): boolean {
    if (chunk.pending?.[index] !== undefined) return false;
    replaced.fill(chunk.messages[index]!, chunk.senders[index]!, chunk.queuedAt[index]!, undefined);
    chunk.messages[index] = message;
    chunk.queuedAt[index] = queuedAt;
    return true;
  }

  /** Takes the oldest into `envelope`. False: none waits. */
  take(envelope: Envelope): boolean {
    if (this.#length === 0) return false;
    const chunk = this.#first!;
    const index = this.#head++;
    envelope.fill(chunk.messages[index]!, chunk.senders[index]!, chunk.queuedAt[index]!, chunk.pending?.[index]);
    chunk.messages[index] = undefined;
    if (chunk.pending !== undefined) chunk.pending[index] = undefined;
    this.#length -= 1;
    if (this.#length === 0) this.#head = this.#tail = 0;
    if (this.#head === CHUNK) {
      this.#first = chunk.next;
      chunk.next = undefined;
      this.#spare = chunk;
      this.#head = 0;
    }
    return true;
  }

  #grow(): void {
    const chunk: Chunk = this.#spare ?? { messages: [], senders: [], queuedAt: [], pending: undefined, next: undefined };
    this.#spare = undefined;
    if (this.#last === undefined) this.#first = chunk;
    else this.#last.next = chunk;
    this.#last = chunk;
    this.#tail = 0;
  }
}
