/** The linter refuses what it is there for: each fault is planted in a file under the project's own rules, type-aware ones included. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';

const PROJECT = resolve(import.meta.dirname, '../..');

/** A fault by the rule that must refuse it; the path says in which room it stands. */
const PLANTED: readonly { readonly rule: string; readonly path: string; readonly code: string }[] = [
  { rule: 'no-floating-promises', path: 'src/actors/floating.ts', code: 'async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n' },
  { rule: 'no-floating-promises', path: 'src/actors/void.ts', code: 'async function work(): Promise<void> {}\nexport function start(): void {\n  void work();\n}\n' },
  { rule: 'no-misused-promises', path: 'src/actors/misused.ts', code: 'export const each = (list: number[]): void => list.forEach(async () => {});\n' },
  { rule: 'switch-exhaustiveness-check', path: 'src/rules/switch.ts', code: "export function of(side: 'LONG' | 'SHORT'): void {\n  switch (side) {\n    case 'LONG':\n      return;\n  }\n}\n" },
  { rule: 'no-explicit-any', path: 'src/rules/any.ts', code: 'export const a: any = 1;\n' },
  { rule: 'no-default-export', path: 'src/rules/default.ts', code: 'export default 1;\n' },
  { rule: 'no-restricted-globals', path: 'src/rules/date.ts', code: 'export const now = Date.now();\n' },
  { rule: 'no-restricted-globals', path: 'src/actors/timer.ts', code: 'export const timer = setTimeout(() => 1, 1);\n' },
  { rule: 'no-restricted-globals', path: 'src/venue/global.ts', code: 'export const now = globalThis.Date.now();\n' },
  { rule: 'no-restricted-properties', path: 'src/actors/random.ts', code: 'export const chance = Math.random();\n' },
  { rule: 'no-restricted-properties', path: 'src/actors/computed.ts', code: "export const chance = Math['random']();\n" },
  { rule: 'no-restricted-properties', path: 'src/supervision/loop/loop-watch.worker.ts', code: 'process.nextTick(() => 1);\n' },
  { rule: 'no-restricted-imports', path: 'src/actors/nact.ts', code: "import { start } from 'nact';\nexport const system = start();\n" },
  { rule: 'no-restricted-imports', path: 'src/actors/binance.ts', code: "import type { USDMClient } from 'binance';\nexport type Client = USDMClient;\n" },
  { rule: 'no-restricted-imports', path: 'src/rules/uuid.ts', code: "import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();\n" },
  { rule: 'no-restricted-imports', path: 'src/actors/timers.ts', code: "import { setTimeout as later } from 'node:timers/promises';\nexport const wait = later(1);\n" },
  { rule: 'no-restricted-imports', path: 'src/venue/require.ts', code: "import { createRequire } from 'node:module';\nexport const load = createRequire(import.meta.url);\n" },
  { rule: 'no-restricted-imports', path: 'src/venue/nact.ts', code: "import { start } from 'nact';\nexport const system = start();\n" },
];

/** What the rooms with an exception may do, and nobody else. */
const ALLOWED: Readonly<Record<string, string>> = {
  'src/supervision/clock.ts': 'export const now = Date.now();\n',
  'src/supervision/nact.ts': "import { start } from 'nact';\nexport const system = start();\n",
  'src/venue/client.ts': "import { USDMClient } from 'binance';\nexport const client = new USDMClient();\n",
  'src/rules/hash.ts': "import { createHash } from 'node:crypto';\nexport const hash = createHash('sha256');\n",
};

interface Finding {
  readonly code: string;
  readonly filename: string;
}

describe('lint', () => {
  let house: string;
  let findings: readonly Finding[];

  before(function () {
    this.timeout(60_000);
    house = mkdtempSync(join(tmpdir(), 'vigil-lint-'));
    symlinkSync(join(PROJECT, 'node_modules'), join(house, 'node_modules'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) copyFileSync(join(PROJECT, name), join(house, name));
    for (const [path, code] of [...PLANTED.map((one) => [one.path, one.code] as const), ...Object.entries(ALLOWED)]) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), code);
    }
    const run = spawnSync(join(PROJECT, 'node_modules/.bin/oxlint'), ['--format', 'json', 'src'], { cwd: house, encoding: 'utf8' });
    expect(run.status, run.stderr).to.equal(1);
    findings = (JSON.parse(run.stdout) as { diagnostics: Finding[] }).diagnostics;
  });
  after(() => rmSync(house, { recursive: true }));

  const rulesAt = (path: string) => findings.filter(({ filename }) => filename.endsWith(path)).map(({ code }) => code);

  for (const { rule, path, code } of PLANTED) {
    it(`${rule} refuses in ${path}: ${code.trim().split('\n').at(-1)}`, () => {
      expect(rulesAt(path).filter((found) => found.includes(rule)), `found there: ${rulesAt(path).join(', ')}`).not.to.deep.equal([]);
    });
  }

  for (const path of Object.keys(ALLOWED)) {
    it(`lets ${path} do what only it may`, () => expect(rulesAt(path)).to.deep.equal([]));
  }
});
