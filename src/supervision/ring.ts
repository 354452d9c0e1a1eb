/** A queue at both ends on one growing ring: no item is moved at a take, and an emptied burst gives its memory back (H15). */

const SMALLEST = 8;
const NONE: never[] = [];

export class Ring<Item> {
  /** None until there is something to hold: most rings of an idle system are never used. */
  #slots: (Item | undefined)[] = NONE;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: Item): void {
    if (this.#length === this.#slots.length) this.#resize(Math.max(this.#length * 2, SMALLEST));
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  unshift(item: Item): void {
    if (this.#length === this.#slots.length) this.#resize(Math.max(this.#length * 2, SMALLEST));
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#length += 1;
  }

  peek(): Item | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    if (this.#slots.length > 1024 && this.#length * 8 < this.#slots.length) this.#resize(this.#slots.length / 2);
    return item;
  }

  /** Everything, first to last; the ring is empty and small afterwards. */
  drain(): Item[] {
    const all = this.toArray();
    this.#slots = NONE;
    this.#head = 0;
    this.#length = 0;
    return all;
  }

  toArray(): Item[] {
    const all: Item[] = [];
    all.length = this.#length;
    for (let i = 0; i < this.#length; i++) all[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)] as Item;
    return all;
  }

  /** `size` is a power of two, so that a mask does for a remainder. */
  #resize(size: number): void {
    const slots: (Item | undefined)[] = [];
    slots.length = size;
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
