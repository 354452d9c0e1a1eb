/** The journal's file, looked at and not touched; and every way in which it can be damaged, found and named. */
import { expect } from 'chai';
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { openSqliteReader } from '../../../src/persistence/sqlite/journal-reader.ts';
import { verifyJournal } from '../../../src/persistence/verify.ts';
import type { Understand, Verification } from '../../../src/persistence/verify.ts';
import { entry } from '../journal-contract.ts';
import { allOf, readerContract } from '../reader-contract.ts';
import { refusedNow } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';

const now = () => 0;

readerContract('SQLite', (file) => openSqliteJournal({ file, now }), async (file) => openSqliteReader(file));

/** What makes up a journal at rest. */
const original: (readonly [string, Buffer])[] = [];

/** Sixty entries of three entities, at rest. */
async function journalAtRest(): Promise<string> {
  const file = join(temporaryDirectory(), 'journal.db');
  if (original.length === 0) {
    const journal = await openSqliteJournal({ file, now });
    await journal.append(Array.from({ length: 60 }, (_none, index) => entry(`symbol/${index % 3}`, Math.floor(index / 3) + 1)));
    await journal.close();
    original.push(['', readFileSync(file)], ['-head', readFileSync(`${file}-head`)]);
  }
  for (const [part, bytes] of original) writeFileSync(file + part, bytes);
  return file;
}

function tamper(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

async function verified(file: string, understand: Understand = () => undefined): Promise<Verification> {
  const reader = openSqliteReader(file);
  try {
    return await verifyJournal(reader, understand);
  } finally {
    await reader.close();
  }
}

/** Code and place of each fault. */
const places = ({ faults }: Verification) => faults.map(({ code, position, entity, sequence }) => [code, position, entity, sequence].filter((part) => part !== undefined).join(' '));

describe('a journal\'s file', () => {
  afterEach(removeTemporary);

  it('at rest is left byte for byte as it was, with nothing beside it', async () => {
    const file = await journalAtRest();
    const before = [readdirSync(dirname(file)), readFileSync(file)];
    expect((await verified(file)).faults).to.deep.equal([]);
    expect([readdirSync(dirname(file)), readFileSync(file)]).to.deep.equal(before);
  });

  it('with the WAL of a writer that was killed is read with it', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    for (let sequence = 1; sequence <= 20; sequence++) await journal.append([entry('a', sequence)]);
    const killed = join(temporaryDirectory(), 'journal.db');
    for (const part of ['', '-wal', '-head']) copyFileSync(file + part, killed + part);
    await journal.close();
    expect(await verified(killed)).to.deep.include({ entries: 20, faults: [] });
    expect(existsSync(`${killed}-wal`)).to.equal(true);
  });

  it('on which a service starts while it is read is not answered for', async () => {
    const file = await journalAtRest();
    const reader = openSqliteReader(file);
    const journal = await openSqliteJournal({ file, now });
    await journal.append([entry('symbol/0', 21)]);
    await refusedNow(() => allOf(reader), 'JOURNAL_UNAVAILABLE', file, 'a service has started on it; ask again');
    await reader.close();
    await journal.close();
  });

  it('that is missing, empty, foreign, of a later schema or no database is refused by its name and what to do', async () => {
    const nothing = join(temporaryDirectory(), 'journal.db');
    await refusedNow(() => openSqliteReader(nothing), 'JOURNAL_UNAVAILABLE', nothing, '--data-dir');
    writeFileSync(nothing, '');
    await refusedNow(() => openSqliteReader(nothing), 'JOURNAL_UNAVAILABLE', nothing);
    writeFileSync(nothing, 'not a database at all, and long enough to be looked at'.repeat(20));
    await refusedNow(() => openSqliteReader(nothing), 'JOURNAL_CORRUPT', nothing, 'not an SQLite database');
    const file = await journalAtRest();
    tamper(file, 'PRAGMA user_version = 99');
    await refusedNow(() => openSqliteReader(file), 'JOURNAL_FOREIGN', file, 'schema 99', 'run the version that wrote it');
    tamper(file, 'PRAGMA application_id = 7');
    await refusedNow(() => openSqliteReader(file), 'JOURNAL_FOREIGN', file, 'another program');
  });

  const TAMPERED: Readonly<Record<string, { readonly sql: string; readonly finds: readonly string[] }>> = {
    'an entry that was removed': { sql: 'DELETE FROM entries WHERE position = 30', finds: ['ENTRIES_MISSING 31 symbol/0 11', 'ORDER_WRONG 33 symbol/2 11'] },
    'a payload that was changed': { sql: `UPDATE entries SET payload = '{"quantity":"1"}' WHERE position = 30`, finds: ['CHECKSUM_WRONG 30 symbol/2 10'] },
    'a checksum that was made to fit': { sql: `UPDATE entries SET payload = '{}', checksum = '${'a'.repeat(64)}' WHERE position = 30`, finds: ['CHECKSUM_WRONG 30 symbol/2 10', 'CHECKSUM_WRONG 31 symbol/0 11'] },
    'a time that was changed': { sql: 'UPDATE entries SET at = at + 1 WHERE position = 1', finds: ['CHECKSUM_WRONG 1 symbol/0 1'] },
    'the first entries removed': { sql: 'DELETE FROM entries WHERE position <= 2', finds: ['ENTRIES_MISSING 3 symbol/2 1'] },
    'the last entries removed': { sql: 'DELETE FROM entries WHERE position > 57', finds: ['END_DIFFERS 57', 'ENTITY_DIFFERS symbol/0 19', 'ENTITY_DIFFERS symbol/1 19', 'ENTITY_DIFFERS symbol/2 19'] },
    'the last entry removed, and the head made to fit': { sql: 'DELETE FROM entries WHERE position = 60; UPDATE head SET position = 59, checksum = (SELECT checksum FROM entries WHERE position = 59)', finds: ['STORE_DAMAGED', 'ENTITY_DIFFERS symbol/2 19'] },
    'an end that is another': { sql: `UPDATE head SET checksum = '${'b'.repeat(64)}'`, finds: ['END_DIFFERS 60'] },
    'a writer that came back': { sql: 'UPDATE entries SET writer_epoch = 9 WHERE position = 10', finds: ['CHECKSUM_WRONG 10 symbol/0 4', 'WRITER_STALE 11 symbol/1 4'] },
    'an entity that is remembered wrongly': { sql: `UPDATE entities SET last = 7 WHERE entity = 'symbol/1'`, finds: ['ENTITY_DIFFERS symbol/1 20'] },
    'an entity that is not remembered': { sql: `DELETE FROM entities WHERE entity = 'symbol/1'`, finds: ['ENTITY_DIFFERS symbol/1 20'] },
  };
  for (const [what, { sql, finds }] of Object.entries(TAMPERED)) {
    it(`with ${what}: it is found, and where`, async () => {
      const file = await journalAtRest();
      tamper(file, sql);
      const found = await verified(file);
      const seen = places(found);
      for (const place of finds) expect(seen, found.faults.map((fault) => fault.message).join('\n')).to.include(place);
      // One cause is a handful of lines, not one for every entry after it.
      expect(found.faultCount).to.be.at.most(finds.length + 20);
    });
  }

  it('with damaged pages: what the store says of itself is a finding, and so is where reading ends', async () => {
    const file = await journalAtRest();
    const bytes = readFileSync(file);
    for (let at = 4_096 * 2; at < bytes.length; at += 97) bytes[at] = 0xa5;
    writeFileSync(file, bytes);
    const found = await verified(file);
    expect(found.faults.length).to.be.above(0);
    expect(found.faults[0]).to.include({ code: 'STORE_DAMAGED' });
    expect(found.faults[0]!.message).to.include(file);
  });

  it('that was cut short says so, wherever it was cut', async () => {
    const whole = readFileSync(await journalAtRest());
    for (const share of [0.2, 0.5, 0.9]) {
      const file = join(temporaryDirectory(), 'journal.db');
      writeFileSync(file, whole);
      truncateSync(file, Math.floor(whole.length * share));
      const found = await verified(file).catch((error: { code: string }) => error.code);
      expect(typeof found === 'string' ? found : found.faults[0]?.code, `${share}`).to.be.oneOf(['JOURNAL_CORRUPT', 'STORE_DAMAGED']);
    }
  });

  it('whose every entry is damaged: all are counted, the first hundred are told', async () => {
    const file = join(temporaryDirectory(), 'journal.db');
    const journal = await openSqliteJournal({ file, now });
    await journal.append(Array.from({ length: 250 }, (_none, index) => entry('a', index + 1)));
    await journal.close();
    tamper(file, `UPDATE entries SET payload = '1'`);
    expect(await verified(file)).to.include({ faultCount: 250 }).and.to.have.nested.property('faults.length', 100);
  });

  it('with an entry that its owner could not take up: by what the owner says', async () => {
    const file = await journalAtRest();
    const found = await verified(file, (row) => (row.position === 7 ? { code: 'ENTRY_FOREIGN', message: 'of a later build' } : undefined));
    expect(found.faults).to.deep.equal([{ code: 'ENTRY_FOREIGN', message: 'position 7 (symbol/0 #3 OrderSending): of a later build', position: 7, entity: 'symbol/0', sequence: 3 }]);
  });

  it('of schema 1 is read as it is', async () => {
    const file = await journalAtRest();
    tamper(file, 'DROP TABLE anchor; DROP TABLE entities; PRAGMA user_version = 1');
    const before = readFileSync(file);
    expect(await verified(file)).to.deep.include({ entries: 60, first: 1, last: 60, faults: [] });
    const reader = openSqliteReader(file);
    expect(await reader.stats()).to.include({ entries: 60, first: 1, last: 60, entities: 3 });
    await reader.close();
    expect(readFileSync(file)).to.deep.equal(before);
  });
});
