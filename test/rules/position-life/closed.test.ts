/** What a position was and made, as it is written down and told: each field from the life, or from the event where that has it. */
import { expect } from 'chai';
import type { LifeEventOf } from '../../../src/protocol/life-events.ts';
import type { PositionId } from '../../../src/protocol/names.ts';
import { closedView, whatItWas } from '../../../src/rules/position-life/closed.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { lifeOf, tell } from '../../kit/lives.ts';
import { newLife } from '../../../src/rules/position-life/life.ts';

const a = tell();
const positionId = 'plan-1' as PositionId;
const closed = a.closed() as LifeEventOf<'PositionClosed'>;
/** Three at 100 and one at 101, which average to 100.25; and one at the third of a cent, which has no end. */
const held = lifeOf(a.opening(), a.fill(3, { price: '100', at: 12 }), a.fill(1, { price: '101', at: 13 }), a.fill(4, { side: 'SELL', price: '102', at: 40 }));
const endless = lifeOf(a.opening(), a.fill(2, { price: '100' }), a.fill(1, { price: '101' }));

describe('a position that has ended', () => {
  it('is written down with its side, entry, size at the most, and when its first fill was', () => {
    expect(whatItWas(held, positionId)).to.deep.equal({ side: 'LONG', planId: 'plan-1', entryPrice: '100.25', quantity: '4', openedAt: NOW + 12 });
    const short = tell('SHORT');
    expect(whatItWas(lifeOf(short.opening(), short.fill(10)), positionId)).to.include({ side: 'SHORT', quantity: '10', entryPrice: '100' });
  });

  it('shows an average without an end to twelve decimals', () => {
    expect(whatItWas(endless, positionId)).to.include({ entryPrice: '100.333333333333' });
    expect(closedView(endless, closed)).to.include({ entryPrice: '100.333333333333' });
  });

  it('that was adopted has no time of opening that anybody knows, and one of nothing nothing to say', () => {
    const adopted = lifeOf(a.adopted(10));
    expect(whatItWas({ ...adopted, holding: { ...adopted.holding, openedAt: undefined } }, positionId)).to.deep.equal({ side: 'LONG', planId: 'plan-1', entryPrice: '100', quantity: '10' });
    expect(whatItWas(newLife(GPS), positionId)).to.deep.equal({});
    expect(closedView(newLife(GPS), closed)).to.equal(undefined);
  });

  it('is told as the event says', () => {
    const event: LifeEventOf<'PositionClosed'> = { ...closed, reason: 'TARGET', realizedPnl: '7', side: 'SHORT', planId: 'plan-9', entryPrice: '99', quantity: '5', openedAt: NOW - 60_000 } as LifeEventOf<'PositionClosed'>;
    const told = { positionId, planId: 'plan-9', side: 'SHORT', reason: 'TARGET', entryPrice: '99', quantity: '5', openedAt: NOW - 60_000, closedAt: NOW + 90, realizedPnl: '7', commission: '0.1' };
    for (const life of [held, newLife(GPS)]) expect(closedView(life, event)).to.deep.equal(told);
  });

  it('is completed from the life where an old journal says less', () => {
    expect(closedView(held, closed)).to.deep.equal({ positionId, planId: 'plan-1', side: 'LONG', reason: 'STOP', entryPrice: '100.25', quantity: '4', openedAt: NOW + 12, closedAt: NOW + 90, realizedPnl: '0', commission: '0.1' });
    expect(closedView({ ...held, holding: { ...held.holding, openedAt: undefined } }, closed), 'nothing is older than its end').to.include({ openedAt: NOW + 90 });
  });
});
