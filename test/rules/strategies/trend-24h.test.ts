/** The strategy's vectors (pipeline-facts, section 3), its thresholds from both sides, and what it does not know. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../../src/protocol/decimal.ts';
import { confidenceOf, strategy } from '../../../src/rules/strategies/trend-24h.ts';
import { strategyFaults } from '../../../src/rules/strategies/strategy.ts';
import type { Sight, Verdict } from '../../../src/rules/strategies/strategy.ts';
import { CHINESE, makeMarket, NOW } from '../../kit/decisions.ts';

const MAX_AGE = 60_000;
const withChange = (change: string, observedAt = NOW) => makeMarket({ symbol: CHINESE, ticker: { changePercent: decimal(change), quoteVolume: decimal('1'), observedAt } });
const look = (market: Sight['market']) => strategy.start()({ market, now: NOW, maxAgeMs: MAX_AGE });
const evaluate = (change: string): Verdict => look(withChange(change));
const inputs = (change: string) => ({ changePercent: change, tickerAgeMs: 0 });

describe('trend-24h', () => {
  for (const [change, confidence] of [['12.74', 0.6274], ['4.38', 0.5438], ['29.99', 0.7999], ['30', 0.8], ['30.01', 0.8], ['450', 0.8], ['1.01', 0.5101]] as const) {
    it(`is ${confidence} sure at ±${change} %, long when it rose and short when it fell`, () => {
      expect(evaluate(change)).to.deep.equal({ verdict: 'signal', side: 'LONG', confidence, inputs: inputs(change) });
      expect(evaluate(`-${change}`)).to.deep.equal({ verdict: 'signal', side: 'SHORT', confidence, inputs: inputs(`-${change}`) });
    });
  }

  for (const change of ['0', '0.99', '1', '-1', '-0.5']) {
    it(`holds with 0.30 at ${change} %`, () => expect(evaluate(change)).to.deep.equal({ verdict: 'hold', confidence: 0.3, inputs: inputs(change) }));
  }

  it('is a strategy, and needs no candles', () => {
    expect(strategyFaults(strategy)).to.deep.equal([]);
    expect(strategy.warmUp).to.equal(0);
  });

  it('signals from the first digit beyond ± 1 %', () => {
    expect([evaluate('1.000001').verdict, evaluate('-1.000001').verdict]).to.deep.equal(['signal', 'signal']);
  });

  it('does not know without a ticker, and never holds instead (failures 4, 13)', () => {
    const { ticker: _none, ...without } = withChange('5');
    expect(look(without)).to.deep.equal({ verdict: 'unknown', missing: 'no 24 h ticker yet' });
  });

  it('does not know from a ticker that is too old, and says how old', () => {
    expect(look(withChange('5', NOW - MAX_AGE)).verdict).to.equal('signal');
    expect(look(withChange('5', NOW - MAX_AGE - 1))).to.deep.equal({ verdict: 'unknown', missing: '24 h ticker is 60001 ms old' });
  });

  it('is never less than half nor more than 0.80 sure, and surer of a larger change', () => {
    const change = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(change, change, (a, b) => {
        const [small, large] = [confidenceOf(Math.min(a, b)), confidenceOf(-Math.max(a, b))];
        expect(small).to.be.within(0.5, 0.8);
        expect(large).to.be.within(small, 0.8);
      }),
      { numRuns: 1_000, seed: 3 },
    );
  });
});
