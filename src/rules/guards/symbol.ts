/** Guards of the symbol: its spread, its restlessness, its funding, and what the venue has confirmed for it. */
import type { Decimal } from '../../protocol/decimal.ts';
import { text, wholeDecimal, ZERO } from '../../protocol/decimal.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import type { MarketStatistics, SymbolMarket } from '../../protocol/market.ts';
import type { PositionSide } from '../../protocol/names.ts';
import { killScore } from '../exits/kill-score.ts';
import { worstNotional } from '../reservations.ts';
import type { Guard, GuardInputs, Measure, Verdict } from './guard.ts';
import { allow, deny, SHOWN_DECIMALS, unknown } from './guard.ts';

/** Statistics are of closed one-minute candles: three of them missing, and they tell of another market. Funding is said every few seconds. */
const STATISTICS_MAX_AGE_MS = 180_000;

const FUNDING_HOURS = 8;

export const SYMBOL_GUARDS: readonly Guard[] = [
  { code: 'SPREAD_WIDE', check: spread },
  { code: 'VOLATILITY_HIGH', check: volatility },
  { code: 'KILL_SCORE', check: kill },
  { code: 'FUNDING_ADVERSE', check: funding },
  { code: 'LEVERAGE_UNCONFIRMED', check: leverageConfirmed },
  { code: 'LEVERAGE_BRACKET', check: bracket },
];

/** Undefined: there is no book, or it is too old to tell. As a share of the middle. */
export function spreadShare({ book }: Pick<SymbolMarket, 'book'>, venueNow: number, maxAgeMs: number): Decimal | undefined {
  if (book === undefined || venueNow - book.observedAt > maxAgeMs) return undefined;
  const middle = book.bid.plus(book.ask).dividedBy(2);
  return middle.isGreaterThan(ZERO) ? book.ask.minus(book.bid).dividedBy(middle) : undefined;
}

function spread({ market, venueNow, limits }: GuardInputs): Verdict {
  const share = market === undefined || venueNow === undefined ? undefined : spreadShare(market, venueNow, limits.priceMaxAgeMs);
  if (share === undefined) return unknown('SPREAD_WIDE', 'the book is missing, empty or too old to tell');
  const bps = share.multipliedBy(10_000);
  const measure = { limit: String(limits.spreadMaxBps), value: text(bps.decimalPlaces(SHOWN_DECIMALS)) };
  return bps.isLessThanOrEqualTo(limits.spreadMaxBps) ? allow(measure) : deny('SPREAD_WIDE', measure);
}

/** The statistics while they are fresh, by when their newest candle was observed; else why they say nothing. */
function freshStatistics(code: DenialCode, { market, venueNow }: GuardInputs): MarketStatistics | Verdict {
  const statistics = market?.statistics;
  if (statistics === undefined) return unknown(code, 'there is not enough history');
  if (venueNow === undefined) return unknown(code, 'the venue\'s time is unknown, and so the age');
  const ageMs = venueNow - statistics.observedAt;
  return ageMs <= STATISTICS_MAX_AGE_MS ? statistics : unknown(code, 'the newest candle is too old to tell', { limit: String(STATISTICS_MAX_AGE_MS), ageMs });
}

/** ATR(14) of 15-minute candles in percent of the price (ruling 23). */
function volatility(inputs: GuardInputs): Verdict {
  const statistics = freshStatistics('VOLATILITY_HIGH', inputs);
  if ('verdict' in statistics) return statistics;
  if (statistics.atrShare === undefined) return unknown('VOLATILITY_HIGH', 'there is not enough history');
  const percent = statistics.atrShare * 100;
  const measure = { limit: inputs.limits.volatilityMaxPercent, value: percent.toFixed(SHOWN_DECIMALS) };
  return percent <= Number(measure.limit) ? allow(measure) : deny('VOLATILITY_HIGH', measure);
}

/** The score the symbol would have with a position of age 0: what would be closed at once is not opened (ruling 22). */
function kill(inputs: GuardInputs): Verdict {
  const statistics = freshStatistics('KILL_SCORE', inputs);
  if ('verdict' in statistics) return statistics;
  const score = killScore(statistics, 0)?.score;
  if (score === undefined) return unknown('KILL_SCORE', 'there is not enough history');
  const measure = { limit: String(inputs.limits.killScoreMax), value: score.toFixed(SHOWN_DECIMALS) };
  return score < inputs.limits.killScoreMax ? allow(measure) : deny('KILL_SCORE', measure);
}

/** What one interval takes of a position of `side`, as a share of its notional; zero or less: it is paid. Undefined: not known, or not lately. */
export function fundingCost(market: SymbolMarket | undefined, side: PositionSide, venueNow: number | undefined): Decimal | undefined {
  const funding = market?.funding;
  if (funding === undefined || venueNow === undefined || venueNow - funding.observedAt > STATISTICS_MAX_AGE_MS) return undefined;
  return side === 'LONG' ? funding.rate : funding.rate.negated();
}

/** Only who pays is asked; scaled to eight hours by the symbol's interval. */
function funding({ market, plan, venueNow, limits }: GuardInputs): Verdict {
  const cost = fundingCost(market, plan.side, venueNow);
  if (cost === undefined || market?.funding === undefined) return unknown('FUNDING_ADVERSE', 'the rate is missing or too old to tell');
  const percent = cost.multipliedBy(100 * FUNDING_HOURS).dividedBy(wholeDecimal(market.funding.intervalHours));
  const measure = { limit: limits.fundingAdversePercent, value: text(percent.decimalPlaces(SHOWN_DECIMALS)) };
  return percent.isLessThanOrEqualTo(limits.fundingAdversePercent) ? allow(measure) : deny('FUNDING_ADVERSE', measure);
}

function leverageConfirmed({ lives, plan }: GuardInputs): Verdict {
  const life = lives.get(plan.symbol);
  if (life === undefined) return unknown('LEVERAGE_UNCONFIRMED', 'its executor has not reported');
  const measure: Measure = { limit: String(plan.leverage), ...(life.settings === undefined ? {} : { value: `${life.settings.leverage} ${life.settings.marginMode}` }) };
  if (!life.leverageConfirmed) return deny('LEVERAGE_UNCONFIRMED', { ...measure, ...(life.leverageRefused === undefined ? {} : { detail: life.leverageRefused }) });
  // What the venue has confirmed is the policy's; an intent may ask for another.
  return life.settings === undefined || life.settings.leverage === plan.leverage ? allow(measure) : deny('LEVERAGE_UNCONFIRMED', measure);
}

function bracket({ session, plan }: GuardInputs): Verdict {
  const brackets = session?.brackets.get(plan.symbol);
  if (brackets === undefined) return unknown('LEVERAGE_BRACKET', 'the brackets are unknown');
  const caps = brackets.filter((one) => one.leverage >= plan.leverage).map((one) => one.notionalCap);
  const cap = caps.reduce<Decimal | undefined>((most, one) => (most === undefined || one.isGreaterThan(most) ? one : most), undefined);
  if (cap === undefined) return deny('LEVERAGE_BRACKET', { value: String(plan.leverage), detail: `no bracket allows leverage ${plan.leverage}` });
  const measure = { limit: text(cap), value: text(worstNotional(plan)) };
  return worstNotional(plan).isLessThanOrEqualTo(cap) ? allow(measure) : deny('LEVERAGE_BRACKET', measure);
}
