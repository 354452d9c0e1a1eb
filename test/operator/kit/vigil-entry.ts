/** The client commands as a program of their own, for tests of what a process does. */
import { Command } from 'commander';
import { registerClientCommands } from '../../../src/operator/commands/register.ts';

const program = new Command('vigil');
registerClientCommands(program);
await program.parseAsync();
