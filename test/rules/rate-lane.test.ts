/** The entry lane: entries leave room for exits and stops in the venue's limits, and wait exactly as long as they must (failure 57). */
import { expect } from 'chai';
import fc from 'fast-check';
import { entrySlotDelay, recentWrites } from '../../src/rules/rate-lane.ts';
import { NOW } from '../kit/decisions.ts';

const at = (...ages: number[]) => ages.map((age) => NOW - age);
const burst = (count: number, age: number) => Array.from({ length: count }, () => NOW - age);

describe('rate lane', () => {
  it('lets an entry go at once when little was sent', () => {
    expect(entrySlotDelay([], NOW)).to.equal(0);
    expect(entrySlotDelay(at(9_000, 500, 0), NOW)).to.equal(0);
  });

  it('leaves a third of 300 orders in 10 s to exits: entry, stop and target must fit into 200', () => {
    expect(entrySlotDelay(burst(197, 4_000), NOW)).to.equal(0);
    expect(entrySlotDelay(burst(198, 4_000), NOW)).to.equal(6_000);
    expect(entrySlotDelay(burst(198, 10_000), NOW)).to.equal(0);
  });

  it('leaves a third of 1,200 orders in a minute to exits', () => {
    expect(entrySlotDelay(burst(797, 30_000), NOW)).to.equal(0);
    expect(entrySlotDelay(burst(798, 30_000), NOW)).to.equal(30_000);
    expect(entrySlotDelay(burst(798, 60_000), NOW)).to.equal(0);
  });

  it('waits until exactly as many have left the window as are too many', () => {
    const sent = [...at(9_000, 8_000, 7_000), ...burst(196, 1_000)];
    expect(entrySlotDelay(sent, NOW)).to.equal(2_000);
  });

  it('is free after the wait it named, not a millisecond before, and never waits beyond a minute', () => {
    const ages = fc.array(fc.nat({ max: 70_000 }), { maxLength: 1_500, size: 'max' });
    fc.assert(
      fc.property(ages, fc.nat({ max: 1_100 }), (list, extra) => {
        const sent = [...at(...list), ...burst(extra, 3_000)].toSorted((a, b) => a - b);
        const delay = entrySlotDelay(sent, NOW);
        expect(delay).to.be.within(0, 60_000);
        expect(entrySlotDelay(sent, NOW + delay)).to.equal(0);
        if (delay > 0) expect(entrySlotDelay(sent, NOW + delay - 1)).to.equal(1);
        expect(entrySlotDelay(recentWrites(sent, NOW), NOW)).to.equal(delay);
      }),
      { numRuns: 200, seed: 57 },
    );
  });

  it('forgets what no window looks at any more', () => expect(recentWrites(at(60_001, 60_000, 59_999, 0), NOW)).to.deep.equal(at(59_999, 0)));
});
