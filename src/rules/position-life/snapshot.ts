/** A life as its Snapshot in the journal: exact, so that Snapshot and what came after are the same life as everything from the beginning. */
import { BigNumber } from 'bignumber.js';
import { z } from 'zod';
import { decimal, decimalString, text } from '../../protocol/decimal.ts';
import { planSchema } from '../../protocol/decisions.ts';
import { LIFE_VERSIONS, orderOwner, parseLifeEvent } from '../../protocol/life-events.ts';
import type { ClientId, PositionId, SymbolName } from '../../protocol/names.ts';
import { mandateSchema } from '../../protocol/permit.ts';
import type { OrderStatus } from '../../protocol/venue.ts';
import { SNAPSHOT_TYPE, upcast } from '../../protocol/versions.ts';
import type { JournalledEntry } from '../../protocol/versions.ts';
import type { ClosedView } from '../../protocol/views.ts';
import { evolve } from './evolve.ts';
import { newLife } from './life.ts';
import type { Holding, Life, OrderRecord, ProtectionRecord, Reduction } from './life.ts';

const exact = decimalString.transform(decimal);
const clientId = z.string().transform((value) => value as ClientId);
const positionId = z.string().transform((value) => value as PositionId);
const positionSide = z.enum(['LONG', 'SHORT']);
const orderSide = z.enum(['BUY', 'SELL']);
const leg = z.enum(['stop', 'target']);
/** JSON has no `undefined`: it is written as null, so that a field that is missing is a fault. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().transform((value) => value ?? undefined);

const order: z.ZodType<OrderRecord> = z.strictObject({
  purpose: z.enum(['entry', 'close', 'reduce']),
  clientId,
  attempt: z.number().int(),
  side: orderSide,
  quantity: exact,
  price: maybe(exact),
  sentAt: z.number(),
  state: z.enum(['sending', 'ambiguous', 'reported', 'ended']),
  ambiguousSince: maybe(z.number()),
  orderId: maybe(z.string()),
  status: maybe(z.string().transform((value) => value as OrderStatus)),
  executedQuantity: exact,
});

const protection: z.ZodType<ProtectionRecord> = z.strictObject({
  leg,
  clientId,
  attempt: z.number().int(),
  side: orderSide,
  quantity: exact,
  triggerPrice: exact,
  sentAt: z.number(),
  state: z.enum(['sending', 'placed', 'triggered', 'ended']),
  unanswered: z.boolean(),
  algoId: maybe(z.string()),
  orderId: maybe(z.string()),
});

const holding: z.ZodType<Holding> = z.strictObject({
  quantity: exact,
  averageEntry: exact,
  peak: exact,
  realizedPnl: exact,
  commission: exact,
  openedAt: maybe(z.number()),
  firstFillAt: maybe(z.number()),
  side: maybe(positionSide),
  entryPrice: exact,
});

const reduction: z.ZodType<Reduction> = z.strictObject({ tier: z.string(), quantity: exact, executed: exact, heldBefore: exact, reason: z.string() });

const closed: z.ZodType<ClosedView> = z.strictObject({
  positionId,
  planId: z.string(),
  side: positionSide,
  reason: z.string(),
  entryPrice: decimalString,
  quantity: decimalString,
  openedAt: z.number(),
  closedAt: z.number(),
  realizedPnl: decimalString,
  commission: decimalString,
});

/** Every field of a life, and no other: one that is added to `Life` and not here does not compile. */
const lifeSchema: z.ZodType<Life> = z.strictObject({
  symbol: z.string().transform((value) => value as SymbolName),
  plan: maybe(planSchema),
  planStage: maybe(z.enum(['pending', 'sent', 'ended'])),
  positionId: maybe(positionId),
  mandate: maybe(mandateSchema),
  entry: maybe(order),
  close: maybe(order),
  reduce: maybe(order),
  stop: maybe(protection),
  target: maybe(protection),
  stale: z.array(protection),
  fired: maybe(z.strictObject({ leg, at: maybe(exact) })),
  holding,
  nakedSince: maybe(z.number()),
  closeRequested: maybe(z.strictObject({ reason: z.string(), at: z.number() })),
  reduction: maybe(reduction),
  tiersDone: z.array(z.string()),
  stopMove: maybe(z.strictObject({ side: positionSide, price: exact, reason: z.string() })),
  initialStop: maybe(z.strictObject({ side: positionSide, price: exact })),
  drift: maybe(exact),
  adopted: z.boolean(),
  adoptedThrough: maybe(z.number()),
  lastClosedAt: maybe(z.number()),
  lastClosed: maybe(closed),
  lastRefusal: maybe(z.strictObject({ venueCode: z.number(), message: z.string(), at: z.number() })),
  lastTradeAt: z.number(),
  trades: z.array(z.string()).transform((ids) => new Set(ids)),
  filled: z.array(z.tuple([z.string(), exact])).transform((pairs) => new Map(pairs)),
  orders: z.array(z.tuple([z.string(), z.strictObject({ clientId: z.string(), by: orderOwner, side: maybe(orderSide), quantity: maybe(exact) })])).transform((pairs) => new Map(pairs)),
  closedBy: maybe(z.string()),
  stopRefused: maybe(z.strictObject({ venueCode: z.number(), message: z.string(), at: z.number() })),
});

/** The payload of the Snapshot of a life. */
export function lifeSnapshot(life: Life): unknown {
  // Those two are JSON as they are, and may lack what they need not have.
  return { ...(toJson(life) as object), plan: life.plan ?? null, mandate: life.mandate ?? null };
}

/** Decimals as text, sets and maps as lists in their order, `undefined` as null. */
function toJson(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (BigNumber.isBigNumber(value)) return text(value);
  if (value instanceof Map || value instanceof Set) return [...value].map(toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]));
  return value;
}

/**
 * The life that a symbol's entries tell: from its beginning, or from a Snapshot on.
 * @throws VigilError JOURNAL_FOREIGN for an entry of a later Vigil; z.ZodError or RangeError for one that is none of ours.
 */
export function restoreLife(symbol: SymbolName, entries: readonly JournalledEntry[]): Life {
  return entries.reduce((life, entry) => withLifeEntry(life, entry), newLife(symbol));
}

function withLifeEntry(life: Life, { type, version, at, payload }: JournalledEntry): Life {
  if (type !== SNAPSHOT_TYPE) return evolve(life, parseLifeEvent(type, version, at, payload));
  const snapshot = lifeSchema.parse(upcast(LIFE_VERSIONS, type, version, payload));
  if (snapshot.symbol !== life.symbol) throw new RangeError(`the Snapshot in the stream of ${life.symbol} is of ${snapshot.symbol}`);
  return snapshot;
}
