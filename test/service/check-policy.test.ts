/** `vigil check --policy` tries a policy file on the last day of the journal, also while the service writes it, and changes nothing. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/config.ts';
import { openSqliteJournal } from '../../src/persistence/sqlite/journal.ts';
import type { SqliteJournal } from '../../src/persistence/sqlite/journal.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';
import { checkPolicy, isFinding, policyCheckText } from '../../src/service/check-policy.ts';
import { CHINESE, GPS, HYPE } from '../kit/decisions.ts';

const HOUR = 3_600_000;

describe('vigil check --policy', () => {
  let directory: string;
  let file: string;
  let journal: SqliteJournal | undefined;
  const now = Date.now();
  const config = () => loadConfig({ files: [], env: {}, sets: ['operator.http.listen=off'], dataDir: directory, projectRoot: PROJECT_ROOT });
  const policy = (text: string) => writeFileSync(file, text);
  const record = (symbol: string, outcome: Decision['outcome'], at: number, count = 1) => ({ stage: 'intent', symbol, outcome, at, by: 'bridge', inputs: { source: 'trend-24h' }, count, lastAt: at });
  const entry = (entity: string, type: string, sequence: number, at: number, payload: unknown) => ({ entity, type, sequence, version: 1, at, payload });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vigil-policy-'));
    file = join(directory, 'policy.yaml');
    policy(`symbols: [${GPS}, ${CHINESE}]\n`);
  });
  afterEach(async () => {
    await journal?.close();
    journal = undefined;
    rmSync(directory, { recursive: true });
  });

  /** HYPE passed a day and an hour ago and an hour ago, 币安人生 was refused forty times. */
  async function running(): Promise<SqliteJournal> {
    journal = await openSqliteJournal({ file: join(directory, 'journal.db'), now: () => now });
    await journal.append([
      entry('universe', 'UniverseDetermined', 1, now - 30 * HOUR, { version: 1, symbols: [GPS, HYPE], excluded: [] }),
      entry('decisions', 'DecisionsRecorded', 1, now - 25 * HOUR, { records: [record(HYPE, 'passed', now - 25 * HOUR)] }),
      entry('decisions', 'DecisionsRecorded', 2, now - HOUR, { records: [record(HYPE, 'passed', now - HOUR), record(CHINESE, 'SYMBOL_NOT_IN_POLICY_UNIVERSE', now - HOUR), { damaged: true }] }),
      entry('decisions', 'DecisionsRecorded', 3, now - 1_000, { records: [], repeats: [[2, 1, 40, now - 1_000]] }),
    ]);
    return journal;
  }

  function vigil(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve) => {
      execFile(join(PROJECT_ROOT, 'bin/vigil'), ['check', '--data-dir', directory, '--policy', file, ...args], { env: { ...process.env } }, (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
    });
  }

  it('names a policy of more symbols than can be followed, with their number and the remedy', async () => {
    await running();
    policy(`symbols: [${Array.from({ length: 501 }, (_, index) => `N${index}USDT`).join(', ')}]\n`);
    const check = checkPolicy(config(), file, now);
    expect(isFinding(check)).to.equal(true);
    expect(policyCheckText(check)).to.match(/^FINDING .*UNIVERSE_TOO_LARGE: 501 symbols, and at most 500 .*universe\.symbols/);
  });

  it('lists what would flip, how often and when, and who enters and leaves, while the service writes on', async () => {
    const open = await running();
    const check = checkPolicy(config(), file, now);
    expect(check.flips.map(({ symbol, from, to, count }) => [symbol, from, to, count])).to.deep.equal([[CHINESE, 'SYMBOL_NOT_IN_POLICY_UNIVERSE', 'passed', 40], [HYPE, 'passed', 'SYMBOL_NOT_IN_POLICY_UNIVERSE', 1]]);
    expect(check.flips[0]).to.include({ source: 'trend-24h', firstAt: new Date(now - HOUR).toISOString(), lastAt: new Date(now - 1_000).toISOString() });
    expect(check).to.deep.include({ entering: [CHINESE], leaving: [HYPE], decisions: 41 });
    expect(check.unreadable).to.have.length(1);
    expect(check.unreadable[0]).to.match(/^decisions #2, record 3: /);
    expect(isFinding(check)).to.equal(true);
    expect(policyCheckText(check)).to.match(/FLIPS +币安人生USDT +intent of trend-24h: SYMBOL_NOT_IN_POLICY_UNIVERSE → passed .*40 times/).and.to.match(/^leave: HYPEUSDT$/m);
    await open.append([entry('decisions', 'DecisionsRecorded', 4, now, { records: [] })]);
    expect((await open.stats()).entries).to.equal(5);
  });

  it('finds nothing where the policy is as before, and says so', async () => {
    await running();
    policy(`symbols: [${GPS}, ${HYPE}]\n`);
    const check = checkPolicy(config(), file, now);
    expect(check).to.deep.include({ flips: [], entering: [], leaving: [] });
    expect(isFinding(check)).to.equal(false);
    expect(policyCheckText(check)).to.include('none would be decided otherwise');
  });

  it('says that nothing is recorded, and makes no journal', async () => {
    const check = checkPolicy(config(), file, now);
    expect(isFinding(check)).to.equal(false);
    expect(policyCheckText(check)).to.match(/^Nothing is recorded since .*no intent and no signal/).and.to.include('No universe is on record');
    expect(readdirSync(directory)).to.deep.equal(['policy.yaml']);
  });

  it('leaves a journal that nobody writes as it was, byte for byte', async () => {
    await (await running()).close();
    journal = undefined;
    const before = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('base64')]);
    expect(checkPolicy(config(), file, now).flips).to.have.length(2);
    expect(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('base64')])).to.deep.equal(before);
  });

  it('refuses what is no journal', () => {
    writeFileSync(join(directory, 'journal.db'), 'not a database at all');
    expect(() => checkPolicy(config(), file, now)).to.throw(VigilError, /journal\.db/);
  });

  it('as a command ends with 1 where anything would flip, with 0 where nothing would, and prints JSON', async () => {
    await running();
    const flips = await vigil('--json');
    expect(flips.code).to.equal(1);
    expect((JSON.parse(flips.out) as { flips: unknown[] }).flips).to.have.length(2);
    policy(`symbols: [${GPS}, ${HYPE}]\n`);
    expect(await vigil()).to.include({ code: 0, err: '' });
  });

  it('as a command names field, value and what was expected of a bad file, and does not run', async () => {
    policy('symbols: [GPSUSDT, "  HYPEUSDT", GPSUSDT]\n');
    const { code, err } = await vigil();
    expect(code).to.equal(2);
    expect(err).to.match(/CONFIG_INVALID.*symbols\[1\] = "  HYPEUSDT".*without blanks around it/s).and.to.include('Correct every fault');
  });
});
