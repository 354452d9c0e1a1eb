/** The candles of one symbol, growing by ticks and bounded: three days of minutes, and four years of whole days for what is longer. A minute without a tick has no candle. */
import { decimal, text, type Decimal } from '../../protocol/decimal.ts';
import { addText, aggregate, joinAll, type Candle } from './candle.ts';
import { ONE_DAY, ONE_MINUTE, type Interval } from './interval.ts';
import { PackedCandles } from './packed-candles.ts';

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
  /** The last one may still be open. */
  readonly #minutes: PackedCandles;
  #last: Candle | undefined;
  /** Days that are over. */
  readonly #days: Candle[];
  /** By interval: what is closed of the longer candle that is open, or null when nothing is. */
  readonly #closed = new Map<Interval, { readonly until: number; readonly joined: Candle | null }>();

  /**
   * @param minutes with room for `KEPT_CANDLES`, its own from now on; the last one may still be open.
   * @param days ascending, each over and whole: what the minutes no longer reach back to.
   */
  constructor(minutes: PackedCandles = new PackedCandles(KEPT_CANDLES), days: readonly Candle[] = []) {
    this.#minutes = minutes;
    this.#last = minutes.length > 0 ? minutes.at(minutes.length - 1) : undefined;
    const known = new Set(days.map(({ openTime }) => openTime));
    const others = this.#joinGroups(ONE_DAY, 0, minutes.countBefore(this.#today), Infinity).filter(({ openTime }) => !known.has(openTime));
    this.#days = [...days, ...others].toSorted((a, b) => a.openTime - b.openTime).slice(-KEPT_DAYS);
  }

  get all(): readonly Candle[] {
    return this.#minutes.slice(0);
  }

  get length(): number {
    return this.#minutes.length;
  }

  timeAt(position: number): number {
    return this.#minutes.timeAt(position);
  }

  /** How many minutes opened before a time. */
  countBefore(time: number): number {
    return this.#minutes.countBefore(time);
  }

  /** Days that are over, ascending. */
  get days(): readonly Candle[] {
    return this.#days;
  }

  get last(): Candle | undefined {
    return this.#last;
  }

  get #today(): number {
    return ONE_DAY.openOf(this.#last?.openTime ?? 0);
  }

  /** Adds a tick of that many trades at market time `time`. Time that runs backwards (a stepped wall clock) stays in the newest candle. */
  tick(time: number, price: Decimal, volume: TickVolume, trades: number): CandleChange {
    const last = this.#last;
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
      this.#last = candle;
      this.#minutes.push(candle);
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
    this.#last = candle;
    this.#minutes.amend(candle);
    return { candle, closed: null };
  }

  #endDay(last: Candle): void {
    const openTime = ONE_DAY.openOf(last.openTime);
    this.#days.push({ ...this.join(this.countBefore(openTime), this.length), openTime });
    if (this.#days.length > KEPT_DAYS) this.#days.shift();
  }

  /** The kept minutes from a time on, ascending. */
  since(time: number): Candle[] {
    return this.#minutes.slice(this.countBefore(time));
  }

  /** The minutes from one position to before another, at least one, as one candle. */
  join(from: number, to: number): Candle {
    return this.#minutes.join(from, to);
  }

  /** A single minute stays as it is written. */
  #joinGroup(interval: Interval, from: number, to: number): Candle {
    const joined = to - from === 1 ? this.#minutes.at(from) : this.join(from, to);
    return { ...joined, openTime: interval.openOf(joined.openTime) };
  }

  /** The first `limit` longer candles of a range of minutes. */
  #joinGroups(interval: Interval, from: number, to: number, limit: number): Candle[] {
    const groups: Candle[] = [];
    for (let first = from; first < to && groups.length < limit; ) {
      const next = Math.min(to, this.countBefore(interval.endOf(interval.openOf(this.#minutes.timeAt(first)))));
      groups.push(this.#joinGroup(interval, first, next));
      first = next;
    }
    return groups;
  }

  /** The last `limit` longer candles of the minutes up to a position. */
  #joinLastGroups(interval: Interval, to: number, limit: number): Candle[] {
    const groups: Candle[] = [];
    for (let end = to; end > 0 && groups.length < limit; ) {
      const first = this.countBefore(interval.openOf(this.#minutes.timeAt(end - 1)));
      groups.push(this.#joinGroup(interval, first, end));
      end = first;
    }
    return groups.toReversed();
  }

  /** What candles of whole days are made of, from a time on, ascending: days that are over, and what there is of today up to a position. */
  #partsSince(time: number, to: number): Candle[] {
    const first = this.countBefore(Math.max(time, this.#today));
    return [...this.#days.filter(({ openTime }) => openTime >= time), ...(first < to ? [this.#joinGroup(ONE_MINUTE, first, to)] : [])];
  }

  /** Candles whose open time is in [start, end], ascending: the first `limit` when a start is given, else the last. */
  list(interval: Interval, start: number | null, end: number | null, limit: number): Candle[] {
    if (interval.ofDays) {
      const parts = this.#partsSince(start === null ? 0 : interval.openOf(start), this.length);
      const within = aggregate(parts, interval).filter(({ openTime }) => (start === null || openTime >= start) && (end === null || openTime <= end));
      return start === null ? within.slice(-limit) : within.slice(0, limit);
    }
    const to = end === null ? this.length : this.countBefore(interval.endOf(interval.openOf(end)));
    if (start === null) return this.#joinLastGroups(interval, to, limit);
    const begun = interval.openOf(start);
    return this.#joinGroups(interval, this.countBefore(begun < start ? interval.endOf(begun) : begun), to, limit);
  }

  /** The candle of an interval that is open now; only its newest minute is joined anew at each call. */
  current(interval: Interval): Candle | undefined {
    const last = this.#last;
    if (!last || interval === ONE_MINUTE) return last;
    const openTime = interval.openOf(last.openTime);
    let closed = this.#closed.get(interval);
    if (closed?.until !== last.openTime) {
      closed = { until: last.openTime, joined: this.#closedSince(interval, openTime) };
      this.#closed.set(interval, closed);
    }
    return closed.joined ? { ...joinAll([closed.joined, last]), openTime } : { ...last, openTime };
  }

  /** All but the newest minute, as one candle; null when there is nothing. */
  #closedSince(interval: Interval, openTime: number): Candle | null {
    const to = this.length - 1;
    if (interval.ofDays) {
      const parts = this.#partsSince(openTime, to);
      return parts.length > 0 ? joinAll(parts) : null;
    }
    const from = this.countBefore(openTime);
    return from < to ? this.join(from, to) : null;
  }
}
