/** The candles of one symbol, growing by ticks and bounded: three days of minutes, and four years of whole days for what is longer. A minute without a tick has no candle. */
import { decimal, text, type Decimal } from '../../protocol/decimal.ts';
import { addText, aggregate, joinAll, type Candle } from './candle.ts';
import { ONE_DAY, ONE_MINUTE, type Interval } from './interval.ts';

/** A day for the statistics, the rest for intervals of minutes and hours. */
export const KEPT_CANDLES = 4_320;
export const KEPT_DAYS = 1_500;

export interface TickVolume {
  readonly base: Decimal;
  /** Share bought by takers. */
  readonly takerBase: Decimal;
}

export interface CandleChange {
  readonly candle: Candle;
  /** The candle before, when this tick closed it. */
  readonly closed: Candle | null;
}

export class CandleSeries {
  #candles: Candle[];
  /** Days that are over; of what was before the opening put together when they are first asked for: exact sums of thousands of minutes take their time. */
  #days: Candle[] | null = null;
  readonly #daysOfBefore: () => Candle[];
  /** By interval: what is closed of the longer candle that is open, or null when nothing is. */
  readonly #closed = new Map<Interval, { readonly until: number; readonly joined: Candle | null }>();

  /**
   * @param candles ascending; the last one may still be open.
   * @param days ascending, each over and whole: what the minutes no longer reach back to.
   */
  constructor(candles: readonly Candle[], days: readonly Candle[] = []) {
    this.#candles = candles.slice(-KEPT_CANDLES);
    const today = ONE_DAY.openOf(candles.at(-1)?.openTime ?? 0);
    const known = new Set(days.map(({ openTime }) => openTime));
    const others = candles.filter(({ openTime }) => openTime < today && !known.has(ONE_DAY.openOf(openTime)));
    this.#daysOfBefore = () => [...days, ...aggregate(others, ONE_DAY)].toSorted((a, b) => a.openTime - b.openTime).slice(-KEPT_DAYS);
  }

  get all(): readonly Candle[] {
    return this.#candles;
  }

  /** Days that are over, ascending. */
  get days(): readonly Candle[] {
    return this.#ended();
  }

  #ended(): Candle[] {
    return (this.#days ??= this.#daysOfBefore());
  }

  get last(): Candle | undefined {
    return this.#candles.at(-1);
  }

  /** Adds a tick of that many trades at market time `time`. Time that runs backwards (a stepped wall clock) stays in the newest candle. */
  tick(time: number, price: Decimal, volume: TickVolume, trades: number): CandleChange {
    const last = this.#candles.at(-1);
    const openTime = Math.max(ONE_MINUTE.openOf(time), last?.openTime ?? 0);
    const added = {
      close: text(price),
      volume: text(volume.base),
      quoteVolume: text(volume.base.multipliedBy(price)),
      takerVolume: text(volume.takerBase),
      takerQuoteVolume: text(volume.takerBase.multipliedBy(price)),
    };
    if (last?.openTime !== openTime) {
      const candle: Candle = { openTime, open: added.close, high: added.close, low: added.close, trades, ...added };
      if (last && ONE_DAY.openOf(last.openTime) < ONE_DAY.openOf(openTime)) this.#endDay(last);
      this.#candles.push(candle);
      if (this.#candles.length > KEPT_CANDLES) this.#candles.shift();
      return { candle, closed: last ?? null };
    }
    const candle: Candle = {
      openTime,
      open: last.open,
      high: price.isGreaterThan(decimal(last.high)) ? added.close : last.high,
      low: price.isLessThan(decimal(last.low)) ? added.close : last.low,
      close: added.close,
      volume: addText(last.volume, added.volume),
      quoteVolume: addText(last.quoteVolume, added.quoteVolume),
      trades: last.trades + trades,
      takerVolume: addText(last.takerVolume, added.takerVolume),
      takerQuoteVolume: addText(last.takerQuoteVolume, added.takerQuoteVolume),
    };
    this.#candles[this.#candles.length - 1] = candle;
    return { candle, closed: null };
  }

  #endDay(last: Candle): void {
    const openTime = ONE_DAY.openOf(last.openTime);
    const days = this.#ended();
    days.push({ ...joinAll(this.since(openTime)), openTime });
    if (days.length > KEPT_DAYS) days.shift();
  }

  /** The kept minutes from a time on, ascending. */
  since(time: number): Candle[] {
    let first = this.#candles.length;
    while (first > 0 && this.#candles[first - 1]!.openTime >= time) first--;
    return this.#candles.slice(first);
  }

  /** What candles of an interval are made of, from a time on, ascending. */
  #partsSince(interval: Interval, time: number): Candle[] {
    if (!interval.ofDays) return this.since(time);
    const today = ONE_DAY.openOf(this.#candles.at(-1)?.openTime ?? 0);
    return [...this.#ended().filter(({ openTime }) => openTime >= time), ...this.since(Math.max(time, today))];
  }

  /** Candles whose open time is in [start, end], ascending: the first `limit` when a start is given, else the last. */
  list(interval: Interval, start: number | null, end: number | null, limit: number): Candle[] {
    const parts = this.#partsSince(interval, start === null ? 0 : interval.openOf(start));
    const within = aggregate(parts, interval).filter(({ openTime }) => (start === null || openTime >= start) && (end === null || openTime <= end));
    return start === null ? within.slice(-limit) : within.slice(0, limit);
  }

  /** The candle of an interval that is open now; only its newest minute is joined anew at each call. */
  current(interval: Interval): Candle | undefined {
    const last = this.#candles.at(-1);
    if (!last || interval === ONE_MINUTE) return last;
    const openTime = interval.openOf(last.openTime);
    let closed = this.#closed.get(interval);
    if (closed?.until !== last.openTime) {
      const before = this.#partsSince(interval, openTime).slice(0, -1);
      closed = { until: last.openTime, joined: before.length > 0 ? joinAll(before) : null };
      this.#closed.set(interval, closed);
    }
    return closed.joined ? { ...joinAll([closed.joined, last]), openTime } : { ...last, openTime };
  }
}
