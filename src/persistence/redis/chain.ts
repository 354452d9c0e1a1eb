/** The writer's own picture of the journal: where the chain ends, how far each entity is, and the newest entries themselves. */
import { VigilError } from '../../protocol/errors.ts';
import { chainChecksum, sameEntry, type EncodedEntry } from '../journal-entry.ts';
import { SNAPSHOT, type ChainedRow, type ChainEnd } from '../port.ts';
import type { CheckedJournal } from './check.ts';
import type { EntityMarks } from './entity-marks.ts';

/** The newest entries are kept so that a failover that lost them can be healed: at most so many, and so many characters of payload. */
const TAIL_ROWS = 10_000;
const TAIL_CHARACTERS = 16 * 1024 * 1024;

/** Rows that are to follow a head. */
export interface Addition {
  readonly rows: readonly ChainedRow[];
  readonly before: ChainEnd;
  readonly after: ChainEnd;
}

/** What is to become of each batch of a group. */
export interface Plan extends Addition {
  /** In the order of the batches; undefined: it is written with the group. */
  readonly refusals: readonly (VigilError | undefined)[];
}

/** An entry already stored, by entity and sequence. */
export type Stored = (entity: string, sequence: number) => ChainedRow | undefined;

export class RedisChain {
  readonly writerEpoch: number;
  #head: ChainEnd;
  readonly #entities: Map<string, number>;
  readonly #snapshots: Map<string, number>;
  readonly #marks: EntityMarks;
  #tail: ChainedRow[] = [];
  #tailCharacters = 0;
  /** The end of the chain before the oldest entry of the tail. */
  #tailBase: ChainEnd;
  readonly #tailRows: number;

  /** @param checked the journal as it was taken over; what it knows is this writer's own from now on. */
  constructor(writerEpoch: number, { head, entities, snapshots, marks }: Pick<CheckedJournal, 'head' | 'entities' | 'snapshots' | 'marks'>, tailRows = TAIL_ROWS) {
    this.writerEpoch = writerEpoch;
    this.#head = head;
    this.#tailBase = head;
    this.#entities = entities;
    this.#snapshots = snapshots;
    this.#marks = marks;
    this.#tailRows = tailRows;
  }

  get head(): ChainEnd {
    return this.#head;
  }

  get entities(): ReadonlyMap<string, number> {
    return this.#entities;
  }

  /** Entity → position of its newest Snapshot. */
  get snapshots(): ReadonlyMap<string, number> {
    return this.#snapshots;
  }

  get marks(): Pick<EntityMarks, 'mayHold'> {
    return this.#marks;
  }

  get tailLength(): number {
    return this.#tail.length;
  }

  lastSequence(entity: string): number {
    return this.#entities.get(entity) ?? 0;
  }

  /** Numbers and chains what is new in the batches, each of which goes whole or not at all. Changes nothing: `accept` does. */
  plan(batches: readonly (readonly EncodedEntry[])[], stored: Stored): Plan {
    const rows: ChainedRow[] = [];
    const ends = new Map<string, number>();
    const refusals = batches.map((batch) => {
      const start = rows.length;
      try {
        for (const entry of batch) this.#planEntry(entry, rows, ends, stored);
        return undefined;
      } catch (error) {
        if (!(error instanceof VigilError)) throw error;
        for (const row of rows.splice(start).toReversed()) ends.set(row.entity, row.sequence - 1);
        return error;
      }
    });
    return { rows, before: this.#head, after: endOf(rows) ?? this.#head, refusals };
  }

  /** The rows are in the store. */
  accept({ rows, after }: Addition): void {
    for (const row of rows) {
      this.#entities.set(row.entity, row.sequence);
      if (row.type === SNAPSHOT) this.#snapshots.set(row.entity, row.position);
      this.#marks.note(row);
      this.#tail.push(row);
      this.#tailCharacters += row.payload.length;
    }
    this.#head = after;
    let cut = 0;
    while (this.#tail.length - cut > this.#tailRows || (this.#tailCharacters > TAIL_CHARACTERS && this.#tail.length - cut > 1)) {
      this.#tailCharacters -= this.#tail[cut]!.payload.length;
      cut += 1;
    }
    // Cut in large pieces: a list that is shifted by one a thousand times a second is copied as often.
    if (cut > 0) this.#tailBase = endOf(this.#tail.splice(0, cut))!;
  }

  /** One of the newest entries, if it is among them. */
  find(entity: string, sequence: number): ChainedRow | undefined {
    return this.#tail.findLast((row) => row.sequence === sequence && row.entity === entity);
  }

  /** What of ours follows a head that the store has; undefined when that head is not on our chain, or further back than what is kept. */
  after(head: ChainEnd): Addition | undefined {
    if (head.position === this.#tailBase.position) return head.checksum === this.#tailBase.checksum ? this.#addition(this.#tailBase, 0) : undefined;
    const index = head.position - this.#tailBase.position - 1;
    const row = this.#tail[index];
    if (index < 0 || row === undefined || row.checksum !== head.checksum) return undefined;
    return this.#addition({ position: row.position, checksum: row.checksum }, index + 1);
  }

  #addition(before: ChainEnd, from: number): Addition {
    return { rows: this.#tail.slice(from), before, after: this.#head };
  }

  #planEntry(entry: EncodedEntry, rows: ChainedRow[], ends: Map<string, number>, stored: Stored): void {
    const { entity, sequence, type } = entry;
    const last = ends.get(entity) ?? this.lastSequence(entity);
    if (sequence === last + 1) {
      const before = endOf(rows) ?? this.#head;
      const row = { ...entry, position: before.position + 1, writerEpoch: this.writerEpoch };
      rows.push({ ...row, checksum: chainChecksum(before.checksum, row) });
      ends.set(entity, sequence);
      return;
    }
    const known = sequence > this.lastSequence(entity) ? rows.find((row) => row.entity === entity && row.sequence === sequence) : stored(entity, sequence);
    if (known !== undefined && sameEntry(known, entry)) return;
    const why = known !== undefined ? `, and #${sequence} is there with other content (${known.type}, writer epoch ${known.writerEpoch})` : sequence >= 1 && sequence <= last ? `, and #${sequence} is no longer held: nothing can be compared with it` : '';
    throw new VigilError('JOURNAL_SEQUENCE_CONFLICT', `${entity}: got #${sequence} ${type}, expected #${last + 1}${why}`, { details: { entity, sequence, expected: last + 1 } });
  }
}

function endOf(rows: readonly ChainedRow[]): ChainEnd | undefined {
  const row = rows.at(-1);
  return row === undefined ? undefined : { position: row.position, checksum: row.checksum };
}
