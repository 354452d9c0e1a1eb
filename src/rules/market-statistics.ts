/**
 * What the closed candles of a symbol say: volatility, trend, regime. One computation for governor, exits and whoever
 * explains them; each value is undefined while there is not enough unbroken history for it.
 */
import type { Candle, MarketStatistics } from '../protocol/market.ts';
import { aggregate } from './indicators/aggregate.ts';
import type { Bar } from './indicators/aggregate.ts';

const MINUTE_MS = 60_000;
/** ATR over 14 candles of 15 minutes (ruling 23). */
const ATR_MINUTES = 15;
const ATR_PERIODS = 14;
/** σ and the strength of the trend over 20 returns of 5-minute candles (ruling 22). */
const RETURN_MINUTES = 5;
const SIGMA_RETURNS = 20;
/** The regime looks at one hour, two and four: whoever has a trend at any of them has one. */
const REGIME_RETURNS = [12, 24, 48] as const;
const LONGEST_RETURNS = 48;
/** How fast a move that noise alone would not make becomes a trend: at a seventh of noise's own size, 0.30. */
const TREND_GAIN = 2.5;

/**
 * @param closed one-minute candles, ascending.
 * @param observedAt when the newest of them was observed, venue time, ms.
 * @returns undefined without any candle.
 */
export function marketStatistics(closed: readonly Candle[], observedAt: number): MarketStatistics | undefined {
  const newest = closed.at(-1);
  if (newest === undefined) return undefined;
  const closes = aggregate(closed, RETURN_MINUTES).map((bar) => bar.close);
  return {
    at: newest.openTime + MINUTE_MS,
    observedAt,
    atrShare: atrShare(aggregate(closed, ATR_MINUTES), newest.close.toNumber()),
    sigma: sigma(logReturns(closes, SIGMA_RETURNS)),
    trendStrength: efficiency(closes),
    regime: regime(logReturns(closes, LONGEST_RETURNS)),
  };
}

/** Mean of the last 14 true ranges, as a share of the price. True range = the largest of high − low, |high − previous close|, |low − previous close| (Wilder 1978). */
function atrShare(bars: readonly Bar[], price: number): number | undefined {
  const recent = bars.slice(-ATR_PERIODS - 1);
  if (recent.length < ATR_PERIODS + 1 || price <= 0) return undefined;
  const ranges = recent.slice(1).map((bar, index) => Math.max(bar.high - bar.low, Math.abs(bar.high - recent[index]!.close), Math.abs(bar.low - recent[index]!.close)));
  return mean(ranges) / price;
}

/** The last `count` of ln(close / previous close); undefined when there are fewer. */
function logReturns(closes: readonly number[], count: number): readonly number[] | undefined {
  const recent = closes.slice(-count - 1);
  if (recent.length < count + 1 || recent.some((close) => close <= 0)) return undefined;
  return recent.slice(1).map((close, index) => Math.log(close / recent[index]!));
}

/** Standard deviation of a sample (n − 1). */
function sigma(returns: readonly number[] | undefined): number | undefined {
  if (returns === undefined) return undefined;
  const middle = mean(returns);
  return Math.sqrt(returns.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (returns.length - 1));
}

/** Efficiency ratio (Kaufman 1995) of 20 steps: |move from end to end| / Σ |steps|; 1 a straight line, 0 when nothing moved at all. */
function efficiency(closes: readonly number[]): number | undefined {
  const recent = closes.slice(-SIGMA_RETURNS - 1);
  if (recent.length < SIGMA_RETURNS + 1) return undefined;
  const path = recent.slice(1).reduce((sum, close, index) => sum + Math.abs(close - recent[index]!), 0);
  return path === 0 ? 0 : Math.abs(recent.at(-1)! - recent[0]!) / path;
}

/**
 * With t = the largest of |Σ r| / (σ √n) over the last 12, 24 and 48 returns r, the size of the move in units of what noise
 * of the same σ would make: trend = 1 − exp(−2.5 t). What is left divides by the lag-1 autocorrelation ρ of the returns: (1 − ρ) / 2 of it is
 * mean reversion (each step takes the last one back), (1 + ρ) / 2 chop.
 */
function regime(returns: readonly number[] | undefined): MarketStatistics['regime'] {
  if (returns === undefined) return undefined;
  const trend = 1 - Math.exp(-TREND_GAIN * Math.max(...REGIME_RETURNS.map((count) => sizeOf(returns.slice(-count)))));
  const rho = autocorrelation(returns);
  return { trend, meanReversion: ((1 - trend) * (1 - rho)) / 2, chop: ((1 - trend) * (1 + rho)) / 2 };
}

/** A move in units of what noise would make. Without any noise the smallest move is beyond measure, and no move at all is none. */
function sizeOf(returns: readonly number[]): number {
  const move = Math.abs(returns.reduce((sum, one) => sum + one, 0));
  const spread = sigma(returns) ?? 0;
  return move === 0 ? 0 : spread === 0 ? Infinity : move / (spread * Math.sqrt(returns.length));
}

/** Lag 1, −1 to 1; 0 where nothing varies. */
function autocorrelation(values: readonly number[]): number {
  const middle = mean(values);
  const variance = values.reduce((sum, one) => sum + (one - middle) ** 2, 0);
  if (variance === 0) return 0;
  const together = values.slice(1).reduce((sum, one, index) => sum + (one - middle) * (values[index]! - middle), 0);
  return Math.max(-1, Math.min(1, together / variance));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
