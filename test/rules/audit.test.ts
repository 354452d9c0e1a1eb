/** The auditor: an honest story has no finding, and each planted violation has exactly its own. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import { audit } from '../../src/rules/audit.ts';
import type { AuditReport, VenueFacts } from '../../src/rules/audit/facts.ts';
import { clientIdFor } from '../../src/rules/client-ids.ts';
import { a, close, HELD, HELD_AT_VENUE, look, order, OVER, OVER_AT_VENUE, position, stop, TARGET, TERMS, trade } from '../kit/audits.ts';
import { GPS, makePlan, NOW } from '../kit/decisions.ts';
import { idOf, lifeOf } from '../kit/lives.ts';

const codes = (report: AuditReport) => report.findings.map((finding) => finding.code);
const without = (events: readonly LifeEvent[], type: LifeEvent['type']) => events.filter((event) => event.type !== type);

describe('an honest story has no finding', () => {
  const honest: Readonly<Record<string, readonly [VenueFacts, readonly LifeEvent[]]>> = {
    'nothing ever happened': [{ orders: [], algoOrders: [], trades: [], positions: [] }, []],
    'a position that stands, protected': [HELD_AT_VENUE, HELD],
    'a position that was closed by us': [OVER_AT_VENUE, OVER],
    'an entry that found nothing': [{ ...OVER_AT_VENUE, orders: [order({ status: 'EXPIRED', executedQuantity: decimal('0') })], algoOrders: [], trades: [] }, [...a.opening(), a.reported('EXPIRED', 0, idOf('entry'), '1'), a.planEnded()]],
    'an adopted position, whose fills nobody saw': [{ ...HELD_AT_VENUE, orders: [order({ clientId: 'by-hand' as ClientId })], algoOrders: [stop()] }, [a.adopted(10), a.sending('stop'), a.placed('stop')]],
  };
  for (const [what, [venue, events]] of Object.entries(honest)) it(what, () => expect(look(venue, events).findings).to.deep.equal([]));

  it('a stop that fired: its order is mapped back to the conditional order, whatever id it carries', () => {
    const events = [...HELD, a.triggered('stop'), a.fill(10, { tradeId: '13', orderId: 'o-stop', side: 'SELL', at: 40 }), a.ended('stop', 'finished'), a.ended('target', 'cancelled'), a.closed()];
    for (const clientId of [idOf('stop'), 'fired-7' as ClientId]) {
      const venue = { orders: [order(), order({ clientId, orderId: 'o-stop', side: 'SELL', type: 'MARKET', reduceOnly: true, updatedAt: NOW + 40 })], algoOrders: [stop({ status: 'FINISHED', actualOrderId: 'o-stop', updatedAt: NOW + 40 }), { ...TARGET, status: 'CANCELED' as const, updatedAt: NOW + 50 }], trades: [trade(), trade({ tradeId: '13', orderId: 'o-stop', side: 'SELL', at: NOW + 40 })], positions: [] };
      const report = look(venue, events);
      expect(report.findings).to.deep.equal([]);
      expect(report.counts).to.include({ triggered: 1, foreign: 0, underPermit: 1, underMandate: 2 });
    }
  });

  it('a reducing order that went while the journal was away is known by its derived id, and counted apart (ruling 36)', () => {
    const events = [...without(OVER, 'OrderSending').slice(0, 3), ...OVER.filter((event) => event.type === 'OrderSending' && event.purpose === 'entry'), ...without(OVER, 'OrderSending').slice(3)];
    const report = look(OVER_AT_VENUE, events);
    expect(report.findings).to.deep.equal([]);
    expect(report.counts).to.include({ underMandate: 3, unrecorded: 1 });
  });

  it('venue-made and foreign orders are counted apart', () => {
    const ids = { 'autoclose-1': 'venueMade', 'adl_autoclose': 'venueMade', 'settlement_autoclose-9': 'venueMade', 'by-hand': 'foreign', [clientIdFor('othr', 'entry', 'p', 1)]: 'foreign' };
    for (const [clientId, kind] of Object.entries(ids)) {
      const venue = { ...OVER_AT_VENUE, orders: [order(), close({ clientId: clientId as ClientId })] };
      expect(look(venue, without(OVER, 'CloseRequested')).counts[kind as 'foreign'], clientId).to.equal(1);
    }
  });

  it('what may still be on its way is not judged', () => {
    const report = look(HELD_AT_VENUE, a.opening(), { settledBefore: NOW + 5, now: NOW + 15 });
    expect(report.findings).to.deep.equal([]);
    expect(report.counts.unsettled).to.equal(1);
  });

  it('a difference that is declared and left alone is counted apart', () => {
    const report = audit({ orders: [order({ clientId: 'by-hand' as ClientId })], algoOrders: [], trades: [trade()], positions: [position()] }, new Map([[GPS, { events: [a.drift(10)] }]]), TERMS);
    expect(report.findings).to.deep.equal([]);
    expect(report.counts).to.include({ drifted: 1, foreign: 1 });
  });

  it('from a snapshot on, what it holds was allowed before it', () => {
    const report = audit(HELD_AT_VENUE, new Map([[GPS, { start: lifeOf(HELD), events: [] }]]), { ...TERMS, since: NOW + 50 });
    expect(report.findings).to.deep.equal([]);
  });
});

describe('each planted violation has its finding', () => {
  const planted: Readonly<Record<string, readonly [VenueFacts, readonly LifeEvent[], readonly string[]]>> = {
    'an order nobody allowed (ruling 2)': [{ ...OVER_AT_VENUE, orders: [...OVER_AT_VENUE.orders, order({ clientId: clientIdFor('test', 'entry', 'plan-x', 1), orderId: '9', status: 'EXPIRED', executedQuantity: decimal('0') })] }, OVER, ['ORDER_WITHOUT_PERMIT']],
    'an order whose permit is not on record': [HELD_AT_VENUE, without(HELD, 'PermitGranted'), ['ORDER_WITHOUT_PERMIT', 'ORDER_WITHOUT_PERMIT', 'ORDER_WITHOUT_PERMIT']],
    'an order that the journal says was never sent': [{ ...HELD_AT_VENUE, algoOrders: [], positions: [], trades: [], orders: [order({ status: 'EXPIRED', executedQuantity: decimal('0') })] }, [...a.opening(), { type: 'OrderAbandoned', at: NOW + 5, clientId: idOf('entry'), code: 'PERMIT_EXPIRED', detail: '' }, a.planEnded()], ['ORDER_WITHOUT_PERMIT']],
    'an entry larger than it was allowed': [{ ...HELD_AT_VENUE, orders: [order({ quantity: decimal('11') })] }, HELD, ['ORDER_WITHOUT_PERMIT']],
    'an entry on the other side': [{ ...HELD_AT_VENUE, orders: [order({ side: 'SELL' })] }, HELD, ['ORDER_WITHOUT_PERMIT']],
    'a close that is not reduce-only (failure 49)': [{ ...OVER_AT_VENUE, orders: [order(), close({ reduceOnly: false })] }, OVER, ['ORDER_WITHOUT_PERMIT']],
    'a stop larger than was allowed': [{ ...HELD_AT_VENUE, algoOrders: [stop({ quantity: decimal('20') }), TARGET] }, HELD, ['ORDER_WITHOUT_PERMIT']],
    'a part that was closed without a record (it never goes without one)': [{ ...OVER_AT_VENUE, orders: [order(), close({ clientId: idOf('reduce', 1, 'plan-1/R1') })] }, without(OVER, 'CloseRequested'), ['ORDER_WITHOUT_PERMIT']],
    'one decision that opened twice (failure 46)': [{ ...HELD_AT_VENUE, orders: [order({ quantity: decimal('10'), executedQuantity: decimal('4') }), order({ orderId: '3', executedQuantity: decimal('6') })], trades: [trade({ quantity: decimal('10') })] }, HELD, ['ORDER_DOUBLED']],
    'a reducing order executed twice beyond what was allowed': [{ ...OVER_AT_VENUE, orders: [order(), close(), close({ orderId: '4', executedQuantity: decimal('3') })] }, OVER, ['ORDER_DOUBLED']],
    'a fill that the journal lacks (failure 83)': [OVER_AT_VENUE, OVER.filter((event) => event.type !== 'FillRecorded' || event.tradeId !== '12'), ['FILL_LOST']],
    'a fill of a venue-made order that the journal lacks (operators\' 30)': [{ ...OVER_AT_VENUE, orders: [order(), close({ clientId: 'autoclose-1' as ClientId })] }, HELD.slice(0, -4), ['FILL_LOST', 'RECORD_DIFFERS']],
    'a fill that the venue does not know: an invented one (operators\' 23)': [{ ...OVER_AT_VENUE, trades: OVER_AT_VENUE.trades.slice(0, 1) }, OVER, ['RECORD_DIFFERS']],
    'a fill on record at another price': [{ ...HELD_AT_VENUE, trades: [trade({ price: decimal('101') })] }, HELD, ['RECORD_DIFFERS']],
    'a fill on record with another quantity': [{ ...HELD_AT_VENUE, trades: [trade({ quantity: decimal('9') })] }, HELD, ['RECORD_DIFFERS']],
    'a position of another size (failure 83)': [{ ...HELD_AT_VENUE, positions: [position(9)], algoOrders: [stop(), TARGET] }, HELD, ['RECORD_DIFFERS']],
    'a position of which the journal knows nothing': [{ orders: [], algoOrders: [], trades: [], positions: [position(-3)] }, [], ['RECORD_DIFFERS', 'NAKED']],
    'a position on record that is not there (failure 84)': [{ ...HELD_AT_VENUE, positions: [] }, HELD, ['RECORD_DIFFERS']],
    'a stop on record that is not at the venue (operators\' 42)': [{ ...HELD_AT_VENUE, algoOrders: [TARGET] }, HELD, ['RECORD_DIFFERS', 'NAKED']],
    'an orphan of ours that stands at the venue (operators\' 36)': [{ ...OVER_AT_VENUE, algoOrders: [stop(), { ...TARGET, status: 'CANCELED', updatedAt: NOW + 80 }] }, OVER, ['RECORD_DIFFERS']],
    'an order that is open at the venue and over by the journal': [{ ...OVER_AT_VENUE, orders: [order(), close(), order({ clientId: idOf('close'), orderId: '5', status: 'NEW', side: 'SELL', reduceOnly: true, executedQuantity: decimal('0') })] }, OVER, ['RECORD_DIFFERS']],
    'a position without any stop (failure 88)': [{ ...HELD_AT_VENUE, algoOrders: [] }, HELD.slice(0, -4), ['NAKED']],
    'a stop that came too late': [{ ...HELD_AT_VENUE, algoOrders: [stop({ createdAt: NOW + 20_000, updatedAt: NOW + 20_000 }), TARGET] }, HELD, ['NAKED']],
    'a stop that covers half': [{ ...HELD_AT_VENUE, algoOrders: [stop({ quantity: decimal('5') }), TARGET] }, HELD, ['NAKED']],
    'a stop on the side of the position': [{ ...HELD_AT_VENUE, algoOrders: [stop({ side: 'BUY' }), TARGET] }, HELD, ['ORDER_WITHOUT_PERMIT', 'NAKED']],
    'a stop that was cancelled while the position stands (failure 92)': [{ ...HELD_AT_VENUE, algoOrders: [stop({ status: 'CANCELED', updatedAt: NOW + 1_000 }), TARGET] }, [...HELD.slice(0, -4), a.sending('stop'), a.placed('stop'), a.ended('stop', 'cancelled'), a.sending('target'), a.placed('target')], ['NAKED']],
  };
  for (const [what, [venue, events, expected]] of Object.entries(planted)) {
    it(what, () => {
      const report = look(venue, events);
      expect([...new Set(codes(report))], JSON.stringify(report.findings)).to.deep.equal([...new Set(expected)]);
      expect(report.findings).to.have.length(expected.length);
      for (const { message, symbol, subject } of report.findings) expect(message.startsWith(symbol) && subject.length > 0 && message.endsWith('.')).to.equal(true);
    });
  }

  it('two plans of one intent that were both executed', () => {
    const second = clientIdFor('test', 'entry', 'plan-2', 1);
    const again: LifeEvent[] = [
      { type: 'PlanMade', at: NOW + 100, plan: makePlan({ planId: 'plan-2' as never, quantity: '10', limitPrice: '100' }) },
      { type: 'PermitGranted', at: NOW + 100, permitId: 'permit-2', clientId: second, checks: [], tradingEpoch: 1, expiresAt: NOW + 5_100, mandate: { mandateId: 'mandate-2' as never, symbol: GPS, side: 'LONG', maxQuantity: '10' } },
      { type: 'OrderSending', at: NOW + 100, purpose: 'entry', clientId: second, attempt: 1, side: 'BUY', quantity: '10', price: '100' },
      a.fill(10, { tradeId: '21', orderId: '21', at: 110 }),
      a.fill(10, { tradeId: '22', orderId: '22', at: 120, side: 'SELL' }),
    ];
    const venue = { ...OVER_AT_VENUE, orders: [...OVER_AT_VENUE.orders, order({ clientId: second, orderId: '21', updatedAt: NOW + 110 })], trades: [...OVER_AT_VENUE.trades, trade({ tradeId: '21', orderId: '21', at: NOW + 110 }), trade({ tradeId: '22', orderId: '22', side: 'SELL' as const, at: NOW + 120 })] };
    expect(codes(look(venue, [...OVER, ...again]))).to.deep.equal(['ORDER_DOUBLED']);
  });

  it('a symbol that only the venue knows', () => {
    const other = 'XYZUSDT' as SymbolName;
    const venue = { ...HELD_AT_VENUE, positions: [position(), { ...position(), symbol: other }] };
    expect(look(venue).findings.map((finding) => [finding.symbol, finding.code])).to.deep.equal([[other, 'RECORD_DIFFERS'], [other, 'NAKED']]);
  });
});

describe('naked', () => {
  const late = { ...HELD_AT_VENUE, algoOrders: [stop({ createdAt: NOW + 10 + 12_001, updatedAt: NOW + 12_011 }), TARGET] };

  it('is counted from the fill, to the millisecond', () => {
    expect(codes(look(late))).to.deep.equal(['NAKED']);
    expect(codes(look({ ...late, algoOrders: [stop({ createdAt: NOW + 10 + 12_000, updatedAt: NOW + 12_010 }), TARGET] }))).to.deep.equal([]);
    expect(look(late).findings[0]!.message).to.include('for 12001 ms').and.to.include('12000 ms are allowed');
  });

  it('does not count the time in which nobody was there', () => {
    expect(codes(look(late, HELD, { away: [{ from: NOW + 100, to: NOW + 200 }] }))).to.deep.equal([]);
  });

  it('knows that a vanished stop covered for as long as the journal believed in it, and no longer', () => {
    const vanished = (lostAt: number) => [...HELD.slice(0, -4), a.sending('stop'), a.placed('stop'), a.lost('stop', 'vanished', 1, lostAt), a.sending('stop', { attempt: 2, at: lostAt + 10 }), a.placed('stop', 2)];
    const venue = (createdAt: number) => ({ ...HELD_AT_VENUE, algoOrders: [stop({ clientId: idOf('stop', 2), createdAt, updatedAt: createdAt })] });
    expect(codes(look(venue(NOW + 30_100), vanished(30_000)))).to.deep.equal([]);
    expect(codes(look(venue(NOW + 45_000), vanished(30_000)))).to.deep.equal(['NAKED']);
  });

  it('place-first leaves no gap; cancel-first does (failure 93)', () => {
    const second = stop({ clientId: idOf('stop', 2), algoId: '9', createdAt: NOW + 30_000, updatedAt: NOW + 30_000 });
    const events = [...HELD, a.sending('stop', { attempt: 2, at: 29_990 }), a.placed('stop', 2), a.ended('stop', 'cancelled', 1, 30_010)];
    expect(codes(look({ ...HELD_AT_VENUE, algoOrders: [stop({ status: 'CANCELED', updatedAt: NOW + 30_010 }), second, TARGET] }, events))).to.deep.equal([]);
    expect(codes(look({ ...HELD_AT_VENUE, algoOrders: [stop({ status: 'CANCELED', updatedAt: NOW + 15_000 }), second, TARGET] }, events))).to.deep.equal(['NAKED']);
  });
});
