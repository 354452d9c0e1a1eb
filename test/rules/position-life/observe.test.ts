/** What the venue says, as events: every outcome of every write, every event, and silence where nothing follows. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import type { ClientId } from '../../../src/protocol/names.ts';
import type { AlgoStatus, OrderStatus, UserEvent, VenueAlgoOrder, VenueOrder, VenueTrade, VenueWrite, WriteOutcome } from '../../../src/protocol/venue.ts';
import { observeAlgo, observeOrder, observeOutcome, observeReplaced, observeTrades, observeUserEvent } from '../../../src/rules/position-life/observe.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
const ten = decimal('10');
const open: VenueWrite = { kind: 'OPEN', symbol: GPS, clientId: idOf('entry'), side: 'BUY', quantity: ten, price: decimal('100') };
const close: VenueWrite = { kind: 'CLOSE', symbol: GPS, clientId: idOf('close'), side: 'SELL', quantity: ten };
const protect = (leg: 'stop' | 'target'): VenueWrite => ({ kind: 'PROTECT', symbol: GPS, clientId: idOf(leg), side: 'SELL', leg, quantity: ten, triggerPrice: decimal('98') });
const cancel: VenueWrite = { kind: 'CANCEL', symbol: GPS, clientId: idOf('stop'), of: 'algo' };
const accepted = (status: OrderStatus = 'FILLED'): WriteOutcome => ({ result: 'accepted', order: { orderId: 'o-entry', status, executedQuantity: ten } });
const rejected = (venueCode: number): WriteOutcome => ({ result: 'rejected', venueCode, message: 'no' });
const throttled: WriteOutcome = { result: 'throttled', retryAfterMs: 1_000, banned: false, message: 'slow down' };
const unknown: WriteOutcome = { result: 'unknown', message: 'no answer' };
const sent = lifeOf(a.opening());
const closing = lifeOf(a.protected(), a.closing());
const stopSent = lifeOf(a.opened(), a.sending('stop'), a.sending('target'));
const order = (status: OrderStatus, executed: string, clientId: string = idOf('entry')): VenueOrder => ({ symbol: GPS, clientId: clientId as ClientId, orderId: 'o-entry', side: 'BUY', type: 'LIMIT', status, quantity: ten, executedQuantity: decimal(executed), price: decimal('100'), reduceOnly: false, updatedAt: NOW });
const algo = (status: AlgoStatus, clientId: string = idOf('stop')): VenueAlgoOrder => ({ symbol: GPS, clientId: clientId as ClientId, algoId: '77', side: 'SELL', type: 'STOP_MARKET', status, quantity: ten, triggerPrice: decimal('98'), reduceOnly: true, updatedAt: NOW, ...(status === 'NEW' ? {} : { actualOrderId: '78' }) });
const trade = (tradeId: string): VenueTrade => ({ symbol: GPS, tradeId, orderId: 'o-entry', side: 'BUY', price: decimal('100.10'), quantity: decimal('4'), commission: decimal('0.2'), commissionAsset: 'USDT', realizedPnl: decimal('0'), at: NOW - 3 });
const types = (events: readonly { type: string }[]) => events.map((event) => event.type);
const outcome = (life: typeof sent, write: VenueWrite, result: WriteOutcome) => types(observeOutcome(life, write, result, NOW));

describe('the outcome of an order', () => {
  for (const [name, life, write] of [['OPEN', sent, open], ['CLOSE', closing, close]] as const) {
    it(`${name}: accepted is a report, rejected and throttled are its end, unknown is doubt (failure 47)`, () => {
      expect(outcome(life, write, accepted())).to.deep.equal(['OrderReported']);
      expect(outcome(life, write, { result: 'accepted' })).to.deep.equal(['OrderAmbiguous']);
      expect(outcome(life, write, rejected(-2019))).to.deep.equal(['OrderRejected']);
      expect(outcome(life, write, throttled)).to.deep.equal(['OrderRejected']);
      expect(outcome(life, write, unknown)).to.deep.equal(['OrderAmbiguous']);
    });
  }

  it('keeps what the venue said: number, status, quantity; code and message', () => {
    expect(observeOutcome(sent, open, accepted('EXPIRED'), NOW)).to.deep.equal([{ type: 'OrderReported', at: NOW, clientId: idOf('entry'), orderId: 'o-entry', status: 'EXPIRED', executedQuantity: '10' }]);
    expect(observeOutcome(sent, open, rejected(-2019), NOW)).to.deep.equal([{ type: 'OrderRejected', at: NOW, clientId: idOf('entry'), venueCode: -2019, message: 'no' }]);
  });

  it('unknown after the stream has reported it is no doubt any more', () => expect(outcome(lifeOf(a.opening(), a.reported('NEW', 0)), open, unknown)).to.deep.equal([]));

  it('late, after the end or of an order the life does not know, says nothing', () => {
    for (const late of [accepted(), rejected(-1), throttled, unknown, { result: 'accepted' } as const]) {
      expect(outcome(lifeOf(a.opening(), a.reported('FILLED', 10)), open, late)).to.deep.equal([]);
      expect(outcome(lifeOf(), open, late)).to.deep.equal([]);
    }
  });
});

describe('the outcome of a protection', () => {
  it('accepted with its number is placed; without one, or unknown, it stays to be asked for', () => {
    expect(observeOutcome(stopSent, protect('stop'), { result: 'accepted', algoId: '77' }, NOW)).to.deep.equal([{ type: 'ProtectionPlaced', at: NOW, leg: 'stop', clientId: idOf('stop'), algoId: '77' }]);
    expect([outcome(stopSent, protect('stop'), { result: 'accepted' }), outcome(stopSent, protect('stop'), unknown)]).to.deep.equal([[], []]);
  });

  it('−2021 means that its price was passed: the position is closed, with the reason (failure 91)', () => {
    for (const [leg, reason] of [['stop', 'STOP_PASSED'], ['target', 'TARGET_REACHED']] as const) {
      const events = observeOutcome(stopSent, protect(leg), rejected(-2021), NOW);
      expect(types(events)).to.deep.equal(['ProtectionEnded', 'CloseRequested']);
      expect(events[1]).to.include({ reason });
    }
  });

  it('of an order that is throttled is a refusal with the venue\'s code for it', () => expect(observeOutcome(sent, open, throttled, NOW)).to.deep.equal([{ type: 'OrderRejected', at: NOW, clientId: idOf('entry'), venueCode: -1003, message: 'slow down' }]));

  it('any other refusal, and a throttle, ends only that attempt', () => {
    expect(observeOutcome(stopSent, protect('stop'), rejected(-4131), NOW)).to.deep.equal([{ type: 'ProtectionEnded', at: NOW, leg: 'stop', clientId: idOf('stop'), cause: 'rejected -4131: no' }]);
    expect(outcome(stopSent, protect('stop'), throttled)).to.deep.equal(['ProtectionEnded']);
  });

  it('that says that the venue takes no such order is on record with its words: the position is guarded from here (failures 89, 89b)', () => {
    for (const venueCode of [-4120, -4045, -2025]) expect(observeOutcome(stopSent, protect('stop'), rejected(venueCode), NOW)).to.deep.equal([{ type: 'ProtectionEnded', at: NOW, leg: 'stop', clientId: idOf('stop'), cause: `rejected ${venueCode}: no` }, { type: 'StopRefused', at: NOW, clientId: idOf('stop'), venueCode, message: 'no' }]);
  });

  it('that overtook or is unknown to the life says nothing', () => {
    for (const late of [{ result: 'accepted', algoId: '77' } as const, rejected(-2021), throttled, unknown]) {
      expect(outcome(lifeOf(a.protected()), protect('stop'), late)).to.deep.equal([]);
      expect(outcome(lifeOf(), protect('stop'), late)).to.deep.equal([]);
    }
  });

  it('of a cancel: accepted is its end; refused says nothing, since it may have fired', () => {
    expect(observeOutcome(lifeOf(a.protected()), cancel, { result: 'accepted' }, NOW)).to.deep.equal([{ type: 'ProtectionEnded', at: NOW, leg: 'stop', clientId: idOf('stop'), cause: 'cancelled' }]);
    for (const other of [rejected(-2011), throttled, unknown]) expect(outcome(lifeOf(a.protected()), cancel, other)).to.deep.equal([]);
    expect(outcome(lifeOf(), cancel, { result: 'accepted' })).to.deep.equal([]);
  });

  it('of a configuration is not the life\'s', () => expect(outcome(sent, { kind: 'CONFIGURE', symbol: GPS, clientId: idOf('entry'), setting: 'leverage', leverage: 10 }, accepted())).to.deep.equal([]));
});

describe('what is observed of a protection', () => {
  const standing = lifeOf(a.protected());
  for (const [status, fromSent, fromPlaced, fromTriggered] of [
    ['NEW', ['ProtectionPlaced'], [], []],
    ['TRIGGERING', ['ProtectionTriggered'], ['ProtectionTriggered'], []],
    ['TRIGGERED', ['ProtectionTriggered'], ['ProtectionTriggered'], []],
    ['FINISHED', ['ProtectionTriggered', 'ProtectionEnded'], ['ProtectionTriggered', 'ProtectionEnded'], ['ProtectionTriggered', 'ProtectionEnded']],
    ['CANCELED', ['ProtectionEnded'], ['ProtectionEnded'], ['ProtectionEnded']],
    ['EXPIRED', ['ProtectionEnded'], ['ProtectionEnded'], ['ProtectionEnded']],
    ['REJECTED', ['ProtectionEnded'], ['ProtectionEnded'], ['ProtectionEnded']],
  ] as const) {
    it(`${status} after sent, after placed, after it fired, and after its end`, () => {
      const after = (life: typeof sent) => types(observeAlgo(life, algo(status), NOW));
      expect([after(stopSent), after(standing), after(lifeOf(a.protected(), a.triggered('stop')))]).to.deep.equal([fromSent, fromPlaced, fromTriggered]);
      expect([after(lifeOf(a.protected(), a.ended('stop', 'x'))), after(lifeOf())]).to.deep.equal([[], []]);
    });
  }

  it('one that stands under the id of what was sent, and is another, is not that: it has ended before it began', () => {
    expect(types(observeAlgo(stopSent, algo('NEW'), NOW))).to.deep.equal(['ProtectionPlaced']);
    for (const other of [{ side: 'BUY' }, { quantity: decimal('9') }, { triggerPrice: decimal('97.9') }] as const) {
      const [event] = observeAlgo(stopSent, { ...algo('NEW'), ...other }, NOW);
      expect(event?.type).to.equal('ProtectionEnded');
      expect(observeAlgo(lifeOf(a.protected()), { ...algo('NEW'), ...other }, NOW), 'one that stood already').to.deep.equal([]);
    }
  });

  it('one that was taken for gone had fired when fills of its order were counted: said once, whether another has replaced it or not', () => {
    const gone = [a.protected(), a.lost('stop', '4 lists lacked it'), a.fill(10, { side: 'SELL', orderId: '78' })];
    expect(types(observeAlgo(lifeOf(...gone), algo('FINISHED'), NOW))).to.deep.equal(['ProtectionTriggered']);
    const fired: LifeEvent = { ...a.triggered('stop'), orderId: '78' } as LifeEvent;
    expect(observeAlgo(lifeOf(...gone, fired), algo('FINISHED'), NOW)).to.deep.equal([]);
    const replaced = [a.protected(), a.lost('stop', '4 lists lacked it'), a.sending('stop', { attempt: 2 }), a.fill(10, { side: 'SELL', orderId: '78' })];
    expect(observeAlgo(lifeOf(...replaced), algo('FINISHED'), NOW)).to.deep.equal([]);
    const [recognised] = observeReplaced(lifeOf(...replaced), algo('FINISHED'), NOW);
    expect(recognised).to.include({ type: 'OrderRecognised', orderId: '78', clientId: idOf('stop'), by: 'stop', side: 'SELL' });
    expect(observeReplaced(lifeOf(...replaced, recognised!), algo('FINISHED'), NOW)).to.deep.equal([]);
    expect(observeReplaced(lifeOf(...replaced.slice(0, -1)), algo('FINISHED'), NOW), 'nothing of it was filled').to.deep.equal([]);
  });

  it('one of which the order is not told yet has fired all the same', () => {
    const { actualOrderId: _none, ...untold } = algo('TRIGGERING');
    expect(observeAlgo(standing, untold, NOW)).to.deep.equal([{ type: 'ProtectionTriggered', at: NOW, leg: 'stop', clientId: idOf('stop') }]);
  });

  it('a replaced one is still followed, and the order it became is kept', () => {
    const replaced = lifeOf(a.protected(), a.sending('stop', { attempt: 2 }));
    expect(observeAlgo(replaced, algo('TRIGGERED'), NOW)).to.deep.equal([{ type: 'ProtectionTriggered', at: NOW, leg: 'stop', clientId: idOf('stop'), orderId: '78' }]);
  });
});

describe('what is observed of orders and trades', () => {
  it('a report counts when it says something new, and once', () => {
    expect(types(observeOrder(sent, order('NEW', '0'), NOW))).to.deep.equal(['OrderReported']);
    const known = lifeOf(a.opening(), a.reported('PARTIALLY_FILLED', 4));
    expect([observeOrder(known, order('PARTIALLY_FILLED', '4'), NOW), types(observeOrder(known, order('PARTIALLY_FILLED', '5'), NOW)), types(observeOrder(known, order('EXPIRED', '4'), NOW))]).to.deep.equal([[], ['OrderReported'], ['OrderReported']]);
    expect(types(observeOrder(lifeOf(a.opening(), a.ambiguous()), order('NEW', '0'), NOW))).to.deep.equal(['OrderReported']);
    expect([observeOrder(lifeOf(a.opening(), a.reported('FILLED', 10)), order('FILLED', '10'), NOW), observeOrder(sent, order('NEW', '0', 'web_1'), NOW)]).to.deep.equal([[], []]);
  });

  it('a trade is a fill whoever sent its order, exact and with its own time (failure 44)', () => {
    expect(observeTrades(lifeOf(), [trade('1')], NOW)).to.deep.equal([{ type: 'FillRecorded', at: NOW, tradeId: '1', orderId: 'o-entry', side: 'BUY', commissionAsset: 'USDT', price: '100.1', quantity: '4', commission: '0.2', realizedPnl: '0', tradedAt: NOW - 3 }]);
  });

  it('a trade counts once in one list and across lists (operators\' 18)', () => {
    const known = lifeOf(a.opening(), a.fill(4, { tradeId: '1' }));
    expect(observeTrades(known, [trade('1'), trade('2'), trade('2'), trade('3'), trade('1')], NOW).map((event) => event.type === 'FillRecorded' && event.tradeId)).to.deep.equal(['2', '3']);
  });

  it('a fill of an order that is none of ours says first whose it is, if its id tells; of others that is asked for', () => {
    const told = (clientId: string, life = closing, orderId = 'o-other') => {
      const event: UserEvent = { type: 'order', order: { ...order('FILLED', '4', clientId), side: 'SELL', orderId }, trade: { ...trade('1'), side: 'SELL', orderId }, observedAt: NOW };
      return observeUserEvent(life, event, NOW);
    };
    expect(told('autoclose-1')[0]).to.deep.equal({ type: 'OrderRecognised', at: NOW, orderId: 'o-other', clientId: 'autoclose-1', by: 'LIQUIDATION', side: 'SELL', quantity: '10' });
    expect(types(told('autoclose-1'))).to.deep.equal(['OrderRecognised', 'FillRecorded']);
    expect(types(told('autoclose-1', lifeOf(a.protected(), a.recognised('o-other', 'LIQUIDATION'))))).to.deep.equal(['FillRecorded']);
    expect(types(told('web_1'))).to.deep.equal(['FillRecorded']);
    expect(observeUserEvent(closing, { type: 'order', order: order('NEW', '0', 'autoclose-1'), observedAt: NOW }, NOW)).to.deep.equal([]);
  });

  it('an event of the stream brings its report first, then its trade: whose it is is known before it is counted; other kinds say nothing to a life', () => {
    const event: UserEvent = { type: 'order', order: order('FILLED', '10'), trade: trade('1'), observedAt: NOW };
    expect(types(observeUserEvent(sent, event, NOW))).to.deep.equal(['OrderReported', 'FillRecorded']);
    expect(types(observeUserEvent(stopSent, { type: 'algo', order: algo('NEW'), observedAt: NOW }, NOW))).to.deep.equal(['ProtectionPlaced']);
    expect(observeUserEvent(sent, { type: 'account', positions: [], reason: 'ORDER', observedAt: NOW }, NOW)).to.deep.equal([]);
    expect(observeUserEvent(sent, { type: 'settings', symbol: GPS, leverage: 10, observedAt: NOW }, NOW)).to.deep.equal([]);
  });
});
