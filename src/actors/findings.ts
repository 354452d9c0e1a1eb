/** Keeps what was found: journalled once, counted when it is seen again, and standing among the alerts for a day after. */
import { z } from 'zod';
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { FINDING_KEPT, FINDING_VERSIONS, FINDINGS, FINDINGS_ENTITY } from '../protocol/findings.ts';
import { SNAPSHOT_TYPE, upcast } from '../protocol/versions.ts';
import type { FindingCode, KeptFinding } from '../protocol/findings.ts';
import type { FindingMessage, JournalAnswer, JournalEntryDraft, JournalMessage, StandingMessage } from '../protocol/messages.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import { NOTHING_UNSNAPSHOTTED, snapshotDue, withEntry } from '../rules/snapshots.ts';
import type { Unsnapshotted } from '../rules/snapshots.ts';
import { draft } from './journal.ts';

/** So long after it was last seen a finding stands among the alerts. */
const STANDS_MS = 86_400_000;
/** Seen again within this time it is counted; after it, it is a new entry in the journal. */
const SAME_FOR_MS = 3_600_000;
/** Of a flood the newest are kept; all are in the log. */
const MOST_KEPT = 500;
const JOURNAL_TIMEOUT_MS = 8_000;
const RETRY_MS = 2_000;

export interface FindingsOptions {
  readonly journal: Ref<JournalMessage>;
  readonly watchdog: Ref<StandingMessage>;
}

type Internal =
  | FindingMessage
  | { readonly type: 'load' }
  | { readonly type: 'loaded'; readonly outcome: Outcome<readonly JournalEntryDraft[]> }
  | { readonly type: 'recorded'; readonly through: number; readonly found: number; readonly outcome: Outcome<JournalAnswer> }
  | { readonly type: 'heartbeat' };

interface Standing {
  readonly kept: KeptFinding;
  /** Wall time, ms; of the entry in the journal. */
  readonly at: number;
  lastAt: number;
  count: number;
}

interface State {
  readonly standing: Map<string, Standing>;
  /** Not yet in the journal, in order; undefined sequence: the journal has not been read. */
  waiting: { readonly kept: KeptFinding; readonly at: number }[];
  sequence: number | undefined;
  unsnapshotted: Unsnapshotted;
  appending: boolean;
  /** Monotonic ms. */
  appendAfter: number;
}

type Context = ActorContext<Internal>;

const payloadSchema = z.looseObject({ code: z.string(), subject: z.string(), message: z.string(), from: z.string() });
/** Of a Snapshot: everything that stands. */
const wholeSchema = z.strictObject({ standing: z.array(z.strictObject({ kept: payloadSchema, at: z.number(), lastAt: z.number(), count: z.number() })) });

export function findingsBehaviour(options: FindingsOptions): Behaviour<Internal, State> {
  return {
    role: 'findings',
    purpose: 'Keeps what must not happen and was seen, so that nobody misses it.',
    consumes: { finding: 'something was found', load: 'what was found before is to be read', loaded: 'the journal\'s answer', recorded: 'the journal has it', heartbeat: 'the alerts are due' },
    emits: ['append → journal', 'standing → watchdog'],
    // Each is told again when it is seen again: of a flood the newest count.
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'keep' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      ctx.timers.once('load', 0, { type: 'load' });
      return { standing: new Map(), waiting: [], sequence: undefined, unsnapshotted: NOTHING_UNSNAPSHOTTED, appending: false, appendAfter: 0 };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'finding':
          found(state, { ...message.finding, from: message.from }, ctx);
          break;
        case 'load':
          ctx.ask(options.journal, { type: 'read', entity: FINDINGS_ENTITY }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'loaded', outcome }));
          return same;
        case 'loaded':
          load(state, message.outcome, ctx);
          break;
        case 'recorded':
          recorded(state, message, ctx);
          break;
        case 'heartbeat':
          tellStanding(state, ctx);
          break;
      }
      flush(state, ctx);
      return same;
    },
    owes: ({ waiting }) => waiting.map(({ kept }) => `finding ${keyOf(kept)}`),
    view: (state) => ({ waiting: state.waiting.length, findings: [...state.standing.values()].map(({ kept, at, lastAt, count }) => ({ ...kept, count, at: isoTime(at), lastAt: isoTime(lastAt) })) }),
  };

  function found(state: State, kept: KeptFinding, ctx: Context): void {
    const at = ctx.clock.now();
    const key = keyOf(kept);
    const known = state.standing.get(key);
    if (known !== undefined && at - known.at < SAME_FOR_MS) {
      known.lastAt = at;
      known.count += 1;
      return;
    }
    ctx.log.error({ finding: kept.code, subject: kept.subject, from: kept.from, details: kept.details ?? {} }, `found ${kept.code}: ${kept.message}`);
    stand(state, { kept, at, lastAt: at, count: (known?.count ?? 0) + 1 });
    if (state.waiting.length < MOST_KEPT) state.waiting.push({ kept, at });
    tellStanding(state, ctx);
  }

  function load(state: State, outcome: Outcome<readonly JournalEntryDraft[]>, ctx: Context): void {
    if (!outcome.ok) {
      ctx.log.warn({ reason: outcome.error.message }, 'what was found before could not be read; trying again');
      ctx.timers.once('load', RETRY_MS, { type: 'load' });
      return;
    }
    const entries = outcome.value;
    state.sequence = entries.at(-1)?.sequence ?? 0;
    state.unsnapshotted = entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED);
    for (const { kept, at, lastAt, count } of entries.flatMap(standingIn)) {
      if (ctx.clock.now() - lastAt > STANDS_MS || !Object.hasOwn(FINDINGS, kept.code)) continue;
      // An append whose answer was lost may have been made.
      state.waiting = state.waiting.filter((one) => one.at !== at || keyOf(one.kept) !== keyOf(kept));
      const known = state.standing.get(keyOf(kept));
      // What was found meanwhile is newer than anything on record.
      if (known === undefined || known.at < at) stand(state, { kept, at, lastAt, count: (known?.count ?? 0) + count });
    }
  }

  function recorded(state: State, { through, found: written, outcome }: Extract<Internal, { type: 'recorded' }>, ctx: Context): void {
    state.appending = false;
    if (outcome.ok && outcome.value.ok) {
      state.waiting.splice(0, written);
      state.sequence = through;
      return;
    }
    const reason = outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message;
    ctx.log.warn({ reason, waiting: state.waiting.length }, 'findings could not be journalled; trying again');
    state.appendAfter = ctx.clock.monotonic() + RETRY_MS;
    // Whether it was written after all, the journal says.
    state.sequence = undefined;
    ctx.timers.once('load', RETRY_MS, { type: 'load' });
  }

  function flush(state: State, ctx: Context): void {
    const { sequence, waiting } = state;
    const now = ctx.clock.now();
    if (sequence === undefined || state.appending || ctx.clock.monotonic() < state.appendAfter) return;
    const found = waiting.map(({ kept, at }, index) => draft(FINDINGS_ENTITY, sequence + 1 + index, FINDING_KEPT, at, kept));
    const whole = () => draft(FINDINGS_ENTITY, sequence + 1, SNAPSHOT_TYPE, now, { standing: [...state.standing.values()].map((one) => ({ ...one })) });
    const entries = found.length === 0 && snapshotDue(state.unsnapshotted, now) ? [whole()] : found;
    if (entries.length === 0) return;
    state.appending = true;
    state.unsnapshotted = entries.reduce(withEntry, state.unsnapshotted);
    const through = sequence + entries.length;
    ctx.ask(options.journal, { type: 'append', entries }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'recorded', through, found: found.length, outcome }));
  }

  function tellStanding(state: State, ctx: Context): void {
    const now = ctx.clock.now();
    for (const [key, { lastAt }] of state.standing) if (now - lastAt > STANDS_MS) state.standing.delete(key);
    const alerts = [...state.standing.values()].map(({ kept, at, count, lastAt }) => ({
      name: `finding/${kept.code}/${kept.subject}`,
      message: `${kept.message} ${FINDINGS[kept.code as FindingCode].remedy}${count === 1 ? '' : ` (${count} times since ${isoTime(at)}, last ${isoTime(lastAt)})`}`,
    }));
    ctx.tell(options.watchdog, { type: 'standing', from: 'findings', alerts });
  }
}

function stand(state: State, one: Standing): void {
  const key = keyOf(one.kept);
  state.standing.delete(key);
  state.standing.set(key, one);
  const [oldest] = state.standing.keys();
  if (state.standing.size > MOST_KEPT && oldest !== undefined) state.standing.delete(oldest);
}

/** What an entry says of findings: one that was found, or, of a Snapshot, all that stood. */
function standingIn({ type, version, at, payload }: JournalEntryDraft): readonly Standing[] {
  const today = upcast(FINDING_VERSIONS, type, version, payload);
  if (type === SNAPSHOT_TYPE) return wholeSchema.parse(today).standing as unknown as readonly Standing[];
  return [{ kept: payloadSchema.parse(today) as KeptFinding, at, lastAt: at, count: 1 }];
}

function keyOf({ code, subject }: KeptFinding): string {
  return `${code}/${subject}`;
}
