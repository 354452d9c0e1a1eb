/** A damaged or foreign journal is refused by name, and stays as it was, byte for byte. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { headFileOf, readHead } from '../../../src/persistence/head-file.ts';
import { checkJournal, isNewJournal } from '../../../src/persistence/sqlite/check.ts';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { connectReader } from '../../../src/persistence/sqlite/schema.ts';
import { SeededRandom } from '../../../src/supervision/random.ts';
import { type ErrorCode, VigilError } from '../../../src/protocol/errors.ts';
import { entry } from '../journal-contract.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const now = (): number => 0;
const ENTRIES = 180;
/** Divides each half. */
const BATCH = 6;
const SEED = Number(process.env['VIGIL_SEED'] ?? 20_260_203);
/** What makes up a journal on the disk; `-shm` is scratch. */
const PARTS = ['', '-wal', '-head'];

/** A journal of ENTRIES entries over three entities. `live` leaves it as kill -9 would: half in the WAL. */
async function writeJournal(options: { live?: boolean } = {}): Promise<string> {
  const file = join(temporaryDirectory(), 'journal.db');
  let journal = await openSqliteJournal({ file, now });
  const batch: ReturnType<typeof entry>[] = [];
  for (let index = 0; index < ENTRIES; index++) {
    // The first half goes into the main file.
    if (index === ENTRIES / 2) {
      await journal.close();
      journal = await openSqliteJournal({ file, now });
    }
    const payload = { clientOrderId: `vigil-${index}`, quantity: '23089', note: '币安人生' };
    batch.push(entry(`symbol/${index % 3}`, Math.floor(index / 3) + 1, payload));
    // Many commits, and not one an entry: each waits for the disk.
    if (batch.length === BATCH) await journal.append(batch.splice(0));
  }
  if (options.live !== true) {
    await journal.close();
    return file;
  }
  const copy = join(temporaryDirectory(), 'journal.db');
  for (const part of PARTS) copyFileSync(file + part, copy + part);
  await journal.close();
  return copy;
}

function bytesOf(file: string): (Buffer | undefined)[] {
  return PARTS.map((part) => (existsSync(file + part) ? readFileSync(file + part) : undefined));
}

/** Opening must be refused so, with nothing changed; asked twice, because a refusal must not "repair" either. */
async function expectRefused(file: string, code: ErrorCode, ...texts: string[]): Promise<VigilError> {
  const before = bytesOf(file);
  await refused(openSqliteJournal({ file, now }), code, file, ...texts);
  const error = await refused(openSqliteJournal({ file, now }), code, file, ...texts);
  expect(bytesOf(file)).to.deep.equal(before);
  return error;
}

/** Changes rows behind the journal's back, as a person with the sqlite3 shell would. */
function tamper(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

/** Everything a reader sees, or the code with which opening refuses. */
function contentsOf(file: string): string {
  try {
    if (isNewJournal(file)) return 'new';
    checkJournal(file);
    const reader = connectReader(file);
    const rows = reader.prepare('SELECT * FROM entries ORDER BY position').all();
    const indexed = reader.prepare('SELECT position FROM entries WHERE entity >= ? ORDER BY entity, sequence').all('');
    const known = reader.prepare('SELECT * FROM anchor, entities').all();
    reader.close();
    return JSON.stringify([rows, indexed, known]);
  } catch (error) {
    if (error instanceof VigilError) return error.code;
    throw error;
  }
}

describe('opening an SQLite journal', () => {
  afterEach(removeTemporary);

  it('finds a flipped byte in a payload and says where', async () => {
    const file = await writeJournal();
    const bytes = readFileSync(file);
    const at = bytes.indexOf('"vigil-31"') + 2;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
    const error = await expectRefused(file, 'JOURNAL_CORRUPT', 'position 32', 'symbol/1 #11', 'checksum');
    expect(error.details).to.include({ position: 32, entity: 'symbol/1', sequence: 11 });
  });

  it('finds a removed row, the last one too', async () => {
    const inside = await writeJournal();
    tamper(inside, 'DELETE FROM entries WHERE position = 7');
    await expectRefused(inside, 'JOURNAL_CORRUPT', 'lacks the entry at position 7', 'symbol/1 #3');
    const last = await writeJournal();
    rmSync(headFileOf(last));
    tamper(last, `DELETE FROM entries WHERE position = ${ENTRIES}`);
    await expectRefused(last, 'JOURNAL_CORRUPT', `ends at position ${ENTRIES - 1}`);
  });

  it('finds two rows that changed places, and a changed time', async () => {
    const swapped = await writeJournal();
    tamper(swapped, 'UPDATE entries SET position = -1 WHERE position = 4; UPDATE entries SET position = 4 WHERE position = 5; UPDATE entries SET position = 5 WHERE position = -1');
    await expectRefused(swapped, 'JOURNAL_CORRUPT', 'position 4 (symbol/1 #2)');
    const changed = await writeJournal();
    tamper(changed, 'UPDATE entries SET at = at + 1 WHERE position = 9');
    await expectRefused(changed, 'JOURNAL_CORRUPT', 'position 9');
  });

  it('finds a torn file', async () => {
    const file = await writeJournal();
    truncateSync(file, readFileSync(file).length - 4096);
    await expectRefused(file, 'JOURNAL_CORRUPT', 'damaged');
    truncateSync(file, 700);
    await expectRefused(file, 'JOURNAL_CORRUPT');
  });

  it('refuses the database of another program, a later schema, and a text file', async () => {
    const directory = temporaryDirectory();
    const foreign = join(directory, 'foreign.db');
    tamper(foreign, 'CREATE TABLE cookies (name TEXT)');
    await expectRefused(foreign, 'JOURNAL_FOREIGN', 'another program', '--data-dir');
    const later = await writeJournal();
    tamper(later, 'PRAGMA user_version = 3');
    await expectRefused(later, 'JOURNAL_FOREIGN', 'schema 3', 'run the version that wrote it');
    const text = join(directory, 'text.db');
    writeFileSync(text, 'To whom it may concern.\n'.repeat(50));
    await expectRefused(text, 'JOURNAL_CORRUPT', 'not an SQLite database');
  });

  it('honours the WAL that kill -9 left', async () => {
    const file = await writeJournal({ live: true });
    const journal = await openSqliteJournal({ file, now });
    expect((await journal.stats()).entries).to.equal(ENTRIES);
    await journal.close();
  });

  it('finds a journal whole that grows while it is read: vigil check beside the service that writes it', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    await journal.append(Array.from({ length: 20_000 }, (_, index) => entry('symbol/币安人生USDT', index + 1)));
    await journal.close();
    const writer = spawn(process.execPath, [fileURLToPath(new URL('../endless-writer.ts', import.meta.url)), file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const position = (): number => readHead(file)?.position ?? 0;
    try {
      while (position() <= 20_000) await new Promise((resolve) => setTimeout(resolve, 10));
      const before = position();
      for (let time = 0; time < 3; time++) checkJournal(file);
      expect(position(), 'it grew').to.be.greaterThan(before);
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
  });

  it('leaves a corrupt journal and the WAL beside it untouched', async () => {
    const file = await writeJournal({ live: true });
    expect(readFileSync(`${file}-wal`).length).to.be.greaterThan(0);
    // An early row: its page is settled and not in the WAL. Every copy, for pages that were split keep old bytes in their free space.
    const bytes = readFileSync(file);
    let copies = 0;
    for (let at = bytes.indexOf('"vigil-3"'); at !== -1; at = bytes.indexOf('"vigil-3"', at)) {
      bytes.write('"vigil-X"', at);
      copies += 1;
    }
    expect(copies).to.be.greaterThan(0);
    writeFileSync(file, bytes);
    await expectRefused(file, 'JOURNAL_CORRUPT', 'position 4');
  });

  it('finds that acknowledged entries were lost with the WAL, which SQLite itself does not', async () => {
    const file = await writeJournal({ live: true });
    rmSync(`${file}-wal`);
    await expectRefused(file, 'JOURNAL_CORRUPT', 'lost acknowledged entries', `ends at position ${ENTRIES / 2}`, `remembers ${ENTRIES}`);
    rmSync(headFileOf(file));
    expect(contentsOf(file)).to.match(/^\[/);
  });

  it('does not start anew over the remains of a journal', async () => {
    const gone = await writeJournal();
    rmSync(gone);
    await expectRefused(gone, 'JOURNAL_CORRUPT', `held ${ENTRIES} entries`, headFileOf(gone));
    const emptied = await writeJournal({ live: true });
    truncateSync(emptied, 0);
    await expectRefused(emptied, 'JOURNAL_CORRUPT', `${emptied}-wal`);
  });

  for (const [part, live] of [['', false], ['-wal', true], ['-head', true]] as const) {
    it(`either refuses or reads the same after any one flipped bit in journal.db${part} (seed ${SEED})`, async () => {
      const file = await writeJournal({ live });
      const sound = bytesOf(file);
      const truth = contentsOf(file);
      const random = new SeededRandom(SEED);
      const outcomes = new Map<string, number>();
      for (let round = 0; round < 150; round++) {
        PARTS.forEach((name, index) => sound[index] !== undefined && writeFileSync(file + name, sound[index]));
        rmSync(`${file}-shm`, { force: true });
        const bytes = Buffer.from(sound[PARTS.indexOf(part)]!);
        const at = Math.floor(random.next() * bytes.length);
        const flipped = bytes.readUInt8(at) ^ (1 << Math.floor(random.next() * 8));
        bytes.writeUInt8(flipped, at);
        writeFileSync(file + part, bytes);
        const found = contentsOf(file);
        if (found !== truth) expect(found, `bit flipped at ${at}`).to.be.oneOf(['JOURNAL_CORRUPT', 'JOURNAL_FOREIGN']);
        outcomes.set(found === truth ? 'same' : found, (outcomes.get(found === truth ? 'same' : found) ?? 0) + 1);
      }
      // A head file that is torn knows nothing, and so never refuses a sound journal.
      if (part === '-head') expect([...outcomes.keys()]).to.deep.equal(['same']);
      else expect(outcomes.get('JOURNAL_CORRUPT')).to.be.greaterThan(20);
    });
  }
});
