/** One tree of actors: refs by role path, delivery, questions from outside, control and inspection. */
import { ask } from './ask.ts';
import type { ActorLog } from './behaviour.ts';
import type { Bindable, SupervisorSpec } from './child-spec.ts';
import type { Clock } from './clock.ts';
import { DeadLetters } from './dead-letters.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { LifecycleEvent, NodeView, WorkerDetail } from './inspection.ts';
import type { Kernel, LoopMarker, PendingAnswer } from './kernel.ts';
import type { Random } from './random.ts';
import type { AnswerTo, Ref, Tagged } from './ref.ts';
import { ROOT_BUDGET, Supervisor } from './supervisor.ts';
import type { Turns } from './turns.ts';

export interface SystemOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly logFor: (path: string) => ActorLog;
  readonly marker?: LoopMarker;
}

/** What an operator may do to one node, and what came of it. */
export type Control = 'kill' | 'restart' | 'suspend' | 'resume';

export class ActorSystem {
  readonly deadLetters = new DeadLetters();
  readonly #kernel: Kernel;
  readonly #nodes = new Map<string, Bindable>();
  readonly #listeners = new Set<(event: LifecycleEvent) => void>();
  #root: Supervisor | undefined;
  #rootFailure: ((error: unknown) => void) | undefined;

  constructor(options: SystemOptions) {
    const { clock, random, turns, logFor } = options;
    this.#kernel = {
      clock,
      random,
      turns,
      logFor,
      marker: options.marker ?? { enter: () => undefined, leave: () => undefined },
      emit: (event) => this.#emit(event),
      bury: (to, from, type, reason) => this.#bury(to, from, type, reason),
      deliver: (to, message, from, pending) => this.#deliver(to, message, from, pending),
      incarnationOf: (ref) => this.#nodes.get(ref.path)?.incarnation ?? 0,
    };
  }

  /** The ref of a role path, whether or not anyone answers there yet. */
  ref<Message>(path: string): Ref<Message> {
    return { path } as Ref<Message>;
  }

  /** Starts the tree. Rejects with the reason if any child cannot start; nothing is left running then. `onFailure`: the root gave up. */
  async start(spec: SupervisorSpec, onFailure: (error: unknown) => void): Promise<void> {
    this.#rootFailure = onFailure;
    this.#root = new Supervisor(this.#kernel, spec, (path, node) => {
      if (this.#nodes.has(path)) throw new Error(`two nodes are called ${path}`);
      this.#nodes.set(path, node);
    });
    this.#root.onExit((exit) => this.#rootFailure?.(exit.kind === 'crashed' ? exit.error : new Error(exit.reason)));
    await this.#root.start();
  }

  /** Stops the tree in reverse order of start. Never hangs: every child has its shutdown time. */
  async stop(reason: string): Promise<void> {
    await this.#root?.stop(reason);
    this.#root?.close();
    this.#kernel.turns.close();
  }

  tell<Message extends Tagged>(to: Ref<Message>, message: Message, from = 'outside'): boolean {
    return this.#deliver(to, message, from);
  }

  ask<Asked extends Tagged, const Question extends Asked>(to: Ref<Asked>, question: Question, timeoutMs: number, from = 'outside'): Promise<AnswerTo<Asked, Question>> {
    return new Promise((resolve, reject) => {
      ask<AnswerTo<Asked, Question>>(this.#kernel, to, question, from, timeoutMs, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
    });
  }

  subscribe(listener: (event: LifecycleEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tree(): NodeView {
    if (this.#root === undefined) throw new Error('the tree has not been started');
    return { ...this.#root.detail(), restarts: 0, restartBudget: ROOT_BUDGET };
  }

  /** One node with everything that is known of it; undefined: there is none of that path. */
  inspect(path: string): NodeView | WorkerDetail | undefined {
    if (path === this.#root?.path) return this.tree();
    return this.#parentOf(path)?.detailOf(path);
  }

  /** Acts on one node and returns the incarnation acted on; undefined: there is none of that path. */
  control(path: string, action: Control, reason: string): number | undefined {
    const node = this.#nodes.get(path);
    const parent = this.#parentOf(path);
    if (node === undefined || parent === undefined) return undefined;
    const { incarnation } = node;
    if (action === 'kill') node.kill(`killed: ${reason}`);
    else if (action === 'restart') parent.restartChild(path).catch((error: unknown) => this.#kernel.logFor(path).error({ error }, 'restart failed'));
    else if (node instanceof Supervisor) return undefined;
    else if (action === 'suspend') node.suspend();
    else node.resume();
    return incarnation;
  }

  #parentOf(path: string): Supervisor | undefined {
    const search = (candidate: Supervisor): Supervisor | undefined => {
      for (const child of candidate.children) {
        if (child.path === path) return candidate;
        const found = child instanceof Supervisor ? search(child) : undefined;
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return this.#root === undefined ? undefined : search(this.#root);
  }

  #deliver(to: Ref<never>, message: Tagged, from: string, pending?: PendingAnswer): boolean {
    const node = this.#nodes.get(to.path);
    if (node === undefined) {
      this.#bury(to.path, from, message.type, 'unknown-ref');
      return false;
    }
    return node.accept(message, from, pending);
  }

  #bury(to: string, from: string, type: string, reason: DeadLetterReason): void {
    this.deadLetters.add({ to, from, type, reason, at: this.#kernel.clock.now() });
    this.#emit({ type: 'dead-letter', to, from, message: type, reason });
  }

  #emit(event: LifecycleEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
