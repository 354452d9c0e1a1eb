/**
 * The listen key's life (operators' 43, 44): when it is asked for, when it is prolonged, whom it is granted to, when that it fails is
 * told, and from when on a connection must not rest on it. All times are monotonic ms.
 */
import type { ListenKey } from '../protocol/venue.ts';
import type { HeldListenKey, ListenKeyView } from '../protocol/views.ts';
import { retryMs } from './reconnecting.ts';

/** The venue lets a key live 60 minutes from its last prolongation: half of that leaves room for many tries. */
const KEEP_EVERY_MS = 30 * 60_000;
const KEEP_AGAIN_MS = 60_000;
const KEY_LIVES_MS = 60 * 60_000;
/** A connection leaves a key that has not been prolonged for so long: on one that has died a stream is silent, not closed. */
const KEY_GOOD_FOR_MS = 55 * 60_000;
/** So many times in a row in vain, and it is told: while there are still some 25 minutes to do something about it. */
const TOLD_AFTER = 3;
/** "This listenKey does not exist." */
const KEY_UNKNOWN = -1125;
const ANOTHER = 'the venue has given another listen key';

export type KeyRequest = 'ask' | 'prolong';

/** What is known of the key, and what was tried in vain last. */
export interface KeyLife extends ListenKeyView {
  /** The newest connection that wants a key which was asked for since. */
  readonly wanted: number;
  readonly failure: KeyFailure | undefined;
}

interface KeyFailure {
  readonly of: KeyRequest;
  /** In a row. */
  readonly count: number;
  readonly at: number;
  /** The venue wants to be left alone for so long. */
  readonly restMs: number;
  readonly message: string;
}

export const NO_KEY: KeyLife = { held: undefined, gone: undefined, granted: 0, wanted: 0, failure: undefined };

/** What is to be asked of the venue next, and when. Without a key, or for a connection that wants one: at once. */
export function nextRequest({ held, wanted, granted, failure }: KeyLife): { readonly request: KeyRequest; readonly at: number } {
  const asks = held === undefined || wanted > granted;
  const request = asks ? 'ask' : 'prolong';
  const first = asks ? 0 : held.keptAt + KEEP_EVERY_MS;
  if (failure === undefined) return { request, at: first };
  const rested = failure.at + failure.restMs;
  if (failure.of !== request) return { request, at: Math.max(first, rested) };
  return { request, at: Math.max(failure.at + (asks ? retryMs(failure.count - 1) : KEEP_AGAIN_MS), rested) };
}

/** Connections are numbered upwards, over restarts too. */
export function wantedBy(life: KeyLife, connection: number): KeyLife {
  return connection > life.wanted ? { ...life, wanted: connection } : life;
}

/** The venue has given or prolonged a key. `sentAt`: when it was asked; `forConnection`: the newest that wanted one then. `key` undefined: the one there is. */
export function afterKey(life: KeyLife, request: KeyRequest, answer: { readonly key: ListenKey | undefined; readonly sentAt: number; readonly forConnection: number }): KeyLife {
  const { held } = life;
  const key = answer.key ?? held?.key;
  if (key === undefined) return { ...life, failure: undefined };
  const same = held?.key.number === key.number;
  const gone = held === undefined || same ? life.gone : { key: held.key, reason: ANOTHER };
  return {
    ...life,
    held: same && held !== undefined ? { ...held, keptAt: answer.sentAt } : { key, since: answer.sentAt, keptAt: answer.sentAt },
    // What it gives again is not gone.
    gone: gone?.key.number === key.number ? undefined : gone,
    granted: request === 'ask' ? Math.max(life.granted, answer.forConnection) : life.granted,
    failure: undefined,
  };
}

/** The venue has not. A key that it does not know is gone; every other failure may pass. */
export function afterFailure(life: KeyLife, request: KeyRequest, { message, venueCode, restMs, at }: { readonly message: string; readonly venueCode: number | undefined; readonly restMs: number; readonly at: number }): KeyLife {
  if (request === 'prolong' && venueCode === KEY_UNKNOWN) {
    return { ...life, held: undefined, gone: life.held === undefined ? life.gone : { key: life.held.key, reason: 'the venue no longer knows the listen key' }, failure: undefined };
  }
  const count = life.failure?.of === request ? life.failure.count + 1 : 1;
  return { ...life, failure: { of: request, count, at, restMs, message } };
}

/** What of it nobody may miss. */
export function keyAlerts({ held, failure }: KeyLife, now: number): readonly { readonly name: string; readonly message: string }[] {
  if (failure === undefined || failure.count < TOLD_AFTER) return [];
  const inVain = `${failure.count} times in a row: ${failure.message}`;
  if (failure.of === 'ask') return [{ name: 'listen-key-missing', message: `the venue has given no listen key, ${inVain}. Without one there is no user stream, and nothing is opened` }];
  const leftMs = held === undefined ? 0 : held.keptAt + KEY_LIVES_MS - now;
  const left = leftMs > 0 ? `it dies in ${Math.ceil(leftMs / 60_000)} min, and the user stream with it` : 'it must be dead';
  return [{ name: 'listen-key-unkept', message: `the listen key could not be prolonged, ${inVain}; ${left}. Look at the network between here and the venue, and at the venue's status page` }];
}

/** The key that a connection rests on. `keptAt`: as its owner said last. */
export type RestsOn = Pick<HeldListenKey, 'key' | 'keptAt'>;

/** The same, with what is known of it since. An owner that is away, or knows no key yet, says nothing of this one. */
export function restsOn(on: RestsOn, { held }: ListenKeyView): RestsOn {
  return held?.key.number === on.key.number && held.keptAt > on.keptAt ? { key: on.key, keptAt: held.keptAt } : on;
}

/** Why a connection on this key must be left; undefined: it may stay. Needs no word of the key's owner: one that is away prolongs nothing. */
export function mustLeave(on: RestsOn, view: ListenKeyView | undefined, now: number): string | undefined {
  if (view?.gone !== undefined && view.gone.key.number === on.key.number) return view.gone.reason;
  if (view?.held !== undefined && view.held.key.number !== on.key.number) return ANOTHER;
  return now - on.keptAt < KEY_GOOD_FOR_MS ? undefined : `its listen key has not been prolonged for ${Math.floor((now - on.keptAt) / 60_000)} min`;
}
