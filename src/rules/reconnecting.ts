/** How long to wait before the venue is tried once more: a little at first, then twice as long each time. */

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A connection that held so long was a good one: its loss begins the waits anew. */
const SETTLED_MS = 60_000;

/** @param failures in a row, before the one that is waited after. */
export function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
}

/** Failures in a row, once a connection has ended that was live for `heldMs`; undefined: it never was. */
export function failuresBefore(failures: number, heldMs: number | undefined): number {
  return heldMs !== undefined && heldMs >= SETTLED_MS ? 0 : failures;
}
