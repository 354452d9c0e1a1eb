/** A full disk refuses what does not fit, leaves nothing half written, and is forgotten when there is space (failure 99). */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../../../src/persistence/port.ts';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { entry } from '../journal-contract.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const now = (): number => 0;
const BIG = 'x'.repeat(200_000);

async function sequences(journal: Journal, entity: string): Promise<number[]> {
  return (await journal.read(entity)).map((stored) => stored.sequence);
}

describe('the SQLite journal on a full disk', () => {
  afterEach(removeTemporary);

  it('refuses the batch that does not fit and takes the small one beside it', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now, maxPages: 40 });
    await journal.append([entry('a', 1)]);
    const outcomes = await Promise.allSettled([
      journal.append([entry('a', 2)]),
      refused(journal.append([entry('b', 1), entry('b', 2, BIG)]), 'JOURNAL_UNAVAILABLE', file, 'full', 'Check disk space'),
      journal.append([entry('a', 3)]),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
    expect([await sequences(journal, 'a'), await sequences(journal, 'b')]).to.deep.equal([[1, 2, 3], []]);
    await journal.close();
    const roomy = await openSqliteJournal({ file, now });
    await roomy.append([entry('b', 1), entry('b', 2, BIG)]);
    expect([await sequences(roomy, 'a'), await sequences(roomy, 'b')]).to.deep.equal([[1, 2, 3], [1, 2]]);
    await roomy.close();
  });

  it('goes on by itself when a really full file system has space again', async function () {
    const directory = temporaryDirectory();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'vigil-test', directory], { encoding: 'utf8' });
    if (mounted.status !== 0) {
      // A right this user lacks, not a program that is missing: the limit of pages above has proved the same of our own code.
      console.log(`      skipped: a tmpfs cannot be mounted (${mounted.stderr.trim()})`);
      this.skip();
    }
    try {
      const file = join(directory, 'journal.db');
      const ballast = join(directory, 'ballast');
      const journal = await openSqliteJournal({ file, now });
      await journal.append([entry('a', 1)]);
      expect(() => writeFileSync(ballast, Buffer.alloc(2_000_000))).to.throw('ENOSPC');
      await refused(journal.append([entry('a', 2, BIG)]), 'JOURNAL_UNAVAILABLE', file, 'nothing of the batch is in it');
      expect(await sequences(journal, 'a')).to.deep.equal([1]);
      rmSync(ballast);
      await journal.append([entry('a', 2, BIG)]);
      expect(await sequences(journal, 'a')).to.deep.equal([1, 2]);
      await journal.close();
      const again = await openSqliteJournal({ file, now });
      expect(await sequences(again, 'a')).to.deep.equal([1, 2]);
      await again.close();
    } finally {
      spawnSync('umount', ['-l', directory]);
    }
  });
});
