/** What others ask of a position, as events of its life or a refusal with its reason: close it, close a part of it, move its stop. */
import type { Decimal } from '../../protocol/decimal.ts';
import { ceilTo, decimal, floorTo, text, ZERO } from '../../protocol/decimal.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import type { Instrument } from '../../protocol/market.ts';
import type { PositionId } from '../../protocol/names.ts';
import { stopPassed } from '../protection.ts';
import type { Life } from './life.ts';
import { heldSide, isReducing, standingStop } from './standing.ts';

export type Requested = { readonly events: readonly LifeEvent[] } | { readonly refused: string };

interface Asking {
  readonly reason: string;
  readonly by: string;
}

/** Undefined `positionId`: whatever is held now. One that is over is not mistaken for the next. */
export function requestClose(life: Life, asked: Asking & { readonly positionId?: PositionId }, at: number): Requested {
  if (asked.positionId !== undefined && asked.positionId !== life.positionId) return { refused: `${asked.positionId} is not held` };
  if (life.holding.quantity.isZero()) return { refused: 'already flat' };
  if (life.closeRequested !== undefined) return { refused: `being closed: ${life.closeRequested.reason}` };
  return { events: [{ type: 'CloseRequested', at, reason: asked.reason, by: asked.by }] };
}

/**
 * A part of the most that was held, floored to the step; once a tier, one at a time. Where the venue would not take the
 * part, or the rest could not be closed any more, the whole is closed, and the record says why (failure 35, operators' 40):
 * it is never all by accident (failure 56).
 */
export function requestReduce(life: Life, asked: Asking & { readonly positionId: PositionId; readonly tier: string; readonly percent: string }, rules: Instrument | undefined, at: number): Requested {
  const { positionId, tier, percent, reason, by } = asked;
  const refused = notNow(life, positionId);
  if (refused !== undefined) return { refused };
  if (life.tiersDone.includes(tier)) return { refused: `tier ${tier} was taken` };
  if (isReducing(life)) return { refused: `tier ${life.reduction?.tier ?? '?'} is under way` };
  if (rules === undefined) return { refused: 'the venue\'s filters are not known' };
  const held = life.holding.quantity.abs();
  const quantity = floorTo(life.holding.peak.multipliedBy(decimal(percent)).dividedBy(100), rules.stepSize);
  const rest = held.minus(quantity);
  const price = lowestPrice(life);
  const whole = tooSmall(quantity, price, rules, 'the part') ?? (rest.isGreaterThan(ZERO) ? tooSmall(rest, price, rules, 'the rest') : `the part of ${text(quantity)} is all of ${text(held)} that is held`);
  if (whole !== undefined) return { events: [{ type: 'CloseRequested', at, reason, by, detail: whole }] };
  return { events: [{ type: 'ReduceRequested', at, positionId, tier, quantity: text(quantity), reason, by }] };
}

/** To the tick, away from the entry; only ever nearer to the profit than the stop that stands or is on its way. */
export function requestStopMove(life: Life, asked: Asking & { readonly positionId: PositionId; readonly stopPrice: string }, tickSize: Decimal | undefined, at: number): Requested {
  const { positionId, reason, by } = asked;
  const refused = notNow(life, positionId);
  if (refused !== undefined) return { refused };
  const side = heldSide(life);
  if (tickSize === undefined || side === undefined) return { refused: 'the venue\'s tick is not known' };
  const stands = standingStop(life)?.triggerPrice;
  if (stands === undefined) return { refused: 'no stop stands that could be moved' };
  const wanted = decimal(asked.stopPrice);
  const stopPrice = wanted.isGreaterThan(life.holding.averageEntry) ? ceilTo(wanted, tickSize) : floorTo(wanted, tickSize);
  const moved = life.stopMove?.side === side ? life.stopMove.price : stands;
  // A stop at or behind one of them is one that it would already have passed.
  if ([stands, moved].some((known) => stopPassed(side, known, stopPrice))) return { refused: `${text(stopPrice)} is no nearer to the profit than ${text(moved)}` };
  return { events: [{ type: 'StopMoveRequested', at, positionId, stopPrice: text(stopPrice), reason, by }] };
}

function notNow(life: Life, positionId: PositionId): string | undefined {
  if (life.positionId !== positionId || life.holding.quantity.isZero()) return `${positionId} is not held`;
  if (life.closeRequested !== undefined) return `being closed: ${life.closeRequested.reason}`;
  return life.drift === undefined ? undefined : `drifted: the venue states ${text(life.drift)}`;
}

/** The lowest price the position is known to live between: what is worth enough there is so anywhere. */
function lowestPrice(life: Life): Decimal {
  return [standingStop(life)?.triggerPrice, life.target?.triggerPrice].reduce<Decimal>((lowest, price) => (price?.isLessThan(lowest) === true ? price : lowest), life.holding.averageEntry);
}

function tooSmall(quantity: Decimal, price: Decimal, rules: Instrument, what: string): string | undefined {
  if (!quantity.isGreaterThan(ZERO) || quantity.isLessThan(rules.minQuantity)) return `${what} of ${text(quantity)} is below the least quantity ${text(rules.minQuantity)}`;
  const notional = quantity.multipliedBy(price);
  return notional.isLessThan(rules.minNotional) ? `${what} of ${text(quantity)} is worth ${notional.toFixed(2)}, less than ${text(rules.minNotional)}` : undefined;
}
