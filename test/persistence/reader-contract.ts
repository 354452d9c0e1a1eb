/** What a reader of any journal engine promises to `journal verify`, `export` and `stats`: everything, in order, at rest and beside the writer, and nothing is changed. */
import { expect } from 'chai';
import { join } from 'node:path';
import { chainChecksum, GENESIS } from '../../src/persistence/journal-entry.ts';
import { SNAPSHOT } from '../../src/persistence/port.ts';
import type { ChainedRow, Journal, JournalReader, NewEntry } from '../../src/persistence/port.ts';
import { verifyJournal } from '../../src/persistence/verify.ts';
import { entry } from './journal-contract.ts';
import { refused } from './refusal.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

export async function allOf(reader: JournalReader, from?: number): Promise<ChainedRow[]> {
  const rows: ChainedRow[] = [];
  for await (const row of reader.entries(from)) rows.push(row);
  return rows;
}

/** Runs the suite. `place` is a path in a fresh directory, as for the journal's own contract. */
export function readerContract(name: string, open: (place: string) => Promise<Journal>, openReader: (place: string) => Promise<JournalReader>): void {
  describe(`${name} reads a journal for tools`, () => {
    const opened: { close(): Promise<void> }[] = [];
    let place = '';
    let journal: Journal;
    const reader = async (): Promise<JournalReader> => {
      const one = await openReader(place);
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      place = join(temporaryDirectory(), 'journal.db');
      journal = await open(place);
      opened.push(journal);
    });
    afterEach(async () => {
      for (const one of opened.splice(0).toReversed()) await one.close();
      removeTemporary();
    });
    const old = (entity: string, sequence: number, type = 'OrderSending'): NewEntry => ({ ...entry(entity, sequence), type, at: 1_000 + sequence });

    it('one that was never made is refused by its place', async () => {
      await refused(openReader(join(temporaryDirectory(), 'journal.db')), 'JOURNAL_UNAVAILABLE', 'there is no journal');
    });

    it('of nothing but an opening is empty and whole', async () => {
      const one = await reader();
      expect(await allOf(one)).to.deep.equal([]);
      expect([await one.head(), await one.anchor(), await one.sequences()]).to.deep.equal([{ position: 0, checksum: GENESIS }, { position: 0, checksum: GENESIS }, new Map()]);
      expect(await one.stats()).to.include({ entries: 0, first: 1, last: 0, entities: 0 });
      expect(await verifyJournal(one, () => undefined)).to.deep.include({ entries: 0, first: 1, last: 0, endCompared: true, faults: [], faultCount: 0 });
    });

    it('beside its writer: every entry of every entity in order, with the checksum of each and of the end', async () => {
      for (let sequence = 1; sequence <= 450; sequence++) await journal.append([entry('symbol/币安人生USDT', sequence, { quantity: '23089', sequence }), entry('trading-state', sequence)]);
      const one = await reader();
      const rows = await allOf(one);
      expect(rows.map((row) => row.position)).to.deep.equal(Array.from({ length: 900 }, (_none, index) => index + 1));
      expect(rows[0]).to.deep.include({ entity: 'symbol/币安人生USDT', sequence: 1, type: 'OrderSending', version: 1, at: 1_770_000_000_000, writerEpoch: journal.writerEpoch, payload: '{"quantity":"23089","sequence":1}' });
      expect(rows.reduce((previous, row) => (chainChecksum(previous, row) === row.checksum ? row.checksum : 'broken'), GENESIS)).to.equal((await one.head()).checksum);
      expect((await allOf(one, 880)).map((row) => row.position)[0]).to.equal(880);
      expect(await one.sequences()).to.deep.equal(new Map([['symbol/币安人生USDT', 450], ['trading-state', 450]]));
      expect(await one.stats()).to.include({ entries: 900, first: 1, last: 900, entities: 2, writerEpoch: journal.writerEpoch });
    });

    it('sees what is appended after it was opened, and also while it reads', async () => {
      await journal.append([entry('a', 1)]);
      const one = await reader();
      expect(await allOf(one)).to.have.length(1);
      await journal.append([entry('a', 2), entry('a', 3)]);
      expect((await allOf(one)).map((row) => row.sequence)).to.deep.equal([1, 2, 3]);
      // A writer that does not pause: nothing is found wrong with a journal that only grows.
      let writing = true;
      let sequence = 3;
      const writer = (async () => {
        while (writing) await journal.append([entry('a', ++sequence)]);
      })();
      try {
        for (let i = 0; i < 5; i++) expect((await verifyJournal(one, () => undefined)).faults).to.deep.equal([]);
      } finally {
        writing = false;
        await writer;
      }
      expect(await verifyJournal(one, () => undefined)).to.deep.include({ entries: sequence, endCompared: true, faults: [] });
    });

    it('begins after what was let go of, and remembers it', async () => {
      for (let sequence = 1; sequence <= 5; sequence++) await journal.append([old('symbol/A', sequence)]);
      await journal.append([old('symbol/A', 6, SNAPSHOT), old('gone', 1, SNAPSHOT), old('gone', 2, SNAPSHOT)]);
      const before = await allOf(await reader());
      await journal.release(2_000);
      const one = await reader();
      expect((await allOf(one)).map((row) => [row.entity, row.sequence])).to.deep.equal([['symbol/A', 6], ['gone', 1], ['gone', 2]]);
      expect(await one.anchor()).to.deep.equal({ position: 5, checksum: before[4]!.checksum });
      expect(await one.stats()).to.include({ entries: 3, first: 6, last: 8, entities: 2 });
      expect(await one.sequences()).to.deep.equal(new Map([['gone', 2], ['symbol/A', 6]]));
      expect(await verifyJournal(one, () => undefined)).to.deep.include({ entries: 3, first: 6, last: 8, entities: 2, faults: [] });
    });

    it('finds nothing wrong while the old part is let go of under it', async () => {
      for (let sequence = 1; sequence <= 600; sequence++) await journal.append([old('decisions', sequence)]);
      const one = await reader();
      const rows = one.entries()[Symbol.asyncIterator]();
      await rows.next();
      await journal.release(1_500);
      const left: number[] = [];
      for (let next = await rows.next(); next.done !== true; next = await rows.next()) left.push(next.value.position);
      expect(left.at(-1)).to.equal(600);
      expect((await verifyJournal(one, () => undefined)).faults).to.deep.equal([]);
    });

    it('at rest, and of a writer that has been replaced', async () => {
      await journal.append([entry('a', 1)]);
      await journal.close();
      const later = await open(place);
      opened.push(later);
      await later.append([entry('a', 2)]);
      await later.close();
      const one = await reader();
      expect((await allOf(one)).map((row) => [row.sequence, row.writerEpoch])).to.deep.equal([[1, journal.writerEpoch], [2, later.writerEpoch]]);
      expect((await one.stats()).writerEpoch).to.equal(later.writerEpoch);
      expect(await verifyJournal(one, () => undefined)).to.deep.include({ entries: 2, faults: [], endCompared: true });
    });
  });
}
