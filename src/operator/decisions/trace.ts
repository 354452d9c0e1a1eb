/** The life of one thing as a chain: decisions from the log and events from the symbol's journal, in order, each with how long it waited and took. */
import { DECISION_STAGES } from '../../protocol/decisions.ts';
import type { DecisionIds } from '../../protocol/decisions.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import type { RecordedDecision, TraceStep, TraceView } from '../../protocol/read-models.ts';
import type { AppendTimes } from './append-times.ts';
import type { LifeSegment } from './life-segments.ts';

/** A chain of this length is a position that has been managed for weeks: the newest are what is asked about. */
const MOST_STEPS = 2_000;

interface Placed {
  readonly step: TraceStep;
  /** Of what happened in the same millisecond, a decision comes before what was recorded of it, in the order of the funnel. */
  readonly rank: number;
}

/** `decisions`: all of the symbols concerned. Empty `steps`: nothing on record has this id. */
export function traceOf(id: string, decisions: readonly RecordedDecision[], segments: readonly LifeSegment[], appends: Pick<AppendTimes, 'of'> = { of: () => undefined }): TraceView {
  const direct = decisions.filter((one) => isNamed(one, (name) => name === id));
  const lives = livesOf(id, direct, segments);
  // By its plan a refused intent would be taken for the position that the same signal became a minute later.
  const names = new Set<string>([id, ...lives.flatMap((life) => [...life.ids]), ...direct.flatMap((one) => one.ids?.intentId ?? [])]);
  // The same signal is decided again each minute under the same plan: who asks for one intent is not told of the others.
  const asksForPlan = lives.some((life) => life.planId === id) || direct.some((one) => one.ids?.planId === id);
  const intents = new Set([...lives.map((life) => life.intentId), ...(lives.length > 0 && !direct.some((one) => one.ids?.intentId === id) ? [] : direct.map((one) => one.ids?.intentId))].filter((name) => name !== undefined));
  const own = (one: RecordedDecision) => asksForPlan || intents.size === 0 || one.ids?.intentId === undefined || intents.has(one.ids.intentId);
  const chain = decisions.filter((one) => isNamed(one, (name) => names.has(name)) && own(one));
  const steps = [...chain.map(decisionStep), ...lives.flatMap((life) => lifeSteps(life, appends))].toSorted((a, b) => a.step.at - b.step.at || a.rank - b.rank).map(({ step }) => step);
  return { id, ids: namesOf(chain, lives), steps: steps.slice(-MOST_STEPS) };
}

function livesOf(id: string, direct: readonly RecordedDecision[], segments: readonly LifeSegment[]): readonly LifeSegment[] {
  const named = segments.filter((life) => life.ids.has(id));
  if (named.length > 0) return named;
  const ids = new Set(direct.flatMap((one) => [one.ids?.intentId, one.ids?.positionId]).filter((name) => name !== undefined));
  return segments.filter((life) => [life.intentId, life.positionId].some((name) => name !== undefined && ids.has(name as never)));
}

function idsOf({ ids = {} }: RecordedDecision): readonly string[] {
  return Object.values(ids).filter((id): id is NonNullable<typeof id> => id !== undefined);
}

function isNamed(decision: RecordedDecision, is: (id: string) => boolean): boolean {
  return idsOf(decision).some(is);
}

function namesOf(chain: readonly RecordedDecision[], lives: readonly LifeSegment[]): TraceView['ids'] {
  const [life] = lives;
  const first = (name: 'intentId' | 'planId' | 'permitId' | 'clientId' | 'positionId') => chain.map((one) => one.ids?.[name]).find((id) => id !== undefined);
  const found = { intentId: life?.intentId ?? first('intentId'), planId: life?.planId ?? first('planId'), permitId: life?.permitId ?? first('permitId'), clientId: life?.clientIds[0] ?? first('clientId'), positionId: life?.positionId ?? first('positionId') };
  return { ...(Object.fromEntries(Object.entries(found).filter(([, id]) => id !== undefined)) as DecisionIds), orderIds: lives.flatMap((one) => one.orderIds) };
}

function decisionStep(decision: RecordedDecision): Placed {
  const { stage, by, outcome, at, lastAt, count, action, ids, denials, inputs, queueMs, serviceMs } = decision;
  const details = { ...(action === undefined ? {} : { action }), ...(ids === undefined ? {} : { ids }), ...(denials === undefined ? {} : { denials }), ...(inputs === undefined ? {} : { inputs }), ...(count === 1 ? {} : { count, lastAt }) };
  return { rank: DECISION_STAGES.indexOf(stage), step: { at, step: stage, by, outcome, queueMs: queueMs ?? null, serviceMs: serviceMs ?? null, details } };
}

/** What the step answers. By the executor's clock that took append, redemption and venue together. */
const ANSWERS = { OrderReported: 'OrderSending', OrderRejected: 'OrderSending', OrderAbandoned: 'OrderSending', OrderAmbiguous: 'OrderSending', OrderAbsent: 'OrderSending', ProtectionPlaced: 'ProtectionSending', ProtectionLost: 'ProtectionSending' } as const satisfies Partial<Record<LifeEvent['type'], LifeEvent['type']>>;

function lifeSteps({ symbol, events }: LifeSegment, appends: Pick<AppendTimes, 'of'>): readonly Placed[] {
  const sentAt = new Map<string, number>();
  const answered = new Set<string>();
  return events.map((event) => {
    const { type, at, ...details } = event;
    const clientId = 'clientId' in event ? event.clientId : undefined;
    if (clientId !== undefined && (type === 'OrderSending' || type === 'ProtectionSending')) sentAt.set(clientId, at);
    const answers = type in ANSWERS && clientId !== undefined && !answered.has(clientId);
    const asked = answers ? sentAt.get(clientId) : undefined;
    if (answers) answered.add(clientId);
    const appendMs = clientId === undefined ? undefined : appends.of(clientId);
    const took = hopOf(type, asked === undefined ? undefined : Math.max(0, at - asked), appendMs);
    return { rank: DECISION_STAGES.length, step: { at, step: type, by: `executor/${symbol}`, outcome: outcomeOf(event), ...took, details } };
  });
}

/** Of a write-ahead: the append. Of its answer: the wait for the append where that is known, then redeeming, the venue and the way back. */
function hopOf(type: LifeEvent['type'], tookMs: number | undefined, appendMs: number | undefined): Pick<TraceStep, 'queueMs' | 'serviceMs'> {
  if (type === 'OrderSending' || type === 'ProtectionSending') return { queueMs: null, serviceMs: appendMs ?? null };
  if (tookMs === undefined) return { queueMs: null, serviceMs: null };
  return appendMs === undefined ? { queueMs: null, serviceMs: tookMs } : { queueMs: appendMs, serviceMs: Math.max(0, Math.round((tookMs - appendMs) * 1_000) / 1_000) };
}

function outcomeOf(event: LifeEvent): string {
  switch (event.type) {
    case 'OrderReported':
      return event.status;
    case 'OrderRejected':
      return `VENUE_REJECTED ${event.venueCode}`;
    case 'OrderAbandoned':
    case 'PlanEnded':
      return event.code;
    case 'PositionClosed':
      return event.reason;
    default:
      return 'recorded';
  }
}
