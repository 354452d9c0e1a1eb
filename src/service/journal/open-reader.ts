/** The journal that the configuration names, for commands that only look. */
import { join } from 'node:path';
import { redisUrlOf } from '../../config.ts';
import type { Config } from '../../config.ts';
import type { JournalReader } from '../../persistence/port.ts';
import { openRedisReader } from '../../persistence/redis/reader.ts';
import { openSqliteReader } from '../../persistence/sqlite/journal-reader.ts';
import { systemClock } from '../../supervision/clock.ts';
import { instanceOf } from './open.ts';

export interface FoundJournal {
  /** For messages: which journal it is. No secrets. */
  readonly place: string;
  readonly reader: JournalReader;
}

/** @throws VigilError JOURNAL_UNAVAILABLE (there is none, or it cannot be read), JOURNAL_FOREIGN, JOURNAL_CORRUPT, and what the engine's store refuses. */
export async function openJournalReader(config: Config): Promise<FoundJournal> {
  const { dataDir, journal } = config;
  if (journal.engine === 'sqlite') {
    const place = join(dataDir, 'journal.db');
    return { place, reader: openSqliteReader(place) };
  }
  const { url, prefix } = journal.redis;
  const instance = instanceOf(config);
  return { place: `{${instance}} in Redis at ${new URL(url).host}`, reader: await openRedisReader({ url: redisUrlOf(config), prefix, instance, file: join(dataDir, 'journal'), clock: systemClock }) };
}
