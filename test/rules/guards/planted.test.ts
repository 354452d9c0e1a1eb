/** A planted violation for each guard: with its row taken out of the table an opening would be granted that must be denied. */
import { expect } from 'chai';
import { judgeOpening, OPENING_GUARDS } from '../../../src/rules/guards/opening.ts';
import { makeGuardInputs } from '../../kit/decisions.ts';
import { OPENING_CASES } from './opening-cases.ts';

describe('a guard that is missing', () => {
  for (const { guard, denies } of OPENING_CASES) {
    it(`${guard} lets an opening through that nothing else stops`, () => {
      const rest = OPENING_GUARDS.filter((one) => one.code !== guard);
      const alone = denies.filter(([inputs]) => judgeOpening(makeGuardInputs(inputs), rest).denials.length === 0);
      expect(alone).not.to.deep.equal([]);
      for (const [inputs] of alone) expect(judgeOpening(makeGuardInputs(inputs)).denials).not.to.deep.equal([]);
    });
  }
});
