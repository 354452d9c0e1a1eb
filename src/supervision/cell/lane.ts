/** One class of a mailbox: a bounded queue that says what becomes of each message. */
import type { LaneSpec } from '../mailbox.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { Envelope } from './envelope.ts';
import { MailQueue } from './mail-queue.ts';

export type OnLost = (lost: Envelope, why: 'overflow' | 'superseded' | 'flushed') => void;

/** What waits in a lane of `latest-by-key`: the newest message of one key, in the place of its first. */
class Latest implements Tagged {
  readonly type: string;
  readonly key: string | Tagged;
  message: Tagged;
  from: string;
  queuedAt: number;

  constructor(key: string | Tagged, message: Tagged, from: string, queuedAt: number) {
    this.type = message.type;
    this.key = key;
    this.message = message;
    this.from = from;
    this.queuedAt = queuedAt;
  }
}

export class Lane {
  readonly spec: LaneSpec;
  readonly #queue = new MailQueue();
  /** What a handler crashed on comes first again. */
  #returned: Envelope[] | undefined;
  /** For `latest-by-key` alone. */
  readonly #byKey: Map<string | Tagged, Latest> | undefined;

  /** Told of a key that cannot be told, once. */
  #onKeyFailed: ((error: unknown) => void) | undefined;

  constructor(spec: LaneSpec, onKeyFailed: (error: unknown) => void) {
    this.spec = spec;
    this.#onKeyFailed = onKeyFailed;
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
    if (this.#byKey !== undefined && pending === undefined && this.#supersede(message, from, queuedAt, onLost)) return true;
    if (this.length >= this.spec.capacity) {
      if (this.spec.overflow === 'reject' || this.spec.overflow === 'drop-newest') return false;
      const oldest = new Envelope();
      onLost(this.take(oldest) ?? oldest, 'overflow');
    }
    if (this.#byKey === undefined || pending !== undefined) {
      this.#queue.push(message, from, queuedAt, pending);
      return true;
    }
    const latest = new Latest(this.#keyOf(message), message, from, queuedAt);
    this.#queue.push(latest, from, queuedAt, undefined);
    this.#byKey.set(latest.key, latest);
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
    if (this.#byKey !== undefined && scratch.message instanceof Latest) {
      const { key, message, from, queuedAt } = scratch.message;
      this.#byKey.delete(key);
      scratch.fill(message, from, queuedAt, undefined);
    }
    return scratch;
  }

  putBack(envelope: Envelope): void {
    (this.#returned ??= []).push(envelope.copy());
  }

  drain(): Envelope[] {
    return this.remove(() => true);
  }

  /** Takes out the questions: there are none in most lanes, and then nothing is looked at. */
  removeQuestions(): Envelope[] {
    return this.#queue.questions === 0 ? [] : this.remove((envelope) => envelope.pending !== undefined);
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
  #supersede(message: Tagged, from: string, queuedAt: number, onLost: OnLost): boolean {
    const latest = this.#byKey?.get(this.#keyOf(message));
    if (latest === undefined) return false;
    const replaced = Envelope.of(latest.message, latest.from, latest.queuedAt);
    latest.message = message;
    latest.from = from;
    latest.queuedAt = queuedAt;
    onLost(replaced, 'superseded');
    return true;
  }

  /** A message whose key cannot be told stands for itself: that is its receiver's defect, not its sender's crash. */
  #keyOf(message: Tagged): string | Tagged {
    const { key } = this.spec;
    if (key === undefined) return message.type;
    try {
      return key(message as never) ?? message;
    } catch (error) {
      this.#onKeyFailed?.(error);
      this.#onKeyFailed = undefined;
      return message;
    }
  }
}
