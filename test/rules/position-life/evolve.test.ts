/** `evolve`: fills once, facts in any order, replay the same as live. */
import { expect } from 'chai';
import fc from 'fast-check';
import { text } from '../../../src/protocol/decimal.ts';
import { LIFE_EVENT_VERSION, parseLifeEvent } from '../../../src/protocol/life-events.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { evolve } from '../../../src/rules/position-life/evolve.ts';
import { GIVEN_STOP, newLife } from '../../../src/rules/position-life/life.ts';
import { phaseOf } from '../../../src/rules/position-life/phase.ts';
import { fillsMissing, liveProtectionsOf } from '../../../src/rules/position-life/standing.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { anyEvents, idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();

describe('a life', () => {
  it('counts each fill once, in any order, doubled and late (failures 83, 84; operators\' 18)', () => {
    const fills = [1, 2, 3, 4].map((quantity) => a.fill(quantity, { tradeId: `t${quantity}`, price: String(100 + quantity) }));
    const whole = lifeOf(a.opening(), fills);
    fc.assert(
      fc.property(fc.shuffledSubarray([...fills, ...fills, ...fills], { minLength: 12, maxLength: 12 }), fc.nat({ max: 12 }), (order, reportAt) => {
        const told = order.toSpliced(reportAt, 0, a.reported('FILLED', 10));
        const life = lifeOf(a.opening(), told);
        expect(text(life.holding.quantity)).to.equal('10');
        expect(text(life.holding.commission)).to.equal('0.2');
        expect(life.holding.averageEntry.minus(whole.holding.averageEntry).abs().isLessThan('0.0000000001')).to.equal(true);
        expect(fillsMissing(life, life.entry)).to.equal(false);
      }),
      { numRuns: 300, seed: 18 },
    );
  });

  it('counts a fill of before its end no second time after it (failure 84)', () => {
    const opened = a.opened();
    const exit = a.fill(10, { side: 'SELL' });
    const life = lifeOf(opened, exit, a.closed(), opened.at(-1)!, exit);
    expect([text(life.holding.quantity), phaseOf(life)]).to.deep.equal(['0', 'Flat']);
  });

  it('counts no fill of a long position twice, however many there were', () => {
    const many = Array.from({ length: 1_200 }, (_, index) => a.fill(1, { tradeId: `m${index}` }));
    expect(text(lifeOf(a.opening(), many, many).holding.quantity)).to.equal('1200');
  });

  it('opens again by a fill that comes after its end, for somebody to adopt', () => {
    const life = lifeOf(a.opening(), a.reported('EXPIRED', 0), a.planEnded(), a.fill(4));
    expect([text(life.holding.quantity), life.positionId, life.mandate, phaseOf(life)]).to.deep.equal(['4', undefined, undefined, 'Opening']);
    expect(phaseOf(evolve(life, a.adopted(4)))).to.equal('Opening');
  });

  it('keeps the first stop that stood for what is held, and neither one that only was sent, nor a later one, nor a target (ruling 21)', () => {
    const first = (...events: readonly LifeEvent[]) => {
      const stop = lifeOf(a.opened(), ...events).initialStop;
      return stop === undefined ? undefined : [stop.side, text(stop.price)];
    };
    expect(first(a.sending('stop'))).to.equal(undefined);
    expect(first(a.sending('target'), a.placed('target'))).to.equal(undefined);
    expect(first(a.sending('stop'), a.placed('stop'))).to.deep.equal(['LONG', '98']);
    expect(first(a.sending('stop'), a.placed('stop'), a.sending('stop', { attempt: 2, price: '101' }), a.placed('stop', 2))).to.deep.equal(['LONG', '98']);
    expect(lifeOf(a.opening(), a.sending('stop'), a.placed('stop')).initialStop, 'nothing is held').to.equal(undefined);
  });

  it('keeps every stop that was replaced on record, each until it itself is gone', () => {
    const three = [a.sending('stop'), a.placed('stop'), a.sending('stop', { attempt: 2 }), a.placed('stop', 2), a.sending('stop', { attempt: 3 })];
    const stale = (...events: readonly LifeEvent[]) => lifeOf(a.opened(), three, ...events).stale.map(({ clientId }) => clientId);
    expect(stale()).to.deep.equal([idOf('stop', 1), idOf('stop', 2)]);
    expect(stale(a.ended('stop', 'CANCELED', 1))).to.deep.equal([idOf('stop', 2)]);
    expect(stale(a.ended('stop', 'CANCELED', 2))).to.deep.equal([idOf('stop', 1)]);
  });

  it('never lets what was executed become less, nor an ended order open again', () => {
    const late = lifeOf(a.opening(), a.reported('PARTIALLY_FILLED', 6), a.reported('PARTIALLY_FILLED', 4), a.reported('EXPIRED', 4), a.reported('NEW', 0), a.reported('FILLED', 10));
    expect(late.entry).to.deep.include({ state: 'ended', status: 'EXPIRED' });
    expect(text(late.entry!.executedQuantity)).to.equal('6');
  });

  it('knows an order from the first doubt: asking again does not make it younger', () => {
    const life = lifeOf(a.opening(), a.ambiguous(), { ...a.ambiguous(), at: NOW + 9_000 } as LifeEvent);
    expect(life.entry).to.deep.include({ state: 'ambiguous', ambiguousSince: NOW + 15 });
  });

  it('keeps a replaced stop on record until it is gone, and one sent again is the same order (failure 93)', () => {
    const replaced = lifeOf(a.protected(), a.sending('stop', { attempt: 2, quantity: 5 }));
    expect(liveProtectionsOf(replaced).map((one) => one.clientId)).to.deep.equal([idOf('stop', 2), idOf('target'), idOf('stop')]);
    expect(liveProtectionsOf([a.placed('stop', 2), a.ended('stop', 'cancelled')].reduce(evolve, replaced)).map((one) => one.clientId)).to.deep.equal([idOf('stop', 2), idOf('target')]);
    expect(lifeOf(a.opened(), a.sending('stop'), a.sending('stop')).stale).to.deep.equal([]);
  });

  it('does not revive a protection that has ended, whatever overtakes what', () => {
    const life = lifeOf(a.opened(), a.sending('stop'), a.ended('stop', 'canceled'), a.placed('stop'), a.triggered('stop'));
    expect(life.stop).to.include({ state: 'ended', algoId: 'a-stop-1' });
    expect(lifeOf(a.opened(), a.sending('stop'), a.triggered('stop'), a.placed('stop')).stop).to.include({ state: 'triggered' });
  });

  it('keeps the first reason to close', () => expect(lifeOf(a.protected(), a.closeRequested('KILL'), a.closeRequested('NAKED')).closeRequested?.reason).to.equal('KILL'));

  it('takes the venue\'s word as it is: signed, with its entry and its mandate (ruling 26)', () => {
    const life = lifeOf(a.drift(-3), a.adopted(-3));
    expect([text(life.holding.quantity), text(life.holding.averageEntry), life.mandate?.side, life.mandate?.maxQuantity, life.drift, life.adopted]).to.deep.equal(['-3', '100', 'SHORT', '3', undefined, true]);
  });

  it('leaves nothing behind at its end but what was counted and when it ended', () => {
    const life = lifeOf(a.protected(), a.closed());
    const lastClosed = { positionId: 'plan-1', planId: 'plan-1', side: 'LONG', reason: 'STOP', entryPrice: '100', quantity: '10', openedAt: NOW + 10, closedAt: NOW + 90, realizedPnl: '0', commission: '0.1' };
    expect(life).to.deep.equal({ ...newLife(GPS), plan: life.plan, planStage: 'ended', lastClosedAt: NOW + 90, lastClosed, lastTradeAt: NOW + 10, trades: life.trades });
    expect(life.trades.size).to.equal(1);
  });

  it('keeps its last result over a clearing up in which nothing was held', () => {
    const nothing = { ...a.closed(), at: NOW + 500, reason: 'EXTERNAL' } as LifeEvent;
    expect(lifeOf(a.protected(), a.fill(10, { side: 'SELL', tradeId: 'x' }), a.closed(), a.adopted(0), nothing).lastClosed).to.include({ reason: 'STOP', closedAt: NOW + 90 });
  });

  it('is naked from the trade on, until stops on the right side cover all of it (ruling 10)', () => {
    expect(lifeOf(a.opened()).nakedSince).to.equal(NOW + 10);
    expect(lifeOf(a.opened(), a.sending('stop')).nakedSince).to.equal(NOW + 10);
    expect(lifeOf(a.opened(), a.sending('stop'), a.placed('stop')).nakedSince).to.equal(undefined);
    expect(lifeOf(a.protected(), a.ended('stop', 'canceled', 1, 777)).nakedSince).to.equal(NOW + 777);
    expect(lifeOf(a.protected(), a.adopted(-10)).nakedSince).to.equal(NOW + 70);
    expect(lifeOf(a.opened(), tell().fill(10, { side: 'SELL', tradeId: 'x' })).nakedSince).to.equal(undefined);
  });

  it('is naked since the trade, however late it was told (ruling 10)', () => {
    expect(lifeOf(a.opening(), a.reported('FILLED', 10), { ...a.fill(10), at: NOW + 5_000 } as LifeEvent).nakedSince).to.equal(NOW + 10);
  });

  it('that begins with a new plan carries nothing over of one that was never filled', () => {
    const unfilled = [...a.opening(), a.closeRequested(), a.reported('EXPIRED', 0), a.planEnded()];
    expect(lifeOf(unfilled).closeRequested?.reason).to.equal('OPERATOR');
    expect(lifeOf(unfilled, a.opening()).closeRequested).to.equal(undefined);
  });

  it('keeps of an order that was abandoned what it was', () => {
    const abandoned = lifeOf(a.opening(), { type: 'OrderAbandoned', at: NOW, clientId: idOf('entry'), code: 'PERMIT_EXPIRED', detail: '' });
    expect(abandoned.entry).to.deep.equal({ ...lifeOf(a.opening()).entry, state: 'ended' });
  });

  it('learns once whose an order is, and of how much', () => {
    const life = lifeOf(a.protected(), a.recognised('o-entry', 'stranger'), a.recognised('o-adl', 'ADL'));
    expect(life.orders.get('o-entry')?.by).to.equal('entry');
    expect(life.orders.get('o-adl')).to.include({ by: 'ADL', side: 'SELL' });
    expect(life.orders.get('o-adl')?.quantity?.toFixed()).to.equal('10');
  });

  it('remembers that the venue takes no stop until one stands; a target says nothing of it', () => {
    const refused: LifeEvent = { type: 'StopRefused', at: NOW + 30, clientId: idOf('stop'), venueCode: -4120, message: 'no such order' };
    expect(lifeOf(a.opened(), refused, a.sending('target'), a.placed('target')).stopRefused?.venueCode).to.equal(-4120);
    expect(lifeOf(a.opened(), refused, a.sending('stop', { attempt: 2 }), a.placed('stop', 2)).stopRefused).to.equal(undefined);
  });

  it('counts each part anew, and does not lose the order of one that is still open', () => {
    const reduce = (tier: string, quantity = '3'): LifeEvent => ({ type: 'ReduceRequested', at: NOW + 45, positionId: 'plan-1' as never, tier, quantity, reason: 'TIER', by: 'exits' });
    const sold: LifeEvent[] = [{ type: 'OrderSending', at: NOW + 46, purpose: 'reduce', clientId: idOf('reduce'), attempt: 1, side: 'SELL', quantity: '3', reason: 'TIER' }, a.reported('FILLED', 3, idOf('reduce'), 'o-reduce'), a.fill(3, { side: 'SELL', orderId: 'o-reduce' })];
    const second = lifeOf(a.protected(), reduce('1'), sold, reduce('2', '5'));
    expect([second.tiersDone, second.reduce, second.reduction?.quantity.toFixed(), second.reduction?.executed.toFixed(), second.reduction?.heldBefore.toFixed()]).to.deep.equal([['1', '2'], undefined, '5', '0', '7']);
    expect(lifeOf(a.protected(), reduce('1'), reduce('2'), reduce('1')).tiersDone).to.deep.equal(['2', '1']);
    expect(lifeOf(a.protected(), reduce('1'), sold[0]!, reduce('2')).reduce).to.include({ clientId: idOf('reduce'), state: 'sending' });
  });

  it('that is flat has no stop to move', () => {
    const move: LifeEvent = { type: 'StopMoveRequested', at: NOW + 47, positionId: 'plan-1' as never, stopPrice: '101.5', reason: 'PROFIT_LOCK', by: 'exits' };
    expect(lifeOf(a.opening(), move).stopMove).to.equal(undefined);
    expect(lifeOf(a.protected(), move).stopMove).to.include({ side: 'LONG', reason: 'PROFIT_LOCK' });
  });

  it('remembers the newest five hundred of its trades beyond its end', () => {
    const many = Array.from({ length: 520 }, (_, index) => a.fill(1, { tradeId: `m${index}` }));
    const { trades } = lifeOf(a.opening(), many, a.closed());
    expect([trades.size, trades.has('m19'), trades.has('m20'), trades.has('m519')]).to.deep.equal([500, false, true, true]);
  });

  it('whose plan ends while something is held keeps position, mandate and orders; else it keeps none', () => {
    const held = lifeOf(a.opened(), a.planEnded('RESTARTED'));
    expect([held.planStage, held.positionId, held.mandate?.mandateId, held.entry, held.orders.get('o-entry')?.by]).to.deep.equal(['ended', 'plan-1', 'mandate-1', undefined, 'entry']);
    const unfilled = lifeOf(a.opening(), a.reported('EXPIRED', 0), a.planEnded());
    expect([unfilled.positionId, unfilled.mandate, unfilled.orders.size]).to.deep.equal([undefined, undefined, 0]);
  });

  it('keeps the venue\'s last refusal of an entry, and of no other order', () => {
    expect(lifeOf(a.opening(), a.rejected()).lastRefusal).to.deep.equal({ venueCode: -2019, message: 'Margin is insufficient.', at: NOW + 15 });
    expect(lifeOf(a.protected(), a.closing(), a.rejected(idOf('close'))).lastRefusal).to.equal(undefined);
  });

  it('knows who closed it only when nothing is left, and adds up what was filled of each order', () => {
    const sold = (quantity: number, orderId: string) => a.fill(quantity, { side: 'SELL', orderId });
    const parts = [a.protected(), sold(4, 'web'), sold(2, 'web')];
    expect([lifeOf(...parts).closedBy, lifeOf(...parts, sold(4, 'o-stop')).closedBy]).to.deep.equal([undefined, 'o-stop']);
    expect(text(lifeOf(...parts).filled.get('web')!)).to.equal('6');
  });

  it('adopted: it was as large as it ever was, began when it began, and its plan is over', () => {
    const { holding, planStage } = lifeOf(a.opened(), a.adopted(-4));
    expect([text(holding.peak), holding.openedAt, holding.firstFillAt, planStage]).to.deep.equal(['10', NOW + 10, NOW + 10, 'ended']);
    const fresh = lifeOf(a.adopted(-12));
    expect([text(fresh.holding.peak), fresh.holding.openedAt, fresh.holding.firstFillAt, fresh.planStage]).to.deep.equal(['12', NOW + 70, NOW + 70, undefined]);
  });

  it('adopted with a stop price has its stop there, on its own side; without one where it was moved to', () => {
    for (const [quantity, side] of [[5, 'LONG'], [-5, 'SHORT']] as const) {
      const { stopMove } = lifeOf({ ...a.adopted(quantity), stopPrice: '97.5' } as LifeEvent);
      expect([stopMove?.side, stopMove?.price.toFixed(), stopMove?.reason]).to.deep.equal([side, '97.5', GIVEN_STOP]);
    }
    const move: LifeEvent = { type: 'StopMoveRequested', at: NOW + 47, positionId: 'plan-1' as never, stopPrice: '101.5', reason: 'PROFIT_LOCK', by: 'exits' };
    expect(lifeOf(a.protected(), move, a.adopted(5)).stopMove).to.include({ side: 'LONG', reason: 'PROFIT_LOCK' });
  });

  it('adopted waits for no trades that the venue\'s word includes, and forgets none that were counted', () => {
    const before = [a.opening(), a.reported('FILLED', 10), a.fill(1, { orderId: 'web' })];
    const life = lifeOf(...before, a.adopted(11, 50));
    expect(fillsMissing(life, life.entry)).to.equal(false);
    const counted = lifeOf(...before, a.adopted(1));
    expect(fillsMissing(counted, counted.entry), 'our own count has no trade that is still to come').to.equal(true);
    expect([...life.filled].map(([orderId, quantity]) => [orderId, text(quantity)])).to.deep.equal([['web', '1'], ['o-entry', '10']]);
    expect([...lifeOf(a.opening(), a.adopted(3)).filled], 'an entry without an answer has no number').to.deep.equal([]);
  });

  it('adopted as the venue stated it, a trade from before moves nothing and costs what it cost; one from after counts', () => {
    const adopted = [a.opening(), a.reported('FILLED', 10), a.fill(4), a.adopted(10, 50)];
    const late = lifeOf(...adopted, a.fill(6, { at: 50, tradeId: 'late' }));
    expect([text(late.holding.quantity), text(late.filled.get('o-entry')!), text(late.holding.commission)]).to.deep.equal(['10', '10', '0.1']);
    expect(lifeOf(...adopted, a.fill(6, { at: 50, tradeId: 'late' }), a.fill(6, { at: 50, tradeId: 'late' }))).to.deep.equal(late);
    expect(text(lifeOf(...adopted, a.fill(6, { at: 51 })).holding.quantity)).to.equal('16');
    expect(text(lifeOf(...adopted.slice(0, -1), a.adopted(10), a.fill(6, { at: 50 })).holding.quantity), 'our own count has nothing in it that was not counted').to.equal('16');
  });

  it('adopted as nothing, a trade from before tells who closed it', () => {
    const life = lifeOf(a.protected(), a.adopted(0, 50), a.fill(10, { side: 'SELL', at: 45, orderId: 'web' }));
    expect([text(life.holding.quantity), life.closedBy, text(life.filled.get('web')!)]).to.deep.equal(['0', 'web', '10']);
  });

  it('a trade that was adopted with the last position moves and costs nothing of the next', () => {
    const over = [a.protected(), a.adopted(0, 50), a.closed()];
    const sold = a.fill(10, { side: 'SELL', at: 45, orderId: 'web' });
    expect(lifeOf(...over, sold)).to.deep.equal({ ...lifeOf(...over), trades: lifeOf(...over, sold).trades, lastTradeAt: NOW + 45 });
    expect(lifeOf(...over, sold).trades.has(sold.type === 'FillRecorded' ? sold.tradeId : '')).to.equal(true);
  });

  it('no trade of a later entry is in what was adopted before it, however the clock was set then', () => {
    const life = lifeOf(a.protected(), a.adopted(0, 3_600_000), a.closed(), a.opening(100), a.fill(10, { at: 110, orderId: 'next' }));
    expect(text(life.holding.quantity)).to.equal('10');
  });

  it('keeps a protection of which it is not known whether it ever stood, to be asked for, when another takes its place', () => {
    const life = lifeOf(a.opened(), a.sending('stop'), a.lost('stop', 'not known'), a.sending('stop', { attempt: 2, quantity: 4 }));
    expect(life.stale.map(({ clientId, state }) => [clientId, state])).to.deep.equal([[idOf('stop', 1), 'sending']]);
  });

  it('keeps of an entry what was sent', () => {
    const { quantity, price, ...entry } = lifeOf(a.opening()).entry!;
    expect([text(quantity), price?.toFixed(), entry.side, entry.sentAt, entry.attempt]).to.deep.equal(['10', '100', 'BUY', NOW, 1]);
  });

  it('replayed from the journal\'s text is the life that was lived, for any order of any events', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...anyEvents()), { maxLength: 40 }), (events) => {
        const written = JSON.stringify(events);
        const lived = lifeOf(events);
        const replayed = (JSON.parse(written) as LifeEvent[]).map(({ type, at, ...payload }) => parseLifeEvent(type, LIFE_EVENT_VERSION, at, payload));
        expect(lifeOf(replayed)).to.deep.equal(lived);
        expect(JSON.stringify(events), 'events are not changed').to.equal(written);
        expect(lived.nakedSince === undefined || !lived.holding.quantity.isZero()).to.equal(true);
      }),
      { numRuns: 1_000, seed: 84 },
    );
  });
});
