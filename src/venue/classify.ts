/** What a failed call means, decided in one place: a definite refusal, a throttle, or an outcome nobody knows (reference: binance-wire b.3, b.4). */
import type { WriteOutcome } from '../protocol/venue.ts';
import type { CallFailure } from './binance-call.ts';
import { VenueError } from './port.ts';

/** Key unknown or malformed, signature wrong, no permission: retrying will not help (failure 30). −1021 is not one of them: that is the clock. */
const AUTHENTICATION: ReadonlySet<number> = new Set([-1002, -1022, -2008, -2014, -2015]);
/** "Execution status unknown" in the venue's own words. */
const STATUS_UNKNOWN: ReadonlySet<number> = new Set([-1006, -1007]);
const TOO_MANY: ReadonlySet<number> = new Set([-1003, -1015]);
const OVERLOADED = -1008;
/** The client id exists among the open orders: what we sent may be what is there. */
const DUPLICATE_CLIENT_ID = -4116;

/** When the venue throttles without saying for how long: the width of its own windows, and the shortest ban it documents. */
const WEIGHT_WINDOW_MS = 60_000;
const ORDER_WINDOW_MS = 10_000;
const SHORTEST_BAN_MS = 120_000;
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
export function outcomeOfFailure(failure: CallFailure, venueNow: number): WriteOutcome {
  const message = describe(failure);
  const throttle = throttleOf(failure, venueNow);
  if (throttle !== undefined) return { result: 'throttled', ...throttle, message };
  if (isDefinite(failure)) return { result: 'rejected', venueCode: failure.code ?? failure.status ?? 0, message };
  return { result: 'unknown', message };
}

/** Was the request certainly not executed? Everything that is not known to be so, is not. */
function isDefinite(failure: CallFailure): boolean {
  const { status, code } = failure;
  if (status === undefined || status === 408) return false;
  if (status === 503 && (/^Service Unavailable\.?$/i.test(failure.text.trim()) || /^Internal error; unable to process/i.test(failure.text))) return true;
  if (code === undefined || STATUS_UNKNOWN.has(code) || code === DUPLICATE_CLIENT_ID) return false;
  // −1000 and −1001 ("an unknown error", "internal error") with 5xx among them.
  if (status >= 500) return false;
  // 2xx with a code below zero and 4xx with one: the venue looked at it and said no. A bare 3xx has no code and ended above.
  return true;
}

function throttleOf(failure: CallFailure, venueNow: number): Throttle | undefined {
  const { status, code, text } = failure;
  if (code === OVERLOADED) return { retryAfterMs: failure.retryAfterMs ?? OVERLOAD_PAUSE_MS, banned: false };
  if (status !== 429 && status !== 418 && (code === undefined || !TOO_MANY.has(code))) return undefined;
  const bannedUntil = /banned until (\d{10,})/i.exec(text)?.[1];
  const banned = status === 418 || bannedUntil !== undefined;
  const byText = bannedUntil === undefined ? undefined : Math.max(Number(bannedUntil) - venueNow, 0);
  const byDefault = banned ? SHORTEST_BAN_MS : code === -1015 ? ORDER_WINDOW_MS : WEIGHT_WINDOW_MS;
  // Both given: the later one, since asking during a ban lengthens it.
  const stated = byText === undefined ? failure.retryAfterMs : Math.max(byText, failure.retryAfterMs ?? 0);
  return { retryAfterMs: stated ?? byDefault, banned };
}

/**
 * What a read that failed throws:
 * `authentication` (the key), `throttled` (with the time), `rejected` (the venue's definite no, with its code),
 * `unreachable` (no answer, a server error, or an answer that is not the venue's: ask again later). `unknown` is left to answers that do not parse.
 */
export function readErrorOf(failure: CallFailure, venueNow: number): VenueError {
  const message = describe(failure);
  const throttle = throttleOf(failure, venueNow);
  if (throttle !== undefined) return new VenueError('throttled', message, { venueCode: failure.code, ...throttle });
  if (failure.status === 401 || (failure.code !== undefined && AUTHENTICATION.has(failure.code))) return new VenueError('authentication', message, { venueCode: failure.code });
  const { status, code } = failure;
  if (status === undefined || code === undefined || status >= 500 || status === 408 || STATUS_UNKNOWN.has(code)) {
    return new VenueError('unreachable', message, { venueCode: code });
  }
  return new VenueError('rejected', message, { venueCode: code });
}

function describe(failure: CallFailure): string {
  const status = failure.status === undefined ? '' : ` ${failure.status}`;
  const code = failure.code === undefined ? '' : ` (${failure.code})`;
  return `${failure.where}:${status}${code} ${failure.text}`;
}
