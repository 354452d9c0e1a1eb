/** Planted faults are what they are said to be: small, parseable, each another one; and each kind of them is planted. */
import { expect } from 'chai';
import { globSync } from 'node:fs';
import { faultsOf } from '../../scripts/planted-faults/faults.ts';
import { testsOf } from '../../scripts/planted-faults/tests-of.ts';
import { PROJECT_ROOT } from '../../src/service/build-id.ts';

const changes = (source: string) => faultsOf(source).map(({ change }) => change);
const sources = (source: string) => faultsOf(source).map((fault) => fault.source);

describe('planted faults', () => {
  for (const [what, source, planted] of [
    ['an edge, and the other way round', 'f(a < b);', ['f(a <= b);', 'f(a >= b);']],
    ['an edge in exact decimals', 'f(a.isGreaterThan(b));', ['f(a.isGreaterThanOrEqualTo(b));', 'f(a.isLessThanOrEqualTo(b));']],
    ['sums and products in exact decimals', 'f(a.plus(b), a.dividedBy(b));', ['f(a.minus(b), a.dividedBy(b));', 'f(a.plus(b), a.multipliedBy(b));']],
    ['rounding the other way', 'f(floorTo(a), Math.ceil(b));', ['f(ceilTo(a), Math.ceil(b));', 'f(floorTo(a), Math.floor(b));']],
    ['the other of and, or', 'f(a && b, a || b, a ?? b);', ['f(a || b, a || b, a ?? b);', 'f(a && b, a && b, a ?? b);', 'f(a && b, a || b, a && b);']],
    ['no "not"', 'f(!a);', ['f(a);']],
    ['a number more and less', 'f(60_000);', ['f((60001));', 'f((59999));']],
    ['the other side', 'f(\'LONG\', \'BUY\', \'open\');', ['f(\'SHORT\', \'BUY\', \'open\');', 'f(\'LONG\', \'SELL\', \'open\');']],
    ['always the one branch', 'f(a ? b : c);', ['f((b));', 'f((c));']],
    ['a condition that is always so', 'if (a) f();', ['if (true) f();', 'if (false) f();']],
    ['rows of a list', 'const a = [b, ...c];', ['const a = [];', 'const a = [ ...c];', 'const a = [b, ];']],
    ['rows of a table', 'const a = { b: c, d: e };', ['const a = {  d: e };', 'const a = { b: c,  };']],
    ['what is spread into an object', 'f({ ...a, b });', ['f({  b });']],
    ['the inside of a method', 'class A { #b = 1; c(d) { return d < this.#b; } }', ['class A { #b = (2); c(d) { return d < this.#b; } }', 'class A { #b = 1; c(d) { return d <= this.#b; } }']],
    ['a method left out', 'f(a.filter(b), a.abs());', ['f(a, a.abs());', 'f(a.filter(b), a);']],
  ] as const) {
    it(`change ${what}`, () => expect(sources(source)).to.include.members([...planted]));
  }

  it('leave out statements', () => expect(sources('function f() { a(); return b; }')).to.deep.equal(['function f() { ; return b; }']));

  it('are not planted in types, imports and texts, where nothing runs', () => expect(changes('import { a } from \'b\';\nimport type { C } from \'d\';\ntype E = 1 | \'LONG\';\nexport interface F { readonly g: \'LONG\' | 60; }\nexport const h: E = `${a}`;\n')).to.deep.equal([]));

  it('say where they are, by line, whatever letters stand before', () => {
    const source = '// é 币安人生\nexport const a = 1;\nexport const b = `é${c < d}`;\n';
    expect(faultsOf(source).map(({ line, change }) => `${line} ${change}`)).to.deep.equal(['2 1 → (2)', '2 1 → (0)', '3 c < d → c <= d', '3 c < d → c >= d']);
    expect(faultsOf(source).at(-1)?.source).to.equal('// é 币安人生\nexport const a = 1;\nexport const b = `é${c >= d}`;\n');
  });

  it('are all different', () => {
    const all = sources('export const f = (a: number, b: number) => (a > 1 && b > 1 ? [a, b] : []);');
    expect(new Set(all).size).to.equal(all.length);
  });

  it('have tests to notice them, for every rule', () => {
    for (const file of globSync('src/rules/**/*.ts', { cwd: PROJECT_ROOT })) expect(testsOf(file, PROJECT_ROOT).flat(), file).not.to.deep.equal([]);
  });
});
