/** What the journal tells of one symbol: what allowed each id, which plan it was for, and which fills it has. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal } from '../../protocol/decimal.ts';
import type { LifeEvent, LifeEventOf } from '../../protocol/life-events.ts';
import type { OrderSide, PositionSide } from '../../protocol/names.ts';
import type { AuditedSymbol } from './facts.ts';
import { clientIdFor } from '../client-ids.ts';
import { evolve } from '../position-life/evolve.ts';
import type { Life } from '../position-life/life.ts';
import { ordersOf } from '../position-life/standing.ts';

/** What the journal allowed under one client id. */
export interface Allowed {
  readonly by: 'permit' | 'mandate';
  readonly side: OrderSide;
  /** The most that was allowed. */
  readonly quantity: Decimal;
  /** The intent that an entry came from. */
  readonly decision: string | undefined;
  /** Its record says that it was never sent after all. */
  abandoned: boolean;
}

export interface Story {
  /** By client id; an id that is missing was never allowed. */
  readonly allowed: ReadonlyMap<string, Allowed>;
  /** Ids of orders that could have been sent without a record, because a mandate stood (ruling 36), with its side. */
  readonly derivable: ReadonlyMap<string, { readonly side: PositionSide; readonly quantity: Decimal }>;
  readonly fills: ReadonlyMap<string, LifeEventOf<'FillRecorded'>>;
  /** When the venue's word became the position. */
  readonly adoptedAt: readonly number[];
  /** When a position was over. */
  readonly closedAt: readonly number[];
  /** Order ids that the journal knows as ours. */
  readonly orderIds: ReadonlySet<string>;
  readonly life: Life;
  readonly lastEventAt: number;
}

/** Attempts beyond this are not looked for among ids without a record: a journal is not away for so many. */
const ATTEMPTS_TRIED = 20;

export function storyOf({ events, start, terms }: AuditedSymbol): Story {
  const allowed = new Map<string, Allowed>();
  const mandated = new Map<string, { readonly side: PositionSide; readonly quantity: Decimal }>();
  const fills = new Map<string, LifeEventOf<'FillRecorded'>>();
  const orderIds = new Set<string>();
  const adoptedAt: number[] = [];
  const closedAt: number[] = [];
  let life = start;

  function noteMandate(): void {
    const { mandate, positionId } = life;
    if (mandate !== undefined && positionId !== undefined) mandated.set(positionId, { side: mandate.side, quantity: decimal(mandate.maxQuantity) });
  }

  function note(event: LifeEvent): void {
    if (event.type === 'FillRecorded') fills.set(event.tradeId, event);
    if (event.type === 'PositionAdopted') adoptedAt.push(event.at);
    if (event.type === 'PositionClosed') closedAt.push(event.at);
    if (event.type === 'OrderReported') orderIds.add(event.orderId);
    if (event.type === 'ProtectionTriggered' && event.orderId !== undefined) orderIds.add(event.orderId);
    if (event.type === 'OrderAbandoned') {
      const known = allowed.get(event.clientId);
      if (known !== undefined) known.abandoned = true;
    }
    noteMandate();
    if (event.type !== 'OrderSending' && event.type !== 'ProtectionSending') return;
    if (life.mandate === undefined) return;
    const entry = event.type === 'OrderSending' && event.purpose === 'entry';
    allowed.set(event.clientId, { by: entry ? 'permit' : 'mandate', side: event.side, quantity: decimal(event.quantity), decision: entry ? life.plan?.intentId : undefined, abandoned: false });
  }

  // What a snapshot holds was allowed before it.
  noteMandate();
  for (const order of ordersOf(start)) allowed.set(order.clientId, { by: order.purpose === 'entry' ? 'permit' : 'mandate', side: order.side, quantity: order.quantity, decision: order.purpose === 'entry' ? start.plan?.intentId : undefined, abandoned: false });
  for (const record of [start.stop, start.target, ...start.stale]) if (record !== undefined) allowed.set(record.clientId, { by: 'mandate', side: record.side, quantity: record.quantity, decision: undefined, abandoned: false });
  for (const event of events) {
    life = evolve(life, event);
    note(event);
  }
  return { allowed, derivable: derived(mandated, terms.tags), fills, adoptedAt, closedAt, orderIds, life, lastEventAt: events.at(-1)?.at ?? 0 };
}

/** A part always waits for its record, so its ids are not among them. */
function derived(mandated: ReadonlyMap<string, { readonly side: PositionSide; readonly quantity: Decimal }>, tags: readonly string[]): Story['derivable'] {
  const ids = new Map<string, { readonly side: PositionSide; readonly quantity: Decimal }>();
  for (const [positionId, mandate] of mandated)
    for (const tag of tags)
      for (const prefix of ['sdk', 'none'] as const)
        for (const leg of ['close', 'stop', 'target'] as const) for (let attempt = 1; attempt <= ATTEMPTS_TRIED; attempt += 1) ids.set(clientIdFor(tag, leg, positionId, attempt, prefix), mandate);
  return ids;
}
