/** The auditor at its edges: what it judges to the millisecond, what it counts, and whose word it takes for what. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import type { ClientId, SymbolName } from '../../../src/protocol/names.ts';
import { audit } from '../../../src/rules/audit.ts';
import type { AuditReport, VenueFacts } from '../../../src/rules/audit/facts.ts';
import { clientIdFor } from '../../../src/rules/client-ids.ts';
import { a, close, HELD, HELD_AT_VENUE, look, order, OVER, OVER_AT_VENUE, position, stop, TARGET, TERMS, trade } from '../../kit/audits.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const NOTHING: VenueFacts = { orders: [], algoOrders: [], trades: [], positions: [] };
const codes = (report: AuditReport) => report.findings.map((finding) => finding.code);
const NO_COUNTS = { underPermit: 0, underMandate: 0, unrecorded: 0, triggered: 0, venueMade: 0, foreign: 0, fills: 0, fillsAdopted: 0, drifted: 0, unsettled: 0 };
/** Without the fill that was made last. */
const withoutFill = (events: readonly LifeEvent[], tradeId: string) => events.filter((event) => event.type !== 'FillRecorded' || event.tradeId !== tradeId);

describe('the auditor looks at the union of both sides', () => {
  const other = 'XYZUSDT' as SymbolName;
  it('a symbol is looked at because of one order, one conditional order, one trade or one position alone, and findings come by symbol', () => {
    const ours = { symbol: other, clientId: clientIdFor('test', 'entry', 'plan-x', 1), executedQuantity: decimal('0'), status: 'EXPIRED' as const };
    expect(codes(audit({ ...NOTHING, orders: [order(ours)] }, new Map(), TERMS))).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    expect(codes(audit({ ...NOTHING, algoOrders: [stop({ symbol: other, status: 'CANCELED' })] }, new Map(), TERMS))).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    expect(codes(audit({ ...NOTHING, positions: [{ ...position(), symbol: other }] }, new Map(), TERMS))).to.deep.equal(['RECORD_DIFFERS', 'NAKED']);
    // Bought and sold within the time that is looked at, in an order that the journal does not know: nothing of ours, yet looked at.
    const traded = audit({ ...NOTHING, trades: [trade({ symbol: other, at: NOW + 60_001 })] }, new Map(), { ...TERMS, now: NOW + 60_002 });
    expect(traded.counts.unsettled).to.equal(1);
  });

  it('a symbol that only the journal knows is looked at', () => {
    expect(codes(audit(NOTHING, new Map([[GPS, { events: HELD }]]), TERMS))).to.include('RECORD_DIFFERS');
  });

  it('findings come in the order of the symbols', () => {
    const stray = (symbol: string) => ({ ...position(), symbol: symbol as SymbolName });
    const report = audit({ ...NOTHING, positions: [stray('ZUSDT'), stray('AUSDT'), stray('币安人生USDT'), stray('BUSDT')] }, new Map(), TERMS);
    expect([...new Set(report.findings.map((finding) => finding.symbol))]).to.deep.equal(['AUSDT', 'BUSDT', 'ZUSDT', '币安人生USDT']);
  });

  it('counts each thing once', () => {
    expect(look(NOTHING, []).counts).to.deep.equal(NO_COUNTS);
    expect(look(OVER_AT_VENUE, OVER).counts).to.deep.equal({ ...NO_COUNTS, underPermit: 1, underMandate: 3, fills: 2 });
    const foreign = { ...OVER_AT_VENUE, algoOrders: [...OVER_AT_VENUE.algoOrders, stop({ clientId: 'by-hand' as ClientId, status: 'CANCELED' })] };
    expect(look(foreign, OVER).counts).to.deep.equal({ ...NO_COUNTS, underPermit: 1, underMandate: 3, fills: 2, foreign: 1 });
  });
});

describe('fills', () => {
  const lost = (at: number): VenueFacts => ({ ...NOTHING, orders: [order()], trades: [trade({ at })] });
  const told = withoutFill([...a.opening(), a.reported('EXPIRED', 0, idOf('entry'), '1'), a.planEnded()], '11');
  const fillCodes = (venue: VenueFacts, events: readonly LifeEvent[], terms = {}) => codes(look(venue, events, terms)).filter((code) => code === 'FILL_LOST');

  it('are judged from the first millisecond to the last', () => {
    for (const [at, found] of [[TERMS.since - 1, 0], [TERMS.since, 1], [TERMS.settledBefore, 1], [TERMS.settledBefore + 1, 0]] as const) expect(fillCodes(lost(at), told, { now: NOW + 70_000 }), String(at - NOW)).to.have.length(found);
  });

  it('of an order that the venue does not list any more are ours if the journal knows its id', () => {
    const unlisted = { ...lost(NOW + 10), orders: [] };
    const report = look(unlisted, told);
    expect(codes(report)).to.include('FILL_LOST');
    expect(report.findings.find((finding) => finding.code === 'FILL_LOST')!.message).to.include('(not listed)');
    expect(fillCodes({ ...unlisted, trades: [trade({ orderId: '99' })] }, told)).to.deep.equal([]);
    const fired = [...HELD, a.triggered('stop')];
    const stopped = { ...HELD_AT_VENUE, trades: [trade(), trade({ tradeId: '31', orderId: 'o-stop', side: 'SELL', at: NOW + 40 })], positions: [] };
    expect(fillCodes(stopped, fired)).to.have.length(1);
    expect(look(lost(NOW + 10), told).findings.find((finding) => finding.code === 'FILL_LOST')!.message).to.include(`(${idOf('entry')})`);
  });

  it('that an adoption took over are counted apart, those after it are not', () => {
    const adopted = [...told, a.adopted(10), a.sending('stop'), a.placed('stop')];
    const venue = (at: number) => ({ ...HELD_AT_VENUE, algoOrders: [stop()], trades: [trade({ at })] });
    expect(look(venue(NOW + 70), adopted).counts).to.include({ fillsAdopted: 1, fills: 0 });
    expect(fillCodes(venue(NOW + 70), adopted)).to.deep.equal([]);
    expect(look(venue(NOW + 71), adopted).counts.fillsAdopted).to.equal(0);
    expect(fillCodes(venue(NOW + 71), adopted)).to.have.length(1);
  });

  it('of a position that was over before the adoption are not taken over by it', () => {
    const later: LifeEvent[] = [...withoutFill(OVER, '12'), { ...a.adopted(3), at: NOW + 200 }];
    expect(fillCodes(OVER_AT_VENUE, later)).to.have.length(1);
    // Adopted before it was over: the adoption found what the missing fill had made.
    const between: LifeEvent[] = withoutFill(OVER, '12').flatMap((event) => (event.type === 'PositionClosed' ? [{ ...a.adopted(0), at: NOW + 80 }, event] : [event]));
    expect(look(OVER_AT_VENUE, between).counts.fillsAdopted).to.equal(1);
    expect(fillCodes(OVER_AT_VENUE, between)).to.deep.equal([]);
  });

  it('of ours are not missed while the difference is declared and left alone', () => {
    expect(fillCodes(HELD_AT_VENUE, [...told, a.drift(10)])).to.deep.equal([]);
  });

  it('are on record as the venue has them: side, quantity, price, order', () => {
    const differences = { side: trade({ side: 'SELL' }), quantity: trade({ quantity: decimal('9') }), price: trade({ price: decimal('99') }), order: trade({ orderId: '77' }) };
    for (const [what, one] of Object.entries(differences)) {
      const messages = look({ ...HELD_AT_VENUE, trades: [one] }).findings.filter((finding) => finding.subject === 'trade 11').map((finding) => finding.message);
      expect(messages, what).to.have.length(1);
      expect(messages[0], what).to.include(`: ${what} `);
    }
  });
});

describe('orders', () => {
  const orderCodes = (venue: VenueFacts, events: readonly LifeEvent[], terms = {}) => codes(look(venue, events, terms)).filter((code) => code.startsWith('ORDER_'));
  const stray = (updatedAt: number) => ({ ...OVER_AT_VENUE, orders: [...OVER_AT_VENUE.orders, order({ clientId: clientIdFor('test', 'entry', 'plan-x', 1), orderId: '9', status: 'EXPIRED', executedQuantity: decimal('0'), updatedAt })] });
  const strayStop = (updatedAt: number) => ({ ...OVER_AT_VENUE, algoOrders: [...OVER_AT_VENUE.algoOrders, stop({ clientId: clientIdFor('test', 'stop', 'plan-x', 1), status: 'CANCELED', updatedAt })] });

  it('are judged from the first millisecond to the last', () => {
    for (const venue of [stray, strayStop]) for (const [at, found] of [[TERMS.since - 1, 0], [TERMS.since, 1], [TERMS.settledBefore, 1], [TERMS.settledBefore + 1, 0]] as const) expect(orderCodes(venue(at), OVER), String(at - NOW)).to.have.length(found);
  });

  it('that a conditional order of others fired are of others', () => {
    const venue = { ...OVER_AT_VENUE, orders: [order(), close(), order({ clientId: 'fired' as ClientId, orderId: '55', side: 'SELL', executedQuantity: decimal('0'), status: 'EXPIRED' })], algoOrders: [...OVER_AT_VENUE.algoOrders, stop({ clientId: 'by-hand' as ClientId, actualOrderId: '55', status: 'FINISHED' })] };
    expect(look(venue, OVER).counts).to.include({ foreign: 2, triggered: 0 });
  });

  describe('without a record (ruling 36)', () => {
    const unrecorded = OVER.filter((event) => event.type !== 'OrderSending' || event.purpose === 'entry');
    const messageOf = (fields: Parameters<typeof close>[0]) => look({ ...OVER_AT_VENUE, orders: [order(), close(fields)] }, unrecorded).findings.filter((finding) => finding.code === 'ORDER_WITHOUT_PERMIT').map((finding) => finding.message).join();

    it('may only close, reduce-only, and no more than the mandate', () => {
      expect(messageOf({})).to.equal('');
      expect(messageOf({ side: 'BUY' })).to.include('it is on the side that opens, and a LONG mandate only closes');
      expect(messageOf({ quantity: decimal('10.1') })).to.include('the journal allowed 10 at the most');
      expect(messageOf({ reduceOnly: false })).to.include('a mandate allows reduce-only orders alone');
    });

    it('are looked for among twenty attempts', () => {
      for (const attempt of [1, 2, 20]) expect(messageOf({ clientId: idOf('close', attempt) }), String(attempt)).to.equal('');
      expect(messageOf({ clientId: idOf('close', 21) })).to.include('neither a permit nor a mandate');
    });

    it('are allowed by the mandate of a snapshot, too', () => {
      const report = look({ ...OVER_AT_VENUE, algoOrders: HELD_AT_VENUE.algoOrders }, { start: lifeOf(HELD), startedAt: NOW + 40, events: [] }, { settledBefore: NOW + 75 });
      expect(codes(report)).to.not.include('ORDER_WITHOUT_PERMIT');
      expect(report.counts.unrecorded).to.equal(1);
    });
  });

  it('with the permit of an entry are entries', () => {
    const odd: LifeEvent[] = HELD.map((event) => (event.type === 'OrderSending' ? { ...event, clientId: idOf('close') } : event));
    expect(look({ ...HELD_AT_VENUE, orders: [order({ clientId: idOf('close') })] }, odd).findings.map((finding) => finding.message).join()).to.include('it carries the permit of another leg');
  });

  it('that the journal abandoned without ever having known them are nothing', () => {
    expect(codes(look(NOTHING, [{ type: 'OrderAbandoned', at: NOW, clientId: idOf('entry'), code: 'PERMIT_EXPIRED', detail: '' }]))).to.deep.equal([]);
  });

  describe('doubled', () => {
    const entries = (first: string, second: string) => ({ ...HELD_AT_VENUE, orders: [order({ executedQuantity: decimal(first) }), order({ orderId: '3', executedQuantity: decimal(second) })] });

    it('means executed: one that found nothing opened nothing', () => {
      expect(orderCodes(entries('10', '0'), HELD)).to.deep.equal([]);
      expect(orderCodes(entries('10', '0.1'), HELD)).to.deep.equal(['ORDER_DOUBLED']);
    });

    it('is said once of an entry, also where both together are more than was allowed', () => {
      expect(orderCodes(entries('10', '10'), HELD)).to.deep.equal(['ORDER_DOUBLED']);
    });

    it('is not a reducing order that was sent again under its id and executed in two, as far as it was allowed (ruling 8)', () => {
      const twice = (second: string) => ({ ...OVER_AT_VENUE, orders: [order(), close({ executedQuantity: decimal('4') }), close({ orderId: '5', executedQuantity: decimal(second) })] });
      expect(orderCodes(twice('6'), OVER)).to.deep.equal([]);
      expect(orderCodes(twice('6.1'), OVER)).to.deep.equal(['ORDER_DOUBLED']);
    });

    it('is not one order of which more was filled than ordered: that is another finding', () => {
      expect(orderCodes({ ...OVER_AT_VENUE, orders: [order(), close({ executedQuantity: decimal('11') })] }, OVER)).to.deep.equal([]);
    });
  });
});

describe('how things stand', () => {
  it('is not judged while something happened since, whoever says so', () => {
    const late = TERMS.settledBefore + 1;
    const gone = { ...OVER_AT_VENUE, positions: [position(3)] };
    const later: Readonly<Record<string, readonly [VenueFacts, readonly LifeEvent[]]>> = {
      order: [{ ...gone, orders: [...gone.orders, order({ clientId: 'by-hand' as ClientId, orderId: '8', updatedAt: late })] }, OVER],
      'conditional order': [{ ...gone, algoOrders: [...gone.algoOrders, stop({ clientId: 'by-hand' as ClientId, updatedAt: late })] }, OVER],
      trade: [{ ...gone, trades: [...gone.trades, trade({ tradeId: '14', orderId: '8', at: late })] }, OVER],
      event: [gone, [...OVER, { ...a.closeRequested(), at: late }]],
    };
    for (const [what, [venue, events]] of Object.entries(later)) expect(look(venue, events).counts.unsettled, what).to.equal(1);
    expect(look(gone, OVER).counts.unsettled).to.equal(0);
    expect(look({ ...gone, trades: [...gone.trades, trade({ tradeId: '14', orderId: '8', at: TERMS.settledBefore })] }, OVER).counts.unsettled).to.equal(0);
  });
});

describe('from a snapshot on', () => {
  const start = lifeOf(HELD);
  const resting = { start, startedAt: NOW - 500, events: [] };

  it('each order that it holds is allowed as it was', () => {
    const report = look({ ...HELD_AT_VENUE, trades: [] }, resting);
    expect(report.findings).to.deep.equal([]);
    expect(report.counts).to.deep.equal({ ...NO_COUNTS, underPermit: 1, underMandate: 2 });
    expect(codes(look({ ...HELD_AT_VENUE, trades: [], orders: [order({ quantity: decimal('11') })] }, resting))).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    expect(codes(look({ ...HELD_AT_VENUE, trades: [], algoOrders: [stop(), { ...TARGET, reduceOnly: false }] }, resting))).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
  });

  it('a stop whose place another has taken is allowed as well', () => {
    const moved = lifeOf([...HELD, a.sending('stop', { attempt: 2, price: '99' }), a.placed('stop', 2)]);
    const report = look({ ...HELD_AT_VENUE, trades: [], algoOrders: [stop(), stop({ clientId: idOf('stop', 2), algoId: '9' }), TARGET] }, { start: moved, startedAt: NOW - 500, events: [] });
    expect(report.findings).to.deep.equal([]);
    expect(report.counts).to.include({ underMandate: 3, unrecorded: 0 });
  });

  it('a close under way is under its mandate, and one decision still opens once', () => {
    const closing = lifeOf([...HELD, a.closeRequested(), a.closing()]);
    const report = look({ ...HELD_AT_VENUE, trades: [], orders: [order(), order({ orderId: '3' }), close({ executedQuantity: decimal('0'), status: 'NEW' })] }, { start: closing, startedAt: NOW - 500, events: [] });
    expect(codes(report)).to.deep.equal(['ORDER_DOUBLED']);
    expect(report.findings[0]!.message).to.include(start.plan!.intentId);
    expect(report.counts).to.include({ underPermit: 2, underMandate: 3 });
    // A second close under its id belongs to no decision.
    expect(codes(look({ ...HELD_AT_VENUE, trades: [], orders: [order(), close({ executedQuantity: decimal('1') }), close({ orderId: '5', executedQuantity: decimal('2') })] }, { start: closing, startedAt: NOW - 500, events: [] }))).to.deep.equal([]);
  });

  it('what happened before it is not judged one by one: its fills are in it', () => {
    const strange = { ...HELD_AT_VENUE, orders: [order(), order({ clientId: clientIdFor('test', 'entry', 'plan-x', 1), orderId: '9', updatedAt: NOW - 600 })] };
    expect(look({ ...strange, trades: [trade({ at: NOW - 501 })] }, resting).findings).to.deep.equal([]);
    expect(codes(look({ ...strange, trades: [trade({ at: NOW - 500 })] }, resting))).to.deep.equal(['FILL_LOST']);
    expect(codes(look({ ...strange, trades: [] }, { ...resting, startedAt: NOW - 2_000 })), 'an older snapshot opens nothing that the terms leave out').to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    expect(codes(look({ ...strange, trades: [] }, { ...resting, startedAt: NOW - 2_000 }, { since: NOW - 550 }))).to.deep.equal([]);
  });
});

describe('naked, step by step', () => {
  const nakedFor = (venue: VenueFacts, events: readonly LifeEvent[] = HELD, terms = {}) => look(venue, events, terms).findings.filter((finding) => finding.code === 'NAKED').map((finding) => Number(/for (\d+) ms/.exec(finding.message)![1]));
  const uncovered = { ...HELD_AT_VENUE, algoOrders: [] };
  const opened = HELD.slice(0, -4);

  it('is measured from the fill to now, whatever order the venue lists trades in', () => {
    expect(nakedFor(uncovered, opened)).to.deep.equal([59_990]);
    const twoTrades = [trade({ tradeId: '12', quantity: decimal('6'), at: NOW + 400 }), trade({ quantity: decimal('4'), at: NOW + 10 })];
    expect(nakedFor({ ...uncovered, trades: twoTrades }, opened)).to.deep.equal([59_990]);
    expect(nakedFor({ ...uncovered, trades: [...twoTrades].toReversed() }, opened)).to.deep.equal([59_990]);
  });

  it('ends with the position: a sale is a sale', () => {
    const sold = { ...uncovered, trades: [trade(), trade({ tradeId: '12', orderId: '2', side: 'SELL', at: NOW + 13_010 })], positions: [] };
    expect(nakedFor(sold, opened)).to.deep.equal([13_000]);
    // Listed the other way round.
    expect(nakedFor({ ...sold, trades: sold.trades.toReversed() }, opened)).to.deep.equal([13_000]);
  });

  it('begins with what is looked at: what was held before stands from then on, and what covered it before is over', () => {
    const earlier = stop({ createdAt: NOW - 100_000, updatedAt: NOW - 50_000, status: 'CANCELED' });
    const covered = (from: number) => ({ ...HELD_AT_VENUE, trades: [trade({ at: NOW - 90_000 })], algoOrders: [earlier, stop({ clientId: idOf('stop', 2), createdAt: from, updatedAt: from })] });
    expect(nakedFor(covered(TERMS.since + 12_000))).to.deep.equal([]);
    expect(nakedFor(covered(TERMS.since + 12_001))).to.deep.equal([12_001]);
    // A trade in the first millisecond is within.
    expect(nakedFor({ ...uncovered, trades: [trade({ at: TERMS.since })] }, opened)).to.deep.equal([61_000]);
  });

  it('a short is covered by buying', () => {
    const short = tell('SHORT');
    const events = [...short.opening(), short.reported('FILLED', 10, idOf('entry'), '1'), short.fill(10, { tradeId: '11', orderId: '1', side: 'SELL' }), short.sending('stop'), short.placed('stop')];
    const venue = (side: 'BUY' | 'SELL') => ({ orders: [order({ side: 'SELL' })], algoOrders: [stop({ side, triggerPrice: decimal('102') })], trades: [trade({ side: 'SELL' })], positions: [position(-10)] });
    expect(look(venue('BUY'), events).findings).to.deep.equal([]);
    expect(nakedFor(venue('SELL'), events)).to.deep.equal([59_990]);
  });

  it('a vanished stop covers from when it was placed to when it was missed or ended', () => {
    const gone = (...events: readonly LifeEvent[]) => nakedFor(uncovered, [...opened, a.sending('stop'), ...events]);
    expect(gone(a.placed('stop'), a.lost('stop', 'vanished', 1, 40_000))).to.deep.equal([20_000]);
    expect(gone(a.placed('stop'), a.ended('stop', 'cancelled', 1, 40_000))).to.deep.equal([20_000]);
    // Whose placing nobody confirmed covered nothing.
    expect(gone(a.lost('stop', 'vanished', 1, 40_000))).to.deep.equal([59_990]);
    expect(gone(a.ended('stop', 'cancelled', 1, 40_000))).to.deep.equal([59_990]);
  });

  it('the time in which nobody was there is taken off, as far as it lies within', () => {
    const away = (...spans: readonly (readonly [number, number])[]) => nakedFor(uncovered, opened, { away: spans.map(([from, to]) => ({ from: NOW + from, to: NOW + to })) });
    expect(away([-5_000, -1_000])).to.deep.equal([59_990]);
    expect(away([-5_000, 510])).to.deep.equal([59_490]);
    expect(away([20_000, 21_000], [59_000, 90_000])).to.deep.equal([57_990]);
    expect(away([70_000, 80_000])).to.deep.equal([59_990]);
    expect(away([-1_000, 47_999])).to.deep.equal([12_001]);
    expect(away([-1_000, 48_000])).to.deep.equal([]);
  });
});
