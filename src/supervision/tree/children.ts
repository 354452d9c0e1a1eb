/** The children of one supervisor, in start order: made, started, stopped and forgotten here, and nowhere else. */
import type { ChildSpec, SupervisorSpec } from '../child-spec.ts';
import type { NodeView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import { Child } from './child.ts';
import type { Node, NodeExit } from './node.ts';
import { restartGroup } from './strategy.ts';

/** What children need of the supervisor whose they are. */
export interface Parent {
  /** A place of the tree is made by who knows both kinds; a supervisor among them is one like their own. */
  nodeOf(spec: ChildSpec): Node;
  onChildExit(child: Child, exit: NodeExit): void;
}

export class Children implements Iterable<Child> {
  readonly #kernel: Kernel;
  readonly #parent: Parent;
  readonly #byPath = new Map<string, Child>();
  #spec: SupervisorSpec;
  #closed = false;

  /** Makes those of the specification. */
  constructor(kernel: Kernel, spec: SupervisorSpec, parent: Parent) {
    this.#kernel = kernel;
    this.#parent = parent;
    this.#spec = spec;
    for (const child of spec.children) this.adopt(child);
  }

  /** Who they are by specification, and how they are supervised; others may have been added at run time. */
  get spec(): SupervisorSpec {
    return this.#spec;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get(path: string): Child | undefined {
    return this.#byPath.get(path);
  }

  /** As they are now. */
  all(): readonly Child[] {
    return [...this.#byPath.values()];
  }

  /** In start order, one that is added meanwhile included. */
  [Symbol.iterator](): Iterator<Child> {
    return this.#byPath.values();
  }

  /** Those that are restarted when this one is, with it. */
  groupOf(child: Child): readonly Child[] {
    return restartGroup(this.#spec.strategy, this.all(), child);
  }

  adopt(spec: ChildSpec): Child {
    const node = this.#parent.nodeOf(spec);
    const child = new Child(spec, node);
    this.#kernel.bind(node, this.#spec.path);
    node.onExit((exit) => this.#parent.onChildExit(child, exit));
    this.#byPath.set(spec.path, child);
    return child;
  }

  /** Makes again those of the specification that have been forgotten. */
  complete(): void {
    if (this.#spec.children.some(({ path }) => !this.#byPath.has(path))) this.#arrange();
  }

  /** Another specification from now on: its new ones are made, and known as children that do not run; those it lacks stay. */
  upgrade(spec: SupervisorSpec): void {
    this.#spec = { ...spec, path: this.#spec.path };
    for (const next of spec.children) this.#byPath.get(next.path)?.replaceSpec(next);
    for (const added of this.#arrange()) added.node.markEnded();
  }

  async start(child: Child): Promise<void> {
    child.settle();
    child.expected = 'next';
    const starting = child.node.start();
    const { incarnation } = child.node;
    // It may have started and ended within the call.
    if (child.awaited) child.expected = incarnation;
    const outcome = await starting;
    child.failedStarts = 0;
    if (outcome === 'ignored' && child.expected === incarnation) this.retire(child);
  }

  /** It has ended and is not started again: forgotten, or kept as a child that does not run. */
  retire(child: Child): void {
    child.settle();
    if (child.spec.restart === 'temporary' || this.#spec.strategy === 'dynamic') this.remove(child);
    else child.node.markEnded();
  }

  /** Forgets it: its path is free. */
  remove(child: Child): void {
    if (this.#byPath.get(child.path) !== child) return;
    this.#byPath.delete(child.path);
    this.#release(child);
  }

  async stopAll(reason: string): Promise<void> {
    const children = this.all();
    for (const child of children) child.settle();
    const stopOne = async (child: Child) => {
      await child.stop(reason);
      this.#forgetTemporary(child);
    };
    if (this.#spec.strategy === 'dynamic') await Promise.all(children.map(stopOne));
    else for (const child of children.toReversed()) await stopOne(child);
  }

  killAll(reason: string): void {
    for (const child of this.all().toReversed()) child.kill(reason);
  }

  /** A start under way would make a stop wait for it. */
  killStarting(reason: string): void {
    for (const child of this.all()) if (child.node.status === 'starting') child.node.kill(reason);
  }

  /** As at the end of their supervisor's incarnation: the temporary do not see the next. */
  forgetTemporary(): void {
    for (const child of this.all()) this.#forgetTemporary(child);
  }

  markEnded(): void {
    for (const child of this) child.node.markEnded();
  }

  /** There will be no start any more. */
  close(): void {
    this.#closed = true;
    for (const child of this) this.#release(child);
  }

  views(): readonly NodeView[] {
    return this.all().map((child) => child.view(child.node.view(), this.#kernel.clock.monotonic()));
  }

  /** A child's own detail with what only its supervisor knows. */
  detailOf(path: string): NodeView | undefined {
    const child = this.#byPath.get(path);
    return child?.view(child.node.detail(), this.#kernel.clock.monotonic());
  }

  /** Makes the children of the specification that there are not, and puts all in its order, the others after; the ones made. */
  #arrange(): readonly Child[] {
    const made = this.#spec.children.filter(({ path }) => !this.#byPath.has(path)).map((spec) => this.adopt(spec));
    const all = new Map(this.#byPath);
    this.#byPath.clear();
    for (const { path } of this.#spec.children) this.#byPath.set(path, all.get(path)!);
    for (const [path, child] of all) this.#byPath.set(path, child);
    return made;
  }

  #forgetTemporary(child: Child): void {
    if (child.spec.restart === 'temporary') this.remove(child);
  }

  #release(child: Child): void {
    child.settle();
    child.node.close();
    this.#kernel.unbind(child.path);
  }
}
