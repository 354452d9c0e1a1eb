/** What an entry is at rest: the form its checksum was made of once and for all, what counts as the same, and what is refused before it is written. */
import { expect } from 'chai';
import { chainChecksum, decodeRow, encodeEntry, GENESIS, sameEntry } from '../../src/persistence/journal-entry.ts';
import type { EncodedRow } from '../../src/persistence/journal-entry.ts';
import type { NewEntry } from '../../src/persistence/port.ts';
import { isLog } from '../../src/persistence/retention.ts';
import { VigilError } from '../../src/protocol/errors.ts';

const ENTRY: NewEntry = { entity: 'symbol/币安人生USDT', sequence: 7, type: 'OrderSending', version: 2, at: 1_770_000_000_000, payload: { quantity: '23089', at: null } };
const ROW: EncodedRow = { ...encodeEntry(ENTRY), position: 12, writerEpoch: 3 };
/** Each field of a row with another value. */
const CHANGED: readonly Partial<EncodedRow>[] = [{ entity: 'symbol/GPSUSDT' }, { sequence: 8 }, { type: 'OrderReported' }, { version: 3 }, { at: 1 }, { payload: '{}' }, { position: 13 }, { writerEpoch: 4 }];

describe('an entry at rest', () => {
  it('has the checksum it has always had: what was written by an earlier Vigil must verify', () => {
    expect(chainChecksum(GENESIS, ROW)).to.equal('79c3d0e7efe1b20e335020fb6e83e38ba709ec97c5542463e2dceb03c154fe4f');
    expect(GENESIS).to.match(/^0{64}$/);
  });

  it('has another checksum with any field changed, or after another entry', () => {
    const sums = [chainChecksum(GENESIS, ROW), chainChecksum('1'.repeat(64), ROW), ...CHANGED.map((part) => chainChecksum(GENESIS, { ...ROW, ...part }))];
    expect(new Set(sums).size).to.equal(sums.length);
  });

  it('is the same as another only with every field the same, whoever wrote it and wherever it stands', () => {
    expect(sameEntry(ROW, encodeEntry(ENTRY))).to.equal(true);
    expect(CHANGED.map((part) => sameEntry(ROW, { ...ROW, ...part }))).to.deep.equal([false, false, false, false, false, false, true, true]);
  });

  it('comes back as it was handed in', () => expect(decodeRow(ROW)).to.deep.equal({ ...ENTRY, position: 12, writerEpoch: 3 }));

  it('is refused with the field and the value when it is no entry', () => {
    const faults: readonly (readonly [Partial<NewEntry>, string])[] = [
      [{ entity: '' }, 'entity of a journal entry is ""'],
      [{ entity: 'a\0b' }, 'entity of a journal entry is "a\\u0000b"'],
      [{ entity: '\ud800' }, 'entity of a journal entry is "\\ud800"'],
      [{ type: 5 as unknown as string }, 'type of a journal entry is 5'],
      [{ sequence: 1.5 }, 'sequence of a journal entry of symbol/币安人生USDT is 1.5; it must be a whole number'],
      [{ at: Number.NaN }, 'at of a journal entry of symbol/币安人生USDT is NaN; it must be a whole number'],
      [{ version: 0 }, 'version of a journal entry of symbol/币安人生USDT is 0; it must be a whole number from 1'],
      [{ payload: { price: Number.POSITIVE_INFINITY } }, 'symbol/币安人生USDT #7 OrderSending: payload'],
    ];
    for (const [part, says] of faults) expect(() => encodeEntry({ ...ENTRY, ...part }), says).to.throw(VigilError).with.property('message').that.contains(says);
    for (const part of [{ version: 1 }, { at: 0 }, { at: -1 }, { sequence: 0 }]) expect(encodeEntry({ ...ENTRY, ...part })).to.include(part);
  });
});

describe('retention', () => {
  it('lets go of logs by age alone, and of nothing that is state', () => {
    for (const entity of ['decisions', 'operator', 'journal', 'intents', 'account/2026-02-01', 'shadow/ema']) expect(isLog(entity), entity).to.equal(true);
    for (const entity of ['account', 'shadow', 'locks', 'trading-state', 'universe', 'symbol/GPSUSDT', 'symbol/decisions', 'my-account/1']) expect(isLog(entity), entity).to.equal(false);
  });
});
