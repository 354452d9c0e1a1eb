/** What waits to be appended goes in one script call, which is synced once; what conflicts fails alone, and what had no answer is asked after. */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { HeadFile } from '../head-file.ts';
import { encodeEntry } from '../journal-entry.ts';
import type { ChainedRow, NewEntry } from '../port.ts';
import type { RedisChain } from './chain.ts';
import type { RedisConnection } from './connection.ts';
import { faultOf, RedisFault, unavailable } from './faults.ts';
import type { JournalKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import { findRows } from './rows.ts';
import { WaitingBatches } from './waiting-batches.ts';
import type { WaitingBatch } from './waiting-batches.ts';
import type { RedisWriter } from './writer.ts';

/** Calls that may wait at once. Beyond it Redis does not keep up, and waiting longer would only hide it. */
const MAX_WAITING = 10_000;
/** Of one batch: Redis takes a million arguments a call, and holds everybody else up while it works through them. */
const MAX_ENTRIES = 50_000;
/** A batch whose answer is lost so often is not sent again: it may be what breaks the connection. */
const ATTEMPTS = 3;

export interface GroupCommitParts {
  readonly keys: JournalKeys;
  /** The server, for messages. */
  readonly where: string;
  readonly chain: RedisChain;
  readonly writer: RedisWriter;
  readonly head: HeadFile;
  readonly needsReplica: (entry: NewEntry) => boolean;
}

export class GroupCommit {
  readonly link: RedisLink;
  readonly #parts: GroupCommitParts;
  readonly #waiting = new WaitingBatches();
  #pumping = false;
  #commits = 0;

  /** @param link makes the way to the store; told what to do when it is there and when it is not. */
  constructor(parts: GroupCommitParts, link: (onUp: () => void, onDown: (error: VigilError) => void) => RedisLink) {
    this.#parts = parts;
    this.link = link(
      () => this.#start(),
      (error) => this.#waiting.refuseAll(error),
    );
  }

  /** Durable round trips so far. */
  get commits(): number {
    return this.#commits;
  }

  /** @throws VigilError when it cannot even wait. */
  add(batch: readonly NewEntry[], resolve: () => void, reject: (error: unknown) => void): void {
    const { refusal } = this.link;
    const entries = batch.map(encodeEntry);
    if (refusal !== undefined) throw refusal;
    if (entries.length > MAX_ENTRIES) throw new VigilError('INTERNAL', `a batch of ${entries.length} entries is more than the ${MAX_ENTRIES} that go into one call to Redis`);
    if (this.#waiting.count >= MAX_WAITING) throw this.#unavailable(new RedisFault('TIMEOUT', `${MAX_WAITING} calls wait; it does not keep up`));
    const characters = entries.reduce((sum, { payload }) => sum + payload.length, 0);
    this.#waiting.add({ entries, characters, needsReplica: batch.some(this.#parts.needsReplica), attempts: 0, resolve, reject });
    this.#start();
  }

  #start(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#pump()
      .catch((error: unknown) => this.link.end(new VigilError('INTERNAL', `the journal in Redis failed: ${messageOf(error)}`, { cause: error })));
  }

  /** Writes group after group while the way is open. */
  async #pump(): Promise<void> {
    try {
      // What is appended in the same turn goes with it.
      await Promise.resolve();
      while (this.#waiting.count > 0 && this.link.up) await this.#commitOrSplit(this.#waiting.takeGroup());
    } finally {
      // In the turn in which nothing was left to do: what comes next starts it again.
      this.#pumping = false;
    }
  }

  /** Never rejects. */
  async #commitOrSplit(group: readonly WaitingBatch[]): Promise<void> {
    const { connection } = this.#parts.writer;
    try {
      await this.#commit(group);
    } catch (error) {
      if (!(error instanceof RedisFault) || error.lost) return this.#broken(group, error, connection);
      if (group.length === 1) return group[0]!.reject(this.#unavailable(error));
      // One of them may be at fault, or too much: a small exit still fits where a large batch does not.
      for (const [index, one] of group.entries()) {
        if (!this.link.up) {
          this.#putBack(group.slice(index));
          return;
        }
        await this.#commitOrSplit([one]);
      }
    }
  }

  /** The answer was lost, or the journal is not ours any more. What was sent waits until it is known what became of it. */
  #broken(group: readonly WaitingBatch[], error: unknown, connection: RedisConnection): void {
    if (error instanceof RedisFault) this.link.lost(error, connection);
    else this.link.end(error instanceof VigilError ? error : new VigilError('INTERNAL', `the journal in Redis failed: ${messageOf(error)}`, { cause: error }));
    this.#putBack(group, error instanceof RedisFault ? error : undefined);
  }

  /** Before all that came after; what was sent often enough is refused. */
  #putBack(group: readonly WaitingBatch[], fault?: RedisFault): void {
    const { refusal } = this.link;
    const again = group.filter((one) => {
      const error = refusal ?? (fault !== undefined && one.attempts >= ATTEMPTS ? this.#unavailable(fault) : undefined);
      if (error !== undefined) one.reject(error);
      return error === undefined;
    });
    this.#waiting.putBack(again);
  }

  async #commit(group: readonly WaitingBatch[]): Promise<void> {
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
      await writer.lookAfterReplica();
    }
    const waiting: WaitingBatch[] = [];
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
  async #alreadyStored(group: readonly WaitingBatch[]): Promise<Map<string, Map<number, ChainedRow>>> {
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
  async #onReplica(waiting: WaitingBatch[]): Promise<boolean> {
    const { connection } = this.#parts.writer;
    try {
      return await this.#parts.writer.onReplica();
    } catch (error) {
      const fault = faultOf(error);
      if (!fault.lost) return false;
      this.link.lost(fault, connection);
      this.#putBack(waiting.splice(0), fault);
      return false;
    }
  }

  #remember(): void {
    const { head, chain } = this.#parts;
    try {
      head.write({ ...chain.head, writerEpoch: chain.writerEpoch });
    } catch {
      // The entries are in the store; an older head file stays true and only remembers less.
    }
  }

  #unavailable(fault: RedisFault): VigilError {
    return unavailable(this.#parts.where, fault);
  }
}
