/** What is asked of the exchange and what it answers, in our own words: the same for paper, testnet and mainnet. */
import type { Decimal } from './decimal.ts';
import type { Candle, Instrument, Ticker24h } from './market.ts';
import type { ClientId, OrderSide, SymbolName } from './names.ts';
import type { Reaction } from './venue-reactions.ts';

/** How late a signed request may arrive, ms: what bounds an order that nobody waits for any more (ruling 38). */
export const RECV_WINDOW_MS = 5_000;

export type MarginMode = 'ISOLATED' | 'CROSSED';

/** A protective order: fires on the mark price, reduce-only, good till cancelled (ruling 6). */
export type ProtectionLeg = 'stop' | 'target';

/**
 * One write to the exchange. Each needs its own permit, or a mandate (rulings 1 and 2).
 * There is no other way to say "send this", and a write that opens is another type than one that closes (failure 49).
 */
export type VenueWrite =
  | { readonly kind: 'OPEN'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly side: OrderSide; readonly quantity: Decimal; readonly price: Decimal }
  | { readonly kind: 'CLOSE'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly side: OrderSide; readonly quantity: Decimal }
  | { readonly kind: 'PROTECT'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly side: OrderSide; readonly leg: ProtectionLeg; readonly quantity: Decimal; readonly triggerPrice: Decimal }
  | { readonly kind: 'CANCEL'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly of: 'order' | 'algo' }
  | { readonly kind: 'CONFIGURE'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly setting: 'leverage'; readonly leverage: number }
  | { readonly kind: 'CONFIGURE'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly setting: 'marginMode'; readonly marginMode: MarginMode };

export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'REJECTED' | 'EXPIRED_IN_MATCH';
export type AlgoStatus = 'NEW' | 'TRIGGERING' | 'TRIGGERED' | 'FINISHED' | 'CANCELED' | 'EXPIRED' | 'REJECTED';

export function isTerminal(status: OrderStatus): boolean {
  return status !== 'NEW' && status !== 'PARTIALLY_FILLED';
}

/** An order as the venue reports it. */
export interface VenueOrder {
  readonly symbol: SymbolName;
  readonly clientId: ClientId;
  /** As text: order ids beyond 2^53 exist. */
  readonly orderId: string;
  readonly side: OrderSide;
  readonly type: string;
  readonly status: OrderStatus;
  readonly quantity: Decimal;
  readonly executedQuantity: Decimal;
  readonly price: Decimal;
  readonly reduceOnly: boolean;
  readonly updatedAt: number;
}

/** A conditional order of the algo service; `actualOrderId` once it has fired. */
export interface VenueAlgoOrder {
  readonly symbol: SymbolName;
  readonly clientId: ClientId;
  readonly algoId: string;
  readonly side: OrderSide;
  readonly type: string;
  readonly status: AlgoStatus;
  /** 0: it closes whatever is held then. */
  readonly quantity: Decimal;
  /** 0: it trails the price. */
  readonly triggerPrice: Decimal;
  readonly reduceOnly: boolean;
  readonly actualOrderId?: string;
  /** Of lists and queries; the user stream does not say it. */
  readonly createdAt?: number;
  readonly updatedAt: number;
}

/** One execution. `realizedPnl` is before fees; `commission` is positive when paid, in `commissionAsset`. */
export interface VenueTrade {
  readonly symbol: SymbolName;
  readonly tradeId: string;
  readonly orderId: string;
  /** Known from the user stream; the trade list of the venue does not carry it. */
  readonly clientId?: ClientId;
  readonly side: OrderSide;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly commission: Decimal;
  readonly commissionAsset: string;
  readonly realizedPnl: Decimal;
  readonly at: number;
}

/** `quantity` is signed: negative is short; zero is flat. */
export interface VenuePosition {
  readonly symbol: SymbolName;
  readonly quantity: Decimal;
  readonly entryPrice: Decimal;
  readonly markPrice: Decimal;
  readonly unrealizedPnl: Decimal;
  readonly updatedAt: number;
}

/** The account's money, USDT. `observedAt` is the venue time at which the request was sent (ruling 24). */
export interface VenueAccount {
  readonly walletBalance: Decimal;
  readonly unrealizedPnl: Decimal;
  readonly availableBalance: Decimal;
  readonly observedAt: number;
}

/** A change of the wallet. `amount` USDT, signed: negative was paid. */
export interface VenueIncome {
  /** Unique per type. */
  readonly incomeId: string;
  /** The venue's own word: `FUNDING_FEE`, `TRANSFER`, `REALIZED_PNL`, `COMMISSION`, … */
  readonly type: string;
  readonly symbol: SymbolName | undefined;
  readonly amount: Decimal;
  readonly asset: string;
  readonly at: number;
}

/** The modes ruling 7 asks about. */
export interface AccountModes {
  readonly hedgeMode: boolean;
  readonly multiAssets: boolean;
  readonly feeBurn: boolean;
  readonly canTrade: boolean;
}

/** What this very key may do; undefined: the venue does not say. */
export interface KeyPermissions {
  /** Futures. */
  readonly canTrade: boolean | undefined;
  readonly canWithdraw: boolean | undefined;
  /** Only from addresses its owner has named. */
  readonly ipRestricted: boolean | undefined;
}

export interface SymbolSettings {
  readonly symbol: SymbolName;
  readonly leverage: number;
  readonly marginMode: MarginMode;
}

/** The notional up to which `leverage` is allowed, lowest leverage last. */
export interface LeverageBracket {
  readonly leverage: number;
  readonly notionalCap: Decimal;
}

/** What the gateway can be asked to read, by name, with what it answers. */
export interface VenueReads {
  serverTime: { query: Record<never, never>; answer: { readonly serverTime: number; readonly sentAt: number; readonly receivedAt: number } };
  instruments: { query: Record<never, never>; answer: readonly Instrument[] };
  tickers: { query: Record<never, never>; answer: readonly Ticker24h[] };
  candles: { query: { readonly symbol: SymbolName; readonly limit: number }; answer: readonly Candle[] };
  account: { query: Record<never, never>; answer: VenueAccount };
  accountModes: { query: Record<never, never>; answer: AccountModes };
  keyPermissions: { query: Record<never, never>; answer: KeyPermissions };
  settings: { query: Record<never, never>; answer: readonly SymbolSettings[] };
  brackets: { query: Record<never, never>; answer: ReadonlyMap<SymbolName, readonly LeverageBracket[]> };
  /** Income since `since` (venue time, ms), ascending; of one type, or of all. */
  income: { query: { readonly since: number; readonly symbol?: SymbolName; readonly type?: string }; answer: readonly VenueIncome[] };
  /** Hours between two fundings, of symbols whose interval is not the usual eight. */
  fundingIntervals: { query: Record<never, never>; answer: ReadonlyMap<SymbolName, number> };
  /** Without a symbol: all positions that are not flat. With one: that one, or none. */
  positions: { query: { readonly symbol?: SymbolName }; answer: readonly VenuePosition[] };
  openOrders: { query: { readonly symbol?: SymbolName }; answer: readonly VenueOrder[] };
  openAlgoOrders: { query: { readonly symbol?: SymbolName }; answer: readonly VenueAlgoOrder[] };
  /** Undefined: the venue says it does not know the id. One such answer proves nothing (failure 19 of the operators' list). */
  order: { query: { readonly symbol: SymbolName } & ({ readonly clientId: ClientId } | { readonly orderId: string }); answer: VenueOrder | undefined };
  algoOrder: { query: { readonly symbol: SymbolName; readonly clientId: ClientId }; answer: VenueAlgoOrder | undefined };
  /** Trades of the symbol since `since` (venue time, ms), ascending. `background`: nobody's exit waits for it. */
  trades: { query: { readonly symbol: SymbolName; readonly since: number; readonly background?: true }; answer: readonly VenueTrade[] };
  /** Every order of the symbol that changed at `since` or later (venue time, ms), ascending; ended ones, too. */
  orders: { query: { readonly symbol: SymbolName; readonly since: number }; answer: readonly VenueOrder[] };
  algoOrders: { query: { readonly symbol: SymbolName; readonly since: number }; answer: readonly VenueAlgoOrder[] };
}
export type ReadName = keyof VenueReads;

/** What came of a write. `unknown` means: it may have been executed; ask by client id, never send a second id (failure 47). */
export type WriteOutcome =
  | { readonly result: 'accepted'; readonly order?: { readonly orderId: string; readonly status: OrderStatus; readonly executedQuantity: Decimal }; readonly algoId?: string }
  /** `reaction`: what the table prescribes for this code and kind of write; the gateway puts it in on the way to the executor. */
  | { readonly result: 'rejected'; readonly venueCode: number; readonly message: string; readonly reaction?: Reaction }
  | { readonly result: 'throttled'; readonly retryAfterMs: number; readonly banned: boolean; readonly message: string }
  /** `venueCode`: it answered with a code nobody knows. */
  | { readonly result: 'unknown'; readonly message: string; readonly venueCode?: number };

/** The account's listen key, without its text, which never leaves `src/venue`. */
export interface ListenKey {
  /** Which one: each that the venue has given to this process has the next number. */
  readonly number: number;
}

/** What the user stream says. `streamEpoch` rises with each connection: what happened in between is gone and must be asked for. */
export type UserEvent =
  | { readonly type: 'order'; readonly order: VenueOrder; readonly trade?: VenueTrade; readonly observedAt: number }
  | { readonly type: 'algo'; readonly order: VenueAlgoOrder; readonly rejectReason?: string; readonly observedAt: number }
  | { readonly type: 'account'; readonly walletBalance?: Decimal; readonly positions: readonly { readonly symbol: SymbolName; readonly quantity: Decimal; readonly entryPrice: Decimal; readonly unrealizedPnl: Decimal; readonly marginMode?: MarginMode }[]; readonly reason: string; readonly observedAt: number }
  /** Leverage is told when it is changed, the margin mode with a position that has it. */
  | { readonly type: 'settings'; readonly symbol: SymbolName; readonly leverage?: number; readonly marginMode?: MarginMode; readonly observedAt: number }
  | { readonly type: 'modes'; readonly multiAssets: boolean; readonly observedAt: number };
