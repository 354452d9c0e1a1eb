/** Writes: redeemed, signed and sent in one turn; and what each answer prescribes for more than its symbol. */
import { isoTime } from '../../supervision/clock.ts';
import type { Denial } from '../../protocol/denials.ts';
import type { WriteMessage } from '../../protocol/messages.ts';
import type { Redemption } from '../../protocol/permit.ts';
import type { VenueWrite, WriteOutcome } from '../../protocol/venue.ts';
import { entryPauseAfter, reactionTo } from '../../protocol/venue-reactions.ts';
import type { Reaction } from '../../protocol/venue-reactions.ts';
import { judgeExit } from '../../rules/guards/exit.ts';
import { afterOrder, isOrder, recentWrites } from '../../rules/rate-lane.ts';
import { afterRequest, weightOfWrite } from '../../rules/request-budget.ts';
import { resync } from './ask-time.ts';
import { settingDone } from './room.ts';
import type { GatewayContext, GatewayInternal, GatewayState, Resent } from './state.ts';
import { find, findCode, heard, keyAccepted, keyRefused, publishSession, rest, standingRest, tellStream } from './trouble.ts';

/** An order request is never aborted; after this its outcome counts as unknown, and is asked for (ruling 9). */
const WRITE_DEADLINE_MS = 8_000;
/** A protection is asked for, and sent again under its own id, well before its position would be closed as naked (ruling 10). */
const PROTECT_DEADLINE_MS = 2_500;
const MODES_HOLD_MS = 5_000;

/** Redeem, sign and send in one turn: between the check and the request nothing else runs. `again`: it was refused by its time alone, and goes the second and last time. */
export function write(state: GatewayState, message: WriteMessage, again: boolean, ctx: GatewayContext): void {
  const { write: request, authority, because } = message;
  const { options } = state;
  const executor = options.executorOf(request.symbol);
  const barred = barrier(state, message, ctx) ?? options.mayRedeem?.(request);
  const redemption: Redemption = barred === undefined ? options.redeemer.redeem(request, authority, ctx.incarnationOf(executor)) : { ok: false, code: barred.code, detail: barred.detail ?? '' };
  if (!redemption.ok) {
    state.refusals += 1;
    ctx.log.error({ symbol: request.symbol, clientId: request.clientId, write: request.kind, code: redemption.code, detail: redemption.detail }, 'write refused');
    ctx.tell(executor, { type: 'write-refused', write: request, code: redemption.code, detail: redemption.detail });
    if (request.kind === 'CONFIGURE') settingDone(state, request, undefined, ctx);
    return;
  }
  const { under } = redemption;
  state.writes += 1;
  const sentAt = { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() };
  count(state, request, sentAt.wall);
  ctx.log.info({ ...described(request), under, because, again }, `sending ${request.kind}`);
  ctx.effect({ name: `write ${request.kind}`, deadlineMs: request.kind === 'PROTECT' ? PROTECT_DEADLINE_MS : WRITE_DEADLINE_MS, fact: true, run: () => options.venue.write(request), report: (outcome) => ({ type: 'written', message, under, sentAt, again, outcome }) });
}

/** In the limits of orders, or in the request weight. */
function count(state: GatewayState, { kind, symbol }: VenueWrite, now: number): void {
  state.budget = afterRequest(state.budget, weightOfWrite(kind), now);
  if (!isOrder(kind)) return;
  state.sent = [...recentWrites(state.sent, now), now];
  state.slots.given = afterOrder(state.slots.given, symbol, now);
}

/** For an opening the governor has asked every guard, and what came since stands here; an exit has its own guards, and only these (ruling 5). What is held is not known here, and its mandate the redemption asks for. */
function barrier(state: GatewayState, { write: request, authority }: WriteMessage, ctx: GatewayContext): Denial | undefined {
  const { refusal, session } = state;
  if (refusal !== undefined && ctx.clock.monotonic() < refusal.retryAt) return { code: 'VENUE_KEY_REFUSED', detail: refusal.message };
  if (authority.by === 'mandate') return judgeExit({ write: request, mandate: undefined, position: undefined, sent: state.sent, now: ctx.clock.now() })[0];
  const resting = standingRest(state, ctx);
  if (resting !== undefined) return { code: resting.banned ? 'VENUE_BANNED' : 'VENUE_THROTTLED', detail: `the venue wants rest until ${isoTime(resting.until)}` };
  if (request.kind !== 'OPEN') return undefined;
  const { clockOffsetMs } = session;
  if (clockOffsetMs === undefined) return { code: 'CLOCK_SKEW', detail: 'our clock was set since its permit was given, and is not measured yet' };
  if (Math.abs(clockOffsetMs) > state.options.clockSkewMaxMs) return { code: 'CLOCK_SKEW', limit: String(state.options.clockSkewMaxMs), value: String(clockOffsetMs), detail: 'found since its permit was given' };
  return session.modesConfirmed ? undefined : { code: 'ACCOUNT_MODES_UNCONFIRMED', detail: state.asserted.fault ?? 'they are being read again' };
}

export function onWritten(state: GatewayState, { message, under, sentAt, again, outcome }: Extract<GatewayInternal, { type: 'written' }>, ctx: GatewayContext): void {
  heard(state, sentAt.wall, ctx);
  const request = message.write;
  // An adapter that throws, or is silent beyond the deadline, leaves it open whether the order exists.
  const answered: WriteOutcome = outcome.ok ? outcome.value : { result: 'unknown', message: outcome.error.message };
  const reaction = answered.result === 'rejected' ? reactionTo(request.kind, answered.venueCode) : undefined;
  const result: WriteOutcome = answered.result === 'rejected' && reaction !== undefined ? { ...answered, reaction } : answered;
  if (result.result !== 'accepted') state.lastFailure = `${request.kind} ${request.symbol}: ${result.message}`;
  const log = result.result === 'accepted' ? ctx.log.info.bind(ctx.log) : ctx.log.warn.bind(ctx.log);
  log({ symbol: request.symbol, clientId: request.clientId, under, outcome: result }, `${request.kind}: ${result.result}`);
  // Never what has been called unknown meanwhile, and no opening: its permit is used up (ruling 8).
  if (reaction === 'resync' && !again && !outcome.late && message.authority.by === 'mandate' && resync(state, { what: 'write', message, refused: result }, ctx)) return;
  ctx.tell(state.options.executorOf(request.symbol), { type: 'write-outcome', write: request, outcome: result, late: outcome.late, recordedAt: message.recordedAt });
  // What the venue took, it tells of. A setting it tells of only if it changed.
  if (result.result === 'accepted' && request.kind !== 'CONFIGURE') tellStream(state, [{ what: 'order', symbol: request.symbol, id: request.clientId, at: sentAt.monotonic }], ctx);
  follow(state, request, result, reaction, ctx);
  if (request.kind === 'CONFIGURE') settingDone(state, request, result, ctx);
}

/** What follows for more than the symbol it was sent for. */
function follow(state: GatewayState, request: VenueWrite, outcome: WriteOutcome, reaction: Reaction | undefined, ctx: GatewayContext): void {
  const { kind, symbol } = request;
  switch (outcome.result) {
    case 'accepted':
      return keyAccepted(state, ctx);
    case 'throttled':
      return rest(state, outcome, ctx);
    case 'unknown':
      if (outcome.venueCode !== undefined) findCode(state, reactionTo(kind, outcome.venueCode), { asked: kind, about: symbol, code: outcome.venueCode, message: outcome.message }, ctx);
      return;
    case 'rejected': {
      const { venueCode, message } = outcome;
      findCode(state, reaction, { asked: kind, about: symbol, code: venueCode, message }, ctx);
      if (reaction === 'halt') keyRefused(state, message, ctx);
      if (reaction === 'resync') resync(state, undefined, ctx);
      if (reaction === 'no-stop') find(state, 'STOP_NOT_TAKEN', `${symbol} ${venueCode}`, `${symbol}: the venue takes no ${request.kind === 'PROTECT' ? request.leg : 'stop'}: ${message}`, ctx);
      // Found right a moment ago: then it is about something else, and asking each second would use up the weight.
      if (reaction === 'modes' && !foundRightJustNow(state, ctx)) doubtModes(state, `${kind} ${symbol}: ${message}`, ctx);
      // Of an opening the locks learn by the executor's life, which is durable.
      if (kind !== 'OPEN' && entryPauseAfter(kind, venueCode) !== undefined) ctx.tell(state.options.owners.locks, { type: 'venue-refused', asked: kind, refusal: { symbol, venueCode, message, at: ctx.clock.now() } });
    }
  }
}

/** The account's modes were read and found right a moment ago. */
export function foundRightJustNow({ modesAt }: GatewayState, ctx: GatewayContext): boolean {
  return modesAt !== undefined && ctx.clock.monotonic() - modesAt <= MODES_HOLD_MS;
}

/** Openings wait until the account's modes have been read again. */
export function doubtModes(state: GatewayState, why: string, ctx: GatewayContext): void {
  ctx.log.warn({ why }, 'the account\'s modes are read again; openings wait for it');
  state.asserted.modes = false;
  state.session = { ...state.session, modesConfirmed: false };
  publishSession(state, ctx);
  ctx.timers.once('modes', 0, { type: 'confirm-modes' });
}

/** `measured`: the clock has been measured since it was refused; if not, nothing has changed and the refusal is told as it came. */
export function sendAgain(state: GatewayState, { message, refused }: Extract<Resent, { what: 'write' }>, measured: boolean, ctx: GatewayContext): void {
  if (measured) return write(state, message, true, ctx);
  ctx.tell(state.options.executorOf(message.write.symbol), { type: 'write-outcome', write: message.write, outcome: refused, late: false, recordedAt: message.recordedAt });
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
