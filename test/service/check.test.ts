/** `vigil check` finds what would keep the service from trading, and says so by its exit code; it leaves nothing behind. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';

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
});
