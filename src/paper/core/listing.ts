/** Whether a symbol trades, and what its status lets through. */
import type { SymbolStatus } from './model.ts';
import type { Turn } from './turn.ts';
import type { ExchangeState, Market } from './state.ts';
import type { SymbolRules } from './symbol-rules.ts';
import { VenueError } from './venue-error.ts';

export function statusOf(state: ExchangeState, symbol: string): SymbolStatus {
  return state.listings.get(symbol)?.status ?? 'TRADING';
}

/** Nothing fills or triggers on a symbol that does not trade. */
export function isTrading(state: ExchangeState, symbol: string): boolean {
  const status = statusOf(state, symbol);
  return status === 'TRADING' || status === 'PRE_SETTLE';
}

/** @throws VenueError −4140 for what may open on a symbol that does not, −4141 for anything on a closed one */
function checkTrading(state: ExchangeState, symbol: string, reduces: boolean): void {
  const status = statusOf(state, symbol);
  if (status === 'SETTLING' || status === 'CLOSE') throw new VenueError('SYMBOL_CLOSED');
  if (status === 'PENDING_TRADING' || (status === 'PRE_SETTLE' && !reduces)) throw new VenueError('NOT_OPENABLE');
}

/** @throws VenueError −1121 */
export function rulesOf(turn: Turn, symbol: string): SymbolRules {
  const rules = turn.state.rules.get(symbol);
  if (!rules) throw new VenueError('BAD_SYMBOL');
  return rules;
}

/** The market of a symbol that trades; a listed one without a price yet is refused. @param reduces it can only close */
export function marketOf(turn: Turn, symbol: string, reduces: boolean = false): Market {
  rulesOf(turn, symbol);
  checkTrading(turn.state, symbol, reduces);
  const market = turn.state.markets.get(symbol);
  if (!market) throw new VenueError('NOT_OPENABLE');
  return market;
}
