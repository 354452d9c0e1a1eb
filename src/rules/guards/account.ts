/** Guards of the account: what it has lost today, how far it is below its peaks, and whether its margin covers one more opening. */
import { decimal, text, wholeDecimal, ZERO } from '../../protocol/decimal.ts';
import { exposures, worstNotional } from '../reservations.ts';
import { utcDay } from '../utc-day.ts';
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { allow, deny, SHOWN_DECIMALS, unknown } from './guard.ts';

export const ACCOUNT_GUARDS: readonly Guard[] = [
  { code: 'DAILY_LOSS', check: dailyLoss },
  { code: 'DRAWDOWN', check: drawdown },
  { code: 'MARGIN_INSUFFICIENT', check: margin },
];

/** Denies when the limit is reached, and then until the day ends, whatever the equity does meanwhile. Yesterday's figures say nothing of today. */
function dailyLoss({ equity, venueNow, limits }: GuardInputs): Verdict {
  const performance = equity?.performance;
  if (performance === undefined || venueNow === undefined) return unknown('DAILY_LOSS', 'the day\'s loss is not known');
  const measure = { limit: limits.dailyLossPercent, value: performance.dayLossPercent };
  if (performance.day !== utcDay(venueNow)) return unknown('DAILY_LOSS', `the day it was counted for, ${performance.day}, is not the venue's`, measure);
  if (performance.dailyLossReached) return deny('DAILY_LOSS', { ...measure, detail: 'reached on this day' });
  return decimal(performance.dayLossPercent).isLessThan(limits.dailyLossPercent) ? allow(measure) : deny('DAILY_LOSS', measure);
}

/** From the peak of the session, and from the highest there ever was; denies when a limit is reached. */
function drawdown({ equity, limits }: GuardInputs): readonly Verdict[] {
  const performance = equity?.performance;
  if (performance === undefined) return [unknown('DRAWDOWN', 'the peaks are not known')];
  const fall = (since: string, value: string, limit: string): Verdict => (decimal(value).isLessThan(limit) ? allow({ limit, value, detail: since }) : deny('DRAWDOWN', { limit, value, detail: since }));
  return [fall('from the session\'s peak', performance.sessionDrawdownPercent, limits.sessionDrawdownPercent), fall('from the all-time peak', performance.allTimeDrawdownPercent, limits.totalDrawdownPercent)];
}

/** What the account has available, less what is reserved and not yet seen there, must cover notional / leverage and leave something. */
function margin({ equity, plan, lives, reservations }: GuardInputs): Verdict {
  if (equity === undefined) return unknown('MARGIN_INSUFFICIENT', 'what is available is not known');
  const reserved = exposures(lives, reservations, equity.observedAt).filter((one) => one.symbol !== plan.symbol).reduce((sum, one) => sum.plus(one.unseenMargin), ZERO);
  const needed = reserved.plus(worstNotional(plan).dividedBy(wholeDecimal(plan.leverage)));
  const measure = { limit: equity.availableBalance, value: text(needed.decimalPlaces(SHOWN_DECIMALS)) };
  return needed.isLessThan(equity.availableBalance) ? allow(measure) : deny('MARGIN_INSUFFICIENT', measure);
}
