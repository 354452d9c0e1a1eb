/** Read models in Redis, over a connection of their own: a slow reader's answer, or a key of another program, never holds up the journal. */
import type { Clock } from '../../supervision/clock.ts';
import type { ReadModels } from '../port.ts';
import type { ShownChange } from '../../protocol/read-models.ts';
import { CALL_BOUNDS, standaloneConnector } from './connection.ts';
import type { RedisConnection, RedisConnector } from './connection.ts';
import { faultOf, unavailable } from './faults.ts';

/** Entries of a stream, about. Of what is older the journal and `vigil trace` know. */
const STREAM_LENGTH = 10_000;

export interface RedisReadModelsOptions {
  readonly url: string;
  readonly prefix: string;
  readonly instance: string;
  readonly clock: Clock;
}

/** Connects when there is something to show. @throws VigilError CONFIG_INVALID. */
export function redisReadModels({ url, prefix, instance, clock }: RedisReadModelsOptions): ReadModels {
  return new RedisReadModels(standaloneConnector(url, `vigil-shows:${instance}`, clock, CALL_BOUNDS), prefix);
}

class RedisReadModels implements ReadModels {
  readonly #connector: RedisConnector;
  readonly #prefix: string;
  #connection: RedisConnection | undefined;
  #closed = false;

  constructor(connector: RedisConnector, prefix: string) {
    this.#connector = connector;
    this.#prefix = prefix;
  }

  async show(changes: readonly ShownChange[]): Promise<void> {
    try {
      if (this.#connection === undefined || this.#connection.ended !== undefined) this.#connection = await this.#connector.connect();
      const connection = this.#connection;
      if (this.#closed) return connection.close();
      // Each is a command of its own, all of them on their way at once: in a Cluster they may live in different slots, and a key of another program is in nobody else's way.
      const answers = await Promise.allSettled(changes.map((change) => connection.call(...this.#commandOf(change))));
      const failed = answers.find((answer) => answer.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } catch (error) {
      throw unavailable(this.#connector.where, faultOf(error));
    }
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  #commandOf(change: ShownChange): [string, ...string[]] {
    const key = this.#prefix + change.name;
    if ('added' in change) return ['XADD', key, 'MAXLEN', '~', String(STREAM_LENGTH), '*', ...Object.entries(change.added).flat()];
    return change.record === null ? ['DEL', key] : ['HSET', key, ...Object.entries(change.record).flat()];
  }
}
