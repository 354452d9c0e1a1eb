/** ACTIVE → REDUCING → HALTED: what may lower the state, what may raise it, and what survives a restart. */
import type { TradingStateName } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';

/** The durable part of the trading state. */
export interface TradingState {
  readonly overall: TradingStateName;
  readonly symbols: ReadonlyMap<SymbolName, TradingStateName>;
  readonly cause: string;
  readonly since: number;
}

export const INITIAL_TRADING_STATE: TradingState = { overall: 'ACTIVE', symbols: new Map(), cause: 'first start', since: 0 };

const STRICTNESS: Readonly<Record<TradingStateName, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2 };

export function stricter(a: TradingStateName, b: TradingStateName): TradingStateName {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}

/** True when `to` allows less than `from`: it takes effect before it is recorded (ruling 11). */
export function isLowering(from: TradingStateName, to: TradingStateName): boolean {
  return STRICTNESS[to] > STRICTNESS[from];
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
