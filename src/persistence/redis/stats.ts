/** What a journal in Redis holds, read off its head and the sizes of its keys: no entry is looked at. */
import type { JournalStats } from '../port.ts';
import type { RedisConnection } from './connection.ts';
import type { JournalKeys } from './keys.ts';
import { readHead, readNumbers } from './rows.ts';

/** @throws RedisFault; VigilError JOURNAL_FOREIGN. */
export async function redisStats(connection: RedisConnection, keys: JournalKeys): Promise<JournalStats> {
  const [{ head, anchor, writerEpoch }, entities] = await Promise.all([readHead(connection, keys), readNumbers(connection, keys.entities)]);
  const names = [keys.head, keys.entities, keys.snapshots, ...[...entities.keys()].map((entity) => keys.stream(entity))];
  // Of a stream a few nodes are measured and the rest is taken to be like them.
  const sizes = await Promise.all(names.map((name) => connection.call('MEMORY', 'USAGE', name)));
  const bytes = sizes.reduce<number>((sum, size) => sum + Number(size ?? 0), 0);
  return { entries: head.position - anchor.position, bytes, writerEpoch, first: anchor.position + 1, last: head.position, entities: entities.size };
}
