/** One symbol's orders, from plan to flat: the thin shell around `rules/position-life`. */
import type { Behaviour } from '../../supervision/behaviour.ts';
import { same } from '../../supervision/behaviour.ts';
import { VIEW_EVERY_MS } from '../../protocol/views.ts';
import type { LifeView } from '../../protocol/views.ts';
import { observeUserEvent } from '../../rules/position-life/observe.ts';
import { requestClose, requestReduce, requestStopMove } from '../../rules/position-life/requests.ts';
import type { Requested } from '../../rules/position-life/requests.ts';
import { restoreLife } from '../../rules/position-life/snapshot.ts';
import { NOTHING_UNSNAPSHOTTED, withEntry } from '../../rules/snapshots.ts';
import { onAdopt } from './adoption.ts';
import { ensureLeverage, onConfigureDenied, onConfigureGranted, onRoom, onSettingsHeard } from './leverage.ts';
import { dropPlan, endUnsent, expirePending, onPermit, onSlot, onSlotRefused, takePlan } from './opening.ts';
import { giveUpAnswers, onOutcome, onRefused } from './outcomes.ts';
import { answered, onAlgoAsked, onOrderAsked } from './queries.ts';
import { entityOf, flush, keepSnapshot, onAppended, record } from './record.ts';
import { settle } from './settle.ts';
import { onOwnerAsked } from './claims.ts';
import { forgetOver, newState } from './state.ts';
import type { ExecutorContext, ExecutorInternal, ExecutorOptions, ExecutorState, PendingOpening } from './state.ts';
import { onStopsAsked } from './stops.ts';
import { compare, heardMark, isStrangers, onReadingAnswer, onStrangersTrade, onTrades } from './truth.ts';
import { lifeView, operatorView } from './view.ts';
import { noteTold } from './went-out.ts';
import { entryName } from '../entry-name.ts';
import { publish } from '../publish.ts';

const TICK_MS = 250;
const LOAD_TIMEOUT_MS = 8_000;
const OWN_READING_AFTER_MS = 5_000;

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
    emits: ['life → governor, bridge, exits, reconciler, readiness, market, trading-state, locks, watchdog', 'write, read, request-slot, return-slot, request-room → gateway', 'request-permit, request-configure → governor', 'append → journal', 'decided → operator/decision-log', 'finding → findings', 'standing → watchdog'],
    // Fills, answers and plans of one symbol: dozens at once would already be a defect; none may be lost to an overflow.
    mailbox: { capacity: 5_000, overflow: 'reject', onRestart: 'keep' },
    async init(ctx) {
      const state = newState(options);
      state.born = { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() };
      const entries = await ctx.ask(options.journal, { type: 'read', entity: entityOf(options.symbol) }, LOAD_TIMEOUT_MS);
      state.life = restoreLife(options.symbol, entries);
      state.unsnapshotted = entries.reduce(withEntry, NOTHING_UNSNAPSHOTTED);
      state.sequence = state.durable = entries.at(-1)?.sequence ?? 0;
      // What a crash may have taken away came before this; a process that begins has lost nothing since the last event on record, and hundreds need no reading of their own.
      state.holdingChangedAt = ctx.incarnation === 1 ? 0 : state.born.monotonic;
      // The reconciler brings the venue's side; if it cannot, an open position must not wait for it.
      state.truthDueAt = ctx.clock.monotonic() + OWN_READING_AFTER_MS;
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
      if (message.event.type === 'settings') return onSettingsHeard(state, message.event, ctx);
      if (message.event.type === 'order' || message.event.type === 'algo') noteTold(state, message.event.order.clientId, ctx);
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
      return onAdopt(state, { stopPrice: message.stopPrice, reason: message.reason, by: message.by, askedAt: ctx.clock.monotonic(), answer: ctx.answering(message) }, ctx);
    case 'universe':
      state.rules = message.universe.listed.get(state.options.symbol) ?? state.rules;
      state.mayOpen = message.universe.instruments.has(state.options.symbol);
      return;
    case 'tick':
    case 'heartbeat':
      flush(state, ctx);
      expirePending(state, ctx);
      giveUpAnswers(state, ctx);
      keepSnapshot(state, ctx);
      forgetOver(state.busyUntil, ctx.clock.monotonic());
      return ensureLeverage(state, ctx);
    case 'mark':
      return heardMark(state, message.price, message.observedAt, ctx);
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
      return onStopsAsked(state, message.asked, message.outcome, ctx);
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

function report(state: ExecutorState, ctx: ExecutorContext, due: boolean): void {
  const view: LifeView = lifeView(state);
  const text = JSON.stringify(view);
  if (!due && text === state.reported) return;
  state.reported = text;
  publish(ctx, state.options.watchers, { type: 'life', view });
}
