/** The venue's clock: measured by the median of several readings, at once after the wall clock has jumped or the venue has refused a time (failure 58, operators' 50). */
import { clockSample, offsetOf, wallJump, withSample } from '../../rules/clock-offset.ts';
import type { ClockSample } from '../../rules/clock-offset.ts';
import { askTime } from './ask-time.ts';
import { readAgain } from './reads.ts';
import type { GatewayContext, GatewayState, Time } from './state.ts';
import { heard, heed, publishSession, standingRest, tellOnce } from './trouble.ts';
import { sendAgain } from './writes.ts';

/** So many readings one after the other, then one a minute. */
const FIRST_SAMPLES = 5;
const NEXT_SAMPLE_MS = 100;
const TIME_EVERY_MS = 60_000;
const RETRY_MS = 2_000;

export function measureTime(state: GatewayState, ctx: GatewayContext): void {
  const rest = standingRest(state, ctx);
  if (rest?.banned !== true) return askTime(state, ctx);
  state.time = { question: state.time.question + 1, underWay: false };
  ctx.timers.once('time', rest.until - ctx.clock.now(), { type: 'measure-time' });
  sendResent(state, false, ctx);
}

export function onTime(state: GatewayState, question: number, outcome: Time, ctx: GatewayContext): void {
  if (question !== state.time.question) return;
  state.time = { question, underWay: false };
  const sample = sampleOf(state, outcome, ctx);
  if (sample === undefined) ctx.timers.once('time', RETRY_MS, { type: 'measure-time' });
  else take(state, withSample(state.samples, sample), ctx);
  sendResent(state, sample !== undefined, ctx);
}

/** What was refused by its time alone goes once more, each once; or who waits for it is told that it was not. */
function sendResent(state: GatewayState, measured: boolean, ctx: GatewayContext): void {
  // One by one: what is left if one of them ends this incarnation, the next one finds.
  for (let next = state.resent.shift(); next !== undefined; next = state.resent.shift()) {
    if (next.what === 'read') readAgain(state, next.waiting, measured, ctx);
    else sendAgain(state, next, measured, ctx);
  }
}

function take(state: GatewayState, samples: readonly ClockSample[], ctx: GatewayContext): void {
  state.samples = samples;
  const measured = offsetOf(samples);
  if (measured === undefined) return;
  state.session = { ...state.session, clockOffsetMs: measured.offsetMs };
  state.options.onClockOffset(measured.offsetMs);
  // At once: signed by the new time an opening would be taken, and the governor must know how far both are apart.
  publishSession(state, ctx);
  ctx.timers.once('time', samples.length < FIRST_SAMPLES ? NEXT_SAMPLE_MS : TIME_EVERY_MS, { type: 'measure-time' });
}

function sampleOf(state: GatewayState, outcome: Time, ctx: GatewayContext): ClockSample | undefined {
  if (!outcome.ok) {
    state.lastFailure = `serverTime: ${outcome.error.message}`;
    heed(state, outcome.error, ctx);
    tellOnce(state, 'time', outcome.error.message, 'the venue does not tell the time; trying again', ctx);
    return undefined;
  }
  heard(state, ctx);
  const { serverTime, sentAt, receivedAt } = outcome.value;
  const sample = clockSample(serverTime, sentAt, receivedAt);
  if (sample === undefined) tellOnce(state, 'time', 'slow', `a reading of the venue's time took ${receivedAt - sentAt} ms and says nothing; trying again`, ctx);
  else state.stuck.delete('time');
  return sample;
}

/** Whoever sets the wall clock, or wakes the machine, makes every earlier reading void: until the next one the offset is not known. */
export function watchWallClock(state: GatewayState, ctx: GatewayContext): void {
  const now = { wall: ctx.clock.now(), monotonic: ctx.clock.monotonic() };
  const jumpMs = wallJump(state.look, now);
  state.look = now;
  if (jumpMs === 0) return;
  ctx.log.warn({ jumpMs }, 'the wall clock has jumped: the offset to the venue is measured anew, and openings wait for it');
  state.samples = [];
  moveTimes(state, jumpMs);
  state.session = { ...state.session, clockOffsetMs: undefined };
  measureTime(state, ctx);
}

/** What was counted, and how long the venue wants rest, is a matter of time that has passed: a clock that is put back by a day must not make a rest of a minute last a day. */
function moveTimes(state: GatewayState, jumpMs: number): void {
  const moved = <One extends { readonly at: number }>(one: One): One => ({ ...one, at: one.at + jumpMs });
  const { budget, ordersStated: { orders10s, orders1m }, slots, session } = state;
  state.budget = { requests: budget.requests.map(moved), stated: budget.stated && moved(budget.stated) };
  state.ordersStated = { orders10s: orders10s && moved(orders10s), orders1m: orders1m && moved(orders1m) };
  state.sent = state.sent.map((at) => at + jumpMs);
  slots.given = slots.given.map(moved);
  if (session.throttle !== undefined) state.session = { ...session, throttle: { ...session.throttle, until: session.throttle.until + jumpMs } };
}
