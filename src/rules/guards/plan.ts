/** Guards of the plan itself: it is still valid, it has a stop on the right side, and what it hopes for is worth what it costs. */
import { decimal, text, ZERO } from '../../protocol/decimal.ts';
import { protectionPrices } from '../protection.ts';
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { allow, deny, exactly, SHOWN_DECIMALS, unknown } from './guard.ts';
import { fundingCost, spreadShare } from './symbol.ts';

export const PLAN_GUARDS: readonly Guard[] = [
  { code: 'INTENT_EXPIRED', check: valid },
  { code: 'EDGE_BELOW_COST', check: edge },
  { code: 'STOP_INVALID', check: stop },
];

/** By venue time (ruling 18). The bridge has asked this, too; since then the plan has waited for room in the rate limits. */
function valid({ plan, venueNow }: GuardInputs): Verdict {
  if (venueNow === undefined) return unknown('INTENT_EXPIRED', 'the venue\'s time is unknown');
  const measure = { limit: String(plan.expiresAt), value: String(venueNow) };
  return venueNow <= plan.expiresAt ? allow(measure) : deny('INTENT_EXPIRED', measure);
}

/** Expected move = |target − entry| / entry; cost = 2 × taker fee + spread + one funding interval if it is to be paid (ruling 23, failure 96). */
function edge({ plan, market, venueNow, limits }: GuardInputs): Verdict {
  const spread = market === undefined || venueNow === undefined ? undefined : spreadShare(market, venueNow, limits.priceMaxAgeMs);
  const funding = fundingCost(market, plan.side, venueNow);
  if (spread === undefined) return unknown('EDGE_BELOW_COST', 'the spread is not known');
  if (funding === undefined) return unknown('EDGE_BELOW_COST', 'the funding is not known');
  // The target stands a percentage from the entry: that is the move.
  const move = decimal(plan.takeProfitPercent).dividedBy(100);
  const cost = exactly(limits.takerFeeBps).dividedBy(10_000).multipliedBy(2).plus(spread).plus(funding.isGreaterThan(ZERO) ? funding : ZERO);
  const needed = cost.multipliedBy(exactly(limits.edgeToCost));
  const measure = { limit: text(needed.decimalPlaces(SHOWN_DECIMALS)), value: text(move.decimalPlaces(SHOWN_DECIMALS)) };
  return move.isGreaterThanOrEqualTo(needed) ? allow(measure) : deny('EDGE_BELOW_COST', measure);
}

/** Where both would stand from the worst price the entry may have. */
function stop({ plan, universe }: GuardInputs): Verdict {
  const tick = universe?.listed.get(plan.symbol)?.tickSize;
  if (tick === undefined) return unknown('STOP_INVALID', 'the tick size is unknown');
  const prices = protectionPrices(plan.side, decimal(plan.limitPrice), plan.stopLossPercent, plan.takeProfitPercent, tick);
  if (prices === undefined) return deny('STOP_INVALID', { value: `stop ${plan.stopLossPercent} %, target ${plan.takeProfitPercent} %` });
  return allow({ value: `stop ${text(prices.stop)}, target ${text(prices.target)}` });
}
