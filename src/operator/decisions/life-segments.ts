/** The events of a symbol by the life they belong to: from an intent, or an adopted position, to flat; with every id that names it. */
import type { JournalEntryDraft } from '../../protocol/messages.ts';
import { messageOf } from '../../protocol/errors.ts';
import { parseLifeEvent } from '../../protocol/life-events.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import { SNAPSHOT_TYPE } from '../../protocol/versions.ts';

export interface LifeSegment {
  readonly symbol: string;
  readonly events: readonly LifeEvent[];
  /** Intent, plan, permit, client, order, algo, position, mandate and trade ids. */
  readonly ids: ReadonlySet<string>;
  readonly intentId: string | undefined;
  readonly planId: string | undefined;
  readonly permitId: string | undefined;
  readonly positionId: string | undefined;
  readonly clientIds: readonly string[];
  readonly orderIds: readonly string[];
}

interface Growing {
  readonly symbol: string;
  readonly events: LifeEvent[];
  readonly ids: Set<string>;
  intentId: string | undefined;
  planId: string | undefined;
  permitId: string | undefined;
  positionId: string | undefined;
  readonly clientIds: Set<string>;
  readonly orderIds: Set<string>;
  ended: boolean;
}

/** `faults`: entries that are none of ours, by number. */
export function segmentsOf(symbol: string, entries: readonly JournalEntryDraft[]): { readonly segments: readonly LifeSegment[]; readonly faults: readonly string[] } {
  const segments: Growing[] = [];
  const faults: string[] = [];
  for (const { entity, sequence, type, version, at, payload } of entries) {
    // What a Snapshot says, the events before it have said.
    if (type === SNAPSHOT_TYPE) continue;
    try {
      take(segments, symbol, parseLifeEvent(type, version, at, payload));
    } catch (error) {
      faults.push(`${entity} #${sequence}: ${messageOf(error)}`);
    }
  }
  return { segments: segments.map((one) => ({ ...one, clientIds: [...one.clientIds], orderIds: [...one.orderIds] })), faults };
}

function take(segments: Growing[], symbol: string, event: LifeEvent): void {
  const last = segments.at(-1);
  const begins = last === undefined || event.type === 'IntentAccepted' || (event.type === 'PositionAdopted' && last.ended);
  const segment = begins ? begin(segments, symbol) : ownerOf(segments, event) ?? last;
  segment.events.push(event);
  note(segment, event);
}

function begin(segments: Growing[], symbol: string): Growing {
  const segment: Growing = { symbol, events: [], ids: new Set(), intentId: undefined, planId: undefined, permitId: undefined, positionId: undefined, clientIds: new Set(), orderIds: new Set(), ended: false };
  segments.push(segment);
  return segment;
}

/** A late fill, say, of a position that has ended: the newest life that knows its order. */
function ownerOf(segments: readonly Growing[], event: LifeEvent): Growing | undefined {
  const ids = idsIn(event);
  return segments.findLast((segment) => ids.some((id) => segment.ids.has(id)));
}

function note(segment: Growing, event: LifeEvent): void {
  for (const id of idsIn(event)) segment.ids.add(id);
  if ('clientId' in event) segment.clientIds.add(event.clientId);
  if ('orderId' in event && event.orderId !== undefined) segment.orderIds.add(event.orderId);
  if ('algoId' in event) segment.orderIds.add(event.algoId);
  if ('positionId' in event) segment.positionId = event.positionId;
  switch (event.type) {
    case 'IntentAccepted':
      segment.intentId = event.intent.intentId;
      break;
    case 'PlanMade':
      segment.planId = event.plan.planId;
      segment.intentId ??= event.plan.intentId;
      break;
    case 'PermitGranted':
      segment.permitId = event.permitId;
      break;
    case 'OrderSending':
      // An opened position has the name of its plan (`rules/position-life/evolve.ts`).
      if (event.purpose === 'entry') segment.positionId ??= segment.planId;
      break;
    case 'PositionClosed':
    case 'PlanEnded':
      segment.ended = true;
      break;
    default:
  }
}

/** Every text of the event that names something. */
function idsIn(event: LifeEvent): readonly string[] {
  const named: readonly (string | undefined)[] = [
    'clientId' in event ? event.clientId : undefined,
    'orderId' in event ? event.orderId : undefined,
    'algoId' in event ? event.algoId : undefined,
    'positionId' in event ? event.positionId : undefined,
    'permitId' in event ? event.permitId : undefined,
    'planId' in event ? event.planId : undefined,
    'tradeId' in event ? event.tradeId : undefined,
    'mandate' in event ? event.mandate.mandateId : undefined,
    ...(event.type === 'IntentAccepted' ? [event.intent.intentId] : []),
    ...(event.type === 'PlanMade' ? [event.plan.planId, event.plan.intentId] : []),
  ];
  return named.filter((id): id is string => id !== undefined && id !== '');
}
