/** How the account does: the day's loss, the falls from both peaks, net of transfers, over midnights and restarts (ruling 16). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, ZERO } from '../../../src/protocol/decimal.ts';
import type { VenueIncome } from '../../../src/protocol/venue.ts';
import { explainWallet, kindOf } from '../../../src/rules/account/income.ts';
import { observe, performanceSchema, performanceView } from '../../../src/rules/account/performance.ts';
import type { Observation, Performance } from '../../../src/rules/account/performance.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const MIDNIGHT = Date.UTC(2026, 10, 23);

function seen(equity: string, more: Partial<Omit<Observation, 'transfers' | 'resultSinceMidnight'>> & { transfers?: string; resultSinceMidnight?: string } = {}): Observation {
  const { transfers = '0', resultSinceMidnight = '0', ...rest } = more;
  return { equity: decimal(equity), walletBalance: decimal(equity), observedAt: NOON, transfers: decimal(transfers), resultSinceMidnight: decimal(resultSinceMidnight), incomeUntil: NOON, incomeIds: [], activatedAt: 0, dailyLossPercent: '2.5', ...rest };
}
const after = (...all: readonly Observation[]): Performance => all.reduce<Performance | undefined>(observe, undefined)!;

describe('performance of the account', () => {
  it('begins with the first observation, less what the day has already brought', () => {
    expect(performanceView(after(seen('10000')))).to.deep.include({ day: '2026-11-22', dayStartEquity: '10000', dayLossPercent: '0', sessionPeak: '10000', allTimePeak: '10000' });
    expect(performanceView(after(seen('9800', { resultSinceMidnight: '-200' })))).to.deep.include({ dayStartEquity: '10000', dayLossPercent: '2', dailyLossReached: false });
  });

  it('counts open losses, reaches the limit at it and not before, and stays there until the day ends', () => {
    expect(performanceView(after(seen('10000'), seen('9750.01')))?.dailyLossReached).to.equal(false);
    expect(performanceView(after(seen('10000'), seen('9750')))?.dailyLossReached).to.equal(true);
    const recovered = after(seen('10000'), seen('9750'), seen('10400'));
    expect(performanceView(recovered)).to.deep.include({ dayLossPercent: '-4', dailyLossReached: true });
    expect(performanceView(observe(recovered, seen('10400', { observedAt: MIDNIGHT + 1 })))?.dailyLossReached).to.equal(false);
  });

  it('starts the day with the last equity before midnight if that is 300 s old at most, else with the first one less the income since', () => {
    // The first of the new day, at its first instant, a minute in, and at its last.
    for (const sinceMidnight of [0, 60_000, 86_399_999]) {
      const late = (ms: number) => after(seen('10000', { observedAt: MIDNIGHT - ms }), seen('9900', { observedAt: MIDNIGHT + sinceMidnight, resultSinceMidnight: '-40' }));
      expect(late(300_000).dayStartEquity, `${sinceMidnight} ms after`).to.equal('10000');
      expect(late(300_001).dayStartEquity, `${sinceMidnight} ms after`).to.equal('9940');
    }
  });

  it('measures falls from the peaks; a new session re-bases its own and not the other', () => {
    const fallen = after(seen('10000'), seen('11000'), seen('9900'));
    expect(performanceView(fallen)).to.deep.include({ sessionPeak: '11000', sessionDrawdownPercent: '10', allTimePeak: '11000', allTimeDrawdownPercent: '10' });
    const again = observe(fallen, seen('9900', { activatedAt: 5 }));
    expect(performanceView(again)).to.deep.include({ sessionSince: 5, sessionPeak: '9900', sessionDrawdownPercent: '0', allTimeDrawdownPercent: '10' });
    const older = observe(again, seen('9800', { activatedAt: 4 }));
    expect(performanceView(older), 'no session begins anew by an older activation').to.deep.include({ sessionSince: 5, sessionPeak: '9900' });
  });

  it('takes transfers for neither profit nor loss', () => {
    const base = after(seen('10000'), seen('9900'));
    for (const amount of ['5000', '-5000']) {
      const moved = observe(base, seen(decimal('9900').plus(amount).toFixed(), { transfers: amount }));
      expect(decimal(moved.dayStartEquity).minus(moved.equity).toFixed(), amount).to.equal('100');
      expect(decimal(moved.sessionPeak).minus(moved.equity).toFixed(), amount).to.equal('100');
      expect(decimal(moved.allTimePeak).minus(moved.equity).toFixed(), amount).to.equal('100');
    }
  });

  it('an older observation changes nothing, and an account without money has no performance at all', () => {
    const known = after(seen('10000'));
    expect(observe(known, seen('1', { observedAt: NOON - 1 }))).to.equal(known);
    expect(performanceView(after(seen('0')))).to.equal(undefined);
    expect(after(seen('0')).dailyLossReached, 'unknown is not fine').to.equal(true);
  });

  it('comes back from the journal as it was', () => {
    const known = after(seen('10000', { incomeIds: ['FUNDING_FEE/1/'] }), seen('9990.12345678'));
    expect(performanceSchema.parse(JSON.parse(JSON.stringify(known)))).to.deep.equal(known);
  });

  it('random days: no transfer ever changes what was lost, the peak is never below the equity', () => {
    const step = fc.record({ hours: fc.integer({ min: 0, max: 30 }), result: fc.integer({ min: -300, max: 300 }), transfer: fc.oneof(fc.constant(0), fc.integer({ min: -2_000, max: 4_000 })) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        // Two accounts with the same results, one of which moves money in and out; percentages differ, lost USDT do not.
        let still: Performance | undefined;
        let moving: Performance | undefined;
        let [own, other, at] = [decimal('100000'), decimal('100000'), NOON];
        for (const { hours, result, transfer } of [{ hours: 0, result: 0, transfer: 0 }, ...steps]) {
          at += hours * 3_600_000;
          own = own.plus(result);
          other = other.plus(result).plus(transfer);
          still = observe(still, seen(own.toFixed(), { observedAt: at, resultSinceMidnight: String(result), dailyLossPercent: '99' }));
          moving = observe(moving, seen(other.toFixed(), { observedAt: at, transfers: String(transfer), resultSinceMidnight: String(result), dailyLossPercent: '99' }));
          const lost = (one: Performance, from: 'sessionPeak' | 'allTimePeak' | 'dayStartEquity') => decimal(one[from]).minus(one.equity).toFixed();
          for (const from of ['sessionPeak', 'allTimePeak', 'dayStartEquity'] as const) expect(lost(moving, from)).to.equal(lost(still, from));
          expect(decimal(moving.sessionPeak).isGreaterThanOrEqualTo(moving.equity)).to.equal(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('income and the wallet', () => {
  const row = (type: string, amount: string, at = 1): VenueIncome => ({ incomeId: `${type}/${at}/`, type, symbol: undefined, amount: decimal(amount), asset: 'USDT', at });

  it('knows results from transfers, and takes a new word so that no loss is hidden', () => {
    for (const type of ['REALIZED_PNL', 'COMMISSION', 'FUNDING_FEE', 'INSURANCE_CLEAR', 'COMMISSION_REBATE', 'API_REBATE', 'REFERRAL_KICKBACK', 'CONTEST_REWARD', 'DELIVERED_SETTELMENT', 'POSITION_LIMIT_INCREASE_FEE']) expect(kindOf(row(type, '5')), type).to.deep.equal({ transfer: false, known: true });
    const moved = ['TRANSFER', 'INTERNAL_TRANSFER', 'CROSS_COLLATERAL_TRANSFER', 'STRATEGY_UMFUTURES_TRANSFER', 'FUTURES_PRESENT', 'WELCOME_BONUS', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW', 'AUTO_EXCHANGE', 'OPTIONS_PREMIUM_FEE', 'OPTIONS_SETTLE_PROFIT', 'FEE_RETURN', 'BFUSD_REWARD'];
    for (const type of moved) expect(kindOf(row(type, '-5')), type).to.deep.equal({ transfer: true, known: true });
    expect(kindOf(row('NEW_WORD', '5'))).to.deep.equal({ transfer: true, known: false });
    expect(kindOf(row('NEW_WORD', '-5'))).to.deep.equal({ transfer: false, known: false });
  });

  it('takes as many rows as explain the change: one that is not in the wallet yet waits', () => {
    const rows = [row('COMMISSION', '-0.1', 1), row('REALIZED_PNL', '4', 2), row('TRANSFER', '500', 3)];
    expect(explainWallet(rows, decimal('3.9'))).to.deep.equal(rows.slice(0, 2));
    expect(explainWallet(rows, decimal('503.9'))).to.deep.equal(rows);
    expect(explainWallet(rows, ZERO)).to.deep.equal([]);
    expect(explainWallet(rows, decimal('503.91')), 'a cent is rounding').to.deep.equal(rows);
    expect(explainWallet(rows, decimal('503.9100001')), 'more is not').to.equal(undefined);
  });

  it('concludes nothing from a change that no rows explain: one may be on its way', () => {
    expect(explainWallet([], decimal('500'))).to.equal(undefined);
    expect(explainWallet([row('COMMISSION', '-0.1')], decimal('-7'))).to.equal(undefined);
  });
});
