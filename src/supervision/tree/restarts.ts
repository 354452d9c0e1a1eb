/** What a child's failure leads to: counted, its group stopped, after the wait started again; or, the budget spent, its supervisor gives up. */
import type { Strategy } from '../child-spec.ts';
import { describeError } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { Child } from './child.ts';
import type { Children } from './children.ts';
import type { NodeExit } from './node.ts';
import type { Operations } from './operations.ts';
import { backoffMs, RestartBudget, waitWhenSpent } from './restart-budget.ts';

/** One that fails to start again and again, without a wait of its own, must not keep the event loop from turning (H23): from then on it waits a little. */
const FAILED_STARTS_AT_ONCE = 10;
const FAILED_START_WAIT_MS = 100;

/** What restarts need of the supervisor whose children they concern. */
export interface Owner {
  /** A method, because a stop can come while a child is awaited. */
  isRunning(): boolean;
  /** Nothing else can be done for this child: its end is the supervisor's. */
  giveUp(child: Child, reason: string): Promise<void>;
  onDefect(error: unknown): void;
}

export class Restarts {
  readonly #kernel: Kernel;
  readonly #children: Children;
  readonly #operations: Operations;
  readonly #owner: Owner;
  /** Over all children together. */
  #intensity: RestartBudget | undefined;

  constructor(kernel: Kernel, children: Children, operations: Operations, owner: Owner) {
    this.#kernel = kernel;
    this.#children = children;
    this.#operations = operations;
    this.#owner = owner;
  }

  /** A new incarnation begins with whole budgets, as in OTP: the restarts of the last one are its own supervisor's to count. */
  forget(): void {
    this.#intensity = this.#newIntensity();
    for (const child of this.#children) child.forgetRestarts();
  }

  /** The specification has been replaced: what was counted counts on. */
  onUpgrade(before: Strategy): void {
    this.#intensity = this.#newIntensity(this.#intensity);
    if (this.#children.spec.strategy === before || !this.#owner.isRunning()) return;
    // Those that wait for another, with which they were to be started, may not be of its group any more.
    for (const child of this.#children.all()) if (child.follows) this.begin(child);
  }

  /** In its turn: starts again what is to be, and is done with the rest. */
  onExit(child: Child, { kind, incarnation, reason }: NodeExit): Promise<void> | void {
    // It may have been restarted with others, terminated or forgotten before its turn came.
    if (!this.#owner.isRunning() || !child.expects(incarnation)) return;
    child.settle();
    const { restart, significant } = child.spec;
    if (restart === 'permanent' || (restart === 'transient' && kind !== 'normal' && kind !== 'shutdown')) return this.#restart(child, reason);
    this.#children.retire(child);
    if (significant && this.#autoShutdownDue()) return this.#owner.giveUp(child, `significant ${child.path} ended: ${reason}`);
  }

  /** Starts one child without making the others wait for it; a failure comes back as an operation. */
  begin(child: Child): void {
    const starting = this.#children.start(child);
    const { incarnation } = child.node;
    starting.catch((error: unknown) => this.#onFailedStart(child, incarnation, error));
  }

  /** The wait is over. Siblings that were added or started during it begin anew with the group: they come after it. */
  async restartGroup(child: Child, reason: string): Promise<void> {
    await this.#stopGroup(child, reason);
    if (this.#owner.isRunning()) await this.#startGroup(child);
  }

  /** Those that were to be started with it wait for nothing any more. */
  dismissGroup(child: Child): void {
    for (const sibling of this.#children.groupOf(child)) if (sibling.follows) sibling.node.markEnded();
  }

  /** A failure like another, and decided in its turn: requests that came before it are served before. */
  #onFailedStart(child: Child, incarnation: number, error: unknown): void {
    child.failedStarts += 1;
    this.#operations.post(() => this.onExit(child, { kind: 'crashed', incarnation, reason: describeError(error) }));
  }

  #autoShutdownDue(): boolean {
    switch (this.#children.spec.autoShutdown) {
      case 'never':
        return false;
      case 'any-significant':
        return true;
      case 'all-significant':
        return !this.#children.all().some((child) => child.spec.significant && child.state !== 'stopped');
    }
  }

  /** One failure: counted, decided, its group stopped; then started after the wait. */
  async #restart(child: Child, reason: string): Promise<void> {
    const { path, budget } = child;
    const now = this.#kernel.clock.monotonic();
    const before = budget.used(now);
    const slowMs = this.#count(child, reason, now);
    if (slowMs === Infinity) return this.#owner.giveUp(child, reason);
    const inMs = slowMs > 0 ? slowMs : backoffMs(child.spec.policy.backoff, before, this.#kernel.random);
    child.restarts += 1;
    child.node.markRestarting();
    this.#kernel.emit({ type: 'restarting', path, incarnation: child.node.incarnation, inMs, used: budget.used(now), limit: budget.limit });
    if (slowMs > 0) this.#kernel.emit({ type: 'budget-spent', path, retryEveryMs: inMs });
    await this.#stopGroup(child, reason);
    if (!this.#owner.isRunning()) return;
    if (inMs === 0 && child.failedStarts < FAILED_STARTS_AT_ONCE) return this.#startGroup(child);
    const retry = this.#kernel.deadlines.after(Math.max(inMs, child.failedStarts < FAILED_STARTS_AT_ONCE ? 0 : FAILED_START_WAIT_MS), () => {
      this.#operations.post(() => (this.#owner.isRunning() && child.retry === retry ? this.restartGroup(child, reason) : undefined));
    });
    child.retry = retry;
  }

  /** Counts a restart in the child's budget and in that of all. 0: within both. Infinity: escalate. Else the slow wait, the longer of two. */
  #count(child: Child, reason: string, now: number): number {
    const spent = [this.#intensity, child.budget].filter((budget) => budget !== undefined).filter((budget) => !budget.take(now));
    const waits = spent.map((budget) => {
      const waitMs = waitWhenSpent(budget.whenSpent, { supervisor: this.#children.spec.path, child: child.path, used: budget.used(now), reason }, (error) => this.#owner.onDefect(error));
      if (waitMs < Infinity) budget.goSlow(waitMs);
      return waitMs;
    });
    return Math.max(0, ...waits);
  }

  /** The siblings of a failed child that are restarted with it are stopped in reverse; the temporary among them are gone. */
  async #stopGroup(failed: Child, reason: string): Promise<void> {
    for (const sibling of this.#children.groupOf(failed).toReversed()) {
      if (sibling === failed) continue;
      await sibling.stop(`restarted with ${failed.path}: ${reason}`);
      if (sibling.spec.restart === 'temporary') this.#children.remove(sibling);
      else sibling.node.markRestarting();
    }
  }

  /** Alone, it holds up nobody; in a group, what comes after it waits for it. */
  #startGroup(failed: Child): Promise<void> | void {
    const { strategy } = this.#children.spec;
    if (strategy === 'one-for-one' || strategy === 'dynamic') return this.begin(failed);
    return this.#startInOrder(this.#children.groupOf(failed));
  }

  /** The first that does not start is a failure of its own: what comes after it waits for it. */
  async #startInOrder(group: readonly Child[]): Promise<void> {
    for (const child of group) {
      if (child.node.livingIncarnation !== undefined) continue;
      try {
        await this.#children.start(child);
      } catch (error) {
        return this.#onFailedStart(child, child.node.incarnation, error);
      }
      if (!this.#owner.isRunning()) return;
    }
  }

  #newIntensity(before?: RestartBudget): RestartBudget | undefined {
    const { intensity } = this.#children.spec;
    return intensity === undefined ? undefined : new RestartBudget(intensity, before);
  }
}
