/** One request of the Binance wire to one answer: limits, key, signature, endpoint, and the venue's own words for whatever is wrong. */
import { VenueError } from '../core/venue-error.ts';
import type { Log, PaperVenue } from '../venue.ts';
import { accountRoutes } from './account-routes.ts';
import { algoRoutes } from './algo-routes.ts';
import { amendRoutes } from './amend-routes.ts';
import { batchRoutes } from './batch-routes.ts';
import { klineRoutes } from './kline-routes.ts';
import { Params } from './params.ts';
import { publicRoutes } from './public-routes.ts';
import { RateLimits, Throttled, type Limits } from './rate-limits.ts';
import type { PublicCall, Route } from './route.ts';
import { checkSigned, keyOwner, sign } from './signature.ts';
import { tapeRoutes } from './tape-routes.ts';
import { tradeRoutes } from './trade-routes.ts';

export interface WireRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query: string;
  /** Raw. */
  readonly body: string;
  readonly apiKey: string | undefined;
  readonly address: string;
}

/** The same once its form has been understood: however it came, the endpoints see no difference. */
export interface WireCall {
  readonly method: string;
  readonly path: string;
  readonly apiKey: string | undefined;
  readonly address: string;
  /** @throws VenueError when they cannot be read */
  readonly params: () => Params;
  /** What `signature` may be, in lower case. */
  readonly signatures: (secret: string) => readonly string[];
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Serialised as JSON. */
  readonly json: unknown;
  /** Sent instead of `json`, as it is. */
  readonly text?: string;
}

/** Every endpoint there is; what is not in it answers as an unknown path. */
export const ROUTES: readonly Route[] = [...publicRoutes, ...klineRoutes, ...tapeRoutes, ...tradeRoutes, ...amendRoutes, ...batchRoutes, ...algoRoutes, ...accountRoutes];
const byName: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [route.name, route]));

export function refusalAnswer(error: VenueError, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  const retry = error instanceof Throttled ? { 'Retry-After': String(error.retryAfterSeconds) } : {};
  return { status: error.status, headers: { ...headers, ...retry }, json: { code: error.code, msg: error.message } };
}

export class Dispatcher {
  readonly #venue: PaperVenue;
  readonly #limits: RateLimits;
  readonly #log: Log;

  constructor(venue: PaperVenue, limits: Limits, log: Log) {
    this.#venue = venue;
    this.#limits = new RateLimits(limits);
    this.#log = log;
  }

  answer({ query, body, ...request }: WireRequest): WireAnswer {
    return this.call({ ...request, params: () => Params.ofRequest(query, body), signatures: (secret) => [sign(secret, query, body)] });
  }

  /** Never throws: a fault of ours is logged and answered as −1000 with status 500. */
  call(call: WireCall): WireAnswer {
    const headers: Record<string, string> = {};
    try {
      return { status: 200, headers, json: this.#run(call, headers) };
    } catch (error) {
      if (error instanceof VenueError) return refusalAnswer(error, headers);
      this.#log('error', { err: error, method: call.method, path: call.path }, 'the paper exchange failed on a request');
      return refusalAnswer(new VenueError('UNKNOWN'), headers);
    }
  }

  /** Counts what is no request of an endpoint. Null, or the refusal of an address that has used up its weight. */
  weigh(address: string, weight: number): WireAnswer | null {
    try {
      this.#limits.request(address, weight, this.#venue.now());
      return null;
    } catch (error) {
      if (error instanceof Throttled) return refusalAnswer(error);
      throw error;
    }
  }

  #run({ method, path, params: read, apiKey, address, signatures }: WireCall, headers: Record<string, string>): unknown {
    const now = this.#venue.now();
    headers['X-MBX-USED-WEIGHT-1M'] = String(this.#limits.used(address, now));
    const route = byName.get(`${method} ${path}`);
    if (!route) throw new VenueError('UNKNOWN_PATH', path, method);
    const params = read();
    const weight = typeof route.weight === 'number' ? route.weight : route.weight(params);
    headers['X-MBX-USED-WEIGHT-1M'] = String(this.#limits.request(address, weight, now));
    if (route.pool === 'FUNDING') this.#limits.funding(address, now);
    const call: PublicCall = { venue: this.#venue, params, now };
    if (route.security === 'NONE') return route.run(call);
    const own = keyOwner(apiKey, (key) => this.#venue.account(key));
    if (route.security === 'SIGNED') checkSigned(params, now, () => signatures(own.account.apiSecret));
    if (route.orders) {
      const counts = this.#limits.order(own.account.apiKey, route.orders, now);
      headers['X-MBX-ORDER-COUNT-10S'] = String(counts.per10Seconds);
      headers['X-MBX-ORDER-COUNT-1M'] = String(counts.perMinute);
    }
    return route.run({ ...call, own });
  }
}
