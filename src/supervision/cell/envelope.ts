/** A message in hand, or kept aside, with what must be known of it until it is handled. */
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';

const NOTHING: Tagged = { type: '' };

export class Envelope {
  message: Tagged = NOTHING;
  from = '';
  /** Monotonic ms. */
  queuedAt = 0;
  /** Who waits for the answer. */
  pending: PendingAnswer | undefined = undefined;
  /** How many handlers it has crashed. */
  crashes = 0;
  /** Started by the actor itself: an outcome, a timer, a notice. */
  readonly own: boolean;
  /** Only for this incarnation (timers, effects that are no facts); 0: for whichever lives. */
  readonly fence: number;
  /** Called when it is taken or lost. False: it means nothing any more (a timer that was cancelled meanwhile). */
  readonly onTaken: (() => boolean) | undefined;

  constructor(own = false, fence = 0, onTaken?: () => boolean) {
    this.own = own;
    this.fence = fence;
    this.onTaken = onTaken;
  }

  /** A message from outside. */
  static of(message: Tagged, from: string, queuedAt: number, pending?: PendingAnswer): Envelope {
    return new Envelope().fill(message, from, queuedAt, pending);
  }

  /** One that the actor itself has started. */
  static own(message: Tagged, from: string, queuedAt: number, fence: number, onTaken?: () => boolean): Envelope {
    return new Envelope(true, fence, onTaken).fill(message, from, queuedAt, undefined);
  }

  fill(message: Tagged, from: string, queuedAt: number, pending: PendingAnswer | undefined): this {
    this.message = message;
    this.from = from;
    this.queuedAt = queuedAt;
    this.pending = pending;
    this.crashes = 0;
    return this;
  }

  /** For whoever keeps it: a mailbox fills one envelope again and again. */
  copy(): Envelope {
    const copy = new Envelope(this.own, this.fence, this.onTaken).fill(this.message, this.from, this.queuedAt, this.pending);
    copy.crashes = this.crashes;
    return copy;
  }
}

/** Stands for one that was next and means nothing any more. */
export const VOID = new Envelope();
