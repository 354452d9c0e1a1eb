/** The governor's guards for an opening, as a table: each allows, denies with its numbers, or does not know; and what is not known denies. */
import type { Decimal } from '../protocol/decimal.ts';
import { decimal, text, wholeDecimal, ZERO } from '../protocol/decimal.ts';
import type { Plan } from '../protocol/decisions.ts';
import type { Denial, DenialCode } from '../protocol/denials.ts';
import type { SymbolMarket } from '../protocol/market.ts';
import type { EquityView, LifeView, ReadinessView, ReconciliationView, StreamView, TradingStateView, VenueSessionView } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { protectionPrices } from './protection.ts';
import { exposureOf } from './reservations.ts';
import type { Reservation } from './reservations.ts';

export interface RiskLimits {
  readonly equityMaxAgeMs: number;
  readonly priceMaxAgeMs: number;
  readonly clockSkewMaxMs: number;
  readonly spreadMaxBps: number;
  readonly maxPositions: number;
  readonly notionalPerTrade: string;
  readonly notionalTotal: string;
  readonly symbolCooldownMs: number;
  readonly opensPerHour: number;
  readonly opensPer5Min: number;
}

/** Everything a guard may look at. Undefined is "not known", and never fine. `venueNow` = our clock + the measured offset. */
export interface GuardInputs {
  readonly plan: Plan;
  readonly limits: RiskLimits;
  readonly now: number;
  readonly venueNow: number | undefined;
  readonly tradingState: TradingStateView | undefined;
  readonly readiness: ReadinessView | undefined;
  readonly equity: EquityView | undefined;
  readonly market: SymbolMarket | undefined;
  readonly tickSize: Decimal | undefined;
  readonly stream: StreamView | undefined;
  readonly reconciliation: ReconciliationView | undefined;
  readonly session: VenueSessionView | undefined;
  /** Executors that must have reported, and what those have said that did. */
  readonly expected: readonly SymbolName[];
  readonly lives: ReadonlyMap<SymbolName, LifeView>;
  readonly reservations: ReadonlyMap<SymbolName, Reservation>;
  /** When openings were granted or sent within the last hour, ms. */
  readonly opens: readonly number[];
}

type Verdict = 'allow' | Denial;
interface Guard {
  readonly code: DenialCode;
  readonly check: (inputs: GuardInputs) => Verdict;
}

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;

export const OPENING_GUARDS: readonly Guard[] = [
  { code: 'TRADING_HALTED', check: ({ tradingState, plan }) => tradingStateVerdict(tradingState, plan.symbol) },
  { code: 'NOT_READY', check: ({ readiness }) => (readiness?.ready === true ? 'allow' : { code: 'NOT_READY', detail: readiness === undefined ? 'readiness is unknown' : readiness.missing.map((one) => one.input).join(', ') }) },
  { code: 'EXECUTORS_UNREPORTED', check: unreportedVerdict },
  { code: 'EQUITY_STALE', check: equityVerdict },
  { code: 'PRICE_STALE', check: priceVerdict },
  { code: 'STREAM_STALE', check: ({ stream }) => (stream?.live === true ? 'allow' : { code: 'STREAM_STALE', detail: stream === undefined ? 'never live' : `lost since ${stream.since}` }) },
  { code: 'NOT_RECONCILED', check: reconciledVerdict },
  { code: 'CLOCK_SKEW', check: skewVerdict },
  { code: 'SPREAD_WIDE', check: spreadVerdict },
  { code: 'LEVERAGE_UNCONFIRMED', check: ({ lives, plan }) => (lives.get(plan.symbol)?.leverageConfirmed === true ? 'allow' : { code: 'LEVERAGE_UNCONFIRMED' }) },
  { code: 'LEVERAGE_BRACKET', check: bracketVerdict },
  { code: 'POSITION_OPEN', check: ({ lives, reservations, plan }) => (exposureOf(plan.symbol, lives, reservations).busy ? { code: 'POSITION_OPEN' } : 'allow') },
  { code: 'SYMBOL_COOLDOWN', check: cooldownVerdict },
  { code: 'MAX_POSITIONS', check: positionsVerdict },
  { code: 'NOTIONAL_PER_TRADE', check: ({ plan, limits }) => (worstNotional(plan).isGreaterThan(limits.notionalPerTrade) ? { code: 'NOTIONAL_PER_TRADE', limit: limits.notionalPerTrade, value: text(worstNotional(plan)) } : 'allow') },
  { code: 'NOTIONAL_TOTAL', check: totalVerdict },
  { code: 'MARGIN_INSUFFICIENT', check: marginVerdict },
  { code: 'RATE_HOURLY', check: ({ opens, now, limits }) => rateVerdict('RATE_HOURLY', opens, now, HOUR_MS, limits.opensPerHour) },
  { code: 'RATE_BURST', check: ({ opens, now, limits }) => rateVerdict('RATE_BURST', opens, now, FIVE_MINUTES_MS, limits.opensPer5Min) },
  { code: 'STOP_INVALID', check: stopVerdict },
];

/** All denials, and the codes of the checks that passed. An opening is allowed only when there is no denial at all. */
export function judgeOpening(inputs: GuardInputs): { readonly denials: readonly Denial[]; readonly passed: readonly DenialCode[] } {
  const denials: Denial[] = [];
  const passed: DenialCode[] = [];
  for (const guard of OPENING_GUARDS) {
    const verdict = guard.check(inputs);
    if (verdict === 'allow') passed.push(guard.code);
    else denials.push(verdict);
  }
  return { denials, passed };
}

/** What the permit would allow at most: quantity × limit price (ruling 15); what the plan says of itself is not asked. */
export function worstNotional(plan: Plan): Decimal {
  return decimal(plan.quantity).multipliedBy(decimal(plan.limitPrice));
}

function tradingStateVerdict(view: TradingStateView | undefined, symbol: SymbolName): Verdict {
  if (view === undefined) return { code: 'TRADING_STATE_UNKNOWN' };
  const states = [view.overall, view.symbols.get(symbol) ?? 'ACTIVE'];
  if (states.includes('HALTED')) return { code: 'TRADING_HALTED', detail: view.cause };
  if (states.includes('REDUCING')) return { code: 'TRADING_REDUCING', detail: view.cause };
  return 'allow';
}

function unreportedVerdict({ expected, lives }: GuardInputs): Verdict {
  const silent = expected.filter((symbol) => !lives.has(symbol));
  return silent.length === 0 && expected.length > 0 ? 'allow' : { code: 'EXECUTORS_UNREPORTED', detail: silent.join(', ') || 'no executor is known' };
}

/** No sample is missing, never fresh; the age counts from the exchange's observation (failure 73, operators' 12). */
function equityVerdict({ equity, venueNow, limits }: GuardInputs): Verdict {
  if (equity === undefined) return { code: 'EQUITY_MISSING' };
  if (venueNow === undefined) return { code: 'EQUITY_STALE', detail: 'the venue\'s time is unknown, and so the age' };
  const ageMs = venueNow - equity.observedAt;
  return ageMs <= limits.equityMaxAgeMs ? 'allow' : { code: 'EQUITY_STALE', limit: String(limits.equityMaxAgeMs), ageMs };
}

function priceVerdict({ market, venueNow, limits }: GuardInputs): Verdict {
  if (market?.mark === undefined) return { code: 'PRICE_MISSING' };
  if (venueNow === undefined) return { code: 'PRICE_STALE', detail: 'the venue\'s time is unknown, and so the age' };
  const ageMs = venueNow - market.mark.observedAt;
  return ageMs <= limits.priceMaxAgeMs ? 'allow' : { code: 'PRICE_STALE', limit: String(limits.priceMaxAgeMs), ageMs };
}

function reconciledVerdict({ stream, reconciliation, plan }: GuardInputs): Verdict {
  if (stream === undefined || reconciliation === undefined) return { code: 'NOT_RECONCILED', detail: 'never' };
  if (reconciliation.streamEpoch !== stream.streamEpoch) return { code: 'NOT_RECONCILED', limit: String(stream.streamEpoch), value: String(reconciliation.streamEpoch) };
  return reconciliation.unresolved.includes(plan.symbol) ? { code: 'NOT_RECONCILED', detail: `${plan.symbol} is unresolved` } : 'allow';
}

function skewVerdict({ session, limits }: GuardInputs): Verdict {
  const skew = session?.clockOffsetMs;
  if (skew === undefined) return { code: 'CLOCK_SKEW', detail: 'never measured' };
  return Math.abs(skew) <= limits.clockSkewMaxMs ? 'allow' : { code: 'CLOCK_SKEW', limit: String(limits.clockSkewMaxMs), value: String(skew) };
}

function spreadVerdict({ market, venueNow, limits }: GuardInputs): Verdict {
  const book = market?.book;
  if (book === undefined || venueNow === undefined) return { code: 'SPREAD_WIDE', detail: 'the book, or its age, is unknown' };
  const ageMs = venueNow - book.observedAt;
  if (ageMs > limits.priceMaxAgeMs) return { code: 'SPREAD_WIDE', detail: 'the book is too old to tell', limit: String(limits.priceMaxAgeMs), ageMs };
  const middle = book.bid.plus(book.ask).dividedBy(2);
  const bps = book.ask.minus(book.bid).dividedBy(middle).multipliedBy(10_000);
  return bps.isLessThanOrEqualTo(limits.spreadMaxBps) ? 'allow' : { code: 'SPREAD_WIDE', limit: String(limits.spreadMaxBps), value: bps.toFixed(1) };
}

function bracketVerdict({ session, plan }: GuardInputs): Verdict {
  const brackets = session?.brackets.get(plan.symbol);
  const cap = brackets?.filter((one) => one.leverage >= plan.leverage).reduce<Decimal | undefined>((most, one) => (most === undefined || one.notionalCap.isGreaterThan(most) ? one.notionalCap : most), undefined);
  if (cap === undefined) return { code: 'LEVERAGE_BRACKET', detail: brackets === undefined ? 'the brackets are unknown' : `no bracket allows leverage ${plan.leverage}` };
  return worstNotional(plan).isLessThanOrEqualTo(cap) ? 'allow' : { code: 'LEVERAGE_BRACKET', limit: text(cap), value: text(worstNotional(plan)) };
}

function cooldownVerdict({ lives, plan, now, limits }: GuardInputs): Verdict {
  const closedAt = lives.get(plan.symbol)?.lastClosedAt;
  if (closedAt === undefined) return 'allow';
  const ageMs = now - closedAt;
  return ageMs >= limits.symbolCooldownMs ? 'allow' : { code: 'SYMBOL_COOLDOWN', limit: String(limits.symbolCooldownMs), ageMs };
}

function busySymbols({ lives, reservations }: GuardInputs): SymbolName[] {
  return [...new Set([...lives.keys(), ...reservations.keys()])].filter((symbol) => exposureOf(symbol, lives, reservations).busy);
}

function positionsVerdict(inputs: GuardInputs): Verdict {
  const busy = busySymbols(inputs).filter((symbol) => symbol !== inputs.plan.symbol).length;
  return busy < inputs.limits.maxPositions ? 'allow' : { code: 'MAX_POSITIONS', limit: String(inputs.limits.maxPositions), value: String(busy) };
}

function totalVerdict(inputs: GuardInputs): Verdict {
  const { plan, limits, lives, reservations } = inputs;
  const total = busySymbols(inputs)
    .filter((symbol) => symbol !== plan.symbol)
    .reduce((sum, symbol) => sum.plus(exposureOf(symbol, lives, reservations).notional), worstNotional(plan));
  return total.isLessThanOrEqualTo(limits.notionalTotal) ? 'allow' : { code: 'NOTIONAL_TOTAL', limit: limits.notionalTotal, value: text(total) };
}

/** What the account has available, less what was reserved and not yet seen there, must cover notional / leverage. */
function marginVerdict({ equity, plan, reservations }: GuardInputs): Verdict {
  if (equity === undefined) return { code: 'EQUITY_MISSING' };
  const reserved = [...reservations.values()].filter((one) => one.symbol !== plan.symbol).reduce((sum, one) => sum.plus(one.margin), ZERO);
  const needed = worstNotional(plan).dividedBy(wholeDecimal(plan.leverage));
  const left = decimal(equity.availableBalance).minus(reserved).minus(needed);
  return left.isGreaterThan(ZERO) ? 'allow' : { code: 'MARGIN_INSUFFICIENT', limit: equity.availableBalance, value: text(needed.plus(reserved)) };
}

function rateVerdict(code: 'RATE_HOURLY' | 'RATE_BURST', opens: readonly number[], now: number, windowMs: number, limit: number): Verdict {
  const used = opens.filter((at) => now - at < windowMs).length;
  return used < limit ? 'allow' : { code, limit: String(limit), value: String(used) };
}

function stopVerdict({ plan, tickSize }: GuardInputs): Verdict {
  if (tickSize === undefined) return { code: 'STOP_INVALID', detail: 'the tick size is unknown' };
  const prices = protectionPrices(plan.side, decimal(plan.limitPrice), plan.stopLossPercent, plan.takeProfitPercent, tickSize);
  return prices === undefined ? { code: 'STOP_INVALID', value: `stop ${plan.stopLossPercent} %, target ${plan.takeProfitPercent} %` } : 'allow';
}
