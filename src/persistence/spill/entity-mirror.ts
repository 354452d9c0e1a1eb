/** What has been read of an entity, kept up to date with what was appended since: so that its owner can start again while the store is away. */
import type { EncodedEntry } from '../journal-entry.ts';
import { SNAPSHOT } from '../port.ts';
import type { StoredEntry } from '../port.ts';
import { isLog } from '../retention.ts';

/** Of one entity since its newest Snapshot; one that grows beyond it is asked of the store again. */
const MOST_ENTRIES = 5_000;

export class EntityMirror {
  readonly #entities = new Map<string, StoredEntry[]>();
  /** The last sequence that was appended, of those too that are not known: an answer of the store from before it is not the newest. */
  readonly #appended = new Map<string, number>();
  readonly #writerEpoch: number;

  constructor(writerEpoch: number) {
    this.#writerEpoch = writerEpoch;
  }

  /** Undefined: nothing is known of it. */
  get(entity: string): readonly StoredEntry[] | undefined {
    return this.#entities.get(entity);
  }

  /** As the store answered; what has been appended since it was asked is newer. */
  read(entity: string, rows: readonly StoredEntry[]): void {
    if (isLog(entity) || rows.length > MOST_ENTRIES || (rows.at(-1)?.sequence ?? 0) < (this.#appended.get(entity) ?? 0)) return;
    this.#entities.set(entity, [...rows]);
  }

  /** Something of it may be in the store that is not known here. */
  forget(entity: string): void {
    this.#entities.delete(entity);
  }

  /** What has become durable, in the store or beside it. */
  added(entries: readonly EncodedEntry[]): void {
    for (const entry of entries) {
      const { entity, sequence } = entry;
      if (isLog(entity)) continue;
      this.#appended.set(entity, Math.max(sequence, this.#appended.get(entity) ?? 0));
      if (sequence === 1 && !this.#entities.has(entity)) this.#entities.set(entity, []);
      const known = this.#entities.get(entity);
      if (known === undefined) continue;
      const last = known.at(-1)?.sequence ?? sequence - 1;
      if (sequence <= last) continue;
      // Its place in the journal is not known here, and no owner of an entity asks for it.
      const stored: StoredEntry = { ...entry, payload: JSON.parse(entry.payload) as unknown, position: 0, writerEpoch: this.#writerEpoch };
      if (sequence > last + 1 || known.length >= MOST_ENTRIES) this.#entities.delete(entity);
      else if (entry.type === SNAPSHOT) this.#entities.set(entity, [stored]);
      else known.push(stored);
    }
  }
}
