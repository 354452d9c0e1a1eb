/**
 * The journal's way to its store: while it holds, one connection that the writer has taken up; when it breaks, one attempt that
 * calls wait for, and then further ones for ever, during which they are refused at once.
 */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { RedisConnection, RedisConnector } from './connection.ts';
import { readServer, voidPromises, weaknesses } from './durability.ts';
import { faultOf, RedisFault, unavailable } from './faults.ts';
import type { RedisWriter } from './writer.ts';

/** Between attempts: the first at once, then rising to the last. */
const RETRY_MS = [50, 100, 200, 400, 800, 1_600] as const;
/** Calls wait so long for a connection that has just broken to be made again; then they are refused. */
const PATIENCE_MS = 1_500;

interface RedisLinkOptions {
  readonly connector: RedisConnector;
  readonly writer: RedisWriter;
  readonly clock: Clock;
  readonly onWarning: (message: string) => void;
  /** The store can be written again. */
  readonly onUp: () => void;
  /** It cannot, for now or for ever. */
  readonly onDown: (error: VigilError) => void;
  /** For ever, and not because it was closed. */
  readonly onEnded: ((error: VigilError) => void) | undefined;
}

export class RedisLink {
  readonly #options: RedisLinkOptions;
  #state: 'up' | 'resuming' | 'away' | 'ended' = 'up';
  /** Why it is not up. */
  #error: VigilError | undefined;
  /** Settles when a resumption has come to an end, good or bad. */
  #resumed = Promise.withResolvers<void>();
  /** Until calls are refused. */
  #patience: TimerHandle | undefined;
  #retry: TimerHandle | undefined;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#watch(options.writer.connection);
  }

  /** Why calls are refused now; undefined: they are taken. */
  get refusal(): VigilError | undefined {
    return this.#state === 'away' || this.#state === 'ended' ? this.#error : undefined;
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  /** The connection, when it holds or is soon made again. @throws VigilError JOURNAL_UNAVAILABLE. */
  async connection(): Promise<RedisConnection> {
    if (this.#state === 'resuming') await this.#resumed.promise;
    if (this.refusal !== undefined) throw this.refusal;
    return this.#options.writer.connection;
  }

  /** The connection is of no use any more. News of an older one is old. */
  lost(fault: RedisFault, connection: RedisConnection): void {
    if (this.#state !== 'up' || connection !== this.#options.writer.connection) return;
    this.#state = 'resuming';
    this.#error = unavailable(this.#options.connector.where, fault);
    this.#resumed = Promise.withResolvers<void>();
    connection.close();
    this.#patience = this.#options.clock.after(PATIENCE_MS, () => this.#giveUpWaiting());
    this.#try(0);
  }

  /** Nothing more is written: the writer's place is lost. */
  end(error: VigilError): void {
    if (this.#state === 'ended') return;
    this.close(error);
    this.#options.onEnded?.(error);
  }

  close(error: VigilError): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#error = error;
    this.#patience?.cancel();
    this.#retry?.cancel();
    this.#options.writer.connection.close();
    this.#resumed.resolve();
    this.#options.onDown(error);
  }

  #watch(connection: RedisConnection): void {
    connection.onLost((fault) => this.lost(fault, connection));
    if (connection.ended !== undefined) this.lost(connection.ended, connection);
  }

  #try(count: number): void {
    this.#attempt(count).catch((error: unknown) => this.end(new VigilError('INTERNAL', `taking up the journal again failed: ${messageOf(error)}`, { cause: error })));
  }

  async #attempt(count: number): Promise<void> {
    const { connector, writer, clock, onUp } = this.#options;
    let connection: RedisConnection | undefined;
    try {
      connection = await connector.connect();
      await this.#refuseUnsafe(connection);
      await writer.resume(connection);
      if (this.#ended()) return connection.close();
      this.#patience?.cancel();
      this.#state = 'up';
      this.#error = undefined;
      this.#resumed.resolve();
      this.#watch(connection);
      onUp();
    } catch (error) {
      connection?.close();
      if (this.#ended()) return;
      if (error instanceof VigilError) return this.end(error);
      this.#error = unavailable(connector.where, faultOf(error));
      this.#giveUpWaiting();
      this.#retry = clock.after(RETRY_MS[count] ?? RETRY_MS.at(-1)!, () => this.#try(count + 1));
    }
  }

  #giveUpWaiting(): void {
    this.#patience?.cancel();
    if (this.#state !== 'resuming') return;
    this.#state = 'away';
    this.#resumed.resolve();
    this.#options.onDown(this.#error!);
  }

  /** Another server may answer now than before: one that was promoted, say. */
  async #refuseUnsafe(connection: RedisConnection): Promise<void> {
    const facts = await readServer(connection);
    if (facts.loading) throw new RedisFault('LOADING', 'it is still reading its data');
    const void_ = voidPromises(facts);
    if (void_.length > 0) throw new RedisFault('UNSAFE', `it would not keep what it acknowledges: ${void_.join('. ')}`);
    for (const weakness of weaknesses(facts)) this.#options.onWarning(`Redis at ${connection.where}: ${weakness}`);
  }

  #ended(): boolean {
    return this.#state === 'ended';
  }
}
