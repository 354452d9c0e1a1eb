/** The lives of one role, one after another: how each is started, suspended, stopped and killed; never two at once, never a silent end. */
import { ignore } from '../behaviour.ts';
import type { Behaviour, ExitKind, Ignore } from '../behaviour.ts';
import { describeCrash, describeError, describeExit } from '../inspection.ts';
import type { NodeStatus } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { Ref, Tagged } from '../ref.ts';
import type { NodeExit, Shutdown } from '../tree/node.ts';
import type { EffectCounts } from './effects.ts';
import type { Envelope } from './envelope.ts';
import { Incarnation } from './incarnation.ts';
import type { IncarnationHost } from './incarnation.ts';
import { Mailroom } from './mailroom.ts';
import { WorkRecord } from './work-record.ts';

export abstract class Lifecycle<Message extends Tagged, State> implements IncarnationHost<Message> {
  readonly path: string;
  readonly kernel: Kernel;
  readonly self: Ref<Message>;
  readonly behaviour: Behaviour<Message, State>;
  readonly effects: EffectCounts = { running: 0, orphaned: 0 };
  /** The number of its first; above one where a name is used again. */
  readonly firstIncarnation: number;
  protected readonly mailroom: Mailroom;
  protected readonly record = new WorkRecord();
  /** The system queue: comes before every message, and while suspended; what is in it when a life ends was for that life. */
  protected signals: (() => void)[] | undefined;
  readonly #startMs: number;
  #onExit: (exit: NodeExit) => void = () => undefined;
  /** `stopped` while the life goes on: an orderly stop is under way. */
  #status: NodeStatus = 'stopped';
  #life: Incarnation<Message, State> | undefined;
  #number: number;
  #closed = false;

  constructor(kernel: Kernel, self: Ref<Message>, behaviour: Behaviour<Message, State>, startMs: number) {
    this.path = self.path;
    this.kernel = kernel;
    this.self = self;
    this.behaviour = behaviour;
    this.#startMs = startMs;
    this.#number = kernel.numbersFrom;
    this.firstIncarnation = this.#number + 1;
    this.mailroom = new Mailroom(kernel, self.path, behaviour.mailbox);
  }

  get incarnation(): number {
    return this.#number < this.firstIncarnation ? 0 : this.#number;
  }

  get livingIncarnation(): number | undefined {
    return this.#living?.number;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  get inHand(): Envelope | undefined {
    return this.mailroom.inHand;
  }

  onExit(listener: (exit: NodeExit) => void): void {
    this.#onExit = listener;
  }

  async start(): Promise<'started' | 'ignored'> {
    if (this.#closed) throw new Error(`${this.path} is closed`);
    if (this.#living !== undefined) throw new Error(`${this.path} runs already`);
    const life = new Incarnation<Message, State>(++this.#number, this, this.behaviour, this.mailroom);
    this.#life = life;
    this.mailroom.open = true;
    this.#status = 'starting';
    let made: State | Ignore;
    try {
      const making = life.init(this.#startMs);
      made = making instanceof Promise ? await making : making;
      if (life.ended) throw new Error(`${this.path} was ended while starting`);
    } catch (error) {
      if (!life.ended) this.#fail(life, 'crashed', error, 'init');
      throw error;
    }
    if (made === ignore) {
      this.#finish(life, 'normal', 'nothing to do');
      return 'ignored';
    }
    life.begin(made);
    this.#status = 'running';
    this.kernel.emit({ type: 'started', path: this.path, incarnation: life.number });
    this.wakeAtLast();
    return 'started';
  }

  async stop(reason: string, shutdown: Shutdown): Promise<void> {
    const life = this.#living;
    const hasBegun = this.takesSignals;
    this.#status = 'stopped';
    if (life === undefined) return;
    if (shutdown === 'brutal') return this.#finish(life, 'killed', reason);
    const closing = hasBegun ? life.terminate(shutdown === 'infinity' ? undefined : shutdown) : undefined;
    const failure = closing === undefined ? undefined : await closing;
    if (failure === undefined) return this.#finish(life, 'shutdown', reason);
    this.kernel.logFor(this.path).error({ error: failure.error }, 'terminate failed; going on with the stop');
    this.#finish(life, failure.kind, `${reason}: ${describeError(failure.error)}`);
  }

  /** A brutal end: nothing is asked of the actor. The supervisor sees a failure, unless it is stopping the actor itself. */
  kill(reason: string): void {
    const life = this.#living;
    if (life === undefined) return;
    const stopping = this.#status === 'stopped';
    const error = new Error(reason);
    this.#fail(life, 'killed', error, undefined, reason);
    if (!stopping) this.#onExit({ kind: 'killed', incarnation: life.number, reason, error });
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
    this.wakeAtLast();
  }

  markRestarting(): void {
    if (this.#living === undefined) this.#status = 'restarting';
  }

  markEnded(): void {
    if (this.#living !== undefined) return;
    this.#status = 'stopped';
    this.mailroom.shut();
  }

  close(): void {
    this.#closed = true;
    this.mailroom.open = false;
    this.markEnded();
    this.signals = undefined;
  }

  // What an incarnation tells of itself.

  abstract enqueueOwn(envelope: Envelope): void;

  abstract traceOut(to: string, type: string, accepted: boolean): void;

  onStop(kind: ExitKind, reason: string): void {
    const life = this.#living;
    if (life === undefined) return;
    this.#finish(life, kind, reason);
    this.#onExit({ kind, incarnation: life.number, reason });
  }

  onDefect(error: unknown, during: string): void {
    const life = this.#living;
    if (life === undefined) return;
    const reason = this.#fail(life, 'crashed', error, during);
    this.#onExit({ kind: 'crashed', incarnation: life.number, reason, error });
  }

  /** It can handle messages, or could but for a suspension. */
  protected get takesSignals(): boolean {
    return this.#status === 'running' || this.#status === 'suspended';
  }

  /** The one that runs, or the last. */
  protected get life(): Incarnation<Message, State> | undefined {
    return this.#life;
  }

  /** It can do what waits, from now on. */
  protected abstract wakeAtLast(): void;

  get #living(): Incarnation<Message, State> | undefined {
    return this.#life === undefined || this.#life.ended ? undefined : this.#life;
  }

  /** In order, or by who is entitled to: no crash is reported. */
  #finish(life: Incarnation<Message, State>, kind: ExitKind, reason: string): void {
    if (life.ended) return;
    this.#release(life, kind, reason);
    this.kernel.emit({ type: 'stopped', path: this.path, incarnation: life.number, kind, reason });
  }

  /** By its own failure, or by one that is `given`. Returns the reason. */
  #fail(life: Incarnation<Message, State>, kind: 'crashed' | 'killed', error: unknown, during: string | undefined, given?: string): string {
    const crash = describeCrash(error, this.kernel.clock.now(), life.number, during);
    const reason = given ?? crash.reason;
    this.record.crash(crash);
    this.#release(life, kind, reason);
    this.kernel.emit({ type: 'crashed', path: this.path, incarnation: life.number, crash });
    return reason;
  }

  #release(life: Incarnation<Message, State>, kind: ExitKind, reason: string): void {
    this.#status = 'stopped';
    this.signals = undefined;
    this.record.lastExit = describeExit(kind, life.number, reason, this.kernel.clock.now());
    const ended = `${this.path} ended: ${reason}`;
    life.end(ended);
    this.mailroom.endIncarnation(ended);
    this.kernel.watches.ended({ path: this.path, incarnation: life.number, kind, reason });
  }
}
