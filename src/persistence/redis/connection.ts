/** One connection to Redis: every call is answered within its bound, by a value or by a fault, and nothing is sent twice. */
import { Redis } from 'ioredis';
import { isIP } from 'node:net';
import { VigilError } from '../../protocol/errors.ts';
import type { Clock } from '../../supervision/clock.ts';
import { faultOf, RedisFault } from './faults.ts';

export interface CallBounds {
  /** To connect and be let in, ms. */
  readonly connectMs: number;
  /** For one answer, ms. */
  readonly callMs: number;
}

/** Less than an append may take altogether, and more than a healthy disk ever needs for a sync. */
export const CALL_BOUNDS: CallBounds = { connectMs: 1_000, callMs: 2_000 };

export interface RedisConnection {
  /** HOST:PORT, without secrets. */
  readonly where: string;
  /** Why the connection is of no use any more; undefined while it is. */
  readonly ended: RedisFault | undefined;
  /** @throws RedisFault. One that is `lost` leaves open whether the call was carried out. */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Told once when the connection ends without `close`. */
  onLost(listener: (fault: RedisFault) => void): void;
  close(): void;
}

/** Makes a connection that is let in. Sentinel and Cluster will be other connectors: nothing else here knows an address. */
export interface RedisConnector {
  /** HOST:PORT, or however the servers are named to a person; without secrets. */
  readonly where: string;
  /** @throws RedisFault within `connectMs`. */
  connect(): Promise<RedisConnection>;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** A connector to one server. `name` is shown by CLIENT LIST. @throws VigilError CONFIG_INVALID; the URL, which may hold a password, is not repeated. */
export function standaloneConnector(url: string, name: string, clock: Clock, bounds: CallBounds): RedisConnector {
  const address = parseRedisUrl(url);
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  return {
    where,
    async connect() {
      const client = new Redis({
        host: address.host,
        port: address.port,
        ...(address.username === undefined ? {} : { username: address.username }),
        ...(address.password === undefined ? {} : { password: address.password }),
        // By its name: behind one address there may be many servers, each with its certificate. An address has none to give.
        ...(address.tls ? { tls: isIP(address.host) === 0 ? { servername: address.host } : {} } : {}),
        connectionName: name,
        // What the client would do by itself is done by the journal, which has to fence and to compare first.
        lazyConnect: true,
        retryStrategy: () => null,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        enableReadyCheck: false,
        connectTimeout: bounds.connectMs,
        protocol: 2,
        disableClientInfo: true,
      });
      // Also what a socket says after it was given up: without a listener it would end the process.
      let said: Error | undefined;
      client.on('error', (error) => (said = error));
      try {
        await within(clock, bounds.connectMs, address.tls ? 'connecting under TLS (a server without it says nothing)' : 'connecting', client.connect());
        return new ClientConnection(client, where, clock, bounds.callMs);
      } catch (error) {
        client.disconnect();
        // "Connection is closed" says less than what the socket, or the server's refusal of the password, had said before.
        throw faultOf(said ?? error);
      }
    },
  };
}

class ClientConnection implements RedisConnection {
  readonly where: string;
  ended: RedisFault | undefined;
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #callMs: number;
  #listener: ((fault: RedisFault) => void) | undefined;
  /** Calls without an answer yet. */
  readonly #open = new Set<(fault: RedisFault) => void>();

  constructor(client: Redis, where: string, clock: Clock, callMs: number) {
    this.#client = client;
    this.where = where;
    this.#clock = clock;
    this.#callMs = callMs;
    client.once('end', () => this.#end(new RedisFault('LOST', 'the connection was closed')));
  }

  async call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    if (this.ended !== undefined) throw this.ended;
    const given = Promise.withResolvers<never>();
    this.#open.add(given.reject);
    try {
      // WAIT itself takes as long as it is told to.
      const bound = command === 'WAIT' ? this.#callMs + Number(args[1]) : this.#callMs;
      return await within(this.#clock, bound, command, Promise.race([this.#client.call(command, ...args), given.promise]));
    } catch (error) {
      const fault = faultOf(error);
      // After a missing answer the next one would be taken for it; and a server that is no master takes nothing from us.
      if (fault.lost) this.#end(fault);
      throw fault;
    } finally {
      this.#open.delete(given.reject);
    }
  }

  onLost(listener: (fault: RedisFault) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = undefined;
    this.#end(new RedisFault('LOST', 'the connection was given up'));
  }

  #end(fault: RedisFault): void {
    if (this.ended !== undefined) return;
    this.ended = fault;
    this.#client.disconnect();
    for (const reject of this.#open) reject(fault);
    this.#listener?.(fault);
  }
}

/** @throws RedisFault TIMEOUT when `work` takes longer. */
function within<Value>(clock: Clock, ms: number, what: string, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new RedisFault('TIMEOUT', `no answer to ${what} within ${ms} ms`)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

function parseRedisUrl(text: string): Address {
  const url = URL.parse(text);
  if (url === null) throw invalid('it cannot be read as a URL');
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw invalid(`its scheme is ${JSON.stringify(url.protocol)}`);
  if (url.hostname === '') throw invalid('it names no host');
  if (!['', '/', '/0'].includes(url.pathname)) throw invalid('it selects a database, and a Cluster has only 0: keep journals apart by journal.redis.prefix or by the instance. A / in the password is written %2F');
  if (url.search !== '' || url.hash !== '') throw invalid('it has a query or a fragment, which would be ignored');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    username: url.username === '' ? undefined : unescaped(url.username),
    password: url.password === '' ? undefined : unescaped(url.password),
    tls: url.protocol === 'rediss:',
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Its message says nothing, and the text is a secret.
    throw invalid('its user or password holds a % that begins no escape: write %25');
  }
}

function invalid(why: string): VigilError {
  return new VigilError('CONFIG_INVALID', `journal.redis.url is not usable: ${why}. It must be redis://[USER:PASSWORD@]HOST[:PORT], or rediss:// for TLS (the value is not shown, it may hold a password)`, { details: { field: 'journal.redis.url' } });
}
