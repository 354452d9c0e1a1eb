/** The market as the rest of the exchange sees it: the newest view of each symbol, its candles, and one call a tick to whoever follows. */
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import { decimal, isMultipleOf, ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { MarketView } from '../core/book.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { dayStatistics, joinAll, type Candle, type DayStatistics } from './candle.ts';
import { CandleSeries, type CandleChange } from './candle-series.ts';
import type { MarketSource, Tick } from './source.ts';
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
  readonly source: unknown;
  readonly views: readonly { readonly symbol: string; readonly last: string; readonly mark: string; readonly index: string; readonly bid: string; readonly ask: string; readonly bookSeed: number }[];
}

function viewAround(rules: SymbolRules, last: Decimal, bookSeed: number): MarketView {
  return { ...touch(rules, last, last), symbol: rules.symbol, last, mark: last, index: last, bookSeed: bookSeed >>> 0 };
}

export class Market {
  readonly rules: ReadonlyMap<string, SymbolRules>;
  readonly #source: MarketSource;
  readonly #clock: Clock;
  readonly #onChange: (change: MarketChange) => void;
  readonly #views = new Map<string, MarketView>();
  readonly #series = new Map<string, CandleSeries>();
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
  open(saved: SavedMarket | undefined, candles: ReadonlyMap<string, readonly Candle[]> | undefined): void {
    const now = this.#clock.now();
    const history = candles ?? this.#source.history(now);
    for (const [symbol, rules] of this.rules) {
      this.#series.set(symbol, new CandleSeries(history.get(symbol) ?? []));
      this.#tapes.set(symbol, new Tape(rules, now));
      this.#restless.set(symbol, new Restlessness());
      this.#bookIds.set(symbol, now);
    }
    this.#source.start(now, saved?.source);
    for (const [symbol, rules] of this.rules) {
      const last = this.#series.get(symbol)!.last;
      if (last) this.#views.set(symbol, viewAround(rules, decimal(last.close), last.openTime));
    }
    for (const view of saved?.views ?? []) {
      const { last, mark, index, bid, ask } = view;
      this.#views.set(view.symbol, { ...view, last: decimal(last), mark: decimal(mark), index: decimal(index), bid: decimal(bid), ask: decimal(ask) });
    }
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

  /** Undefined while a symbol has no candle at all. */
  day(symbol: string): DayStatistics | undefined {
    const candles = this.#series.get(symbol)?.all ?? [];
    const day = this.#source.dayOf(symbol, candles, this.#clock.now());
    return day.length > 0 ? dayStatistics(day, (closed) => this.#joinClosed(symbol, closed)) : undefined;
  }

  /** Once a minute and symbol: a day of exact sums takes milliseconds, and clients poll. */
  #joinClosed(symbol: string, closed: readonly Candle[]): Candle {
    const key = `${closed.length} ${closed[0]!.openTime} ${closed.at(-1)!.openTime}`;
    const known = this.#days.get(symbol);
    if (known?.key === key) return known.joined;
    const joined = joinAll(closed);
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
    return { source: this.#source.save(this.#clock.now()), views };
  }
}
