/** Compares the venue with the journal over the union of both sides: at start, whenever the user stream comes back, when asked, and from time to time. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { ZERO } from '../protocol/decimal.ts';
import { VigilError } from '../protocol/errors.ts';
import type { Universe } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { ExecutorMessage, FindingMessage, GatewayMessage, ReadAnswer, ReconcileAnswer, ReconcilerMessage, StandingMessage } from '../protocol/messages.ts';
import type { LifeView, ReconciliationView, StreamView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ReadName, SymbolSettings, VenueAlgoOrder, VenueOrder, VenuePosition, VenueReads } from '../protocol/venue.ts';
import { behind, brought, conclusion, foreignTag, heardOf, heldBy, isConcluded, isDueAgain, isSpent, reconciledRow, unknownOrders } from '../rules/reconciliation.ts';
import type { Attempts, VenueSide } from '../rules/reconciliation.ts';
import { differencesThatStand } from '../rules/standing-differences.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
/** Without any disturbance both sides are compared this often all the same. */
const CONTINUOUS_MS = 60_000;
/** Whoever asked is answered by then, with what is known. */
const ANSWER_WITHIN_MS = 8_000;
const PARTS = ['positions', 'openOrders', 'openAlgoOrders', 'settings'] as const satisfies readonly ReadName[];
type Part = (typeof PARTS)[number];

export interface ReconcilerOptions {
  readonly gateway: Ref<GatewayMessage>;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  /** The symbols that have an executor: everything with a life in the journal, and the universe. */
  readonly executors: () => readonly SymbolName[];
  readonly subscribers: readonly Ref<{ readonly type: 'reconciliation'; readonly view: ReconciliationView }>[];
  /** Told what stands wrong, and which symbols it lowers. */
  readonly watchdog: Ref<StandingMessage>;
  readonly findings: Ref<FindingMessage>;
  /** This instance's tag, and those it was told to take over. */
  readonly tags: readonly [string, ...string[]];
  /** `leave`: a symbol in which others have orders is closed to openings, as one in which they have a position. */
  readonly unknownPositions: 'adopt' | 'leave';
  readonly refuse: (error: VigilError) => void;
  /** The service traded here and has crashed: what it left open is ours to manage, whoever has come meanwhile. */
  readonly afterCrash?: boolean;
}

type Internal = ReconcilerMessage | { readonly type: 'reconcile' } | { readonly type: 'part'; readonly round: number; readonly part: Part; readonly outcome: Outcome<ReadAnswer<Part>> } | { readonly type: 'heartbeat' };

interface Round {
  readonly number: number;
  /** Wall time ms. */
  readonly startedAt: number;
  /** The same, monotonic ms. */
  readonly begunAt: number;
  readonly streamEpoch: number;
  readonly parts: { [P in Part]?: VenueReads[P]['answer'] };
}

/** Somebody who waits for what a round finds. */
interface Waiting {
  readonly symbol: SymbolName | undefined;
  /** A round that began earlier does not answer it; monotonic ms. */
  readonly askedAt: number;
  readonly before: ReadonlyMap<SymbolName, string>;
  readonly answer: (answer: ReconcileAnswer) => void;
}

interface ReconcilerState {
  stream: StreamView | undefined;
  universe: Universe | undefined;
  lives: Map<SymbolName, LifeView>;
  round: Round | undefined;
  rounds: number;
  /** When the last round began that was brought to the executors, monotonic ms. */
  roundAt: number;
  attempts: Map<SymbolName, Attempts>;
  side: ReadonlyMap<SymbolName, VenueSide>;
  expected: readonly SymbolName[];
  epoch: number;
  view: ReconciliationView | undefined;
  waiting: readonly Waiting[];
  lastFailure: string | null;
  /** The tag of another instance whose orders the venue has, seen while we trade. */
  foreign: string | undefined;
}

type Context = ActorContext<Internal>;

export function reconcilerBehaviour(options: ReconcilerOptions): Behaviour<Internal, ReconcilerState> {
  /** What is open is ours to manage, whoever comes. Outlives a restart of this actor. */
  let tradesHere = options.afterCrash === true;
  return {
    role: 'reconciler',
    purpose: 'Makes journal and venue agree before anything is opened, and keeps them so.',
    consumes: { stream: 'the user stream\'s epoch', universe: 'the symbols', life: 'what an executor knows', 'reconcile-now': 'compare now, and say what was found', reconcile: 'a comparison is due', part: 'a part of the venue\'s side', heartbeat: 'the view is due' },
    emits: ['truth → executors', 'reconciliation → governor, readiness', 'standing → watchdog', 'finding → findings'],
    mailbox: { capacity: 5_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      ctx.timers.every('continuous', CONTINUOUS_MS, { type: 'reconcile' });
      return { stream: undefined, universe: undefined, lives: new Map(), round: undefined, rounds: 0, roundAt: 0, attempts: new Map(), side: new Map(), expected: [], epoch: 0, view: undefined, waiting: [], lastFailure: null, foreign: undefined };
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
          noteResult(state, message.view);
          conclude(state, ctx);
          return same;
        case 'reconcile-now': {
          const before = new Map([...state.lives].map(([symbol, life]) => [symbol, heldBy(life)]));
          state.waiting = [...state.waiting, { symbol: message.symbol, askedAt: ctx.clock.monotonic(), before, answer: ctx.answering(message) }];
          // Also while the stream is away: what is compared then opens nothing, and may be what an operator needs most.
          read(state, ctx);
          return same;
        }
        case 'reconcile':
          begin(state, ctx);
          return same;
        case 'part':
          onPart(state, message, ctx);
          return same;
        case 'heartbeat':
          again(state, ctx);
          conclude(state, ctx);
          tellStanding(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    view: (state) => ({
      streamEpoch: state.view?.streamEpoch ?? null,
      at: isoTimeOrNull(state.view?.at),
      unresolved: state.view?.unresolved ?? [],
      waitingFor: behind(state.expected, state.lives, state.epoch),
      attempts: Object.fromEntries([...state.attempts].filter(([symbol, one]) => !isConcluded(one, state.lives.get(symbol))).map(([symbol, { tries }]) => [symbol, tries])),
      unknownOrders: Object.fromEntries([...state.side].filter(([, side]) => side.unknownOrders.length > 0).map(([symbol, side]) => [symbol, side.unknownOrders])),
      foreignInstance: state.foreign ?? null,
      rounds: state.rounds,
      lastFailure: state.lastFailure,
    }),
  };

  function noteResult(state: ReconcilerState, life: LifeView): void {
    const attempts = state.attempts.get(life.symbol);
    if (attempts !== undefined) state.attempts.set(life.symbol, heardOf(attempts, life));
  }

  /** What is missed between two connections only a comparison after the second brings: before it is live none is begun by itself. */
  function begin(state: ReconcilerState, ctx: Context): void {
    if (state.stream?.live === true && state.universe !== undefined) read(state, ctx);
  }

  function read(state: ReconcilerState, ctx: Context): void {
    state.rounds += 1;
    const round: Round = { number: state.rounds, startedAt: ctx.clock.now(), begunAt: ctx.clock.monotonic(), streamEpoch: state.stream?.streamEpoch ?? 0, parts: {} };
    state.round = round;
    for (const part of PARTS) ctx.ask(options.gateway, { type: 'read', name: part, query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'part', round: round.number, part, outcome: outcome as Outcome<ReadAnswer<Part>> }));
  }

  function onPart(state: ReconcilerState, message: Extract<Internal, { type: 'part' }>, ctx: Context): void {
    const { round } = state;
    if (round === undefined || round.number !== message.round) return;
    const { outcome, part } = message;
    if (!outcome.ok || !outcome.value.ok) {
      state.round = undefined;
      const reason = `${part}: ${outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message}`;
      state.lastFailure = reason;
      ctx.log.warn({ reason }, 'the venue\'s side cannot be read; trying again');
      ctx.timers.once('retry', RETRY_MS, { type: 'reconcile' });
      for (const { answer } of state.waiting) answer({ ok: false, message: `the venue's side cannot be read: ${reason}` });
      state.waiting = [];
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
  function distribute(state: ReconcilerState, round: Round, venue: { positions: readonly VenuePosition[]; openOrders: readonly VenueOrder[]; openAlgoOrders: readonly VenueAlgoOrder[]; settings: readonly SymbolSettings[] }, ctx: Context): void {
    const foreign = foreignTag([...venue.openOrders, ...venue.openAlgoOrders], options.tags);
    if (foreign !== undefined && !tradesHere) return options.refuse(new VigilError('FOREIGN_INSTANCE', `live orders carry the instance tag "${foreign}", ours is "${options.tags[0]}"`, { details: { tag: foreign } }));
    tradesHere = true;
    if (foreign !== undefined && foreign !== state.foreign) ctx.log.error({ tag: foreign, ours: options.tags[0] }, 'another Vigil instance trades this account: nothing is opened, what is open stays managed');
    state.foreign = foreign;
    const symbols = new Set<SymbolName>([...options.executors(), ...(state.universe?.instruments.keys() ?? []), ...venue.positions.filter((one) => !one.quantity.isZero()).map((one) => one.symbol), ...venue.openOrders.map((one) => one.symbol), ...venue.openAlgoOrders.map((one) => one.symbol)]);
    state.expected = [...symbols];
    state.epoch = round.streamEpoch;
    state.roundAt = round.begunAt;
    const side = new Map<SymbolName, VenueSide>();
    for (const symbol of symbols) {
      const position = venue.positions.find((one) => one.symbol === symbol && !one.quantity.isZero());
      const openOrders = venue.openOrders.filter((one) => one.symbol === symbol);
      const openAlgoOrders = venue.openAlgoOrders.filter((one) => one.symbol === symbol);
      side.set(symbol, { quantity: position?.quantity ?? ZERO, unknownOrders: unknownOrders(openOrders, openAlgoOrders, options.tags) });
      state.attempts.set(symbol, brought(state.attempts.get(symbol), round.begunAt, ctx.clock.monotonic()));
      ctx.tell(options.executorOf(symbol), { type: 'truth', truth: { streamEpoch: round.streamEpoch, readAt: round.startedAt, begunAt: round.begunAt, position, openOrders, openAlgoOrders, trades: [], settings: venue.settings.find((one) => one.symbol === symbol) } });
    }
    state.side = side;
    for (const symbol of state.attempts.keys()) if (!symbols.has(symbol)) state.attempts.delete(symbol);
    noteSettings(state, ctx);
  }

  /** A position is managed at the leverage and in the margin mode it has; that these are not the configured ones is put on record. */
  function noteSettings({ lives }: ReconcilerState, ctx: Context): void {
    for (const { symbol, position, leverageRefused } of lives.values()) {
      if (position === undefined || leverageRefused === undefined) continue;
      ctx.tell(options.findings, { type: 'finding', from: ctx.path, finding: { code: 'SETTINGS_DIFFER', subject: symbol, message: `${leverageRefused}.` } });
    }
  }

  /** An executor that was restarted, or whose count still differs, is brought the venue's side again, ever more seldom. */
  function again(state: ReconcilerState, ctx: Context): void {
    if (state.round !== undefined) return;
    const now = ctx.clock.monotonic();
    const late = new Set(behind(state.expected, state.lives, state.epoch));
    if ([...state.attempts].some(([symbol, attempts]) => isDueAgain(attempts, state.lives.get(symbol), late.has(symbol), now))) begin(state, ctx);
  }

  function conclude(state: ReconcilerState, ctx: Context): void {
    answerWaiting(state, ctx);
    if (state.epoch === 0 || state.stream?.streamEpoch !== state.epoch) return;
    const now = ctx.clock.monotonic();
    const spent = state.expected.filter((symbol) => isSpent(state.attempts.get(symbol), state.lives.get(symbol), now));
    const unresolved = conclusion(state.view, state.epoch, state.expected, behind(state.expected, state.lives, state.epoch), spent);
    if (unresolved === undefined) return;
    if (state.view?.streamEpoch !== state.epoch) ctx.log.info({ streamEpoch: state.epoch, symbols: state.expected.length, unresolved }, unresolved.length === 0 ? 'reconciled: journal and venue agree' : 'reconciled but for some, which are closed to openings');
    state.view = { streamEpoch: state.epoch, at: ctx.clock.now(), unresolved };
    publishView(state, ctx);
  }

  /** As soon as every symbol that was asked about has come to a result, or when the time is over. */
  function answerWaiting(state: ReconcilerState, ctx: Context): void {
    if (state.waiting.length === 0) return;
    const still: Waiting[] = [];
    for (const one of state.waiting) {
      const late = ctx.clock.monotonic() - one.askedAt >= ANSWER_WITHIN_MS;
      const symbols = one.symbol === undefined ? state.expected : state.expected.filter((symbol) => symbol === one.symbol);
      const concluded = (symbol: SymbolName) => (state.lives.get(symbol)?.reconciledAt ?? 0) >= one.askedAt;
      if (state.roundAt < one.askedAt) {
        if (late) one.answer({ ok: false, message: `the venue has not answered within ${ANSWER_WITHIN_MS} ms` });
        else still.push(one);
      } else if (late || symbols.every(concluded)) {
        one.answer({ ok: true, rows: symbols.toSorted().map((symbol) => reconciledRow(symbol, one.before.get(symbol) ?? '0', state.side.get(symbol), state.lives.get(symbol), concluded(symbol))) });
      } else still.push(one);
    }
    state.waiting = still;
  }

  function tellStanding({ side, lives, attempts, foreign }: ReconcilerState, ctx: Context): void {
    const now = ctx.clock.monotonic();
    const symbols = [...side].map(([symbol, venue]) => ({ symbol, venue, life: lives.get(symbol), spent: isSpent(attempts.get(symbol), lives.get(symbol), now) }));
    ctx.tell(options.watchdog, { type: 'standing', from: ctx.path, ...differencesThatStand(symbols, options.unknownPositions, foreign) });
  }

  function publishView(state: ReconcilerState, ctx: Context): void {
    const { view } = state;
    if (view === undefined) return;
    publish(ctx, options.subscribers, { type: 'reconciliation', view });
  }
}
