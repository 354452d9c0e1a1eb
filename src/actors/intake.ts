/** The door for intents from outside: declared sources, the same gates as everybody, each key once, on record before it is answered. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ActorContext, Behaviour, InitContext } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Intent } from '../protocol/decisions.ts';
import type { DenialCode } from '../protocol/denials.ts';
import type { MarketView, Universe } from '../protocol/market.ts';
import type { BridgeMessage, DecidedMessage, IntakeAnswer, IntakeMessage, JournalEntryDraft, JournalMessage } from '../protocol/messages.ts';
import type { IntentId, SymbolName } from '../protocol/names.ts';
import { decideIntake, externalIntentSchema } from '../rules/intake.ts';
import type { IntakeTerms } from '../rules/intake.ts';
import { decided } from './decided.ts';
import { Outbox } from './outbox.ts';
import type { Recorded } from './outbox.ts';
import { viewsFirst } from './views.ts';

const ENTITY = 'intents';
const JOURNAL_TIMEOUT_MS = 5_000;
/** So often a journal that took nothing is tried again; nobody is kept waiting for it meanwhile. */
const RETRY_MS = 1_000;
/** So many may wait for a slow journal at once. */
const MOST_TAKING = 500;
/** A key is remembered a day. */
const REMEMBERED_MS = 86_400_000;
const REMEMBERED_CHARACTERS = 4_000_000;
/** A wall clock may have been set back by so much between an intent and its acceptance. */
const SET_BACK_MS = 3_600_000;

export interface IntakeOptions {
  readonly sources: ReadonlySet<string>;
  readonly terms: IntakeTerms;
  readonly bridge: Ref<BridgeMessage>;
  readonly decisions: Ref<DecidedMessage>;
  readonly journal: Ref<JournalMessage>;
}

type Submit = Extract<IntakeMessage, { type: 'submit' }>;
type Internal = IntakeMessage | Recorded | { readonly type: 'retry' };

/** What a key stood for. */
interface Known {
  readonly intentId: IntentId;
  readonly body: string;
  readonly at: number;
  /** Until it is on record it is nobody's. */
  durable: boolean;
}

/** An intent that is on its way to the journal. */
interface Taking {
  readonly intent: Intent;
  readonly key: string | undefined;
  readonly known: Known;
  readonly inputs: DecisionInputs;
  readonly answer: (value: IntakeAnswer) => void;
}
type DecisionInputs = NonNullable<DecidedMessage['decision']['inputs']>;

const receivedSchema = z.object({ key: z.string().nullable(), body: z.string(), intent: z.object({ intentId: z.string(), source: z.string() }) });
/** The bridge has it, so its key stays taken. */
const takenSchema = z.object({ key: z.string(), source: z.string(), intentId: z.string() });
/** What an executor keeps of an intent with the order that is sent for it. */
const acceptedSchema = z.object({ intent: z.object({ intentId: z.string() }) });
/** Whoever handed it in was told that it is not taken, whether or not the journal has it by now: its key is free. */
const declinedSchema = z.object({ key: z.string().nullable(), source: z.string(), intentId: z.string(), reason: z.string() });

interface State {
  market: MarketView | undefined;
  universe: Universe | undefined;
  clockOffsetMs: number | undefined;
  /** By source and key, oldest first. */
  readonly keys: Map<string, Known>;
  readonly outbox: Outbox;
  /** By the number of its entry. */
  readonly taking: Map<number, Taking>;
  /** Why the journal has not taken the last ones; undefined: it takes them. */
  away: string | undefined;
  received: number;
  readonly refused: Map<string, number>;
  lastAt: number | null;
}

type Context = ActorContext<Internal>;

export function intakeBehaviour(options: IntakeOptions): Behaviour<Internal, State> {
  return {
    role: 'intake',
    purpose: 'Takes intents from declared sources outside; the bridge and the governor decide on them as on every other.',
    consumes: { submit: 'an intent from outside', 'market-view': 'prices', universe: 'its version', session: 'the venue\'s time', recorded: 'the journal\'s answer', retry: 'whether the journal takes something again' },
    emits: ['intent → bridge', 'append → journal', 'decided → operator/decision-log'],
    // Askers wait for their answer; what does not fit is told so at once.
    mailbox: { capacity: 500, overflow: 'reject', onRestart: 'flush', lanes: viewsFirst(['market-view', 'universe', 'session']) },
    async init(ctx) {
      const entries = await ctx.ask(options.journal, { type: 'read-tail', entity: ENTITY, since: ctx.clock.now() - REMEMBERED_MS, characters: REMEMBERED_CHARACTERS }, JOURNAL_TIMEOUT_MS);
      const sequence = await ctx.ask(options.journal, { type: 'last-sequence', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const keys = keysOf(entries);
      await settleOpen(keys, ctx);
      return { market: undefined, universe: undefined, clockOffsetMs: undefined, keys, outbox: new Outbox(ENTITY, options.journal, entries, sequence), taking: new Map(), away: undefined, received: 0, refused: new Map(), lastAt: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'submit':
          submit(state, message, ctx);
          return same;
        case 'recorded':
          recorded(state, message, ctx);
          return same;
        case 'retry':
          state.outbox.flush(ctx);
          return same;
        case 'market-view':
          state.market = message.view;
          return same;
        case 'universe':
          state.universe = message.universe;
          return same;
        case 'session':
          state.clockOffsetMs = message.view.clockOffsetMs;
          return same;
      }
    },
    owes: (state) => state.outbox.names(),
    view: (state) => ({ sources: [...options.sources], journalAway: state.away ?? null, received: state.received, refused: Object.fromEntries(state.refused), rememberedKeys: state.keys.size, lastAt: state.lastAt === null ? null : isoTime(state.lastAt) }),
  };

  function submit(state: State, message: Submit, ctx: Context): void {
    const answer = ctx.answering(message);
    const now = ctx.clock.now();
    for (const [name, { at }] of state.keys) {
      if (now - at <= REMEMBERED_MS) break;
      state.keys.delete(name);
    }
    const refuse = (code: string, why: string, details: Readonly<Record<string, unknown>> = {}) => {
      state.refused.set(code, (state.refused.get(code) ?? 0) + 1);
      ctx.log.info({ source: message.source, code, why, ...details }, `an intent from outside was not taken: ${code}`);
      answer({ ok: false, code, message: why, details });
    };
    const parsed = externalIntentSchema.safeParse(message.body, { reportInput: true });
    if (!options.sources.has(message.source)) return refuse('SOURCE_UNKNOWN', `${JSON.stringify(message.source)} is not a declared source: ${[...options.sources].join(', ')}`, { source: message.source });
    if (!parsed.success) {
      const errors = parsed.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ field: key, value: null, expected: 'no such field' })) : [{ field: issue.path.join('.') || 'body', value: issue.input ?? null, expected: issue.message }]));
      return refuse('INTENT_INVALID', errors.map((one) => `${one.field}: ${one.expected} (got ${JSON.stringify(one.value)})`).join('; '), { errors });
    }
    const { idempotencyKey } = message;
    const body = createHash('sha256').update(JSON.stringify(Object.entries(parsed.data).toSorted(([one], [other]) => (one < other ? -1 : 1)))).digest('hex');
    const name = idempotencyKey === undefined ? undefined : keyOf(message.source, idempotencyKey);
    const known = name === undefined ? undefined : state.keys.get(name);
    if (known !== undefined) {
      if (known.body !== body) return refuse('IDEMPOTENCY_CONFLICT', 'this key was used for another intent', { intentId: known.intentId });
      if (!known.durable) return refuse('STATE_UNKNOWN', 'the same intent is being taken; ask again in a moment', { intentId: known.intentId });
      return answer({ ok: true, intentId: known.intentId, repeated: true });
    }
    const symbol = parsed.data.symbol as SymbolName;
    const inputs = { source: message.source, side: parsed.data.side.toUpperCase(), confidence: parsed.data.confidence, external: true };
    // At once, and without a number in the journal: what it could not take is tried again by itself, and nothing piles up meanwhile.
    const unkept = state.away ?? (state.taking.size >= MOST_TAKING ? `${state.taking.size} intents wait for it already` : undefined);
    if (unkept !== undefined) {
      decided(ctx, options.decisions, notDurable(symbol, unkept, inputs));
      return refuse('JOURNAL_UNAVAILABLE', notKept(unkept), AGAIN);
    }
    const mark = state.market?.symbols.get(symbol)?.mark?.price;
    const decision = decideIntake(parsed.data, { venueNow: state.clockOffsetMs === undefined ? undefined : now + state.clockOffsetMs, mark: mark === undefined ? undefined : text(mark), universe: state.universe, idempotencyKey, terms: options.terms });
    if ('code' in decision) {
      const { code, message: why, ...measure } = decision;
      decided(ctx, options.decisions, { stage: 'signal', symbol, outcome: code, denials: [{ code: code satisfies DenialCode, detail: why, ...measure }], inputs });
      return refuse(code, why);
    }
    const { intent } = decision;
    const kept: Known = { intentId: intent.intentId, body, at: now, durable: false };
    if (name !== undefined) state.keys.set(name, kept);
    state.taking.set(state.outbox.put('IntentReceived', now, { key: idempotencyKey ?? null, body, intent }), { intent, key: idempotencyKey, known: kept, inputs, answer });
    state.outbox.flush(ctx);
  }

  /** Only what is on record goes on: a key that is answered stays answered. */
  function recorded(state: State, message: Recorded, ctx: Context): void {
    const failed = state.outbox.answered(message);
    if (failed !== undefined) return declineAll(state, failed.failure, ctx);
    if (state.away !== undefined) ctx.log.info({ was: state.away }, 'the journal takes intents from outside again');
    state.away = undefined;
    for (const [sequence, taking] of state.taking) {
      if (sequence > message.through) continue;
      state.taking.delete(sequence);
      take(state, taking, ctx);
    }
    state.outbox.flush(ctx);
  }

  function take(state: State, taking: Taking, ctx: Context): void {
    const { intent, known, inputs, answer } = taking;
    const { intentId, symbol, side, source } = intent;
    if (!ctx.tell(options.bridge, { type: 'intent', intent })) {
      ctx.log.warn({ intentId, source, symbol, side }, 'an intent from outside was not taken: the bridge takes no intents now');
      decline(state, taking, 'STATE_UNKNOWN', 'the bridge takes no intents now', ctx);
      return answer({ ok: false, code: 'STATE_UNKNOWN', message: 'not taken: the bridge takes no intents now; hand it in again in a moment', details: { intentId, ...AGAIN } });
    }
    decided(ctx, options.decisions, { stage: 'signal', symbol, outcome: 'passed', ids: { intentId }, inputs });
    known.durable = true;
    state.received += 1;
    state.lastAt = ctx.clock.now();
    ctx.log.info({ intentId, source, symbol, side, confidence: intent.confidence }, `intent ${side} ${symbol} from outside (${source})`);
    if (taking.key !== undefined) state.outbox.put('IntentTaken', ctx.clock.now(), { key: taking.key, source, intentId });
    answer({ ok: true, intentId, repeated: false });
  }

  /**
   * Keys of which the record says neither that the bridge had their intent nor that it was declined: the service, or this actor,
   * ended in between, and whoever handed it in was not told that it is taken. What an executor has accepted is taken all the
   * same; the rest was never traded and never will be, so the key is free: nobody is answered that a lost intent is taken.
   */
  async function settleOpen(keys: Map<string, Known>, ctx: InitContext<Internal>): Promise<void> {
    const open = [...keys].filter(([, { durable }]) => !durable);
    if (open.length === 0) return;
    const entries = await ctx.ask(options.journal, { type: 'read-types', types: ['IntentAccepted'], since: Math.min(...open.map(([, { at }]) => at)) - SET_BACK_MS }, JOURNAL_TIMEOUT_MS);
    const accepted = new Set(entries.map(({ payload }) => acceptedSchema.parse(payload).intent.intentId));
    for (const [name, known] of open) {
      known.durable = accepted.has(known.intentId);
      if (known.durable) continue;
      keys.delete(name);
      ctx.log.warn({ intentId: known.intentId }, 'an intent from outside was being taken when the service ended: it is not traded, and its key is free');
    }
  }

  /**
   * What was handed to the journal may be in it all the same, under its number. So the entries go again as they are until they
   * are in it, each followed by the word that it was declined: whoever reads them later, after a restart too, takes nothing
   * for accepted that was answered with a refusal, and the same key can be handed in again.
   */
  function declineAll(state: State, failure: string, ctx: Context): void {
    if (state.away === undefined) ctx.log.warn({ reason: failure, declined: state.taking.size }, 'the journal takes no intents from outside; they are refused until it does');
    state.away = failure;
    for (const [sequence, taking] of state.taking) {
      state.taking.delete(sequence);
      decline(state, taking, 'JOURNAL_UNAVAILABLE', failure, ctx);
      const { intent, inputs, answer } = taking;
      decided(ctx, options.decisions, notDurable(intent.symbol, failure, inputs));
      answer({ ok: false, code: 'JOURNAL_UNAVAILABLE', message: notKept(failure), details: { intentId: intent.intentId, ...AGAIN } });
    }
    ctx.timers.once('retry', RETRY_MS, { type: 'retry' });
  }

  function decline(state: State, { intent, key }: Taking, code: string, reason: string, ctx: Context): void {
    const { intentId, source } = intent;
    state.refused.set(code, (state.refused.get(code) ?? 0) + 1);
    if (key !== undefined) state.keys.delete(keyOf(source, key));
    state.outbox.put('IntentDeclined', ctx.clock.now(), { key: key ?? null, source, intentId, reason });
  }
}

/** For whoever tries again by itself. */
const AGAIN = { retryAfterMs: RETRY_MS };

function notKept(failure: string): string {
  return `not taken: it could not be put on record (${failure}). Hand it in again, with the same Idempotency-Key if it has one; \`vigil health\` says what the journal lacks`;
}

function notDurable(symbol: SymbolName, detail: string, inputs: DecisionInputs) {
  return { stage: 'signal', symbol, outcome: 'JOURNAL_AWAY', denials: [{ code: 'JOURNAL_AWAY', detail }], inputs } as const;
}

/** The keys of intents that were not declined; those the bridge had are durable. */
function keysOf(entries: readonly JournalEntryDraft[]): Map<string, Known> {
  const keys = new Map<string, Known>();
  for (const { at, type, payload } of entries) {
    if (type === 'IntentDeclined') {
      const { key, source } = declinedSchema.parse(payload);
      if (key !== null) keys.delete(keyOf(source, key));
      continue;
    }
    if (type === 'IntentTaken') {
      const { key, source } = takenSchema.parse(payload);
      const known = keys.get(keyOf(source, key));
      if (known !== undefined) known.durable = true;
      continue;
    }
    const { key, body, intent } = receivedSchema.parse(payload);
    if (key !== null) keys.set(keyOf(intent.source, key), { intentId: intent.intentId as IntentId, body, at, durable: false });
  }
  return keys;
}

function keyOf(source: string, key: string): string {
  return `${source}\u0000${key}`;
}
