/** The actor `operator/funnel`: where signals end is a number with a code, at every stage, at any time of the last day. */
import type { FunnelMessage } from '../protocol/messages.ts';
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import { FunnelCounts } from './funnel-counts.ts';

export interface FunnelState {
  readonly counts: FunnelCounts;
  /** Since when it counts: a new incarnation begins at nothing. */
  readonly since: number;
  /** The last hour, for the view. */
  readonly now: () => number;
}

export function funnelBehaviour(): Behaviour<FunnelMessage, FunnelState> {
  return {
    role: 'operator/funnel',
    purpose: 'Counts what passes from signal to position, so that a pipeline that refuses everything is seen.',
    consumes: { step: 'One step of one thing through the funnel.', get: 'Asks for the counts of a window.' },
    emits: [],
    // A burst is a whole universe through all stages (some hundred steps); what is beyond is counted as dropped, never waited for.
    mailbox: { capacity: 4_096, overflow: 'drop-oldest', onRestart: 'keep' },
    init: ({ clock }) => ({ counts: new FunnelCounts(), since: clock.now(), now: () => clock.now() }),
    receive({ counts }, message, ctx) {
      if (message.type === 'step') counts.add(message.step, ctx.clock.now());
      else ctx.answering(message)(counts.view(message.windowMs, ctx.clock.now()));
      return same;
    },
    view: ({ counts, since, now }) => ({ since: isoTime(since), buckets: counts.buckets, lastHour: counts.view(3_600_000, now()).stages }),
  };
}
