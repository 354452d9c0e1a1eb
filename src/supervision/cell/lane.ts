/** One class of a mailbox: a bounded queue that says what becomes of each message. */
import type { LaneSpec } from '../mailbox.ts';
import type { Tagged } from '../ref.ts';
import { Ring } from '../ring.ts';
import type { Envelope } from './envelope.ts';

export class Lane {
  readonly spec: LaneSpec;
  readonly #queue = new Ring<Envelope>();
  /** For `latest-by-key` alone. */
  readonly #byKey: Map<string, Envelope> | undefined;

  constructor(spec: LaneSpec) {
    this.spec = spec;
    this.#byKey = spec.overflow === 'latest-by-key' ? new Map() : undefined;
  }

  get length(): number {
    return this.#queue.length;
  }

  get oldest(): Envelope | undefined {
    return this.#queue.peek();
  }

  /** `onLost` is told of what has to go so that the newcomer can come; false: the newcomer itself has to. */
  offer(envelope: Envelope, onLost: (lost: Envelope, why: 'overflow' | 'superseded') => void): boolean {
    if (this.#byKey !== undefined && this.#supersede(envelope, onLost)) return true;
    if (this.#queue.length >= this.spec.capacity) {
      if (this.spec.overflow === 'reject' || this.spec.overflow === 'drop-newest') return false;
      const oldest = this.take();
      if (oldest !== undefined) onLost(oldest, 'overflow');
    }
    this.#queue.push(envelope);
    this.#byKey?.set(this.#keyOf(envelope.message), envelope);
    return true;
  }

  take(): Envelope | undefined {
    const envelope = this.#queue.shift();
    if (envelope !== undefined && this.#byKey !== undefined) {
      const key = this.#keyOf(envelope.message);
      if (this.#byKey.get(key) === envelope) this.#byKey.delete(key);
    }
    return envelope;
  }

  /** A message that was taken comes first again. */
  putBack(envelope: Envelope): void {
    this.#queue.unshift(envelope);
  }

  drain(): Envelope[] {
    this.#byKey?.clear();
    return this.#queue.drain();
  }

  /** Takes out what `unwanted` names; the rest keeps its order. */
  remove(unwanted: (envelope: Envelope) => boolean): Envelope[] {
    const all = this.#queue.toArray();
    const removed = all.filter(unwanted);
    if (removed.length === 0) return removed;
    this.#queue.drain();
    for (const envelope of all) if (!unwanted(envelope)) this.#queue.push(envelope);
    if (this.#byKey !== undefined) for (const envelope of removed) this.#byKey.delete(this.#keyOf(envelope.message));
    return removed;
  }

  /** The newer message takes the place of the waiting one, so that a busy key cannot push itself ever further back. */
  #supersede(envelope: Envelope, onLost: (lost: Envelope, why: 'superseded') => void): boolean {
    const waiting = this.#byKey?.get(this.#keyOf(envelope.message));
    if (waiting === undefined || waiting.pending !== undefined || envelope.pending !== undefined) return false;
    const { message, queuedAt } = waiting;
    waiting.message = envelope.message;
    waiting.queuedAt = envelope.queuedAt;
    envelope.message = message;
    envelope.queuedAt = queuedAt;
    onLost(envelope, 'superseded');
    return true;
  }

  #keyOf(message: Tagged): string {
    const { key } = this.spec;
    return key === undefined ? message.type : key(message as never);
  }
}
