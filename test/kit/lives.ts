/** A life told by short sentences: each makes one event, so that a test reads as what happened. */
import { decimal } from '../../src/protocol/decimal.ts';
import type { LifeEvent, OrderOwner } from '../../src/protocol/life-events.ts';
import type { ClientId, MandateId, OrderSide, PlanId, PositionId, PositionSide } from '../../src/protocol/names.ts';
import { closingSide, openingSide } from '../../src/protocol/names.ts';
import type { ProtectionLeg } from '../../src/protocol/venue.ts';
import { clientIdFor } from '../../src/rules/client-ids.ts';
import { evolve } from '../../src/rules/position-life/evolve.ts';
import { newLife } from '../../src/rules/position-life/life.ts';
import type { Life } from '../../src/rules/position-life/life.ts';
import type { Situation } from '../../src/rules/position-life/situation.ts';
import { GPS, makeIntent, makePlan, NOW } from './decisions.ts';

const PLAN = 'plan-1' as PlanId;
export const idOf = (leg: 'entry' | 'close' | 'reduce' | ProtectionLeg, attempt = 1, of: string = PLAN): ClientId => clientIdFor('test', leg, of, attempt);

/** Events of a position of 10 at 100, LONG unless said otherwise; `at` is ms after NOW. */
export function tell(side: PositionSide = 'LONG') {
  const order = openingSide(side);
  const mandate = { mandateId: 'mandate-1' as MandateId, symbol: GPS, side, maxQuantity: '10' };
  let trades = 0;
  return {
    opening: (at = 0): LifeEvent[] => [
      { type: 'IntentAccepted', at: NOW + at, intent: makeIntent({ side }) },
      { type: 'PlanMade', at: NOW + at, plan: makePlan({ planId: PLAN, side, quantity: '10', limitPrice: '100' }) },
      { type: 'PermitGranted', at: NOW + at, permitId: 'permit-1', clientId: idOf('entry'), checks: [], tradingEpoch: 1, expiresAt: NOW + at + 5_000, mandate },
      { type: 'OrderSending', at: NOW + at, purpose: 'entry', clientId: idOf('entry'), attempt: 1, side: order, quantity: '10', price: '100' },
    ],
    reported: (status: string, executed: number, clientId = idOf('entry'), orderId = 'o-entry'): LifeEvent => ({ type: 'OrderReported', at: NOW + 10, clientId, orderId, status, executedQuantity: String(executed) }),
    fill: (quantity: number, fields: { side?: OrderSide; price?: string; at?: number; orderId?: string; tradeId?: string } = {}): LifeEvent => ({ type: 'FillRecorded', at: NOW + (fields.at ?? 10), tradeId: fields.tradeId ?? `t-${++trades}`, orderId: fields.orderId ?? 'o-entry', side: fields.side ?? order, price: fields.price ?? '100', quantity: String(quantity), commission: '0.05', commissionAsset: 'USDT', realizedPnl: '0', tradedAt: NOW + (fields.at ?? 10) }),
    sending: (leg: ProtectionLeg, fields: { attempt?: number; quantity?: number; price?: string; at?: number } = {}): LifeEvent => ({ type: 'ProtectionSending', at: NOW + (fields.at ?? 20), leg, clientId: idOf(leg, fields.attempt), attempt: fields.attempt ?? 1, side: closingSide(side), quantity: String(fields.quantity ?? 10), triggerPrice: fields.price ?? ((leg === 'stop') === (side === 'LONG') ? '98' : leg === 'stop' ? '102' : side === 'LONG' ? '104' : '96') }),
    placed: (leg: ProtectionLeg, attempt = 1): LifeEvent => ({ type: 'ProtectionPlaced', at: NOW + 30, leg, clientId: idOf(leg, attempt), algoId: `a-${leg}-${attempt}` }),
    triggered: (leg: ProtectionLeg, attempt = 1): LifeEvent => ({ type: 'ProtectionTriggered', at: NOW + 40, leg, clientId: idOf(leg, attempt), orderId: `o-${leg}` }),
    ended: (leg: ProtectionLeg, cause: string, attempt = 1, at = 50): LifeEvent => ({ type: 'ProtectionEnded', at: NOW + at, leg, clientId: idOf(leg, attempt), cause }),
    lost: (leg: ProtectionLeg, cause: string, attempt = 1, at = 50): LifeEvent => ({ type: 'ProtectionLost', at: NOW + at, leg, clientId: idOf(leg, attempt), cause }),
    closing: (attempt = 1): LifeEvent => ({ type: 'OrderSending', at: NOW + 60, purpose: 'close', clientId: idOf('close', attempt), attempt, side: closingSide(side), quantity: '10', reason: 'OPERATOR' }),
    closeRequested: (reason = 'OPERATOR'): LifeEvent => ({ type: 'CloseRequested', at: NOW + 55, reason, by: 'test' }),
    ambiguous: (clientId = idOf('entry')): LifeEvent => ({ type: 'OrderAmbiguous', at: NOW + 15, clientId, cause: 'no answer' }),
    absent: (clientId = idOf('entry')): LifeEvent => ({ type: 'OrderAbsent', at: NOW + 15_000, clientId }),
    rejected: (clientId = idOf('entry')): LifeEvent => ({ type: 'OrderRejected', at: NOW + 15, clientId, venueCode: -2019, message: 'Margin is insufficient.' }),
    adopted: (quantity: number, through?: number): LifeEvent => ({ type: 'PositionAdopted', at: NOW + 70, positionId: PLAN as string as PositionId, quantity: String(quantity), entryPrice: '100', cause: 'test', mandate: { ...mandate, side: quantity < 0 ? 'SHORT' : 'LONG', maxQuantity: String(Math.abs(quantity)) }, ...(through === undefined ? {} : { through: NOW + through }) }),
    drift: (venue: number): LifeEvent => ({ type: 'DriftFound', at: NOW + 70, journal: '0', venue: String(venue) }),
    recognised: (orderId: string, by: OrderOwner): LifeEvent => ({ type: 'OrderRecognised', at: NOW + 45, orderId, clientId: `id-${orderId}` as ClientId, by, side: closingSide(side), quantity: '10' }),
    closed: (): LifeEvent => ({ type: 'PositionClosed', at: NOW + 90, positionId: PLAN as string as PositionId, reason: 'STOP', realizedPnl: '0', commission: '0.1' }),
    planEnded: (code = 'ENTRY_UNFILLED'): LifeEvent => ({ type: 'PlanEnded', at: NOW + 90, planId: PLAN, code }),
    /** Filled whole and answered for. */
    opened(): LifeEvent[] {
      return [...this.opening(), this.reported('FILLED', 10), this.fill(10)];
    },
    /** … with stop and target at the venue. */
    protected(): LifeEvent[] {
      return [...this.opened(), this.sending('stop'), this.placed('stop'), this.sending('target'), this.placed('target')];
    },
  };
}

/** Events of both sides, for stories that no life would tell: the fold must bear any of them in any order. */
export function anyEvents(): readonly LifeEvent[] {
  const a = tell();
  const b = tell('SHORT');
  const positionId = PLAN as string as PositionId;
  return [
    ...a.protected(), ...b.protected(), a.triggered('stop'), a.triggered('target'), a.ended('stop', 'finished'), a.ended('target', 'vanished'), a.sending('stop', { attempt: 2, quantity: 4 }), a.placed('stop', 2), a.lost('target', 'vanished'), a.lost('stop', 'not sent', 2),
    a.closeRequested(), a.closing(), a.reported('FILLED', 10, idOf('close'), 'o-close'), a.reported('PARTIALLY_FILLED', 3), a.ambiguous(), a.ambiguous(idOf('close')), a.absent(), a.rejected(), a.adopted(-4), a.adopted(7), a.adopted(5, 12), a.drift(3),
    // Averages that no decimal ends.
    a.fill(3, { price: '100.1', tradeId: 'x-1' }), b.fill(7, { price: '99.7', tradeId: 'x-2' }), a.fill(7, { side: 'SELL', price: '0.00003', orderId: 'o-reduce', tradeId: 'x-3' }),
    { type: 'DriftCleared', at: NOW, venue: '0' }, { type: 'OrderAbandoned', at: NOW, clientId: idOf('entry'), code: 'PERMIT_EXPIRED', detail: '' },
    { type: 'ReduceRequested', at: NOW + 45, positionId, tier: '1', quantity: '3', reason: 'TIER', by: 'exits' }, { type: 'OrderSending', at: NOW + 46, purpose: 'reduce', clientId: idOf('reduce'), attempt: 1, side: 'SELL', quantity: '3', reason: 'TIER' }, { type: 'StopMoveRequested', at: NOW + 47, positionId, stopPrice: '101.5', reason: 'PROFIT_LOCK', by: 'exits' },
    { type: 'OrderRecognised', at: NOW + 48, orderId: 'o-reduce', clientId: 'adl_autoclose' as ClientId, by: 'ADL', side: 'SELL', quantity: '7' }, { type: 'StopRefused', at: NOW + 49, clientId: idOf('stop'), venueCode: -4045, message: 'Reach max stop order limit.' },
    a.closed(), a.planEnded(),
  ];
}

export function lifeOf(...events: readonly (LifeEvent | readonly LifeEvent[])[]): Life {
  return events.flat().reduce(evolve, newLife(GPS));
}

export function makeSituation(fields: Partial<Situation> = {}): Situation {
  return { now: NOW + 100, tickSize: decimal('0.1'), largestOrder: undefined, stopLossPercent: '2', takeProfitPercent: '4', nakedCloseMs: 10_000, guardedSince: 0, mark: undefined, flat: undefined, inFlight: new Set(), clientId: (leg, of, attempt) => idOf(leg, attempt, of), ...fields };
}
