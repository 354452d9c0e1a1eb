/** Which phase the facts of a life mean. What may follow which is a table of its own: `transitions.ts`. */
import type { Phase } from '../../protocol/views.ts';
import type { Life } from './life.ts';
import { isOpenOrder, isReducing, liveProtectionsOf, openOrdersOf, stopStands } from './standing.ts';

/** What each means, for people. */
export const PHASE_MEANINGS: Readonly<Record<Phase, string>> = {
  Flat: 'Nothing is held, nothing is on its way, nothing of ours is in the book: a plan may be taken.',
  Opening: 'An entry is on its way, or something is held that no acknowledged stop protects yet (or any more).',
  Protected: 'Something is held and its stop is acknowledged by the venue.',
  Reducing: 'As Protected, and a part is being closed.',
  Closing: 'The whole is being closed, stop or target has fired, or what is left in the book is being cleared away until the venue confirms flat.',
  Ambiguous: 'An order may or may not have been executed: its id is asked for, nothing is opened.',
  Drifted: 'The venue states a position that is none of ours and left alone: nothing is opened until it is gone, or adopted.',
};

/** The phase is read off the facts, never stored beside them, so that it cannot disagree with them. */
export function phaseOf(life: Life): Phase {
  const holds = !life.holding.quantity.isZero();
  if (life.drift !== undefined) return 'Drifted';
  if (openOrdersOf(life).some((order) => order.state === 'ambiguous')) return 'Ambiguous';
  if (holds) {
    if (isOpenOrder(life.close) || life.closeRequested !== undefined || life.stop?.state === 'triggered' || life.target?.state === 'triggered') return 'Closing';
    if (!stopStands(life)) return 'Opening';
    return isReducing(life) ? 'Reducing' : 'Protected';
  }
  if (liveProtectionsOf(life).length > 0 || isOpenOrder(life.close)) return 'Closing';
  if (isOpenOrder(life.entry)) return 'Opening';
  // Flat by our count; what is missing is the venue's confirmation, or the end of the plan.
  if (!life.holding.peak.isZero() || life.adopted) return 'Closing';
  return life.planStage === 'sent' ? 'Opening' : 'Flat';
}
