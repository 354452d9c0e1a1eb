/** The writer of everything durable: a thin shell over the journal's port. Without it nothing is opened. */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import type { Outcome } from '../supervision/behaviour.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import type { HappenedMessage, JournalAnswer, JournalEntryDraft, JournalMessage } from '../protocol/messages.ts';
import type { Journal } from '../persistence/port.ts';
import type { Ref } from '../supervision/ref.ts';
import { publish } from './publish.ts';

const APPEND_DEADLINE_MS = 5_000;
const READ_DEADLINE_MS = 30_000;

type Answering<Value> = { readonly type: 'answer'; readonly answer: (value: Value) => void; readonly value: Value };
type Internal = JournalMessage | Answering<never> | { readonly type: 'failed'; readonly error: Error };

interface JournalState {
  readonly journal: Journal;
  appended: number;
  failures: number;
  lastFailure: string | null;
}

/**
 * @param journal opened before the tree: a corrupt file refuses to start, and a restarted actor finds the same one.
 * @param listeners told of what has become durable, and how long that took.
 */
export function journalBehaviour(journal: Journal, listeners: readonly Ref<HappenedMessage>[] = []): Behaviour<Internal, JournalState> {
  return {
    role: 'journal',
    purpose: 'Writes everything durable, and reads it back.',
    consumes: { append: 'entries to make durable together', read: 'an entity to read back', 'read-tail': 'the newest entries of an entity', 'read-types': 'the entries of some types since a time', 'last-sequence': 'how far an entity has got', entities: 'the entities of a prefix', answer: 'an outcome of the store', failed: 'a read that failed' },
    emits: ['answers', 'happened → operator/http, operator/decision-log'],
    // Every executor has at most one append on its way; the rest are reads at start.
    mailbox: { capacity: 10_000, overflow: 'reject', onRestart: 'keep' },
    init: () => ({ journal, appended: 0, failures: 0, lastFailure: null }),
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
          // Readers time out and try again; a store that cannot be read is for the next incarnation.
          throw message.error;
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
    view: (state) => ({ writerEpoch: state.journal.writerEpoch, appended: state.appended, failures: state.failures, lastFailure: state.lastFailure }),
  };
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
