/** One life of an actor: its behaviour with its state, from `init` over message after message to its end, whatever a handler says or throws. */
import { same } from '../behaviour.ts';
import type { Behaviour, ExitKind, Ignore, Next } from '../behaviour.ts';
import { describeError } from '../inspection.ts';
import { redact, STATE } from '../redact.ts';
import type { Tagged } from '../ref.ts';
import { Belongings } from './belongings.ts';
import type { LifeHost } from './belongings.ts';
import { ReceiveContext, StartContext } from './context.ts';
import type { Envelope } from './envelope.ts';
import type { Mailroom } from './mailroom.ts';
import { closeWithin, within } from './within.ts';
import type { CloseFailure } from './within.ts';

/** What an incarnation needs of its cell. */
export interface IncarnationHost<Message> extends LifeHost<Message> {
  /** A handler has said that this life is over. */
  onStop(kind: ExitKind, reason: string): void;
}

/** What it has started and owns, and what ends with it, is in `belongings.ts`. */
export class Incarnation<Message extends Tagged, State> extends Belongings<Message, IncarnationHost<Message>> {
  readonly #behaviour: Behaviour<Message, State>;
  readonly #mailroom: Mailroom;
  #state: State | undefined;
  /** While it has a state. */
  #context: ReceiveContext<Message> | undefined;
  /** Lets go of an `init` or a `terminate` that hangs: whoever ends this life must not wait for it. */
  #abandon: (() => void) | undefined;

  constructor(number: number, host: IncarnationHost<Message>, behaviour: Behaviour<Message, State>, mailroom: Mailroom) {
    super(number, host);
    this.#behaviour = behaviour;
    this.#mailroom = mailroom;
  }

  /** What its `init` comes to, at once where that does not wait; one that does is given `startMs`, and rejects when this life is ended meanwhile. */
  init(startMs: number): State | Ignore | Promise<State | Ignore> {
    const { kernel, path } = this.host;
    const made = this.#behaviour.init(new StartContext<Message>(this.host, this));
    if (!(made instanceof Promise)) return made;
    return new Promise((resolve, reject) => {
      this.#abandon = () => reject(new Error(`${path} was ended while starting`));
      within(kernel, startMs, `${path}: init`, () => made).then(resolve, reject);
    });
  }

  /** Its `init` came to `state`: from now on it handles messages. */
  begin(state: State): void {
    this.#abandon = undefined;
    this.#state = state;
    this.#context = new ReceiveContext<Message>(this.host, this);
  }

  /** Only while it has a state. */
  handle(envelope: Envelope): void {
    const mailroom = this.#mailroom;
    mailroom.inHand = envelope;
    try {
      const next = this.#behaviour.receive(this.#state as State, envelope.message as Message, this.#context!);
      if (next !== same) this.#obey(next, envelope.message.type);
      mailroom.handled += 1;
      mailroom.inHand = undefined;
      const { pending } = envelope;
      if (pending !== undefined && !pending.settled) this.keepQuestion(pending);
    } catch (error) {
      mailroom.inHand = undefined;
      this.#onThrown(envelope, error);
    }
  }

  /** Its state by its behaviour's own view, redacted; null: it has none now. A view that throws is a defect that is shown, not an error that hides the rest. */
  view(): unknown {
    if (this.#context === undefined) return null;
    try {
      return redact(this.#behaviour.view(this.#state as State, this.host.kernel.clock.now()), STATE);
    } catch (error) {
      return { unviewable: describeError(error) };
    }
  }

  /** By its behaviour's own word; nothing while it has no state. */
  owes(): readonly string[] {
    const { owes } = this.#behaviour;
    return owes === undefined || this.#context === undefined ? [] : owes(this.#state as State);
  }

  /** False: it has no state now. */
  replaceState(replace: (state: State) => State): boolean {
    if (this.#context === undefined) return false;
    this.#state = replace(this.#state as State);
    return true;
  }

  override lastMailAt(): number | undefined {
    return this.#mailroom.lastMailAt;
  }

  /** An orderly end: the behaviour closes what needs waiting for, at most `ms`, and no longer than this life. Undefined: there is nothing to close. */
  terminate(ms: number | undefined): Promise<CloseFailure | undefined> | undefined {
    const { terminate } = this.#behaviour;
    if (terminate === undefined || this.#context === undefined) return undefined;
    const state = this.#state as State;
    this.silence();
    const abandoned = new Promise<void>((resolve) => (this.#abandon = resolve));
    return closeWithin(this.host.kernel, ms, `${this.host.path}: terminate`, () => terminate(state), abandoned);
  }

  override end(why: string): void {
    this.#state = undefined;
    this.#context = undefined;
    this.#abandon?.();
    this.#abandon = undefined;
    super.end(why);
  }

  #obey(next: Next<State> | undefined, during: string): void {
    switch (next?.next) {
      case 'same':
        return;
      case 'become':
        if (!this.ended) this.#state = next.state;
        return;
      case 'stop':
        if (!this.ended) this.host.onStop(next.kind, next.reason);
        return;
      case undefined:
        throw new Error(`${this.host.path}: handling ${during} returned no Next`);
    }
  }

  /** A crash: the message is tried again, parked or dead, and this life is over. */
  #onThrown(envelope: Envelope, error: unknown): void {
    const { kernel, path } = this.host;
    if (!this.ended) {
      this.#mailroom.crashed(envelope, error, this.number);
      this.host.onDefect(error, envelope.message.type);
      return;
    }
    // It was ended from within its own handler, and then threw: the end stands, the message was handled as far as it went.
    this.#mailroom.handled += 1;
    envelope.pending?.fail('target-down', new Error(`${path} ended without an answer`));
    kernel.logFor(path).error({ error }, 'a handler threw after its incarnation had ended');
  }
}
