/** How the account does, as it is on record: each entry says the whole of it; once a day it stands for all before. */
import { SNAPSHOT_TYPE, upcast } from '../../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../../protocol/versions.ts';
import { performanceSchema } from './performance.ts';
import type { Performance } from './performance.ts';

export const ACCOUNT_VERSIONS: Versions = { what: 'state of the account', types: ['AccountObserved', SNAPSHOT_TYPE], current: 1 };

/** @throws VigilError JOURNAL_FOREIGN, or z.ZodError, for an entry that is none of ours. */
export function readPerformance({ type, version, payload }: JournalledEntry): Performance {
  return performanceSchema.parse(upcast(ACCOUNT_VERSIONS, type, version, payload));
}
