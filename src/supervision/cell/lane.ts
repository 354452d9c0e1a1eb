/** One class of a mailbox: a bounded queue that says what becomes of each message. */
import type { LaneSpec } from '../mailbox.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { Envelope } from './envelope.ts';
import { MailQueue } from './mail-queue.ts';
import type { Slot } from './mail-queue.ts';

export type OnLost = (lost: Envelope, why: 'overflow' | 'superseded' | 'flushed') => void;

export class Lane {
  readonly spec: LaneSpec;
  readonly #queue = new MailQueue();
  /** What a handler crashed on comes first again. */
  #returned: Envelope[] | undefined;
  /** For `latest-by-key` alone: where the message of a key waits. */
  readonly #byKey: Map<string, Slot> | undefined;

  constructor(spec: LaneSpec) {
    this.spec = spec;
    this.#byKey = spec.overflow === 'latest-by-key' ? new Map() : undefined;
  }

  get length(): number {
    return this.#queue.length + (this.#returned?.length ?? 0);
  }

  /** Monotonic ms. */
  get oldestAt(): number | undefined {
    return this.#returned?.at(-1)?.queuedAt ?? this.#queue.oldestAt;
  }

  /** `onLost` is told of what has to go so that the newcomer can come; false: the newcomer itself has to. */
  offer(message: Tagged, from: string, queuedAt: number, pending: PendingAnswer | undefined, onLost: OnLost): boolean {
    if (this.#byKey !== undefined && pending === undefined && this.#supersede(message, queuedAt, onLost)) return true;
    if (this.length >= this.spec.capacity) {
      if (this.spec.overflow === 'reject' || this.spec.overflow === 'drop-newest') return false;
      const oldest = new Envelope();
      onLost(this.take(oldest) ?? oldest, 'overflow');
    }
    this.#queue.push(message, from, queuedAt, pending);
    if (this.#byKey !== undefined && pending === undefined) this.#byKey.set(this.#keyOf(message), this.#queue.lastSlot);
    return true;
  }

  /** The next, in `scratch` or in an envelope of its own; undefined: none waits. */
  take(scratch: Envelope): Envelope | undefined {
    if (this.#returned !== undefined) {
      const returned = this.#returned.pop();
      if (this.#returned.length === 0) this.#returned = undefined;
      return returned;
    }
    if (!this.#queue.take(scratch)) return undefined;
    if (this.#byKey !== undefined && scratch.pending === undefined) this.#byKey.delete(this.#keyOf(scratch.message));
    return scratch;
  }

  putBack(envelope: Envelope): void {
    (this.#returned ??= []).push(envelope.copy());
  }

  drain(): Envelope[] {
    return this.remove(() => true);
  }

  /** Takes out what `unwanted` names; the rest keeps its order. */
  remove(unwanted: (envelope: Envelope) => boolean): Envelope[] {
    const removed: Envelope[] = [];
    const returned = this.#returned;
    this.#returned = undefined;
    for (let left = this.#queue.length; left > 0; left--) {
      const envelope = new Envelope();
      this.take(envelope);
      if (unwanted(envelope)) removed.push(envelope);
      else this.offer(envelope.message, envelope.from, envelope.queuedAt, envelope.pending, () => undefined);
    }
    // A returned envelope never has an asker: only draining takes it.
    const kept = returned?.filter((envelope) => !unwanted(envelope));
    if (kept !== undefined && kept.length > 0) this.#returned = kept;
    return [...(returned?.filter(unwanted).reverse() ?? []), ...removed];
  }

  /** The newer message takes the place of the waiting one, so that a busy key cannot push itself ever further back. */
  #supersede(message: Tagged, queuedAt: number, onLost: OnLost): boolean {
    const slot = this.#byKey?.get(this.#keyOf(message));
    if (slot === undefined) return false;
    const replaced = new Envelope();
    if (!this.#queue.replace(slot, message, queuedAt, replaced)) return false;
    onLost(replaced, 'superseded');
    return true;
  }

  #keyOf(message: Tagged): string {
    const { key } = this.spec;
    return key === undefined ? message.type : key(message as never);
  }
}
