/** Every dependency has its reason written down, every reason its dependency, and every version is exact. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';

const PROJECT = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { dependencies: Record<string, string>; devDependencies: Record<string, string> };
const [, atRunTime = '', forDevelopment = ''] = readFileSync(join(PROJECT, 'docs/dependencies.md'), 'utf8').split(/^## .*$/m);

/** Names that stand with a reason of some length. */
const reasoned = (section: string) => [...section.matchAll(/^- `(?<name>[^`]+)`: .{10,}$/gm)].map((found) => found.groups?.['name']);

describe('dependencies', () => {
  it('at run time have one line of reason each in docs/dependencies.md', () => {
    expect(reasoned(atRunTime)).to.deep.equal(Object.keys(manifest.dependencies));
  });

  it('for development have one line of reason each in docs/dependencies.md', () => {
    expect(reasoned(forDevelopment)).to.deep.equal(Object.keys(manifest.devDependencies));
  });

  it('are pinned to one version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).to.deep.equal([]);
  });
});
