/** The commands that ask why: `explain SYMBOL` and `trace ID`. */
import type { Command } from 'commander';
import type { ExplainBody, TraceBody } from '../endpoints/why.ts';
import { live, wholeNumber } from './client-command.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions } from './run.ts';
import { explainScreen, traceScreen } from './why-screens.ts';

/** Longer than the service takes to look through the journal of every symbol. */
const TRACE_MS = 8_000;

export function registerWhyCommands(program: Command, io: CommandIo): void {
  live(program, 'explain', 'why a symbol was or was not traded; 1 if nothing was ever decided about it')
    .argument('<symbol>', 'as in `vigil universe`')
    .option('-n, --limit <count>', 'how many decisions, at most 500', wholeNumber, 100)
    .action((symbol: string, { limit, ...options }: ClientOptions & { readonly limit: number }) => runQuestion<ExplainBody>(io, options, { method: 'GET', path: `/v1/explain/${encodeURIComponent(symbol)}?limit=${limit}`, show: explainScreen, findings: ({ decisions }) => decisions.length === 0, findingCodes: ['SYMBOL_UNKNOWN'] }));
  live(program, 'trace', 'what became of a signal, intent, plan, permit, order or position; 1 if nothing on record has this id')
    .argument('<id>', 'of any of them')
    .action((id: string, options: ClientOptions) => runQuestion<TraceBody>(io, options, { method: 'GET', path: `/v1/trace/${encodeURIComponent(id)}`, takesMs: TRACE_MS, show: traceScreen, findingCodes: ['ID_UNKNOWN'] }));
}
