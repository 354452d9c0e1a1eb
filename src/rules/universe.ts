/** The symbols that may be opened: policy as the ceiling, a choice within it, and what the venue really trades (ruling 25). */
import type { ErrorCode } from '../protocol/errors.ts';
import { MOST_SYMBOLS } from '../protocol/market.ts';
import type { Exclusion, Instrument, Ticker24h, Universe } from '../protocol/market.ts';
import type { SymbolName } from '../protocol/names.ts';

export interface UniverseRules {
  /** The policy file's list; undefined: there is no policy file. */
  readonly policy: readonly string[] | undefined;
  /** `TRADING_SYMBOLS` or `universe.symbols`; undefined: no choice. */
  readonly chosen: readonly string[] | undefined;
  /** Without policy and choice: the first so many by quote volume, of at least `minQuoteVolume`. */
  readonly top: number;
  readonly minQuoteVolume: string;
}

export type UniverseDecision =
  | { readonly ok: true; readonly instruments: ReadonlyMap<SymbolName, Instrument>; readonly excluded: readonly Exclusion[] }
  /** A fault of the configuration: the service does not start with it. */
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

export function decideUniverse(rules: UniverseRules, listed: readonly Instrument[], tickers: readonly Ticker24h[]): UniverseDecision {
  const { policy, chosen } = rules;
  const outside = (chosen ?? []).filter((symbol) => policy !== undefined && !policy.includes(symbol));
  if (outside.length > 0) return { ok: false, code: 'UNIVERSE_OUTSIDE_POLICY', message: `not in the policy of ${policy?.length} symbols: ${outside.join(', ')}` };

  const byName = new Map(listed.map((instrument) => [instrument.symbol as string, instrument]));
  const candidates = chosen ?? policy ?? topByVolume(rules, listed, tickers);
  const instruments = new Map<SymbolName, Instrument>();
  const excluded: Exclusion[] = [];
  for (const symbol of candidates) {
    const instrument = byName.get(symbol);
    const reason = exclusionOf(symbol, instrument);
    if (reason !== undefined) excluded.push(reason);
    else if (instrument !== undefined) instruments.set(instrument.symbol, instrument);
  }
  if (chosen !== undefined && excluded.length > 0) return { ok: false, code: 'UNIVERSE_NOT_LISTED', message: excluded.map((one) => `${one.symbol}: ${one.detail}`).join('; ') };
  for (const symbol of policy ?? []) if (!candidates.includes(symbol)) excluded.push({ symbol, reason: 'NOT_CHOSEN', detail: 'in the policy, but not in the configured list' });
  if (instruments.size === 0) return { ok: false, code: 'UNIVERSE_EMPTY', message: `of ${candidates.length} candidates the venue trades none: ${excluded.map((one) => `${one.symbol} (${one.detail})`).join(', ') || 'there were no candidates'}` };
  if (instruments.size > MOST_SYMBOLS) return { ok: false, code: 'UNIVERSE_TOO_LARGE', message: `universe.policy: of its ${policy?.length ?? candidates.length} symbols the venue trades ${instruments.size}, and at most ${MOST_SYMBOLS} can be followed at once (a connection of the venue carries 1,024 streams)` };
  return { ok: true, instruments, excluded };
}

/**
 * What stays when the venue has begun to trade more of the policy than can be followed: the symbols there were, as far as they
 * are traded; the others are left out. @param before the last universe these rules made.
 */
export function universeWithin(before: readonly string[], rules: UniverseRules, listed: readonly Instrument[]): UniverseDecision {
  const known = new Set(before);
  const kept = decideUniverse({ ...rules, policy: before, chosen: undefined }, listed, []);
  if (!kept.ok) return kept;
  const traded = new Set(listed.filter((one) => exclusionOf(one.symbol, one) === undefined).map((one) => one.symbol as string));
  const others = (rules.policy ?? []).filter((symbol) => !known.has(symbol) && traded.has(symbol));
  return { ...kept, excluded: [...kept.excluded, ...others.map((symbol) => ({ symbol, reason: 'TOO_MANY', detail: `at most ${MOST_SYMBOLS} symbols can be followed at once, and it came later` }) as const)] };
}

/** How much is left of the largest universe there was under these rules, since an operator last accepted one. */
export interface Overlap {
  readonly largest: number;
  /** 0 to 1. */
  readonly share: number;
  readonly breaker: Universe['breaker'];
}

/** Symbols that come raise the measure, symbols that go do not lower it: nine that vanish one by one are nine that vanished. */
export function overlapOf(largest: number, symbols: number, minOverlap: number): Overlap {
  const measure = Math.max(largest, symbols);
  const share = measure === 0 ? 0 : symbols / measure;
  return { largest: measure, share, breaker: share < minOverlap ? 'open' : 'closed' };
}

/** What the universe is decided by, as text: under other rules, nothing has shrunk. */
export function rulesKey(rules: UniverseRules): string {
  return JSON.stringify([rules.policy ?? null, rules.chosen ?? null, rules.policy === undefined && rules.chosen === undefined ? [rules.top, rules.minQuoteVolume] : null]);
}

function exclusionOf(symbol: string, instrument: Instrument | undefined): Exclusion | undefined {
  if (instrument === undefined) return { symbol, reason: 'NOT_LISTED', detail: 'the venue does not list it' };
  if (instrument.status !== 'TRADING') return { symbol, reason: 'NOT_TRADING', detail: `the venue says ${instrument.status}` };
  if (instrument.contractType !== 'PERPETUAL') return { symbol, reason: 'NOT_PERPETUAL', detail: `the venue says ${instrument.contractType}` };
  return undefined;
}

function topByVolume(rules: UniverseRules, listed: readonly Instrument[], tickers: readonly Ticker24h[]): string[] {
  const tradable = new Set(listed.filter((one) => one.status === 'TRADING' && one.contractType === 'PERPETUAL').map((one) => one.symbol));
  return tickers
    .filter((ticker) => tradable.has(ticker.symbol) && ticker.quoteVolume.isGreaterThanOrEqualTo(rules.minQuoteVolume))
    .toSorted((a, b) => b.quoteVolume.comparedTo(a.quoteVolume) ?? 0)
    .slice(0, rules.top)
    .map((ticker) => ticker.symbol);
}
