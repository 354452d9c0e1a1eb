/** Keeps its children running, by OTP's rules, backoff and budgets; whatever it cannot keep running, it says so. */
import type { ChildSpec, SupervisorSpec } from '../child-spec.ts';
import { faultsOf } from '../child-spec.ts';
import { describeError, describeExit } from '../inspection.ts';
import type { Exit, NodeStatus, NodeView, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import { Child } from './child.ts';
import type { Node, NodeExit, Shutdown } from './node.ts';
import { Operations } from './operations.ts';
import { backoffMs, RestartBudget } from './restart-budget.ts';
import type { Intensity, WhenSpent } from './restart-budget.ts';
import { restartGroup } from './strategy.ts';

/** Why an operation on a child was not done. Names as in OTP. */
export type ChildError = 'invalid-spec' | 'already-started' | 'already-present' | 'not-found' | 'running' | 'restarting' | 'dynamic' | 'failed-to-start' | 'not-running';

export type ChildResult = { readonly ok: true; readonly path: string; readonly incarnation: number } | { readonly ok: false; readonly error: ChildError; readonly reason: string };

/** One child as `which_children` tells of it. */
export interface ChildState {
  readonly path: string;
  readonly kind: 'worker' | 'supervisor';
  readonly state: 'running' | 'restarting' | 'stopped';
  readonly incarnation: number;
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export class Supervisor implements Node {
  readonly kind = 'supervisor';
  readonly path: string;
  readonly #kernel: Kernel;
  #spec: SupervisorSpec;
  #intensity: RestartBudget | undefined;
  /** In start order. */
  readonly #children = new Map<string, Child>();
  /** Exits and requests, one after another: no two decisions at once. */
  readonly #operations: Operations;
  #onExit: (exit: NodeExit) => void = () => undefined;
  #status: NodeStatus = 'stopped';
  #number: number;
  #lastExit: Exit | undefined;

  /** @throws TypeError naming every fault of the specification. */
  constructor(kernel: Kernel, spec: SupervisorSpec) {
    this.path = spec.path;
    this.#kernel = kernel;
    this.#spec = spec;
    this.#number = kernel.numbersFrom;
    this.#intensity = spec.intensity === undefined ? undefined : new RestartBudget(spec.intensity);
    this.#operations = new Operations((error) => this.#defect(error));
    for (const child of spec.children) this.#adopt(child);
    spec.pool?.attach((key) => this.#ensure(key));
  }

  get incarnation(): number {
    return this.#number;
  }

  get livingIncarnation(): number | undefined {
    return this.#status === 'stopped' || this.#status === 'restarting' ? undefined : this.#number;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  get spec(): SupervisorSpec {
    return this.#spec;
  }

  onExit(listener: (exit: NodeExit) => void): void {
    this.#onExit = listener;
  }

  /** A supervisor has no link: its children's ends are its business, and nobody else's. */
  onLinkDown(): void {
    return undefined;
  }

  /** Starts the children in order. If one cannot start, those before it are stopped again and the reason is thrown. */
  start(): Promise<'started'> {
    this.#number += 1;
    this.#status = 'starting';
    return this.#operations.run(async () => {
      for (const child of this.#all()) {
        try {
          await this.#startChild(child);
          if (!this.#isStarting()) throw new Error(`${this.path} was stopped while starting`);
        } catch (error) {
          await this.#stopChildren('the start of a sibling failed');
          this.#status = 'stopped';
          throw error;
        }
      }
      this.#status = 'running';
      this.#kernel.emit({ type: 'started', path: this.path, incarnation: this.#number });
      return 'started' as const;
    });
  }

  async stop(reason: string, shutdown: Shutdown): Promise<void> {
    if (this.#status === 'stopped' || this.#status === 'restarting') {
      this.#status = 'stopped';
      return;
    }
    if (shutdown === 'brutal') return this.#end('killed', reason, false);
    this.#status = 'stopped';
    const limit = shutdown === 'infinity' ? undefined : this.#kernel.deadlines.after(shutdown, () => this.#killChildren(`${this.path} was not stopped within ${shutdown} ms`));
    this.#killStarting(reason);
    await this.#operations.run(() => this.#stopChildren(reason));
    limit?.cancel();
    this.#ended('shutdown', reason);
  }

  kill(reason: string): void {
    if (this.#status === 'stopped' || this.#status === 'restarting') {
      // An orderly stop is under way, or none runs: what still lives below goes now.
      this.#killChildren(reason);
      return;
    }
    this.#end('killed', reason, true);
  }

  markRestarting(): void {
    if (this.#status === 'stopped') this.#status = 'restarting';
  }

  markEnded(): void {
    if (this.#status === 'restarting') this.#status = 'stopped';
    for (const child of this.#children.values()) child.node.markEnded();
  }

  close(): void {
    for (const child of this.#children.values()) {
      child.cancelRetry();
      child.node.close();
      this.#kernel.unbind(child.path);
    }
  }

  // The children at run time, as in OTP.

  /** Adds a child and starts it; one that cannot start leaves no trace. */
  startChild(spec: ChildSpec): Promise<ChildResult> {
    const faults = faultsOf(spec, this.#spec.autoShutdown);
    if (faults.length > 0) return Promise.resolve(refusal('invalid-spec', faults.join('; ')));
    return this.#operations.run(async () => {
      if (this.#status !== 'running') return this.#notRunning();
      const present = this.#children.get(spec.path);
      if (present !== undefined) return present.active ? refusal('already-started', `${spec.path} runs already`) : refusal('already-present', `${spec.path} is a child that does not run: restart or delete it`);
      if (this.#kernel.isBound(spec.path)) return refusal('already-present', `another supervisor has a child called ${spec.path}`);
      const child = this.#adopt(spec);
      try {
        await this.#startChild(child);
      } catch (error) {
        this.#remove(child);
        return refusal('failed-to-start', describeError(error));
      }
      return done(child);
    });
  }

  /** Stops a child; it stays known, unless it is temporary or its supervisor dynamic. */
  terminateChild(path: string, reason = 'terminated by its supervisor'): Promise<ChildResult> {
    return this.#operations.run(async () => {
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      child.cancelRetry();
      await child.node.stop(reason, child.spec.shutdown);
      if (this.#status !== 'running') return done(child);
      if (child.spec.restart === 'temporary' || this.#spec.strategy === 'dynamic') this.#remove(child);
      else child.node.markEnded();
      return done(child);
    });
  }

  /** Starts a child that was terminated or has ended. */
  restartChild(path: string): Promise<ChildResult> {
    return this.#operations.run(async () => {
      if (this.#status !== 'running') return this.#notRunning();
      if (this.#spec.strategy === 'dynamic') return refusal('dynamic', `${this.path} is dynamic: start another child`);
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      if (child.node.status === 'restarting') return refusal('restarting', `${path} is being restarted`);
      if (child.active) return refusal('running', `${path} runs`);
      try {
        await this.#startChild(child);
      } catch (error) {
        child.node.markEnded();
        return refusal('failed-to-start', describeError(error));
      }
      return done(child);
    });
  }

  /** Forgets a child that does not run. */
  deleteChild(path: string): Promise<ChildResult> {
    return this.#operations.run(() => {
      if (this.#spec.strategy === 'dynamic') return refusal('dynamic', `${this.path} is dynamic: terminate the child`);
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      if (child.node.status === 'restarting') return refusal('restarting', `${path} is being restarted`);
      if (child.active) return refusal('running', `${path} runs: terminate it first`);
      this.#remove(child);
      return done(child);
    });
  }

  /** Stops a child in order and starts it again, whatever its type; not counted as a failure. */
  cycleChild(path: string, reason: string): Promise<ChildResult> {
    return this.#operations.run(async () => {
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      child.cancelRetry();
      await child.node.stop(reason, child.spec.shutdown);
      if (this.#status !== 'running') return this.#notRunning();
      child.restarts += 1;
      child.node.markRestarting();
      this.#begin(child);
      return done(child);
    });
  }

  /**
   * Supervises differently from now on: strategy, intensity, auto-shutdown, and how its children are restarted and
   * stopped. What children do is theirs; new ones are known and not started; those the new specification lacks stay.
   */
  upgrade(spec: SupervisorSpec): Promise<ChildResult> {
    const faults = faultsOf(spec, 'all-significant');
    if (faults.length > 0) return Promise.resolve(refusal('invalid-spec', faults.join('; ')));
    return this.#operations.run(() => {
      this.#spec = { ...spec, path: this.path, ...(this.#spec.pool === undefined ? {} : { pool: this.#spec.pool }) };
      this.#intensity = spec.intensity === undefined ? undefined : new RestartBudget(spec.intensity);
      for (const next of spec.children) {
        const child = this.#children.get(next.path);
        if (child === undefined) this.#adopt(next).node.markEnded();
        else child.replaceSpec(next);
      }
      return { ok: true, path: this.path, incarnation: this.#number };
    });
  }

  whichChildren(): readonly ChildState[] {
    return this.#all().map(({ path, node }) => ({ path, kind: node.kind, state: node.status === 'stopped' ? 'stopped' : node.status === 'restarting' ? 'restarting' : 'running', incarnation: node.incarnation }));
  }

  countChildren(): ChildCounts {
    const all = this.#all();
    const supervisors = all.filter((child) => child.node.kind === 'supervisor').length;
    return { specs: all.length, active: all.filter((child) => child.node.livingIncarnation !== undefined).length, supervisors, workers: all.length - supervisors };
  }

  childSpec(path: string): ChildSpec | undefined {
    return this.#children.get(path)?.spec;
  }

  view(): OwnView {
    return this.#own((child) => child.view(child.node.view(), this.#kernel.clock.monotonic()));
  }

  detail(): OwnView {
    return this.view();
  }

  /** The child's own detail with what only its supervisor knows. */
  detailOf(path: string): NodeView | undefined {
    const child = this.#children.get(path);
    return child?.view(child.node.detail(), this.#kernel.clock.monotonic());
  }

  #own(view: (child: Child) => NodeView): OwnView {
    return {
      path: this.path,
      role: 'supervisor',
      kind: 'supervisor',
      status: this.#status,
      incarnation: this.#number,
      lastExit: this.#lastExit ?? null,
      mailbox: { depth: 0, capacity: 0, oldestMs: 0, dropped: 0, parked: 0 },
      handled: 0,
      lastMessageAt: null,
      children: this.#all().map(view),
    };
  }

  #all(): Child[] {
    return [...this.#children.values()];
  }

  #adopt(spec: ChildSpec): Child {
    const node: Node = spec.kind === 'worker' ? spec.make(this.#kernel) : new Supervisor(this.#kernel, spec);
    const child = new Child(spec, node);
    this.#kernel.bind(node, this.path);
    node.onExit((exit) => {
      const number = this.#number;
      this.#operations.post(() => (this.#number === number ? this.#onChildExit(child, exit) : undefined));
    });
    this.#children.set(spec.path, child);
    return child;
  }

  #remove(child: Child): void {
    child.cancelRetry();
    this.#children.delete(child.path);
    child.node.close();
    this.#kernel.unbind(child.path);
  }

  /** Makes and starts the pool's child of this key, once. A failed first start is retried like a failure. */
  #ensure(key: string): void {
    const spec = this.#spec.pool?.child(key);
    if (spec === undefined || this.#children.has(spec.path)) return;
    const child = this.#adopt(spec);
    if (this.#status === 'running') this.#begin(child);
  }

  async #startChild(child: Child): Promise<void> {
    if ((await child.node.start()) === 'started') return;
    if (child.spec.restart === 'temporary') this.#remove(child);
    else child.node.markEnded();
  }

  /** Starts one child without making the others wait for it; a failure comes back as an operation. */
  #begin(child: Child): void {
    const number = this.#number;
    this.#startChild(child).catch((error: unknown) => {
      this.#operations.post(() => (this.#number === number ? this.#onFailedStart(child, error) : undefined));
    });
  }

  #onFailedStart(child: Child, error: unknown): Promise<void> | undefined {
    if (!this.#mayRestart(child)) return undefined;
    return this.#restart(child, describeError(error));
  }

  #onChildExit(child: Child, { kind, incarnation, reason }: NodeExit): Promise<void> | void {
    // It may have been restarted with others, terminated or forgotten before its turn came.
    if (!this.#mayRestart(child) || child.node.incarnation !== incarnation) return;
    const { restart, significant } = child.spec;
    if (restart === 'permanent' || (restart === 'transient' && kind !== 'normal' && kind !== 'shutdown')) return this.#restart(child, reason);
    if (restart === 'temporary') this.#remove(child);
    else child.node.markEnded();
    if (significant && this.#autoShutdownDue()) return this.#giveUp(child, `significant ${child.path} ended: ${reason}`);
  }

  #mayRestart(child: Child): boolean {
    return this.#status === 'running' && this.#children.get(child.path) === child && child.node.livingIncarnation === undefined && child.retry === undefined;
  }

  #autoShutdownDue(): boolean {
    switch (this.#spec.autoShutdown) {
      case 'never':
        return false;
      case 'any-significant':
        return true;
      case 'all-significant':
        return !this.#all().some((child) => child.spec.significant && child.active);
    }
  }

  /** One failure: counted, decided, its group stopped; then started after the wait. */
  async #restart(child: Child, reason: string): Promise<void> {
    const now = this.#kernel.clock.monotonic();
    const { policy } = child.spec;
    const { path } = child;
    const before = child.budget.used(now);
    const within = child.budget.take(now);
    const slowest = Math.max(this.#spentWait(this.#intensity?.take(now) ?? true, this.#spec.intensity, this.#intensity, child, reason), this.#spentWait(within, policy, child.budget, child, reason));
    if (slowest === Infinity) return this.#giveUp(child, reason);
    const inMs = slowest > 0 ? slowest : backoffMs(policy.backoff, before, this.#kernel.random);
    child.restarts += 1;
    child.node.markRestarting();
    this.#kernel.emit({ type: 'restarting', path, incarnation: child.node.incarnation, inMs, used: child.budget.used(now), limit: child.budget.limit });
    if (slowest > 0) this.#kernel.emit({ type: 'budget-spent', path, retryEveryMs: inMs });
    const group = restartGroup(this.#spec.strategy, this.#all(), child);
    if (group.length > 1) await this.#stopGroup(group, child, reason);
    if (this.#status !== 'running') return;
    if (inMs === 0) return this.#startGroup(child);
    child.retry = this.#kernel.deadlines.after(inMs, () => {
      child.retry = undefined;
      this.#operations.post(() => (this.#mayRestart(child) ? this.#startGroup(child) : undefined));
    });
  }

  /** 0: within the budget. Infinity: escalate. Else the slow wait. */
  #spentWait(within: boolean, intensity: Intensity | undefined, budget: RestartBudget | undefined, child: Child, reason: string): number {
    if (within || intensity === undefined) return 0;
    let what: WhenSpent;
    try {
      what = typeof intensity.whenSpent === 'function' ? intensity.whenSpent({ supervisor: this.path, child: child.path, used: budget?.used(this.#kernel.clock.monotonic()) ?? 0, reason }) : intensity.whenSpent;
    } catch (error) {
      this.#defect(error);
      what = 'escalate';
    }
    return what === 'escalate' ? Infinity : what.retryEveryMs;
  }

  /** The siblings of a failed child that are restarted with it are stopped in reverse; the temporary among them are gone. */
  async #stopGroup(group: readonly Child[], failed: Child, reason: string): Promise<void> {
    for (const sibling of group.toReversed()) {
      if (sibling === failed) continue;
      sibling.cancelRetry();
      await sibling.node.stop(`restarted with ${failed.path}: ${reason}`, sibling.spec.shutdown);
      if (sibling.spec.restart === 'temporary') this.#remove(sibling);
      else sibling.node.markRestarting();
    }
  }

  #startGroup(failed: Child): Promise<void> | void {
    if (this.#spec.strategy === 'one-for-one' || this.#spec.strategy === 'dynamic') return this.#begin(failed);
    return this.#startInOrder(restartGroup(this.#spec.strategy, this.#all(), failed));
  }

  /** The first that does not start is a failure of its own: its group is stopped again, and waits for it. */
  async #startInOrder(group: readonly Child[]): Promise<void> {
    for (const child of group) {
      if (child.node.livingIncarnation !== undefined) continue;
      child.cancelRetry();
      try {
        await this.#startChild(child);
      } catch (error) {
        if (this.#mayRestart(child)) await this.#restart(child, describeError(error));
        return;
      }
      if (this.#status !== 'running') return;
    }
  }

  /** Ends upward: the children are stopped in order, then the own supervisor decides. */
  async #giveUp(child: Child, reason: string): Promise<void> {
    this.#kernel.emit({ type: 'escalated', path: this.path, incarnation: this.#number, child: child.path, reason });
    this.#status = 'stopped';
    await this.#stopChildren('shutdown');
    this.#ended('shutdown', reason);
    this.#onExit({ kind: 'shutdown', incarnation: this.#number, reason: `${child.path}: ${reason}` });
  }

  #end(kind: 'killed', reason: string, tell: boolean): void {
    this.#status = 'stopped';
    this.#killChildren(reason);
    this.#ended(kind, reason);
    if (tell) this.#onExit({ kind, incarnation: this.#number, reason });
  }

  #ended(kind: Exit['kind'], reason: string): void {
    this.#lastExit = describeExit(kind, this.#number, reason, this.#kernel.clock.now());
    this.#kernel.emit({ type: 'stopped', path: this.path, incarnation: this.#number, kind, reason });
    this.#kernel.watches.ended({ path: this.path, incarnation: this.#number, kind, reason });
  }

  #killChildren(reason: string): void {
    for (const child of this.#all().toReversed()) {
      child.cancelRetry();
      child.node.kill(reason);
    }
  }

  /** A start under way would make a stop wait for it. */
  #killStarting(reason: string): void {
    for (const child of this.#all()) if (child.node.status === 'starting') child.node.kill(reason);
  }

  async #stopChildren(reason: string): Promise<void> {
    const children = this.#all();
    for (const child of children) child.cancelRetry();
    const stopOne = async (child: Child) => {
      await child.node.stop(reason, child.spec.shutdown);
      if (child.spec.restart === 'temporary') this.#remove(child);
    };
    if (this.#spec.strategy === 'dynamic') await Promise.all(children.map(stopOne));
    else for (const child of children.toReversed()) await stopOne(child);
  }

  /** A method, because a stop can come while a child is awaited. */
  #isStarting(): boolean {
    return this.#status === 'starting';
  }

  #notRunning(): ChildResult {
    return refusal('not-running', `${this.path} is ${this.#status}`);
  }

  #defect(error: unknown): void {
    this.#kernel.logFor(this.path).error({ error }, 'a supervisor must not throw: this is a defect');
  }
}

function done(child: Child): ChildResult {
  return { ok: true, path: child.path, incarnation: child.node.incarnation };
}

function refusal(error: ChildError, reason: string): ChildResult {
  return { ok: false, error, reason };
}
