/** The life of one symbol as the journal knows it: plan, orders, fills, protection. Made by folding events, by nothing else. */
import type { Decimal } from '../../protocol/decimal.ts';
import { ZERO } from '../../protocol/decimal.ts';
import type { Plan } from '../../protocol/decisions.ts';
import { closingSide } from '../../protocol/names.ts';
import type { ClientId, OrderSide, PositionId, PositionSide, SymbolName } from '../../protocol/names.ts';
import type { Mandate } from '../../protocol/permit.ts';
import type { OrderStatus, ProtectionLeg } from '../../protocol/venue.ts';

/** An entry or a close, from write-ahead to its end. */
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
}

export interface Life {
  readonly symbol: SymbolName;
  readonly plan: Plan | undefined;
  readonly planStage: 'pending' | 'sent' | 'ended' | undefined;
  readonly positionId: PositionId | undefined;
  readonly mandate: Mandate | undefined;
  readonly entry: OrderRecord | undefined;
  readonly close: OrderRecord | undefined;
  readonly stop: ProtectionRecord | undefined;
  readonly target: ProtectionRecord | undefined;
  /** Protections that a newer one has replaced and that are still to be cancelled (place first, then cancel). */
  readonly stale: readonly ProtectionRecord[];
  /** The protection that fired, for the record of why the position ended. */
  readonly fired: ProtectionLeg | undefined;
  readonly holding: Holding;
  /** Since when something is held that no stop covers whole, ms; undefined: nothing is, or stops cover it. */
  readonly nakedSince: number | undefined;
  readonly closeRequested: { readonly reason: string; readonly at: number } | undefined;
  /** Signed quantity the venue states, while it differs from ours and is not ours to adopt. */
  readonly drift: Decimal | undefined;
  readonly adopted: boolean;
  readonly lastClosedAt: number | undefined;
  readonly lastTradeAt: number;
  /** Trade ids already counted; the venue repeats them after reconnects. Bounded: all since the last flat, and the newest 500. */
  readonly trades: ReadonlySet<string>;
  /** What of each order has been counted, by the venue's order id, since the last flat. */
  readonly filled: ReadonlyMap<string, Decimal>;
}

export const NO_HOLDING: Holding = { quantity: ZERO, averageEntry: ZERO, peak: ZERO, realizedPnl: ZERO, commission: ZERO, openedAt: undefined, firstFillAt: undefined };

export function newLife(symbol: SymbolName): Life {
  return {
    symbol,
    plan: undefined,
    planStage: undefined,
    positionId: undefined,
    mandate: undefined,
    entry: undefined,
    close: undefined,
    stop: undefined,
    target: undefined,
    stale: [],
    fired: undefined,
    holding: NO_HOLDING,
    nakedSince: undefined,
    closeRequested: undefined,
    drift: undefined,
    adopted: false,
    lastClosedAt: undefined,
    lastTradeAt: 0,
    trades: new Set(),
    filled: new Map(),
  };
}

/** The side of what is held; undefined when flat. */
export function heldSide(life: Life): PositionSide | undefined {
  if (life.holding.quantity.isZero()) return undefined;
  return life.holding.quantity.isPositive() ? 'LONG' : 'SHORT';
}

export function isLive(record: ProtectionRecord | undefined): boolean {
  return record !== undefined && record.state !== 'ended';
}

/** True while an order may still bring fills. */
export function isOpenOrder(record: OrderRecord | undefined): boolean {
  return record !== undefined && record.state !== 'ended';
}

/** The orders of the life that may still bring fills. */
export function openOrdersOf(life: Life): readonly OrderRecord[] {
  return [life.entry, life.close].filter((order): order is OrderRecord => order !== undefined && order.state !== 'ended');
}

/** The protections of the life that may still fire. */
export function liveProtectionsOf(life: Life): readonly ProtectionRecord[] {
  return [life.stop, life.target, ...life.stale].filter((record): record is ProtectionRecord => record !== undefined && record.state !== 'ended');
}

/** The stops on the right side that stand or have fired: the newest, and those it is about to replace. */
function standingStops(life: Life): readonly ProtectionRecord[] {
  const side = heldSide(life);
  if (side === undefined) return [];
  return [life.stop, ...life.stale].filter((record): record is ProtectionRecord => record?.leg === 'stop' && record.side === closingSide(side) && (record.state === 'placed' || record.state === 'triggered'));
}

export function stopStands(life: Life): boolean {
  return standingStops(life).length > 0;
}

/** True when the stops that stand are enough for all that is held. */
export function stopsCover(life: Life): boolean {
  return standingStops(life)
    .reduce((sum, record) => sum.plus(record.quantity), ZERO)
    .isGreaterThanOrEqualTo(life.holding.quantity.abs());
}

/** True when the venue has reported more of an order than trades of it were counted. */
export function fillsMissing(life: Life, order: OrderRecord | undefined): order is OrderRecord {
  return order?.orderId !== undefined && order.executedQuantity.isGreaterThan(life.filled.get(order.orderId) ?? ZERO);
}
