/** Compares the venue with the journal over the union of both sides: at start, whenever the user stream comes back, and from time to time. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { VigilError } from '../protocol/errors.ts';
import type { Universe } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { ExecutorMessage, GatewayMessage, ReadAnswer, ReconcilerMessage } from '../protocol/messages.ts';
import type { LifeView, ReconciliationView, StreamView } from '../protocol/views.ts';
import type { ClientId, SymbolName } from '../protocol/names.ts';
import type { ReadName, SymbolSettings, VenueAlgoOrder, VenueOrder, VenuePosition, VenueReads } from '../protocol/venue.ts';
import { readClientId } from '../rules/client-ids.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
/** Without any disturbance both sides are compared this often all the same. */
const CONTINUOUS_MS = 60_000;
/** An executor that has not agreed yet is sent the venue's side again after this long. */
const RESEND_MS = 3_000;
const PARTS = ['positions', 'openOrders', 'openAlgoOrders', 'settings'] as const satisfies readonly ReadName[];
type Part = (typeof PARTS)[number];

export interface ReconcilerOptions {
  readonly gateway: Ref<GatewayMessage>;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  /** The symbols that have an executor: everything with a life in the journal, and the universe. */
  readonly executors: () => readonly SymbolName[];
  readonly subscribers: readonly Ref<{ readonly type: 'reconciliation'; readonly view: ReconciliationView }>[];
  /** This instance's tag, and those it was told to take over. */
  readonly tags: readonly [string, ...string[]];
  readonly refuse: (error: VigilError) => void;
}

type Internal = ReconcilerMessage | { readonly type: 'reconcile' } | { readonly type: 'part'; readonly round: number; readonly part: Part; readonly outcome: Outcome<ReadAnswer<Part>> } | { readonly type: 'heartbeat' };

interface Round {
  readonly number: number;
  readonly startedAt: number;
  readonly streamEpoch: number;
  readonly parts: { [P in Part]?: VenueReads[P]['answer'] };
}

interface ReconcilerState {
  stream: StreamView | undefined;
  universe: Universe | undefined;
  lives: Map<SymbolName, LifeView>;
  round: Round | undefined;
  rounds: number;
  /** Symbols sent the venue's side for `epoch`; agreement shows in their view. */
  sentAt: Map<SymbolName, number>;
  expected: readonly SymbolName[];
  epoch: number;
  view: ReconciliationView | undefined;
  lastFailure: string | null;
}

type Context = ActorContext<Internal>;

export function reconcilerBehaviour(options: ReconcilerOptions): Behaviour<Internal, ReconcilerState> {
  return {
    role: 'reconciler',
    purpose: 'Makes journal and venue agree before anything is opened, and keeps them so.',
    consumes: { stream: 'the user stream\'s epoch', universe: 'the symbols', life: 'what an executor knows', reconcile: 'compare now', part: 'a part of the venue\'s side', heartbeat: 'the view is due' },
    emits: ['truth → executors', 'reconciliation → governor, readiness'],
    mailbox: { capacity: 5_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      ctx.timers.every('continuous', CONTINUOUS_MS, { type: 'reconcile' });
      return { stream: undefined, universe: undefined, lives: new Map(), round: undefined, rounds: 0, sentAt: new Map(), expected: [], epoch: 0, view: undefined, lastFailure: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'stream': {
          const before = state.stream?.streamEpoch;
          state.stream = message.view;
          if (message.view.live && message.view.streamEpoch !== before) begin(state, ctx);
          return same;
        }
        case 'universe': {
          const first = state.universe === undefined;
          state.universe = message.universe;
          if (first) begin(state, ctx);
          return same;
        }
        case 'life':
          state.lives.set(message.view.symbol, message.view);
          conclude(state, ctx);
          return same;
        case 'reconcile':
          begin(state, ctx);
          return same;
        case 'part':
          onPart(state, message, ctx);
          return same;
        case 'heartbeat':
          resend(state, ctx);
          conclude(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    view: (state) => ({
      streamEpoch: state.view?.streamEpoch ?? null,
      at: isoTimeOrNull(state.view?.at),
      unresolved: state.view?.unresolved ?? [],
      waitingFor: outstanding(state),
      rounds: state.rounds,
      lastFailure: state.lastFailure,
    }),
  };

  function begin(state: ReconcilerState, ctx: Context): void {
    if (state.stream?.live !== true || state.universe === undefined) return;
    state.rounds += 1;
    const round: Round = { number: state.rounds, startedAt: ctx.clock.now(), streamEpoch: state.stream.streamEpoch, parts: {} };
    state.round = round;
    for (const part of PARTS) ctx.ask(options.gateway, { type: 'read', name: part, query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'part', round: round.number, part, outcome: outcome as Outcome<ReadAnswer<Part>> }));
  }

  function onPart(state: ReconcilerState, message: Extract<Internal, { type: 'part' }>, ctx: Context): void {
    const { round } = state;
    if (round === undefined || round.number !== message.round) return;
    const { outcome, part } = message;
    if (!outcome.ok || !outcome.value.ok) {
      state.round = undefined;
      state.lastFailure = `${part}: ${outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message}`;
      ctx.log.warn({ reason: state.lastFailure }, 'the venue\'s side cannot be read; trying again');
      ctx.timers.once('retry', RETRY_MS, { type: 'reconcile' });
      return;
    }
    Object.assign(round.parts, { [part]: outcome.value.value });
    const { positions, openOrders, openAlgoOrders, settings } = round.parts;
    if (positions === undefined || openOrders === undefined || openAlgoOrders === undefined || settings === undefined) return;
    state.round = undefined;
    state.lastFailure = null;
    distribute(state, round, { positions, openOrders, openAlgoOrders, settings }, ctx);
  }

  /** The union of both sides: what the journal knows, what the universe allows, and what the venue has (operators' 28). */
  function distribute(state: ReconcilerState, round: Round, side: { positions: readonly VenuePosition[]; openOrders: readonly VenueOrder[]; openAlgoOrders: readonly VenueAlgoOrder[]; settings: readonly SymbolSettings[] }, ctx: Context): void {
    const foreign = foreignTag([...side.openOrders, ...side.openAlgoOrders].map((order) => order.clientId));
    if (foreign !== undefined) return options.refuse(new VigilError('FOREIGN_INSTANCE', `live orders carry the instance tag "${foreign}", ours is "${options.tags[0]}"`, { details: { tag: foreign } }));
    const symbols = new Set<SymbolName>([...options.executors(), ...(state.universe?.instruments.keys() ?? []), ...side.positions.filter((one) => !one.quantity.isZero()).map((one) => one.symbol), ...side.openOrders.map((one) => one.symbol), ...side.openAlgoOrders.map((one) => one.symbol)]);
    state.expected = [...symbols];
    state.epoch = round.streamEpoch;
    for (const symbol of symbols) {
      state.sentAt.set(symbol, ctx.clock.now());
      ctx.tell(options.executorOf(symbol), {
        type: 'truth',
        truth: {
          streamEpoch: round.streamEpoch,
          readAt: round.startedAt,
          position: side.positions.find((one) => one.symbol === symbol && !one.quantity.isZero()),
          openOrders: side.openOrders.filter((one) => one.symbol === symbol),
          openAlgoOrders: side.openAlgoOrders.filter((one) => one.symbol === symbol),
          trades: [],
          settings: side.settings.find((one) => one.symbol === symbol),
        },
      });
    }
  }

  function foreignTag(ids: readonly ClientId[]): string | undefined {
    return ids.map((id) => readClientId(id)?.tag).find((tag) => tag !== undefined && !options.tags.includes(tag));
  }

  /** An executor that was restarted, or whose count still differs, is asked to look again. */
  function resend(state: ReconcilerState, ctx: Context): void {
    const waiting = outstanding(state);
    if (waiting.length === 0 || state.round !== undefined) return;
    if (waiting.some((symbol) => ctx.clock.now() - (state.sentAt.get(symbol) ?? 0) > RESEND_MS)) begin(state, ctx);
  }

  function conclude(state: ReconcilerState, ctx: Context): void {
    if (state.epoch === 0 || state.stream?.streamEpoch !== state.epoch) return;
    const unresolved = outstanding(state);
    const known = state.view;
    // All must have looked once; afterwards one that differs again is closed by itself and holds nobody else up.
    if (unresolved.length > 0 && known?.streamEpoch !== state.epoch) return;
    if (known?.streamEpoch === state.epoch && known.unresolved.join() === unresolved.join()) return;
    if (known?.streamEpoch !== state.epoch) ctx.log.info({ streamEpoch: state.epoch, symbols: state.expected.length }, 'reconciled: journal and venue agree');
    state.view = { streamEpoch: state.epoch, at: ctx.clock.now(), unresolved };
    publishView(state, ctx);
  }

  function publishView(state: ReconcilerState, ctx: Context): void {
    const { view } = state;
    if (view === undefined) return;
    publish(ctx, options.subscribers, { type: 'reconciliation', view });
  }
}

/** Symbols whose executor has not agreed with the venue in this epoch. An Ambiguous or Drifted one is looked after by itself. */
function outstanding(state: ReconcilerState): SymbolName[] {
  return state.expected.filter((symbol) => {
    const life = state.lives.get(symbol);
    return life === undefined || life.reconciledEpoch < state.epoch;
  });
}
