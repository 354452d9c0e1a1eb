/** What a position was and what it made: written down when it ends, and told until the next one has. */
import { text } from '../../protocol/decimal.ts';
import type { LifeEventOf } from '../../protocol/life-events.ts';
import type { ClosedView } from '../../protocol/views.ts';
import type { PositionId } from '../../protocol/names.ts';
import type { Life } from './life.ts';
import { SHOWN_DECIMALS } from './life.ts';

/** Of a position that has ended; of an adoption of nothing there is nothing to say. */
export function whatItWas({ holding }: Life, positionId: PositionId) {
  const { side, openedAt, entryPrice, peak } = holding;
  if (side === undefined) return {};
  return { side, planId: positionId, entryPrice: text(entryPrice.decimalPlaces(SHOWN_DECIMALS)), quantity: text(peak), ...(openedAt === undefined ? {} : { openedAt }) };
}

/** Entries of journals from before it was written down are completed from the fold. Undefined: nothing was ever held. */
export function closedView({ holding }: Life, event: LifeEventOf<'PositionClosed'>): ClosedView | undefined {
  const side = event.side ?? holding.side;
  if (side === undefined) return undefined;
  const { positionId, reason, realizedPnl, commission, at: closedAt } = event;
  return { positionId, planId: event.planId ?? positionId, side, reason, entryPrice: event.entryPrice ?? text(holding.entryPrice.decimalPlaces(SHOWN_DECIMALS)), quantity: event.quantity ?? text(holding.peak), openedAt: event.openedAt ?? holding.openedAt ?? closedAt, closedAt, realizedPnl, commission };
}
