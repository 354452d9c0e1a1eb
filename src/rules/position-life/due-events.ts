/** What time or completeness makes due, with no one outside saying so: naked too long, closed, ended without a position. */
import { text } from '../../protocol/decimal.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import type { PositionId } from '../../protocol/names.ts';
import { whatItWas } from './closed.ts';
import { guardState } from './guard.ts';
import type { Life } from './life.ts';
import type { Situation } from './situation.ts';
import { isVenueMade } from './owners.ts';
import { liveProtectionsOf, openOrdersOf } from './standing.ts';

export function dueEvents(life: Life, situation: Situation): LifeEvent[] {
  const { now, flat } = situation;
  const { holding, entry, plan } = life;
  if (!holding.quantity.isZero()) {
    const { guardedSince, nakedCloseMs } = situation;
    if (life.closeRequested !== undefined || guardedSince === undefined) return [];
    // The venue takes no stop: it is guarded from here, and closed as its stop would have closed it. Blind, it is naked like any other.
    const guard = guardState(life, situation);
    if (guard === 'holds') return [];
    if (guard === 'passed') return [{ type: 'CloseRequested', at: now, reason: 'STOP_PASSED', by: 'local guard' }];
    const naked = life.nakedSince !== undefined && nakedForMs(Math.max(life.nakedSince, guardedSince), situation) >= nakedCloseMs;
    return naked ? [{ type: 'CloseRequested', at: now, reason: 'NAKED', by: 'executor' }] : [];
  }
  if (openOrdersOf(life).length > 0 || liveProtectionsOf(life).length > 0) return [];
  if (!holding.peak.isZero() || life.adopted) {
    if (flat === undefined || flat.openAlgoIds.length > 0) return [];
    // Who closed it is asked for first; the executor asks so often, and then says that nobody knows.
    if (life.closedBy !== undefined && !life.orders.has(life.closedBy)) return [];
    // Opened and closed by somebody else before it could be adopted: it has no id of ours.
    const positionId = life.positionId ?? (`external-${life.symbol}-${holding.openedAt ?? now}` as PositionId);
    return [{ type: 'PositionClosed', at: now, positionId, reason: closeReason(life), realizedPnl: text(holding.realizedPnl), commission: text(holding.commission), ...whatItWas(life, positionId) }];
  }
  if (life.planStage === 'sent' && plan !== undefined && entry !== undefined && entry.executedQuantity.isZero()) {
    return [{ type: 'PlanEnded', at: now, planId: plan.planId, code: entry.status === 'REJECTED' ? 'VENUE_REJECTED' : entry.status === undefined ? 'ENTRY_ABSENT' : 'ENTRY_UNFILLED' }];
  }
  return [];
}

/** How long it has been naked, since the wall time `since`, ms. By the larger of both clocks: one that is set back puts no close off; and one that is set on brings none about. */
export function nakedForMs(since: number, { now, steadyNow = now, nakedMs = 0 }: Situation): number {
  return Math.max(Math.min(now, steadyNow) - since, nakedMs);
}

/** What brought the position to an end: the venue itself or a stranger, by the order that left nothing; else our close if it was executed, else the protection that fired, whatever was asked for meanwhile. */
function closeReason(life: Life): string {
  const last = life.closedBy === undefined ? undefined : life.orders.get(life.closedBy)?.by;
  if (last !== undefined && isVenueMade(last)) return last;
  if (last === 'stranger') return 'EXTERNAL';
  const byUs = life.close?.executedQuantity.isGreaterThan(0) === true;
  const { fired, stopMove } = life;
  // One that was taken for gone, and had fired, is known by its order alone.
  const leg = fired?.leg ?? last;
  if (leg === 'target' && !byUs) return 'TARGET';
  // A stop that was moved into profit says so: it is no loss.
  if (leg === 'stop' && !byUs) return stopMove !== undefined && fired?.at?.isEqualTo(stopMove.price) === true ? stopMove.reason : 'STOP';
  return life.closeRequested?.reason ?? 'EXTERNAL';
}
