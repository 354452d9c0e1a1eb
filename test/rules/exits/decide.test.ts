/** What is done about an open position: each rule at its limit and beside it, in its order; what is not known decides nothing and hides nothing. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../../src/protocol/decimal.ts';
import type { MarketStatistics } from '../../../src/protocol/market.ts';
import { decideExit, NO_MEMORY } from '../../../src/rules/exits/decide.ts';
import type { ExitDecision, ExitInputs, ExitLimits, ExitMemory, OpenPosition } from '../../../src/rules/exits/decide.ts';
import { nextTier, readTiers, tiersBeyond } from '../../../src/rules/exits/tiers.ts';

const HOUR = 3_600_000;
const LIMITS: ExitLimits = { killScore: 0.6, killEvaluations: 2, costBps: decimal('10'), tiers: readTiers(['1:25', '1.5:50']), profitLockR: decimal('1.5'), profitLockPercent: decimal('0.2'), emergencyR: decimal('1.5'), timeStopMs: 4 * HOUR, timeStopR: decimal('0.5'), stopPassedMs: 3_000 };
/** K of 0.731: no trend is left. */
const bad = (at: number): MarketStatistics => ({ at, observedAt: at, atrShare: 0.01, sigma: 0.01, trendStrength: 0.3, regime: { trend: 0.1, meanReversion: 0.4, chop: 0.5 } });
const calm = (at: number): MarketStatistics => ({ ...bad(at), regime: { trend: 0.4, meanReversion: 0.3, chop: 0.3 } });

/** 100 with a first stop 2 away: one R is 2, and costs are 0.1. */
const position = (side: 'LONG' | 'SHORT', fields: Partial<OpenPosition> = {}): OpenPosition => {
  const stop = decimal(side === 'LONG' ? '98' : '102');
  return { side, entry: decimal('100'), initialStop: stop, stop, tiersDone: [], reducing: false, ageMs: HOUR, ...fields };
};
/** The mark at which a position of that side has made so much per unit. */
const markAt = (side: 'LONG' | 'SHORT', gain: string) => (side === 'LONG' ? decimal('100').plus(gain) : decimal('100').minus(gain));

interface Case {
  readonly gain: string;
  readonly fields?: Partial<OpenPosition>;
  readonly more?: Partial<ExitInputs>;
  readonly limits?: Partial<ExitLimits>;
}
function decide(side: 'LONG' | 'SHORT', { gain, fields, more, limits }: Case): ExitDecision {
  return decideExit({ position: position(side, fields), mark: markAt(side, gain), statistics: calm(1), limits: { ...LIMITS, ...limits }, now: 10_000, memory: NO_MEMORY, scope: 'all', ...more });
}
const code = (side: 'LONG' | 'SHORT', one: Case) => decide(side, one).code;

for (const side of ['LONG', 'SHORT'] as const) {
  describe(`the exits of a ${side}`, () => {
    it('hold while nothing is reached, with R and K', () => {
      const decision = decide(side, { gain: '1' });
      expect(decision).to.include({ action: 'HOLD', code: 'HOLD' });
      expect(text(decision.r!)).to.equal('0.45');
      expect(decision.kill?.score).to.be.greaterThan(0.5);
    });

    it('close at a loss of 1.5 R, at every price, whatever else is going on (failures 12, 95)', () => {
      expect(code(side, { gain: '-2.89' })).to.not.equal('EMERGENCY');
      for (const scope of ['price', 'all'] as const) {
        for (const fields of [{}, { reducing: true }, { stop: undefined }, { tiersDone: ['1', '1.5'] }, { ageMs: 0 }]) {
          for (const statistics of [undefined, calm(1), bad(1)]) expect(decide(side, { gain: '-2.9', fields, more: { scope, statistics } })).to.include({ action: 'CLOSE', code: 'EMERGENCY', limit: '-1.5', value: '-1.5000' });
        }
      }
    });

    it('close when the mark has stood beyond the stop for 3 s, counted without a gap, the stop price included (ruling 6)', () => {
      const along = (path: readonly (readonly [seconds: number, gain: string])[]) => {
        let memory: ExitMemory = NO_MEMORY;
        return path.map(([seconds, gain]) => {
          const decision = decide(side, { gain, more: { scope: 'price', now: seconds * 1_000, memory } });
          memory = decision.memory;
          return decision.code;
        });
      };
      expect(along([[0, '-2'], [2.999, '-2.5'], [3, '-2.5']])).to.deep.equal(['HOLD', 'HOLD', 'STOP_PASSED']);
      expect(along([[0, '-2.1'], [2, '-2.1'], [2.5, '-1.99'], [3, '-2.1'], [5.9, '-2.1'], [6, '-2.1']])).to.deep.equal(['HOLD', 'HOLD', 'HOLD', 'HOLD', 'HOLD', 'STOP_PASSED']);
    });

    it('never close for a stop that does not stand', () => expect(decide(side, { gain: '-2.5', fields: { stop: undefined }, more: { memory: { passedSince: 1, kill: undefined } } }).memory.passedSince).to.equal(undefined));

    it('count the passed stop from the stop that stands, also in profit', () => {
      const inProfit = { stop: markAt(side, '0.2') };
      expect(code(side, { gain: '0.1', fields: inProfit, more: { memory: { passedSince: 7_000, kill: undefined } } })).to.equal('STOP_PASSED');
    });

    it('close at K ≥ 0.6 on two evaluations in a row, each on newer statistics (ruling 22)', () => {
      const first = decide(side, { gain: '0', more: { statistics: bad(60_000) } });
      expect(first).to.include({ code: 'HOLD' });
      expect(decide(side, { gain: '0', more: { statistics: bad(60_000), memory: first.memory } }), 'the same statistics say nothing new').to.include({ code: 'HOLD' });
      expect(decide(side, { gain: '0', more: { statistics: bad(120_000), memory: first.memory } })).to.include({ action: 'CLOSE', code: 'KILL_SCORE', limit: '0.6' });
      for (const between of [calm(120_000), undefined, { ...bad(120_000), sigma: undefined }]) {
        const second = decide(side, { gain: '0', more: { statistics: between, memory: first.memory } });
        expect(second.memory.kill, 'in a row').to.equal(undefined);
        expect(decide(side, { gain: '0', more: { statistics: bad(180_000), memory: second.memory } }).code).to.equal('HOLD');
      }
    });

    it('count K at exactly the limit, as many evaluations as are asked for, and show it to six places', () => {
      const killScore = decide(side, { gain: '0', more: { statistics: bad(1) } }).kill!.score;
      let memory: ExitMemory = NO_MEMORY;
      const decisions = [1, 2, 3].map((at) => {
        const decision = decide(side, { gain: '0', more: { statistics: bad(at), memory }, limits: { killScore, killEvaluations: 3 } });
        memory = decision.memory;
        return decision;
      });
      expect(decisions.map((one) => one.code)).to.deep.equal(['HOLD', 'HOLD', 'KILL_SCORE']);
      expect(decisions[2]?.value).to.equal(killScore.toFixed(6));
    });

    it('never count the kill score at a mere price, and forget nothing of it', () => {
      const memory: ExitMemory = { passedSince: undefined, kill: { count: 1, at: 60_000 } };
      expect(decide(side, { gain: '0', more: { scope: 'price', statistics: bad(120_000), memory } })).to.deep.include({ code: 'HOLD', memory });
    });

    it('close after 4 h within half an R either way, and not before or beyond', () => {
      const old = { ageMs: 4 * HOUR };
      for (const gain of ['0', '1.09', '-0.89']) expect(decide(side, { gain, fields: old })).to.include({ action: 'CLOSE', code: 'TIME_STOP' });
      for (const gain of ['1.1', '-0.9']) expect(code(side, { gain, fields: old })).to.equal('HOLD');
      expect(code(side, { gain: '0', fields: { ageMs: 4 * HOUR - 1 } })).to.equal('HOLD');
    });

    it('close a part at each tier, the lowest first, each once', () => {
      expect(code(side, { gain: '2.09' })).to.equal('HOLD');
      const first = decide(side, { gain: '2.1' });
      expect(first).to.include({ action: 'REDUCE', code: 'TIER_1', limit: '1', value: '1.0000' });
      expect(first.action === 'REDUCE' && first.tier.percent).to.equal('25');
      expect(code(side, { gain: '2.1', fields: { tiersDone: ['1'] } })).to.equal('HOLD');
      const locked = { stop: markAt(side, '0.2') };
      expect(code(side, { gain: '3.1', fields: locked })).to.equal('TIER_1');
      expect(code(side, { gain: '3.1', fields: { ...locked, tiersDone: ['1'] } })).to.equal('TIER_1.5');
      expect(code(side, { gain: '3.1', fields: { ...locked, tiersDone: ['1', '1.5'] } })).to.equal('HOLD');
    });

    it('move the stop into profit at 1.5 R, before anything is sold, and only ever towards the profit', () => {
      const decision = decide(side, { gain: '3.1' });
      expect(decision).to.include({ action: 'MOVE_STOP', code: 'PROFIT_LOCK', limit: '1.5' });
      expect(decision.action === 'MOVE_STOP' && text(decision.stopPrice)).to.equal(side === 'LONG' ? '100.2' : '99.8');
      expect(code(side, { gain: '3.09', fields: { tiersDone: ['1'] } })).to.equal('HOLD');
      for (const gain of ['0.2', '0.21', '1']) expect(code(side, { gain: '3.1', fields: { stop: markAt(side, gain), tiersDone: ['1', '1.5'] } }), `a stop at +${gain}`).to.equal('HOLD');
      expect(code(side, { gain: '3.1', fields: { stop: undefined, tiersDone: ['1', '1.5'] } }), 'no stop to move').to.equal('HOLD');
      expect(code(side, { gain: '3.1', fields: { tiersDone: ['1', '1.5'] }, limits: { profitLockPercent: decimal('3.1') } }), 'never at or beyond the mark').to.equal('HOLD');
    });

    it('plan nothing but a close while a part is being closed', () => {
      const reducing = { reducing: true };
      expect(decide(side, { gain: '3.1', fields: reducing })).to.include({ action: 'HOLD', code: 'REDUCING' });
      expect(code(side, { gain: '0', fields: { ...reducing, ageMs: 4 * HOUR } })).to.equal('TIME_STOP');
      expect(code(side, { gain: '0', fields: reducing, more: { statistics: bad(2), memory: { passedSince: undefined, kill: { count: 1, at: 1 } } } })).to.equal('KILL_SCORE');
    });

    it('say so when the risk is unknown, and decide by what is known', () => {
      const unknown = { initialStop: undefined };
      expect(decide(side, { gain: '9', fields: { ...unknown, ageMs: 9 * HOUR } })).to.include({ action: 'HOLD', code: 'RISK_UNKNOWN', r: undefined });
      expect(code(side, { gain: '-9', fields: unknown, more: { memory: { passedSince: 0, kill: undefined } } })).to.equal('STOP_PASSED');
      expect(code(side, { gain: '0', fields: unknown, more: { statistics: bad(2), memory: { passedSince: undefined, kill: { count: 1, at: 1 } } } })).to.equal('KILL_SCORE');
    });
  });
}

describe('exits of any position', () => {
  const anything = fc.record({
    side: fc.constantFrom('LONG' as const, 'SHORT' as const),
    gain: fc.integer({ min: -600, max: 600 }).map((cents) => (cents / 100).toFixed(2)),
    stopAt: fc.option(fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)), { nil: undefined }),
    done: fc.subarray(['1', '1.5']),
    reducing: fc.boolean(),
    ageMs: fc.integer({ min: 0, max: 9 * HOUR }),
    sigma: fc.option(fc.double({ min: 0, max: 0.05, noNaN: true }), { nil: undefined }),
    scope: fc.constantFrom('price' as const, 'all' as const),
    passedFor: fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }),
  });

  it('a loss beyond the emergency closes, and what is known of the market changes no exit but the kill score\'s', () => {
    fc.assert(
      fc.property(anything, ({ side, gain, stopAt, done, reducing, ageMs, sigma, scope, passedFor }) => {
        const fields = { stop: stopAt === undefined ? undefined : markAt(side, stopAt), tiersDone: done, reducing, ageMs };
        const memory: ExitMemory = { passedSince: passedFor === undefined ? undefined : 10_000 - passedFor, kill: undefined };
        const known = decide(side, { gain, fields, more: { scope, memory, statistics: { ...bad(1), sigma } } });
        const blind = decide(side, { gain, fields, more: { scope, memory, statistics: undefined } });
        expect(known.code, 'one evaluation kills nothing').to.equal(blind.code);
        if (decimal(gain).isLessThanOrEqualTo('-2.9')) expect(known.code).to.equal('EMERGENCY');
        if (known.action === 'REDUCE') expect(done).to.not.include(known.tier.name);
        if (known.action === 'REDUCE' || known.action === 'MOVE_STOP') expect([reducing, scope]).to.deep.equal([false, 'all']);
        if (known.action === 'MOVE_STOP') expect(side === 'LONG' ? known.stopPrice.isGreaterThan(fields.stop!) && known.stopPrice.isLessThan(markAt(side, gain)) : known.stopPrice.isLessThan(fields.stop!) && known.stopPrice.isGreaterThan(markAt(side, gain))).to.equal(true);
      }),
      { numRuns: 3_000, seed: 95 },
    );
  });
});

describe('tiers', () => {
  it('are read lowest first, by value and not by letter, and keep their names', () => {
    expect(readTiers(['10:5', '2:10', '1.5:50']).map((tier) => `${tier.name} ${tier.percent}`)).to.deep.equal(['1.5 50', '2 10', '10 5']);
    expect(readTiers([])).to.deep.equal([]);
  });

  it('come one after the other', () => {
    const tiers = readTiers(['1:25', '1.5:50']);
    expect([nextTier(tiers, [])?.name, nextTier(tiers, ['1'])?.name, nextTier(tiers, ['1.5'])?.name, nextTier(tiers, ['1', '1.5'])?.name]).to.deep.equal(['1', '1.5', '1', undefined]);
  });

  it('beyond the target are named: it is at 1.95 R as shipped (ruling 21)', () => {
    const beyond = (...texts: string[]) => tiersBeyond(readTiers(texts), decimal('1.95')).map((tier) => tier.name);
    expect([beyond('1:25', '1.5:50'), beyond('1.95:10'), beyond('2:25', '4:25', '6:50')]).to.deep.equal([[], [], ['2', '4', '6']]);
  });
});
