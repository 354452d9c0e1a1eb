/**
 * A strategy that only watches: it sees what a live one sees, and its signals are scored on paper. It is given nothing
 * that reaches the bridge, an executor or the venue, so there is no configuration in which it trades.
 */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { FlowedMessage, JournalAnswer, JournalEntryDraft, JournalMessage, ShadowMessage, StandingMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { exitsDue, followed, foldScore, foldVerdict, resultOf } from '../rules/strategies/paper-score.ts';
import type { PaperEvent, PaperTerms, Score } from '../rules/strategies/paper-score.ts';
import { restoreScore, scoreSnapshot } from '../rules/strategies/score-record.ts';
import type { Evaluation } from '../rules/strategies/strategy.ts';
import { NOTHING_UNSNAPSHOTTED, snapshotDue, withEntry } from '../rules/snapshots.ts';
import type { Unsnapshotted } from '../rules/snapshots.ts';
import { entryName } from './entry-name.ts';
import { draft } from './journal.ts';
import { nameOf } from './strategies/evaluations.ts';
import type { CrashedOn, Evaluating, Evaluations, ModelAnswered, Source } from './strategies/evaluations.ts';
import { KnownMarket } from './strategies/known-market.ts';
import { evaluationsOf } from './strategies/source.ts';
import { viewsFirst } from './views.ts';

const LOAD_TIMEOUT_MS = 8_000;
const APPEND_TIMEOUT_MS = 8_000;
const RETRY_MS = 5_000;

export interface ShadowOptions {
  readonly source: Source;
  readonly cycleMs: number;
  readonly dataMaxAgeMs: number;
  readonly terms: PaperTerms;
  readonly journal: Ref<JournalMessage>;
  readonly watchdog: Ref<FlowedMessage | StandingMessage>;
  readonly edge: string;
}

type Internal = ShadowMessage | ModelAnswered | { readonly type: 'cycle' } | { readonly type: 'say' } | { readonly type: 'append' } | { readonly type: 'appended'; readonly count: number; readonly outcome: Outcome<JournalAnswer> };

interface ShadowState {
  readonly known: KnownMarket;
  readonly evaluations: Evaluations;
  readonly last: Map<SymbolName, Evaluation>;
  score: Score;
  /** The number of the last event, durable or not. */
  sequence: number;
  unsnapshotted: Unsnapshotted;
  /** Not durable yet, oldest first; the first ones may be on their way. */
  pending: JournalEntryDraft[];
  appending: boolean;
  cycles: number;
  signals: number;
  alerts: StandingMessage['alerts'];
  lastCycleAt: number | null;
  lastSignalAt: number | null;
}

export function shadowBehaviour(options: ShadowOptions): Behaviour<Internal, ShadowState> {
  const { source, terms } = options;
  const { name, does } = nameOf(source);
  const entity = `shadow/${name}`;
  const crashed: CrashedOn = new Map();
  return {
    role: entity,
    purpose: `Watches what strategy ${name} would do and scores it on paper; it trades nothing. ${does}`,
    consumes: { session: 'the venue\'s time', 'market-view': 'prices, changes and candles', universe: 'the only symbols it looks at', cycle: 'a cycle is due', 'model-answered': 'what came of a question to the model server', say: 'what stands wrong is to be said', append: 'events are to be made durable', appended: 'what came of that' },
    emits: ['append → journal', 'flowed, standing → watchdog'],
    mailbox: { capacity: 100, overflow: 'drop-oldest', onRestart: 'flush', lanes: viewsFirst(['session', 'market-view', 'universe']) },
    async init(ctx) {
      const entries = await ctx.ask(options.journal, { type: 'read', entity }, LOAD_TIMEOUT_MS);
      // Of one that was away for long nothing is held any more, and its numbers are given all the same.
      const sequence = entries.at(-1)?.sequence ?? (await ctx.ask(options.journal, { type: 'last-sequence', entity }, LOAD_TIMEOUT_MS));
      ctx.timers.every('cycle', options.cycleMs, { type: 'cycle' });
      ctx.timers.every('say', VIEW_EVERY_MS, { type: 'say' });
      ctx.tell(options.watchdog, { type: 'standing', from: entity, alerts: [] });
      const score = restoreScore(entries);
      return { known: new KnownMarket(), evaluations: evaluationsOf(source, crashed), last: new Map(), score, sequence, unsnapshotted: entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED), pending: [], appending: false, cycles: 0, signals: 0, alerts: [], lastCycleAt: null, lastSignalAt: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'market-view':
        case 'session':
        case 'universe': {
          const knew = state.known.symbols !== undefined;
          state.known.see(message);
          // Nothing of a shadow opens the ready gate or waits for it: it begins when there is something to look at.
          if (!knew && state.known.symbols !== undefined) ctx.timers.once('first', 0, { type: 'cycle' });
          if (message.type === 'market-view') takeExits(state, ctx);
          return same;
        }
        case 'cycle':
          cycle(state, ctx);
          return same;
        case 'model-answered':
          state.evaluations.answered(message, around(state, ctx));
          return same;
        case 'say':
          say(state, ctx);
          keepSnapshot(state, ctx);
          return same;
        case 'append':
          append(state, ctx);
          return same;
        case 'appended': {
          const { outcome, count } = message;
          state.appending = false;
          if (outcome.ok && outcome.value.ok) state.pending.splice(0, count);
          else {
            // Not its own numbering any more: the next incarnation reads what is there.
            if (outcome.ok && !outcome.value.ok && outcome.value.code === 'JOURNAL_SEQUENCE_CONFLICT') throw new Error(outcome.value.message);
            ctx.log.warn({ waiting: state.pending.length, reason: outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message }, 'results on paper are not durable yet');
            ctx.timers.once('append', RETRY_MS, { type: 'append' });
            return same;
          }
          append(state, ctx);
          return same;
        }
      }
    },
    owes: (state) => state.pending.map(entryName),
    view: (state, now) => ({
      strategy: name,
      role: 'shadow',
      does,
      cycles: state.cycles,
      signals: state.signals,
      lastCycleAt: isoTimeOrNull(state.lastCycleAt),
      lastSignalAt: isoTimeOrNull(state.lastSignalAt),
      score: scoreView(state, now),
      notDurable: state.pending.length,
      ...state.evaluations.view(),
      evaluations: [...state.last.values()],
    }),
  };

  function scoreView({ score, known }: ShadowState, now: number) {
    const { closed, hits, voided, resultUsdt, byReason } = score;
    const open = [...score.open.values()].map((position) => {
      const price = known.of(position.symbol)?.mark?.price;
      return { symbol: position.symbol, side: position.side, entryPrice: text(position.entryPrice), stopLoss: text(position.stopLoss), takeProfit: text(position.takeProfit), openedAt: isoTime(position.openedAt), ageMs: now - position.openedAt, resultUsdt: price === undefined ? null : text(resultOf(position, price, terms.notional).usdt) };
    });
    return { notional: terms.notional, closed, hits, hitRate: closed === 0 ? null : hits / closed, resultUsdt: text(resultUsdt), byReason, voided, open };
  }

  function cycle(state: ShadowState, ctx: ActorContext<Internal>): void {
    const { symbols } = state.known;
    if (symbols === undefined) return;
    state.cycles += 1;
    state.lastCycleAt = ctx.clock.now();
    for (const symbol of state.last.keys()) if (!symbols.includes(symbol)) state.last.delete(symbol);
    state.evaluations.cycle(symbols, around(state, ctx));
    // Also while no view comes: a time that is over is over.
    takeExits(state, ctx);
  }

  function around(state: ShadowState, ctx: ActorContext<Internal>): Evaluating {
    return { ctx, sight: (symbol) => state.known.sight(symbol, ctx.clock.now(), options.dataMaxAgeMs), evaluated: (evaluations) => evaluated(state, evaluations, ctx) };
  }

  function evaluated(state: ShadowState, evaluations: readonly Evaluation[], ctx: ActorContext<Internal>): void {
    const at = ctx.clock.now();
    const venueNow = state.known.venueTime(at);
    if (evaluations.length === 0 || venueNow === undefined) return;
    const outcomes: Record<string, number> = {};
    for (const evaluation of evaluations) {
      const { symbol, verdict } = evaluation;
      state.last.set(symbol, evaluation);
      outcomes[verdict] = (outcomes[verdict] ?? 0) + 1;
      if (verdict === 'signal') {
        state.signals += 1;
        state.lastSignalAt = at;
      }
      state.score = foldVerdict(state.score, symbol, evaluation);
      record(state, followed(state.score, symbol, evaluation, state.known.of(symbol), at, venueNow, terms), ctx);
    }
    ctx.tell(options.watchdog, { type: 'flowed', edge: options.edge, outcomes });
    ctx.log.debug({ cycle: state.cycles, evaluated: evaluations.length, ...outcomes }, `watched ${evaluations.length} symbols`);
  }

  function takeExits(state: ShadowState, ctx: ActorContext<Internal>): void {
    const at = ctx.clock.now();
    const venueNow = state.known.venueTime(at);
    if (state.score.open.size === 0 || venueNow === undefined || state.known.market === undefined) return;
    record(state, exitsDue(state.score, state.known.market.symbols, at, venueNow, terms), ctx);
  }

  function record(state: ShadowState, events: readonly PaperEvent[], ctx: ActorContext<Internal>): void {
    for (const event of events) {
      state.score = foldScore(state.score, event);
      put(state, draft(entity, state.sequence + 1, event.type, event.at, event.payload));
      ctx.log.info(event.payload, `on paper: ${event.type === 'PaperOpened' ? 'opened' : event.type === 'PaperClosed' ? `closed, ${event.payload.reason}` : 'voided'} ${event.payload.side} ${event.payload.symbol}`);
    }
    append(state, ctx);
  }

  function put(state: ShadowState, entry: JournalEntryDraft): void {
    state.sequence = entry.sequence;
    state.unsnapshotted = withEntry(state.unsnapshotted, entry);
    state.pending.push(entry);
  }

  /** The whole score, when it is due. */
  function keepSnapshot(state: ShadowState, ctx: ActorContext<Internal>): void {
    const at = ctx.clock.now();
    if (!snapshotDue(state.unsnapshotted, at)) return;
    put(state, draft(entity, state.sequence + 1, SNAPSHOT_TYPE, at, scoreSnapshot(state.score)));
    append(state, ctx);
  }

  /** Nothing waits for it: what a shadow would have earned holds up nobody. */
  function append(state: ShadowState, ctx: ActorContext<Internal>): void {
    if (state.appending || state.pending.length === 0) return;
    state.appending = true;
    const entries = [...state.pending];
    ctx.ask(options.journal, { type: 'append', entries }, APPEND_TIMEOUT_MS, (outcome) => ({ type: 'appended', count: entries.length, outcome }));
  }

  function say(state: ShadowState, ctx: ActorContext<Internal>): void {
    const alerts = state.evaluations.wrong(ctx.clock.now());
    if (alerts.length === 0 && state.alerts.length === 0) return;
    state.alerts = alerts;
    ctx.tell(options.watchdog, { type: 'standing', from: entity, alerts });
  }
}
