/** The table of transitions: whole, as narrow as lives are, and wide enough for every fact in any order. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ZERO } from '../../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { PHASES } from '../../../src/protocol/views.ts';
import type { Phase } from '../../../src/protocol/views.ts';
import type { ClientId, PositionId } from '../../../src/protocol/names.ts';
import { evolve } from '../../../src/rules/position-life/evolve.ts';
import { newLife } from '../../../src/rules/position-life/life.ts';
import type { Life } from '../../../src/rules/position-life/life.ts';
import { observeOutcome } from '../../../src/rules/position-life/observe.ts';
import { phaseOf } from '../../../src/rules/position-life/phase.ts';
import { isOpenOrder, reductionLeft, stopStands } from '../../../src/rules/position-life/standing.ts';
import { requestReduce, requestStopMove } from '../../../src/rules/position-life/requests.ts';
import { ACTS, allowedTo, assertTransition, causeOf, FACTS } from '../../../src/rules/position-life/transitions.ts';
import type { Cause } from '../../../src/rules/position-life/transitions.ts';
import { GPS, makeInstrument } from '../../kit/decisions.ts';
import { idOf, tell } from '../../kit/lives.ts';
import { DeskModel } from './desk-model.ts';
import { comeToRest, hand, part, step, take } from './random-lives.ts';

const CAUSES = [...Object.keys(FACTS), ...Object.keys(ACTS)] as Cause[];
const TABLE = CAUSES.flatMap((cause) => PHASES.flatMap((from) => allowedTo(from, cause).map((to) => `${from} → ${to} by ${cause}`)));

const a = tell();
const anOrder = fc.constantFrom(idOf('entry'), idOf('close'), idOf('reduce'));
const aLeg = fc.constantFrom('stop' as const, 'target' as const);
const anAttempt = fc.constantFrom(1, 2);
const at = 1;
const RULES = makeInstrument();

/** What the venue might say, in any order, of orders that exist or do not. */
const fact: fc.Arbitrary<LifeEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(anOrder, fc.constantFrom('NEW', 'PARTIALLY_FILLED', 'FILLED', 'EXPIRED'), fc.nat({ max: 10 })).map(([id, status, executed]) => a.reported(status, executed, id, `o-${id}`)) },
  { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 1, max: 10 }), fc.constantFrom('BUY' as const, 'SELL' as const), fc.constantFrom('o-stop', 'o-unknown'), fc.nat({ max: 300 })).map(([quantity, side, orderId, tradeId]) => a.fill(quantity, { side, orderId, tradeId: String(tradeId) })) },
  { weight: 6, arbitrary: fc.tuple(aLeg, anAttempt).map(([leg, attempt]) => a.placed(leg, attempt)) },
  { weight: 2, arbitrary: fc.tuple(aLeg, anAttempt).map(([leg, attempt]) => a.triggered(leg, attempt)) },
  { weight: 1, arbitrary: fc.tuple(aLeg, anAttempt).map(([leg, attempt]) => a.ended(leg, 'cancelled', attempt)) },
  { weight: 1, arbitrary: fc.tuple(aLeg, anAttempt).map(([leg, attempt]) => a.lost(leg, 'vanished', attempt)) },
  { weight: 1, arbitrary: anOrder.map((id) => a.ambiguous(id)) },
  { weight: 1, arbitrary: anOrder.map((id) => a.absent(id)) },
  { weight: 1, arbitrary: anOrder.map((id) => a.rejected(id)) },
  { weight: 1, arbitrary: anOrder.map((clientId): LifeEvent => ({ type: 'OrderAbandoned', at, clientId, code: 'LEASE_LOST', detail: '' })) },
  { weight: 1, arbitrary: fc.constantFrom('o-stop', 'o-unknown').map((orderId): LifeEvent => ({ type: 'OrderRecognised', at, orderId, clientId: 'adl_autoclose' as ClientId, by: 'ADL', side: 'SELL', quantity: '5' })) },
  { weight: 1, arbitrary: fc.constant<LifeEvent>({ type: 'StopRefused', at, clientId: idOf('stop'), venueCode: -4120, message: '' }) },
  { weight: 1, arbitrary: fc.constantFrom(-10, 0, 0, 1, 5, 10).map((quantity) => a.adopted(quantity)) },
  { weight: 1, arbitrary: fc.constantFrom(-5, 5).map((quantity) => a.drift(quantity)) },
  { weight: 1, arbitrary: fc.constant<LifeEvent>({ type: 'DriftCleared', at, venue: '0' }) },
);
const act = fc.constantFrom('open', 'stop', 'target', 'close request', 'close', 'part request', 'part', 'stop move', 'closed', 'plan ended', 'not sent', 'stop hit');
type Begun = readonly (LifeEvent | readonly [string, number])[];
/** Where a life has got to before anything may come: what is rare from the beginning is near from here. */
const reducing: Begun = [...a.protected(), ['part request', 1]];
const begun = fc.constantFrom<Begun>(
  [],
  a.opening(),
  a.opened(),
  a.protected(),
  reducing,
  [...reducing, ['part', 1]],
  [...reducing, ['part', 1], a.ambiguous(idOf('reduce'))],
  [...a.opening(), a.fill(5), a.sending('stop', { quantity: 5 })],
  [...a.opening(), a.fill(5), ['close request', 1], ['close', 1], a.fill(5, { side: 'SELL' })],
  [...a.opened(), a.sending('stop'), a.lost('stop', 'vanished'), ['stop', 2]],
  [...a.opened(), ['part request', 1], a.sending('stop'), a.lost('stop', 'vanished'), ['stop', 2]],
  [...a.opened(), a.fill(10, { side: 'SELL', tradeId: '7' }), ['closed', 1]],
);
const told = fc.tuple(begun, fc.array(fc.oneof({ weight: 3, arbitrary: fact }, { weight: 2, arbitrary: fc.tuple(act, anAttempt) }), { minLength: 1, maxLength: 20, size: 'max' }));

/** What an executor would do here, by the rules it asks; nothing, where they refuse. */
function done(life: Life, what: string, attempt: number): LifeEvent[] {
  const { holding, positionId } = life;
  const held = !holding.quantity.isZero();
  const asked = { positionId: (positionId ?? 'plan-0') as PositionId, reason: 'TEST', by: 'test' };
  const phase = phaseOf(life);
  switch (what) {
    case 'open':
      return phase === 'Flat' ? a.opening() : [];
    case 'stop':
    case 'target':
      // Never the id of one that stands or may stand (ruling 8), and nothing while the venue is not understood.
      return held && life.drift === undefined && life[what]?.state !== 'sending' && life[what]?.state !== 'triggered' && life[what]?.attempt !== attempt ? [a.sending(what, { attempt })] : [];
    case 'close request':
      return held ? [a.closeRequested()] : [];
    case 'close':
      return held && life.closeRequested !== undefined && life.drift === undefined && !isOpenOrder(life.close) ? [a.closing()] : [];
    case 'part request': {
      const requested = requestReduce(life, { ...asked, tier: String(life.tiersDone.length), percent: '25' }, RULES, at);
      return 'events' in requested ? [...requested.events] : [];
    }
    case 'part':
      return held && !reductionLeft(life).isZero() && life.drift === undefined && !isOpenOrder(life.reduce) && stopStands(life) ? [{ type: 'OrderSending', at, purpose: 'reduce', clientId: idOf('reduce'), attempt, side: 'SELL', quantity: '3' }] : [];
    case 'stop move': {
      const requested = requestStopMove(life, { ...asked, stopPrice: String(98 + life.trades.size) }, RULES.tickSize, at);
      return 'events' in requested ? [...requested.events] : [];
    }
    case 'stop hit':
      return observeOutcome(life, { kind: 'PROTECT', symbol: GPS, clientId: idOf('stop', attempt), side: 'SELL', leg: 'stop', quantity: ZERO, triggerPrice: ZERO }, { result: 'rejected', venueCode: -2021, message: 'Order would immediately trigger.' }, at);
    case 'not sent':
      return isOpenOrder(life.entry) ? [{ type: 'OrderAbandoned', at, clientId: idOf('entry'), code: 'LEASE_LOST', detail: '' }, a.planEnded('LEASE_LOST')] : [];
    case 'closed':
      return phase === 'Closing' && !held ? [a.closed()] : [];
    default:
      return life.entry?.state === 'ended' && life.entry.executedQuantity.isZero() && life.planStage === 'sent' ? [a.planEnded()] : [];
  }
}

function taken(seen: Set<string>, before: Phase, after: Phase, cause: Cause): void {
  assertTransition(before, after, cause);
  seen.add(`${before} → ${after} by ${cause}`);
}

/** @throws when one of the lives leaves the table. */
function walkToldLives(seen: Set<string>, options: { readonly numRuns: number; readonly seed: number }): void {
  fc.assert(
    fc.property(told, ([before, list]) => {
      let life = newLife(GPS);
      for (const one of [...before, ...list]) {
        for (const event of 'type' in one ? [one] : done(life, one[0], one[1])) {
          const next = evolve(life, event);
          taken(seen, phaseOf(life), phaseOf(next), causeOf(event));
          life = next;
        }
      }
    }),
    options,
  );
}

function walkDesks(seen: Set<string>, unknownPositions: 'adopt' | 'leave', options: { readonly numRuns: number; readonly seed: number }): void {
  const steps = fc.array(fc.oneof({ weight: 9, arbitrary: step }, { weight: 4, arbitrary: part }, { weight: 1, arbitrary: hand }), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(steps, (list) => {
      const desk = new DeskModel(unknownPositions);
      for (const one of list) {
        take(desk, one);
        desk.settle();
      }
      comeToRest(desk);
      expect(desk.unrest()).to.equal(undefined);
      let life = newLife(GPS);
      for (const event of desk.journal) {
        const next = evolve(life, event);
        taken(seen, phaseOf(life), phaseOf(next), causeOf(event));
        life = next;
      }
    }),
    options,
  );
}

describe('transitions of a position\'s life', () => {
  it('are of every event, in every phase, and to phases there are', () => {
    const initials = PHASES.map((phase) => phase[0]!);
    expect(new Set(initials).size).to.equal(PHASES.length);
    for (const [cause, row] of Object.entries({ ...FACTS, ...ACTS })) {
      expect(row, cause).to.have.length(PHASES.length);
      for (const cell of row) for (const letter of cell) expect(initials, `${cause}: ${cell}`).to.include(letter);
    }
  });

  it('hear facts in every phase: they are never fenced (ruling 9)', () => {
    for (const cause of Object.keys(FACTS) as Cause[]) for (const from of PHASES) expect(allowedTo(from, cause), `${cause} in ${from}`).not.to.deep.equal([]);
  });

  it('allow an opening from Flat only, and its end only from Closing', () => {
    for (const cause of ['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending entry'] as const) expect(PHASES.filter((from) => allowedTo(from, cause).length > 0), cause).to.deep.equal(['Flat']);
    expect(PHASES.filter((from) => allowedTo(from, 'PositionClosed').length > 0)).to.deep.equal(['Closing']);
  });

  it('never lead from Flat to Protected: a stop is acknowledged in between (failure 88)', () => {
    for (const cause of CAUSES) for (const to of ['Protected', 'Reducing'] as const) expect(allowedTo('Flat', cause), cause).not.to.include(to);
  });

  it('never lose the stop by placing the next one (operators\' 34)', () => {
    expect(allowedTo('Protected', 'ProtectionSending')).to.deep.equal(['Protected']);
    expect(allowedTo('Reducing', 'ProtectionSending')).to.deep.equal(['Reducing']);
  });

  it('that are not in the table are errors which name both phases and the cause', () => {
    for (const cause of CAUSES)
      for (const from of PHASES)
        for (const to of PHASES) {
          if (TABLE.includes(`${from} → ${to} by ${cause}`)) expect(() => assertTransition(from, to, cause)).not.to.throw();
          else expect(() => assertTransition(from, to, cause)).to.throw(`illegal transition ${from} → ${to} by ${cause}:`);
        }
  });

  it('are all that random lives ever take, and each of them is taken by one', () => {
    const seen = new Set<string>();
    walkDesks(seen, 'adopt', { numRuns: 300, seed: 44 });
    walkDesks(seen, 'leave', { numRuns: 300, seed: 45 });
    walkToldLives(seen, { numRuns: 8_000, seed: 3 });
    expect(TABLE.filter((one) => !seen.has(one)), 'in the table and never taken').to.deep.equal([]);
  });
});
