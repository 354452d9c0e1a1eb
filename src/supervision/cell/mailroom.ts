/** What comes to an actor and what becomes of it: every message is accounted for, and each ends in exactly one account. */
import { describeError } from '../inspection.ts';
import type { Accounts, NodeView, ParkedMessage } from '../inspection.ts';
import type { DeadLetterReason } from '../dead-letters.ts';
import type { Kernel } from '../kernel.ts';
import type { MailboxSpec } from '../mailbox.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { VOID } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { OnLost } from './lane.ts';
import { Mail } from './mail.ts';
import { Parking } from './parking.ts';

/** A message that has crashed so many incarnations is parked. */
const POISON_CRASHES = 2;

export class Mailroom {
  /** False: nobody will handle what comes, and it is refused. */
  open = true;
  /** The message whose handler runs. */
  inHand: Envelope | undefined;
  handled = 0;
  /** Monotonic ms of the last message from outside. */
  lastMailAt: number | undefined;
  readonly #kernel: Kernel;
  readonly #path: string;
  readonly #mail: Mail;
  /** Every message that was received is in exactly one of these, waits, is in hand or was handled; the refused were never taken. */
  #received = 0;
  #dropped = 0;
  #superseded = 0;
  #flushed = 0;
  #dead = 0;
  #refused = 0;
  #parking: Parking | undefined;

  constructor(kernel: Kernel, path: string, spec: MailboxSpec) {
    this.#kernel = kernel;
    this.#path = path;
    const lose: OnLost = (envelope, why) => {
      if (why === 'flushed') this.#flushed += 1;
      else if (why === 'superseded') this.#superseded += 1;
      else this.#dropped += 1;
      this.#tellLost(envelope, why);
    };
    const log = (error: unknown) => kernel.logFor(path).error({ error }, 'a key of latest-by-key cannot be told: such messages stand for themselves');
    this.#mail = new Mail(spec, lose, log);
  }

  /** Messages that wait. */
  get depth(): number {
    return this.#mail.depth;
  }

  /** Takes a message from outside. False: refused, or dropped on the spot. */
  accept(message: Tagged, from: string, now: number, pending: PendingAnswer | undefined): boolean {
    if (this.open && this.#mail.offer(message, from, now, pending)) {
      this.#received += 1;
      this.#heardAt(now);
      return true;
    }
    if (!this.open || this.#mail.laneSpec(message).overflow === 'reject') this.#refused += 1;
    else {
      this.#received += 1;
      this.#dropped += 1;
    }
    this.#kernel.bury(this.#path, from, message.type, this.open ? 'overflow' : 'stopped');
    return false;
  }

  /** Takes what the actor itself has started; its mailbox is never full for that. False: nobody will handle it. */
  acceptOwn(envelope: Envelope): boolean {
    this.#received += 1;
    if (this.open) this.#mail.offerOwn(envelope);
    else this.bury(envelope, 'stopped');
    return this.open;
  }

  /**
   * The next for this incarnation; good until the next is taken. Undefined: none waits. `VOID`: what came next was cancelled,
   * or was for another life; it is dead now, and whoever was told of that may have ended this incarnation.
   */
  take(incarnation: number): Envelope | undefined {
    const envelope = this.#mail.take();
    if (envelope === undefined) return undefined;
    if (!envelope.own) {
      this.#heardAt(this.#kernel.stamp.value);
      return envelope;
    }
    if (envelope.onTaken?.() === false) this.bury(envelope, 'cancelled');
    else if (envelope.fence !== 0 && envelope.fence !== incarnation) this.bury(envelope, 'stale-incarnation');
    else return envelope;
    return VOID;
  }

  /** What crashed once is tried again by the next incarnation; what crashed two is parked. A question's asker has been told. */
  crashed(envelope: Envelope, error: unknown, incarnation: number): void {
    envelope.crashes += 1;
    const reason = describeError(error);
    if (envelope.pending !== undefined || envelope.fence !== 0) return this.bury(envelope, 'crashed', `${this.#path} ended: ${reason}`);
    if (envelope.crashes < POISON_CRASHES) return this.#mail.putBack(envelope);
    (this.#parking ??= new Parking()).park(envelope, this.#kernel.clock.now(), reason);
    this.#kernel.emit({ type: 'parked', path: this.#path, incarnation, message: envelope.message.type, from: envelope.from, reason });
  }

  /** What is flushed at the end of an incarnation is; the questions that wait are dead, and their askers are told why. */
  endIncarnation(ended: string): void {
    for (const question of this.#mail.endIncarnation()) this.bury(question, 'asked-of-the-dead', ended);
  }

  /** Nobody comes any more: what waits is dead, and what comes is refused. */
  shut(): void {
    this.open = false;
    for (const envelope of this.#mail.drain()) this.bury(envelope, 'stopped');
  }

  /** Puts what was parked back; how many. None where nobody would handle it. */
  unpark(): number {
    if (!this.open) return 0;
    const envelopes = this.#parking?.takeAll() ?? [];
    for (const envelope of envelopes) {
      envelope.crashes = 0;
      if (envelope.own) this.#mail.offerOwn(envelope);
      else if (!this.#mail.offer(envelope.message, envelope.from, this.#kernel.stamp.read())) {
        this.#dropped += 1;
        this.#tellLost(envelope, 'overflow');
      }
    }
    return envelopes.length;
  }

  /** Gives up what was parked: it is dead from now on; how many. */
  discardParked(): number {
    const envelopes = this.#parking?.takeAll() ?? [];
    for (const envelope of envelopes) this.bury(envelope, 'crashed');
    return envelopes.length;
  }

  bury(envelope: Envelope, reason: DeadLetterReason, explained?: string): void {
    this.#dead += 1;
    this.#tellLost(envelope, reason, explained);
  }

  accounts(): Accounts {
    const queued = this.#mail.depth + (this.inHand === undefined ? 0 : 1);
    return { received: this.#received, handled: this.handled, queued, parked: this.#parking?.count ?? 0, flushed: this.#flushed, dropped: this.#dropped, superseded: this.#superseded, dead: this.#dead, refused: this.#refused };
  }

  view(): NodeView['mailbox'] {
    const { depth, capacity, oldestAt } = this.#mail;
    return { depth, capacity, oldestMs: oldestAt === undefined ? 0 : Math.round(this.#kernel.clock.monotonic() - oldestAt), dropped: this.#dropped + this.#refused, parked: this.#parking?.kept ?? 0 };
  }

  parked(): readonly ParkedMessage[] {
    return this.#parking?.messages() ?? [];
  }

  /** Most messages of a turn share one reading of the clock: a time is stored, as an object of its own, only when it is another. */
  #heardAt(now: number): void {
    if (this.lastMailAt !== now) this.lastMailAt = now;
  }

  #tellLost(envelope: Envelope, reason: DeadLetterReason, explained = `${this.#path} did not handle ${envelope.message.type}: ${reason}`): void {
    envelope.onTaken?.();
    this.#kernel.bury(this.#path, envelope.from, envelope.message.type, reason);
    envelope.pending?.fail('target-down', new Error(explained));
  }
}
