/** The guard of locks: each that stands for the symbol and the side denies with its own code, its cause, and how long it still rests. */
import type { Lock } from '../../protocol/views.ts';
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { allow, deny, unknown } from './guard.ts';

export const LOCK_GUARDS: readonly Guard[] = [{ code: 'LOCKS_UNKNOWN', check: locks }];

function locks({ locks: view, lives, plan, now }: GuardInputs): Verdict | readonly Verdict[] {
  if (view === undefined) return unknown('LOCKS_UNKNOWN', 'not reported');
  // Any close may bring a lock on all symbols: until it has been looked at, nobody knows.
  const unjudged = [...lives.values()].filter((life) => life.lastClosed !== undefined && life.lastClosed.closedAt !== view.judged.get(life.symbol)).map((life) => life.symbol);
  if (unjudged.length > 0) return unknown('LOCKS_UNKNOWN', `what follows from the close of ${unjudged.join(', ')} is not decided yet`);
  // Whose time is over its owner says, by the clock that nobody sets.
  const stands = (lock: Lock) => (lock.symbol === null || lock.symbol === plan.symbol) && (lock.side === null || lock.side === plan.side);
  const denials = view.locks.filter(stands).map((lock) => deny(lock.code, lock.until === null ? { limit: 'until cleared', detail: `${lock.lockId}: ${lock.cause}` } : { limit: String(lock.until), value: String(Math.max(0, lock.until - now)), detail: `${lock.lockId}: ${lock.cause}` }));
  return denials.length === 0 ? allow({ value: String(view.locks.length) }) : denials;
}
