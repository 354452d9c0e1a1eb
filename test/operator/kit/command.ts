/** Runs a command as a terminal would, with what it writes caught. */
import { Command } from 'commander';
import type { CommandIo } from '../../../src/operator/commands/io.ts';
import { registerClientCommands } from '../../../src/operator/commands/register.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Quit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`quit ${code}`);
    this.code = code;
  }
}

/** `interrupt`: presses Ctrl-C once so much has been written. */
export async function run(args: readonly string[], options: { env?: NodeJS.ProcessEnv; interactive?: boolean; interrupt?: (out: string, err: string) => boolean } = {}): Promise<Ran> {
  let code = 0;
  let out = '';
  let err = '';
  const controller = new AbortController();
  const look = () => {
    if (options.interrupt?.(out, err) === true) controller.abort();
  };
  const io: CommandIo = {
    env: options.env ?? {},
    interactive: options.interactive ?? false,
    out(text) {
      out += text;
      look();
    },
    err(text) {
      err += text;
      look();
    },
    exit: (given) => void (code = given),
    quit(given) {
      throw new Quit(given);
    },
    interrupted: () => controller.signal,
  };
  const program = new Command('vigil');
  registerClientCommands(program, io);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof Quit)) throw error;
    code = error.code;
  }
  return { code, out, err };
}
