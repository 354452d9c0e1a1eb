/** Whether trading is allowed: lowered at once and for good measure on disk, raised only after it is on record (ruling 11). */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { messageOf } from '../protocol/errors.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { ExecutorMessage, JournalAnswer, JournalMessage, TradingStateActorMessage, TradingStateAnswer, TradingStateCauses } from '../protocol/messages.ts';
import type { EquityView, LifeView, TradingStateName, TradingStateView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { TradingEpochs } from '../protocol/permit.ts';
import type { TradingStateFile } from '../persistence/port.ts';
import { endedByActivation, flattenCause, flattened, foldCauses, isLowering, lowerOf, refusalOf, toFlatten, withCauses, withState } from '../rules/trading-state.ts';
import type { StandingCause, TradingState } from '../rules/trading-state.ts';
import { restoreTradingState, tradingStateSnapshot } from '../rules/trading-state-record.ts';
import { draft } from './journal.ts';
import { publish } from './publish.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import type { SnapshotKept } from './snapshot-keeper.ts';

const ENTITY = 'trading-state';
const JOURNAL_TIMEOUT_MS = 8_000;

export interface TradingStateOptions {
  readonly file: TradingStateFile;
  readonly epochs: TradingEpochs;
  readonly journal: Ref<JournalMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'trading-state'; readonly view: TradingStateView }>[];
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly executors: () => readonly SymbolName[];
  /** Fall from the session's peak, in percent, at which everything is closed. */
  readonly flattenDrawdownPercent: string;
}

type SetMessage = Extract<TradingStateActorMessage, { type: 'set' }>;
type Internal = TradingStateActorMessage | TradingStateCauses | { readonly type: 'life'; readonly view: LifeView } | { readonly type: 'equity'; readonly view: EquityView } | { readonly type: 'recorded'; readonly change: Change; readonly raising: boolean; readonly answer: (value: TradingStateAnswer) => void; readonly outcome: Outcome<JournalAnswer> } | SnapshotKept | { readonly type: 'heartbeat' };

/** One `set`, with the number of its entry. */
interface Change {
  readonly sequence: number;
  readonly to: TradingStateName;
  readonly symbol: SymbolName | undefined;
  readonly cause: string;
  readonly at: number;
}

interface State {
  /** As set and on record; what holds is this, lowered by the causes. */
  current: TradingState;
  causes: ReadonlyMap<string, StandingCause>;
  /** Causes that an operator has ended and that are still reported: they count again when they have gone and come back. */
  ended: ReadonlySet<string>;
  sequence: number;
  readonly snapshots: SnapshotKeeper;
  /** Lowerings that came while a raising was being recorded: they are later, and stand. */
  lowerings: Change[];
  raisings: number;
  /** When an operator last activated all trading; 0: never. */
  activatedAt: number;
  readonly lives: Map<SymbolName, LifeView>;
}

const changed = (state: TradingState, { to, symbol, cause, at }: Change): TradingState => withState(state, to, symbol, cause, at);

type Context = ActorContext<Internal>;

export function tradingStateBehaviour(options: TradingStateOptions): Behaviour<Internal, State> {
  const { file, epochs, journal } = options;
  const viewOf = ({ current, causes, activatedAt }: State): TradingStateView => ({ ...withCauses(current, causes), tradingEpoch: epochs.current(), activatedAt });
  return {
    role: 'trading-state',
    purpose: 'Says whether openings are allowed; survives everything; only an operator raises what an operator lowered.',
    consumes: { life: 'what is left to be closed', equity: 'how far it has fallen', set: 'an operator changes the state', get: 'what is it?', causes: 'what lowers it by itself, for as long as it stands', recorded: 'the journal has it', kept: 'it has the whole of it', heartbeat: 'the view is due' },
    emits: ['trading-state → governor, readiness, account', 'close → executors'],
    // What is held and how it stands come in their own lane: an order of the operator always finds room.
    mailbox: { capacity: 1_000, overflow: 'reject', onRestart: 'keep', lanes: { control: { types: ['life', 'equity'], capacity: 1_000, overflow: 'latest-by-key', onRestart: 'flush', key: aboutWhat } } },
    /** The lower of file and journal wins: neither can undo what the other holds. */
    async init(ctx) {
      const entries = await ctx.ask(journal, { type: 'read', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const { state: journalled, activatedAt } = restoreTradingState(entries, ctx.clock.now());
      const onFile = file.read();
      const current = onFile === undefined ? journalled : lowerOf(onFile, journalled);
      ctx.timers.once('first', 0, { type: 'heartbeat' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      if (current.overall !== 'ACTIVE' || current.symbols.size > 0) ctx.log.warn({ overall: current.overall, symbols: [...current.symbols], cause: current.cause }, `trading state is ${current.overall}, as it was left`);
      return { current, causes: new Map(), ended: new Set(), sequence: entries.at(-1)?.sequence ?? 0, snapshots: new SnapshotKeeper(ENTITY, entries), lowerings: [], raisings: 0, activatedAt, lives: new Map() };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'get':
          ctx.answering(message)(viewOf(state));
          return same;
        case 'causes':
          lowerByCauses(state, message, ctx);
          return same;
        case 'set':
          set(state, message, ctx);
          return same;
        case 'recorded':
          recorded(state, message, ctx);
          return same;
        case 'kept':
          state.snapshots.answered(message);
          return same;
        case 'life':
          state.lives.set(message.view.symbol, message.view);
          return same;
        case 'equity':
          onEquity(state, message.view, ctx);
          return same;
        case 'heartbeat':
          flatten(state, ctx);
          keepSnapshot(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    view(state) {
      const { overall, symbols, cause, since, tradingEpoch, activatedAt } = viewOf(state);
      return { overall, symbols: Object.fromEntries(symbols), cause, since: isoTime(since), tradingEpoch, activatedAt: activatedAt === 0 ? null : isoTime(activatedAt), toClose: toFlatten(state.current, state.lives).map((life) => life.symbol), set: state.current.overall, causes: [...state.causes].map(([key, one]) => ({ key, symbol: one.symbol ?? null, since: isoTime(one.since), gone: one.goneSince !== undefined })) };
    },
  };

  /** Ruling 12: lowered in this turn, raised by itself. Neither file nor journal has it: a new process has fresh budgets. */
  function lowerByCauses(state: State, message: TradingStateCauses, ctx: Context): void {
    const before = state.causes;
    const reported = new Set(message.causes.map(({ key }) => key));
    state.ended = new Set([...state.ended].filter((key) => reported.has(key)));
    state.causes = foldCauses(before, message.causes.filter(({ key }) => !state.ended.has(key)), message.reconciled, { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() });
    const came = [...state.causes].filter(([key]) => !before.has(key)).map(([, cause]) => cause);
    const went = [...before].filter(([key]) => !state.causes.has(key)).map(([, cause]) => cause);
    if (came.length === 0 && went.length === 0) return;
    // Every permit to open that is out is void, as with any lowering (ruling 11).
    if (came.length > 0) epochs.advance();
    const { overall, symbols } = viewOf(state);
    for (const { symbol, reason } of came) ctx.log.error({ overall, symbol: symbol ?? null, tradingEpoch: epochs.current() }, `trading state lowered to REDUCING by itself: ${reason}`);
    for (const { symbol, reason } of went) ctx.log.warn({ overall, symbol: symbol ?? null, symbols: [...symbols] }, `no longer a reason to reduce: ${reason}`);
    publishView(state, ctx);
  }

  function set(state: State, message: SetMessage, ctx: Context): void {
    const { state: to, symbol, reason, by } = message;
    const answer = ctx.answering(message);
    const refusal = refusalOf(stateOf(state.current, symbol), to);
    if (refusal !== undefined) return answer({ ok: false, message: refusal });
    alter(state, { to, symbol, reason, by }, answer, ctx);
    // Openings have stopped with the lowering; what is open is told at once.
    if (to === 'FLATTENING') flatten(state, ctx);
  }

  /** Closes what is to be closed, each second anew: an executor that died has forgotten what it was told. Done, it is a halt. */
  function flatten(state: State, ctx: Context): void {
    const { current, lives } = state;
    for (const { symbol } of toFlatten(current, lives)) ctx.tell(options.executorOf(symbol), { type: 'close', reason: 'FLATTEN', by: 'trading-state' });
    // What is being recorded already is not asked for again.
    if (state.raisings > 0) return;
    for (const symbol of flattened(current, options.executors(), lives)) {
      const reason = `flattened: ${current.cause}`;
      alter(state, { to: 'HALTED', symbol: symbol ?? undefined, reason, by: 'trading-state' }, () => undefined, ctx);
    }
  }

  /** The flatten threshold (ruling 12): durable, and only an operator leaves it. */
  function onEquity(state: State, equity: EquityView, ctx: Context): void {
    const { overall } = state.current;
    const cause = overall === 'FLATTENING' || overall === 'HALTED' ? undefined : flattenCause(equity, state.activatedAt, options.flattenDrawdownPercent);
    if (cause === undefined) return;
    alter(state, { to: 'FLATTENING', symbol: undefined, reason: cause, by: 'trading-state' }, () => undefined, ctx);
    flatten(state, ctx);
  }

  function alter(state: State, wanted: { readonly to: TradingStateName; readonly symbol: SymbolName | undefined; readonly reason: string; readonly by: string }, answer: (value: TradingStateAnswer) => void, ctx: Context): void {
    const { to, symbol, reason, by } = wanted;
    const from = stateOf(state.current, symbol);
    state.sequence += 1;
    const change: Change = { sequence: state.sequence, to, symbol, cause: `${reason} (${by})`, at: ctx.clock.now() };
    const raising = !isLowering(from, to);
    if (raising) state.raisings += 1;
    else {
      // In this turn: every permit that is out is void, whatever happens to the two records below.
      epochs.advance();
      state.current = changed(state.current, change);
      if (state.raisings > 0) state.lowerings.push(change);
      ctx.log.warn({ from, to, symbol: symbol ?? null, reason, by, tradingEpoch: epochs.current() }, `trading state lowered to ${to}`);
      publishView(state, ctx);
      writeFile(state.current, ctx);
    }
    const entry = state.snapshots.noted(draft(ENTITY, state.sequence, 'TradingStateSet', ctx.clock.now(), { state: to, symbol: symbol ?? null, reason, by }));
    ctx.ask(journal, { type: 'append', entries: [entry] }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'recorded', change, raising, answer, outcome }));
  }

  /** The whole, when it is due. Not while a raising is on its way: what is not in force yet would be taken back by it. */
  function keepSnapshot(state: State, ctx: Context): void {
    const { current, activatedAt } = state;
    const entry = state.raisings > 0 ? undefined : state.snapshots.next(state.sequence, ctx.clock.now(), () => tradingStateSnapshot({ state: current, activatedAt }));
    if (entry === undefined) return;
    state.sequence = Math.max(state.sequence, entry.sequence);
    ctx.ask(journal, { type: 'append', entries: [entry] }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'kept', outcome }));
  }

  function recorded(state: State, message: Extract<Internal, { type: 'recorded' }>, ctx: Context): void {
    const { outcome, raising, change, answer } = message;
    const failure = !outcome.ok ? outcome.error.message : outcome.value.ok ? undefined : outcome.value.message;
    if (failure !== undefined) {
      ctx.log.error({ failure, raising }, raising ? 'the journal did not take the change: the state is not raised' : 'the journal did not take the lowering; it stands all the same, and on the file');
      answer(raising ? { ok: false, message: `not raised: ${failure}` } : { ok: true, view: viewOf(state) });
      // The number may or may not be taken: the next incarnation reads what is.
      throw new Error(`journal: ${failure}`);
    }
    if (raising) {
      const later = state.lowerings.filter((lowering) => lowering.sequence > change.sequence);
      state.raisings -= 1;
      state.lowerings = state.raisings === 0 ? [] : later;
      state.current = later.reduce(changed, changed(state.current, change));
      if (change.to === 'ACTIVE' && change.symbol === undefined) state.activatedAt = change.at;
      if (change.to === 'ACTIVE') endCauses(state, change.symbol);
      writeFile(state.current, ctx);
      const { overall, cause } = state.current;
      ctx.log.warn({ overall, cause }, `trading state is ${overall}`);
      publishView(state, ctx);
    }
    answer({ ok: true, view: viewOf(state) });
  }

  /** What an operator has looked at no longer lowers by itself. */
  function endCauses(state: State, symbol: SymbolName | undefined): void {
    const ended = endedByActivation(state.causes, symbol);
    state.ended = new Set([...state.ended, ...ended]);
    state.causes = new Map([...state.causes].filter(([key]) => !state.ended.has(key)));
  }

  function writeFile(next: TradingState, ctx: Context): void {
    try {
      file.write(next);
    } catch (error) {
      ctx.log.error({ error: messageOf(error) }, 'the trading-state file could not be written; the state stands all the same');
    }
  }

  function publishView(state: State, ctx: Context): void {
    publish(ctx, options.subscribers, { type: 'trading-state', view: viewOf(state) });
  }
}

/** Of each symbol the newest life, and the newest equity. */
function aboutWhat(message: { readonly type: string }): string {
  return message.type === 'life' ? (message as Extract<Internal, { type: 'life' }>).view.symbol : message.type;
}

function stateOf(state: TradingState, symbol: SymbolName | undefined): TradingStateName {
  return symbol === undefined ? state.overall : (state.symbols.get(symbol) ?? 'ACTIVE');
}
