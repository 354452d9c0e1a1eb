/** The whole state of the exchange, and where everything in it is found. Only `applyEvent` changes it. */
import { ZERO } from '../../protocol/decimal.ts';
import type { Level, MarketView } from './book.ts';
import type { Account, Algo, AmendmentRecord, Funding, Income, Listing, MarginChange, Order, Position, PositionSide, Settings, Side, Trade } from './model.ts';
import type { SymbolRules } from './symbol-rules.ts';

const DEFAULT_LEVERAGE = 20;

/** Lists are in the order of their ids. */
export interface AccountState {
  account: Account;
  readonly settings: Map<string, Settings>;
  /** By `positionKey`. */
  readonly positions: Map<string, Position>;
  readonly orders: Map<number, Order>;
  readonly openOrders: Map<number, Order>;
  /** Newest order of each symbol and client id. */
  readonly byClientId: Map<string, number>;
  readonly trades: Trade[];
  readonly incomes: Income[];
  readonly marginChanges: MarginChange[];
  readonly amendments: AmendmentRecord[];
  /** When each leg last got a margin call; not kept over a restart. */
  readonly marginCalls: Map<string, number>;
  readonly algos: Map<number, Algo>;
  readonly openAlgos: Map<number, Algo>;
  readonly byClientAlgoId: Map<string, number>;
}

/** A market view with what takers have left of its book. */
export interface Market {
  readonly view: MarketView;
  readonly sides: Map<Side, Level[]>;
}

export interface ExchangeState {
  readonly rules: Map<string, SymbolRules>;
  readonly markets: Map<string, Market>;
  readonly accounts: Map<string, AccountState>;
  /** Of symbols that are not simply trading. */
  readonly listings: Map<string, Listing>;
  /** Of each symbol what was settled in the last 90 days, oldest first. */
  readonly fundings: Map<string, Funding[]>;
  lastOrderId: number;
  lastAlgoId: number;
  lastTradeId: number;
  lastTranId: number;
  lastAmendmentId: number;
}

/** First ids are one above these: long, as live ones are, and apart from one another. */
const BEFORE_FIRST = { order: 8_400_000_000, algo: 3_000_000_000_000, trade: 500_000_000, tran: 7_000_000_000_000, amendment: 5_000 };

export function emptyState(rules: Iterable<SymbolRules>): ExchangeState {
  return {
    rules: new Map([...rules].map((rule) => [rule.symbol, rule])),
    markets: new Map(),
    accounts: new Map(),
    listings: new Map(),
    fundings: new Map(),
    lastOrderId: BEFORE_FIRST.order,
    lastAlgoId: BEFORE_FIRST.algo,
    lastTradeId: BEFORE_FIRST.trade,
    lastTranId: BEFORE_FIRST.tran,
    lastAmendmentId: BEFORE_FIRST.amendment,
  };
}

/** An account that nothing has happened to yet. */
export function accountState(account: Account): AccountState {
  return {
    account,
    settings: new Map(),
    positions: new Map(),
    orders: new Map(),
    openOrders: new Map(),
    byClientId: new Map(),
    trades: [],
    incomes: [],
    marginChanges: [],
    amendments: [],
    marginCalls: new Map(),
    algos: new Map(),
    openAlgos: new Map(),
    byClientAlgoId: new Map(),
  };
}

/** Where a position is found: its symbol, and in hedge mode its leg. */
export function positionKey({ symbol, positionSide }: { readonly symbol: string; readonly positionSide: PositionSide }): string {
  return positionSide === 'BOTH' ? symbol : `${symbol} ${positionSide}`;
}

/** The legs that an account's symbols have. */
export function legsOf(own: AccountState): readonly PositionSide[] {
  return own.account.dualSide ? ['LONG', 'SHORT'] : ['BOTH'];
}

/** Whether it is still in the book. */
export function isOpenOrder(order: Order): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

/** The account of an API key that must exist. */
export function owner(state: ExchangeState, apiKey: string): AccountState {
  const found = state.accounts.get(apiKey);
  if (!found) throw new Error(`no account ${apiKey}`);
  return found;
}

/** As the owner set it, or as it is from the start. */
export function settingsOf(own: AccountState, symbol: string): Settings {
  return own.settings.get(symbol) ?? { account: own.account.apiKey, symbol, leverage: DEFAULT_LEVERAGE, marginType: 'CROSSED' };
}

export function positionOf(own: AccountState, symbol: string, positionSide: PositionSide = 'BOTH'): Position {
  return (
    own.positions.get(positionKey({ symbol, positionSide })) ?? {
      account: own.account.apiKey,
      symbol,
      positionSide,
      amount: ZERO,
      entryPrice: ZERO,
      isolatedWallet: ZERO,
      realised: ZERO,
      carried: ZERO,
      updateTime: 0,
    }
  );
}

/** Whether any leg of the symbol is open. */
export function holds(own: AccountState, symbol: string): boolean {
  return legsOf(own).some((leg) => !positionOf(own, symbol, leg).amount.isZero());
}

/** How an order of that name is found in `byClientId`. */
export function clientKey(symbol: string, clientOrderId: string): string {
  return `${symbol} ${clientOrderId}`;
}

export function orderByClientId(own: AccountState, symbol: string, clientOrderId: string): Order | undefined {
  const orderId = own.byClientId.get(clientKey(symbol, clientOrderId));
  return orderId === undefined ? undefined : own.orders.get(orderId);
}

export function algoByClientId(own: AccountState, clientAlgoId: string): Algo | undefined {
  const algoId = own.byClientAlgoId.get(clientAlgoId);
  return algoId === undefined ? undefined : own.algos.get(algoId);
}
