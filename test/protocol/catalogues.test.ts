/** The catalogues hold both ways: every code is produced somewhere in src, and every code that is produced has its words. */
import { expect } from 'chai';
import { codesIn, producedCodes } from '../../scripts/produced-codes.ts';
import { DENIALS } from '../../src/protocol/denials.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { EXIT_CODES, exitReason } from '../../src/protocol/exit-codes.ts';
import { VERIFY_FAULTS } from '../../src/persistence/verify.ts';
import { FINDINGS } from '../../src/protocol/findings.ts';

const CATALOGUES = { DENIALS, ERRORS, EXIT_CODES, VERIFY_FAULTS };
/** Made from the R of a tier. */
const COMPOSED = new Set(['TIER']);

describe('the catalogues of codes', () => {
  const { producers, asCodes } = producedCodes();

  for (const [name, catalogue] of Object.entries(CATALOGUES)) {
    it(`${name}: every code is produced somewhere`, () => {
      expect(Object.keys(catalogue).filter((code) => !producers.has(code) && !COMPOSED.has(code))).to.deep.equal([]);
    });

    it(`${name}: every code has a sentence and says what to do`, () => {
      for (const [code, entry] of Object.entries(catalogue)) {
        expect(code).to.match(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
        for (const words of Object.values(entry as Record<string, string | true>).filter((one) => one !== true)) expect(words, code).to.match(/^[A-Z`].*\.$/s);
      }
    });
  }

  it('every code that is produced has its words', () => {
    const known = (code: string) => Object.values(CATALOGUES).some((catalogue) => Object.hasOwn(catalogue, code)) || Object.hasOwn(FINDINGS, code) || exitReason(code) !== undefined;
    expect([...asCodes].filter(([code]) => !known(code))).to.deep.equal([]);
    expect(asCodes.size).to.be.above(70);
  });

  it('no code means two things', () => {
    const all = [DENIALS, ERRORS, VERIFY_FAULTS, FINDINGS].flatMap((catalogue) => Object.keys(catalogue));
    expect(all.filter((code, index) => all.indexOf(code) !== index)).to.deep.equal([]);
  });
});

describe('a code in the source', () => {
  for (const [how, code] of Object.entries({
    'the code of a denial': "const denial = { code: 'MADE_UP', value: '1' };",
    'the first of two': "const denial = { code: late ? 'MADE_UP' : 'OTHER' };",
    'what an error is made with': "throw new VigilError('MADE_UP', 'x');",
    'what an error with a status is made with': "throw new StatusError(404, 'MADE_UP', 'x');",
    'a constant that is checked': "const denial = { code: 'MADE_UP' satisfies DenialCode };",
  })) {
    it(`is found as ${how}`, () => expect(codesIn(code)).to.deep.include({ code: 'MADE_UP', asCode: true }));
  }

  for (const [how, code] of Object.entries({
    'what a function is called with': "refuse('MADE_UP');",
    'the value of a table': "const PHASES = { Opening: 'MADE_UP' };",
    'what stands in for another': "const code = given ?? 'MADE_UP';",
    'what is answered': "function code() { return 'MADE_UP'; }",
  })) {
    it(`is found as ${how}`, () => expect(codesIn(code).map((one) => one.code)).to.deep.equal(['MADE_UP']));
  }

  for (const [how, code] of Object.entries({
    'compared': "if (code === 'MADE_UP') stop();",
    'a case': "switch (code) { case 'MADE_UP': stop(); }",
    'looked up': "if (codes.has('MADE_UP') || list.includes('MADE_UP')) stop();",
    'a member of a set': "const asked = new Set(['MADE_UP']);",
    'a type': "type Code = 'MADE_UP'; let code: 'MADE_UP' | undefined;",
    'a comment': "// MADE_UP\nconst code = 1;",
  })) {
    it(`is not produced where it is ${how}`, () => expect(codesIn(code)).to.deep.equal([]));
  }
});
