/**
 * The listen key: asked for, prolonged in time, asked for anew for each connection of the user stream, and when it is gone, that is said.
 * It holds no connection: killed at any moment, it asks the venue for the key there is, and the stream goes on.
 */
import type { ActorContext, AnyContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { Failing } from '../protocol/failing.ts';
import type { ListenKeyMessage, ListenKeyViewMessage, StandingMessage } from '../protocol/messages.ts';
import type { ListenKey } from '../protocol/venue.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import { afterFailure, afterKey, keyAlerts, nextRequest, NO_KEY, wantedBy } from '../rules/listen-key.ts';
import type { KeyLife, KeyRequest } from '../rules/listen-key.ts';
import type { VenueListenKeys } from '../venue/port.ts';
import { VenueError } from '../venue/port.ts';

export interface ListenKeyOptions {
  readonly keys: VenueListenKeys;
  readonly userStream: Ref<ListenKeyViewMessage>;
  readonly watchdog: Ref<StandingMessage>;
}

/** The venue's own limits end a request sooner. */
const REQUEST_DEADLINE_MS = 20_000;

interface Sent {
  readonly number: number;
  readonly request: KeyRequest;
  /** Monotonic ms. */
  readonly at: number;
  readonly forConnection: number;
}

type Internal = ListenKeyMessage | { readonly type: 'due' } | { readonly type: 'answered'; readonly sent: Sent; readonly outcome: Outcome<ListenKey | undefined> } | { readonly type: 'heartbeat' };

interface ListenKeyState {
  life: KeyLife;
  /** The request whose answer counts. */
  sent: Sent | undefined;
  requests: number;
  /** What the venue said no to, one after the other. */
  readonly failing: Failing;
  /** Keys this incarnation has seen end. */
  ended: number;
  readonly monotonic: () => number;
}

type Context = AnyContext<Internal>;

export function listenKeyBehaviour({ keys, userStream, watchdog }: ListenKeyOptions): Behaviour<Internal, ListenKeyState> {
  return {
    role: 'listen-key',
    purpose: 'Keeps the key of the user stream alive, and says when it is gone.',
    consumes: { 'key-wanted': 'a connection is to be opened on a key that is asked for now', due: 'the key is to be asked for or prolonged', answered: 'the venue\'s answer', heartbeat: 'the view is due' },
    emits: ['listen-key → user-stream', 'standing → watchdog'],
    // One wish a second at most, and the newest says it all.
    mailbox: { capacity: 100, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const state: ListenKeyState = { life: NO_KEY, sent: undefined, requests: 0, failing: new Failing(), ended: 0, monotonic: () => ctx.clock.monotonic() };
      act(state, ctx);
      return state;
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'key-wanted':
          state.life = wantedBy(state.life, message.connection);
          act(state, ctx);
          return same;
        case 'due':
          act(state, ctx);
          return same;
        case 'answered':
          // One that was overtaken by a connection's wish says nothing of the key that was asked for since.
          if (message.sent.number !== state.sent?.number) return same;
          state.sent = undefined;
          answered(state, message.sent, message.outcome, ctx);
          tell(state, ctx);
          act(state, ctx);
          return same;
        case 'heartbeat':
          tell(state, ctx);
          return same;
      }
    },
    view: (state, now) => viewOf(state, now),
  };

  /** Sends what is due now, or waits for it. A connection's wish does not wait for a prolongation that hangs. */
  function act(state: ListenKeyState, ctx: Context): void {
    const { request, at } = nextRequest(state.life);
    if (state.sent !== undefined && (state.sent.request === 'ask' || request === 'prolong')) return;
    const now = ctx.clock.monotonic();
    if (at > now) return ctx.timers.once('due', at - now, { type: 'due' });
    ctx.timers.cancel('due');
    state.requests += 1;
    const sent: Sent = { number: state.requests, request, at: now, forConnection: state.life.wanted };
    state.sent = sent;
    ctx.effect({
      name: `listen-key ${request}`,
      deadlineMs: REQUEST_DEADLINE_MS,
      run: (signal) => (request === 'ask' ? keys.ask(signal) : keys.prolong(signal)),
      report: (outcome) => ({ type: 'answered', sent, outcome }),
    });
  }

  function answered(state: ListenKeyState, sent: Sent, outcome: Outcome<ListenKey | undefined>, ctx: ActorContext<Internal>): void {
    const { held: before } = state.life;
    if (outcome.ok) {
      state.life = afterKey(state.life, sent.request, { key: outcome.value, sentAt: sent.at, forConnection: sent.forConnection });
      const over = state.failing.over(ctx.clock.monotonic());
      if (over !== undefined) ctx.log.info({ ...over }, 'the venue answers about listen keys again');
    } else {
      const { error } = outcome;
      const told = error instanceof VenueError ? error : undefined;
      state.life = afterFailure(state.life, sent.request, { message: error.message, venueCode: told?.venueCode, restMs: told?.retryAfterMs ?? 0, at: ctx.clock.monotonic() });
      const news = state.failing.failed(ctx.clock.monotonic(), `${sent.request}: ${error.message}`);
      (news === undefined ? ctx.log.debug : ctx.log.warn)({ request: sent.request, reason: error.message, inARow: state.life.failure?.count ?? 1, ...news }, `the listen key was not ${sent.request === 'ask' ? 'given' : 'prolonged'}`);
    }
    const { held, gone } = state.life;
    if (before !== undefined && before.key.number !== held?.key.number) {
      state.ended += 1;
      ctx.log.warn({ key: before.key.number, reason: gone?.reason }, 'a listen key is gone; the user stream leaves its connection');
    }
    if (held !== undefined && held.key.number !== before?.key.number) ctx.log.info({ key: held.key.number }, 'the venue has given a listen key');
  }

  function tell({ life }: ListenKeyState, ctx: Context): void {
    const { held, gone, granted } = life;
    ctx.tell(userStream, { type: 'listen-key', view: { held, gone, granted } });
    ctx.tell(watchdog, { type: 'standing', from: ctx.path, alerts: keyAlerts(life, ctx.clock.monotonic()) });
  }
}

function viewOf({ life, sent, requests, ended, monotonic }: ListenKeyState, now: number): unknown {
  const { held, failure, wanted, granted } = life;
  const time = (at: number) => isoTime(now - monotonic() + at);
  const { request, at } = nextRequest(life);
  return {
    key: held === undefined ? null : { number: held.key.number, since: time(held.since), ageMs: Math.round(monotonic() - held.since), keptAt: time(held.keptAt) },
    next: sent === undefined ? { request, dueAt: time(Math.max(at, monotonic())) } : { request: sent.request, sentAt: time(sent.at) },
    failuresInARow: failure?.count ?? 0,
    lastFailure: failure === undefined ? null : { of: failure.of, at: time(failure.at), message: failure.message },
    wantedByConnection: wanted,
    grantedToConnection: granted,
    requests,
    keysEnded: ended,
  };
}
