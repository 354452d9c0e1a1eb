/** One-minute candles and what is made of them: longer intervals and 24-hour statistics. */
import { z } from 'zod';
import { decimal, decimalString, text, wholeDecimal, ZERO } from '../../protocol/decimal.ts';
import { MINUTE_MS, ONE_MINUTE, type Interval } from './interval.ts';

/** Prices and volumes are decimal strings; `volume` is in the base asset, `quoteVolume` in USDT. */
export const candleSchema = z.object({
  openTime: z.int(),
  open: decimalString,
  high: decimalString,
  low: decimalString,
  close: decimalString,
  volume: decimalString,
  quoteVolume: decimalString,
  trades: z.int(),
  takerVolume: decimalString,
  takerQuoteVolume: decimalString,
});
export type Candle = Readonly<z.infer<typeof candleSchema>>;

export function addText(a: string, b: string): string {
  return text(decimal(a).plus(decimal(b)));
}

function joined(into: Candle, next: Candle): Candle {
  return {
    openTime: into.openTime,
    open: into.open,
    high: decimal(next.high).isGreaterThan(decimal(into.high)) ? next.high : into.high,
    low: decimal(next.low).isLessThan(decimal(into.low)) ? next.low : into.low,
    close: next.close,
    volume: addText(into.volume, next.volume),
    quoteVolume: addText(into.quoteVolume, next.quoteVolume),
    trades: into.trades + next.trades,
    takerVolume: addText(into.takerVolume, next.takerVolume),
    takerQuoteVolume: addText(into.takerQuoteVolume, next.takerQuoteVolume),
  };
}

/** Joins ascending candles into longer ones. What is missing is simply not in them. */
export function aggregate(candles: readonly Candle[], interval: Interval): Candle[] {
  if (interval === ONE_MINUTE) return [...candles];
  const groups: { readonly openTime: number; readonly parts: Candle[] }[] = [];
  for (const candle of candles) {
    const openTime = interval.openOf(candle.openTime);
    const group = groups.at(-1);
    if (group?.openTime === openTime) group.parts.push(candle);
    else groups.push({ openTime, parts: [candle] });
  }
  return groups.map(({ openTime, parts }) => ({ ...(parts.length === 1 ? parts[0]! : joinAll(parts)), openTime }));
}

export interface DayStatistics {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly last: string;
  readonly change: string;
  /** Percent, three decimals. */
  readonly changePercent: string;
  readonly weightedAverage: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly openTime: number;
  readonly closeTime: number;
  readonly trades: number;
}

/** Ascending minutes, at least one, as one candle. */
export function joinAll(candles: readonly Candle[]): Candle {
  const first = candles[0];
  if (!first) throw new RangeError('there are no candles to join');
  let [high, low, volume, quote, trades] = [decimal(first.high), decimal(first.low), ZERO, ZERO, 0];
  let [takerVolume, takerQuote] = [ZERO, ZERO];
  for (const candle of candles) {
    const [candleHigh, candleLow] = [decimal(candle.high), decimal(candle.low)];
    if (candleHigh.isGreaterThan(high)) high = candleHigh;
    if (candleLow.isLessThan(low)) low = candleLow;
    volume = volume.plus(decimal(candle.volume));
    quote = quote.plus(decimal(candle.quoteVolume));
    takerVolume = takerVolume.plus(decimal(candle.takerVolume));
    takerQuote = takerQuote.plus(decimal(candle.takerQuoteVolume));
    trades += candle.trades;
  }
  return {
    openTime: first.openTime,
    open: first.open,
    high: text(high),
    low: text(low),
    close: candles.at(-1)!.close,
    volume: text(volume),
    quoteVolume: text(quote),
    trades,
    takerVolume: text(takerVolume),
    takerQuoteVolume: text(takerQuote),
  };
}

/** Statistics over a day, or as much of it as exists. @param closed all but the newest minute as one candle, null when there is nothing before it */
export function dayStatistics(closed: Candle | null, last: Candle): DayStatistics {
  const day = closed ? joined(closed, last) : last;
  const volume = decimal(day.volume);
  const change = decimal(last.close).minus(decimal(day.open));
  return {
    open: day.open,
    high: day.high,
    low: day.low,
    last: last.close,
    change: text(change),
    changePercent: change.multipliedBy(wholeDecimal(100)).dividedBy(decimal(day.open)).toFixed(3),
    weightedAverage: volume.isZero() ? last.close : text(decimal(day.quoteVolume).dividedBy(volume).decimalPlaces(decimal(last.close).decimalPlaces()! + 2)),
    volume: day.volume,
    quoteVolume: day.quoteVolume,
    openTime: day.openTime,
    closeTime: last.openTime + MINUTE_MS - 1,
    trades: day.trades,
  };
}

/** The minute that is not over ends with its last trade: no client hears of a time that has not been. */
export function closeTimeOf({ openTime, closeTime }: DayStatistics, lastTrade: { readonly time: number } | undefined): number {
  return lastTrade ? Math.max(openTime, Math.min(closeTime, lastTrade.time)) : closeTime;
}
