/** A symbol on which a strategy has crashed is left out for a while, so that the others are evaluated; longer each time it crashes again. */
import type { SymbolName } from '../../protocol/names.ts';

/** The first time ten minutes; then twice as long as the last time, up to six hours. */
export const FIRST_MS = 600_000;
export const LONGEST_MS = 21_600_000;

/** Times in wall ms. */
export interface LeftOut {
  readonly symbol: SymbolName;
  readonly crashes: number;
  readonly since: number;
  readonly until: number;
  readonly error: string;
}

/** What is left out after one more crash. */
export function crashedOn(known: LeftOut | undefined, symbol: SymbolName, error: string, now: number): LeftOut {
  // Whoever has been well as long as it was left out begins anew.
  const again = known !== undefined && now - known.until <= known.until - known.since ? known.crashes : 0;
  return { symbol, crashes: again + 1, since: now, until: now + Math.min(FIRST_MS * 2 ** again, LONGEST_MS), error };
}

export function isLeftOut(known: LeftOut | undefined, now: number): known is LeftOut {
  return known !== undefined && now < known.until;
}
