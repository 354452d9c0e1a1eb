/** The whole state of the exchange, and the only function that changes what it keeps: applying an event. */
import { ZERO } from '../../protocol/decimal.ts';
import type { Level, MarketView } from './book.ts';
import type { ExchangeEvent } from './events.ts';
import type { Account, Algo, Funding, Income, MarginChange, Order, Position, PositionSide, Settings, Side, SymbolStatus, Trade } from './model.ts';
import type { SymbolRules } from './symbol-rules.ts';

const DEFAULT_LEVERAGE = 20;
/** Income and settled fundings are kept this long, as on the live venue. */
const RETENTION_MS = 90 * 86_400_000;

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
  /** In the order of time, of the last 90 days. */
  readonly incomes: Income[];
  /** In the order of time, of the last 90 days. */
  readonly marginChanges: MarginChange[];
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
  readonly statuses: Map<string, SymbolStatus>;
  /** Of each symbol what was settled in the last 90 days, oldest first. */
  readonly fundings: Map<string, Funding[]>;
  lastOrderId: number;
  lastAlgoId: number;
  lastTradeId: number;
  lastTranId: number;
}

/** First ids are one above these: long, as live ones are, and apart from one another. */
const BEFORE_FIRST = { order: 8_400_000_000, algo: 3_000_000_000_000, trade: 500_000_000, tran: 7_000_000_000_000 };

export function emptyState(rules: Iterable<SymbolRules>): ExchangeState {
  return {
    rules: new Map([...rules].map((rule) => [rule.symbol, rule])),
    markets: new Map(),
    accounts: new Map(),
    statuses: new Map(),
    fundings: new Map(),
    lastOrderId: BEFORE_FIRST.order,
    lastAlgoId: BEFORE_FIRST.algo,
    lastTradeId: BEFORE_FIRST.trade,
    lastTranId: BEFORE_FIRST.tran,
  };
}

function accountState(account: Account): AccountState {
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
    marginCalls: new Map(),
    algos: new Map(),
    openAlgos: new Map(),
    byClientAlgoId: new Map(),
  };
}

function clientKey(symbol: string, clientOrderId: string): string {
  return `${symbol} ${clientOrderId}`;
}

/** Where a position is found: its symbol, and in hedge mode its leg. */
export function positionKey({ symbol, positionSide }: { readonly symbol: string; readonly positionSide: PositionSide }): string {
  return positionSide === 'BOTH' ? symbol : `${symbol} ${positionSide}`;
}

/** The legs that an account's symbols have. */
export function legsOf(own: AccountState): readonly PositionSide[] {
  return own.account.dualSide ? ['LONG', 'SHORT'] : ['BOTH'];
}

export function isOpenOrder(order: Order): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

/** Cancellable: not yet on its way into the engine. */
function isOpenAlgo(algo: Algo): boolean {
  return algo.status === 'NEW';
}

function owner(state: ExchangeState, apiKey: string): AccountState {
  const found = state.accounts.get(apiKey);
  if (!found) throw new Error(`no account ${apiKey}`);
  return found;
}

function setOrder(state: ExchangeState, order: Order): void {
  const own = owner(state, order.account);
  own.orders.set(order.orderId, order);
  own.byClientId.set(clientKey(order.symbol, order.clientOrderId), order.orderId);
  if (isOpenOrder(order)) own.openOrders.set(order.orderId, order);
  else own.openOrders.delete(order.orderId);
  state.lastOrderId = Math.max(state.lastOrderId, order.orderId);
}

function setAlgo(state: ExchangeState, algo: Algo): void {
  const own = owner(state, algo.account);
  own.algos.set(algo.algoId, algo);
  own.byClientAlgoId.set(algo.clientAlgoId, algo.algoId);
  if (isOpenAlgo(algo)) own.openAlgos.set(algo.algoId, algo);
  else own.openAlgos.delete(algo.algoId);
  state.lastAlgoId = Math.max(state.lastAlgoId, algo.algoId);
}

function dropBefore<T>(rows: T[], timeOf: (row: T) => number, oldest: number): void {
  const kept = rows.findIndex((row) => timeOf(row) >= oldest);
  rows.splice(0, kept < 0 ? rows.length : kept);
}

function setFunding(state: ExchangeState, funding: Funding): void {
  const rows = state.fundings.get(funding.symbol) ?? [];
  state.fundings.set(funding.symbol, rows);
  rows.push(funding);
  dropBefore(rows, (row) => row.fundingTime, funding.fundingTime - RETENTION_MS);
}

/** Events carry what is true after them, so applying is setting; it serves a running exchange and one that is being loaded alike. */
export function applyEvent(state: ExchangeState, event: ExchangeEvent): void {
  switch (event.type) {
    case 'AccountOpened':
      state.accounts.set(event.account.apiKey, accountState(event.account));
      break;
    case 'LeverageChanged':
    case 'MarginTypeChanged':
      owner(state, event.settings.account).settings.set(event.settings.symbol, event.settings);
      break;
    case 'PositionModeChanged':
      owner(state, event.account.apiKey).account = event.account;
      break;
    case 'OrderAccepted':
    case 'OrderAmended':
    case 'OrderCanceled':
    case 'OrderExpired':
      setOrder(state, event.order);
      break;
    case 'OrderTraded': {
      const own = owner(state, event.order.account);
      setOrder(state, event.order);
      own.trades.push(event.trade);
      own.positions.set(positionKey(event.position), event.position);
      own.account = event.account;
      state.lastTradeId = Math.max(state.lastTradeId, event.trade.id);
      break;
    }
    case 'IncomeBooked': {
      const own = owner(state, event.income.account);
      own.incomes.push(event.income);
      dropBefore(own.incomes, (row) => row.time, event.income.time - RETENTION_MS);
      own.positions.set(positionKey(event.position), event.position);
      own.account = event.account;
      state.lastTranId = Math.max(state.lastTranId, event.income.tranId);
      break;
    }
    case 'MarginMoved': {
      const own = owner(state, event.change.account);
      own.marginChanges.push(event.change);
      dropBefore(own.marginChanges, (row) => row.time, event.change.time - RETENTION_MS);
      own.positions.set(positionKey(event.position), event.position);
      state.lastTranId = Math.max(state.lastTranId, event.change.tranId);
      break;
    }
    case 'MarginCalled':
      owner(state, event.account).marginCalls.set(positionKey(event.position), event.time);
      break;
    case 'FundingSettled':
      setFunding(state, event.funding);
      break;
    case 'SymbolStatusChanged':
      state.statuses.set(event.listing.symbol, event.listing.status);
      break;
    case 'AlgoVanished':
    case 'AlgoTrailed':
    case 'AlgoChanged':
      setAlgo(state, event.algo);
      break;
  }
}

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

export function orderByClientId(own: AccountState, symbol: string, clientOrderId: string): Order | undefined {
  const orderId = own.byClientId.get(clientKey(symbol, clientOrderId));
  return orderId === undefined ? undefined : own.orders.get(orderId);
}

export function algoByClientId(own: AccountState, clientAlgoId: string): Algo | undefined {
  const algoId = own.byClientAlgoId.get(clientAlgoId);
  return algoId === undefined ? undefined : own.algos.get(algoId);
}
