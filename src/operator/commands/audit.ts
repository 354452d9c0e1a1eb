/** `vigil audit`: whether the venue and the journal tell one story, now. */
import type { Command } from 'commander';
import { isoTime, msOfIso } from '../../supervision/clock.ts';
import { AUDIT_WAIT_MS } from '../endpoints/audit.ts';
import type { AuditBody } from '../endpoints/audit.ts';
import { client } from './client-command.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions } from './run.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

export function registerAudit(program: Command, io: CommandIo): void {
  client(program, 'audit', 'hold the venue\'s own lists against the journal now, as is done every hour; findings halt trading (1)')
    .option('--reason <text>', 'kept in the journal')
    .action(({ reason, ...options }: ClientOptions & { readonly reason?: string }) => runQuestion<AuditBody>(io, options, { method: 'POST', path: '/v1/audit', body: reason === undefined ? {} : { reason }, show: auditScreen, findings: ({ findings }) => findings.length > 0, takesMs: AUDIT_WAIT_MS }));
}

/** So far apart are symbols that were judged one after the other; one that was judged from further back was left out before. */
const ONE_PASSAGE_MS = 300_000;

function auditScreen({ since, symbols, skipped, findings, counts, earlier }: AuditBody): string {
  const looked = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(', ');
  const verdict = findings.length === 0 ? 'the venue and the journal tell one story' : `${findings.length} findings`;
  const lines = [
    `${symbols.length} symbols, their orders and fills since ${since}: ${verdict}${looked === '' ? '' : ` (${looked})`}.`,
    ...(earlier === null ? [] : [`What is older was judged before, from ${earlier.since} on: ${earlier.audits} ${earlier.audits === 1 ? 'audit' : 'audits'}, ${earlier.findings === 0 ? 'nothing found' : `${earlier.findings} found (vigil alerts, vigil events)`}.`]),
    ...fromFurtherBack(symbols),
    ...(skipped.length === 0 ? [] : [printable(`Not judged, too much is happening: ${skipped.join(', ')}`)]),
  ];
  const head = `${lines.join('\n')}\n`;
  if (findings.length === 0) return head;
  const halting = findings.filter(({ halts }) => halts).length;
  const follows = halting === 0 ? 'Trading is not halted for what was known already, nor for a position that was naked and has been closed.' : `Trading is halted for ${halting} of them; \`vigil activate --reason …\` when they are explained.`;
  return `${head}\n${table(['CODE', 'SYMBOL', 'WHAT'], findings.map((one) => [one.code, one.symbol, one.message]))}\n${follows}\n`;
}

/** Where they differ: most from the last audit on, those from further back by name. */
function fromFurtherBack(symbols: AuditBody['symbols']): readonly string[] {
  const judged = symbols.map((one) => ({ ...one, at: msOfIso(one.since) ?? 0 }));
  const newest = Math.max(...judged.map(({ at }) => at));
  const far = judged.filter(({ at }) => newest - at > ONE_PASSAGE_MS);
  return far.length === 0 ? [] : [printable(`The others since ${isoTime(newest)}; from further back: ${far.map(({ symbol, since }) => `${symbol} (${since})`).join(', ')}`)];
}
