/**
 * What a life needs now, from its facts alone: level-triggered, so that a restart, a lost message or a late fact leads to
 * the same order as an undisturbed run. The actor does what is asked, once at a time each, and asks again.
 */
import type { Decimal } from '../../protocol/decimal.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import { text } from '../../protocol/decimal.ts';
import { closingSide } from '../../protocol/names.ts';
import type { ClientId, PositionId } from '../../protocol/names.ts';
import type { ProtectionLeg, VenueWrite } from '../../protocol/venue.ts';
import { protectionPrices } from '../protection.ts';
import { fillsMissing, heldSide, isOpenOrder, liveProtectionsOf, openOrdersOf } from './life.ts';
import type { Life, OrderRecord, ProtectionRecord } from './life.ts';

/** How long a reported execution is believed without its trades before the close goes again. */
const TRADES_PATIENCE_MS = 10_000;

/** What the actor knows beside the journal: time, the venue's filters, and what the venue said of the position last. */
export interface Situation {
  readonly now: number;
  readonly tickSize: Decimal | undefined;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  /** How long a position may be without a stop before it is closed (ruling 10). */
  readonly nakedCloseMs: number;
  /** Since when somebody is there to place one: after an outage it is first tried, and the ten seconds begin anew. Undefined: nobody is yet. */
  readonly guardedSince: number | undefined;
  /** The venue has said "flat" in a reading begun after the last fill, and listed these algo orders of ours. */
  readonly flat: { readonly openAlgoIds: readonly ClientId[] } | undefined;
  /** Our side of the work runs since this incarnation: a write of an earlier one may or may not have gone out. */
  readonly inFlight: ReadonlySet<ClientId>;
  readonly clientId: (leg: 'close' | ProtectionLeg, of: string, attempt: number) => ClientId;
}

export type Need =
  | { readonly need: 'write'; readonly key: string; readonly write: VenueWrite; readonly events: readonly LifeEvent[]; readonly because: string }
  | { readonly need: 'ask-order'; readonly key: string; readonly order: OrderRecord }
  | { readonly need: 'ask-algo'; readonly key: string; readonly record: ProtectionRecord }
  | { readonly need: 'ask-truth'; readonly key: string }
  /** There is a position and no mandate: the actor writes the adoption record. */
  | { readonly need: 'adopt'; readonly key: string };

/** Events that time or completeness makes due, with no one outside saying so. */
export function dueEvents(life: Life, situation: Situation): LifeEvent[] {
  const { now, flat } = situation;
  const { holding, entry, plan } = life;
  if (!holding.quantity.isZero()) {
    const { guardedSince, nakedCloseMs } = situation;
    const naked = life.nakedSince !== undefined && guardedSince !== undefined && life.closeRequested === undefined;
    return naked && now - Math.max(life.nakedSince, guardedSince) >= nakedCloseMs ? [{ type: 'CloseRequested', at: now, reason: 'NAKED', by: 'executor' }] : [];
  }
  if (openOrdersOf(life).length > 0 || liveProtectionsOf(life).length > 0) return [];
  if (holding.peak.isGreaterThan(0) || life.adopted) {
    if (flat === undefined || flat.openAlgoIds.length > 0) return [];
    // Opened and closed by somebody else before it could be adopted: it has no id of ours.
    const positionId = life.positionId ?? (`external-${life.symbol}-${holding.openedAt ?? now}` as PositionId);
    return [{ type: 'PositionClosed', at: now, positionId, reason: closeReason(life), realizedPnl: text(holding.realizedPnl), commission: text(holding.commission) }];
  }
  if (life.planStage === 'sent' && plan !== undefined && entry !== undefined && entry.executedQuantity.isZero()) {
    return [{ type: 'PlanEnded', at: now, planId: plan.planId, code: entry.status === 'REJECTED' ? 'VENUE_REJECTED' : entry.status === undefined ? 'ENTRY_ABSENT' : 'ENTRY_UNFILLED' }];
  }
  return [];
}

export function needsOf(life: Life, situation: Situation): Need[] {
  const orders = openOrdersOf(life).filter((order) => !situation.inFlight.has(order.clientId));
  const asks: Need[] = orders.map((order) => ({ need: 'ask-order', key: `ask:${order.clientId}`, order }));
  if (life.drift !== undefined) return asks;
  return [...asks, ...(life.holding.quantity.isZero() ? flatNeeds(life, situation) : holdingNeeds(life, situation))];
}

function holdingNeeds(life: Life, situation: Situation): Need[] {
  const side = heldSide(life);
  if (side === undefined) return [];
  const quantity = life.holding.quantity.abs();
  // What was traded by others on top of ours, or to the other side, no mandate covers yet.
  const covered = life.mandate?.side === side && quantity.isLessThanOrEqualTo(life.mandate.maxQuantity);
  if (!covered || life.positionId === undefined) return [{ need: 'adopt', key: 'adopt' }];
  // The filled quantity is final once the entry's answer is there; without one it is protected as far as it is known (ruling 8).
  if (life.entry !== undefined && isOpenOrder(life.entry) && situation.inFlight.has(life.entry.clientId)) return [];
  // A stop goes only when a newer one is acknowledged (ruling 4), however urgent the close is.
  const stale = life.stop?.state === 'placed' ? staleNeeds(life, situation) : [];
  if (life.closeRequested !== undefined) return [...closeNeeds(life, situation, quantity), ...stale];
  const prices = situation.tickSize === undefined ? undefined : protectionPrices(side, life.holding.averageEntry, life.plan?.stopLossPercent ?? situation.stopLossPercent, life.plan?.takeProfitPercent ?? situation.takeProfitPercent, situation.tickSize);
  if (prices === undefined) return [];
  const stop = protectionNeeds(life, situation, 'stop', quantity, prices.stop);
  // The stop comes first; the target waits until it stands.
  if (life.stop?.state !== 'placed') return stop;
  return [...stop, ...protectionNeeds(life, situation, 'target', quantity, prices.target), ...stale];
}

function protectionNeeds(life: Life, situation: Situation, leg: ProtectionLeg, quantity: Decimal, triggerPrice: Decimal): Need[] {
  const record = life[leg];
  const side = heldSide(life);
  if (side === undefined || life.positionId === undefined) return [];
  // Sent, or fired: what has become of it is asked for until it is known.
  if (record?.state === 'sending' || record?.state === 'triggered') return situation.inFlight.has(record.clientId) ? [] : [{ need: 'ask-algo', key: `ask:${record.clientId}`, record }];
  // It fired, and nothing of its order was counted yet: most likely nothing is held any more. If it is, ten naked seconds close it.
  if (leg === 'stop' && record?.orderId !== undefined && !life.filled.has(record.orderId)) return [{ need: 'ask-truth', key: 'truth' }];
  const same = record?.quantity.isEqualTo(quantity) === true && record.side === closingSide(side);
  if (record?.state === 'placed' && same) return [];
  // The attempt rises only after a definite end; the same order without one is sent again under its own id (ruling 8).
  const attempt = record === undefined ? 1 : record.unanswered && same && record.triggerPrice.isEqualTo(triggerPrice) ? record.attempt : record.attempt + 1;
  const clientId = situation.clientId(leg, life.positionId, attempt);
  return [protect(life, leg, { clientId, attempt, quantity, triggerPrice }, situation.now)];
}

/** The write that places a protection, with the event that goes before it. Sending again is the same id (ruling 8). */
function protect(life: Life, leg: ProtectionLeg, order: { clientId: ClientId; attempt: number; quantity: Decimal; triggerPrice: Decimal }, now: number): Need {
  const side = closingSide(heldSide(life) ?? 'LONG');
  const { clientId, attempt, quantity, triggerPrice } = order;
  return {
    need: 'write',
    key: `protect:${leg}`,
    because: `${leg} of ${life.positionId ?? life.symbol}`,
    write: { kind: 'PROTECT', symbol: life.symbol, clientId, side, leg, quantity, triggerPrice },
    events: [{ type: 'ProtectionSending', at: now, leg, clientId, attempt, side, quantity: text(quantity), triggerPrice: text(triggerPrice) }],
  };
}

function closeNeeds(life: Life, situation: Situation, quantity: Decimal): Need[] {
  const side = heldSide(life);
  if (side === undefined || life.positionId === undefined || isOpenOrder(life.close)) return [];
  // It was executed and its trades have not been counted: first those, then what is left, if anything is.
  if (fillsMissing(life, life.close) && situation.now - life.close.sentAt < TRADES_PATIENCE_MS) return [{ need: 'ask-order', key: `ask:${life.close.clientId}`, order: life.close }];
  // The attempt rises only after a definite end; an order found absent is sent again under its own id (ruling 8).
  const attempt = life.close === undefined ? 1 : life.close.status === undefined ? life.close.attempt : life.close.attempt + 1;
  const clientId = situation.clientId('close', life.positionId, attempt);
  const reason = life.closeRequested?.reason ?? 'CLOSE';
  return [
    {
      need: 'write',
      key: 'close',
      because: reason,
      write: { kind: 'CLOSE', symbol: life.symbol, clientId, side: closingSide(side), quantity },
      events: [{ type: 'OrderSending', at: situation.now, purpose: 'close', clientId, attempt, side: closingSide(side), quantity: text(quantity), reason }],
    },
  ];
}

/** Replaced protections go once the newer stop stands; of one whose fate is open that is asked first. */
function staleNeeds(life: Life, situation: Situation): Need[] {
  return life.stale
    .filter((record) => !situation.inFlight.has(record.clientId))
    .map((record) => (record.state === 'placed' ? cancel(life, record.clientId, 'newer stop acknowledged') : { need: 'ask-algo', key: `ask:${record.clientId}`, record }));
}

/** Only a flat the venue has confirmed cancels (failure 92); whatever of ours it still lists goes, known to the journal or not. */
function flatNeeds(life: Life, situation: Situation): Need[] {
  const live = liveProtectionsOf(life);
  const unfinished = live.length > 0 || life.holding.peak.isGreaterThan(0) || life.adopted || (life.planStage === 'sent' && !isOpenOrder(life.entry));
  // Executed by the venue's report, and nothing of it was counted: its trades have not come.
  if (life.planStage === 'sent' && !isOpenOrder(life.entry) && life.holding.peak.isZero() && fillsMissing(life, life.entry)) return [{ need: 'ask-order', key: `ask:${life.entry.clientId}`, order: life.entry }];
  if (!unfinished && (situation.flat?.openAlgoIds.length ?? 0) === 0) return [];
  if (situation.flat === undefined) return [{ need: 'ask-truth', key: 'truth' }];
  const { openAlgoIds } = situation.flat;
  const settled = (clientId: ClientId) => !situation.inFlight.has(clientId);
  const cancels = openAlgoIds.filter(settled).map((clientId) => cancel(life, clientId, 'flat confirmed'));
  const gone: Need[] = live.filter((record) => settled(record.clientId) && !openAlgoIds.includes(record.clientId)).map((record) => ({ need: 'ask-algo', key: `ask:${record.clientId}`, record }));
  return [...cancels, ...gone];
}

function cancel(life: Life, clientId: ClientId, because: string): Need {
  return { need: 'write', key: `cancel:${clientId}`, because, write: { kind: 'CANCEL', symbol: life.symbol, clientId, of: 'algo' }, events: [] };
}

/** What brought the position to an end: our close if it was executed, else the protection that fired, whatever was asked for meanwhile. */
function closeReason(life: Life): string {
  const byUs = life.close?.executedQuantity.isGreaterThan(0) === true;
  if (life.fired !== undefined && !byUs) return life.fired === 'stop' ? 'STOP' : 'TARGET';
  return life.closeRequested?.reason ?? 'EXTERNAL';
}
