/** A journal in memory that keeps the port's promises, and can be made slow, silent or failing by the test. */
import { VigilError } from '../../src/protocol/errors.ts';
import type { Journal, JournalStats, NewEntry, StoredEntry, TailBounds } from '../../src/persistence/port.ts';

/** `ok`: at once. `failing`: nothing is taken. `silent`: no answer, nothing taken. `held`: taken when `release` is called. */
export type JournalMood = 'ok' | 'failing' | 'silent' | 'held';

export class MemoryJournal implements Journal {
  readonly writerEpoch = 1;
  mood: JournalMood = 'ok';
  /** Reads fail while this is set. */
  readsFail = false;
  readonly entries: StoredEntry[] = [];
  /** The batches as they were taken. */
  readonly batches: (readonly NewEntry[])[] = [];
  readonly #held: (() => void)[] = [];

  async append(batch: readonly NewEntry[]): Promise<void> {
    if (this.mood === 'failing') throw new VigilError('JOURNAL_UNAVAILABLE', 'the disk is full');
    if (this.mood === 'silent') return Promise.withResolvers<void>().promise;
    if (this.mood === 'held') {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#held.push(resolve);
      await promise;
    }
    this.#take(batch);
  }

  /** Lets every held append through; later ones are taken at once. */
  release(): void {
    this.mood = 'ok';
    for (const resolve of this.#held.splice(0)) resolve();
  }

  async read(entity: string): Promise<StoredEntry[]> {
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    return this.entries.filter((entry) => entry.entity === entity);
  }

  async readTail(entity: string, { since, characters }: TailBounds): Promise<StoredEntry[]> {
    const found: StoredEntry[] = [];
    let left = characters;
    for (const entry of (await this.read(entity)).toReversed()) {
      left -= JSON.stringify(entry.payload).length;
      if (entry.at < since || (left < 0 && found.length > 0)) break;
      found.unshift(entry);
    }
    return found;
  }

  async readTypes(types: readonly string[]): Promise<StoredEntry[]> {
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    return this.entries.filter((entry) => types.includes(entry.type));
  }

  async entities(prefix: string): Promise<string[]> {
    return [...new Set(this.entries.map((entry) => entry.entity))].filter((entity) => entity.startsWith(prefix));
  }

  async stats(): Promise<JournalStats> {
    return { entries: this.entries.length, bytes: 0, writerEpoch: this.writerEpoch };
  }

  async close(): Promise<void> {}

  /** The types of one entity's entries, in order. */
  story(entity: string): string[] {
    return this.entries.filter((entry) => entry.entity === entity).map((entry) => entry.type);
  }

  #take(batch: readonly NewEntry[]): void {
    const added: StoredEntry[] = [];
    for (const entry of batch) {
      const payload: unknown = JSON.parse(JSON.stringify(entry.payload));
      const known = [...this.entries, ...added].filter((one) => one.entity === entry.entity);
      const stored: StoredEntry = { ...entry, payload, position: this.entries.length + added.length + 1, writerEpoch: this.writerEpoch };
      if (entry.sequence === known.length + 1) added.push(stored);
      else if (!sameEntry(known[entry.sequence - 1], stored)) throw new VigilError('JOURNAL_SEQUENCE_CONFLICT', `${entry.entity} ${entry.sequence} is taken`);
    }
    this.entries.push(...added);
    if (added.length > 0) this.batches.push(added);
  }
}

function sameEntry(known: StoredEntry | undefined, entry: StoredEntry): boolean {
  return known !== undefined && JSON.stringify([known.type, known.version, known.at, known.payload]) === JSON.stringify([entry.type, entry.version, entry.at, entry.payload]);
}
