/** The phases of a symbol's life on one page: which phase the facts mean, and which may follow which. */
import type { Phase } from '../../protocol/views.ts';
import type { Life } from './life.ts';
import { isLive, isOpenOrder, openOrdersOf, stopStands } from './standing.ts';

/** The phase is read off the facts, never stored beside them, so that it cannot disagree with them. */
export function phaseOf(life: Life): Phase {
  const holds = !life.holding.quantity.isZero();
  if (life.drift !== undefined) return 'Drifted';
  if (openOrdersOf(life).some((order) => order.state === 'ambiguous')) return 'Ambiguous';
  if (holds) {
    if (isOpenOrder(life.close) || life.closeRequested !== undefined || life.stop?.state === 'triggered' || life.target?.state === 'triggered') return 'Closing';
    return stopStands(life) ? 'Protected' : 'Opening';
  }
  if (isLive(life.stop) || isLive(life.target) || life.stale.length > 0 || isOpenOrder(life.close)) return 'Closing';
  if (isOpenOrder(life.entry)) return 'Opening';
  // Flat by our count; what is missing is the venue's confirmation, or the end of the plan.
  if (life.holding.peak.isGreaterThan(0) || life.adopted) return 'Closing';
  return life.planStage === 'sent' ? 'Opening' : 'Flat';
}

/** From → to. What is not here is a defect, and is an error. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  // A late fill can come at any time: it opens (again) what seemed flat.
  Flat: ['Opening', 'Closing', 'Ambiguous', 'Drifted'],
  Opening: ['Protected', 'Flat', 'Closing', 'Ambiguous', 'Drifted'],
  Protected: ['Closing', 'Opening', 'Ambiguous', 'Drifted', 'Flat'],
  Closing: ['Flat', 'Ambiguous', 'Drifted', 'Opening', 'Protected'],
  Ambiguous: ['Opening', 'Protected', 'Closing', 'Flat', 'Drifted'],
  Drifted: ['Opening', 'Protected', 'Closing', 'Flat', 'Ambiguous'],
};

/** @throws Error naming both phases when `to` may not follow `from`. */
export function assertTransition(from: Phase, to: Phase): void {
  if (from !== to && !TRANSITIONS[from].includes(to)) throw new Error(`illegal transition ${from} → ${to}`);
}
