/** One request through the SDK: either the parsed body, or a failure that names what happened and holds nothing of the request. */
import type { USDMClient } from 'binance';
import type { Clock } from '../supervision/clock.ts';
import { CallerLeft, DeadlinePassed, within } from './deadline.ts';

type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request by its path, without leading slash. Named by path, not by SDK method: some of those are misnamed, print orders to the console, or change their argument. */
export interface VenueRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly signed: boolean;
  readonly params?: Readonly<Record<string, string | number | undefined>>;
}

/** Everything that is kept of a failed request. `status` is undefined when there was no HTTP answer. */
export interface CallFailure {
  /** `POST /fapi/v1/order`. */
  readonly where: string;
  readonly status: number | undefined;
  /** The venue's code, where its answer had one. */
  readonly code: number | undefined;
  /** The venue's message, the beginning of a body that is not its JSON, or what the network said. */
  readonly text: string;
  /** `Retry-After` as ms. */
  readonly retryAfterMs: number | undefined;
}

export type CallResult = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly failure: CallFailure };

export interface CallOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Venue time minus ours, ms: every signature carries venue time (failure 58). */
  readonly offsetMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly redact: (text: string) => string;
}

export function nameOf(request: VenueRequest): string {
  return `${request.method} /${request.path}`;
}

/** Sends `request` once. Never throws, never retries. */
export async function callVenue(client: USDMClient, request: VenueRequest, options: CallOptions): Promise<CallResult> {
  const where = nameOf(request);
  try {
    client.setTimeOffset(Math.round(options.offsetMs));
    // A little later than the SDK's own timeout, whose message is the better one; this one also ends a body that trickles.
    const body = await within(options.clock, options.limitMs + 500, dispatch(client, request), options.signal);
    const refusal = refusalIn(body);
    if (refusal === undefined) return { ok: true, body };
    return { ok: false, failure: { where, status: 200, code: refusal.code, text: options.redact(refusal.text), retryAfterMs: undefined } };
  } catch (thrown) {
    return { ok: false, failure: failureOf(where, thrown, options.redact) };
  }
}

function dispatch(client: USDMClient, request: VenueRequest): Promise<unknown> {
  const params = { ...request.params };
  switch (request.method) {
    case 'GET':
      return request.signed ? client.getPrivate(request.path, params) : client.get(request.path, params);
    case 'POST':
      return request.signed ? client.postPrivate(request.path, params) : client.post(request.path, params);
    case 'PUT':
      return request.signed ? client.putPrivate(request.path, params) : client.put(request.path, params);
    case 'DELETE':
      return request.signed ? client.deletePrivate(request.path, params) : client.delete(request.path, params);
  }
}

/**
 * What the SDK throws is an AxiosError (with `response`, or without one when nothing came back), the bare response for a 2xx that is not 200, or an Error of its own.
 * All but the last hold the key and the signed address: only the fields below are ever read.
 */
function failureOf(where: string, thrown: unknown, redact: (text: string) => string): CallFailure {
  if (thrown instanceof DeadlinePassed || thrown instanceof CallerLeft) return { where, status: undefined, code: undefined, text: thrown.message, retryAfterMs: undefined };
  const response = isRecord(thrown) && isRecord(thrown['response']) ? thrown['response'] : thrown;
  if (!isRecord(response) || typeof response['status'] !== 'number' || !('data' in response)) {
    return { where, status: undefined, code: undefined, text: redact(transportText(thrown)), retryAfterMs: undefined };
  }
  const body = response['data'];
  const refusal = refusalIn(body);
  return {
    where,
    status: response['status'],
    code: refusal?.code,
    text: redact(refusal?.text ?? beginningOf(body)),
    retryAfterMs: retryAfterIn(response['headers']),
  };
}

/** `{code: −2019, msg}`: success answers with a code (`200`) are not refusals. */
function refusalIn(body: unknown): { code: number; text: string } | undefined {
  if (!isRecord(body) || typeof body['code'] !== 'number' || body['code'] >= 0) return undefined;
  return { code: body['code'], text: typeof body['msg'] === 'string' ? body['msg'] : 'no message' };
}

function beginningOf(body: unknown): string {
  if (isRecord(body) && typeof body['msg'] === 'string') return body['msg'];
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return text.trim() === '' ? 'an empty body' : text.replace(/\s+/g, ' ').slice(0, 160);
}

function transportText(thrown: unknown): string {
  if (!isRecord(thrown)) return typeof thrown === 'string' ? thrown.slice(0, 160) : 'the SDK failed without saying how';
  const code = typeof thrown['code'] === 'string' ? `${thrown['code']}: ` : '';
  return `${code}${typeof thrown['message'] === 'string' ? thrown['message'].slice(0, 160) : 'no message'}`;
}

function retryAfterIn(headers: unknown): number | undefined {
  const seconds = isRecord(headers) ? Number(headers['retry-after'] ?? Number.NaN) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
