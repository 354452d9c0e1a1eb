/** Every node of one system by its path, and under whom it stands. */
import type { Node } from './node.ts';

interface Place {
  readonly node: Node;
  readonly parent: string;
}

export class Registry {
  readonly #places = new Map<string, Place>();
  /** The highest incarnation number of any node that was deleted: a later one of the same name starts above it. */
  #retired = 0;

  get numbersFrom(): number {
    return this.#retired;
  }

  /** @throws Error if there is one of that path. */
  bind(node: Node, parent: string): void {
    if (this.#places.has(node.path)) throw new Error(`two nodes are called ${node.path}: a path is one role's own`);
    this.#places.set(node.path, { node, parent });
  }

  unbind(path: string): void {
    const place = this.#places.get(path);
    if (place === undefined) return;
    this.#retired = Math.max(this.#retired, place.node.incarnation);
    this.#places.delete(path);
  }

  node(path: string): Node | undefined {
    return this.#places.get(path)?.node;
  }

  parentOf(path: string): string | undefined {
    return this.#places.get(path)?.parent;
  }

  nodes(): readonly Node[] {
    return [...this.#places.values()].map((place) => place.node);
  }
}
