/** Everything the market streams tell but depth: trades, candles and the touch with each tick, the rest at the venue's own pace. */
import { INTERVAL_MINUTES, MINUTE_MS } from '../market/candle.ts';
import type { MarketChange } from '../market/market.ts';
import type { PaperVenue } from '../venue.ts';
import { aggTradeMessage, bookTickerMessage, klineMessage, markPriceMessage, miniTickerMessage, tickerMessage } from './market-messages.ts';
import { bookSnapshot } from './order-book.ts';
import type { Topics } from './topics.ts';

/** Seconds between two messages. Mark prices without `@1s`, tickers of one symbol, touches of all. */
const SLOW_MARK_SECONDS = 3;
const TICKER_SECONDS = 2;
const ALL_BOOKS_SECONDS = 5;

const intervals = Object.entries(INTERVAL_MINUTES).map(([interval, minutes]) => ({ interval, minutes, span: minutes * MINUTE_MS }));

export class MarketFeed {
  readonly #venue: PaperVenue;
  readonly #topics: Topics;
  /** Stream names by symbol: made once, as they are asked for with every tick. */
  readonly #klines: ReadonlyMap<string, readonly string[]>;
  /** Symbols that moved since the tickers of all, and of one, were last told. */
  readonly #moved = { all: new Set<string>(), one: new Set<string>(), books: new Set<string>() };

  constructor(venue: PaperVenue, topics: Topics) {
    this.#venue = venue;
    this.#topics = topics;
    this.#klines = new Map([...venue.market.rules.keys()].map((symbol) => [symbol, intervals.map(({ interval }) => `${symbol.toLowerCase()}@kline_${interval}`)]));
  }

  onMarket(change: MarketChange): void {
    const { symbol } = change.view;
    const now = this.#venue.now();
    for (const moved of Object.values(this.#moved)) moved.add(symbol);
    for (const trade of change.trades) this.#topics.publish('market', `${symbol.toLowerCase()}@aggTrade`, () => aggTradeMessage(symbol, trade, now));
    this.#publishCandles(change, now);
    this.onBook(symbol);
  }

  /** The touch may have changed. */
  onBook(symbol: string): void {
    this.#moved.books.add(symbol);
    this.#topics.publish('public', `${symbol.toLowerCase()}@bookTicker`, () => this.#touch(symbol));
  }

  #touch(symbol: string): unknown {
    return bookTickerMessage(symbol, bookSnapshot(this.#venue, symbol, 1)!, this.#venue.now());
  }

  #publishCandles({ view: { symbol }, candle: { candle, closed } }: MarketChange, now: number): void {
    const series = this.#venue.market.series(symbol)!;
    const { lastId } = this.#venue.market.tape(symbol)!;
    const streams = this.#klines.get(symbol)!;
    for (const [index, { interval, minutes, span }] of intervals.entries()) {
      const stream = streams[index]!;
      if (!this.#topics.wanted('market', stream)) continue;
      if (closed !== null && Math.floor(closed.openTime / span) !== Math.floor(candle.openTime / span)) {
        const openTime = Math.floor(closed.openTime / span) * span;
        const over = series.list(minutes, openTime, openTime, 1)[0] ?? closed;
        this.#topics.publish('market', stream, () => klineMessage(symbol, interval, minutes, over, true, lastId - candle.trades, now));
      }
      this.#topics.publish('market', stream, () => klineMessage(symbol, interval, minutes, series.current(minutes)!, false, lastId, now));
    }
  }

  /** @param second counted from the start. */
  onSecond(second: number): void {
    const now = this.#venue.now();
    this.#publishMarks(second % SLOW_MARK_SECONDS === 0 ? ['@1s', ''] : ['@1s'], now);
    this.#publishTickers(now);
    if (second % TICKER_SECONDS === 0) this.#publishEachTicker(now);
    if (second % ALL_BOOKS_SECONDS === 0) this.#publishBooks();
  }

  #publishMarks(speeds: readonly string[], now: number): void {
    for (const speed of speeds) {
      for (const view of this.#venue.market.views()) this.#topics.publish('market', `${view.symbol.toLowerCase()}@markPrice${speed}`, () => markPriceMessage(view, now));
      this.#topics.publish('market', `!markPrice@arr${speed}`, () => this.#venue.market.views().map((view) => markPriceMessage(view, now)));
    }
  }

  /** Arrays hold the symbols that moved. */
  #publishTickers(now: number): void {
    const { market } = this.#venue;
    const moved = [...this.#moved.all];
    this.#moved.all.clear();
    if (moved.length === 0) return;
    this.#topics.publish('market', '!miniTicker@arr', () => moved.map((symbol) => miniTickerMessage(symbol, market.day(symbol)!, now)));
    this.#topics.publish('market', '!ticker@arr', () => moved.map((symbol) => tickerMessage(symbol, market.day(symbol)!, market.tape(symbol)!, now)));
  }

  #publishEachTicker(now: number): void {
    const { market } = this.#venue;
    for (const symbol of this.#moved.one) {
      const name = symbol.toLowerCase();
      this.#topics.publish('market', `${name}@miniTicker`, () => miniTickerMessage(symbol, market.day(symbol)!, now));
      this.#topics.publish('market', `${name}@ticker`, () => tickerMessage(symbol, market.day(symbol)!, market.tape(symbol)!, now));
    }
    this.#moved.one.clear();
  }

  #publishBooks(): void {
    for (const symbol of this.#moved.books) this.#topics.publish('public', '!bookTicker', () => this.#touch(symbol));
    this.#moved.books.clear();
  }
}
