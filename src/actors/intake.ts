/** The door for intents from outside: declared sources, the same gates as everybody, each key once, on record before it is answered. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Intent } from '../protocol/decisions.ts';
import type { DenialCode } from '../protocol/denials.ts';
import type { MarketView, Universe } from '../protocol/market.ts';
import type { BridgeMessage, DecidedMessage, IntakeAnswer, IntakeMessage, JournalAnswer, JournalMessage } from '../protocol/messages.ts';
import type { IntentId, SymbolName } from '../protocol/names.ts';
import { decideIntake, externalIntentSchema } from '../rules/intake.ts';
import type { IntakeTerms } from '../rules/intake.ts';
import { decided } from './decided.ts';
import { Handed } from './handed.ts';
import { draft } from './journal.ts';
import { viewsFirst } from './views.ts';

const ENTITY = 'intents';
const JOURNAL_TIMEOUT_MS = 5_000;
/** A key is remembered a day. */
const REMEMBERED_MS = 86_400_000;
const REMEMBERED_CHARACTERS = 4_000_000;

export interface IntakeOptions {
  readonly sources: ReadonlySet<string>;
  readonly terms: IntakeTerms;
  readonly bridge: Ref<BridgeMessage>;
  readonly decisions: Ref<DecidedMessage>;
  readonly journal: Ref<JournalMessage>;
}

type Submit = Extract<IntakeMessage, { type: 'submit' }>;
type Internal = IntakeMessage | { readonly type: 'recorded'; readonly intent: Intent; readonly known: Known; readonly key: string | undefined; readonly answer: (value: IntakeAnswer) => void; readonly outcome: Outcome<JournalAnswer> };

/** What a key stood for. */
interface Known {
  readonly intentId: IntentId;
  readonly body: string;
  readonly at: number;
  /** Until it is on record it is nobody's. */
  durable: boolean;
}
const receivedSchema = z.object({ key: z.string().nullable(), body: z.string(), intent: z.object({ intentId: z.string(), source: z.string() }) });

interface State {
  market: MarketView | undefined;
  universe: Universe | undefined;
  clockOffsetMs: number | undefined;
  /** By source and key, oldest first. */
  readonly keys: Map<string, Known>;
  sequence: number;
  readonly handed: Handed<Internal>;
  received: number;
  readonly refused: Map<string, number>;
  lastAt: number | null;
}

type Context = ActorContext<Internal>;

export function intakeBehaviour(options: IntakeOptions): Behaviour<Internal, State> {
  return {
    role: 'intake',
    purpose: 'Takes intents from declared sources outside; the bridge and the governor decide on them as on every other.',
    consumes: { submit: 'an intent from outside', 'market-view': 'prices', universe: 'its version', session: 'the venue\'s time', recorded: 'the journal has it' },
    emits: ['intent → bridge', 'append → journal', 'decided → operator/decision-log'],
    // Askers wait for their answer; what does not fit is told so at once.
    mailbox: { capacity: 500, overflow: 'reject', onRestart: 'flush', lanes: viewsFirst(['market-view', 'universe', 'session']) },
    async init(ctx) {
      const entries = await ctx.ask(options.journal, { type: 'read-tail', entity: ENTITY, since: ctx.clock.now() - REMEMBERED_MS, characters: REMEMBERED_CHARACTERS }, JOURNAL_TIMEOUT_MS);
      const keys = new Map<string, Known>();
      for (const { at, payload } of entries) {
        const { key, body, intent } = receivedSchema.parse(payload);
        if (key !== null) keys.set(keyOf(intent.source, key), { intentId: intent.intentId as IntentId, body, at, durable: true });
      }
      return { market: undefined, universe: undefined, clockOffsetMs: undefined, keys, handed: new Handed(options.journal), sequence: await ctx.ask(options.journal, { type: 'last-sequence', entity: ENTITY }, JOURNAL_TIMEOUT_MS), received: 0, refused: new Map(), lastAt: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'submit':
          submit(state, message, ctx);
          return same;
        case 'recorded':
          recorded(state, message, ctx);
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
    owes: (state) => state.handed.names(),
    view: (state) => ({ sources: [...options.sources], received: state.received, refused: Object.fromEntries(state.refused), rememberedKeys: state.keys.size, lastAt: state.lastAt === null ? null : isoTime(state.lastAt) }),
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
    const mark = state.market?.symbols.get(symbol)?.mark?.price;
    const decision = decideIntake(parsed.data, { venueNow: state.clockOffsetMs === undefined ? undefined : now + state.clockOffsetMs, mark: mark === undefined ? undefined : text(mark), universe: state.universe, idempotencyKey, terms: options.terms });
    const inputs = { source: message.source, side: parsed.data.side.toUpperCase(), confidence: parsed.data.confidence, external: true };
    if ('code' in decision) {
      const { code, message: why, ...measure } = decision;
      decided(ctx, options.decisions, { stage: 'signal', symbol, outcome: code, denials: [{ code: code satisfies DenialCode, detail: why, ...measure }], inputs });
      return refuse(code, why);
    }
    const { intent } = decision;
    decided(ctx, options.decisions, { stage: 'signal', symbol, outcome: 'passed', ids: { intentId: intent.intentId }, inputs });
    const kept: Known = { intentId: intent.intentId, body, at: now, durable: false };
    if (name !== undefined) state.keys.set(name, kept);
    state.sequence += 1;
    state.handed.append(ctx, [draft(ENTITY, state.sequence, 'IntentReceived', now, { key: idempotencyKey ?? null, body, intent })], JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'recorded', intent, known: kept, key: name, answer, outcome }));
  }

  /** Only what is on record goes on: a key that is answered stays answered. */
  function recorded(state: State, { intent, known, key, answer, outcome }: Extract<Internal, { type: 'recorded' }>, ctx: Context): void {
    const failure = !outcome.ok ? outcome.error.message : outcome.value.ok ? undefined : outcome.value.message;
    if (failure !== undefined) {
      if (key !== undefined) state.keys.delete(key);
      answer({ ok: false, code: 'JOURNAL_UNAVAILABLE', message: `not taken, because it could not be kept: ${failure}` });
      // The number may or may not be taken: the next incarnation reads what is.
      throw new Error(`journal: ${failure}`);
    }
    known.durable = true;
    state.received += 1;
    state.lastAt = ctx.clock.now();
    const { intentId, symbol, side, source } = intent;
    ctx.log.info({ intentId, source, symbol, side, confidence: intent.confidence }, `intent ${side} ${symbol} from outside (${source})`);
    const taken = ctx.tell(options.bridge, { type: 'intent', intent });
    answer(taken ? { ok: true, intentId, repeated: false } : { ok: false, code: 'STATE_UNKNOWN', message: 'the bridge takes no intents now', details: { intentId } });
  }
}

function keyOf(source: string, key: string): string {
  return `${source}\u0000${key}`;
}
