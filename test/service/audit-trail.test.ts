/** What an operator did is on record, also when the journal was away while it was done. */
import { expect } from 'chai';
import { auditTrail } from '../../src/service/audit-trail.ts';
import type { AuditEntry } from '../../src/operator/options.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';

const act = (reason: string): AuditEntry => ({ action: 'halt', target: 'all', reason, by: 'operator@socket' });

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function bench() {
  const journal = new MemoryJournal();
  const clock = new VirtualClock();
  const said: string[] = [];
  const say = (_fields: object, message: string) => void said.push(message);
  await journal.append([{ entity: 'operator', sequence: 1, type: 'OperatorActed', version: 1, at: 1, payload: act('before') }]);
  const record = await auditTrail(journal, clock, { debug: say, info: say, warn: say, error: say });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      await settle();
    }
  };
  const acts = () => journal.entries.map(({ sequence, payload }) => [sequence, (payload as AuditEntry).reason]);
  return { journal, said, record, pass, acts };
}

describe('the record of what operators did', () => {
  it('follows what is there, in order', async () => {
    const { record, acts } = await bench();
    record(act('one'));
    record(act('two'));
    await settle();
    expect(acts()).to.deep.equal([[1, 'before'], [2, 'one'], [3, 'two']]);
  });

  it('has what was done while the journal was away, once it is back, and everything after it (failure 82)', async () => {
    const { journal, said, record, pass, acts } = await bench();
    journal.mood = 'failing';
    record(act('flatten'));
    await pass(60_000);
    record(act('halt'));
    await pass(60_000);
    expect(acts()).to.deep.equal([[1, 'before']]);
    expect(said, 'said once').to.deep.equal(['what an operator did is not in the journal yet; it is handed in again']);
    journal.mood = 'ok';
    await pass(3_000);
    record(act('activate'));
    await settle();
    expect(acts()).to.deep.equal([[1, 'before'], [2, 'flatten'], [3, 'halt'], [4, 'activate']]);
  });

  it('gives way to a number that is taken, and loses nothing', async () => {
    const { journal, record, pass, acts } = await bench();
    await journal.append([{ entity: 'operator', sequence: 2, type: 'OperatorActed', version: 1, at: 2, payload: act('another hand') }]);
    record(act('one'));
    record(act('two'));
    await pass(5_000);
    expect(acts()).to.deep.equal([[1, 'before'], [2, 'another hand'], [3, 'one'], [4, 'two']]);
  });
});
