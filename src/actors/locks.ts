/** What rests after what: durable locks on openings, drawn from results and refusals, ended by time, by their condition, or by an operator. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { decimal, text, ZERO } from '../protocol/decimal.ts';
import type { MarketView } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { DecidedMessage, GatewayMessage, JournalMessage, LocksMessage, ReadAnswer, StandingMessage } from '../protocol/messages.ts';
import type { ClosedView, EquityView, LifeView, LocksView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import { afterLockEvent, isJudged, judgedAt } from '../rules/locks/book.ts';
import type { KeptLock, LockBook, LockEvent, Result } from '../rules/locks/book.ts';
import { lockBookSnapshot, restoreLockBook } from '../rules/locks/record.ts';
import { endOf, locksOf, locksOfRefusal, pause } from '../rules/locks/rules.ts';
import type { LockRules } from '../rules/locks/rules.ts';
import { decided } from './decided.ts';
import { closingsOf } from './closings.ts';
import { Outbox } from './outbox.ts';
import type { Recorded } from './outbox.ts';
import { publish } from './publish.ts';

const ENTITY = 'locks';
const JOURNAL_TIMEOUT_MS = 8_000;
const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
/** So often the funding of a position is asked for in vain; then it counts without. */
const FUNDING_TRIES = 5;
/** A close that nobody looked at for so long brings no lock any more. */
const DISMISSED_MS = 86_400_000;

export interface LocksOptions {
  readonly rules: LockRules;
  readonly journal: Ref<JournalMessage>;
  readonly gateway: Ref<GatewayMessage>;
  readonly decisions: Ref<DecidedMessage>;
  readonly watchdog: Ref<StandingMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'locks'; readonly view: LocksView }>[];
}

type Internal =
  | LocksMessage
  | { readonly type: 'ask-funding'; readonly symbol: SymbolName }
  | { readonly type: 'funding'; readonly closed: ClosedView; readonly symbol: SymbolName; readonly outcome: Outcome<ReadAnswer<'income'>> }
  | Recorded
  | { readonly type: 'heartbeat' };

interface State {
  book: LockBook;
  readonly outbox: Outbox;
  market: MarketView | undefined;
  equity: EquityView | undefined;
  /** Closings whose result is not known yet, of each symbol in their order. */
  readonly pending: Map<SymbolName, { readonly closings: ClosedView[]; tries: number }>;
  /** Of each symbol the last refusal that has been counted. */
  readonly refusedAt: Map<SymbolName, number>;
  /** By lock, wall − monotonic time when it was set or restored, ms: a wall clock that is set makes none longer or shorter. */
  readonly shifts: Map<string, number>;
}

type Context = ActorContext<Internal>;

export function locksBehaviour(options: LocksOptions): Behaviour<Internal, State> {
  const { rules } = options;
  return {
    role: 'locks',
    purpose: 'Keeps openings at rest after closes, losses, stops and refusals, for as long as it was decided.',
    consumes: { life: 'what was closed, what was refused', 'venue-refused': 'the venue refused something else than an entry, and openings rest', 'market-view': 'whether a signal has been gone', equity: 'what percentages are measured by, and whether there is margin again', get: 'what stands?', clear: 'an operator ends one', 'ask-funding': 'a result needs its funding', funding: 'the venue\'s funding of a position', recorded: 'the journal\'s answer', heartbeat: 'the view is due' },
    emits: ['locks → governor', 'append → journal', 'read → gateway', 'decided → operator/decision-log', 'standing → watchdog'],
    mailbox: { capacity: 2_000, overflow: 'reject', onRestart: 'keep', lanes: { control: { types: ['market-view', 'equity'], capacity: 10, overflow: 'latest-by-key', onRestart: 'flush', key: ({ type }) => type } } },
    /** What was closed while nobody looked is on record in the lives of the symbols. */
    async init(ctx) {
      const entries = await ctx.ask(options.journal, { type: 'read', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const book = restoreLockBook(entries);
      const closed = await ctx.ask(options.journal, { type: 'read-types', types: ['PositionClosed'], since: ctx.clock.now() - DISMISSED_MS }, JOURNAL_TIMEOUT_MS);
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      ctx.timers.once('first', 0, { type: 'heartbeat' });
      const pending: State['pending'] = new Map();
      for (const { symbol, view } of closingsOf(closed)) {
        if (isJudged(book, view)) continue;
        pending.getOrInsertComputed(symbol, noClosings).closings.push(view);
      }
      for (const symbol of pending.keys()) ctx.timers.once(`funding:${symbol}`, 0, { type: 'ask-funding', symbol });
      return { book, outbox: new Outbox(ENTITY, options.journal, entries), market: undefined, equity: undefined, pending, refusedAt: new Map(book.refusals.map((one) => [one.symbol, one.at])), shifts: new Map([...book.standing.keys()].map((lockId) => [lockId, wallShift(ctx)])) };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'life':
          onLife(state, message.view, ctx);
          return same;
        case 'venue-refused': {
          const lock = pause(message.asked, message.refusal, state.book, state.equity);
          if (lock !== undefined) record(state, setting([lock], ctx), message.refusal.symbol, ctx);
          return same;
        }
        case 'market-view':
          state.market = message.view;
          endDue(state, ctx);
          return same;
        case 'equity':
          state.equity = message.view;
          endDue(state, ctx);
          return same;
        case 'get':
          ctx.answering(message)(viewOf(state));
          return same;
        case 'clear':
          clear(state, message, ctx);
          return same;
        case 'ask-funding':
          askFunding(state, message.symbol, ctx);
          return same;
        case 'funding':
          onFunding(state, message, ctx);
          return same;
        case 'recorded': {
          // What was set stands in memory, and waits for the journal.
          const refused = state.outbox.answered(message);
          if (refused?.news === true) ctx.log.warn({ reason: refused.failure }, 'the journal has not taken what was decided of locks; it stands all the same, and is handed in again');
          return same;
        }
        case 'heartbeat':
          endDue(state, ctx);
          state.outbox.putSnapshotIfDue(ctx.clock.now(), () => lockBookSnapshot(state.book));
          state.outbox.flush(ctx);
          publishView(state, ctx);
          return same;
      }
    },
    owes: (state) => state.outbox.names(),
    view: (state) => ({ locks: viewOf(state).locks.map((one) => ({ ...one, since: isoTime(one.since), until: one.until === null ? null : isoTime(one.until) })), results: state.book.results.length, refusals: state.book.refusals.length, pending: [...state.pending.keys()] }),
  };

  function onLife(state: State, life: LifeView, ctx: Context): void {
    const { symbol, lastClosed, lastRefusal } = life;
    if (lastClosed !== undefined && lastClosed.closedAt !== state.book.judged.get(symbol)) onClosed(state, symbol, lastClosed, ctx);
    if (lastRefusal !== undefined && lastRefusal.at !== state.refusedAt.get(symbol) && !state.book.refusals.some((one) => one.symbol === symbol && one.at === lastRefusal.at)) {
      state.refusedAt.set(symbol, lastRefusal.at);
      const refusal = { symbol, venueCode: lastRefusal.venueCode, message: lastRefusal.message, at: lastRefusal.at };
      const book = afterLockEvent(state.book, { type: 'RefusalRecorded', at: ctx.clock.now(), refusal });
      record(state, [{ type: 'RefusalRecorded', at: ctx.clock.now(), refusal }, ...setting(locksOfRefusal(refusal, book, rules, state.equity), ctx)], symbol, ctx);
    }
  }

  function onClosed(state: State, symbol: SymbolName, closed: ClosedView, ctx: Context): void {
    if (isJudged(state.book, closed) || closed.closedAt < ctx.clock.now() - DISMISSED_MS) {
      state.book = judgedAt(state.book, symbol, closed.closedAt);
      return publishView(state, ctx);
    }
    const pending = state.pending.getOrInsertComputed(symbol, noClosings);
    if (pending.closings.some((one) => one.positionId === closed.positionId)) return;
    pending.closings.push(closed);
    publishView(state, ctx);
    if (pending.closings.length === 1) askFunding(state, symbol, ctx);
  }

  function askFunding(state: State, symbol: SymbolName, ctx: Context): void {
    const closed = state.pending.get(symbol)?.closings[0];
    if (closed === undefined) return;
    ctx.ask(options.gateway, { type: 'read', name: 'income', query: { since: closed.openedAt, symbol, type: 'FUNDING_FEE' } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'funding', closed, symbol, outcome }));
  }

  /** A loss is one result after fees and funding (ruling 23). */
  function onFunding(state: State, { closed, symbol, outcome }: Extract<Internal, { type: 'funding' }>, ctx: Context): void {
    const pending = state.pending.get(symbol);
    if (pending?.closings[0]?.positionId !== closed.positionId) return;
    const rows = outcome.ok && outcome.value.ok ? outcome.value.value : undefined;
    if (rows === undefined && (pending.tries += 1) < FUNDING_TRIES) return ctx.timers.once(`funding:${symbol}`, RETRY_MS, { type: 'ask-funding', symbol });
    if (rows === undefined) ctx.log.error({ symbol, positionId: closed.positionId }, 'the funding of a closed position could not be asked for; its result counts without');
    const funding = rows?.filter((row) => row.at <= closed.closedAt).reduce((sum, row) => sum.plus(row.amount), ZERO);
    const net = decimal(closed.realizedPnl).minus(closed.commission).plus(funding ?? ZERO);
    const result: Result = { positionId: closed.positionId, symbol, side: closed.side, reason: closed.reason, closedAt: closed.closedAt, net: text(net), notional: text(decimal(closed.quantity).multipliedBy(closed.entryPrice)), funding: funding === undefined ? null : text(funding) };
    pending.tries = 0;
    pending.closings.shift();
    if (pending.closings.length === 0) state.pending.delete(symbol);
    const recorded: LockEvent = { type: 'ResultRecorded', at: ctx.clock.now(), result };
    const book = afterLockEvent(state.book, recorded);
    ctx.log.info({ ...result }, `result of ${symbol}: ${result.net} USDT`);
    record(state, [recorded, ...setting(locksOf(result, book, rules, state.equity), ctx)], symbol, ctx);
    askFunding(state, symbol, ctx);
  }

  function setting(locks: readonly KeptLock[], ctx: Context): readonly LockEvent[] {
    return locks.filter((one) => one.until === null || one.until > ctx.clock.now()).map((lock) => ({ type: 'LockSet', at: ctx.clock.now(), lock }));
  }

  function endDue(state: State, ctx: Context): void {
    for (const one of state.book.standing.values()) {
      const ticker = one.symbol === null ? undefined : state.market?.symbols.get(one.symbol)?.ticker;
      // What the signal was before the close says nothing of whether it has come back since.
      const change = ticker !== undefined && ticker.observedAt > one.since ? ticker.changePercent : undefined;
      const now = ctx.clock.monotonic() + (state.shifts.get(one.lockId) ?? wallShift(ctx));
      const cause = endOf(one, now, rules, change, state.equity);
      if (cause !== undefined) record(state, [{ type: 'LockEnded', at: ctx.clock.now(), lockId: one.lockId, cause, by: null }], one.symbol, ctx);
    }
  }

  function clear(state: State, message: Extract<LocksMessage, { type: 'clear' }>, ctx: Context): void {
    const answer = ctx.answering(message);
    const { lockId, reason, by } = message;
    const one = state.book.standing.get(lockId);
    if (one === undefined) return answer({ ok: false, message: `there is no lock ${lockId}; standing: ${[...state.book.standing.keys()].join(', ') || 'none'}` });
    ctx.log.warn({ lockId, reason, by }, 'an operator ends a lock');
    record(state, [{ type: 'LockEnded', at: ctx.clock.now(), lockId, cause: reason, by }], one.symbol, ctx);
    answer({ ok: true });
  }

  /** In memory at once; a lock is for the careful, so nothing waits for the disk. */
  function record(state: State, events: readonly LockEvent[], about: SymbolName | null, ctx: Context): void {
    for (const event of events) {
      const ended = event.type === 'LockEnded' ? state.book.standing.get(event.lockId) : undefined;
      tell(event, ended, about, ctx);
      state.book = afterLockEvent(state.book, event);
      if (event.type === 'LockSet') state.shifts.set(event.lock.lockId, wallShift(ctx));
      if (event.type === 'LockEnded') state.shifts.delete(event.lockId);
      const { type, at, ...payload } = event;
      state.outbox.put(type, at, payload);
    }
    state.outbox.flush(ctx);
    publishView(state, ctx);
  }

  function tell(event: LockEvent, ended: KeptLock | undefined, about: SymbolName | null, ctx: Context): void {
    const lock = event.type === 'LockSet' ? event.lock : ended;
    if (lock === undefined) return;
    const { lockId, kind, side, code, until, cause } = lock;
    const set = event.type === 'LockSet';
    const symbol = lock.symbol ?? about ?? ('*' as SymbolName);
    decided(ctx, options.decisions, { stage: 'lock', symbol, outcome: set ? code : 'passed', ...(set ? { denials: [{ code, limit: until === null ? 'until its condition ends' : isoTime(until), detail: cause }] } : {}), inputs: { lockId, kind, side, scope: lock.symbol ?? 'all', ...(event.type === 'LockEnded' ? { ended: event.cause, by: event.by } : {}) } });
    ctx.log.warn({ lockId, kind, symbol: lock.symbol, side, until, cause }, set ? `locked: ${code}` : 'a lock has ended');
  }

  function publishView(state: State, ctx: Context): void {
    publish(ctx, options.subscribers, { type: 'locks', view: viewOf(state) });
    const alerts = [...state.book.standing.values()].filter((one) => one.symbol === null).map((one) => ({ name: `lock/${one.kind}`, message: `nothing is opened (${one.code}): ${one.cause}; ${one.lockId}` }));
    ctx.tell(options.watchdog, { type: 'standing', from: 'locks', alerts });
  }
}

function wallShift({ clock }: Pick<Context, 'clock'>): number {
  return clock.now() - clock.monotonic();
}

function noClosings(): { closings: ClosedView[]; tries: number } {
  return { closings: [], tries: 0 };
}

function viewOf({ book }: State): LocksView {
  return { locks: [...book.standing.values()].map(({ available: _available, ...one }) => one), judged: book.judged };
}
