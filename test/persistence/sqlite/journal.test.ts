/** The SQLite engine keeps the contract, and beyond it what only a file and a thread can break. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { openSqliteJournal, type SqliteJournal, type SqliteJournalOptions } from '../../../src/persistence/sqlite/journal.ts';
import type { VigilError } from '../../../src/protocol/errors.ts';
import { entry, journalContract } from '../journal-contract.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const now = (): number => 1_770_000_000_000;

journalContract('SQLite', (file) => openSqliteJournal({ file, now }));

/** Opens a journal and gets hold of its thread, to hurt it from outside. */
async function openWithThread(options: Omit<SqliteJournalOptions, 'now'>): Promise<{ journal: SqliteJournal; thread: Worker }> {
  const started = Promise.withResolvers<Worker>();
  process.once('worker', started.resolve);
  const journal = await openSqliteJournal({ ...options, now });
  return { journal, thread: await started.promise };
}

describe('the SQLite journal', () => {
  afterEach(removeTemporary);

  it('makes a private file of its own kind, complete from the first moment', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    writeFileSync(file, '');
    const journal = await openSqliteJournal({ file, now });
    await journal.append([entry('a', 1)]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).to.equal(0o600);
    await journal.close();
    expect([existsSync(`${file}.new`), existsSync(`${file}-wal`)]).to.deep.equal([false, false]);
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare('PRAGMA journal_mode').get()).to.deep.equal({ journal_mode: 'wal' });
    expect(db.prepare('SELECT opened_at FROM openings').all()).to.deep.equal([{ opened_at: now() }]);
    db.close();
  });

  it('says which directory is missing', async () => {
    const directory = join(temporaryDirectory(), 'missing');
    await refused(openSqliteJournal({ file: join(directory, 'journal.db'), now }), 'JOURNAL_UNAVAILABLE', directory, 'does not exist');
  });

  it('refuses every waiting and every later call when its thread is killed, and tells the owner once', async () => {
    const deaths: VigilError[] = [];
    const file = join(temporaryDirectory(), 'journal.db');
    const { journal, thread } = await openWithThread({ file, onDeath: (error) => deaths.push(error) });
    await journal.append([entry('a', 1)]);
    // Holds the file, so that the calls are certainly still waiting when the thread dies.
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    const waiting = [journal.append([entry('a', 2)]), journal.read('a'), journal.stats(), journal.entities('')];
    const refusals = waiting.map((call) => refused(call, 'JOURNAL_UNAVAILABLE', file, 'has ended'));
    await Promise.all([thread.terminate(), ...refusals]);
    await refused(journal.append([entry('a', 2)]), 'JOURNAL_UNAVAILABLE', file);
    await journal.close();
    expect(deaths.map((error) => error.code)).to.deep.equal(['JOURNAL_UNAVAILABLE']);
    holder.close();
    const again = await openSqliteJournal({ file, now });
    expect(await again.read('a')).to.have.length(1);
    await again.close();
  });

  it('does not die silently of a defect in its thread', async () => {
    const deaths: VigilError[] = [];
    const { journal, thread } = await openWithThread({ file: join(temporaryDirectory(), 'journal.db'), onDeath: (error) => deaths.push(error) });
    thread.postMessage(null);
    await refused(journal.append([entry('a', 1)]), 'JOURNAL_UNAVAILABLE', 'null');
    expect(deaths).to.have.length(1);
  });

  it('waits for another program that holds the file for a moment, with the main loop free', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    const backup = new DatabaseSync(file);
    backup.exec('BEGIN IMMEDIATE');
    let done = false;
    const appended = journal.append([entry('a', 1)]).then(() => (done = true));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(done).to.equal(false);
    backup.exec('ROLLBACK');
    await appended;
    backup.close();
    await journal.close();
  });

  it('commits appends between the slices of a long read', async () => {
    const journal = await openSqliteJournal({ file: join(temporaryDirectory(), 'journal.db'), now });
    await journal.append(Array.from({ length: 20_000 }, (_, index) => entry('long', index + 1)));
    const order: string[] = [];
    const read = journal.read('long').then((rows) => order.push(`read ${rows.length}`));
    const appended = journal.append([entry('exit', 1)]).then(() => order.push('append'));
    await Promise.all([read, appended]);
    expect(order).to.deep.equal(['append', 'read 20000']);
    await journal.close();
  });

  it('lets the process end by itself, but not before what was appended is acknowledged', () => {
    const script = `
      import { openSqliteJournal } from ${JSON.stringify(new URL('../../../src/persistence/sqlite/journal.ts', import.meta.url).href)};
      const journal = await openSqliteJournal({ file: process.argv[1], now: () => 0 });
      journal.append([{ entity: 'a', sequence: 1, type: 'T', version: 1, at: 0, payload: null }]).then(() => console.log('acknowledged'));
    `;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script, join(temporaryDirectory(), 'journal.db')], { encoding: 'utf8' });
    expect([run.status, run.stdout.trim(), run.stderr]).to.deep.equal([0, 'acknowledged', '']);
  });
});
