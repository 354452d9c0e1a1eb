/** Waiting with an end. */
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
