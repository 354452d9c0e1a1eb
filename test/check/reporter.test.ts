/** The line a machine reads is there, is the last one, and counts what really happened. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    for (const name of ['.mocharc.json', '.mocharc.quick.json', '.mocharc.one.json']) {
      const { reporter, 'node-option': nodeOptions } = JSON.parse(readFileSync(join(PROJECT, name), 'utf8')) as { reporter: string; 'node-option': string[] };
      expect(reporter, name).to.equal('test/check/reporter.ts');
      // Without it mocha lets a test pass that has lost a rejected promise.
      expect(nodeOptions, name).to.include('unhandled-rejections=strict');
    }
  });
});
