/** A journal in memory that keeps the port's promises, and can be made slow, silent or failing by the test. */
import { VigilError } from '../../src/protocol/errors.ts';
import { SNAPSHOT } from '../../src/persistence/port.ts';
import type { Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../../src/persistence/port.ts';
import { isLog } from '../../src/persistence/retention.ts';

/** `ok`: at once. `failing`: nothing is taken. `silent`: no answer, nothing taken. `held`: taken when `letThrough` is called. */
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
  /** Of each entity its last sequence, held or not. */
  readonly #last = new Map<string, number>();
  #released = 0;

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
  letThrough(): void {
    this.mood = 'ok';
    for (const resolve of this.#held.splice(0)) resolve();
  }

  async read(entity: string): Promise<StoredEntry[]> {
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    const all = this.#of(entity);
    return all.slice(Math.max(0, all.findLastIndex((entry) => entry.type === SNAPSHOT)));
  }

  async readTail(entity: string, { since, characters }: TailBounds): Promise<StoredEntry[]> {
    const found: StoredEntry[] = [];
    let left = characters;
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    for (const entry of this.#of(entity).toReversed()) {
      left -= JSON.stringify(entry.payload).length;
      if (entry.at < since || (left < 0 && found.length > 0)) break;
      found.unshift(entry);
    }
    return found;
  }

  async lastSequence(entity: string): Promise<number> {
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    return this.#last.get(entity) ?? 0;
  }

  async readTypes(types: readonly string[], since: number): Promise<StoredEntry[]> {
    if (this.readsFail) throw new VigilError('JOURNAL_UNAVAILABLE', 'cannot be read');
    return this.entries.filter((entry) => types.includes(entry.type) && entry.at >= since);
  }

  async entities(prefix: string): Promise<string[]> {
    return [...this.#last.keys()].filter((entity) => entity.startsWith(prefix));
  }

  async release(before: number): Promise<Release> {
    if (this.mood === 'failing') throw new VigilError('JOURNAL_UNAVAILABLE', 'the disk is full');
    const standsFor = (entry: StoredEntry) => isLog(entry.entity) || this.#of(entry.entity).some((later) => later.type === SNAPSHOT && later.sequence > entry.sequence);
    const found = this.entries.findIndex((entry) => entry.at >= before || !standsFor(entry));
    const gone = this.entries.splice(0, found === -1 ? this.entries.length : found);
    this.#released = gone.at(-1)?.position ?? this.#released;
    const first = this.entries[0];
    return { entries: gone.length, through: this.#released, heldBy: first === undefined || first.at >= before ? undefined : first.entity };
  }

  async stats(): Promise<JournalStats> {
    return { entries: this.entries.length, bytes: 0, writerEpoch: this.writerEpoch, first: this.#released + 1, last: this.#released + this.entries.length, entities: this.#last.size };
  }

  async close(): Promise<void> {}

  /** The types of one entity's entries, in order. */
  story(entity: string): string[] {
    return this.#of(entity).map((entry) => entry.type);
  }

  #of(entity: string): StoredEntry[] {
    return this.entries.filter((entry) => entry.entity === entity);
  }

  #take(batch: readonly NewEntry[]): void {
    const added: StoredEntry[] = [];
    const last = new Map(this.#last);
    for (const entry of batch) {
      const known = last.get(entry.entity) ?? 0;
      const stored: StoredEntry = { ...entry, payload: JSON.parse(JSON.stringify(entry.payload)) as unknown, position: this.#released + this.entries.length + added.length + 1, writerEpoch: this.writerEpoch };
      if (entry.sequence === known + 1) {
        added.push(stored);
        last.set(entry.entity, entry.sequence);
      } else if (!sameEntry([...this.entries, ...added].find((one) => one.entity === entry.entity && one.sequence === entry.sequence), stored)) {
        throw new VigilError('JOURNAL_SEQUENCE_CONFLICT', `${entry.entity} ${entry.sequence} is taken`);
      }
    }
    for (const [entity, sequence] of last) this.#last.set(entity, sequence);
    this.entries.push(...added);
    if (added.length > 0) this.batches.push(added);
  }
}

function sameEntry(known: StoredEntry | undefined, entry: StoredEntry): boolean {
  return known !== undefined && JSON.stringify([known.type, known.version, known.at, known.payload]) === JSON.stringify([entry.type, entry.version, entry.at, entry.payload]);
}
