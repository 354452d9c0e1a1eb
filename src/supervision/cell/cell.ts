/** A running actor: one behaviour, one mailbox, one incarnation after another; never two handlers at once, never a silent end. */
import { ignore, same } from '../behaviour.ts';
import type { Behaviour, Down, ExitKind, Next } from '../behaviour.ts';
import { describeCrash, describeError, describeExit } from '../inspection.ts';
import type { NodeStatus, OwnDetail, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import { redact, STATE } from '../redact.ts';
import type { Ref, Tagged } from '../ref.ts';
import type { Addressee, NodeExit, Shutdown } from '../tree/node.ts';
import type { Turn } from '../turns.ts';
import { OpenQuestions } from './ask.ts';
import { ReceiveContext, report, StartContext } from './context.ts';
import type { ContextHost } from './context.ts';
import type { Envelope } from './envelope.ts';
import { Incarnation } from './incarnation.ts';
import type { EffectCounts } from './incarnation.ts';
import { Mailroom } from './mailroom.ts';
import type { Tracer } from './tracer.ts';
import { TurnTiming } from './turn-timing.ts';
import { within } from './within.ts';
import { WorkRecord } from './work-record.ts';

/** One for all: one thread takes one turn at a time. */
const TIMING = new TurnTiming();

export class Cell<Message extends Tagged, State> implements Addressee, ContextHost<Message> {
  readonly kind = 'worker';
  readonly path: string;
  readonly kernel: Kernel;
  readonly self: Ref<Message>;
  readonly effects: EffectCounts = { running: 0, orphaned: 0 };
  /** The number of its first; above one where a name is used again. */
  readonly firstIncarnation: number;
  /** Set while someone follows its messages. */
  tracer: Tracer | undefined;
  readonly #behaviour: Behaviour<Message, State>;
  readonly #startMs: number;
  readonly #turn: Turn;
  readonly #mailroom: Mailroom;
  readonly #record = new WorkRecord();
  #onExit: (exit: NodeExit) => void = () => undefined;
  #status: NodeStatus = 'stopped';
  #life: Incarnation<Message> | undefined;
  #context: ReceiveContext<Message> | undefined;
  #number: number;
  #questions: OpenQuestions | undefined;
  #state: { value: State } | undefined;
  /** The system queue: comes before every message, and while suspended. */
  #signals: (() => void)[] | undefined;
  #awake = false;
  #closed = false;
  #abandonTerminate: (() => void) | undefined;
  /** Lets go of an init that hangs, when its incarnation is ended: whoever ended it must not wait for it. */
  #abandonStart: ((error: Error) => void) | undefined;

  constructor(kernel: Kernel, self: Ref<Message>, behaviour: Behaviour<Message, State>, startMs: number) {
    this.path = self.path;
    this.kernel = kernel;
    this.self = self;
    this.#behaviour = behaviour;
    this.#startMs = startMs;
    this.#number = kernel.numbersFrom;
    this.firstIncarnation = this.#number + 1;
    this.#mailroom = new Mailroom(kernel, self.path, behaviour.mailbox);
    this.#turn = kernel.turns.register(() => this.#takeTurn());
  }

  get incarnation(): number {
    return this.#number < this.firstIncarnation ? 0 : this.#number;
  }

  get livingIncarnation(): number | undefined {
    return this.#life === undefined || this.#life.ended ? undefined : this.#number;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  get inHand(): Envelope | undefined {
    return this.#mailroom.inHand;
  }

  get handled(): number {
    return this.#mailroom.handled;
  }

  /** Monotonic ms spent in handlers so far. */
  get busyMs(): number {
    return this.#record.busyMs;
  }

  onExit(listener: (exit: NodeExit) => void): void {
    this.#onExit = listener;
  }

  async start(): Promise<'started' | 'ignored'> {
    if (this.#closed) throw new Error(`${this.path} is closed`);
    if (this.livingIncarnation !== undefined) throw new Error(`${this.path} runs already`);
    const life = new Incarnation<Message>(++this.#number, this);
    this.#life = life;
    this.#mailroom.open = true;
    this.#status = 'starting';
    let value: State | typeof ignore;
    try {
      const made = this.#behaviour.init(new StartContext<Message>(this, life));
      value = made instanceof Promise ? await this.#awaitInit(made) : made;
      if (life.ended) throw new Error(`${this.path} was ended while starting`);
      this.#abandonStart = undefined;
    } catch (error) {
      if (!life.ended) this.#crash(life, error, 'init', false);
      throw error;
    }
    if (value === ignore) {
      this.#finish(life, 'normal', 'nothing to do');
      return 'ignored';
    }
    this.#state = { value };
    this.#context = new ReceiveContext<Message>(this, life);
    this.#status = 'running';
    this.kernel.emit({ type: 'started', path: this.path, incarnation: life.number });
    this.#wakeAtLast();
    return 'started';
  }

  /** Takes a message from outside. False: refused. */
  accept(message: Tagged, from: string, pending?: PendingAnswer): boolean {
    const { stamp } = this.kernel;
    if (!this.#mailroom.accept(message, from, this.#awake ? stamp.value : stamp.read(), pending)) return false;
    if (!this.#awake) this.#wakeIfWaiting();
    return true;
  }

  async stop(reason: string, shutdown: Shutdown): Promise<void> {
    const life = this.#life;
    const state = this.#state;
    const { terminate } = this.#behaviour;
    const wasAlive = this.#status === 'running' || this.#status === 'suspended';
    this.#status = 'stopped';
    if (life === undefined || life.ended) return;
    if (shutdown === 'brutal') return this.#finish(life, 'killed', reason);
    life.silence();
    if (wasAlive && state !== undefined && terminate !== undefined) {
      const abandoned = new Promise<void>((resolve) => (this.#abandonTerminate = resolve));
      let threw = false;
      const terminating = () => Promise.try(terminate, state.value).catch((error: unknown) => {
        threw = true;
        throw error;
      });
      try {
        await Promise.race([within(this.kernel, shutdown === 'infinity' ? undefined : shutdown, `${this.path}: terminate`, terminating), abandoned]);
      } catch (error) {
        this.kernel.logFor(this.path).error({ error }, 'terminate failed; going on with the stop');
        return this.#finish(life, threw ? 'crashed' : 'killed', `${reason}: ${describeError(error)}`);
      }
    }
    this.#finish(life, 'shutdown', reason);
  }

  /** A brutal end: nothing is asked of the actor. The supervisor sees a failure. */
  kill(reason: string): void {
    const life = this.#life;
    if (life === undefined || life.ended) return;
    const stopping = this.#abandonTerminate !== undefined;
    const crash = describeCrash(new Error(reason), this.kernel.clock.now(), life.number, undefined);
    this.#record.crash(crash);
    this.#release(life, 'killed', reason);
    this.kernel.emit({ type: 'crashed', path: this.path, incarnation: life.number, crash });
    if (stopping) this.#abandonTerminate?.();
    else this.#onExit({ kind: 'killed', incarnation: life.number, reason, error: new Error(reason) });
  }

  suspend(): void {
    if (this.#status !== 'running') return;
    this.#status = 'suspended';
    this.kernel.emit({ type: 'suspended', path: this.path, incarnation: this.#number });
  }

  resume(): void {
    if (this.#status !== 'suspended') return;
    this.#status = 'running';
    this.kernel.emit({ type: 'resumed', path: this.path, incarnation: this.#number });
    this.#wakeAtLast();
  }

  /** Runs `act` in a turn of its own, before any message, also while suspended; not before it runs. */
  signal(act: () => void): void {
    if (this.#closed) return;
    (this.#signals ??= []).push(act);
    this.#wakeAtLast();
  }

  /** In a turn: the state, if an incarnation runs. */
  readState(): { readonly value: State } | undefined {
    return this.#state;
  }

  /** In a turn: another state for the incarnation that runs. */
  replaceState(replace: (state: State) => State, reason: string): boolean {
    if (this.#state === undefined) return false;
    this.#state = { value: replace(this.#state.value) };
    this.kernel.emit({ type: 'state-replaced', path: this.path, incarnation: this.#number, reason });
    return true;
  }

  /** Puts what was parked back into the mailbox; how many. None where nobody would handle it. */
  unpark(): number {
    const count = this.#mailroom.unpark();
    this.#wakeIfWaiting();
    return count;
  }

  /** Gives up what was parked: it is dead from now on; how many. */
  discardParked(): number {
    return this.#mailroom.discardParked();
  }

  resetTiming(): void {
    this.#record.resetTiming();
  }

  markRestarting(): void {
    if (this.livingIncarnation === undefined) this.#status = 'restarting';
  }

  markEnded(): void {
    if (this.livingIncarnation !== undefined) return;
    this.#status = 'stopped';
    this.#mailroom.shut();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.tracer?.end('closed');
    this.#mailroom.open = false;
    this.markEnded();
    this.#signals = undefined;
    this.#turn.close();
  }

  view(): OwnView {
    return {
      path: this.path,
      role: this.#behaviour.role,
      kind: 'worker',
      status: this.#status,
      incarnation: this.incarnation,
      lastExit: this.#record.lastExit ?? null,
      mailbox: this.#mailroom.view(),
      handled: this.#mailroom.handled,
      lastMessageAt: this.#record.lastMessageAt(this.kernel.clock),
      children: [],
    };
  }

  detail(): OwnDetail {
    return {
      ...this.view(),
      purpose: this.#behaviour.purpose,
      state: this.stateView(),
      accounts: this.#mailroom.accounts(),
      timing: this.#record.timing(),
      recentMessages: this.#record.recent(this.kernel.clock),
      crashes: this.#record.crashes,
      parked: this.#mailroom.parked(),
      effects: { ...this.effects },
      watchedBy: this.kernel.watches.watchersOf(this.path),
    };
  }

  /** State by its behaviour's own view, redacted; a view that throws is a defect that is shown, not an error that hides the rest. */
  stateView(): unknown {
    if (this.#state === undefined) return null;
    try {
      return redact(this.#behaviour.view(this.#state.value, this.kernel.clock.now()), STATE);
    } catch (error) {
      return { unviewable: describeError(error) };
    }
  }

  // What its incarnation and its contexts need of it.

  enqueueOwn(envelope: Envelope): void {
    if (this.#mailroom.acceptOwn(envelope)) this.#wakeIfWaiting();
  }

  onDefect(error: unknown, during: string): void {
    if (this.#life !== undefined && !this.#life.ended) this.#crash(this.#life, error, during);
  }

  lastMailAt(): number | undefined {
    return this.#mailroom.lastMailAt;
  }

  onLinkDown(down: Down): void {
    const life = this.#life;
    this.signal(() => {
      if (life === undefined || life.ended) return;
      if (life.trap !== undefined) report(this, life, down.path, `link:${down.path}`, life.trap, down);
      else if (down.kind !== 'normal' && down.kind !== 'shutdown') this.#crash(life, new Error(`linked ${down.path} ended: ${down.reason}`), 'link');
    });
  }

  traceOut(to: string, type: string, accepted: boolean): void {
    this.tracer?.out(to, type, accepted);
  }

  #takeTurn(): void {
    const { stamp, turns, marker } = this.kernel;
    marker.enter(this.path);
    TIMING.begin(stamp.value);
    for (;;) {
      if (this.#signals !== undefined && (this.#status === 'running' || this.#status === 'suspended')) this.#runSignals();
      if (this.#status !== 'running') break;
      const envelope = this.#mailroom.take(this.#number);
      if (envelope === undefined) break;
      TIMING.take(envelope);
      this.#handle(envelope);
      TIMING.done(stamp, this.#record, this.tracer);
      if (turns.enough(TIMING.taken)) break;
    }
    TIMING.end(stamp, this.#record);
    marker.leave();
    this.#awake = false;
    this.#wakeIfWaiting();
  }

  #awaitInit(made: Promise<State | typeof ignore>): Promise<State | typeof ignore> {
    return new Promise((resolve, reject) => {
      this.#abandonStart = reject;
      within(this.kernel, this.#startMs, `${this.path}: init`, () => made).then(resolve, reject);
    });
  }

  #runSignals(): void {
    const signals = this.#signals ?? [];
    this.#signals = undefined;
    for (const act of signals) {
      // One of them may have ended this incarnation: the rest were for it.
      if (this.#state === undefined) return;
      act();
    }
  }

  #handle(envelope: Envelope): void {
    const life = this.#life!;
    const mailroom = this.#mailroom;
    mailroom.inHand = envelope;
    try {
      const next = this.#behaviour.receive(this.#state!.value, envelope.message as Message, this.#context!);
      if (next !== same) this.#obey(next, life, envelope.message.type);
      mailroom.handled += 1;
      mailroom.inHand = undefined;
      const { pending } = envelope;
      if (pending !== undefined && !pending.settled) this.#keepQuestion(pending, life);
    } catch (error) {
      mailroom.inHand = undefined;
      if (life.ended) {
        // It was ended from within its own handler, and then threw: the end stands, the message was handled as far as it went.
        mailroom.handled += 1;
        envelope.pending?.fail('target-down', new Error(`${this.path} ended without an answer`));
        this.kernel.logFor(this.path).error({ error }, 'a handler threw after its incarnation had ended');
        return;
      }
      mailroom.crashed(envelope, error, life.number);
      this.#crash(life, error, envelope.message.type);
    }
  }

  #obey(next: Next<State> | undefined, life: Incarnation<Message>, during: string): void {
    switch (next?.next) {
      case 'same':
        return;
      case 'become':
        if (!life.ended) this.#state!.value = next.state;
        return;
      case 'stop':
        if (!life.ended) this.#finish(life, next.kind, next.reason, true);
        return;
      case undefined:
        throw new Error(`${this.path}: handling ${during} returned no Next`);
    }
  }

  /** It may be answered later; or never, and then its asker learns it with the end of this incarnation. */
  #keepQuestion(pending: PendingAnswer, life: Incarnation<Message>): void {
    if (life.ended) pending.fail('target-down', new Error(`${this.path} ended without an answer`));
    else (this.#questions ??= new OpenQuestions()).keep(pending);
  }

  /** The end of an incarnation by its own failure. */
  #crash(life: Incarnation<Message>, error: unknown, during: string, tell = true): void {
    const crash = describeCrash(error, this.kernel.clock.now(), life.number, during);
    this.#record.crash(crash);
    this.#release(life, 'crashed', crash.reason);
    this.kernel.emit({ type: 'crashed', path: this.path, incarnation: life.number, crash });
    if (tell) this.#onExit({ kind: 'crashed', incarnation: life.number, reason: crash.reason, error });
  }

  #finish(life: Incarnation<Message>, kind: ExitKind, reason: string, byItself = false): void {
    if (life.ended) return;
    this.#release(life, kind, reason);
    this.kernel.emit({ type: 'stopped', path: this.path, incarnation: life.number, kind, reason });
    if (byItself) this.#onExit({ kind, incarnation: life.number, reason });
  }

  #release(life: Incarnation<Message>, kind: ExitKind, reason: string): void {
    this.#status = 'stopped';
    this.#state = undefined;
    this.#context = undefined;
    this.#signals = undefined;
    this.#abandonTerminate?.();
    this.#abandonTerminate = undefined;
    this.#abandonStart?.(new Error(`${this.path} was ended while starting`));
    this.#abandonStart = undefined;
    this.#record.lastExit = describeExit(kind, life.number, reason, this.kernel.clock.now());
    life.end();
    const ended = `${this.path} ended: ${reason}`;
    this.#questions?.failAll(ended);
    this.#questions = undefined;
    this.#mailroom.endIncarnation(ended);
    this.kernel.watches.ended({ path: this.path, incarnation: life.number, kind, reason });
  }

  /** For what wakes without a message that has just come: what comes until the turn shares this reading, not one of long ago. */
  #wakeAtLast(): void {
    this.kernel.stamp.read();
    this.#wakeIfWaiting();
  }

  #wakeIfWaiting(): void {
    if (this.#awake) return;
    const running = this.#status === 'running';
    if (!(running && this.#mailroom.depth > 0) && !(this.#signals !== undefined && (running || this.#status === 'suspended'))) return;
    this.#awake = true;
    this.#turn.wake();
  }
}
