/** Life events come back from the journal as they went in, or are refused with the reason. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LIFE_EVENT_VERSION, parseLifeEvent } from '../../src/protocol/life-events.ts';
import type { LifeEvent, LifeEventType } from '../../src/protocol/life-events.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { CHINESE, makeIntent, makePlan, NOW } from '../kit/decisions.ts';
import type { ClientId, MandateId, PositionId } from '../../src/protocol/names.ts';

const clientId = 'x-15PC4ZJyabcdeaaaaaaaaaaaaaaaaaaaa' as ClientId;
const positionId = 'plan-1' as PositionId;
const mandate = { mandateId: 'mandate-plan-1' as MandateId, symbol: CHINESE, side: 'SHORT' as const, maxQuantity: '5.91' };
const at = NOW;

/** One of each type; the record makes the compiler ask for a new one. */
const EXAMPLES: { readonly [Type in LifeEventType]: Extract<LifeEvent, { type: Type }> } = {
  IntentAccepted: { type: 'IntentAccepted', at, intent: makeIntent({ symbol: CHINESE }) },
  PlanMade: { type: 'PlanMade', at, plan: makePlan({ symbol: CHINESE }) },
  PermitGranted: { type: 'PermitGranted', at, permitId: 'permit-1', clientId, checks: ['PRICE_STALE'], tradingEpoch: 4, expiresAt: at + 5_000, mandate },
  OrderSending: { type: 'OrderSending', at, purpose: 'entry', clientId, attempt: 1, side: 'SELL', quantity: '5.91', price: '33.738' },
  OrderAbandoned: { type: 'OrderAbandoned', at, clientId, code: 'PERMIT_EPOCH', detail: 'granted in trading epoch 1, now 2' },
  OrderReported: { type: 'OrderReported', at, clientId, orderId: '9007199254740993', status: 'FILLED', executedQuantity: '5.91' },
  OrderRejected: { type: 'OrderRejected', at, clientId, venueCode: -2019, message: 'Margin is insufficient.' },
  OrderAmbiguous: { type: 'OrderAmbiguous', at, clientId, cause: 'no answer within 8000 ms' },
  OrderAbsent: { type: 'OrderAbsent', at, clientId },
  FillRecorded: { type: 'FillRecorded', at, tradeId: '17', orderId: '9007199254740993', side: 'SELL', price: '33.7', quantity: '5.91', commission: '0.0996', commissionAsset: 'USDT', realizedPnl: '-1.25', tradedAt: at - 5 },
  OrderRecognised: { type: 'OrderRecognised', at, orderId: '9007199254740993', clientId: 'autoclose-1' as ClientId, by: 'LIQUIDATION', side: 'BUY', quantity: '5.91' },
  ProtectionSending: { type: 'ProtectionSending', at, leg: 'stop', clientId, attempt: 2, side: 'BUY', quantity: '5.91', triggerPrice: '34.4' },
  ProtectionPlaced: { type: 'ProtectionPlaced', at, leg: 'stop', clientId, algoId: '1000000000000000001' },
  ProtectionTriggered: { type: 'ProtectionTriggered', at, leg: 'target', clientId, orderId: '18' },
  ProtectionEnded: { type: 'ProtectionEnded', at, leg: 'stop', clientId, cause: 'cancelled' },
  ProtectionLost: { type: 'ProtectionLost', at, leg: 'stop', clientId, cause: 'vanished' },
  StopRefused: { type: 'StopRefused', at, clientId, venueCode: -4120, message: 'Order type not supported for this endpoint.' },
  CloseRequested: { type: 'CloseRequested', at, reason: 'NAKED', by: 'executor' },
  ReduceRequested: { type: 'ReduceRequested', at, positionId, tier: '1', quantity: '5797', reason: 'TIER', by: 'exits' },
  StopMoveRequested: { type: 'StopMoveRequested', at, positionId, stopPrice: '0.00864', reason: 'PROFIT_LOCK', by: 'exits' },
  PositionAdopted: { type: 'PositionAdopted', at, positionId, quantity: '-5.91', entryPrice: '33.7', cause: 'the venue states it', mandate },
  DriftFound: { type: 'DriftFound', at, journal: '0', venue: '-5.91' },
  DriftCleared: { type: 'DriftCleared', at, venue: '0' },
  PositionClosed: { type: 'PositionClosed', at, positionId, reason: 'STOP', realizedPnl: '-4.1', commission: '0.2' },
  PlanEnded: { type: 'PlanEnded', at, planId: 'plan-1', code: 'ENTRY_UNFILLED', detail: 'nothing at its price' },
};
const all: readonly LifeEvent[] = Object.values(EXAMPLES);
const payloadOf = ({ type: _type, at: _at, ...payload }: LifeEvent): Record<string, unknown> => payload;

function expectRefused(read: () => unknown, message: string): void {
  expect(read).to.throw(VigilError, message).that.includes({ code: 'JOURNAL_FOREIGN' });
}

describe('life events', () => {
  for (const event of all) {
    it(`${event.type} comes back from JSON as it was`, () => {
      expect(parseLifeEvent(event.type, LIFE_EVENT_VERSION, event.at, JSON.parse(JSON.stringify(payloadOf(event))))).to.deep.equal(event);
    });
  }

  it('what is optional may be missing', () => {
    const { detail: _detail, ...ended } = EXAMPLES.PlanEnded;
    const { orderId: _orderId, ...triggered } = EXAMPLES.ProtectionTriggered;
    for (const event of [ended, triggered]) expect(parseLifeEvent(event.type, 1, at, payloadOf(event))).to.deep.equal(event);
  });

  it('a field too many, missing or of another kind is refused, and the error names the field', () => {
    for (const event of all) {
      expect(() => parseLifeEvent(event.type, 1, at, { ...payloadOf(event), extra: 1 }), event.type).to.throw(/extra/);
      for (const field of Object.keys(payloadOf(event)).filter((name) => name !== 'detail' && !(event.type === 'ProtectionTriggered' && name === 'orderId') && !(event.type === 'OrderRecognised' && (name === 'side' || name === 'quantity')) && !(event.type === 'OrderSending' && name === 'price'))) {
        const { [field]: _gone, ...rest } = payloadOf(event);
        expect(() => parseLifeEvent(event.type, 1, at, rest), `${event.type} without ${field}`).to.throw(new RegExp(field));
        expect(() => parseLifeEvent(event.type, 1, at, { ...rest, [field]: Symbol.iterator }), `${event.type} with a wrong ${field}`).to.throw(new RegExp(field));
      }
    }
  });

  it('a number is no decimal, and neither is text with an exponent', () => {
    for (const quantity of [5.91, '1e-7', '', 'NaN', '0x10']) {
      expect(() => parseLifeEvent('FillRecorded', 1, at, { ...payloadOf(EXAMPLES.FillRecorded), quantity }), String(quantity)).to.throw(/quantity/);
    }
  });

  it('another version is refused, with both versions', () => {
    for (const version of [3, 99]) expectRefused(() => parseLifeEvent('DriftCleared', version, at, { venue: '0' }), `life event DriftCleared has version ${version}; this build knows 2`);
    for (const version of [0, -1, 0.5]) expectRefused(() => parseLifeEvent('DriftCleared', version, at, { venue: '0' }), `life event DriftCleared has version ${version}, which never was`);
  });

  it('an unknown type is refused, and so is the name of something every object has', () => {
    for (const type of ['Nonsense', 'toString', '__proto__', 'constructor', 'hasOwnProperty', '']) expectRefused(() => parseLifeEvent(type, 1, at, {}), `life event "${type}" is of no type this build knows`);
  });

  it('a Snapshot is an entry of the stream, and no event', () => {
    expect(() => parseLifeEvent('Snapshot', 1, at, {})).to.throw(RangeError, 'Snapshot is no life event');
  });

  it('no payload whatever is read as an event that it is not', () => {
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.anything(), (event, payload) => {
        expect(() => parseLifeEvent(event.type, 1, at, payload)).to.throw();
      }),
      { numRuns: 1_000, seed: 80 },
    );
  });
});
