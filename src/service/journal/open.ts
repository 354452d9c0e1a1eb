/** The journal that the configuration names, with what its engine needs around it: one writer at a time, and records while the store is away. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisUrlOf } from '../../config.ts';
import type { Config } from '../../config.ts';
import type { Journal, NewEntry, ReadModels } from '../../persistence/port.ts';
import { ownIdentity } from '../../persistence/process-identity.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../persistence/redis/connection.ts';
import { journalKeys } from '../../persistence/redis/keys.ts';
import { takeLease } from '../../persistence/redis/lease.ts';
import type { RedisLease } from '../../persistence/redis/lease.ts';
import type { RedisJournal } from '../../persistence/redis/journal.ts';
import { openRedisJournal } from '../../persistence/redis/open.ts';
import { redisReadModels } from '../../persistence/redis/read-models.ts';
import { openSpillDisk, spillsAside } from '../../persistence/spill/disk.ts';
import { SpillFile } from '../../persistence/spill/file.ts';
import { openSpillingJournal } from '../../persistence/spill/journal.ts';
import { understandSpill } from '../../persistence/spill/lines.ts';
import type { JournalName } from '../../persistence/spill/lines.ts';
import type { SpillEvent } from '../../persistence/spill/options.ts';
import { openSqliteJournal } from '../../persistence/sqlite/journal.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import type { VigilError } from '../../protocol/errors.ts';
import type { Finding } from '../../protocol/findings.ts';
import type { VenueWrite } from '../../protocol/venue.ts';
import type { ActorLog } from '../../supervision/behaviour.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Random } from '../../supervision/random.ts';
import { newHolder } from './holder.ts';

export interface JournalSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ActorLog;
  /** Once: this process writes no more to this journal; only a new start can go on. */
  readonly onEnded: (error: VigilError) => void;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** The journal could not be had: this file stands in for it. */
  readonly standIn?: string;
  /** Where other programs read what happens; undefined: nowhere. */
  readonly readModels: ReadModels | undefined;
  /** Asked right before each send: why it may not be sent now. */
  readonly mayRedeem: (write: VenueWrite) => { readonly code: DenialCode; readonly detail: string } | undefined;
  /** What was found of the store, since before it was open. */
  readonly onFinding: (listener: (finding: Finding) => void) => void;
  /** Waits for what was appended, closes, and gives the writer's place back. */
  close(): Promise<void>;
}

/** A store that is slower than this is as good as away; an exit waits half of it. */
const PATIENCE_MS = 1_000;

/** @throws VigilError of the engine; INSTANCE_RUNNING when another process writes it. The caller holds the data directory's lock. */
export async function openJournal(config: Config, surroundings: JournalSurroundings): Promise<OpenedJournal> {
  return config.journal.engine === 'redis' ? openOnRedis(config, surroundings) : openOnSqlite(config, surroundings);
}

/** The lock of the data directory is the lease, and a spill on the same disk would be full or broken with it. */
async function openOnSqlite(config: Config, { clock, onEnded }: JournalSurroundings): Promise<OpenedJournal> {
  const { dataDir } = config;
  const spill = join(dataDir, 'spill');
  // What lies there is of another engine, and is refused.
  if (existsSync(spill)) understandSpill(readFileSync(spill), journalName(config), spill);
  const journal = await openSqliteJournal({ file: join(dataDir, 'journal.db'), now: () => clock.now(), onDeath: onEnded });
  return { journal, readModels: undefined, mayRedeem: () => undefined, onFinding: () => undefined, close: () => journal.close() };
}

/** The name of the journal in Redis. */
export function instanceOf({ journal, venue }: Config): string {
  return journal.redis.instance ?? venue.mode;
}

/** The settings that say which journal is meant: what is kept beside it goes to no other. */
export function journalName(config: Config): JournalName {
  const { engine, redis } = config.journal;
  return engine === 'redis' ? { 'journal.engine': engine, 'journal.redis.instance': instanceOf(config), 'journal.redis.prefix': redis.prefix } : { 'journal.engine': engine };
}

async function openOnRedis(config: Config, surroundings: JournalSurroundings): Promise<OpenedJournal> {
  const file = join(config.dataDir, 'spill');
  // Before anything is asked of Redis: records of another journal refuse the start, and change nothing there.
  const spill = await SpillFile.open(await openSpillDisk(file, () => surroundings.clock.now()), journalName(config));
  try {
    return await openBeside(spill, config, surroundings);
  } catch (error) {
    await spill.close();
    throw error;
  }
}

async function openBeside(spill: SpillFile, config: Config, surroundings: JournalSurroundings): Promise<OpenedJournal> {
  const { clock, random, log, onEnded } = surroundings;
  const findings = new Findings();
  const onFinding = (finding: Finding) => findings.tell(finding);
  const { prefix, requireReplica } = config.journal.redis;
  const [url, instance] = [redisUrlOf(config), instanceOf(config)];
  const connector = standaloneConnector(url, `vigil:${instance}:lease`, clock, CALL_BOUNDS);
  const holder = newHolder(random);
  const lease = await takeLease({ connector, keys: journalKeys(prefix, instance), holder, identity: ownIdentity(), clock, log, onTaken: onEnded });
  try {
    const store = await openRedisJournal({ url, prefix, instance, file: join(config.dataDir, 'journal'), clock, random, requireReplica, needsReplica: opens, onFinding, onWarning: (message) => log.warn({}, message), onEnded });
    lease.opened(store.writerEpoch);
    const journal = await withSpill(spill, config, store, lease, onFinding, surroundings).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    log.info({ server: connector.where, instance, writerEpoch: store.writerEpoch }, `the journal {${instance}} in Redis at ${connector.where} is open`);
    const readModels = redisReadModels({ url, prefix, instance, clock });
    return {
      journal,
      readModels,
      mayRedeem: (write) => leaseRefusal(lease, write),
      onFinding: (listener) => findings.listen(listener),
      async close() {
        readModels.close();
        await journal.close();
        await lease.giveBack();
      },
    };
  } catch (error) {
    await lease.giveBack();
    throw error;
  }
}

async function withSpill(spill: SpillFile, { journal: { spill: bounds } }: Config, store: RedisJournal, lease: RedisLease, onFinding: (finding: Finding) => void, { clock, log, onEnded }: JournalSurroundings): Promise<Journal> {
  const told = (event: SpillEvent) => tellSpill(event, log, onFinding);
  return openSpillingJournal({ store, spill, clock, ...bounds, patienceMs: PATIENCE_MS, waits: (batch) => batch.some(opens), aside: await spillsAside(spill.name), place: () => lease.doubt(), replica: () => store.unreplicated(), told, onFenced: onEnded });
}

/** Keeps what is found until somebody listens. */
class Findings {
  #early: Finding[] = [];
  #listener: ((finding: Finding) => void) | undefined;

  tell(finding: Finding): void {
    if (this.#listener === undefined) this.#early.push(finding);
    else this.#listener(finding);
  }

  listen(listener: (finding: Finding) => void): void {
    this.#listener = listener;
    for (const finding of this.#early.splice(0)) listener(finding);
  }
}

/** An opening's last record before it is sent: it must reach the store itself. */
function opens({ type, payload }: NewEntry): boolean {
  return type === 'OrderSending' && (payload as { readonly purpose?: unknown } | null)?.purpose === 'entry';
}

/** Whoever is not sure of its place opens nothing, and sets nothing that could wait; once it is known to be another's, it sends nothing at all. */
export function leaseRefusal(lease: RedisLease, { kind }: VenueWrite): { readonly code: DenialCode; readonly detail: string } | undefined {
  const detail = kind === 'OPEN' || kind === 'CONFIGURE' ? lease.doubt() : lease.displaced();
  return detail === undefined ? undefined : { code: 'LEASE_LOST', detail };
}

function tellSpill(event: SpillEvent, log: ActorLog, onFinding: (finding: Finding) => void): void {
  switch (event.type) {
    case 'away':
      return log.error({ reason: event.reason }, 'the store of the journal is away: nothing is opened, exits and stops go on, records are kept on this machine\'s disk');
    case 'back':
      return log.info({ awayMs: event.awayMs, records: event.records }, 'the store of the journal is back and has every record that was kept meanwhile');
    case 'unrecorded':
      return log.error({ reason: event.reason }, 'what happens now is not on record: exits and stops go on, and a restart takes them from the venue');
    case 'finding': {
      const { file, records, conflicts } = event;
      return onFinding({ code: 'SPILL_CONFLICT', subject: file, message: `Of ${records} records kept in ${file}, the journal's store has ${conflicts.length} batches otherwise, or something before them: ${conflicts[0] ?? ''}`, details: { file, records, conflicts: conflicts.slice(0, 20) } });
    }
  }
}
