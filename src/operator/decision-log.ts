/** The actor `operator/decision-log`: every decision can be asked about; where signals end is a number with a code, at every stage. */
import type { DecisionLogMessage } from '../protocol/messages.ts';
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import { FunnelCounts } from './funnel-counts.ts';

export interface DecisionLogState {
  readonly counts: FunnelCounts;
  /** Since when it counts: a new incarnation begins at nothing. */
  readonly since: number;
  /** The last hour, for the view. */
  readonly now: () => number;
}

export function decisionLogBehaviour(): Behaviour<DecisionLogMessage, DecisionLogState> {
  return {
    role: 'operator/decision-log',
    purpose: 'Keeps every decision with what it was decided by, so that a pipeline that refuses everything is seen and can say why.',
    consumes: { decided: 'One decision about one thing.', funnel: 'Asks for the counts of a window.', explain: 'Why was a symbol traded, or not?', trace: 'What became of this?' },
    emits: [],
    // A burst is a whole universe through all stages (some hundred decisions); what is beyond is counted as dropped, never waited for.
    mailbox: { capacity: 4_096, overflow: 'drop-oldest', onRestart: 'keep' },
    init: ({ clock }) => ({ counts: new FunnelCounts(), since: clock.now(), now: () => clock.now() }),
    receive({ counts }, message, ctx) {
      switch (message.type) {
        case 'decided':
          counts.add(message.decision, ctx.clock.now());
          return same;
        case 'funnel':
          ctx.answering(message)(counts.view(message.windowMs, ctx.clock.now()));
          return same;
        case 'explain':
          ctx.answering(message)([]);
          return same;
        case 'trace':
          ctx.answering(message)({ id: message.id, ids: { orderIds: [] }, steps: [] });
          return same;
      }
    },
    view: ({ counts, since, now }) => ({ since: isoTime(since), buckets: counts.buckets, lastHour: counts.view(3_600_000, now()).stages }),
  };
}
