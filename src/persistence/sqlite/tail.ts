/** The newest entries of an entity out of a journal's file, also while a service writes it: read only, and nothing is left behind. */
import { existsSync, statSync } from 'node:fs';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { decodeRow } from '../journal-entry.ts';
import type { StoredEntry, TailBounds } from '../port.ts';
import { tailSlices } from './reader.ts';
import { APPLICATION_ID, connectReader, connectWithoutTrace } from './schema.ts';

/** Undefined: there is no journal. @throws VigilError JOURNAL_FOREIGN, JOURNAL_UNAVAILABLE. */
export function readJournalTail(file: string, entity: string, bounds: TailBounds): StoredEntry[] | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined;
  // A running service has its WAL beside it, and what is newest is there.
  const reader = existsSync(`${file}-wal`) ? connectReader(file) : connectWithoutTrace(file);
  try {
    const owner = Object.values(reader.prepare('PRAGMA application_id').get() ?? {})[0];
    if (owner !== APPLICATION_ID) throw new VigilError('JOURNAL_FOREIGN', `${file} is the database of another program: point --data-dir elsewhere`, { details: { file } });
    return [...tailSlices(reader, entity, bounds)].flat().toReversed().map(decodeRow);
  } catch (error) {
    if (error instanceof VigilError) throw error;
    throw new VigilError('JOURNAL_UNAVAILABLE', `${file} cannot be read: ${messageOf(error)}`, { cause: error, details: { file } });
  } finally {
    reader.close();
  }
}
