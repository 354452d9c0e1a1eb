/** The market as the rest of the exchange sees it: the newest view of each symbol, its candles, and one call a tick to whoever follows. */
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import { decimal, isMultipleOf, type Decimal } from '../../protocol/decimal.ts';
import type { MarketView } from '../core/book.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { dayStatistics, joinAll, type Candle, type DayStatistics } from './candle.ts';
import { CandleSeries, type CandleChange } from './candle-series.ts';
import { spreadOf, type MarketSource, type Tick } from './source.ts';

export interface MarketChange {
  readonly view: MarketView;
  readonly candle: CandleChange;
}

/** What is kept on disk of the market, about once a second. */
export interface SavedMarket {
  readonly source: unknown;
  readonly views: readonly { readonly symbol: string; readonly last: string; readonly mark: string; readonly index: string; readonly bid: string; readonly ask: string; readonly bookSeed: number }[];
}

/** The last trade was at the ask when the price rose and at the bid otherwise; near zero the bid stays one tick above it. */
function touch(rules: SymbolRules, last: Decimal, before: Decimal): { bid: Decimal; ask: Decimal } {
  const spread = spreadOf(rules, last);
  if (!last.isGreaterThan(before) || last.isLessThanOrEqualTo(spread)) return { bid: last, ask: last.plus(spread) };
  return { bid: last.minus(spread), ask: last };
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
  readonly #days = new Map<string, { readonly key: string; readonly joined: Candle }>();
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
    for (const symbol of this.rules.keys()) this.#series.set(symbol, new CandleSeries(history.get(symbol) ?? []));
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
    for (const tick of this.#source.due(this.#clock.now())) this.#play(tick);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #play(tick: Tick): void {
    const rules = this.rules.get(tick.symbol)!;
    const before = this.#views.get(tick.symbol)?.last ?? tick.last;
    const view = { ...touch(rules, tick.last, before), symbol: tick.symbol, last: tick.last, mark: tick.mark, index: tick.index, bookSeed: tick.bookSeed };
    this.#change(view, tick.candleTime, tick.volume);
  }

  #change(view: MarketView, candleTime: number, volume: Tick['volume']): void {
    this.#views.set(view.symbol, view);
    const candle = this.#series.get(view.symbol)!.tick(candleTime, view.last, volume);
    this.#onChange({ view, candle });
  }

  /**
   * Moves a symbol's market to `price` at once: last, mark, index and the book around it.
   * @throws RangeError naming what is wrong with the symbol or the price.
   */
  moveTo(symbol: string, price: Decimal): MarketView {
    const rules = this.rules.get(symbol);
    if (!rules) throw new RangeError(`symbol is ${JSON.stringify(symbol)}, expected one of ${[...this.rules.keys()].join(', ')}`);
    if (!price.isPositive() || price.isZero() || !isMultipleOf(price, rules.tickSize)) {
      throw new RangeError(`price is ${price.toFixed()}, expected a positive multiple of the tick size ${rules.tickSize.toFixed()}`);
    }
    const before = this.#views.get(symbol)?.last ?? price;
    const now = this.#clock.now();
    const view = { ...touch(rules, price, before), symbol, last: price, mark: price, index: price, bookSeed: (this.#views.get(symbol)?.bookSeed ?? 0) + 1 };
    this.#source.moved(symbol, price);
    this.#change(view, this.#source.candleTime(symbol, now), { base: rules.minQty, takerBase: rules.minQty });
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
