/** A universe as it is on record: each entry says the whole of it. */
import { z } from 'zod';
import { SNAPSHOT_TYPE, upcast } from '../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../protocol/versions.ts';

export const UNIVERSE_VERSIONS: Versions = { what: 'universe', types: ['UniverseDetermined', SNAPSHOT_TYPE], current: 1 };

/** Those from before universes were measured have no measure. */
const recordedSchema = z.strictObject({
  version: z.number().int(),
  symbols: z.array(z.string()).readonly(),
  /** How many symbols the largest one had under `rules`, since one was last accepted. */
  largest: z.number().exactOptional(),
  rules: z.string().exactOptional(),
  excluded: z.array(z.unknown()).readonly().exactOptional(),
  /** An operator took it as it was. */
  accepted: z.strictObject({ reason: z.string(), by: z.string() }).exactOptional(),
});
export type RecordedUniverse = Readonly<z.infer<typeof recordedSchema>>;

/** @throws VigilError JOURNAL_FOREIGN, or z.ZodError, for an entry that is none of ours. */
export function readUniverse({ type, version, payload }: JournalledEntry): RecordedUniverse {
  return recordedSchema.parse(upcast(UNIVERSE_VERSIONS, type, version, payload));
}
