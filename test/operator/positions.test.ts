/** Positions: exact figures, nothing invented, and nothing that may be a position left out. */
import { expect } from 'chai';
import { positionRows, profit } from '../../src/operator/positions.ts';
import { life, position, reading } from './kit/readings.ts';

const FIELDS = ['symbol', 'side', 'quantity', 'entryPrice', 'markPrice', 'unrealizedPnl', 'leverage', 'stopLoss', 'takeProfit', 'stopOrderId', 'planId', 'openedAt', 'state', 'takeProfitOrderId', 'positionId', 'guard', 'stopSeenAt', 'stopSeenAgeMs'];
const NOW = Date.UTC(2026, 1, 3);

describe('positions', () => {
  it('show a position with its mark, its exact profit and its orders, in the names of the interface', () => {
    const [row, ...others] = positionRows([reading('GPSUSDT', life('GPSUSDT', 'Protected', position()))], new Map([['GPSUSDT', '0.0105']]), NOW);
    expect(others).to.deep.equal([]);
    expect(row).to.have.all.keys(FIELDS);
    expect(row).to.deep.equal({
      symbol: 'GPSUSDT', side: 'LONG', quantity: '19000', entryPrice: '0.01', markPrice: '0.0105', unrealizedPnl: '9.5', leverage: 3, stopLoss: '0.0098', takeProfit: '0.0103',
      stopOrderId: '71', takeProfitOrderId: '72', planId: 'plan-1', positionId: 'pos-1', openedAt: '2026-02-02T02:38:30.000Z', state: 'Protected', guard: null, stopSeenAt: null, stopSeenAgeMs: null,
    });
  });

  it('say when the venue last listed the stop, and how long ago by the clock of the service, never in the future', () => {
    const seen = (stopSeenAt: number) => positionRows([reading('GPSUSDT', life('GPSUSDT', 'Protected', position({ stopSeenAt })))], new Map(), NOW)[0];
    expect(seen(NOW - 12_400)).to.include({ stopSeenAt: '2026-02-02T23:59:47.600Z', stopSeenAgeMs: 12_400 });
    expect(seen(NOW + 5)?.stopSeenAgeMs).to.equal(0);
  });

  it('a short gains when the price falls', () => {
    expect(profit('SHORT', '2', '100.10', '100.30')).to.equal('-0.4');
    expect(profit('SHORT', '2', '100.30', '100.10')).to.equal('0.4');
  });

  it('profits are exact where floating point is not, and never take an exponent', () => {
    expect(profit('LONG', '0.3', '0.1', '0.3')).to.equal('0.06');
    expect(profit('LONG', '0.0000001', '0.0000001', '0.0000002')).to.equal('0.00000000000001');
  });

  it('a profit is null where a number is none, and where the mark is unknown', () => {
    expect(profit('LONG', 'many', '1', '2')).to.equal(null);
    const [row] = positionRows([reading('GPSUSDT', life('GPSUSDT', 'Protected', position()))], new Map(), NOW);
    expect(row).to.include({ markPrice: null, unrealizedPnl: null, quantity: '19000' });
  });

  it('leave out who is flat and who is only opening, and keep who may hold a position', () => {
    const readings = [reading('A', life('A', 'Flat')), reading('B', life('B', 'Opening')), reading('C', life('C', 'Ambiguous')), reading('D', life('D', 'Drifted')), reading('E', life('E', 'Closing', position()))];
    expect(positionRows(readings, new Map(), NOW).map((row) => `${row.symbol} ${row.state} ${row.side}`)).to.deep.equal(['C Ambiguous null', 'D Drifted null', 'E Closing LONG']);
  });

  it('show a symbol whose executor is away as unknown, but not one that has never come up', () => {
    const readings = [reading('A', undefined, 'restarting', 1), reading('B', undefined, 'starting', 1), reading('C', undefined, 'stopped', 0), reading('D', undefined, 'starting', 2)];
    expect(positionRows(readings, new Map(), NOW).map((row) => `${row.symbol} ${row.state}`)).to.deep.equal(['A Unknown', 'D Unknown']);
  });
});
