/** The journal of a service that runs, read beside it, whichever engine holds it. */
import { standaloneConnector } from '../../src/persistence/redis/connection.ts';
import type { RedisConnection } from '../../src/persistence/redis/connection.ts';
import { journalKeys } from '../../src/persistence/redis/keys.ts';
import { forward } from '../../src/persistence/redis/rows.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { readJournalFile } from './journal-file.ts';
import type { Entry } from './journal-file.ts';
import { RedisServer } from './redis.ts';

const INSTANCE = 'bench';
/** The default of journal.redis.prefix. */
const PREFIX = 'quantum:';
/** A crowded machine is no fault of the store. */
const PATIENT = { connectMs: 10_000, callMs: 30_000 };

export type Engine = 'sqlite' | 'redis';

/** The store of one service: what its settings say of it, and each symbol's entries in order. */
export interface BenchJournal {
  readonly sets: readonly string[];
  lifeOf(dataDir: string, symbol: string): Promise<readonly Entry[]>;
  close(): Promise<void>;
}

const onFile: BenchJournal = {
  sets: [],
  lifeOf: async (dataDir, symbol) => readJournalFile(dataDir, `symbol/${symbol}`),
  close: async () => undefined,
};

class InRedis implements BenchJournal {
  readonly #server: RedisServer;
  readonly #connection: RedisConnection;

  constructor(server: RedisServer, connection: RedisConnection) {
    this.#server = server;
    this.#connection = connection;
  }

  get sets(): readonly string[] {
    return ['journal.engine=redis', `journal.redis.url=${this.#server.url}`, `journal.redis.instance=${INSTANCE}`];
  }

  async lifeOf(_dataDir: string, symbol: string): Promise<readonly Entry[]> {
    const found: Entry[] = [];
    for await (const rows of forward(this.#connection, journalKeys(PREFIX, INSTANCE), `symbol/${symbol}`, 0, Number.MAX_SAFE_INTEGER)) found.push(...rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) })));
    return found;
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#server.remove();
  }
}

/** For Redis a server of its own, which syncs each append. */
export async function benchJournal(engine: Engine): Promise<BenchJournal> {
  if (engine === 'sqlite') return onFile;
  const server = await RedisServer.start({ appendfsync: 'always' });
  return new InRedis(server, await standaloneConnector(server.url, 'vigil-bench', systemClock, PATIENT).connect());
}
