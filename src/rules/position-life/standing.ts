/** What can be read off a life: what is held, which orders and protections may still do something, what covers it, what is left to do. */
import type { Decimal } from '../../protocol/decimal.ts';
import { ZERO } from '../../protocol/decimal.ts';
import { closingSide } from '../../protocol/names.ts';
import type { PositionSide } from '../../protocol/names.ts';
import type { Life, OrderRecord, ProtectionRecord } from './life.ts';

/** The side of what is held; undefined when flat. */
export function heldSide(life: Life): PositionSide | undefined {
  if (life.holding.quantity.isZero()) return undefined;
  return life.holding.quantity.isPositive() ? 'LONG' : 'SHORT';
}

/** True while an order may still bring fills. */
export function isOpenOrder(record: OrderRecord | undefined): boolean {
  return record !== undefined && record.state !== 'ended';
}

/** The orders of the life, as far as there are such. */
export function ordersOf(life: Life): readonly OrderRecord[] {
  return [life.entry, life.close, life.reduce].filter((order) => order !== undefined);
}

/** The orders of the life that may still bring fills. */
export function openOrdersOf(life: Life): readonly OrderRecord[] {
  return ordersOf(life).filter((order) => order.state !== 'ended');
}

/** A part that the venue has refused so often is left: its stop stands, and nothing is lost but a profit not taken. */
const REDUCE_ATTEMPTS = 5;

/**
 * What is still to be closed of the part that was asked for; zero: nothing. A close overtakes it; and what has meanwhile
 * become all that is held is no part any more: a part never closes the whole by accident (failure 56).
 */
export function reductionLeft(life: Life): Decimal {
  const { reduction, reduce, closeRequested, holding } = life;
  if (reduction === undefined || closeRequested !== undefined || (reduce !== undefined && reduce.state === 'ended' && reduce.status !== undefined && reduce.attempt >= REDUCE_ATTEMPTS)) return ZERO;
  const left = reduction.quantity.minus(reduction.executed).minus(reduce?.executedQuantity ?? ZERO);
  return left.isGreaterThan(ZERO) && left.isLessThan(holding.quantity.abs()) ? left : ZERO;
}

/** True from a request to close a part until nothing more comes of it. */
export function isReducing(life: Life): boolean {
  return isOpenOrder(life.reduce) || !reductionLeft(life).isZero();
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

/** The stop that protects now: the newest that stands, or has fired. */
export function standingStop(life: Life): ProtectionRecord | undefined {
  return standingStops(life).reduce<ProtectionRecord | undefined>((newest, record) => (newest === undefined || record.attempt > newest.attempt ? record : newest), undefined);
}

export function stopStands(life: Life): boolean {
  return standingStops(life).length > 0;
}

/** The newest stop has fired, and nothing of its order was counted. */
export function firedInVain({ stop, filled }: Life): boolean {
  return stop?.state === 'ended' && stop.orderId !== undefined && !filled.has(stop.orderId);
}

/** True when the stops that stand are enough for all that is held. After one that fired in vain none is: the price is beyond it, and what an older one allows for is not what was wanted. */
export function stopsCover(life: Life): boolean {
  if (firedInVain(life)) return false;
  return standingStops(life)
    .reduce((sum, record) => sum.plus(record.quantity), ZERO)
    .isGreaterThanOrEqualTo(life.holding.quantity.abs());
}

/** True when the venue has reported more of an order than trades of it were counted. */
export function fillsMissing(life: Life, order: OrderRecord | undefined): order is OrderRecord {
  return order?.orderId !== undefined && order.executedQuantity.isGreaterThan(life.filled.get(order.orderId) ?? ZERO);
}

/** The protection of that id, if the life knows it. */
export function protectionOf(life: Life, clientId: string): ProtectionRecord | undefined {
  return [life.stop, life.target, ...life.stale].find((record) => record?.clientId === clientId);
}
