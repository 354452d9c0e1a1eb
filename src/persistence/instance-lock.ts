/** One instance per data directory, by a lock of the operating system: a dead holder's is free at once, whatever killed it. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { isoTime, systemClock } from '../supervision/clock.ts';
import { LOCK_FILE, prepareDataDirectory, unwritable } from './data-directory.ts';

/** Who works on a data directory, as it says of itself in `instance.json`. */
export interface Instance {
  readonly pid: number;
  /** ISO-8601, UTC. */
  readonly startedAt: string;
  /** It does one thing and ends: a command, and no service that goes on managing what is open. */
  readonly passing?: boolean;
}

export interface InstanceLock extends Instance {
  /** Idempotent, and never throws: how the process ends is not for a broken disk to say. The end of the process releases as well. */
  release(): void;
}

/** Those of this process: one that nobody referred to would be collected, its file closed, and the lock gone without a word. */
const held = new Set<DatabaseSync>();

/**
 * SQLite takes a lock in steps, and gives up when it cannot go on: of two that start in the same moment each could stop the other.
 * Whoever meets one asks again so long, each time after a little more.
 */
const PATIENCE_MS = 300;

/** SQLite's "database is locked". */
const SQLITE_BUSY = 5;

/**
 * Takes `dataDir` for this process, creating it if need be. Throws VigilError INSTANCE_RUNNING with the holder's pid and since
 * when, DATA_DIR_UNWRITABLE or DATA_DIR_AWAY. The lock lives as long as `lock.db` is open: nothing else in this process may open and close
 * that file, for POSIX drops a process' locks on a file with the first descriptor closed.
 */
export function acquireInstanceLock(dataDir: string, { passing = false, now = () => systemClock.now() }: { readonly passing?: boolean; readonly now?: () => number } = {}): InstanceLock {
  prepareDataDirectory(dataDir);
  const db = lock(dataDir);
  const instance: Instance = { pid: process.pid, startedAt: isoTime(now()), ...(passing ? { passing } : {}) };
  const file = instanceFileOf(dataDir);
  try {
    // In one step, so that who is refused meanwhile never reads half a name.
    writeFileSync(`${file}.new`, `${JSON.stringify(instance)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    db.close();
    throw unwritable(dataDir, file, error);
  }
  held.add(db);
  return {
    ...instance,
    release() {
      if (!db.isOpen) return;
      try {
        // While the lock is still ours: after it, the file may be the next holder's.
        rmSync(file, { force: true });
      } catch {
        // On a disk that has become read-only the name stays: it only says whose the lock is, and never that it is held.
      }
      db.close();
      held.delete(db);
    },
  };
}

/** An open transaction is the lock; nothing is ever written, so `lock.db` stays empty and cannot be damaged by a kill. */
function lock(dataDir: string): DatabaseSync {
  const file = join(dataDir, LOCK_FILE);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: PATIENCE_MS });
    chmodSync(file, 0o600);
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) throw refusal(dataDir);
    throw unwritable(dataDir, file, error);
  }
}

function refusal(dataDir: string): VigilError {
  const holder = readInstance(dataDir);
  const who = holder instanceof Error ? `another process (${holder.message})` : `process ${holder.pid}, since ${holder.startedAt},${holder.passing === true ? ' for one command' : ''}`;
  const details = holder instanceof Error ? { dataDir } : { dataDir, pid: holder.pid, startedAt: holder.startedAt, ...(holder.passing === true ? { passing: true } : {}) };
  return new VigilError('INSTANCE_RUNNING', `${who} works on ${dataDir}: stop it first, or use another --data-dir`, { details });
}

/** The holder, or why it is not known: it may be just starting. */
function readInstance(dataDir: string): Instance | Error {
  try {
    const found = JSON.parse(readFileSync(instanceFileOf(dataDir), 'utf8')) as Partial<Instance> | null;
    if (typeof found?.pid === 'number' && typeof found.startedAt === 'string') return { pid: found.pid, startedAt: found.startedAt, ...(found.passing === true ? { passing: true } : {}) };
    return new Error(`${instanceFileOf(dataDir)} names nobody`);
  } catch (error) {
    return new Error(messageOf(error), { cause: error });
  }
}

function instanceFileOf(dataDir: string): string {
  return join(dataDir, 'instance.json');
}
