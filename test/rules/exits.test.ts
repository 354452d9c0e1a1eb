/** Exits: a stop the mark has passed is closed by us after 3 s, counted without a gap (ruling 6). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { decideExit } from '../../src/rules/exits.ts';

type Step = readonly [seconds: number, mark: string];

/** The decisions along a path of marks, each carrying on from the one before. */
function along(side: 'LONG' | 'SHORT', path: readonly Step[], stop: string | null = '98'): string[] {
  let passedSince: number | undefined;
  return path.map(([seconds, mark]) => {
    const decision = decideExit({ side, stop: stop === null ? undefined : decimal(stop), mark: decimal(mark), passedSince, now: seconds * 1_000, stopPassedMs: 3_000 });
    passedSince = decision.passedSince;
    return decision.action === 'CLOSE' ? decision.reason : decision.action;
  });
}

for (const { side, beyond, before } of [{ side: 'LONG' as const, beyond: '97.5', before: '98.1' }, { side: 'SHORT' as const, beyond: '98.5', before: '97.9' }]) {
  describe(`the exit of a ${side}`, () => {
    it('holds while the mark has not reached the stop', () => expect(along(side, [[0, before], [10, before]])).to.deep.equal(['HOLD', 'HOLD']));

    it('closes once the mark has stood beyond the stop for 3 s, and not before (ruling 6)', () => {
      expect(along(side, [[0, beyond], [2.999, beyond], [3, beyond], [4, beyond]])).to.deep.equal(['HOLD', 'HOLD', 'STOP_PASSED', 'STOP_PASSED']);
    });

    it('counts the stop price itself as passed', () => expect(along(side, [[0, '98'], [3, '98']])).to.deep.equal(['HOLD', 'STOP_PASSED']));

    it('counts from the beginning after any return', () => {
      expect(along(side, [[0, beyond], [2, beyond], [2.5, before], [3, beyond], [5.9, beyond], [6, beyond]])).to.deep.equal(['HOLD', 'HOLD', 'HOLD', 'HOLD', 'HOLD', 'STOP_PASSED']);
    });

    it('never closes for a stop that is not known', () => expect(along(side, [[0, beyond], [60, beyond]], null)).to.deep.equal(['HOLD', 'HOLD']));
  });
}
