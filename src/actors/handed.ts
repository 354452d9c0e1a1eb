/** What was handed to the journal and is not acknowledged: a stop of the tree waits for it, and names what it did not wait for. */
import type { JournalAnswer, JournalEntryDraft, JournalMessage } from '../protocol/messages.ts';
import type { ActorContext, Outcome } from '../supervision/behaviour.ts';
import type { Ref } from '../supervision/ref.ts';

/** An entry as a stop names it. */
export function entryName({ entity, sequence, type }: JournalEntryDraft): string {
  return `${entity} #${sequence} ${type}`;
}

/** For an actor that hands each entry over at once, and never twice but as it was. */
export class Handed<Message> {
  readonly #journal: Ref<JournalMessage>;
  readonly #open = new Set<JournalEntryDraft>();

  constructor(journal: Ref<JournalMessage>) {
    this.#journal = journal;
  }

  append(ctx: ActorContext<Message>, entries: readonly JournalEntryDraft[], timeoutMs: number, then: (outcome: Outcome<JournalAnswer>) => Message): void {
    for (const entry of entries) this.#open.add(entry);
    ctx.ask(this.#journal, { type: 'append', entries }, timeoutMs, (outcome) => {
      if (outcome.ok && outcome.value.ok) for (const entry of entries) this.#open.delete(entry);
      return then(outcome);
    });
  }

  names(): readonly string[] {
    return [...this.#open].map(entryName);
  }
}
