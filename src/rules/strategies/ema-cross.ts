/**
 * Strategy `ema-cross`: EMA 12 against EMA 26 of 5-minute candles. A cross counts once the next candle has closed on the
 * same side, and for fifteen minutes; how sure it is, is how far the two are apart in ATR(14).
 */
import { ATR, EMA } from 'trading-signals';
import type { SymbolMarket } from '../../protocol/market.ts';
import { aggregate } from '../indicators/aggregate.ts';
import type { Bar } from '../indicators/aggregate.ts';
import { agedCandles, rounded } from './strategy.ts';
import type { Evaluate, Inputs, Sight, Strategy, Verdict } from './strategy.ts';

const MINUTES = 5;
const FAST = 12;
const SLOW = 26;
const ATR_PERIODS = 14;
/**
 * The averages are those of so many candles and no more, twice the slow period and the age a cross may have: an average
 * without an end would depend on when the process started, and a restart would move the cross.
 */
const BARS = 58;
/** The candle of the cross is the first; with the second it is confirmed, after the fourth it is no news. */
const CONFIRMED = 2;
const STALE = 4;
/** Any aggregated candle may lack its newest minutes. */
const CANDLES = BARS * MINUTES + MINUTES - 1;
const HOLD_CONFIDENCE = 0.3;
const MAX_CONFIDENCE = 0.8;
/** A quarter of certainty an ATR of distance. */
const CONFIDENCE_PER_ATR = 0.25;

/** Where the averages stand after the newest candle, and for how many closed candles they have stood on that side. */
interface Cross {
  readonly fast: number;
  readonly slow: number;
  readonly atr: number;
  /** 1 up, −1 down, 0 on one another. */
  readonly side: -1 | 0 | 1;
  /** Candles on that side in a row, `BARS` at the most. */
  readonly candles: number;
  readonly closedAt: number;
}

/** @param bars without a gap, ascending; the newest `BARS` count. Undefined: too few. */
export function crossOf(bars: readonly Bar[]): Cross | undefined {
  const recent = bars.slice(-BARS);
  const newest = recent.at(-1);
  if (newest === undefined || recent.length < BARS) return undefined;
  const fast = new EMA(FAST);
  const slow = new EMA(SLOW);
  const atr = new ATR(ATR_PERIODS);
  let side: Cross['side'] = 0;
  let candles = 0;
  for (const bar of recent) {
    fast.add(bar.close);
    slow.add(bar.close);
    atr.add(bar);
    if (!slow.isStable) continue;
    const now = Math.sign(fast.getResultOrThrow() - slow.getResultOrThrow()) as Cross['side'];
    candles = now === side ? candles + 1 : 1;
    side = now;
  }
  return { fast: fast.getResultOrThrow(), slow: slow.getResultOrThrow(), atr: atr.getResultOrThrow(), side, candles, closedAt: newest.openTime + MINUTES * 60_000 };
}

/** confidence = min(0.50 + 0.25 · |fast − slow| / ATR, 0.80). */
export function confidenceOf({ fast, slow, atr }: Pick<Cross, 'fast' | 'slow' | 'atr'>): number {
  const distance = atr > 0 ? Math.abs(fast - slow) / atr : 0;
  return rounded(Math.min(0.5 + CONFIDENCE_PER_ATR * distance, MAX_CONFIDENCE));
}

/** What its candles say, whatever the time is. */
function verdictOf({ candles }: SymbolMarket): Verdict {
  const bars = aggregate(candles.slice(-CANDLES), MINUTES);
  const cross = crossOf(bars);
  if (cross === undefined) return { verdict: 'unknown', missing: `${bars.length} of ${BARS} closed ${MINUTES}-minute candles without a gap` };
  const { fast, slow, atr, side, candles: since, closedAt } = cross;
  const inputs: Inputs = { fast, slow, atr, candlesSinceCross: since, candleClosedAt: closedAt };
  if (side === 0 || since < CONFIRMED || since > STALE) return { verdict: 'hold', confidence: HOLD_CONFIDENCE, inputs };
  return { verdict: 'signal', side: side > 0 ? 'LONG' : 'SHORT', confidence: confidenceOf(cross), inputs };
}

/** Computed once a candle; between two of them only the age of the newest is looked at. */
function start(): Evaluate {
  let known: { readonly candles: SymbolMarket['candles']; readonly verdict: Verdict } | undefined;
  return (sight: Sight) => {
    const { market } = sight;
    const missing = agedCandles(sight);
    if (missing !== undefined) return { verdict: 'unknown', missing };
    if (known?.candles !== market.candles) known = { candles: market.candles, verdict: verdictOf(market) };
    return known.verdict;
  };
}

export const strategy: Strategy = { name: 'ema-cross', does: `Follows the cross of EMA ${FAST} and EMA ${SLOW} of ${MINUTES}-minute candles, confirmed by a second closed candle.`, warmUp: CANDLES, start };
