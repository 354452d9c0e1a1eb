/** Phases: which facts mean which. */
import { expect } from 'chai';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import type { PositionId } from '../../../src/protocol/names.ts';
import { PHASES } from '../../../src/protocol/views.ts';
import type { Phase } from '../../../src/protocol/views.ts';
import { phaseOf } from '../../../src/rules/position-life/phase.ts';
import { NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();
const sold = (quantity = 10) => tell().fill(quantity, { side: 'SELL', orderId: 'o-stop', tradeId: `sold-${quantity}` });
const part: LifeEvent = { type: 'ReduceRequested', at: NOW + 50, positionId: 'plan-1' as PositionId, tier: '1', quantity: '3', reason: 'TIER_1', by: 'test' };
const partSent: LifeEvent = { type: 'OrderSending', at: NOW + 51, purpose: 'reduce', clientId: idOf('reduce'), attempt: 1, side: 'SELL', quantity: '3' };

/** Filled in part, and the rest may come. */
const OPEN = [...a.opening(), a.reported('PARTIALLY_FILLED', 4), a.fill(4)];

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
  ['Reducing', 'a part was asked for, behind a stop', lifeOf(a.protected(), part)],
  ['Reducing', 'the order of the part is sent', lifeOf(a.protected(), part, partSent)],
  ['Reducing', 'some of the part is filled', lifeOf(a.protected(), part, partSent, sold(1))],
  ['Protected', 'the part is filled whole', lifeOf(a.protected(), part, partSent, a.reported('FILLED', 3, idOf('reduce'), 'o-part'), sold(3))],
  ['Opening', 'a part was asked for and the stop is lost', lifeOf(a.protected(), part, a.lost('stop', 'vanished'))],
  ['Ambiguous', 'nobody knows what became of the order of the part', lifeOf(a.protected(), part, partSent, a.ambiguous(idOf('reduce')))],
  ['Closing', 'a close overtakes the part', lifeOf(a.protected(), part, a.closeRequested())],
  ['Closing', 'a close was asked for', lifeOf(a.protected(), a.closeRequested())],
  ['Closing', 'the close is sent', lifeOf(a.protected(), a.closing())],
  ['Closing', 'the stop fired', lifeOf(a.protected(), a.triggered('stop'))],
  ['Closing', 'the target fired', lifeOf(a.protected(), a.triggered('target'))],
  ['Closing', 'nothing is held and protections stand', lifeOf(a.protected(), sold())],
  ['Closing', 'nothing is held or stands, and the venue has not confirmed', lifeOf(a.opened(), sold())],
  ['Closing', 'an adoption of nothing clears away a stray protection', lifeOf(a.adopted(0))],
  ['Closing', 'nothing is held, the entry is open, and its stop stands', lifeOf(OPEN, a.sending('stop', { quantity: 4 }), a.placed('stop'), sold(4))],
  ['Closing', 'nothing is held, the entry is open, and its target stands', lifeOf(OPEN, a.sending('target', { quantity: 4 }), a.placed('target'), sold(4))],
  ['Closing', 'nothing is held, the entry is open, and an older stop stands', lifeOf(OPEN, a.sending('stop', { quantity: 4 }), a.placed('stop'), a.sending('stop', { attempt: 2 }), a.ended('stop', 'rejected', 2), sold(4))],
  ['Closing', 'nothing is held, the entry and a close are open', lifeOf(OPEN, a.closeRequested(), a.closing(), sold(4))],
  ['Opening', 'what was filled is sold again while the entry is open', lifeOf(OPEN, sold(4))],
  ['Ambiguous', 'nobody knows what became of the entry', lifeOf(a.opening(), a.ambiguous())],
  ['Ambiguous', 'nobody knows what became of the entry, though some of it is filled', lifeOf(a.opening(), a.ambiguous(), a.fill(4))],
  ['Ambiguous', 'nobody knows what became of the close', lifeOf(a.protected(), a.closing(), a.ambiguous(idOf('close')))],
  ['Drifted', 'the venue states what the journal cannot explain', lifeOf(a.drift(5))],
  ['Drifted', 'it does so with a position of ours', lifeOf(a.protected(), a.drift(5))],
];

describe('phases', () => {
  for (const [phase, when, life] of REACHED) it(`${phase}: ${when}`, () => expect(phaseOf(life)).to.equal(phase));

  it('are each reached by some fact', () => expect(new Set(REACHED.map(([phase]) => phase))).to.deep.equal(new Set(PHASES)));
});
