/** What the locks are decided by and which of them stand: a fold of the journal's entity `locks`, bounded by a week. */
import { z } from 'zod';
import { decimalString } from '../../protocol/decimal.ts';
import { DENIALS } from '../../protocol/denials.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import { LOCK_KINDS } from '../../protocol/views.ts';
import type { Lock } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';

/** No rule looks further back (the longest window of the configuration is a week). */
const REMEMBERED_MS = 7 * 86_400_000;

const symbolSchema = z.string().transform((value) => value as SymbolName);
const codeSchema = z.enum(Object.keys(DENIALS) as [DenialCode, ...DenialCode[]]);

export const lockSchema = z.strictObject({
  lockId: z.string(),
  kind: z.enum(LOCK_KINDS),
  symbol: symbolSchema.nullable(),
  side: z.enum(['LONG', 'SHORT']).nullable(),
  code: codeSchema,
  since: z.number(),
  until: z.number().nullable(),
  cause: z.string(),
  /** Of kind `margin`: what was available when the venue found it too little; more of it ends the lock. */
  available: decimalString.optional(),
});
export type KeptLock = Lock & Readonly<z.infer<typeof lockSchema>>;

/** One flat-to-flat result. `net` after fees and funding, USDT (ruling 23); `notional` what was held at the most, at its entry. */
export const resultSchema = z.strictObject({
  positionId: z.string(),
  symbol: symbolSchema,
  side: z.enum(['LONG', 'SHORT']),
  reason: z.string(),
  closedAt: z.number(),
  net: decimalString,
  notional: decimalString,
  /** Null: it could not be asked for, and is not in `net`. */
  funding: decimalString.nullable(),
});
export type Result = Readonly<z.infer<typeof resultSchema>>;

export const refusalSchema = z.strictObject({ symbol: symbolSchema, venueCode: z.number(), message: z.string(), at: z.number() });
export type Refusal = Readonly<z.infer<typeof refusalSchema>>;

const schemas = {
  LockSet: z.strictObject({ lock: lockSchema }),
  /** `by` null: by itself. */
  LockEnded: z.strictObject({ lockId: z.string(), cause: z.string(), by: z.string().nullable() }),
  ResultRecorded: z.strictObject({ result: resultSchema }),
  RefusalRecorded: z.strictObject({ refusal: refusalSchema }),
} as const;
type LockEventType = keyof typeof schemas;
export const LOCK_EVENT_TYPES = Object.keys(schemas) as readonly LockEventType[];
export type LockEvent = { [Type in LockEventType]: { readonly type: Type; readonly at: number } & Readonly<z.infer<(typeof schemas)[Type]>> }[LockEventType];

/** @throws z.ZodError or RangeError when it is not one of ours. */
export function parseLockEvent(type: string, at: number, payload: unknown): LockEvent {
  if (!Object.hasOwn(schemas, type)) throw new RangeError(`unknown event of locks ${type}`);
  return { type, at, ...(schemas[type as LockEventType].parse(payload) as object) } as LockEvent;
}

export interface LockBook {
  readonly standing: ReadonlyMap<string, KeptLock>;
  /** When a lock of each kind (and symbol) was last set, also of those that have ended: what came before has had its consequence. */
  readonly lastSet: ReadonlyMap<string, number>;
  /** Ascending in time. */
  readonly results: readonly Result[];
  readonly refusals: readonly Refusal[];
  /** When the last close of each symbol whose consequences have been drawn was; by the wall clock, so it may go back. */
  readonly judged: ReadonlyMap<SymbolName, number>;
}

export const EMPTY_BOOK: LockBook = { standing: new Map(), lastSet: new Map(), results: [], refusals: [], judged: new Map() };

/** Where `lastSet` finds a kind: account-wide or of one symbol. */
export function kindKey(kind: Lock['kind'], symbol: SymbolName | null): string {
  return `${kind}/${symbol ?? '*'}`;
}

/** Nothing more follows from the close of `symbol` at `closedAt`. */
export function judgedAt(book: LockBook, symbol: SymbolName, closedAt: number): LockBook {
  return { ...book, judged: new Map(book.judged).set(symbol, closedAt) };
}

/** Known by its position, not by its time: the wall clock may have been set back since, and what was lost is told of anew at another time. */
export function isJudged(book: LockBook, { positionId }: { readonly positionId: string }): boolean {
  return book.results.some((one) => one.positionId === positionId);
}

export function afterLockEvent(book: LockBook, event: LockEvent): LockBook {
  switch (event.type) {
    case 'LockSet': {
      const { lock } = event;
      return { ...book, standing: new Map(book.standing).set(lock.lockId, lock as KeptLock), lastSet: new Map(book.lastSet).set(kindKey(lock.kind, lock.symbol), lock.since) };
    }
    case 'LockEnded': {
      const standing = new Map(book.standing);
      standing.delete(event.lockId);
      return { ...book, standing };
    }
    case 'ResultRecorded': {
      const { result } = event;
      const results = [...book.results, result].filter((one) => one.closedAt > result.closedAt - REMEMBERED_MS).toSorted((a, b) => a.closedAt - b.closedAt);
      return judgedAt({ ...book, results }, result.symbol, result.closedAt);
    }
    case 'RefusalRecorded':
      return { ...book, refusals: [...book.refusals, event.refusal].filter((one) => one.at > event.refusal.at - REMEMBERED_MS) };
  }
}
