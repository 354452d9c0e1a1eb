/** The offset between the venue's clock and ours, from readings that may have been slow or lopsided (failure 58, operators' 50). */

/** One reading of the venue's time: `offsetMs` = venue − ours, corrected by half its round trip, which is the most it can be wrong by. */
export interface ClockSample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/** A reading that took longer could be wrong by more than a second: it is not taken at all. */
export const ROUND_TRIP_MAX_MS = 2_000;
const SAMPLES_KEPT = 9;
/** Beside the quickest one a reading may have taken this much longer and still says something. */
const SLOWER_FACTOR = 3;
const SLOWER_MS = 50;

/** Undefined: it took too long, or went backwards because our clock was put back meanwhile. */
export function clockSample(serverTime: number, sentAt: number, receivedAt: number): ClockSample | undefined {
  const roundTripMs = receivedAt - sentAt;
  if (roundTripMs < 0 || roundTripMs > ROUND_TRIP_MAX_MS) return undefined;
  return { offsetMs: serverTime - (sentAt + receivedAt) / 2, roundTripMs };
}

/** The readings that count, none of which contradicts another; and the last one, if it contradicts them. */
export interface ClockReadings {
  readonly samples: readonly ClockSample[];
  readonly doubt: ClockSample | undefined;
}

export const NO_READINGS: ClockReadings = { samples: [], doubt: undefined };

/** Two clocks that run a little unlike part by less in the time of the readings that are kept. */
const DRIFT_MS = 250;

/** One of two clocks was set between the two: each is wrong by half its round trip at most, so a slow answer is no step. */
function contradict(one: ClockSample, other: ClockSample): boolean {
  return Math.abs(one.offsetMs - other.offsetMs) > (one.roundTripMs + other.roundTripMs) / 2 + DRIFT_MS;
}

/** The newest nine. A reading that contradicts them counts when the next one agrees with it: then the two are all there is, since everything before was of another clock. */
export function withSample({ samples, doubt }: ClockReadings, sample: ClockSample): ClockReadings {
  if (!samples.some((one) => contradict(one, sample))) return { samples: [...samples, sample].slice(-SAMPLES_KEPT), doubt: undefined };
  if (doubt === undefined || contradict(doubt, sample)) return { samples, doubt: sample };
  return { samples: [doubt, sample], doubt: undefined };
}

/** The median of those that were quick; with an even number the mean of the middle two. Undefined: there is none. */
export function offsetOf(samples: readonly ClockSample[]): { readonly offsetMs: number; readonly uncertaintyMs: number } | undefined {
  if (samples.length === 0) return undefined;
  const quickest = Math.min(...samples.map((one) => one.roundTripMs));
  const quick = samples.filter((one) => one.roundTripMs <= Math.max(quickest * SLOWER_FACTOR, quickest + SLOWER_MS));
  const offsets = quick.map((one) => one.offsetMs).toSorted((a, b) => a - b);
  const middle = offsets.length / 2;
  const median = (offsets[Math.ceil(middle) - 1]! + offsets[Math.floor(middle)]!) / 2;
  return { offsetMs: Math.round(median), uncertaintyMs: Math.ceil(quickest / 2) };
}

/** Wall and monotonic time part by at least this much between two looks: somebody has set the clock, or the machine has slept. */
export const JUMP_MS = 250;

/** How far the wall clock has jumped between two looks, ms; 0: it ran. */
export function wallJump(before: { readonly wall: number; readonly monotonic: number }, now: { readonly wall: number; readonly monotonic: number }): number {
  const jump = now.wall - before.wall - (now.monotonic - before.monotonic);
  return Math.abs(jump) < JUMP_MS ? 0 : Math.round(jump);
}
