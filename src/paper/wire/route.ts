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

interface RouteBase {
  /** Method and path, `GET /fapi/v1/ping`. */
  readonly name: string;
  readonly weight: number | ((params: Params) => number);
  /** Counts against the order limits. */
  readonly order?: true;
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
