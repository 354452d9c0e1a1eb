/**
 * The journal while its store is away: openings are refused, everything else is kept on this machine's disk, counts as durable, and
 * reaches the store in order before anything newer does (ruling 36). Over any engine.
 */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { JournalView } from '../../protocol/views.ts';
import { encodeEntry } from '../journal-entry.ts';
import type { Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../port.ts';
import { EntityMirror } from './entity-mirror.ts';
import type { SpilledEntries } from './entries.ts';
import type { SpillingOptions } from './options.ts';
import { StorePresence } from './presence.ts';
import { isDefinite, isFinal, within } from './store-answers.ts';

/** Gives the store what an earlier process had kept. @throws VigilError JOURNAL_UNAVAILABLE. */
export async function openSpillingJournal(options: SpillingOptions): Promise<SpillingJournal> {
  const journal = new SpillingJournal(options);
  await journal.begin();
  return journal;
}

export class SpillingJournal implements Journal {
  readonly writerEpoch: number;
  readonly #options: SpillingOptions;
  readonly #store: Journal;
  readonly #mirror: EntityMirror;
  readonly #presence: StorePresence;

  constructor(options: SpillingOptions) {
    this.#options = options;
    this.#store = options.store;
    this.writerEpoch = options.store.writerEpoch;
    this.#mirror = new EntityMirror(this.writerEpoch);
    this.#presence = new StorePresence(options, this.#mirror);
  }

  /** What was kept before this start goes first. */
  begin(): Promise<void> {
    return this.#presence.begin();
  }

  append(batch: readonly NewEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#presence.ended !== undefined) throw this.#presence.ended;
      this.#presence.take({ entries: batch.map(encodeEntry), batch, at: this.#options.clock.monotonic(), resolve, reject });
    });
  }

  read(entity: string): Promise<StoredEntry[]> {
    const asked = () => this.#reading<readonly StoredEntry[]>(() => this.#store.read(entity), () => this.#mirror.get(entity));
    return this.#whole(asked, (rows) => {
      if (this.#presence.away === undefined) this.#mirror.read(entity, rows);
      return this.#spilled.after(entity, rows, this.writerEpoch);
    });
  }

  readTail(entity: string, bounds: TailBounds): Promise<StoredEntry[]> {
    return this.#whole(
      () => this.#reading(() => this.#store.readTail(entity, bounds)),
      (rows) => {
        const kept = this.#spilled.after(entity, rows, this.writerEpoch).slice(rows.length);
        return [...rows, ...kept.filter((entry) => entry.at >= bounds.since)];
      },
    );
  }

  lastSequence(entity: string): Promise<number> {
    return this.#whole(
      () => this.#reading(() => this.#store.lastSequence(entity)),
      (last) => Math.max(last, this.#spilled.last(entity) ?? 0),
    );
  }

  entities(prefix: string): Promise<string[]> {
    return this.#whole(
      () => this.#reading(() => this.#store.entities(prefix)),
      (names) => [...new Set([...names, ...this.#spilled.entities(prefix)])],
    );
  }

  readTypes(types: readonly string[], since: number): Promise<StoredEntry[]> {
    return this.#whole(
      () => this.#reading(() => this.#store.readTypes(types, since)),
      (rows) => {
        const known = new Set(rows.map((row) => `${row.sequence} ${row.entity}`));
        return [...rows, ...this.#spilled.ofTypes(types, since, this.writerEpoch).filter((row) => !known.has(`${row.sequence} ${row.entity}`))];
      },
    );
  }

  async release(before: number): Promise<Release> {
    // What is repeated when the store is back must still be there to be compared with.
    if (!this.#presence.settled) throw new VigilError('JOURNAL_UNAVAILABLE', 'the store is away: nothing is let go of');
    return this.#store.release(before);
  }

  stats(): Promise<JournalStats> {
    return this.#reading(() => this.#store.stats());
  }

  availability(): JournalView {
    const { ended, away, since, aside, keeper } = this.#presence;
    const reason = ended?.message ?? away?.reason ?? null;
    return { store: reason === null ? 'up' : 'away', since, reason, spilled: keeper.spilled.count, unrecorded: keeper.unrecorded(away) ?? null, aside, place: this.#options.place?.() ?? null, replica: this.#options.replica?.() ?? null };
  }

  async close(): Promise<void> {
    await this.#presence.close(new VigilError('JOURNAL_UNAVAILABLE', 'the journal is closed'));
    await this.#options.spill.close();
    await this.#store.close();
  }

  get #spilled(): SpilledEntries {
    return this.#presence.keeper.spilled;
  }

  /**
   * What the store answers, with what is kept beside it. When the store came back while it was asked, what was kept went into
   * it: the answer may be from before, and what is kept has it no more. Then the store is asked again.
   */
  async #whole<Answer, Value>(ask: () => Promise<Answer>, withKept: (answer: Answer) => Value): Promise<Value> {
    for (;;) {
      const { returns } = this.#presence;
      const answer = await ask();
      if (returns === this.#presence.returns) return withKept(answer);
    }
  }

  /** While the store is away, what is known here answers when it does not. */
  async #reading<Value>(ask: () => Promise<Value>, known: () => Value | undefined = () => undefined): Promise<Value> {
    const presence = this.#presence;
    if (presence.ended !== undefined) throw presence.ended;
    try {
      const { clock, patienceMs } = this.#options;
      return await (presence.away === undefined ? ask() : within(clock, patienceMs, ask));
    } catch (error) {
      if (isDefinite(error)) throw error;
      if (isFinal(error)) {
        presence.fence(error);
        throw error;
      }
      presence.leave(messageOf(error));
      const here = known();
      if (here !== undefined) return here;
      throw error;
    }
  }
}
