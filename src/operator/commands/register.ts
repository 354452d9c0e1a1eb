/** The commands that ask the running service or tell it something: each is one request to the API, and nothing else. */
import type { Command } from 'commander';
import { registerActorCommands } from './actor-commands.ts';
import { registerAudit } from './audit.ts';
import { ASKED_FOR } from '../endpoint.ts';
import { FLATTEN_WAIT_MS } from '../endpoints/flatten.ts';
import { client, live as liveCommand, wholeNumber } from './client-command.ts';
import { alertsScreen, flowsScreen } from './flow-screens.ts';
import { registerIntent } from './intent.ts';
import { EXIT, processIo } from './io.ts';
import { registerReconcileCommands } from './reconcile.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions, Question } from './run.ts';
import * as screens from './screens.ts';
import type { HealthBody } from './screens.ts';
import { runStop } from './stop.ts';
import { strategiesScreen } from './strategy-screens.ts';
import { outline } from './table.ts';
import { registerWhyCommands } from './why-commands.ts';

interface ReasonOptions extends ClientOptions {
  readonly reason: string;
}

export interface FlattenOptions extends ReasonOptions {
  readonly offline?: boolean;
  readonly withoutJournal?: boolean;
  readonly config: string[];
  readonly set: string[];
  readonly within: number;
}

/** What is done without the service: given by whoever may start it. */
interface OfflineCommands {
  readonly flatten?: (symbol: string | undefined, options: FlattenOptions) => Promise<void>;
}

const OFFLINE_WITHIN_MS = 60_000;
const collect = (value: string, previous: string[]) => [...previous, value];

/**
 * Adds the client commands to `program`. Usage faults of the whole program end with 2 from then on, as everywhere
 * (commander's own would be 1), so it comes before other commands are added.
 */
export function registerClientCommands(program: Command, io: CommandIo = processIo(), offline: OfflineCommands = {}): void {
  program.configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  program.exitOverride(({ exitCode }) => io.quit(exitCode === 0 ? EXIT.done : EXIT.couldNotRun));
  views(program, io);
  registerActorCommands(program, io);
  registerWhyCommands(program, io);
  orders(program, io, offline);
  registerReconcileCommands(program, io);
  registerAudit(program, io);
}

function views(program: Command, io: CommandIo): void {
  const live = (name: string, does: string) => liveCommand(program, name, does);
  const show = <Body>(path: string, screen: (body: Body) => string, findings?: (body: Body) => boolean) => {
    const question: Question<Body> = { method: 'GET', path, show: screen, ...(findings === undefined ? {} : { findings }) };
    return (options: ClientOptions) => runQuestion(io, options, question);
  };
  live('health', 'whether all is well; 1 if not').action(show<HealthBody>('/v1/health', screens.healthScreen, (health) => health.status !== 'ok'));
  live('tree', 'the supervision tree').action(show('/v1/tree', screens.treeScreen));
  live('funnel', 'from signal to position, with every refusal by code').option('--window <ms>', 'how far back, in milliseconds', wholeNumber, 3_600_000).action((options: ClientOptions & { window: number }) => show(`/v1/funnel?windowMs=${options.window}`, screens.funnelScreen)(options));
  live('flows', 'what each edge must carry and does; 1 if one is broken').action(show<Parameters<typeof flowsScreen>[0]>('/v1/flows', flowsScreen, (flows) => flows.some((flow) => flow.broken)));
  live('alerts', 'what stands wrong now; 1 if anything does').action(show<Parameters<typeof alertsScreen>[0]>('/v1/alerts', alertsScreen, (alerts) => alerts.length > 0));
  live('strategies', 'who trades and who watches, with signals and scores').action(show('/v1/strategies', strategiesScreen));
  live('positions', 'open positions with their stops').action(show('/v1/positions', screens.positionsScreen));
  const universe = client(program, 'universe', 'the symbols traded, and why the others are not').action(show('/v1/universe', outline));
  for (const [action, does] of [['refresh', 'ask the venue now'], ['accept', 'take what is left of a universe that shrank']] as const) {
    client(universe, action, does)
      .requiredOption('--reason <text>', 'why; required, and kept in the journal')
      .action((_options: ReasonOptions, command: Command) => {
        // `--json` and the like may stand before the word or after it.
        const { reason, ...options } = command.optsWithGlobals<ReasonOptions>();
        return runQuestion(io, options, { method: 'POST', path: `/v1/universe/${action}`, body: { reason }, show: outline });
      });
  }
  locks(program, io);
  client(program, 'account', 'equity and margin').action(show('/v1/account', outline));
}

function locks(program: Command, io: CommandIo): void {
  const command = client(program, 'locks', 'what rests after closes, losses, stops and refusals').action((options: ClientOptions) => runQuestion(io, options, { method: 'GET', path: '/v1/locks', show: screens.locksScreen }));
  client(command, 'clear', 'end one before its time')
    .argument('<id>', 'as `vigil locks` names it')
    .option('--reason <text>', 'kept in the journal', ASKED_FOR)
    .action((id: string, _options: ReasonOptions, self: Command) => {
      const { reason, ...options } = self.optsWithGlobals<ReasonOptions>();
      return runQuestion(io, options, { method: 'DELETE', path: `/v1/locks/${encodeURIComponent(id)}`, body: { reason }, show: outline });
    });
}

function orders(program: Command, io: CommandIo, offline: OfflineCommands): void {
  const what = { halt: 'no openings until an operator activates; exits and stops go on', reduce: 'no openings; positions are only reduced', activate: 'allow openings again' };
  for (const [action, does] of Object.entries(what)) {
    client(program, action, does)
      .argument('[symbol]', 'only this one')
      .requiredOption('--reason <text>', 'why; required, and kept in the journal')
      .action((symbol: string | undefined, { reason, ...options }: ReasonOptions) => runQuestion(io, options, { method: 'POST', path: `/v1/trading/${action}`, body: { reason, ...(symbol === undefined ? {} : { symbol }) }, show: screens.tradingStateScreen }));
  }
  registerIntent(program, io);
  client(program, 'flatten', 'close everything, or one symbol, and halt it; says what is verified flat and what is not (1)')
    .argument('[symbol]', 'only this one')
    .option('--reason <text>', 'kept in the journal', ASKED_FOR)
    .option('--offline', 'with the service dead: takes its place, closes, and ends; refused (4) while it lives')
    .option('--without-journal', 'offline: also when the journal cannot be had (Redis is gone): every position of the account, whosever it is; only if no other service trades it')
    .option('--config <file>', 'offline: a configuration file, as for start; may be repeated', collect, [])
    .option('--set <path=value>', 'offline: one setting, as for start; may be repeated', collect, [])
    .option('--within <ms>', 'offline: how long it may take', wholeNumber, OFFLINE_WITHIN_MS)
    .action((symbol: string | undefined, { reason, ...options }: FlattenOptions) => options.offline === true && offline.flatten !== undefined ? offline.flatten(symbol, { reason, ...options }) : runQuestion<screens.FlattenBody>(io, options, { method: 'POST', path: '/v1/flatten', body: { reason, ...(symbol === undefined ? {} : { symbol }) }, show: screens.flattenScreen, findings: ({ remaining }) => remaining.length > 0, takesMs: FLATTEN_WAIT_MS }));
  client(program, 'stop', 'stop the service in order; says what stays open, and waits for the end')
    .option('--reason <text>', 'kept in the journal', 'operator')
    .option('--no-wait', 'return as soon as the stop has begun')
    .action((options: ReasonOptions & { wait: boolean }) => runStop(io, options));
}
