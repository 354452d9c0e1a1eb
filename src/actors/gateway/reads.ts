/** Readings in four lanes: what tells whether a stop stands, what exits need, what openings need, the rest. Where the venue's weight runs out the last wait first, and nobody waits without an answer. */
import { isoTime } from '../../supervision/clock.ts';
import type { ReadMessage } from '../../protocol/messages.ts';
import type { ReadName, VenueTrade } from '../../protocol/venue.ts';
import { reactionTo } from '../../protocol/venue-reactions.ts';
import { afterRequest, laneOf, READ_LANES, readRefusal, weightOf } from '../../rules/request-budget.ts';
import { VenueError } from '../../venue/port.ts';
import { resync } from './ask-time.ts';
import { noLongerUnderWay, together, waitsForOthers } from './positions.ts';
import type { GatewayContext, GatewayInternal, GatewayState, WaitingRead } from './state.ts';
import { findCode, heard, heed, isExhausted, keyAccepted, standingRest, tellFills } from './trouble.ts';

const READ_DEADLINE_MS = 9_000;
/** So long a reading waits for room; then it is answered that there was none. Most who ask wait longer. */
const PATIENCE_MS = 4_000;

/** What anybody may ask: it says nothing of the key. */
const PUBLIC: ReadonlySet<ReadName> = new Set(['serverTime', 'instruments', 'tickers', 'candles', 'fundingIntervals']);

export function takeRead(state: GatewayState, message: ReadMessage, ctx: GatewayContext): void {
  state.reads += 1;
  const waiting: WaitingRead = { read: message, lane: laneOf(message), since: ctx.clock.monotonic(), again: false, answer: ctx.answering(message) };
  const { refusal } = state;
  if (refusal !== undefined && !PUBLIC.has(message.name) && ctx.clock.monotonic() < refusal.retryAt) return fail(waiting, 'authentication', `not asked: the venue refuses the key (${refusal.message})`);
  const now = standingRest(state, ctx);
  // The door would say no more, and a ban outlasts everybody's patience.
  if (now?.banned === true) return fail(waiting, 'throttled', `not asked: the venue has banned this address until ${isoTime(now.until)}`);
  state.queue.push(waiting);
  drain(state, ctx);
}

/** Lets go what has room now, lane by lane, answers those who have waited too long, and looks again when one of both may be so. */
export function drain(state: GatewayState, ctx: GatewayContext): void {
  const still: WaitingRead[] = [];
  const taken = new Set<WaitingRead>();
  let lookMs = Infinity;
  for (const lane of READ_LANES) {
    let held: Hindrance | undefined;
    for (const waiting of state.queue) {
      if (waiting.lane !== lane || taken.has(waiting)) continue;
      const hindrance = held ?? hindranceOf(state, waiting, ctx);
      const patience = PATIENCE_MS - (ctx.clock.monotonic() - waiting.since);
      const others = waitsForOthers(state, waiting, ctx);
      if (others > 0 && patience > 0) {
        still.push(waiting);
        lookMs = Math.min(lookMs, patience, others);
      } else if (hindrance === undefined) send(state, together(state, waiting, taken, ctx), ctx);
      else if (patience <= 0) giveUp(state, waiting, hindrance.why, ctx);
      else {
        still.push(waiting);
        lookMs = Math.min(lookMs, patience, held === undefined ? hindrance.delayMs : Infinity);
        held = { ...hindrance, why: 'others of its lane wait before it' };
      }
    }
  }
  state.queue = still.filter((waiting) => !taken.has(waiting));
  if (state.queue.length > 0) ctx.timers.once('drain', lookMs, { type: 'drain' });
}

interface Hindrance {
  readonly why: string;
  /** How long it stands at least, ms. */
  readonly delayMs: number;
}

/** Why it has to wait; undefined: it may go. */
function hindranceOf(state: GatewayState, { read, lane }: WaitingRead, ctx: GatewayContext): Hindrance | undefined {
  const rest = standingRest(state, ctx);
  const now = ctx.clock.now();
  if (rest !== undefined && lane !== 'protection' && lane !== 'exit') return { why: `the venue wants rest until ${isoTime(rest.until)} (${rest.message})`, delayMs: rest.until - now };
  const refusal = readRefusal(state.budget, read, now, state.session.clockOffsetMs ?? 0);
  return refusal === undefined ? undefined : { why: `the request weight of this minute is used up for it: ${refusal.value} with it, and ${refusal.limit} for readings of its kind`, delayMs: refusal.delayMs };
}

function giveUp(state: GatewayState, waiting: WaitingRead, why: string, ctx: GatewayContext): void {
  // Said once, then it stands among the alerts: those who wait are many, and ask again.
  const tell = isExhausted(state, ctx) ? ctx.log.debug.bind(ctx.log) : ctx.log.warn.bind(ctx.log);
  if (standingRest(state, ctx) === undefined) state.exhaustedAt = ctx.clock.monotonic();
  tell({ read: waiting.read.name, lane: waiting.lane, why }, 'a reading found no room');
  fail(waiting, 'throttled', `not asked: ${why}`);
}

function fail(waiting: WaitingRead, kind: string, message: string): void {
  waiting.answer({ ok: false, kind, message } as never);
}

function send(state: GatewayState, waiting: WaitingRead, ctx: GatewayContext): void {
  const { read } = waiting;
  const sentAt = ctx.clock.now();
  state.budget = afterRequest(state.budget, weightOf(read), sentAt);
  ctx.effect<unknown>({
    name: `read ${read.name}`,
    deadlineMs: READ_DEADLINE_MS,
    run: (signal) => state.options.venue.read(read.name, read.query as never, signal),
    report: (outcome) => ({ type: 'read-done', waiting, sentAt, outcome }),
  });
}

/** It was refused by its time alone; `measured`: the clock has been measured since. */
export function readAgain(state: GatewayState, waiting: WaitingRead, measured: boolean, ctx: GatewayContext): void {
  if (measured) send(state, { ...waiting, again: true }, ctx);
  else fail(waiting, 'unreachable', 'refused by its time alone, and the venue does not tell the time');
}

export function onRead(state: GatewayState, { waiting, sentAt, outcome }: Extract<GatewayInternal, { type: 'read-done' }>, ctx: GatewayContext): void {
  heard(state, sentAt, ctx);
  // Before it is answered: whoever waits for the next one asked while this one was on its way.
  if (noLongerUnderWay(state, waiting)) drain(state, ctx);
  const { read } = waiting;
  if (outcome.ok) {
    if (!PUBLIC.has(read.name)) keyAccepted(state, ctx);
    waiting.answer({ ok: true, value: outcome.value } as never);
    if (read.name === 'trades') tellFills(state, outcome.value as readonly VenueTrade[], ctx);
    return;
  }
  const { error } = outcome;
  state.lastFailure = `${read.name}: ${error.message}`;
  if (!(error instanceof VenueError)) return fail(waiting, outcome.cause, error.message);
  const reaction = error.venueCode === undefined ? undefined : reactionTo('READ', error.venueCode);
  if (reaction === 'resync' && !waiting.again && resync(state, { what: 'read', waiting }, ctx)) return;
  heed(state, error, ctx);
  if (error.venueCode !== undefined) findCode(state, reaction, { asked: 'READ', about: read.name, code: error.venueCode, message: error.message }, ctx);
  fail(waiting, error.kind, error.message);
}
