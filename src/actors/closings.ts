/** The closings of the journal as the lives tell them: what nobody drew consequences from is found again after a restart. */
import type { JournalEntryDraft } from '../protocol/messages.ts';
import type { ClosedView } from '../protocol/views.ts';
import { parseLifeEvent } from '../protocol/life-events.ts';
import type { SymbolName } from '../protocol/names.ts';

/** Of `PositionClosed` entries, in the order of the journal. Those from before a close said what it was are left out: nothing can be drawn from them. */
export function closingsOf(entries: readonly JournalEntryDraft[]): readonly { readonly symbol: SymbolName; readonly view: ClosedView }[] {
  return entries.flatMap((entry) => {
    const event = parseLifeEvent(entry.type, entry.version, entry.at, entry.payload);
    if (event.type !== 'PositionClosed') return [];
    const { positionId, planId, side, reason, entryPrice, quantity, openedAt, realizedPnl, commission, at } = event;
    if (side === undefined || entryPrice === undefined || quantity === undefined || openedAt === undefined) return [];
    return [{ symbol: entry.entity.slice('symbol/'.length) as SymbolName, view: { positionId, planId: planId ?? positionId, side, reason, entryPrice, quantity, openedAt, closedAt: at, realizedPnl, commission } }];
  });
}
