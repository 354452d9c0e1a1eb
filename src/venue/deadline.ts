/** A call into the SDK always ends for us, whatever the SDK does: by its answer, by the deadline, or by the caller's signal. */
import type { Clock } from '../supervision/clock.ts';

export class DeadlinePassed extends Error {}
export class CallerLeft extends Error {}

/**
 * What `work` settles to, unless `limitMs` pass or `signal` aborts first. The work itself goes on: an order request is never aborted (ruling 9).
 * @throws DeadlinePassed, CallerLeft, whatever `work` throws
 */
export async function within<Value>(clock: Clock, limitMs: number, work: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = clock.after(limitMs, () => reject(new DeadlinePassed(`no answer within ${limitMs} ms`)));
  const leave = (): void => reject(new CallerLeft('the caller no longer waits'));
  if (signal?.aborted === true) leave();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, end]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', leave);
  }
}
