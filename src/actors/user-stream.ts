/**
 * The user stream: routes what the venue says to the symbol it is about. Each connection rests on a listen key that was asked for after
 * it was wanted (a stream on a dead key is silent, and looks alive), and is an epoch of its own: what happened before it must be asked
 * for. One that is lost, deaf, or whose key is gone is left, and the next is wanted.
 */
import type { ActorContext, AnyContext, Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { AccountMessage, ExecutorMessage, FindingMessage, GatewayMessage, ListenKeyMessage, UserStreamMessage } from '../protocol/messages.ts';
import type { ListenKeyView, StreamView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { UserEvent } from '../protocol/venue.ts';
import { mustLeave, restsOn } from '../rules/listen-key.ts';
import type { RestsOn } from '../rules/listen-key.ts';
import { failuresBefore, retryMs } from '../rules/reconnecting.ts';
import { deafWaitMs, Hearing } from '../rules/stream-hearing.ts';
import type { OpenStream, VenueUserStream } from '../venue/port.ts';
import { publish } from './publish.ts';
import { viewsFirst } from './views.ts';

export interface UserStreamOptions {
  readonly stream: VenueUserStream;
  readonly listenKey: Ref<ListenKeyMessage>;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly account: Ref<AccountMessage>;
  readonly gateway: Ref<GatewayMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'stream'; readonly view: StreamView }>[];
  readonly findings: Ref<FindingMessage>;
  /** The number of the next connection: rises over restarts of the actor, too. */
  readonly nextConnection: () => number;
  /** What REST has said of an order or a fill the stream tells within this time, or it is deaf. */
  readonly deafAfterMs: number;
}

type Internal = UserStreamMessage | { readonly type: 'connect' } | { readonly type: 'heartbeat' };

interface Connection {
  /** Its stream epoch, once it is live. */
  readonly number: number;
  /** Undefined: it waits for its listen key. */
  open: { readonly stream: OpenStream; on: RestsOn } | undefined;
}

interface UserStreamState {
  view: StreamView;
  readonly hearing: Hearing;
  listenKey: ListenKeyView | undefined;
  /** The one whose word counts; undefined: the next one is waited for. */
  connection: Connection | undefined;
  /** Monotonic ms; undefined: it is not live. */
  liveSince: number | undefined;
  /** Connections lost in a row, none of which had settled. */
  failures: number;
  /** Connections found deaf since one has last told what was owed. */
  deaf: number;
  lastLoss: { readonly reason: string; readonly at: number } | undefined;
  events: number;
  lastEventAt: number | null;
}

type Context = ActorContext<Internal>;

export function userStreamBehaviour(options: UserStreamOptions): Behaviour<Internal, UserStreamState> {
  return {
    role: 'user-stream',
    purpose: 'Brings order, protection and account events to those they are about.',
    consumes: { 'user-event': 'one event', 'listen-key': 'the key, whom it is granted to, and whether it is gone', 'stream-live': 'the connection is live', 'stream-lost': 'the connection is gone', 'rest-said': 'what the stream must tell of, too', connect: 'another connection is due', heartbeat: 'the view is due' },
    emits: ['user-event → executors, account', 'modes-changed → gateway', 'key-wanted → listen-key', 'stream → governor, readiness, reconciler, gateway', 'finding → findings'],
    // No fill may be lost to an overflow; a burst of a thousand is far beyond anything real.
    mailbox: { capacity: 20_000, overflow: 'reject', onRestart: 'keep', lanes: viewsFirst(['listen-key']) },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const state: UserStreamState = { view: { live: false, streamEpoch: 0, since: ctx.clock.now() }, hearing: new Hearing(), listenKey: undefined, connection: undefined, liveSince: undefined, failures: 0, deaf: 0, lastLoss: undefined, events: 0, lastEventAt: null };
      ctx.own(() => state.connection?.open?.stream.close());
      want(state, ctx);
      return state;
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'user-event':
          state.events += 1;
          state.lastEventAt = ctx.clock.now();
          // It tells what is owed: it hears, and the next silence is a first one.
          if (state.hearing.told(message.event, ctx.clock.monotonic())) state.deaf = 0;
          route(message.event, ctx);
          return same;
        case 'rest-said':
          if (state.liveSince !== undefined) for (const word of message.words) state.hearing.said(word, state.liveSince, ctx.clock.monotonic());
          return same;
        case 'listen-key':
          state.listenKey = message.view;
          restOnKey(state, ctx);
          return same;
        case 'connect':
          want(state, ctx);
          return same;
        case 'stream-live':
          if (message.connection !== state.connection?.number) return same;
          state.hearing.begin();
          state.view = { live: true, streamEpoch: message.connection, since: ctx.clock.now() };
          state.liveSince = ctx.clock.monotonic();
          ctx.log.info({ streamEpoch: state.view.streamEpoch }, 'user stream is live');
          publishView(state, ctx);
          return same;
        case 'stream-lost':
          if (message.connection === state.connection?.number) leaveAndRetry(state, message.reason, ctx);
          return same;
        case 'heartbeat':
          restOnKey(state, ctx);
          if (state.connection !== undefined && state.connection.open === undefined) askForKey(state.connection, ctx);
          listen(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    view: (state) => ({
      ...state.view,
      since: isoTime(state.view.since),
      connection: state.connection?.number ?? null,
      waitsFor: state.connection === undefined ? 'the next try' : state.connection.open === undefined ? 'a listen key' : state.view.live ? null : 'the venue',
      listenKey: state.connection?.open?.on.key.number ?? null,
      lossesInARow: state.failures,
      deafInARow: state.deaf,
      lastLoss: state.lastLoss === undefined ? null : { reason: state.lastLoss.reason, at: isoTime(state.lastLoss.at) },
      events: state.events,
      lastEventAt: isoTimeOrNull(state.lastEventAt),
    }),
  };

  function route(event: UserEvent, ctx: Context): void {
    if (event.type === 'account') {
      ctx.tell(options.account, { type: 'user-event', event });
      // As it was asked for is no news. That it is so again, only a reading says.
      for (const { symbol, marginMode } of event.positions) {
        if (marginMode === 'CROSSED') ctx.tell(options.executorOf(symbol), { type: 'user-event', event: { type: 'settings', symbol, marginMode, observedAt: event.observedAt } });
      }
    } else if (event.type === 'modes') ctx.tell(options.gateway, { type: 'modes-changed', reason: `the user stream says that multi-assets mode is ${event.multiAssets ? 'on' : 'off'}` });
    else ctx.tell(options.executorOf(event.type === 'settings' ? event.symbol : event.order.symbol), { type: 'user-event', event });
  }

  function want(state: UserStreamState, ctx: AnyContext<Internal>): void {
    state.connection = { number: options.nextConnection(), open: undefined };
    askForKey(state.connection, ctx);
  }

  /** Until it comes it is asked for once a second: whoever was killed meanwhile has forgotten it. */
  function askForKey({ number }: Connection, ctx: AnyContext<Internal>): void {
    ctx.tell(options.listenKey, { type: 'key-wanted', connection: number });
  }

  /** Opens the connection whose key has come; leaves the one whose key cannot be relied on. */
  function restOnKey(state: UserStreamState, ctx: Context): void {
    const { connection, listenKey } = state;
    if (connection?.open === undefined) {
      if (connection !== undefined && listenKey?.held !== undefined && listenKey.granted >= connection.number) open(connection, listenKey.held, ctx);
      return;
    }
    if (listenKey !== undefined) connection.open.on = restsOn(connection.open.on, listenKey);
    const reason = mustLeave(connection.open.on, listenKey, ctx.clock.monotonic());
    if (reason !== undefined) leaveAndRetry(state, reason, ctx);
  }

  function open(connection: Connection, { key, keptAt }: RestsOn, ctx: Context): void {
    const { self } = ctx;
    const { number } = connection;
    const stream = options.stream.open(key, {
      onEvent: (event) => void ctx.tell(self, { type: 'user-event', event }),
      onLive: () => void ctx.tell(self, { type: 'stream-live', connection: number }),
      onLost: (reason) => void ctx.tell(self, { type: 'stream-lost', connection: number, reason }),
    });
    connection.open = { stream, on: { key, keptAt } };
  }

  function leaveAndRetry(state: UserStreamState, reason: string, ctx: Context): void {
    state.failures = failuresBefore(state.failures, state.liveSince === undefined ? undefined : ctx.clock.monotonic() - state.liveSince);
    leave(state, reason, retryMs(state.failures), ctx);
    state.failures += 1;
  }

  /** Whatever it still says of itself says nothing of the next one. */
  function leave(state: UserStreamState, reason: string, waitMs: number, ctx: Context): void {
    const { live, streamEpoch, since } = state.view;
    const what = { reason, connection: state.connection?.number, lossesInARow: state.failures, waitMs };
    if (live) ctx.log.warn({ ...what, streamEpoch }, 'user stream is lost; openings wait until it is back and reconciled');
    else ctx.log.warn(what, 'user stream: the connection came to nothing; openings wait');
    state.connection?.open?.stream.close();
    state.connection = undefined;
    state.liveSince = undefined;
    state.lastLoss = { reason, at: ctx.clock.now() };
    state.view = { live: false, streamEpoch, since: live ? ctx.clock.now() : since };
    ctx.timers.once('connect', waitMs, { type: 'connect' });
    publishView(state, ctx);
  }

  /** A deaf stream is no stream: nothing is opened until another one is live and what this one kept to itself has been read. */
  function listen(state: UserStreamState, ctx: Context): void {
    const overdue = state.view.live ? state.hearing.overdue(options.deafAfterMs, ctx.clock.monotonic()) : undefined;
    if (overdue === undefined) return;
    const { word, forMs, owed } = overdue;
    state.deaf += 1;
    const waitMs = deafWaitMs(state.deaf);
    const message = `REST told of ${word.what} ${word.id} of ${word.symbol}, and the user stream has not within ${forMs} ms (${owed} such in all, ${options.deafAfterMs} ms are allowed): it is deaf.`;
    ctx.log.error({ ...word, forMs, owed, inARow: state.deaf, waitMs }, `${message} Opening another`);
    ctx.tell(options.findings, { type: 'finding', from: ctx.path, finding: { code: 'STREAM_DEAF', subject: 'user-stream', message, details: { ...word, forMs, owed, inARow: state.deaf } } });
    leave(state, 'deaf', waitMs, ctx);
  }

  function publishView(state: UserStreamState, ctx: Context): void {
    publish(ctx, options.subscribers, { type: 'stream', view: state.view });
  }
}
