/** Where stop and target are to stand: by the plan that opened, by the configuration without one, and where an operator or the exits have put the stop. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { wantedPrices } from '../../../src/rules/position-life/stop-price.ts';
import { NOW } from '../../kit/decisions.ts';
import { lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
/** Other than the plan's 2 and 4. */
const PERCENTS = { tickSize: decimal('0.1'), stopLossPercent: '5', takeProfitPercent: '10' };
const prices = (...events: readonly (LifeEvent | readonly LifeEvent[])[]) => {
  const wanted = wantedPrices(lifeOf(...events), PERCENTS);
  return wanted === undefined ? undefined : [wanted.stop.toFixed(), wanted.target.toFixed()];
};
const moved = (stopPrice: string): LifeEvent => ({ type: 'StopMoveRequested', at: NOW + 55, positionId: 'plan-1' as never, stopPrice, reason: 'PROFIT_LOCK', by: 'exits' });
const given = (quantity: number, stopPrice: string): LifeEvent => ({ ...a.adopted(quantity), stopPrice }) as LifeEvent;

describe('the wanted prices', () => {
  it('are the plan\'s, whatever is configured, and the configured ones without a plan', () => {
    expect(prices(a.opened())).to.deep.equal(['98', '104']);
    expect(prices(a.adopted(10))).to.deep.equal(['95', '110']);
    expect(prices(a.adopted(-10))).to.deep.equal(['105', '90']);
  });

  it('of a stop that was moved are the nearer to the profit; of one that was given with an adoption that one, however far', () => {
    expect(prices(a.opened(), moved('100.5'))?.[0]).to.equal('100.5');
    expect(prices(a.opened(), moved('97'))?.[0]).to.equal('98');
    expect([prices(given(10, '91'))?.[0], prices(given(10, '99'))?.[0], prices(given(-10, '109'))?.[0]]).to.deep.equal(['91', '99', '109']);
  });

  it('are none of what is flat, or without a tick', () => {
    expect(prices(a.opening())).to.equal(undefined);
    expect(wantedPrices(lifeOf(a.opened()), { ...PERCENTS, tickSize: undefined })).to.equal(undefined);
  });
});
