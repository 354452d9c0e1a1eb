/** A disk that is slow, full at the wrong moment, read-only, or gone: each is refused with the path and what to look at, nothing is half written, and it goes on by itself (failures 44, 99). */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Context } from 'mocha';
import type { NewEntry } from '../../../src/persistence/port.ts';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { openSqliteReader } from '../../../src/persistence/sqlite/journal-reader.ts';
import { verifyJournal } from '../../../src/persistence/verify.ts';
import { entry } from '../journal-contract.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const now = (): number => 0;
const LOG = (sequence: number): NewEntry => ({ ...entry('decisions', sequence, { text: 'x'.repeat(2_000) }), at: 1 });

async function expectWhole(file: string, entries: number): Promise<void> {
  const reader = openSqliteReader(file);
  expect(await verifyJournal(reader, () => undefined)).to.deep.include({ entries, faults: [] });
  await reader.close();
}

describe('the SQLite journal on a bad disk', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const directory of mounted.splice(0)) spawnSync('umount', ['-l', directory]);
    removeTemporary();
  });

  /** A file system of its own. Skips where this user may mount none. */
  function fileSystem(test: Context, size: string): string {
    const directory = temporaryDirectory();
    const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'vigil-test', directory], { encoding: 'utf8' });
    if (made.status !== 0) {
      console.log(`      skipped: a tmpfs cannot be mounted (${made.stderr.trim()})`);
      test.skip();
    }
    mounted.push(directory);
    return directory;
  }
  const remount = (directory: string, how: string) => expect(spawnSync('mount', ['-o', `remount,${how}`, directory]).status).to.equal(0);
  const fill = (directory: string) => expect(() => writeFileSync(join(directory, 'ballast'), Buffer.alloc(64_000_000))).to.throw('ENOSPC');

  it('that holds a write up longer than patience lasts: refused by its path, the loop free all the while, and the next one goes', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    await journal.append([entry('a', 1)]);
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    let settled = false;
    let longest = 0;
    const call = refused(journal.append([entry('a', 2)]), 'JOURNAL_UNAVAILABLE', file, 'locked', 'nothing of the batch is in it', 'Check disk space').finally(() => (settled = true));
    for (let last = performance.now(); !settled; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    await call;
    expect(longest, 'ms that the loop stood still').to.be.below(1_000);
    holder.exec('ROLLBACK');
    holder.close();
    await journal.append([entry('a', 2)]);
    expect(await journal.read('a')).to.have.length(2);
    await journal.close();
  });

  it('that is read-only or full at the start: refused by its path, and what was begun is no journal that the next start would call damaged', async function () {
    const directory = fileSystem(this, '1m');
    const file = join(directory, 'journal.db');
    remount(directory, 'ro');
    await refused(openSqliteJournal({ file, now }), 'JOURNAL_UNAVAILABLE', file);
    remount(directory, 'rw');
    fill(directory);
    await refused(openSqliteJournal({ file, now }), 'JOURNAL_UNAVAILABLE', file);
    rmSync(join(directory, 'ballast'));
    const journal = await openSqliteJournal({ file, now });
    await journal.append([entry('a', 1)]);
    await journal.close();
    await expectWhole(file, 1);
    expect(readdirSync(directory).toSorted()).to.deep.equal(['journal.db', 'journal.db-head']);
  });

  it('that is full when retention comes: refused by its path, the journal is whole, and the next release goes on', async function () {
    const directory = fileSystem(this, '3m');
    const file = join(directory, 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    for (let sequence = 1; sequence <= 300; sequence += 10) await journal.append(Array.from({ length: 10 }, (_none, index) => LOG(sequence + index)));
    fill(directory);
    await refused(journal.release(2), 'JOURNAL_UNAVAILABLE', file, 'cannot be relieved of old entries', 'full', 'check disk space');
    rmSync(join(directory, 'ballast'));
    await journal.append([LOG(301)]);
    const { through } = await journal.release(2);
    expect(through).to.equal(301);
    await journal.close();
    await expectWhole(file, 0);
  });

  it('with a directory in the file\'s place, or none: refused by the path', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'journal.db');
    mkdirSync(file);
    await refused(openSqliteJournal({ file, now }), 'JOURNAL_UNAVAILABLE', file);
    expect(existsSync(file)).to.equal(true);
  });
});
