/** Starts a paper exchange: venue, HTTP and streams on one port, in this process. */
import type { AddressInfo } from 'node:net';
import type { Clock } from '../supervision/clock.ts';
import { systemClock } from '../supervision/clock.ts';
import { decimal } from '../protocol/decimal.ts';
import { Faults } from './control/faults.ts';
import { ReplayMarket, type ReplayOptions } from './market/replay.ts';
import { RecordingError } from './market/replay-files.ts';
import type { MarketSource } from './market/source.ts';
import { DEFAULT_SEED, SyntheticMarket } from './market/synthetic.ts';
import { readSymbols, SymbolsError } from './market/synthetic-symbols.ts';
import { SqliteStore } from './store/sqlite-store.ts';
import { stateIn, type StatePlace } from './store/state-directory.ts';
import { memoryStore, StartRefused } from './store/store.ts';
import { StreamFaults } from './streams/stream-faults.ts';
import { StreamHub } from './streams/stream-hub.ts';
import { PaperVenue, type Log } from './venue.ts';
import { Dispatcher } from './wire/dispatch.ts';
import { createHttpServer } from './wire/http-server.ts';
import { VENUE_LIMITS, type Limits } from './wire/rate-limits.ts';
import { WsApi } from './ws-api/ws-api.ts';

export { DEFAULT_SEED, StartRefused };
export type { Log, ReplayOptions };

export interface PaperExchangeOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Of the synthetic market. */
  readonly seed: number;
  /** A JSON file of the synthetic market's symbols; left out: the built-in ones. */
  readonly symbolsFile?: string;
  /** USDT of the default account at a first start, a decimal string. */
  readonly balance: string;
  /** Recorded candles instead of the synthetic market. */
  readonly replay?: ReplayOptions;
  /** Left out: everything is in memory and gone at the end. */
  readonly state?: StatePlace;
  /** The same, in a directory. */
  readonly stateDir?: string;
  readonly clock?: Clock;
  readonly limits?: Limits;
  readonly log: Log;
  /** Told when memory and disk no longer agree; from then on nothing is accepted. Left out: it is logged. */
  readonly onFatal?: (error: unknown) => void;
}

export interface PaperExchange {
  /** `http://HOST:PORT`; streams on the same port. */
  readonly url: string;
  readonly port: number;
  /** Saves, releases the state and ends every connection. Idempotent. */
  close(): Promise<void>;
}

function openSource({ replay, seed, symbolsFile, log }: PaperExchangeOptions): MarketSource {
  if (replay && symbolsFile !== undefined) throw new StartRefused(`the symbols of ${symbolsFile} are for the synthetic market, and recordings bring their own: leave one of the two out`);
  try {
    if (!replay) return new SyntheticMarket(seed, symbolsFile === undefined ? undefined : readSymbols(symbolsFile));
    return new ReplayMarket(replay, (symbol, all) => {
      log('info', { symbol }, 'the recorded data of this symbol has ended: silence from here on');
      if (all) log('warn', { dir: replay.dir }, 'all recorded data has ended: the market is silent from here on');
    });
  } catch (error) {
    if (error instanceof RecordingError || error instanceof SymbolsError) throw new StartRefused(error.message, { cause: error });
    throw error;
  }
}

/**
 * Starts and serves.
 * @throws StartRefused when it cannot: recordings that cannot be read, a state in use, foreign or damaged, another market in it, or a port that cannot be bound. The message is for people; a command exits 2.
 */
export async function startPaperExchange(options: PaperExchangeOptions): Promise<PaperExchange> {
  const { host, port, log, stateDir, state = stateDir === undefined ? undefined : stateIn(stateDir), clock = systemClock } = options;
  const source = openSource(options);
  const store = state === undefined ? memoryStore : new SqliteStore(state, source);
  const onFatal = (error: unknown) => {
    log('error', { err: error }, 'the paper exchange has stopped: its state could not be kept');
    options.onFatal?.(error);
  };
  let venue: PaperVenue;
  try {
    venue = new PaperVenue({ source, store, clock, log, balance: decimal(options.balance), onFatal });
  } catch (error) {
    store.close();
    throw error;
  }
  const streamFaults = new StreamFaults(clock, log);
  const faults = new Faults(log);
  const dispatcher = new Dispatcher(venue, options.limits ?? VENUE_LIMITS, log);
  const server = createHttpServer({ venue, dispatcher, faults, streamFaults, clock, log });
  const hub = new StreamHub(venue, server, clock, streamFaults);
  const api = new WsApi({ venue, dispatcher, faults, server, clock, log });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    hub.close();
    api.close();
    venue.close();
    throw new StartRefused(`the paper exchange cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, reason: cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'address-in-use' : 'refused' });
  }
  const { port: bound } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  venue.run();
  log('info', { url, market: source.description, state: state?.name }, 'the paper exchange is open');
  let closed: Promise<void> | null = null;
  return {
    url,
    port: bound,
    close() {
      closed ??= new Promise<void>((resolve) => {
        hub.close();
        api.close();
        server.close(() => resolve());
        server.closeAllConnections();
        venue.close();
      });
      return closed;
    },
  };
}
