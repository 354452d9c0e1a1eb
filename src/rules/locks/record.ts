/** The lock book as its entries tell it: one for each event, and now and then the whole. */
import { z } from 'zod';
import type { SymbolName } from '../../protocol/names.ts';
import { SNAPSHOT_TYPE, upcast } from '../../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../../protocol/versions.ts';
import { afterLockEvent, EMPTY_BOOK, LOCK_EVENT_TYPES, lockSchema, parseLockEvent, refusalSchema, resultSchema } from './book.ts';
import type { KeptLock, LockBook } from './book.ts';

export const LOCK_VERSIONS: Versions = { what: 'event of locks', types: [...LOCK_EVENT_TYPES, SNAPSHOT_TYPE], current: 1 };

const symbolName = z.string().transform((value) => value as SymbolName);
const bookSchema = z.strictObject({
  standing: z.array(lockSchema),
  lastSet: z.array(z.tuple([z.string(), z.number()])),
  results: z.array(resultSchema),
  refusals: z.array(refusalSchema),
  judged: z.array(z.tuple([symbolName, z.number()])),
});

export function restoreLockBook(entries: readonly JournalledEntry[]): LockBook {
  return entries.reduce(afterEntry, EMPTY_BOOK);
}

/** @throws VigilError JOURNAL_FOREIGN, or z.ZodError, for an entry that is none of ours. */
function afterEntry(book: LockBook, { type, version, at, payload }: JournalledEntry): LockBook {
  const today = upcast(LOCK_VERSIONS, type, version, payload);
  if (type !== SNAPSHOT_TYPE) return afterLockEvent(book, parseLockEvent(type, at, today));
  const { standing, lastSet, judged, ...rest } = bookSchema.parse(today);
  return { ...rest, standing: new Map(standing.map((lock) => [lock.lockId, lock as KeptLock])), lastSet: new Map(lastSet), judged: new Map(judged) };
}

export function lockBookSnapshot({ standing, lastSet, results, refusals, judged }: LockBook): z.input<typeof bookSchema> {
  return { standing: [...standing.values()], lastSet: [...lastSet], results: [...results], refusals: [...refusals], judged: [...judged] };
}
