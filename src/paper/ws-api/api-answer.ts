/** What the WebSocket API answers: the id, the status of the same request by REST, its result or its refusal, and what has been used of the limits. */
import type { WireAnswer } from '../wire/dispatch.ts';
import { VENUE_LIMITS } from '../wire/rate-limits.ts';
import type { RequestId } from './api-request.ts';

/** Header that says how much was used → the limit it belongs to. Orders come before the weight, as on the venue. */
const LIMITS = [
  ['X-MBX-ORDER-COUNT-10S', { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: VENUE_LIMITS.ordersPer10Seconds }],
  ['X-MBX-ORDER-COUNT-1M', { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: VENUE_LIMITS.ordersPerMinute }],
  ['X-MBX-USED-WEIGHT-1M', { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: VENUE_LIMITS.weightPerMinute }],
] as const;

function rateLimits(headers: Readonly<Record<string, string>>): unknown[] {
  return LIMITS.flatMap(([header, limit]) => (headers[header] === undefined ? [] : [{ ...limit, count: Number(headers[header]) }]));
}

/** A refusal for too much also says when to come back. */
function errorOf({ json, text, headers }: WireAnswer, now: number): unknown {
  const error = text === undefined ? (json as Record<string, unknown>) : { code: -1000, msg: text };
  const seconds = headers['Retry-After'];
  return seconds === undefined ? error : { ...error, data: { serverTime: now, retryAfter: now + Number(seconds) * 1_000 } };
}

/** One frame. */
export function apiAnswer(id: RequestId, answer: WireAnswer, withLimits: boolean, now: number): string {
  const { status, json, headers } = answer;
  const outcome = status === 200 ? { result: json } : { error: errorOf(answer, now) };
  return JSON.stringify({ id, status, ...outcome, ...(withLimits ? { rateLimits: rateLimits(headers) } : {}) });
}
