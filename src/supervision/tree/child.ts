/** One child of a supervisor: its specification, its node, its restarts. */
import type { ChildSpec } from '../child-spec.ts';
import type { TimerHandle } from '../clock.ts';
import type { NodeView, OwnDetail, OwnView } from '../inspection.ts';
import type { Node } from './node.ts';
import { RestartBudget } from './restart-budget.ts';

export class Child {
  readonly node: Node;
  restarts = 0;
  /** The restart that is waited for. */
  retry: TimerHandle | undefined;
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
    this.#budget = new RestartBudget(spec.policy);
  }

  /** Starting, running or suspended, or on its way back. */
  get active(): boolean {
    return this.node.status !== 'stopped';
  }

  cancelRetry(): void {
    this.retry?.cancel();
    this.retry = undefined;
  }

  /** The node's own view with what only its supervisor knows. */
  view<View extends OwnView | OwnDetail>(own: View, now: number): View & Pick<NodeView, 'restart' | 'restarts' | 'restartBudget'> {
    const { limit, windowMs } = this.#budget;
    return { ...own, restart: this.#spec.restart, restarts: this.restarts, restartBudget: { used: this.#budget.used(now), limit: Number.isFinite(limit) ? limit : Number.MAX_SAFE_INTEGER, windowMs } };
  }
}
