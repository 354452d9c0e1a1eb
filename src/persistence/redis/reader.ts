/** The journal in Redis for tools that only look: nothing is written, and no writer is disturbed. */
import { VigilError } from '../../protocol/errors.ts';
import type { Clock } from '../../supervision/clock.ts';
import { headFileOf, readHead as rememberedHead } from '../head-file.ts';
import type { ChainedRow, ChainEnd, JournalReader, JournalStats } from '../port.ts';
import { CALL_BOUNDS, standaloneConnector } from './connection.ts';
import type { RedisConnection } from './connection.ts';
import { readServer, voidPromises } from './durability.ts';
import { faultOf, refusalAtOpening, unavailable } from './faults.ts';
import { journalKeys } from './keys.ts';
import type { JournalKeys } from './keys.ts';
import { inOrder, readHead, readNumbers } from './rows.ts';
import { redisStats } from './stats.ts';

export interface RedisReaderOptions {
  readonly url: string;
  readonly prefix: string;
  readonly instance: string;
  /** As for `openRedisJournal`: what is remembered beside it of how far the journal had got is compared. */
  readonly file: string;
  readonly clock: Clock;
}

/** So few entries came while the ones before were read: the end is reached. */
const CAUGHT_UP = 100;

/** @throws VigilError CONFIG_INVALID, JOURNAL_STORE_DENIED, JOURNAL_FOREIGN, JOURNAL_UNAVAILABLE (there is none of this name, or it cannot be read). */
export async function openRedisReader(options: RedisReaderOptions): Promise<JournalReader> {
  const keys = journalKeys(options.prefix, options.instance);
  const connector = standaloneConnector(options.url, `vigil-reader:${options.instance}`, options.clock, CALL_BOUNDS);
  let connection: RedisConnection | undefined;
  try {
    connection = await connector.connect();
    const { writerEpoch } = await readHead(connection, keys);
    if (writerEpoch > 0) return new RedisReader(connection, keys, options.file);
    throw new VigilError('JOURNAL_UNAVAILABLE', `there is no journal {${keys.instance}} in Redis at ${connection.where} (no key ${keys.head}): no service has run with this journal.redis.url, prefix and instance yet`, { details: { key: keys.head } });
  } catch (error) {
    connection?.close();
    if (error instanceof VigilError) throw error;
    throw refusalAtOpening(connector.where, faultOf(error));
  }
}

class RedisReader implements JournalReader {
  readonly #connection: RedisConnection;
  readonly #keys: JournalKeys;
  readonly #file: string;

  constructor(connection: RedisConnection, keys: JournalKeys, file: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#file = file;
  }

  async *entries(from = 0): AsyncGenerator<ChainedRow, void, void> {
    let next = from;
    try {
      for (let round = 1; ; round++) {
        const { head } = await readHead(this.#connection, this.#keys);
        if (next > head.position) return;
        // A writer that does not pause is always some entries ahead: then this look is the last, or there would be no end.
        const last = round > 1 && head.position - next < CAUGHT_UP;
        // Those that were added meanwhile, with their entities, are behind this head: the next round reads them.
        const entities = await readNumbers(this.#connection, this.#keys.entities);
        for await (const row of inOrder(this.#connection, this.#keys, entities.keys(), next, head.position)) yield row;
        if (last) return;
        next = head.position + 1;
      }
    } catch (error) {
      throw this.#named(error);
    }
  }

  async head(): Promise<ChainEnd> {
    return (await this.#ask(() => readHead(this.#connection, this.#keys))).head;
  }

  async anchor(): Promise<ChainEnd> {
    return (await this.#ask(() => readHead(this.#connection, this.#keys))).anchor;
  }

  sequences(): Promise<ReadonlyMap<string, number>> {
    return this.#ask(() => readNumbers(this.#connection, this.#keys.entities));
  }

  stats(): Promise<JournalStats> {
    return this.#ask(() => redisStats(this.#connection, this.#keys));
  }

  async faults(): Promise<readonly string[]> {
    // Before Redis is asked: a writer beside this goes on, and what it acknowledges meanwhile is not lost.
    const remembered = rememberedHead(this.#file);
    const { facts, position } = await this.#ask(async () => ({ facts: await readServer(this.#connection), position: (await readHead(this.#connection, this.#keys)).head.position }));
    // A replica is as good as its master for looking.
    const found = voidPromises({ ...facts, role: 'master' }).map((fault) => `Redis at ${this.#connection.where} would not keep what it acknowledges: ${fault}`);
    if (remembered !== undefined && remembered.position > position) found.push(`the journal {${this.#keys.instance}} in Redis at ${this.#connection.where} ends at position ${position}, but ${headFileOf(this.#file)} remembers ${remembered.position}: acknowledged entries are lost`);
    return found;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #ask<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw this.#named(error);
    }
  }

  #named(error: unknown): VigilError {
    return error instanceof VigilError ? error : unavailable(this.#connection.where, faultOf(error));
  }
}
