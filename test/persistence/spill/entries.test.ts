/** What is kept beside the store, by entity: without a gap, each once, and taken back whole when the disk did not keep it. */
import { expect } from 'chai';
import { encodeEntry } from '../../../src/persistence/journal-entry.ts';
import type { NewEntry } from '../../../src/persistence/port.ts';
import { SpilledEntries } from '../../../src/persistence/spill/entries.ts';
import { entry } from '../journal-contract.ts';

const [GPS, HYPE] = ['symbol/GPSUSDT', 'symbol/HYPEUSDT'];
const batch = (entity: string, from: number, to = from, part: Partial<NewEntry> = {}) => Array.from({ length: to - from + 1 }, (_none, index) => encodeEntry({ ...entry(entity, from + index), ...part }));
const sequences = (rows: readonly { readonly sequence: number }[]) => rows.map(({ sequence }) => sequence);
const kept = (entries: SpilledEntries, entity: string) => sequences(entries.after(entity, [], 3));

describe('the entries of a spill', () => {
  it('follow one another in an entity, from wherever it begins; each is there once', () => {
    const entries = new SpilledEntries();
    entries.add(batch(GPS, 5, 6));
    entries.add([...batch(GPS, 6, 7), ...batch(HYPE, 1)]);
    expect([kept(entries, GPS), kept(entries, HYPE), entries.count]).to.deep.equal([[5, 6, 7], [1], 4]);
    expect([entries.last(GPS), entries.last(HYPE), entries.last('locks')]).to.deep.equal([7, 1, undefined]);
    expect([entries.entities('symbol/'), entries.entities('symbol/H'), entries.entities('USDT')]).to.deep.equal([[GPS, HYPE], [HYPE], []]);
  });

  it('cannot follow with a gap, in one batch or over two, nor with other content under a number that is taken', () => {
    const entries = new SpilledEntries();
    expect(entries.fault(batch(GPS, 5, 7))).to.equal(undefined);
    expect(entries.fault([...batch(GPS, 5), ...batch(GPS, 7)])?.message).to.equal(`${GPS}: #7 OrderSending waits for #6, which was not taken`);
    entries.add(batch(GPS, 5, 6));
    expect([entries.fault(batch(GPS, 7)), entries.fault(batch(GPS, 5, 7)), entries.fault(batch(HYPE, 9))]).to.deep.equal([undefined, undefined, undefined]);
    expect(entries.fault(batch(GPS, 8))).to.include({ code: 'JOURNAL_UNAVAILABLE' }).and.to.have.deep.property('details', { entity: GPS, sequence: 8 });
    expect(entries.fault([...batch(GPS, 7), ...batch(GPS, 6), ...batch(GPS, 8)]), 'a repeat sets nothing back').to.equal(undefined);
    expect(entries.fault(batch(GPS, 6, 6, { payload: 'other' }))).to.include({ code: 'JOURNAL_SEQUENCE_CONFLICT' });
  });

  it('of an entity of which something was refused begin with that again, or not at all', () => {
    const entries = new SpilledEntries();
    entries.refuse(batch(GPS, 5, 6));
    expect([entries.last(GPS), entries.count]).to.deep.equal([undefined, 0]);
    expect(entries.fault(batch(GPS, 7))?.message).to.include('waits for #5');
    expect(entries.fault(batch(GPS, 6))?.message).to.include('waits for #5');
    expect(entries.fault(batch(GPS, 5, 7))).to.equal(undefined);
    // One that is kept goes on where it is.
    entries.add(batch(HYPE, 1, 2));
    entries.refuse(batch(HYPE, 2));
    expect([entries.last(HYPE), entries.fault(batch(HYPE, 3))]).to.deep.equal([2, undefined]);
  });

  it('are taken back with all that came after: the next must be the same again', () => {
    const entries = new SpilledEntries();
    entries.add(batch(GPS, 5));
    const takeBack = entries.add([...batch(GPS, 5, 7), ...batch(HYPE, 1)]);
    const later = entries.add(batch(GPS, 8));
    later();
    takeBack();
    expect([kept(entries, GPS), kept(entries, HYPE), entries.count, entries.last(GPS), entries.last(HYPE), entries.entities('')]).to.deep.equal([[5], [], 1, 5, undefined, [GPS]]);
    expect([entries.fault(batch(GPS, 7))?.message, entries.fault(batch(HYPE, 2))?.message].every((message) => message?.includes('which was not taken'))).to.equal(true);
    expect([entries.fault(batch(GPS, 6)), entries.fault(batch(HYPE, 1))]).to.deep.equal([undefined, undefined]);
    // In whatever order the disk refuses them.
    const [first, second] = [entries.add(batch(GPS, 6)), entries.add(batch(GPS, 7))];
    first();
    second();
    expect([kept(entries, GPS), entries.count, entries.fault(batch(GPS, 7))?.message.includes('waits for #6')]).to.deep.equal([[5], 1, true]);
  });

  it('are told behind what the store says, and by type and time, as not yet having a place', () => {
    const entries = new SpilledEntries();
    entries.add([...batch(GPS, 5, 6), ...batch(HYPE, 1, 1, { type: 'FillRecorded', at: 50 }), ...batch(HYPE, 2, 2, { type: 'FillRecorded', at: 49 }), ...batch(HYPE, 3, 3, { at: 90 })]);
    const stored = { ...entry(GPS, 5), position: 40, writerEpoch: 2 };
    expect(entries.after(GPS, [stored], 3)).to.deep.equal([stored, { ...entry(GPS, 6), position: 0, writerEpoch: 3 }]);
    expect(entries.after('locks', [stored], 3)).to.deep.equal([stored]);
    expect(entries.ofTypes(['FillRecorded'], 50, 3)).to.deep.equal([{ ...entry(HYPE, 1), type: 'FillRecorded', at: 50, position: 0, writerEpoch: 3 }]);
  });

  it('are none, of no entity, once everything is in the store', () => {
    const entries = new SpilledEntries();
    entries.add(batch(GPS, 5, 6));
    entries.clear();
    expect([entries.count, entries.last(GPS), entries.entities(''), kept(entries, GPS)]).to.deep.equal([0, undefined, [], []]);
    expect(entries.fault(batch(GPS, 9))).to.equal(undefined);
  });
});
