/**
 * The entries of an entity that one actor writes by itself: numbered when they are decided, in order, one append at a time, and
 * handed in again as they are until the journal has them. A journal that is away restarts nobody: who had to be restarted to
 * write again could not be asked meanwhile.
 */
import type { JournalAnswer, JournalEntryDraft, JournalMessage } from '../protocol/messages.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import { NOTHING_UNSNAPSHOTTED, snapshotDue, withEntry } from '../rules/snapshots.ts';
import type { Unsnapshotted } from '../rules/snapshots.ts';
import type { ActorContext, Outcome } from '../supervision/behaviour.ts';
import type { Ref } from '../supervision/ref.ts';
import { entryName } from './entry-name.ts';
import { draft } from './journal.ts';

const TIMEOUT_MS = 8_000;

/** The journal's answer, for `answered`. */
export interface Recorded {
  readonly type: 'recorded';
  /** The number of the last entry that it is about. */
  readonly through: number;
  readonly outcome: Outcome<JournalAnswer>;
}

export class Outbox {
  readonly #entity: string;
  readonly #journal: Ref<JournalMessage>;
  #sequence: number;
  #known: Unsnapshotted;
  /** Not known to be in the journal. */
  #waiting: JournalEntryDraft[] = [];
  #sending = false;
  #failing = false;

  /** @param entries what was read of the entity at the start. @param sequence its last number, where less than the whole was read. */
  constructor(entity: string, journal: Ref<JournalMessage>, entries: readonly JournalEntryDraft[], sequence: number = entries.at(-1)?.sequence ?? 0) {
    this.#entity = entity;
    this.#journal = journal;
    this.#sequence = sequence;
    this.#known = entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED);
  }

  /** Whether the journal has everything. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @returns the number of the entry. */
  put(type: string, at: number, payload: unknown): number {
    this.#sequence += 1;
    const entry = draft(this.#entity, this.#sequence, type, at, payload);
    this.#known = withEntry(this.#known, entry);
    this.#waiting.push(entry);
    return this.#sequence;
  }

  /** The whole state, when it is due and the journal has everything before it. @param payload the state after the last entry, as JSON. */
  putSnapshotIfDue(at: number, payload: () => unknown): void {
    if (this.empty && snapshotDue(this.#known, at)) this.put(SNAPSHOT_TYPE, at, payload());
  }

  /** What a stop of the tree waits for. */
  names(): readonly string[] {
    return this.#waiting.map(entryName);
  }

  /** Hands in what waits, unless an answer is still to come. Called after each `put`, and now and then: what was refused goes again. */
  flush<Message>(ctx: ActorContext<Message | Recorded>): void {
    if (this.#sending || this.empty) return;
    this.#sending = true;
    const through = this.#sequence;
    ctx.ask(this.#journal, { type: 'append', entries: [...this.#waiting] }, TIMEOUT_MS, (outcome) => ({ type: 'recorded', through, outcome }));
  }

  /**
   * @returns why the journal has not taken it, and whether that is news; undefined: it has.
   * @throws Error when a number is another's: the next incarnation reads what is on record.
   */
  answered({ through, outcome }: Recorded): { readonly failure: string; readonly news: boolean } | undefined {
    this.#sending = false;
    if (outcome.ok && outcome.value.ok) {
      this.#failing = false;
      this.#waiting = this.#waiting.filter(({ sequence }) => sequence > through);
      return undefined;
    }
    const failure = outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message;
    if (outcome.ok && !outcome.value.ok && outcome.value.code === 'JOURNAL_SEQUENCE_CONFLICT') throw new Error(failure);
    const news = !this.#failing;
    this.#failing = true;
    return { failure, news };
  }
}
