/** The journal as it is on the disk, read beside its writer or after its death. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Json } from './service.ts';

export interface Entry {
  readonly position: number;
  readonly entity: string;
  readonly type: string;
  readonly version: number;
  readonly at: number;
  readonly payload: Json;
}

export function openJournalFile(dataDir: string): DatabaseSync {
  return new DatabaseSync(join(dataDir, 'journal.db'), { readOnly: true, timeout: 2_000 });
}

/** In the order of the journal: of one entity, or all. */
export function readJournalFile(dataDir: string, entity?: string): readonly Entry[] {
  const db = openJournalFile(dataDir);
  try {
    const rows = db.prepare('SELECT position, entity, type, version, at, payload FROM entries WHERE ?1 IS NULL OR entity = ?1 ORDER BY position').all(entity ?? null);
    return rows.map((row) => ({ ...row, payload: JSON.parse(String(row['payload'])) as Json })) as unknown as Entry[];
  } finally {
    db.close();
  }
}
