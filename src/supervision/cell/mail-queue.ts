/**
 * Messages in the order they came, in chunks of slots, with a run for those that one sender sent within one reading of the
 * clock: one that waits costs a word or two and no object of its own, so that a burst of a million is neither copied by a
 * growing array nor walked again and again by the garbage collector.
 */
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { Ring } from '../ring.ts';
import type { Envelope } from './envelope.ts';

/** Slots in the first chunk, and in the largest; each is twice its predecessor. */
const SMALLEST = 16;
const LARGEST = 512;

interface Chunk {
  readonly size: number;
  readonly messages: (Tagged | undefined)[];
  /** Only where a question has been put: undefined in a queue that never held one. */
  pending: (PendingAnswer | undefined)[] | undefined;
  next: Chunk | undefined;
}

/** Messages in a row with the same sender and time. */
interface Run {
  from: string;
  /** Monotonic ms. */
  queuedAt: number;
  left: number;
}

export class MailQueue {
  #first: Chunk | undefined;
  #last: Chunk | undefined;
  #spare: Chunk | undefined;
  #head = 0;
  #tail = 0;
  #length = 0;
  #questions = 0;
  /** After the first. */
  #runs: Ring<Run> | undefined;
  #firstRun: Run | undefined;
  /** Kept when it is over: an actor to which messages come one by one needs no new one for each. */
  #lastRun: Run | undefined;

  get length(): number {
    return this.#length;
  }

  /** How many of them wait for an answer. */
  get questions(): number {
    return this.#questions;
  }

  /** Monotonic ms of the oldest; undefined: none waits. */
  get oldestAt(): number | undefined {
    return this.#firstRun?.queuedAt;
  }

  push(message: Tagged, from: string, queuedAt: number, pending: PendingAnswer | undefined): void {
    if (this.#last === undefined || this.#tail === this.#last.size) this.#grow();
    const chunk = this.#last!;
    chunk.messages[this.#tail] = message;
    if (pending !== undefined) {
      (chunk.pending ??= slots(chunk.size))[this.#tail] = pending;
      this.#questions += 1;
    }
    this.#tail += 1;
    this.#length += 1;
    const run = this.#lastRun;
    if (run !== undefined && run.left > 0 && run.queuedAt === queuedAt && run.from === from) run.left += 1;
    else this.#beginRun(from, queuedAt);
  }

  /** Takes the oldest into `envelope`. False: none waits. */
  take(envelope: Envelope): boolean {
    if (this.#length === 0) return false;
    const chunk = this.#first!;
    const index = this.#head;
    const run = this.#firstRun!;
    const pending = chunk.pending?.[index];
    envelope.fill(chunk.messages[index]!, run.from, run.queuedAt, pending);
    chunk.messages[index] = undefined;
    if (pending !== undefined) {
      chunk.pending![index] = undefined;
      this.#questions -= 1;
    }
    this.#head = index + 1;
    this.#length -= 1;
    run.left -= 1;
    if (run.left === 0) this.#endRun();
    if (this.#length === 0) this.#empty(chunk);
    else if (this.#head === chunk.size) this.#advance(chunk);
    return true;
  }

  #beginRun(from: string, queuedAt: number): void {
    const over = this.#lastRun;
    if (over !== undefined && over.left === 0) {
      over.from = from;
      over.queuedAt = queuedAt;
      over.left = 1;
      this.#firstRun = over;
      return;
    }
    const run: Run = { from, queuedAt, left: 1 };
    if (this.#firstRun === undefined) this.#firstRun = run;
    else (this.#runs ??= new Ring()).push(run);
    this.#lastRun = run;
  }

  #endRun(): void {
    this.#firstRun = this.#runs?.shift();
  }

  #empty(chunk: Chunk): void {
    this.#head = this.#tail = 0;
    this.#spare = undefined;
    if (chunk.size > SMALLEST) this.#first = this.#last = undefined;
  }

  #advance(chunk: Chunk): void {
    this.#first = chunk.next;
    chunk.next = undefined;
    this.#spare = chunk;
    this.#head = 0;
  }

  /** One emptied chunk is kept for a queue that goes on; an idle one lets it go with the last message. */
  #grow(): void {
    const size = this.#last === undefined ? SMALLEST : Math.min(this.#last.size * 2, LARGEST);
    const chunk: Chunk = this.#spare ?? { size, messages: slots(size), pending: undefined, next: undefined };
    this.#spare = undefined;
    if (this.#last === undefined) this.#first = chunk;
    else this.#last.next = chunk;
    this.#last = chunk;
    this.#tail = 0;
  }
}

/** So many at once: an array that grew to it would be copied on the way. */
function slots<Item>(size: number): (Item | undefined)[] {
  const all: (Item | undefined)[] = [];
  all.length = size;
  return all;
}
