/** What is kept beside the store, by entity: each entity's entries follow one another without a gap, so that the store will take them. */
import { VigilError } from '../../protocol/errors.ts';
import { sameEntry } from '../journal-entry.ts';
import type { EncodedEntry } from '../journal-entry.ts';
import type { NewEntry, StoredEntry } from '../port.ts';

/** The entries as they were handed in. */
export function decoded(entries: readonly EncodedEntry[]): NewEntry[] {
  return entries.map((entry) => ({ ...entry, payload: JSON.parse(entry.payload) as unknown }));
}

export class SpilledEntries {
  readonly #entities = new Map<string, Map<number, EncodedEntry>>();
  /** Of each entity the sequence after which its next entry must come. */
  readonly #lasts = new Map<string, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Sequence of the entity's last entry; undefined: none of it is kept. */
  last(entity: string): number | undefined {
    return this.#entities.has(entity) ? this.#lasts.get(entity) : undefined;
  }

  entities(prefix: string): readonly string[] {
    return [...this.#entities.keys()].filter((entity) => entity.startsWith(prefix));
  }

  /** Why these cannot follow; undefined: they can. Whether they follow what is in the store, the store will say. */
  fault(entries: readonly EncodedEntry[]): VigilError | undefined {
    const lasts = new Map<string, number>();
    for (const entry of entries) {
      const { entity, sequence, type } = entry;
      const last = lasts.get(entity) ?? this.#lasts.get(entity) ?? sequence - 1;
      const kept = this.#entities.get(entity)?.get(sequence);
      if (kept !== undefined && !sameEntry(kept, entry)) return new VigilError('JOURNAL_SEQUENCE_CONFLICT', `${entity}: #${sequence} ${type} is kept already with other content (${kept.type})`, { details: { entity, sequence } });
      if (sequence > last + 1) return new VigilError('JOURNAL_UNAVAILABLE', `${entity}: #${sequence} ${type} waits for #${last + 1}, which was not taken`, { details: { entity, sequence } });
      lasts.set(entity, Math.max(last, sequence));
    }
    return undefined;
  }

  /** They were not taken: nothing of their entities is, that does not begin with them. */
  refuse(entries: readonly EncodedEntry[]): void {
    for (const { entity, sequence } of entries) if (!this.#lasts.has(entity)) this.#lasts.set(entity, sequence - 1);
  }

  /** Takes them; what is there already is there once. Returns how to take them back, and all that came after. */
  add(entries: readonly EncodedEntry[]): () => void {
    const added = entries.filter(({ entity, sequence }) => this.#entities.get(entity)?.has(sequence) !== true);
    for (const entry of added) {
      const known = this.#entities.get(entry.entity);
      if (known === undefined) this.#entities.set(entry.entity, new Map([[entry.sequence, entry]]));
      else known.set(entry.sequence, entry);
      this.#lasts.set(entry.entity, entry.sequence);
    }
    this.#count += added.length;
    return () => {
      for (const { entity, sequence } of added) {
        const known = this.#entities.get(entity);
        if (known?.delete(sequence) === true) this.#count -= 1;
        this.#lasts.set(entity, Math.min(this.#lasts.get(entity) ?? sequence, sequence - 1));
        if (known?.size === 0) this.#entities.delete(entity);
      }
    };
  }

  clear(): void {
    this.#entities.clear();
    this.#lasts.clear();
    this.#count = 0;
  }

  /** What the store answered of an entity, with what is kept beyond it. */
  after(entity: string, rows: readonly StoredEntry[], writerEpoch: number): StoredEntry[] {
    const last = rows.at(-1)?.sequence ?? 0;
    const kept = [...(this.#entities.get(entity)?.values() ?? [])].filter((entry) => entry.sequence > last);
    return [...rows, ...stored(kept, writerEpoch)];
  }

  ofTypes(types: readonly string[], since: number, writerEpoch: number): StoredEntry[] {
    const kept = [...this.#entities.values()].flatMap((entries) => [...entries.values()]).filter((entry) => types.includes(entry.type) && entry.at >= since);
    return stored(kept, writerEpoch);
  }
}

/** Its place in the journal is given when it gets there; until then it is 0. */
function stored(entries: readonly EncodedEntry[], writerEpoch: number): StoredEntry[] {
  return decoded(entries).map((entry) => ({ ...entry, position: 0, writerEpoch }));
}
