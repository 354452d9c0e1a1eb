/** The endpoints that show the service as it is now. None of them changes anything. */
import { z } from 'zod';
import type { JournalView } from '../../protocol/views.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { checked, reading } from '../endpoint.ts';
import type { EventLog } from '../event-log.ts';
import { LONGEST_WINDOW_MS } from '../funnel-counts.ts';
import { judgeHealth } from '../health.ts';
import { askKnown, stateOf, valueOf } from '../known.ts';
import type { Known } from '../known.ts';
import type { OperatorOptions } from '../options.ts';
import { positionRows, readExecutors, readMarks } from '../positions.ts';

const wholeMs = z.string().regex(/^\d{1,12}$/, `a whole number of milliseconds, 1 to ${LONGEST_WINDOW_MS}`).transform(Number).pipe(z.number().min(1).max(LONGEST_WINDOW_MS));
const funnelQuery = z.strictObject({ windowMs: wholeMs.default(3_600_000) });

export function viewEndpoints(options: OperatorOptions, events: EventLog, clock: Clock): readonly Endpoint[] {
  const { system, refs, executors } = options;
  return [
    { ...reading('/v1/health', 'Whether all is well, check by check; 503 when failing.', () => undefined), answer: () => health(options, events, clock) },
    reading('/v1/tree', 'The supervision tree.', () => system.tree()),
    reading('/v1/funnel', 'From signal to position: what came in, went on, or was refused, by code.', async ({ query }) => {
      const { windowMs } = checked(funnelQuery, Object.fromEntries(query), 'query');
      return valueOf(await askKnown(system, refs.decisions, { type: 'funnel', windowMs }));
    }, 'windowMs (default 3600000)'),
    reading('/v1/positions', 'Every open position, with its stop and target.', () => positionRows(readExecutors(system, executors.keys()), readMarks(system), clock.now())),
    reading('/v1/account', 'Equity and margin, with the age of the observation.', () => valueOf(stateOf(system, 'account'))),
  ];
}

/** As the journal's actor shows it. */
function journalOf(state: Known<unknown>): Known<JournalView> {
  return state.known ? { known: true, value: (state.value as { readonly availability: JournalView }).availability } : state;
}

/** As the market's actor shows it. */
function silentOf(state: Known<unknown>): Known<readonly { readonly symbol: string; readonly silentMs: number }[]> {
  if (!state.known) return state;
  const { symbols } = state.value as { readonly symbols: readonly { readonly symbol: string; readonly silentMs?: number | null }[] };
  return { known: true, value: symbols.flatMap(({ symbol, silentMs }) => (silentMs === null || silentMs === undefined ? [] : [{ symbol, silentMs }])) };
}

async function health({ system, refs, service, executors }: OperatorOptions, events: EventLog, clock: Clock) {
  const [readiness, tradingState, flows] = await Promise.all([askKnown(system, refs.readiness, { type: 'get' }), askKnown(system, refs.tradingState, { type: 'get' }), askKnown(system, refs.watchdog, { type: 'get-flows' })]);
  const judged = judgeHealth({
    now: clock.now(),
    tree: system.tree(),
    readiness,
    tradingState,
    flows,
    journal: journalOf(stateOf(system, 'journal')),
    silent: silentOf(stateOf(system, 'market')),
    executors: readExecutors(system, executors.keys()),
    deadLetters: { counts: system.deadLetters.counts(), last: system.deadLetters.recent().at(-1) },
    escalations: events.escalations,
  });
  const { mode, incarnation, configHash, buildId, startedAt } = service;
  const { status, tradingState: state, checks } = judged;
  return {
    status: status === 'failing' ? 503 : 200,
    body: { status, tradingState: state, mode, pid: process.pid, incarnation, uptimeMs: Math.max(0, clock.now() - startedAt), configHash, buildId, checks },
  };
}
