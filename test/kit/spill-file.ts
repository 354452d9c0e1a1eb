/** A spill as a service that was killed while its store was away has left it. */
import { join } from 'node:path';
import { encodeEntry } from '../../src/persistence/journal-entry.ts';
import type { NewEntry } from '../../src/persistence/port.ts';
import { openSpillDisk } from '../../src/persistence/spill/disk.ts';
import { SpillFile } from '../../src/persistence/spill/file.ts';

/** Keeps the entries beside the journal in Redis that has this instance. */
export async function leaveSpill(dataDir: string, instance: string, entries: readonly NewEntry[]): Promise<void> {
  const spill = await SpillFile.open(await openSpillDisk(join(dataDir, 'spill'), () => 0), { 'journal.engine': 'redis', 'journal.redis.instance': instance, 'journal.redis.prefix': 'quantum:' });
  await spill.add(entries.map(encodeEntry));
  await spill.close();
}
