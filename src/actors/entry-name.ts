/** An entry that was handed to the journal, as a stop of the tree names it when it is not acknowledged in time. */
import type { JournalEntryDraft } from '../protocol/messages.ts';

export function entryName({ entity, sequence, type }: JournalEntryDraft): string {
  return `${entity} #${sequence} ${type}`;
}
