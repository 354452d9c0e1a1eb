/**
 * Exit codes of the service: the launcher starts it again after a crash or for a fresh start, after a crash also when the journal's
 * store or the disk is away or the start is refused for what may be mended, and not after the others.
 */
import type { ErrorCode, VigilError } from '../protocol/errors.ts';

export const EXIT = { done: 0, refused: 2, storeAway: 69, crashed: 70, startAfresh: 75, refusedAfterCrash: 78 } as const;

/** What waiting may cure: a server that is away, a disk that is full or has become read-only. Whoever supervises may try again. */
const AWAY: ReadonlySet<ErrorCode> = new Set(['JOURNAL_UNAVAILABLE', 'DATA_DIR_AWAY']);

/** Another one manages what is open, or nobody can say what is: no start by this launcher would be right. */
const FOR_GOOD: ReadonlySet<ErrorCode> = new Set(['INSTANCE_RUNNING', 'DATA_DIR_COPIED', 'JOURNAL_CORRUPT', 'JOURNAL_FOREIGN']);

/** How a start ends that is refused. `afterCrash`: the service worked here, has crashed, and may have left positions open. */
export function refusedWith({ code, details }: VigilError, afterCrash: boolean): number {
  if (AWAY.has(code)) return EXIT.storeAway;
  // `vigil flatten --offline SYMBOL` closes what it was asked to, and then somebody must manage the rest.
  const passes = details['passing'] === true;
  return afterCrash && (passes || !FOR_GOOD.has(code)) ? EXIT.refusedAfterCrash : EXIT.refused;
}
