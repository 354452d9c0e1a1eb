/** Who is told when whom ends: watches and links of one system, by path. They belong to the incarnation that asked for them. */
import type { Down } from './behaviour.ts';

/** One that runs, as far as others watch it. */
export interface Living {
  readonly path: string;
  /** The incarnation that runs now; undefined: none. */
  readonly livingIncarnation: number | undefined;
  /** The last number given; 0: none. */
  readonly incarnation: number;
  onLinkDown(down: Down): void;
}

type Notify = (down: Down) => void;
type Relation = 'watch' | 'link';

export class Watches {
  readonly #byTarget = new Map<string, Map<string, Notify>>();
  /** For each watcher, the targets; so that its end forgets them. */
  readonly #byWatcher = new Map<string, Set<string>>();
  readonly #find: (path: string) => Living | undefined;

  constructor(find: (path: string) => Living | undefined) {
    this.#find = find;
  }

  /** Watching again replaces `notify`. Told at once if nobody runs there. */
  watch(watcher: string, target: string, notify: Notify): void {
    this.#add(watcher, target, 'watch', notify);
    const absent = this.#absent(target);
    if (absent !== undefined) notify(absent);
  }

  isWatching(watcher: string, target: string): boolean {
    return this.#byTarget.get(target)?.has(`watch ${watcher}`) === true;
  }

  unwatch(watcher: string, target: string): void {
    this.#remove(watcher, target, 'watch');
  }

  /** Both are told of the other's end; the one that asks, at once, if nobody runs there. */
  link(one: string, other: string): void {
    const absent = this.#absent(other);
    if (absent !== undefined) return this.#find(one)?.onLinkDown(absent);
    this.#add(one, other, 'link', (down) => this.#find(one)?.onLinkDown(down));
    this.#add(other, one, 'link', (down) => this.#find(other)?.onLinkDown(down));
  }

  unlink(one: string, other: string): void {
    this.#remove(one, other, 'link');
    this.#remove(other, one, 'link');
  }

  /** Who watches `target`. */
  watchersOf(target: string): readonly string[] {
    return [...(this.#byTarget.get(target)?.keys() ?? [])];
  }

  /** An incarnation has ended: those who watch it are told, and what it watched itself is forgotten. */
  ended(down: Down): void {
    const { path } = down;
    const targets = this.#byWatcher.get(path);
    if (targets !== undefined) {
      for (const target of targets) {
        this.#remove(path, target, 'watch');
        this.#remove(path, target, 'link');
      }
    }
    const watchers = this.#byTarget.get(path);
    if (watchers === undefined) return;
    // Those of now: who starts again meanwhile, and watches anew, is told by that watch.
    for (const [key, notify] of watchers.entries().toArray()) {
      // A link is between two lives, and one of them is over; a watch is on the role, and goes on.
      if (key.startsWith('link ')) this.#remove(key.slice('link '.length), path, 'link');
      notify(down);
    }
  }

  #absent(path: string): Down | undefined {
    const found = this.#find(path);
    if (found?.livingIncarnation !== undefined) return undefined;
    return { path, incarnation: found?.incarnation ?? 0, kind: 'absent', reason: found === undefined ? 'there is no such actor' : 'it does not run' };
  }

  #add(watcher: string, target: string, relation: Relation, notify: Notify): void {
    this.#byTarget.getOrInsertComputed(target, () => new Map<string, Notify>()).set(`${relation} ${watcher}`, notify);
    this.#byWatcher.getOrInsertComputed(watcher, () => new Set<string>()).add(target);
  }

  #remove(watcher: string, target: string, relation: Relation): void {
    const watchers = this.#byTarget.get(target);
    watchers?.delete(`${relation} ${watcher}`);
    if (watchers?.size === 0) this.#byTarget.delete(target);
    if (watchers?.has(`watch ${watcher}`) === true || watchers?.has(`link ${watcher}`) === true) return;
    const targets = this.#byWatcher.get(watcher);
    targets?.delete(target);
    if (targets?.size === 0) this.#byWatcher.delete(watcher);
  }
}
