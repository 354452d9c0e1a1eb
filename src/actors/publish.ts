/** Views go to whoever reads them: at every change, and once a second besides (`VIEW_EVERY_MS`). */
import type { Ref, Tagged } from '../supervision/ref.ts';

/** Tells every subscriber the same message. */
export function publish<Message extends Tagged>(ctx: { tell(to: Ref<Message>, message: Message): boolean }, subscribers: readonly Ref<Message>[], message: Message): void {
  for (const subscriber of subscribers) ctx.tell(subscriber, message);
}

/** Views replace one another: of those that wait only the latest counts, so the oldest may go. */
export const VIEW_MAILBOX = { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' } as const;
