/** Whether trading is allowed: lowered at once and for good measure on disk, raised only after it is on record (ruling 11). */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { messageOf } from '../protocol/errors.ts';
import { VIEW_EVERY_MS } from '../protocol/messages.ts';
import type { JournalAnswer, JournalMessage, TradingStateActorMessage, TradingStateAnswer, TradingStateCauses, TradingStateName, TradingStateView } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { TradingEpochs } from '../protocol/permit.ts';
import type { TradingStateFile } from '../persistence/port.ts';
import { foldCauses, INITIAL_TRADING_STATE, isLowering, lowerOf, withCauses, withState } from '../rules/trading-state.ts';
import type { StandingCause, TradingState } from '../rules/trading-state.ts';
import { draft } from './journal.ts';
import { publish } from './publish.ts';

const ENTITY = 'trading-state';
const JOURNAL_TIMEOUT_MS = 8_000;

export interface TradingStateOptions {
  readonly file: TradingStateFile;
  readonly epochs: TradingEpochs;
  readonly journal: Ref<JournalMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'trading-state'; readonly view: TradingStateView }>[];
}

type SetMessage = Extract<TradingStateActorMessage, { type: 'set' }>;
type Internal = TradingStateActorMessage | TradingStateCauses | { readonly type: 'recorded'; readonly change: Change; readonly raising: boolean; readonly answer: (value: TradingStateAnswer) => void; readonly outcome: Outcome<JournalAnswer> } | { readonly type: 'heartbeat' };

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
  sequence: number;
  /** Lowerings that came while a raising was being recorded: they are later, and stand. */
  lowerings: Change[];
  raisings: number;
}

const changed = (state: TradingState, { to, symbol, cause, at }: Change): TradingState => withState(state, to, symbol, cause, at);

type Context = ActorContext<Internal>;

export function tradingStateBehaviour(options: TradingStateOptions): Behaviour<Internal, State> {
  const { file, epochs, journal } = options;
  const viewOf = ({ current, causes }: State): TradingStateView => ({ ...withCauses(current, causes), tradingEpoch: epochs.current(), activatedAt: 0 });
  return {
    role: 'trading-state',
    purpose: 'Says whether openings are allowed; survives everything; only an operator raises what an operator lowered.',
    consumes: { set: 'an operator changes the state', get: 'what is it?', causes: 'what lowers it by itself, for as long as it stands', recorded: 'the journal has it', heartbeat: 'the view is due' },
    emits: ['trading-state → governor, readiness'],
    mailbox: { capacity: 1_000, overflow: 'reject', onRestart: 'keep' },
    /** The lower of file and journal wins: neither can undo what the other holds. */
    async init(ctx) {
      const entries = await ctx.ask(journal, { type: 'read', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const journalled = entries.reduce((state, entry) => applyEntry(state, entry.payload, entry.at), { ...INITIAL_TRADING_STATE, since: ctx.clock.now() });
      const onFile = file.read();
      const current = onFile === undefined ? journalled : lowerOf(onFile, journalled);
      ctx.timers.once('first', 0, { type: 'heartbeat' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      if (current.overall !== 'ACTIVE' || current.symbols.size > 0) ctx.log.warn({ overall: current.overall, symbols: [...current.symbols], cause: current.cause }, `trading state is ${current.overall}, as it was left`);
      return { current, causes: new Map(), sequence: entries.at(-1)?.sequence ?? 0, lowerings: [], raisings: 0 };
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
        case 'heartbeat':
          publishView(state, ctx);
          return same;
      }
    },
    view(state) {
      const { overall, symbols, cause, since, tradingEpoch } = viewOf(state);
      return { overall, symbols: Object.fromEntries(symbols), cause, since: isoTime(since), tradingEpoch, set: state.current.overall, causes: [...state.causes].map(([key, one]) => ({ key, symbol: one.symbol ?? null, since: isoTime(one.since), gone: one.goneSince !== undefined })) };
    },
  };

  /** Ruling 12: lowered in this turn, raised by itself. Neither file nor journal has it: a new process has fresh budgets. */
  function lowerByCauses(state: State, message: TradingStateCauses, ctx: Context): void {
    const before = state.causes;
    state.causes = foldCauses(before, message.causes, message.reconciled, { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() });
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
    const from: TradingStateName = symbol === undefined ? state.current.overall : (state.current.symbols.get(symbol) ?? 'ACTIVE');
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
    ctx.ask(journal, { type: 'append', entries: [draft(ENTITY, state.sequence, 'TradingStateSet', ctx.clock.now(), { state: to, symbol: symbol ?? null, reason, by })] }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'recorded', change, raising, answer, outcome }));
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
      writeFile(state.current, ctx);
      const { overall, cause } = state.current;
      ctx.log.warn({ overall, cause }, `trading state is ${overall}`);
      publishView(state, ctx);
    }
    answer({ ok: true, view: viewOf(state) });
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

function applyEntry(state: TradingState, payload: unknown, at: number): TradingState {
  const { state: to, symbol, reason, by } = payload as { state: TradingStateName; symbol: SymbolName | null; reason: string; by: string };
  return withState(state, to, symbol ?? undefined, `${reason} (${by})`, at);
}
