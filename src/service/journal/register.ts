/** The words of `vigil journal`; what they do is loaded when one is called. */
import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { readSince } from '../read-since.ts';

interface Where {
  readonly config: string[];
  readonly set: string[];
  readonly dataDir?: string;
}

const collect = (value: string, previous: string[]) => [...previous, value];

export function registerJournalCommands(program: Command, configured: (where: Where) => Config): void {
  const journal = program.command('journal').description('the journal itself, at rest or in use; nothing is written');
  const command = (name: string, does: string) =>
    journal
      .command(name)
      .description(does)
      .option('--config <file>', 'a configuration file over config/vigil.yaml; may be repeated', collect, [])
      .option('--set <path=value>', 'one setting; may be repeated', collect, [])
      .option('--data-dir <dir>', 'where everything durable is (default: var)')
      .option('--json', 'as JSON');

  command('verify', 'read every entry: gaps, order, checksums, types and versions; 1 if anything is wrong').action(async (options: Where & { readonly json?: true }) => {
    const { runVerify } = await import('./commands.ts');
    process.exitCode = await runVerify(configured(options), options.json === true, process.stdout);
  });
  command('stats', 'entries, bytes, entities, time, snapshots').action(async (options: Where & { readonly json?: true }) => {
    const { runStats } = await import('./commands.ts');
    process.exitCode = await runStats(configured(options), options.json === true, process.stdout);
  });
  command('export', 'every entry as a line of JSON')
    .option('--since <time>', 'nothing older: 2026-02-03, 2026-02-03T14:00Z (UTC), or ms since 1970', readSince)
    .option('--entity <name>', 'only of this one; `symbol/` stands for all that begin so; may be repeated', collect, [])
    .option('--type <type>', 'only of this type; may be repeated', collect, [])
    .action(async ({ since, entity, type, ...options }: Where & { readonly since?: number; readonly entity: string[]; readonly type: string[] }) => {
      const { runExport } = await import('./commands.ts');
      process.exitCode = await runExport(configured(options), { entities: entity, types: type, ...(since === undefined ? {} : { since }) }, process.stdout);
    });
}
