/** What a synthetic symbol was before the exchange opened: two days of minutes by the same walk that goes on afterwards. */
import type { SymbolRules } from '../core/symbol-rules.ts';
import type { Candle } from './candle.ts';
import type { CommonFactor } from './common-factor.ts';
import { MINUTE_MS } from './interval.ts';
import { priceUnits, type PriceCandle } from './price-series.ts';
import type { PriceHistory, PriceKind } from './prices.ts';
import type { SymbolHistory } from './source.ts';
import type { SyntheticSymbol } from './synthetic-symbols.ts';
import type { Temper, Walk } from './walk.ts';

export const DAY_CANDLES = 1_440;
const HISTORY_MINUTES = 2 * DAY_CANDLES;
const HISTORY_STEPS_A_MINUTE = 6;

export interface Instrument {
  readonly rules: SymbolRules;
  readonly spec: SyntheticSymbol;
  readonly temper: Temper;
  walk: Walk;
}

/** What moved all symbols in each part of each of those minutes. */
export function pastOfAll(common: CommonFactor): number[][] {
  return Array.from({ length: HISTORY_MINUTES }, () => Array.from({ length: HISTORY_STEPS_A_MINUTE }, () => common.step(1 / HISTORY_STEPS_A_MINUTE)));
}

/** `units` of 10^-decimals as decimal text. Whole numbers, because half a million steps of history in exact decimals would take seconds. */
function scaled(units: number, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The steps of an instrument as plain numbers: asked for once, not in each of thousands of minutes. */
function scaleOf({ tickSize, stepSize }: SymbolRules) {
  return { tick: tickSize.toNumber(), step: stepSize.toNumber(), priceDecimals: tickSize.decimalPlaces()!, baseDecimals: stepSize.decimalPlaces()! };
}

/** One minute in whole ticks and whole steps; products of the two stay far below 2^53. @param common what moved all symbols in each of its parts */
function pastMinute({ spec, walk }: Instrument, { tick, step, priceDecimals, baseDecimals }: ReturnType<typeof scaleOf>, openTime: number, common: readonly number[]): { readonly candle: Candle; readonly prices: Readonly<Record<PriceKind, PriceCandle>> } {
  const prices: number[] = [];
  const [marks, indexes, premiums]: [number[], number[], number[]] = [[], [], []];
  let [base, quote, takerBase, takerQuote] = [0, 0, 0, 0];
  for (const moved of common) {
    walk.step(1 / HISTORY_STEPS_A_MINUTE, moved);
    const price = Math.max(1, Math.round(walk.last / tick));
    const turnover = (spec.dayTurnover / DAY_CANDLES / HISTORY_STEPS_A_MINUTE) * (0.4 + 1.2 * walk.random.next());
    const bought = Math.floor(turnover / (price * tick) / step);
    const byTakers = Math.floor(bought * walk.random.next());
    prices.push(price);
    marks.push(walk.mark);
    indexes.push(walk.index);
    premiums.push(walk.premium);
    base += bought;
    quote += bought * price;
    takerBase += byTakers;
    takerQuote += byTakers * price;
  }
  const candle = {
    openTime,
    open: scaled(prices[0]!, priceDecimals),
    high: scaled(Math.max(...prices), priceDecimals),
    low: scaled(Math.min(...prices), priceDecimals),
    close: scaled(prices.at(-1)!, priceDecimals),
    volume: scaled(base, baseDecimals),
    quoteVolume: scaled(quote, priceDecimals + baseDecimals),
    trades: HISTORY_STEPS_A_MINUTE,
    takerVolume: scaled(takerBase, baseDecimals),
    takerQuoteVolume: scaled(takerQuote, priceDecimals + baseDecimals),
  };
  return { candle, prices: { mark: priceMinute(openTime, marks), index: priceMinute(openTime, indexes), premium: priceMinute(openTime, premiums) } };
}

function priceMinute(openTime: number, values: readonly number[]): PriceCandle {
  const [open, close] = [values[0]!, values.at(-1)!];
  return { openTime, open: priceUnits(open), high: priceUnits(Math.max(...values)), low: priceUnits(Math.min(...values)), close: priceUnits(close), samples: values.length };
}

/** What a symbol was up to a minute. @param common as `pastOfAll` gives it */
export function pastOf(instrument: Instrument, end: number, common: readonly (readonly number[])[]): SymbolHistory {
  const scale = scaleOf(instrument.rules);
  const minutes = common.map((moved, index) => pastMinute(instrument, scale, end - (common.length - index) * MINUTE_MS, moved));
  const prices: PriceHistory = { mark: minutes.map((minute) => minute.prices.mark), index: minutes.map((minute) => minute.prices.index), premium: minutes.map((minute) => minute.prices.premium) };
  return { candles: minutes.map(({ candle }) => candle), prices };
}
