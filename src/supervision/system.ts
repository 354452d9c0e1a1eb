/** One tree of actors: refs by role path, delivery, questions from outside, control and inspection. */
import { Address } from './address.ts';
import type { ActorLog } from './behaviour.ts';
import { asked } from './cell/ask.ts';
import { Cell } from './cell/cell.ts';
import { StartingAsks } from './cell/starting-asks.ts';
import { Tracer } from './cell/tracer.ts';
import type { TraceEvent, TraceLimits } from './cell/tracer.ts';
import { within } from './cell/within.ts';
import type { SupervisorSpec } from './child-spec.ts';
import { faultsOf } from './child-spec.ts';
import type { Clock } from './clock.ts';
import { DeadLetters } from './dead-letters.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import { Deadlines } from './deadlines.ts';
import type { LifecycleEvent, NodeView, WorkerDetail } from './inspection.ts';
import type { Kernel, LoopMarker } from './kernel.ts';
import type { PendingAnswer } from './pending-answer.ts';
import type { Random } from './random.ts';
import type { AnswerTo, QuestionOf, Ref, Tagged } from './ref.ts';
import { Stamp } from './stamp.ts';
import { top } from './top.ts';
import type { TopBy, TopRow } from './top.ts';
import { Registry } from './tree/registry.ts';
import { DEFAULT_RESTART } from './tree/restart-budget.ts';
import { Supervisor } from './tree/supervisor.ts';
import type { TurnsOf } from './turns.ts';
import { Watches } from './watches.ts';

export interface SystemOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: TurnsOf;
  readonly logFor: (path: string) => ActorLog;
  readonly marker?: LoopMarker;
  /** Called with every message that is told or asked; in tests it freezes them, so that nobody changes what another holds (H36). */
  readonly seal?: (message: Tagged) => void;
}

/** What an operator may do to one node, and what came of it. */
export type Control = 'kill' | 'restart' | 'suspend' | 'resume';

/** An actor that does not answer within this is busy or does not run. */
const STATE_MS = 500;

export class ActorSystem {
  readonly deadLetters: DeadLetters;
  readonly #kernel: Kernel;
  readonly #registry = new Registry();
  readonly #listeners = new Set<(event: LifecycleEvent) => void>();
  readonly #seal: ((message: Tagged) => void) | undefined;
  #root: Supervisor | undefined;
  readonly #find = (path: string) => this.#cell(path);

  constructor({ clock, random, turns, logFor, marker, seal }: SystemOptions) {
    const registry = this.#registry;
    const stamp = new Stamp(clock);
    this.#seal = seal;
    this.deadLetters = new DeadLetters(clock, ({ to, from, type, reason }, unreported) => this.#emit({ type: 'dead-letter', to, from, message: type, reason, unreported }));
    this.#kernel = {
      clock,
      stamp,
      deadlines: new Deadlines(clock),
      random,
      turns: turns(stamp),
      marker: marker ?? { enter: () => undefined, leave: () => undefined },
      watches: new Watches((path) => registry.node(path)),
      startingAsks: new StartingAsks(),
      startedAt: clock.monotonic(),
      get numbersFrom() {
        return registry.numbersFrom;
      },
      logFor,
      emit: (event) => this.#emit(event),
      bury: (to, from, type, reason) => this.deadLetters.add(to, from, type, reason),
      deliver: (to, message, from, pending) => this.#deliver(to, message, from, pending),
      incarnationOf: (ref) => registry.node(ref.path)?.incarnation ?? 0,
      bind: (node, parent) => registry.bind(node, parent),
      unbind: (path) => registry.unbind(path),
      isBound: (path) => registry.node(path) !== undefined,
    };
  }

  /** The ref of a role path, whether or not anyone answers there yet. */
  ref<Message>(path: string): Ref<Message> {
    return Address.of(path);
  }

  /**
   * Starts the tree. Rejects with the reason if any child cannot start; nothing is left running then.
   * `onEnd`: the root has given up, or was ended by a significant child.
   * @throws TypeError naming every fault of the specification.
   */
  async start(spec: SupervisorSpec, onEnd: (error: Error) => void): Promise<void> {
    const faults = faultsOf(spec, 'never');
    if (faults.length > 0) throw new TypeError(faults.join('\n'));
    if (this.#root !== undefined) throw new Error(`the tree ${this.#root.path} has been started already`);
    const root = new Supervisor(this.#kernel, spec);
    this.#root = root;
    this.#registry.bind(root, '');
    root.onExit((exit) => onEnd(new Error(exit.reason, { cause: exit.error })));
    await root.start();
  }

  /** Stops the tree in reverse order of start; after `withinMs` what is left is ended brutally. */
  async stop(reason: string, withinMs?: number): Promise<void> {
    const root = this.#root;
    if (root !== undefined) {
      const limit = withinMs === undefined ? undefined : this.#kernel.deadlines.after(withinMs, () => root.kill(`${reason}: not stopped within ${withinMs} ms`));
      await root.stop(reason, 'infinity');
      limit?.cancel();
      root.close();
    }
    this.#kernel.turns.close();
    this.#kernel.deadlines.close();
  }

  tell<Message extends Tagged>(to: Ref<Message>, message: Message, from = 'outside'): boolean {
    return this.#deliver(to, message, from);
  }

  ask<Asked extends Tagged, const Question extends QuestionOf<Asked>>(to: Ref<Asked>, question: Question, timeoutMs: number, from = 'outside'): Promise<AnswerTo<Asked, Question>> {
    return asked(this.#kernel, to, question, from, timeoutMs);
  }

  subscribe(listener: (event: LifecycleEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tree(): NodeView {
    if (this.#root === undefined) throw new Error('the tree has not been started');
    const { limit, windowMs } = this.#root.spec.intensity ?? DEFAULT_RESTART;
    return { ...this.#root.view(), restart: this.#root.spec.restart, restarts: 0, restartBudget: { used: 0, limit, windowMs } };
  }

  /** One node with everything that is known of it; undefined: there is none of that path. */
  inspect(path: string): NodeView | WorkerDetail | undefined {
    return path === this.#root?.path ? this.tree() : this.#parentOf(path)?.detailOf(path);
  }

  /** The supervisor of that path: its children can be started, terminated, restarted and deleted. Undefined: there is none. */
  supervisor(path: string): Supervisor | undefined {
    const node = this.#registry.node(path);
    return node instanceof Supervisor ? node : undefined;
  }

  /** The busiest actors; with a window, over that. */
  top(by: TopBy, count: number, windowMs = 0): Promise<readonly TopRow[]> {
    return top(this.#kernel, () => this.#registry.nodes(), by, count, windowMs);
  }

  /** Of each actor that has something it must get rid of before it may end: what that is, by its own word. */
  owed(): ReadonlyMap<string, readonly string[]> {
    const cells = this.#registry.nodes().filter((node) => node instanceof Cell);
    return new Map(cells.map((cell) => [cell.path, cell.owes()] as const).filter(([, what]) => what.length > 0));
  }

  /** The state of an actor by its own view and redacted, read in its turn; rejects if it has none within `timeoutMs`. */
  state(path: string, timeoutMs = STATE_MS): Promise<unknown> {
    return this.#inTurn(path, timeoutMs, (cell) => cell.stateView());
  }

  /** Gives an actor another state, in its turn; rejects as `state` does. For a rescue, and for tests. */
  replaceState<State>(path: string, replace: (state: State) => State, reason: string, timeoutMs = STATE_MS): Promise<void> {
    return this.#inTurn(path, timeoutMs, (cell) => void cell.replaceState(replace as (state: unknown) => unknown, reason));
  }

  /**
   * Follows the messages of one actor, until a limit is reached or the returned function is called; undefined: no such actor.
   * @throws RangeError for a limit that is none.
   */
  trace(path: string, limits: TraceLimits, listener: (event: TraceEvent) => void): (() => void) | undefined {
    const cell = this.#cell(path);
    if (cell === undefined) return undefined;
    const tracer = new Tracer(this.#kernel, cell, limits, listener);
    return () => tracer.end('asked');
  }

  /** Puts what an actor has parked back into its mailbox; how many. Undefined: no such actor. */
  unpark(path: string): number | undefined {
    return this.#cell(path)?.unpark();
  }

  /** Gives up what an actor has parked; how many. Undefined: no such actor. */
  discardParked(path: string): number | undefined {
    return this.#cell(path)?.discardParked();
  }

  /** Begins the timing of an actor anew. False: no such actor. */
  resetTiming(path: string): boolean {
    const cell = this.#cell(path);
    cell?.resetTiming();
    return cell !== undefined;
  }

  /** Acts on one node and returns the incarnation acted on; undefined: there is none of that path, or nothing to act on. */
  control(path: string, action: Control, reason: string): number | undefined {
    const node = this.#registry.node(path);
    const parent = this.#parentOf(path);
    if (node === undefined || parent === undefined) return undefined;
    const { incarnation } = node;
    if (action === 'kill') node.kill(`killed: ${reason}`);
    else if (action === 'restart') this.#cycle(parent, path, reason);
    else if (!(node instanceof Cell)) return undefined;
    else if (action === 'suspend') node.suspend();
    else node.resume();
    return incarnation;
  }

  #cycle(parent: Supervisor, path: string, reason: string): void {
    const log = this.#kernel.logFor(path);
    parent.cycleChild(path, `restart asked for: ${reason}`).then(
      (result) => {
        if (!result.ok) log.warn({ error: result.error }, `not restarted: ${result.reason}`);
      },
      (error: unknown) => log.error({ error }, 'not restarted'),
    );
  }

  #parentOf(path: string): Supervisor | undefined {
    const parent = this.#registry.parentOf(path);
    return parent === undefined || parent === '' ? undefined : this.supervisor(parent);
  }

  #cell(path: string): Cell<Tagged, unknown> | undefined {
    const node = this.#registry.node(path);
    return node instanceof Cell ? node : undefined;
  }

  #inTurn<Result>(path: string, timeoutMs: number, act: (cell: Cell<Tagged, unknown>) => Result): Promise<Result> {
    const cell = this.#cell(path);
    if (cell === undefined) return Promise.reject(new Error(`there is no actor ${path}`));
    return within(this.#kernel, timeoutMs, `${path}: its turn`, () => new Promise<Result>((resolve, reject) => {
      cell.signal(() => {
        Promise.try(act, cell).then(resolve, reject);
      });
    }));
  }

  #deliver(to: Ref<never>, message: Tagged, from: string, pending?: PendingAnswer): boolean {
    const destination = Address.destinationOf(to, this.#find);
    if (destination !== undefined) {
      this.#seal?.(message);
      return destination.accept(message, from, pending);
    }
    this.#bury(to.path, from, message.type, 'unknown-ref');
    return false;
  }

  #bury(to: string, from: string, type: string, reason: DeadLetterReason): void {
    this.deadLetters.add(to, from, type, reason);
  }

  /** A listener that throws is its own affair: what happened goes on happening. */
  #emit(event: LifecycleEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#kernel.logFor('supervision').error({ error, event: event.type }, 'a listener to the life of the tree threw');
      }
    }
  }
}
