/** One exchange per place, a directory or a single file, and only on a file that is its own: anything else is refused before a byte of it changes. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartRefused } from './store.ts';

/** "VGPX", at offset 68 of the file. */
export const APPLICATION_ID = 0x56475058;
/** Of the tables; a change of theirs raises it. */
export const SCHEMA_VERSION = 1;

const SQLITE_MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where an exchange is kept. */
export interface StatePlace {
  /** As it was given, for messages. */
  readonly name: string;
  readonly file: string;
  readonly lock: string;
}

export function stateIn(dir: string): StatePlace {
  return { name: dir, file: join(dir, 'exchange.db'), lock: join(dir, 'lock.db') };
}

/** SQLite's own `-wal` and `-shm` are beside it while it is open, and the lock. */
function stateAt(file: string): StatePlace {
  return { name: file, file, lock: `${file}.lock` };
}

/** A path that ends in a slash, or is a directory already, is a directory; any other is a file. */
export function statePlace(path: string): StatePlace {
  const isDirectory = path.endsWith('/') || (existsSync(path) && statSync(path).isDirectory());
  return isDirectory ? stateIn(path) : stateAt(path);
}

/** Holds the place until closed or until the process dies, however it dies: a lock of the operating system. */
export function lockPlace({ name, file: kept, lock: file }: StatePlace): DatabaseSync {
  try {
    mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StartRefused(`the paper exchange cannot keep its state in ${name}: ${reasonOf(cause)}`, { cause });
  }
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (pid INTEGER); DELETE FROM held; COMMIT;');
    return lock;
  } catch (cause) {
    lock?.close();
    const busy = cause instanceof Error && 'errcode' in cause && cause.errcode === 5;
    const message = busy
      ? `another paper exchange is running on ${name}: stop it, or give this one a state of its own`
      : `${file} cannot be used as a lock (${reasonOf(cause)}): move it away if no paper exchange is running on ${name}`;
    throw new StartRefused(message, { cause, reason: busy ? 'state-in-use' : 'refused' });
  }
}

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

/** Whether `file` holds an exchange already. Reads its first bytes only. @throws StartRefused for a file that is not ours. */
export function isOurs(file: string): boolean {
  if (!existsSync(file) || statSync(file).size === 0) return false;
  const header = readHeader(file);
  const foreign = header.toString('latin1', 0, SQLITE_MAGIC.length) !== SQLITE_MAGIC || header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID;
  if (foreign) throw new StartRefused(`${file} is not a paper exchange's state (or its beginning is damaged); it was left untouched: move it away, or choose another place for the state`);
  return true;
}
