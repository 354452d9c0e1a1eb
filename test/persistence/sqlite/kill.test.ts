/** kill -9 in the middle of appends: everything acknowledged is there, no batch is half there, and the next writer goes on. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoredEntry } from '../../../src/persistence/port.ts';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { SeededRandom } from '../../../src/supervision/random.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const WRITER = fileURLToPath(new URL('../endless-writer.ts', import.meta.url));
const ROUNDS = Number(process.env['VIGIL_KILL_ROUNDS'] ?? 12);
const SEED = Number(process.env['VIGIL_SEED'] ?? 20_260_203);

/** Runs a writer until it has acknowledged `killAfter` batches, kills it, and returns all it acknowledged. */
async function killAfter(file: string, seed: number, acknowledgements: number): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, file, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const heard = createInterface({ input: writer.stdout });
  heard.on('line', (line) => {
    lines.push(line);
    if (lines.length === acknowledgements) writer.kill('SIGKILL');
  });
  await Promise.all([once(heard, 'close'), once(writer, 'exit')]);
  expect(writer.signalCode).to.equal('SIGKILL');
  return lines;
}

/** Sizes of the batches as they are stored, as `id size`; throws unless each is whole. */
function wholeBatches(entries: readonly StoredEntry[]): Set<string> {
  const counts = new Map<string, { size: number; found: number }>();
  for (const { payload } of entries) {
    const { id, size } = payload as { id: string; size: number };
    const batch = counts.get(id) ?? { size, found: 0 };
    batch.found += 1;
    counts.set(id, batch);
  }
  for (const [id, { size, found }] of counts) expect(found, `entries of batch ${id}`).to.equal(size);
  return new Set([...counts].map(([id, { size }]) => `${id} ${size}`));
}

describe('kill -9 of the SQLite journal\'s writer', () => {
  afterEach(removeTemporary);

  it(`loses nothing acknowledged and leaves nothing half, in ${ROUNDS} rounds on one file (seed ${SEED})`, async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const random = new SeededRandom(SEED);
    const acknowledged: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      acknowledged.push(...(await killAfter(file, random.state, 1 + Math.floor(random.next() * 120))));
      expect(statSync(`${file}-wal`).size, 'a kill leaves the WAL').to.be.greaterThan(0);
      const journal = await openSqliteJournal({ file, now: () => 0 });
      const stored = wholeBatches(await journal.readTypes(['Written'], 0));
      expect(acknowledged.filter((line) => !stored.has(line)), `acknowledged and missing in round ${round}`).to.deep.equal([]);
      for (const entity of await journal.entities('')) {
        const sequences = (await journal.read(entity)).map((entry) => entry.sequence);
        expect(sequences).to.deep.equal(sequences.map((_, index) => index + 1));
      }
      // Every second round the next writer finds the WAL of the killed one, too.
      if (round % 2 === 0) await journal.close();
    }
  });
});
