/** What an owner starts again from while the store is away: an entity's entries without a gap from its newest Snapshot on, or nothing at all. */
import { expect } from 'chai';
import { encodeEntry } from '../../../src/persistence/journal-entry.ts';
import type { EncodedEntry } from '../../../src/persistence/journal-entry.ts';
import { SNAPSHOT } from '../../../src/persistence/port.ts';
import type { StoredEntry } from '../../../src/persistence/port.ts';
import { EntityMirror } from '../../../src/persistence/spill/entity-mirror.ts';
import { entry } from '../journal-contract.ts';

const GPS = 'symbol/GPSUSDT';
const added = (from: number, to = from, part: Partial<EncodedEntry> = {}): EncodedEntry[] => Array.from({ length: to - from + 1 }, (_none, index) => ({ ...encodeEntry(entry(GPS, from + index)), ...part }));
const rows = (from: number, to: number): StoredEntry[] => Array.from({ length: to - from + 1 }, (_none, index) => ({ ...entry(GPS, from + index), position: 100 + index, writerEpoch: 3 }));
const known = (mirror: EntityMirror) => mirror.get(GPS)?.map(({ sequence }) => sequence);
const mirrored = (...steps: readonly ((mirror: EntityMirror) => void)[]) => {
  const mirror = new EntityMirror(7);
  for (const step of steps) step(mirror);
  return known(mirror);
};
const read = (from: number, to: number) => (mirror: EntityMirror) => mirror.read(GPS, rows(from, to));
const append = (from: number, to = from, part: Partial<EncodedEntry> = {}) => (mirror: EntityMirror) => mirror.added(added(from, to, part));

describe('the mirror of an entity', () => {
  it('knows what was read, and what was appended since, as the journal would give it back', () => {
    const mirror = new EntityMirror(7);
    mirror.read(GPS, rows(4, 5));
    mirror.added(added(6));
    expect(mirror.get(GPS)).to.deep.equal([...rows(4, 5), { ...entry(GPS, 6), position: 0, writerEpoch: 7 }]);
    expect(mirror.get('symbol/HYPEUSDT')).to.equal(undefined);
  });

  it('knows an entity from its first entry on, and nothing of one whose beginning it has not seen', () => {
    expect(mirrored(append(1, 3))).to.deep.equal([1, 2, 3]);
    expect(mirrored(append(2, 3))).to.equal(undefined);
    expect(mirrored(read(1, 0)), 'that it has none').to.deep.equal([]);
    expect(mirrored(read(1, 0), append(1))).to.deep.equal([1]);
  });

  it('takes what is appended again once, and forgets an entity with a gap', () => {
    expect(mirrored(append(1, 3), append(2, 3), append(4))).to.deep.equal([1, 2, 3, 4]);
    expect(mirrored(append(1, 3), append(1), append(4))).to.deep.equal([1, 2, 3, 4]);
    expect(mirrored(append(1, 3), append(5))).to.equal(undefined);
    expect(mirrored(append(1, 3), (mirror) => mirror.forget(GPS), append(4))).to.equal(undefined);
  });

  it('lets a newer reading stand for what was known, and an older one not', () => {
    expect(mirrored(append(1, 3), read(2, 4))).to.deep.equal([2, 3, 4]);
    expect(mirrored(append(1, 3), read(2, 3))).to.deep.equal([2, 3]);
    expect(mirrored(append(1, 3), read(1, 2)), 'asked before the last was appended').to.deep.equal([1, 2, 3]);
    expect(mirrored(append(1, 3), read(1, 0))).to.deep.equal([1, 2, 3]);
    expect(mirrored(append(4), read(1, 3)), 'also of one that was not known when it was appended').to.equal(undefined);
    expect(mirrored(append(4), read(1, 3), read(1, 4), append(5))).to.deep.equal([1, 2, 3, 4, 5]);
    expect(mirrored(append(1, 3), (mirror) => mirror.forget(GPS), append(4), read(1, 3)), 'or was forgotten').to.equal(undefined);
  });

  it('begins at the newest Snapshot', () => {
    expect(mirrored(append(1, 3), append(4, 4, { type: SNAPSHOT }), append(5))).to.deep.equal([4, 5]);
  });

  it('does not keep what is long, nor what is a log', () => {
    expect(mirrored(read(1, 5_000))).to.have.length(5_000);
    expect(mirrored(read(1, 5_001))).to.equal(undefined);
    expect(mirrored(read(1, 4_999), append(5_000))).to.have.length(5_000);
    expect(mirrored(read(1, 5_000), append(5_001))).to.equal(undefined);
    const mirror = new EntityMirror(7);
    mirror.added(added(1).map((one) => ({ ...one, entity: 'decisions' })));
    mirror.read('decisions', rows(1, 2));
    expect(mirror.get('decisions')).to.equal(undefined);
  });
});
