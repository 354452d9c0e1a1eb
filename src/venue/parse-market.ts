/** The venue's public answers in our words: instruments with their filters, 24 h tickers, candles, server time. */
import { z } from 'zod';
import type { Candle, Instrument, Ticker24h } from '../protocol/market.ts';
import { decimalField, parseAnswer, parseRows, positiveDecimalField, symbolField, timeField } from './parse-fields.ts';

const priceFilter = z.object({ tickSize: positiveDecimalField, minPrice: decimalField, maxPrice: decimalField });
const lotSize = z.object({ stepSize: positiveDecimalField, minQty: decimalField, maxQty: decimalField });
const marketLotSize = z.object({ maxQty: decimalField });
const minNotional = z.object({ notional: decimalField });
const percentPrice = z.object({ multiplierUp: decimalField, multiplierDown: decimalField });

/** Filters come as a list, told apart by `filterType`; those we do not use are not looked at. */
const filters = z
  .array(z.looseObject({ filterType: z.string() }))
  .transform((list): Record<string, unknown> => Object.fromEntries(list.map((filter) => [filter.filterType, filter])))
  .pipe(z.object({ PRICE_FILTER: priceFilter, LOT_SIZE: lotSize, MARKET_LOT_SIZE: marketLotSize, MIN_NOTIONAL: minNotional, PERCENT_PRICE: percentPrice }));

const instrumentRow = z.object({ symbol: symbolField, status: z.string(), contractType: z.string(), filters }).transform(
  ({ symbol, status, contractType, filters: of }): Instrument => ({
    symbol,
    status,
    contractType,
    tickSize: of.PRICE_FILTER.tickSize,
    minPrice: of.PRICE_FILTER.minPrice,
    maxPrice: of.PRICE_FILTER.maxPrice,
    stepSize: of.LOT_SIZE.stepSize,
    minQuantity: of.LOT_SIZE.minQty,
    maxQuantity: of.LOT_SIZE.maxQty,
    marketMaxQuantity: of.MARKET_LOT_SIZE.maxQty,
    minNotional: of.MIN_NOTIONAL.notional,
    multiplierUp: of.PERCENT_PRICE.multiplierUp,
    multiplierDown: of.PERCENT_PRICE.multiplierDown,
  }),
);

/** `GET /fapi/v1/exchangeInfo`. @throws VenueError */
export function parseInstruments(body: unknown, where: string, onBadRow: (reason: string) => void): readonly Instrument[] {
  const { symbols } = parseAnswer(z.object({ symbols: z.array(z.unknown()) }), body, where);
  return parseRows(instrumentRow, symbols, where, onBadRow);
}

const tickerRow = z
  .object({ symbol: symbolField, priceChangePercent: decimalField, lastPrice: decimalField, quoteVolume: decimalField, closeTime: timeField })
  .transform((row): Ticker24h => ({ symbol: row.symbol, changePercent: row.priceChangePercent, lastPrice: row.lastPrice, quoteVolume: row.quoteVolume, closeTime: row.closeTime }));

/** `GET /fapi/v1/ticker/24hr` without a symbol. @throws VenueError */
export function parseTickers(body: unknown, where: string, onBadRow: (reason: string) => void): readonly Ticker24h[] {
  return parseRows(tickerRow, body, where, onBadRow);
}

const candleRows = z.array(z.tuple([timeField, decimalField, decimalField, decimalField, decimalField, decimalField, timeField], z.unknown()));

/**
 * `GET /fapi/v1/klines`. Only the last row can be a candle still in progress: it counts as closed when its end is before `venueNow`.
 * The others are closed whatever the clock says (a replay's candle times run ahead of it, ruling 39).
 * @throws VenueError
 */
export function parseCandles(body: unknown, where: string, venueNow: number): readonly Candle[] {
  const rows = parseAnswer(candleRows, body, where);
  return rows.map(([openTime, open, high, low, close, volume, closeTime], index) => ({ openTime, open, high, low, close, volume, closed: index < rows.length - 1 || closeTime < venueNow }));
}

/** `GET /fapi/v1/time`. @throws VenueError */
export function parseServerTime(body: unknown, where: string): number {
  return parseAnswer(z.object({ serverTime: timeField }), body, where).serverTime;
}
