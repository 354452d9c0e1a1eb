/** An instance's orders carry its tag, and no two directories that could trade side by side carry the same. */
import { expect } from 'chai';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VigilError } from '../../src/protocol/errors.ts';
import { instanceTag } from '../../src/service/instance-tag.ts';
import { systemRandom } from '../../src/supervision/random.ts';

describe('the instance\'s tag', () => {
  let root: string;
  const tagOf = (name: string) => instanceTag(join(root, name), systemRandom);
  const refusal = (name: string): unknown => {
    try {
      return tagOf(name);
    } catch (error) {
      return error;
    }
  };
  const copy = (from: string, to: string) => cpSync(join(root, from), join(root, to), { recursive: true });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'vigil-tag-'));
    mkdirSync(join(root, 'var'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is made once, and the same at every start', () => {
    const tag = tagOf('var');
    expect(tag).to.match(/^[a-z0-9]{4}$/);
    expect(tagOf('var')).to.equal(tag);
  });

  it('refuses a copy beside its original, naming both, and changes nothing in it', () => {
    const tag = tagOf('var');
    copy('var', 'copy');
    const error = refusal('copy');
    expect(error).to.be.instanceOf(VigilError).that.includes({ code: 'DATA_DIR_COPIED' });
    expect((error as VigilError).message).to.include(join(root, 'copy')).and.include(join(root, 'var')).and.include(tag);
    expect(refusal('copy'), 'again').to.include({ code: 'DATA_DIR_COPIED' });
    expect(tagOf('var'), 'the original goes on').to.equal(tag);
  });

  it('goes on with one that was moved, and with a copy whose original is gone; from then on that is the original', () => {
    const tag = tagOf('var');
    renameSync(join(root, 'var'), join(root, 'moved'));
    expect(tagOf('moved')).to.equal(tag);
    copy('moved', 'copy');
    rmSync(join(root, 'moved'), { recursive: true });
    expect(tagOf('copy')).to.equal(tag);
    copy('copy', 'moved');
    expect(refusal('moved')).to.include({ code: 'DATA_DIR_COPIED' });
  });

  it('knows one directory by two paths for one, and another instance in the old place for another', () => {
    const tag = tagOf('var');
    symlinkSync(join(root, 'var'), join(root, 'link'));
    expect(tagOf('link')).to.equal(tag);
    renameSync(join(root, 'var'), join(root, 'moved'));
    cpSync(join(root, 'moved'), join(root, 'var'), { recursive: true, filter: (path) => !path.includes('instance-') });
    const other = tagOf('var');
    if (other !== tag) expect(tagOf('moved')).to.equal(tag);
    expect(readFileSync(join(root, 'var', 'instance-home'), 'utf8').trim()).to.equal(join(root, 'var'));
  });
});
