/** Every change of the life goes through here: folded, checked against the table of phases, journalled in order, logged, counted. */
import type { Denial, DenialCode } from '../../protocol/denials.ts';
import { DENIALS } from '../../protocol/denials.ts';
import type { Stage } from '../../protocol/decisions.ts';
import { LIFE_EVENT_VERSION } from '../../protocol/life-events.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import { SNAPSHOT_TYPE } from '../../protocol/versions.ts';
import { decided } from '../decided.ts';
import { evolve } from '../../rules/position-life/evolve.ts';
import { oddities } from '../../rules/position-life/owners.ts';
import { phaseOf } from '../../rules/position-life/phase.ts';
import { lifeSnapshot } from '../../rules/position-life/snapshot.ts';
import { assertTransition, causeOf } from '../../rules/position-life/transitions.ts';
import { snapshotDue, withEntry } from '../../rules/snapshots.ts';
import type { ExecutorContext, ExecutorInternal, ExecutorState } from './state.ts';

const APPEND_TIMEOUT_MS = 5_000;
const RETRY_APPEND_MS = 1_000;

export function entityOf(symbol: string): string {
  return `symbol/${symbol}`;
}

/** Applies events in order. In memory they count at once; what must not be done before they are durable waits (`waiting`). */
export function record(state: ExecutorState, events: readonly LifeEvent[], ctx: ExecutorContext): void {
  for (const event of events) {
    const before = phaseOf(state.life);
    const life = evolve(state.life, event);
    assertTransition(before, phaseOf(life), causeOf(event));
    if (!life.holding.quantity.isEqualTo(state.life.holding.quantity)) {
      state.holdingChangedAt = ctx.clock.monotonic();
      state.flat = undefined;
      state.agreedAt = 0;
    }
    if (event.type === 'ProtectionTriggered' || event.type === 'ProtectionEnded' || event.type === 'ProtectionLost') state.protectionGoneAt = ctx.clock.monotonic();
    for (const finding of oddities(state.life, life, event)) ctx.tell(state.options.findings, { type: 'finding', from: ctx.path, finding });
    state.life = life;
    const { type, at, ...payload } = event;
    put(state, type, at, payload);
    tellStory(state, event, before, ctx);
  }
  flush(state, ctx);
}

/** The whole life as an entry of its own, when so many events have gathered or the oldest is old. Only while nothing else is on its way: an opening does not wait for it. */
export function keepSnapshot(state: ExecutorState, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  if (state.appending || state.outbox.length > 0 || !snapshotDue(state.unsnapshotted, at)) return;
  put(state, SNAPSHOT_TYPE, at, lifeSnapshot(state.life));
  flush(state, ctx);
}

/** Gives an entry its number, and its place among those that are not durable yet. */
function put(state: ExecutorState, type: string, at: number, payload: unknown): void {
  state.sequence += 1;
  state.unsnapshotted = withEntry(state.unsnapshotted, { type, at });
  state.outbox.push({ entity: entityOf(state.options.symbol), sequence: state.sequence, type, version: LIFE_EVENT_VERSION, at, payload });
}

/** Sends what is not yet durable, one append at a time: order is kept, and everything that gathers meanwhile goes as one. */
export function flush(state: ExecutorState, ctx: ExecutorContext): void {
  if (state.appending || state.outbox.length === 0 || ctx.clock.monotonic() < state.appendAfter) return;
  state.appending = true;
  const through = state.sequence;
  ctx.ask(state.options.journal, { type: 'append', entries: [...state.outbox] }, APPEND_TIMEOUT_MS, (outcome) => ({ type: 'appended', through, outcome }));
}

/** @throws when another writer was faster: the next incarnation reads what is on record. */
export function onAppended(state: ExecutorState, message: Extract<ExecutorInternal, { type: 'appended' }>, ctx: ExecutorContext): void {
  state.appending = false;
  const { outcome, through } = message;
  if (outcome.ok && outcome.value.ok) {
    state.outbox = state.outbox.filter(({ sequence }) => sequence > through);
    state.durable = Math.max(state.durable, through);
    if (state.appendAfter > 0) ctx.log.info({ through }, 'the journal has the events of this symbol again');
    state.appendAfter = 0;
    return flush(state, ctx);
  }
  const reason = outcome.ok ? (outcome.value.ok ? '' : `${outcome.value.code}: ${outcome.value.message}`) : outcome.error.message;
  if (outcome.ok && !outcome.value.ok && outcome.value.code === 'JOURNAL_SEQUENCE_CONFLICT') throw new Error(reason);
  // Said once of each absence: it is tried every second, for as long as it lasts.
  const say = state.appendAfter === 0 ? ctx.log.error : ctx.log.debug;
  say({ reason, waiting: state.outbox.length }, 'the journal did not take the events of this symbol; openings wait, exits go on');
  state.appendAfter = ctx.clock.monotonic() + RETRY_APPEND_MS;
}

/** A step through the funnel, with what the event says of it; a refusal comes with its numbers. */
function step(state: ExecutorState, stage: Stage, event: LifeEvent, refusal: Denial | undefined, ctx: ExecutorContext): void {
  const { plan, positionId, entry, symbol } = state.life;
  const { type: _type, at: _at, ...inputs } = event;
  const clientId = 'clientId' in event ? event.clientId : entry?.clientId;
  const ids = { ...(plan === undefined ? {} : { intentId: plan.intentId, planId: plan.planId }), ...(clientId === undefined ? {} : { clientId }), ...(positionId === undefined ? {} : { positionId }) };
  decided(ctx, state.options.decisions, { stage, symbol, outcome: refusal?.code ?? 'passed', ids, inputs, ...(refusal === undefined ? {} : { denials: [refusal] }) });
}

function denialCode(code: string): DenialCode {
  return Object.hasOwn(DENIALS, code) ? (code as DenialCode) : 'VENUE_REJECTED';
}

function tellStory(state: ExecutorState, event: LifeEvent, before: string, ctx: ExecutorContext): void {
  const { life } = state;
  const ids = { symbol: life.symbol, planId: life.plan?.planId, positionId: life.positionId };
  const { type, at: _at, ...fields } = event;
  const phase = phaseOf(life);
  switch (event.type) {
    case 'IntentAccepted':
    case 'PlanMade':
      return;
    case 'FillRecorded':
      step(state, 'fill', event, undefined, ctx);
      return ctx.log.info({ ...ids, ...fields, held: life.holding.quantity.toFixed(), phase }, `fill ${event.side} ${event.quantity} at ${event.price}`);
    case 'OrderRejected':
      if (life.entry?.clientId === event.clientId) step(state, 'order', event, { code: 'VENUE_REJECTED', value: String(event.venueCode), detail: event.message }, ctx);
      return ctx.log.warn({ ...ids, ...fields, phase }, 'the venue refused the order');
    case 'OrderAbandoned':
      step(state, 'order', event, { code: denialCode(event.code), detail: event.detail }, ctx);
      return ctx.log.warn({ ...ids, ...fields, phase }, 'the order was not sent after all');
    case 'OrderAmbiguous':
    case 'DriftFound':
    case 'PositionAdopted':
    case 'CloseRequested':
      return ctx.log.warn({ ...ids, ...fields, before, phase }, type);
    case 'PositionClosed':
      return ctx.log.info({ ...ids, ...fields, phase }, `position closed by ${event.reason}: realised ${event.realizedPnl} USDT, commission ${event.commission} USDT`);
    case 'PlanEnded':
      if (event.code === 'ENTRY_ABSENT' || event.code === 'ENTRY_UNFILLED') step(state, 'order', event, { code: event.code, ...(event.detail === undefined ? {} : { detail: event.detail }) }, ctx);
      return ctx.log.info({ ...ids, ...fields, phase }, `plan ended: ${event.code}`);
    case 'ProtectionPlaced':
      if (event.leg === 'stop' && before === 'Opening' && phase === 'Protected') step(state, 'position', event, undefined, ctx);
      return ctx.log.info({ ...ids, ...fields, triggerPrice: life[event.leg]?.triggerPrice.toFixed(), quantity: life[event.leg]?.quantity.toFixed(), phase }, `${event.leg} stands on the exchange`);
    case 'OrderReported':
      if (life.entry?.clientId === event.clientId && life.entry.state === 'ended' && !life.entry.executedQuantity.isZero()) step(state, 'order', event, undefined, ctx);
      return ctx.log.info({ ...ids, ...fields, phase }, `order ${event.status}`);
    default:
      return ctx.log.info({ ...ids, ...fields, before, phase }, type);
  }
}
