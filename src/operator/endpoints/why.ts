/** GET /v1/explain/SYMBOL and /v1/trace/ID: what was decided of a symbol and why, and what became of one thing. */
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { TraceView } from '../../protocol/read-models.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { Clock } from '../../supervision/clock.ts';
import { isoTime } from '../../supervision/clock.ts';
import { decodeActorPath } from '../actor-path.ts';
import { explained, gatesOf } from '../decisions/explain.ts';
import type { ExplainedDecision, Gate } from '../decisions/explain.ts';
import type { Call, Endpoint } from '../endpoint.ts';
import { checked, reading } from '../endpoint.ts';
import { askKnown, stateOf, valueOf } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

/** All that is kept of one symbol: the gates are found in all of it, whatever is shown. */
const ALL = 1_000;
const SYMBOLS_NAMED = 50;
/** A trace of what the log has forgotten reads the journal of every symbol. */
const TRACE_MS = 8_000;

const limits = 'a whole number, 1 to 500';
const explainQuery = z.strictObject({ limit: z.string().regex(/^\d{1,3}$/, limits).transform(Number).pipe(z.number().min(1, limits).max(500, limits)).default(100) });

/** Whether the symbol may be opened at all. `traded` null: the universe is not known. */
export interface Standing {
  readonly traded: boolean | null;
  readonly version: number | null;
  readonly reason: string | null;
  readonly detail: string | null;
}

export interface ExplainBody {
  readonly symbol: string;
  readonly universe: Standing;
  readonly gates: readonly Gate[];
  /** Newest first. */
  readonly decisions: readonly ExplainedDecision[];
}

export interface TraceBody extends Omit<TraceView, 'steps'> {
  readonly steps: readonly (Omit<TraceView['steps'][number], 'at'> & { readonly at: string })[];
}

export function whyEndpoints(options: OperatorOptions, clock: Clock): readonly Endpoint[] {
  return [
    reading('/v1/explain/*', 'Why a symbol was or was not traded: what was decided of it, newest first, each refusal with its numbers and what to do.', (call) => explain(options, clock, call), 'limit (default 100, at most 500)'),
    reading('/v1/trace/*', 'What became of a signal, intent, plan, permit, order or position, by any of their ids: every step with its time in queue and in service.', (call) => trace(options, call)),
  ];
}

async function explain({ system, refs, executors }: OperatorOptions, clock: Clock, { rest, query }: Call): Promise<ExplainBody> {
  const symbol = decodeActorPath(rest);
  const { limit } = checked(explainQuery, Object.fromEntries(query), 'query');
  const recorded = valueOf(await askKnown(system, refs.decisions, { type: 'explain', symbol: symbol as SymbolName, limit: ALL }));
  const universe = standingOf(symbol, stateOf(system, 'universe'));
  if (recorded.length === 0 && universe.reason === 'NOT_IN_POLICY' && !executors.keys().includes(symbol as SymbolName)) {
    const { symbols, since } = onRecord(stateOf(system, refs.decisions.path));
    throw new VigilError('SYMBOL_UNKNOWN', `nothing has been decided about ${JSON.stringify(symbol)}, and it is no symbol of the universe; on record since ${since}: ${symbols.length === 0 ? 'nothing yet' : symbols.slice(0, SYMBOLS_NAMED).join(', ')}`, { details: { symbol, since, symbols: symbols.slice(0, SYMBOLS_NAMED) } });
  }
  const decisions = recorded.map((decision) => explained(decision, clock.now()));
  return { symbol, universe, gates: gatesOf(decisions), decisions: decisions.slice(0, limit) };
}

async function trace({ system, refs }: OperatorOptions, { rest }: Call): Promise<TraceBody> {
  const id = decodeActorPath(rest);
  const view = valueOf(await askKnown(system, refs.decisions, { type: 'trace', id }, TRACE_MS));
  if (view.steps.length === 0) {
    // What was not read cannot be said not to be there.
    if (view.incomplete !== undefined) throw new VigilError('STATE_UNKNOWN', `the chain of ${JSON.stringify(id)} is not known: ${view.incomplete}`, { details: { id } });
    const { records, since, symbols } = onRecord(stateOf(system, refs.decisions.path));
    throw new VigilError('ID_UNKNOWN', `nothing on record has the id ${JSON.stringify(id)}: neither one of the ${records} decisions kept since ${since}, nor an event in the life of a symbol`, { details: { id, since, records, symbols: symbols.slice(0, SYMBOLS_NAMED) } });
  }
  return { ...view, steps: view.steps.map((step) => ({ ...step, at: isoTime(step.at) })) };
}

/** As the universe's actor shows it. */
const universeState = z.object({ version: z.number().nullable(), symbols: z.array(z.string()), excluded: z.array(z.object({ symbol: z.string(), reason: z.string(), detail: z.string() })) });

function standingOf(symbol: string, state: ReturnType<typeof stateOf>): Standing {
  const parsed = universeState.safeParse(state.known ? state.value : undefined);
  if (!parsed.success || parsed.data.version === null) return { traded: null, version: null, reason: 'UNIVERSE_UNKNOWN', detail: state.known ? 'the universe has not been determined yet' : state.why };
  const { version, symbols, excluded } = parsed.data;
  if (symbols.includes(symbol)) return { traded: true, version, reason: null, detail: null };
  const exclusion = excluded.find((one) => one.symbol === symbol);
  return { traded: false, version, reason: exclusion?.reason ?? 'NOT_IN_POLICY', detail: exclusion?.detail ?? 'neither the policy nor the configured list names it' };
}

const logState = z.object({ since: z.string(), oldestAt: z.string().nullable(), records: z.number(), symbols: z.array(z.string()) });

function onRecord(state: ReturnType<typeof stateOf>): { readonly since: string; readonly records: number; readonly symbols: readonly string[] } {
  const parsed = logState.safeParse(state.known ? state.value : undefined);
  if (!parsed.success) return { since: 'an unknown time', records: 0, symbols: [] };
  const { since, oldestAt, records, symbols } = parsed.data;
  return { since: oldestAt ?? since, records, symbols };
}
