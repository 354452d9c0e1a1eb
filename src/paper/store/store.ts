/** What the exchange needs of its disk: everything an answer or an event tells is there before it is told. */
import type { ExchangeEvent } from '../core/events.ts';
import type { KeptRecord } from '../core/records.ts';
import type { CandleRow, KeptCandles } from '../market/kept-candles.ts';
import type { SavedMarket } from '../market/market.ts';

/** A user stream's key. Kept, because a client that was given one may come back with it after a restart. */
export interface ListenKey {
  readonly key: string;
  readonly apiKey: string;
  readonly expiresAt: number;
}

/** A dead man's switch that runs. `endsAt` by the real clock, ms. */
export interface Countdown {
  readonly apiKey: string;
  readonly symbol: string;
  readonly endsAt: number;
}

export interface SavedExchange {
  /** What the accounts are made of, each record once, in the order in which they can be kept again. */
  readonly records: readonly KeptRecord[];
  readonly listenKeys: readonly ListenKey[];
  readonly countdowns: readonly Countdown[];
  readonly market: SavedMarket;
  readonly candles: KeptCandles;
}

export interface Store {
  /** False: nothing is kept, and what would be need not be put together. */
  readonly keeps: boolean;
  /** Undefined at a first start. */
  load(): SavedExchange | undefined;
  /** One transaction, durable when it returns. */
  commit(events: readonly ExchangeEvent[]): void;
  saveListenKey(key: ListenKey): void;
  removeListenKey(key: string): void;
  saveCountdown(countdown: Countdown): void;
  removeCountdown(apiKey: string, symbol: string): void;
  /** Market state and the candles that changed since the last call, in one transaction. */
  saveMarket(market: SavedMarket, candles: readonly CandleRow[]): void;
  close(): void;
}

/** Without a state directory: nothing is kept. */
export const memoryStore: Store = {
  keeps: false,
  load: () => undefined,
  commit() {},
  saveListenKey() {},
  removeListenKey() {},
  saveCountdown() {},
  removeCountdown() {},
  saveMarket() {},
  close() {},
};

/** The exchange cannot start: `message` says why and what to do, and nothing on disk was changed. */
export class StartRefused extends Error {
  /** `state-in-use`: it may be free in a moment; `address-in-use`: another program listens there; `refused`: nothing will change by itself. */
  readonly reason: 'state-in-use' | 'address-in-use' | 'refused';

  constructor(message: string, options: { readonly cause?: unknown; readonly reason?: StartRefused['reason'] } = {}) {
    super(message, options);
    this.name = 'StartRefused';
    this.reason = options.reason ?? 'refused';
  }
}
