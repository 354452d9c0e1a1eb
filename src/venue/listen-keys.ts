/** The listen-key actor's door: the account's key is asked for and prolonged over REST, and its text stays in this room. */
import { z } from 'zod';
import type { ListenKey } from '../protocol/venue.ts';
import type { Clock } from '../supervision/clock.ts';
import type { BanGate } from './ban-gate.ts';
import type { VenueRequest } from './binance-call.ts';
import { callVenue, nameOf } from './binance-call.ts';
import type { BinanceClients } from './binance-client.ts';
import { readErrorOf } from './classify.ts';
import { parseAnswer } from './parse-fields.ts';
import type { VenueListenKeys } from './port.ts';
import { VenueError } from './port.ts';
import type { Redactor } from './venue-log.ts';

export interface ListenKeysOptions {
  readonly clients: BinanceClients;
  readonly clock: Clock;
  readonly offsetMs: () => number;
  readonly banGate: BanGate;
  readonly redactor: Redactor;
}

const PATH = 'fapi/v1/listenKey';
const given = z.object({ listenKey: z.string() });
/** The venue states the key here, too; an answer without it says that it has done what it was asked. */
const prolonged = z.object({ listenKey: z.string().optional() });
/** The key goes into an address as it is. */
const keyText = /^[A-Za-z0-9]{8,}$/;

/** The text of a key, for the address of a connection; undefined: it was not given here. */
export type TextOf = (key: ListenKey) => string | undefined;

export function createListenKeys({ clients, clock, offsetMs, banGate, redactor }: ListenKeysOptions): { readonly door: VenueListenKeys; readonly textOf: TextOf } {
  const texts = new WeakMap<ListenKey, string>();
  let last: ListenKey | undefined;
  let count = 0;

  async function send(request: VenueRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const result = await banGate(request, () => callVenue(clients.reads, request, { clock, limitMs: clients.timeouts.readMs, offsetMs: offsetMs(), signal, redact: (text) => redactor.redact(text) }));
    if (!result.ok) throw readErrorOf(result.failure, clock.now() + Math.round(offsetMs()));
    return result.body;
  }

  function keyOf(text: string, request: VenueRequest): ListenKey {
    // Told without the value, which may still be a key.
    if (!keyText.test(text)) throw new VenueError('unknown', `${nameOf(request)}: the answer's listenKey is not a text of letters and digits`);
    if (last !== undefined && texts.get(last) === text) return last;
    redactor.learn(text);
    count += 1;
    last = { number: count };
    texts.set(last, text);
    return last;
  }

  const door: VenueListenKeys = {
    async ask(signal) {
      const request: VenueRequest = { method: 'POST', path: PATH, signed: false };
      return keyOf(parseAnswer(given, await send(request, signal), nameOf(request)).listenKey, request);
    },
    async prolong(signal) {
      const request: VenueRequest = { method: 'PUT', path: PATH, signed: false };
      const { listenKey } = parseAnswer(prolonged, await send(request, signal), nameOf(request));
      return listenKey === undefined ? undefined : keyOf(listenKey, request);
    },
  };
  return { door, textOf: (key) => texts.get(key) };
}
