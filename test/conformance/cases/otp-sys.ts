/** The cases of OTP's sys_SUITE, and what became of each: every actor answers system messages, without having to be asked to. */
import type { ConformanceCase } from './case.ts';

export const otpSys: readonly ConformanceCase[] = [
  { name: 'log', group: 'all', status: 'adapted', note: 'always on, and kept in a bounded ring: the last twenty messages handled, each with its sender, its wait and its time' },
  { name: 'log_to_file', group: 'all', status: 'not-applicable', note: 'a trace goes to the listener that asked for it; where that writes it is its own affair' },
  { name: 'stats', group: 'all', status: 'adapted', note: 'always on, so that there is no "no_statistics"; what it sends is not counted, and the timing can begin anew' },
  { name: 'trace', group: 'all', status: 'adapted', note: 'always with a limit; a message is told of after it was handled, with its time, and so after what was sent meanwhile' },
  { name: 'suspend', group: 'all', status: 'ported' },
  { name: 'install', group: 'all', status: 'adapted', note: 'the listener of a trace takes the place of the function; there is one at a time, the later ends the earlier' },
  { name: 'special_process', group: 'all', status: 'adapted', note: 'nothing is special: state, replacement and accounts of any actor, asked for before all mail; one that stops is forgotten if it is temporary' },
];
