/** What a guard is: one row of a table, a pure function that allows, denies with its numbers, or does not know; and not knowing denies. */
import { decimal } from '../../protocol/decimal.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import type { Denial, DenialCode } from '../../protocol/denials.ts';
import type { Plan } from '../../protocol/decisions.ts';
import type { SymbolMarket, Universe } from '../../protocol/market.ts';
import type { EquityView, JournalView, LifeView, LocksView, ReadinessView, ReconciliationView, StreamView, TradingStateView, VenueSessionView } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { Reservation } from '../reservations.ts';

/** The settings `risk`. Percentages and money are decimal text. */
export interface RiskLimits {
  readonly equityMaxAgeMs: number;
  readonly priceMaxAgeMs: number;
  readonly clockSkewMaxMs: number;
  readonly spreadMaxBps: number;
  readonly maxPositions: number;
  readonly notionalPerTrade: string;
  readonly notionalTotal: string;
  readonly opensPerHour: number;
  readonly opensPer5Min: number;
  readonly dailyLossPercent: string;
  readonly sessionDrawdownPercent: string;
  readonly totalDrawdownPercent: string;
  readonly volatilityMaxPercent: string;
  /** Per 8 hours. */
  readonly fundingAdversePercent: string;
  readonly takerFeeBps: number;
  readonly edgeToCost: number;
  readonly killScoreMax: number;
}

/** Everything a guard may look at. Undefined is "not known", and never fine. `venueNow` = our clock + the measured offset. */
export interface GuardInputs {
  readonly plan: Plan;
  readonly limits: RiskLimits;
  readonly now: number;
  readonly venueNow: number | undefined;
  /** The service is being stopped. */
  readonly stopping: boolean;
  readonly tradingState: TradingStateView | undefined;
  readonly readiness: ReadinessView | undefined;
  readonly universe: Universe | undefined;
  readonly equity: EquityView | undefined;
  readonly market: SymbolMarket | undefined;
  readonly stream: StreamView | undefined;
  readonly reconciliation: ReconciliationView | undefined;
  readonly session: VenueSessionView | undefined;
  readonly locks: LocksView | undefined;
  readonly journal: JournalView | undefined;
  /** Executors that must have reported, and what those have said that did. */
  readonly expected: readonly SymbolName[];
  readonly lives: ReadonlyMap<SymbolName, LifeView>;
  readonly reservations: ReadonlyMap<SymbolName, Reservation>;
  /** How long ago openings were granted or sent, within the last hour, ms. */
  readonly openedAgoMs: readonly number[];
}

/** The numbers a guard looked at: decimals as text. */
export interface Measure {
  readonly limit?: string;
  readonly value?: string;
  readonly ageMs?: number;
  readonly detail?: string;
}
export type Verdict = ({ readonly verdict: 'allow' } & Measure) | ({ readonly verdict: 'deny' | 'unknown'; readonly code: DenialCode } & Measure);

export interface Guard {
  /** The code it is known by: the permit lists it when it has passed. It may deny with a nearer one of its theme. */
  readonly code: DenialCode;
  /** One verdict; of several the denials count each, and without any it allows. */
  readonly check: (inputs: GuardInputs) => Verdict | readonly Verdict[];
}

export function allow(measure: Measure = {}): Verdict {
  return { verdict: 'allow', ...measure };
}

export function deny(code: DenialCode, measure: Measure = {}): Verdict {
  return { verdict: 'deny', code, ...measure };
}

/** What the rule asks for is not known. */
export function unknown(code: DenialCode, detail: string, measure: Measure = {}): Verdict {
  return { verdict: 'unknown', code, detail, ...measure };
}

/** What is told of a verdict that does not allow. */
export function denialOf(verdict: Verdict): Denial | undefined {
  if (verdict.verdict === 'allow') return undefined;
  const { verdict: kind, ...denial } = verdict;
  return kind === 'unknown' ? { ...denial, unknown: true } : denial;
}

/** Fresh up to and at `maxAgeMs`, by the venue's clock; a time in the venue's future is fresh: the clocks have a guard of their own. */
export function fresh(code: DenialCode, observedAt: number, venueNow: number | undefined, maxAgeMs: number): Verdict {
  if (venueNow === undefined) return unknown(code, 'the venue\'s time is unknown, and so the age');
  const measure = { limit: String(maxAgeMs), ageMs: venueNow - observedAt };
  return measure.ageMs <= maxAgeMs ? allow(measure) : deny(code, measure);
}

/** A setting that is a plain number (a rate, basis points), as an exact decimal. */
export function exactly(setting: number): Decimal {
  return decimal(setting.toFixed(12));
}

/** Decimal places of what is shown of a quotient. */
export const SHOWN_DECIMALS = 6;
