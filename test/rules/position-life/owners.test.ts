/** Whose an order is, and what is odd about its fills: counted all the same, and a finding. */
import { expect } from 'chai';
import type { LifeEvent, OrderOwner } from '../../../src/protocol/life-events.ts';
import type { ClientId } from '../../../src/protocol/names.ts';
import { evolve } from '../../../src/rules/position-life/evolve.ts';
import { oddities, ownerOf, unclaimedOrders } from '../../../src/rules/position-life/owners.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
const found = (before: readonly LifeEvent[], event: LifeEvent) => {
  const life = lifeOf(before);
  return oddities(life, evolve(life, event), event);
};
const codes = (before: readonly LifeEvent[], event: LifeEvent) => found(before, event).map(({ code }) => code);

describe('the owner of an order', () => {
  const OWNERS: readonly (readonly [string, string, string, OrderOwner])[] = [
    ['our entry on record', idOf('entry'), 'LIMIT', 'entry'],
    ['our stop on record', idOf('stop'), 'MARKET', 'stop'],
    ['a close of ours that another attempt has followed', idOf('close', 7), 'MARKET', 'close'],
    ['an order of ours of another plan', idOf('entry', 1, 'plan-99'), 'LIMIT', 'entry'],
    ['a liquidation', 'autoclose-1234567890', 'LIMIT', 'LIQUIDATION'],
    ['a liquidation by its type alone', 'whatever', 'LIQUIDATION', 'LIQUIDATION'],
    ['an auto-deleveraging', 'adl_autoclose', 'LIMIT', 'ADL'],
    ['a settlement', 'settlement_autoclose-77', 'MARKET', 'SETTLEMENT'],
    ['somebody at the web page', 'web_abc', 'MARKET', 'stranger'],
    ['another instance with our prefix', idOf('entry').replace('test', 'zzzz'), 'LIMIT', 'stranger'],
  ];
  for (const [what, clientId, type, owner] of OWNERS) {
    it(`${what}: ${owner}`, () => expect(ownerOf(lifeOf(a.protected()), { clientId: clientId as ClientId, type }, ['test'])).to.equal(owner));
  }

  it('on record is known by the record, whatever tags are ours', () => {
    for (const [id, owner] of [['entry', 'entry'], ['close', 'close'], ['stop', 'stop'], ['target', 'target']] as const) expect(ownerOf(lifeOf(a.protected(), a.closing()), { clientId: idOf(id), type: 'MARKET' }, []), id).to.equal(owner);
    expect(ownerOf(lifeOf(a.protected()), { clientId: idOf('close', 7), type: 'MARKET' }, [])).to.equal('stranger');
  });

  it('is missing for an order that was filled and that nothing has named', () => {
    expect(unclaimedOrders(lifeOf(a.protected()))).to.deep.equal([]);
    const life = lifeOf(a.protected(), a.fill(1, { orderId: 'o-x' }));
    expect(unclaimedOrders(life)).to.deep.equal(['o-x']);
    expect(unclaimedOrders(evolve(life, a.recognised('o-x', 'stranger')))).to.deep.equal([]);
  });

  it('of a protection that fired is ours, whatever its order is called at the venue', () => {
    const life = lifeOf(a.protected(), a.fill(10, { side: 'SELL', orderId: 'o-stop' }), a.triggered('stop'));
    expect(life.orders.get('o-stop')).to.include({ by: 'stop', clientId: idOf('stop') });
    expect(unclaimedOrders(life)).to.deep.equal([]);
  });
});

describe('what is odd about a fill', () => {
  it('nothing: fills of an entry in parts, up to what was ordered, and a stop that fired', () => {
    expect(codes([...a.opening(), a.reported('PARTIALLY_FILLED', 4), a.fill(4)], a.fill(6))).to.deep.equal([]);
    expect(codes([...a.protected(), a.triggered('stop')], a.fill(10, { side: 'SELL', orderId: 'o-stop' }))).to.deep.equal([]);
  });

  it('more than was ordered, each time it becomes more, and once a trade', () => {
    const full = [...a.opened()];
    const more = a.fill(3, { tradeId: 'more' });
    const [finding] = found(full, more);
    expect(finding).to.deep.include({ code: 'OVERFILL', details: { clientId: idOf('entry'), filled: '13', ordered: '10' } });
    expect(finding!.message).to.include('13').and.include('10').and.include(idOf('entry'));
    expect(codes([...full, more], a.fill(1))).to.deep.equal(['OVERFILL']);
    expect(codes([...full, more], more), 'the same trade again').to.deep.equal([]);
  });

  it('more than was ordered, when the fills came before the order was named, or the venue only says so', () => {
    expect(codes([...a.opening(), a.fill(13)], a.reported('FILLED', 10))).to.deep.equal(['OVERFILL']);
    expect(codes(a.opening(), a.reported('FILLED', 13))).to.deep.equal(['OVERFILL']);
    expect(codes([...a.protected(), a.fill(11, { side: 'SELL', orderId: 'o-stop' })], a.triggered('stop'))).to.deep.equal(['OVERFILL']);
  });

  it('the other side than its order', () => {
    const [finding] = found([...a.opening(), a.reported('NEW', 0)], a.fill(2, { side: 'SELL', tradeId: 't-9' }));
    expect(finding).to.include({ code: 'FILL_WRONG_SIDE' });
    expect(finding!.message).to.include('t-9').and.include('SELL').and.include('BUY');
  });

  it('an order of a stranger, once it is known to be one; and one of the venue, with its name', () => {
    const filled = [...a.protected(), a.fill(3, { orderId: 'o-x' })];
    expect(codes([], a.fill(3, { orderId: 'o-x' })), 'not before').to.deep.equal([]);
    expect(codes(filled, a.recognised('o-x', 'stranger'))).to.deep.equal(['FILL_UNKNOWN_ORDER']);
    expect(codes([...filled, a.recognised('o-x', 'stranger')], a.recognised('o-x', 'stranger')), 'once').to.deep.equal([]);
    for (const made of ['LIQUIDATION', 'ADL', 'SETTLEMENT'] as const) {
      const [finding] = found(filled, a.recognised('o-x', made));
      expect(finding).to.deep.include({ code: 'VENUE_CLOSED', details: { by: made, clientId: 'id-o-x' } });
      expect(finding!.message).to.include(made);
    }
    expect(codes(filled, a.recognised('o-x', 'close')), 'an earlier attempt of ours').to.deep.equal([]);
  });

  it('a second order of the venue under an id of ours: somebody else makes our ids', () => {
    const again: LifeEvent = { type: 'OrderRecognised', at: 1, orderId: 'o-second', clientId: idOf('entry') as ClientId, by: 'entry', side: 'BUY', quantity: '10' };
    const [finding] = found(a.protected(), again);
    expect(finding).to.include({ code: 'ORDER_DOUBLED' });
    expect(finding!.message).to.include(idOf('entry')).and.include('o-second').and.include('copy of this data directory');
    expect(codes([...a.protected(), again], again), 'once').to.deep.equal([]);
    expect(codes(a.protected(), { ...again, clientId: idOf('close', 7) as ClientId, by: 'close' }), 'an attempt that another has followed').to.deep.equal([]);
  });

  it('one of the venue that is named before its fill is counted does not claim that all that is held was filled', () => {
    const [finding] = found(a.protected(), a.recognised('o-x', 'ADL'));
    expect(finding!.message).to.match(/^GPSUSDT: there was order o-x, a (BUY|SELL) of \S+ that the venue made by itself: ADL/);
  });

  it('a position of which the venue holds less than its trades come to; more, or another side, is no such thing', () => {
    for (const less of [0, 4]) {
      const [finding] = found(a.protected(), a.adopted(less));
      expect(finding).to.deep.include({ code: 'RECORD_DIFFERS', details: { stated: String(less), counted: '10' } });
      expect(finding!.message).to.include(`holds ${less} where its trades come to 10`);
    }
    for (const other of [10, 12, -4]) expect(codes(a.protected(), a.adopted(other)), String(other)).to.deep.equal([]);
    expect(codes([], a.adopted(7)), 'a stranger\'s').to.deep.equal([]);
  });

  it('an order that nobody can name says so, without an invented side', () => {
    const [finding] = found([...a.protected(), a.fill(3, { orderId: 'o-x' })], { type: 'OrderRecognised', at: 1, orderId: 'o-x', clientId: '' as ClientId, by: 'stranger' });
    expect(finding!.message).to.include('the venue does not tell of').and.not.include('BUY').and.not.include('?');
  });

  it('is said once of a fill, however often it is told', () => {
    const wrong = a.fill(1, { side: 'SELL', orderId: 'o-entry', tradeId: 'twice' });
    expect(codes(a.protected(), wrong)).to.include('FILL_WRONG_SIDE');
    expect(codes([...a.protected(), wrong], wrong)).to.deep.equal([]);
  });

  it('is no finding when an order is filled as ordered, and one each time it is filled beyond that', () => {
    expect(codes(a.opening(), a.reported('FILLED', 10))).to.deep.equal([]);
    const over = [...a.opened(), a.fill(1)];
    expect([codes(a.opened(), a.fill(1)), codes(over, a.reported('FILLED', 10)), codes(over, a.fill(1))]).to.deep.equal([['OVERFILL'], [], ['OVERFILL']]);
    // Of what the venue or a stranger ordered, more may have been filled than was told.
    for (const by of ['ADL', 'stranger'] as const) expect(codes([...a.protected(), a.recognised('o-x', by)], a.fill(11, { side: 'SELL', orderId: 'o-x' })), by).to.deep.equal([]);
  });

  it('is told with what was filled, of which side, and by whose id', () => {
    const message = (event: LifeEvent, ...before: readonly LifeEvent[]) => found([...a.protected(), ...before], event)[0]?.message;
    const fill = a.fill(4, { side: 'SELL', orderId: 'o-x' });
    expect(message(a.recognised('o-x', 'ADL'), fill)).to.equal('GPSUSDT: 4 was filled of order o-x, a SELL of 10 that the venue made by itself: ADL (id-o-x).');
    expect(message(a.recognised('o-x', 'stranger'), fill)).to.equal('GPSUSDT: 4 was filled of order o-x, a SELL of 10 with the id id-o-x, which is none of ours.');
    const { side: _side, quantity: _quantity, ...untold } = a.recognised('o-x', 'stranger') as Extract<LifeEvent, { type: 'OrderRecognised' }>;
    expect(message(untold as LifeEvent, fill)).to.equal('GPSUSDT: 4 was filled of order o-x, which the venue does not tell of.');
    expect(message({ ...untold, by: 'ADL' } as LifeEvent, fill)).to.include('a ? of ? that the venue made');
    expect(message({ ...untold, side: 'SELL' } as LifeEvent, fill)).to.include('a SELL of ? with the id');
  });
});
