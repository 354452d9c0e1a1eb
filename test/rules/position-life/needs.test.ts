/** What a life needs from its facts: which writes, which questions, in which order, and what it must never ask for. */
import { expect } from 'chai';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { text } from '../../../src/protocol/decimal.ts';
import type { ClientId } from '../../../src/protocol/names.ts';
import { dueEvents } from '../../../src/rules/position-life/due-events.ts';
import { needsOf } from '../../../src/rules/position-life/needs.ts';
import type { Need, Situation } from '../../../src/rules/position-life/situation.ts';
import type { Life } from '../../../src/rules/position-life/life.ts';
import { isReducing, standingStop } from '../../../src/rules/position-life/standing.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, makeSituation, tell } from '../../kit/lives.ts';

/** Of tier 1 of the position. */
const part = (attempt = 1) => idOf('reduce', attempt, 'plan-1/1');
const names = new Map<ClientId, string>([...(['entry', 'close', 'stop', 'target'] as const).flatMap((leg) => [1, 2, 3].map((attempt) => [idOf(leg, attempt), `${leg} ${attempt}`] as const)), ...[1, 2, 3, 4, 5, 6].map((attempt) => [part(attempt), `part ${attempt}`] as const)]);
function sentence(need: Need): string {
  if (need.need === 'ask-order') return `ask ${names.get(need.order.clientId)}`;
  if (need.need === 'ask-algo') return `ask ${names.get(need.record.clientId)}`;
  if (need.need !== 'write') return need.need;
  const { write } = need;
  const name = names.get(write.clientId) ?? write.clientId;
  if (write.kind === 'PROTECT') return `place ${name}: ${write.side} ${text(write.quantity)} at ${text(write.triggerPrice)}`;
  if (write.kind === 'CLOSE') return `${name}: ${write.side} ${text(write.quantity)}`;
  return `${write.kind.toLowerCase()} ${name}`;
}
const needs = (life: Life, fields: Partial<Situation> = {}) => needsOf(life, makeSituation(fields)).map(sentence);
const due = (life: Life, fields: Partial<Situation> = {}) => dueEvents(life, makeSituation(fields)).map((event) => (event.type === 'CloseRequested' || event.type === 'PositionClosed' ? `${event.type} ${event.reason}` : event.type === 'PlanEnded' ? `${event.type} ${event.code}` : event.type));
const flying = (...ids: ClientId[]) => ({ inFlight: new Set(ids) });
const flat = (...openAlgoIds: ClientId[]) => ({ flat: { openAlgoIds } });
const it1 = tell();
const sell = (quantity: number, orderId = 'o-stop') => tell().fill(quantity, { side: 'SELL', orderId, tradeId: `sell-${quantity}-${orderId}` });

describe('needs of an opening', () => {
  it('nothing while the entry is under way, and none of its fills is protected before its answer', () => {
    expect(needs(lifeOf(it1.opening()), flying(idOf('entry')))).to.deep.equal([]);
    expect(needs(lifeOf(it1.opening(), it1.fill(4)), flying(idOf('entry')))).to.deep.equal([]);
  });

  for (const [side, stop, target] of [['LONG', 'place stop 1: SELL 10 at 98', 'place target 1: SELL 10 at 104'], ['SHORT', 'place stop 1: BUY 10 at 102', 'place target 1: BUY 10 at 96']] as const) {
    it(`a ${side}: first the stop, and the target only when it stands (failure 88)`, () => {
      const it2 = tell(side);
      expect(needs(lifeOf(it2.opened()))).to.deep.equal([stop]);
      expect(needs(lifeOf(it2.opened(), it2.sending('stop')), flying(idOf('stop')))).to.deep.equal([]);
      expect(needs(lifeOf(it2.opened(), it2.sending('stop'), it2.placed('stop')))).to.deep.equal([target]);
      expect(needs(lifeOf(it2.protected()))).to.deep.equal([]);
    });
  }

  it('prices from the average fill, not from the plan (ruling 6, failure 44)', () => {
    const life = lifeOf(it1.opening(), it1.reported('FILLED', 10), it1.fill(5, { price: '100' }), it1.fill(5, { price: '101' }));
    expect(needs(life)).to.deep.equal(['place stop 1: SELL 10 at 98.4']);
  });

  it('the record of a protection goes before it, with the same id (failure 47)', () => {
    const [need] = needsOf(lifeOf(it1.opened()), makeSituation());
    expect(need?.need === 'write' && need.events).to.deep.equal([{ type: 'ProtectionSending', at: NOW + 100, leg: 'stop', clientId: idOf('stop'), attempt: 1, side: 'SELL', quantity: '10', triggerPrice: '98' }]);
  });

  it('an ambiguous entry is asked for, and what is known of it is protected (ruling 8)', () => {
    expect(needs(lifeOf(it1.opening(), it1.ambiguous()))).to.deep.equal(['ask entry 1']);
    expect(needs(lifeOf(it1.opening(), it1.ambiguous(), it1.fill(4)))).to.deep.equal(['ask entry 1', 'place stop 1: SELL 4 at 98']);
  });

  it('an entry the venue knew as NEW, whose end was never heard, is asked for and what is known of it is protected', () => {
    const life = lifeOf(it1.opening(), it1.reported('NEW', 0), it1.fill(4));
    expect(needs(life, flying(idOf('entry')))).to.deep.equal([]);
    expect(needs(life)).to.deep.equal(['ask entry 1', 'place stop 1: SELL 4 at 98']);
  });

  it('never a second entry, whatever became of the first (ruling 8, failure 47)', () => {
    for (const end of [it1.ambiguous(), it1.absent(), it1.rejected(), it1.reported('EXPIRED', 0), it1.reported('NEW', 0)]) {
      for (const sight of [{}, flat()]) expect(needs(lifeOf(it1.opening(), end), sight).filter((need) => need.startsWith('open') || need.startsWith('entry'))).to.deep.equal([]);
    }
  });

  it('an entry that ended without a fill ends its plan, with the reason', () => {
    expect(due(lifeOf(it1.opening(), it1.reported('EXPIRED', 0)))).to.deep.equal(['PlanEnded ENTRY_UNFILLED']);
    expect(due(lifeOf(it1.opening(), it1.rejected()))).to.deep.equal(['PlanEnded VENUE_REJECTED']);
    expect(due(lifeOf(it1.opening(), it1.ambiguous(), it1.absent()))).to.deep.equal(['PlanEnded ENTRY_ABSENT']);
    expect(due(lifeOf(it1.opening(), it1.ambiguous()))).to.deep.equal([]);
  });

  it('an executed entry none of whose trades was heard asks for them, and its plan does not end', () => {
    const life = lifeOf(it1.opening(), it1.reported('FILLED', 10));
    expect(due(life, flat())).to.deep.equal([]);
    expect(needs(life, flat())).to.deep.equal(['ask entry 1']);
  });
});

describe('needs of a held position', () => {
  it('a stop of another quantity is placed before the old one is cancelled (failure 93, ruling 4)', () => {
    const grown = [...it1.opening(), it1.reported('FILLED', 10), it1.fill(4), it1.sending('stop', { quantity: 4 }), it1.placed('stop'), it1.fill(6)];
    expect(needs(lifeOf(grown))).to.include('place stop 2: SELL 10 at 98').and.not.include('cancel stop 1');
    const replaced = [...grown, it1.sending('stop', { attempt: 2 })];
    expect(needs(lifeOf(replaced), flying(idOf('stop', 2)))).to.deep.equal([]);
    expect(needs(lifeOf(replaced, it1.placed('stop', 2)))).to.deep.equal(['place target 1: SELL 10 at 104', 'cancel stop 1']);
    expect(needs(lifeOf(replaced, it1.placed('stop', 2), it1.ended('stop', 'cancelled')))).to.deep.equal(['place target 1: SELL 10 at 104']);
  });

  it('a close does not cancel the old stop while the newer one is unanswered (ruling 4)', () => {
    const life = lifeOf(it1.opening(), it1.reported('FILLED', 10), it1.fill(4), it1.sending('stop', { quantity: 4 }), it1.placed('stop'), it1.fill(6), it1.sending('stop', { attempt: 2 }), it1.closeRequested());
    expect(needs(life, flying(idOf('stop', 2)))).to.deep.equal(['close 1: SELL 10']);
  });

  it('a close does not keep the old stop when the newer one stands, and neither is cancelled twice', () => {
    const life = lifeOf(it1.protected(), it1.sending('stop', { attempt: 2 }), it1.placed('stop', 2), it1.closeRequested());
    expect(needs(life)).to.deep.equal(['close 1: SELL 10', 'cancel stop 1']);
    expect(needs(life, flying(idOf('stop')))).to.deep.equal(['close 1: SELL 10']);
  });

  it('naked for ten seconds closes, and not before (ruling 10)', () => {
    const life = lifeOf(it1.opened());
    expect(due(life, { now: NOW + 10_009 })).to.deep.equal([]);
    expect(due(life, { now: NOW + 10_010 })).to.deep.equal(['CloseRequested NAKED']);
    expect(due(life, { now: NOW + 3_600_000, steadyNow: NOW + 10_009, nakedMs: 9_999 }), 'a wall clock that was set on is no time that has passed').to.deep.equal([]);
    expect(due(life, { now: NOW + 3_600_000, steadyNow: NOW + 10_010 })).to.deep.equal(['CloseRequested NAKED']);
    expect(due(life, { now: NOW - 3_600_000, nakedMs: 10_000 }), 'nor does one that was set back take any away').to.deep.equal(['CloseRequested NAKED']);
    expect(due(lifeOf(it1.opened(), it1.closeRequested()), { now: NOW + 99_000 })).to.deep.equal([]);
    expect(due(lifeOf(it1.protected()), { now: NOW + 99_000 })).to.deep.equal([]);
  });

  it('naked through an outage is protected first: the ten seconds begin when somebody is there to do it (ruling 10)', () => {
    const life = lifeOf(it1.opened());
    const back = NOW + 60_000;
    expect(due(life, { now: back, guardedSince: undefined })).to.deep.equal([]);
    expect(due(life, { now: back + 9_999, guardedSince: back })).to.deep.equal([]);
    expect(needs(life, { now: back + 9_999, guardedSince: back })).to.deep.equal(['place stop 1: SELL 10 at 98']);
    expect(due(life, { now: back + 10_000, guardedSince: back })).to.deep.equal(['CloseRequested NAKED']);
  });

  it('replacing a stop is not naked while the old one covers what is held; covered in part is (ruling 10)', () => {
    const replacing = (held: number) => lifeOf(it1.protected(), sell(10 - held), it1.sending('stop', { attempt: 2, quantity: held }));
    expect(due(replacing(4), { now: NOW + 99_000 })).to.deep.equal([]);
    const part = lifeOf(it1.opening(), it1.reported('FILLED', 10), it1.fill(4), it1.sending('stop', { quantity: 4 }), it1.placed('stop'), it1.fill(6));
    expect([due(part, { now: NOW + 10_009 }), due(part, { now: NOW + 10_010 })]).to.deep.equal([[], ['CloseRequested NAKED']]);
    expect(due(lifeOf(it1.protected(), it1.adopted(-10)), { now: NOW + 10_070 }), 'a stop on the wrong side covers nothing').to.deep.equal(['CloseRequested NAKED']);
  });

  it('a stop that vanished after an hour has its own ten seconds, and is placed again meanwhile', () => {
    const vanished = lifeOf(it1.protected(), it1.ended('stop', 'canceled', 1, 3_600_010));
    expect(due(vanished, { now: NOW + 3_610_009 })).to.deep.equal([]);
    expect(needs(vanished, { now: NOW + 3_610_009 })).to.deep.equal(['place stop 2: SELL 10 at 98']);
    expect(due(vanished, { now: NOW + 3_610_010 })).to.deep.equal(['CloseRequested NAKED']);
  });

  it('an unanswered stop is asked for, never sent under a second id (failure 47)', () => {
    expect(needs(lifeOf(it1.opened(), it1.sending('stop')))).to.deep.equal(['ask stop 1']);
  });

  it('a stop the venue does not know goes again under its own id; one it refused, under the next (ruling 8)', () => {
    const after = (end: LifeEvent) => needs(lifeOf(it1.opened(), it1.sending('stop'), end));
    expect(after(it1.lost('stop', 'vanished'))).to.deep.equal(['place stop 1: SELL 10 at 98']);
    expect(after(it1.lost('stop', 'not sent: MANDATE_UNKNOWN'))).to.deep.equal(['place stop 1: SELL 10 at 98']);
    expect(after(it1.ended('stop', 'rejected -4045: Reach max stop order limit.'))).to.deep.equal(['place stop 2: SELL 10 at 98']);
    expect(needs(lifeOf(it1.opened(), it1.sending('stop'), it1.placed('stop'), it1.lost('stop', 'vanished')))).to.deep.equal(['place stop 2: SELL 10 at 98']);
  });

  it('an unknown stop of another quantity keeps its id, and is asked for until it is known to be gone', () => {
    const life = lifeOf(it1.opening(), it1.reported('FILLED', 10), it1.fill(4), it1.sending('stop', { quantity: 4 }), it1.lost('stop', 'vanished'), it1.fill(6), it1.sending('stop', { attempt: 2 }), it1.placed('stop', 2));
    expect(needs(life)).to.include('ask stop 1');
  });

  it('a fired protection is asked for until its end is known, and is not placed again meanwhile', () => {
    expect(needs(lifeOf(it1.protected(), it1.triggered('stop')))).to.deep.equal(['ask stop 1']);
    expect(needs(lifeOf(it1.protected(), it1.triggered('target')))).to.deep.equal(['ask target 1']);
  });

  it('a stop that fired is not placed again before its trades were asked for; what is left after ten seconds is closed', () => {
    const finished = [...it1.protected(), it1.triggered('stop'), it1.ended('stop', 'finished')];
    expect(needs(lifeOf(finished))).to.deep.equal(['ask-truth']);
    expect(needs(lifeOf(finished, sell(4)))).to.deep.equal(['place stop 2: SELL 6 at 98']);
    expect(due(lifeOf(finished), { now: NOW + 10_049 })).to.deep.equal([]);
    expect(due(lifeOf(finished), { now: NOW + 10_050 })).to.deep.equal(['CloseRequested NAKED']);
    expect(needs(lifeOf(finished, it1.closeRequested()))).to.deep.equal(['close 1: SELL 10']);
  });

  it('a position that its target closed was closed by its target, whatever was asked for meanwhile', () => {
    const ended = [...it1.protected(), it1.triggered('target'), it1.ended('target', 'finished'), it1.closeRequested(), sell(10, 'o-target'), it1.ended('stop', 'cancelled')];
    expect(due(lifeOf(ended), { now: NOW + 200, flat: { openAlgoIds: [] } })).to.deep.equal(['PositionClosed TARGET']);
  });

  it('what was turned by hand to the other side is adopted, and its stop replaced by one on the right side (failure 43)', () => {
    const turned = [...it1.protected(), it1.fill(20, { side: 'SELL', orderId: 'web' })];
    expect(needs(lifeOf(turned))).to.deep.equal(['adopt']);
    expect(needs(lifeOf(turned, it1.adopted(-10)))).to.include('place stop 2: BUY 10 at 102');
    const onItsWay = lifeOf(it1.opened(), it1.sending('stop'), it1.adopted(-10));
    for (const flight of [{}, flying(idOf('stop'))]) expect(needs(onItsWay, flight), 'one of the other side is waited for by nobody').to.deep.equal(['place stop 2: BUY 10 at 102']);
  });

  it('what no mandate covers is adopted first: by hand on top of ours, or after the end', () => {
    expect(needs(lifeOf(it1.protected(), it1.fill(1, { orderId: 'web' })))).to.deep.equal(['adopt']);
    expect(needs(lifeOf(it1.opening(), it1.reported('EXPIRED', 0), it1.planEnded(), it1.fill(3)))).to.deep.equal(['adopt']);
  });

  it('nothing is placed before the tick is known, and a drifted position is left alone', () => {
    expect(needs(lifeOf(it1.opened()), { tickSize: undefined })).to.deep.equal([]);
    expect(needs(lifeOf(it1.opened(), it1.drift(5)))).to.deep.equal([]);
  });
});

describe('needs of a close', () => {
  const asked = [...it1.protected(), it1.closeRequested()];

  it('one reduce-only order of the whole, and no second one while it is open (failures 35, 56)', () => {
    expect(needs(lifeOf(asked))).to.deep.equal(['close 1: SELL 10']);
    expect(needs(lifeOf(asked, it1.closing()), flying(idOf('close')))).to.deep.equal([]);
    expect(needs(lifeOf(asked, it1.closing()))).to.deep.equal(['ask close 1']);
    expect(needs(lifeOf(asked, it1.closing(), it1.ambiguous(idOf('close'))))).to.deep.equal(['ask close 1']);
  });

  it('that has met something while no stop covers what is held: the stop is placed as well (rulings 8, 10)', () => {
    const naked = [...it1.opened(), it1.closeRequested()];
    const place = 'place stop 1: SELL 10 at 98';
    expect(needs(lifeOf(naked)), 'the close alone is the quickest').to.deep.equal(['close 1: SELL 10']);
    expect(needs(lifeOf(naked, it1.closing()), flying(idOf('close')))).to.deep.equal([]);
    expect(needs(lifeOf(naked, it1.closing(), it1.ambiguous(idOf('close'))))).to.deep.equal(['ask close 1', place]);
    expect(needs(lifeOf(naked, it1.closing(), it1.rejected(idOf('close'))))).to.deep.equal(['close 2: SELL 10', place]);
    expect(needs(lifeOf(naked, it1.closing(), it1.ambiguous(idOf('close')), it1.absent(idOf('close'))))).to.deep.equal(['close 1: SELL 10', place]);
    expect(needs(lifeOf(naked, it1.closing(), it1.reported('FILLED', 10, idOf('close'), 'o-close'))), 'executed, its trades are to come').to.deep.equal(['ask close 1']);
    expect(needs(lifeOf(it1.opened(), it1.sending('stop'), it1.closeRequested(), it1.closing(), it1.ambiguous(idOf('close'))))).to.deep.equal(['ask close 1', 'ask stop 1']);
  });

  it('the record of it goes before it, with the same id and its reason, as that of a part does (failure 47)', () => {
    const reduce: LifeEvent = { type: 'ReduceRequested', at: NOW + 55, positionId: 'plan-1' as never, tier: '1', quantity: '4', reason: 'TIER_1', by: 'exits' };
    const record = (life: Life) => needsOf(life, makeSituation()).map((need) => (need.need === 'write' ? [need.because, need.events] : need.need));
    const sending = { type: 'OrderSending', at: NOW + 100, attempt: 1, side: 'SELL' };
    expect(record(lifeOf(it1.protected(), it1.closeRequested('KILL')))).to.deep.equal([['KILL', [{ ...sending, purpose: 'close', clientId: idOf('close'), quantity: '10', reason: 'KILL' }]]]);
    expect(record(lifeOf(it1.protected(), reduce))).to.deep.equal([['TIER_1', [{ ...sending, purpose: 'reduce', clientId: part(), quantity: '4', reason: 'TIER_1' }]]]);
  });

  it('found absent it goes again under its own id; refused, or executed in part, under the next (ruling 8)', () => {
    expect(needs(lifeOf(asked, it1.closing(), it1.ambiguous(idOf('close')), it1.absent(idOf('close'))))).to.deep.equal(['close 1: SELL 10']);
    expect(needs(lifeOf(asked, it1.closing(), it1.rejected(idOf('close'))))).to.deep.equal(['close 2: SELL 10']);
    expect(needs(lifeOf(asked, it1.closing(), it1.reported('EXPIRED', 4, idOf('close'), 'o-close'), sell(4, 'o-close')))).to.deep.equal(['close 2: SELL 6']);
  });

  it('executed, its trades not yet heard: those are asked for, and only after ten seconds is it sent again, stop or no stop', () => {
    const life = lifeOf(asked, it1.closing(), it1.reported('FILLED', 10, idOf('close'), 'o-close'));
    expect(needs(life)).to.deep.equal(['ask close 1']);
    expect(needs(life, { now: NOW + 10_059, nakedCloseMs: Infinity })).to.deep.equal(['ask close 1']);
    expect(needs(life, { now: NOW + 10_060, nakedCloseMs: Infinity })).to.deep.equal(['close 2: SELL 10']);
    expect(needs(life, { now: NOW - 3_600_000, steadyNow: NOW + 61 }), 'set back, within the ten seconds').to.deep.equal(['ask close 1']);
    expect(needs(life, { now: NOW - 3_600_000, steadyNow: NOW + 10_061 }), 'a clock that is set back puts it off no longer').to.deep.equal(['close 2: SELL 10']);
  });

  it('what the venue states instead ends the waiting for trades', () => {
    const life = lifeOf(asked, it1.closing(), it1.reported('EXPIRED', 4, idOf('close'), 'o-close'), it1.adopted(6, 70));
    expect(needs(life)).to.deep.equal(['close 2: SELL 6']);
  });

  it('flat by our count cancels nothing before the venue has said flat (failure 92)', () => {
    const gone = lifeOf(it1.protected(), it1.triggered('stop'), sell(10));
    expect(needs(gone)).to.deep.equal(['ask-truth']);
    expect(needs(gone, flat(idOf('target')))).to.deep.equal(['cancel target 1', 'ask stop 1']);
    expect(due(gone, flat(idOf('target')))).to.deep.equal([]);
  });

  it('flat cancels what the venue lists of ours, known to the journal or not', () => {
    const stray = idOf('stop', 3);
    expect(needs(lifeOf(it1.protected(), sell(10)), flat(stray, idOf('stop'), idOf('target')))).to.deep.equal(['cancel stop 3', 'cancel stop 1', 'cancel target 1']);
    expect(needs(lifeOf(), flat(stray))).to.deep.equal(['cancel stop 3']);
    expect(needs(lifeOf(), { ...flat(stray), ...flying(stray) }), 'and not twice').to.deep.equal([]);
  });

  it('asks for the truth once something was held, whoever opened and closed it', () => {
    expect(needs(lifeOf(it1.opening(), it1.reported('EXPIRED', 0), it1.planEnded(), it1.fill(4), sell(4, 'web')))).to.deep.equal(['ask-truth']);
    expect(needs(lifeOf(it1.opening(), it1.reported('EXPIRED', 0), it1.planEnded())), 'nothing ever was').to.deep.equal([]);
  });

  it('asks for the truth of what the venue stated as nothing, too', () => expect(needs(lifeOf(it1.adopted(0)))).to.deep.equal(['ask-truth']));

  it('flat waits for a protection that is still under way: it may yet land', () => {
    const life = lifeOf(it1.opened(), it1.sending('stop'), sell(10, 'web'));
    expect(needs(life, { ...flat(), ...flying(idOf('stop')) })).to.deep.equal([]);
    expect(due(life, { ...flat(), ...flying(idOf('stop')) })).to.deep.equal([]);
    expect(needs(life, flat())).to.deep.equal(['ask stop 1']);
  });

  it('is closed when the venue is flat and lists nothing of ours, with the reason', () => {
    const ended = [it1.triggered('stop'), it1.ended('stop', 'finished'), sell(10, 'o-stop'), it1.ended('target', 'cancelled')];
    const life = lifeOf(it1.protected(), ended);
    expect([due(life), due(life, flat(idOf('target', 2))), due(life, flat())]).to.deep.equal([[], [], ['PositionClosed STOP']]);
    expect(due(lifeOf(it1.protected(), it1.closeRequested('STOP_PASSED'), ended), flat()), 'the stop was faster').to.deep.equal(['PositionClosed STOP']);
    const closedByUs = [it1.closeRequested('STOP_PASSED'), it1.closing(), it1.reported('FILLED', 10, idOf('close'), 'o-close'), sell(10, 'o-close'), it1.ended('stop', 'cancelled'), it1.ended('target', 'cancelled')];
    expect(due(lifeOf(it1.protected(), closedByUs), flat())).to.deep.equal(['PositionClosed STOP_PASSED']);
    expect(due(lifeOf(it1.opened(), sell(10, 'web'), it1.recognised('web', 'stranger')), flat())).to.deep.equal(['PositionClosed EXTERNAL']);
  });

  it('what others opened and closed before it was adopted is closed too, under an id of its own', () => {
    const [event] = dueEvents(lifeOf(it1.fill(3, { orderId: 'web' }), sell(3, 'web'), it1.recognised('web', 'stranger')), makeSituation(flat()));
    expect(event).to.deep.include({ type: 'PositionClosed', positionId: `external-${GPS}-${NOW + 10}`, reason: 'EXTERNAL' });
  });
});

describe('needs of a part', () => {
  const reducing = (quantity = 4): LifeEvent => ({ type: 'ReduceRequested', at: NOW + 55, positionId: 'plan-1' as never, tier: '1', quantity: String(quantity), reason: 'TIER_1', by: 'exits' });
  const sending = (attempt = 1, quantity = 4): LifeEvent => ({ type: 'OrderSending', at: NOW + 60, purpose: 'reduce', clientId: part(attempt), attempt, side: 'SELL', quantity: String(quantity), reason: 'TIER_1' });
  const asked = [...it1.protected(), reducing()];
  const report = (status: string, executed: number, attempt = 1) => it1.reported(status, executed, part(attempt), `o-part-${attempt}`);

  it('one reduce-only order of it, under an id of position, leg, tier and attempt, and no second one while it is open (failure 56)', () => {
    const [need] = needsOf(lifeOf(asked), makeSituation());
    expect(need).to.deep.include({ need: 'write', key: 'reduce', because: 'TIER_1', write: { kind: 'CLOSE', symbol: GPS, clientId: part(), side: 'SELL', quantity: need?.need === 'write' && need.write.kind === 'CLOSE' ? need.write.quantity : '' } });
    expect(needs(lifeOf(asked))).to.deep.equal(['part 1: SELL 4']);
    expect(needs(lifeOf(asked, sending()), flying(part()))).to.deep.equal([]);
    expect(needs(lifeOf(asked, sending()))).to.deep.equal(['ask part 1']);
    expect(needs(lifeOf(asked, sending(), it1.ambiguous(part())))).to.deep.equal(['ask part 1']);
    expect(needs(lifeOf(tell('SHORT').protected(), reducing()))).to.deep.equal(['part 1: BUY 4']);
  });

  it('found absent it goes again under its own id; refused, or executed in part, what is left goes under the next (ruling 8)', () => {
    expect(needs(lifeOf(asked, sending(), it1.ambiguous(part()), it1.absent(part())))).to.deep.equal(['part 1: SELL 4']);
    expect(needs(lifeOf(asked, sending(), it1.rejected(part())))).to.deep.equal(['part 2: SELL 4']);
    expect(needs(lifeOf(asked, sending(), it1.ambiguous(part()), sell(4, 'unknown'), it1.absent(part()))), 'somebody closed as much meanwhile').to.deep.equal(['place stop 2: SELL 6 at 98', 'place target 2: SELL 6 at 104']);
    expect(needs(lifeOf(asked, sending(), it1.ambiguous(part()), it1.adopted(6), it1.absent(part()))), 'the venue states less').to.deep.equal(['place stop 2: SELL 6 at 98', 'place target 2: SELL 6 at 104']);
    const some = [...asked, sending(), report('EXPIRED', 1), sell(1, 'o-part-1')];
    expect(needs(lifeOf(some))).to.deep.equal(['part 2: SELL 3']);
    expect(needs(lifeOf(some, sending(2, 3), report('EXPIRED', 2, 2), sell(2, 'o-part-2')))).to.deep.equal(['part 3: SELL 1']);
  });

  it('the stop stands while it is under way; then both protections follow what is held, the new one first (failure 93)', () => {
    const partly = lifeOf(asked, sending(), report('PARTIALLY_FILLED', 2), sell(2, 'o-part-1'));
    expect(needs(partly, flying(part()))).to.deep.equal([]);
    expect(needs(lifeOf(asked, sending(), sell(7, 'web')), flying(part())), 'others closed more meanwhile').to.deep.equal([]);
    expect(needs(lifeOf(asked, sending(), report('FILLED', 4), sell(2, 'o-part-1'))), 'half of its trades are to come').to.deep.equal(['ask part 1']);
    expect(needs(lifeOf(asked, sending(), it1.adopted(12)), flying(part())), 'others opened more meanwhile').to.include('place stop 2: SELL 12 at 98');
    const done = [...asked, sending(), report('FILLED', 4), sell(4, 'o-part-1')];
    expect(needs(lifeOf(done))).to.deep.equal(['place stop 2: SELL 6 at 98', 'place target 2: SELL 6 at 104']);
    const moved = [...done, it1.sending('stop', { attempt: 2, quantity: 6 })];
    expect(needs(lifeOf(moved), flying(idOf('stop', 2)))).to.deep.equal([]);
    expect(needs(lifeOf(moved, it1.placed('stop', 2)))).to.deep.equal(['place target 2: SELL 6 at 104', 'cancel stop 1']);
  });

  it('a stop that is lost meanwhile is placed at once, for what is held', () => {
    const naked = lifeOf(asked, sending(), report('PARTIALLY_FILLED', 2), sell(2, 'o-part-1'), it1.ended('stop', 'canceled'));
    expect(needs(naked, flying(part()))).to.deep.equal(['place stop 2: SELL 8 at 98']);
    expect(needs(lifeOf(it1.opened(), reducing())), 'and nothing is sold before it stands').to.deep.equal(['place stop 1: SELL 10 at 98']);
  });

  it('is sold behind the old stop while the newer one is under way', () => {
    expect(needs(lifeOf(asked, it1.sending('stop', { attempt: 2 })), flying(idOf('stop', 2)))).to.deep.equal(['part 1: SELL 4']);
  });

  it('executed, its trades not yet heard: those are asked for, and no second part is sold', () => {
    const life = lifeOf(asked, sending(), report('FILLED', 4));
    expect(needs(life)).to.deep.equal(['ask part 1']);
    expect(needs(life, { now: NOW + 10_059 })).to.deep.equal(['ask part 1']);
    expect(needs(life, { now: NOW + 10_060 })).to.deep.equal([]);
    // Believed so long, the stop stays as it is even if others have closed more; then it follows what is held.
    const more = lifeOf(asked, sending(), report('FILLED', 4), sell(2, 'web'));
    expect(needs(more, { now: NOW + 10_059 }).filter((need) => need.startsWith('place'))).to.deep.equal([]);
    expect(needs(more, { now: NOW + 10_060 }).filter((need) => need.startsWith('place'))).to.deep.equal(['place stop 2: SELL 8 at 98', 'place target 2: SELL 8 at 104']);
  });

  it('a close overtakes it, whatever has become of it', () => {
    for (const so of [[], [sending()], [sending(), it1.ambiguous(part())], [sending(), it1.rejected(part())]]) {
      const wanted = needs(lifeOf(asked, so, it1.closeRequested()), flying(part()));
      expect(wanted).to.include('close 1: SELL 10');
      expect(wanted.filter((need) => need.startsWith('part'))).to.deep.equal([]);
      expect(isReducing(lifeOf(asked, it1.closeRequested())), 'no part any more').to.equal(false);
    }
  });

  it('what has meanwhile become all that is held is no part any more (failure 56)', () => {
    expect(needs(lifeOf(asked, sell(7, 'web')))).to.deep.equal(['place stop 2: SELL 3 at 98', 'place target 2: SELL 3 at 104']);
    expect(needs(lifeOf(asked, sell(6, 'web')))).to.deep.equal(['place stop 2: SELL 4 at 98', 'place target 2: SELL 4 at 104']);
    expect(needs(lifeOf(asked, sell(5, 'web')))).to.deep.equal(['part 1: SELL 4']);
  });

  it('refused five times it is left, and the position goes on behind its stop', () => {
    const refused = [1, 2, 3, 4].flatMap((attempt) => [sending(attempt), it1.rejected(part(attempt))]);
    expect(needs(lifeOf(asked, refused))).to.deep.equal(['part 5: SELL 4']);
    expect(needs(lifeOf(asked, refused, sending(5), it1.rejected(part(5))))).to.deep.equal([]);
  });

  it('an open one keeps a flat symbol from being called closed: it may yet open something', () => {
    const gone = lifeOf(asked, sending(), sell(10, 'web'), it1.ended('stop', 'canceled'), it1.ended('target', 'canceled'));
    expect(due(gone, flat())).to.deep.equal([]);
    expect(due(lifeOf(asked, sending(), it1.rejected(part()), sell(10, 'web'), it1.recognised('web', 'stranger'), it1.ended('stop', 'canceled'), it1.ended('target', 'canceled')), flat())).to.deep.equal(['PositionClosed EXTERNAL']);
  });

  it('larger than one market order it goes in several, and so does a close (failure 36)', () => {
    const largestOrder = makeSituation().tickSize!.multipliedBy(30);
    expect(needs(lifeOf(asked), { largestOrder })).to.deep.equal(['part 1: SELL 3']);
    expect(needs(lifeOf(it1.protected(), it1.closeRequested()), { largestOrder })).to.deep.equal(['close 1: SELL 3']);
    expect(needs(lifeOf(it1.protected(), it1.closeRequested()), { largestOrder: largestOrder.dividedBy(6) })).to.deep.equal(['close 1: SELL 0.5']);
    expect(needs(lifeOf(it1.protected(), it1.closeRequested()), { largestOrder: largestOrder.minus(largestOrder) }), 'a filter of 0 is no filter').to.deep.equal(['close 1: SELL 10']);
  });
});

describe('needs of a moved stop', () => {
  const moving = (stopPrice: string): LifeEvent => ({ type: 'StopMoveRequested', at: NOW + 55, positionId: 'plan-1' as never, stopPrice, reason: 'PROFIT_LOCK', by: 'exits' });
  const asked = [...it1.protected(), moving('100.2')];

  it('the new one is placed, and only when it stands the old one goes (rulings 4 and 6)', () => {
    expect(needs(lifeOf(asked))).to.deep.equal(['place stop 2: SELL 10 at 100.2']);
    const sent = [...asked, it1.sending('stop', { attempt: 2, price: '100.2' })];
    expect(needs(lifeOf(sent), flying(idOf('stop', 2)))).to.deep.equal([]);
    expect(needs(lifeOf(sent, it1.placed('stop', 2)))).to.deep.equal(['cancel stop 1']);
    expect([lifeOf(sent), lifeOf(sent, it1.placed('stop', 2))].map((life) => text(standingStop(life)!.triggerPrice)), 'the one that protects').to.deep.equal(['98', '100.2']);
    expect(needs(lifeOf(sent, it1.placed('stop', 2), it1.ended('stop', 'cancelled')))).to.deep.equal([]);
  });

  it('refused, the old one stands and protects; what would trigger at once closes (failure 91)', () => {
    const refused = lifeOf(asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.ended('stop', 'rejected -4045', 2));
    expect(needs(refused)).to.deep.equal(['place stop 3: SELL 10 at 100.2']);
    expect(due(refused, { now: NOW + 99_000 }), 'not naked').to.deep.equal([]);
    expect(needs(lifeOf(asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.ended('stop', 'rejected -2021', 2), it1.closeRequested('STOP_PASSED')))).to.deep.equal(['close 1: SELL 10']);
  });

  it('it stays where it is when a part is closed, when it vanishes, and after a restart', () => {
    const moved = [...asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.placed('stop', 2), it1.ended('stop', 'cancelled')];
    expect(needs(lifeOf(moved, sell(4, 'web')))).to.include('place stop 3: SELL 6 at 100.2');
    expect(needs(lifeOf(moved, it1.ended('stop', 'canceled', 2)))).to.deep.equal(['place stop 3: SELL 10 at 100.2']);
  });

  it('waits for a part that is under way, and leaves the target where it is, wherever the average has gone', () => {
    const part1: LifeEvent[] = [{ type: 'ReduceRequested', at: NOW + 55, positionId: 'plan-1' as never, tier: '1', quantity: '4', reason: 'TIER_1', by: 'exits' }, { type: 'OrderSending', at: NOW + 60, purpose: 'reduce', clientId: part(), attempt: 1, side: 'SELL', quantity: '4', reason: 'TIER_1' }];
    expect(needs(lifeOf(it1.protected(), part1, moving('100.2')), flying(part()))).to.deep.equal([]);
    const averaged = { ...it1.adopted(10), entryPrice: '101' } as LifeEvent;
    expect(needs(lifeOf(asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.placed('stop', 2), it1.ended('stop', 'cancelled'), averaged))).to.deep.equal([]);
  });

  it('to the other side of what is held it means nothing, and of two the nearer to the profit holds', () => {
    expect(needs(lifeOf(asked, it1.adopted(-10)))).to.include('place stop 2: BUY 10 at 102');
    expect(needs(lifeOf(it1.opened(), moving('97')))).to.deep.equal(['place stop 1: SELL 10 at 98']);
  });

  it('fired in profit it is no loss: the position was closed by its lock, and by the stop if the old one fired', () => {
    const moved = [...asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.placed('stop', 2)];
    const ended = (attempt: number) => [it1.triggered('stop', attempt), it1.ended('stop', 'finished', attempt), sell(10), it1.ended('stop', 'cancelled', 3 - attempt), it1.ended('target', 'cancelled')];
    expect(due(lifeOf(moved, ended(2)), flat())).to.deep.equal(['PositionClosed PROFIT_LOCK']);
    expect(due(lifeOf(moved, ended(1)), flat())).to.deep.equal(['PositionClosed STOP']);
  });

  it('fired in vain while the old one stands: the price is beyond it, so ten seconds close the position', () => {
    const vain = [...asked, it1.sending('stop', { attempt: 2, price: '100.2' }), it1.placed('stop', 2), it1.triggered('stop', 2), it1.ended('stop', 'finished', 2)];
    expect(due(lifeOf(vain), { now: NOW + 10_049 })).to.deep.equal([]);
    expect(due(lifeOf(vain), { now: NOW + 10_050 })).to.deep.equal(['CloseRequested NAKED']);
  });

  it('an older stop goes only when the newer one covers all that is held', () => {
    const replaced = [...it1.protected(), it1.sending('stop', { attempt: 2, quantity: 6 }), it1.placed('stop', 2)];
    expect(needs(lifeOf(replaced))).to.deep.equal(['place stop 3: SELL 10 at 98']);
  });
});
