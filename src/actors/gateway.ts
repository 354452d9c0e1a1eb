/** The only way to the venue: holds the order client, redeems a permit or mandate as its last act before each write, and sends in the same turn. */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import { RECV_WINDOW_MS } from '../protocol/venue.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import { NO_READINGS, offsetOf } from '../rules/clock-offset.ts';
import { NOTHING_STATED } from '../rules/rate-lane.ts';
import { EMPTY_BUDGET, READ_LANES, usedWeight, WEIGHT_PER_MINUTE } from '../rules/request-budget.ts';
import { measureTime, onTime, watchWallClock } from './gateway/clock.ts';
import { confirmModes, onModes, onStream } from './gateway/modes.ts';
import { drain, onRead, takeRead } from './gateway/reads.ts';
import { askSettings, askSlot, giveSettings, giveSlots, returnSlot } from './gateway/room.ts';
import type { Asserted, GatewayContext, GatewayInternal, GatewayOptions, GatewayState, Resent } from './gateway/state.ts';
import { onHalted, publishSession, restAt, tellStanding } from './gateway/trouble.ts';
import { doubtModes, onWritten, write } from './gateway/writes.ts';
import { viewsFirst } from './views.ts';

export function gatewayBehaviour(options: GatewayOptions): Behaviour<GatewayInternal, GatewayState> {
  const asserted: Asserted = { once: false, key: [], modes: false, fault: undefined, brackets: new Map(), streamEpoch: undefined };
  const resent: Resent[] = [];
  return {
    role: 'gateway',
    purpose: 'Holds the keys and the order client; nothing reaches the venue but through it.',
    consumes: {
      read: 'something to ask the venue',
      write: 'a write with its authority',
      'request-slot': 'room for an entry',
      'return-slot': 'an entry that needs its room no more',
      'request-room': 'room to set leverage or margin mode',
      'trading-state': 'whether trading is halted already',
      stream: 'a new connection: the account\'s modes are asserted again',
      'modes-changed': 'the venue says that the account\'s modes were changed',
      'read-done': 'the venue\'s answer',
      drain: 'readings that wait for room are due',
      written: 'what came of a write',
      'slots-due': 'there may be room for entries now',
      'measure-time': 'the offset is due',
      time: 'the venue\'s time',
      'confirm-modes': 'the account\'s modes are due',
      modes: 'the account\'s modes',
      halted: 'trading is halted, because the key is refused',
      heartbeat: 'the view is due',
    },
    emits: ['session → governor, readiness', 'write-outcome, write-refused, slot-granted, slot-refused, room-granted → executors', 'answers', 'rest-said → user-stream', 'venue-refused → locks', 'set → trading-state', 'finding → findings', 'standing → watchdog'],
    // Reads of all actors and writes of all executors; a refused write would be an exit not sent.
    mailbox: { capacity: 20_000, overflow: 'reject', onRestart: 'keep', lanes: viewsFirst(['trading-state', 'stream']) },
    init(ctx) {
      const kept = options.rest.read();
      // Who had asked for a reading was told when its gateway ended.
      resent.splice(0, resent.length, ...resent.filter(({ what }) => what === 'write'));
      const restMs = kept === undefined ? 0 : Math.max(0, kept.until - ctx.clock.now());
      if (kept !== undefined && restMs > 0) ctx.log.warn({ ...kept, restMs }, 'the venue wanted rest before this start, and gets it');
      ctx.timers.once('time', 0, { type: 'measure-time' });
      ctx.timers.once('modes', 0, { type: 'confirm-modes' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return {
        options,
        asserted,
        session: { clockOffsetMs: undefined, modesConfirmed: asserted.modes, brackets: asserted.brackets, ...(kept === undefined ? {} : { throttle: kept }) },
        readings: NO_READINGS,
        time: { question: 0, underWay: false },
        resent,
        look: { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() },
        budget: EMPTY_BUDGET,
        ordersStated: NOTHING_STATED,
        queue: [],
        positions: undefined,
        exhaustedAt: undefined,
        sent: [],
        slots: { given: [], waiting: [] },
        settings: { waiting: new Map(), underWay: new Map() },
        tradingState: undefined,
        refusal: undefined,
        halting: false,
        asking: 0,
        modesAt: undefined,
        reads: 0,
        writes: 0,
        refusals: 0,
        lastFailure: null,
        stuck: new Map(),
      };
    },
    receive(state, message, ctx) {
      watchWallClock(state, ctx);
      handle(state, message, ctx);
      return same;
    },
    view: (state, now) => ({
      clockOffsetMs: state.session.clockOffsetMs ?? null,
      clockUncertaintyMs: offsetOf(state.readings.samples)?.uncertaintyMs ?? null,
      recvWindowMs: RECV_WINDOW_MS,
      modesConfirmed: state.session.modesConfirmed,
      modeFault: state.asserted.fault ?? null,
      keyWarnings: state.asserted.key,
      keyRefusedSince: isoTimeOrNull(state.refusal?.since),
      brackets: state.session.brackets.size,
      // One that is over is nothing an operator has to read.
      restUntil: isoTimeOrNull(restAt(state, now)?.until),
      banned: restAt(state, now)?.banned ?? false,
      reads: state.reads,
      readsWaiting: Object.fromEntries(READ_LANES.map((lane) => [lane, state.queue.filter((one) => one.lane === lane).length])),
      entriesWaiting: state.slots.waiting.length,
      settingsWaiting: state.settings.waiting.size + state.settings.underWay.size,
      weight: { used: usedWeight(state.budget, now, state.session.clockOffsetMs ?? 0), limit: WEIGHT_PER_MINUTE },
      writes: state.writes,
      refusals: state.refusals,
      usage: options.venue.usage(),
      lastFailure: state.lastFailure,
    }),
  };
}

function handle(state: GatewayState, message: GatewayInternal, ctx: GatewayContext): void {
  switch (message.type) {
    case 'read':
      return takeRead(state, message, ctx);
    case 'read-done':
      return onRead(state, message, ctx);
    case 'drain':
      return drain(state, ctx);
    case 'write':
      return write(state, message, false, ctx);
    case 'written':
      return onWritten(state, message, ctx);
    case 'request-slot':
      return askSlot(state, message.symbol, message.planId, ctx);
    case 'return-slot':
      return returnSlot(state, message.planId, ctx);
    case 'slots-due':
      return giveSlots(state, ctx);
    case 'request-room':
      return askSettings(state, message.symbol, message.settings, ctx);
    case 'trading-state':
      state.tradingState = message.view;
      return;
    case 'stream':
      return onStream(state, message.view, ctx);
    case 'modes-changed':
      return doubtModes(state, message.reason, ctx);
    case 'measure-time':
      return measureTime(state, ctx);
    case 'time':
      return onTime(state, message.question, message.outcome, ctx);
    case 'confirm-modes':
      return confirmModes(state, ctx);
    case 'modes':
      return onModes(state, message, ctx);
    case 'halted': {
      const { outcome } = message;
      return onHalted(state, outcome.ok ? (outcome.value.ok ? undefined : outcome.value.message) : outcome.error.message, ctx);
    }
    case 'heartbeat':
      publishSession(state, ctx);
      tellStanding(state, ctx);
      giveSettings(state, ctx);
  }
}
