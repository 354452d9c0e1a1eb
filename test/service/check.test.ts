/** `vigil check` finds what would keep the service from trading, and says so by its exit code; it leaves nothing behind. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DEFAULT_SEED, startPaperExchange } from '../../src/paper/exchange.ts';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';
import { startStubVenue } from '../venue/stub-venue.ts';

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

describe('vigil check', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vigil-check-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function check(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; findings: readonly Finding[] }> {
    return new Promise((resolve, reject) => {
      execFile(join(PROJECT_ROOT, 'bin/vigil'), ['check', '--json', ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
        if (stdout === '') return reject(new Error(stderr));
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, findings: JSON.parse(stdout) as Finding[] });
      });
    });
  }

  it('finds nothing on the defaults, and makes no data directory', async () => {
    const dataDir = join(directory, 'var');
    const { code, findings } = await check(['--data-dir', dataDir]);
    expect(findings.filter((finding) => finding.status !== 'ok')).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(findings.find((finding) => finding.name === 'universe')?.message).to.include('币安人生USDT');
    expect(existsSync(dataDir)).to.equal(false);
  });

  it('names a chosen symbol that the policy does not allow, and goes on with the other checks (failure 3)', async () => {
    const { code, findings } = await check(['--data-dir', join(directory, 'var')], { TRADING_SYMBOLS: 'BTCUSDT' });
    expect(code).to.equal(1);
    expect(findings.filter((finding) => finding.status === 'finding').map((finding) => finding.name)).to.deep.equal(['universe']);
    expect(findings.find((finding) => finding.name === 'universe')?.message).to.include('BTCUSDT');
  });

  it('finds a damaged journal and leaves it as it is', async () => {
    writeFileSync(join(directory, 'journal.db'), 'not a database at all');
    const { code, findings } = await check(['--data-dir', directory]);
    expect(code).to.equal(1);
    expect(findings.find((finding) => finding.name === 'journal')?.message).to.match(/JOURNAL_CORRUPT.*journal\.db/s);
  });

  it('says when the venue cannot be reached', async () => {
    const { code, findings } = await check(['--data-dir', join(directory, 'var'), '--set', 'venue.paper.url=http://127.0.0.1:1']);
    expect(code).to.equal(1);
    expect(findings.find((finding) => finding.name === 'clock')).to.include({ status: 'finding' });
  });

  it('finds a clock that is wrong, and for that alone no fault with the key', async () => {
    const paper = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: DEFAULT_SEED, balance: '10000', log: () => undefined });
    try {
      await fetch(`${paper.url}/paper/v1/clock`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ offsetMs: 20_000 }) });
      const { code, findings } = await check(['--data-dir', join(directory, 'var'), '--set', `venue.paper.url=${paper.url}`]);
      expect(code).to.equal(1);
      expect(findings.filter((finding) => finding.status === 'finding').map((finding) => finding.name)).to.deep.equal(['clock']);
    } finally {
      await paper.close();
    }
  });

  it('asks nothing of a venue that has banned the service: that would lengthen the ban (failure 57)', async () => {
    const stub = await startStubVenue();
    try {
      writeFileSync(join(directory, 'venue-rest'), JSON.stringify({ venue: 'paper', until: Date.now() + 600_000, banned: true, message: 'Way too many requests', saidAt: Date.now() }));
      const { code, findings } = await check(['--data-dir', directory, '--set', `venue.paper.url=${stub.endpoint.restUrl}`]);
      expect(code).to.equal(1);
      expect(findings.find((finding) => finding.name === 'rest')?.message).to.include('Way too many requests');
      expect(findings.find((finding) => finding.name === 'account')?.message).to.include('banned');
      expect(stub.requests).to.deep.equal([]);
    } finally {
      await stub.close();
    }
  });
});
