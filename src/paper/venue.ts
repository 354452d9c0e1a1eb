/** The running exchange: a command is on disk before anyone hears of it, and the market's state follows about once a second. */
import type { Clock, TimerHandle } from '../supervision/clock.ts';
import type { Decimal } from '../protocol/decimal.ts';
import { Countdowns } from './countdowns.ts';
import { keep } from './core/apply.ts';
import { execute, type Command, type Outcome } from './core/exchange-core.ts';
import { KEPT_ROWS } from './core/history.ts';
import { isTrading } from './core/listing.ts';
import type { SymbolStatus } from './core/model.ts';
import type { ExchangeEvent } from './core/events.ts';
import { fundingTimeAt } from './core/funding.ts';
import { emptyState, type AccountState, type ExchangeState } from './core/state.ts';
import { VenueError } from './core/venue-error.ts';
import { Market, type MarketChange } from './market/market.ts';
import type { MarketSource } from './market/source.ts';
import type { Store } from './store/store.ts';
import { ListenKeys } from './streams/listen-keys.ts';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', fields: Record<string, unknown>, message: string) => void;

export interface VenueOptions {
  readonly source: MarketSource;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** USDT of the default account, at a first start. */
  readonly balance: Decimal;
  /** Closed rows of each kind that an account keeps. */
  readonly keptRows?: number;
  /** Told once when memory and disk no longer agree (a full disk, a defect): nothing is accepted from then on. */
  readonly onFatal: (error: unknown) => void;
}

/** The account that exists from the first start. */
const DEFAULT_KEY = 'paper';
const DEFAULT_SECRET = 'paper';
const SAVE_MARKET_MS = 1_000;
const PRUNE_EVERY_MS = 10_000;

export class PaperVenue {
  readonly state: ExchangeState;
  readonly market: Market;
  readonly listenKeys: ListenKeys;
  readonly countdowns: Countdowns;
  /** Milliseconds by which the server's clock is off, for tests of clients' clocks. */
  clockOffsetMs = 0;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #eventListeners: ((events: readonly ExchangeEvent[]) => void)[] = [];
  readonly #marketListeners: ((change: MarketChange) => void)[] = [];
  readonly #onFatal: (error: unknown) => void;
  #saveTimer: TimerHandle | null = null;
  /** The newest funding time that was settled, or that was past already at the start: while the exchange was down nobody paid. */
  #funded: number;
  #prunedAt = 0;
  readonly #keptRows: number;
  #broken: { readonly cause: unknown } | null = null;

  /** Opens the exchange, resumed when the store holds one. Nothing ticks before `run`. @throws StartRefused */
  constructor(options: VenueOptions) {
    const { source, store, clock, log } = options;
    this.#store = store;
    this.#clock = clock;
    this.#keptRows = options.keptRows ?? KEPT_ROWS;
    this.#onFatal = options.onFatal;
    this.market = new Market(source, clock, (change) => this.#moved(change));
    this.state = emptyState(source.rules);
    const saved = store.load();
    for (const record of saved?.records ?? []) keep(this.state, record);
    this.market.open(saved?.market, saved?.candles);
    for (const view of this.market.views()) this.state.markets.set(view.symbol, { view, sides: new Map() });
    this.#haltMarkets();
    this.countdowns = new Countdowns(store, clock, (account, symbol) => this.execute({ type: 'CancelAllOrders', account, symbol }));
    this.#funded = fundingTimeAt(clock.now());
    this.listenKeys = new ListenKeys(store, saved?.listenKeys ?? []);
    if (!this.state.accounts.has(DEFAULT_KEY)) this.execute({ type: 'OpenAccount', apiKey: DEFAULT_KEY, apiSecret: DEFAULT_SECRET, deposit: options.balance });
    if (saved) {
      log('info', { symbols: this.market.rules.size, orders: this.state.lastOrderId, market: source.description }, 'resumed: the market goes on where it stopped');
    } else {
      log('info', { symbols: this.market.rules.size, balance: options.balance.toFixed(), market: source.description }, 'a new market begins');
    }
    this.countdowns.resume(saved?.countdowns ?? []);
    this.saveMarket();
  }

  /** The exchange's clock: real time, and the skew that a test asked for. */
  now(): number {
    return this.#clock.now() + this.clockOffsetMs;
  }

  account(apiKey: string): AccountState | undefined {
    return this.state.accounts.get(apiKey);
  }

  /**
   * Carries out a command: events on disk first, then to whoever listens.
   * @throws VenueError when the venue refuses; any other error means that the state is no longer to be trusted.
   */
  execute(command: Command): Outcome {
    if (this.#broken) throw new Error('the exchange has stopped accepting commands', { cause: this.#broken.cause });
    const outcome = this.#perform(command);
    if (outcome.events.length > 0) for (const listener of this.#eventListeners) listener(outcome.events);
    return outcome;
  }

  #perform(command: Command): Outcome {
    try {
      const outcome = execute(this.state, command, this.now());
      this.#store.commit(outcome.events);
      return outcome;
    } catch (error) {
      if (!(error instanceof VenueError)) this.#fail(error);
      throw error;
    }
  }

  #fail(cause: unknown): void {
    this.#broken = { cause };
    this.market.close();
    this.countdowns.close();
    this.#saveTimer?.cancel();
    this.#onFatal(cause);
  }

  /** Delists, halts or lists a symbol: its market stands still while it does not trade. @throws VenueError −1121 */
  setSymbolStatus(symbol: string, status: SymbolStatus): void {
    this.execute({ type: 'SetSymbolStatus', symbol, status });
    this.#haltMarkets();
  }

  #haltMarkets(): void {
    this.market.halted.clear();
    for (const symbol of this.state.rules.keys()) if (!isTrading(this.state, symbol)) this.market.halted.add(symbol);
  }

  onEvents(listener: (events: readonly ExchangeEvent[]) => void): void {
    this.#eventListeners.push(listener);
  }

  onMarket(listener: (change: MarketChange) => void): void {
    this.#marketListeners.push(listener);
  }

  /** What is due by the server's clock alone. A funding time is settled once, also when the clock is set back over it. */
  passTime(): void {
    this.execute({ type: 'PassTime' });
    if (Math.abs(this.now() - this.#prunedAt) >= PRUNE_EVERY_MS) {
      this.#prunedAt = this.now();
      this.execute({ type: 'PruneHistory', most: this.#keptRows });
    }
    const fundingTime = fundingTimeAt(this.now());
    if (fundingTime <= this.#funded) return;
    this.#funded = fundingTime;
    for (const { symbol, mark } of this.market.views()) {
      this.execute({ type: 'SettleFunding', symbol, fundingTime, rate: this.market.fundingRate(symbol), mark });
      this.market.prices(symbol)!.funded(fundingTime);
    }
  }

  /** Ticks and saves until `close`. */
  run(): void {
    this.market.run();
    this.#keepSaving();
  }

  close(): void {
    this.market.close();
    this.countdowns.close();
    this.#saveTimer?.cancel();
    if (!this.#broken) this.saveMarket();
    this.#store.close();
  }

  saveMarket(): void {
    if (this.#store.keeps) this.#store.saveMarket(this.market.save(), this.market.unsaved());
  }

  #keepSaving(): void {
    this.#saveTimer = this.#clock.after(SAVE_MARKET_MS, () => {
      try {
        this.passTime();
        this.saveMarket();
      } catch (error) {
        this.#fail(error);
        return;
      }
      this.#keepSaving();
    });
  }

  #moved(change: MarketChange): void {
    this.passTime();
    this.execute({ type: 'MoveMarket', view: change.view });
    for (const listener of this.#marketListeners) listener(change);
  }
}
