/** Group commit: many batches, one transaction, one sync. A conflicting batch fails alone; a failing disk leaves nothing half written. */
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { Head } from '../head-file.ts';
import { chainChecksum, sameEntry, type EncodedEntry, type EncodedRow } from '../journal-entry.ts';
import { SNAPSHOT } from '../port.ts';
import type { AppendRequest, Failure, Receipt } from './messages.ts';
import { ROW_COLUMNS } from './schema.ts';

/** The only writer of one journal file. Lives in the worker thread. */
export class SqliteWriter {
  readonly writerEpoch: number;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #statements: ReturnType<typeof prepare>;
  #commits = 0;

  /** Takes the place of every writer before: from here on, their commits are refused. */
  constructor(db: DatabaseSync, file: string, writerEpoch: number, openedAt: number) {
    this.#db = db;
    this.#file = file;
    this.#statements = prepare(db);
    this.writerEpoch = writerEpoch;
    db.prepare('INSERT INTO openings VALUES (?, ?)').run(writerEpoch, openedAt);
  }

  get commits(): number {
    return this.#commits;
  }

  /** The end of the journal as it is on the disk. */
  head(): Head {
    const { position, checksum } = this.#statements.head.get() as unknown as Head;
    return { position, checksum, writerEpoch: this.writerEpoch };
  }

  /** Writes the batches in their order; returns, after the commit, what became of each. */
  commit(requests: readonly AppendRequest[]): Receipt[] {
    try {
      return this.#transact(requests);
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      const only = requests.length === 1 ? requests[0] : undefined;
      if (only !== undefined) return [{ kind: 'failed', id: only.id, failure: this.#failureOf(error) }];
      // What is too much together may go one by one: a small exit still fits where a large batch does not.
      return requests.flatMap((request) => this.commit([request]));
    }
  }

  #transact(requests: readonly AppendRequest[]): Receipt[] {
    this.#db.exec('BEGIN IMMEDIATE');
    this.refuseWhenFenced();
    const before = this.head();
    let head = before;
    const receipts: Receipt[] = [];
    for (const request of requests) {
      this.#db.exec('SAVEPOINT batch');
      try {
        head = request.entries.reduce((end, entry) => this.#add(entry, end), head);
        receipts.push({ kind: 'written', id: request.id });
      } catch (error) {
        if (!(error instanceof VigilError)) throw error;
        this.#db.exec('ROLLBACK TO batch');
        receipts.push({ kind: 'failed', id: request.id, failure: failureOf(error) });
      }
      this.#statements.moveHead.run(head.position, head.checksum);
      this.#db.exec('RELEASE batch');
    }
    this.#db.exec('COMMIT');
    if (head.position > before.position) this.#commits += 1;
    return receipts;
  }

  /** Adds one entry after `head` and returns the new head; the same head when the entry is already there. */
  #add(entry: EncodedEntry, head: Head): Head {
    const { entity, sequence, type, version, at, payload } = entry;
    const last = Number(this.#statements.lastSequence.get(entity)?.['last'] ?? 0);
    if (sequence !== last + 1) {
      const stored = this.#statements.at.get(entity, sequence) as unknown as EncodedRow | undefined;
      if (stored !== undefined && sameEntry(stored, entry)) return head;
      const why = stored !== undefined ? `, and #${sequence} is there with other content (${stored.type}, writer epoch ${stored.writerEpoch})` : sequence >= 1 && sequence <= last ? `, and #${sequence} is no longer held: nothing can be compared with it` : '';
      throw new VigilError('JOURNAL_SEQUENCE_CONFLICT', `${entity}: got #${sequence} ${type}, expected #${last + 1}${why}`, {
        details: { entity, sequence, expected: last + 1 },
      });
    }
    const row = { ...entry, position: head.position + 1, writerEpoch: this.writerEpoch };
    const checksum = chainChecksum(head.checksum, row);
    this.#statements.insert.run(row.position, entity, sequence, type, version, at, row.writerEpoch, payload, checksum);
    this.#statements.moveEntity.run(entity, sequence, type === SNAPSHOT ? sequence : 0);
    return { position: row.position, checksum, writerEpoch: this.writerEpoch };
  }

  /** Throws JOURNAL_UNAVAILABLE when another has taken this writer's place. Inside a transaction it stays true until its end. */
  refuseWhenFenced(): void {
    const latest = Number(this.#statements.latestEpoch.get()?.['epoch']);
    if (latest <= this.writerEpoch) return;
    throw new VigilError('JOURNAL_UNAVAILABLE', `${this.#file} was opened anew (writer epoch ${latest}); this writer of epoch ${this.writerEpoch} may write no more`, {
      details: { writerEpoch: this.writerEpoch, latest },
    });
  }

  #failureOf(error: unknown): Failure {
    if (error instanceof VigilError) return failureOf(error);
    const errcode = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
    const message = `${this.#file} cannot be written (${messageOf(error)}); nothing of the batch is in it. Check disk space and the data directory`;
    return { code: 'JOURNAL_UNAVAILABLE', message, details: { file: this.#file, errcode } };
  }
}

/** An error as it travels between threads. */
export function failureOf(error: VigilError): Failure {
  return { code: error.code, message: error.message, details: error.details };
}

function prepare(db: DatabaseSync) {
  return {
    insert: db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    moveHead: db.prepare('UPDATE head SET position = ?, checksum = ?'),
    head: db.prepare('SELECT position, checksum FROM head'),
    lastSequence: db.prepare('SELECT last FROM entities WHERE entity = ?'),
    moveEntity: db.prepare('INSERT INTO entities VALUES (?1, ?2, ?3) ON CONFLICT (entity) DO UPDATE SET last = ?2, snapshot = max(snapshot, ?3)'),
    at: db.prepare(`SELECT ${ROW_COLUMNS} FROM entries WHERE entity = ? AND sequence = ?`),
    latestEpoch: db.prepare('SELECT max(writer_epoch) AS epoch FROM openings'),
  };
}
