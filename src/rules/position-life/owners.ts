/** Whose the orders are that fills were counted of: ours, the venue's own, or somebody else's; what is odd about them is a finding. */
import type { Finding } from '../../protocol/findings.ts';
import { decimal, text } from '../../protocol/decimal.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import type { LifeEvent, OrderOwner } from '../../protocol/life-events.ts';
import type { VenueOrder } from '../../protocol/venue.ts';
import { readClientId } from '../client-ids.ts';
import { venueMadeBy } from '../venue-made.ts';
import type { Life } from './life.ts';
import { ordersOf, protectionOf } from './standing.ts';

/** Orders, by the venue's id, of which fills were counted and nobody knows yet whose they are. */
export function unclaimedOrders(life: Life): readonly string[] {
  return [...life.filled.keys()].filter((orderId) => !life.orders.has(orderId));
}

/** @param tags those of this instance and of the ones it has taken over. */
export function ownerOf(life: Life, order: Pick<VenueOrder, 'clientId' | 'type'>, tags: readonly string[]): OrderOwner {
  const record = ordersOf(life).find(({ clientId }) => clientId === order.clientId);
  const own = record?.purpose ?? protectionOf(life, order.clientId)?.leg;
  if (own !== undefined) return own;
  // An attempt that another has followed, or one of an earlier process.
  const id = readClientId(order.clientId);
  if (id !== undefined && tags.includes(id.tag) && id.leg !== 'configure') return id.leg;
  return venueMadeBy(order.clientId, order.type) ?? 'stranger';
}

const MADE: ReadonlySet<OrderOwner> = new Set<OrderOwner>(['LIQUIDATION', 'ADL', 'SETTLEMENT']);

export function isVenueMade(by: OrderOwner | undefined): boolean {
  return by !== undefined && MADE.has(by);
}

/** What one event shows that must not happen, or that nobody may miss. `before` and `after` it. */
export function oddities(before: Life, after: Life, event: LifeEvent): readonly Finding[] {
  const { symbol } = after;
  switch (event.type) {
    case 'FillRecorded': {
      if (before.trades.has(event.tradeId)) return [];
      const known = after.orders.get(event.orderId);
      const wrongSide: Finding[] = known?.side === undefined || known.side === event.side ? [] : [{ code: 'FILL_WRONG_SIDE', subject: `${symbol} trade ${event.tradeId}`, message: `${symbol}: fill ${event.tradeId} of ${event.quantity} is a ${event.side}, and its order ${known.clientId} a ${known.side}.` }];
      return [...wrongSide, ...overfill(before, after, event.orderId)];
    }
    case 'OrderReported': {
      const order = ordersOf(after).find(({ clientId }) => clientId === event.clientId);
      const claimed = order !== undefined && order.executedQuantity.isGreaterThan(order.quantity);
      return claimed ? [overfilled(symbol, event.clientId, event.orderId, text(order.executedQuantity), text(order.quantity))] : overfill(before, after, event.orderId);
    }
    case 'ProtectionTriggered':
      return event.orderId === undefined ? [] : overfill(before, after, event.orderId);
    case 'OrderRecognised': {
      const { orderId, clientId, by, side, quantity } = event;
      if (before.orders.has(orderId)) return [];
      const filled = after.filled.get(orderId);
      // Named before its fill is counted: how much it was is told by the fill.
      const told = filled === undefined ? `${symbol}: there was order ${orderId}` : `${symbol}: ${text(filled)} was filled of order ${orderId}`;
      if (isVenueMade(by)) return [{ code: 'VENUE_CLOSED', subject: `${symbol} order ${orderId}`, message: `${told}, a ${side ?? '?'} of ${quantity ?? '?'} that the venue made by itself: ${by} (${clientId}).`, details: { by, clientId } }];
      if (by === 'stranger') return [{ code: 'FILL_UNKNOWN_ORDER', subject: `${symbol} order ${orderId}`, message: side === undefined ? `${told}, which the venue does not tell of.` : `${told}, a ${side} of ${quantity ?? '?'} with the id ${clientId}, which is none of ours.`, details: { clientId } }];
      return [...doubled(before, event), ...overfill(before, after, orderId)];
    }
    case 'PositionAdopted':
      return vanished(before, event.quantity);
    default:
      return [];
  }
}

/** An id is unique among open orders only: the same one again is another order, of another process that makes our ids. */
function doubled(life: Life, { orderId, clientId }: Extract<LifeEvent, { type: 'OrderRecognised' }>): readonly Finding[] {
  const ours = ordersOf(life).find((order) => order.clientId === clientId);
  if (ours?.orderId === undefined || ours.orderId === orderId) return [];
  return [{ code: 'ORDER_DOUBLED', subject: `${life.symbol} ${clientId}`, message: `${life.symbol}: the venue has two orders ${clientId}, ${ours.orderId} and ${orderId}. Look for another service on a copy of this data directory.`, details: { clientId, orders: `${ours.orderId} ${orderId}` } }];
}

/** The venue holds less than the fills come to, and no trade took it: believed in the end, and never without a word. */
function vanished({ symbol, holding: { quantity } }: Life, stated: string): readonly Finding[] {
  if (!isLess(decimal(stated), quantity)) return [];
  return [{ code: 'RECORD_DIFFERS', subject: `${symbol} position`, message: `${symbol}: the venue holds ${stated} where its trades come to ${text(quantity)}, and it lists none that took the rest. What it holds is taken as the position.`, details: { stated, counted: text(quantity) } }];
}

/** On the same side, or nothing at all. */
export function isLess(stated: Decimal, counted: Decimal): boolean {
  return stated.abs().isLessThan(counted.abs()) && (stated.isZero() || stated.isPositive() === counted.isPositive());
}

/** More than was ordered, as far as an order of ours is known and its fills were counted; said when it comes to that, and when it grows. */
function overfill(before: Life, after: Life, orderId: string): readonly Finding[] {
  const known = after.orders.get(orderId);
  const counted = after.filled.get(orderId);
  if (known?.quantity === undefined || counted === undefined || known.by === 'stranger' || isVenueMade(known.by) || !counted.isGreaterThan(known.quantity)) return [];
  const changed = before.orders.get(orderId) === undefined || before.filled.get(orderId)?.isEqualTo(counted) !== true;
  return changed ? [overfilled(after.symbol, known.clientId, orderId, text(counted), text(known.quantity))] : [];
}

function overfilled(symbol: string, clientId: string, orderId: string, filled: string, ordered: string): Finding {
  return { code: 'OVERFILL', subject: `${symbol} order ${orderId}`, message: `${symbol}: ${filled} was filled of order ${clientId} (${orderId}), and ${ordered} ordered.`, details: { clientId, filled, ordered } };
}
