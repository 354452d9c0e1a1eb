/** Phases: which facts mean which, and that what happens never leads where the table forbids. */
import { expect } from 'chai';
import { PHASES } from '../../../src/protocol/views.ts';
import type { Phase } from '../../../src/protocol/views.ts';
import { assertTransition, phaseOf, TRANSITIONS } from '../../../src/rules/position-life/phase.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
const sold = (quantity = 10) => tell().fill(quantity, { side: 'SELL', orderId: 'o-stop', tradeId: `sold-${quantity}` });

const REACHED: readonly (readonly [Phase, string, ReturnType<typeof lifeOf>])[] = [
  ['Flat', 'nothing has happened', lifeOf()],
  ['Flat', 'the plan ended without a fill', lifeOf(a.opening(), a.reported('EXPIRED', 0), a.planEnded())],
  ['Flat', 'the position was closed', lifeOf(a.protected(), sold(), a.closed())],
  ['Opening', 'the entry is sent', lifeOf(a.opening())],
  ['Opening', 'the entry has ended and its plan not yet', lifeOf(a.opening(), a.reported('EXPIRED', 0))],
  ['Opening', 'it is filled and has no stop', lifeOf(a.opened())],
  ['Opening', 'the stop is sent and not acknowledged (failure 88)', lifeOf(a.opened(), a.sending('stop'))],
  ['Opening', 'the stop vanished', lifeOf(a.protected(), a.lost('stop', 'vanished'))],
  ['Opening', 'the only stop is on the other side', lifeOf(a.protected(), a.adopted(-10))],
  ['Protected', 'the stop stands, the target not yet', lifeOf(a.opened(), a.sending('stop'), a.placed('stop'))],
  ['Protected', 'the stop is being replaced and the old one stands', lifeOf(a.protected(), a.sending('stop', { attempt: 2 }))],
  ['Protected', 'a part was sold', lifeOf(a.protected(), sold(4))],
  ['Closing', 'a close was asked for', lifeOf(a.protected(), a.closeRequested())],
  ['Closing', 'the close is sent', lifeOf(a.protected(), a.closing())],
  ['Closing', 'the stop fired', lifeOf(a.protected(), a.triggered('stop'))],
  ['Closing', 'the target fired', lifeOf(a.protected(), a.triggered('target'))],
  ['Closing', 'nothing is held and protections stand', lifeOf(a.protected(), sold())],
  ['Closing', 'nothing is held or stands, and the venue has not confirmed', lifeOf(a.opened(), sold())],
  ['Closing', 'an adoption of nothing clears away a stray protection', lifeOf(a.adopted(0))],
  ['Ambiguous', 'nobody knows what became of the entry', lifeOf(a.opening(), a.ambiguous())],
  ['Ambiguous', 'nobody knows what became of the entry, though some of it is filled', lifeOf(a.opening(), a.ambiguous(), a.fill(4))],
  ['Ambiguous', 'nobody knows what became of the close', lifeOf(a.protected(), a.closing(), a.ambiguous(idOf('close')))],
  ['Drifted', 'the venue states what the journal cannot explain', lifeOf(a.drift(5))],
  ['Drifted', 'it does so with a position of ours', lifeOf(a.protected(), a.drift(5))],
];

describe('phases', () => {
  for (const [phase, when, life] of REACHED) it(`${phase}: ${when}`, () => expect(phaseOf(life)).to.equal(phase));

  it('are each reached by some fact', () => expect(new Set(REACHED.map(([phase]) => phase))).to.deep.equal(new Set(PHASES)));

  it('follow one another along the table, and anything else is an error that names both', () => {
    for (const from of PHASES)
      for (const to of PHASES) {
        const allowed = from === to || TRANSITIONS[from].includes(to);
        if (allowed) expect(() => assertTransition(from, to)).not.to.throw();
        else expect(() => assertTransition(from, to)).to.throw(`illegal transition ${from} → ${to}`);
      }
  });

  it('never go from Flat to Protected in one step: a stop is acknowledged in between (failure 88)', () => {
    expect(TRANSITIONS.Flat).not.to.include('Protected');
    expect(() => assertTransition('Flat', 'Protected')).to.throw();
  });

  it('each lead to every other, but for that one step', () => {
    for (const from of PHASES) expect([...TRANSITIONS[from]], from).to.have.members(PHASES.filter((to) => to !== from && !(from === 'Flat' && to === 'Protected')));
  });

  it('have no dead end: from each, Flat can be reached', () => {
    for (const phase of PHASES.filter((one) => one !== 'Flat')) expect(TRANSITIONS[phase]).to.include('Flat');
  });
});
