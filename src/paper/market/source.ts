/** Where prices come from: the port that the synthetic market and the replay of recorded candles both fill. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { aggregate, type Candle } from './candle.ts';
import { KEPT_CANDLES, type CandleSeries, type TickVolume } from './candle-series.ts';
import { ONE_DAY } from './interval.ts';
import { PackedCandles } from './packed-candles.ts';
import { emptyPrices, pricesOfTrade, pushPrices, type PriceHistory } from './prices.ts';

export interface Tick {
  readonly symbol: string;
  /** A whole number of ticks. */
  readonly last: Decimal;
  readonly mark: Decimal;
  readonly index: Decimal;
  /** Market time of the candle it belongs to, ms: real time, or recorded time as it is played. */
  readonly candleTime: number;
  readonly volume: TickVolume;
  readonly bookSeed: number;
}

/** What a symbol was before the first tick. */
export interface SymbolHistory {
  /** With room for `KEPT_CANDLES`. */
  readonly minutes: PackedCandles;
  /** Of the same minutes. */
  readonly prices: PriceHistory;
  /** Ascending, each over: what the minutes do not reach back to. */
  readonly days: readonly Candle[];
}

/** Of a symbol of which only trades are known. @param candles ascending */
export function historyOfTrades(candles: readonly Candle[]): SymbolHistory {
  const [minutes, prices] = [new PackedCandles(KEPT_CANDLES), emptyPrices()];
  for (const candle of candles) {
    minutes.push(candle);
    pushPrices(prices, pricesOfTrade(candle));
  }
  return { minutes, prices, days: candles.length > KEPT_CANDLES ? aggregate(candles, ONE_DAY).slice(0, -1) : [] };
}

export interface MarketSource {
  readonly rules: readonly SymbolRules[];
  /** What a saved state must have been made with to be resumed by this source. */
  readonly identity: string;
  /** For people: which setting decides the identity. */
  readonly description: string;
  /** How often `due` is worth asking, ms. */
  readonly periodMs: number;
  /** The same `now` gives the same history, in every start: a state keeps the time instead of the candles. */
  readonly remembers: boolean;
  /** What was before the first tick, by symbol. Called at most once, before `start`: at a first start, when a saved market lacks symbols, and when it keeps the time of its beginning instead. */
  history(now: number): ReadonlyMap<string, SymbolHistory>;
  /** Begins, or goes on from what `save` gave. @throws Error when `saved` is not of this source. */
  start(now: number, saved: unknown): void;
  /** Ticks due since the last call, in their order. */
  due(now: number): Tick[];
  /** A customer or a test moved the market: later ticks go on from there. */
  moved(symbol: string, price: Decimal): void;
  /** Market time of a symbol, ms: where its candles stand. */
  candleTime(symbol: string, now: number): number;
  /** JSON of everything needed to go on. */
  save(now: number): unknown;
  /** The day's statistics of a symbol are over its candles from this position on; it has at least one. */
  dayFrom(symbol: string, series: CandleSeries, now: number): number;
}
