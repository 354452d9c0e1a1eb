/** What nobody may miss of a position: naked, guarded from here, or with a stop that nobody has seen for long. Alerts that stand as long as it is so. */
import { isoTime } from '../../supervision/clock.ts';
import { text } from '../../protocol/decimal.ts';
import type { StandingMessage } from '../../protocol/messages.ts';
import { nakedForMs } from '../../rules/position-life/due-events.ts';
import { guardPrice, STOP_LOST_BOUND_MS } from '../../rules/position-life/guard.ts';
import type { Situation } from '../../rules/position-life/situation.ts';
import { standingStop } from '../../rules/position-life/standing.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';
import { wentOut } from './went-out.ts';

/** Twice the bound: the venue cannot be read, or does not list what it has acknowledged. */
const UNSEEN_MS = 2 * STOP_LOST_BOUND_MS;
/** A close that takes longer than this has met something. */
const CLOSE_TAKES_MS = 3_000;

export function tellAlarms(state: ExecutorState, situation: Situation, heartbeat: boolean, ctx: ExecutorContext): void {
  const alerts = alarmsOf(state, situation, ctx);
  alarmIfNaked(state, situation, ctx);
  const said = JSON.stringify(alerts);
  if (said === state.alarmed && !(heartbeat && alerts.length > 0)) return;
  state.alarmed = said;
  ctx.tell(state.options.watchdog, { type: 'standing', from: ctx.path, alerts });
}

function alarmsOf(state: ExecutorState, situation: Situation, ctx: ExecutorContext): StandingMessage['alerts'] {
  const { life, options, truthSeenAt, stopSeen } = state;
  const { now, nakedCloseMs } = situation;
  const { symbol } = options;
  if (life.holding.quantity.isZero()) return [];
  const alerts: { name: string; message: string }[] = [];
  const guarded = guardPrice(life, situation);
  if (guarded !== undefined && life.stopRefused !== undefined) {
    const { venueCode, message, at } = life.stopRefused;
    alerts.push({ name: `stop-refused/${symbol}`, message: `${symbol}: the venue takes no stop since ${isoTime(at)} (${venueCode}: ${message}). The mark price is watched from here, and the position closed at the market at ${text(guarded)}; that ends with this process. A stop is tried again and again.` });
  } else if (life.nakedSince !== undefined && nakedForMs(life.nakedSince, situation) >= options.nakedAlarmMs) {
    const closesAt = life.nakedSince + nakedCloseMs;
    const then = now < closesAt + CLOSE_TAKES_MS ? `it is closed after ${nakedCloseMs} ms.` : `closing it is tried since ${isoTime(closesAt)}, again and again${refusedSince(state, life.nakedSince)}. Close it at the venue if that stays.`;
    alerts.push({ name: `naked/${symbol}`, message: `${symbol}: no stop on the exchange covers ${text(life.holding.quantity)} since ${isoTime(life.nakedSince)}; ${then}` });
  }
  const stop = standingStop(life);
  if (stop === undefined || truthSeenAt === undefined) return alerts;
  const since = Math.max(stopSeen?.begunAt ?? 0, wentOut(state, { clientId: stop.clientId, openSince: stop.sentAt }).by);
  if (ctx.clock.monotonic() - since >= UNSEEN_MS) alerts.push({ name: `stop-unseen/${symbol}`, message: `${symbol}: its stop ${stop.clientId} was last seen at the venue at ${isoTime(Math.max(stopSeen?.readAt ?? 0, stop.sentAt))}; its lists cannot be read since.` });
  return alerts;
}

/** Why: what came of the last stop or close that was tried. */
function refusedSince({ refusedExit: refused }: ExecutorState, since: number): string {
  return refused === undefined || refused.at < since ? '' : `; the last ${refused.write} was not taken: ${refused.why}`;
}

function alarmIfNaked(state: ExecutorState, situation: Situation, ctx: ExecutorContext): void {
  const { nakedSince, holding } = state.life;
  if (nakedSince === undefined) {
    state.nakedAlarmed = false;
    return;
  }
  const forMs = Math.round(nakedForMs(nakedSince, situation));
  if (forMs < state.options.nakedAlarmMs || state.nakedAlarmed) return;
  state.nakedAlarmed = true;
  ctx.log.error({ quantity: text(holding.quantity), forMs, closesAfterMs: state.options.nakedCloseMs }, 'NAKED POSITION: no stop on the exchange covers it');
}
