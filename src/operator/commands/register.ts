/** The commands that ask the running service or tell it something: each is one request to the API, and nothing else. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { encodeActorPath } from '../actor-path.ts';
import { EXIT, processIo } from './io.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions, Question } from './run.ts';
import * as screens from './screens.ts';
import type { HealthBody } from './screens.ts';
import { runStop } from './stop.ts';
import { outline } from './table.ts';

interface ReasonOptions extends ClientOptions {
  readonly reason: string;
}

/**
 * Adds the client commands to `program`. Usage faults of the whole program end with 2 from then on, as everywhere
 * (commander's own would be 1), so it comes before other commands are added.
 */
export function registerClientCommands(program: Command, io: CommandIo = processIo()): void {
  program.configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  program.exitOverride(({ exitCode }) => io.quit(exitCode === 0 ? EXIT.done : EXIT.couldNotRun));
  views(program, io);
  controls(program, io);
  orders(program, io);
}

function views(program: Command, io: CommandIo): void {
  const live = (name: string, does: string) => client(program, name, does).option('--watch', 'draw again each second');
  const show = <Body>(path: string, screen: (body: Body) => string, findings?: (body: Body) => boolean) => {
    const question: Question<Body> = { method: 'GET', path, show: screen, ...(findings === undefined ? {} : { findings }) };
    return (options: ClientOptions) => runQuestion(io, options, question);
  };
  live('health', 'whether all is well; 1 if not').action(show<HealthBody>('/v1/health', screens.healthScreen, (health) => health.status !== 'ok'));
  live('tree', 'the supervision tree').action(show('/v1/tree', screens.treeScreen));
  live('top', 'actors by queue, oldest message and work').option('--limit <count>', 'how many', wholeNumber, 20).action((options: ClientOptions & { limit: number }) => show<Parameters<typeof screens.topScreen>[0]>('/v1/tree', (root) => screens.topScreen(root, options.limit))(options));
  live('funnel', 'from signal to position, with every refusal by code').option('--window <ms>', 'how far back, in milliseconds', wholeNumber, 3_600_000).action((options: ClientOptions & { window: number }) => show(`/v1/funnel?windowMs=${options.window}`, screens.funnelScreen)(options));
  live('positions', 'open positions with their stops').action(show('/v1/positions', screens.positionsScreen));
  client(program, 'inspect', 'one actor: state, mailbox, recent messages, crashes').argument('<path>', 'as in `vigil tree`').action((path: string, options: ClientOptions) => show(`/v1/actors/${encodeActorPath(path)}`, screens.actorScreen)(options));
  client(program, 'universe', 'the symbols traded, and why the others are not').action(show('/v1/universe', outline));
  client(program, 'account', 'equity and margin').action(show('/v1/account', outline));
  client(program, 'deadletters', 'messages that could not be delivered or handled').action(show('/v1/deadletters', screens.deadLettersScreen));
}

function controls(program: Command, io: CommandIo): void {
  const what = { kill: 'end one actor as a crash would', restart: 'stop one actor in order and start it again', suspend: 'let one actor handle nothing; its mailbox fills', resume: 'let a suspended actor go on' };
  for (const [action, does] of Object.entries(what)) {
    client(program, action, does)
      .argument('<path>', 'as in `vigil tree`')
      .option('--reason <text>', 'kept in the journal', 'operator')
      .action((path: string, options: ReasonOptions) => runQuestion(io, options, { method: 'POST', path: `/v1/actors/${encodeActorPath(path)}/${action}`, body: { reason: options.reason }, show: screens.controlScreen }));
  }
}

function orders(program: Command, io: CommandIo): void {
  const what = { halt: 'no openings until an operator activates; exits and stops go on', reduce: 'no openings; positions are only reduced', activate: 'allow openings again' };
  for (const [action, does] of Object.entries(what)) {
    client(program, action, does)
      .argument('[symbol]', 'only this one')
      .requiredOption('--reason <text>', 'kept in the journal')
      .action((symbol: string | undefined, { reason, ...options }: ReasonOptions) => runQuestion(io, options, { method: 'POST', path: `/v1/trading/${action}`, body: { reason, ...(symbol === undefined ? {} : { symbol }) }, show: screens.tradingStateScreen }));
  }
  client(program, 'stop', 'stop the service in order; says what stays open, and waits for the end')
    .option('--reason <text>', 'kept in the journal', 'operator')
    .option('--no-wait', 'return as soon as the stop has begun')
    .action((options: ReasonOptions & { wait: boolean }) => runStop(io, options));
}

function client(program: Command, name: string, does: string): Command {
  return program
    .command(name)
    .description(does)
    .option('--json', 'the exact answer of the API')
    .option('--socket <path>', 'the admin socket of the service')
    .option('--data-dir <dir>', 'the data directory of the service (default: VIGIL_DATA_DIR, or var)');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('It is not a whole number above 0.');
  return Number(text);
}
