/** Writes the Snapshot of an entity that one actor writes by itself: when it is due, one at a time, and again as it was while the journal does not take it. */
import type { JournalAnswer, JournalEntryDraft } from '../protocol/messages.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import { NOTHING_UNSNAPSHOTTED, snapshotDue, withEntry } from '../rules/snapshots.ts';
import type { Unsnapshotted } from '../rules/snapshots.ts';
import type { Outcome } from '../supervision/behaviour.ts';
import { draft } from './journal.ts';

/** The journal's answer to a Snapshot. */
export interface SnapshotKept {
  readonly type: 'kept';
  readonly outcome: Outcome<JournalAnswer>;
}

export class SnapshotKeeper {
  readonly #entity: string;
  #known: Unsnapshotted;
  /** Not known to be durable. */
  #pending: JournalEntryDraft | undefined;
  #sending = false;

  /** @param entries what was read at the start. */
  constructor(entity: string, entries: readonly JournalEntryDraft[]) {
    this.#entity = entity;
    this.#known = entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED);
  }

  /** An entry of the owner's has its number. @returns the entry. */
  noted(entry: JournalEntryDraft): JournalEntryDraft {
    this.#known = withEntry(this.#known, entry);
    return entry;
  }

  /**
   * What is to be appended now, and answered to `answered`; undefined: nothing.
   * @param last the number of the owner's last entry: a new Snapshot takes the next.
   * @param payload the whole state after that entry, as JSON.
   */
  next(last: number, at: number, payload: () => unknown): JournalEntryDraft | undefined {
    if (this.#sending || (this.#pending === undefined && !snapshotDue(this.#known, at))) return undefined;
    this.#sending = true;
    this.#pending ??= this.noted(draft(this.#entity, last + 1, SNAPSHOT_TYPE, at, payload()));
    return this.#pending;
  }

  /** @throws Error when the number is taken: the next incarnation reads by whom. */
  answered({ outcome }: SnapshotKept): void {
    this.#sending = false;
    if (outcome.ok && outcome.value.ok) this.#pending = undefined;
    else if (outcome.ok && !outcome.value.ok && outcome.value.code === 'JOURNAL_SEQUENCE_CONFLICT') throw new Error(outcome.value.message);
  }
}
