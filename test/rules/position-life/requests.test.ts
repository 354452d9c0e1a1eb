/** What is asked of a position: taken up as an event, or refused with its reason; a part never becomes the whole by accident, a stop never moves back. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { Instrument } from '../../../src/protocol/market.ts';
import type { PositionId } from '../../../src/protocol/names.ts';
import type { Life } from '../../../src/rules/position-life/life.ts';
import { requestClose, requestReduce, requestStopMove } from '../../../src/rules/position-life/requests.ts';
import type { Requested } from '../../../src/rules/position-life/requests.ts';
import { makeInstrument, NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
const P = 'plan-1' as PositionId;
const rules = (fields: Partial<Instrument> = {}) => makeInstrument({ tickSize: decimal('0.1'), stepSize: decimal('1'), minQuantity: decimal('1'), minNotional: decimal('5'), ...fields });
const asked = { reason: 'TIER_1', by: 'exits', positionId: P };
const sold = (quantity: number) => a.fill(quantity, { side: 'SELL', orderId: 'o-part', tradeId: `part-${quantity}` });

/** What came of it, in words. */
function outcome(requested: Requested): string {
  if ('refused' in requested) return `no: ${requested.refused}`;
  return requested.events.map((event) => (event.type === 'ReduceRequested' ? `reduce ${event.tier}: ${event.quantity}` : event.type === 'StopMoveRequested' ? `stop at ${event.stopPrice}` : event.type === 'CloseRequested' ? `close ${event.reason}${event.detail === undefined ? '' : `: ${event.detail}`}` : event.type)).join();
}
const reduce = (life: Life, percent: string, instrument: Instrument | undefined = rules(), fields: { tier?: string; positionId?: PositionId } = {}) => outcome(requestReduce(life, { ...asked, tier: '1', percent, ...fields }, instrument, NOW));
const move = (life: Life, stopPrice: string, tick: string | undefined = '0.1') => outcome(requestStopMove(life, { ...asked, reason: 'PROFIT_LOCK', stopPrice }, tick === undefined ? undefined : decimal(tick), NOW));

const held = lifeOf(a.protected());
const asking = (quantity: number, tier = '1') => ({ type: 'ReduceRequested' as const, at: NOW, positionId: P, tier, quantity: String(quantity), reason: `TIER_${tier}`, by: 'exits' });

describe('a part to be closed', () => {
  it('is its percent of the most that was held, floored to the step (failure 37)', () => {
    expect(reduce(held, '50')).to.equal('reduce 1: 5');
    expect(reduce(held, '25')).to.equal('reduce 1: 2');
    expect(reduce(held, '25', rules({ stepSize: decimal('0.1'), minQuantity: decimal('0.1') }))).to.equal('reduce 1: 2.5');
    expect(reduce(held, '25', rules({ stepSize: decimal('0.001') }))).to.equal('reduce 1: 2.5');
    expect(reduce(lifeOf(a.protected(), sold(4)), '50'), 'of ten, not of the six that are left').to.equal('reduce 1: 5');
  });

  it('that the venue would not take closes the whole, and the record says why (failures 35, 38)', () => {
    expect(reduce(held, '25', rules({ minNotional: decimal('197') }))).to.equal('close TIER_1: the part of 2 is worth 196.00, less than 197');
    expect(reduce(held, '25', rules({ minNotional: decimal('196') })), 'at the lowest price it lives between').to.equal('reduce 1: 2');
    const short = lifeOf(tell('SHORT').protected());
    expect(reduce(short, '25', rules({ minNotional: decimal('197') })), 'of a short that is its target').to.equal('close TIER_1: the part of 2 is worth 196.00, less than 197');
    expect(reduce(short, '25', rules({ minNotional: decimal('196') }))).to.equal('reduce 1: 2');
    expect(reduce(held, '25', rules({ minQuantity: decimal('3') }))).to.equal('close TIER_1: the part of 2 is below the least quantity 3');
    expect(reduce(held, '5')).to.equal('close TIER_1: the part of 0 is below the least quantity 1');
  });

  it('whose rest could not be closed any more closes the whole, and so does one of all that is held (operators\' 40)', () => {
    expect(reduce(held, '75', rules({ minNotional: decimal('295') }))).to.equal('close TIER_1: the rest of 3 is worth 294.00, less than 295');
    expect(reduce(held, '100')).to.equal('close TIER_1: the part of 10 is all of 10 that is held');
    expect(reduce(lifeOf(a.protected(), sold(6)), '50')).to.equal('close TIER_1: the part of 5 is all of 4 that is held');
  });

  it('is asked for once a tier, one at a time, and the next only after it', () => {
    expect(reduce(lifeOf(a.protected(), asking(5)), '25')).to.equal('no: tier 1 was taken');
    expect(reduce(lifeOf(a.protected(), asking(5)), '25', rules(), { tier: '1.5' })).to.equal('no: tier 1 is under way');
    const done = lifeOf(a.protected(), asking(2), { type: 'OrderSending', at: NOW, purpose: 'reduce', clientId: idOf('reduce'), attempt: 1, side: 'SELL', quantity: '2' }, a.reported('FILLED', 2, idOf('reduce'), 'o-part'), sold(2));
    expect(reduce(done, '50', rules(), { tier: '1.5' })).to.equal('reduce 1.5: 5');
  });

  it('of a position that is over, being closed, drifted, or whose filters are unknown is refused', () => {
    expect(reduce(held, '25', rules(), { positionId: 'plan-0' as PositionId })).to.equal('no: plan-0 is not held');
    expect(reduce(lifeOf(), '25')).to.equal('no: plan-1 is not held');
    expect(reduce(lifeOf(a.protected(), a.closeRequested()), '25')).to.equal('no: being closed: OPERATOR');
    expect(reduce(lifeOf(a.protected(), a.drift(5)), '25')).to.equal('no: drifted: the venue states 5');
    expect(outcome(requestReduce(held, { ...asked, tier: '1', percent: '25' }, undefined, NOW))).to.equal('no: the venue\'s filters are not known');
  });
});

describe('a stop to be moved', () => {
  it('goes to the tick, away from the entry, on whichever side of it it stands', () => {
    expect(move(held, '100.21')).to.equal('stop at 100.3');
    expect(move(held, '99.19')).to.equal('stop at 99.1');
    const short = lifeOf(tell('SHORT').protected());
    expect(move(short, '99.79')).to.equal('stop at 99.7');
    expect(move(short, '100.81')).to.equal('stop at 100.9');
  });

  it('only ever moves towards the profit: from the one that stands, and from one that is on its way (ruling 4)', () => {
    expect(move(held, '98.09')).to.equal('no: 98 is no nearer to the profit than 98');
    expect(move(held, '97')).to.equal('no: 97 is no nearer to the profit than 98');
    const onItsWay = lifeOf(a.protected(), { type: 'StopMoveRequested', at: NOW, positionId: P, stopPrice: '99.5', reason: 'PROFIT_LOCK', by: 'exits' });
    expect([move(onItsWay, '99'), move(onItsWay, '99.5'), move(onItsWay, '99.6')]).to.deep.equal(['no: 99 is no nearer to the profit than 99.5', 'no: 99.5 is no nearer to the profit than 99.5', 'stop at 99.6']);
    const short = lifeOf(tell('SHORT').protected());
    expect([move(short, '103'), move(short, '101')]).to.deep.equal(['no: 103 is no nearer to the profit than 102', 'stop at 101']);
  });

  it('is refused where none stands, where nothing is held, and where the tick is unknown', () => {
    expect(move(lifeOf(a.opened()), '99')).to.equal('no: no stop stands that could be moved');
    expect(move(lifeOf(), '99')).to.equal('no: plan-1 is not held');
    expect(outcome(requestStopMove(held, { ...asked, stopPrice: '99' }, undefined, NOW))).to.equal('no: the venue\'s tick is not known');
    expect(move(lifeOf(a.protected(), a.closeRequested()), '99')).to.equal('no: being closed: OPERATOR');
  });
});

describe('a close', () => {
  const close = (life: Life, positionId?: PositionId) => outcome(requestClose(life, { reason: 'OPERATOR', by: 'test', ...(positionId === undefined ? {} : { positionId }) }, NOW));

  it('is taken up once, overtaking a part; one meant for a position that is over does not close the next', () => {
    expect(close(held)).to.equal('close OPERATOR');
    expect(close(held, P)).to.equal('close OPERATOR');
    expect(close(lifeOf(a.protected(), asking(5)), P)).to.equal('close OPERATOR');
    expect(close(held, 'plan-0' as PositionId)).to.equal('no: plan-0 is not held');
    expect(close(lifeOf(a.protected(), a.closeRequested()))).to.equal('no: being closed: OPERATOR');
    expect(close(lifeOf())).to.equal('no: already flat');
  });
});
