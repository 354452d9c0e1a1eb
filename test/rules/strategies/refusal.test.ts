/** What of an evaluation is published and what is kept of it: everything else has its reason, with its numbers. */
import { expect } from 'chai';
import { inputsOf, refusalOf } from '../../../src/rules/strategies/refusal.ts';
import type { Verdict } from '../../../src/rules/strategies/strategy.ts';
import { GPS } from '../../kit/decisions.ts';

const of = (verdict: Verdict) => ({ symbol: GPS, ...verdict });
const signal = (confidence: number) => of({ verdict: 'signal', side: 'SHORT', confidence, inputs: { change: 3 } });
const hold = of({ verdict: 'hold', confidence: 0.3, inputs: { change: 0 } });
const unknown = of({ verdict: 'unknown', missing: 'no ticker' });

describe('an evaluation', () => {
  it('is published when it is as sure as is asked for and has a price', () => expect(refusalOf(signal(0.5), true, 0.5)).to.equal(undefined));

  it('is not when it is less sure, without a price, a hold, or unknown: each with its own code', () => {
    expect(refusalOf(signal(0.499), true, 0.5)).to.deep.equal({ code: 'CONFIDENCE_LOW', limit: '0.5', value: '0.499' });
    expect(refusalOf(signal(0.9), false, 0.5)).to.deep.equal({ code: 'PRICE_MISSING', unknown: true, detail: 'a signal without a mark price is not published' });
    expect(refusalOf(hold, true, 0.5)).to.deep.equal({ code: 'SIGNAL_HOLD', value: '0.3' });
    expect(refusalOf(unknown, true, 0.5)).to.deep.equal({ code: 'MARKET_DATA_MISSING', unknown: true, detail: 'no ticker' });
    expect(refusalOf({ ...unknown, code: 'MODEL_UNAVAILABLE' }, true, 0.5)).to.deep.include({ code: 'MODEL_UNAVAILABLE', unknown: true });
  });

  it('is kept with what it was decided by: the side of a signal only, the confidence or what is missing, the fallback where there was one', () => {
    expect(inputsOf('trend-24h', signal(0.9))).to.deep.equal({ source: 'trend-24h', verdict: 'signal', side: 'SHORT', confidence: 0.9, change: 3 });
    expect(inputsOf('trend-24h', hold)).to.deep.equal({ source: 'trend-24h', verdict: 'hold', confidence: 0.3, change: 0 });
    expect(inputsOf('trend-24h', unknown)).to.deep.equal({ source: 'trend-24h', verdict: 'unknown', missing: 'no ticker' });
    expect(inputsOf('remote-model', { ...signal(0.9), fallback: 'trend-24h' })).to.deep.include({ fallback: 'trend-24h' });
  });
});
