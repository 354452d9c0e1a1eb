/** The journal's file for tools that only look: at rest or beside its writer; nothing is written, and no append waits. */
import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { sleep, systemClock } from '../../supervision/clock.ts';
import { readHead } from '../head-file.ts';
import { GENESIS } from '../journal-entry.ts';
import type { ChainedRow, ChainEnd, JournalReader, JournalStats } from '../port.ts';
import { checkOwner, checkPages, whatSqliteSaid } from './check.ts';
import { takeSlice } from './reader.ts';
import { anchorOf } from './release.ts';
import { connectReader, connectWithoutTrace, ROW_COLUMNS } from './schema.ts';
import { fileStats, sizeOf } from './stats.ts';

/** A few thousand rows. */
const SLICES_A_TURN = 16;

/** @throws VigilError JOURNAL_UNAVAILABLE (there is none, or it cannot be read), JOURNAL_FOREIGN, JOURNAL_CORRUPT. */
export function openSqliteReader(file: string): JournalReader {
  if (!existsSync(file) || sizeOf(file) === 0) {
    throw new VigilError('JOURNAL_UNAVAILABLE', `there is no journal at ${file}: no service has run on this data directory yet, or --data-dir names another`, { details: { file } });
  }
  return new SqliteJournalReader(file);
}

class SqliteJournalReader implements JournalReader {
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #schema: number;
  /** How the file was when it was opened as one that nobody writes; undefined: its writer's WAL is read with it. */
  readonly #atRest: string | undefined;

  constructor(file: string) {
    this.#file = file;
    // Of a running service, and of one that was killed, the newest entries are in the WAL.
    const inUse = existsSync(`${file}-wal`);
    this.#atRest = inUse ? undefined : shapeOf(file);
    const { db, schema } = this.#asked(() => {
      const db = inUse ? connectReader(file) : connectWithoutTrace(file);
      try {
        return { db, schema: checkOwner(file, db) };
      } catch (error) {
        db.close();
        throw error;
      }
    });
    this.#db = db;
    this.#schema = schema;
  }

  async *entries(from = 1): AsyncGenerator<ChainedRow> {
    const statement = this.#asked(() => this.#db.prepare(`SELECT ${ROW_COLUMNS}, checksum FROM entries WHERE position > ? ORDER BY position`));
    for (let done = from - 1, slices = 1; ; slices++) {
      // A statement of its own for each slice: a long export holds back no checkpoint of the writer.
      const { rows, cut } = this.#asked(() => takeSlice(statement, [done]));
      for (const row of rows) yield { ...row } as ChainedRow;
      if (!cut) return;
      done = rows.at(-1)!.position;
      // Whoever reads this may have gone away: only between turns of the loop is it told.
      if (slices % SLICES_A_TURN === 0) await sleep(systemClock, 0);
    }
  }

  async head(): Promise<ChainEnd> {
    return this.#asked(() => ({ ...(this.#db.prepare('SELECT position, checksum FROM head').get() as unknown as ChainEnd) }));
  }

  async anchor(): Promise<ChainEnd> {
    return this.#asked(() => (this.#schema < 2 ? { position: 0, checksum: GENESIS } : { ...anchorOf(this.#db) }));
  }

  async sequences(): Promise<ReadonlyMap<string, number>> {
    const table = this.#schema < 2 ? 'SELECT entity, max(sequence) AS last FROM entries GROUP BY entity' : 'SELECT entity, last FROM entities';
    return this.#asked(() => new Map(this.#db.prepare(table).all().map(({ entity, last }) => [String(entity), Number(last)])));
  }

  async stats(): Promise<JournalStats> {
    const writerEpoch = this.#asked(() => Number(this.#db.prepare('SELECT coalesce(max(writer_epoch), 0) AS epoch FROM openings').get()?.['epoch']));
    if (this.#schema >= 2) return this.#asked(() => ({ ...fileStats(this.#db, this.#file), writerEpoch }));
    const { position: last } = await this.head();
    return { entries: last, first: 1, last, entities: (await this.sequences()).size, bytes: sizeOf(this.#file) + sizeOf(`${this.#file}-wal`), writerEpoch };
  }

  async faults(): Promise<readonly string[]> {
    try {
      this.#asked(() => checkPages(this.#file, this.#db));
    } catch (error) {
      if (error instanceof VigilError && error.code === 'JOURNAL_CORRUPT') return [error.message];
      throw error;
    }
    const remembered = readHead(this.#file);
    const { position } = await this.head();
    if (remembered === undefined || remembered.position <= position) return [];
    return [`${this.#file} ends at position ${position}, but ${this.#file}-head remembers ${remembered.position}: acknowledged entries are lost, or an older copy lies in its place`];
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** What SQLite says in an error of ours; of a file at rest nothing counts that was read while it changed. */
  #asked<Answer>(ask: () => Answer): Answer {
    try {
      const answer = ask();
      if (this.#atRest !== undefined && shapeOf(this.#file) !== this.#atRest) throw new VigilError('JOURNAL_UNAVAILABLE', `${this.#file} changed while it was read: a service has started on it; ask again`, { details: { file: this.#file } });
      return answer;
    } catch (error) {
      throw error instanceof VigilError ? error : whatSqliteSaid(this.#file, error);
    }
  }
}

/** Differs whenever somebody has written: a writer begins with a WAL. */
function shapeOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${sizeOf(`${file}-wal`)}`;
  } catch (error) {
    throw new VigilError('JOURNAL_UNAVAILABLE', `${file} cannot be read: ${messageOf(error)}`, { cause: error, details: { file } });
  }
}
