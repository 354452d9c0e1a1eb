/** The journal's file: its marks, its tables, and how it comes into being whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { GENESIS } from '../journal-entry.ts';
import { SNAPSHOT } from '../port.ts';

/** "Vigl" in ASCII: tells our file from every other program's. */
export const APPLICATION_ID = 0x5669_676c;
/** Of the tables below. A file with a higher one was written by a later Vigil and is refused. */
export const SCHEMA_VERSION = 2;

/** How long a writer waits for another program that holds the file, say a backup: it blocks the worker only. */
const BUSY_WAIT_MS = 2_000;
/** A WAL that a burst has grown is cut back to this at the next checkpoint. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

// `head` repeats the end of the chain, so that even the last row cannot be removed unseen; `anchor` is where it begins:
// the last row that retention let go of. `openings` holds one row per opening: the highest epoch is the only one that may write.
const SINCE_VERSION_2 = `
  CREATE TABLE anchor (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL,
    checksum TEXT    NOT NULL
  ) STRICT;
  -- Of each entity its last sequence, and that of its newest Snapshot (0: it has none).
  CREATE TABLE entities (
    entity   TEXT    PRIMARY KEY,
    last     INTEGER NOT NULL,
    snapshot INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO anchor VALUES (1, 0, '${GENESIS}');
`;
const SCHEMA = `
  CREATE TABLE entries (
    position     INTEGER PRIMARY KEY,
    entity       TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    writer_epoch INTEGER NOT NULL,
    payload      TEXT    NOT NULL,
    checksum     TEXT    NOT NULL,
    UNIQUE (entity, sequence)
  ) STRICT;
  CREATE TABLE head (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL,
    checksum TEXT    NOT NULL
  ) STRICT;
  CREATE TABLE openings (
    writer_epoch INTEGER PRIMARY KEY,
    opened_at    INTEGER NOT NULL
  ) STRICT;
`;

/** The columns of `entries` under the names of EncodedRow. */
export const ROW_COLUMNS = 'position, entity, sequence, type, version, at, writer_epoch AS writerEpoch, payload';

/** Opens the file for writing: every commit is on the disk before it returns. */
export function connectWriter(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_WAIT_MS });
  // The first must come before the first page is written, and does nothing later: only so can the file become smaller again.
  db.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`);
  return db;
}

/** Opens the file so that nothing can be written through it. A WAL left by a killed writer is read with it. */
export function connectReader(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_WAIT_MS });
}

/** Opens a file that has no WAL and no writer, making neither: an ordinary reader leaves an empty `-wal` behind. */
export function connectWithoutTrace(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

/**
 * Makes a new journal beside the place and moves it there when it is complete and on the disk: a kill in between leaves no
 * half-made journal that the next start would have to call corrupt. The caller holds the instance lock.
 */
export function createJournalFile(file: string): void {
  const draft = `${file}.new`;
  for (const leftover of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(leftover, { force: true });
  // SQLite gives the WAL the mode of the main file.
  closeSync(openSync(draft, 'wx', 0o600));
  const db = connectWriter(draft);
  try {
    db.exec(`BEGIN; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; ${SCHEMA} ${SINCE_VERSION_2}`);
    db.prepare('INSERT INTO head VALUES (1, 0, ?)').run(GENESIS);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
  renameSync(draft, file);
  syncDirectory(dirname(file));
}

/** Brings a file of schema 1, found whole, to this one's; all of it or nothing. It has no room for `auto_vacuum`: its free pages are filled again, and stay. */
export function upgradeSchema(db: DatabaseSync): void {
  if (Object.values(db.prepare('PRAGMA user_version').get() ?? {})[0] === SCHEMA_VERSION) return;
  const known = `INSERT INTO entities SELECT entity, max(sequence), coalesce(max(CASE type WHEN '${SNAPSHOT}' THEN sequence END), 0) FROM entries GROUP BY entity`;
  db.exec(`BEGIN IMMEDIATE; ${SINCE_VERSION_2} ${known}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

/** A new name is durable only when its directory is. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
