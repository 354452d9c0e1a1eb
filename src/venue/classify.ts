/** What a failed call means, decided in one place: a definite refusal, a throttle, or an outcome nobody knows (reference: binance-wire b.3, b.4). */
import type { VenueWrite, WriteOutcome } from '../protocol/venue.ts';
import { reactionToAnswer } from '../protocol/venue-reactions.ts';
import type { Asked } from '../protocol/venue-reactions.ts';
import type { CallFailure } from './binance-call.ts';
import { VenueError } from './port.ts';

const OVERLOADED = -1008;
const TOO_MANY_ORDERS = -1015;

/** When the venue throttles without saying for how long: the width of its own windows, and the shortest ban it documents. */
const WEIGHT_WINDOW_MS = 60_000;
const ORDER_WINDOW_MS = 10_000;
const SHORTEST_BAN_MS = 120_000;
/** And the longest: what names a later end is a mistake, and not waited for without end. */
const LONGEST_BAN_MS = 3 * 86_400_000;
/** The venue's advice for −1008 begins at 200 ms and doubles; the caller does the doubling. */
const OVERLOAD_PAUSE_MS = 200;

interface Throttle {
  readonly retryAfterMs: number;
  readonly banned: boolean;
}

/**
 * What came of a write that got no good answer. `venueNow` is venue time, ms: "banned until" is given in it.
 * Where the venue gave no code, a definite failure carries the HTTP status instead (503): it is positive, the venue's codes are negative.
 */
export function outcomeOfFailure(kind: VenueWrite['kind'], failure: CallFailure, venueNow: number): WriteOutcome {
  const message = describe(failure);
  switch (reactionOf(kind, failure)) {
    case 'rest':
      return { result: 'throttled', ...throttleOf(failure, venueNow), message };
    case 'ask':
    case 'again':
    case 'absent':
      return { result: 'unknown', message };
    case 'done':
      return { result: 'accepted' };
    case 'refuse':
    case 'reconcile':
    case 'resync':
    case 'stop-hit':
    case 'no-stop':
    case 'modes':
    case 'halt':
    case 'defect':
      return { result: 'rejected', venueCode: failure.code ?? failure.status ?? 0, message };
    case 'unknown':
      return { result: 'unknown', message, ...(failure.code === undefined ? {} : { venueCode: failure.code }) };
  }
}

function reactionOf(asked: Asked, { status, code, text }: CallFailure): ReturnType<typeof reactionToAnswer> {
  return reactionToAnswer(asked, status, code, text);
}

function throttleOf(failure: CallFailure, venueNow: number): Throttle {
  const { status, code, text } = failure;
  if (code === OVERLOADED) return { retryAfterMs: failure.retryAfterMs ?? OVERLOAD_PAUSE_MS, banned: false };
  const bannedUntil = /banned until (\d{10,})/i.exec(text)?.[1];
  const banned = status === 418 || bannedUntil !== undefined;
  const byText = bannedUntil === undefined ? 0 : Math.max(Number(bannedUntil) - venueNow, 0);
  if (!banned) return { retryAfterMs: Math.min(failure.retryAfterMs ?? (code === TOO_MANY_ORDERS ? ORDER_WINDOW_MS : WEIGHT_WINDOW_MS), LONGEST_BAN_MS), banned };
  // Both given: the later one, since asking during a ban lengthens it. An end that is over already says that our clock is wrong, not that there is no ban.
  const stated = Math.max(byText, failure.retryAfterMs ?? 0);
  return { retryAfterMs: Math.min(stated === 0 ? SHORTEST_BAN_MS : stated, LONGEST_BAN_MS), banned };
}

/** For how long the address is banned by what `failure` says, ms; undefined: it is not. */
export function banOf(failure: CallFailure, venueNow: number): number | undefined {
  const throttle = reactionOf('READ', failure) === 'rest' ? throttleOf(failure, venueNow) : undefined;
  return throttle?.banned === true ? throttle.retryAfterMs : undefined;
}

/**
 * What a read that failed throws:
 * `authentication` (the key), `throttled` (with the time), `rejected` (the venue's definite no, with its code),
 * `unreachable` (no answer, a server error, or an answer that is not the venue's: ask again later). `unknown` is left to answers that do not parse.
 */
export function readErrorOf(failure: CallFailure, venueNow: number): VenueError {
  const message = describe(failure);
  switch (reactionOf('READ', failure)) {
    case 'rest':
      return new VenueError('throttled', message, { venueCode: failure.code, ...throttleOf(failure, venueNow) });
    case 'halt':
      return new VenueError('authentication', message, { venueCode: failure.code });
    case 'again':
    case 'ask':
      return new VenueError('unreachable', message, { venueCode: failure.code });
    case 'absent':
    case 'done':
    case 'refuse':
    case 'reconcile':
    case 'resync':
    case 'stop-hit':
    case 'no-stop':
    case 'modes':
    case 'defect':
    case 'unknown':
      return new VenueError('rejected', message, { venueCode: failure.code });
  }
}

function describe(failure: CallFailure): string {
  const status = failure.status === undefined ? '' : ` ${failure.status}`;
  const code = failure.code === undefined ? '' : ` (${failure.code})`;
  return `${failure.where}:${status}${code} ${failure.text}`;
}
