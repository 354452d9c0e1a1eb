/** The entry lane: entries leave room for exits and stops in the venue's limits, and wait exactly as long as they must (failure 57). */
import { expect } from 'chai';
import fc from 'fast-check';
import { afterOrder, afterStatedOrders, entrySlotDelay, exitHasRoom, isOrder, newSlot, NOTHING_STATED, recentWrites, slotDelay, standingSlots, statedSlotDelay } from '../../src/rules/rate-lane.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import type { Slot, StatedOrders } from '../../src/rules/rate-lane.ts';
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

  it('lets an exit go up to the venue\'s own limits, and not beyond', () => {
    expect(exitHasRoom(burst(299, 9_999), NOW)).to.equal(true);
    expect(exitHasRoom(burst(300, 9_999), NOW)).to.equal(false);
    expect(exitHasRoom(burst(1_199, 59_999), NOW)).to.equal(true);
    expect(exitHasRoom(burst(1_200, 59_999), NOW)).to.equal(false);
    expect(exitHasRoom(burst(1_200, 60_000), NOW)).to.equal(true);
  });
});

describe('what the venue counts of the account\'s orders', () => {
  /** The beginning of a minute, and of ten seconds, of the venue's clock. */
  const MINUTE = NOW - (NOW % 60_000);
  const counted = (orders10s: number | undefined, orders1m: number | undefined, when: number) => afterStatedOrders(NOTHING_STATED, { orders10s, orders1m }, when);

  it('the same number again, or none, is no news; each window has its own', () => {
    const known = counted(7, 9, MINUTE);
    expect(known).to.deep.equal({ orders10s: { value: 7, at: MINUTE }, orders1m: { value: 9, at: MINUTE } });
    expect(afterStatedOrders(known, { orders10s: 7, orders1m: 9 }, MINUTE + 1)).to.deep.equal(known);
    expect(afterStatedOrders(known, { orders10s: undefined, orders1m: undefined }, MINUTE + 1)).to.deep.equal(known);
    expect(afterStatedOrders(known, { orders10s: 8, orders1m: undefined }, MINUTE + 1)).to.deep.equal({ ...known, orders10s: { value: 8, at: MINUTE + 1 } });
    expect(afterStatedOrders(known, { orders10s: undefined, orders1m: 3 }, MINUTE + 1)).to.deep.equal({ ...known, orders1m: { value: 3, at: MINUTE + 1 } });
  });

  it('holds an entry back until the venue\'s window is over, of ten seconds and of a minute', () => {
    expect(statedSlotDelay(NOTHING_STATED, [], MINUTE, 0)).to.equal(0);
    expect(statedSlotDelay(counted(197, 797, MINUTE + 1_000), [], MINUTE + 2_000, 0)).to.equal(0);
    expect(statedSlotDelay(counted(198, undefined, MINUTE + 1_000), [], MINUTE + 2_000, 0)).to.equal(8_000);
    expect(statedSlotDelay(counted(undefined, 798, MINUTE + 1_000), [], MINUTE + 2_000, 0)).to.equal(58_000);
    expect(statedSlotDelay(counted(198, 798, MINUTE + 1_000), [], MINUTE + 2_000, 0), 'the longer of both').to.equal(58_000);
    expect(statedSlotDelay(counted(300, 797, MINUTE + 1_000), [], MINUTE + 10_000, 0), 'its ten seconds are over').to.equal(0);
  });

  it('is counted on with what was sent since it was said, and not with what was sent before', () => {
    const stated = counted(196, undefined, MINUTE + 1_000);
    const sent = [MINUTE + 500, MINUTE + 1_000];
    expect(statedSlotDelay(stated, sent, MINUTE + 2_000, 0)).to.equal(0);
    expect(statedSlotDelay(stated, [...sent, MINUTE + 1_001], MINUTE + 2_000, 0)).to.equal(0);
    expect(statedSlotDelay(stated, [...sent, MINUTE + 1_001, MINUTE + 1_002], MINUTE + 2_000, 0)).to.equal(8_000);
  });

  it('goes by the venue\'s clock, whether it is ahead or behind', () => {
    const stated = counted(300, undefined, MINUTE + 8_500);
    expect(statedSlotDelay(stated, [], MINUTE + 9_500, 0)).to.equal(500);
    expect(statedSlotDelay(stated, [], MINUTE + 9_500, 1_000), 'its next ten seconds have begun').to.equal(0);
    expect(statedSlotDelay(stated, [], MINUTE + 8_700, 1_000)).to.equal(300);
    expect(statedSlotDelay(stated, [], MINUTE + 10_500, -1_000)).to.equal(500);
  });
});

describe('slots of entries', () => {
  const [A, B] = ['AUSDT', 'BUSDT'] as SymbolName[];
  const PLAN = 'plan-1' as PlanId;
  const delay = (sent: readonly number[], slots: readonly Slot[], stated: StatedOrders = NOTHING_STATED, now = NOW) => slotDelay({ sent, slots, stated }, now, 0);
  const slots = (count: number, age = 0) => Array.from({ length: count }, () => newSlot(A!, PLAN, NOW - age));

  it('count what the venue counts as an order, and no setting and no cancel', () => {
    expect((['OPEN', 'CLOSE', 'PROTECT', 'CANCEL', 'CONFIGURE'] as const).filter(isOrder)).to.deep.equal(['OPEN', 'CLOSE', 'PROTECT']);
  });

  it('hold room for three orders each: entry, stop and target', () => {
    expect(newSlot(A!, PLAN, NOW)).to.deep.equal({ symbol: A, planId: PLAN, orders: 3, at: NOW });
    expect(delay(burst(191, 1_000), slots(2))).to.equal(0);
    expect(delay(burst(192, 1_000), slots(2))).to.be.greaterThan(0);
    expect(delay([], slots(65))).to.equal(0);
    expect(delay([], slots(66)), 'also where nothing has been sent').to.be.greaterThan(0);
  });

  it('are counted beside what the venue has counted', () => {
    const stated = afterStatedOrders(NOTHING_STATED, { orders10s: 191, orders1m: undefined }, NOW);
    expect(delay([], slots(2), stated)).to.equal(0);
    expect(delay([], slots(2), afterStatedOrders(stated, { orders10s: 192, orders1m: undefined }, NOW))).to.be.greaterThan(0);
  });

  it('are used up by the orders of their symbol, one by one, and by nobody else\'s', () => {
    const given = [newSlot(A!, PLAN, NOW), newSlot(B!, PLAN, NOW)];
    const once = afterOrder(given, A!, NOW + 10);
    expect(once).to.deep.equal([{ symbol: A, planId: PLAN, orders: 2, at: NOW + 10 }, { symbol: B, planId: PLAN, orders: 3, at: NOW }]);
    const used = afterOrder(afterOrder(once, A!, NOW + 20), A!, NOW + 30);
    expect(standingSlots(used, NOW + 40)).to.deep.equal([{ symbol: B, planId: PLAN, orders: 3, at: NOW }]);
  });

  it('lapse when nothing has come of them for as long as a permit lives: an executor that was started again, an entry that was not filled', () => {
    expect(standingSlots(slots(1, 4_999), NOW)).to.have.length(1);
    expect(standingSlots(slots(1, 5_000), NOW)).to.deep.equal([]);
  });

  it('are waited for no longer than until the first of them lapses, or room comes by itself', () => {
    expect(delay(burst(199, 2_000), []), 'nothing is promised').to.equal(8_000);
    expect(delay(burst(197, 2_000), slots(1, 4_000)), 'a slot lapses').to.equal(1_000);
    expect(delay(burst(197, 9_500), slots(1, 4_000)), 'an order leaves its window').to.equal(500);
    expect(delay([], slots(66, 1_000))).to.equal(4_000);
    expect(delay([], [...slots(60, 1_000), ...slots(6, 3_000)]), 'the first').to.equal(2_000);
  });
});
