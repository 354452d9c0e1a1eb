/** Mark, index and premium of one symbol over time: their candles, their means, and the premium that the next funding is made of. */
import { decimal, type Decimal } from '../../protocol/decimal.ts';
import type { Candle } from './candle.ts';
import { MINUTE_MS } from './interval.ts';
import { PriceSeries, priceText, priceUnits, type PriceCandle } from './price-series.ts';

/** As each is named where it is kept. */
export const PRICE_KINDS = ['mark', 'index', 'premium'] as const;
export type PriceKind = (typeof PRICE_KINDS)[number];
export type PriceMinute = Readonly<Record<PriceKind, PriceCandle>>;
export type PriceHistory = Readonly<Record<PriceKind, PriceSeries>>;

/** Minutes of the mark price's moving average, and of the index that a settlement would be at. */
const MARK_AVERAGE_MINUTES = 5;
const SETTLE_MINUTES = 60;

export function emptyPrices(): PriceHistory {
  return { mark: new PriceSeries(), index: new PriceSeries(), premium: new PriceSeries() };
}

/** Adds the next minute. */
export function pushPrices(history: PriceHistory, minute: PriceMinute): void {
  for (const kind of PRICE_KINDS) history[kind].push(minute[kind]);
}

/** Where only trades are known, mark and index were at their price and there was no premium. */
export function pricesOfTrade({ openTime, open, high, low, close, trades }: Candle): PriceMinute {
  const traded = { openTime, open: priceUnits(Number(open)), high: priceUnits(Number(high)), low: priceUnits(Number(low)), close: priceUnits(Number(close)), samples: trades };
  return { mark: traded, index: traded, premium: { openTime, open: 0, high: 0, low: 0, close: 0, samples: trades } };
}

/** A price's minute as the candles are kept: nothing is traded in it. */
export function asCandle({ openTime, open, high, low, close, samples }: PriceCandle): Candle {
  return { openTime, open: priceText(open), high: priceText(high), low: priceText(low), close: priceText(close), volume: '0', quoteVolume: '0', trades: samples, takerVolume: '0', takerQuoteVolume: '0' };
}

export class Prices {
  readonly #series: PriceHistory;
  /** Minute closes of the premium since the last funding, each weighing one more than the one before: Σ i·P and Σ i. */
  #weighted = 0;
  #minutes = 0;
  /** No minute that opened before it counts any more. */
  #since: number;

  /** @param history its own from now on. @param fundedAt when funding was last settled, ms. */
  constructor(history: PriceHistory, fundedAt: number) {
    this.#series = history;
    this.#since = fundedAt;
    // The newest is weighed when the next one begins.
    for (const minute of this.#series.premium.since(fundedAt).slice(0, -1)) this.#weigh(minute);
  }

  series(kind: PriceKind): PriceSeries {
    return this.#series[kind];
  }

  last(kind: PriceKind): Decimal | undefined {
    const { close } = this.#series[kind].last ?? {};
    return close === undefined ? undefined : decimal(priceText(close));
  }

  tick(time: number, mark: Decimal, index: Decimal): void {
    const [markNow, indexNow] = [mark.toNumber(), index.toNumber()];
    this.#series.mark.tick(time, priceUnits(markNow));
    this.#series.index.tick(time, priceUnits(indexNow));
    const closed = this.#series.premium.tick(time, priceUnits(indexNow === 0 ? 0 : markNow / indexNow - 1));
    if (closed) this.#weigh(closed);
  }

  #weigh({ openTime, close }: PriceCandle): void {
    if (openTime < this.#since) return;
    this.#minutes += 1;
    this.#weighted += close * this.#minutes;
  }

  /** The average premium since the last funding, later minutes weighing more; the newest one while there is none. Source: Binance FAQ 360033525031. */
  get averagePremium(): Decimal {
    const units = this.#minutes === 0 ? (this.#series.premium.last?.close ?? 0) : Math.round(this.#weighted / ((this.#minutes * (this.#minutes + 1)) / 2));
    return decimal(priceText(units));
  }

  /** The next funding begins to be averaged: with the minute of the funding time, or the next one when the server's clock is ahead of the market's. */
  funded(fundingTime: number): void {
    this.#since = Math.min(fundingTime, (this.#series.premium.last?.openTime ?? fundingTime) + MINUTE_MS);
    this.#minutes = 0;
    this.#weighted = 0;
  }

  /** Decimal text; `fallback` while nothing is known. */
  markAverage(fallback: Decimal): string {
    return meanText(this.#series.mark, MARK_AVERAGE_MINUTES, fallback);
  }

  estimatedSettle(fallback: Decimal): string {
    return meanText(this.#series.index, SETTLE_MINUTES, fallback);
  }
}

function meanText(series: PriceSeries, minutes: number, fallback: Decimal): string {
  const mean = series.meanClose(minutes);
  return mean === undefined ? fallback.toFixed(8) : priceText(mean);
}
