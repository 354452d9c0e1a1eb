/** The commands that look at actors and act on them. */
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { encodeActorPath } from '../actor-path.ts';
import type { TopBody } from '../endpoints/actors.ts';
import { actorScreen, topScreen } from './actor-screens.ts';
import type { ActorBody } from './actor-screens.ts';
import { client, live, wholeNumber, wholeNumberOrNone } from './client-command.ts';
import { eventLine, traceLine } from './event-lines.ts';
import type { CommandIo } from './io.ts';
import { runQuestion, runStream } from './run.ts';
import type { ClientOptions } from './run.ts';
import { clearedScreen, controlScreen, deadLettersScreen } from './screens.ts';
import type { DeadLettersBody } from './screens.ts';

interface ReasonOptions extends ClientOptions {
  readonly reason: string;
}

interface TopOptions extends ClientOptions {
  readonly sort: string;
  readonly limit: number;
  readonly window: number;
}

interface FollowOptions extends ReasonOptions {
  readonly messages: number;
  readonly ms: number;
  readonly payload?: boolean;
}

const ACTS = {
  kill: 'end one actor as a crash would',
  restart: 'stop one actor in order and start it again',
  suspend: 'let one actor handle nothing; its mailbox fills',
  resume: 'let a suspended actor go on',
  unpark: 'put the messages that an actor has parked back into its mailbox',
  discard: 'give up the messages that an actor has parked',
  'reset-stats': 'begin the timing of an actor anew',
};

export function registerActorCommands(program: Command, io: CommandIo): void {
  live(program, 'top', 'the first actors by queue, oldest message, time, messages or restarts, over a moment from now')
    .addOption(new Option('--sort <by>', 'by what').choices(['queue', 'age', 'time', 'handled', 'restarts']).default('queue'))
    .option('-n, --limit <count>', 'how many', wholeNumber, 20)
    .option('--window <ms>', 'how long that moment is, in milliseconds; 0: since the start', wholeNumberOrNone, 1_000)
    .action(({ sort, limit, window, ...options }: TopOptions) => runQuestion<TopBody>(io, options, { method: 'GET', path: `/v1/actors?sort=${sort}&n=${limit}&windowMs=${window}`, takesMs: window, show: topScreen }));
  actorCommand(program, 'inspect', 'one actor: state, mailbox, accounts, timing, recent messages, crashes, what it has parked').action((path: string, options: ClientOptions) => runQuestion<ActorBody>(io, options, { method: 'GET', path: actorUrl(path), show: actorScreen }));
  for (const [action, does] of Object.entries(ACTS)) {
    reasoned(actorCommand(program, action, does)).action((path: string, { reason, ...options }: ReasonOptions) => runQuestion(io, options, { method: 'POST', path: `${actorUrl(path)}/${action}`, body: { reason }, show: controlScreen }));
  }
  reasoned(actorCommand(program, 'follow', 'the messages of one actor as they pass, until a limit is reached or Ctrl-C'))
    .option('--messages <count>', 'at most so many', wholeNumber, 100)
    .option('--ms <ms>', 'at most so long, in milliseconds', wholeNumber, 30_000)
    .option('--payload', 'with what the messages carry, without secrets')
    .action((path: string, { reason, messages, ms, payload = false, ...options }: FollowOptions) => runStream(io, options, { method: 'POST', path: `${actorUrl(path)}/trace`, body: { reason, messages, ms, payload }, show: traceLine }));
  reasoned(client(program, 'deadletters', 'messages that could not be delivered or handled'))
    .addArgument(new Argument('[action]', 'clear: forget those that are kept').choices(['clear']))
    .action((action: 'clear' | undefined, { reason, ...options }: ReasonOptions) => (action === undefined ? runQuestion<DeadLettersBody>(io, options, { method: 'GET', path: '/v1/deadletters', show: deadLettersScreen }) : runQuestion(io, options, { method: 'POST', path: '/v1/deadletters/clear', body: { reason }, show: clearedScreen })));
  client(program, 'events', 'what has happened lately: decisions, orders, fills, alerts, and the life of the tree')
    .option('--only <names>', 'of these alone, comma separated: lifecycle, decision, order, fill, alert')
    .option('--follow', 'and what happens from now on, until Ctrl-C')
    .action(({ follow = false, only, ...options }: ClientOptions & { readonly follow?: boolean; readonly only?: string }) => runStream(io, options, { method: 'GET', path: `/v1/events?since=0&follow=${follow}${only === undefined ? '' : `&only=${encodeURIComponent(only)}`}`, show: eventLine, prefix: 'data: ' }));
}

function actorCommand(program: Command, name: string, does: string): Command {
  return client(program, name, does).argument('<path>', 'as in `vigil tree`');
}

function reasoned(command: Command): Command {
  return command.option('--reason <text>', 'kept in the journal', 'operator');
}

function actorUrl(path: string): string {
  return `/v1/actors/${encodeActorPath(path)}`;
}
