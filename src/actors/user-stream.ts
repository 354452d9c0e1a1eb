/** The user stream: routes what the venue says to the symbol it is about, and counts its connections: what happened in between must be asked for. */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { AccountMessage, ExecutorMessage, UserStreamMessage } from '../protocol/messages.ts';
import type { StreamView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { VenueUserStream } from '../venue/port.ts';
import { publish } from './publish.ts';

export interface UserStreamOptions {
  readonly stream: VenueUserStream;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly account: Ref<AccountMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'stream'; readonly view: StreamView }>[];
  /** The next stream epoch: rises over restarts of the actor, too. */
  readonly nextEpoch: () => number;
}

type Internal = UserStreamMessage | { readonly type: 'heartbeat' };

interface UserStreamState {
  view: StreamView;
  events: number;
  lastEventAt: number | null;
}

export function userStreamBehaviour(options: UserStreamOptions): Behaviour<Internal, UserStreamState> {
  return {
    role: 'user-stream',
    purpose: 'Brings order, protection and account events to those they are about.',
    consumes: { 'user-event': 'one event', 'stream-live': 'the stream is (again) live', 'stream-lost': 'the stream is gone', heartbeat: 'the view is due' },
    emits: ['user-event → executors, account', 'stream → governor, readiness, reconciler'],
    // No fill may be lost to an overflow; a burst of a thousand is far beyond anything real.
    mailbox: { capacity: 20_000, overflow: 'reject', onRestart: 'keep' },
    init(ctx) {
      const { self } = ctx;
      const stream = options.stream.open({
        onEvent: (event) => void ctx.tell(self, { type: 'user-event', event }),
        onLive: () => void ctx.tell(self, { type: 'stream-live' }),
        onLost: (reason) => void ctx.tell(self, { type: 'stream-lost', reason }),
      });
      ctx.own(() => stream.close());
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return { view: { live: false, streamEpoch: 0, since: ctx.clock.now() }, events: 0, lastEventAt: null };
    },
    receive(state, message, ctx) {
      const publishView = () => publish(ctx, options.subscribers, { type: 'stream', view: state.view });
      switch (message.type) {
        case 'user-event': {
          const { event } = message;
          state.events += 1;
          state.lastEventAt = ctx.clock.now();
          if (event.type === 'account') ctx.tell(options.account, { type: 'user-event', event });
          else ctx.tell(options.executorOf(event.type === 'settings' ? event.symbol : event.order.symbol), { type: 'user-event', event });
          return same;
        }
        case 'stream-live':
          state.view = { live: true, streamEpoch: options.nextEpoch(), since: ctx.clock.now() };
          ctx.log.info({ streamEpoch: state.view.streamEpoch }, 'user stream is live');
          publishView();
          return same;
        case 'stream-lost':
          if (state.view.live) ctx.log.warn({ reason: message.reason, streamEpoch: state.view.streamEpoch }, 'user stream is lost; openings wait until it is back and reconciled');
          state.view = { ...state.view, live: false, since: state.view.live ? ctx.clock.now() : state.view.since };
          publishView();
          return same;
        case 'heartbeat':
          publishView();
          return same;
      }
    },
    view: ({ view, events, lastEventAt }) => ({ ...view, since: isoTime(view.since), events, lastEventAt: isoTimeOrNull(lastEventAt) }),
  };
}
