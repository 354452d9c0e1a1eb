/** What an endpoint is: a line of a table, so that every path, its weight and its security can be read in one place. */
import type { AccountState } from '../core/state.ts';
import type { PaperVenue } from '../venue.ts';
import type { Params } from './params.ts';

export interface PublicCall {
  readonly venue: PaperVenue;
  readonly params: Params;
  /** Server time. */
  readonly now: number;
}

export interface PrivateCall extends PublicCall {
  readonly own: AccountState;
}

/** Orders counted in the ten-second and the one-minute window. */
export interface OrderCount {
  readonly per10Seconds: number;
  readonly perMinute: number;
}

export const ONE_ORDER: OrderCount = { per10Seconds: 1, perMinute: 1 };
/** Of a whole batch, however many orders are in it. */
export const ONE_BATCH: OrderCount = { per10Seconds: 5, perMinute: 1 };

interface RouteBase {
  /** Method and path, `GET /fapi/v1/ping`. */
  readonly name: string;
  readonly weight: number | ((params: Params) => number);
  /** Shares a limit of its own by address: 500 requests in five minutes. */
  readonly pool?: 'FUNDING';
  /** What it counts against the order limits of its account. */
  readonly orders?: OrderCount;
}

/** NONE needs nothing, KEY the API key, SIGNED the key and a signature. `run` returns the JSON of the answer. */
export type Route =
  | (RouteBase & { readonly security: 'NONE'; readonly run: (call: PublicCall) => unknown })
  | (RouteBase & { readonly security: 'KEY' | 'SIGNED'; readonly run: (call: PrivateCall) => unknown });

/** Lighter with a symbol than without. */
export function bySymbol(withSymbol: number, without: number): (params: Params) => number {
  return (params) => (params.text('symbol') === null ? without : withSymbol);
}

/** The answer of commands that return nothing else. */
export function done(message: string): { code: number; msg: string } {
  return { code: 200, msg: message };
}
