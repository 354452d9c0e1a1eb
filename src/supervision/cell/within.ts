/** Waiting with an end: after a time, or when whoever waits is ended. */
import type { Kernel } from '../kernel.ts';

/** What `run` comes to, or a rejection after `ms`; undefined: waits as long as it takes. */
export function within<Value>(kernel: Kernel, ms: number | undefined, what: string, run: () => Promise<Value>): Promise<Value> {
  if (ms === undefined) return Promise.try(run);
  return new Promise((resolve, reject) => {
    const deadline = kernel.deadlines.after(ms, () => reject(new Error(`${what} took longer than ${ms} ms`)));
    Promise.try(run)
      .then(resolve, reject)
      .finally(() => deadline.cancel());
  });
}

/** How closing failed: `killed`, its time was over; `crashed`, it threw. */
export interface CloseFailure {
  readonly kind: 'crashed' | 'killed';
  readonly error: unknown;
}

/** Closes within `ms`, and not after `abandoned`; undefined: in order, or abandoned. */
export async function closeWithin(kernel: Kernel, ms: number | undefined, what: string, close: () => Promise<void>, abandoned: Promise<void>): Promise<CloseFailure | undefined> {
  let threw = false;
  const closing = () => Promise.try(close).catch((error: unknown) => {
    threw = true;
    throw error;
  });
  try {
    await Promise.race([within(kernel, ms, what, closing), abandoned]);
    return undefined;
  } catch (error) {
    return { kind: threw ? 'crashed' : 'killed', error };
  }
}
