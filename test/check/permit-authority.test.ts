/** Permits have one source: `createPermitAuthority` is named in the composition and nowhere else, by whatever way it could be reached. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSync } from '@swc/core';
import { expect } from 'chai';

const SOURCE = resolve(import.meta.dirname, '../../src');
const NAME = 'createPermitAuthority';
/** Where it is made, and where it may be called. */
const ALLOWED = ['protocol/permit.ts', 'service/tree.ts'];

/** Whether code names it: as an identifier, an import or export, or the text of a computed property. Comments do not count. */
function names(code: string): boolean {
  const search = (node: unknown): boolean => {
    if (typeof node !== 'object' || node === null) return false;
    if (Array.isArray(node)) return node.some(search);
    if ('value' in node && node.value === NAME) return true;
    return Object.values(node).some(search);
  };
  return search(parseSync(code, { syntax: 'typescript', target: 'esnext' }));
}

describe('the authority over permits', () => {
  it('is called in the composition and nowhere else', () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const naming = files.filter((file) => names(readFileSync(join(SOURCE, file), 'utf8')));
    expect(naming).to.include('protocol/permit.ts');
    expect(naming.filter((file) => ALLOWED.includes(file) && file !== 'protocol/permit.ts'), 'it is called by nobody').not.to.deep.equal([]);
    expect(naming.filter((file) => !ALLOWED.includes(file))).to.deep.equal([]);
  });

  for (const [how, code] of Object.entries({
    'a call': "import { createPermitAuthority } from '../protocol/permit.ts';\ncreatePermitAuthority({ now: () => 0 });",
    'another name': "import { createPermitAuthority as innocent } from '../protocol/permit.ts';\ninnocent({ now: () => 0 });",
    'a namespace': "import * as permit from '../protocol/permit.ts';\npermit.createPermitAuthority({ now: () => 0 });",
    'a computed property': "import * as permit from '../protocol/permit.ts';\npermit['createPermitAuthority']({ now: () => 0 });",
    'a re-export': "export { createPermitAuthority as other } from '../protocol/permit.ts';",
    'a dynamic import': "const { createPermitAuthority: make } = await import('../protocol/permit.ts');\nmake({ now: () => 0 });",
  })) {
    it(`is found when it is reached by ${how}`, () => expect(names(code)).to.equal(true));
  }

  it('is not found in a comment, nor in an import of types', () => {
    expect(names("// createPermitAuthority is called in main\nimport type { Permit } from '../protocol/permit.ts';\nexport type A = Permit;")).to.equal(false);
  });

  it('is not hidden by passing the whole file on', () => {
    const stars = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => /export\s*\*.*permit\.ts/.test(readFileSync(join(SOURCE, file), 'utf8')));
    expect(stars).to.deep.equal([]);
  });
});
