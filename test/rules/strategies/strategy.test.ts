/** What a strategy and its verdicts must be, at the edge of each field: a user's file is believed nothing. */
import { expect } from 'chai';
import { aged, agedCandles, checkedVerdict, rounded, strategyFaults } from '../../../src/rules/strategies/strategy.ts';
import { makeMarket, makeStatistics, NOW } from '../../kit/decisions.ts';

const good = { name: 'my-breakout', does: 'Follows a close.', warmUp: 0, start: () => () => ({ verdict: 'hold' }) };
const faults = (fields: object) => strategyFaults({ ...good, ...fields });

describe('a strategy', () => {
  it('is one with each field at its edge', () => {
    for (const fields of [{}, { name: 'a'.repeat(40) }, { name: 'a1' }, { does: 'x' }, { warmUp: 500 }, { more: true }]) expect(faults(fields), JSON.stringify(fields)).to.deep.equal([]);
  });

  it('is none beyond it, and the field is named', () => {
    for (const [field, values] of Object.entries({ name: ['a'.repeat(41), '', 'A', 'a--b', '-a', 'a_b', 1], does: ['', '  ', 1], warmUp: [-1, 0.5, '1'], start: [undefined, 'f'] })) {
      for (const value of values) expect(faults({ [field]: value }), `${field} ${JSON.stringify(value)}`).to.have.lengthOf.at.least(1).and.satisfy((all: readonly string[]) => all.every((one) => one.startsWith(`strategy.${field}: `)));
    }
    expect(strategyFaults('text')).to.deep.equal(['strategy: an object with name, does, warmUp and start']);
  });

  it('is started once to see that it makes an evaluator', () => {
    expect(faults({ start: () => 1 })).to.deep.equal(['strategy.start: it must return a function, the evaluator of a symbol']);
    expect(faults({ start: () => { throw new Error('no disk'); } })).to.deep.equal(['strategy.start: it throws no disk']);
  });
});

describe('a verdict', () => {
  it('may hold any plain inputs, and a confidence from 0 to 1', () => {
    const inputs = { text: 'a', number: 1, flag: false, nothing: null };
    for (const one of [{ verdict: 'signal', side: 'LONG', confidence: 1, inputs }, { verdict: 'hold', confidence: 0, inputs }, { verdict: 'unknown', missing: 'x', inputs }, { verdict: 'unknown', missing: 'x' }]) expect(checkedVerdict(one)).to.equal(one);
  });

  it('is none with anything else, and the field is named', () => {
    for (const [one, field] of [
      [{ verdict: 'signal', side: 'BUY', confidence: 1, inputs: {} }, 'side'], [{ verdict: 'signal', side: 'LONG', confidence: 1.01, inputs: {} }, 'confidence'],
      [{ verdict: 'hold', confidence: -0.01, inputs: {} }, 'confidence'], [{ verdict: 'hold', confidence: Number.NaN, inputs: {} }, 'confidence'],
      [{ verdict: 'hold', confidence: 0, inputs: { list: [] } }, 'inputs.list'], [{ verdict: 'unknown', missing: '' }, 'missing'], [{ verdict: 'maybe' }, 'verdict'], [undefined, 'verdict'],
    ] as const) expect(() => checkedVerdict(one), JSON.stringify(one)).to.throw(TypeError, `${field}: `);
  });
});

describe('what strategies are given', () => {
  it('is known up to its age and not beyond; the newest candle may be a minute older', () => {
    const sight = (ageMs: number) => ({ market: makeMarket({ statistics: makeStatistics({ observedAt: NOW - ageMs }) }), now: NOW, maxAgeMs: 1_000 });
    expect([aged('part', { observedAt: NOW - 1_000 }, sight(0)), aged('part', { observedAt: NOW - 1_001 }, sight(0)), aged('part', undefined, sight(0))]).to.deep.equal([undefined, 'part is 1001 ms old', 'no part yet']);
    expect([agedCandles(sight(61_000)), agedCandles(sight(61_001))]).to.deep.equal([undefined, 'closed candle is 61001 ms old']);
  });

  it('shows confidences to four digits', () => expect([rounded(0.62744), rounded(0.62746), rounded(0.5)]).to.deep.equal([0.6274, 0.6275, 0.5]));
});
