/** A message on its way, with what must be known of it until it is handled. */
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';

export class Envelope {
  message: Tagged;
  readonly from: string;
  /** Monotonic ms. */
  queuedAt: number;
  /** Only for this incarnation (timers, effects that are no facts); 0: for whichever lives. */
  readonly fence: number;
  /** Who waits for the answer. */
  readonly pending: PendingAnswer | undefined;
  /** How many handlers it has crashed. */
  crashes = 0;
  /** Started by the actor itself: an outcome, a timer, a notice. */
  readonly own: boolean;
  /** Called when it is taken or lost. False: it means nothing any more (a timer that was cancelled meanwhile). */
  readonly onTaken: (() => boolean) | undefined;

  constructor(message: Tagged, from: string, queuedAt: number, own = false, fence = 0, pending?: PendingAnswer, onTaken?: () => boolean) {
    this.message = message;
    this.from = from;
    this.queuedAt = queuedAt;
    this.own = own;
    this.fence = fence;
    this.pending = pending;
    this.onTaken = onTaken;
  }
}
