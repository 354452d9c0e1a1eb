/** The candles of one symbol, growing by ticks; a minute without a tick has no candle. */
import { decimal, text, type Decimal } from '../../protocol/decimal.ts';
import { addText, aggregate, joinAll, MINUTE_MS, type Candle } from './candle.ts';

/** Three days of minutes are kept: a day for the statistics, the rest for longer intervals. */
export const KEPT_CANDLES = 4_320;

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
  /** By minutes: what is closed of the longer candle that is open, or null when nothing is. */
  readonly #closed = new Map<number, { readonly until: number; readonly joined: Candle | null }>();

  /** @param candles ascending; the last one may still be open. */
  constructor(candles: readonly Candle[]) {
    this.#candles = candles.slice(-KEPT_CANDLES);
  }

  get all(): readonly Candle[] {
    return this.#candles;
  }

  get last(): Candle | undefined {
    return this.#candles.at(-1);
  }

  /** Adds a tick of that many trades at market time `time`. Time that runs backwards (a stepped wall clock) stays in the newest candle. */
  tick(time: number, price: Decimal, volume: TickVolume, trades: number): CandleChange {
    const last = this.#candles.at(-1);
    const openTime = Math.max(Math.floor(time / MINUTE_MS) * MINUTE_MS, last?.openTime ?? 0);
    const added = {
      close: text(price),
      volume: text(volume.base),
      quoteVolume: text(volume.base.multipliedBy(price)),
      takerVolume: text(volume.takerBase),
      takerQuoteVolume: text(volume.takerBase.multipliedBy(price)),
    };
    if (last?.openTime !== openTime) {
      const candle: Candle = { openTime, open: added.close, high: added.close, low: added.close, trades, ...added };
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

  /** Candles of `minutes` whose open time is in [start, end], ascending: the first `limit` when a start is given, else the last. */
  list(minutes: number, start: number | null, end: number | null, limit: number): Candle[] {
    const within = aggregate(this.#candles, minutes).filter((candle) => (start === null || candle.openTime >= start) && (end === null || candle.openTime <= end));
    return start === null ? within.slice(-limit) : within.slice(0, limit);
  }

  /** The candle of `minutes` that is open now; only its newest minute is joined anew at each call. */
  current(minutes: number): Candle | undefined {
    const last = this.#candles.at(-1);
    if (!last || minutes === 1) return last;
    const openTime = Math.floor(last.openTime / (minutes * MINUTE_MS)) * minutes * MINUTE_MS;
    let closed = this.#closed.get(minutes);
    if (closed?.until !== last.openTime) {
      const before = this.#candles.slice(-minutes, -1).filter((candle) => candle.openTime >= openTime);
      closed = { until: last.openTime, joined: before.length > 0 ? joinAll(before) : null };
      this.#closed.set(minutes, closed);
    }
    return closed.joined ? { ...joinAll([closed.joined, last]), openTime } : { ...last, openTime };
  }
}
