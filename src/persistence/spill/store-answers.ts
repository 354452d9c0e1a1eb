/** What an answer of the journal's store means to the one that keeps records beside it: looked at and refused, taken by another, or away. */
import { VigilError } from '../../protocol/errors.ts';
import type { Clock } from '../../supervision/clock.ts';

/** The store has looked at it and refused: it is there, and its answer is the caller's. */
export function isDefinite(error: unknown): boolean {
  return error instanceof VigilError && error.code !== 'JOURNAL_UNAVAILABLE';
}

/** About this call alone: the store is there, and does not vouch for it, because no replica has it (ruling 37). */
export function isUnvouched(error: unknown): boolean {
  return error instanceof VigilError && error.details['reason'] === 'NO_REPLICA';
}

/** No waiting cures it: a later opening holds the journal now, or the store holds what this writer did not write. */
export function isFinal(error: unknown): error is VigilError {
  return error instanceof VigilError && error.code === 'JOURNAL_UNAVAILABLE' && ('latest' in error.details || error.details['reason'] === 'DIVERGED');
}

/** @throws VigilError JOURNAL_UNAVAILABLE when there is no answer in time; one that comes later is not waited for. */
export function within<Value>(clock: Clock, ms: number, ask: () => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new VigilError('JOURNAL_UNAVAILABLE', `the store has not answered for ${ms} ms`)));
    ask()
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
