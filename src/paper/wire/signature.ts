/** Who sends a signed request and when: key, signature over the bytes as they were sent, timestamp. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { VenueError } from '../core/venue-error.ts';
import type { AccountState } from '../core/state.ts';
import type { Params } from './params.ts';

const DEFAULT_RECV_WINDOW = 5_000;
const MAX_RECV_WINDOW = 60_000;
const MAX_AHEAD_MS = 1_000;

function withoutSignature(text: string): string {
  return text
    .split('&')
    .filter((pair) => !pair.startsWith('signature='))
    .join('&');
}

/** HMAC-SHA256 in hex. */
export function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The signature of the query followed by the body, nothing between, what says `signature` left out. Both as raw as they came. */
export function sign(secret: string, query: string, body: string): string {
  return hmac(secret, withoutSignature(query) + withoutSignature(body));
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The account behind `X-MBX-APIKEY`. @throws VenueError −2014 without a key, −2015 for an unknown one, both 401. */
export function keyOwner(apiKey: string | undefined, find: (apiKey: string) => AccountState | undefined): AccountState {
  if (!apiKey) throw new VenueError('BAD_KEY_FORMAT');
  const own = find(apiKey);
  if (!own) throw new VenueError('BAD_KEY');
  return own;
}

/** @param expected what the signature may be, asked for last. @throws VenueError −1102, −1021 (either text), −1022, −1131 */
export function checkSigned(params: Params, now: number, expected: () => readonly string[]): void {
  const signature = params.required('signature').toLowerCase();
  const timestamp = params.requiredWhole('timestamp');
  const recvWindow = params.whole('recvWindow') ?? DEFAULT_RECV_WINDOW;
  if (recvWindow > MAX_RECV_WINDOW) throw new VenueError('BAD_RECV_WINDOW');
  if (timestamp >= now + MAX_AHEAD_MS) throw new VenueError('TIMESTAMP_AHEAD');
  if (now - timestamp > recvWindow) throw new VenueError('TIMESTAMP_LATE');
  if (!expected().some((text) => sameText(text, signature))) throw new VenueError('INVALID_SIGNATURE');
}
