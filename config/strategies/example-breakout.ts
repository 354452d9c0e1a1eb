/** Strategy `example-breakout`: follows a close beyond everything of the last hour. The worked example of docs/strategies.md. */
import { agedCandles, rounded } from '../../src/rules/strategies/strategy.ts';
import type { Sight, Strategy, Verdict } from '../../src/rules/strategies/strategy.ts';

const MINUTES = 60;

function evaluate(sight: Sight): Verdict {
  // What is not known, or not known any more, is unknown: never a hold.
  const missing = agedCandles(sight);
  if (missing !== undefined) return { verdict: 'unknown', missing };
  const hour = sight.market.candles.slice(-MINUTES - 1, -1);
  const newest = sight.market.candles.at(-1);
  if (newest === undefined || hour.length < MINUTES) return { verdict: 'unknown', missing: `${hour.length} of ${MINUTES} closed candles before the newest` };
  // Statistics are plain numbers; money would be an exact decimal.
  const close = newest.close.toNumber();
  const high = Math.max(...hour.map((candle) => candle.high.toNumber()));
  const low = Math.min(...hour.map((candle) => candle.low.toNumber()));
  // All that it was decided by: `vigil explain SYMBOL` shows it.
  const inputs = { close, high, low };
  if (close > high) return { verdict: 'signal', side: 'LONG', confidence: sureOf(close / high - 1), inputs };
  if (close < low) return { verdict: 'signal', side: 'SHORT', confidence: sureOf(1 - close / low), inputs };
  return { verdict: 'hold', confidence: 0.3, inputs };
}

/** Half sure at the edge, and surer by 0.1 with each tenth of a percent beyond it, up to 0.80. */
function sureOf(beyond: number): number {
  return rounded(Math.min(0.5 + beyond * 100, 0.8));
}

export const strategy: Strategy = {
  name: 'example-breakout',
  does: 'Follows a close beyond the high or the low of the last hour.',
  warmUp: MINUTES + 1,
  start: () => evaluate,
};
