/** R: its vector, both sides, and a second computation in whole numbers that shares nothing with the first. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../../src/protocol/decimal.ts';
import { rAtTarget, rMultiple } from '../../../src/rules/exits/r-multiple.ts';

const r = (side: 'LONG' | 'SHORT', entry: string, initialStop: string, mark: string, costBps = '10') => {
  const value = rMultiple({ side, entry: decimal(entry), initialStop: decimal(initialStop), mark: decimal(mark), costBps: decimal(costBps) });
  return value === undefined ? undefined : text(value);
};
const at = (units: bigint) => decimal(`${units / 1_000_000n}.${String(units % 1_000_000n).padStart(6, '0')}`);

describe('R', () => {
  it('is 1.95 at a target of 4 % with a stop of 2 % and costs of 10 bps (pipeline facts, 6)', () => {
    expect(r('LONG', '0.008625', '0.0084525', '0.00897')).to.equal('1.95');
    expect(r('LONG', '33.738', '33.06324', '35.08752')).to.equal('1.95');
    expect(r('SHORT', '13.87', '14.1474', '13.3152')).to.equal('1.95');
    expect(text(rAtTarget(decimal('2'), decimal('4'), decimal('10'))!)).to.equal('1.95');
  });

  it('is a little worse than −1 at the stop, and below zero at the entry: costs are in it (failure 96)', () => {
    expect(r('LONG', '100', '98', '98')).to.equal('-1.05');
    expect(r('SHORT', '100', '102', '102')).to.equal('-1.05');
    expect(r('LONG', '100', '98', '100')).to.equal('-0.05');
    expect(r('LONG', '100', '98', '100', '0')).to.equal('0');
  });

  it('takes the risk from the first stop, wherever the stop stands now, and on whichever side it was (ruling 21)', () => {
    expect(r('LONG', '100', '98', '103', '0')).to.equal('1.5');
    expect(r('LONG', '100', '102', '103', '0')).to.equal('1.5');
  });

  it('is unknown when nothing was risked', () => expect(r('LONG', '100', '100', '103')).to.equal(undefined));

  it('agrees with a computation in whole numbers, to the last digit, wherever it is held against a limit', () => {
    const price = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(fc.constantFrom('LONG' as const, 'SHORT' as const), price, price, price, fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -5_000, max: 5_000 }), (side, entry, stop, mark, bps, limit) => {
        fc.pre(entry !== stop);
        const value = rMultiple({ side, entry: at(entry), initialStop: at(stop), mark: at(mark), costBps: decimal(String(bps)) })!;
        // R ≥ limit / 1000 as: gain · 10,000 · 1,000 ≥ limit · risk · 10,000, all in millionths.
        const gain = (side === 'LONG' ? mark - entry : entry - mark) * 10_000n - entry * BigInt(bps);
        const risk = entry > stop ? entry - stop : stop - entry;
        expect(value.isGreaterThanOrEqualTo(decimal(String(limit)).dividedBy(1_000))).to.equal(gain * 1_000n >= BigInt(limit) * risk * 10_000n);
        expect(value.isNegative() && !value.isZero()).to.equal(gain < 0n);
        expect(value.multipliedBy(String(risk)).multipliedBy(10_000).minus(String(gain)).abs().isLessThan('0.000001')).to.equal(true);
      }),
      { numRuns: 5_000, seed: 21 },
    );
  });
});
