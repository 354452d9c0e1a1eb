/**
 * How the account does: loss of the day, fall from the session's and the all-time peak, net of transfers (ruling 16).
 * A fold of what was observed, in the order of the venue's time; nothing else changes it.
 */
import { z } from 'zod';
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, decimalString, text } from '../../protocol/decimal.ts';
import type { PerformanceView } from '../../protocol/views.ts';
import { utcDay } from '../utc-day.ts';

/** An equity this old says nothing about midnight any more. */
const MIDNIGHT_MAX_AGE_MS = 300_000;
const HUNDRED = 100;
/** Digits of a percentage as it is shown and compared. */
const PERCENT_DIGITS = 6;

/** As kept; money in USDT, times in ms of the venue. */
export const performanceSchema = z.strictObject({
  day: z.string(),
  dayStartEquity: decimalString,
  dailyLossReached: z.boolean(),
  sessionSince: z.number(),
  sessionPeak: decimalString,
  allTimePeak: decimalString,
  equity: decimalString,
  walletBalance: decimalString,
  observedAt: z.number(),
  /** The newest row of income that is in the wallet, and those just before it, by which they are known again. */
  incomeUntil: z.number(),
  incomeIds: z.array(z.string()),
});
export type Performance = Readonly<z.infer<typeof performanceSchema>>;

export interface Observation {
  readonly equity: Decimal;
  readonly walletBalance: Decimal;
  /** Venue time, ms. */
  readonly observedAt: number;
  /** Net of all that came and went beside trading since the last observation. */
  readonly transfers: Decimal;
  /** Σ of what trading earned and cost since midnight UTC of this day; only the first observation of a day needs it. */
  readonly resultSinceMidnight: Decimal;
  readonly incomeUntil: number;
  readonly incomeIds: readonly string[];
  /** The last activation by an operator, our wall time, ms; 0: never. */
  readonly activatedAt: number;
  readonly dailyLossPercent: string;
}

/** True when the next observation begins a day, and must know the income since midnight. */
export function beginsDay(known: Performance | undefined, observedAt: number): boolean {
  return known === undefined || known.day !== utcDay(observedAt);
}

/** What is true after an observation; older than what is known, it says nothing. */
export function observe(known: Performance | undefined, seen: Observation): Performance {
  const { equity, observedAt, transfers, activatedAt } = seen;
  const asSeen = { equity: text(equity), walletBalance: text(seen.walletBalance), observedAt, incomeUntil: seen.incomeUntil, incomeIds: [...seen.incomeIds] };
  if (known === undefined) {
    const start = equity.minus(seen.resultSinceMidnight);
    return { day: utcDay(observedAt), dayStartEquity: text(start), dailyLossReached: reached(start, equity, seen), sessionSince: activatedAt, sessionPeak: text(equity), allTimePeak: text(equity), ...asSeen };
  }
  if (observedAt < known.observedAt) return known;
  // What came from outside raises every measure as much as the equity: it is neither profit nor loss.
  const shifted = (amount: string) => decimal(amount).plus(transfers);
  const newDay = beginsDay(known, observedAt);
  const start = newDay ? dayStart(known, seen) : shifted(known.dayStartEquity);
  const newSession = activatedAt > known.sessionSince;
  const sessionPeak = newSession ? equity : largest(shifted(known.sessionPeak), equity);
  return {
    day: utcDay(observedAt),
    dayStartEquity: text(start),
    dailyLossReached: (!newDay && known.dailyLossReached) || reached(start, equity, seen),
    sessionSince: newSession ? activatedAt : known.sessionSince,
    sessionPeak: text(sessionPeak),
    allTimePeak: text(largest(shifted(known.allTimePeak), equity)),
    ...asSeen,
  };
}

/** The last equity before midnight, with what was transferred since; if that is too old, the first one after, less what trading has made since midnight. */
function dayStart(known: Performance, { equity, observedAt, transfers, resultSinceMidnight }: Observation): Decimal {
  const midnight = Math.floor(observedAt / 86_400_000) * 86_400_000;
  return midnight - known.observedAt <= MIDNIGHT_MAX_AGE_MS ? decimal(known.equity).plus(transfers) : equity.minus(resultSinceMidnight);
}

function reached(start: Decimal, equity: Decimal, { dailyLossPercent }: Observation): boolean {
  const loss = lossPercent(start, equity);
  return loss === undefined || loss.isGreaterThanOrEqualTo(dailyLossPercent);
}

/** Percent of `from` that is gone; negative: gained. Undefined: there was nothing to lose a part of. */
function lossPercent(from: Decimal, equity: Decimal): Decimal | undefined {
  return from.isGreaterThan(0) ? from.minus(equity).dividedBy(from).multipliedBy(HUNDRED).decimalPlaces(PERCENT_DIGITS) : undefined;
}

function largest(one: Decimal, other: Decimal): Decimal {
  return one.isGreaterThan(other) ? one : other;
}

/** As the guards see it; undefined when a measure is not positive: then nothing can be said, and nothing is opened. */
export function performanceView(known: Performance): PerformanceView | undefined {
  const equity = decimal(known.equity);
  const day = lossPercent(decimal(known.dayStartEquity), equity);
  const session = lossPercent(decimal(known.sessionPeak), equity);
  const allTime = lossPercent(decimal(known.allTimePeak), equity);
  if (day === undefined || session === undefined || allTime === undefined) return undefined;
  return {
    day: known.day,
    dayStartEquity: known.dayStartEquity,
    dayLossPercent: text(day),
    dailyLossReached: known.dailyLossReached,
    sessionSince: known.sessionSince,
    sessionPeak: known.sessionPeak,
    sessionDrawdownPercent: text(session),
    allTimePeak: known.allTimePeak,
    allTimeDrawdownPercent: text(allTime),
  };
}
