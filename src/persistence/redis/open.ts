/** Opens the journal in Redis: looks at the server, reads the journal through, and only then takes the writer's place. */
import { VigilError } from '../../protocol/errors.ts';
import type { Finding } from '../../protocol/findings.ts';
import { sleep } from '../../supervision/clock.ts';
import type { Clock } from '../../supervision/clock.ts';
import { randomText } from '../../supervision/random.ts';
import type { Random } from '../../supervision/random.ts';
import { HeadFile, readHead } from '../head-file.ts';
import { GENESIS } from '../journal-entry.ts';
import type { NewEntry } from '../port.ts';
import { RedisChain } from './chain.ts';
import { checkRedisJournal } from './check.ts';
import type { CheckedJournal } from './check.ts';
import { CALL_BOUNDS, standaloneConnector } from './connection.ts';
import type { CallBounds, RedisConnection } from './connection.ts';
import { readServer, refuseUnsafe, weaknesses } from './durability.ts';
import { RedisFault, refusalAtOpening } from './faults.ts';
import { RedisJournal } from './journal.ts';
import { journalKeys } from './keys.ts';
import type { JournalKeys } from './keys.ts';
import { RedisLink } from './link.ts';
import { FORMAT, run, TAKE } from './scripts.ts';
import { RedisWriter } from './writer.ts';

export interface RedisJournalOptions {
  /** `redis://[USER:PASSWORD@]HOST[:PORT]`, or `rediss://` for TLS. */
  readonly url: string;
  /** What every key begins with: `DEFAULT_PREFIX`, unless configured. */
  readonly prefix: string;
  /** Tells this journal from others under the same prefix. */
  readonly instance: string;
  /** A path in the data directory, which the caller has locked. Beside it, in `FILE-head`, is remembered how far the journal had got and which writer epoch was last. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What must not be lost waits for a replica even before one has been seen. Default: only from when one is. */
  readonly requireReplica?: boolean;
  /** Which entries count as durable only when a replica has them (ruling 37). Default: OrderSending of what is not known to reduce. */
  readonly needsReplica?: (entry: NewEntry) => boolean;
  readonly bounds?: CallBounds;
  /** Tests only: how many of its newest entries the writer keeps to bring back what a failover lost. */
  readonly tailRows?: number;
  /** The store had lost what it had acknowledged: somebody has to know. */
  readonly onFinding: (finding: Finding) => void;
  /** What weakens the promise, with what may be lost by it; at opening, and at each connection that is made anew. */
  readonly onWarning: (message: string) => void;
  /** Once: this writer may write no more, because another opening has its place (`details.reason` FENCED) or the store holds another story (DIVERGED). */
  readonly onEnded?: (error: VigilError) => void;
}

/** A server that still reads its data, after a restart of the machine say, is waited for. */
const LOADING_WAIT_MS = 15_000;
const LOADING_POLL_MS = 250;
/** Somebody else wrote while the journal was read through. */
const TAKE_ATTEMPTS = 5;
/** A replica may be a little behind; one that is not there for so long does not count. */
const REPLICA_ATTEMPTS = 3;
const HOLDER_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Opens the journal, or makes a new one where there is none. Every writer before is fenced off from then on.
 * @throws VigilError CONFIG_INVALID, JOURNAL_STORE_UNSAFE, JOURNAL_STORE_DENIED, JOURNAL_CORRUPT, JOURNAL_FOREIGN (all of which
 * leave the journal as it was), JOURNAL_UNAVAILABLE.
 */
export async function openRedisJournal(options: RedisJournalOptions): Promise<RedisJournal> {
  const { clock, onFinding, onWarning } = options;
  const keys = journalKeys(options.prefix, options.instance);
  const connector = standaloneConnector(options.url, `vigil:${options.instance}`, clock, options.bounds ?? CALL_BOUNDS);
  let connection: RedisConnection | undefined;
  let head: HeadFile | undefined;
  try {
    connection = await connector.connect();
    const replicas = await admit(connection, clock, onWarning);
    const holder = randomText(options.random, 16, HOLDER_ALPHABET);
    const { checked, writerEpoch } = await take(connection, keys, holder, options.file);
    const chain = new RedisChain(writerEpoch, checked, options.tailRows);
    const writer = new RedisWriter({ keys, chain, holder, requireReplica: options.requireReplica ?? false, clock, onFinding }, connection, replicas);
    await epochOnReplica(writer, connection);
    head = new HeadFile(options.file);
    head.write({ ...checked.head, writerEpoch });
    head.sync();
    if (checked.missing > 0) onFinding(lossBefore(connection, keys, checked));
    return new RedisJournal({ keys, where: connector.where, chain, writer, head, needsReplica: options.needsReplica ?? isOpening }, (onUp, onDown) => new RedisLink({ connector, writer, clock, onWarning, onUp, onDown, onEnded: options.onEnded }));
  } catch (error) {
    connection?.close();
    head?.close();
    if (error instanceof RedisFault) throw refusalAtOpening(connector.where, error);
    throw error;
  }
}

/** An exit that waited for a replica that is gone would be the worse loss: its id can be computed again, and the venue knows it. */
function isOpening({ type, payload }: NewEntry): boolean {
  if (type !== 'OrderSending') return false;
  const purpose = typeof payload === 'object' && payload !== null && 'purpose' in payload ? payload.purpose : undefined;
  return purpose !== 'close' && purpose !== 'reduce';
}

/** Looks at what the server promises; answers how many replicas it has. */
async function admit(connection: RedisConnection, clock: Clock, onWarning: (message: string) => void): Promise<number> {
  const since = clock.monotonic();
  let facts = await readServer(connection);
  while (facts.loading && clock.monotonic() - since < LOADING_WAIT_MS) {
    await sleep(clock, LOADING_POLL_MS);
    facts = await readServer(connection);
  }
  if (facts.loading) throw new RedisFault('LOADING', `it is still reading its data after ${LOADING_WAIT_MS / 1_000} s`);
  refuseUnsafe(connection.where, facts);
  for (const weakness of weaknesses(facts)) onWarning(`Redis at ${connection.where}: ${weakness}`);
  return facts.replicas;
}

/** The place of the only writer goes to `holder`, and the journal is as it was read through. */
async function take(connection: RedisConnection, keys: JournalKeys, holder: string, file: string): Promise<{ checked: CheckedJournal; writerEpoch: number }> {
  for (let attempt = 1; attempt <= TAKE_ATTEMPTS; attempt++) {
    const remembered = readHead(file);
    const checked = await checkRedisJournal(connection, keys, { file, head: remembered });
    const { position, checksum } = checked.head;
    const [verdict, fact] = await run(connection, TAKE, [keys.head], [FORMAT, remembered?.writerEpoch ?? 0, holder, position, checksum, GENESIS]);
    if (verdict === 'TAKEN') return { checked, writerEpoch: Number(fact) };
    if (verdict === 'FOREIGN') throw new RedisFault('WRONGTYPE', fact ?? 'a key is of another kind');
  }
  throw new VigilError('JOURNAL_UNAVAILABLE', `the journal {${keys.instance}} in Redis at ${connection.where} was written by somebody else each of ${TAKE_ATTEMPTS} times it was read through: stop the other instance, or choose another journal.redis.prefix`);
}

/** @throws RedisFault NO_REPLICA: a failover now would forget whose place it is (ruling 37). */
async function epochOnReplica(writer: RedisWriter, connection: RedisConnection): Promise<void> {
  for (let attempt = 1; attempt <= REPLICA_ATTEMPTS; attempt++) if (await writer.onReplica()) return;
  throw new RedisFault('NO_REPLICA', `no replica of ${connection.where} has acknowledged the opening`);
}

/** The process that could have appended them again is gone: what the service remembers is only how far it had been. */
function lossBefore(connection: RedisConnection, keys: JournalKeys, { head, missing }: CheckedJournal): Finding {
  const message = `Redis at ${connection.where} had lost ${missing} acknowledged entries before this start: the journal {${keys.instance}} ends at position ${head.position}, and ${head.position + missing} had been acknowledged. What happened after it is known to the venue alone`;
  return { code: 'FAILOVER_LOSS', subject: `journal {${keys.instance}}`, message, details: { entries: missing, storeEndedAt: head.position, server: connection.where } };
}
