/** What the doctor says of the journal: whether its store keeps what it acknowledges, whether it is whole, who writes it, and what still lies beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisUrlOf } from '../../config.ts';
import type { Config } from '../../config.ts';
import { readHead } from '../../persistence/head-file.ts';
import { checkRedisJournal } from '../../persistence/redis/check.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../persistence/redis/connection.ts';
import type { RedisConnection } from '../../persistence/redis/connection.ts';
import { readServer, refuseUnsafe, weaknesses } from '../../persistence/redis/durability.ts';
import { RedisFault, refusalAtOpening } from '../../persistence/redis/faults.ts';
import { journalKeys } from '../../persistence/redis/keys.ts';
import { leaseHolder } from '../../persistence/redis/lease.ts';
import { spillsAside } from '../../persistence/spill/disk.ts';
import { understandSpill } from '../../persistence/spill/lines.ts';
import { checkJournal, isNewJournal } from '../../persistence/sqlite/check.ts';
import { VigilError } from '../../protocol/errors.ts';
import { systemClock } from '../../supervision/clock.ts';
import { verifyReport } from './report.ts';
import { instanceOf, journalName } from './open.ts';
import { openJournalReader } from './open-reader.ts';

type Examine = (name: string, run: () => Promise<string> | string) => Promise<void>;

/** Reads only. */
export async function examineJournal(config: Config, examine: Examine): Promise<void> {
  if (config.journal.engine === 'sqlite') await examine('journal', () => sqliteJournal(config.dataDir));
  else await examineRedis(config, examine);
  await examine('journal entries', () => entries(config));
  await examine('journal spill', () => spill(config));
}

function sqliteJournal(dataDir: string): string {
  const file = join(dataDir, 'journal.db');
  if (!existsSync(file) || isNewJournal(file)) return 'none yet; it is made at the first start';
  checkJournal(file);
  return `${file} is whole: every entry follows the one before`;
}

async function examineRedis(config: Config, examine: Examine): Promise<void> {
  let connection: RedisConnection | undefined;
  const asked = async (run: (connection: RedisConnection) => Promise<string>): Promise<string> => {
    if (connection === undefined) throw new Error('not known: Redis cannot be asked');
    try {
      return await run(connection);
    } catch (error) {
      throw error instanceof RedisFault ? refusalAtOpening(connection.where, error) : error;
    }
  };
  await examine('journal server', async () => {
    const connector = standaloneConnector(redisUrlOf(config), 'vigil:check', systemClock, CALL_BOUNDS);
    connection = await connector.connect().catch((error: unknown) => {
      throw error instanceof RedisFault ? refusalAtOpening(connector.where, error) : error;
    });
    return asked(server);
  });
  const keys = journalKeys(config.journal.redis.prefix, instanceOf(config));
  await examine('journal', () =>
    asked(async (redis) => {
      // What grows while it is read would look torn.
      if ((await leaseHolder(redis, keys))?.includes('renews') === true) return `the journal {${keys.instance}} is in use; its writer followed every entry when it opened it`;
      const file = join(config.dataDir, 'journal');
      const { head, missing } = await checkRedisJournal(redis, keys, { file, head: readHead(file) });
      if (missing > 0) throw new Error(`the journal {${keys.instance}} ends at position ${head.position}, and ${missing} more entries had been acknowledged to this data directory: Redis has lost them, and the venue is asked for what happened`);
      return head.position === 0 ? `none yet under {${keys.instance}}; it is made at the first start` : `the journal {${keys.instance}} is whole up to position ${head.position}: every entry follows the one before`;
    }),
  );
  await examine('journal writer', () => asked(async (redis) => (await leaseHolder(redis, keys)) ?? 'nobody writes it now'));
  connection?.close();
}

async function server(redis: RedisConnection): Promise<string> {
  const facts = await readServer(redis);
  if (facts.loading) throw new RedisFault('LOADING', 'it is still reading its data');
  refuseUnsafe(redis.where, facts);
  const weak = weaknesses(facts);
  if (weak.length > 0) throw new Error(`Redis at ${redis.where}: ${weak.join('. ')}`);
  return `Redis ${facts.version} at ${redis.where} keeps what it acknowledges: appendonly yes, appendfsync ${facts.appendFsync}, ${facts.replicas === 0 ? 'no replica: its disk is the only copy' : `${facts.replicas} replicas`}`;
}

/** Whether this build understands them, and how long they are kept. */
async function entries(config: Config): Promise<string> {
  const { retentionDays } = config.journal;
  const kept = retentionDays === null ? 'all are kept (journal.retentionDays null)' : `those that no state needs are kept ${retentionDays} days`;
  const found = await openJournalReader(config).catch((error: unknown) => {
    // The rows before say why: there is none yet, or its store cannot be asked.
    if (error instanceof VigilError && error.code === 'JOURNAL_UNAVAILABLE') return undefined;
    throw error;
  });
  if (found === undefined) return `none that could be read; ${kept}`;
  try {
    const report = await verifyReport(found.place, found.reader);
    if (!report.whole) throw new Error(`${found.place}: ${report.faults[0]?.message}${report.faultCount === 1 ? '' : `, and ${report.faultCount - 1} more`}: \`vigil journal verify\` says where and what to do`);
    return `${report.entries} of ${report.entities} entities, all of them this build understands; ${kept}`;
  } finally {
    await found.reader.close();
  }
}

async function spill(config: Config): Promise<string> {
  const { dataDir } = config;
  const file = join(dataDir, 'spill');
  const aside = existsSync(dataDir) ? await spillsAside(file) : [];
  if (aside.length > 0) throw new Error(`${aside.join(', ')}: records that the journal's store would not take; the venue decided instead. Compare them, then move the files away`);
  const { batches } = understandSpill(existsSync(file) ? readFileSync(file) : Buffer.alloc(0), journalName(config), file);
  return batches.length === 0 ? 'nothing waits beside the journal' : `${batches.flat().length} records in ${file} wait for the journal's store; the next start hands them over first`;
}
