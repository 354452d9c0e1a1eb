/** The life of a position against a venue in miniature: whatever happens in whatever order, it comes to rest flat and clean, or protected, and no part of it was closed twice. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DeskModel } from './desk-model.ts';
import { comeToRest, hand, part, step, take } from './random-lives.ts';
import type { Hand, Part, Step } from './random-lives.ts';

/** Runs many lists of steps, each on a desk of its own. @returns in how many runs each thing happened: what never does is not tested. */
function check(steps: fc.Arbitrary<readonly (Step | Part | Hand)[]>, options: { readonly numRuns: number; readonly seed: number }, begin: (desk: DeskModel) => void = () => undefined): Map<string, number> {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(steps, (list) => {
      const desk = new DeskModel();
      begin(desk);
      for (const one of list) {
        take(desk, one);
        desk.settle();
        expect(desk.fault()).to.equal(undefined);
      }
      expect(desk.life).to.deep.equal(desk.replayed());
      const seconds = comeToRest(desk);
      expect(desk.unrest(), 'did not come to rest').to.equal(undefined);
      expect(seconds, 'seconds to rest').to.be.below(120);
      expect(desk.fault()).to.equal(undefined);
      expect(desk.life).to.deep.equal(desk.replayed());
      for (const what of desk.happened()) seen.set(what, (seen.get(what) ?? 0) + 1);
    }),
    options,
  );
  return seen;
}

const WHAT_PARTS_DO = ['part closed', 'part closed in several orders', 'whole closed instead of a part', 'part ambiguous', 'part overtaken by a close', 'stop moved', 'stop hit in profit'];

describe('position life against a venue', () => {
  it('comes to rest flat and clean or protected, whatever is lost, late, doubled or restarted (failures 47, 84, 88; operators\' 18)', () => {
    check(fc.array(fc.oneof({ weight: 9, arbitrary: step }, { weight: 1, arbitrary: part }), { minLength: 5, maxLength: 80 }), { numRuns: 1_500, seed: 20_260_203 });
  });

  it('does so too when somebody trades by hand on the same symbol (failure 84)', () => {
    check(fc.array(fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: hand }), { minLength: 5, maxLength: 60 }), { numRuns: 1_000, seed: 85 });
  });

  for (const side of ['LONG', 'SHORT'] as const) {
    it(`of a protected ${side}, parts are closed and its stop moved at any moment: each tier once, never more than was asked for, always behind a stop (failures 35, 56, 88, 93)`, () => {
      const steps = fc.array(fc.oneof({ weight: 3, arbitrary: step }, { weight: 2, arbitrary: part }), { minLength: 3, maxLength: 60 });
      const seen = check(steps, { numRuns: 1_200, seed: 56 }, (desk) => {
        desk.open(side, 20);
        comeToRest(desk);
      });
      for (const what of WHAT_PARTS_DO) expect(seen.get(what) ?? 0, what).to.be.at.least(5);
    });
  }
});
