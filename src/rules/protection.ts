/** Where stop and target stand: from the average fill, on the right side by construction, rounded away from the entry. */
import type { Decimal } from '../protocol/decimal.ts';
import { ceilTo, decimal, floorTo, ONE, ZERO } from '../protocol/decimal.ts';
import type { PositionSide } from '../protocol/names.ts';

export interface ProtectionPrices {
  readonly stop: Decimal;
  readonly target: Decimal;
}

/**
 * LONG: stop = entry × (1 − stop %), target = entry × (1 + target %); SHORT mirrored; to the tick, away from the entry.
 * Undefined when no such prices exist (a percentage of 0 or a stop at or below zero): there is no position without a stop.
 */
export function protectionPrices(side: PositionSide, entry: Decimal, stopPercent: string, targetPercent: string, tick: Decimal): ProtectionPrices | undefined {
  const stopShare = decimal(stopPercent).dividedBy(100);
  const targetShare = decimal(targetPercent).dividedBy(100);
  if (!stopShare.isGreaterThan(ZERO) || !targetShare.isGreaterThan(ZERO)) return undefined;
  const below = (share: Decimal) => floorTo(entry.multipliedBy(ONE.minus(share)), tick);
  const above = (share: Decimal) => ceilTo(entry.multipliedBy(ONE.plus(share)), tick);
  const prices = side === 'LONG' ? { stop: below(stopShare), target: above(targetShare) } : { stop: above(stopShare), target: below(targetShare) };
  if (!prices.stop.isGreaterThan(ZERO) || !prices.target.isGreaterThan(ZERO)) return undefined;
  return prices;
}

/** True when `mark` is at or beyond the stop of a position of `side`. */
export function stopPassed(side: PositionSide, stop: Decimal, mark: Decimal): boolean {
  return side === 'LONG' ? mark.isLessThanOrEqualTo(stop) : mark.isGreaterThanOrEqualTo(stop);
}
