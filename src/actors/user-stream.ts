/** The user stream: routes what the venue says to the symbol it is about, counts its connections, and opens a new one when the one it has is deaf: what happened in between must be asked for. */
import type { ActorContext, AnyContext, Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { AccountMessage, ExecutorMessage, FindingMessage, GatewayMessage, UserStreamMessage } from '../protocol/messages.ts';
import type { StreamView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { UserEvent } from '../protocol/venue.ts';
import { Hearing } from '../rules/stream-hearing.ts';
import type { OpenStream, VenueUserStream } from '../venue/port.ts';
import { publish } from './publish.ts';

/** The first deaf connection is replaced at once; after that one the next waits, so that nothing is opened while the venue's streams are ill. */
const DEAF_AGAIN_MS = 30_000;
const LONGEST_DEAF_MS = 300_000;

export interface UserStreamOptions {
  readonly stream: VenueUserStream;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly account: Ref<AccountMessage>;
  readonly gateway: Ref<GatewayMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'stream'; readonly view: StreamView }>[];
  readonly findings: Ref<FindingMessage>;
  /** The next stream epoch: rises over restarts of the actor, too. */
  readonly nextEpoch: () => number;
  /** What REST has said of an order or a fill the stream tells within this time, or it is deaf. */
  readonly deafAfterMs: number;
}

type Internal = UserStreamMessage | { readonly type: 'reopen' } | { readonly type: 'heartbeat' };

interface UserStreamState {
  view: StreamView;
  readonly hearing: Hearing;
  stream: OpenStream | undefined;
  /** Number of the connection whose word counts. */
  connection: number;
  /** Connections found deaf since one has last told what was owed. */
  deaf: number;
  events: number;
  lastEventAt: number | null;
}

type Context = ActorContext<Internal>;

export function userStreamBehaviour(options: UserStreamOptions): Behaviour<Internal, UserStreamState> {
  return {
    role: 'user-stream',
    purpose: 'Brings order, protection and account events to those they are about.',
    consumes: { 'user-event': 'one event', 'stream-live': 'the stream is (again) live', 'stream-lost': 'the stream is gone', 'rest-said': 'what the stream must tell of, too', reopen: 'another connection is due', heartbeat: 'the view is due' },
    emits: ['user-event → executors, account', 'modes-changed → gateway', 'stream → governor, readiness, reconciler', 'finding → findings'],
    // No fill may be lost to an overflow; a burst of a thousand is far beyond anything real.
    mailbox: { capacity: 20_000, overflow: 'reject', onRestart: 'keep' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const state: UserStreamState = { view: { live: false, streamEpoch: 0, since: ctx.clock.now() }, hearing: new Hearing(), stream: undefined, connection: 0, deaf: 0, events: 0, lastEventAt: null };
      open(state, ctx);
      return state;
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'user-event':
          state.events += 1;
          state.lastEventAt = ctx.clock.now();
          // It tells what is owed: it hears, and the next silence is a first one.
          if (state.hearing.told(message.event, ctx.clock.now())) state.deaf = 0;
          route(message.event, ctx);
          return same;
        case 'rest-said':
          if (state.view.live) for (const word of message.words) state.hearing.said(word, state.view.since, ctx.clock.now());
          return same;
        case 'reopen':
          open(state, ctx);
          return same;
        case 'stream-live':
          if (message.connection !== state.connection) return same;
          state.hearing.begin();
          state.view = { live: true, streamEpoch: options.nextEpoch(), since: ctx.clock.now() };
          ctx.log.info({ streamEpoch: state.view.streamEpoch }, 'user stream is live');
          publishView(state, ctx);
          return same;
        case 'stream-lost':
          if (message.connection === state.connection) lose(state, message.reason, ctx);
          return same;
        case 'heartbeat':
          listen(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    view: ({ view, events, lastEventAt, connection, deaf }) => ({ ...view, since: isoTime(view.since), connection, deafInARow: deaf, events, lastEventAt: isoTimeOrNull(lastEventAt) }),
  };

  function route(event: UserEvent, ctx: Context): void {
    if (event.type === 'account') ctx.tell(options.account, { type: 'user-event', event });
    else if (event.type === 'modes') ctx.tell(options.gateway, { type: 'modes-changed', reason: `the user stream says that multi-assets mode is ${event.multiAssets ? 'on' : 'off'}` });
    else ctx.tell(options.executorOf(event.type === 'settings' ? event.symbol : event.order.symbol), { type: 'user-event', event });
  }

  function open(state: UserStreamState, ctx: AnyContext<Internal>): void {
    const { self } = ctx;
    state.connection += 1;
    const { connection } = state;
    const stream = options.stream.open({
      onEvent: (event) => void ctx.tell(self, { type: 'user-event', event }),
      onLive: () => void ctx.tell(self, { type: 'stream-live', connection }),
      onLost: (reason) => void ctx.tell(self, { type: 'stream-lost', connection, reason }),
    });
    state.stream = stream;
    ctx.own(() => stream.close());
  }

  function lose(state: UserStreamState, reason: string, ctx: Context): void {
    if (state.view.live) ctx.log.warn({ reason, streamEpoch: state.view.streamEpoch }, 'user stream is lost; openings wait until it is back and reconciled');
    state.view = { ...state.view, live: false, since: state.view.live ? ctx.clock.now() : state.view.since };
    publishView(state, ctx);
  }

  /** A deaf stream is no stream: nothing is opened until another one is live and what this one kept to itself has been read. */
  function listen(state: UserStreamState, ctx: Context): void {
    const overdue = state.view.live ? state.hearing.overdue(options.deafAfterMs, ctx.clock.now()) : undefined;
    if (overdue === undefined) return;
    const { word, forMs, owed } = overdue;
    state.deaf += 1;
    const waitMs = state.deaf === 1 ? 0 : Math.min(DEAF_AGAIN_MS * 2 ** (state.deaf - 2), LONGEST_DEAF_MS);
    const message = `REST told of ${word.what} ${word.id} of ${word.symbol}, and the user stream has not within ${forMs} ms (${owed} such in all, ${options.deafAfterMs} ms are allowed): it is deaf.`;
    ctx.log.error({ ...word, forMs, owed, inARow: state.deaf, waitMs }, `${message} Opening another`);
    ctx.tell(options.findings, { type: 'finding', from: ctx.path, finding: { code: 'STREAM_DEAF', subject: 'user-stream', message, details: { ...word, forMs, owed, inARow: state.deaf } } });
    state.stream?.close();
    state.stream = undefined;
    // Whatever it still says of itself says nothing of the next one.
    state.connection += 1;
    lose(state, 'deaf', ctx);
    ctx.timers.once('open', waitMs, { type: 'reopen' });
  }

  function publishView(state: UserStreamState, ctx: Context): void {
    publish(ctx, options.subscribers, { type: 'stream', view: state.view });
  }
}
