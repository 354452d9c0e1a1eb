/** Keeps its children running, by OTP's rules, backoff and budgets; whatever it cannot keep running, it says so. */
import type { ChildSpec, SupervisorSpec } from '../child-spec.ts';
import { describeError } from '../inspection.ts';
import type { NodeStatus, NodeView, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import { ChildRequests } from './child-requests.ts';
import type { Child } from './child.ts';
import { Children } from './children.ts';
import { Life } from './life.ts';
import type { Node, NodeExit, Shutdown } from './node.ts';
import { Operations } from './operations.ts';
import { countsOf, stateOf } from './requests.ts';
import type { ChildCounts, ChildResult, ChildState } from './requests.ts';
import { Restarts } from './restarts.ts';

/** How it starts, stops and gives up is here; whom it has is in `children.ts`, what their failures lead to in `restarts.ts`, what can be asked of it in `child-requests.ts`. */
export class Supervisor implements Node {
  readonly kind = 'supervisor';
  readonly path: string;
  readonly #kernel: Kernel;
  readonly #life: Life;
  readonly #children: Children;
  readonly #restarts: Restarts;
  readonly #requests: ChildRequests;
  /** Exits and requests, one after another: no two decisions at once. */
  readonly #operations: Operations;
  #onExit: (exit: NodeExit) => void = () => undefined;

  /** @throws Error if a path of the specification is taken. */
  constructor(kernel: Kernel, spec: SupervisorSpec) {
    this.path = spec.path;
    this.#kernel = kernel;
    this.#life = new Life(kernel, spec.path);
    const onDefect = (error: unknown) => kernel.logFor(this.path).error({ error }, 'a supervisor must not throw: this is a defect');
    this.#operations = new Operations(onDefect);
    this.#children = new Children(kernel, spec, {
      nodeOf: (child) => (child.kind === 'worker' ? child.make(kernel) : new Supervisor(kernel, child)),
      onChildExit: (child, exit) => this.#onChildExit(child, exit),
    });
    this.#restarts = new Restarts(kernel, this.#children, this.#operations, {
      isRunning: () => this.#life.isRunning(),
      giveUp: (child, reason) => this.#giveUp(child, reason),
      onDefect,
    });
    this.#requests = new ChildRequests(kernel, this.#children, this.#restarts, this.#operations, this.#life);
    spec.pool?.attach((path, make) => this.#requests.ensure(path, make));
  }

  get incarnation(): number {
    return this.#life.incarnation;
  }

  get livingIncarnation(): number | undefined {
    return this.#life.livingIncarnation;
  }

  get status(): NodeStatus {
    return this.#life.status;
  }

  get spec(): SupervisorSpec {
    return this.#children.spec;
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
    const number = this.#life.begin();
    this.#restarts.forget();
    return this.#operations.run(async () => {
      try {
        this.#children.complete();
        for (const child of this.#children) {
          this.#life.mustBeStarting(number);
          await this.#children.start(child);
        }
        this.#life.mustBeStarting(number);
      } catch (error) {
        await this.#children.stopAll('the start of a sibling failed');
        this.#life.failToStart(number, describeError(error));
        throw error;
      }
      this.#life.run();
      return 'started' as const;
    });
  }

  /** One that is ending already is waited for all the same: when this is over, nothing below it runs. */
  async stop(reason: string, shutdown: Shutdown): Promise<void> {
    const lived = this.livingIncarnation !== undefined;
    if (lived && shutdown === 'brutal') return this.#end(reason);
    this.#life.stop();
    let overdue = false;
    const hurry = () => {
      overdue = true;
      this.#children.killAll(`${this.path} was not stopped within ${shutdown} ms`);
    };
    if (shutdown === 'brutal') this.#children.killAll(reason);
    const limit = typeof shutdown === 'number' ? this.#kernel.deadlines.after(shutdown, hurry) : undefined;
    this.#children.killStarting(reason);
    await this.#operations.run(() => (lived ? this.#children.stopAll(reason) : undefined));
    limit?.cancel();
    if (lived) this.#life.ended(overdue ? 'killed' : 'shutdown', reason);
  }

  kill(reason: string): void {
    // An orderly stop is under way, or none runs: what still lives below goes now.
    if (this.livingIncarnation === undefined) return this.#children.killAll(reason);
    this.#end(reason);
    this.#onExit({ kind: 'killed', incarnation: this.#life.incarnation, reason });
  }

  markRestarting(): void {
    this.#life.markRestarting();
  }

  markEnded(): void {
    this.#life.markEnded();
    this.#children.markEnded();
  }

  close(): void {
    this.#children.close();
  }

  // The children at run time: what each of these does is said in `child-requests.ts`.

  startChild(spec: ChildSpec): Promise<ChildResult> {
    return this.#requests.start(spec);
  }

  terminateChild(path: string, reason = 'terminated by its supervisor'): Promise<ChildResult> {
    return this.#requests.terminate(path, reason);
  }

  restartChild(path: string): Promise<ChildResult> {
    return this.#requests.restart(path);
  }

  deleteChild(path: string): Promise<ChildResult> {
    return this.#requests.delete(path);
  }

  cycleChild(path: string, reason: string): Promise<ChildResult> {
    return this.#requests.cycle(path, reason);
  }

  upgrade(spec: SupervisorSpec): Promise<ChildResult> {
    return this.#requests.upgrade(spec);
  }

  whichChildren(): readonly ChildState[] {
    return this.#children.all().map(stateOf);
  }

  countChildren(): ChildCounts {
    return countsOf(this.#children.all());
  }

  childSpec(path: string): ChildSpec | undefined {
    return this.#children.get(path)?.spec;
  }

  view(): OwnView {
    return this.#life.view(this.#children.views());
  }

  detail(): OwnView {
    return this.view();
  }

  /** The child's own detail with what only its supervisor knows. */
  detailOf(path: string): NodeView | undefined {
    return this.#children.detailOf(path);
  }

  /** Decided in its turn; if that comes only in another incarnation, it was the last one's affair. */
  #onChildExit(child: Child, exit: NodeExit): void {
    const number = this.#life.incarnation;
    this.#operations.post(() => (this.#life.incarnation === number ? this.#restarts.onExit(child, exit) : undefined));
  }

  /** Ends upward: the children are stopped in order, then the own supervisor decides. */
  async #giveUp(child: Child, reason: string): Promise<void> {
    this.#kernel.emit({ type: 'escalated', path: this.path, incarnation: this.#life.incarnation, child: child.path, reason });
    this.#life.stop();
    await this.#children.stopAll('shutdown');
    this.#life.ended('shutdown', reason);
    this.#onExit({ kind: 'shutdown', incarnation: this.#life.incarnation, reason: `${child.path}: ${reason}` });
  }

  /** Brutal: nothing is asked of those below. */
  #end(reason: string): void {
    this.#life.stop();
    this.#children.killAll(reason);
    this.#children.forgetTemporary();
    this.#life.ended('killed', reason);
  }
}
