/** What happened, in the past tense, each event with the records as they are after it: the store, the answers and the user stream derive from these alone. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { Account, Algo, AmendmentRecord, Counters, Funding, Income, Listing, MarginChange, Order, Position, Settings, Trade } from './model.ts';

/** What does not stay for ever. */
export type AgeingKind = 'order' | 'algo' | 'trade' | 'income' | 'margin-change' | 'amendment';
export type Gone = Readonly<Record<AgeingKind, readonly number[]>>;

export type ExchangeEvent =
  | { readonly type: 'AccountOpened'; readonly time: number; readonly account: Account }
  | { readonly type: 'LeverageChanged'; readonly time: number; readonly settings: Settings }
  | { readonly type: 'MarginTypeChanged'; readonly time: number; readonly settings: Settings }
  | { readonly type: 'PositionModeChanged'; readonly time: number; readonly account: Account }
  | { readonly type: 'OrderAccepted'; readonly time: number; readonly order: Order }
  | { readonly type: 'OrderAmended'; readonly time: number; readonly order: Order; readonly amendment: AmendmentRecord }
  | { readonly type: 'OrderCanceled'; readonly time: number; readonly order: Order }
  | { readonly type: 'OrderExpired'; readonly time: number; readonly order: Order }
  /** One trade, with the order, position and wallet after it. */
  | { readonly type: 'OrderTraded'; readonly time: number; readonly order: Order; readonly trade: Trade; readonly position: Position; readonly account: Account }
  /** The wallet changed without a trade; with the account and the position after it. */
  | { readonly type: 'IncomeBooked'; readonly time: number; readonly income: Income; readonly account: Account; readonly position: Position }
  | { readonly type: 'MarginMoved'; readonly time: number; readonly change: MarginChange; readonly position: Position }
  /** Advice only: this leg is near its liquidation, in a state that nothing changes. */
  | { readonly type: 'MarginCalled'; readonly time: number; readonly account: string; readonly position: Position; readonly mark: Decimal; readonly unrealised: Decimal; readonly maintMargin: Decimal; readonly crossWallet: Decimal }
  | { readonly type: 'FundingSettled'; readonly time: number; readonly funding: Funding }
  | { readonly type: 'SymbolStatusChanged'; readonly time: number; readonly listing: Listing }
  /** Records too old to be kept are gone, by their ids; with the account and the counters after it. */
  | { readonly type: 'HistoryPruned'; readonly time: number; readonly account: Account; readonly counters: Counters; readonly gone: Gone }
  /** Gone without a word to its owner. */
  | { readonly type: 'AlgoVanished'; readonly time: number; readonly algo: Algo }
  /** A trailing stop followed the market; nobody is told. */
  | { readonly type: 'AlgoTrailed'; readonly time: number; readonly algo: Algo }
  | { readonly type: 'AlgoChanged'; readonly time: number; readonly algo: Algo };
