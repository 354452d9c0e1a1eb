/** One question to the service, shown and ended as every command is: 0 done, 1 findings, 2 could not run, 3 not reachable, 4 refused. */
import { ERRORS, messageOf, VigilError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { keepAlive, systemClock } from '../../supervision/clock.ts';
import { adminClient, ANSWER_MS } from './client.ts';
import type { ApiAnswer } from './client.ts';
import { EXIT, socketFor } from './io.ts';
import type { CommandIo, ExitCode, Whereabouts } from './io.ts';
import { printable } from './width.ts';

export interface ClientOptions extends Whereabouts {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** `Body` is what the API answers to this question. */
export interface Question<Body> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  show(body: Body): string;
  /** How long the answer itself takes to come about. */
  readonly takesMs?: number;
  /** Whether the answer says that something is wrong; without it, an answer is done. */
  findings?(body: Body): boolean;
  /** Refusals that are an answer to this question: nothing is on record, and that is the finding. */
  readonly findingCodes?: readonly ErrorCode[];
}

const REDRAW_MS = 1_000;

export async function runQuestion<Body>(io: CommandIo, options: ClientOptions, question: Question<Body>): Promise<void> {
  await carryOut(io, options, question);
}

/** As `runQuestion`, for a command that goes on afterwards. */
export async function carryOut<Body>(io: CommandIo, options: ClientOptions, question: Question<Body>): Promise<ExitCode> {
  const code = options.watch === true ? await watch(io, options, question) : await once(io, options, question, (text) => io.out(text));
  io.exit(code);
  return code;
}

async function once<Body>(io: CommandIo, options: ClientOptions, question: Question<Body>, out: (text: string) => void): Promise<ExitCode> {
  try {
    const answer = await adminClient(socketFor(options, io.env), ANSWER_MS + (question.takesMs ?? 0)).request(question.method, question.path, question.body, question.headers);
    return present(io, options, question, answer, out);
  } catch (error) {
    return failed(io, error);
  }
}

function failed(io: CommandIo, error: unknown): ExitCode {
  if (!(error instanceof VigilError)) throw error;
  io.err(`${error.explain()}\n`);
  return error.code === 'SERVICE_UNREACHABLE' ? EXIT.unreachable : EXIT.couldNotRun;
}

/** An answer that goes on, a line of JSON at a time. */
export interface Following {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Before the JSON of a line; other lines mean nothing. */
  readonly prefix?: string;
  readonly show: (line: unknown) => string;
}

/** Until it ends or Ctrl-C: both are done. */
export async function runStream(io: CommandIo, options: ClientOptions, { method, path, body, prefix = '', show }: Following): Promise<void> {
  const alive = keepAlive();
  const onLine = (line: string) => {
    if (line === '' || !line.startsWith(prefix)) return;
    const json = line.slice(prefix.length);
    io.out(`${options.json === true ? json : show(parsed(json))}\n`);
  };
  try {
    const answer = await adminClient(socketFor(options, io.env)).follow(method, path, body, onLine, io.interrupted());
    io.exit(answer.status === 200 ? EXIT.done : present(io, options, { method, path, show: () => '' }, answer, (text) => io.out(text)));
  } catch (error) {
    io.exit(failed(io, error));
  } finally {
    alive.cancel();
  }
}

function present<Body>(io: CommandIo, options: ClientOptions, question: Question<Body>, answer: ApiAnswer, out: (text: string) => void): ExitCode {
  const body = parsed(answer.text);
  if (options.json === true) out(`${answer.text}\n`);
  const error = errorIn(body);
  if (error !== undefined) {
    io.err(`${printable(`${error.code}: ${error.message}`)}\n${remedy(error.code)}`);
    return question.findingCodes?.some((code) => code === error.code) === true ? EXIT.findings : exitFor(answer.status);
  }
  if (options.json !== true) out(question.show(body as Body));
  return question.findings?.(body as Body) === true ? EXIT.findings : EXIT.done;
}

/** Draws again each second until interrupted, and says so while the service is away. */
async function watch<Body>(io: CommandIo, options: ClientOptions, question: Question<Body>): Promise<ExitCode> {
  const interrupted = io.interrupted();
  const alive = keepAlive();
  try {
    while (!interrupted.aborted) {
      let screen = '';
      const draw = (text: string) => void (screen += text);
      // What goes wrong belongs on the screen too, or the next picture would wipe it away.
      await once(io.interactive ? { ...io, err: draw } : io, options, question, draw);
      io.out(io.interactive && options.json !== true ? `\u001B[H${screen.replaceAll('\n', '\u001B[K\n')}\u001B[J` : screen);
      await pause(interrupted);
    }
    return EXIT.done;
  } finally {
    alive.cancel();
  }
}

function pause(interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      interrupted.removeEventListener('abort', done);
      resolve();
    };
    const timer = systemClock.after(REDRAW_MS, done);
    interrupted.addEventListener('abort', done);
    if (interrupted.aborted) done();
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new VigilError('SERVICE_UNREACHABLE', `what answers is not a Vigil service: ${messageOf(error)}`, { cause: error });
  }
}

function errorIn(body: unknown): { readonly code: string; readonly message: string } | undefined {
  const error: unknown = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined;
  return { code: String(error.code), message: String(error.message) };
}

function exitFor(status: number): ExitCode {
  if (status === 400) return EXIT.couldNotRun;
  return status >= 500 ? EXIT.findings : EXIT.refused;
}

function remedy(code: string): string {
  return code in ERRORS ? `  ${ERRORS[code as ErrorCode].meaning} ${ERRORS[code as ErrorCode].remedy}\n` : '';
}
