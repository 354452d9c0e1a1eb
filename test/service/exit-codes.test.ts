/** How a refused start ends decides whether the launcher tries again: whoever else works on the directory is asked for what it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { acquireInstanceLock } from '../../src/persistence/instance-lock.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { EXIT, refusedWith } from '../../src/service/exit-codes.ts';

describe('a start that is refused by who holds the directory', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'vigil-codes-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  function refusalBeside(passing: boolean): VigilError {
    const holder = acquireInstanceLock(directory, { passing });
    try {
      acquireInstanceLock(directory);
    } catch (error) {
      if (error instanceof VigilError) return error;
      throw error;
    } finally {
      holder.release();
    }
    throw new Error('two hold one directory');
  }

  it('is final beside another service, which manages what is open', () => {
    const refusal = refusalBeside(false);
    expect(refusal.code).to.equal('INSTANCE_RUNNING');
    expect([true, false].map((afterCrash) => refusedWith(refusal, afterCrash))).to.deep.equal([EXIT.refused, EXIT.refused]);
  });

  it('is tried again after a crash beside a command that ends, for then nobody does', () => {
    const refusal = refusalBeside(true);
    expect(refusal.message).to.include('for one command');
    expect([true, false].map((afterCrash) => refusedWith(refusal, afterCrash))).to.deep.equal([EXIT.refusedAfterCrash, EXIT.refused]);
  });
});
