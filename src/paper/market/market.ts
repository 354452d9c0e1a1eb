/** The market as the rest of the exchange sees it: the newest view of each symbol, its candles, and one call a tick to whoever follows. */
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import { decimal, isMultipleOf, ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { MarketView } from '../core/book.ts';
import { fundingRateOf, fundingTimeAt } from '../core/funding.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { dayStatistics, type Candle, type DayStatistics } from './candle.ts';
import { CandleSeries, KEPT_CANDLES, type CandleChange } from './candle-series.ts';
import { resumed, rowsSince, type CandleRow, type KeptCandles, type KeptSymbol } from './kept-candles.ts';
import { Prices } from './prices.ts';
import { historyOfTrades, type MarketSource, type SymbolHistory, type Tick } from './source.ts';
import { Restlessness, touch } from './spread.ts';
import { Tape, type AggregateTrade } from './tape.ts';

export interface MarketChange {
  readonly view: MarketView;
  readonly candle: CandleChange;
  /** What was traded, in its order. */
  readonly trades: readonly AggregateTrade[];
}

/** What is kept on disk of the market, about once a second. */
export interface SavedMarket {
  /** When a history ended that is made again at each start, ms; left out: its candles are kept. */
  readonly begunAt?: number | undefined;
  readonly source: unknown;
  readonly views: readonly { readonly symbol: string; readonly last: string; readonly mark: string; readonly index: string; readonly bid: string; readonly ask: string; readonly bookSeed: number }[];
}

function viewAround(rules: SymbolRules, last: Decimal, bookSeed: number, prices: Prices): MarketView {
  return { ...touch(rules, last, last), symbol: rules.symbol, last, mark: prices.last('mark') ?? last, index: prices.last('index') ?? last, bookSeed: bookSeed >>> 0 };
}

export class Market {
  readonly rules: ReadonlyMap<string, SymbolRules>;
  readonly #source: MarketSource;
  readonly #clock: Clock;
  readonly #onChange: (change: MarketChange) => void;
  readonly #views = new Map<string, MarketView>();
  readonly #series = new Map<string, CandleSeries>();
  readonly #prices = new Map<string, Prices>();
  /** From which time on what a symbol was is not in the store yet, and until when its minutes need not be: they are made again. */
  readonly #unsaved = new Map<string, { readonly from: number; readonly remembered: number }>();
  /** When the history ended that is made again at each start; undefined when it is kept. */
  #begunAt: number | undefined;
  readonly #tapes = new Map<string, Tape>();
  readonly #restless = new Map<string, Restlessness>();
  /** The newest id of each book. */
  readonly #bookIds = new Map<string, number>();
  readonly #days = new Map<string, { readonly key: string; readonly joined: Candle }>();
  /** Symbols whose market stands still. */
  readonly halted = new Set<string>();
  #timer: TimerHandle | null = null;
  #closed = false;

  constructor(source: MarketSource, clock: Clock, onChange: (change: MarketChange) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#onChange = onChange;
    this.rules = new Map(source.rules.map((rule) => [rule.symbol, rule]));
  }

  /** Takes up history and, when there is one, the saved state; tells every symbol's view once. Ticks begin with `run`. */
  open(saved: SavedMarket | undefined, kept: KeptCandles = new Map()): void {
    const now = this.#clock.now();
    this.#begunAt = saved ? saved.begunAt : this.#source.remembers ? now : undefined;
    // Whose past is three days long knows of no beginning any more.
    const complete = [...this.rules.keys()].every((symbol) => (kept.get(symbol)?.candles.length ?? 0) >= (this.#begunAt === undefined ? 1 : KEPT_CANDLES));
    const history = complete ? undefined : this.#source.history(this.#begunAt ?? now);
    for (const [symbol, rules] of this.rules) {
      const series = this.#take(symbol, kept.get(symbol), history?.get(symbol), fundingTimeAt(now));
      this.#tapes.set(symbol, new Tape(rules, now));
      this.#restless.set(symbol, new Restlessness());
      this.#bookIds.set(symbol, now);
      if (series.last) this.#views.set(symbol, viewAround(rules, decimal(series.last.close), series.last.openTime, this.#prices.get(symbol)!));
    }
    this.#source.start(now, saved?.source);
    for (const view of saved?.views ?? []) {
      const { last, mark, index, bid, ask } = view;
      this.#views.set(view.symbol, { ...view, last: decimal(last), mark: decimal(mark), index: decimal(index), bid: decimal(bid), ask: decimal(ask) });
    }
  }

  /** Takes up what a symbol was: what was kept of it, behind its history where that is made again. */
  #take(symbol: string, own: KeptSymbol | undefined, history: SymbolHistory | undefined, fundedAt: number): CandleSeries {
    const remembered = own && this.#begunAt === undefined ? undefined : history;
    const before = remembered ?? historyOfTrades([]);
    const until = this.#begunAt === undefined ? 0 : (before.minutes.length > 0 ? before.minutes.timeAt(before.minutes.length - 1) : 0);
    const { minutes, prices, days } = own ? resumed(own, before) : before;
    const series = new CandleSeries(minutes, days);
    this.#series.set(symbol, series);
    this.#prices.set(symbol, new Prices(prices, fundedAt));
    this.#unsaved.set(symbol, { from: own ? (series.last?.openTime ?? 0) : 0, remembered: until });
    return series;
  }

  /** Ticks until `close`. */
  run(): void {
    this.tick();
    if (!this.#closed) this.#timer = this.#clock.after(this.#source.periodMs, () => this.run());
  }

  /** Plays what is due now. */
  tick(): void {
    for (const tick of this.#source.due(this.#clock.now())) if (!this.halted.has(tick.symbol)) this.#play(tick);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #play(tick: Tick): void {
    const rules = this.rules.get(tick.symbol)!;
    const before = this.#views.get(tick.symbol)?.last ?? tick.last;
    const restless = this.#restless.get(tick.symbol)!;
    restless.tick(before, tick.last);
    const view = { ...touch(rules, tick.last, before, restless.factor), symbol: tick.symbol, last: tick.last, mark: tick.mark, index: tick.index, bookSeed: tick.bookSeed };
    this.#change(view, tick.candleTime, tick.volume, tick.last.isGreaterThan(before));
  }

  #change(view: MarketView, candleTime: number, volume: Tick['volume'], rose: boolean): void {
    this.#views.set(view.symbol, view);
    this.bookChanged(view.symbol);
    const { trades, aggregates } = this.#tapes.get(view.symbol)!.record(view, volume, rose, this.#clock.now());
    this.#prices.get(view.symbol)!.tick(candleTime, view.mark, view.index);
    const candle = this.#series.get(view.symbol)!.tick(candleTime, view.last, volume, trades);
    this.#onChange({ view, candle, trades: aggregates });
  }

  /** The book of a symbol has changed, by a move of the market or by who took from it. */
  bookChanged(symbol: string): void {
    this.#bookIds.set(symbol, this.bookId(symbol) + 1);
  }

  /** `lastUpdateId` of a symbol's book: rises with each change of it, also over a restart. */
  bookId(symbol: string): number {
    return this.#bookIds.get(symbol) ?? 0;
  }

  /** The public trades of a symbol. */
  tape(symbol: string): Tape | undefined {
    return this.#tapes.get(symbol);
  }

  /**
   * Moves a symbol's market to `price` at once: last, mark, index and the book around it.
   * @throws RangeError naming what is wrong with the symbol or the price.
   */
  moveTo(symbol: string, price: Decimal): MarketView {
    const rules = this.rules.get(symbol);
    if (!rules) throw new RangeError(`symbol is ${JSON.stringify(symbol)}, expected one of ${[...this.rules.keys()].join(', ')}`);
    if (this.halted.has(symbol)) throw new RangeError(`symbol is ${symbol}, which does not trade: set its status to TRADING first`);
    if (!price.isPositive() || price.isZero() || !isMultipleOf(price, rules.tickSize)) {
      throw new RangeError(`price is ${price.toFixed()}, expected a positive multiple of the tick size ${rules.tickSize.toFixed()}`);
    }
    const before = this.#views.get(symbol)?.last ?? price;
    const rose = price.isGreaterThan(before);
    const now = this.#clock.now();
    const view = { ...touch(rules, price, before), symbol, last: price, mark: price, index: price, bookSeed: (this.#views.get(symbol)?.bookSeed ?? 0) + 1 };
    this.#source.moved(symbol, price);
    this.#change(view, this.#source.candleTime(symbol, now), { base: rules.minQty, takerBase: rose ? rules.minQty : ZERO }, rose);
    return view;
  }

  view(symbol: string): MarketView | undefined {
    return this.#views.get(symbol);
  }

  views(): MarketView[] {
    return [...this.#views.values()];
  }

  series(symbol: string): CandleSeries | undefined {
    return this.#series.get(symbol);
  }

  /** Mark, index and premium over time. */
  prices(symbol: string): Prices | undefined {
    return this.#prices.get(symbol);
  }

  /** What funding would be settled at now, from the premium since the last time. */
  fundingRate(symbol: string): Decimal {
    return fundingRateOf(this.#prices.get(symbol)?.averagePremium ?? ZERO);
  }

  /** Candles that changed since the last call, for the store. */
  unsaved(): CandleRow[] {
    return [...this.#series].flatMap(([symbol, series]) => {
      const { from, remembered } = this.#unsaved.get(symbol)!;
      const rows = rowsSince(symbol, from, remembered, series, this.#prices.get(symbol)!);
      this.#unsaved.set(symbol, { from: series.last?.openTime ?? 0, remembered });
      return rows;
    });
  }

  /** Undefined while a symbol has no candle at all. */
  day(symbol: string): DayStatistics | undefined {
    const series = this.#series.get(symbol);
    if (!series?.last) return undefined;
    const from = this.#source.dayFrom(symbol, series, this.#clock.now());
    return dayStatistics(this.#joinClosed(symbol, series, from), series.last);
  }

  /** All of a day but its newest minute, once a minute and symbol: clients poll. */
  #joinClosed(symbol: string, series: CandleSeries, from: number): Candle | null {
    const to = series.length - 1;
    if (from >= to) return null;
    const key = `${series.timeAt(from)} ${series.timeAt(to)}`;
    const known = this.#days.get(symbol);
    if (known?.key === key) return known.joined;
    const joined = series.join(from, to);
    this.#days.set(symbol, { key, joined });
    return joined;
  }

  save(): SavedMarket {
    const views = this.views().map(({ symbol, last, mark, index, bid, ask, bookSeed }) => ({
      symbol,
      last: last.toFixed(),
      mark: mark.toFixed(),
      index: index.toFixed(),
      bid: bid.toFixed(),
      ask: ask.toFixed(),
      bookSeed,
    }));
    return { source: this.#source.save(this.#clock.now()), views, ...(this.#begunAt === undefined ? {} : { begunAt: this.#begunAt }) };
  }
}
