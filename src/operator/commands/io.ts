/** What a command reads and writes, and how it ends, so that it can be run in a test as in a terminal. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSocketPath } from '../socket-path.ts';

/** The same for every command. */
export const EXIT = { done: 0, findings: 1, couldNotRun: 2, unreachable: 3, refused: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CommandIo {
  readonly env: NodeJS.ProcessEnv;
  /** Whether a person looks: then live views redraw, and colour is used. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
  /** The code the command will end with. */
  exit(code: ExitCode): void;
  /** Ends now: a usage fault. */
  quit(code: ExitCode): never;
  /** Aborts when the person has seen enough (Ctrl-C). */
  interrupted(): AbortSignal;
}

export function processIo(): CommandIo {
  // `vigil tree | head` reads no further: that is an end, not a fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    env: process.env,
    interactive: process.stdout.isTTY === true,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
    quit: (code) => process.exit(code),
    interrupted() {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      process.once('SIGTERM', () => controller.abort());
      return controller.signal;
    },
  };
}

export interface Whereabouts {
  readonly socket?: string;
  readonly dataDir?: string;
}

/** The socket to ask: named, or that of the data directory (`--data-dir`, VIGIL_DATA_DIR, `var` in the project). */
export function socketFor({ socket, dataDir }: Whereabouts, env: NodeJS.ProcessEnv): string {
  if (socket !== undefined) return resolve(socket);
  return findSocketPath(dataDir ?? fromEnvironment(env) ?? fileURLToPath(new URL('../../../var', import.meta.url)));
}

/** The names of our variables match in any case (ruling 34). */
function fromEnvironment(env: NodeJS.ProcessEnv): string | undefined {
  const value = Object.entries(env).find(([name]) => name.toUpperCase() === 'VIGIL_DATA_DIR')?.[1];
  return value === '' ? undefined : value;
}
