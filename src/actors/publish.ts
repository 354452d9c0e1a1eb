/** Views go to whoever reads them: at every change, and once a second besides (`VIEW_EVERY_MS`), so that nobody needs to subscribe. */
import type { Ref, Tagged } from '../supervision/ref.ts';

/** Tells every reader the same message. */
export function publish<Message extends Tagged>(ctx: { tell<M extends Tagged>(to: Ref<M>, message: M): boolean }, readers: readonly Ref<Message>[], message: Message): void {
  for (const reader of readers) ctx.tell(reader, message);
}
