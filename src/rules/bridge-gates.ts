/** The bridge's gates: an intent becomes exactly one plan, or is refused with one code. In order; the first that refuses speaks. */
import { text } from '../protocol/decimal.ts';
import type { Denial } from '../protocol/denials.ts';
import { intentSchema } from '../protocol/decisions.ts';
import type { Intent, Plan } from '../protocol/decisions.ts';
import type { SymbolMarket, Universe } from '../protocol/market.ts';
import type { LifeView } from '../protocol/messages.ts';
import type { PlanId } from '../protocol/names.ts';
import { planIdFor } from './client-ids.ts';
import { protectionPrices } from './protection.ts';
import { sizeEntry } from './sizing.ts';

export interface BridgeInputs {
  /** Our clock + the measured offset, ms; undefined: never measured, and then nothing can be dated. */
  readonly venueNow: number | undefined;
  readonly sources: ReadonlySet<string>;
  readonly universe: Universe | undefined;
  readonly market: SymbolMarket | undefined;
  readonly life: LifeView | undefined;
  /** Plans that reached OrderSending: only those make duplicates (ruling 19). */
  readonly sentPlans: ReadonlySet<PlanId>;
  readonly priceMaxAgeMs: number;
  readonly entrySlippageBps: number;
}

export type BridgeDecision = { readonly plan: Plan } | { readonly denial: Denial };

/** How many symbols of the allowlist a refusal shows. */
const SAMPLE = 5;

const PHASE_REFUSAL = { Opening: 'POSITION_OPENING', Protected: 'POSITION_OPEN', Closing: 'POSITION_CLOSING', Ambiguous: 'POSITION_UNRESOLVED', Drifted: 'POSITION_UNRESOLVED' } as const;

export function decideIntent(intent: Intent, inputs: BridgeInputs): BridgeDecision {
  const { venueNow: now, universe, market, life } = inputs;
  const parsed = intentSchema.safeParse(intent);
  if (!parsed.success) return deny({ code: 'INTENT_INVALID', detail: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'intent'}: ${issue.message}`).join('; ') });
  if (now === undefined) return deny({ code: 'CLOCK_SKEW', detail: 'the venue\'s time is unknown' });
  if (now > intent.expiresAt) return deny({ code: 'INTENT_EXPIRED', limit: String(intent.expiresAt), value: String(now), ageMs: now - intent.createdAt });
  const planId = planIdFor(intent.source, intent.symbol, intent.side, intent.createdAt);
  if (inputs.sentPlans.has(planId)) return deny({ code: 'INTENT_DUPLICATE', value: planId });
  if (!inputs.sources.has(intent.source)) return deny({ code: 'SOURCE_UNKNOWN', value: intent.source });
  if (universe === undefined) return deny({ code: 'UNIVERSE_UNKNOWN' });
  const rules = universe.instruments.get(intent.symbol);
  if (rules === undefined) {
    const allowed = [...universe.instruments.keys()];
    return deny({ code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', value: intent.symbol, limit: `${allowed.length} symbols: ${allowed.slice(0, SAMPLE).join(', ')}${allowed.length > SAMPLE ? ', …' : ''}` });
  }
  if (life === undefined) return deny({ code: 'POSITION_UNRESOLVED', detail: 'its executor has not reported' });
  if (life.phase !== 'Flat') return deny({ code: PHASE_REFUSAL[life.phase] });
  if (life.plan?.stage === 'pending') return deny({ code: 'POSITION_OPENING', detail: life.plan.planId });
  const mark = market?.mark;
  if (mark === undefined) return deny({ code: 'PRICE_MISSING' });
  if (now - mark.observedAt > inputs.priceMaxAgeMs) return deny({ code: 'PRICE_STALE', limit: String(inputs.priceMaxAgeMs), ageMs: now - mark.observedAt });
  if (protectionPrices(intent.side, mark.price, intent.stopLossPercent, intent.takeProfitPercent, rules.tickSize) === undefined) {
    return deny({ code: 'STOP_INVALID', value: `stop ${intent.stopLossPercent} %, target ${intent.takeProfitPercent} %` });
  }
  const size = sizeEntry(intent.side, intent.notional, mark.price, inputs.entrySlippageBps, rules);
  if (!size.ok) return deny(size.denial);
  return {
    plan: {
      planId,
      intentId: intent.intentId,
      action: intent.side === 'LONG' ? 'OPEN_LONG' : 'OPEN_SHORT',
      source: intent.source,
      symbol: intent.symbol,
      side: intent.side,
      quantity: text(size.quantity),
      limitPrice: text(size.limitPrice),
      notional: text(size.quantity.multipliedBy(size.limitPrice)),
      leverage: intent.leverage,
      stopLossPercent: intent.stopLossPercent,
      takeProfitPercent: intent.takeProfitPercent,
      madeAt: now,
      expiresAt: intent.expiresAt,
    },
  };
}

function deny(denial: Denial): BridgeDecision {
  return { denial };
}
