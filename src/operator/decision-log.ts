/** The actor `operator/decision-log`: every decision can be asked about, also after a restart; where signals end is a number with a code, at every stage. */
import { DECISIONS_ENTITY } from '../protocol/decision-records.ts';
import type { DecisionLogMessage, HappenedMessage, JournalAnswer, JournalEntryDraft, JournalMessage } from '../protocol/messages.ts';
import type { RecordedDecision } from '../protocol/read-models.ts';
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { AppendTimes } from './decisions/append-times.ts';
import { DecisionOutbox, FLUSH_MS } from './decisions/decision-outbox.ts';
import { DecisionStore, recorded } from './decisions/decision-store.ts';
import { ReadingBack } from './decisions/reading-back.ts';
import { beginTrace, onTraced } from './decisions/trace-question.ts';
import type { TraceDesk, TraceInternal } from './decisions/trace-question.ts';
import { FunnelCounts, LONGEST_WINDOW_MS } from './funnel-counts.ts';

/** What is read back of a day: more than a hundred symbols write in one. */
const READ_BACK_CHARACTERS = 24_000_000;
const READ_TIMEOUT_MS = 30_000;
const APPEND_TIMEOUT_MS = 5_000;
const RETRY_READ_MS = 5_000;
/** How many names and faults its view shows. */
const SHOWN = 200;

export interface DecisionLogOptions {
  readonly journal: Ref<JournalMessage>;
  /** Told of each record that is new. */
  readonly listeners: readonly Ref<HappenedMessage>[];
}

export interface DecisionLogState {
  readonly store: DecisionStore;
  readonly outbox: DecisionOutbox;
  readonly counts: FunnelCounts;
  readonly back: ReadingBack;
  readonly appends: AppendTimes;
  readonly since: number;
  /** Number of the last entry of ours in the journal; undefined: not known, and nothing is written. */
  sequence: number | undefined;
  appending: boolean;
  lastFailure: string | null;
  readonly now: () => number;
}

export type DecisionLogInternal =
  | DecisionLogMessage
  | TraceInternal
  | { readonly type: 'read-back' | 'read-number' | 'restore' | 'flush' }
  | { readonly type: 'back'; readonly outcome: Outcome<readonly JournalEntryDraft[]> }
  | { readonly type: 'numbered'; readonly outcome: Outcome<number> }
  | { readonly type: 'appended'; readonly sequence: number; readonly outcome: Outcome<JournalAnswer> };
type Context = ActorContext<DecisionLogInternal>;

export function decisionLogBehaviour(options: DecisionLogOptions): Behaviour<DecisionLogInternal, DecisionLogState> {
  const { journal } = options;
  return {
    role: 'operator/decision-log',
    purpose: 'Keeps every decision with what it was decided by, so that a pipeline that refuses everything is seen and can say why.',
    consumes: {
      decided: 'one decision about one thing',
      happened: 'something has become durable',
      funnel: 'the counts of a window?',
      explain: 'why was a symbol traded, or not?',
      trace: 'what became of this?',
      'read-back': 'the last day is to be read from the journal',
      back: 'what the journal has of it',
      restore: 'some of it is to be taken up',
      'read-number': 'the number of the last entry in the journal is to be read',
      numbered: 'that number',
      flush: 'what is new is to be written',
      appended: 'the journal\'s answer',
      'trace-entities': 'the symbols in the journal',
      'trace-life': 'the life of one of them',
    },
    emits: ['append, read-tail, last-sequence, entities → journal', 'happened → operator/http'],
    // A burst is a whole universe through all stages (some hundred decisions); what is beyond is counted as dropped, never waited for.
    mailbox: { capacity: 4_096, overflow: 'drop-oldest', onRestart: 'keep' },
    init(ctx) {
      const now = ctx.clock.now();
      ctx.timers.once('read-back', 0, { type: 'read-back' });
      ctx.timers.every('flush', FLUSH_MS, { type: 'flush' });
      return { store: new DecisionStore(), outbox: new DecisionOutbox(now), counts: new FunnelCounts(), back: new ReadingBack(), appends: new AppendTimes(), since: now, sequence: undefined, appending: false, lastFailure: null, now: () => ctx.clock.now() };
    },
    receive(state, message, ctx) {
      const { store, counts } = state;
      switch (message.type) {
        case 'decided': {
          const { kept, fresh } = store.add(message.decision);
          counts.add(message.decision, ctx.clock.now());
          if (fresh) {
            state.outbox.add(kept);
            tellOf(recorded(kept), ctx);
          } else state.outbox.repeat(kept);
          return same;
        }
        case 'happened':
          if (message.what === 'journalled') state.appends.note(message.entries, message.tookMs);
          return same;
        case 'funnel':
          ctx.answering(message)(counts.view(message.windowMs, ctx.clock.now()));
          return same;
        case 'explain':
          ctx.answering(message)(store.of(message.symbol, message.limit));
          return same;
        case 'trace':
          beginTrace(message.id, ctx.answering(message), desk(state), ctx);
          return same;
        case 'trace-entities':
        case 'trace-life':
          onTraced(message, desk(state), ctx);
          return same;
        case 'read-back':
          ctx.ask(journal, { type: 'read-tail', entity: DECISIONS_ENTITY, since: ctx.clock.now() - LONGEST_WINDOW_MS, characters: READ_BACK_CHARACTERS }, READ_TIMEOUT_MS, (outcome) => ({ type: 'back', outcome }));
          return same;
        case 'back':
          onBack(state, message.outcome, ctx);
          return same;
        case 'restore':
          if (state.back.takeSome(store, counts, ctx.clock.now())) ctx.timers.once('restore', 0, { type: 'restore' });
          else if (state.back.faults.count > 0) ctx.log.warn({ faults: state.back.faults.count, first: state.back.faults.first }, 'some decisions in the journal cannot be read; they are left out');
          return same;
        case 'read-number':
          askNumber(ctx);
          return same;
        case 'numbered':
          onNumbered(state, message.outcome, ctx);
          return same;
        case 'flush':
          flush(state, ctx);
          return same;
        case 'appended':
          onAppended(state, message.sequence, message.outcome, ctx);
          return same;
      }
    },
    owes: ({ outbox }) => (outbox.waiting === 0 ? [] : [`${outbox.waiting} decisions`]),
    view: ({ store, outbox, counts, back, since, lastFailure, now }) => ({
      since: isoTime(since),
      oldestAt: isoTimeOrNull(store.oldestAt),
      records: store.size,
      forgotten: store.forgotten,
      symbols: store.symbols.slice(0, SHOWN),
      readBack: back.status,
      unreadable: { count: back.faults.count, first: back.faults.first },
      toWrite: outbox.waiting,
      notWritten: outbox.dropped,
      lastFailure,
      buckets: counts.buckets,
      lastHour: counts.view(3_600_000, now()).stages,
    }),
  };

  function desk({ store, appends }: DecisionLogState): TraceDesk {
    return { store, appends, journal };
  }

  function tellOf(decision: RecordedDecision, ctx: Context): void {
    for (const listener of options.listeners) ctx.tell(listener, { type: 'happened', what: 'decision', decision });
  }

  /** Nobody waits for it, and without it everything that is decided from now on can be asked about all the same. */
  function onBack(state: DecisionLogState, outcome: Outcome<readonly JournalEntryDraft[]>, ctx: Context): void {
    if (!outcome.ok) {
      state.lastFailure = outcome.error.message;
      ctx.timers.once('read-back', RETRY_READ_MS, { type: 'read-back' });
      return;
    }
    state.back.begin(outcome.value);
    ctx.timers.once('restore', 0, { type: 'restore' });
    const last = outcome.value.at(-1);
    if (last === undefined) return askNumber(ctx);
    state.sequence = last.sequence;
  }

  function askNumber(ctx: Context): void {
    ctx.ask(journal, { type: 'last-sequence', entity: DECISIONS_ENTITY }, READ_TIMEOUT_MS, (outcome) => ({ type: 'numbered', outcome }));
  }

  function onNumbered(state: DecisionLogState, outcome: Outcome<number>, ctx: Context): void {
    if (outcome.ok) state.sequence = outcome.value;
    else {
      state.lastFailure = outcome.error.message;
      ctx.timers.once('read-number', RETRY_READ_MS, { type: 'read-number' });
    }
  }

  function flush(state: DecisionLogState, ctx: Context): void {
    if (state.appending || state.sequence === undefined) return;
    const sequence = state.sequence + 1;
    const entry = state.outbox.next(sequence, ctx.clock.now());
    if (entry === undefined) return;
    state.appending = true;
    ctx.ask(journal, { type: 'append', entries: [entry] }, APPEND_TIMEOUT_MS, (outcome) => ({ type: 'appended', sequence, outcome }));
  }

  /** What may have been written is written again as it was, under its number: the journal takes it for the same. */
  function onAppended(state: DecisionLogState, sequence: number, outcome: Outcome<JournalAnswer>, ctx: Context): void {
    state.appending = false;
    if (outcome.ok && outcome.value.ok) {
      state.sequence = sequence;
      state.lastFailure = null;
      state.outbox.written(sequence);
      return;
    }
    const failure = outcome.ok && !outcome.value.ok ? outcome.value : undefined;
    const reason = failure === undefined ? (outcome.ok ? '' : outcome.error.message) : `${failure.code}: ${failure.message}`;
    if (state.lastFailure === null) ctx.log.warn({ reason, waiting: state.outbox.waiting }, 'the journal does not take the decisions; they wait, and nobody waits for them');
    state.lastFailure = reason;
    if (failure?.code !== 'JOURNAL_SEQUENCE_CONFLICT') return;
    // The number is taken: an append of an earlier incarnation came late.
    state.sequence = undefined;
    askNumber(ctx);
  }
}
