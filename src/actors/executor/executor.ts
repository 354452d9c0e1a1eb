/** One symbol's orders, from plan to flat: the thin shell around `rules/position-life`. */
import type { Behaviour, Outcome } from '../../supervision/behaviour.ts';
import { same } from '../../supervision/behaviour.ts';
import { VIEW_EVERY_MS } from '../../protocol/views.ts';
import type { ExecutorMessage, ReadAnswer } from '../../protocol/messages.ts';
import type { LifeView } from '../../protocol/views.ts';
import { RECV_WINDOW_MS } from '../../protocol/venue.ts';
import type { ReadName, VenueReads, VenueWrite } from '../../protocol/venue.ts';
import { newLife } from '../../rules/position-life/life.ts';
import { observeAlgo, observeOrder, observeOutcome, observeUserEvent } from '../../rules/position-life/observe.ts';
import { requestClose, requestReduce, requestStopMove } from '../../rules/position-life/requests.ts';
import type { Requested } from '../../rules/position-life/requests.ts';
import { restoreLife } from '../../rules/position-life/snapshot.ts';
import { protectionOf, stopsCover } from '../../rules/position-life/standing.ts';
import { NOTHING_UNSNAPSHOTTED, withEntry } from '../../rules/snapshots.ts';
import { onAdopt } from './adoption.ts';
import { ensureLeverage, onConfigured, onConfigureDenied, onConfigureGranted, onRoom } from './leverage.ts';
import { dropPlan, endUnsent, expirePending, onPermit, onSlot, onSlotRefused, takePlan } from './opening.ts';
import { entityOf, flush, keepSnapshot, onAppended, record } from './record.ts';
import { onOrderAbsent, sendAgain, settle } from './settle.ts';
import { onOwnerAsked } from './claims.ts';
import type { ExecutorContext, ExecutorInternal, ExecutorOptions, ExecutorState, PendingOpening } from './state.ts';
import { onStopsAsked } from './stops.ts';
import { compare, heardMark, isStrangers, onReadingAnswer, onStrangersTrade, onTrades } from './truth.ts';
import { lifeView, operatorView } from './view.ts';
import { entryName } from '../handed.ts';
import { publish } from '../publish.ts';

const TICK_MS = 250;
const LOAD_TIMEOUT_MS = 8_000;
const OWN_READING_AFTER_MS = 5_000;
/** After an order of ours has been answered the venue's side is read once more, so that a lost fill is noticed at once. */
const RECHECK_MS = 400;
/** A stop or target that the venue refuses while a stop that covers all stands. */
const RETRY_REFUSED_MS = 15_000;

export function executorBehaviour(options: ExecutorOptions): Behaviour<ExecutorInternal, ExecutorState> {
  /** Of the role, not of the incarnation: a plan that was taken up and not sent is told of when the next one begins. */
  let unsent: PendingOpening | undefined;
  return {
    role: 'executor',
    purpose: `Carries permitted plans out for ${options.symbol} and keeps its position protected.`,
    consumes: {
      plan: 'an opening to carry out',
      'slot-granted': 'there is room in the venue\'s rate limits',
      'slot-refused': 'there is none, and the plan is over',
      'permit-granted': 'the governor\'s permit and mandate',
      'permit-denied': 'the governor\'s refusal',
      'room-granted': 'room to set leverage or margin mode',
      'configure-granted': 'a permit to set leverage or margin mode',
      'configure-denied': 'no permit to set them',
      'write-outcome': 'what came of a write',
      'write-refused': 'a write that was not sent',
      'user-event': 'what the user stream says of this symbol',
      truth: 'the venue\'s side of this symbol',
      close: 'the position is to be closed',
      reduce: 'a part of the position is to be closed',
      'move-stop': 'the stop is to stand elsewhere',
      adopt: 'what the venue holds is to be taken over',
      universe: 'the venue\'s filters',
      tick: 'time passes',
      heartbeat: 'the view is due',
      appended: 'the journal\'s answer',
      'order-asked': 'the venue\'s answer about an order',
      'owner-asked': 'the venue\'s answer about whose an order is',
      'algo-asked': 'the venue\'s answer about a protection',
      'trades-asked': 'the venue\'s trades',
      'position-asked': 'the venue\'s position',
      'orders-asked': 'the venue\'s open orders',
      'stops-asked': 'the venue\'s list of our stops',
      mark: 'the price of a position that is guarded from here',
      'algos-asked': 'the venue\'s open protections',
    },
    emits: ['life → governor, bridge, exits, reconciler, readiness, market, trading-state, locks, watchdog', 'write, read, request-slot, request-room → gateway', 'request-permit, request-configure → governor', 'append → journal', 'decided → operator/decision-log', 'finding → findings', 'standing → watchdog'],
    // Fills, answers and plans of one symbol: dozens at once would already be a defect; none may be lost to an overflow.
    mailbox: { capacity: 5_000, overflow: 'reject', onRestart: 'keep' },
    async init(ctx) {
      const state = newState(options);
      const entries = await ctx.ask(options.journal, { type: 'read', entity: entityOf(options.symbol) }, LOAD_TIMEOUT_MS);
      state.life = restoreLife(options.symbol, entries);
      state.unsnapshotted = entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED);
      state.sequence = state.durable = entries.at(-1)?.sequence ?? 0;
      // What a crash may have taken away came before this; a process that begins has lost nothing since the last event on record, and hundreds need no reading of their own.
      state.holdingChangedAt = ctx.incarnation === 1 ? Math.min(entries.at(-1)?.at ?? 0, ctx.clock.now()) : ctx.clock.now();
      // The reconciler brings the venue's side; if it cannot, an open position must not wait for it.
      state.truthDueAt = ctx.clock.now() + OWN_READING_AFTER_MS;
      ctx.timers.every('tick', TICK_MS, { type: 'tick' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      if (unsent !== undefined) endUnsent(options, unsent, ctx);
      unsent = undefined;
      if (entries.length > 0) ctx.log.info({ events: entries.length, view: lifeView(state) }, 'life restored from the journal');
      return state;
    },
    receive(state, message, ctx) {
      handle(state, message, ctx);
      settle(state, ctx, message.type === 'heartbeat');
      report(state, ctx, message.type === 'heartbeat');
      unsent = state.pending;
      return same;
    },
    owes: (state) => state.outbox.map(entryName),
    view: operatorView,
  };
}

function handle(state: ExecutorState, message: ExecutorInternal, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  switch (message.type) {
    case 'plan':
      return takePlan(state, message.intent, message.plan, ctx);
    case 'slot-granted':
      return onSlot(state, message.planId, ctx);
    case 'slot-refused':
      return onSlotRefused(state, message.planId, message.denial, ctx);
    case 'permit-granted':
      return onPermit(state, message.permit, message.mandate, message.planId, ctx);
    case 'permit-denied':
      return dropPlan(state, message.planId, message.denials, ctx);
    case 'room-granted':
      return onRoom(state, ctx);
    case 'configure-granted':
      return onConfigureGranted(state, message.permit, ctx);
    case 'configure-denied':
      return onConfigureDenied(state, message.denials, ctx);
    case 'write-outcome':
      return onOutcome(state, message, ctx);
    case 'write-refused':
      return onRefused(state, message, ctx);
    case 'user-event':
      if (message.event.type === 'settings') {
        if (state.settings !== undefined) state.settings = { ...state.settings, leverage: message.event.leverage };
        return;
      }
      if (isStrangers(state, message.event)) return onStrangersTrade(state, message.event, ctx);
      return record(state, observeUserEvent(state.life, message.event, at), ctx);
    case 'truth':
      state.streamEpoch = Math.max(state.streamEpoch, message.truth.streamEpoch);
      compare(state, message.truth, ctx);
      return ensureLeverage(state, ctx);
    case 'close':
      return onRequest(state, message, requestClose(state.life, message, at), ctx);
    case 'reduce':
      return onRequest(state, message, requestReduce(state.life, message, state.rules, at), ctx);
    case 'move-stop':
      return onRequest(state, message, requestStopMove(state.life, message, state.rules?.tickSize, at), ctx);
    case 'adopt':
      return onAdopt(state, { stopPrice: message.stopPrice, reason: message.reason, by: message.by, askedAt: at, answer: ctx.answering(message) }, ctx);
    case 'universe':
      state.rules = message.universe.listed.get(state.options.symbol) ?? state.rules;
      state.mayOpen = message.universe.instruments.has(state.options.symbol);
      return;
    case 'tick':
    case 'heartbeat':
      flush(state, ctx);
      expirePending(state, ctx);
      keepSnapshot(state, ctx);
      return ensureLeverage(state, ctx);
    case 'mark':
      return heardMark(state, message.price, message.observedAt);
    case 'appended':
      return onAppended(state, message, ctx);
    case 'order-asked':
      return onOrderAsked(state, message, ctx);
    case 'owner-asked':
      return onOwnerAsked(state, message.orderId, answered<'order'>(message.outcome), ctx);
    case 'algo-asked':
      return onAlgoAsked(state, message, ctx);
    case 'trades-asked': {
      const trades = answered<'trades'>(message.outcome);
      return onTrades(state, message.askedAt, trades.value, trades.failure, ctx);
    }
    case 'position-asked': {
      const answer = answered<'positions'>(message.outcome);
      return onReadingAnswer(state, message.reading, 'position', answer.failure === undefined ? (answer.value.find((one) => one.symbol === state.options.symbol) ?? 'flat') : undefined, answer.failure, ctx);
    }
    case 'orders-asked': {
      const answer = answered<'openOrders'>(message.outcome);
      return onReadingAnswer(state, message.reading, 'orders', answer.value, answer.failure, ctx);
    }
    case 'stops-asked':
      return onStopsAsked(state, message.askedAt, message.outcome, ctx);
    case 'algos-asked': {
      const answer = answered<'openAlgoOrders'>(message.outcome);
      return onReadingAnswer(state, message.reading, 'algos', answer.value, answer.failure, ctx);
    }
  }
}

/** Whoever asks sees by the life whether it was taken up, and asks again if it was not. */
function onRequest(state: ExecutorState, message: { readonly type: string; readonly reason: string; readonly by: string }, requested: Requested, ctx: ExecutorContext): void {
  if ('events' in requested) return record(state, requested.events, ctx);
  ctx.log.info({ asked: message.type, reason: message.reason, by: message.by, refused: requested.refused }, `${message.type} not taken up: ${requested.refused}`);
}

function onOutcome(state: ExecutorState, message: Extract<ExecutorMessage, { type: 'write-outcome' }>, ctx: ExecutorContext): void {
  const { write, outcome, late } = message;
  if (write.kind === 'CONFIGURE') return onConfigured(state, write, outcome, ctx);
  state.inFlight.delete(write.clientId);
  if (late) ctx.log.info({ clientId: write.clientId, outcome: outcome.result }, 'a late answer, taken as the fact it is');
  record(state, observeOutcome(state.life, write, outcome, ctx.clock.now()), ctx);
  if (outcome.result === 'rejected' && write.kind !== 'OPEN') state.refusedExit = { at: ctx.clock.now(), write: write.kind, why: outcome.message };
  if (outcome.result === 'rejected' && write.kind !== 'OPEN') ctx.log.warn({ clientId: write.clientId, write: write.kind, venueCode: outcome.venueCode, message: outcome.message }, 'the venue refused a reducing write; it is asked again');
  if (outcome.result === 'throttled') state.busyUntil.set(keyOf(state, write), ctx.clock.now() + outcome.retryAfterMs);
  // Something stands that is enough, or the venue takes none and the position is guarded from here: what the venue refuses is not asked for every second.
  if (outcome.result === 'rejected' && write.kind === 'PROTECT' && (stopsCover(state.life) || state.life.stopRefused !== undefined)) state.busyUntil.set(keyOf(state, write), ctx.clock.now() + RETRY_REFUSED_MS);
  // A cancel or a close may have met what has just happened by itself: look.
  state.flat = write.kind === 'CANCEL' || write.kind === 'CLOSE' ? undefined : state.flat;
  state.truthDueAt ??= ctx.clock.now() + RECHECK_MS;
  // Our picture is wrong: it is compared in this turn, before anything is sent by it again.
  if (outcome.result === 'rejected' && outcome.reaction === 'reconcile') state.truthDueAt = ctx.clock.now();
}

/** The need that a write was to meet. */
function keyOf(state: ExecutorState, write: VenueWrite): string {
  if (write.kind === 'PROTECT') return `protect:${write.leg}`;
  // Its own: a cancel that has to wait must not hold back a close.
  if (write.kind === 'CANCEL') return `cancel:${write.clientId}`;
  return write.clientId === state.life.reduce?.clientId ? 'reduce' : 'close';
}

function onRefused(state: ExecutorState, message: Extract<ExecutorMessage, { type: 'write-refused' }>, ctx: ExecutorContext): void {
  const { write, code, detail } = message;
  state.inFlight.delete(write.clientId);
  const at = ctx.clock.now();
  if (write.kind === 'OPEN') {
    if (state.life.entry?.clientId !== write.clientId) return ctx.log.info({ clientId: write.clientId, code, detail }, 'a late refusal of an entry that is over');
    const planId = state.life.plan?.planId ?? write.clientId;
    return record(state, [{ type: 'OrderAbandoned', at, clientId: write.clientId, code, detail }, { type: 'PlanEnded', at, planId, code, detail }], ctx);
  }
  state.refusedExit = { at, write: write.kind, why: detail === undefined ? code : `${code}: ${detail}` };
  ctx.log.warn({ clientId: write.clientId, write: write.kind, code, detail }, 'the gateway did not send it; it is asked again');
  if (write.kind === 'CLOSE') return record(state, [{ type: 'OrderAbandoned', at, clientId: write.clientId, code, detail }], ctx);
  if (write.kind === 'PROTECT') return record(state, [{ type: 'ProtectionLost', at, leg: write.leg, clientId: write.clientId, cause: `not sent: ${code}` }], ctx);
  if (write.kind === 'CONFIGURE') {
    state.configuring = undefined;
    state.busyUntil.set('configure', at + 1_000);
  }
}

function onOrderAsked(state: ExecutorState, message: Extract<ExecutorInternal, { type: 'order-asked' }>, ctx: ExecutorContext): void {
  const answer = answered<'order'>(message.outcome);
  if (answer.failure !== undefined) return ctx.log.warn({ clientId: message.clientId, failure: answer.failure }, 'the venue could not be asked about the order');
  if (answer.value === undefined) return onOrderAbsent(state, message.clientId, ctx);
  ctx.log.info({ clientId: message.clientId, status: answer.value.status, executedQuantity: answer.value.executedQuantity.toFixed() }, 'the venue knows the order');
  state.truthDueAt ??= ctx.clock.now() + RECHECK_MS;
  record(state, observeOrder(state.life, answer.value, ctx.clock.now()), ctx);
}

/** A protection the venue does not know, twice: if it never stood it is sent again under its own id; if it did, it vanished, and the next one is placed. */
function onAlgoAsked(state: ExecutorState, message: Extract<ExecutorInternal, { type: 'algo-asked' }>, ctx: ExecutorContext): void {
  const { clientId } = message;
  const at = ctx.clock.now();
  const answer = answered<'algoOrder'>(message.outcome);
  if (answer.failure !== undefined) return ctx.log.warn({ clientId, failure: answer.failure }, 'the venue could not be asked about the protection');
  if (answer.value !== undefined) {
    state.absences.delete(clientId);
    return record(state, observeAlgo(state.life, answer.value, at), ctx);
  }
  const count = (state.absences.get(clientId) ?? 0) + 1;
  state.absences.set(clientId, count);
  const protection = protectionOf(state.life, clientId);
  if (protection === undefined || protection.state === 'ended') return;
  const again = protection.state === 'sending' && !state.life.holding.quantity.isZero();
  // While the venue may still take it, its absence says nothing; only sending it again is safe, for it is the same order.
  if (count < 2 || (!again && at < protection.sentAt + RECV_WINDOW_MS)) {
    state.truthDueAt ??= at + 1_000;
    return;
  }
  state.absences.delete(clientId);
  if (again) return sendAgain(state, protection, ctx);
  record(state, [{ type: 'ProtectionLost', at, leg: protection.leg, clientId, cause: 'vanished' }], ctx);
}

function answered<Name extends ReadName>(outcome: Outcome<ReadAnswer<Name>>): { readonly value: VenueReads[Name]['answer']; readonly failure: undefined } | { readonly value: undefined; readonly failure: string } {
  if (!outcome.ok) return { value: undefined, failure: outcome.error.message };
  if (!outcome.value.ok) return { value: undefined, failure: `${outcome.value.kind}: ${outcome.value.message}` };
  return { value: outcome.value.value, failure: undefined };
}

function report(state: ExecutorState, ctx: ExecutorContext, due: boolean): void {
  const view: LifeView = lifeView(state);
  const text = JSON.stringify(view);
  if (!due && text === state.reported) return;
  state.reported = text;
  publish(ctx, state.options.watchers, { type: 'life', view });
}

function newState(options: ExecutorOptions): ExecutorState {
  return {
    options,
    life: newLife(options.symbol),
    sequence: 0,
    durable: 0,
    outbox: [],
    unsnapshotted: NOTHING_UNSNAPSHOTTED,
    appending: false,
    waiting: [],
    pending: undefined,
    inFlight: new Set(),
    busyUntil: new Map(),
    absences: new Map(),
    unclaimed: new Map(),
    reading: undefined,
    readings: 0,
    truthDueAt: undefined,
    mismatches: 0,
    tradesOwed: false,
    tradesReadAt: 0,
    adoptedAt: 0,
    flat: undefined,
    orphans: [],
    agreedAt: 0,
    holdingChangedAt: 0,
    streamEpoch: 0,
    reconciledEpoch: 0,
    reconciledAt: 0,
    adopting: undefined,
    truthSeenAt: undefined,
    appendAfter: 0,
    rules: undefined,
    mayOpen: false,
    settings: undefined,
    configuring: undefined,
    configureAttempt: 0,
    leverageRefused: undefined,
    mark: undefined,
    stopsDueAt: 0,
    checkingStops: false,
    unlisted: new Map(),
    stopSeenAt: undefined,
    nakedAlarmed: false,
    alarmed: '',
    reported: '',
  };
}
