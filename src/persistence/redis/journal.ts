/** The journal in Redis: what waits goes in one script call, which is synced once; what conflicts fails alone. */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { HeadFile } from '../head-file.ts';
import { decodeRow, encodeEntry, type EncodedEntry } from '../journal-entry.ts';
import type { ChainedRow, Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../port.ts';
import type { RedisChain } from './chain.ts';
import type { RedisConnection } from './connection.ts';
import { faultOf, RedisFault, unavailable } from './faults.ts';
import type { JournalKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import { releaseFromRedis } from './release.ts';
import { backward, findRows, forward, inOrder } from './rows.ts';
import { redisStats } from './stats.ts';
import type { RedisWriter } from './writer.ts';

/** Bounds the wait of the first batch in a group, and the time the script holds Redis. */
const BATCHES_A_GROUP = 256;
const CHARACTERS_A_GROUP = 4 * 1024 * 1024;
/** Calls that may wait at once. Beyond it Redis does not keep up, and waiting longer would only hide it. */
const MAX_WAITING = 10_000;
/** Of one batch: Redis takes a million arguments a call, and holds everybody else up while it works through them. */
const MAX_ENTRIES = 50_000;

/** A batch whose answer is lost so often is not sent again: it may be what breaks the connection. */
const ATTEMPTS = 3;

interface Waiting {
  readonly entries: readonly EncodedEntry[];
  readonly characters: number;
  /** It counts as durable only when a replica has it, too. */
  readonly needsReplica: boolean;
  /** How often it was sent. */
  attempts: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface RedisJournalParts {
  readonly keys: JournalKeys;
  readonly where: string;
  readonly chain: RedisChain;
  readonly writer: RedisWriter;
  readonly head: HeadFile;
  readonly needsReplica: (entry: NewEntry) => boolean;
}

/** Made by `openRedisJournal`. */
export class RedisJournal implements Journal {
  readonly writerEpoch: number;
  readonly #parts: RedisJournalParts;
  readonly #link: RedisLink;
  #queue: Waiting[] = [];
  #pumping = false;
  /** Calls that have no answer yet: a reader waits for the appends, a release for the reads. */
  readonly #appends = new Set<Promise<unknown>>();
  readonly #reads = new Set<Promise<unknown>>();
  #releasing: Promise<unknown> = Promise.resolve();
  #closed: VigilError | undefined;
  #closing: Promise<void> | undefined;
  #commits = 0;

  /** @param link makes the way to the store; told what to do when it is there and when it is not. */
  constructor(parts: RedisJournalParts, link: (onUp: () => void, onDown: (error: VigilError) => void) => RedisLink) {
    this.#parts = parts;
    this.writerEpoch = parts.chain.writerEpoch;
    this.#link = link(
      () => this.#start(),
      (error) => {
        for (const { reject } of this.#queue.splice(0)) reject(error);
      },
    );
  }

  append(batch: readonly NewEntry[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    try {
      const refusal = this.#closed ?? this.#link.refusal;
      const entries = batch.map(encodeEntry);
      if (refusal !== undefined) throw refusal;
      if (entries.length > MAX_ENTRIES) throw new VigilError('INTERNAL', `a batch of ${entries.length} entries is more than the ${MAX_ENTRIES} that go into one call to Redis`);
      if (this.#queue.length >= MAX_WAITING) throw this.#unavailable(new RedisFault('TIMEOUT', `${MAX_WAITING} calls wait; it does not keep up`));
      const characters = entries.reduce((sum, { payload }) => sum + payload.length, 0);
      this.#queue.push({ entries, characters, needsReplica: batch.some(this.#parts.needsReplica), attempts: 0, resolve, reject });
      track(this.#appends, promise);
      this.#start();
    } catch (error) {
      reject(error as Error);
    }
    return promise;
  }

  read(entity: string): Promise<StoredEntry[]> {
    const { chain, keys } = this.#parts;
    return this.#reading(async (connection) => {
      const rows: StoredEntry[] = [];
      for await (const page of forward(connection, keys, entity, chain.snapshots.get(entity) ?? 0, chain.head.position)) for (const row of page) rows.push(this.#decode(row));
      return rows;
    });
  }

  readTail(entity: string, { since, characters }: TailBounds): Promise<StoredEntry[]> {
    return this.#reading(async (connection) => {
      const rows: StoredEntry[] = [];
      let left = characters;
      for await (const page of backward(connection, this.#parts.keys, entity)) {
        for (const row of page) {
          left -= row.payload.length;
          if (row.at < since || (left < 0 && rows.length > 0)) return rows.toReversed();
          rows.push(this.#decode(row));
        }
      }
      return rows.toReversed();
    });
  }

  readTypes(types: readonly string[], since: number): Promise<StoredEntry[]> {
    const { chain, keys } = this.#parts;
    const wanted = new Set(types);
    return this.#reading(async (connection) => {
      const rows: StoredEntry[] = [];
      for await (const row of inOrder(connection, keys, chain.entities.keys(), 0, chain.head.position)) if (wanted.has(row.type) && row.at >= since) rows.push(this.#decode(row));
      return rows;
    });
  }

  lastSequence(entity: string): Promise<number> {
    return this.#reading(async () => this.#parts.chain.lastSequence(entity));
  }

  entities(prefix: string): Promise<string[]> {
    return this.#reading(async () => [...this.#parts.chain.entities.keys()].filter((entity) => entity.startsWith(prefix)).toSorted());
  }

  stats(): Promise<JournalStats> {
    return this.#reading(async (connection) => ({ ...(await redisStats(connection, this.#parts.keys)), commits: this.#commits }));
  }

  release(before: number): Promise<Release> {
    const released = this.#releasing.then(async () => {
      if (this.#closed !== undefined) throw this.#closed;
      const { writer, chain, keys } = this.#parts;
      await Promise.allSettled(this.#appends);
      const connection = await this.#link.connection();
      // A read that is under way finds what it began with.
      const readsDone = async (): Promise<void> => {
        while (this.#reads.size > 0) await Promise.allSettled(this.#reads);
        if (this.#closed !== undefined) throw this.#closed;
      };
      return this.#answering(connection, () => releaseFromRedis(writer, chain, keys, before, readsDone));
    });
    this.#releasing = released.catch(() => undefined);
    return released;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { where, keys, head } = this.#parts;
    this.#closed = new VigilError('JOURNAL_UNAVAILABLE', `the journal {${keys.instance}} in Redis at ${where} is closed`);
    await Promise.allSettled([...this.#appends, ...this.#reads, this.#releasing]);
    this.#link.close(this.#closed);
    head.close();
  }

  #start(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#pump()
      .catch((error: unknown) => this.#link.end(new VigilError('INTERNAL', `the journal in Redis failed: ${messageOf(error)}`, { cause: error })));
  }

  /** Writes group after group while the way is open. */
  async #pump(): Promise<void> {
    try {
      // What is appended in the same turn goes with it.
      await Promise.resolve();
      while (this.#queue.length > 0 && this.#link.up) await this.#commitOrSplit(this.#takeGroup());
    } finally {
      // In the turn in which nothing was left to do: what comes next starts it again.
      this.#pumping = false;
    }
  }

  #takeGroup(): Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { characters: more, attempts } of this.#queue) {
      characters += more;
      if (count > 0 && (characters > CHARACTERS_A_GROUP || count >= BATCHES_A_GROUP)) break;
      count += 1;
      // What is sent again comes first and goes alone, so that nobody shares its fate twice.
      if (attempts > 0) break;
    }
    const group = this.#queue.splice(0, count);
    for (const one of group) one.attempts += 1;
    return group;
  }

  /** Never rejects. */
  async #commitOrSplit(group: readonly Waiting[]): Promise<void> {
    const { connection } = this.#parts.writer;
    try {
      await this.#commit(group);
    } catch (error) {
      if (!(error instanceof RedisFault) || error.lost) return this.#broken(group, error, connection);
      if (group.length === 1) return group[0]!.reject(this.#unavailable(error));
      // One of them may be at fault, or too much: a small exit still fits where a large batch does not.
      for (const [index, one] of group.entries()) {
        if (!this.#link.up) {
          this.#putBack(group.slice(index));
          return;
        }
        await this.#commitOrSplit([one]);
      }
    }
  }

  /** The answer was lost, or the journal is not ours any more. What was sent waits until it is known what became of it. */
  #broken(group: readonly Waiting[], error: unknown, connection: RedisConnection): void {
    if (error instanceof RedisFault) this.#link.lost(error, connection);
    else this.#link.end(error instanceof VigilError ? error : new VigilError('INTERNAL', `the journal in Redis failed: ${messageOf(error)}`, { cause: error }));
    this.#putBack(group, error instanceof RedisFault ? error : undefined);
  }

  /** Before all that came after; what was sent often enough is refused. */
  #putBack(group: readonly Waiting[], fault?: RedisFault): void {
    const { refusal } = this.#link;
    const again = group.filter((one) => {
      const error = refusal ?? (fault !== undefined && one.attempts >= ATTEMPTS ? this.#unavailable(fault) : undefined);
      if (error !== undefined) one.reject(error);
      return error === undefined;
    });
    this.#queue.unshift(...again);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { chain, writer } = this.#parts;
    const stored = await this.#alreadyStored(group);
    const plan = chain.plan(group.map(({ entries }) => entries), (entity, sequence) => stored.get(entity)?.get(sequence));
    if (plan.rows.length > 0) {
      await writer.write(plan);
      this.#commits += 1;
      this.#remember();
    } else {
      // Nothing to write says nothing of the store, and whoever waits wants to know of it.
      await writer.connection.call('PING');
    }
    const waiting: Waiting[] = [];
    for (const [index, one] of group.entries()) {
      const refusal = plan.refusals[index];
      if (refusal !== undefined) one.reject(refusal);
      else if (one.needsReplica) waiting.push(one);
      else one.resolve();
    }
    if (waiting.length === 0) return;
    const replicated = await this.#onReplica(waiting);
    for (const one of waiting) {
      if (replicated) one.resolve();
      else one.reject(this.#unavailable(new RedisFault('NO_REPLICA', 'no replica has acknowledged the entry')));
    }
  }

  /** The entries of a group that may be repeats, as they are stored. */
  async #alreadyStored(group: readonly Waiting[]): Promise<Map<string, Map<number, ChainedRow>>> {
    const { chain, keys, writer } = this.#parts;
    const found = new Map<string, Map<number, ChainedRow>>();
    const wanted = new Map<string, Set<number>>();
    for (const { entity, sequence } of group.flatMap(({ entries }) => entries)) {
      if (sequence < 1 || sequence > chain.lastSequence(entity)) continue;
      const row = chain.find(entity, sequence);
      if (row === undefined) wanted.set(entity, (wanted.get(entity) ?? new Set()).add(sequence));
      else note(row);
    }
    for (const [entity, sequences] of wanted) for (const row of await findRows(writer.connection, keys, entity, sequences)) note(row);
    return found;

    function note(row: ChainedRow): void {
      const rows = found.get(row.entity) ?? new Map<number, ChainedRow>();
      found.set(row.entity, rows.set(row.sequence, row));
    }
  }

  /** The rows are in the store whatever comes of it: when the connection breaks now, they wait for the next one, and for a replica there. */
  async #onReplica(waiting: Waiting[]): Promise<boolean> {
    const { connection } = this.#parts.writer;
    try {
      return await this.#parts.writer.onReplica();
    } catch (error) {
      const fault = faultOf(error);
      if (!fault.lost) return false;
      this.#link.lost(fault, connection);
      this.#putBack(waiting.splice(0), fault);
      return false;
    }
  }

  #remember(): void {
    try {
      this.#parts.head.write({ ...this.#parts.chain.head, writerEpoch: this.writerEpoch });
    } catch {
      // The entries are in the store; an older head file stays true and only remembers less.
    }
  }

  #reading<Value>(work: (connection: RedisConnection) => Promise<Value>): Promise<Value> {
    const read = (async () => {
      if (this.#closed !== undefined) throw this.#closed;
      await Promise.allSettled(this.#appends);
      const connection = await this.#link.connection();
      return this.#answering(connection, work);
    })();
    track(this.#reads, read);
    return read;
  }

  /** Faults as callers know them; one that has ended the connection lets it be made anew. */
  async #answering<Value>(connection: RedisConnection, work: (connection: RedisConnection) => Promise<Value>): Promise<Value> {
    try {
      return await work(connection);
    } catch (error) {
      if (error instanceof VigilError) throw error;
      const fault = faultOf(error);
      if (fault.lost) this.#link.lost(fault, connection);
      // Why the store is not as this writer left it is found out by taking it up again.
      if (fault.reason === 'DISPLACED') await this.#link.connection();
      throw this.#unavailable(fault);
    }
  }

  #decode(row: ChainedRow): StoredEntry {
    try {
      return decodeRow(row);
    } catch (error) {
      throw new VigilError('JOURNAL_CORRUPT', `${row.entity} #${row.sequence} in Redis at ${this.#parts.where} has a payload that is not JSON: ${messageOf(error)}`, { cause: error });
    }
  }

  #unavailable(fault: RedisFault): VigilError {
    return unavailable(this.#parts.where, fault);
  }
}

/** Keeps a call in the set until it is settled. */
function track(calls: Set<Promise<unknown>>, call: Promise<unknown>): void {
  const kept = Promise.allSettled([call]);
  calls.add(kept);
  kept.finally(() => calls.delete(kept)).catch(() => undefined);
}
