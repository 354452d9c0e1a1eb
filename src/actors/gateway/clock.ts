/** The venue's clock: measured by the median of several readings, at once after the wall clock has jumped, the venue has refused a time, or a reading says that one of both was set (failure 58, operators' 50). */
import { clockSample, NO_READINGS, offsetOf, wallJump, withSample } from '../../rules/clock-offset.ts';
import type { ClockReadings, ClockSample } from '../../rules/clock-offset.ts';
import { askTime } from './ask-time.ts';
import { readAgain } from './reads.ts';
import type { GatewayContext, GatewayState, Time } from './state.ts';
import { heard, heed, publishSession, standingRest, tellOnce } from './trouble.ts';
import { sendAgain } from './writes.ts';

/** So many readings one after the other, then one every 15 s: so long a step is not seen that no refusal tells of. */
const FIRST_SAMPLES = 5;
const NEXT_SAMPLE_MS = 100;
const TIME_EVERY_MS = 15_000;
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
  else take(state, withSample(state.readings, sample), ctx);
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

function take(state: GatewayState, readings: ClockReadings, ctx: GatewayContext): void {
  const { samples, doubt } = readings;
  const before = state.readings;
  state.readings = readings;
  const measured = offsetOf(samples);
  if (measured === undefined) return;
  const doubted = doubt !== undefined && before.doubt === undefined;
  if (doubted) ctx.log.warn({ clockOffsetMs: measured.offsetMs, ...doubt }, 'a reading of the venue\'s time contradicts those before: the next one, at once, decides');
  if (before.doubt !== undefined && samples[0] === before.doubt) ctx.log.warn({ clockOffsetMs: measured.offsetMs, before: state.session.clockOffsetMs ?? null }, 'the venue\'s clock, or ours, was set: it is measured anew');
  state.session = { ...state.session, clockOffsetMs: measured.offsetMs };
  state.options.onClockOffset(measured.offsetMs);
  // At once: signed by the new time an opening would be taken, and the governor must know how far both are apart.
  publishSession(state, ctx);
  ctx.timers.once('time', doubted || (doubt === undefined && samples.length < FIRST_SAMPLES) ? NEXT_SAMPLE_MS : TIME_EVERY_MS, { type: 'measure-time' });
}

function sampleOf(state: GatewayState, outcome: Time, ctx: GatewayContext): ClockSample | undefined {
  if (!outcome.ok) {
    state.lastFailure = `serverTime: ${outcome.error.message}`;
    heed(state, outcome.error, ctx);
    tellOnce(state, 'time', outcome.error.message, 'the venue does not tell the time; trying again', ctx);
    return undefined;
  }
  const { serverTime, sentAt, receivedAt } = outcome.value;
  heard(state, sentAt, ctx);
  const sample = clockSample(serverTime, sentAt, receivedAt);
  if (sample === undefined) tellOnce(state, 'time', 'slow', `a reading of the venue's time took ${receivedAt - sentAt} ms and says nothing; trying again`, ctx);
  else state.stuck.delete('time');
  return sample;
}

/** Called before anything is sent by it. Whoever sets the wall clock, or wakes the machine, makes every earlier reading void, one that is under way too: until the next one the offset is not known. */
export function watchWallClock(state: GatewayState, ctx: GatewayContext): void {
  const before = state.look;
  state.look = lookAt(ctx);
  // Who is stopped between the two clocks sees a jump that there is not: only what a second look sees too is one.
  if (wallJump(before, state.look) !== 0) state.look = lookAt(ctx);
  const jumpMs = wallJump(before, state.look);
  if (jumpMs === 0) return;
  ctx.log.warn({ jumpMs }, 'the wall clock has jumped: the offset to the venue is measured anew, and openings wait for it');
  state.readings = NO_READINGS;
  moveTimes(state, jumpMs, ctx);
  state.session = { ...state.session, clockOffsetMs: undefined };
  publishSession(state, ctx);
  measureTime(state, ctx);
}

function lookAt({ clock }: GatewayContext): GatewayState['look'] {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/** What was counted, and how long the venue wants rest, is a matter of time that has passed: a clock that is put back by a day must not make a rest of a minute last a day. */
function moveTimes(state: GatewayState, jumpMs: number, ctx: GatewayContext): void {
  const moved = <One extends { readonly at: number }>(one: One): One => ({ ...one, at: one.at + jumpMs });
  const { budget, ordersStated: { orders10s, orders1m }, slots, session } = state;
  state.budget = { requests: budget.requests.map(moved), stated: budget.stated && moved(budget.stated) };
  state.ordersStated = { orders10s: orders10s && moved(orders10s), orders1m: orders1m && moved(orders1m) };
  state.sent = state.sent.map((at) => at + jumpMs);
  slots.given = slots.given.map(moved);
  if (session.throttle !== undefined) state.session = { ...session, throttle: { ...session.throttle, until: session.throttle.until + jumpMs } };
  const still = standingRest(state, ctx);
  if (still !== undefined) state.options.rest.write(still);
}
