/** Stop and target of an intent as percentages of the entry, whether it gives them so or as prices: on the wrong side there are none. */
import type { Decimal } from '../protocol/decimal.ts';
import { decimal, text, wholeDecimal, ZERO } from '../protocol/decimal.ts';
import type { Denial } from '../protocol/denials.ts';
import type { Intent } from '../protocol/decisions.ts';
import type { Instrument } from '../protocol/market.ts';
import { protectionPrices } from './protection.ts';

export interface Percents {
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
}

/** Finer than any tick; the price is rounded to the tick anyway. */
const PERCENT_DECIMALS = 8;

/**
 * A price on its right side is a positive percentage, one on the wrong side is not: so it has no protection prices, and
 * the plan is refused (failure 43). Without a mark the percentages of the intent stand, and nothing is planned with them.
 */
export function percentsOf(intent: Intent, mark: Decimal | undefined): Percents {
  const { side, stopLoss, takeProfit } = intent;
  const percent = (price: string, above: boolean) => {
    const entry = mark!;
    const distance = above ? decimal(price).minus(entry) : entry.minus(price);
    return text(distance.multipliedBy(100).dividedBy(entry).decimalPlaces(PERCENT_DECIMALS));
  };
  return {
    stopLossPercent: stopLoss === undefined || mark === undefined ? intent.stopLossPercent : percent(stopLoss, side === 'SHORT'),
    takeProfitPercent: takeProfit === undefined || mark === undefined ? intent.takeProfitPercent : percent(takeProfit, side === 'LONG'),
  };
}

/** Why no position can be protected as the intent asks: no such prices, none the venue takes, or the liquidation comes before the stop. */
export function protectionFault(intent: Intent, mark: Decimal, percents: Percents, rules: Instrument): Denial | undefined {
  const { stopLossPercent, takeProfitPercent } = percents;
  const asked = `stop ${intent.stopLoss ?? `${stopLossPercent} %`}, target ${intent.takeProfit ?? `${takeProfitPercent} %`}`;
  const prices = protectionPrices(intent.side, mark, stopLossPercent, takeProfitPercent, rules.tickSize);
  if (prices === undefined) return { code: 'STOP_INVALID', limit: `around ${text(mark)} for ${intent.side}`, value: asked };
  const outside = [prices.stop, prices.target].find((price) => price.isLessThan(rules.minPrice) || price.isGreaterThan(rules.maxPrice) || !price.isGreaterThan(ZERO));
  if (outside !== undefined) return { code: 'STOP_INVALID', limit: `${text(rules.minPrice)} to ${text(rules.maxPrice)}`, value: text(outside) };
  const ruin = wholeDecimal(100).dividedBy(wholeDecimal(intent.leverage));
  return decimal(stopLossPercent).isLessThan(ruin) ? undefined : { code: 'STOP_INVALID', limit: text(ruin), value: stopLossPercent, detail: 'liquidation comes before the stop' };
}
