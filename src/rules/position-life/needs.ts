/**
 * What a life needs now, from its facts alone: level-triggered, so that a restart, a lost message or a late fact leads to
 * the same order as an undisturbed run. The actor does what is asked, once at a time each, and asks again.
 */
import type { Decimal } from '../../protocol/decimal.ts';
import { text } from '../../protocol/decimal.ts';
import { closingSide } from '../../protocol/names.ts';
import type { ClientId } from '../../protocol/names.ts';
import type { ProtectionLeg } from '../../protocol/venue.ts';
import type { Life, OrderRecord } from './life.ts';
import { closeNeeds, isUnsettled, reduceNeeds } from './order-needs.ts';
import type { Need, Situation } from './situation.ts';
import { wantedPrices } from './stop-price.ts';
import { fillsMissing, firedInVain, heldSide, isOpenOrder, liveProtectionsOf, openOrdersOf, stopsCover } from './standing.ts';

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
  // A stop goes only when a newer one is acknowledged (ruling 4), however urgent the close is, and one that covers all that is held.
  const replaced = life.stop?.state === 'placed' && life.stop.side === closingSide(side) && life.stop.quantity.isGreaterThanOrEqualTo(quantity);
  const stale = replaced ? staleNeeds(life, situation) : [];
  const prices = wantedPrices(life, situation);
  const stop = prices === undefined ? [] : protectionNeeds(life, situation, 'stop', quantity, prices.stop);
  // A close that has met something may take long: meanwhile protection follows what is held (ruling 8).
  if (life.closeRequested !== undefined) return [...closeNeeds(life, situation, quantity), ...(isHeldUp(life.close) && !stopsCover(life) ? stop : []), ...stale];
  if (prices === undefined) return [];
  // The stop comes first; the target waits until it stands, and a part is closed only behind a stop.
  const reduce = reduceNeeds(life, situation);
  if (life.stop?.state !== 'placed') return [...stop, ...reduce];
  return [...stop, ...reduce, ...protectionNeeds(life, situation, 'target', quantity, prices.target), ...stale];
}

/** What became of the close is not known, or nothing of it was executed: refused, not sent, or found absent. */
function isHeldUp(close: OrderRecord | undefined): boolean {
  if (close === undefined) return false;
  return close.state === 'ambiguous' || (close.state === 'ended' && (close.status === undefined || close.status === 'REJECTED'));
}

function protectionNeeds(life: Life, situation: Situation, leg: ProtectionLeg, quantity: Decimal, triggerPrice: Decimal): Need[] {
  const record = life[leg];
  const side = heldSide(life);
  if (side === undefined || life.positionId === undefined) return [];
  // Sent, or fired: what has become of it is asked for until it is known. One of the other side protects nothing, and the right one does not wait for it.
  if (record?.state === 'triggered' || (record?.state === 'sending' && record.side === closingSide(side))) return situation.inFlight.has(record.clientId) ? [] : [{ need: 'ask-algo', key: `ask:${record.clientId}`, record }];
  // It fired, and nothing of its order was counted yet: most likely nothing is held any more. If it is, ten naked seconds close it.
  if (leg === 'stop' && firedInVain(life)) return [{ need: 'ask-truth', key: 'truth' }];
  const same = record?.quantity.isEqualTo(quantity) === true && record.side === closingSide(side);
  const where = leg === 'target' || life.stopMove?.side !== side || record?.triggerPrice.isEqualTo(triggerPrice) === true;
  if (record?.state === 'placed' && same && where) return [];
  // What stands is enough: it is resized and moved once, when the part is closed and its fills are counted.
  if (record?.state === 'placed' && record.side === closingSide(side) && record.quantity.isGreaterThanOrEqualTo(quantity) && isUnsettled(life, situation)) return [];
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

/** Replaced protections go once the newer stop stands; of one whose fate is open that is asked first. */
function staleNeeds(life: Life, situation: Situation): Need[] {
  return life.stale
    .filter((record) => !situation.inFlight.has(record.clientId))
    .map((record) => (record.state === 'placed' ? cancel(life, record.clientId, 'newer stop acknowledged') : { need: 'ask-algo', key: `ask:${record.clientId}`, record }));
}

/** Only a flat the venue has confirmed cancels (failure 92); whatever of ours it still lists goes, known to the journal or not. */
function flatNeeds(life: Life, situation: Situation): Need[] {
  const live = liveProtectionsOf(life);
  const unfinished = !life.holding.peak.isZero() || life.adopted || (life.planStage === 'sent' && !isOpenOrder(life.entry));
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
