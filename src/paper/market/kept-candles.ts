/** How the candles of a market lie in its store: minutes under their symbol; days, and the prices of ten minutes at a time, under names of their own beside it. */
import { z } from 'zod';
import { candleSchema, type Candle } from './candle.ts';
import { KEPT_CANDLES, KEPT_DAYS, type CandleSeries } from './candle-series.ts';
import { DAY_MS, MINUTE_MS, ONE_DAY } from './interval.ts';
import type { PriceCandle } from './price-series.ts';
import { PRICE_KINDS, pricesOfTrade, pushPrices, type PriceMinute, type Prices } from './prices.ts';
import type { SymbolHistory } from './source.ts';

/** What was kept of one symbol, each ascending. */
export interface KeptSymbol {
  readonly candles: readonly Candle[];
  readonly days: readonly Candle[];
  readonly prices: readonly PriceMinute[];
}

export type KeptCandles = ReadonlyMap<string, KeptSymbol>;

/** One row of the store, found by its name and time. */
export interface CandleRow {
  readonly name: string;
  readonly openTime: number;
  /** JSON. */
  readonly body: unknown;
  /** What lies under the name and is older than this may go. */
  readonly keptMs: number;
}

const BLOCK_MS = 10 * MINUTE_MS;
const KEPT_MS = KEPT_CANDLES * MINUTE_MS;
const DAYS = '1d';
const PRICES = 'prices';

/** Open time and samples, then open, high, low, close of mark, index and premium: whole 10^-8, as they are in memory. */
const blockSchema = z.object({ minutes: z.array(z.array(z.number()).length(14)) });
type Minute = readonly number[];

function asMinute(mark: PriceCandle, index: PriceCandle, premium: PriceCandle): Minute {
  return [mark.openTime, mark.samples, ...[mark, index, premium].flatMap(({ open, high, low, close }) => [open, high, low, close])];
}

function asPrice(minute: Minute, from: number): PriceCandle {
  return { openTime: minute[0]!, samples: minute[1]!, open: minute[from]!, high: minute[from + 1]!, low: minute[from + 2]!, close: minute[from + 3]! };
}

function blocksSince(symbol: string, since: number, prices: Prices): CandleRow[] {
  const from = Math.floor(since / BLOCK_MS) * BLOCK_MS;
  const [marks, indexes, premiums] = [prices.series('mark').since(from), prices.series('index').since(from), prices.series('premium').since(from)];
  const blocks = new Map<number, Minute[]>();
  for (const [at, mark] of marks.entries()) {
    const openTime = Math.floor(mark.openTime / BLOCK_MS) * BLOCK_MS;
    const minutes = blocks.get(openTime) ?? [];
    minutes.push(asMinute(mark, indexes[at]!, premiums[at]!));
    blocks.set(openTime, minutes);
  }
  return [...blocks].map(([openTime, minutes]) => ({ name: `${symbol} ${PRICES}`, openTime, body: { minutes }, keptMs: KEPT_MS + BLOCK_MS }));
}

/** Everything of a symbol that is not older than `since`. @param remembered until when its minutes are made again instead */
export function rowsSince(symbol: string, since: number, remembered: number, series: CandleSeries, prices: Prices): CandleRow[] {
  const from = Math.max(since, remembered);
  const minutes = series.since(from).map((body) => ({ name: symbol, openTime: body.openTime, body, keptMs: KEPT_MS }));
  const days = series.days.filter(({ openTime }) => openTime >= ONE_DAY.openOf(since)).map((body) => ({ name: `${symbol} ${DAYS}`, openTime: body.openTime, body, keptMs: KEPT_DAYS * DAY_MS }));
  return [...minutes, ...days, ...blocksSince(symbol, from, prices)];
}

/**
 * Puts what was kept of a symbol behind what it was before, and in its place where both know a minute. The newest minute of
 * before is kept, too: where it is no longer, minutes between have been let go of, and what was before them is left out.
 */
export function resumed({ candles, days, prices }: KeptSymbol, before: SymbolHistory): SymbolHistory {
  const { length } = before.minutes;
  const [first, looked] = [candles[0]?.openTime ?? 0, prices[0]?.mark.openTime ?? 0];
  const isBehind = length > 0 && first <= before.minutes.timeAt(length - 1);
  before.minutes.cutFrom(isBehind ? first : 0);
  for (const candle of candles) before.minutes.push(candle);
  for (const kind of PRICE_KINDS) before.prices[kind].cutFrom(isBehind ? looked : 0);
  for (const row of prices) pushPrices(before.prices, row);
  return { minutes: before.minutes, prices: before.prices, days };
}

/**
 * Reads what lies in a store, ascending within each name. A state from before prices were kept has mark and index where its trades were.
 * @throws ZodError for a row that is none
 */
export function readKept(rows: Iterable<{ readonly name: string; readonly body: unknown }>): KeptCandles {
  const byName = new Map<string, unknown[]>();
  for (const { name, body } of rows) {
    const own = byName.get(name) ?? [];
    own.push(body);
    byName.set(name, own);
  }
  const candlesOf = (name: string): Candle[] => (byName.get(name) ?? []).map((body) => candleSchema.parse(body));
  return new Map(
    [...byName.keys()].filter((name) => !name.includes(' ')).map((symbol) => {
      const candles = candlesOf(symbol);
      const blocks = byName.get(`${symbol} ${PRICES}`)?.flatMap((body): Minute[] => blockSchema.parse(body).minutes);
      const prices = blocks ? blocks.map((minute) => ({ mark: asPrice(minute, 2), index: asPrice(minute, 6), premium: asPrice(minute, 10) })) : candles.map(pricesOfTrade);
      return [symbol, { candles, days: candlesOf(`${symbol} ${DAYS}`), prices }];
    }),
  );
}
