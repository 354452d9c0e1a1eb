/** Whether trading is allowed: lowered at once and for good measure on disk, raised only after it is on record (ruling 11). */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { messageOf } from '../protocol/errors.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { ExecutorMessage, JournalAnswer, JournalMessage, TradingStateActorMessage, TradingStateCauses } from '../protocol/messages.ts';
import type { EquityView, LifeView, TradingStateView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { TradingEpochs } from '../protocol/permit.ts';
import type { TradingStateFile } from '../persistence/port.ts';
import { activationAt, endedByActivation, flattenCause, flattened, foldCauses, isLowering, isRaising, lowerOf, refusalOf, stateOf, toFlatten, withCauses } from '../rules/trading-state.ts';
import type { StandingCause, TradingState } from '../rules/trading-state.ts';
import { restoreTradingState, tradingStateSnapshot } from '../rules/trading-state-record.ts';
import { draft } from './journal.ts';
import { changed, failureOf, loweredBy, Records } from './trading-state/records.ts';
import type { Change } from './trading-state/records.ts';
import { publish } from './publish.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import type { SnapshotKept } from './snapshot-keeper.ts';

const ENTITY = 'trading-state';
/** Whose changes those are that nobody asked for. */
const ITSELF = 'trading-state';
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

type Wanted = Pick<Change, 'to' | 'symbol' | 'reason' | 'by'>;
type SetMessage = Extract<TradingStateActorMessage, { type: 'set' }>;
type Internal = TradingStateActorMessage | TradingStateCauses | { readonly type: 'life'; readonly view: LifeView } | { readonly type: 'equity'; readonly view: EquityView } | { readonly type: 'save' | 'heartbeat' } | { readonly type: 'recorded'; readonly outcome: Outcome<JournalAnswer> } | SnapshotKept;

interface State {
  /** As set and on record; what holds is this, lowered by the causes. */
  current: TradingState;
  sequence: number;
  readonly snapshots: SnapshotKeeper;
  readonly records: Records;
  /** When an operator last activated all trading; 0: never. */
  activatedAt: number;
  readonly lives: Map<SymbolName, LifeView>;
}

type Context = ActorContext<Internal>;

export function tradingStateBehaviour(options: TradingStateOptions): Behaviour<Internal, State> {
  const { file, epochs, journal } = options;
  /** Of the process, not of the incarnation: what was lowered and is not known to be in the journal. Neither disk can undo it (ruling 11). */
  const lowered: Change[] = [];
  /** Of the process, too: what lowers by itself stands through a restart of its actor, and is gone no sooner for it. */
  let causes: ReadonlyMap<string, StandingCause> = new Map();
  /** Causes that an operator has ended and that are still reported: they count again when they have gone and come back. */
  let ended: ReadonlySet<string> = new Set();
  const viewOf = ({ current, activatedAt }: State): TradingStateView => ({ ...withCauses(current, causes), tradingEpoch: epochs.current(), activatedAt });
  return {
    role: 'trading-state',
    purpose: 'Says whether openings are allowed; survives everything; only an operator raises what an operator lowered.',
    consumes: { life: 'what is left to be closed', equity: 'how far it has fallen', set: 'an operator changes the state', get: 'what is it?', causes: 'what lowers it by itself, for as long as it stands', save: 'what has changed is to be made durable', recorded: 'the journal has it', kept: 'it has the whole of it', heartbeat: 'the view is due' },
    emits: ['trading-state → governor, readiness, account, gateway', 'close → executors', 'append → journal'],
    // What is held and how it stands come in their own lane: an order of the operator always finds room.
    mailbox: { capacity: 1_000, overflow: 'reject', onRestart: 'keep', lanes: { control: { types: ['life', 'equity'], capacity: 1_000, overflow: 'latest-by-key', onRestart: 'flush', key: aboutWhat } } },
    /** The lower of file and journal wins: neither can undo what the other holds. */
    async init(ctx) {
      const entries = await ctx.ask(journal, { type: 'read', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const { state: journalled, activatedAt } = restoreTradingState(entries, ctx.clock.now());
      const onFile = file.read();
      const durable = onFile === undefined ? journalled : lowerOf(onFile, journalled);
      ctx.timers.once('first', 0, { type: 'heartbeat' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const state: State = { current: durable, sequence: entries.at(-1)?.sequence ?? 0, snapshots: new SnapshotKeeper(ENTITY, entries), records: new Records(), activatedAt, lives: new Map() };
      for (const change of lowered.splice(0)) lowerAgain(state, change);
      const { overall, symbols, cause } = state.current;
      if (overall !== 'ACTIVE' || symbols.size > 0) ctx.log.warn({ overall, symbols: [...symbols], cause }, `trading state is ${overall}, as it was left`);
      return state;
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
        case 'save':
          save(state, ctx);
          return same;
        case 'recorded':
          recorded(state, message.outcome, ctx);
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
          save(state, ctx);
          keepSnapshot(state, ctx);
          publishView(state, ctx);
          return same;
      }
    },
    owes: ({ records }) => records.names(),
    view(state) {
      const { overall, symbols, cause, since, tradingEpoch, activatedAt } = viewOf(state);
      return { overall, symbols: Object.fromEntries(symbols), cause, since: isoTime(since), tradingEpoch, activatedAt: activatedAt === 0 ? null : isoTime(activatedAt), toClose: toFlatten(state.current, state.lives).map((life) => life.symbol), set: state.current.overall, causes: [...causes].map(([key, one]) => ({ key, symbol: one.symbol ?? null, since: isoTime(one.since), gone: one.goneSince !== undefined })) };
    },
  };

  /** Ruling 12: lowered in this turn, raised by itself. Neither file nor journal has it: a new process has fresh budgets. */
  function lowerByCauses(state: State, message: TradingStateCauses, ctx: Context): void {
    const before = causes;
    const reported = new Set(message.causes.map(({ key }) => key));
    ended = new Set([...ended].filter((key) => reported.has(key)));
    causes = foldCauses(before, message.causes.filter(({ key }) => !ended.has(key)), message.reconciled, { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() });
    const came = [...causes].filter(([key]) => !before.has(key)).map(([, cause]) => cause);
    const went = [...before].filter(([key]) => !causes.has(key)).map(([, cause]) => cause);
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
    if (to === 'FLATTENING') close(state, symbol, ctx);
  }

  /** Closes what is to be closed, each second anew: an executor that died has forgotten what it was told. Done, it is a halt. */
  function flatten(state: State, ctx: Context): void {
    const { current, lives, records } = state;
    close(state, undefined, ctx);
    // What is being recorded already is not asked for again.
    if (records.raises) return;
    for (const symbol of flattened(current, options.executors(), lives)) {
      const reason = `flattened: ${current.cause}`;
      alter(state, { to: 'HALTED', symbol: symbol ?? undefined, reason, by: ITSELF }, () => undefined, ctx);
    }
  }

  /** Of everything that is to be closed, or of one symbol. */
  function close({ current, lives }: State, only: SymbolName | undefined, ctx: Context): void {
    for (const { symbol } of toFlatten(current, lives)) if (only === undefined || symbol === only) ctx.tell(options.executorOf(symbol), { type: 'close', reason: 'FLATTEN', by: 'trading-state' });
  }

  /** The flatten threshold (ruling 12): durable, and only an operator leaves it. */
  function onEquity(state: State, equity: EquityView, ctx: Context): void {
    const { overall } = state.current;
    const cause = overall === 'FLATTENING' || overall === 'HALTED' ? undefined : flattenCause(equity, state.activatedAt, options.flattenDrawdownPercent);
    if (cause === undefined) return;
    alter(state, { to: 'FLATTENING', symbol: undefined, reason: cause, by: ITSELF }, () => undefined, ctx);
    flatten(state, ctx);
  }

  function alter(state: State, wanted: Wanted, answer: Change['answer'], ctx: Context): void {
    const { to, symbol, reason, by } = wanted;
    const from = stateOf(state.current, symbol);
    const change = numbered(state, wanted, ctx.clock.now(), isRaising(from, to), answer);
    if (!change.raising) {
      // In this turn: every permit that is out is void, whatever happens to the two records below.
      epochs.advance();
      lower(state, change);
      ctx.log.warn({ from, to, symbol: symbol ?? null, reason, by, tradingEpoch: epochs.current() }, `trading state lowered to ${to}`);
      publishView(state, ctx);
    }
    // Behind everything that waits: what came together is written down together.
    if (!ctx.tell(ctx.self, { type: 'save' })) save(state, ctx);
  }

  function numbered(state: State, { to, symbol, reason, by }: Wanted, at: number, raising: boolean, answer: Change['answer']): Change {
    state.sequence += 1;
    const entry = state.snapshots.noted(draft(ENTITY, state.sequence, 'TradingStateSet', at, { state: to, symbol: symbol ?? null, reason, by }));
    const change: Change = { entry, to, symbol, reason, by, raising, answer: once(answer) };
    state.records.add(change);
    return change;
  }

  function lower(state: State, change: Change): void {
    state.current = changed(state.current, change);
    state.records.fileDue = true;
    lowered.push(change);
  }

  /** An earlier incarnation lowered it, and did not hear that it is on record. */
  function lowerAgain(state: State, change: Change): void {
    if (isLowering(stateOf(state.current, change.symbol), change.to)) lower(state, numbered(state, change, change.entry.at, false, () => undefined));
  }

  function save(state: State, ctx: Context): void {
    const { records } = state;
    // What is in force and on the file is safe: nobody who lowered it waits for the journal.
    if (records.fileDue && writeFile(state, ctx)) for (const { answer } of records.lowerings) answer({ ok: true, view: viewOf(state) });
    const entries = records.take(ctx.clock.monotonic());
    if (entries.length > 0) ctx.ask(journal, { type: 'append', entries }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'recorded', outcome }));
  }

  /** The whole, when it is due; not while a change is on its way: what is not in force yet would be taken back by it, and it would stand before it. */
  function keepSnapshot(state: State, ctx: Context): void {
    const { current, activatedAt, records } = state;
    const entry = records.settled ? state.snapshots.next(state.sequence, ctx.clock.now(), () => tradingStateSnapshot({ state: current, activatedAt })) : undefined;
    if (entry === undefined) return;
    state.sequence = Math.max(state.sequence, entry.sequence);
    ctx.ask(journal, { type: 'append', entries: [entry] }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'kept', outcome }));
  }

  function recorded(state: State, outcome: Outcome<JournalAnswer>, ctx: Context): void {
    const { records } = state;
    const failure = failureOf(outcome);
    if (failure !== undefined) return notRecorded(state, failure, ctx);
    const changes = records.recorded();
    for (const change of changes) {
      if (change.raising) raise(state, change, changes, ctx);
      else lowered.splice(lowered.indexOf(change), 1);
    }
    if (changes.some(({ raising }) => raising)) publishView(state, ctx);
    save(state, ctx);
    for (const { answer } of changes) answer({ ok: true, view: viewOf(state) });
  }

  /**
   * A lowering stands, and is handed over again; so is what was decided here, a halt when all is flat. Of what somebody has
   * asked to be raised it is not known whether the journal has it after all: it is not in force, and the next incarnation reads.
   */
  function notRecorded(state: State, { message, renumber }: NonNullable<ReturnType<typeof failureOf>>, ctx: Context): void {
    const { records } = state;
    const { handed } = records;
    const raises = handed.some(({ raising, by }) => raising && by !== ITSELF);
    // Said once of each absence: it is tried every second, for as long as it lasts.
    const say = raises || !records.failing ? ctx.log.error : ctx.log.debug;
    say({ failure: message, waiting: records.names() }, raises ? 'the journal did not take the change: the state is not raised' : 'the journal did not take the trading state; what was lowered stands all the same, and is handed over again');
    for (const { raising, answer } of handed) answer(raising ? { ok: false, message: `not raised: ${message}` } : { ok: true, view: viewOf(state) });
    if (raises || renumber) throw new Error(`journal: ${message}`);
    records.keep(ctx.clock.monotonic());
  }

  function raise(state: State, change: Change, recorded: readonly Change[], ctx: Context): void {
    const { to, symbol, entry } = change;
    state.current = state.records.since(change, recorded).reduce(loweredBy, changed(state.current, change));
    state.records.fileDue = true;
    if (to === 'ACTIVE' && symbol === undefined) state.activatedAt = activationAt(entry.at, state.activatedAt);
    if (to === 'ACTIVE') endCauses(symbol);
    const { overall, cause } = state.current;
    ctx.log.warn({ overall, cause }, `trading state is ${overall}`);
  }

  /** What an operator has looked at no longer lowers by itself. */
  function endCauses(symbol: SymbolName | undefined): void {
    ended = new Set([...ended, ...endedByActivation(causes, symbol)]);
    causes = new Map([...causes].filter(([key]) => !ended.has(key)));
  }

  /** Tried again until it is written; told once. */
  function writeFile({ current, records }: State, ctx: Context): boolean {
    try {
      file.write(current);
      records.fileDue = false;
      records.fileFailed = false;
    } catch (error) {
      if (!records.fileFailed) ctx.log.error({ error: messageOf(error) }, 'the trading-state file could not be written; the state stands all the same, and it is tried again');
      records.fileFailed = true;
    }
    return !records.fileDue;
  }

  function publishView(state: State, ctx: Context): void {
    publish(ctx, options.subscribers, { type: 'trading-state', view: viewOf(state) });
  }
}

/** Of each symbol the newest life, and the newest equity. */
function aboutWhat(message: { readonly type: string }): string {
  return message.type === 'life' ? (message as Extract<Internal, { type: 'life' }>).view.symbol : message.type;
}

function once<Value>(answer: (value: Value) => void): (value: Value) => void {
  let answered = false;
  return (value) => {
    if (!answered) answer(value);
    answered = true;
  };
}
