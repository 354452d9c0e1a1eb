/** The line a machine reads is there, is the last one, and counts what really happened. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';

const PROJECT = resolve(import.meta.dirname, '../..');

describe('the closing line of the report', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'vigil-report-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  for (const parallel of [false, true]) {
    it(`counts passes, failures and failed hooks, ${parallel ? 'in parallel' : 'one after another'}, and leaves out what was skipped`, () => {
      writeFileSync(join(directory, 'a.test.ts'), "it('passes', () => {});\nit('passes too', () => {});\nit('fails', () => { throw new Error('x'); });\nit.skip('waits', () => {});\n");
      writeFileSync(join(directory, 'b.test.ts'), "describe('b', () => {\n  before(() => { throw new Error('hook'); });\n  it('never runs', () => {});\n});\n");
      const mocha = join(PROJECT, 'node_modules/mocha/bin/mocha.js');
      // As the real one, but for the files; the suite that runs this test must not leak its own settings into it.
      const run = spawnSync(process.execPath, [mocha, '--no-config', '--extension', 'ts', '--reporter', 'test/check/reporter.ts', ...(parallel ? ['--parallel', '--jobs', '2'] : []), join(directory, '*.test.ts')], { cwd: PROJECT, encoding: 'utf8', env: { PATH: process.env['PATH'] } });
      expect(run.status, run.stderr).to.equal(2);
      expect(run.stdout.trimEnd().split('\n').at(-1)).to.equal('2 passed, 2 failed');
    });
  }

  it('is asked for by every configuration of the tests', () => {
    for (const name of ['.mocharc.json', '.mocharc.quick.json', '.mocharc.one.json', '.mocharc.heavy.json']) {
      const { reporter, 'node-option': nodeOptions } = JSON.parse(readFileSync(join(PROJECT, name), 'utf8')) as { reporter: string; 'node-option': string[] };
      expect(reporter, name).to.equal('test/check/reporter.ts');
      // Without it mocha lets a test pass that has lost a rejected promise.
      expect(nodeOptions, name).to.include('unhandled-rejections=strict');
    }
  });
});

describe('the suites of CI', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'vigil-suites-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Each suite says so much and ends with so much, in place of npm. */
  function suites(...runs: readonly (readonly [said: string, status: number])[]): { readonly status: number | null; readonly last: string | undefined } {
    runs.forEach(([said], index) => writeFileSync(join(directory, `said-${index}`), said));
    writeFileSync(join(directory, 'npm'), `#!/usr/bin/env bash\ncase "$2" in\n${runs.map(([, status], index) => `s${index}) cat "${directory}/said-${index}"; exit ${status};;`).join('\n')}\nesac\n`);
    chmodSync(join(directory, 'npm'), 0o755);
    const run = spawnSync(join(PROJECT, '.ci/suites'), runs.map((_, index) => `s${index}`), { encoding: 'utf8', env: { PATH: `${directory}:${process.env['PATH']}` } });
    return { status: run.status, last: run.stdout.trimEnd().split('\n').at(-1) };
  }

  it('are all run, and counted together', () => {
    expect(suites(['ok\n12 passed, 0 failed\n', 0], ['fine\n30 passed, 0 failed\n', 0])).to.deep.equal({ status: 0, last: '42 passed, 0 failed' });
    expect(suites(['12 passed, 3 failed\n', 3], ['30 passed, 1 failed\n', 1])).to.deep.equal({ status: 1, last: '42 passed, 4 failed' });
  });

  it('count the last line of each, which a test may have quoted before', () => {
    expect(suites(['7 passed, 7 failed\nmore\n12 passed, 0 failed\n', 0]).last).to.equal('12 passed, 0 failed');
  });

  it('have failed where one ends without its line, or fails beside its tests', () => {
    expect(suites(['types do not hold\n', 1], ['30 passed, 0 failed\n', 0])).to.deep.equal({ status: 1, last: '30 passed, 1 failed' });
    expect(suites(['nothing\n', 0])).to.deep.equal({ status: 1, last: '0 passed, 1 failed' });
    expect(suites(['12 passed, 0 failed\n', 7])).to.deep.equal({ status: 1, last: '12 passed, 1 failed' });
  });
});
