/** Ids that can be worked out again from what they are for: the same plan, leg and attempt give the same id, before and after a crash. */
import { createHash } from 'node:crypto';
import type { ClientId, IntentId, PlanId, PositionSide, SymbolName } from '../protocol/names.ts';

/** The SDK's own prefix: with it the `binance` package sends an id as it is, and prints nothing. */
export const ID_PREFIX = 'x-15PC4ZJy';
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

/** prefix (10) + instance tag (4) + leg (1) + H(of, leg, attempt) (20): 35 of the 36 characters the venue allows (rulings 8, 26). */
export function clientIdFor(tag: string, leg: Leg, of: string, attempt: number): ClientId {
  return `${ID_PREFIX}${tag}${LEGS[leg]}${digest(20, of, leg, attempt)}` as ClientId;
}

/** The instance that made an id, and for which leg; undefined: not an id of Vigil's. */
export function readClientId(id: string): { readonly tag: string; readonly leg: Leg } | undefined {
  if (!id.startsWith(ID_PREFIX) || id.length !== ID_PREFIX.length + TAG_LENGTH + 21) return undefined;
  const letter = id[ID_PREFIX.length + TAG_LENGTH];
  const leg = (Object.keys(LEGS) as Leg[]).find((one) => LEGS[one] === letter);
  return leg === undefined ? undefined : { tag: id.slice(ID_PREFIX.length, ID_PREFIX.length + TAG_LENGTH), leg };
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
