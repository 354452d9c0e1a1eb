/** R: what a position has made or lost, net of what getting out costs, in multiples of what was risked at its opening (ruling 21). */
import type { Decimal } from '../../protocol/decimal.ts';
import { ONE, wholeDecimal } from '../../protocol/decimal.ts';
import type { PositionSide } from '../../protocol/names.ts';

export interface RInputs {
  readonly side: PositionSide;
  /** The average of what was filled. */
  readonly entry: Decimal;
  /** The first stop that stood: the risk is fixed by it for the position's life. */
  readonly initialStop: Decimal;
  readonly mark: Decimal;
  /** Of the entry, in basis points; a decimal, for it is money. */
  readonly costBps: Decimal;
}

const BPS = wholeDecimal(10_000);

/** R = (move in favour − costs per unit) / |entry − initial stop|. Undefined when nothing was risked: there is no measure then. */
export function rMultiple({ side, entry, initialStop, mark, costBps }: RInputs): Decimal | undefined {
  const risk = entry.minus(initialStop).abs();
  if (risk.isZero()) return undefined;
  const move = side === 'LONG' ? mark.minus(entry) : entry.minus(mark);
  return move.minus(entry.multipliedBy(costBps).dividedBy(BPS)).dividedBy(risk);
}

/** The R at which a target so many percent away is reached, with a stop so many percent away: what lies beyond it is never reached. */
export function rAtTarget(stopPercent: Decimal, targetPercent: Decimal, costBps: Decimal): Decimal | undefined {
  const share = (percent: Decimal) => percent.dividedBy(100);
  return rMultiple({ side: 'LONG', entry: ONE, initialStop: ONE.minus(share(stopPercent)), mark: ONE.plus(share(targetPercent)), costBps });
}
