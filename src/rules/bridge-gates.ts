/** The bridge's gates, a table: an intent becomes exactly one plan, or is refused with one code. In order; the first that refuses speaks, and what is not known refuses. */
import type { Decimal } from '../protocol/decimal.ts';
import { text } from '../protocol/decimal.ts';
import type { Denial, DenialCode } from '../protocol/denials.ts';
import { intentSchema } from '../protocol/decisions.ts';
import type { Intent, Plan } from '../protocol/decisions.ts';
import type { Instrument, SymbolMarket, Universe } from '../protocol/market.ts';
import type { LifeView } from '../protocol/views.ts';
import type { PlanId } from '../protocol/names.ts';
import type { LeverageBracket } from '../protocol/venue.ts';
import { planIdFor } from './client-ids.ts';
import { percentsOf, protectionFault } from './intent-prices.ts';
import type { Percents } from './intent-prices.ts';
import { notionalTooSmall, priceOutOfBounds, quantityTooLarge, quantityTooSmall, sizeEntry } from './sizing.ts';
import type { EntrySize } from './sizing.ts';

/** Who may say what is to be traded: strategies that trade, strategies that only watch, and declared sources from outside. */
export interface Sources {
  readonly strategies: ReadonlySet<string>;
  readonly shadows: ReadonlySet<string>;
  readonly external: ReadonlySet<string>;
}

export interface BridgeInputs {
  readonly now: number;
  /** Our clock + the measured offset, ms; undefined: never measured, and then nothing can be dated. */
  readonly venueNow: number | undefined;
  readonly sources: Sources;
  readonly universe: Universe | undefined;
  readonly market: SymbolMarket | undefined;
  readonly life: LifeView | undefined;
  /** The symbol's; undefined: the venue has not said. */
  readonly brackets: readonly LeverageBracket[] | undefined;
  /** Plans that reached OrderSending: only those make duplicates (ruling 19). */
  readonly sentPlans: ReadonlySet<PlanId>;
  readonly limits: { readonly priceMaxAgeMs: number; readonly notionalPerTrade: string; readonly entrySlippageBps: number };
}

export type BridgeDecision = { readonly plan: Plan } | { readonly denial: Denial };

/** An intent on its way, with what is computed for several gates: undefined where what it takes is not known. */
interface Candidate extends BridgeInputs {
  readonly intent: Intent;
  readonly planId: PlanId;
  readonly rules: Instrument | undefined;
  readonly mark: Decimal | undefined;
  readonly size: EntrySize | undefined;
  readonly percents: Percents;
}

interface Gate {
  /** The code it is known by; it may refuse with a nearer one of its theme. */
  readonly code: DenialCode;
  readonly check: (candidate: Candidate) => Denial | undefined;
}

/** How many symbols of the allowlist a refusal shows. */
const SAMPLE = 5;

const PHASE_REFUSAL = { Opening: 'POSITION_OPENING', Protected: 'POSITION_OPEN', Reducing: 'POSITION_OPEN', Closing: 'POSITION_CLOSING', Ambiguous: 'POSITION_UNRESOLVED', Drifted: 'POSITION_UNRESOLVED' } as const;

/** After the schema, which alone decides whether there is an intent at all. What rests after a close the governor says, by the locks: one mechanism, which an operator can end. */
export const BRIDGE_GATES: readonly Gate[] = [
  { code: 'INTENT_EXPIRED', check: ({ venueNow, intent }) => (venueNow === undefined ? unknown('CLOCK_SKEW', 'the venue\'s time is unknown') : venueNow > intent.expiresAt ? { code: 'INTENT_EXPIRED', limit: String(intent.expiresAt), value: String(venueNow), ageMs: venueNow - intent.createdAt } : undefined) },
  { code: 'INTENT_DUPLICATE', check: ({ sentPlans, planId }) => (sentPlans.has(planId) ? { code: 'INTENT_DUPLICATE', value: planId } : undefined) },
  { code: 'SOURCE_NOT_LIVE', check: role },
  { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', check: allowed },
  { code: 'POSITION_OPEN', check: position },
  { code: 'PRICE_STALE', check: price },
  { code: 'STOP_INVALID', check: ({ intent, mark, rules, percents }) => (mark === undefined || rules === undefined ? undefined : protectionFault(intent, mark, percents, rules)) },
  { code: 'PRICE_OUT_OF_BOUNDS', check: filter(({ intent, size, mark, rules }) => priceOutOfBounds(intent.side, size, mark, rules)) },
  { code: 'NOTIONAL_TOO_SMALL', check: filter(({ size, rules }) => notionalTooSmall(size, rules)) },
  { code: 'QUANTITY_TOO_SMALL', check: filter(({ size, rules }) => quantityTooSmall(size, rules)) },
  { code: 'QUANTITY_TOO_LARGE', check: filter(({ size, rules }) => quantityTooLarge(size, rules)) },
  { code: 'LEVERAGE_BRACKET', check: filter(bracket) },
  { code: 'NOTIONAL_PER_TRADE', check: filter(({ size, limits }) => (valueOf(size).isGreaterThan(limits.notionalPerTrade) ? { code: 'NOTIONAL_PER_TRADE', limit: limits.notionalPerTrade, value: text(valueOf(size)) } : undefined)) },
];

export function decideIntent(given: Intent, inputs: BridgeInputs, gates: readonly Gate[] = BRIDGE_GATES): BridgeDecision {
  const parsed = intentSchema.safeParse(given);
  if (!parsed.success) return { denial: { code: 'INTENT_INVALID', detail: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'intent'}: ${issue.message}`).join('; ') } };
  const intent = parsed.data;
  // The rules of whatever is listed: whether it may be opened is a gate's to say.
  const rules = inputs.universe?.listed.get(intent.symbol);
  const mark = inputs.market?.mark?.price;
  const size = mark === undefined || rules === undefined ? undefined : sizeEntry(intent.side, intent.notional, mark, inputs.limits.entrySlippageBps, rules);
  const planId = planIdFor(intent.source, intent.symbol, intent.side, intent.createdAt);
  const percents = percentsOf(intent, mark);
  const candidate: Candidate = { ...inputs, intent, planId, rules, mark, size, percents };
  for (const gate of gates) {
    const denial = gate.check(candidate);
    if (denial !== undefined) return { denial };
  }
  if (size === undefined || inputs.venueNow === undefined) return { denial: unknown('PRICE_MISSING', 'it cannot be sized') };
  const action = intent.side === 'LONG' ? 'OPEN_LONG' : 'OPEN_SHORT';
  const { intentId, source, symbol, side, leverage, expiresAt } = intent;
  return { plan: { planId, intentId, action, source, symbol, side, quantity: text(size.quantity), limitPrice: text(size.limitPrice), notional: text(valueOf(size)), leverage, ...percents, madeAt: inputs.venueNow, expiresAt } };
}

function unknown(code: DenialCode, detail: string): Denial {
  return { code, unknown: true, detail };
}

function valueOf({ quantity, limitPrice }: EntrySize): Decimal {
  return quantity.multipliedBy(limitPrice);
}

function role({ intent: { source }, sources }: Candidate): Denial | undefined {
  if (sources.strategies.has(source) || sources.external.has(source)) return undefined;
  return { code: sources.shadows.has(source) ? 'SOURCE_NOT_LIVE' : 'SOURCE_UNKNOWN', value: source };
}

function allowed({ universe, intent }: Candidate): Denial | undefined {
  if (universe === undefined) return unknown('UNIVERSE_UNKNOWN', 'not determined yet');
  if (universe.instruments.has(intent.symbol)) return undefined;
  const names = [...universe.instruments.keys()];
  return { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', value: intent.symbol, limit: `${names.length} symbols: ${names.slice(0, SAMPLE).join(', ')}${names.length > SAMPLE ? ', …' : ''}` };
}

function position({ life }: Candidate): Denial | undefined {
  if (life === undefined) return unknown('POSITION_UNRESOLVED', 'its executor has not reported');
  if (life.phase !== 'Flat') return { code: PHASE_REFUSAL[life.phase], limit: 'Flat', value: life.phase };
  return life.plan?.stage === 'pending' ? { code: 'POSITION_OPENING', detail: life.plan.planId } : undefined;
}

function price({ market, venueNow, limits }: Candidate): Denial | undefined {
  if (market?.mark === undefined) return unknown('PRICE_MISSING', 'never observed');
  if (venueNow === undefined) return unknown('PRICE_STALE', 'the venue\'s time is unknown, and so the age');
  const ageMs = venueNow - market.mark.observedAt;
  return ageMs > limits.priceMaxAgeMs ? { code: 'PRICE_STALE', limit: String(limits.priceMaxAgeMs), ageMs } : undefined;
}

type Sized = Candidate & { readonly rules: Instrument; readonly mark: Decimal; readonly size: EntrySize };

/** A gate about the sized order; what it could not be sized for, the gates before it have named. */
function filter(check: (candidate: Sized) => Denial | undefined): Gate['check'] {
  return (candidate) => {
    const { rules, mark, size } = candidate;
    return rules === undefined || mark === undefined || size === undefined ? undefined : check({ ...candidate, rules, mark, size });
  };
}

function bracket({ brackets, intent, size }: Sized): Denial | undefined {
  if (brackets === undefined) return unknown('LEVERAGE_BRACKET', 'the brackets are unknown');
  const fitting = brackets.filter((one) => one.leverage >= intent.leverage);
  if (fitting.length === 0) return { code: 'LEVERAGE_BRACKET', value: String(intent.leverage), detail: `no bracket allows leverage ${intent.leverage}` };
  const cap = fitting.map((one) => one.notionalCap).reduce((most, one) => (one.isGreaterThan(most) ? one : most));
  return valueOf(size).isGreaterThan(cap) ? { code: 'LEVERAGE_BRACKET', limit: text(cap), value: text(valueOf(size)) } : undefined;
}

/** What the gates looked at beside the intent, for the record. */
export function lookedAt({ venueNow, universe, market, life, brackets }: BridgeInputs): Readonly<Record<string, unknown>> {
  return {
    mark: market?.mark === undefined ? null : text(market.mark.price),
    markAgeMs: market?.mark === undefined || venueNow === undefined ? null : venueNow - market.mark.observedAt,
    phase: life?.phase ?? null,
    lastClosedAt: life?.lastClosedAt ?? null,
    ourUniverseVersion: universe?.version ?? null,
    bracketsKnown: brackets !== undefined,
  };
}
