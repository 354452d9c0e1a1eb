/** ACTIVE → REDUCING → HALTED → FLATTENING: what may lower the state, what may raise it, and what survives a restart. */
import { decimal } from '../protocol/decimal.ts';
import type { AutomaticCause } from '../protocol/messages.ts';
import type { EquityView, LifeView, TradingStateName } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';

/** The durable part of the trading state. */
export interface TradingState {
  readonly overall: TradingStateName;
  readonly symbols: ReadonlyMap<SymbolName, TradingStateName>;
  readonly cause: string;
  readonly since: number;
}

export const INITIAL_TRADING_STATE: TradingState = { overall: 'ACTIVE', symbols: new Map(), cause: 'first start', since: 0 };

/** FLATTENING is stricter than HALTED: it does what a halt does, and closes besides. When nothing is left, it becomes HALTED. */
const STRICTNESS: Readonly<Record<TradingStateName, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2, FLATTENING: 3 };

/** Of the whole, or of a symbol by itself. */
export function stateOf(state: TradingState, symbol: SymbolName | undefined): TradingStateName {
  return symbol === undefined ? state.overall : (state.symbols.get(symbol) ?? 'ACTIVE');
}

export function stricter(a: TradingStateName, b: TradingStateName): TradingStateName {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}

/** True when `to` allows less than `from`: it takes effect before it is recorded (ruling 11). */
export function isLowering(from: TradingStateName, to: TradingStateName): boolean {
  return STRICTNESS[to] > STRICTNESS[from];
}

/**
 * Whether `to` waits until it is on record (ruling 11): it allows more, or it is an activation. What is asked for once more is
 * in force at once: an activation may be on its way that would raise it otherwise.
 */
export function isRaising(from: TradingStateName, to: TradingStateName): boolean {
  return to === 'ACTIVE' || STRICTNESS[to] < STRICTNESS[from];
}

/** When an activation counts as made, ms: each begins a session of its own, also after the wall clock was set back. */
export function activationAt(at: number, before: number): number {
  return Math.max(at, before + 1);
}

export function withState(state: TradingState, to: TradingStateName, symbol: SymbolName | undefined, cause: string, at: number): TradingState {
  if (symbol === undefined) return { ...state, overall: to, cause, since: at };
  const symbols = new Map(state.symbols);
  if (to === 'ACTIVE') symbols.delete(symbol);
  else symbols.set(symbol, to);
  // A symbol's own state does not explain the whole: what lowered that stays its cause.
  return state.overall === 'ACTIVE' ? { ...state, symbols, cause, since: at } : { ...state, symbols };
}

/** At start the lower of file and journal wins, for the whole and for each symbol: neither can raise what the other lowered. */
export function lowerOf(a: TradingState, b: TradingState): TradingState {
  const symbols = new Map<SymbolName, TradingStateName>();
  for (const symbol of new Set([...a.symbols.keys(), ...b.symbols.keys()])) symbols.set(symbol, stricter(a.symbols.get(symbol) ?? 'ACTIVE', b.symbols.get(symbol) ?? 'ACTIVE'));
  const leading = STRICTNESS[a.overall] >= STRICTNESS[b.overall] ? a : b;
  return { ...leading, symbols };
}

/** A cause that lowers the state by itself (ruling 12). It is not durable: it does not outlive the process whose restarts are spent. */
export interface StandingCause {
  readonly symbol: SymbolName | undefined;
  readonly reason: string;
  /** Wall time, ms. */
  readonly since: number;
  /** Since when it has been reported gone, monotonic ms; undefined: it stands. */
  readonly goneSince: number | undefined;
  /** An operator's activation ends it. */
  readonly endedByOperator: boolean;
}

/** A cause that is gone holds the state this long all the same, and until the reconciler has passed. */
export const CAUSE_GONE_MS = 300_000;

/** The causes that lower the state after a report of those that stand. Without a report nothing is gone. */
export function foldCauses(known: ReadonlyMap<string, StandingCause>, reported: readonly AutomaticCause[], reconciled: boolean, now: { readonly wall: number; readonly monotonic: number }): ReadonlyMap<string, StandingCause> {
  const next = new Map<string, StandingCause>(reported.map(({ key, symbol, reason, endedByOperator }) => [key, { symbol, reason, since: known.get(key)?.since ?? now.wall, goneSince: undefined, endedByOperator: endedByOperator === true }]));
  for (const [key, cause] of known) {
    const goneSince = cause.goneSince ?? now.monotonic;
    if (!next.has(key) && !(reconciled && now.monotonic - goneSince >= CAUSE_GONE_MS)) next.set(key, { ...cause, goneSince });
  }
  return next;
}

/** What an activation of a symbol, or of everything, ends by the way: the causes that say so of themselves. */
export function endedByActivation(causes: ReadonlyMap<string, StandingCause>, symbol: SymbolName | undefined): readonly string[] {
  return [...causes].filter(([, cause]) => cause.endedByOperator && (symbol === undefined || cause.symbol === symbol)).map(([key]) => key);
}

/** The state that holds: as set, lowered by what stands. */
export function withCauses(state: TradingState, causes: ReadonlyMap<string, StandingCause>): TradingState {
  if (causes.size === 0) return state;
  const all = [...causes.values()];
  const overall = all.some((cause) => cause.symbol === undefined) ? stricter(state.overall, 'REDUCING') : state.overall;
  const symbols = new Map(state.symbols);
  for (const { symbol } of all) if (symbol !== undefined) symbols.set(symbol, stricter(symbols.get(symbol) ?? 'ACTIVE', 'REDUCING'));
  // What an operator lowered stays explained by the operator.
  if (state.overall !== 'ACTIVE') return { ...state, symbols };
  return { overall, symbols, cause: `automatic: ${all.map((cause) => cause.reason).join('; ')}`, since: Math.min(...all.map((cause) => cause.since)) };
}

/** What an order of an operator may not do; undefined: it may. */
export function refusalOf(from: TradingStateName, to: TradingStateName): string | undefined {
  if (from === 'FLATTENING' && (to === 'HALTED' || to === 'REDUCING')) return 'everything is being closed, and trading is halted when that is done; only an activation ends it';
  return undefined;
}

/** The symbols that are to be closed now: all that hold or open something, where the whole or they themselves are FLATTENING. */
export function toFlatten(state: TradingState, lives: ReadonlyMap<SymbolName, LifeView>): readonly LifeView[] {
  return [...lives.values()].filter((life) => life.phase !== 'Flat' && (state.overall === 'FLATTENING' || state.symbols.get(life.symbol) === 'FLATTENING'));
}

/** What is FLATTENING and has nothing left: `null` is the whole. A symbol whose executor has not spoken may hold something. */
export function flattened(state: TradingState, expected: readonly SymbolName[], lives: ReadonlyMap<SymbolName, LifeView>): readonly (SymbolName | null)[] {
  const isFlat = (symbol: SymbolName) => lives.get(symbol)?.phase === 'Flat';
  const own = [...state.symbols].filter(([symbol, name]) => name === 'FLATTENING' && isFlat(symbol)).map(([symbol]) => symbol);
  return state.overall === 'FLATTENING' && expected.every(isFlat) ? [...own, null] : own;
}

/** Why everything must be closed: the fall from the session's peak. Undefined: it must not, or it is not known for this session. */
export function flattenCause(equity: EquityView, activatedAt: number, limitPercent: string): string | undefined {
  const { performance } = equity;
  if (performance === undefined || performance.sessionSince < activatedAt) return undefined;
  const { sessionDrawdownPercent, sessionPeak } = performance;
  if (decimal(sessionDrawdownPercent).isLessThan(limitPercent)) return undefined;
  return `equity ${equity.equity} USDT is ${sessionDrawdownPercent} % below the session's peak of ${sessionPeak} USDT; the limit is ${limitPercent} %`;
}
