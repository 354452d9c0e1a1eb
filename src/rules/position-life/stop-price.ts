/** Where stop and target of what is held are to stand: from the average fill, or where the stop was moved to. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { PositionSide } from '../../protocol/names.ts';
import { protectionPrices } from '../protection.ts';
import type { ProtectionPrices } from '../protection.ts';
import { GIVEN_STOP } from './life.ts';
import type { Life } from './life.ts';
import type { Situation } from './situation.ts';
import { heldSide } from './standing.ts';

export type Percents = Pick<Situation, 'tickSize' | 'stopLossPercent' | 'takeProfitPercent'>;

/** Undefined: nothing is held, the venue's tick is not known, or there are no such prices. */
export function wantedPrices(life: Life, { tickSize, stopLossPercent, takeProfitPercent }: Percents): ProtectionPrices | undefined {
  const side = heldSide(life);
  if (side === undefined || tickSize === undefined) return undefined;
  const prices = protectionPrices(side, life.holding.averageEntry, life.plan?.stopLossPercent ?? stopLossPercent, life.plan?.takeProfitPercent ?? takeProfitPercent, tickSize);
  const moved = life.stopMove?.side === side ? life.stopMove.price : undefined;
  if (prices === undefined || moved === undefined) return prices;
  return { ...prices, stop: life.stopMove?.reason === GIVEN_STOP ? moved : tighter(side, moved, prices.stop) };
}

/** Of two stops the one nearer to the profit: a stop never moves back. */
function tighter(side: PositionSide, one: Decimal, other: Decimal): Decimal {
  return (side === 'LONG') === one.isGreaterThan(other) ? one : other;
}
