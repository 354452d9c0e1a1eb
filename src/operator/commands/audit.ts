/** `vigil audit`: whether the venue and the journal tell one story, now. */
import type { Command } from 'commander';
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

function auditScreen({ since, symbols, skipped, findings, counts }: AuditBody): string {
  const looked = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(', ');
  const head = `${symbols.length} symbols since ${since}: ${findings.length === 0 ? 'the venue and the journal tell one story' : `${findings.length} findings`}${looked === '' ? '' : ` (${looked})`}.\n`;
  const left = skipped.length === 0 ? '' : `${printable(`Not judged, too much is happening: ${skipped.join(', ')}`)}\n`;
  if (findings.length === 0) return `${head}${left}`;
  return `${head}${left}\n${table(['CODE', 'SYMBOL', 'WHAT'], findings.map((one) => [one.code, one.symbol, one.message]))}\nTrading is halted for them; \`vigil activate --reason …\` when they are explained.\n`;
}
