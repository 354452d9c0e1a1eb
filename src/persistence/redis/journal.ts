/** The journal in Redis: what is appended goes through the one group commit; what is read sees every append before it, and what is let go of is still there for the reads before it. */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { isoTime } from '../../supervision/clock.ts';
import { decodeRow } from '../journal-entry.ts';
import type { ChainedRow, Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../port.ts';
import type { RedisConnection } from './connection.ts';
import { faultOf, unavailable } from './faults.ts';
import { GroupCommit } from './group-commit.ts';
import type { GroupCommitParts } from './group-commit.ts';
import type { RedisLink } from './link.ts';
import { releaseFromRedis } from './release.ts';
import { backward, forward, inOrder } from './rows.ts';
import { redisStats } from './stats.ts';

/** Made by `openRedisJournal`. */
export class RedisJournal implements Journal {
  readonly writerEpoch: number;
  readonly #parts: GroupCommitParts;
  readonly #commit: GroupCommit;
  /** Calls that have no answer yet: a reader waits for the appends, a release for the reads. */
  readonly #appends = new Set<Promise<unknown>>();
  readonly #reads = new Set<Promise<unknown>>();
  #releasing: Promise<unknown> = Promise.resolve();
  #closed: VigilError | undefined;
  #closing: Promise<void> | undefined;

  /** @param link makes the way to the store; told what to do when it is there and when it is not. */
  constructor(parts: GroupCommitParts, link: (onUp: () => void, onDown: (error: VigilError) => void) => RedisLink) {
    this.#parts = parts;
    this.writerEpoch = parts.chain.writerEpoch;
    this.#commit = new GroupCommit(parts, link);
  }

  /** Why no opening is recorded although the store is there; undefined: nothing keeps it. */
  unreplicated(): string | undefined {
    const { where, writer } = this.#parts;
    const since = writer.unvouchedSince;
    return since === undefined ? undefined : `no replica of Redis at ${where} has acknowledged anything since ${isoTime(since)}; exits and stops are recorded without one. Bring a replica back, or attach another`;
  }

  append(batch: readonly NewEntry[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    try {
      if (this.#closed !== undefined) throw this.#closed;
      this.#commit.add(batch, resolve, reject);
      track(this.#appends, promise);
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
      for await (const row of inOrder(connection, keys, chain.marks.mayHold(types, since), 0, chain.head.position)) if (wanted.has(row.type) && row.at >= since) rows.push(this.#decode(row));
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
    return this.#reading(async (connection) => ({ ...(await redisStats(connection, this.#parts.keys)), commits: this.#commit.commits }));
  }

  release(before: number): Promise<Release> {
    const released = this.#releasing.then(async () => {
      if (this.#closed !== undefined) throw this.#closed;
      const { writer, chain, keys } = this.#parts;
      await Promise.allSettled(this.#appends);
      const connection = await this.#commit.link.connection();
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
    this.#commit.link.close(this.#closed);
    head.close();
  }

  #reading<Value>(work: (connection: RedisConnection) => Promise<Value>): Promise<Value> {
    const read = (async () => {
      if (this.#closed !== undefined) throw this.#closed;
      await Promise.allSettled(this.#appends);
      const connection = await this.#commit.link.connection();
      return this.#answering(connection, work);
    })();
    track(this.#reads, read);
    return read;
  }

  /** Faults as callers know them; one that has ended the connection lets it be made anew. */
  async #answering<Value>(connection: RedisConnection, work: (connection: RedisConnection) => Promise<Value>): Promise<Value> {
    const { link } = this.#commit;
    try {
      return await work(connection);
    } catch (error) {
      if (error instanceof VigilError) throw error;
      const fault = faultOf(error);
      if (fault.lost) link.lost(fault, connection);
      // Why the store is not as this writer left it is found out by taking it up again.
      if (fault.reason === 'DISPLACED') await link.connection();
      throw unavailable(this.#parts.where, fault);
    }
  }

  #decode(row: ChainedRow): StoredEntry {
    try {
      return decodeRow(row);
    } catch (error) {
      throw new VigilError('JOURNAL_CORRUPT', `${row.entity} #${row.sequence} in Redis at ${this.#parts.where} has a payload that is not JSON: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Keeps a call in the set until it is settled. */
function track(calls: Set<Promise<unknown>>, call: Promise<unknown>): void {
  const kept = Promise.allSettled([call]);
  calls.add(kept);
  kept.finally(() => calls.delete(kept)).catch(() => undefined);
}
