/** A child process that appends for ever and says what was acknowledged, until it is killed: `endless-writer.ts FILE SEED`. */
import { writeSync } from 'node:fs';
import { openSqliteJournal } from '../../src/persistence/sqlite/journal.ts';
import { SeededRandom } from '../../src/supervision/random.ts';

const [file = '', seed = '0'] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const journal = await openSqliteJournal({ file, now: () => 0 });

/** One of several streams that write at the same time: batches over two entities, each saying how large its batch is. */
async function writeForEver(stream: number): Promise<never> {
  const entities = [`symbol/${stream}`, `audit/币安/${stream}`];
  const next = await Promise.all(entities.map(async (entity) => (await journal.read(entity)).length + 1));
  for (let count = 0; ; count++) {
    const size = 1 + Math.floor(random.next() * 5);
    const id = `${journal.writerEpoch}.${stream}.${count}`;
    const batch = Array.from({ length: size }, (_, index) => {
      const which = index % 2;
      return { entity: entities[which]!, sequence: next[which]!++, type: 'Written', version: 1, at: count, payload: { id, size, filler: 'x'.repeat(300) } };
    });
    await journal.append(batch);
    // One synchronous write to the pipe: what was said before the kill has been heard.
    writeSync(1, `${id} ${size}\n`);
  }
}

await Promise.all([0, 1, 2, 3, 4, 5].map(writeForEver));
