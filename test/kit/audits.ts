/** A story that both sides tell, journal and venue, for tests of the auditor: change one side, and there is a finding. */
import { decimal } from '../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import type { VenueAlgoOrder, VenueOrder, VenuePosition, VenueTrade } from '../../src/protocol/venue.ts';
import { audit } from '../../src/rules/audit.ts';
import type { AuditReport, AuditTerms, RecordedLife, VenueFacts } from '../../src/rules/audit/facts.ts';
import { GPS, NOW } from './decisions.ts';
import { idOf, tell } from './lives.ts';

export const a = tell();
export const TERMS: AuditTerms = { tags: ['test'], since: NOW - 1_000, settledBefore: NOW + 60_000, now: NOW + 60_000, nakedBoundMs: 12_000 };

export function order(fields: Partial<VenueOrder> = {}): VenueOrder {
  return { symbol: GPS, clientId: idOf('entry'), orderId: '1', side: 'BUY', type: 'LIMIT', status: 'FILLED', quantity: decimal('10'), executedQuantity: decimal('10'), price: decimal('100'), reduceOnly: false, updatedAt: NOW + 10, ...fields };
}
export function stop(fields: Partial<VenueAlgoOrder> = {}): VenueAlgoOrder {
  return { symbol: GPS, clientId: idOf('stop'), algoId: '7', side: 'SELL', type: 'STOP_MARKET', status: 'NEW', quantity: decimal('10'), triggerPrice: decimal('98'), reduceOnly: true, createdAt: NOW + 20, updatedAt: NOW + 20, ...fields };
}
export function trade(fields: Partial<VenueTrade> = {}): VenueTrade {
  return { symbol: GPS, tradeId: '11', orderId: '1', side: 'BUY', price: decimal('100'), quantity: decimal('10'), commission: decimal('0.05'), commissionAsset: 'USDT', realizedPnl: decimal('0'), at: NOW + 10, ...fields };
}
export function position(quantity = 10): VenuePosition {
  return { symbol: GPS, quantity: decimal(String(quantity)), entryPrice: decimal('100'), markPrice: decimal('100'), unrealizedPnl: decimal('0'), updatedAt: NOW + 10 };
}
export const close = (fields: Partial<VenueOrder> = {}): VenueOrder => order({ clientId: idOf('close'), orderId: '2', side: 'SELL', type: 'MARKET', reduceOnly: true, updatedAt: NOW + 70, ...fields });

const filled = a.fill(10, { tradeId: '11', orderId: '1' });
/** Opened, protected by a stop and a target, and so it stands. */
export const HELD: readonly LifeEvent[] = [...a.opening(), a.reported('FILLED', 10, idOf('entry'), '1'), filled, a.sending('stop'), a.placed('stop'), a.sending('target'), a.placed('target')];
export const TARGET = stop({ clientId: idOf('target'), algoId: '8', type: 'TAKE_PROFIT_MARKET', triggerPrice: decimal('104') });
export const HELD_AT_VENUE: VenueFacts = { orders: [order()], algoOrders: [stop(), TARGET], trades: [trade()], positions: [position()] };
/** … then closed by an order of ours, with its protections cancelled. */
export const OVER: readonly LifeEvent[] = [...HELD, a.closeRequested(), a.closing(), a.fill(10, { tradeId: '12', orderId: '2', side: 'SELL', at: 70 }), a.ended('stop', 'cancelled'), a.ended('target', 'cancelled'), a.closed()];
export const OVER_AT_VENUE: VenueFacts = { orders: [order(), close()], algoOrders: [stop({ status: 'CANCELED', updatedAt: NOW + 80 }), { ...TARGET, status: 'CANCELED', updatedAt: NOW + 80 }], trades: [trade(), trade({ tradeId: '12', orderId: '2', side: 'SELL', at: NOW + 70 })], positions: [] };

export function look(venue: VenueFacts, recorded: readonly LifeEvent[] | RecordedLife = HELD, terms: Partial<AuditTerms> = {}): AuditReport {
  return audit(venue, new Map([[GPS, 'events' in recorded ? recorded : { events: recorded }]]), { ...TERMS, ...terms });
}
