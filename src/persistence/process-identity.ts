/** Which process this is, so that another on the same machine can tell for certain that it has ended. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** The boot of the machine and the space in which the pid means something (a container has its own); empty: the system does not tell. */
  readonly space: string;
  /** When it began, by the system's own count since the boot; empty: the system does not tell. */
  readonly born: string;
}

export function ownIdentity(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, space: ownSpace(), born: statOf('self')?.born ?? '' };
}

/**
 * Whether that process is known to have ended. A pid says something only in its own space: a container with the same host name
 * has other pids, and what cannot be seen from here is not known to be dead.
 */
export function isKnownDead({ pid, space, born }: ProcessIdentity, own: string = ownSpace()): boolean {
  if (space === '' || space !== own || born === '') return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Only "no such process" is an end; EPERM is another user's process.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const stat = statOf(String(pid));
  // The pid is somebody else's now, or its owner has been killed and not yet been waited for.
  return stat !== undefined && (stat.born !== born || stat.state === 'Z' || stat.state === 'X');
}

function ownSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // No /proc: another system, on which nobody is known to be dead, and an expired lease is waited for.
    return '';
  }
}

function statOf(process: string): { readonly state: string; readonly born: string } | undefined {
  try {
    const text = readFileSync(`/proc/${process}/stat`, 'utf8');
    // The name of the program is in parentheses, and may hold any character.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', born: fields[19] ?? '' };
  } catch {
    // It ended meanwhile, or may not be looked at: then it is not known.
    return undefined;
  }
}
