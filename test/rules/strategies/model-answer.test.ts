/** What a model server is asked, digit by digit, and what of its answers is believed. */
import { expect } from 'chai';
import { bodyOf, questionOf, verdictOfAnswer } from '../../../src/rules/strategies/model-answer.ts';
import { CHINESE, makeMarket, NOW } from '../../kit/decisions.ts';

const ASKED = { symbol: CHINESE, price: '0.008625', volume: '50000000' };

describe('a question to the model server', () => {
  it('has price and volume as numbers with every digit, and any symbol', () => {
    expect(questionOf({ market: makeMarket({ symbol: CHINESE }), now: NOW, maxAgeMs: 60_000 })).to.deep.equal({ question: ASKED });
    expect(bodyOf({ ...ASKED, price: '0.100000000000000000000001' })).to.equal('{"symbol":"币安人生USDT","price":0.100000000000000000000001,"volume":50000000,"timeframe":"1h"}');
    expect(JSON.parse(bodyOf(ASKED))).to.deep.equal({ symbol: CHINESE, price: 0.008625, volume: 50_000_000, timeframe: '1h' });
  });

  it('is not asked without a fresh price and ticker: it is said what is missing', () => {
    const { mark: _mark, ...unpriced } = makeMarket();
    const { ticker: _ticker, ...unknown } = makeMarket();
    expect(questionOf({ market: unpriced, now: NOW, maxAgeMs: 60_000 })).to.deep.equal({ missing: 'no mark price yet' });
    expect(questionOf({ market: unknown, now: NOW, maxAgeMs: 60_000 })).to.deep.equal({ missing: 'no 24 h ticker yet' });
    expect(questionOf({ market: makeMarket(), now: NOW + 60_001, maxAgeMs: 60_000 })).to.deep.equal({ missing: 'mark price is 60001 ms old' });
  });
});

describe('an answer of the model server', () => {
  const inputs = (answer: string) => ({ price: ASKED.price, volume: ASKED.volume, answer });

  it('is long, short or hold, whatever the case, with or without the symbol and more', () => {
    expect(verdictOfAnswer(ASKED, { side: 'long', confidence: 0.62 })).to.deep.equal({ verdict: 'signal', side: 'LONG', confidence: 0.62, inputs: inputs('long') });
    expect(verdictOfAnswer(ASKED, { side: 'SHORT', confidence: 1, symbol: CHINESE, model: 'v3' })).to.deep.equal({ verdict: 'signal', side: 'SHORT', confidence: 1, inputs: inputs('short') });
    expect(verdictOfAnswer(ASKED, { side: 'Hold', confidence: 0 })).to.deep.equal({ verdict: 'hold', confidence: 0, inputs: inputs('hold') });
  });

  for (const [what, answer, fault] of [
    ['a negative confidence', { side: 'long', confidence: -0.1 }, 'confidence is -0.1, expected a number from 0 to 1'],
    ['a confidence beyond 1', { side: 'long', confidence: 1.01 }, 'confidence is 1.01, expected a number from 0 to 1'],
    ['a confidence in percent', { side: 'long', confidence: 62 }, 'confidence is 62, expected a number from 0 to 1'],
    ['NaN', { side: 'long', confidence: Number.NaN }, 'confidence is NaN, expected a number from 0 to 1'],
    ['a confidence as text', { side: 'long', confidence: '0.6' }, 'confidence is "0.6", expected a number from 0 to 1'],
    ['no confidence', { side: 'long' }, 'confidence is missing, expected a number from 0 to 1'],
    ['another side', { side: 'buy', confidence: 0.6 }, 'side is "buy", expected long, short or hold'],
    ['another symbol', { side: 'long', confidence: 0.6, symbol: 'BTCUSDT' }, 'symbol is "BTCUSDT", expected "币安人生USDT"'],
    ['two faults', { side: 1, confidence: null }, 'side is 1, expected long, short or hold; confidence is null, expected a number from 0 to 1'],
  ] as const) {
    it(`with ${what} is none, and says which field`, () => expect(verdictOfAnswer(ASKED, answer)).to.deep.equal({ fault }));
  }

  it('of great length is shown by its first sixty characters', () => {
    const faultOf = (side: string) => verdictOfAnswer(ASKED, { side, confidence: 1 });
    expect(faultOf('x'.repeat(58))).to.deep.equal({ fault: `side is "${'x'.repeat(58)}", expected long, short or hold` });
    expect(faultOf('x'.repeat(59))).to.deep.equal({ fault: `side is "${'x'.repeat(59)}…, expected long, short or hold` });
  });

  it('that is no object is none', () => {
    for (const answer of [null, 'long', 1, [], undefined]) expect(verdictOfAnswer(ASKED, answer)).to.have.property('fault');
  });
});
