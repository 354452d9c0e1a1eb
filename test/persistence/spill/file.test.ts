/** The spill's file: what was added is there after any crash, and what was not acknowledged never passes for it. */
import { expect } from 'chai';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeEntry } from '../../../src/persistence/journal-entry.ts';
import { openSpillDisk, spillsAside } from '../../../src/persistence/spill/disk.ts';
import { SpillFile } from '../../../src/persistence/spill/file.ts';
import type { SpillDisk } from '../../../src/persistence/spill/file.ts';
import type { JournalName } from '../../../src/persistence/spill/lines.ts';
import { MemoryDisk } from './memory-disk.ts';
import { entry } from '../journal-contract.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const batch = (...sequences: number[]) => sequences.map((sequence) => encodeEntry(entry('symbol/币安人生USDT', sequence)));
/** Whose it is here. */
const OURS = { 'journal.engine': 'redis', 'journal.redis.instance': 'mainnet', 'journal.redis.prefix': 'quantum:' };
const open = (disk: SpillDisk, journal: JournalName = OURS) => SpillFile.open(disk, journal);
const sequencesOf = (file: SpillFile) => file.batches.map((one) => one.map((each) => each.sequence));

describe('the spill\'s file', () => {
  it('gives back what was added, batch by batch and in order, after any number of openings', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await Promise.all([file.add(batch(1, 2)), file.add(batch(3))]);
    await file.add(batch(4));
    const again = await open(disk.crashed(0));
    expect(sequencesOf(again)).to.deep.equal([[1, 2], [3], [4]]);
    expect(again.batches[0]).to.deep.equal(batch(1, 2));
  });

  it('cuts a torn last line at every byte, and goes on after it', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    const whole = disk.bytes.length;
    await file.add(batch(2));
    for (let size = whole; size < disk.bytes.length; size++) {
      const torn = new MemoryDisk();
      torn.bytes = disk.bytes.subarray(0, size);
      const again = await open(torn);
      expect(sequencesOf(again), `cut at ${size}`).to.deep.equal([[1]]);
      await again.add(batch(2));
      expect(sequencesOf(await open(torn.crashed(0)))).to.deep.equal([[1], [2]]);
    }
  });

  it('cuts a last line of which the disk kept the length and lost the content', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    const whole = disk.bytes.length;
    await file.add(batch(2));
    disk.bytes.fill(0, whole, disk.bytes.length - 1);
    expect(sequencesOf(await open(disk))).to.deep.equal([[1]]);
  });

  it('refuses what is damaged in the middle, at every byte, and leaves it as it was', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    const first = disk.bytes.length;
    await file.add(batch(2));
    const named = disk.bytes.indexOf('\n') + 1;
    for (let at = 0; at < first - 1; at++) {
      const damaged = new MemoryDisk();
      damaged.bytes = Buffer.from(disk.bytes);
      damaged.bytes[at]! ^= 1;
      const before = Buffer.from(damaged.bytes);
      await refused(open(damaged), 'JOURNAL_CORRUPT', '/data/spill', at < named ? 'byte 0' : `byte ${named}`, 'Move it away');
      expect(damaged.bytes.equals(before)).to.equal(true);
    }
  });

  it('refuses a line that was taken out, and two that changed places', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    for (const sequence of [1, 2, 3]) await file.add(batch(sequence));
    const lines = disk.bytes.toString().split('\n').slice(0, -1);
    for (const order of [[0, 2], [1, 0, 2]]) {
      const changed = new MemoryDisk();
      changed.bytes = Buffer.from([...order, 0].map((index) => `${lines[index]}\n`).join(''));
      await refused(open(changed), 'JOURNAL_CORRUPT');
    }
  });

  it('holds nothing when its very first write was torn, at every byte, and can begin anew', async () => {
    const disk = new MemoryDisk();
    await (await open(disk)).add(batch(1));
    for (let size = 0; size < disk.bytes.length; size++) {
      const torn = new MemoryDisk();
      torn.bytes = disk.bytes.subarray(0, size);
      const again = await open(torn);
      expect([again.batches, torn.bytes.length], `cut at ${size}`).to.deep.equal([[], 0]);
      await again.add(batch(1));
      expect(torn.bytes.equals(disk.bytes)).to.equal(true);
    }
  });

  describe('belongs to one journal', () => {
    const others: readonly (readonly [string, JournalName, readonly string[]])[] = [
      ['another instance', { ...OURS, 'journal.redis.instance': 'testnet' }, ['journal.redis.instance "mainnet"', 'here journal.redis.instance is "testnet"']],
      ['another prefix', { ...OURS, 'journal.redis.prefix': 'other:' }, ['journal.redis.prefix "quantum:"', 'here journal.redis.prefix is "other:"']],
      ['another engine', { 'journal.engine': 'sqlite' }, ['journal.engine "redis"', 'here journal.engine is "sqlite"']],
    ];
    for (const [what, journal, words] of others) {
      it(`refuses to be that of ${what}, with field, value and remedy, and is left as it is`, async () => {
        const disk = new MemoryDisk();
        await (await open(disk)).add(batch(1, 2));
        const before = Buffer.from(disk.bytes);
        const { details } = await refused(open(disk, journal), 'JOURNAL_FOREIGN', '/data/spill holds 2 records', ...words, 'Start once with journal.engine=redis journal.redis.instance=mainnet journal.redis.prefix=quantum:', 'or move the file away');
        expect(details).to.include({ file: '/data/spill', field: words[0]!.split(' ')[0] });
        expect(disk.bytes.equals(before)).to.equal(true);
        expect(sequencesOf(await open(disk))).to.deep.equal([[1, 2]]);
      });
    }

    it('may be taken by another once it is empty, and says so from then on', async () => {
      const disk = new MemoryDisk();
      const file = await open(disk);
      await file.add(batch(1));
      await file.clear();
      const other = await open(disk, { ...OURS, 'journal.redis.instance': 'testnet' });
      await other.add(batch(2));
      await refused(open(disk), 'JOURNAL_FOREIGN', 'journal.redis.instance "testnet"');
    });

    it('refuses one of an earlier Vigil, that did not say whose it was', async () => {
      const disk = new MemoryDisk();
      const body = JSON.stringify([batch(1)]);
      disk.bytes = Buffer.from(`${hash('sha256', `vigil spill 1\n${body}`, 'hex').slice(0, 32)} ${body}\n`);
      const before = Buffer.from(disk.bytes);
      await refused(open(disk), 'JOURNAL_FOREIGN', 'does not say which journal', 'an earlier Vigil', 'move the file away');
      expect(disk.bytes.equals(before)).to.equal(true);
    });
  });

  it('says of a full disk what was not kept, lets nothing pass it, and has no trace of it when there is room again', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    disk.full = true;
    const [second, third] = [file.add(batch(2)), file.add(batch(3))];
    await refused(second, 'JOURNAL_UNAVAILABLE', '/data/spill', 'ENOSPC');
    await refused(third, 'JOURNAL_UNAVAILABLE', 'ENOSPC');
    disk.full = false;
    await file.add(batch(2));
    expect(sequencesOf(file)).to.deep.equal([[1], [2]]);
    expect(sequencesOf(await open(disk))).to.deep.equal([[1], [2]]);
  });

  it('answers whoever comes while a write fails with the same, and goes on with the next', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    const failing = Promise.withResolvers<void>();
    disk.append = () => failing.promise;
    const first = file.add(batch(2));
    await new Promise((resolve) => setImmediate(resolve));
    const second = file.add(batch(3));
    // The next write would succeed, and leave a gap.
    Reflect.deleteProperty(disk, 'append');
    failing.reject(new Error('EIO: i/o error'));
    await refused(first, 'JOURNAL_UNAVAILABLE', 'EIO');
    await refused(second, 'JOURNAL_UNAVAILABLE', 'EIO');
    expect(sequencesOf(file)).to.deep.equal([[1]]);
    await file.add(batch(2));
    expect(sequencesOf(await open(disk))).to.deep.equal([[1], [2]]);
  });

  it('takes what is added while it is cleared or put aside after that', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    await Promise.all([file.clear(), file.add(batch(2))]);
    expect([sequencesOf(file), sequencesOf(await open(disk))]).to.deep.equal([[[2]], [[2]]]);
    await Promise.all([file.putAside(), file.add(batch(3))]);
    expect([sequencesOf(file), sequencesOf(await open(disk))]).to.deep.equal([[[3]], [[3]]]);
  });

  it('is empty after a clear, and begins anew when what it held was put aside', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    await file.add(batch(1));
    await file.clear();
    expect(disk.bytes.length).to.equal(0);
    await file.add(batch(2));
    expect(await file.putAside()).to.equal('/data/spill.aside-1');
    await file.add(batch(3));
    expect(sequencesOf(await open(disk))).to.deep.equal([[3]]);
    expect(disk.asides).to.have.length(1);
  });

  describe('on a real disk', () => {
    afterEach(removeTemporary);

    it('is private, keeps what was added, and lists what was put aside until it is moved away', async () => {
      const directory = temporaryDirectory();
      const path = join(directory, 'spill');
      const file = await open(await openSpillDisk(path, () => 0));
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      await file.add(batch(1));
      const kept = readFileSync(path);
      expect(await file.putAside()).to.equal(`${path}.aside-1970-01-01T000000.000Z`);
      await file.add(batch(2));
      await file.close();
      expect(await spillsAside(path)).to.deep.equal([`${path}.aside-1970-01-01T000000.000Z`]);
      expect(readFileSync(`${path}.aside-1970-01-01T000000.000Z`).equals(kept)).to.equal(true);
      expect(readdirSync(directory).toSorted()).to.deep.equal(['spill', 'spill.aside-1970-01-01T000000.000Z']);
      // A torn tail is cut on the disk, too.
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('half a li')]));
      const again = await open(await openSpillDisk(path, () => 0));
      expect(sequencesOf(again)).to.deep.equal([[2]]);
      await again.add(batch(3));
      await again.close();
      const last = await open(await openSpillDisk(path, () => 0));
      expect(sequencesOf(last)).to.deep.equal([[2], [3]]);
      await last.clear();
      expect(statSync(path).size).to.equal(0);
      await last.close();
    });
  });
});
