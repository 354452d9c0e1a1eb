/** Nothing is written to a journal before it has been read through and found whole. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { headFileOf, readHead, type Head } from '../head-file.ts';
import { chainChecksum, GENESIS, type EncodedRow } from '../journal-entry.ts';
import { SNAPSHOT, type ChainedRow, type ChainEnd } from '../port.ts';
import { sizeOf } from './stats.ts';
import { anchorOf } from './release.ts';
import { APPLICATION_ID, connectReader, connectWithoutTrace, ROW_COLUMNS, SCHEMA_VERSION } from './schema.ts';

/** SQLite's result codes that speak of the machine and not of the file: busy, locked, out of memory, I/O, full, cannot open. */
const OUTSIDE_CAUSES = new Set([5, 6, 7, 10, 13, 14]);

/** Whether a journal is to be made here. Throws JOURNAL_CORRUPT when something else says that there was one. */
export function isNewJournal(file: string): boolean {
  if (!existsSync(dirname(file))) {
    throw new VigilError('JOURNAL_UNAVAILABLE', `${dirname(file)} does not exist: create it, or correct the path of the journal ${file}`);
  }
  if (sizeOf(file) > 0) return false;
  const wal = `${file}-wal`;
  if (sizeOf(wal) > 0) throw corrupt(file, `is missing or empty, but ${wal} holds entries of it: restore the file, or move that one away to start anew`);
  const head = readHead(file);
  if (head !== undefined && head.position > 0) {
    throw corrupt(file, `is missing or empty, but held ${head.position} entries: restore it, or remove ${headFileOf(file)} to start anew`, { expected: head.position });
  }
  return true;
}

/**
 * Checks the whole of an existing journal, WAL and all, at rest or in use, and returns the highest writer epoch seen.
 * Throws JOURNAL_FOREIGN or JOURNAL_CORRUPT with the file as it was, byte for byte.
 */
export function checkJournal(file: string): number {
  let reader: DatabaseSync | undefined;
  try {
    reader = sizeOf(`${file}-wal`) > 0 ? connectReader(file) : connectWithoutTrace(file);
    // Before the journal, and that as it is in one moment: beside a service that writes it, what comes meanwhile is no fault.
    const remembered = readHead(file);
    reader.exec('BEGIN');
    const version = checkOwner(file, reader);
    checkPages(file, reader);
    return Math.max(checkChain(file, reader, version, remembered), remembered?.writerEpoch ?? 0);
  } catch (error) {
    if (error instanceof VigilError) throw error;
    throw whatSqliteSaid(file, error);
  } finally {
    reader?.close();
  }
}

/** The schema of the file, if it is a journal that this build can read. */
export function checkOwner(file: string, reader: DatabaseSync): number {
  const applicationId = pragma(reader, 'application_id');
  if (applicationId !== APPLICATION_ID) {
    throw new VigilError('JOURNAL_FOREIGN', `${file} is the database of another program (application_id ${String(applicationId)}): point --data-dir elsewhere`, { details: { file } });
  }
  const version = Number(pragma(reader, 'user_version'));
  if (version > SCHEMA_VERSION) {
    throw new VigilError('JOURNAL_FOREIGN', `${file} has schema ${version}, this Vigil knows ${SCHEMA_VERSION}: run the version that wrote it`, { details: { file, version } });
  }
  if (!Number.isInteger(version) || version < 1) throw corrupt(file, `has schema ${version}, which never was`);
  return version;
}

/** The full check and not `quick_check`: only this one compares the index with the rows, and `read` goes by the index. */
export function checkPages(file: string, reader: DatabaseSync): void {
  const found = pragma(reader, 'integrity_check(1)');
  if (found !== 'ok') throw corrupt(file, `is damaged: ${String(found)}`);
}

/** Follows the chain over all rows; answers the highest writer epoch. */
function checkChain(file: string, reader: DatabaseSync, version: number, remembered: Head | undefined): number {
  const anchor: ChainEnd = version < 2 ? { position: 0, checksum: GENESIS } : anchorOf(reader);
  let { position, checksum: previous } = anchor;
  const last = new Map<string, number>();
  const snapshots = new Map<string, number>();
  let writerEpoch = Number(reader.prepare('SELECT coalesce(max(writer_epoch), 0) AS epoch FROM openings').get()?.['epoch']);
  const rows = reader.prepare(`SELECT ${ROW_COLUMNS}, checksum FROM entries ORDER BY position`).iterate();
  for (const found of rows) {
    const row = found as unknown as ChainedRow;
    position += 1;
    if (row.position !== position) throw corrupt(file, `lacks the entry at position ${position}; the next is ${place(row)}`, { position });
    if (chainChecksum(previous, row) !== row.checksum) {
      throw corrupt(file, `has a changed entry at ${place(row)}: its checksum does not match`, { position, entity: row.entity, sequence: row.sequence });
    }
    // What was let go of is a prefix: without one, every entity begins with 1.
    const before = last.get(row.entity) ?? (anchor.position === 0 ? 0 : row.sequence - 1);
    if (row.sequence !== before + 1) throw corrupt(file, `has ${place(row)}, where #${before + 1} of that entity should be`, { position, entity: row.entity, sequence: row.sequence });
    last.set(row.entity, row.sequence);
    if (row.type === SNAPSHOT) snapshots.set(row.entity, row.sequence);
    previous = row.checksum;
    writerEpoch = Math.max(writerEpoch, row.writerEpoch);
    if (position === remembered?.position && previous !== remembered.checksum) {
      throw corrupt(file, `is not the journal that ${headFileOf(file)} belongs to, from position ${position} or before; remove that file if the journal was replaced on purpose`, { position });
    }
  }
  const head = reader.prepare('SELECT position, checksum FROM head').get();
  if (head?.['position'] !== position || head['checksum'] !== previous) {
    throw corrupt(file, `ends at position ${position}, but its own head says ${String(head?.['position'])}`, { position });
  }
  if (version >= 2) checkEntities(file, reader, last, snapshots);
  if (remembered !== undefined && remembered.position > position) {
    const lost = `has lost acknowledged entries: it ends at position ${position}, but ${headFileOf(file)} remembers ${remembered.position}`;
    throw corrupt(file, `${lost}. Restore ${file} and its -wal, or, if this older copy is what you want, remove that file`, { position, expected: remembered.position });
  }
  return writerEpoch;
}

/** The table goes by the entries; of an entity without any it is all that is known. */
function checkEntities(file: string, reader: DatabaseSync, last: ReadonlyMap<string, number>, snapshots: ReadonlyMap<string, number>): void {
  const known = new Map<string, { last: number; snapshot: number }>();
  for (const row of reader.prepare('SELECT entity, last, snapshot FROM entities').iterate()) known.set(String(row['entity']), { last: Number(row['last']), snapshot: Number(row['snapshot']) });
  for (const [entity, sequence] of last) {
    const noted = known.get(entity);
    if (noted?.last !== sequence) throw corrupt(file, `ends ${entity} with #${sequence}, but its table of entities says ${noted === undefined ? 'nothing of it' : `#${noted.last}`}`, { entity, sequence });
    const snapshot = snapshots.get(entity);
    if (snapshot !== undefined ? noted.snapshot !== snapshot : noted.snapshot > sequence) throw corrupt(file, `has the newest Snapshot of ${entity} at #${snapshot ?? 'none'}, but its table of entities says #${noted.snapshot}`, { entity });
  }
}

/** An error of SQLite's: of the machine (JOURNAL_UNAVAILABLE) or of the file (JOURNAL_CORRUPT). */
export function whatSqliteSaid(file: string, error: unknown): VigilError {
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (errcode !== undefined && OUTSIDE_CAUSES.has(errcode)) {
    return new VigilError('JOURNAL_UNAVAILABLE', `${file} cannot be read: ${messageOf(error)}`, { cause: error, details: { file } });
  }
  if (errcode === 26) return corrupt(file, 'is not an SQLite database at all: move it away, or restore a copy', {}, error);
  return corrupt(file, `is damaged: ${messageOf(error)}`, {}, error);
}

function corrupt(file: string, what: string, details: Record<string, unknown> = {}, cause?: unknown): VigilError {
  return new VigilError('JOURNAL_CORRUPT', `${file} ${what}`, { details: { file, ...details }, cause });
}

function place(row: EncodedRow): string {
  return `position ${row.position} (${row.entity} #${row.sequence})`;
}

function pragma(reader: DatabaseSync, name: string): unknown {
  return Object.values(reader.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
