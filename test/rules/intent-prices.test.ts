/** Stop and target at the edges of what the venue takes, and what is shown of those it does not (failure 43). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Intent } from '../../src/protocol/decisions.ts';
import { percentsOf, protectionFault } from '../../src/rules/intent-prices.ts';
import { makeInstrument, makeIntent } from '../kit/decisions.ts';

const MARK = decimal('100');
const CENTS = { tickSize: decimal('0.01'), minPrice: decimal('0.01'), maxPrice: decimal('1000') };
function faultOf(intent: Partial<Intent>, rules: Partial<typeof CENTS> = {}) {
  const asked = makeIntent({ price: '100', leverage: 10, ...intent });
  return protectionFault(asked, MARK, percentsOf(asked, MARK), makeInstrument({ ...CENTS, ...rules }));
}

describe('stop and target of an intent', () => {
  it('may stand at the lowest and the highest price of the venue, and not a tick beyond, whichever of the two it is', () => {
    expect(faultOf({}, { minPrice: decimal('98'), maxPrice: decimal('104') })).to.equal(undefined);
    expect(faultOf({}, { minPrice: decimal('98.01') })).to.deep.equal({ code: 'STOP_INVALID', limit: '98.01 to 1000', value: '98' });
    expect(faultOf({}, { maxPrice: decimal('103.99') })).to.deep.equal({ code: 'STOP_INVALID', limit: '0.01 to 103.99', value: '104' });
    expect(faultOf({ side: 'SHORT' }, { minPrice: decimal('96'), maxPrice: decimal('102') })).to.equal(undefined);
    expect(faultOf({ side: 'SHORT' }, { minPrice: decimal('96.01') })).to.deep.equal({ code: 'STOP_INVALID', limit: '96.01 to 1000', value: '96' });
    expect(faultOf({ side: 'SHORT' }, { maxPrice: decimal('101.99') })).to.deep.equal({ code: 'STOP_INVALID', limit: '0.01 to 101.99', value: '102' });
  });

  it('on the wrong side are shown as they were asked for: the price where one was given, else the percentage', () => {
    expect(faultOf({ stopLoss: '101' })).to.deep.equal({ code: 'STOP_INVALID', limit: 'around 100 for LONG', value: 'stop 101, target 4 %' });
    expect(faultOf({ takeProfit: '99' })).to.deep.equal({ code: 'STOP_INVALID', limit: 'around 100 for LONG', value: 'stop 2 %, target 99' });
    expect(faultOf({ side: 'SHORT', stopLoss: '99' })).to.include({ limit: 'around 100 for SHORT', value: 'stop 99, target 4 %' });
  });

  it('is refused where the liquidation comes first, with the percentage at which it does', () => {
    expect(faultOf({ stopLoss: '90.01' })).to.equal(undefined);
    expect(faultOf({ stopLoss: '90' })).to.deep.equal({ code: 'STOP_INVALID', limit: '10', value: '10', detail: 'liquidation comes before the stop' });
    expect(faultOf({ stopLoss: '90.01', leverage: 20 })).to.include({ limit: '5', value: '9.99' });
  });

  it('are the intent\'s percentages where no price is given or none is known to compare with', () => {
    const both = makeIntent({ stopLoss: '98.5', takeProfit: '103.123456789' });
    expect(percentsOf(both, MARK)).to.deep.equal({ stopLossPercent: '1.5', takeProfitPercent: '3.12345679' });
    expect(percentsOf(both, undefined)).to.deep.equal({ stopLossPercent: '2', takeProfitPercent: '4' });
    expect(percentsOf(makeIntent({ side: 'SHORT', stopLoss: '101', takeProfit: '97' }), MARK)).to.deep.equal({ stopLossPercent: '1', takeProfitPercent: '3' });
  });
});
