/** Giving back what was kept: in order, all that the store will take, and nothing of an entity behind what it refused. */
import { expect } from 'chai';
import { encodeEntry } from '../../../src/persistence/journal-entry.ts';
import { SpillFile } from '../../../src/persistence/spill/file.ts';
import type { SpillKeeper } from '../../../src/persistence/spill/keeper.ts';
import { SpillReplay } from '../../../src/persistence/spill/replay.ts';
import { MemoryJournal } from '../../kit/memory-journal.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { entry } from '../journal-contract.ts';
import { MemoryDisk } from './memory-disk.ts';
import { refused } from '../refusal.ts';

const IDLE = { busy: false } as SpillKeeper;
type Named = readonly [entity: string, sequence: number];

async function bench(...batches: readonly (readonly Named[])[]) {
  const store = new MemoryJournal();
  const spill = await SpillFile.open(new MemoryDisk(), { 'journal.engine': 'sqlite' });
  await Promise.all(batches.map((batch) => spill.add(batch.map(([entity, sequence]) => encodeEntry(entry(entity, sequence))))));
  let conflicts: readonly string[] | undefined;
  const give = () => new SpillReplay(store, new VirtualClock()).giveAll(spill, IDLE, (told) => (conflicts = told));
  return { store, give, conflicts: () => conflicts, taken: () => store.entries.map(({ entity, sequence }) => `${entity}${sequence}`) };
}

describe('a spill that is given back', () => {
  it('goes in order, in one append, and what the store has already is there once', async () => {
    const { store, give, taken, conflicts } = await bench([['a', 1]], [['b', 1], ['a', 2]], [['a', 3]]);
    await store.append([entry('a', 1)]);
    await give();
    expect([taken(), conflicts(), store.batches.length]).to.deep.equal([['a1', 'b1', 'a2', 'a3'], [], 2]);
  });

  it('leaves out what the store refuses, and all behind it of every entity in that batch; the rest is taken', async () => {
    const { store, give, taken, conflicts } = await bench([['a', 1]], [['a', 2], ['b', 1]], [['b', 2]], [['c', 1]], [['c', 2]]);
    await store.append([entry('a', 1, 'another writer\'s')]);
    await give();
    expect(taken()).to.deep.equal(['a1', 'c1', 'c2']);
    expect(conflicts()).to.deep.equal(['a 1 is taken', 'a, b: what came before was refused', 'b: what came before was refused']);
  });

  it('remembers what was refused over as many records as there are', async () => {
    const others = Array.from({ length: 80 }, (_none, index): Named[] => [['c', index + 1]]);
    const { store, give, taken, conflicts } = await bench([['a', 1]], ...others, [['a', 2]], [['b', 1]]);
    await store.append([entry('a', 1, 'another writer\'s')]);
    await give();
    expect([taken().length, taken().at(-1), conflicts()?.length]).to.deep.equal([82, 'b1', 2]);
  });

  it('is not over when the store goes away again: nothing counts as refused', async () => {
    const { store, give, taken, conflicts } = await bench([['a', 1]]);
    store.mood = 'failing';
    await refused(give(), 'JOURNAL_UNAVAILABLE', 'the disk is full');
    expect([taken(), conflicts()]).to.deep.equal([[], undefined]);
    store.mood = 'ok';
    await give();
    expect([taken(), conflicts()]).to.deep.equal([['a1'], []]);
  });
});
