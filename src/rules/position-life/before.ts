/** What was before what, by a wall clock that may be set back in between. */

/** Whether something was before a reading was begun; all wall time, ms. What lies in the future of the clock was before it was set back, and a reading that does not, after. */
export function isBefore(happenedAt: number, begunAt: number, now: number): boolean {
  return happenedAt < begunAt || (happenedAt > now && begunAt <= now);
}
