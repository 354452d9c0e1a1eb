/**
 * The place of the journal's only writer, where the operating system's lock is not enough: a lease that a second start cannot steal,
 * and that its holder stops relying on long before another may take it (ruling 38).
 */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import { isKnownDead } from '../process-identity.ts';
import type { RedisConnection, RedisConnector } from './connection.ts';
import { faultOf, RedisFault, refusalAtOpening } from './faults.ts';
import type { JournalKeys } from './keys.ts';
import { CLAIM, GIVE_BACK, RENEW } from './lease-scripts.ts';
import { run } from './scripts.ts';

const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 2_000;
/** After a renewal that failed; the next ones are due soon. */
const RETRY_MS = 500;
/** So long after its last renewal the holder opens nothing more. */
const RELIED_ON_MS = 6_000;
/** The venue takes nothing that was signed longer ago. */
const RECV_WINDOW_MS = 5_000;
/** What a former holder may still have on its way is over then. */
const TAKEOVER_WAIT_MS = LEASE_MS + RECV_WINDOW_MS + 1_000;

export interface LeaseOptions {
  readonly connector: RedisConnector;
  readonly keys: JournalKeys;
  /** Random: tells two processes apart, whatever their pids. */
  readonly holder: string;
  readonly identity: ProcessIdentity;
  readonly clock: Clock;
  /** Renewals that fail and succeed again. */
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Once: another process has taken the place. */
  readonly onTaken: (error: VigilError) => void;
}

/** Takes the lease. @throws VigilError INSTANCE_RUNNING naming the holder; JOURNAL_UNAVAILABLE and the other refusals of an opening. */
export async function takeLease(options: LeaseOptions): Promise<RedisLease> {
  const lease = new RedisLease(options);
  try {
    await lease.claim();
    return lease;
  } catch (error) {
    lease.stop();
    if (error instanceof RedisFault) throw refusalAtOpening(options.connector.where, error);
    throw error;
  }
}

interface Renewal {
  readonly monotonic: number;
  readonly wall: number;
}

/** Who holds it, in words; undefined: it is free. @throws RedisFault */
export async function leaseHolder(connection: RedisConnection, keys: JournalKeys): Promise<string | undefined> {
  const [holder, until, released, host, pid, startedAt] = (await connection.call('HMGET', keys.lease, 'holder', 'until', 'released', 'host', 'pid', 'startedAt')) as (string | null)[];
  if (holder === null || released === '1') return undefined;
  const [seconds] = (await connection.call('TIME')) as string[];
  const leftMs = Number(until) - Number(seconds) * 1_000;
  return `process ${pid} on ${host} (since ${startedAt}), ${leftMs > 0 ? 'which renews its lease' : `whose lease has been over for ${Math.round(-leftMs / 1_000)} s`}`;
}

export class RedisLease {
  readonly #options: LeaseOptions;
  #connection: RedisConnection | undefined;
  #renewed: Renewal = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };
  readonly #startedAt: string;
  #epoch = 0;
  /** Monotonic: until then a former holder may still be sending. */
  #waitsUntil = Number.NEGATIVE_INFINITY;
  #takenFrom = '';
  #standby = false;
  #taken: VigilError | undefined;
  #failing = false;
  #stopped = false;
  #timer: TimerHandle | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#startedAt = isoTime(options.clock.now());
  }

  /** Why nothing may be opened now; undefined: the place is this process' own. */
  doubt(): string | undefined {
    const { clock } = this.#options;
    if (this.#taken !== undefined) return this.#taken.message;
    const ageMs = this.#ageMs();
    if (ageMs > RELIED_ON_MS) return `the lease of the journal was last renewed ${(ageMs / 1_000).toFixed(1)} s ago, and is relied on for ${RELIED_ON_MS / 1_000} s`;
    const waitMs = this.#waitsUntil - clock.monotonic();
    return waitMs > 0 ? `the lease of the journal was taken over from ${this.#takenFrom}; what that one may still have sent is waited for, ${Math.ceil(waitMs / 1_000)} s more` : undefined;
  }

  /** Why nothing may be sent at all, exits included; undefined: what is held may be managed from here. */
  displaced(): string | undefined {
    if (this.#taken !== undefined) return this.#taken.message;
    return this.#standby && this.#ageMs() > RELIED_ON_MS ? `${this.doubt()}, and a standby takes over` : undefined;
  }

  /** The writer epoch of the journal, for whoever looks at the lease. */
  opened(writerEpoch: number): void {
    this.#epoch = writerEpoch;
  }

  async claim(): Promise<void> {
    const { clock, keys, log } = this.#options;
    this.#connection = await this.#options.connector.connect();
    const asked = this.#now();
    let [verdict, ...facts] = await this.#ask(CLAIM, [keys.lease, keys.head], '');
    if (verdict === 'HELD' && isKnownDead(identityOf(facts))) {
      log.info({ holder: nameOf(facts) }, 'the holder of the journal\'s lease is known to have ended; its place is free');
      [verdict, ...facts] = await this.#ask(CLAIM, [keys.lease, keys.head], facts[0] ?? '');
    }
    if (verdict === 'HELD') throw this.#running(facts);
    if (verdict !== 'FREE' && verdict !== 'EXPIRED') throw new RedisFault('WRONGTYPE', facts[0] ?? `an unknown answer: ${verdict}`);
    this.#renewed = asked;
    if (verdict === 'EXPIRED' && !(facts[0] !== '' && isKnownDead(identityOf(facts)))) {
      this.#waitsUntil = clock.monotonic() + TAKEOVER_WAIT_MS;
      this.#takenFrom = facts[0] === '' ? 'a holder that Redis has forgotten' : nameOf(facts);
      log.warn({ from: this.#takenFrom, waitMs: TAKEOVER_WAIT_MS }, 'the lease of the journal had expired and is taken over; nothing is opened until what its former holder may have sent is over');
    }
    this.#later(RENEW_EVERY_MS);
  }

  /** Nobody has to wait for it any more. Never throws: a lease that cannot be given back expires. */
  async giveBack(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#renewing;
    try {
      if (this.#taken === undefined && this.#connection !== undefined) await run(this.#connection, GIVE_BACK, [this.#options.keys.lease], [this.#options.holder]);
    } catch (error) {
      this.#options.log.warn({ reason: messageOf(error) }, `the lease of the journal could not be given back; it expires in ${LEASE_MS / 1_000} s`);
    }
    this.stop();
  }

  /** Without giving it back. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#connection?.close();
  }

  #later(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#renewing = this.#renew().finally(() => (this.#renewing = undefined));
    });
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    const { connector, keys, log } = this.#options;
    const asked = this.#now();
    try {
      if (this.#connection === undefined || this.#connection.ended !== undefined) this.#connection = await connector.connect();
      const [verdict, ...facts] = await this.#ask(RENEW, [keys.lease]);
      if (verdict === 'TAKEN') return this.#lose(facts);
      if (verdict !== 'RENEWED') throw new RedisFault('WRONGTYPE', facts[0] ?? `an unknown answer: ${verdict}`);
      this.#renewed = asked;
      this.#standby = facts[0] === '1';
      if (this.#failing) log.info({}, 'the lease of the journal is renewed again');
      this.#failing = false;
      this.#later(RENEW_EVERY_MS);
    } catch (error) {
      if (!this.#failing) log.warn({ reason: faultOf(error).message }, 'the lease of the journal cannot be renewed; trying again');
      this.#failing = true;
      this.#later(RETRY_MS);
    }
  }

  #lose(facts: readonly string[]): void {
    const { connector, keys, onTaken } = this.#options;
    this.#taken = new VigilError('JOURNAL_UNAVAILABLE', `${nameOf(facts)} has taken the journal {${keys.instance}} in Redis at ${connector.where}: this process is no longer its writer`, { details: { reason: 'FENCED', ...detailsOf(facts) } });
    this.stop();
    onTaken(this.#taken);
  }

  #ask(script: typeof CLAIM, names: readonly string[], ...more: readonly string[]): Promise<readonly string[]> {
    const { holder, identity } = this.#options;
    const { host, pid, space, born } = identity;
    return run(this.#connection!, script, names, [holder, LEASE_MS, host, pid, space, born, this.#startedAt, this.#epoch, ...more]);
  }

  #now(): Renewal {
    const { clock } = this.#options;
    return { monotonic: clock.monotonic(), wall: clock.now() };
  }

  /** By the larger of both clocks: one stands still while the machine sleeps, the other may be set back. */
  #ageMs(): number {
    const { monotonic, wall } = this.#now();
    return Math.max(monotonic - this.#renewed.monotonic, wall - this.#renewed.wall);
  }

  #running(facts: readonly string[]): VigilError {
    const { connector, keys } = this.#options;
    const message = `${nameOf(facts)} writes the journal {${keys.instance}} in Redis at ${connector.where} (its lease holds for ${(Number(facts[1]) / 1_000).toFixed(1)} s more, unless renewed): stop it first; if it is dead, its lease ends by itself; a journal of its own has another journal.redis.instance`;
    return new VigilError('INSTANCE_RUNNING', message, { details: { server: connector.where, instance: keys.instance, ...detailsOf(facts) } });
  }
}

/** Of a script's answer: holder, ms left, host, pid, space, born, startedAt. */
function identityOf([, , host = '', pid = '0', space = '', born = '']: readonly string[]): ProcessIdentity {
  return { host, pid: Number(pid), space, born };
}

function nameOf([, , host, pid, , , startedAt]: readonly string[]): string {
  return `process ${pid} on ${host} (since ${startedAt})`;
}

function detailsOf([holder, , host, pid, , , startedAt]: readonly string[]): Readonly<Record<string, unknown>> {
  return { holder, host, pid: Number(pid), startedAt };
}
