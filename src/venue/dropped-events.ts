/** An event we cannot read is dropped and reported, and a stream of them does not become a stream of log lines. */
import type { Clock } from '../supervision/clock.ts';
import type { VenueLog } from './venue-log.ts';

const QUIET_MS = 60_000;
/** Reasons are few (an event type and a field); this is only so that a hostile stream cannot grow the table. */
const MOST_REASONS = 100;

export interface DroppedEvents {
  /** `reason` is without values, so that equal faults are one; `detail` has them. */
  report(reason: string, detail: string): void;
}

/** Logs the first drop of each reason at once, and then at most one a minute with the number in between. */
export function createDroppedEvents(stream: string, clock: Clock, log: VenueLog): DroppedEvents {
  const seen = new Map<string, { loggedAt: number; since: number }>();
  return {
    report(reason, detail) {
      const now = clock.monotonic();
      const known = seen.get(reason);
      if (known !== undefined && now - known.loggedAt < QUIET_MS) {
        known.since += 1;
        return;
      }
      if (known === undefined && seen.size >= MOST_REASONS) seen.clear();
      seen.set(reason, { loggedAt: now, since: 0 });
      log('warn', `${stream}: an event was dropped`, { reason, detail, droppedSinceLastReport: known?.since ?? 0 });
    },
  };
}
