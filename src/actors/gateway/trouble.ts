/** What the venue's answers prescribe for all: rest, no key, our own mistakes; and what of it stands among the alerts. */
import { isoTime } from '../../supervision/clock.ts';
import type { AutomaticCause, RestSaidMessage } from '../../protocol/messages.ts';
import type { FindingCode } from '../../protocol/findings.ts';
import type { VenueTrade } from '../../protocol/venue.ts';
import { meaningOf } from '../../protocol/venue-reactions.ts';
import type { Asked, Reaction } from '../../protocol/venue-reactions.ts';
import type { VenueRest } from '../../persistence/port.ts';
import { afterStatedOrders } from '../../rules/rate-lane.ts';
import { afterStated, sameMinute } from '../../rules/request-budget.ts';
import { VenueError } from '../../venue/port.ts';
import { publish } from '../publish.ts';
import type { GatewayContext, GatewayState } from './state.ts';

/** What the venue's key is refused with is asked again after so long, and twice as long each time. */
const FIRST_HOLD_MS = 1_000;
const LONGEST_HOLD_MS = 30_000;
const HALT_TIMEOUT_MS = 8_000;
/** No process is started again sooner. */
const WORTH_KEEPING_MS = 1_000;
/** So long after a reading found no room it is an alert. */
const EXHAUSTED_STANDS_MS = 60_000;

export function publishSession(state: GatewayState, ctx: GatewayContext): void {
  publish(ctx, state.options.subscribers, { type: 'session', view: state.session });
}

export function tellOnce(state: GatewayState, step: 'time' | 'modes', reason: string, message: string, ctx: GatewayContext): void {
  if (state.stuck.get(step) !== reason) ctx.log.warn({ reason }, message);
  state.stuck.set(step, reason);
}

/** What the venue has said over REST, its user stream must tell of, too. */
export function tellStream({ options: { userStream } }: GatewayState, words: RestSaidMessage['words'], ctx: GatewayContext): void {
  if (userStream !== undefined && words.length > 0) ctx.tell(userStream, { type: 'rest-said', words });
}

/** Fills are dated by the venue's clock: while its offset is not known, nobody can say from when they are. */
export function tellFills(state: GatewayState, trades: readonly VenueTrade[], ctx: GatewayContext): void {
  const { clockOffsetMs } = state.session;
  if (clockOffsetMs === undefined) return;
  const venueNow = ctx.clock.now() + clockOffsetMs;
  tellStream(state, trades.map(({ symbol, tradeId, orderId, at }) => ({ what: 'fill', symbol, id: tradeId, orderId, at: ctx.clock.monotonic() - (venueNow - at) })), ctx);
}

/** What the headers of the last answers said of weight and orders, whoever used them. @param sentAt when what is answered was asked, wall ms: across the end of a minute it may say what was used of the one before. */
export function heard(state: GatewayState, sentAt: number, ctx: GatewayContext): void {
  const usage = state.options.venue.usage();
  const now = ctx.clock.now();
  if (sameMinute(sentAt, now, state.session.clockOffsetMs ?? 0)) state.budget = afterStated(state.budget, usage.weight1m, now);
  state.ordersStated = afterStatedOrders(state.ordersStated, usage, now);
}

/** A read that was throttled, or refused for its key, says of everything what a write would. */
export function heed(state: GatewayState, error: Error, ctx: GatewayContext): void {
  if (!(error instanceof VenueError)) return;
  if (error.kind === 'throttled') rest(state, { retryAfterMs: error.retryAfterMs ?? 0, banned: error.banned, message: error.message }, ctx);
  if (error.kind === 'authentication') keyRefused(state, error.message, ctx);
}

/** Readings have found no room a moment ago. */
export function isExhausted({ exhaustedAt }: GatewayState, ctx: GatewayContext): boolean {
  return exhaustedAt !== undefined && ctx.clock.monotonic() - exhaustedAt < EXHAUSTED_STANDS_MS;
}

/** The rest the venue wants at `now`, wall time ms; undefined: none. */
export function restAt({ session: { throttle } }: GatewayState, now: number): VenueRest | undefined {
  return throttle !== undefined && throttle.until > now ? throttle : undefined;
}

export function standingRest(state: GatewayState, ctx: GatewayContext): VenueRest | undefined {
  return restAt(state, ctx.clock.now());
}

/** Told at once, and kept over restarts: while the venue wants rest nothing is opened. What ends later, or is a ban, is not shortened by what comes after. */
export function rest(state: GatewayState, { retryAfterMs, banned, message }: { readonly retryAfterMs: number; readonly banned: boolean; readonly message: string }, ctx: GatewayContext): void {
  const until = ctx.clock.now() + retryAfterMs;
  const standing = state.session.throttle;
  if (standing !== undefined && standing.until >= until && (standing.banned || !banned)) return;
  const still = standingRest(state, ctx);
  const throttle: VenueRest = { until: Math.max(until, still?.until ?? 0), banned: banned || still?.banned === true, message };
  state.session = { ...state.session, throttle };
  ctx.log.warn({ retryAfterMs, banned, reason: message }, banned ? 'the venue has banned this address; nothing is opened meanwhile' : 'the venue asks for rest; nothing is opened meanwhile');
  publishSession(state, ctx);
  tellStanding(state, ctx);
  if (throttle.until - ctx.clock.now() >= WORTH_KEEPING_MS) state.options.rest.write(throttle);
}

/** The venue takes neither key nor signature: trading is halted, and what would be refused is held back, longer each time. Before the key was ever taken the service refuses to run instead. */
export function keyRefused(state: GatewayState, message: string, ctx: GatewayContext): void {
  if (!state.asserted.once) return;
  const now = ctx.clock.monotonic();
  const { refusal } = state;
  // Several were under way when the first was refused.
  if (refusal !== undefined && now < refusal.retryAt) return;
  const failures = (refusal?.failures ?? 0) + 1;
  state.refusal = { since: refusal?.since ?? ctx.clock.now(), failures, message, retryAt: now + Math.min(FIRST_HOLD_MS * 2 ** (failures - 1), LONGEST_HOLD_MS) };
  halt(state, ctx);
  tellStanding(state, ctx);
}

/** Nothing is asked twice, and nothing of somebody who has halted it already. */
function halt(state: GatewayState, ctx: GatewayContext): void {
  const { refusal, tradingState } = state;
  if (refusal === undefined || state.halting || tradingState?.overall === 'HALTED' || tradingState?.overall === 'FLATTENING') return;
  state.halting = true;
  ctx.ask(state.options.owners.tradingState, { type: 'set', state: 'HALTED', symbol: undefined, reason: `the venue refuses the API key: ${refusal.message}`, by: 'gateway' }, HALT_TIMEOUT_MS, (outcome) => ({ type: 'halted', outcome }));
}

/** If it was not set, the next refusal of the key tries again. */
export function onHalted(state: GatewayState, failure: string | undefined, ctx: GatewayContext): void {
  state.halting = false;
  if (failure !== undefined) ctx.log.error({ failure }, 'trading could not be halted; the next refusal of the key tries again');
}

export function keyAccepted(state: GatewayState, ctx: GatewayContext): void {
  const { refusal } = state;
  if (refusal === undefined) return;
  state.refusal = undefined;
  ctx.log.warn({ failures: refusal.failures, since: isoTime(refusal.since) }, 'the venue takes the key again; trading stays halted until an operator activates it');
  tellStanding(state, ctx);
}

export function find(state: GatewayState, code: FindingCode, subject: string, message: string, ctx: GatewayContext): void {
  ctx.tell(state.options.owners.findings, { type: 'finding', from: 'gateway', finding: { code, subject, message } });
}

/** A code that no row knows, or that only a mistake of ours can have brought about. */
export function findCode(state: GatewayState, reaction: Reaction | undefined, { asked, about, code, message }: { readonly asked: Asked; readonly about: string; readonly code: number; readonly message: string }, ctx: GatewayContext): void {
  const named = asked === 'READ' ? about : `${asked} ${about}`;
  if (reaction === 'unknown') find(state, 'VENUE_CODE_UNKNOWN', String(code), `${named}: the venue answered ${code}, which is in no table: ${message}`, ctx);
  if (reaction === 'defect') find(state, 'VENUE_REQUEST_DEFECT', `${asked} ${code}`, `${named}: ${message} (${meaningOf(code) ?? 'no meaning on record'})`, ctx);
}

/** All that stands, whole, at each change and once a second besides. A ban lowers trading to REDUCING for as long as it lasts (ruling 12). */
export function tellStanding(state: GatewayState, ctx: GatewayContext): void {
  const alerts: { readonly name: string; readonly message: string }[] = [];
  const causes: AutomaticCause[] = [];
  const resting = standingRest(state, ctx);
  if (resting?.banned === true) {
    const reason = `the venue has banned this address until ${isoTime(resting.until)}`;
    alerts.push({ name: 'venue-banned', message: `${reason}: nothing is sent, stops stand at the exchange. Another program behind the same address asks too much, or this one did: ${resting.message}` });
    causes.push({ key: 'venue-banned', symbol: undefined, reason });
  } else if (resting !== undefined) alerts.push({ name: 'venue-throttled', message: `the venue wants rest until ${isoTime(resting.until)}; exits and stops go on: ${resting.message}` });
  if (state.refusal !== undefined) alerts.push({ name: 'venue-key-refused', message: `the venue refuses the API key since ${isoTime(state.refusal.since)}, ${state.refusal.failures} times: ${state.refusal.message}. Positions cannot be closed from here; their stops stand at the exchange. Correct the key or its addresses, then \`vigil activate --reason …\`` });
  if (state.asserted.fault !== undefined) alerts.push({ name: 'account-modes', message: `nothing is opened: ${state.asserted.fault}` });
  const { clockOffsetMs } = state.session;
  if (clockOffsetMs !== undefined && Math.abs(clockOffsetMs) > state.options.clockSkewMaxMs) alerts.push({ name: 'clock-skew', message: `this machine's clock differs by ${clockOffsetMs} ms from the venue's, and ${state.options.clockSkewMaxMs} are allowed: nothing is opened. Synchronise it` });
  if (isExhausted(state, ctx)) alerts.push({ name: 'request-weight', message: 'readings find no room in the venue\'s request weight of a minute, which all programs behind this address share: ask less often (market.tickerMs, account.pollMs), or trade fewer symbols' });
  if (state.options.mode === 'mainnet') state.asserted.key.forEach((message, index) => alerts.push({ name: `key/${index + 1}`, message }));
  ctx.tell(state.options.owners.watchdog, { type: 'standing', from: 'gateway', alerts, causes });
}
