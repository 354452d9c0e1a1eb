/** Strategy `trend-24h`: follows the change of the last 24 hours (pipeline-facts, section 3). */
import type { Evaluation } from '../protocol/decisions.ts';
import type { SymbolMarket } from '../protocol/market.ts';

/** Below ± this percentage nothing is done. */
const THRESHOLD_PERCENT = 1;
const HOLD_CONFIDENCE = 0.3;
const MAX_CONFIDENCE = 0.8;

/** confidence = min(0.50 + |c| / 100, 0.80), c the change in percent; to four digits, as it is shown. */
export function confidenceOf(changePercent: number): number {
  return Math.round(Math.min(0.5 + Math.abs(changePercent) / 100, MAX_CONFIDENCE) * 10_000) / 10_000;
}

/**
 * c > +1 → LONG, c < −1 → SHORT, else hold with 0.30. A ticker older than `maxAgeMs` is no ticker: unknown, never hold.
 * The change is a statistic, not money: a plain number serves.
 */
export function evaluateTrend24h(market: SymbolMarket, now: number, maxAgeMs: number): Evaluation {
  const { symbol, ticker } = market;
  if (ticker === undefined) return { symbol, verdict: 'unknown', missing: 'no 24 h ticker yet' };
  if (now - ticker.observedAt > maxAgeMs) return { symbol, verdict: 'unknown', missing: `24 h ticker is ${now - ticker.observedAt} ms old` };
  const change = ticker.changePercent.toNumber();
  if (Math.abs(change) <= THRESHOLD_PERCENT) return { symbol, verdict: 'hold', confidence: HOLD_CONFIDENCE };
  return { symbol, verdict: 'signal', side: change > 0 ? 'LONG' : 'SHORT', confidence: confidenceOf(change) };
}
