/** Where prices come from: the port that the synthetic market and the replay of recorded candles both fill. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import type { Candle } from './candle.ts';
import type { TickVolume } from './candle-series.ts';
import type { PriceHistory } from './prices.ts';

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
  /** Ascending. */
  readonly candles: readonly Candle[];
  /** Of the same minutes; null: mark and index were at the price of the trades. */
  readonly prices: PriceHistory | null;
}

export interface MarketSource {
  readonly rules: readonly SymbolRules[];
  /** What a saved state must have been made with to be resumed by this source. */
  readonly identity: string;
  /** For people: which setting decides the identity. */
  readonly description: string;
  /** How often `due` is worth asking, ms. */
  readonly periodMs: number;
  /** What was before the first tick, by symbol. Called at most once, before `start`: at a first start, and when a saved market lacks symbols. */
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
  /** The day's statistics of a symbol are over these of its candles. */
  dayOf(symbol: string, candles: readonly Candle[], now: number): readonly Candle[];
}
