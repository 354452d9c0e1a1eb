/** The only way to the venue: holds the order client, redeems a permit or mandate as its last act before each write, and sends in the same turn. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { DenialCode } from '../protocol/denials.ts';
import type { ExecutorMessage, GatewayMessage, ReadAnswer, ReadMessage, RestSaidMessage, WriteMessage } from '../protocol/messages.ts';
import type { VenueSessionView } from '../protocol/views.ts';
import type { PlanId, SymbolName } from '../protocol/names.ts';
import { PERMIT_LIFE_MS } from '../protocol/permit.ts';
import type { PermitRedeemer, Redemption } from '../protocol/permit.ts';
import type { AccountModes, LeverageBracket, ReadName, VenueReads, VenueWrite, WriteOutcome } from '../protocol/venue.ts';
import { accountModeFault } from '../rules/account-modes.ts';
import { judgeExit } from '../rules/guards/exit.ts';
import { entrySlotDelay, recentWrites } from '../rules/rate-lane.ts';
import { VenueError } from '../venue/port.ts';
import type { VenueGateway } from '../venue/port.ts';
import { publish } from './publish.ts';

const READ_DEADLINE_MS = 9_000;
/** An order request is never aborted; after this its outcome counts as unknown, and is asked for (ruling 9). */
const WRITE_DEADLINE_MS = 8_000;
/** A protection is asked for, and sent again under its own id, well before its position would be closed as naked (ruling 10). */
const PROTECT_DEADLINE_MS = 2_500;
const TIME_SAMPLES = 5;
const TIME_EVERY_MS = 60_000;
const SESSION_RETRY_MS = 2_000;
/** A slot that was given and not used frees its room before the venue's window ends: look again. */
const SLOT_LOOK_MS = 1_000;

export interface GatewayOptions {
  readonly venue: VenueGateway;
  readonly redeemer: PermitRedeemer;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'session'; readonly view: VenueSessionView }>[];
  /** Told what REST says of orders and fills: a stream that does not say it too is deaf. */
  readonly userStream?: Ref<RestSaidMessage>;
  /** Told each newly measured offset venue − us, ms. */
  readonly onClockOffset: (offsetMs: number) => void;
  /** Asked in the turn of the send, right before the redemption: why nothing may be sent now (the lease is lost). By default everything may. */
  readonly mayRedeem?: (write: VenueWrite) => { readonly code: DenialCode; readonly detail: string } | undefined;
  /** The account cannot be traded with as it is: the service refuses to run. */
  readonly refuse: (error: VigilError) => void;
}

type Internal =
  | GatewayMessage
  | { readonly type: 'read-done'; readonly name: ReadName; readonly answer: (value: never) => void; readonly value: unknown; readonly error: Error | undefined }
  | { readonly type: 'written'; readonly message: WriteMessage; readonly under: string; readonly sentAt: number; readonly outcome: Outcome<WriteOutcome> }
  | { readonly type: 'slot-ready'; readonly symbol: SymbolName; readonly planId: PlanId }
  | { readonly type: 'measure-time' }
  | { readonly type: 'time'; readonly outcome: Outcome<VenueReads['serverTime']['answer']> }
  | { readonly type: 'confirm-modes' }
  | { readonly type: 'modes'; readonly outcome: Outcome<{ modes: AccountModes; brackets: ReadonlyMap<SymbolName, readonly LeverageBracket[]> }> }
  | { readonly type: 'heartbeat' };

interface GatewayState {
  session: VenueSessionView;
  samples: number[];
  sent: readonly number[];
  /** When slots were given: the entry, its stop and its target are still to come. */
  slots: readonly number[];
  reads: number;
  writes: number;
  refusals: number;
  lastFailure: string | null;
  /** What of the session cannot be had, by step: told once, until it changes. */
  readonly stuck: Map<'time' | 'modes', string>;
}

type Context = ActorContext<Internal>;

export function gatewayBehaviour(options: GatewayOptions): Behaviour<Internal, GatewayState> {
  const { venue } = options;
  return {
    role: 'gateway',
    purpose: 'Holds the keys and the order client; nothing reaches the venue but through it.',
    consumes: { read: 'something to ask the venue', write: 'a write with its authority', 'request-slot': 'room for an entry', 'read-done': 'the venue\'s answer', written: 'what came of a write', 'slot-ready': 'there is room now', 'measure-time': 'the offset is due', time: 'the venue\'s time', 'confirm-modes': 'the account\'s modes are due', modes: 'the account\'s modes', heartbeat: 'the view is due' },
    emits: ['session → governor, readiness', 'write-outcome, write-refused, slot-granted → executors', 'rest-said → user-stream', 'answers'],
    // Reads of all actors and writes of all executors; a refused write would be an exit not sent.
    mailbox: { capacity: 20_000, overflow: 'reject', onRestart: 'keep' },
    init(ctx) {
      ctx.timers.once('time', 0, { type: 'measure-time' });
      ctx.timers.once('modes', 0, { type: 'confirm-modes' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return { session: { clockOffsetMs: undefined, modesConfirmed: false, brackets: new Map() }, samples: [], sent: [], slots: [], reads: 0, writes: 0, refusals: 0, lastFailure: null, stuck: new Map() };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'read':
          read(state, message, ctx);
          return same;
        case 'read-done':
          message.answer(message.value as never);
          heed(state, message.error, ctx);
          if (message.name === 'trades') tellStream(fillsIn(message.value as ReadAnswer<'trades'>), ctx);
          return same;
        case 'write':
          write(state, message, ctx);
          return same;
        case 'written':
          written(state, message, ctx);
          return same;
        case 'request-slot':
        case 'slot-ready': {
          const now = ctx.clock.now();
          state.sent = recentWrites(state.sent, now);
          state.slots = state.slots.filter((at) => now - at < PERMIT_LIFE_MS);
          const delay = entrySlotDelay([...state.sent, ...state.slots.flatMap((at) => [at, at, at])].toSorted((a, b) => a - b), now);
          if (delay > 0) {
            ctx.timers.once(`slot:${message.planId}`, Math.min(delay, SLOT_LOOK_MS), { type: 'slot-ready', symbol: message.symbol, planId: message.planId });
            return same;
          }
          state.slots = [...state.slots, now];
          ctx.tell(options.executorOf(message.symbol), { type: 'slot-granted', planId: message.planId });
          return same;
        }
        case 'measure-time':
          ctx.effect({ name: 'server-time', deadlineMs: READ_DEADLINE_MS, run: (signal) => venue.read('serverTime', {}, signal), report: (outcome) => ({ type: 'time', outcome }) });
          return same;
        case 'time':
          timed(state, message.outcome, ctx);
          return same;
        case 'confirm-modes':
          ctx.effect({
            name: 'account-modes',
            deadlineMs: READ_DEADLINE_MS,
            run: async (signal) => ({ modes: await venue.read('accountModes', {}, signal), brackets: await venue.read('brackets', {}, signal) }),
            report: (outcome) => ({ type: 'modes', outcome }),
          });
          return same;
        case 'modes':
          confirmed(state, message.outcome, ctx);
          return same;
        case 'heartbeat':
          publish(ctx, options.subscribers, { type: 'session', view: state.session });
          return same;
      }
    },
    view: (state) => ({
      clockOffsetMs: state.session.clockOffsetMs ?? null,
      modesConfirmed: state.session.modesConfirmed,
      brackets: state.session.brackets.size,
      restUntil: isoTimeOrNull(state.session.throttle?.until),
      banned: state.session.throttle?.banned ?? false,
      reads: state.reads,
      writes: state.writes,
      refusals: state.refusals,
      usage: venue.usage(),
      lastFailure: state.lastFailure,
    }),
  };

  function read(state: GatewayState, message: ReadMessage, ctx: Context): void {
    state.reads += 1;
    const answer = ctx.answering(message) as (value: never) => void;
    ctx.effect({
      name: `read ${message.name}`,
      deadlineMs: READ_DEADLINE_MS,
      run: (signal) => venue.read(message.name, message.query as never, signal),
      report(outcome) {
        if (!outcome.ok) state.lastFailure = `${message.name}: ${outcome.error.message}`;
        const value = outcome.ok ? { ok: true, value: outcome.value } : { ok: false, kind: outcome.error instanceof VenueError ? outcome.error.kind : outcome.cause, message: outcome.error.message };
        return { type: 'read-done', name: message.name, answer, value, error: outcome.ok ? undefined : outcome.error };
      },
    });
  }

  /** Redeem, sign and send in one turn: between the check and the request nothing else runs. */
  function write(state: GatewayState, message: WriteMessage, ctx: Context): void {
    const { write: request, authority, because } = message;
    const executor = options.executorOf(request.symbol);
    // For an opening the governor has asked every guard; an exit has its own, and only these (ruling 5). What is held is not known here, and its mandate the redemption asks for.
    const [against] = authority.by === 'permit' ? [] : judgeExit({ write: request, mandate: undefined, position: undefined, sent: state.sent, now: ctx.clock.now() });
    const barred = against ?? options.mayRedeem?.(request);
    const redemption: Redemption = barred === undefined ? options.redeemer.redeem(request, authority, ctx.incarnationOf(executor)) : { ok: false, code: barred.code, detail: barred.detail ?? '' };
    if (!redemption.ok) {
      state.refusals += 1;
      ctx.log.error({ symbol: request.symbol, clientId: request.clientId, write: request.kind, code: redemption.code, detail: redemption.detail }, 'write refused');
      ctx.tell(executor, { type: 'write-refused', write: request, code: redemption.code, detail: redemption.detail });
      return;
    }
    state.writes += 1;
    const sentAt = ctx.clock.now();
    state.sent = [...recentWrites(state.sent, sentAt), sentAt];
    ctx.log.info({ ...described(request), under: redemption.under, because }, `sending ${request.kind}`);
    ctx.effect({ name: `write ${request.kind}`, deadlineMs: request.kind === 'PROTECT' ? PROTECT_DEADLINE_MS : WRITE_DEADLINE_MS, fact: true, run: () => venue.write(request), report: (outcome) => ({ type: 'written', message, under: redemption.under, sentAt, outcome }) });
  }

  function written(state: GatewayState, message: Extract<Internal, { type: 'written' }>, ctx: Context): void {
    const request = message.message.write;
    const { outcome } = message;
    // An adapter that throws, or is silent beyond the deadline, leaves it open whether the order exists.
    const result: WriteOutcome = outcome.ok ? outcome.value : { result: 'unknown', message: outcome.error.message };
    if (result.result !== 'accepted') state.lastFailure = `${request.kind} ${request.symbol}: ${result.message}`;
    const log = result.result === 'accepted' ? ctx.log.info.bind(ctx.log) : ctx.log.warn.bind(ctx.log);
    log({ symbol: request.symbol, clientId: request.clientId, under: message.under, outcome: result }, `${request.kind}: ${result.result}`);
    ctx.tell(options.executorOf(request.symbol), { type: 'write-outcome', write: request, outcome: result, late: outcome.late });
    // What the venue took, it tells of. A setting it tells of only if it changed.
    if (result.result === 'accepted' && request.kind !== 'CONFIGURE') tellStream([{ what: 'order', symbol: request.symbol, id: request.clientId, at: message.sentAt }], ctx);
    if (result.result === 'throttled') rest(state, result, ctx);
  }

  function tellStream(words: RestSaidMessage['words'], ctx: Context): void {
    if (options.userStream !== undefined && words.length > 0) ctx.tell(options.userStream, { type: 'rest-said', words });
  }

  /** A read that was throttled says of the whole address what a write would. */
  function heed(state: GatewayState, error: Error | undefined, ctx: Context): void {
    if (error instanceof VenueError && error.kind === 'throttled') rest(state, { retryAfterMs: error.retryAfterMs ?? 0, banned: error.banned, message: error.message }, ctx);
  }

  /** Told at once: while the venue wants rest nothing is opened. What ends later, or is a ban, is not shortened by what comes after. */
  function rest(state: GatewayState, { retryAfterMs, banned, message }: { readonly retryAfterMs: number; readonly banned: boolean; readonly message: string }, ctx: Context): void {
    const now = ctx.clock.now();
    const until = now + retryAfterMs;
    const standing = state.session.throttle;
    if (standing !== undefined && standing.until >= until && (standing.banned || !banned)) return;
    const still = standing !== undefined && standing.until > now ? standing : undefined;
    state.session = { ...state.session, throttle: { until: Math.max(until, still?.until ?? 0), banned: banned || still?.banned === true, message } };
    ctx.log.warn({ retryAfterMs, banned, reason: message }, banned ? 'the venue has banned this address; nothing is opened meanwhile' : 'the venue asks for rest; nothing is opened meanwhile');
    publish(ctx, options.subscribers, { type: 'session', view: state.session });
  }

  /** The offset is the median of several readings, each corrected by half its round trip (operators' 50). */
  function timed(state: GatewayState, outcome: Outcome<VenueReads['serverTime']['answer']>, ctx: Context): void {
    if (!outcome.ok) {
      state.lastFailure = `serverTime: ${outcome.error.message}`;
      heed(state, outcome.error, ctx);
      tellOnce(state, 'time', outcome.error.message, 'the venue does not tell the time; trying again', ctx);
      ctx.timers.once('time', SESSION_RETRY_MS, { type: 'measure-time' });
      return;
    }
    state.stuck.delete('time');
    const { serverTime, sentAt, receivedAt } = outcome.value;
    state.samples = [...state.samples, serverTime - (sentAt + receivedAt) / 2].slice(-TIME_SAMPLES);
    const sorted = state.samples.toSorted((a, b) => a - b);
    const median = Math.round(sorted[Math.floor(sorted.length / 2)]!);
    state.session = { ...state.session, clockOffsetMs: median };
    options.onClockOffset(median);
    ctx.timers.once('time', state.samples.length < TIME_SAMPLES ? 100 : TIME_EVERY_MS, { type: 'measure-time' });
  }

  function confirmed(state: GatewayState, outcome: Outcome<{ modes: AccountModes; brackets: ReadonlyMap<SymbolName, readonly LeverageBracket[]> }>, ctx: Context): void {
    if (!outcome.ok) {
      state.lastFailure = `account modes: ${outcome.error.message}`;
      heed(state, outcome.error, ctx);
      if (outcome.error instanceof VenueError && outcome.error.kind === 'authentication') return options.refuse(new VigilError('VENUE_AUTH_FAILED', messageOf(outcome.error)));
      tellOnce(state, 'modes', outcome.error.message, 'the account\'s modes cannot be read; trying again', ctx);
      ctx.timers.once('modes', SESSION_RETRY_MS, { type: 'confirm-modes' });
      return;
    }
    const fault = accountModeFault(outcome.value.modes);
    if (fault !== undefined) return options.refuse(new VigilError('ACCOUNT_MODE_UNSUPPORTED', fault));
    state.session = { ...state.session, modesConfirmed: true, brackets: outcome.value.brackets };
    ctx.log.info({ brackets: outcome.value.brackets.size }, 'account modes confirmed: one-way, single-asset, no fee burn');
  }
}

function fillsIn(answer: ReadAnswer<'trades'>): RestSaidMessage['words'] {
  return answer.ok ? answer.value.map(({ symbol, tradeId, orderId, at }) => ({ what: 'fill', symbol, id: tradeId, orderId, at })) : [];
}

function tellOnce(state: GatewayState, step: 'time' | 'modes', reason: string, message: string, ctx: Context): void {
  if (state.stuck.get(step) !== reason) ctx.log.warn({ reason }, message);
  state.stuck.set(step, reason);
}

function described(write: VenueWrite): object {
  const { kind, symbol, clientId } = write;
  switch (write.kind) {
    case 'OPEN':
      return { kind, symbol, clientId, side: write.side, quantity: write.quantity.toFixed(), price: write.price.toFixed() };
    case 'CLOSE':
      return { kind, symbol, clientId, side: write.side, quantity: write.quantity.toFixed() };
    case 'PROTECT':
      return { kind, symbol, clientId, leg: write.leg, side: write.side, quantity: write.quantity.toFixed(), triggerPrice: write.triggerPrice.toFixed() };
    case 'CANCEL':
      return { kind, symbol, clientId, of: write.of };
    case 'CONFIGURE':
      return { kind, symbol, clientId, setting: write.setting };
  }
}
