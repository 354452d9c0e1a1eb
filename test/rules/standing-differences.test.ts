/** What stands after a comparison: said with the command that ends it, and closing a symbol only where it must. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import { ATTEMPTS } from '../../src/rules/reconciliation.ts';
import { differencesThatStand } from '../../src/rules/standing-differences.ts';
import type { Compared } from '../../src/rules/standing-differences.ts';
import { GPS, HYPE } from '../kit/decisions.ts';

const life = (part: Partial<LifeView> = {}): LifeView => ({ symbol: GPS, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...part });
const compared = (part: Partial<Compared> = {}): Compared => ({ symbol: GPS, venue: { quantity: decimal('5'), unknownOrders: [] }, life: life(), spent: false, ...part });
const strangers = compared({ venue: { quantity: decimal('0'), unknownOrders: ['LIMIT BUY 5 at 0.9 (web_1)', 'STOP_MARKET SELL 1 from 2 (web_2)'] } });

describe('differences that stand', () => {
  it('are none where both sides agree', () => expect(differencesThatStand([compared()], 'leave')).to.deep.equal({ alerts: [], causes: [] }));

  it('close a symbol that has come to no result, until it does or an operator says so, with both sides in words', () => {
    const { alerts, causes } = differencesThatStand([compared({ spent: true, life: life({ phase: 'Ambiguous' }) })], 'adopt');
    const reason = `GPSUSDT: journal (0, Ambiguous) and venue (5) have not agreed in ${ATTEMPTS} attempts`;
    expect(causes).to.deep.equal([{ key: 'unreconciled/GPSUSDT', symbol: GPS, reason, endedByOperator: true }]);
    expect(alerts).to.deep.equal([{ name: 'unreconciled/GPSUSDT', message: `${reason}: the symbol is REDUCING until they do, or until \`vigil activate GPSUSDT\`. \`vigil inspect executor/GPSUSDT\` shows both sides.` }]);
    expect(differencesThatStand([compared({ spent: true, life: undefined })], 'adopt').alerts[0]?.message).to.contain('journal (0, nothing reported)');
  });

  it('name a position that is left alone, with the command that takes it over, and lower nothing by that', () => {
    const { alerts, causes } = differencesThatStand([compared({ life: life({ phase: 'Drifted', drift: '5' }) })], 'leave');
    expect(alerts).to.deep.equal([{ name: 'unknown-position/GPSUSDT', message: 'GPSUSDT: the venue states 5 and the journal 0; it is left alone, and nothing is opened. `vigil adopt GPSUSDT` takes it over.' }]);
    expect(causes).to.deep.equal([]);
  });

  it('name the orders of others; where those are left alone they close the symbol, and elsewhere not', () => {
    const left = differencesThatStand([strangers], 'leave');
    expect(left.causes).to.deep.equal([{ key: 'unknown-orders/GPSUSDT', symbol: GPS, reason: 'GPSUSDT: others have orders in the book', endedByOperator: true }]);
    expect(left.alerts[0]).to.deep.equal({ name: 'unknown-orders/GPSUSDT', message: 'GPSUSDT: not ours, and left alone: LIMIT BUY 5 at 0.9 (web_1), STOP_MARKET SELL 1 from 2 (web_2). The symbol is REDUCING until they are gone, or until `vigil activate GPSUSDT`.' });
    const adopted = differencesThatStand([strangers], 'adopt');
    expect(adopted.causes).to.deep.equal([]);
    expect(adopted.alerts[0]?.message).to.contain('What they fill is adopted and protected.');
  });

  it('are told of each symbol, all of one together', () => {
    const names = differencesThatStand([{ ...strangers, spent: true, life: life({ drift: '1' }) }, compared({ symbol: HYPE, spent: true })], 'leave').alerts.map(({ name }) => name);
    expect(names).to.deep.equal(['unreconciled/GPSUSDT', 'unknown-position/GPSUSDT', 'unknown-orders/GPSUSDT', `unreconciled/${HYPE}`]);
  });
});
