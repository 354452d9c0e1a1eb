/** What readers of views need: the newest first, and no view for true that its owner has stopped saying. */
import type { MailboxSpec } from '../supervision/mailbox.ts';

/** Owners say it every second (`publish.ts`); five times in vain, and it is unknown. */
const KNOWN_FOR_MS = 5_000;
/** One view of each kind, and what the executors of a hundred symbols report in several seconds. */
const VIEWS = 1_000;

/** Views come before what is decided on them, and of each kind only the newest: a decision rests on the newest of what is known. */
export function viewsFirst(types: readonly string[]): NonNullable<MailboxSpec['lanes']> {
  return { control: { types, capacity: VIEWS, overflow: 'latest-by-key', onRestart: 'keep', key: aboutWhat } };
}

/** Each report of a life counts: one that an order was sent is not made up for by the next. */
function aboutWhat({ type }: { readonly type: string }): string | undefined {
  return type === 'life' ? undefined : type;
}

/** A view that carries no time of its own, with the moment it came (monotonic ms). */
export class Seen<View> {
  /** The last one, however old: for those who look. */
  last: View | undefined;
  #at = 0;

  see(view: View, at: number): void {
    this.last = view;
    this.#at = at;
  }

  /** Undefined: never said, or not said again for too long. */
  known(at: number): View | undefined {
    return at - this.#at <= KNOWN_FOR_MS ? this.last : undefined;
  }
}
