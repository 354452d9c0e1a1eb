/** What comes due by itself: a position that has ended is written down with all that it was, and with what ended it. */
import { expect } from 'chai';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { dueEvents } from '../../../src/rules/position-life/due-events.ts';
import { NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, makeSituation, tell } from '../../kit/lives.ts';

const a = tell();
const FLAT = { openAlgoIds: [] };
const due = (...events: readonly (LifeEvent | readonly LifeEvent[])[]) => dueEvents(lifeOf(...events), makeSituation({ flat: FLAT }));
const exit = (quantity: number) => a.fill(quantity, { side: 'SELL', price: '104', at: 40, orderId: 'o-exit' });
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
  });

  it('is not written down while it is not confirmed flat', () => {
    expect(dueEvents(lifeOf(a.protected(), exit(10), fired), makeSituation({ flat: undefined }))).to.deep.equal([]);
    expect(dueEvents(lifeOf(a.protected(), exit(10), fired), makeSituation({ flat: { openAlgoIds: [idOf('stop')] } }))).to.deep.equal([]);
  });
});
