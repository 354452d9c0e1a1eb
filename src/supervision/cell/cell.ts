/** A running actor: what comes to it waits in its mailbox, and is handled in its turns, one message at a time; never two handlers at once. */
import type { Behaviour, Down } from '../behaviour.ts';
import type { OwnDetail, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Ref, Tagged } from '../ref.ts';
import type { Addressee } from '../tree/node.ts';
import type { Turn } from '../turns.ts';
import { VOID } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Tracer } from './tracer.ts';
import { TurnTiming } from './turn-timing.ts';
import { detailOf, viewOf } from './views.ts';

/** One for all: one thread takes one turn at a time. */
const TIMING = new TurnTiming();

/**
 * The door and the turn are here. How its lives follow one another is in `lifecycle.ts`, what one life is and how it
 * handles a message in `incarnation.ts`, what becomes of each message in `mailroom.ts`, what is shown in `views.ts`.
 */
export class Cell<Message extends Tagged, State> extends Lifecycle<Message, State> implements Addressee {
  readonly kind = 'worker';
  /** Set while someone follows its messages. */
  tracer: Tracer | undefined;
  readonly #turn: Turn;
  /** It has asked for a turn that is not over. */
  #awake = false;

  constructor(kernel: Kernel, self: Ref<Message>, behaviour: Behaviour<Message, State>, startMs: number) {
    super(kernel, self, behaviour, startMs);
    this.#turn = kernel.turns.register(() => this.#takeTurn());
  }

  override close(): void {
    if (this.closed) return;
    this.tracer?.end('closed');
    super.close();
    this.#turn.close();
  }

  // The door.

  /** Takes a message from outside. False: refused. */
  accept(message: Tagged, from: string, pending?: PendingAnswer): boolean {
    const { stamp } = this.kernel;
    if (!this.mailroom.accept(message, from, this.#awake ? stamp.value : stamp.read(), pending)) return false;
    if (!this.#awake && this.status === 'running') this.#wake();
    return true;
  }

  override enqueueOwn(envelope: Envelope): void {
    if (this.mailroom.acceptOwn(envelope)) this.#wakeIfWaiting();
  }

  /** Runs `act` in a turn of its own, before any message, also while suspended; not before it runs. */
  signal(act: () => void): void {
    if (this.closed) return;
    (this.signals ??= []).push(act);
    this.wakeAtLast();
  }

  onLinkDown(down: Down): void {
    const { life } = this;
    this.signal(() => life?.onLinkDown(down));
  }

  /** Puts what was parked back into the mailbox; how many. None where nobody would handle it. */
  unpark(): number {
    const count = this.mailroom.unpark();
    this.#wakeIfWaiting();
    return count;
  }

  /** Gives up what was parked: it is dead from now on; how many. */
  discardParked(): number {
    return this.mailroom.discardParked();
  }

  // The turn.

  #takeTurn(): void {
    const { mailroom, record } = this;
    const { stamp, turns, marker } = this.kernel;
    marker.enter(this.path);
    TIMING.begin(stamp.value);
    for (;;) {
      if (this.signals !== undefined && this.takesSignals) this.#runSignals();
      if (this.status !== 'running') break;
      // Another than before, where the last message ended one and the next was started at once.
      const life = this.life!;
      const envelope = mailroom.take(life.number);
      if (envelope === undefined) break;
      if (envelope === VOID) continue;
      TIMING.take(envelope);
      life.handle(envelope);
      TIMING.done(stamp, record, this.tracer);
      if (turns.enough(TIMING.taken)) break;
    }
    TIMING.end(stamp, record);
    marker.leave();
    this.#awake = false;
    this.#wakeIfWaiting();
  }

  #runSignals(): void {
    const signals = this.signals ?? [];
    this.signals = undefined;
    for (const act of signals) {
      // One of them may have ended this incarnation: the rest were for it.
      if (!this.takesSignals) return;
      act();
    }
  }

  /** For what wakes without a message that has just come: what comes until the turn shares this reading, not one of long ago. */
  protected override wakeAtLast(): void {
    this.kernel.stamp.read();
    this.#wakeIfWaiting();
  }

  #wakeIfWaiting(): void {
    if (this.#awake) return;
    if (!(this.status === 'running' && this.mailroom.depth > 0) && !(this.signals !== undefined && this.takesSignals)) return;
    this.#wake();
  }

  #wake(): void {
    this.#awake = true;
    this.#turn.wake();
  }

  // What is seen of it.

  get handled(): number {
    return this.mailroom.handled;
  }

  /** Monotonic ms spent in handlers so far. */
  get busyMs(): number {
    return this.record.busyMs;
  }

  view(): OwnView {
    return viewOf(this, this.mailroom, this.record);
  }

  detail(): OwnDetail {
    return detailOf(this, this.mailroom, this.record);
  }

  stateView(): unknown {
    return this.life?.view() ?? null;
  }

  owes(): readonly string[] {
    return this.life?.owes() ?? [];
  }

  /** In a turn: another state for the incarnation that runs. */
  replaceState(replace: (state: State) => State, reason: string): boolean {
    if (this.life?.replaceState(replace) !== true) return false;
    this.kernel.emit({ type: 'state-replaced', path: this.path, incarnation: this.incarnation, reason });
    return true;
  }

  resetTiming(): void {
    this.record.resetTiming();
  }

  override traceOut(to: string, type: string, accepted: boolean): void {
    this.tracer?.out(to, type, accepted);
  }
}
