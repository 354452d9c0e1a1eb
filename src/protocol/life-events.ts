/** What happens in the life of one symbol, as it is journalled in `symbol/SYMBOL`: past tense, decimals as text, replayed by `rules/position-life`. */
import { z } from 'zod';
import { decimalString } from './decimal.ts';
import { intentSchema, planSchema } from './decisions.ts';
import type { ClientId, PositionId } from './names.ts';
import { mandateSchema } from './permit.ts';
import { SNAPSHOT_TYPE, upcast } from './versions.ts';
import type { Versions } from './versions.ts';

const clientId = z.string().transform((value) => value as ClientId);
const positionId = z.string().transform((value) => value as PositionId);
const orderSide = z.enum(['BUY', 'SELL']);
const leg = z.enum(['stop', 'target']);

/** Whose an order is: one of ours by what it was for, one that the venue made by itself, or somebody else's. */
const ORDER_OWNERS = ['entry', 'close', 'reduce', 'stop', 'target', 'LIQUIDATION', 'ADL', 'SETTLEMENT', 'stranger'] as const;
export type OrderOwner = (typeof ORDER_OWNERS)[number];
export const orderOwner = z.enum(ORDER_OWNERS);

const schemas = {
  IntentAccepted: z.strictObject({ intent: intentSchema }),
  PlanMade: z.strictObject({ plan: planSchema }),
  /** The permit's terms as granted; redeeming it is the gateway's. */
  PermitGranted: z.strictObject({ permitId: z.string(), clientId, checks: z.array(z.string()), tradingEpoch: z.number(), expiresAt: z.number(), mandate: mandateSchema }),
  /** Durable before the order is sent: from here on it may exist (failure 47). */
  OrderSending: z.strictObject({ purpose: z.enum(['entry', 'close', 'reduce']), clientId, attempt: z.number().int(), side: orderSide, quantity: decimalString, price: decimalString.optional(), reason: z.string().optional() }),
  /** It was never sent after all: the redemption was refused. */
  OrderAbandoned: z.strictObject({ clientId, code: z.string(), detail: z.string() }),
  /** What the venue says of it. */
  OrderReported: z.strictObject({ clientId, orderId: z.string(), status: z.string(), executedQuantity: decimalString }),
  OrderRejected: z.strictObject({ clientId, venueCode: z.number(), message: z.string() }),
  /** No answer, or one that leaves it open: it may or may not exist. */
  OrderAmbiguous: z.strictObject({ clientId, cause: z.string() }),
  /** Asked for long enough, and the position agrees: it does not exist. */
  OrderAbsent: z.strictObject({ clientId }),
  FillRecorded: z.strictObject({ tradeId: z.string(), orderId: z.string(), side: orderSide, price: decimalString, quantity: decimalString, commission: decimalString, commissionAsset: z.string(), realizedPnl: decimalString, tradedAt: z.number() }),
  /** Whose an order is that fills were counted of and that was on no record of ours by its id. Without side and quantity: nobody could say. */
  OrderRecognised: z.strictObject({ orderId: z.string(), clientId, by: orderOwner, side: orderSide.optional(), quantity: decimalString.optional() }),
  ProtectionSending: z.strictObject({ leg, clientId, attempt: z.number().int(), side: orderSide, quantity: decimalString, triggerPrice: decimalString }),
  ProtectionPlaced: z.strictObject({ leg, clientId, algoId: z.string() }),
  /** It fired; its order is `orderId`. */
  ProtectionTriggered: z.strictObject({ leg, clientId, orderId: z.string().optional() }),
  /** The venue says that it ended, and how. */
  ProtectionEnded: z.strictObject({ leg, clientId, cause: z.string() }),
  /** It ended without the venue's word: not found when asked for, or not let out of the gateway. */
  ProtectionLost: z.strictObject({ leg, clientId, cause: z.string() }),
  /** The venue takes no stop at all (now): the position is guarded from here until one stands. */
  StopRefused: z.strictObject({ clientId, venueCode: z.number(), message: z.string() }),
  /** `detail`: why all of it, where a part was asked for. */
  CloseRequested: z.strictObject({ reason: z.string(), by: z.string(), detail: z.string().optional() }),
  /** A part of the position is to be closed, once a tier. Unsigned quantity, at most what was held at the most. */
  ReduceRequested: z.strictObject({ positionId, tier: z.string(), quantity: decimalString, reason: z.string(), by: z.string() }),
  /** The stop is to stand at another price, never further from the entry than before. */
  StopMoveRequested: z.strictObject({ positionId, stopPrice: decimalString, reason: z.string(), by: z.string() }),
  /** A position (or quantity) the journal cannot explain, taken over as the venue states it (ruling 26). Signed quantity. */
  PositionAdopted: z.strictObject({
    positionId,
    quantity: decimalString,
    entryPrice: decimalString,
    cause: z.string(),
    mandate: mandateSchema,
    /** Where whoever adopted it wants its stop, instead of where the configuration would put it. */
    stopPrice: decimalString.optional(),
    /** What was traded up to here is in the quantity, venue time, ms; left out: it is our own count. */
    through: z.number().optional(),
  }),
  /** The venue and the journal disagree, and it is not ours to adopt. Signed quantities. */
  DriftFound: z.strictObject({ journal: decimalString, venue: decimalString }),
  DriftCleared: z.strictObject({ venue: decimalString }),
  /** Flat, confirmed by the venue, nothing of ours left in the book. Money in USDT, before and of fees. */
  PositionClosed: z.strictObject({
    positionId,
    reason: z.string(),
    realizedPnl: decimalString,
    commission: decimalString,
    /** What it was; entries from before these were written lack them. */
    side: z.enum(['LONG', 'SHORT']).optional(),
    planId: z.string().optional(),
    entryPrice: decimalString.optional(),
    quantity: decimalString.optional(),
    openedAt: z.number().optional(),
  }),
  /** A plan that led to no position. */
  PlanEnded: z.strictObject({ planId: z.string(), code: z.string(), detail: z.string().optional() }),
} as const;

export type LifeEventType = keyof typeof schemas;
export type LifeEvent = { [Type in LifeEventType]: { readonly type: Type; readonly at: number } & Readonly<z.infer<(typeof schemas)[Type]>> }[LifeEventType];
export type LifeEventOf<Type extends LifeEventType> = Extract<LifeEvent, { type: Type }>;

/** The version all shapes above have; the next one comes with a step from the last for every type that changes. */
export const LIFE_EVENT_VERSION = 2;
export const LIFE_VERSIONS: Versions = {
  what: 'life event',
  types: [...Object.keys(schemas), SNAPSHOT_TYPE],
  current: LIFE_EVENT_VERSION,
  // 2: an adoption says up to when the trades are in it; of those before nobody knows.
  steps: { [SNAPSHOT_TYPE]: { 1: (payload) => ({ ...(payload as object), adoptedThrough: null }) } },
};

/**
 * Reads an event back from the journal; what a Snapshot says is read by `rules/position-life/snapshot.ts`.
 * @param versions another than the default only where the versions themselves are tested.
 * @throws VigilError JOURNAL_FOREIGN when a later Vigil wrote it; z.ZodError when it is not what its type says.
 */
export function parseLifeEvent(type: string, version: number, at: number, payload: unknown, versions: Versions = LIFE_VERSIONS): LifeEvent {
  const today = upcast(versions, type, version, payload);
  if (!Object.hasOwn(schemas, type)) throw new RangeError(`${type} is no life event`);
  const schema: z.ZodType = schemas[type as LifeEventType];
  return { type, at, ...(schema.parse(today) as object) } as LifeEvent;
}
