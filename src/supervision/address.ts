/** A ref that remembers where it leads: who is sent a thousand messages is looked up once. */
import type { Ref, Tagged } from './ref.ts';
import type { PendingAnswer } from './pending-answer.ts';

/** Where messages can be left. */
export interface Destination {
  /** No message will ever be taken again: another may live under the same path. */
  readonly closed: boolean;
  accept(message: Tagged, from: string, pending?: PendingAnswer): boolean;
}

export class Address {
  readonly path: string;
  #destination: Destination | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  static of<Message>(path: string): Ref<Message> {
    return new Address(path) as unknown as Ref<Message>;
  }

  /** Where it leads; `find` is asked when that is not known, or no longer right. */
  static destinationOf(ref: Ref<never>, find: (path: string) => Destination | undefined): Destination | undefined {
    if (!(#destination in ref)) return find(ref.path);
    const known = ref.#destination;
    if (known !== undefined && !known.closed) return known;
    return (ref.#destination = find(ref.path));
  }
}
