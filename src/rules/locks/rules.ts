/** Which locks a result or a refusal brings, and when a lock ends by itself: pure, over the book. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, text, ZERO } from '../../protocol/decimal.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import { entryPauseAfter, meaningOf, reactionTo } from '../../protocol/venue-reactions.ts';
import type { Asked } from '../../protocol/venue-reactions.ts';
import type { EquityView, LockKind } from '../../protocol/views.ts';
import type { PositionSide, SymbolName } from '../../protocol/names.ts';
import { kindKey } from './book.ts';
import type { KeptLock, LockBook, Refusal, Result } from './book.ts';

export interface LockRules {
  readonly cooldownMs: number;
  readonly sameSignal: { readonly pauseMs: number; readonly resetPercent: string };
  readonly killClose: { readonly pauseMs: number };
  readonly lossStreak: { readonly losses: number; readonly pauseMs: number };
  readonly stopGuard: { readonly stops: number; readonly windowMs: number; readonly pauseMs: number };
  readonly lowProfit: { readonly trades: number; readonly windowMs: number; readonly minPercent: string; readonly pauseMs: number };
  readonly drawdown: { readonly trades: number; readonly windowMs: number; readonly maxPercent: string; readonly pauseMs: number };
  readonly errorBreaker: { readonly errors: number; readonly windowMs: number; readonly pauseMs: number };
}

/** How a position ends that was stopped: by the exchange, or by us in its place. */
const STOPS: ReadonlySet<string> = new Set(['STOP', 'STOP_PASSED', 'EMERGENCY']);
/** After these the same signal may not open again (ruling 20). */
const AGAINST_THE_SIGNAL: ReadonlySet<string> = new Set([...STOPS, 'TIME_STOP', 'KILL_SCORE']);
const SHOWN_DIGITS = 4;

/** What `result`, the last that was put into `book`, brings. Its funding may have been long in coming: what looks at all symbols looks at all results, the later ones too. `equity`: what percentages of the account are measured by. */
export function locksOf(result: Result, book: LockBook, rules: LockRules, equity: EquityView | undefined): readonly KeptLock[] {
  return [cooldown(result, rules), sameSignal(result, rules), killClose(result, rules), lossStreak(result, book, rules), stopGuard(result, book, rules), lowProfit(result, book, rules), drawdown(result, book, rules, equity)].filter((lock) => lock !== undefined);
}

interface Scope {
  readonly symbol: SymbolName | null;
  readonly side?: PositionSide;
}

function lock(kind: LockKind, { symbol, side }: Scope, code: DenialCode, since: number, pauseMs: number, cause: string): KeptLock | undefined {
  if (pauseMs <= 0) return undefined;
  return { lockId: `${kind}-${symbol ?? 'all'}${side === undefined ? '' : `-${side}`}-${since}`, kind, symbol, side: side ?? null, code, since, until: since + pauseMs, cause };
}

function cooldown({ symbol, closedAt, reason }: Result, { cooldownMs }: LockRules): KeptLock | undefined {
  return lock('cooldown', { symbol }, 'SYMBOL_COOLDOWN', closedAt, cooldownMs, `closed by ${reason}`);
}

function sameSignal({ symbol, side, reason, closedAt }: Result, { sameSignal: { pauseMs } }: LockRules): KeptLock | undefined {
  return AGAINST_THE_SIGNAL.has(reason) ? lock('same-signal', { symbol, side }, 'SAME_SIGNAL', closedAt, pauseMs, `${side} was closed by ${reason}`) : undefined;
}

function killClose({ symbol, reason, closedAt }: Result, { killClose: { pauseMs } }: LockRules): KeptLock | undefined {
  return reason === 'KILL_SCORE' ? lock('kill-close', { symbol }, 'KILL_SCORE', closedAt, pauseMs, 'closed for its kill score') : undefined;
}

/** Results that no lock of this kind has been set for yet. */
function since(book: LockBook, kind: LockKind, symbol: SymbolName | null, windowMs: number, now: number): readonly Result[] {
  const from = Math.max(book.lastSet.get(kindKey(kind, symbol)) ?? -Infinity, now - windowMs);
  return book.results.filter((one) => one.closedAt > from && one.closedAt <= now && (symbol === null || one.symbol === symbol));
}

/** When the newest of the results was closed. */
function newestOf(book: LockBook, { closedAt }: Result): number {
  return book.results.at(-1)?.closedAt ?? closedAt;
}

function lossStreak(result: Result, book: LockBook, { lossStreak: { losses, pauseMs } }: LockRules): KeptLock | undefined {
  const now = newestOf(book, result);
  const last = since(book, 'loss-streak', null, Infinity, now).slice(-losses);
  if (last.length < losses || !last.every((one) => decimal(one.net).isNegative())) return undefined;
  return lock('loss-streak', { symbol: null }, 'LOSS_STREAK', now, pauseMs, `${losses} losses in a row: ${last.map((one) => `${one.symbol} ${one.net}`).join(', ')} USDT`);
}

function stopGuard(result: Result, book: LockBook, { stopGuard: { stops, windowMs, pauseMs } }: LockRules): KeptLock | undefined {
  if (!STOPS.has(result.reason)) return undefined;
  const now = newestOf(book, result);
  const hit = since(book, 'stop-guard', null, windowMs, now).filter((one) => STOPS.has(one.reason));
  return hit.length < stops ? undefined : lock('stop-guard', { symbol: null }, 'STOP_GUARD', now, pauseMs, `${hit.length} stops within ${windowMs / 60_000} min: ${hit.map((one) => one.symbol).join(', ')}`);
}

function lowProfit({ symbol, closedAt }: Result, book: LockBook, { lowProfit: { trades, windowMs, minPercent, pauseMs } }: LockRules): KeptLock | undefined {
  const own = since(book, 'low-profit', symbol, windowMs, closedAt);
  const traded = sum(own.map((one) => one.notional));
  if (own.length < trades || traded.isZero()) return undefined;
  const percent = sum(own.map((one) => one.net)).dividedBy(traded).multipliedBy(100);
  return percent.isLessThan(minPercent) ? lock('low-profit', { symbol }, 'LOW_PROFIT', closedAt, pauseMs, `${own.length} results made ${text(percent.decimalPlaces(SHOWN_DIGITS))} % of what was traded; ${minPercent} % are required`) : undefined;
}

/** The fall of the summed results from their best, in percent of the equity. */
function drawdown(result: Result, book: LockBook, { drawdown: { trades, windowMs, maxPercent, pauseMs } }: LockRules, equity: EquityView | undefined): KeptLock | undefined {
  const now = newestOf(book, result);
  const recent = since(book, 'drawdown', null, windowMs, now);
  if (equity === undefined || recent.length < trades || !decimal(equity.equity).isGreaterThan(ZERO)) return undefined;
  let [total, best, worst] = [ZERO, ZERO, ZERO];
  for (const { net } of recent) {
    total = total.plus(net);
    if (total.isGreaterThan(best)) best = total;
    if (best.minus(total).isGreaterThan(worst)) worst = best.minus(total);
  }
  const percent = worst.dividedBy(equity.equity).multipliedBy(100);
  return percent.isLessThan(maxPercent) ? undefined : lock('drawdown', { symbol: null }, 'DRAWDOWN', now, pauseMs, `${recent.length} results fell ${text(percent.decimalPlaces(SHOWN_DIGITS))} % of the equity from their best`);
}

/** What `refusal`, the newest of `book`, brings. */
export function locksOfRefusal(refusal: Refusal, book: LockBook, rules: LockRules, equity: EquityView | undefined): readonly KeptLock[] {
  return [pause('OPEN', refusal, book, equity), errorBreaker(refusal, book, rules)].filter((one) => one !== undefined);
}

/** The rest of openings that the table of the venue's answers prescribes after `refusal`; for all, or for its symbol; undefined: none, or one stands that lasts about as long. */
export function pause(asked: Asked, { venueCode, message, at, symbol }: Refusal, book: LockBook, equity: EquityView | undefined): KeptLock | undefined {
  const prescribed = entryPauseAfter(asked, venueCode);
  if (prescribed === undefined) return undefined;
  const { of, until } = prescribed;
  if (until !== 'balance') {
    const scope = of === 'all' ? null : symbol;
    const stands = [...book.standing.values()].some((one) => one.kind === 'venue-refusal' && one.symbol === scope && one.until !== null && one.until >= at + until / 2);
    return stands ? undefined : lock('venue-refusal', { symbol: scope }, 'VENUE_PAUSED', at, until, `${symbol}: ${message} (${venueCode}: ${meaningOf(venueCode) ?? 'no meaning on record'})`);
  }
  // Asking again is in vain until there is more (failure 40).
  return { lockId: `margin-all-${at}`, kind: 'margin', symbol: null, side: null, code: 'MARGIN_INSUFFICIENT', since: at, until: null, cause: `${symbol}: ${message}`, ...(equity === undefined ? {} : { available: equity.availableBalance }) };
}

function errorBreaker({ at }: Refusal, book: LockBook, { errorBreaker: { errors, windowMs, pauseMs } }: LockRules): KeptLock | undefined {
  const from = Math.max(book.lastSet.get(kindKey('error-breaker', null)) ?? -Infinity, at - windowMs);
  // A request for rest refuses no order: the gateway heeds that.
  const recent = book.refusals.filter((one) => one.at > from && one.at <= at && reactionTo('OPEN', one.venueCode) !== 'rest');
  if (recent.length < errors) return undefined;
  const codes = [...new Set(recent.map((one) => one.venueCode))].join(', ');
  return lock('error-breaker', { symbol: null }, 'ERROR_BREAKER', at, pauseMs, `the venue refused ${recent.length} orders within ${windowMs / 60_000} min (${codes})`);
}

/** Why a lock ends by itself now; undefined: it stands. `changePercent`: the 24 h change of its symbol, if it is known. */
export function endOf(one: KeptLock, now: number, rules: LockRules, changePercent: Decimal | undefined, equity: EquityView | undefined): string | undefined {
  if (one.until !== null && now >= one.until) return 'its time is over';
  if (one.kind === 'same-signal' && changePercent !== undefined && changePercent.abs().isLessThanOrEqualTo(rules.sameSignal.resetPercent)) return `the 24 h change is back at ${text(changePercent)} %`;
  // Without a measure any observation after it will do.
  if (one.kind === 'margin' && equity !== undefined && equity.observedAt > one.since && (one.available === undefined || decimal(equity.availableBalance).isGreaterThan(one.available))) return `${equity.availableBalance} USDT are available`;
  return undefined;
}

function sum(values: readonly string[]): Decimal {
  return values.reduce<Decimal>((total, value) => total.plus(value), ZERO);
}
