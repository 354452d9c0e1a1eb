/** The command line: parse, compose, run; nothing else. What a command needs is loaded when it is called: a question to the service answers at once, the launcher stays thin. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildId, PROJECT_ROOT } from './service/build-id.ts';
import { loadConfig, readHostPort } from './config.ts';
import type { Config } from './config.ts';
import { runLauncher } from './launcher.ts';
import { requireWorkedIn } from './persistence/data-directory.ts';
import { EXIT, refusedWith } from './service/exit-codes.ts';
import { createLogger, partLog } from './service/log.ts';
import { registerJournalCommands } from './service/journal/register.ts';
import { registerClientCommands } from './operator/commands/register.ts';
import type { FlattenOptions } from './operator/commands/register.ts';
import { PAPER_HELP } from './paper/help.ts';
import { messageOf, VigilError } from './protocol/errors.ts';
import type { SymbolName } from './protocol/names.ts';
import { systemClock } from './supervision/clock.ts';

interface StartOptions {
  readonly config: string[];
  readonly set: string[];
  readonly dataDir?: string;
  readonly launcher: boolean;
  readonly afterCrash?: boolean;
  readonly replay?: string;
  readonly speed?: string;
  readonly adoptInstance?: string;
}

const collect = (value: string, previous: string[]) => [...previous, value];

/** The configuration that the options name, over files and environment. */
function configured(options: Omit<StartOptions, 'launcher'>): Config {
  const given = { 'paper.replay': options.replay, 'paper.speed': options.speed, 'adoption.instanceTag': options.adoptInstance };
  const short = Object.entries(given).flatMap(([path, value]) => (value === undefined ? [] : [`${path}=${value}`]));
  return loadConfig({ files: options.config, env: process.env, sets: [...options.set, ...short], projectRoot: PROJECT_ROOT, ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }) });
}

/** The bare service, to its end. @returns its exit code */
async function serve({ afterCrash = false, ...options }: StartOptions): Promise<number> {
  try {
    const config = configured(options);
    if (afterCrash) requireWorkedIn(config.dataDir);
    const { runService } = await import('./service/service.ts');
    return await runService(config, { afterCrash });
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    process.stderr.write(`vigil: ${error.explain()}\n`);
    return refusedWith(error, afterCrash);
  }
}

/** Closes everything with the service dead: 0 flat, 1 not or not verified, 2 could not run, 4 the service lives. */
async function flattenWithoutService(symbol: string | undefined, { reason, within, json, config, set, dataDir, withoutJournal = false }: FlattenOptions): Promise<void> {
  const { flattenOffline, flattenText, isFlat } = await import('./service/flatten-offline.ts');
  const { isNotToBeHad } = await import('./service/journal/stand-in.ts');
  try {
    const report = await flattenOffline(configured({ config, set, ...(dataDir === undefined ? {} : { dataDir }) }), { symbol: symbol as SymbolName | undefined, reason, withinMs: within, withoutJournal });
    process.stdout.write(`${json === true ? JSON.stringify(report) : flattenText(report)}\n`);
    process.exitCode = isFlat(report) ? 0 : 1;
  } catch (error) {
    if (isNotToBeHad(error)) {
      process.stderr.write(`vigil: ${error.explain()}\nNothing was closed. If you know that no other service trades this account, the same with --without-journal closes every position of it, under reduce-only orders, and keeps its own record on this machine.\n`);
      process.exitCode = EXIT.refused;
      return;
    }
    if (!(error instanceof VigilError) || error.code !== 'INSTANCE_RUNNING') throw error;
    process.stderr.write(`vigil: ${error.explain()}\nThe service lives: \`vigil flatten --reason …\` without --offline asks it.\n`);
    process.exitCode = 4;
  }
}

const program = new Command('vigil').description('A supervised trading pipeline for Binance USDⓈ-M futures.').version(buildId());
registerClientCommands(program, undefined, { flatten: flattenWithoutService });

program
  .command('start')
  .description('run the service in the foreground')
  .option('--config <file>', 'a configuration file over config/vigil.yaml; may be repeated', collect, [])
  .option('--set <path=value>', 'one setting; may be repeated', collect, [])
  .option('--data-dir <dir>', 'where everything durable is (default: var)')
  .option('--replay <dir>', 'recorded candles instead of the synthetic market: paper.replay')
  .option('--speed <factor>', 'how many times as fast they run: paper.speed')
  .option('--adopt-instance <tag>', 'take over the orders of another instance: adoption.instanceTag')
  .option('--no-launcher', 'the bare service: nothing starts it again after a crash')
  .addOption(new Option('--after-crash', 'said by the launcher: the service worked here before').hideHelp())
  .action(async (options: StartOptions) => {
    if (!options.launcher) {
      process.exitCode = await serve(options);
      return;
    }
    const config = configured(options);
    process.exitCode = await runLauncher({ argv: process.argv.slice(2), log: partLog(createLogger(config.log), 'launcher'), shutdownBudgetMs: config.shutdown.budgetMs });
  });

program
  .command('check')
  .description('the doctor: what would keep the service from trading; 1 if there is something')
  .option('--config <file>', 'a configuration file over config/vigil.yaml; may be repeated', collect, [])
  .option('--set <path=value>', 'one setting; may be repeated', collect, [])
  .option('--data-dir <dir>', 'where everything durable is (default: var)')
  .option('--policy <file>', 'instead: what this policy file would have made of the last 24 hours; 1 if any decision would flip')
  .option('--json', 'as JSON')
  .action(async (options: Omit<StartOptions, 'launcher'> & { readonly json?: true; readonly policy?: string }) => {
    const config = configured(options);
    if (options.policy !== undefined) {
      const { checkPolicy, isFinding, policyCheckText } = await import('./service/check-policy.ts');
      const trial = checkPolicy(config, options.policy, systemClock.now());
      process.stdout.write(`${options.json === true ? JSON.stringify(trial) : policyCheckText(trial)}\n`);
      process.exitCode = isFinding(trial) ? 1 : 0;
      return;
    }
    const { runCheck } = await import('./service/check.ts');
    const findings = await runCheck(config);
    const lines = findings.map(({ name, status, message }) => `${status === 'ok' ? 'ok     ' : 'FINDING'}  ${name}: ${message}`);
    process.stdout.write(`${options.json === true ? JSON.stringify(findings) : lines.join('\n')}\n`);
    process.exitCode = findings.every((finding) => finding.status === 'ok') ? 0 : 1;
  });

registerJournalCommands(program, configured);

program
  .command('paper')
  .description('run the paper exchange alone')
  .option('--listen <host:port>', 'where it listens; loopback only', '127.0.0.1:8480')
  .option('--seed <n>', 'of the synthetic market')
  .option('--symbols <file>', 'JSON list of the synthetic market\'s symbols, as in config/paper-symbols.json')
  .option('--replay <dir>', 'recorded candles instead of the synthetic market')
  .option('--speed <factor>', 'how many times as fast they run', '1')
  .option('--balance <usdt>', 'of the default account (key "paper", secret "paper")', '10000')
  .option('--history <minutes>', 'recorded minutes that are history at the start', '360')
  .option('--align <how>', 'start: every symbol begins at once; recorded: on the recorded time grid', 'start')
  .option('--state <file>', 'keep accounts and market there (a file, or a directory); without it everything is in memory')
  .option('--no-limits', 'lift the limits on requests and orders')
  .addHelpText('after', PAPER_HELP)
  .action(async (options: { listen: string; limits: boolean; seed?: string; symbols?: string; replay?: string; speed: string; balance: string; history: string; align: string; state?: string }) => {
    const listen = readHostPort(options.listen);
    if (listen === undefined) throw new InvalidArgumentError(`--listen ${options.listen} is not HOST:PORT`);
    const { runPaper } = await import('./paper/command.ts');
    const logger = createLogger({ level: 'info', format: 'auto' });
    process.exitCode = await runPaper({ ...options, ...listen, log: (level, fields, message) => logger[level](fields, message) });
  });

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`vigil: ${error instanceof VigilError ? error.explain() : messageOf(error)}\n`);
  process.exitCode = error instanceof VigilError || error instanceof InvalidArgumentError ? EXIT.refused : EXIT.crashed;
}
// The SDK leaves timers behind that nothing can stop; what had to be closed is closed.
process.exit();
