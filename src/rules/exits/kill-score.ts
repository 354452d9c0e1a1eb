/** The kill score K of a symbol, from what its candles say and how long it is held: 0.5 at rest, towards 1 the worse it stands; unknown is never a number. */
import type { MarketStatistics } from '../../protocol/market.ts';

/** K stops counting a position's age after so long. */
const FULL_AGE_MS = 86_400_000;

/** K with what it is made of: z = 1.0 · flip + 0.5 · spike + 0.5 · drop + 0.3 · age, K = 1 / (1 + e^−z) (pipeline facts, 6). */
export interface KillScore {
  readonly score: number;
  /** 1: there is no trend left, and noise or return to the mean has taken its place; else 0. */
  readonly flip: number;
  /** 0 to 2: how far σ is above one percent. */
  readonly spike: number;
  /** 0 to 0.5: how far the trend strength is below 0.30. */
  readonly drop: number;
  /** 0 to 1: the share of a day it is held; 0 for what is not held. */
  readonly age: number;
}

/** Undefined when a part of it is not known: no history, or not enough of it (ruling 23). */
export function killScore(statistics: MarketStatistics | undefined, ageMs: number): KillScore | undefined {
  const { regime, sigma, trendStrength } = statistics ?? {};
  if (regime === undefined || !known(regime.trend, regime.chop, regime.meanReversion, sigma, trendStrength)) return undefined;
  const flip = regime.trend < 0.3 && regime.chop + regime.meanReversion > 0.5 ? 1 : 0;
  const spike = clamp(sigma! / 0.01 - 1, 2);
  const drop = clamp(0.3 - trendStrength!, 0.5);
  const age = clamp(ageMs / FULL_AGE_MS, 1);
  const z = flip + 0.5 * spike + 0.5 * drop + 0.3 * age;
  return { score: 1 / (1 + Math.exp(-z)), flip, spike, drop, age };
}

function known(...values: readonly (number | undefined)[]): boolean {
  return values.every((value) => Number.isFinite(value));
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
