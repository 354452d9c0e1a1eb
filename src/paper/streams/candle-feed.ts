/** Candles with each tick, of every interval that someone follows: the same ones that REST serves, the last of each told as closed. */
import { INTERVALS } from '../market/interval.ts';
import type { MarketChange } from '../market/market.ts';
import type { PaperVenue } from '../venue.ts';
import { continuousKlineMessage, klineMessage, type KlineState } from './market-messages.ts';
import type { Topics } from './topics.ts';

interface Names {
  readonly kline: string;
  readonly continuous: string;
}

export class CandleFeed {
  readonly #venue: PaperVenue;
  readonly #topics: Topics;
  /** Stream names by symbol, in the order of the intervals: made once, as they are asked for with every tick. */
  readonly #names: ReadonlyMap<string, readonly Names[]>;

  constructor(venue: PaperVenue, topics: Topics) {
    this.#venue = venue;
    this.#topics = topics;
    const namesOf = (symbol: string): Names[] => INTERVALS.map(({ name }) => ({ kline: `${symbol}@kline_${name}`, continuous: `${symbol}_perpetual@continuousKline_${name}` }));
    this.#names = new Map([...venue.market.rules.keys()].map((symbol) => [symbol, namesOf(symbol.toLowerCase())]));
  }

  onMarket({ view: { symbol }, candle: { candle, closed } }: MarketChange): void {
    const series = this.#venue.market.series(symbol)!;
    const { lastId } = this.#venue.market.tape(symbol)!;
    const names = this.#names.get(symbol)!;
    for (const [index, interval] of INTERVALS.entries()) {
      const { kline, continuous } = names[index]!;
      if (!this.#topics.wanted('market', kline) && !this.#topics.wanted('market', continuous)) continue;
      const before = closed === null ? null : interval.openOf(closed.openTime);
      if (closed !== null && before !== null && before !== interval.openOf(candle.openTime)) {
        this.#publish(symbol, names[index]!, { interval, candle: series.list(interval, before, before, 1)[0] ?? closed, closed: true, lastId: lastId - candle.trades });
      }
      this.#publish(symbol, names[index]!, { interval, candle: series.current(interval)!, closed: false, lastId });
    }
  }

  #publish(symbol: string, { kline, continuous }: Names, state: KlineState): void {
    const now = this.#venue.now();
    this.#topics.publish('market', kline, () => klineMessage(symbol, state, now));
    this.#topics.publish('market', continuous, () => continuousKlineMessage(symbol, state, now));
  }
}
