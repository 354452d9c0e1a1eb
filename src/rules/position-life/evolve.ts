/** `evolve(life, event)`: the one way a life changes, live and on replay. Pure; asks nothing; a fill counts once, whenever it comes. */
import { decimal, ZERO } from '../../protocol/decimal.ts';
import type { LifeEvent, LifeEventOf } from '../../protocol/life-events.ts';
import type { ClientId, PositionId } from '../../protocol/names.ts';
import { closingSide } from '../../protocol/names.ts';
import { isTerminal } from '../../protocol/venue.ts';
import type { OrderStatus } from '../../protocol/venue.ts';
import { closedView } from './closed.ts';
import { afterFill, atPrice } from './holding.ts';
import { GIVEN_STOP, NO_HOLDING } from './life.ts';
import type { KnownOrder, Life, OrderRecord, ProtectionRecord } from './life.ts';
import { heldSide, isOpenOrder, ordersOf, protectionOf, stopsCover } from './standing.ts';

const NO_ORDERS: Life['orders'] = new Map();

/** What belongs to one position, before it begins and after it has ended. */
const NO_POSITION = { entry: undefined, close: undefined, reduce: undefined, stop: undefined, target: undefined, stale: [], fired: undefined, closeRequested: undefined, reduction: undefined, tiersDone: [], stopMove: undefined, initialStop: undefined, adopted: false, orders: NO_ORDERS, closedBy: undefined, stopRefused: undefined } as const;

/** Trade ids kept beyond a flat: a later question to the trade list reaches back a few seconds. */
const TRADES_KEPT = 500;

export function evolve(life: Life, event: LifeEvent): Life {
  const next = after(life, event);
  if (next.holding.quantity.isZero() || stopsCover(next)) return next.nakedSince === undefined ? next : { ...next, nakedSince: undefined };
  // From the fill that made it so (ruling 10); a stop that was lost later has its own count.
  return next.nakedSince === undefined ? { ...next, nakedSince: event.type === 'FillRecorded' ? event.tradedAt : event.at } : next;
}

function after(life: Life, event: LifeEvent): Life {
  switch (event.type) {
    case 'IntentAccepted':
      return life;
    case 'PlanMade':
      return { ...life, plan: event.plan, planStage: 'pending', ...NO_POSITION };
    case 'PermitGranted':
      return { ...life, mandate: event.mandate };
    case 'OrderSending':
      return sending(life, event);
    case 'OrderAbandoned':
      return withOrder(life, event.clientId, (order) => ({ ...order, state: 'ended' }));
    case 'OrderRejected':
      return rejected(life, event);
    case 'OrderAmbiguous':
      return withOrder(life, event.clientId, (order) => ({ ...order, state: 'ambiguous', ambiguousSince: order.ambiguousSince ?? event.at }));
    case 'OrderAbsent':
      return absent(life, event);
    case 'OrderReported':
      return told(withOrder(life, event.clientId, (order) => reported(order, event)), event.orderId, ordersOf(life).find((order) => order.clientId === event.clientId));
    case 'OrderRecognised':
      return life.orders.has(event.orderId) ? life : withKnown(life, event.orderId, { clientId: event.clientId, by: event.by, side: event.side, quantity: event.quantity === undefined ? undefined : decimal(event.quantity) });
    case 'FillRecorded':
      return filled(life, event);
    case 'ProtectionSending':
      return protecting(life, event);
    case 'ProtectionPlaced':
      return stood(withProtection(event.leg === 'stop' ? { ...life, stopRefused: undefined } : life, event.clientId, (record) => (record.state === 'sending' ? { ...record, state: 'placed', algoId: event.algoId } : { ...record, algoId: event.algoId })), event);
    case 'ProtectionTriggered':
      return fired(life, event);
    case 'ProtectionEnded':
      return withProtection(life, event.clientId, (record) => ({ ...record, state: 'ended' }));
    case 'ProtectionLost':
      // One that has stood is gone; one that never did may yet appear.
      return withProtection(life, event.clientId, (record) => ({ ...record, state: 'ended', unanswered: record.algoId === undefined }));
    case 'StopRefused':
      return { ...life, stopRefused: { venueCode: event.venueCode, message: event.message, at: event.at } };
    case 'CloseRequested':
      return { ...life, closeRequested: life.closeRequested ?? { reason: event.reason, at: event.at } };
    case 'ReduceRequested':
      return { ...life, reduction: { tier: event.tier, quantity: decimal(event.quantity), executed: ZERO, heldBefore: life.holding.quantity, reason: event.reason }, tiersDone: [...life.tiersDone.filter((tier) => tier !== event.tier), event.tier], reduce: isOpenOrder(life.reduce) ? life.reduce : undefined };
    case 'StopMoveRequested': {
      const side = heldSide(life);
      return side === undefined ? life : { ...life, stopMove: { side, price: decimal(event.stopPrice), reason: event.reason } };
    }
    case 'PositionAdopted':
      return adopted(life, event);
    case 'DriftFound':
      return { ...life, drift: decimal(event.venue) };
    case 'DriftCleared':
      // What strangers traded meanwhile came to nothing, and is no part of what comes next.
      return { ...life, drift: undefined, adoptedThrough: event.at };
    case 'PositionClosed':
      return { ...life, ...NO_POSITION, planStage: 'ended', positionId: undefined, mandate: undefined, holding: NO_HOLDING, drift: undefined, lastClosedAt: event.at, lastClosed: closedView(life, event) ?? life.lastClosed, trades: new Set([...life.trades].slice(-TRADES_KEPT)), filled: new Map() };
    case 'PlanEnded':
      return { ...life, planStage: 'ended', positionId: life.holding.quantity.isZero() ? undefined : life.positionId, mandate: life.holding.quantity.isZero() ? undefined : life.mandate, entry: undefined, orders: life.holding.peak.isZero() ? NO_ORDERS : life.orders };
  }
}

function sending(life: Life, event: LifeEventOf<'OrderSending'>): Life {
  const record: OrderRecord = {
    purpose: event.purpose,
    clientId: event.clientId,
    attempt: event.attempt,
    side: event.side,
    quantity: decimal(event.quantity),
    price: event.price === undefined ? undefined : decimal(event.price),
    sentAt: event.at,
    state: 'sending',
    ambiguousSince: undefined,
    orderId: undefined,
    status: undefined,
    executedQuantity: ZERO,
  };
  if (event.purpose === 'close') return { ...life, close: record };
  if (event.purpose === 'reduce') return { ...life, reduce: record, reduction: reducedSoFar(life) };
  // Nothing of this order is in what was adopted before it, whatever the clocks said then.
  const adoptedThrough = life.adoptedThrough === undefined ? undefined : Math.min(life.adoptedThrough, event.at);
  return { ...life, planStage: 'sent', positionId: (life.plan?.planId ?? event.clientId) as string as PositionId, entry: record, adoptedThrough };
}

/** Another attempt begins with what the one before has executed; the same id again is an order found absent, which has executed nothing. */
function reducedSoFar({ reduction, reduce, holding }: Life): Life['reduction'] {
  return reduction === undefined ? undefined : { ...reduction, executed: reduction.executed.plus(reduce?.executedQuantity ?? ZERO), heldBefore: holding.quantity };
}

/** The venue does not know the order. If less is held than before it was sent, somebody closed it, and that may have been this order: the part is not closed again. */
function absent(life: Life, { clientId }: LifeEventOf<'OrderAbsent'>): Life {
  const next = withOrder(life, clientId, (order) => ({ ...order, state: 'ended' }));
  const doubtful = life.reduce?.clientId === clientId && life.reduction?.heldBefore.isEqualTo(life.holding.quantity) === false;
  return doubtful ? { ...next, reduction: undefined } : next;
}

function rejected(life: Life, event: LifeEventOf<'OrderRejected'>): Life {
  const next = withOrder(life, event.clientId, (order) => ({ ...order, state: 'ended', status: 'REJECTED' }));
  return life.entry?.clientId === event.clientId ? { ...next, lastRefusal: { venueCode: event.venueCode, message: event.message, at: event.at } } : next;
}

/** The order that a protection became is ours, too, whatever id it has at the venue. */
function fired(life: Life, { clientId, leg, orderId }: LifeEventOf<'ProtectionTriggered'>): Life {
  const record = protectionOf(life, clientId);
  const next: Life = { ...withProtection(life, clientId, (one) => (one.state === 'ended' ? one : { ...one, state: 'triggered', orderId: orderId ?? one.orderId })), fired: { leg, at: record?.triggerPrice } };
  return record === undefined || orderId === undefined ? next : withKnown(next, orderId, { clientId, by: leg, side: record.side, quantity: record.quantity });
}

function told(life: Life, orderId: string, order: OrderRecord | undefined): Life {
  return order === undefined ? life : withKnown(life, orderId, { clientId: order.clientId, by: order.purpose, side: order.side, quantity: order.quantity });
}

function withKnown(life: Life, orderId: string, known: KnownOrder): Life {
  return { ...life, orders: new Map(life.orders).set(orderId, known) };
}

/** The first stop that stood for what is held, however it was opened or adopted (ruling 21). */
function stood(life: Life, { leg, clientId }: LifeEventOf<'ProtectionPlaced'>): Life {
  const side = heldSide(life);
  const stop = protectionOf(life, clientId);
  if (leg !== 'stop' || side === undefined || stop?.side !== closingSide(side) || life.initialStop?.side === side) return life;
  return { ...life, initialStop: { side, price: stop.triggerPrice } };
}

/** A second order of a leg replaces the first, which stays on record until it is gone. The same id is the same order, sent again. */
function protecting(life: Life, event: LifeEventOf<'ProtectionSending'>): Life {
  const previous = life[event.leg];
  const mayExist = previous !== undefined && (previous.state !== 'ended' || previous.unanswered) && previous.clientId !== event.clientId;
  const replaced = mayExist ? [previous.state === 'ended' ? { ...previous, state: 'sending' as const } : previous] : [];
  const record: ProtectionRecord = { leg: event.leg, clientId: event.clientId, attempt: event.attempt, side: event.side, quantity: decimal(event.quantity), triggerPrice: decimal(event.triggerPrice), sentAt: event.at, state: 'sending', unanswered: false, algoId: undefined, orderId: undefined };
  return { ...life, [event.leg]: record, stale: [...life.stale, ...replaced] };
}

function reported(order: OrderRecord, event: LifeEventOf<'OrderReported'>): OrderRecord {
  if (order.state === 'ended') return order;
  const status = event.status as OrderStatus;
  const executed = decimal(event.executedQuantity);
  // Answers and events overtake one another: what was executed never becomes less again.
  const executedQuantity = executed.isGreaterThan(order.executedQuantity) ? executed : order.executedQuantity;
  return { ...order, state: isTerminal(status) ? 'ended' : 'reported', status, orderId: event.orderId, executedQuantity, ambiguousSince: undefined };
}

function filled(life: Life, event: LifeEventOf<'FillRecorded'>): Life {
  if (life.trades.has(event.tradeId)) return life;
  if (life.adoptedThrough !== undefined && event.tradedAt <= life.adoptedThrough) return adoptedAlready(life, event);
  const filled = new Map(life.filled).set(event.orderId, (life.filled.get(event.orderId) ?? ZERO).plus(event.quantity));
  const holding = afterFill(life.holding, { side: event.side, price: decimal(event.price), quantity: decimal(event.quantity), commission: decimal(event.commission), realizedPnl: decimal(event.realizedPnl), tradedAt: event.tradedAt });
  return { ...life, holding, filled, closedBy: holding.quantity.isZero() ? event.orderId : undefined, trades: new Set([...life.trades, event.tradeId]), lastTradeAt: Math.max(life.lastTradeAt, event.tradedAt) };
}

/** A trade that comes to light after the venue's word has become the position: its quantity is in that; what it cost and made belongs to it, while it is held. */
function adoptedAlready(life: Life, event: LifeEventOf<'FillRecorded'>): Life {
  const known = { ...life, trades: new Set([...life.trades, event.tradeId]), lastTradeAt: Math.max(life.lastTradeAt, event.tradedAt) };
  if (!life.adopted) return known;
  const { holding } = life;
  const counted = life.filled.get(event.orderId) ?? ZERO;
  const order = ordersOf(life).find(({ orderId }) => orderId === event.orderId);
  // Of an order that had been reported, all that was reported has been taken over with the quantity.
  const whole = order !== undefined && !counted.isZero() && counted.isGreaterThanOrEqualTo(order.executedQuantity);
  return {
    ...known,
    filled: whole ? life.filled : new Map(life.filled).set(event.orderId, counted.plus(event.quantity)),
    closedBy: holding.quantity.isZero() ? event.orderId : undefined,
    holding: { ...holding, realizedPnl: holding.realizedPnl.plus(event.realizedPnl), commission: holding.commission.plus(event.commission) },
  };
}

/** The venue's word becomes the position: explicit, on record, never an invented fill (operators' 23 and 24). */
function adopted(life: Life, event: LifeEventOf<'PositionAdopted'>): Life {
  const quantity = decimal(event.quantity);
  const { holding } = life;
  // The venue's word includes what its orders did: their trades are not waited for any more. Our own count has only what was counted.
  const told = event.through === undefined ? [] : ordersOf(life).flatMap((order) => (order.orderId === undefined ? [] : [[order.orderId, order.executedQuantity] as const]));
  return {
    ...life,
    filled: new Map([...life.filled, ...told]),
    positionId: event.positionId,
    mandate: event.mandate,
    adopted: true,
    adoptedThrough: event.through ?? life.adoptedThrough,
    drift: undefined,
    planStage: life.planStage === undefined ? undefined : 'ended',
    stopMove: event.stopPrice === undefined ? life.stopMove : { side: quantity.isPositive() ? 'LONG' : 'SHORT', price: decimal(event.stopPrice), reason: GIVEN_STOP },
    holding: { ...holding, ...atPrice(holding, quantity, decimal(event.entryPrice)), peak: quantity.abs().isGreaterThan(holding.peak) ? quantity.abs() : holding.peak, openedAt: holding.openedAt ?? event.at, firstFillAt: holding.firstFillAt ?? event.at },
  };
}

function withOrder(life: Life, clientId: ClientId, change: (order: OrderRecord) => OrderRecord): Life {
  if (life.entry?.clientId === clientId) return { ...life, entry: change(life.entry) };
  if (life.close?.clientId === clientId) return { ...life, close: change(life.close) };
  if (life.reduce?.clientId === clientId) return { ...life, reduce: change(life.reduce) };
  return life;
}

function withProtection(life: Life, clientId: ClientId, change: (record: ProtectionRecord) => ProtectionRecord): Life {
  if (life.stop?.clientId === clientId) return { ...life, stop: change(life.stop) };
  if (life.target?.clientId === clientId) return { ...life, target: change(life.target) };
  const stale = life.stale.map((record) => (record.clientId === clientId ? change(record) : record)).filter((record) => record.state !== 'ended');
  return { ...life, stale };
}
