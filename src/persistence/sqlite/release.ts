/** Retention in the file, slice by slice: each slice is a commit of its own that leaves a whole journal, and appends go in between. */
import type { DatabaseSync } from 'node:sqlite';
import type { ChainEnd, Release } from '../port.ts';
import { isLog } from '../retention.ts';
import type { SqliteWriter } from './writer.ts';

/** A few milliseconds of work each: an append waits for one of them at most. */
const ROWS_A_SLICE = 250;
const PAGES_A_SLICE = 250;
/** Free pages are filled again by what comes; giving them back to the disk and asking for them again is work for nothing. */
const SLACK_PAGES = 500;
const SLACK_SHARE = 0.1;

interface Row extends ChainEnd {
  readonly entity: string;
  readonly sequence: number;
  readonly at: number;
}

/** Lets go of what retention allows; answers at its end. Every step is a slice, whose end leaves the file as a whole journal. */
export function* releaseSlices(db: DatabaseSync, writer: SqliteWriter, before: number): Generator<void, Release> {
  let entries = 0;
  for (;;) {
    const { released, heldBy, more } = releaseSome(db, writer, before);
    entries += released;
    yield;
    if (more) continue;
    yield* giveBack(db);
    return { entries, through: anchorOf(db).position, heldBy };
  }
}

function releaseSome(db: DatabaseSync, writer: SqliteWriter, before: number): { released: number; heldBy: string | undefined; more: boolean } {
  db.exec('BEGIN IMMEDIATE');
  try {
    writer.refuseWhenFenced();
    const rows = db.prepare('SELECT position, checksum, entity, sequence, at FROM entries ORDER BY position LIMIT ?').all(ROWS_A_SLICE) as unknown as Row[];
    const snapshot = db.prepare('SELECT snapshot FROM entities WHERE entity = ?');
    const standsFor = (row: Row): boolean => isLog(row.entity) || row.sequence < Number(snapshot.get(row.entity)?.['snapshot']);
    const kept = rows.findIndex((row) => row.at >= before || !standsFor(row));
    const gone = kept === -1 ? rows.length : kept;
    const through = rows[gone - 1];
    if (through !== undefined) {
      db.prepare('DELETE FROM entries WHERE position <= ?').run(through.position);
      db.prepare('UPDATE anchor SET position = ?, checksum = ?').run(through.position, through.checksum);
    }
    db.exec('COMMIT');
    const first = rows[kept];
    return { released: gone, heldBy: first === undefined || first.at >= before ? undefined : first.entity, more: kept === -1 && rows.length === ROWS_A_SLICE };
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Free pages beyond the slack go back to the file system. A file from before `auto_vacuum` keeps them, and fills them again. */
function* giveBack(db: DatabaseSync): Generator<void, void> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const free = pragma(db, 'freelist_count');
    const slack = Math.max(SLACK_PAGES, Math.floor(pragma(db, 'page_count') * SLACK_SHARE));
    if (free <= slack || free >= before) return;
    before = free;
    db.exec(`PRAGMA incremental_vacuum(${Math.min(PAGES_A_SLICE, free - slack)})`);
    yield;
  }
}

/** The last entry that was let go of. */
export function anchorOf(db: DatabaseSync): ChainEnd {
  return db.prepare('SELECT position, checksum FROM anchor').get() as unknown as ChainEnd;
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
