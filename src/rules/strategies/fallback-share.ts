/** Which share of the signals came from the fallback, over a window: a model that is never asked must not go unnoticed (failure 5). */

/** What was counted: wall time, ms, oldest first. */
export type Counted = readonly { readonly at: number; readonly fallback: boolean }[];

export function counted(known: Counted, fallback: boolean, now: number, windowMs: number): Counted {
  return [...known.filter(({ at }) => now - at < windowMs), { at: now, fallback }];
}

/** `share` is null without any signal: nothing is not all well. */
export function fallbackShare(known: Counted, now: number, windowMs: number): { readonly signals: number; readonly fallback: number; readonly share: number | null } {
  const recent = known.filter(({ at }) => now - at < windowMs);
  const fallback = recent.filter((one) => one.fallback).length;
  return { signals: recent.length, fallback, share: recent.length === 0 ? null : fallback / recent.length };
}
