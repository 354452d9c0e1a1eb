/**
 * All deadlines and timers of one system behind a single timer of the clock: setting and cancelling one costs a few
 * comparisons, a question answered in time never touches the operating system (reference nact.md, H04, H14).
 */
import type { Clock, TimerHandle } from './clock.ts';

class Entry implements TimerHandle {
  readonly at: number;
  /** Order among those due at the same instant: first set, first run. */
  readonly sequence: number;
  run: (() => void) | undefined;
  readonly #owner: Deadlines;

  constructor(at: number, sequence: number, run: () => void, owner: Deadlines) {
    this.at = at;
    this.sequence = sequence;
    this.run = run;
    this.#owner = owner;
  }

  cancel(): void {
    if (this.run === undefined) return;
    this.run = undefined;
    this.#owner.cancelled();
  }
}

/** A cancelled entry stays in the heap until it comes up, or until they are this many and the majority. */
const COMPACT_FROM = 256;

export class Deadlines {
  readonly #clock: Clock;
  #heap: Entry[] = [];
  #sequence = 0;
  #cancelled = 0;
  #armedAt = Infinity;
  #armed: TimerHandle | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are pending. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /**
   * Calls `run` once after `delayMs`, unless cancelled.
   * @throws RangeError for NaN: it would be neither before nor after the others, and disorder them.
   */
  after(delayMs: number, run: () => void): TimerHandle {
    if (Number.isNaN(delayMs)) throw new RangeError('delayMs is NaN; give a number of ms');
    const entry = new Entry(this.#clock.monotonic() + Math.max(0, delayMs), ++this.#sequence, run, this);
    if (this.#closed) {
      entry.run = undefined;
      return entry;
    }
    this.#add(entry);
    if (entry.at < this.#armedAt) this.#arm(entry.at);
    return entry;
  }

  /** No deadline passes any more, nor one that is set later. */
  close(): void {
    this.#closed = true;
    this.#armed?.cancel();
    this.#armed = undefined;
    for (const entry of this.#heap) entry.run = undefined;
    this.#heap = [];
    this.#cancelled = 0;
  }

  /** For an entry: it will not be run. */
  cancelled(): void {
    this.#cancelled += 1;
    if (this.#cancelled < COMPACT_FROM || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter((entry) => entry.run !== undefined).sort((one, other) => (before(one, other) ? -1 : 1));
    this.#cancelled = 0;
  }

  #arm(at: number): void {
    this.#armed?.cancel();
    this.#armedAt = at;
    this.#armed = this.#clock.after(at - this.#clock.monotonic(), () => this.#sweep());
  }

  /** Runs what was due when the sweep began; what is set meanwhile waits for the next. */
  #sweep(): void {
    const now = this.#clock.monotonic();
    const last = this.#sequence;
    this.#armedAt = Infinity;
    this.#armed = undefined;
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return;
      if (first.run === undefined) {
        this.#removeFirst();
        this.#cancelled -= 1;
        continue;
      }
      if (first.at > now || first.sequence > last) break;
      this.#removeFirst();
      const { run } = first;
      first.run = undefined;
      try {
        run();
      } catch (error) {
        // Whoever sets a deadline catches its own errors; one that does not must not stop those behind it.
        if (this.#heap.length > 0) this.#arm(Math.max(this.#heap[0]!.at, now));
        throw error;
      }
    }
    if (this.#heap[0]!.at < this.#armedAt) this.#arm(this.#heap[0]!.at);
  }

  #add(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, entry)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  }
}

function before(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
