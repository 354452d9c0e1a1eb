/** The ring is a plain array at both ends, and gives an emptied burst's memory back. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Ring } from '../../src/supervision/ring.ts';
import { collect, heldBytes } from './collect.ts';

describe('ring', () => {
  it('does what an array does, whatever is put in and taken out at which end', () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('push' as const, 'unshift' as const, 'shift' as const), times: fc.integer({ min: 1, max: 20 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('push' as const, 'shift' as const), times: fc.constant(3_000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), times: fc.constant(1) }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const ring = new Ring<number>();
        let model: number[] = [];
        let next = 0;
        let same = true;
        for (const { do: what, times } of actions) {
          for (let i = 0; i < times; i++) {
            if (what === 'push') ring.push(model[model.push(next++) - 1]!);
            else if (what === 'unshift') {
              ring.unshift(next);
              model.unshift(next++);
            } else if (what === 'shift') same &&= ring.shift() === model.shift();
            else {
              expect(ring.drain()).to.deep.equal(model);
              model = [];
            }
            same &&= ring.length === model.length && ring.peek() === model[0];
          }
          expect(same).to.equal(true);
          expect(ring.toArray()).to.deep.equal(model);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('holds nothing that was taken out', async () => {
    const ring = new Ring<object>();
    const taken: WeakRef<object>[] = [];
    for (let i = 0; i < 100; i++) ring.push({ i });
    for (let i = 0; i < 99; i++) taken.push(new WeakRef(ring.shift()!));
    await collect();
    expect(taken.filter((one) => one.deref() !== undefined)).to.deep.equal([]);
    expect(ring.toArray()).to.deep.equal([{ i: 99 }]);
  });

  it('gives the memory of a burst back when it has passed (H15)', async () => {
    const before = await heldBytes();
    const taken = new Ring<number>();
    const drained = new Ring<number>();
    for (let i = 0; i < 1_000_000; i++) {
      taken.push(i);
      drained.push(i);
    }
    expect((await heldBytes()) - before).to.be.above(8_000_000);
    while (taken.length > 10) taken.shift();
    const { length } = drained.drain();
    expect(length).to.equal(1_000_000);
    expect((await heldBytes()) - before).to.be.below(1_000_000);
    expect(taken.length + drained.length).to.equal(10);
  });
});
