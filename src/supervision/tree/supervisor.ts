/** Keeps its children running, by OTP's rules, backoff and budgets; whatever it cannot keep running, it says so. */
import type { ChildSpec, SupervisorSpec } from '../child-spec.ts';
import { faultsOf, pathsOf } from '../child-spec.ts';
import { describeError, describeExit } from '../inspection.ts';
import type { Exit, NodeStatus, NodeView, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import { Child } from './child.ts';
import type { Node, NodeExit, Shutdown } from './node.ts';
import { Operations } from './operations.ts';
import { countsOf, done, refusal, stateOf } from './requests.ts';
import type { ChildCounts, ChildResult, ChildState } from './requests.ts';
import { backoffMs, RestartBudget, waitWhenSpent } from './restart-budget.ts';
import type { Intensity } from './restart-budget.ts';
import { restartGroup } from './strategy.ts';

/** One that fails to start again and again, without a wait of its own, must not keep the event loop from turning (H23). */
const FAILED_STARTS_AT_ONCE = 10;

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
  #number = 0;
  #lastExit: Exit | undefined;

  /** @throws TypeError naming every fault of the specification. */
  constructor(kernel: Kernel, spec: SupervisorSpec) {
    this.path = spec.path;
    this.#kernel = kernel;
    this.#spec = spec;
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
    const number = (this.#number === 0 ? this.#kernel.numbersFrom : this.#number) + 1;
    this.#number = number;
    this.#status = 'starting';
    this.#forgetRestarts();
    return this.#operations.run(async () => {
      try {
        if (this.#spec.children.some((child) => !this.#children.has(child.path))) this.#arrange();
        // Not a copy: a pool may be given another child meanwhile.
        for (const child of this.#children.values()) {
          this.#mustBeStarting(number);
          await this.#startChild(child);
        }
        this.#mustBeStarting(number);
      } catch (error) {
        await this.#stopChildren('the start of a sibling failed');
        // Whoever stopped it meanwhile has told those who watch it, and may have started it anew.
        if (this.#isStarting(number)) {
          this.#kernel.watches.ended({ path: this.path, incarnation: number, kind: 'crashed', reason: describeError(error) });
          this.#status = 'stopped';
        }
        throw error;
      }
      this.#status = 'running';
      this.#kernel.emit({ type: 'started', path: this.path, incarnation: this.#number });
      return 'started' as const;
    });
  }

  /** One that is ending already is waited for all the same: when this is over, nothing below it runs. */
  async stop(reason: string, shutdown: Shutdown): Promise<void> {
    const lived = this.livingIncarnation !== undefined;
    if (lived && shutdown === 'brutal') return this.#end(reason, false);
    this.#status = 'stopped';
    let overdue = false;
    const hurry = () => {
      overdue = true;
      this.#killChildren(`${this.path} was not stopped within ${shutdown} ms`);
    };
    if (shutdown === 'brutal') this.#killChildren(reason);
    const limit = typeof shutdown === 'number' ? this.#kernel.deadlines.after(shutdown, hurry) : undefined;
    this.#killStarting(reason);
    await this.#operations.run(() => (lived ? this.#stopChildren(reason) : undefined));
    limit?.cancel();
    if (lived) this.#ended(overdue ? 'killed' : 'shutdown', reason);
  }

  kill(reason: string): void {
    if (this.#status === 'stopped' || this.#status === 'restarting') {
      // An orderly stop is under way, or none runs: what still lives below goes now.
      this.#killChildren(reason);
      return;
    }
    this.#end(reason, true);
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
      child.settle();
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
      if (present !== undefined) return present.state === 'running' ? refusal('already-started', `${spec.path} runs already`) : refusal('already-present', `${spec.path} is a child that is ${present.state}: restart or delete it`);
      const taken = pathsOf(spec).find((path) => this.#kernel.isBound(path));
      if (taken !== undefined) return refusal('already-present', `there is another one called ${taken}`);
      let child: Child | undefined;
      try {
        child = this.#adopt(spec);
        await this.#startChild(child);
        return done(child);
      } catch (error) {
        if (child !== undefined) this.#remove(child);
        // It could not even be made: what was bound on the way is not there.
        else for (const path of pathsOf(spec)) this.#kernel.unbind(path);
        return refusal('failed-to-start', describeError(error));
      }
    });
  }

  /** Stops a child; it stays known, unless it is temporary or its supervisor dynamic. */
  terminateChild(path: string, reason = 'terminated by its supervisor'): Promise<ChildResult> {
    return this.#operations.run(async () => {
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      const leads = child.state === 'restarting' && child.awaited;
      child.settle();
      await child.node.stop(reason, child.spec.shutdown);
      if (this.#status !== 'running') return done(child);
      // Those that were to be started with it wait for nothing any more.
      if (leads) for (const sibling of restartGroup(this.#spec.strategy, this.#all(), child)) if (sibling.node.status === 'restarting' && !sibling.awaited) sibling.node.markEnded();
      this.#retire(child);
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
      if (child.state === 'restarting') return refusal('restarting', `${path} is being restarted`);
      if (child.state === 'running') return refusal('running', `${path} runs`);
      try {
        await this.#startChild(child);
      } catch (error) {
        child.settle();
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
      if (child.state === 'restarting') return refusal('restarting', `${path} is being restarted`);
      if (child.state === 'running') return refusal('running', `${path} runs: terminate it first`);
      this.#remove(child);
      return done(child);
    });
  }

  /** Stops a child in order and starts it again, whatever its type; not counted as a failure. */
  cycleChild(path: string, reason: string): Promise<ChildResult> {
    return this.#operations.run(async () => {
      const child = this.#children.get(path);
      if (child === undefined) return refusal('not-found', `${this.path} has no child ${path}`);
      const leads = child.state === 'restarting' && child.awaited;
      child.settle();
      await child.node.stop(reason, child.spec.shutdown);
      if (this.#status !== 'running') return this.#notRunning();
      child.restarts += 1;
      child.node.markRestarting();
      if (leads) await this.#retry(child, reason);
      else this.#begin(child);
      return done(child);
    });
  }

  /**
   * Supervises differently from now on: strategy, intensity, auto-shutdown, and how its children are restarted and
   * stopped. What children do is theirs; new ones are known and not started; those the new specification lacks stay,
   * after those it has. Restarts counted so far count on.
   */
  upgrade(spec: SupervisorSpec): Promise<ChildResult> {
    const faults = faultsOf(spec, 'all-significant');
    if (faults.length > 0) return Promise.resolve(refusal('invalid-spec', faults.join('; ')));
    return this.#operations.run(() => {
      for (const next of spec.children) {
        const child = this.#children.get(next.path);
        if (child !== undefined && child.node.kind !== next.kind) return refusal('invalid-spec', `${next.path}: kind is ${next.kind}; it is a ${child.node.kind}: terminate and delete it first`);
        const taken = child === undefined ? pathsOf(next).find((path) => this.#kernel.isBound(path)) : undefined;
        if (taken !== undefined) return refusal('already-present', `there is another one called ${taken}`);
      }
      const regrouped = this.#spec.strategy !== spec.strategy;
      this.#spec = { ...spec, path: this.path, ...(this.#spec.pool === undefined ? {} : { pool: this.#spec.pool }) };
      this.#intensity = spec.intensity === undefined ? undefined : new RestartBudget(spec.intensity, this.#intensity);
      for (const next of spec.children) this.#children.get(next.path)?.replaceSpec(next);
      for (const added of this.#arrange()) added.node.markEnded();
      // Those that wait for another, with which they were to be started, may not be of its group any more.
      if (regrouped && this.#isRunning()) for (const child of this.#all()) if (child.node.status === 'restarting' && !child.awaited) this.#begin(child);
      return { ok: true, path: this.path, incarnation: this.#number };
    });
  }

  whichChildren(): readonly ChildState[] {
    return this.#all().map(stateOf);
  }

  countChildren(): ChildCounts {
    return countsOf(this.#all());
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

  /** Makes the children of the specification that there are not, and puts all in its order, the others after; the ones made. */
  #arrange(): readonly Child[] {
    const made = this.#spec.children.filter((spec) => !this.#children.has(spec.path)).map((spec) => this.#adopt(spec));
    const all = new Map(this.#children);
    this.#children.clear();
    for (const { path } of this.#spec.children) this.#children.set(path, all.get(path)!);
    for (const [path, child] of all) this.#children.set(path, child);
    return made;
  }

  #remove(child: Child): void {
    if (this.#children.get(child.path) !== child) return;
    child.settle();
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
    child.settle();
    child.expected = 'next';
    const starting = child.node.start();
    const { incarnation } = child.node;
    // It may have started and ended within the call.
    if (child.awaited) child.expected = incarnation;
    const outcome = await starting;
    child.failedStarts = 0;
    if (outcome === 'ignored' && child.expected === incarnation) this.#retire(child);
  }

  /** It has ended and is not started again: forgotten, or kept as a child that does not run. */
  #retire(child: Child): void {
    child.settle();
    if (child.spec.restart === 'temporary' || this.#spec.strategy === 'dynamic') this.#remove(child);
    else child.node.markEnded();
  }

  /** Starts one child without making the others wait for it; a failure comes back as an operation. */
  #begin(child: Child): void {
    const starting = this.#startChild(child);
    const { incarnation } = child.node;
    starting.catch((error: unknown) => this.#onFailedStart(child, incarnation, error));
  }

  /** A failure like another, and decided in its turn: requests that came before it are served before. */
  #onFailedStart(child: Child, incarnation: number, error: unknown): void {
    child.failedStarts += 1;
    this.#operations.post(() => this.#onChildExit(child, { kind: 'crashed', incarnation, reason: describeError(error) }));
  }

  #onChildExit(child: Child, { kind, incarnation, reason }: NodeExit): Promise<void> | void {
    // It may have been restarted with others, terminated or forgotten before its turn came.
    if (this.#status !== 'running' || (child.expected !== incarnation && child.expected !== 'next')) return;
    child.settle();
    const { restart, significant } = child.spec;
    if (restart === 'permanent' || (restart === 'transient' && kind !== 'normal' && kind !== 'shutdown')) return this.#restart(child, reason);
    this.#retire(child);
    if (significant && this.#autoShutdownDue()) return this.#giveUp(child, `significant ${child.path} ended: ${reason}`);
  }

  #autoShutdownDue(): boolean {
    switch (this.#spec.autoShutdown) {
      case 'never':
        return false;
      case 'any-significant':
        return true;
      case 'all-significant':
        return !this.#all().some((child) => child.spec.significant && child.state !== 'stopped');
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
    await this.#stopGroup(child, reason);
    if (this.#status !== 'running') return;
    if (inMs === 0 && child.failedStarts < FAILED_STARTS_AT_ONCE) return this.#startGroup(child);
    const retry = this.#kernel.deadlines.after(inMs, () => {
      this.#operations.post(() => (this.#status === 'running' && child.retry === retry ? this.#retry(child, reason) : undefined));
    });
    child.retry = retry;
  }

  /** Siblings that were added or started while it was waited for begin anew with the group: they come after it. */
  async #retry(child: Child, reason: string): Promise<void> {
    await this.#stopGroup(child, reason);
    if (this.#isRunning()) await this.#startGroup(child);
  }

  /** 0: within the budget. Infinity: escalate. Else the slow wait. */
  #spentWait(within: boolean, intensity: Intensity | undefined, budget: RestartBudget | undefined, child: Child, reason: string): number {
    if (within || intensity === undefined) return 0;
    const spent = { supervisor: this.path, child: child.path, used: budget?.used(this.#kernel.clock.monotonic()) ?? 0, reason };
    return waitWhenSpent(intensity.whenSpent, spent, (error) => this.#defect(error));
  }

  /** The siblings of a failed child that are restarted with it are stopped in reverse; the temporary among them are gone. */
  async #stopGroup(failed: Child, reason: string): Promise<void> {
    for (const sibling of restartGroup(this.#spec.strategy, this.#all(), failed).toReversed()) {
      if (sibling === failed) continue;
      sibling.settle();
      await sibling.node.stop(`restarted with ${failed.path}: ${reason}`, sibling.spec.shutdown);
      if (sibling.spec.restart === 'temporary') this.#remove(sibling);
      else sibling.node.markRestarting();
    }
  }

  #startGroup(failed: Child): Promise<void> | void {
    if (this.#spec.strategy === 'one-for-one' || this.#spec.strategy === 'dynamic') return this.#begin(failed);
    return this.#startInOrder(restartGroup(this.#spec.strategy, this.#all(), failed));
  }

  /** The first that does not start is a failure of its own: what comes after it waits for it. */
  async #startInOrder(group: readonly Child[]): Promise<void> {
    for (const child of group) {
      if (child.node.livingIncarnation !== undefined) continue;
      try {
        await this.#startChild(child);
      } catch (error) {
        return this.#onFailedStart(child, child.node.incarnation, error);
      }
      if (!this.#isRunning()) return;
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

  #end(reason: string, tell: boolean): void {
    this.#status = 'stopped';
    this.#killChildren(reason);
    for (const child of this.#all()) if (child.spec.restart === 'temporary') this.#remove(child);
    this.#ended('killed', reason);
    if (tell) this.#onExit({ kind: 'killed', incarnation: this.#number, reason });
  }

  #ended(kind: Exit['kind'], reason: string): void {
    this.#lastExit = describeExit(kind, this.#number, reason, this.#kernel.clock.now());
    this.#kernel.emit({ type: 'stopped', path: this.path, incarnation: this.#number, kind, reason });
    this.#kernel.watches.ended({ path: this.path, incarnation: this.#number, kind, reason });
  }

  #killChildren(reason: string): void {
    for (const child of this.#all().toReversed()) {
      child.settle();
      child.node.kill(reason);
    }
  }

  /** A start under way would make a stop wait for it. */
  #killStarting(reason: string): void {
    for (const child of this.#all()) if (child.node.status === 'starting') child.node.kill(reason);
  }

  async #stopChildren(reason: string): Promise<void> {
    const children = this.#all();
    for (const child of children) child.settle();
    const stopOne = async (child: Child) => {
      await child.node.stop(reason, child.spec.shutdown);
      if (child.spec.restart === 'temporary') this.#remove(child);
    };
    if (this.#spec.strategy === 'dynamic') await Promise.all(children.map(stopOne));
    else for (const child of children.toReversed()) await stopOne(child);
  }

  /** A new incarnation begins with whole budgets, as in OTP: the restarts of the last one are its own supervisor's to count. */
  #forgetRestarts(): void {
    this.#intensity = this.#spec.intensity === undefined ? undefined : new RestartBudget(this.#spec.intensity);
    for (const child of this.#children.values()) child.forgetRestarts();
  }

  /** A method, because a stop can come while a child is awaited. */
  #isRunning(): boolean {
    return this.#status === 'running';
  }

  #isStarting(number: number): boolean {
    return this.#status === 'starting' && this.#number === number;
  }

  #mustBeStarting(number: number): void {
    if (!this.#isStarting(number)) throw new Error(`${this.path} was stopped while starting`);
  }

  #notRunning(): ChildResult {
    return refusal('not-running', `${this.path} is ${this.#status}`);
  }

  #defect(error: unknown): void {
    this.#kernel.logFor(this.path).error({ error }, 'a supervisor must not throw: this is a defect');
  }
}
