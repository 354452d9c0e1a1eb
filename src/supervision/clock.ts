/** The one clock: wall time, monotonic time and timers come from here and from nowhere else, so that all of it can be virtual. */

/** A pending timer; `cancel` is idempotent. */
export interface TimerHandle {
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds since the Unix epoch, UTC. May jump. */
  now(): number;
  /** Milliseconds on a clock that never goes back; its zero means nothing. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`. A timer never keeps the process alive: only the service's root does that. */
  after(delayMs: number, run: () => void): TimerHandle;
}

/** Node's own clock. Delays beyond 2^31-1 ms are cut there instead of firing at once, as Node would. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), 2_147_483_647));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Keeps the process alive until cancelled: actors hold no handle, and Node would end with 0 when it has nothing to do (H28). */
export function keepAlive(): TimerHandle {
  const timer = setInterval(() => undefined, 3_600_000);
  return { cancel: () => clearInterval(timer) };
}

/** A wall time on record, epoch ms, as `monotonic` would have told it; one that is in the future by the wall clock as it is set now was just now. */
export function sinceWall(at: number, clock: Pick<Clock, 'now' | 'monotonic'>): number {
  return clock.monotonic() - Math.max(0, clock.now() - at);
}

/** Resolves after `delayMs` of `clock`'s time. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** The same for an instant that may not have been. */
export function isoTimeOrNull(epochMs: number | null | undefined): string | null {
  return epochMs === null || epochMs === undefined ? null : isoTime(epochMs);
}

/** An instant as users see it: ISO-8601, UTC, milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The other way round; undefined: there is no such day or hour. */
export function msOfIso(text: string): number | undefined {
  const ms = Date.parse(text);
  // 31 February would be taken for 3 March.
  return Number.isNaN(ms) || !isoTime(ms).startsWith(text.replace('Z', '')) ? undefined : ms;
}
