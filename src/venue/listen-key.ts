/** The listen key of one connection: asked for, kept alive every 30 minutes on our clock, and given up in time when that fails. */
import { z } from 'zod';
import { messageOf } from '../protocol/errors.ts';
import type { Clock, TimerHandle } from '../supervision/clock.ts';
import type { CallResult, VenueRequest } from './binance-call.ts';
import { nameOf } from './binance-call.ts';
import { readErrorOf } from './classify.ts';
import { parseAnswer } from './parse-fields.ts';
import { VenueError } from './port.ts';

/** A key lives 60 minutes from its last PUT: half of that leaves room for many tries. */
const KEEPALIVE_MS = 30 * 60_000;
const RETRY_MS = 60_000;
const GIVE_UP_MS = 55 * 60_000;
/** "This listenKey does not exist." */
const KEY_UNKNOWN = -1125;

const PATH = 'fapi/v1/listenKey';
const answer = z.object({ listenKey: z.string() });
/** The key goes into an address as it is. */
const keyText = /^[A-Za-z0-9]{8,}$/;

/**
 * Asks for the account's listen key: the active one, if there is one, with its life prolonged.
 * @throws VenueError
 */
export async function requestListenKey(call: (request: VenueRequest) => Promise<CallResult>, venueNow: number): Promise<string> {
  const request: VenueRequest = { method: 'POST', path: PATH, signed: false };
  const result = await call(request);
  if (!result.ok) throw readErrorOf(result.failure, venueNow);
  const { listenKey } = parseAnswer(answer, result.body, nameOf(request));
  // Told without the value, which may still be a key.
  if (!keyText.test(listenKey)) throw new VenueError('unknown', `${nameOf(request)}: the answer's listenKey is not a text of letters and digits`);
  return listenKey;
}

/** Keeps the key until `cancel`; `onLost` is called once when it is gone or cannot be kept. */
export function keepListenKey(clock: Clock, call: (request: VenueRequest) => Promise<CallResult>, onLost: (reason: string) => void): TimerHandle {
  let keptAt = clock.monotonic();
  let stopped = false;
  let timer = clock.after(KEEPALIVE_MS, prolong);

  function lose(reason: string): void {
    stopped = true;
    onLost(reason);
  }

  function settled(result: CallResult): void {
    if (stopped) return;
    if (result.ok) {
      keptAt = clock.monotonic();
      timer = clock.after(KEEPALIVE_MS, prolong);
    } else if (result.failure.code === KEY_UNKNOWN) {
      lose('the venue no longer knows the listen key');
    } else if (clock.monotonic() - keptAt >= GIVE_UP_MS) {
      lose(`the listen key could not be prolonged: ${result.failure.text}`);
    } else {
      timer = clock.after(RETRY_MS, prolong);
    }
  }

  function prolong(): void {
    call({ method: 'PUT', path: PATH, signed: false }).then(settled, (error: unknown) => lose(messageOf(error)));
  }

  return {
    cancel() {
      stopped = true;
      timer.cancel();
    },
  };
}
