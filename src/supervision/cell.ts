/** A running actor: one behaviour, one mailbox, one incarnation after another; never two handlers at once, never a silent end. */
import { OpenQuestions } from './ask.ts';
import type { ActorContext, Behaviour, Next } from './behaviour.ts';
import { actorContext, initContext } from './context.ts';
import { Incarnation } from './incarnation.ts';
import type { EffectCounts } from './incarnation.ts';
import { describeCrash } from './inspection.ts';
import type { NodeStatus, WorkerDetail } from './inspection.ts';
import type { Envelope, Kernel, PendingAnswer } from './kernel.ts';
import { Queue } from './mailbox.ts';
import type { Node, NodeExit } from './node.ts';
import type { Ref, Tagged } from './ref.ts';
import type { Turn } from './turns.ts';
import { WorkRecord } from './work-record.ts';

/** A turn ends after so many messages or milliseconds, so that nobody waits long behind a busy actor (reference nact.md, 3.4). */
const TURN_MESSAGES = 32;
const TURN_MS = 2;

export interface CellTimes {
  readonly startMs: number;
  readonly shutdownMs: number;
}

export class Cell<Message extends Tagged, State> implements Node {
  readonly path: string;
  readonly #kernel: Kernel;
  readonly #behaviour: Behaviour<Message, State>;
  readonly #times: CellTimes;
  readonly #self: Ref<Message>;
  readonly #turn: Turn;
  readonly #own = new Queue<Envelope>();
  readonly #mail = new Queue<Envelope>();
  readonly #effects: EffectCounts = { running: 0, orphaned: 0 };
  readonly #record = new WorkRecord();
  #onExit: (exit: NodeExit) => void = () => undefined;
  #status: NodeStatus = 'stopped';
  #incarnation: Incarnation<Message> | undefined;
  #number = 0;
  #questions = new OpenQuestions();
  #state: { readonly value: State } | undefined;
  #awake = false;
  #closed = false;

  constructor(kernel: Kernel, self: Ref<Message>, behaviour: Behaviour<Message, State>, times: CellTimes) {
    this.path = self.path;
    this.#kernel = kernel;
    this.#self = self;
    this.#behaviour = behaviour;
    this.#times = times;
    this.#turn = kernel.turns.register(self.path, () => this.#takeTurn());
  }

  get incarnation(): number {
    return this.#number;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  onExit(listener: (exit: NodeExit) => void): void {
    this.#onExit = listener;
  }

  /** Begins the next incarnation. Resolves when it runs; rejects when its init failed, was too slow, or was ended meanwhile. */
  async start(): Promise<void> {
    if (this.#closed) throw new Error(`${this.path} is closed`);
    const life = new Incarnation<Message>({
      number: ++this.#number,
      kernel: this.#kernel,
      path: this.path,
      counts: this.#effects,
      enqueue: (envelope) => this.#enqueueOwn(envelope),
      onDefect: (error, during) => this.#crash(error, during),
    });
    this.#incarnation = life;
    this.#status = 'starting';
    try {
      const value = await this.#initWithin(life);
      if (life.ended) throw new Error(`${this.path} was ended while starting`);
      this.#state = { value };
    } catch (error) {
      if (this.#incarnation === life && !life.ended) this.#end(life, error, 'init');
      throw error;
    }
    this.#status = 'running';
    this.#kernel.emit({ type: 'started', path: this.path, incarnation: life.number });
    this.#wakeIfWaiting();
  }

  /** Takes a message from outside. False: refused. */
  accept(message: Tagged, from: string, pending?: PendingAnswer): boolean {
    if (this.#closed) return this.#refuse(message, from, 'stopped');
    const { capacity, overflow } = this.#behaviour.mailbox;
    if (this.#mail.length >= capacity) {
      this.#record.dropped += 1;
      if (overflow === 'reject') return this.#refuse(message, from, 'overflow');
      const oldest = this.#mail.shift();
      if (oldest !== undefined) this.#bury(oldest, 'overflow');
    }
    this.#mail.push({ message, from, queuedAt: this.#kernel.clock.monotonic(), ...(pending === undefined ? {} : { pending }) });
    this.#wakeIfWaiting();
    return true;
  }

  /** An orderly end: no further message is handled, `terminate` is awaited within the shutdown time, then all is released. */
  async stop(reason: string): Promise<void> {
    const life = this.#incarnation;
    const state = this.#state;
    const wasAlive = this.#status === 'running' || this.#status === 'suspended';
    this.#status = 'stopped';
    if (wasAlive && life !== undefined && state !== undefined && this.#behaviour.terminate !== undefined) {
      const { terminate } = this.#behaviour;
      await this.#within(this.#times.shutdownMs, () => terminate(state.value), 'terminate').catch((error: unknown) => {
        this.#kernel.logFor(this.path).error({ error }, 'terminate failed; going on with the stop');
      });
    }
    this.#finish(life, reason);
  }

  /** A brutal end: nothing is asked of the actor. The supervisor sees a crash. */
  kill(reason: string): void {
    if (this.#incarnation === undefined || this.#incarnation.ended) return;
    this.#end(this.#incarnation, new Error(reason), undefined);
  }

  suspend(): void {
    if (this.#status !== 'running') return;
    this.#status = 'suspended';
    this.#kernel.emit({ type: 'suspended', path: this.path, incarnation: this.#number });
  }

  resume(): void {
    if (this.#status !== 'suspended') return;
    this.#status = 'running';
    this.#kernel.emit({ type: 'resumed', path: this.path, incarnation: this.#number });
    this.#wakeIfWaiting();
  }

  /** No further incarnation: what waits becomes dead letters. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#status = 'stopped';
    for (const envelope of [...this.#own.drain(), ...this.#mail.drain()]) this.#bury(envelope, 'stopped');
    this.#turn.close();
  }

  markRestarting(): void {
    this.#status = 'restarting';
  }

  /** State by its behaviour's own view; a view that throws is a defect that is shown, not an error that hides the rest. */
  detail(): Omit<WorkerDetail, 'restarts' | 'restartBudget'> {
    const now = this.#kernel.clock.monotonic();
    const oldest = this.#mail.peek()?.queuedAt ?? this.#own.peek()?.queuedAt;
    return {
      path: this.path,
      role: this.#behaviour.role,
      purpose: this.#behaviour.purpose,
      kind: 'worker',
      status: this.#status,
      incarnation: this.#number,
      mailbox: { depth: this.#mail.length + this.#own.length, capacity: this.#behaviour.mailbox.capacity, oldestMs: oldest === undefined ? 0 : Math.round(now - oldest), dropped: this.#record.dropped },
      handled: this.#record.handled,
      lastMessageAt: this.#record.lastMessageAt,
      state: this.view(),
      recentMessages: this.#record.recent,
      crashes: this.#record.crashes,
      effects: { ...this.#effects },
      children: [],
    };
  }

  view(): unknown {
    if (this.#state === undefined) return null;
    try {
      return this.#behaviour.view(this.#state.value, this.#kernel.clock.now());
    } catch (error) {
      return { unviewable: describeCrash(error, this.#kernel.clock.now(), this.#number, 'view').reason };
    }
  }

  #takeTurn(): void {
    this.#awake = false;
    const { clock, marker } = this.#kernel;
    const until = clock.monotonic() + TURN_MS;
    marker.enter(this.path);
    for (let taken = 0; taken < TURN_MESSAGES && this.#status === 'running'; taken++) {
      const envelope = this.#own.shift() ?? this.#mail.shift();
      if (envelope === undefined) break;
      this.#handle(envelope);
      if (clock.monotonic() >= until) break;
    }
    marker.leave();
    this.#wakeIfWaiting();
  }

  #handle(envelope: Envelope): void {
    const life = this.#incarnation;
    const state = this.#state;
    if (life === undefined || state === undefined) return;
    if (envelope.incarnation !== undefined && envelope.incarnation !== life.number) return this.#bury(envelope, 'stale-incarnation');
    const { clock } = this.#kernel;
    const startedAt = clock.monotonic();
    this.#questions.take(envelope);
    let next: Next<State>;
    try {
      next = this.#behaviour.receive(state.value, envelope.message as Message, this.#context(life));
      this.#obey(next, life, envelope.message.type);
    } catch (error) {
      this.#bury(envelope, 'crashed');
      this.#crash(error, envelope.message.type);
    } finally {
      this.#record.message(envelope, startedAt, clock);
    }
  }

  #obey(next: Next<State> | undefined, life: Incarnation<Message>, during: string): void {
    switch (next?.next) {
      case 'same':
        return;
      case 'become':
        if (!life.ended) this.#state = { value: next.state };
        return;
      case 'stop':
        if (!life.ended) this.#finish(life, next.reason, true);
        return;
      case undefined:
        throw new Error(`${this.path}: handling ${during} returned no Next`);
    }
  }

  #context(life: Incarnation<Message>): ActorContext<Message> {
    return actorContext({ kernel: this.#kernel, self: this.#self, life, questions: this.#questions, enqueue: (envelope) => this.#enqueueOwn(envelope) });
  }

  async #initWithin(life: Incarnation<Message>): Promise<State> {
    const context = initContext(this.#kernel, this.#self, life);
    return this.#within(this.#times.startMs, async () => this.#behaviour.init(context), 'init');
  }

  #within<Value>(ms: number, run: () => Promise<Value>, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const deadline = this.#kernel.clock.after(ms, () => reject(new Error(`${this.path}: ${what} took longer than ${ms} ms`)));
      Promise.try(run)
        .then(resolve, reject)
        .finally(() => deadline.cancel());
    });
  }

  #crash(error: unknown, during: string): void {
    const life = this.#incarnation;
    if (life === undefined || life.ended) return;
    this.#end(life, error, during);
  }

  /** The end of an incarnation that did not want to end. */
  #end(life: Incarnation<Message>, error: unknown, during: string | undefined): void {
    const crash = describeCrash(error, this.#kernel.clock.now(), life.number, during);
    this.#record.crash(crash);
    this.#release(life, crash.reason);
    this.#kernel.emit({ type: 'crashed', path: this.path, incarnation: life.number, crash });
    this.#onExit({ kind: 'crashed', incarnation: life.number, error, during });
  }

  #finish(life: Incarnation<Message> | undefined, reason: string, byItself = false): void {
    if (life === undefined || life.ended) return;
    this.#release(life, reason);
    this.#kernel.emit({ type: 'stopped', path: this.path, incarnation: life.number, reason });
    if (byItself) this.#onExit({ kind: 'normal', incarnation: life.number, reason });
  }

  #release(life: Incarnation<Message>, reason: string): void {
    this.#status = 'stopped';
    this.#state = undefined;
    life.end();
    this.#questions.failAll(`${this.path} ended: ${reason}`);
    this.#questions = new OpenQuestions();
    if (this.#behaviour.mailbox.onRestart === 'flush') for (const envelope of this.#mail.drain()) this.#bury(envelope, 'flushed');
  }

  #enqueueOwn(envelope: Envelope): void {
    if (this.#closed) return this.#bury(envelope, 'stopped');
    this.#own.push(envelope);
    this.#wakeIfWaiting();
  }

  #wakeIfWaiting(): void {
    if (this.#awake || this.#status !== 'running' || this.#own.length + this.#mail.length === 0) return;
    this.#awake = true;
    this.#turn.wake();
  }

  #refuse(message: Tagged, from: string, reason: 'stopped' | 'overflow'): false {
    this.#kernel.bury(this.path, from, message.type, reason);
    return false;
  }

  #bury(envelope: Envelope, reason: Parameters<Kernel['bury']>[3]): void {
    this.#kernel.bury(this.path, envelope.from, envelope.message.type, reason);
    envelope.pending?.fail('target-down', new Error(`${this.path} did not handle ${envelope.message.type}: ${reason}`));
  }
}
