/**
 * How long the messages of a turn took. Reading the clock costs as much as handling a message: the first four of a turn
 * have their own readings, then up to sixteen quick ones share one.
 */
import type { Stamp } from '../stamp.ts';
import type { Envelope } from './envelope.ts';
import type { Tracer } from './tracer.ts';
import type { WorkRecord } from './work-record.ts';

const GROUP_MESSAGES = 16;
const GROUP_AFTER = 4;
const QUICK_MS = 0.03;

export class TurnTiming {
  #taken = 0;
  #groupSize = 1;
  #inGroup = 0;
  #startedAt = 0;
  #last: Envelope | undefined;
  #lastQueuedAt = 0;

  begin(startedAt: number): void {
    this.#taken = 0;
    this.#groupSize = 1;
    this.#inGroup = 0;
    this.#startedAt = startedAt;
    this.#last = undefined;
  }

  /** Messages of this turn so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Before the handler: `envelope` may be filled with another message after it. */
  take(envelope: Envelope): void {
    this.#last = envelope;
    this.#lastQueuedAt = envelope.queuedAt;
    this.#taken += 1;
    this.#inGroup += 1;
  }

  /** After the handler. */
  done(stamp: Stamp, record: WorkRecord, tracer: Tracer | undefined): void {
    if (this.#inGroup < this.#groupSize && tracer === undefined) return;
    const startedAt = this.#startedAt;
    const count = this.#inGroup;
    const now = this.#read(stamp, record);
    tracer?.in(this.#last!, startedAt - this.#lastQueuedAt, now - startedAt);
    if (this.#taken >= GROUP_AFTER) this.#groupSize = (now - startedAt) / count < QUICK_MS ? Math.min(this.#groupSize * 2, GROUP_MESSAGES) : 1;
  }

  end(stamp: Stamp, record: WorkRecord): void {
    if (this.#inGroup > 0) this.#read(stamp, record);
    this.#last = undefined;
  }

  #read(stamp: Stamp, record: WorkRecord): number {
    const now = stamp.take();
    record.group(this.#last!, this.#lastQueuedAt, this.#inGroup, this.#startedAt, now);
    this.#startedAt = now;
    this.#inGroup = 0;
    return now;
  }
}
