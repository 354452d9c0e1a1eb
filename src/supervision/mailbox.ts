/** A bounded queue: what does not fit is refused or pushes out the oldest, and every loss is counted by the caller. */

export interface MailboxSpec {
  /** How many messages may wait. The reason for the number belongs beside it. */
  readonly capacity: number;
  /** `reject`: the newcomer is refused (commands). `drop-oldest`: the oldest goes (views, ticks: only the latest counts). */
  readonly overflow: 'reject' | 'drop-oldest';
  /** What happens to waiting messages when a new incarnation starts. */
  readonly onRestart: 'keep' | 'flush';
}

/** First in, first out, without moving what waits at each take. */
export class Queue<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Everything that waits, oldest first; the queue is empty afterwards. */
  drain(): Item[] {
    const rest = this.#items.slice(this.#head) as Item[];
    this.#items = [];
    this.#head = 0;
    return rest;
  }
}
