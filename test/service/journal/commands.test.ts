/** `vigil journal verify|export|stats`: what a person reads, what a script reads, and the exit code of each end; at rest and beside the service. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { loadConfig } from '../../../src/config.ts';
import type { NewEntry } from '../../../src/persistence/port.ts';
import { openSqliteJournal } from '../../../src/persistence/sqlite/journal.ts';
import { VigilError } from '../../../src/protocol/errors.ts';
import { PROJECT_ROOT } from '../../../src/service/build-id.ts';
import { runExport, runStats, runVerify } from '../../../src/service/journal/commands.ts';
import { refuseForeign } from '../../../src/service/journal/families.ts';
import { readSince } from '../../../src/service/read-since.ts';
import { GPS } from '../../kit/decisions.ts';
import { MemoryJournal } from '../../kit/memory-journal.ts';
import { tell } from '../../kit/lives.ts';

const NOW = Date.parse('2026-02-03T14:00:00.000Z');
const a = tell();

function entry(entity: string, sequence: number, type: string, payload: unknown, at = NOW): NewEntry {
  return { entity, sequence, type, version: 1, at, payload };
}

/** A position opened and protected, a halt, and a day of decisions. */
function someEntries(): NewEntry[] {
  const life = a.protected().map(({ type, at: _at, ...payload }, index) => entry(`symbol/${GPS}`, index + 1, type, payload, NOW + index * 1_000));
  return [...life, entry('trading-state', 1, 'TradingStateSet', { state: 'HALTED', symbol: null, reason: 'a test', by: 'me' }, NOW + 60_000), entry('operator', 1, 'OperatorActed', { act: '币安人生' }, NOW + 60_000)];
}

describe('vigil journal', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  async function write(entries: readonly NewEntry[] = someEntries()): Promise<void> {
    const journal = await openSqliteJournal({ file: join(dataDir, 'journal.db'), now: () => NOW });
    await journal.append(entries);
    await journal.close();
  }

  function tamper(sql: string): void {
    const db = new DatabaseSync(join(dataDir, 'journal.db'));
    db.exec(sql);
    db.close();
  }

  const config = () => loadConfig({ files: [], env: {}, sets: [], projectRoot: PROJECT_ROOT, dataDir });

  async function ran(run: (sink: { write(text: string): boolean }) => Promise<number>): Promise<{ code: number; out: string }> {
    let out = '';
    const code = await run({ write: (text) => ((out += text), true) });
    return { code, out };
  }
  const verify = (json = false) => ran((sink) => runVerify(config(), json, sink));

  describe('verify', () => {
    it('of a whole one says how much it read, and ends with 0', async () => {
      await write();
      const { code, out } = await verify();
      expect(code).to.equal(0);
      expect(out).to.equal(`${join(dataDir, 'journal.db')} is whole: 12 entries of 3 entities, positions 1 to 12.\n`);
      expect(JSON.parse((await verify(true)).out)).to.deep.include({ journal: join(dataDir, 'journal.db'), whole: true, entries: 12, endCompared: true, faults: [] });
    });

    it('of a changed one ends with 1, and says where and what to do', async () => {
      await write();
      tamper(`UPDATE entries SET payload = replace(payload, '"10"', '"11"') WHERE type = 'ProtectionSending'`);
      const { code, out } = await verify();
      expect(code).to.equal(1);
      expect(out).to.match(new RegExp(`CHECKSUM_WRONG  the checksum of position \\d+ \\(symbol/${GPS} #\\d+ ProtectionSending\\) does not match`));
      expect(out).to.match(/^CHECKSUM_WRONG: An entry is not what was written\. .*Restore a copy/m);
      const { faults } = JSON.parse((await verify(true)).out) as { faults: readonly { code: string; remedy: string }[] };
      expect(faults.map((fault) => [fault.code, typeof fault.remedy])).to.deep.equal([['CHECKSUM_WRONG', 'string'], ['CHECKSUM_WRONG', 'string']]);
    });

    it('finds what no owner could take up: entities, types and versions of a later Vigil, and payloads that are none', async () => {
      await write([entry('weather', 1, 'Rained', {}), entry('locks', 1, 'LockInvented', {}), { ...entry(`symbol/${GPS}`, 1, 'DriftCleared', { venue: '0' }), version: 7 }, entry(`symbol/${GPS}`, 2, 'DriftCleared', { venue: 1 }), entry('operator', 1, 'OperatorActed', 'whatever it is')]);
      const { code, out } = await verify(true);
      expect(code).to.equal(1);
      const { faults } = JSON.parse(out) as { faults: readonly { code: string; message: string }[] };
      expect(faults.map((fault) => `${fault.code} ${fault.message}`)).to.deep.equal([
        'ENTRY_FOREIGN position 1 (weather #1 Rained): weather is no entity that this build knows',
        'ENTRY_FOREIGN position 2 (locks #1 LockInvented): event of locks "LockInvented" is of no type this build knows',
        `ENTRY_FOREIGN position 3 (symbol/${GPS} #1 DriftCleared): life event DriftCleared has version 7; this build knows 2`,
        `ENTRY_UNREADABLE ${faults[3]!.message}`,
      ]);
      expect(faults[3]!.message).to.match(/venue/);
    });

    it('of what is no database at all is a finding, too; of what is not there, or another program\'s, a refusal', async () => {
      const refusal = await verify().catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(VigilError).that.includes({ code: 'JOURNAL_UNAVAILABLE' });
      expect((refusal as VigilError).message).to.include(dataDir);
      writeFileSync(join(dataDir, 'journal.db'), 'a letter to the editor, '.repeat(100));
      const { code, out } = await verify();
      expect(code).to.equal(1);
      expect(out).to.match(/STORE_DAMAGED .*journal\.db is not an SQLite database at all: move it away, or restore a copy/);
      rmSync(join(dataDir, 'journal.db'));
      new DatabaseSync(join(dataDir, 'journal.db')).exec('CREATE TABLE t (x)');
      expect(await verify().catch((error: VigilError) => error.code)).to.equal('JOURNAL_FOREIGN');
    });
  });

  it('export writes each entry as a line, with its payload as it was written, in the order of the journal', async () => {
    await write();
    const exported = async (options: Partial<Parameters<typeof runExport>[1]> = {}) => (await ran((sink) => runExport(config(), { entities: [], types: [], ...options }, sink))).out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
    const all = await exported();
    expect(all.map((line) => line['position'])).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(all.at(-1)).to.deep.include({ entity: 'operator', sequence: 1, type: 'OperatorActed', version: 1, at: '2026-02-03T14:01:00.000Z', writerEpoch: 1, payload: { act: '币安人生' } });
    expect(all.at(-1)!['checksum']).to.match(/^[0-9a-f]{64}$/);
    expect((await exported({ since: NOW + 60_000 })).map((line) => line['entity'])).to.deep.equal(['trading-state', 'operator']);
    expect((await exported({ entities: ['operator', 'symbol/'] })).map((line) => line['entity'])).to.deep.equal([...Array.from({ length: 10 }, () => `symbol/${GPS}`), 'operator']);
    expect(await exported({ entities: ['account'] }), 'a name is the whole name').to.deep.equal([]);
    expect((await exported({ types: ['ProtectionPlaced'] })).length).to.equal(2);
  });

  it('export refuses a type or an entity that no entry can have: nothing printed would look like nothing there', async () => {
    await write();
    const refusal = (options: Partial<Parameters<typeof runExport>[1]>) => runExport(config(), { entities: [], types: [], ...options }, { write: () => true } as never).then(() => 'printed', (error: unknown) => error as VigilError);
    expect(await refusal({ types: ['FillRecorded', 'FillRecroded'] })).to.include({ code: 'REQUEST_INVALID' }).and.to.have.property('message').that.matches(/--type FillRecroded: no entry has this type/);
    expect(await refusal({ entities: ['symbol', 'locks'] })).to.include({ code: 'REQUEST_INVALID' }).and.to.have.property('message').that.matches(/--entity symbol: there is no such entity; there are symbol\/, trading-state/);
    expect(await refusal({ entities: ['symbol/', 'symbol/币安人生USDT', 'account/2026-02-03'], types: ['Snapshot'] })).to.equal('printed');
  });

  it('stats says how much there is, of whom, and since when', async () => {
    await write([...someEntries(), entry('trading-state', 2, 'Snapshot', { overall: 'HALTED', symbols: [], cause: 'a test', since: 1, activatedAt: 0 }, NOW + 70_000)]);
    const { code, out } = await ran((sink) => runStats(config(), true, sink));
    const report = JSON.parse(out) as Record<string, unknown>;
    expect(code).to.equal(0);
    expect(report).to.deep.include({ entries: 13, entities: 3, first: 1, last: 13, writerEpoch: 1, firstAt: '2026-02-03T14:00:00.000Z', lastAt: '2026-02-03T14:01:10.000Z', snapshots: { count: 1, newestAt: '2026-02-03T14:01:10.000Z' } });
    expect(report['bytes']).to.be.above(4_096);
    expect((report['largest'] as object[])[0]).to.include({ entity: `symbol/${GPS}`, entries: 10, snapshots: 0 });
    const text = (await ran((sink) => runStats(config(), false, sink))).out;
    expect(text).to.match(/^entries +13 of 3 entities$/m).and.to.match(/^snapshots +1, the newest of 2026-02-03T14:01:10\.000Z$/m).and.to.match(/^trading-state +2 +\d+ +1 +/m).and.to.match(/^ENTITY +ENTRIES +CHARACTERS +SNAPSHOTS +FIRST +LAST$/m);
  });

  it('of nothing yet says so', async () => {
    await write([]);
    expect((await verify()).out).to.match(/is whole: it holds nothing yet/);
    expect((await ran((sink) => runExport(config(), { entities: [], types: [] }, sink))).out).to.equal('');
    expect((await ran((sink) => runStats(config(), false, sink))).out).to.match(/^positions +none held$/m);
  });

  it('waits for who reads slowly', async () => {
    await write(Array.from({ length: 400 }, (_none, index) => entry('operator', index + 1, 'OperatorActed', { text: 'x'.repeat(1_000) })));
    let [written, waits] = [0, 0];
    const sink = Object.assign(new EventTarget(), {
      write(text: string): boolean {
        expect(waits, 'nothing more before it has drained').to.equal(0);
        written += text.split('\n').length - 1;
        waits = 1;
        setTimeout(() => {
          waits = 0;
          sink.dispatchEvent(new Event('drain'));
        }, 1);
        return false;
      },
    });
    expect(await runExport(config(), { entities: [], types: [] }, sink)).to.equal(0);
    expect(written).to.equal(400);
  });

  it('takes times as people write them, and refuses what is none', () => {
    expect([readSince('2026-02-03'), readSince('2026-02-03T14:00Z'), readSince('2026-02-03T14:00:00.000Z'), readSince(String(NOW))]).to.deep.equal([NOW - 14 * 3_600_000, NOW, NOW, NOW]);
    for (const text of ['yesterday', '', '2026-13-01', '2026-02-31', '2026-02-03T25:00Z', '-5', '2026-02-03T14:00']) expect(() => readSince(text), text).to.throw(/It is not a time such as/);
  });

  describe('as a command', () => {
    function vigil(...args: string[]): Promise<{ code: number; out: string; err: string }> {
      return new Promise((resolve) => {
        execFile(join(PROJECT_ROOT, 'bin/vigil'), args, { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
      });
    }

    it('ends with 0, 1 or 2, refuses wrong flags and times by name, and leaves nothing behind', async () => {
      expect(await vigil('journal', 'verify', '--data-dir', dataDir)).to.include({ code: 2, out: '' }).and.to.have.property('err').that.matches(/JOURNAL_UNAVAILABLE: there is no journal at .*journal\.db/);
      expect(readdirSync(dataDir)).to.deep.equal([]);
      await write();
      const before = readdirSync(dataDir);
      const [fine, wrongFlag, wrongTime, wrongWord] = await Promise.all([vigil('journal', 'verify', '--json', '--data-dir', dataDir), vigil('journal', 'stats', '--nonsense'), vigil('journal', 'export', '--since', 'yesterday', '--data-dir', dataDir), vigil('journal', 'burn')]);
      expect(fine.code).to.equal(0);
      expect(JSON.parse(fine.out)).to.include({ whole: true });
      expect([wrongFlag!.code, wrongTime!.code, wrongWord!.code]).to.deep.equal([2, 2, 2]);
      expect(wrongFlag!.err).to.match(/--nonsense/);
      expect(wrongTime!.err).to.match(/--since.*yesterday.*not a time/s);
      expect(readdirSync(dataDir)).to.deep.equal(before);
    });

    it('whose reader goes away ends at once, quietly', async () => {
      await write(Array.from({ length: 20_000 }, (_none, index) => entry('operator', index + 1, 'OperatorActed', { text: 'x'.repeat(1_000) })));
      const child = spawn(join(PROJECT_ROOT, 'bin/vigil'), ['journal', 'export', '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
      let err = '';
      let read = 0;
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.stdout.once('data', (chunk: Buffer) => {
        read = chunk.length;
        child.stdout.destroy();
      });
      const code = await new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve(exitCode ?? signal)));
      expect([code, err]).to.deep.equal([0, '']);
      expect(read).to.be.above(0);
    });
  });

  it('what a later Vigil wrote is refused before anything starts; logs and unknown entities are not its concern', async () => {
    const journal = new MemoryJournal();
    await journal.append([...someEntries(), { ...entry('decisions', 1, 'DecisionsRecorded', {}), version: 9 }, entry('weather', 1, 'Rained', {})]);
    await refuseForeign(journal);
    await journal.append([entry(`symbol/${GPS}`, 11, 'OrderTeleported', {})]);
    const refusal = await refuseForeign(journal).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(VigilError).that.includes({ code: 'JOURNAL_FOREIGN', message: `symbol/${GPS} #11: life event "OrderTeleported" is of no type this build knows: run the version of Vigil that wrote it` });
  });
});
