/** REDUCING by the worst case of all working orders: found by trying every order of executions, and agreed with (rulings 12, failure 72, operators' 71). */
import { expect } from 'chai';
import fc from 'fast-check';
import { wholeDecimal } from '../../../src/protocol/decimal.ts';
import { signedPosition, withinPresent, worstCase } from '../../../src/rules/guards/worst-case.ts';
import type { WorkingOrder } from '../../../src/rules/guards/worst-case.ts';

interface Order {
  readonly side: 'BUY' | 'SELL';
  readonly quantity: number;
  readonly reduceOnly: boolean;
}
const working = (orders: readonly Order[]): WorkingOrder[] => orders.map((one) => ({ ...one, quantity: wholeDecimal(one.quantity) }));
const breach = (position: number, ...orders: Order[]) => withinPresent(wholeDecimal(position), working(orders))?.rule;
const extremes = (position: number, orders: readonly Order[]) => {
  const { lowest, highest } = worstCase(wholeDecimal(position), working(orders));
  return [lowest.toNumber(), highest.toNumber()];
};

/** Every position that can come about, one unit executed at a time, as the venue would: a reduce-only order never opens. */
function reachable(position: number, orders: readonly Order[]): Set<number> {
  const seen = new Set<string>();
  const positions = new Set<number>();
  const visit = (held: number, left: readonly number[]): void => {
    const key = `${held}:${left.join()}`;
    if (seen.has(key)) return;
    seen.add(key);
    positions.add(held);
    for (const [index, order] of orders.entries()) {
      if (left[index] === 0) continue;
      if (order.reduceOnly && (order.side === 'SELL' ? held <= 0 : held >= 0)) continue;
      visit(held + (order.side === 'BUY' ? 1 : -1), left.map((one, at) => (at === index ? one - 1 : one)));
    }
  };
  visit(position, orders.map((one) => one.quantity));
  return positions;
}

const sell = (quantity: number, reduceOnly = false): Order => ({ side: 'SELL', quantity, reduceOnly });
const buy = (quantity: number, reduceOnly = false): Order => ({ side: 'BUY', quantity, reduceOnly });

describe('the worst case of working orders', () => {
  it('is what can really come about, for any position and orders', () => {
    const order = fc.record({ side: fc.constantFrom('BUY' as const, 'SELL' as const), quantity: fc.integer({ min: 0, max: 4 }), reduceOnly: fc.boolean() });
    let flips = 0;
    fc.assert(
      fc.property(fc.integer({ min: -6, max: 6 }), fc.array(order, { maxLength: 4 }), (position, orders) => {
        const positions = [...reachable(position, orders)];
        expect(extremes(position, orders)).to.deep.equal([Math.min(...positions), Math.max(...positions)]);
        const allowed = positions.every((held) => Math.abs(held) <= Math.abs(position) && held * position >= 0);
        const found = withinPresent(wholeDecimal(position), working(orders));
        expect(found === undefined, `${position} with ${JSON.stringify(orders)}`).to.equal(allowed);
        if (found?.rule === 'flips') flips += 1;
      }),
      { numRuns: 3_000, seed: 71 },
    );
    expect(flips, 'flips that were tried at all').to.be.above(50);
  });

  it('never opens from flat, on neither side', () => expect([breach(0, buy(1)), breach(0, sell(1)), breach(0), breach(0, sell(5, true))]).to.deep.equal(['opens from flat', 'opens from flat', undefined, undefined]));

  it('never exceeds the present position', () => expect([breach(10, buy(1)), breach(-10, sell(1)), breach(10, buy(1), sell(10)), breach(10, sell(10))]).to.deep.equal(['exceeds the present position', 'exceeds the present position', 'exceeds the present position', undefined]));

  it('never flips, all working orders together', () => {
    expect([breach(10, sell(10)), breach(10, sell(11)), breach(10, sell(6), sell(5)), breach(-10, buy(6), buy(5))]).to.deep.equal([undefined, 'flips', 'flips', 'flips']);
    expect(breach(10, sell(6, true), sell(6)), 'the reduce-only one first, then the other').to.equal('flips');
    expect(breach(10, sell(10, true), sell(10, true)), 'stop and target of the same position').to.equal(undefined);
  });

  it('names the limit and what it would come to', () => {
    const found = withinPresent(wholeDecimal(-10), working([sell(3)]));
    expect([found?.limit.toFixed(), found?.value.toFixed()]).to.deep.equal(['-10', '-13']);
    const flip = withinPresent(wholeDecimal(10), working([sell(13)]));
    expect([flip?.limit.toFixed(), flip?.value.toFixed()]).to.deep.equal(['0', '-3']);
  });

  it('reads a position by its side; nothing held is zero', () => expect([signedPosition({ side: 'LONG', quantity: '3' }), signedPosition({ side: 'SHORT', quantity: '3' }), signedPosition(undefined)].map((one) => one.toFixed())).to.deep.equal(['3', '-3', '0']));
});
