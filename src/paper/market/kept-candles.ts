/** How the candles of a market lie in its store: minutes under their symbol, days and prices under names of their own beside it. */
import type { Candle } from './candle.ts';
import { KEPT_CANDLES, KEPT_DAYS, type CandleSeries } from './candle-series.ts';
import { DAY_MS, MINUTE_MS, ONE_DAY } from './interval.ts';
import { priceUnits, type PriceCandle } from './price-series.ts';
import { asCandle, PRICE_KINDS, pricesOfTrades, type PriceHistory, type PriceKind, type Prices } from './prices.ts';

/** Each is ascending. */
export type KeptCandles = ReadonlyMap<string, readonly Candle[]>;

export interface CandleRow {
  readonly symbol: string;
  readonly candle: Candle;
  /** What lies under the name and is older than this may go. */
  readonly keptMs: number;
}

const daysOf = (symbol: string): string => `${symbol} 1d`;
const pricesOf = (symbol: string, kind: PriceKind): string => `${symbol} ${kind}`;

/** Everything of a symbol that is not older than `since`. */
export function rowsSince(symbol: string, since: number, series: CandleSeries, prices: Prices): CandleRow[] {
  const keptMs = KEPT_CANDLES * MINUTE_MS;
  const minutes = series.since(since).map((candle) => ({ symbol, candle, keptMs }));
  const days = series.days.filter(({ openTime }) => openTime >= ONE_DAY.openOf(since)).map((candle) => ({ symbol: daysOf(symbol), candle, keptMs: KEPT_DAYS * DAY_MS }));
  const others = PRICE_KINDS.flatMap((kind) => prices.series(kind).since(since).map((candle) => ({ symbol: pricesOf(symbol, kind), candle: asCandle(candle), keptMs })));
  return [...minutes, ...days, ...others];
}

export function keptDays(kept: KeptCandles, symbol: string): readonly Candle[] {
  return kept.get(daysOf(symbol)) ?? [];
}

function asPrice({ openTime, open, high, low, close, trades }: Candle): PriceCandle {
  const [opened, highest, lowest, closed] = [open, high, low, close].map((value) => priceUnits(Number(value))) as [number, number, number, number];
  return { openTime, open: opened, high: highest, low: lowest, close: closed, samples: trades };
}

/** A state from before prices were kept has mark and index where its trades were. */
export function keptPrices(kept: KeptCandles, symbol: string): PriceHistory {
  if (!kept.has(pricesOf(symbol, 'mark'))) return pricesOfTrades(kept.get(symbol) ?? []);
  const of = (kind: PriceKind): PriceCandle[] => (kept.get(pricesOf(symbol, kind)) ?? []).map(asPrice);
  return { mark: of('mark'), index: of('index'), premium: of('premium') };
}
