/** The one writer of a journal in Redis: what it appends follows its own chain, and each new connection is compared with that chain first. */
import { VigilError } from '../../protocol/errors.ts';
import type { Finding } from '../../protocol/findings.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Addition, RedisChain } from './chain.ts';
import type { RedisConnection } from './connection.ts';
import { connectedReplicas } from './durability.ts';
import { RedisFault } from './faults.ts';
import { GENESIS } from '../journal-entry.ts';
import type { JournalKeys } from './keys.ts';
import { SNAPSHOT, type ChainedRow, type ChainEnd } from '../port.ts';
import { fieldsOf } from './rows.ts';
import { APPEND, FORMAT, RELEASE, RESUME, run } from './scripts.ts';

/** How long a replica may take to say that it has an entry (ruling 37). */
const REPLICA_WAIT_MS = 500;
/** What a failover lost is appended again in pieces of so many entries. */
const ROWS_A_PIECE = 500;
/** A replica that was attached meanwhile is seen so much later at most. */
const LOOK_FOR_REPLICAS_MS = 5_000;

export interface RedisWriterOptions {
  readonly keys: JournalKeys;
  readonly chain: RedisChain;
  /** Random: tells two writers of one epoch apart. */
  readonly holder: string;
  /** WAIT for a replica from the start on, whether one is seen or not. */
  readonly requireReplica: boolean;
  readonly clock: Clock;
  readonly onFinding: (finding: Finding) => void;
}

export class RedisWriter {
  readonly #options: RedisWriterOptions;
  #connection: RedisConnection;
  /** The number the store gave this connection: what an older one still holds is refused by it. */
  #number = '1';
  /** Sent, and not answered: it is either in the store as a whole or not at all. */
  #doubt: Addition | undefined;
  /** A replica was seen: from then on what must not be lost waits for one, also when none is there any more. */
  #replicated: boolean;
  #lookedAt: number;
  /** Wall time, ms, since when no replica vouches for what is written; undefined: one does, or none has to. */
  #unvouchedSince: number | undefined;

  constructor(options: RedisWriterOptions, connection: RedisConnection, replicas: number) {
    this.#options = options;
    this.#connection = connection;
    this.#replicated = options.requireReplica || replicas > 0;
    this.#lookedAt = options.clock.monotonic();
  }

  get connection(): RedisConnection {
    return this.#connection;
  }

  get replicated(): boolean {
    return this.#replicated;
  }

  get unvouchedSince(): number | undefined {
    return this.#unvouchedSince;
  }

  /**
   * Takes the journal up on a new connection: fences off what may still lie on the old one, finds out what became of the
   * append that had no answer, and appends again what a failover lost.
   * @throws RedisFault; VigilError JOURNAL_UNAVAILABLE when another has taken the journal, or when it is no longer ours to heal.
   */
  async resume(connection: RedisConnection): Promise<void> {
    const { keys, chain, holder } = this.#options;
    const [verdict, ...facts] = await run(connection, RESUME, [keys.head], [FORMAT, chain.writerEpoch, holder, GENESIS]);
    if (verdict === 'FENCED') throw fenced(connection, keys, chain.writerEpoch, facts);
    if (verdict === 'FOREIGN') throw lostForEver(connection, keys, `is not ours any more: ${facts[0]}`);
    const [number = '', position, checksum = '', epochBefore] = facts;
    const head: ChainEnd = { position: Number(position), checksum };
    const doubt = this.#doubt;
    this.#connection = connection;
    this.#number = number;
    this.#doubt = undefined;
    if (same(head, chain.head)) {
      if (Number(epochBefore) < chain.writerEpoch) this.#tell(0, head, `lost the opening of epoch ${chain.writerEpoch} and none of its entries; it is recorded again`);
    } else if (doubt !== undefined && same(head, doubt.after)) {
      chain.accept(doubt);
    } else {
      await this.#heal(head);
    }
    await this.#lookForReplicas();
  }

  /** Appends rows that follow the head; the chain has them when it resolves. @throws RedisFault; VigilError JOURNAL_UNAVAILABLE. */
  async write(addition: Addition): Promise<void> {
    this.#doubt = addition;
    try {
      await this.#send(addition);
    } catch (error) {
      // What the server refused was not written; what it did not answer may have been.
      if (!(error instanceof RedisFault) || !error.lost || error.reason === 'DISPLACED') this.#doubt = undefined;
      throw error;
    }
    this.#options.chain.accept(addition);
    this.#doubt = undefined;
  }

  /** Whether a replica has everything written so far; true without waiting where there never was one. @throws RedisFault. */
  async onReplica(): Promise<boolean> {
    if (!this.#replicated && this.#options.clock.monotonic() - this.#lookedAt >= LOOK_FOR_REPLICAS_MS) await this.#lookForReplicas();
    if (!this.#replicated) return true;
    const vouched = Number(await this.#connection.call('WAIT', 1, REPLICA_WAIT_MS)) >= 1;
    this.#unvouchedSince = vouched ? undefined : (this.#unvouchedSince ?? this.#options.clock.now());
    return vouched;
  }

  /** When there is nothing to write: that the replica is gone is known before an opening needs it, and that it is back, too. @throws RedisFault. */
  async lookAfterReplica(): Promise<void> {
    if (!this.#replicated) return;
    if ((await connectedReplicas(this.#connection)) === 0) this.#unvouchedSince ??= this.#options.clock.now();
    else if (this.#unvouchedSince !== undefined) await this.onReplica();
  }

  /** Lets go of everything up to and with a row; `entities` are those that have entries there. @throws RedisFault. */
  async release(through: ChainedRow, entities: Iterable<string>): Promise<void> {
    const { keys, chain, holder } = this.#options;
    const streams = [...entities].map((entity) => keys.stream(entity));
    this.#judge(await run(this.#connection, RELEASE, [keys.head, ...streams], [chain.writerEpoch, holder, this.#number, through.position, through.checksum]));
  }

  async #lookForReplicas(): Promise<void> {
    this.#lookedAt = this.#options.clock.monotonic();
    this.#replicated ||= (await connectedReplicas(this.#connection)) > 0;
  }

  async #send({ rows, before, after }: Addition): Promise<void> {
    const { keys, chain, holder } = this.#options;
    const ends = new Map<string, { stream: number; expected: number; last: number; snapshot: number | '' }>();
    const fields: (string | number)[] = [];
    for (const row of rows) {
      const end = ends.get(row.entity) ?? { stream: ends.size + 1, expected: row.sequence - 1, last: 0, snapshot: '' };
      ends.set(row.entity, { ...end, last: row.sequence, snapshot: row.type === SNAPSHOT ? row.position : end.snapshot });
      fields.push(end.stream, ...fieldsOf(row));
    }
    const entities = [...ends].flatMap(([entity, { expected, last, snapshot }]) => [entity, expected, last, snapshot]);
    const names = [keys.head, keys.entities, keys.snapshots, ...[...ends.keys()].map((entity) => keys.stream(entity))];
    this.#judge(await run(this.#connection, APPEND, names, [chain.writerEpoch, holder, this.#number, before.position, before.checksum, after.position, after.checksum, ends.size, ...entities, ...fields]));
  }

  /** @throws RedisFault DISPLACED when the store is not as this writer left it: `resume` finds out why. */
  #judge([verdict, ...facts]: readonly string[]): void {
    if (verdict === 'OK') return;
    const { keys } = this.#options;
    if (verdict === 'FOREIGN') throw new RedisFault('WRONGTYPE', facts[0] ?? 'a key is of another kind');
    if (verdict === 'SEQUENCE') throw lostForEver(this.#connection, keys, `was changed by another hand: ${facts[0]} ends with #${facts[1]} there, and with #${facts[2]} here`);
    throw new RedisFault('DISPLACED', verdict === 'HEAD' ? 'the journal does not end where this writer left it' : 'the journal was taken up by another opening, or by a newer connection');
  }

  async #heal(head: ChainEnd): Promise<void> {
    const { keys, chain } = this.#options;
    const missing = chain.after(head);
    if (missing === undefined) {
      const lost = chain.head.position - head.position;
      if (lost <= 0) throw lostForEver(this.#connection, keys, `holds entries this writer did not write: it ends at position ${head.position}, the writer's own chain at ${chain.head.position}`);
      this.#tell(lost, head, `had lost ${lost} acknowledged entries, more than the ${chain.tailLength} the writer still had`);
      throw lostForEver(this.#connection, keys, `has lost ${lost} acknowledged entries (it ends at position ${head.position} instead of ${chain.head.position}), more than this writer still had`);
    }
    let before = missing.before;
    for (let done = 0; done < missing.rows.length; done += ROWS_A_PIECE) {
      const rows = missing.rows.slice(done, done + ROWS_A_PIECE);
      const { position, checksum } = rows.at(-1)!;
      await this.#send({ rows, before, after: { position, checksum } });
      before = { position, checksum };
    }
    this.#tell(missing.rows.length, head, `had lost ${missing.rows.length} acknowledged entries; they were appended again, in order`);
  }

  #tell(entries: number, head: ChainEnd, what: string): void {
    const { keys, chain, onFinding } = this.#options;
    const details = { entries, storeEndedAt: head.position, writerEndedAt: chain.head.position, server: this.#connection.where };
    onFinding({ code: 'FAILOVER_LOSS', subject: `journal {${keys.instance}}`, message: `Redis at ${this.#connection.where} ${what}`, details });
  }
}

function fenced(connection: RedisConnection, keys: JournalKeys, writerEpoch: number, [latest]: readonly string[]): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', `the journal {${keys.instance}} in Redis at ${connection.where} was opened anew (writer epoch ${latest}); this writer of epoch ${writerEpoch} may write no more`, {
    details: { reason: 'FENCED', writerEpoch, latest: Number(latest) },
  });
}

/** Nothing this writer could do would be right: a new opening reads what is there, and the venue is asked for the rest. */
function lostForEver(connection: RedisConnection, keys: JournalKeys, what: string): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', `the journal {${keys.instance}} in Redis at ${connection.where} ${what}; nothing more is written. Restart the service: it reads what is there, and asks the venue for the rest`, {
    details: { reason: 'DIVERGED' },
  });
}

function same(left: ChainEnd, right: ChainEnd): boolean {
  return left.position === right.position && left.checksum === right.checksum;
}
