/** What a journal's file holds, read off its own tables: no row is looked at. */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { JournalStats } from '../port.ts';

export function fileStats(reader: DatabaseSync, file: string): Omit<JournalStats, 'writerEpoch' | 'commits'> {
  const { anchor, head, entities } = reader.prepare('SELECT anchor.position AS anchor, head.position AS head, (SELECT count(*) FROM entities) AS entities FROM anchor, head').get() as { anchor: number; head: number; entities: number };
  const freeBytes = pragma(reader, 'freelist_count') * pragma(reader, 'page_size');
  return { entries: head - anchor, first: anchor + 1, last: head, entities, bytes: sizeOf(file) + sizeOf(`${file}-wal`), freeBytes };
}

function pragma(reader: DatabaseSync, name: string): number {
  return Number(Object.values(reader.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** In bytes; 0 when there is no such file. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
