/** What happened, in the past tense, each event with the records as they are after it: the store, the answers and the user stream derive from these alone. */
import type { Account, Algo, Funding, Income, Order, Position, Settings, Trade } from './model.ts';

export type ExchangeEvent =
  | { readonly type: 'AccountOpened'; readonly time: number; readonly account: Account }
  | { readonly type: 'LeverageChanged'; readonly time: number; readonly settings: Settings }
  | { readonly type: 'MarginTypeChanged'; readonly time: number; readonly settings: Settings }
  | { readonly type: 'PositionModeChanged'; readonly time: number; readonly account: Account }
  | { readonly type: 'OrderAccepted'; readonly time: number; readonly order: Order }
  | { readonly type: 'OrderCanceled'; readonly time: number; readonly order: Order }
  | { readonly type: 'OrderExpired'; readonly time: number; readonly order: Order }
  /** One trade, with the order, position and wallet after it. */
  | { readonly type: 'OrderTraded'; readonly time: number; readonly order: Order; readonly trade: Trade; readonly position: Position; readonly account: Account }
  /** The wallet changed without a trade; with the account and the position after it. */
  | { readonly type: 'IncomeBooked'; readonly time: number; readonly income: Income; readonly account: Account; readonly position: Position }
  | { readonly type: 'FundingSettled'; readonly time: number; readonly funding: Funding }
  | { readonly type: 'AlgoChanged'; readonly time: number; readonly algo: Algo };
