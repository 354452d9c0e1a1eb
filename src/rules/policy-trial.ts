/** What another policy file would have made of the decisions on record: which would flip, and which symbols enter and leave. Pure; changes nothing. */
import type { DenialCode } from '../protocol/denials.ts';
import { MOST_SYMBOLS } from '../protocol/market.ts';
import type { RecordedDecision } from '../protocol/read-models.ts';

export interface TrialInputs {
  /** The symbols of the policy file that is tried. */
  readonly policy: readonly string[];
  /** `TRADING_SYMBOLS` or `universe.symbols`; undefined: no choice. */
  readonly chosen: readonly string[] | undefined;
  /** The last universe on record; undefined: none ever was. */
  readonly universe: { readonly symbols: readonly string[]; readonly excluded: readonly { readonly symbol: string; readonly reason: string }[] } | undefined;
  readonly decisions: readonly RecordedDecision[];
}

/** Decisions of one kind about one symbol that would be others. `to`: `passed` is past the universe; what later gates would say was never asked. */
export interface Flip {
  readonly symbol: string;
  readonly source: string;
  readonly stage: 'signal' | 'intent';
  readonly from: RecordedDecision['outcome'];
  readonly to: 'passed' | DenialCode;
  readonly count: number;
  /** Wall time, ms. */
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface PolicyTrial {
  /** Intents, and evaluations that became signals, that were tried. */
  readonly decisions: number;
  readonly flips: readonly Flip[];
  /** Undefined: there is no universe on record to compare with. */
  readonly entering: readonly string[] | undefined;
  readonly leaving: readonly string[] | undefined;
  /** Why the service would not start with it. UNIVERSE_TOO_LARGE: as far as the venue trades these symbols; what it has not been asked for counts. */
  readonly refusal: { readonly code: 'UNIVERSE_OUTSIDE_POLICY' | 'UNIVERSE_EMPTY' | 'UNIVERSE_TOO_LARGE'; readonly symbols: readonly string[] } | undefined;
}

/** Reasons of the venue: no policy lets such a symbol in. */
const VENUE_REASONS = new Set(['NOT_LISTED', 'NOT_TRADING', 'NOT_PERPETUAL']);

/** What the bridge asks before it asks for the universe (`rules/bridge-gates.ts`), or refuses whatever the policy says: unchanged. */
export const DECIDED_BEFORE_UNIVERSE: ReadonlySet<string> = new Set<DenialCode>(['INTENT_INVALID', 'CLOCK_SKEW', 'INTENT_EXPIRED', 'INTENT_DUPLICATE', 'SOURCE_NOT_LIVE', 'SOURCE_UNKNOWN', 'UNIVERSE_UNKNOWN', 'UNIVERSE_SHRUNK']);

export function tryPolicy({ policy, chosen, universe, decisions }: TrialInputs): PolicyTrial {
  const untraded = new Set(universe?.excluded.filter((one) => VENUE_REASONS.has(one.reason)).map((one) => one.symbol));
  const allowed = new Set((chosen ?? policy).filter((symbol) => policy.includes(symbol) && !untraded.has(symbol)));
  const tried = decisions.filter((one) => one.stage === 'intent' || (one.stage === 'signal' && one.outcome === 'passed'));
  const flips = new Map<string, Flip>();
  for (const one of tried) {
    const to = outcomeUnder(allowed, one);
    if (to === one.outcome) continue;
    const source = typeof one.inputs?.['source'] === 'string' ? one.inputs['source'] : one.by;
    const key = JSON.stringify([one.symbol, source, one.stage, one.outcome]);
    const known = flips.get(key);
    flips.set(key, { symbol: one.symbol, source, stage: one.stage as Flip['stage'], from: one.outcome, to, count: (known?.count ?? 0) + one.count, firstAt: Math.min(known?.firstAt ?? one.at, one.at), lastAt: Math.max(known?.lastAt ?? one.lastAt, one.lastAt) });
  }
  const outside = (chosen ?? []).filter((symbol) => !policy.includes(symbol));
  return {
    decisions: tried.reduce((sum, one) => sum + one.count, 0),
    flips: [...flips.values()].toSorted((a, b) => b.count - a.count),
    entering: universe === undefined ? undefined : [...allowed].filter((symbol) => !universe.symbols.includes(symbol)),
    leaving: universe?.symbols.filter((symbol) => !allowed.has(symbol)),
    refusal: outside.length > 0 ? { code: 'UNIVERSE_OUTSIDE_POLICY', symbols: outside } : refusalOf(allowed, policy),
  };
}

function refusalOf(allowed: ReadonlySet<string>, policy: readonly string[]): PolicyTrial['refusal'] {
  if (allowed.size === 0) return { code: 'UNIVERSE_EMPTY', symbols: [...policy] };
  return allowed.size > MOST_SYMBOLS ? { code: 'UNIVERSE_TOO_LARGE', symbols: [...allowed] } : undefined;
}

function outcomeUnder(allowed: ReadonlySet<string>, { symbol, outcome }: RecordedDecision): RecordedDecision['outcome'] {
  if (DECIDED_BEFORE_UNIVERSE.has(outcome)) return outcome;
  if (!allowed.has(symbol)) return 'SYMBOL_NOT_IN_POLICY_UNIVERSE';
  return outcome === 'SYMBOL_NOT_IN_POLICY_UNIVERSE' ? 'passed' : outcome;
}
