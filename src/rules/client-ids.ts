/** Ids that can be worked out again from what they are for: the same plan, leg and attempt give the same id, before and after a crash. */
import { createHash } from 'node:crypto';
import type { ClientId, IntentId, PlanId, PositionSide, SymbolName } from '../protocol/names.ts';

/** By default. */
export const ID_PREFIX = 'x-15PC4ZJy';
/**
 * What an id begins with (docs/client-ids.md). `sdk`: the partner prefix of the `binance` package's author, which the package
 * would set by itself; `none`: our own. Ids of either are known as ours, whichever is set now.
 */
export const ID_PREFIXES = { sdk: ID_PREFIX, none: 'vigil-' } as const;
export type IdPrefix = keyof typeof ID_PREFIXES;
export const TAG_LENGTH = 4;
export const TAG_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Duplicates by meaning share a bucket of five minutes of venue time (ruling 19). */
export const SIGNAL_BUCKET_MS = 300_000;

const LEGS = { entry: 'e', close: 'c', reduce: 'r', stop: 's', target: 't', configure: 'k' } as const;
export type Leg = keyof typeof LEGS;

function digest(length: number, ...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256').update(parts.join('\u0000'), 'utf8').digest();
  let text = '';
  for (let i = 0; i < length; i++) text += TAG_ALPHABET[hash[i]! % TAG_ALPHABET.length];
  return text;
}

/** prefix (10 or 6) + instance tag (4) + leg (1) + H(of, leg, attempt) (20): at most 35 of the 36 characters the venue allows (rulings 8, 26). */
export function clientIdFor(tag: string, leg: Leg, of: string, attempt: number, prefix: IdPrefix = 'sdk'): ClientId {
  return `${ID_PREFIXES[prefix]}${tag}${LEGS[leg]}${digest(20, of, leg, attempt)}` as ClientId;
}

/** The instance that made an id, and for which leg; undefined: not an id of Vigil's. */
export function readClientId(id: string): { readonly tag: string; readonly leg: Leg } | undefined {
  const prefix = Object.values(ID_PREFIXES).find((one) => id.startsWith(one));
  if (prefix === undefined || id.length !== prefix.length + TAG_LENGTH + 21) return undefined;
  const letter = id[prefix.length + TAG_LENGTH];
  const leg = (Object.keys(LEGS) as Leg[]).find((one) => LEGS[one] === letter);
  return leg === undefined ? undefined : { tag: id.slice(prefix.length, prefix.length + TAG_LENGTH), leg };
}

/** What a plan means: the same source, symbol, side and bucket is the same plan, whatever the price. */
export function planIdFor(source: string, symbol: SymbolName, side: PositionSide, venueTime: number): PlanId {
  return `plan-${digest(16, source, symbol, side, Math.floor(venueTime / SIGNAL_BUCKET_MS))}` as PlanId;
}

export function intentIdFor(source: string, symbol: SymbolName, side: PositionSide, createdAt: number): IntentId {
  return `intent-${digest(16, source, symbol, side, createdAt)}` as IntentId;
}

/** The same key of the same source is the same intent, however often it is handed in. */
export function externalIntentIdFor(source: string, symbol: SymbolName, side: PositionSide, key: string): IntentId {
  return `intent-${digest(16, 'external', source, symbol, side, key)}` as IntentId;
}
