/**
 * In the journal's place while it cannot be had, for an offline flatten alone (ruling 36): what is done is on record on this machine,
 * closes need no record to be right, for they only reduce, and the next start with the journal takes the rest from the venue.
 */
import { join } from 'node:path';
import { redisUrlOf } from '../../config.ts';
import type { Config } from '../../config.ts';
import { ownIdentity } from '../../persistence/process-identity.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../persistence/redis/connection.ts';
import { journalKeys } from '../../persistence/redis/keys.ts';
import { takeLease } from '../../persistence/redis/lease.ts';
import type { RedisLease } from '../../persistence/redis/lease.ts';
import { openSqliteJournal } from '../../persistence/sqlite/journal.ts';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import { newHolder } from './holder.ts';
import { instanceOf, leaseRefusal } from './open.ts';
import type { JournalSurroundings, OpenedJournal } from './open.ts';

/** The journal cannot be had. Anything else, a living writer above all, is a refusal as ever. */
const NOT_TO_BE_HAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['JOURNAL_UNAVAILABLE', 'JOURNAL_CORRUPT', 'JOURNAL_FOREIGN', 'JOURNAL_STORE_DENIED', 'JOURNAL_STORE_UNSAFE']);

export function isNotToBeHad(error: unknown): error is VigilError {
  return error instanceof VigilError && NOT_TO_BE_HAD.has(error.code);
}

/** @param why the journal itself cannot be had. @throws VigilError INSTANCE_RUNNING when Redis can say that another process writes it. */
export async function openStandIn(config: Config, surroundings: JournalSurroundings, why: VigilError): Promise<OpenedJournal> {
  const { clock, log, onEnded } = surroundings;
  const lease = config.journal.engine === 'redis' ? await leaseIfAsked(config, surroundings) : undefined;
  const file = join(config.dataDir, `flatten-${isoTime(clock.now()).replaceAll(':', '')}.db`);
  try {
    const journal = await openSqliteJournal({ file, now: () => clock.now(), onDeath: onEnded });
    log.warn({ file, reason: why.message }, `the journal cannot be had: what is done now is on record in ${file}`);
    return {
      journal,
      standIn: file,
      readModels: undefined,
      mayRedeem: (write) => (lease === undefined ? undefined : leaseRefusal(lease, write)),
      onFinding: () => undefined,
      async close() {
        await journal.close();
        await lease?.giveBack();
      },
    };
  } catch (error) {
    await lease?.giveBack();
    throw error;
  }
}

/** The place of the only writer, where Redis can be asked for it; where it cannot, nobody else can renew his either, and the operator has said that nobody is there. */
async function leaseIfAsked(config: Config, { clock, random, log, onEnded }: JournalSurroundings): Promise<RedisLease | undefined> {
  const instance = instanceOf(config);
  const connector = standaloneConnector(redisUrlOf(config), `vigil:${instance}:lease`, clock, CALL_BOUNDS);
  try {
    return await takeLease({ connector, keys: journalKeys(config.journal.redis.prefix, instance), holder: newHolder(random), identity: ownIdentity(), clock, log, onTaken: onEnded });
  } catch (error) {
    if (!isNotToBeHad(error)) throw error;
    log.warn({ reason: messageOf(error) }, 'Redis cannot say who else writes this journal; the operator says that nobody does');
    return undefined;
  }
}
