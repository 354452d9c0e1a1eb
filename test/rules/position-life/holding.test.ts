/** Position = fold of fills: against a second computation in whole numbers that knows nothing of the first. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../../src/protocol/decimal.ts';
import { afterFill } from '../../../src/rules/position-life/holding.ts';
import { NO_HOLDING } from '../../../src/rules/position-life/life.ts';
import type { Holding } from '../../../src/rules/position-life/life.ts';

interface Traded {
  readonly buy: boolean;
  readonly quantity: number;
  readonly price: number;
}

const fold = (fills: readonly Traded[]): Holding =>
  fills.reduce((holding, { buy, quantity, price }, index) => afterFill(holding, { side: buy ? 'BUY' : 'SELL', quantity: decimal(String(quantity)), price: decimal(String(price)), commission: decimal('0.1'), realizedPnl: decimal('-0.3'), tradedAt: 1_000 + index }), NO_HOLDING);

/** Lots in a queue, cost as an exact fraction: adding adds cost, reducing takes its share, crossing begins anew. */
function second(fills: readonly Traded[]): { quantity: bigint; cost: readonly [bigint, bigint] } {
  let quantity = 0n;
  let [top, bottom] = [0n, 1n];
  for (const { buy, quantity: size, price } of fills) {
    const change = BigInt(buy ? size : -size);
    const before = quantity;
    quantity += change;
    if (before === 0n || before > 0n === change > 0n) top += BigInt(size) * BigInt(price) * bottom;
    else if (quantity === 0n) [top, bottom] = [0n, 1n];
    else if (quantity > 0n === before > 0n) [top, bottom] = [top * (quantity < 0n ? -quantity : quantity), bottom * (before < 0n ? -before : before)];
    else [top, bottom] = [(quantity < 0n ? -quantity : quantity) * BigInt(price), 1n];
  }
  return { quantity, cost: [top, bottom] };
}

const traded = fc.record({ buy: fc.boolean(), quantity: fc.integer({ min: 1, max: 50 }), price: fc.integer({ min: 1, max: 100_000 }) });

describe('holding', () => {
  it('is the second computation\'s, in quantity exactly and in average entry to 30 digits, across zero and back', () => {
    let crossed = 0;
    fc.assert(
      fc.property(fc.array(traded, { maxLength: 25 }), (fills) => {
        const holding = fold(fills);
        const { quantity, cost } = second(fills);
        expect(text(holding.quantity)).to.equal(String(quantity));
        const size = quantity < 0n ? -quantity : quantity;
        // |average × size × bottom − top| < bottom × 10^−30
        const error = holding.averageEntry.multipliedBy(String(size)).multipliedBy(String(cost[1])).minus(String(cost[0])).abs();
        expect(error.isLessThanOrEqualTo(decimal(String(cost[1])).multipliedBy(decimal(`0.${'0'.repeat(29)}1`)))).to.equal(true);
        if (quantity < 0n) crossed += 1;
      }),
      { numRuns: 3_000, seed: 45 },
    );
    expect(crossed, 'shorts among them').to.be.above(500);
  });

  it('counts money whole, keeps the peak, and the time of the first fill', () => {
    fc.assert(
      fc.property(fc.array(traded, { minLength: 1, maxLength: 40 }), (fills) => {
        const holding = fold(fills);
        let sum = 0;
        const peak = Math.max(...fills.map(({ buy, quantity }) => Math.abs((sum += buy ? quantity : -quantity))));
        expect([text(holding.commission), text(holding.realizedPnl), text(holding.peak), holding.openedAt, holding.firstFillAt]).to.deep.equal([text(decimal('0.1').multipliedBy(fills.length)), text(decimal('-0.3').multipliedBy(fills.length)), String(peak), 1_000, 1_000]);
      }),
      { numRuns: 500, seed: 46 },
    );
  });

  const path = (...fills: readonly (readonly [number, number])[]) => {
    const { quantity, averageEntry } = fold(fills.map(([change, price]) => ({ buy: change > 0, quantity: Math.abs(change), price })));
    return `${text(quantity)} @ ${text(averageEntry)}`;
  };

  it('averages when adding, keeps the average when reducing, forgets it at zero, and begins anew beyond (binance-wire b.10)', () => {
    expect(path([10, 100], [10, 200])).to.equal('20 @ 150');
    expect(path([10, 100], [10, 200], [-15, 900])).to.equal('5 @ 150');
    expect(path([10, 100], [-10, 900])).to.equal('0 @ 0');
    expect(path([10, 100], [-15, 90])).to.equal('-5 @ 90');
    expect(path([-10, 100], [-10, 200], [5, 1])).to.equal('-15 @ 150');
    expect(path([-10, 100], [12, 80])).to.equal('2 @ 80');
  });

  it('keeps every digit of the incident\'s quantities, and the sign of a short (failures 45, 83)', () => {
    const one = afterFill(NO_HOLDING, { side: 'SELL', quantity: decimal('23089.000000001'), price: decimal('0.008625'), commission: decimal('0'), realizedPnl: decimal('0'), tradedAt: 1 });
    expect([text(one.quantity), text(one.averageEntry), text(one.peak)]).to.deep.equal(['-23089.000000001', '0.008625', '23089.000000001']);
  });
});
