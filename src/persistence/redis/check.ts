/** Nothing is written to a journal in Redis before it has been read through and found whole. */
import { VigilError } from '../../protocol/errors.ts';
import { headFileOf, type Head } from '../head-file.ts';
import { chainChecksum } from '../journal-entry.ts';
import { SNAPSHOT, type ChainEnd } from '../port.ts';
import type { RedisConnection } from './connection.ts';
import { EntityMarks } from './entity-marks.ts';
import type { JournalKeys } from './keys.ts';
import { inOrder, readHead, readNumbers, type RedisHead } from './rows.ts';

/** What was found whole. */
export interface CheckedJournal extends RedisHead {
  /** Entity → sequence of its last entry. */
  readonly entities: Map<string, number>;
  /** Entity → position of its newest Snapshot. */
  readonly snapshots: Map<string, number>;
  readonly marks: EntityMarks;
  /** What the data directory remembers beyond the end: acknowledged, and not there. 0: nothing is missing. */
  readonly missing: number;
}

/** Where what was remembered of the journal is kept, for the messages. */
export interface Remembered {
  readonly file: string;
  readonly head: Head | undefined;
}

/**
 * Follows the chain over every entry held. Writes nothing.
 * @throws VigilError JOURNAL_CORRUPT, JOURNAL_FOREIGN; RedisFault.
 */
export async function checkRedisJournal(connection: RedisConnection, keys: JournalKeys, remembered: Remembered | undefined): Promise<CheckedJournal> {
  const found = await readHead(connection, keys);
  const [entities, snapshots] = await Promise.all([readNumbers(connection, keys.entities), readNumbers(connection, keys.snapshots)]);
  const corrupt = (what: string, details: Record<string, unknown> = {}): VigilError =>
    new VigilError('JOURNAL_CORRUPT', `the journal {${keys.instance}} in Redis at ${connection.where} ${what}`, { details: { ...details } });
  const { head, anchor } = found;
  const known = remembered?.head;
  if (known !== undefined && known.position > 0 && head.position === 0) {
    throw corrupt(`is empty, but held ${known.position} entries: give the address and prefix of the right server, restore its data, or remove ${headFileOf(remembered!.file)} to start anew and adopt what is open`, { expected: known.position });
  }
  let end: ChainEnd = anchor;
  const last = new Map<string, number>();
  const newest = new Map<string, number>();
  const marks = new EntityMarks();
  for await (const row of inOrder(connection, keys, entities.keys(), anchor.position + 1, head.position)) {
    const place = `position ${row.position} (${row.entity} #${row.sequence})`;
    if (row.position !== end.position + 1) throw corrupt(`lacks the entry at position ${end.position + 1}; the next is ${place}`, { position: end.position + 1 });
    if (chainChecksum(end.checksum, row) !== row.checksum) throw corrupt(`has a changed entry at ${place}: its checksum does not match`, { position: row.position });
    const before = last.get(row.entity) ?? (anchor.position === 0 ? 0 : row.sequence - 1);
    if (row.sequence !== before + 1) throw corrupt(`has ${place}, where #${before + 1} of that entity should be`, { position: row.position });
    last.set(row.entity, row.sequence);
    if (row.type === SNAPSHOT) newest.set(row.entity, row.position);
    marks.note(row);
    end = row;
    if (known?.position === row.position && known.checksum !== row.checksum) {
      throw corrupt(`is not the journal that ${headFileOf(remembered!.file)} belongs to, from position ${row.position} or before; remove that file if the journal was replaced on purpose`, { position: row.position });
    }
  }
  if (end.position !== head.position) throw corrupt(`ends at position ${end.position}, but its own head says ${head.position}`, { position: end.position });
  if (end.checksum !== head.checksum) throw corrupt(`ends at position ${end.position} with another entry than its own head says`, { position: end.position });
  for (const [entity, sequence] of last) {
    if (entities.get(entity) !== sequence) throw corrupt(`ends ${entity} with #${sequence}, but its hash of entities says #${entities.get(entity)}`, { entity, sequence });
  }
  for (const [entity, position] of newest) {
    if (snapshots.get(entity) !== position) throw corrupt(`has the newest Snapshot of ${entity} at position ${position}, but its hash of snapshots says ${snapshots.get(entity) ?? 'none'}`, { entity, position });
  }
  return { ...found, entities, snapshots, marks, missing: Math.max((known?.position ?? 0) - head.position, 0) };
}
