/** Strategy `trend-24h`: follows the change of the last 24 hours (pipeline-facts, section 3). */
import { text } from '../../protocol/decimal.ts';
import { aged, rounded } from './strategy.ts';
import type { Sight, Strategy, Verdict } from './strategy.ts';

/** Up to ± this percentage nothing is done. */
const THRESHOLD_PERCENT = 1;
const HOLD_CONFIDENCE = 0.3;
const MAX_CONFIDENCE = 0.8;

/** confidence = min(0.50 + |c| / 100, 0.80), c the change in percent; to four digits, as it is shown. */
export function confidenceOf(changePercent: number): number {
  return rounded(Math.min(0.5 + Math.abs(changePercent) / 100, MAX_CONFIDENCE));
}

/**
 * c > +1 → LONG, c < −1 → SHORT, else hold with 0.30. A ticker that is too old is no ticker: unknown, never hold.
 * The change is a statistic, not money: a plain number serves.
 */
function evaluate(sight: Sight): Verdict {
  const { ticker } = sight.market;
  const missing = aged('24 h ticker', ticker, sight);
  if (ticker === undefined || missing !== undefined) return { verdict: 'unknown', missing: missing ?? '' };
  const change = ticker.changePercent.toNumber();
  const inputs = { changePercent: text(ticker.changePercent), tickerAgeMs: sight.now - ticker.observedAt };
  if (Math.abs(change) <= THRESHOLD_PERCENT) return { verdict: 'hold', confidence: HOLD_CONFIDENCE, inputs };
  return { verdict: 'signal', side: change > 0 ? 'LONG' : 'SHORT', confidence: confidenceOf(change), inputs };
}

export const strategy: Strategy = { name: 'trend-24h', does: 'Follows the change of the last 24 hours beyond ± 1 %.', warmUp: 0, start: () => evaluate };
