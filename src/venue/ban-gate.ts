/** While the venue has banned this address nothing goes out, from whichever door: asking during a ban lengthens it (failure 57, operators' 52). Of the process: a restarted actor finds it standing. */
import type { Clock } from '../supervision/clock.ts';
import type { CallResult, VenueRequest } from './binance-call.ts';
import { nameOf } from './binance-call.ts';
import { banOf } from './classify.ts';

/** Sends `request` by `send` unless a ban stands; a ban that comes back is kept. */
export type BanGate = (request: VenueRequest, send: () => Promise<CallResult>) => Promise<CallResult>;

/** `venueNow`: venue time, ms; a ban's end is given in it. `bannedMs`: how much is left of a ban that an earlier process was given. */
export function createBanGate(clock: Clock, venueNow: () => number, bannedMs = 0): BanGate {
  let endsAt = clock.monotonic() + bannedMs;
  return async (request, send) => {
    // By the monotonic clock: setting the wall clock must not end a ban.
    const left = Math.ceil(endsAt - clock.monotonic());
    if (left > 0) return { ok: false, failure: { where: nameOf(request), status: 418, code: -1003, text: `not sent: this address is banned for another ${left} ms`, retryAfterMs: left } };
    const result = await send();
    const banMs = result.ok ? undefined : banOf(result.failure, venueNow());
    if (banMs !== undefined) endsAt = Math.max(endsAt, clock.monotonic() + banMs);
    return result;
  };
}
