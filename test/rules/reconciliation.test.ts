/** What a comparison comes to: when the venue's side is brought again, when a symbol is given up, and what is said of it. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueAlgoOrder, VenueOrder } from '../../src/protocol/venue.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import { ATTEMPTS, behind, brought, conclusion, foreignTag, heardOf, heldBy, isConcluded, isDueAgain, isSpent, reconciledRow, unknownOrders } from '../../src/rules/reconciliation.ts';
import type { Attempts } from '../../src/rules/reconciliation.ts';
import { GPS, HYPE, NOW } from '../kit/decisions.ts';

const TAG = 'k7qz';
const OURS = `x-15PC4ZJy${TAG}s${'0'.repeat(20)}`;
/** Monotonic, ms. */
const AT = 500_000;

const life = (part: Partial<LifeView> = {}): LifeView => ({ symbol: GPS, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...part });
const holding = (side: 'LONG' | 'SHORT', quantity: string) => life({ phase: 'Protected', position: { side, quantity } as NonNullable<LifeView['position']> });
const attempts = (part: Partial<Attempts> = {}): Attempts => ({ tries: 1, begunAt: NOW, broughtAt: AT, done: false, ...part });
const BEFORE = life({ reconciledAt: NOW - 1 });
const SINCE = life({ reconciledAt: NOW });

describe('attempts at a result', () => {
  it('have come to one when the executor has found it in this reading or a later one, and not when it says nothing', () => {
    expect(isConcluded(attempts(), SINCE)).to.equal(true);
    expect(isConcluded(attempts(), BEFORE)).to.equal(false);
    expect(isConcluded(attempts(), life())).to.equal(false);
    expect(isConcluded(attempts(), undefined)).to.equal(false);
    expect(isConcluded(undefined, SINCE)).to.equal(false);
    expect(heardOf(attempts(), BEFORE), 'of an earlier reading').to.deep.equal(attempts());
    expect(heardOf(attempts(), SINCE)).to.deep.equal(attempts({ done: true }));
    expect(heardOf(attempts({ done: true }), life()), 'restarted since').to.deep.equal(attempts({ done: true }));
  });

  it('are counted from the last result on', () => {
    expect(brought(undefined, NOW, AT)).to.deep.equal(attempts());
    expect(brought(attempts({ tries: 3 }), NOW + 5, AT + 7)).to.deep.equal(attempts({ tries: 4, begunAt: NOW + 5, broughtAt: AT + 7 }));
    expect(brought(attempts({ tries: 3, done: true }), NOW, AT)).to.deep.equal(attempts());
  });

  it('follow each other after 3, 3, 6, 12 and 24 s, and after the sixth no more', () => {
    for (const [index, wait] of [3_000, 3_000, 6_000, 12_000, 24_000].entries()) {
      const made = attempts({ tries: index + 1 });
      expect(isDueAgain(made, BEFORE, false, AT + wait - 1), `${index + 1}, too early`).to.equal(false);
      expect(isDueAgain(made, BEFORE, false, AT + wait), `${index + 1}, due`).to.equal(true);
    }
    expect(isDueAgain(attempts({ tries: ATTEMPTS }), BEFORE, false, AT + 3_600_000)).to.equal(false);
    expect(isDueAgain(undefined, BEFORE, true, AT), 'nothing was brought yet').to.equal(false);
  });

  it('go on after a result that is not of this stream epoch, as after a first one', () => {
    for (const tries of [1, 4, ATTEMPTS]) {
      const made = attempts({ tries, done: true });
      expect(isDueAgain(made, SINCE, false, AT + 3_600_000)).to.equal(false);
      expect(isDueAgain(made, SINCE, true, AT + 2_999)).to.equal(false);
      expect(isDueAgain(made, SINCE, true, AT + 3_000)).to.equal(true);
    }
  });

  it('are spent 3 s after the sixth, unless there was a result, and stay spent while they go on with all the others', () => {
    const sixth = attempts({ tries: ATTEMPTS });
    expect(isSpent(sixth, BEFORE, AT + 2_999)).to.equal(false);
    expect(isSpent(sixth, BEFORE, AT + 3_000)).to.equal(true);
    expect(isSpent(sixth, SINCE, AT + 3_000)).to.equal(false);
    expect(isSpent({ ...sixth, done: true }, life(), AT + 3_000), 'restarted since the result').to.equal(false);
    expect(isSpent(attempts({ tries: ATTEMPTS - 1 }), BEFORE, AT + 3_600_000)).to.equal(false);
    expect(isSpent(attempts({ tries: ATTEMPTS + 1 }), BEFORE, AT)).to.equal(true);
    expect(isSpent(undefined, undefined, AT)).to.equal(false);
  });
});

describe('what is found of a symbol', () => {
  it('orders that are none of ours are told in words, of both kinds, in one order', () => {
    const order = (clientId: string): VenueOrder => ({ clientId, type: 'LIMIT', side: 'SELL', quantity: decimal('5'), price: decimal('0.9') }) as VenueOrder;
    const algo = (clientId: string): VenueAlgoOrder => ({ clientId, type: 'STOP_MARKET', side: 'BUY', quantity: decimal('7'), triggerPrice: decimal('1.1') }) as VenueAlgoOrder;
    expect(unknownOrders([order('web_2'), order(OURS), order('web_1')], [algo(OURS), algo('app_1')], [TAG])).to.deep.equal(['LIMIT SELL 5 at 0.9 (web_1)', 'LIMIT SELL 5 at 0.9 (web_2)', 'STOP_MARKET BUY 7 from 1.1 (app_1)']);
    expect(unknownOrders([order('web_1')], [{ ...algo('app_1'), type: 'ALGO' as VenueAlgoOrder['type'] }], [TAG])[0], 'whatever kind it is of').to.contain('ALGO');
  });

  it('what is held is counted with its sign', () => {
    expect(heldBy(holding('LONG', '5'))).to.equal('5');
    expect(heldBy(holding('SHORT', '5'))).to.equal('-5');
    expect(heldBy(life())).to.equal('0');
    expect(heldBy(undefined)).to.equal('0');
  });

  it('is agreed when nothing had to change, corrected when it had, left when a difference stands, and unresolved before all that', () => {
    const side = { quantity: decimal('-5'), unknownOrders: ['LIMIT SELL 5 at 0.9 (web_1)'] };
    const short = holding('SHORT', '5');
    expect(reconciledRow(GPS, '-5.0', side, short, true)).to.deep.equal({ symbol: GPS, outcome: 'agreed', before: '-5.0', journal: '-5', venue: '-5', state: 'Protected', unknownOrders: side.unknownOrders });
    expect(reconciledRow(GPS, '5', side, short, true).outcome).to.equal('corrected');
    expect(reconciledRow(GPS, '-5', side, { ...short, drift: '-5' }, true).outcome).to.equal('left');
    expect(reconciledRow(GPS, '-5', side, { ...short, drift: '-5' }, false).outcome).to.equal('unresolved');
    expect(reconciledRow(GPS, '0', undefined, undefined, true)).to.deep.equal({ symbol: GPS, outcome: 'agreed', before: '0', journal: '0', venue: '0', state: 'Unknown', unknownOrders: [] });
  });
});

describe('the gate of a stream epoch', () => {
  const both = [GPS, HYPE];

  it('waits for those whose executors have found nothing in it yet, or say nothing', () => {
    const lives = new Map([[GPS, life({ reconciledEpoch: 2 })], [HYPE, life({ symbol: HYPE, reconciledEpoch: 1 })]]);
    expect(behind(both, lives, 1)).to.deep.equal([]);
    expect(behind(both, lives, 2)).to.deep.equal([HYPE]);
    expect(behind(both, new Map(), 1)).to.deep.equal(both);
  });

  it('opens when all have come to a result or were given up; afterwards one that differs holds nobody else up', () => {
    const known = (unresolved: readonly typeof GPS[]) => ({ streamEpoch: 2, at: 0, unresolved });
    expect(conclusion(undefined, 2, both, [], [])).to.deep.equal([]);
    expect(conclusion(undefined, 2, both, [GPS], [])).to.equal(undefined);
    expect(conclusion(undefined, 2, both, [GPS], [GPS])).to.deep.equal([GPS]);
    expect(conclusion(undefined, 2, both, [GPS, HYPE], [GPS])).to.equal(undefined);
    expect(conclusion({ ...known([]), streamEpoch: 1 }, 2, both, [GPS], []), 'another epoch says nothing').to.equal(undefined);
    expect(conclusion(known([]), 2, both, [GPS], [])).to.deep.equal([GPS]);
    expect(conclusion(known([GPS]), 2, both, [GPS], []), 'nothing new').to.equal(undefined);
    expect(conclusion(known([GPS]), 2, both, [], [])).to.deep.equal([]);
  });

  it('stays shut for another instance\'s live orders, not for ours and not for strangers\'', () => {
    const theirs = OURS.replace(TAG, 'zzzz');
    expect(foreignTag([{ clientId: OURS }, { clientId: 'web_1' }], [TAG])).to.equal(undefined);
    expect(foreignTag([{ clientId: OURS }, { clientId: theirs }], [TAG])).to.equal('zzzz');
    expect(foreignTag([{ clientId: theirs }], [TAG, 'zzzz']), 'taken over').to.equal(undefined);
  });
});
