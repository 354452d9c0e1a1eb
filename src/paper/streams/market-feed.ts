/** Everything the market streams tell but depth: trades, candles and the touch with each tick, the rest at the venue's own pace. */
import type { ExchangeEvent } from '../core/events.ts';
import type { MarketChange } from '../market/market.ts';
import type { PaperVenue } from '../venue.ts';
import { CandleFeed } from './candle-feed.ts';
import { aggTradeMessage, bookTickerMessage, contractInfoMessage, markPriceMessage, miniTickerMessage, tickerMessage, tradeMessage } from './market-messages.ts';
import { bookSnapshot } from './order-book.ts';
import type { Topics } from './topics.ts';

/** Seconds between two messages. Mark prices without `@1s`, tickers of one symbol, touches of all. */
const SLOW_MARK_SECONDS = 3;
const TICKER_SECONDS = 2;
const ALL_BOOKS_SECONDS = 5;

export class MarketFeed {
  readonly #venue: PaperVenue;
  readonly #topics: Topics;
  readonly #candles: CandleFeed;
  /** Symbols that moved since the tickers of all, and of one, were last told. */
  readonly #moved = { all: new Set<string>(), one: new Set<string>(), books: new Set<string>() };

  constructor(venue: PaperVenue, topics: Topics) {
    this.#venue = venue;
    this.#topics = topics;
    this.#candles = new CandleFeed(venue, topics);
  }

  onMarket(change: MarketChange): void {
    const { symbol } = change.view;
    const now = this.#venue.now();
    for (const moved of Object.values(this.#moved)) moved.add(symbol);
    for (const trade of change.trades) this.#topics.publish('market', `${symbol.toLowerCase()}@aggTrade`, () => aggTradeMessage(symbol, trade, now));
    this.#publishTrades(change, now);
    this.#candles.onMarket(change);
    this.onBook(symbol);
  }

  /** Each trade by itself. The venue does not document the stream, serves it, and client libraries watch trades on it. */
  #publishTrades({ view: { symbol }, trades }: MarketChange, now: number): void {
    const stream = `${symbol.toLowerCase()}@trade`;
    if (!this.#topics.wanted('public', stream)) return;
    const tape = this.#venue.market.tape(symbol)!;
    for (const { firstId, lastId } of trades) {
      for (const trade of tape.trades({ fromId: firstId, limit: lastId - firstId + 1 })) this.#topics.publish('public', stream, () => tradeMessage(symbol, trade, now));
    }
  }

  /** A symbol was listed, halted or delisted. */
  onEvents(events: readonly ExchangeEvent[]): void {
    for (const event of events) {
      if (event.type === 'SymbolStatusChanged') this.#topics.publish('market', '!contractInfo', () => contractInfoMessage(event.listing, this.#venue.now()));
    }
  }

  /** The touch may have changed. */
  onBook(symbol: string): void {
    this.#moved.books.add(symbol);
    this.#topics.publish('public', `${symbol.toLowerCase()}@bookTicker`, () => this.#touch(symbol));
  }

  #touch(symbol: string): unknown {
    return bookTickerMessage(symbol, bookSnapshot(this.#venue, symbol, 1)!, this.#venue.now());
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
    const { market } = this.#venue;
    for (const speed of speeds) {
      for (const view of market.views()) this.#topics.publish('market', `${view.symbol.toLowerCase()}@markPrice${speed}`, () => markPriceMessage(market, view, now));
      this.#topics.publish('market', `!markPrice@arr${speed}`, () => market.views().map((view) => markPriceMessage(market, view, now)));
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
