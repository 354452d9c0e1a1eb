/** Finds the chain of an id: in the log, which knows the symbol, or, where the log has forgotten it, in the journal of every symbol in turn. */
import type { JournalEntryDraft, JournalMessage } from '../../protocol/messages.ts';
import type { RecordedDecision, TraceView } from '../../protocol/read-models.ts';
import type { ActorContext, Outcome } from '../../supervision/behaviour.ts';
import type { Ref, Tagged } from '../../supervision/ref.ts';
import type { AppendTimes } from './append-times.ts';
import type { DecisionStore } from './decision-store.ts';
import { segmentsOf } from './life-segments.ts';
import type { LifeSegment } from './life-segments.ts';
import { traceOf } from './trace.ts';

const LIVES = 'symbol/';
const READ_TIMEOUT_MS = 3_000;
/** Some ten thousand events of a symbol: months of its life. */
const LIFE_CHARACTERS = 4_000_000;

/** What it is answered from. */
export interface TraceDesk {
  readonly store: DecisionStore;
  readonly appends: AppendTimes;
  readonly journal: Ref<JournalMessage>;
}

/** A question on its way. */
interface Tracing {
  readonly id: string;
  readonly answer: (view: TraceView) => void;
  /** Symbols whose journal is still to be read. */
  readonly left: readonly string[];
  /** The log knows which symbols it is about. */
  readonly known: boolean;
  readonly segments: readonly LifeSegment[];
  readonly faults: readonly string[];
}

export type TraceInternal =
  | { readonly type: 'trace-entities'; readonly tracing: Tracing; readonly outcome: Outcome<readonly string[]> }
  | { readonly type: 'trace-life'; readonly tracing: Tracing; readonly symbol: string; readonly outcome: Outcome<readonly JournalEntryDraft[]> };

type Context<Message extends Tagged> = Pick<ActorContext<Message>, 'ask'>;

export function beginTrace<Message extends Tagged>(id: string, answer: (view: TraceView) => void, desk: TraceDesk, ctx: Context<Message | TraceInternal>): void {
  const symbols = [...new Set<string>(desk.store.withId(id).map((one) => one.symbol))];
  const tracing: Tracing = { id, answer, left: symbols, known: symbols.length > 0, segments: [], faults: [] };
  if (tracing.known) readOn(tracing, desk, ctx);
  else ctx.ask(desk.journal, { type: 'entities', prefix: LIVES }, READ_TIMEOUT_MS, (outcome) => ({ type: 'trace-entities', tracing, outcome }));
}

export function onTraced<Message extends Tagged>(message: TraceInternal, desk: TraceDesk, ctx: Context<Message | TraceInternal>): void {
  const { tracing, outcome } = message;
  if (!outcome.ok) return finish(tracing, desk, `the journal could not be read: ${outcome.error.message}`);
  if (message.type === 'trace-entities') return readOn({ ...tracing, left: (outcome.value as readonly string[]).map((entity) => entity.slice(LIVES.length)) }, desk, ctx);
  const { segments, faults } = segmentsOf(message.symbol, outcome.value as readonly JournalEntryDraft[]);
  readOn({ ...tracing, segments: [...tracing.segments, ...segments], faults: [...tracing.faults, ...faults] }, desk, ctx);
}

/** The next symbol's journal; or the answer, when all are read, or the id is found where nobody knew to look for it. */
function readOn<Message extends Tagged>(tracing: Tracing, desk: TraceDesk, ctx: Context<Message | TraceInternal>): void {
  const [symbol, ...left] = tracing.left;
  const found = !tracing.known && tracing.segments.some((life) => life.ids.has(tracing.id));
  if (symbol === undefined || found) return finish(tracing, desk, tracing.faults.length === 0 ? undefined : `not readable: ${tracing.faults.slice(0, 5).join('; ')}`);
  const next: Tracing = { ...tracing, left };
  ctx.ask(desk.journal, { type: 'read-tail', entity: `${LIVES}${symbol}`, since: 0, characters: LIFE_CHARACTERS }, READ_TIMEOUT_MS, (outcome) => ({ type: 'trace-life', tracing: next, symbol, outcome }));
}

function finish({ id, answer, segments }: Tracing, { store, appends }: TraceDesk, incomplete: string | undefined): void {
  const symbols = new Set<string>([...store.withId(id).map((one) => one.symbol), ...segments.filter((life) => life.ids.has(id)).map((life) => life.symbol)]);
  const decisions: readonly RecordedDecision[] = [...symbols].flatMap((symbol) => store.of(symbol, Number.MAX_SAFE_INTEGER));
  const view = traceOf(id, decisions, segments.filter((life) => symbols.has(life.symbol)), appends);
  answer(incomplete === undefined ? view : { ...view, incomplete });
}
