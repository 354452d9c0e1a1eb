/**
 * The bounds of protection, and the stand-in for a stop that the venue does not take: the mark price is watched from
 * here, and what is held is closed at the market when it reaches the stop (failures 89, 89b).
 */
import type { Decimal } from '../../protocol/decimal.ts';
import { stopPassed } from '../protection.ts';
import type { Life } from './life.ts';
import type { Situation } from './situation.ts';
import { heldSide, stopsCover } from './standing.ts';
import type { Percents } from './stop-price.ts';
import { wantedPrices } from './stop-price.ts';

/** A stop that has silently disappeared at the venue is placed anew, or lacking that counts as naked, within this time. It is made of the next three. */
export const STOP_LOST_BOUND_MS = 30_000;
/** The venue's list of our stops is read at least this often while something is held. */
export const STOP_CHECK_EVERY_MS = 15_000;
/** A stop that the list lacks is looked for again after this long … */
export const STOP_RECHECK_MS = 2_000;
/** … and counts as gone when so many lists in a row lacked it, if its own query has not said what became of it before. */
export const STOP_UNLISTED_AT_MOST = 4;

/** The price at which what is held is closed from here; undefined: a stop at the venue covers it, or it never refused one. */
export function guardPrice(life: Life, situation: Percents): Decimal | undefined {
  if (life.stopRefused === undefined || heldSide(life) === undefined || stopsCover(life)) return undefined;
  return wantedPrices(life, situation)?.stop;
}

/** `blind`: no mark price that is young enough, so that nobody guards it: it counts as naked. Undefined: there is nothing to guard. */
export function guardState(life: Life, situation: Situation): 'passed' | 'holds' | 'blind' | undefined {
  const price = guardPrice(life, situation);
  const side = heldSide(life);
  if (price === undefined || side === undefined) return undefined;
  const { mark, nakedCloseMs } = situation;
  if (mark === undefined || mark.ageMs >= nakedCloseMs) return 'blind';
  return stopPassed(side, price, mark.price) ? 'passed' : 'holds';
}
