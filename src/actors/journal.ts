/** The writer of everything durable: a thin shell over the journal's port. Without it nothing is opened. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import type { HappenedMessage, JournalAnswer, JournalEntryDraft, JournalMessage, JournalViewMessage, StandingMessage } from '../protocol/messages.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { JournalView } from '../protocol/views.ts';
import type { Journal } from '../persistence/port.ts';
import { standingOf } from '../protocol/journal-standing.ts';
import type { Ref } from '../supervision/ref.ts';
import { publish } from './publish.ts';
import { Retention } from './retention.ts';
import type { RetentionMessage } from './retention.ts';

const APPEND_DEADLINE_MS = 5_000;
const READ_DEADLINE_MS = 30_000;
/** Where the outages of a store are on record that cannot say itself whether it is there. */
const OUTAGES = 'journal';

type Answering<Value> = { readonly type: 'answer'; readonly answer: (value: Value) => void; readonly value: Value };
type Internal = JournalMessage | Answering<never> | { readonly type: 'failed'; readonly error: Error } | { readonly type: 'heartbeat' } | { readonly type: 'probed'; readonly outcome: Outcome<void> } | RetentionMessage;

type Context = ActorContext<Internal>;

interface JournalState {
  readonly journal: Journal;
  appended: number;
  failures: number;
  lastFailure: string | null;
  /** As it was seen from here: what the engine itself says of it counts more. */
  seen: JournalView;
  /** What was last told. */
  told: JournalView | undefined;
  probing: boolean;
  readonly retention: Retention;
}

export interface JournalReaders {
  /** Told of what has become durable, and how long that took. */
  readonly listeners?: readonly Ref<HappenedMessage>[];
  /** Told whether what is appended reaches the store: while it does not, nothing is opened. */
  readonly subscribers?: readonly Ref<JournalViewMessage>[];
  /** Told what stands wrong. */
  readonly watchdog?: Ref<StandingMessage>;
  /** So many days entries are kept that no state needs; null, and by default: for ever. */
  readonly retentionDays?: number | null;
}

/** @param journal opened before the tree: a corrupt file refuses to start, and a restarted actor finds the same one. */
export function journalBehaviour(journal: Journal, { listeners = [], subscribers = [], watchdog, retentionDays = null }: JournalReaders = {}): Behaviour<Internal, JournalState> {
  return {
    role: 'journal',
    purpose: 'Writes everything durable, and reads it back.',
    consumes: { append: 'entries to make durable together', read: 'an entity to read back', 'read-tail': 'the newest entries of an entity', 'read-types': 'the entries of some types since a time', 'last-sequence': 'how far an entity has got', entities: 'the entities of a prefix', answer: 'an outcome of the store', failed: 'a read that failed', heartbeat: 'the view is due', probed: 'whether the store takes something again', release: 'what is too old is due to be let go of', released: 'what came of that' },
    emits: ['answers', 'happened → operator/http, operator/decision-log', 'journal → governor', 'standing → watchdog'],
    // Every executor has at most one append on its way; the rest are reads at start.
    mailbox: { capacity: 10_000, overflow: 'reject', onRestart: 'keep' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      ctx.timers.once('first', 0, { type: 'heartbeat' });
      const retention = new Retention(retentionDays);
      retention.begin(ctx);
      return { journal, appended: 0, failures: 0, lastFailure: null, seen: upSince(ctx.clock.now()), told: undefined, probing: false, retention };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'append': {
          const answer = ctx.answering(message);
          const { entries } = message;
          const began = ctx.clock.monotonic();
          ctx.effect({
            name: 'append',
            deadlineMs: APPEND_DEADLINE_MS,
            fact: true,
            run: () => journal.append(entries),
            report: (outcome) => {
              state.appended += outcome.ok ? entries.length : 0;
              saw(state, outcome, ctx);
              if (outcome.ok) publish(ctx, listeners, { type: 'happened', what: 'journalled', entries, tookMs: Math.round((ctx.clock.monotonic() - began) * 1_000) / 1_000 });
              return { type: 'answer', answer, value: appendAnswer(state, outcome) } as unknown as Internal;
            },
          });
          return same;
        }
        case 'read': {
          reading(ctx.answering(message), () => journal.read(message.entity));
          return same;
        }
        case 'read-tail': {
          const { entity, ...bounds } = message;
          reading(ctx.answering(message), () => journal.readTail(entity, bounds));
          return same;
        }
        case 'read-types': {
          reading(ctx.answering(message), () => journal.readTypes(message.types, message.since));
          return same;
        }
        case 'last-sequence': {
          reading(ctx.answering(message), () => journal.lastSequence(message.entity));
          return same;
        }
        case 'entities': {
          reading(ctx.answering(message), () => journal.entities(message.prefix));
          return same;
        }
        case 'answer':
          message.answer(message.value);
          return same;
        case 'failed':
          state.lastFailure = messageOf(message.error);
          // Readers time out and try again. A store that is known to be away has no other incarnation to be found by.
          if (journal.availability?.().store === 'away') return same;
          throw message.error;
        case 'heartbeat':
          probe(state, ctx);
          tell(state, availabilityOf(state), ctx);
          return same;
        case 'probed':
          state.probing = false;
          saw(state, message.outcome, ctx);
          return same;
        case 'release':
          state.retention.release(journal, availabilityOf(state).store === 'away', ctx);
          return same;
        case 'released':
          state.retention.released(message.outcome, ctx);
          return same;
      }

      function reading<Value>(answer: (value: Value) => void, run: () => Promise<Value>): void {
        ctx.effect({
          name: 'read',
          deadlineMs: READ_DEADLINE_MS,
          run,
          report: (outcome) => (outcome.ok ? ({ type: 'answer', answer, value: outcome.value } as unknown as Internal) : { type: 'failed', error: outcome.error }),
        });
      }
    },
    view: (state) => ({ writerEpoch: state.journal.writerEpoch, appended: state.appended, failures: state.failures, lastFailure: state.lastFailure, availability: availabilityOf(state), retention: state.retention.view() }),
  };

  /** What an append says of the store, told at once when it is news: nothing more may be opened. */
  function saw(state: JournalState, outcome: Outcome<void>, ctx: Context): void {
    const up = outcome.ok || (outcome.error instanceof VigilError && outcome.error.code !== 'JOURNAL_UNAVAILABLE');
    if (up && state.seen.store === 'away') state.seen = upSince(ctx.clock.now());
    else if (!up) state.seen = { ...state.seen, store: 'away', since: state.seen.store === 'away' ? state.seen.since : ctx.clock.now(), reason: outcome.ok ? null : messageOf(outcome.error) };
    const view = availabilityOf(state);
    if (view.store !== state.told?.store || view.place !== state.told.place) tell(state, view, ctx);
  }

  /** A store that does not say itself that it is back is asked, with the record of its own outage. */
  function probe(state: JournalState, ctx: Context): void {
    if (journal.availability !== undefined || state.seen.store === 'up' || state.probing) return;
    state.probing = true;
    const { since, reason } = state.seen;
    const at = ctx.clock.now();
    ctx.effect({
      name: 'probe',
      deadlineMs: APPEND_DEADLINE_MS,
      run: async () => journal.append([draft(OUTAGES, (await journal.lastSequence(OUTAGES)) + 1, 'StoreReturned', at, { awaySince: since, reason })]),
      report: (outcome) => ({ type: 'probed', outcome }),
    });
  }

  function tell(state: JournalState, view: JournalView, ctx: Context): void {
    state.told = view;
    publish(ctx, subscribers, { type: 'journal', view });
    if (watchdog !== undefined) ctx.tell(watchdog, { type: 'standing', from: 'journal', alerts: [...standingOf(view, ctx.clock.now()), ...state.retention.alerts()] });
  }
}

function availabilityOf({ journal, seen }: JournalState): JournalView {
  return journal.availability?.() ?? seen;
}

function upSince(since: number): JournalView {
  return { store: 'up', since, reason: null, spilled: 0, unrecorded: null, aside: [], place: null, replica: null };
}

function appendAnswer(state: JournalState, outcome: Outcome<void>): JournalAnswer {
  if (outcome.ok) return { ok: true };
  state.failures += 1;
  state.lastFailure = messageOf(outcome.error);
  const code = outcome.error instanceof VigilError ? outcome.error.code : 'JOURNAL_UNAVAILABLE';
  return { ok: false, code, message: state.lastFailure };
}

/** An entry of a small stream that one actor writes by itself. */
export function draft(entity: string, sequence: number, type: string, at: number, payload: unknown): JournalEntryDraft {
  return { entity, sequence, type, version: 1, at, payload };
}
