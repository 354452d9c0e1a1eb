/** The reduce-only orders a life calls for: of the whole, and of a part; one at a time each, the next only after the definite end of the one before. */
import type { Decimal } from '../../protocol/decimal.ts';
import { text } from '../../protocol/decimal.ts';
import { closingSide } from '../../protocol/names.ts';
import type { ClientId } from '../../protocol/names.ts';
import type { Life, OrderRecord } from './life.ts';
import type { Need, Situation } from './situation.ts';
import { fillsMissing, heldSide, isOpenOrder, reductionLeft, stopStands } from './standing.ts';

/** How long a reported execution is believed without its trades before the next order goes. */
const TRADES_PATIENCE_MS = 10_000;

/** The order, while trades are to come of what the venue has reported of it; by the larger of both clocks: one that is set back puts nothing off. */
function untraded(life: Life, order: OrderRecord | undefined, { now, steadyNow = now }: Situation): OrderRecord | undefined {
  return fillsMissing(life, order) && Math.max(now, steadyNow) - order.sentAt < TRADES_PATIENCE_MS ? order : undefined;
}

/** True while a part is being closed, or its fills are to come. */
export function isUnsettled(life: Life, situation: Situation): boolean {
  return isOpenOrder(life.reduce) || !reductionLeft(life).isZero() || untraded(life, life.reduce, situation) !== undefined;
}

/** One order of a tier at a time; the next only after the definite end of the one before, for what that has left (ruling 8). */
export function reduceNeeds(life: Life, situation: Situation): Need[] {
  const { reduce, reduction, positionId } = life;
  const side = heldSide(life);
  if (side === undefined || positionId === undefined || isOpenOrder(reduce)) return [];
  const owed = untraded(life, reduce, situation);
  if (owed !== undefined) return [askFor(owed)];
  const left = reductionLeft(life);
  if (reduction === undefined || left.isZero() || !stopStands(life)) return [];
  const attempt = reduce === undefined ? 1 : reduce.status === undefined ? reduce.attempt : reduce.attempt + 1;
  return [reducing(life, 'reduce', { clientId: situation.clientId('reduce', `${positionId}/${reduction.tier}`, attempt), attempt, quantity: atMost(left, situation.largestOrder), reason: reduction.reason }, situation.now)];
}

function askFor(order: OrderRecord): Need {
  return { need: 'ask-order', key: `ask:${order.clientId}`, order };
}

/** The reduce-only order that closes so much, with the event that goes before it. */
function reducing(life: Life, purpose: 'close' | 'reduce', order: { clientId: ClientId; attempt: number; quantity: Decimal; reason: string }, now: number): Need {
  const side = closingSide(heldSide(life) ?? 'LONG');
  const { clientId, attempt, quantity, reason } = order;
  return {
    need: 'write',
    key: purpose,
    because: reason,
    write: { kind: 'CLOSE', symbol: life.symbol, clientId, side, quantity },
    events: [{ type: 'OrderSending', at: now, purpose, clientId, attempt, side, quantity: text(quantity), reason }],
  };
}

/** What one order may not carry goes with the next (failure 36). */
function atMost(quantity: Decimal, largest: Decimal | undefined): Decimal {
  return largest !== undefined && largest.isGreaterThan(0) && quantity.isGreaterThan(largest) ? largest : quantity;
}

export function closeNeeds(life: Life, situation: Situation, quantity: Decimal): Need[] {
  const side = heldSide(life);
  if (side === undefined || life.positionId === undefined || isOpenOrder(life.close)) return [];
  // It was executed and its trades have not been counted: first those, then what is left, if anything is.
  const owed = untraded(life, life.close, situation);
  if (owed !== undefined) return [askFor(owed)];
  // The attempt rises only after a definite end; an order found absent is sent again under its own id (ruling 8).
  const attempt = life.close === undefined ? 1 : life.close.status === undefined ? life.close.attempt : life.close.attempt + 1;
  const clientId = situation.clientId('close', life.positionId, attempt);
  return [reducing(life, 'close', { clientId, attempt, quantity: atMost(quantity, situation.largestOrder), reason: life.closeRequested?.reason ?? 'CLOSE' }, situation.now)];
}
