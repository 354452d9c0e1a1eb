/** Keeps its children running: restarts by budget and backoff, one for one; whatever it cannot keep running, it says so. */
import type { Bindable, ChildSpec, SupervisorSpec } from './child-spec.ts';
import type { TimerHandle } from './clock.ts';
import type { NodeStatus, NodeView } from './inspection.ts';
import type { Kernel } from './kernel.ts';
import type { Node, NodeExit } from './node.ts';
import { DEFAULT_RESTART, RestartBudget } from './restart-budget.ts';

interface Child {
  readonly spec: ChildSpec;
  readonly node: Node;
  readonly budget: RestartBudget;
  restarts: number;
  pending: TimerHandle | undefined;
}

export class Supervisor implements Node {
  readonly path: string;
  readonly #kernel: Kernel;
  readonly #spec: SupervisorSpec;
  readonly #bind: (path: string, node: Bindable) => void;
  readonly #children: Child[] = [];
  #onExit: (exit: NodeExit) => void = () => undefined;
  #status: NodeStatus = 'stopped';
  #number = 0;

  constructor(kernel: Kernel, spec: SupervisorSpec, bind: (path: string, node: Bindable) => void) {
    this.path = spec.path;
    this.#kernel = kernel;
    this.#spec = spec;
    this.#bind = bind;
    for (const child of spec.children) this.#adopt(child);
    spec.pool?.attach((key) => this.#ensure(key));
  }

  get incarnation(): number {
    return this.#number;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  get children(): readonly Node[] {
    return this.#children.map((child) => child.node);
  }

  onExit(listener: (exit: NodeExit) => void): void {
    this.#onExit = listener;
  }

  /** Starts the children in order. If one cannot start, those before it are stopped again and the reason is thrown. */
  async start(): Promise<void> {
    this.#number += 1;
    this.#status = 'starting';
    for (const child of this.#children) {
      try {
        await child.node.start();
        if (!this.#isStarting()) throw new Error(`${this.path} was stopped while starting`);
      } catch (error) {
        await this.#stopChildren('start of a sibling failed');
        this.#status = 'stopped';
        throw error;
      }
    }
    this.#status = 'running';
    this.#kernel.emit({ type: 'started', path: this.path, incarnation: this.#number });
  }

  async stop(reason: string): Promise<void> {
    if (this.#status === 'stopped') return;
    this.#status = 'stopped';
    await this.#stopChildren(reason);
    this.#kernel.emit({ type: 'stopped', path: this.path, incarnation: this.#number, reason });
  }

  kill(reason: string): void {
    if (this.#status === 'stopped') return;
    this.#killChildren(reason);
    this.#onExit({ kind: 'crashed', incarnation: this.#number, error: new Error(reason), during: undefined });
  }

  markRestarting(): void {
    this.#status = 'restarting';
  }

  close(): void {
    for (const child of this.#children) child.node.close();
  }

  /** Restarts one child in order, without counting it as a failure; used by the operator. */
  async restartChild(path: string): Promise<void> {
    const child = this.#children.find((one) => one.node.path === path);
    if (child === undefined) throw new Error(`${this.path} has no child ${path}`);
    child.pending?.cancel();
    child.pending = undefined;
    await child.node.stop('restart asked for');
    child.restarts += 1;
    this.#begin(child);
  }

  detail(): Omit<NodeView, 'restarts' | 'restartBudget'> {
    return {
      path: this.path,
      role: 'supervisor',
      kind: 'supervisor',
      status: this.#status,
      incarnation: this.#number,
      mailbox: { depth: 0, capacity: 0, oldestMs: 0, dropped: 0 },
      handled: 0,
      lastMessageAt: null,
      children: this.#children.map((child) => this.#viewOf(child)),
    };
  }

  /** The child's own detail with what only its supervisor knows. */
  detailOf(path: string): NodeView | undefined {
    const child = this.#children.find((one) => one.node.path === path);
    return child === undefined ? undefined : this.#viewOf(child, true);
  }

  #viewOf(child: Child, whole = false): NodeView {
    const { limit, windowMs } = child.budget.policy;
    const { path, role, kind, status, incarnation, mailbox, handled, lastMessageAt, children, ...rest } = child.node.detail();
    return {
      path,
      role,
      kind,
      status,
      incarnation,
      restarts: child.restarts,
      restartBudget: { used: child.budget.used(this.#kernel.clock.monotonic()), limit, windowMs },
      mailbox,
      handled,
      lastMessageAt,
      ...(whole ? rest : {}),
      children,
    };
  }

  #adopt(spec: ChildSpec): Child {
    const node = spec.kind === 'worker' ? spec.make(this.#kernel, this.#bind) : new Supervisor(this.#kernel, spec, this.#bind);
    if (spec.kind === 'supervisor') this.#bind(spec.path, node as unknown as Bindable);
    const child: Child = { spec, node, budget: new RestartBudget(spec.policy), restarts: 0, pending: undefined };
    node.onExit((exit) => this.#onChildExit(child, exit));
    this.#children.push(child);
    return child;
  }

  /** Makes and starts the pool's child of this key, once. A failed first start is retried like a crash. */
  #ensure(key: string): void {
    const pool = this.#spec.pool;
    if (pool === undefined) return;
    const spec = pool.child(key);
    if (this.#children.some((one) => one.node.path === spec.path)) return;
    const child = this.#adopt(spec);
    if (this.#status === 'running') this.#begin(child);
  }

  #onChildExit(child: Child, exit: NodeExit): void {
    if (this.#status !== 'running') return;
    const restart = child.spec.kind === 'worker' ? child.spec.restart : 'permanent';
    if (restart === 'temporary' || (restart === 'transient' && exit.kind === 'normal')) return;
    const decision = child.budget.decide(this.#kernel.clock.monotonic(), this.#kernel.random);
    if (!decision.restart) return this.#escalate(child, exit);
    child.restarts += 1;
    child.node.markRestarting();
    const { path } = child.node;
    const { limit } = child.budget.policy;
    this.#kernel.emit({ type: 'restarting', path, incarnation: exit.incarnation, inMs: decision.inMs, used: child.budget.used(this.#kernel.clock.monotonic()), limit });
    if (decision.spent) this.#kernel.emit({ type: 'budget-spent', path, retryEveryMs: decision.inMs });
    child.pending?.cancel();
    child.pending = this.#kernel.clock.after(decision.inMs, () => {
      child.pending = undefined;
      if (this.#status === 'running') this.#begin(child);
    });
  }

  /** A failed start of a worker comes back through its exit; of a supervisor, here. */
  #begin(child: Child): void {
    child.node.start().catch((error: unknown) => {
      if (child.spec.kind === 'supervisor') this.#onChildExit(child, { kind: 'crashed', incarnation: child.node.incarnation, error, during: 'start' });
    });
  }

  #escalate(child: Child, exit: NodeExit): void {
    const error = new Error(`${child.node.path} failed more often than its budget allows`, { cause: exit.kind === 'crashed' ? exit.error : exit.reason });
    this.#killChildren('shutdown');
    this.#onExit({ kind: 'crashed', incarnation: this.#number, error, during: undefined });
  }

  #killChildren(reason: string): void {
    this.#status = 'stopped';
    for (const child of this.#children.toReversed()) {
      child.pending?.cancel();
      child.pending = undefined;
      child.node.kill(reason);
    }
  }

  /** A method, because a stop can come while a child is awaited. */
  #isStarting(): boolean {
    return this.#status === 'starting';
  }

  async #stopChildren(reason: string): Promise<void> {
    for (const child of this.#children) child.pending?.cancel();
    if (this.#spec.pool !== undefined) {
      await Promise.all(this.#children.map((child) => child.node.stop(reason)));
      return;
    }
    for (const child of this.#children.toReversed()) await child.node.stop(reason);
  }
}

/** The budget shown for a node that has no supervisor: the root. */
export const ROOT_BUDGET = { used: 0, limit: DEFAULT_RESTART.limit, windowMs: DEFAULT_RESTART.windowMs };
