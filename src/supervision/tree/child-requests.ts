/** The children at run time, as in OTP: each request is served in its turn, between two exits, and is done or says why not. */
import type { ChildSpec, SupervisorSpec } from '../child-spec.ts';
import { faultsOf, pathsOf } from '../child-spec.ts';
import { describeError } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { Child } from './child.ts';
import type { Children } from './children.ts';
import type { Life } from './life.ts';
import type { Operations } from './operations.ts';
import { done, refusal } from './requests.ts';
import type { ChildResult, Refusal } from './requests.ts';
import type { Restarts } from './restarts.ts';

export class ChildRequests {
  readonly #kernel: Kernel;
  readonly #children: Children;
  readonly #restarts: Restarts;
  readonly #operations: Operations;
  readonly #life: Life;

  constructor(kernel: Kernel, children: Children, restarts: Restarts, operations: Operations, life: Life) {
    this.#kernel = kernel;
    this.#children = children;
    this.#restarts = restarts;
    this.#operations = operations;
    this.#life = life;
  }

  /** Adds a child and starts it; one that cannot start leaves no trace. */
  start(spec: ChildSpec): Promise<ChildResult> {
    const faults = faultsOf(spec, this.#children.spec.autoShutdown);
    if (faults.length > 0) return Promise.resolve(refusal('invalid-spec', faults.join('; ')));
    return this.#operations.run(() => this.#notRunning() ?? this.#present(spec.path) ?? this.#taken(spec) ?? this.#add(spec));
  }

  /** Stops a child; it stays known, unless it is temporary or its supervisor dynamic. */
  terminate(path: string, reason: string): Promise<ChildResult> {
    return this.#operations.run(() => this.#with(path, async (child) => {
      const { leads } = child;
      await child.stop(reason);
      if (!this.#life.isRunning()) return done(child);
      if (leads) this.#restarts.dismissGroup(child);
      this.#children.retire(child);
      return done(child);
    }));
  }

  /** Starts a child that was terminated or has ended. */
  restart(path: string): Promise<ChildResult> {
    return this.#operations.run(() => this.#notRunning() ?? this.#dynamic('start another child') ?? this.#withStopped(path, async (child) => {
      try {
        await this.#children.start(child);
      } catch (error) {
        child.settle();
        child.node.markEnded();
        return refusal('failed-to-start', describeError(error));
      }
      return done(child);
    }));
  }

  /** Forgets a child that does not run. */
  delete(path: string): Promise<ChildResult> {
    return this.#operations.run(() => this.#dynamic('terminate the child') ?? this.#withStopped(path, (child) => {
      this.#children.remove(child);
      return done(child);
    }));
  }

  /** Stops a child in order and starts it again, whatever its type; not counted as a failure. */
  cycle(path: string, reason: string): Promise<ChildResult> {
    return this.#operations.run(() => this.#with(path, async (child) => {
      const { leads } = child;
      await child.stop(reason);
      const refused = this.#notRunning();
      if (refused !== undefined) return refused;
      child.restarts += 1;
      child.node.markRestarting();
      if (leads) await this.#restarts.restartGroup(child, reason);
      else this.#restarts.begin(child);
      return done(child);
    }));
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
        const refused = child === undefined ? this.#taken(next) : anotherKind(child, next);
        if (refused !== undefined) return refused;
      }
      const { strategy } = this.#children.spec;
      this.#children.upgrade(spec);
      this.#restarts.onUpgrade(strategy);
      const { path, incarnation } = this.#life;
      return { ok: true, path, incarnation };
    });
  }

  /** Makes and starts a child on demand, once: at once, for who asks is about to send to it. A failed first start is retried like a failure. */
  ensure(path: string, make: () => ChildSpec): void {
    if (this.#children.closed || this.#children.get(path) !== undefined) return;
    const child = this.#children.adopt(make());
    if (this.#life.isRunning()) this.#restarts.begin(child);
  }

  async #add(spec: ChildSpec): Promise<ChildResult> {
    let child: Child | undefined;
    try {
      child = this.#children.adopt(spec);
      await this.#children.start(child);
      return done(child);
    } catch (error) {
      if (child !== undefined) this.#children.remove(child);
      // It could not even be made: what was bound on the way is not there.
      else for (const path of pathsOf(spec)) this.#kernel.unbind(path);
      return refusal('failed-to-start', describeError(error));
    }
  }

  #with(path: string, act: (child: Child) => Promise<ChildResult> | ChildResult): Promise<ChildResult> | ChildResult {
    const child = this.#children.get(path);
    return child === undefined ? refusal('not-found', `${this.#life.path} has no child ${path}`) : act(child);
  }

  #withStopped(path: string, act: (child: Child) => Promise<ChildResult> | ChildResult): Promise<ChildResult> | ChildResult {
    return this.#with(path, (child) => {
      switch (child.state) {
        case 'restarting':
          return refusal('restarting', `${path} is being restarted`);
        case 'running':
          return refusal('running', `${path} runs: terminate it first`);
        case 'stopped':
          return act(child);
      }
    });
  }

  // Why something is refused; undefined: it is not.

  #notRunning(): Refusal | undefined {
    return this.#life.isRunning() ? undefined : refusal('not-running', `${this.#life.path} is ${this.#life.status}`);
  }

  #dynamic(instead: string): Refusal | undefined {
    return this.#children.spec.strategy === 'dynamic' ? refusal('dynamic', `${this.#life.path} is dynamic: ${instead}`) : undefined;
  }

  #present(path: string): Refusal | undefined {
    const state = this.#children.get(path)?.state;
    if (state === undefined) return undefined;
    return state === 'running' ? refusal('already-started', `${path} runs already`) : refusal('already-present', `${path} is a child that is ${state}: restart or delete it`);
  }

  #taken(spec: ChildSpec): Refusal | undefined {
    const taken = pathsOf(spec).find((path) => this.#kernel.isBound(path));
    return taken === undefined ? undefined : refusal('already-present', `there is another one called ${taken}`);
  }
}

function anotherKind({ node }: Child, next: ChildSpec): Refusal | undefined {
  return node.kind === next.kind ? undefined : refusal('invalid-spec', `${next.path}: kind is ${next.kind}; it is a ${node.kind}: terminate and delete it first`);
}
