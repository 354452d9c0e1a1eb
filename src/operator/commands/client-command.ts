/** What every command that speaks to the service has in common: how it finds it, and how it answers a script. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

export function client(program: Command, name: string, does: string): Command {
  return program
    .command(name)
    .description(does)
    .option('--json', 'the exact answer of the API')
    .option('--socket <path>', 'the admin socket of the service')
    .option('--data-dir <dir>', 'the data directory of the service (default: VIGIL_DATA_DIR, or var)');
}

/** The same, for a picture that can be drawn again and again. */
export function live(program: Command, name: string, does: string): Command {
  return client(program, name, does).option('--watch', 'draw again each second');
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('It is not a whole number above 0.');
  return Number(text);
}

export function wholeNumberOrNone(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}
