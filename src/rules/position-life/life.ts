/** The life of one symbol as the journal knows it: plan, orders, fills, protection. Made by folding events, by nothing else. */
import type { Decimal } from '../../protocol/decimal.ts';
import { ZERO } from '../../protocol/decimal.ts';
import type { Plan } from '../../protocol/decisions.ts';
import type { OrderOwner } from '../../protocol/life-events.ts';
import type { ClosedView } from '../../protocol/views.ts';
import type { ClientId, OrderSide, PositionId, PositionSide, SymbolName } from '../../protocol/names.ts';
import type { Mandate } from '../../protocol/permit.ts';
import type { OrderStatus, ProtectionLeg } from '../../protocol/venue.ts';

/** An entry, a close or the closing of a part, from write-ahead to its end. */
export interface OrderRecord {
  readonly purpose: 'entry' | 'close' | 'reduce';
  readonly clientId: ClientId;
  readonly attempt: number;
  readonly side: OrderSide;
  readonly quantity: Decimal;
  readonly price: Decimal | undefined;
  readonly sentAt: number;
  /** `sending`: may exist. `ambiguous`: was asked for without an answer. `reported`: the venue knows it. `ended`: nothing more comes. */
  readonly state: 'sending' | 'ambiguous' | 'reported' | 'ended';
  readonly ambiguousSince: number | undefined;
  readonly orderId: string | undefined;
  readonly status: OrderStatus | undefined;
  readonly executedQuantity: Decimal;
}

/** A stop or target at the venue's algo service. */
export interface ProtectionRecord {
  readonly leg: ProtectionLeg;
  readonly clientId: ClientId;
  readonly attempt: number;
  readonly side: OrderSide;
  readonly quantity: Decimal;
  readonly triggerPrice: Decimal;
  readonly sentAt: number;
  readonly state: 'sending' | 'placed' | 'triggered' | 'ended';
  /** Ended without a definite answer of the venue: it may yet appear, so it is sent again under its own id (ruling 8). */
  readonly unanswered: boolean;
  readonly algoId: string | undefined;
  readonly orderId: string | undefined;
}

/** Σ fills since the symbol was last flat. `quantity` is signed; money in USDT, `realizedPnl` before fees. */
export interface Holding {
  readonly quantity: Decimal;
  readonly averageEntry: Decimal;
  /** The largest quantity held, unsigned. */
  readonly peak: Decimal;
  readonly realizedPnl: Decimal;
  readonly commission: Decimal;
  readonly openedAt: number | undefined;
  readonly firstFillAt: number | undefined;
  /** Side and average entry of what is or, once flat, was held. */
  readonly side: PositionSide | undefined;
  readonly entryPrice: Decimal;
}

/** An order that the venue told of. */
export interface KnownOrder {
  readonly clientId: string;
  readonly by: OrderOwner;
  /** Undefined: nobody could say. */
  readonly side: OrderSide | undefined;
  readonly quantity: Decimal | undefined;
}

/** A part that is to be closed, once for its tier. */
export interface Reduction {
  readonly tier: string;
  readonly quantity: Decimal;
  /** By orders before the one on record. */
  readonly executed: Decimal;
  /** What was held when the order on record was sent, signed. */
  readonly heldBefore: Decimal;
  readonly reason: string;
}

/** A price of the stop of a position of `side`; to the other side it means nothing. */
export interface StopPrice {
  readonly side: PositionSide;
  readonly price: Decimal;
}

export interface Life {
  readonly symbol: SymbolName;
  readonly plan: Plan | undefined;
  readonly planStage: 'pending' | 'sent' | 'ended' | undefined;
  readonly positionId: PositionId | undefined;
  readonly mandate: Mandate | undefined;
  readonly entry: OrderRecord | undefined;
  readonly close: OrderRecord | undefined;
  readonly reduce: OrderRecord | undefined;
  readonly stop: ProtectionRecord | undefined;
  readonly target: ProtectionRecord | undefined;
  /** Protections that a newer one has replaced and that are still to be cancelled (place first, then cancel). */
  readonly stale: readonly ProtectionRecord[];
  /** The protection that fired, for the record of why the position ended. */
  readonly fired: { readonly leg: ProtectionLeg; readonly at: Decimal | undefined } | undefined;
  readonly holding: Holding;
  /** Since when something is held that no stop covers whole, ms; undefined: nothing is, or stops cover it. */
  readonly nakedSince: number | undefined;
  readonly closeRequested: { readonly reason: string; readonly at: number } | undefined;
  /** The last part that was asked for. */
  readonly reduction: Reduction | undefined;
  /** Tiers that were asked for in this position: each is taken once. */
  readonly tiersDone: readonly string[];
  /** Where the stop is to stand instead of where the opening put it, and why. */
  readonly stopMove: (StopPrice & { readonly reason: string }) | undefined;
  /** The first stop that stood: the risk is measured by it for the position's life (ruling 21). */
  readonly initialStop: StopPrice | undefined;
  /** Signed quantity the venue states, while it differs from ours and is not ours to adopt. */
  readonly drift: Decimal | undefined;
  readonly adopted: boolean;
  /** What was traded up to here, venue time, ms, is in what the venue last stated and was adopted, or was a stranger's and left alone: it moves nothing, in this position or the next. */
  readonly adoptedThrough: number | undefined;
  readonly lastClosedAt: number | undefined;
  /** What the last position was and made; survives the next opening. */
  readonly lastClosed: ClosedView | undefined;
  /** The venue's last definite refusal of an entry. */
  readonly lastRefusal: { readonly venueCode: number; readonly message: string; readonly at: number } | undefined;
  readonly lastTradeAt: number;
  /** Trade ids already counted; the venue repeats them after reconnects. Bounded: all since the last flat, and the newest 500. */
  readonly trades: ReadonlySet<string>;
  /** What of each order has been counted, by the venue's order id, since the last flat. */
  readonly filled: ReadonlyMap<string, Decimal>;
  /** Whose each order was that the venue told of, by its order id, since the last flat. */
  readonly orders: ReadonlyMap<string, KnownOrder>;
  /** The order whose fill left nothing, by the venue's order id. */
  readonly closedBy: string | undefined;
  /** The venue takes no stop: its words, and since when, ms; until a stop stands. */
  readonly stopRefused: { readonly venueCode: number; readonly message: string; readonly at: number } | undefined;
}

/** The reason of a stop that whoever adopted the position has given: it stands instead of the configuration's, further away or nearer; what it ends is ended by a stop. */
export const GIVEN_STOP = 'STOP';

/** Averages are exact; shown, and written down, to the twelve decimals the venue shows. */
export const SHOWN_DECIMALS = 12;

export const NO_HOLDING: Holding = { quantity: ZERO, averageEntry: ZERO, peak: ZERO, realizedPnl: ZERO, commission: ZERO, openedAt: undefined, firstFillAt: undefined, side: undefined, entryPrice: ZERO };

export function newLife(symbol: SymbolName): Life {
  return {
    symbol,
    plan: undefined,
    planStage: undefined,
    positionId: undefined,
    mandate: undefined,
    entry: undefined,
    close: undefined,
    reduce: undefined,
    stop: undefined,
    target: undefined,
    stale: [],
    fired: undefined,
    holding: NO_HOLDING,
    nakedSince: undefined,
    closeRequested: undefined,
    reduction: undefined,
    tiersDone: [],
    stopMove: undefined,
    initialStop: undefined,
    drift: undefined,
    adopted: false,
    adoptedThrough: undefined,
    lastClosedAt: undefined,
    lastClosed: undefined,
    lastRefusal: undefined,
    lastTradeAt: 0,
    trades: new Set(),
    filled: new Map(),
    orders: new Map(),
    closedBy: undefined,
    stopRefused: undefined,
  };
}
