/** A data directory that cannot be used is refused by name and reason before anything is started in it. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, VigilError } from '../protocol/errors.ts';

/** What says of a directory that an instance has worked in it: its lock. */
export const LOCK_FILE = 'lock.db';

/** A disk that is full, or fails: waiting, or a person, may cure it, and no other directory was meant. */
const DISK_AWAY: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'ETIMEDOUT']);

/** The same as SQLite says them, without their second byte: IOERR and FULL. */
const SQLITE_AWAY: ReadonlySet<number> = new Set([10, 13]);

/** Creates the directory (0700, with its parents) unless it is there, and proves that it can be written. Throws DATA_DIR_UNWRITABLE or DATA_DIR_AWAY. */
export function prepareDataDirectory(directory: string): void {
  // The name is fixed: one that a kill left behind is overwritten and removed by the next start.
  const probe = join(directory, '.write-probe');
  try {
    makeDirectory(directory);
    writeFileSync(probe, '', { mode: 0o600 });
    // Another start in the same moment has removed it.
    rmSync(probe, { force: true });
  } catch (error) {
    throw unwritable(directory, directory, error);
  }
}

/** After a crash: the directory is the one that the service worked in, and not what lies beneath a disk that is no longer mounted. Throws DATA_DIR_AWAY. */
export function requireWorkedIn(directory: string): void {
  const path = join(directory, LOCK_FILE);
  try {
    statSync(path);
  } catch (error) {
    throw new VigilError('DATA_DIR_AWAY', `the service that crashed worked in ${directory}, and its ${LOCK_FILE} is not to be found there: ${messageOf(error)}`, { cause: error, details: { path } });
  }
}

/**
 * With the path and the system's own reason. DATA_DIR_AWAY: the disk is, and it may come back. A read-only one counts as away
 * where an instance has worked before; where none ever has, it is the wrong place. Everything else is DATA_DIR_UNWRITABLE.
 */
export function unwritable(directory: string, path: string, error: unknown, verb: 'written' | 'read' = 'written'): VigilError {
  const code = codeOf(error);
  const away = isSqliteAway(error) || (code !== undefined && (DISK_AWAY.has(code) || (code === 'EROFS' && existsSync(join(directory, LOCK_FILE)))));
  return new VigilError(away ? 'DATA_DIR_AWAY' : 'DATA_DIR_UNWRITABLE', `${path} cannot be ${verb}: ${messageOf(error)}`, { cause: error, details: { path } });
}

/** Not mkdir's own `recursive`: under /proc, which answers ENOENT for ever, Node 26.10 tries again for ever. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error;
    makeDirectory(dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
  }
}

function isSqliteAway(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && SQLITE_AWAY.has(error.errcode & 0xff);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
