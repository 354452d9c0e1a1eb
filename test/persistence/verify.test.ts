/** `journal verify` in memory: each finding with its place, what is no finding, and how it keeps up with a journal that grows and shrinks while it is read. */
import { expect } from 'chai';
import { chainChecksum, GENESIS } from '../../src/persistence/journal-entry.ts';
import type { EncodedEntry } from '../../src/persistence/journal-entry.ts';
import type { ChainedRow, ChainEnd, JournalReader } from '../../src/persistence/port.ts';
import { verifyJournal } from '../../src/persistence/verify.ts';
import type { Verification } from '../../src/persistence/verify.ts';
import { VigilError } from '../../src/protocol/errors.ts';

const wrote = (entity: string, sequence: number): EncodedEntry => ({ entity, sequence, type: 'OrderSending', version: 1, at: 1_000, payload: '{}' });
/** Three entries of `a` and two of `b`. */
const FIVE = [wrote('a', 1), wrote('b', 1), wrote('a', 2), wrote('b', 2), wrote('a', 3)];

function chained(entries: readonly EncodedEntry[], after: ChainEnd = { position: 0, checksum: GENESIS }, writerEpoch = 1): ChainedRow[] {
  let { position, checksum } = after;
  return entries.map((entry) => {
    const row = { ...entry, position: ++position, writerEpoch };
    checksum = chainChecksum(checksum, row);
    return { ...row, checksum };
  });
}

/** A journal of these rows that says of its end and its entities what they say. */
class Memory implements JournalReader {
  rows: readonly ChainedRow[];
  start: ChainEnd;
  end: ChainEnd;
  known: Map<string, number>;
  said: readonly string[] = [];
  /** What happens when everything has been read once more. */
  atEnd: () => void = () => undefined;

  constructor(rows: readonly ChainedRow[], start: ChainEnd = { position: 0, checksum: GENESIS }) {
    this.rows = rows;
    this.start = start;
    this.end = rows.at(-1) ?? start;
    this.known = new Map(rows.map(({ entity, sequence }) => [entity, sequence]));
  }

  async *entries(from = 0): AsyncGenerator<ChainedRow, void, void> {
    for (const row of this.rows) if (row.position >= from) yield await Promise.resolve(row);
    this.atEnd();
  }

  head = () => Promise.resolve({ position: this.end.position, checksum: this.end.checksum });
  anchor = () => Promise.resolve(this.start);
  sequences = () => Promise.resolve(this.known);
  faults = () => Promise.resolve(this.said);
  stats = () => Promise.reject(new Error('nobody asks'));
  close = () => Promise.resolve();
}

const verified = (journal: JournalReader) => verifyJournal(journal, () => undefined);
const found = ({ faults }: Verification) => faults.map(({ code, position, entity, sequence }) => [code, position, entity, sequence].filter((part) => part !== undefined).join(' '));
const foundIn = async (journal: JournalReader) => found(await verified(journal));

describe('a journal that is verified', () => {
  it('and whole has nothing against it, with or without a prefix that was let go of', async () => {
    const rows = chained(FIVE);
    expect(await verified(new Memory(rows))).to.deep.equal({ entries: 5, first: 1, last: 5, entities: 2, endCompared: true, faults: [], faultCount: 0 });
    expect(await verified(new Memory(rows.slice(2), rows[1]))).to.deep.equal({ entries: 3, first: 3, last: 5, entities: 2, endCompared: true, faults: [], faultCount: 0 });
    expect(await verified(new Memory([], rows[4]))).to.include({ entries: 0, first: 6, last: 5, entities: 0, faultCount: 0 });
  });

  it('lacks entries: says how many, after which, and goes on behind them', async () => {
    const rows = chained(FIVE);
    const { faults } = await verified(new Memory(rows.filter(({ position }) => position !== 2 && position !== 3)));
    expect(faults.map(({ code, message }) => [code, message])).to.deep.equal([
      ['ENTRIES_MISSING', 'after position 1 comes position 4 (b #2 OrderSending): 2 entries are missing'],
      ['ORDER_WRONG', 'position 4 (b #2 OrderSending) stands where #1 of that entity should'],
      ['ORDER_WRONG', 'position 5 (a #3 OrderSending) stands where #2 of that entity should'],
    ]);
  });

  it('was changed: one entry is one finding, and a writer that came back another', async () => {
    const rows = chained(FIVE);
    expect(await foundIn(new Memory(rows.map((row) => (row.position === 3 ? { ...row, payload: '{"n":1}' } : row))))).to.deep.equal(['CHECKSUM_WRONG 3 a 2']);
    const [first, ...rest] = FIVE;
    const later = chained([first!], undefined, 3);
    expect(await foundIn(new Memory([...later, ...chained(rest, later[0], 2)]))).to.deep.equal(['WRITER_STALE 2 b 1']);
    expect(await foundIn(new Memory([...chained([first!], undefined, 2), ...chained(rest, chained([first!], undefined, 2)[0], 3)])), 'the next writer').to.deep.equal([]);
  });

  it('is out of order in an entity: what it begins with counts as its beginning only behind a prefix that was let go of', async () => {
    expect(await foundIn(new Memory(chained([wrote('a', 2), wrote('a', 3)])))).to.deep.equal(['ORDER_WRONG 1 a 2']);
    expect(await foundIn(new Memory(chained([wrote('a', 7), wrote('a', 9), wrote('a', 9)], { position: 6, checksum: 'x' }), { position: 6, checksum: 'x' }))).to.deep.equal(['ORDER_WRONG 8 a 9', 'ORDER_WRONG 9 a 9']);
  });

  it('does not end where it says, or remembers its entities otherwise', async () => {
    const rows = chained(FIVE);
    const lost = new Memory(rows);
    lost.rows = rows.slice(0, 4);
    expect(await foundIn(lost)).to.deep.equal(['END_DIFFERS 4', 'ENTITY_DIFFERS a 2']);
    const moved = new Memory(rows);
    moved.end = { position: 5, checksum: 'other' };
    expect(await foundIn(moved)).to.deep.equal(['END_DIFFERS 5']);
    const short = new Memory(rows);
    short.end = rows[3]!;
    expect((await verified(short)).faults[0]?.message).to.equal('the last entry is at position 5, but the journal says that it ends at 4');
    const wrong = new Memory(rows);
    wrong.known = new Map([['a', 4], ['forgotten', 3]]);
    expect((await verified(wrong)).faults.map(({ message }) => message)).to.deep.equal(['a ends with #3, but the journal remembers #4', 'b ends with #2, but the journal remembers nothing of it']);
  });

  it('that grows while it is read is read on to its end, and one that grows on and on as far as is sensible', async () => {
    const rows = chained(FIVE);
    const once = new Memory(rows.slice(0, 2));
    once.atEnd = () => {
      once.rows = rows;
      once.end = rows[4]!;
      once.known = new Map([['a', 3], ['b', 2]]);
    };
    expect(await verified(once)).to.deep.include({ entries: 5, last: 5, endCompared: true, faults: [] });
    const endless = new Memory(rows);
    let rounds = 0;
    endless.atEnd = () => {
      rounds += 1;
      endless.rows = [...endless.rows, ...chained([wrote('a', endless.rows.length - 1)], endless.rows.at(-1))];
      endless.end = endless.rows.at(-1)!;
    };
    expect(await verified(endless)).to.deep.include({ entries: 14, endCompared: false, faults: [] });
    expect(rounds).to.equal(10);
  });

  it('whose beginning is let go of while it is read misses nothing; a gap behind the new beginning is one', async () => {
    const rows = chained(FIVE);
    const released = new Memory(rows);
    released.rows = rows.slice(3);
    released.anchor = (() => {
      const answers = [{ position: 0, checksum: GENESIS }, rows[2]!];
      return () => Promise.resolve(answers.length > 1 ? answers.shift()! : answers[0]!);
    })();
    expect(await verified(released)).to.deep.include({ entries: 2, first: 4, last: 5, faults: [] });
    const torn = new Memory(rows);
    torn.rows = [rows[0]!, rows[4]!];
    torn.anchor = () => Promise.resolve({ position: 3, checksum: rows[2]!.checksum });
    expect(await foundIn(torn)).to.include('ENTRIES_MISSING 5 a 3');
  });

  it('whose beginning is let go of under the reader, again and again, is whole: what was fetched before it went is no gap, and what an entity had in between no disorder', async () => {
    const rows = chained(FIVE);
    /** The rows the reader still finds, and how far the beginning has moved whenever it is asked for. */
    const under = async (found: readonly number[], moved: number) => {
      const journal = new Memory(rows);
      journal.rows = rows.filter(({ position }) => found.includes(position));
      const answers: ChainEnd[] = [{ position: 0, checksum: GENESIS }, rows[moved - 1]!];
      journal.anchor = () => Promise.resolve(answers.length > 1 ? answers.shift()! : answers[0]!);
      return verified(journal);
    };
    // Of `a` a page was fetched before position 2 went; by the time the beginning is asked for, 3 is behind it, too.
    expect(await under([1, 3, 5], 4)).to.deep.include({ entries: 2, last: 5, entities: 1, faults: [] });
    expect(await under([1, 4, 5], 3), 'a#2 went unread').to.deep.include({ entries: 3, last: 5, entities: 2, faults: [] });
    const gone = new Memory([...rows, ...chained([wrote('b', 3)], rows[4])]);
    gone.rows = [gone.rows[0]!, gone.rows[5]!];
    const answers: ChainEnd[] = [{ position: 0, checksum: GENESIS }, rows[4]!];
    gone.anchor = () => Promise.resolve(answers.length > 1 ? answers.shift()! : answers[0]!);
    expect(await verified(gone), 'nothing of a is left').to.deep.include({ entries: 2, last: 6, entities: 2, faults: [] });
  });

  it('that holds two entries of one position is not taken for one whose beginning moved', async () => {
    const rows = chained(FIVE);
    const twice = new Memory(rows);
    twice.rows = [rows[0]!, rows[1]!, { ...rows[1]!, entity: 'c', sequence: 1 }, ...rows.slice(2)];
    twice.known.set('c', 1);
    expect(await foundIn(twice)).to.include('ORDER_WRONG 2 c 1');
  });

  it('says what its store says of itself and where reading ends; what cannot be reached is no finding', async () => {
    const rows = chained(FIVE);
    const damaged = new Memory(rows);
    damaged.said = ['page 3 is damaged'];
    damaged.atEnd = () => {
      throw new VigilError('JOURNAL_CORRUPT', 'no such page');
    };
    expect((await verified(damaged)).faults).to.deep.equal([{ code: 'STORE_DAMAGED', message: 'page 3 is damaged' }, { code: 'STORE_DAMAGED', message: 'reading ends after position 5: no such page', position: 6 }]);
    for (const error of [new VigilError('JOURNAL_UNAVAILABLE', 'away'), new Error('a defect')]) {
      const away = new Memory(rows);
      away.atEnd = () => {
        throw error;
      };
      expect(await verified(away).catch((thrown: unknown) => thrown)).to.equal(error);
    }
  });

  it('counts every finding, and tells the first hundred, its owner\'s words among them', async () => {
    const rows = chained(Array.from({ length: 101 }, (_none, index) => wrote('a', index + 1)));
    const { faults, faultCount } = await verifyJournal(new Memory(rows), () => ({ code: 'ENTRY_FOREIGN', message: 'of a later build' }));
    expect([faults.length, faultCount]).to.deep.equal([100, 101]);
    expect(faults[99]).to.deep.equal({ code: 'ENTRY_FOREIGN', message: 'position 100 (a #100 OrderSending): of a later build', position: 100, entity: 'a', sequence: 100 });
  });
});
