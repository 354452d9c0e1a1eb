/** What comes due by itself: a position that has ended is written down with all that it was, and with what ended it. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { LifeEvent, OrderOwner } from '../../../src/protocol/life-events.ts';
import { dueEvents } from '../../../src/rules/position-life/due-events.ts';
import { NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, makeSituation, tell } from '../../kit/lives.ts';

const a = tell();
const FLAT = { openAlgoIds: [] };
const due = (...events: readonly (LifeEvent | readonly LifeEvent[])[]) => dueEvents(lifeOf(...events), makeSituation({ flat: FLAT }));
const exit = (quantity: number) => a.fill(quantity, { side: 'SELL', price: '104', at: 40, orderId: 'o-target' });
/** A target that fired, with the stop gone. */
const fired = [a.triggered('target'), a.ended('target', 'FINISHED'), a.ended('stop', 'CANCELED')];
const closeOf = (executed: number) => [a.closeRequested(), a.closing(), a.reported('CANCELED', executed, idOf('close'), 'o-close')];

describe('a position that has come to its end', () => {
  it('is written down with what it was: side, entry, size, and when it was opened', () => {
    expect(due(a.protected(), exit(10), fired)).to.deep.equal([
      { type: 'PositionClosed', at: NOW + 100, positionId: 'plan-1', reason: 'TARGET', realizedPnl: '0', commission: '0.1', side: 'LONG', planId: 'plan-1', entryPrice: '100', quantity: '10', openedAt: NOW + 10 },
    ]);
  });

  it('was ended by our close as soon as any of that was executed, however little, and not before', () => {
    const reasonOf = (executed: number) => {
      const [event] = due(a.protected(), closeOf(executed), exit(10), fired);
      return event?.type === 'PositionClosed' ? event.reason : event?.type;
    };
    expect([reasonOf(0), reasonOf(0.001), reasonOf(10)]).to.deep.equal(['TARGET', 'OPERATOR', 'OPERATOR']);
    expect(due(a.protected(), closeOf(10), a.fill(10, { side: 'SELL', orderId: 'o-close' }), a.triggered('stop'), a.ended('stop', 'FINISHED'), a.ended('target', 'CANCELED')), 'the stop fired, too').to.have.nested.property('[0].reason', 'OPERATOR');
    // The close that did it was followed by another that found nothing left.
    const followed = [...closeOf(10), a.closing(2), a.rejected(idOf('close', 2)), a.fill(10, { side: 'SELL', orderId: 'o-close' })];
    expect(due(a.protected(), followed, a.ended('stop', 'CANCELED'), a.ended('target', 'CANCELED'))).to.have.nested.property('[0].reason', 'OPERATOR');
  });

  it('was ended by whoever sent the order that left nothing: the venue by itself, or a stranger, whatever was asked for meanwhile (operators\' 30)', () => {
    const gone = [a.ended('target', 'CANCELED'), a.ended('stop', 'CANCELED')];
    const reasonBy = (by: OrderOwner, ...before: readonly LifeEvent[]) => {
      const [event] = due(a.protected(), before, a.recognised('o-other', by), a.fill(10, { side: 'SELL', orderId: 'o-other' }), gone);
      return event?.type === 'PositionClosed' ? event.reason : event?.type;
    };
    for (const made of ['LIQUIDATION', 'ADL', 'SETTLEMENT'] as const) expect([reasonBy(made), reasonBy(made, a.closeRequested()), reasonBy(made, a.triggered('stop'))]).to.deep.equal([made, made, made]);
    expect([reasonBy('stranger'), reasonBy('stranger', a.closeRequested())]).to.deep.equal(['EXTERNAL', 'EXTERNAL']);
    // One that was taken for gone had fired: its order alone says so.
    expect([reasonBy('stop'), reasonBy('target'), reasonBy('stop', a.closeRequested())]).to.deep.equal(['STOP', 'TARGET', 'STOP']);
    // A part that the venue took is not what ended it.
    expect(due(a.protected(), a.recognised('o-adl', 'ADL'), a.fill(4, { side: 'SELL', orderId: 'o-adl' }), a.triggered('stop'), a.fill(6, { side: 'SELL', orderId: 'o-stop' }), gone)).to.have.nested.property('[0].reason', 'STOP');
  });

  it('is written down when it is known who sent the order that left nothing', () => {
    const ended = [a.protected(), a.fill(10, { side: 'SELL', orderId: 'o-other' }), a.ended('target', 'CANCELED'), a.ended('stop', 'CANCELED')];
    expect(due(...ended)).to.deep.equal([]);
    expect(due(...ended, a.recognised('o-other', 'stranger'))).to.have.nested.property('[0].type', 'PositionClosed');
  });

  it('is not written down while it is not confirmed flat', () => {
    expect(dueEvents(lifeOf(a.protected(), exit(10), fired), makeSituation({ flat: undefined }))).to.deep.equal([]);
    expect(dueEvents(lifeOf(a.protected(), exit(10), fired), makeSituation({ flat: { openAlgoIds: [idOf('stop')] } }))).to.deep.equal([]);
  });
});

describe('a position whose stop the venue does not take', () => {
  const refused: LifeEvent = { type: 'StopRefused', at: NOW + 30, clientId: idOf('stop'), venueCode: -4120, message: 'no such order' };
  const held = lifeOf(a.opened(), a.sending('stop'), a.ended('stop', 'rejected'), refused);
  const now = NOW + 60_000;
  const seen = (price: string, ageMs = 0) => ({ now, mark: { price: decimal(price), ageMs } });

  it('is closed when the mark price reaches the stop, is not naked before, and is as naked as any other when there is no price', () => {
    expect(dueEvents(held, makeSituation(seen('99')))).to.deep.equal([]);
    expect(dueEvents(held, makeSituation(seen('98')))).to.deep.equal([{ type: 'CloseRequested', at: now, reason: 'STOP_PASSED', by: 'local guard' }]);
    expect(dueEvents(held, makeSituation({ now }))).to.deep.equal([{ type: 'CloseRequested', at: now, reason: 'NAKED', by: 'executor' }]);
  });

  it('is not closed twice, nor while nobody is there to do it', () => {
    expect(dueEvents(lifeOf(a.opened(), refused, a.closeRequested()), makeSituation(seen('97')))).to.deep.equal([]);
    expect(dueEvents(held, makeSituation({ ...seen('97'), guardedSince: undefined }))).to.deep.equal([]);
  });
});
