/** One child of a supervisor: its specification, its node, its restarts. */
import type { ChildSpec } from '../child-spec.ts';
import type { TimerHandle } from '../clock.ts';
import type { NodeView, OwnDetail, OwnView } from '../inspection.ts';
import type { Node } from './node.ts';
import { RestartBudget } from './restart-budget.ts';

export class Child {
  readonly node: Node;
  restarts = 0;
  /** Starts that have failed one after another. */
  failedStarts = 0;
  /** The restart that is waited for. */
  retry: TimerHandle | undefined;
  /** The incarnation whose end is news to the supervisor: not one that it has stopped, or whose end it has seen already. */
  expected: number | 'next' | undefined;
  #spec: ChildSpec;
  #budget: RestartBudget;

  constructor(spec: ChildSpec, node: Node) {
    this.#spec = spec;
    this.node = node;
    this.#budget = new RestartBudget(spec.policy);
  }

  get path(): string {
    return this.node.path;
  }

  get spec(): ChildSpec {
    return this.#spec;
  }

  get budget(): RestartBudget {
    return this.#budget;
  }

  /** How it is supervised from now on; what it does stays. */
  replaceSpec(spec: ChildSpec): void {
    this.#spec = spec;
    this.#budget = new RestartBudget(spec.policy, this.#budget);
  }

  forgetRestarts(): void {
    this.#budget = new RestartBudget(this.#spec.policy);
  }

  /** `restarting`: on its way, waiting for its time or in its init. */
  get state(): 'running' | 'restarting' | 'stopped' {
    switch (this.node.status) {
      case 'stopped':
        return this.awaited ? 'restarting' : 'stopped';
      case 'starting':
      case 'restarting':
        return 'restarting';
      case 'running':
      case 'suspended':
        return 'running';
    }
  }

  /** Something is still to come of it: a restart, the outcome of a start, or an end that has not been dealt with. */
  get awaited(): boolean {
    return this.retry !== undefined || this.expected !== undefined;
  }

  /** On its way back, and with it those that were stopped for it: they wait for its start. */
  get leads(): boolean {
    return this.awaited && this.state === 'restarting';
  }

  /** Stopped with another, it waits to be started with it. */
  get follows(): boolean {
    return !this.awaited && this.node.status === 'restarting';
  }

  /** Whether the end of that incarnation is news. */
  expects(incarnation: number): boolean {
    return this.expected === incarnation || this.expected === 'next';
  }

  /** What is still to come of it (a restart, the outcome of a start, an end) is no news any more: its supervisor has dealt with it. */
  settle(): void {
    this.retry?.cancel();
    this.retry = undefined;
    this.expected = undefined;
  }

  /** An end that its supervisor wants: in order, within the time of its specification. */
  stop(reason: string): Promise<void> {
    this.settle();
    return this.node.stop(reason, this.#spec.shutdown);
  }

  kill(reason: string): void {
    this.settle();
    this.node.kill(reason);
  }

  /** The node's own view with what only its supervisor knows. */
  view<View extends OwnView | OwnDetail>(own: View, now: number): View & Pick<NodeView, 'restart' | 'restarts' | 'restartBudget'> {
    const { limit, windowMs } = this.#budget;
    return { ...own, restart: this.#spec.restart, restarts: this.restarts, restartBudget: { used: this.#budget.used(now), limit: Number.isFinite(limit) ? limit : Number.MAX_SAFE_INTEGER, windowMs } };
  }
}
