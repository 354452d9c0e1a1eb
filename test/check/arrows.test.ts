/** The arrows between the rooms hold, and each rule has a violation planted that it catches: a rule that catches nothing is no rule. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { cruise } from 'dependency-cruiser';
import type { ICruiseOptions, ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser';

const PROJECT = resolve(import.meta.dirname, '../..');
const { options, forbidden } = JSON.parse(readFileSync(join(PROJECT, '.dependency-cruiser.json'), 'utf8')) as { options: ICruiseOptions & { tsConfig: object }; forbidden: IForbiddenRuleType[] };
const { tsConfig, ...plantedOptions } = options;

/** Files by path; each rule must catch every one of its plantings. */
const PLANTED: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  'protocol-imports-nothing-of-ours': [
    { 'src/protocol/a.ts': "import { b } from '../rules/b.ts';\nb();", 'src/rules/b.ts': 'export const b = () => 1;' },
    { 'src/protocol/a.ts': "import type { B } from '../supervision/b.ts';\nexport type A = B;", 'src/supervision/b.ts': 'export type B = 1;' },
    { 'src/protocol/a.ts': "export type A = import('../config.ts').B;", 'src/config.ts': 'export type B = 1;' },
  ],
  'rules-import-only-protocol': [
    { 'src/rules/a.ts': "import { b } from '../supervision/clock.ts';\nb();", 'src/supervision/clock.ts': 'export const b = () => 1;' },
    { 'src/rules/a.ts': "export * from '../actors/b.ts';", 'src/actors/b.ts': 'export const b = 1;' },
  ],
  'rules-use-no-builtins-but-crypto': [{ 'src/rules/a.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');" }, { 'src/rules/a.ts': "import { setTimeout } from 'timers';\nsetTimeout(() => 1, 1);" }],
  'supervision-knows-no-trading': [
    { 'src/supervision/a.ts': "import type { B } from '../protocol/venue.ts';\nexport type A = B;", 'src/protocol/venue.ts': 'export type B = 1;' },
    { 'src/supervision/a.ts': "import { b } from '../rules/b.ts';\nb();", 'src/rules/b.ts': 'export const b = () => 1;' },
  ],
  'nact-in-one-file': [
    { 'src/supervision/a.ts': "import { start } from 'nact';\nstart();" },
    { 'src/actors/a.ts': "import type { Ref } from 'nact';\nexport type A = Ref<never>;" },
    { 'src/main.ts': "await import('nact');" },
  ],
  'order-client-in-venue-only': [
    { 'src/actors/a.ts': "import { USDMClient } from 'binance';\nnew USDMClient();" },
    { 'src/paper/a.ts': "import type { USDMClient } from 'binance';\nexport type A = USDMClient;" },
    { 'src/service/service.ts': "export type A = import('binance').USDMClient;" },
  ],
  'venue-imports-only-protocol-and-clock': [
    { 'src/venue/a.ts': "import { b } from '../supervision/random.ts';\nb();", 'src/supervision/random.ts': 'export const b = () => 1;' },
    { 'src/venue/a.ts': "import type { B } from '../config.ts';\nexport type A = B;", 'src/config.ts': 'export type B = 1;' },
  ],
  'venue-adapter-from-composition-only': [
    { 'src/operator/a.ts': "import { b } from '../venue/binance-gateway.ts';\nb();", 'src/venue/binance-gateway.ts': 'export const b = () => 1;' },
    { 'src/launcher.ts': "await import('./venue/binance-client.ts');", 'src/venue/binance-client.ts': 'export const b = () => 1;' },
  ],
  'persistence-imports-only-protocol-clock-and-chance': [{ 'src/persistence/a.ts': "import { b } from '../supervision/ask.ts';\nb();", 'src/supervision/ask.ts': 'export const b = () => 1;' }],
  'paper-is-a-world-of-its-own': [
    { 'src/paper/core/a.ts': "import { b } from '../../rules/b.ts';\nb();", 'src/rules/b.ts': 'export const b = () => 1;' },
    { 'src/paper/a.ts': "import type { B } from '../venue/port.ts';\nexport type A = B;", 'src/venue/port.ts': 'export type B = 1;' },
  ],
  'operator-sees-through-protocol': ['actors', 'rules', 'venue', 'paper', 'persistence'].map((room) => ({
    'src/operator/commands/a.ts': `import type { B } from '../../${room}/b.ts';\nexport type A = B;`,
    [`src/${room}/b.ts`]: 'export type B = 1;',
  })),
  'actors-use-ports': [
    { 'src/actors/a.ts': "import { b } from '../persistence/sqlite/journal.ts';\nb();", 'src/persistence/sqlite/journal.ts': 'export const b = () => 1;' },
    { 'src/actors/a.ts': "import type { B } from '../venue/classify.ts';\nexport type A = B;", 'src/venue/classify.ts': 'export type B = 1;' },
    { 'src/actors/a.ts': "import type { B } from '../config.ts';\nexport type A = B;", 'src/config.ts': 'export type B = 1;' },
  ],
  'model-imports-nothing-of-ours': [
    { 'src/model/a.ts': "import { b } from '../rules/b.ts';\nb();", 'src/rules/b.ts': 'export const b = () => 1;' },
    { 'src/model/a.ts': "import type { B } from '../protocol/b.ts';\nexport type A = B;", 'src/protocol/b.ts': 'export type B = 1;' },
  ],
  'model-adapter-from-composition-only': [
    { 'src/actors/a.ts': "import { b } from '../model/http-model.ts';\nb();", 'src/model/http-model.ts': 'export const b = () => 1;' },
    { 'src/rules/a.ts': "import { b } from '../model/http-model.ts';\nb();", 'src/model/http-model.ts': 'export const b = () => 1;' },
  ],
  'strategies-are-pure': [{ 'src/rules/strategies/a.ts': "import { createHash } from 'node:crypto';\ncreateHash('x');" }],
  'configuration-knows-no-room': [{ 'src/config/a.ts': "import { b } from '../supervision/clock.ts';\nb();", 'src/supervision/clock.ts': 'export const b = () => 1;' }],
  'nothing-imports-the-composition': [{ 'src/launcher.ts': "await import('./main.ts');", 'src/main.ts': 'export const b = 1;' }],
  'no-cycles': [
    { 'src/rules/a.ts': "import { b } from './b.ts';\nexport const a = () => b();", 'src/rules/b.ts': "import { a } from './a.ts';\nexport const b = () => a();" },
    { 'src/rules/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;", 'src/rules/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;" },
  ],
  'everything-resolves': [{ 'src/actors/a.ts': "import { b } from './missing.ts';\nb();" }, { 'src/actors/a.ts': "import { b } from 'no-such-package';\nb();" }],
};

/** What the rules allow, in one small house: none of them may cry here. */
const ALLOWED: Readonly<Record<string, string>> = {
  'src/protocol/errors.ts': 'export const error = 1;',
  'src/supervision/clock.ts': 'export const clock = 1;',
  'src/supervision/nact.ts': "import { start } from 'nact';\nstart();",
  'src/rules/a.ts': "import { createHash } from 'node:crypto';\nimport { error } from '../protocol/errors.ts';\ncreateHash(String(error));",
  'src/venue/port.ts': 'export type Port = 1;',
  'src/venue/binance-gateway.ts': "import { USDMClient } from 'binance';\nimport { clock } from '../supervision/clock.ts';\nexport const gateway = () => [new USDMClient(), clock];",
  'src/actors/a.ts': "import type { Port } from '../venue/port.ts';\nimport type { Model } from '../model/port.ts';\nimport '../rules/a.ts';\nexport type A = Port | Model;",
  'src/model/port.ts': 'export type Model = 1;',
  'src/operator/a.ts': "import { directory } from '../persistence/data-directory.ts';\ndirectory();",
  'src/persistence/data-directory.ts': 'export const directory = () => 1;',
  'src/service/service.ts': "import { gateway } from '../venue/binance-gateway.ts';\ngateway();",
  'src/main.ts': "import './service/service.ts';\nimport './actors/a.ts';",
};

describe('arrows between the rooms', () => {
  let house: string;
  beforeEach(() => {
    house = mkdtempSync(join(tmpdir(), 'vigil-arrows-'));
    symlinkSync(join(PROJECT, 'node_modules'), join(house, 'node_modules'));
  });
  afterEach(() => rmSync(house, { recursive: true }));

  const violations = async (files: Readonly<Record<string, string>>): Promise<string[]> => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), text);
    }
    const { output } = await cruise(['src'], { ...plantedOptions, baseDir: house, ruleSet: { forbidden }, validate: true });
    return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
  };

  it('hold in src, and the tool has really read it', async function () {
    this.timeout(60_000);
    const { output } = await cruise(['src'], { ...options, baseDir: PROJECT, ruleSet: { forbidden }, validate: true });
    const { summary } = output as ICruiseResult;
    expect(summary.totalCruised).to.be.above(100);
    expect(summary.totalDependenciesCruised).to.be.above(300);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).to.deep.equal([]);
  });

  it('have a planted violation for every rule', () => {
    expect(Object.keys(PLANTED)).to.have.members(forbidden.map(({ name }) => name ?? ''));
    expect(tsConfig).to.deep.equal({ fileName: 'tsconfig.json' });
  });

  for (const [rule, plantings] of Object.entries(PLANTED)) {
    for (const [index, files] of plantings.entries()) {
      it(`catch: ${rule} (${index + 1})`, async () => {
        expect(await violations(files)).to.include(rule);
      });
    }
  }

  it('cry about nothing that is allowed', async () => {
    expect(await violations(ALLOWED)).to.deep.equal([]);
  });
});
