/** The lists of cases say the truth: a test for each case that is claimed, a claim for each test, and a reason for each that is missing. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConformanceCase } from './cases/case.ts';

const HERE = import.meta.dirname;

/** Cases of the suites as they stand in their own sources, counted there. */
const KNOWN_TOTALS: Readonly<Record<string, number>> = { 'otp-supervisor': 88 };

/** One test of a suite: its own title, and that of the innermost block it stands in. */
interface Test {
  readonly title: string;
  readonly group: string | undefined;
}

/** The tests of a suite by its source. A block is closed by its own indentation, which the formatter keeps. */
function testsOf(source: string): readonly Test[] {
  const tests: Test[] = [];
  const open: { readonly indent: number; readonly title: string }[] = [];
  for (const line of source.split('\n')) {
    const indent = line.length - line.trimStart().length;
    const block = /^\s*describe\('((?:[^'\\]|\\.)+)'/.exec(line)?.[1];
    const title = /^\s*it\('((?:[^'\\]|\\.)+)'/.exec(line)?.[1];
    if ((block ?? title) !== undefined) while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    if (block !== undefined) open.push({ indent, title: block });
    if (title !== undefined) tests.push({ title, group: open.at(-1)?.title });
  }
  return tests;
}

function isCase(value: unknown): value is ConformanceCase {
  return typeof value === 'object' && value !== null && 'name' in value && 'group' in value && 'status' in value;
}

const lists = namesIn(join(HERE, 'cases'), '.ts').filter((list) => list !== 'case');
const suites = namesIn(HERE, '.test.ts').filter((suite) => suite !== 'cases');

function namesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder).filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
}

/** A list is for the suite of its name, or for one whose name its own begins with: `pekko-watch` for `pekko`. */
function suiteOf(list: string): string | undefined {
  return suites.filter((suite) => list === suite || list.startsWith(`${suite}-`)).toSorted((one, other) => other.length - one.length)[0];
}

async function casesOf(list: string): Promise<readonly ConformanceCase[]> {
  const exported: unknown[] = Object.values((await import(`./cases/${list}.ts`)) as Record<string, unknown>);
  return exported.flatMap((value) => (Array.isArray(value) ? value.filter(isCase) : []));
}

describe('conformance cases', () => {
  it('have a suite for each list, and a list for each suite', () => {
    expect(lists.filter((list) => suiteOf(list) === undefined), 'lists without a suite').to.deep.equal([]);
    expect(suites.filter((suite) => !lists.some((list) => suiteOf(list) === suite)), 'suites without a list').to.deep.equal([]);
  });

  for (const list of lists) {
    it(`${list}: each case is named once`, async () => {
      const names = (await casesOf(list)).map(({ group, name }) => `${group}: ${name}`);
      expect(names).to.have.length.above(0);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
      if (KNOWN_TOTALS[list] !== undefined) expect(names).to.have.length(KNOWN_TOTALS[list]);
    });

    it(`${list}: says how each adapted case differs, and why one does not apply`, async () => {
      const silent = (await casesOf(list)).filter(({ status, note }) => status !== 'ported' && (note ?? '').length < 10);
      expect(silent.map(({ name }) => name)).to.deep.equal([]);
    });
  }

  for (const suite of suites) {
    it(`${suite}: one test for each ported or adapted case, in its group where it has a block of that name, and no other test`, async () => {
      const cases = (await Promise.all(lists.filter((list) => suiteOf(list) === suite).map(casesOf))).flat();
      const tests = testsOf(readFileSync(join(HERE, `${suite}.test.ts`), 'utf8'));
      const blocks = new Set(tests.map(({ group }) => group));
      const groups = new Set(cases.map(({ group }) => group).filter((group) => blocks.has(group)));
      const key = (group: string | undefined, title: string) => (group !== undefined && groups.has(group) ? `${group}: ${title}` : title);
      const claimed = cases.filter(({ status }) => status !== 'not-applicable').map(({ group, name }) => key(group, name));
      expect(tests.map(({ group, title }) => key(group, title)).toSorted()).to.deep.equal(claimed.toSorted());
    });
  }
});
