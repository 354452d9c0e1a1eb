/** The policy file is the ceiling: read exactly, or refused with the line at fault. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadPolicy } from '../../src/config.ts';
import type { Fault } from '../../src/config.ts';
import { VigilError } from '../../src/protocol/errors.ts';

describe('policy file', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'vigil-policy-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const refusal = (text: string): VigilError => {
    const path = join(directory, 'policy.yaml');
    writeFileSync(path, text);
    try {
      loadPolicy(path);
    } catch (error) {
      if (error instanceof VigilError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };

  it('as shipped has the nine symbols of the incident, the one in Chinese among them', () => {
    expect(loadPolicy(resolve(import.meta.dirname, '../../config/universe.yaml'))).to.deep.equal(['ANKRUSDT', 'ARCUSDT', 'CHESSUSDT', 'FHEUSDT', 'GPSUSDT', 'HYPEUSDT', 'RIVERUSDT', 'STABLEUSDT', '币安人生USDT']);
  });

  it('with a symbol twice, a blank, a number or blanks around a name is refused, all at once', () => {
    const faults = refusal('symbols:\n  - A\n  - ""\n  - 7\n  - " B"\n').details['faults'] as Fault[];
    expect(faults.map(({ path, value }) => [path, value])).to.deep.equal([['symbols[1]', '""'], ['symbols[2]', '7'], ['symbols[3]', '" B"']]);
    expect(faults[0]?.source).to.match(/policy\.yaml:3$/);
    const [repeated] = refusal('symbols: [A, B, A]').details['faults'] as Fault[];
    expect(repeated).to.include({ path: 'symbols[2]', value: '"A"', expected: 'each symbol once' });
  });

  for (const text of ['', 'symbols: []', 'symbols:', '- A', 'symbols: A', 'symbols: [A]\nmore: 1']) {
    it(`of ${JSON.stringify(text)} is refused`, () => {
      expect(refusal(text).code).to.equal('CONFIG_INVALID');
    });
  }

  it('that is missing or not YAML is CONFIG_UNREADABLE: without its ceiling nothing may start', () => {
    expect(() => loadPolicy(join(directory, 'none.yaml'))).to.throw(VigilError).with.property('code', 'CONFIG_UNREADABLE');
    expect(refusal('symbols: [A').code).to.equal('CONFIG_UNREADABLE');
  });
});
