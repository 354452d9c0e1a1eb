/** The venue is truth: readings of its side are compared with our count; what differs is asked for, then adopted or declared, never invented. */
import type { Decimal } from '../../protocol/decimal.ts';
import { text, ZERO } from '../../protocol/decimal.ts';
import type { SymbolTruth } from '../../protocol/messages.ts';
import type { UserEvent, VenueTrade } from '../../protocol/venue.ts';
import { readClientId } from '../../rules/client-ids.ts';
import { observeOrder, observeTrades } from '../../rules/position-life/observe.ts';
import { isLess } from '../../rules/position-life/owners.ts';
import { isOpenOrder, ordersOf } from '../../rules/position-life/standing.ts';
import { adoptStated, endAdoption, takeOver } from './adoption.ts';
import { onSettingsRead } from './leverage.ts';
import { record } from './record.ts';
import { lookAtStops } from './stops.ts';
import { noteTold } from './went-out.ts';
import { statedQuantity, truthOf } from './state.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';

const READ_TIMEOUT_MS = 10_000;
/** A reading that disagrees is repeated before anything follows from it: fills and answers overtake one another. */
const MISMATCHES_BEFORE_ADOPTION = 3;
const REREAD_MS = 700;
/** Adoption waits for the trade list, but not without end: a position must be protected before it counts as naked (ruling 10). */
const MISMATCHES_WITHOUT_TRADES = 10;
/**
 * Less than we count, and no trade that took it: such a reading may be late, for half a minute and more when the venue is
 * busiest, and to believe it takes the stop off what is held. Until then the stop stands, and harms nobody: it is reduce-only.
 * A close that the venue refused (−2022) says the same as the reading, and is believed with it.
 */
const MISMATCHES_OF_LESS = 12;
const LESS_REREAD_MS = 3_000;
/** Fills that are known of and not yet listed are looked for this often. */
const OWED_REREAD_MS = 2_000;
/** A difference that is known and left alone is looked at now and then, not without pause (failure 57). */
const DRIFT_REREAD_MS = 15_000;
/** One trade list at a time, unless it does not come. */
const TRADES_PATIENCE_MS = 3_000;
/** What is asked of the trade list reaches back a little before what we know, for clocks that differ. */
const TRADES_OVERLAP_MS = 5_000;

export function askTruth(state: ExecutorState, ctx: ExecutorContext): void {
  if (state.reading !== undefined) return;
  const { symbol, gateway } = state.options;
  state.readings += 1;
  const reading = state.readings;
  state.reading = { number: reading, startedAt: ctx.clock.now(), begunAt: ctx.clock.monotonic() };
  state.truthDueAt = undefined;
  ctx.ask(gateway, { type: 'read', name: 'positions', query: { symbol } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'position-asked', reading, outcome }));
  ctx.ask(gateway, { type: 'read', name: 'openOrders', query: { symbol } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'orders-asked', reading, outcome }));
  ctx.ask(gateway, { type: 'read', name: 'openAlgoOrders', query: { symbol } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'algos-asked', reading, outcome }));
}

/** Takes one of the three answers; with the last one the reading is complete. A failed one ends the reading; it is begun again. */
export function onReadingAnswer(state: ExecutorState, number: number, part: 'position' | 'orders' | 'algos', value: unknown, failure: string | undefined, ctx: ExecutorContext): void {
  const { reading } = state;
  if (reading?.number !== number) return;
  if (failure !== undefined) {
    state.reading = undefined;
    state.truthDueAt = ctx.clock.monotonic() + 2_000;
    endAdoption(state, failure);
    return ctx.log.warn({ part, failure }, 'the venue could not be read; asking again');
  }
  Object.assign(reading, { [part]: value });
  const { position, orders, algos } = reading;
  if (position === undefined || orders === undefined || algos === undefined) return;
  state.reading = undefined;
  compare(state, truthOf(state, { ...reading, position, orders, algos }), ctx);
}

/** A price that goes on coming is young by when it comes, however the wall clock is set meanwhile. Of the first one nothing is known but the venue's time. */
export function heardMark(state: ExecutorState, price: Decimal, observedAt: number, ctx: ExecutorContext): void {
  const { markHeardAt: before } = state;
  if (observedAt === before) return;
  state.markHeardAt = observedAt;
  const ageMs = before === undefined ? Math.max(0, ctx.clock.now() - observedAt) : 0;
  seenMark(state, price, ctx.clock.monotonic() - ageMs);
}

function seenMark(state: ExecutorState, price: Decimal, seenAt: number): void {
  if (state.mark === undefined || seenAt >= state.mark.seenAt) state.mark = { price, seenAt };
}

export function compare(state: ExecutorState, truth: SymbolTruth, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  if (state.truthSeenAt === undefined) state.truthDueAt = undefined;
  state.truthSeenAt ??= at;
  ambiguousAfterRestart(state, ctx);
  if (truth.settings !== undefined) onSettingsRead(state, truth.settings, truth.begunAt);
  if (truth.position !== undefined) seenMark(state, truth.position.markPrice, truth.begunAt);
  // What is listed exists, whatever its own query says.
  for (const order of truth.openOrders) noteTold(state, order.clientId, ctx);
  record(state, truth.openOrders.flatMap((order) => observeOrder(state.life, order, at)), ctx);
  const listed = lookAtStops(state, truth.openAlgoOrders, truth, ctx);
  if (state.holdingChangedAt >= truth.begunAt) {
    // Something was filled after the reading began: it says nothing about now.
    state.truthDueAt = ctx.clock.monotonic() + REREAD_MS;
    return;
  }
  if (state.adopting !== undefined && truth.begunAt >= state.adopting.askedAt && takeOver(state, truth, ctx)) return;
  const stated = statedQuantity(truth, ZERO);
  if (!stated.isEqualTo(state.life.holding.quantity)) return disagree(state, truth, ctx);
  if (state.life.drift !== undefined && !driftIsOver(state, ctx)) return;
  state.mismatches = 0;
  state.agreedAt = Math.max(state.agreedAt, truth.begunAt);
  concluded(state, truth);
  state.flat = stated.isZero() && Math.max(entryOutBy(state), state.protectionGoneAt) < truth.begunAt ? { openAlgoIds: [...listed] } : undefined;
  if (state.life.drift !== undefined) record(state, [{ type: 'DriftCleared', at, venue: text(stated) }], ctx);
  // Our entry was filled and the position is gone: what happened in between is in the trade list (operators' 23).
  if (stated.isZero() && state.life.entry?.state === 'ended' && state.life.entry.executedQuantity.isGreaterThan(0) && state.life.holding.peak.isZero()) {
    state.truthDueAt = ctx.clock.monotonic() + OWED_REREAD_MS;
    askTrades(state, ctx);
  }
}

/** What an earlier incarnation sent was before any reading that is taken here. */
function entryOutBy({ life: { entry }, inFlight, answeredAt }: ExecutorState): number {
  return entry === undefined ? 0 : (inFlight.get(entry.clientId) ?? answeredAt.get(entry.clientId) ?? 0);
}

/** Both sides agree, or the difference is on record and left. */
function concluded(state: ExecutorState, { streamEpoch, begunAt }: SymbolTruth): void {
  state.reconciledEpoch = Math.max(state.reconciledEpoch, streamEpoch);
  state.reconciledAt = Math.max(state.reconciledAt, begunAt);
}

/** An order of an earlier incarnation without a result may have gone out (ruling 18). */
function ambiguousAfterRestart(state: ExecutorState, ctx: ExecutorContext): void {
  for (const order of ordersOf(state.life)) {
    if (order.state !== 'sending' || state.inFlight.has(order.clientId)) continue;
    record(state, [{ type: 'OrderAmbiguous', at: ctx.clock.now(), clientId: order.clientId, cause: 'no result on record after a restart' }], ctx);
  }
}

function disagree(state: ExecutorState, truth: SymbolTruth, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  const stated = statedQuantity(truth, ZERO);
  state.flat = undefined;
  if (state.life.drift?.isEqualTo(stated) === true) {
    state.mismatches = 0;
    state.truthDueAt = ctx.clock.monotonic() + DRIFT_REREAD_MS;
    return concluded(state, truth);
  }
  state.mismatches += 1;
  state.agreedAt = 0;
  const less = isLess(stated, state.life.holding.quantity) && !refusedToReduce(state);
  state.truthDueAt = ctx.clock.monotonic() + (less && state.mismatches >= MISMATCHES_BEFORE_ADOPTION ? LESS_REREAD_MS : REREAD_MS);
  ctx.log.warn({ journal: text(state.life.holding.quantity), venue: text(stated), reading: state.mismatches }, 'the venue states another position than our count; asking for the trades');
  askTrades(state, ctx);
  const patience = less ? MISMATCHES_OF_LESS : state.tradesReadAt < state.tradesAskedAt ? MISMATCHES_WITHOUT_TRADES : MISMATCHES_BEFORE_ADOPTION;
  if (state.mismatches < patience || state.inFlight.size > 0) return;
  state.mismatches = 0;
  // Our own order's fate is still being asked for: its fills are not yet to be adopted as somebody else's.
  if (isOpenOrder(state.life.entry) && state.life.entry?.state === 'sending') return;
  // What is left alone is a position that is none of ours; ours keeps its exits, however much of it there is (ruling 5, failure 64).
  if (state.options.unknownPositions === 'leave' && !stated.isZero() && state.life.holding.quantity.isZero()) {
    record(state, [{ type: 'DriftFound', at, journal: text(state.life.holding.quantity), venue: text(stated) }], ctx);
    state.truthDueAt = ctx.clock.monotonic() + DRIFT_REREAD_MS;
    return concluded(state, truth);
  }
  adoptStated(state, truth, 'the venue states it and the journal cannot explain it', ctx);
}

/** Of what strangers hold one reading may be late as of what we hold: until several say that it is gone, nothing is opened. */
function driftIsOver(state: ExecutorState, ctx: ExecutorContext): boolean {
  state.mismatches += 1;
  if (state.mismatches >= MISMATCHES_BEFORE_ADOPTION) return true;
  state.truthDueAt = ctx.clock.monotonic() + REREAD_MS;
  return false;
}

function refusedToReduce({ life, nothingToReduce }: ExecutorState): boolean {
  return nothingToReduce !== undefined && ordersOf(life).some(({ clientId, status }) => clientId === nothingToReduce && status === 'REJECTED');
}

/** Where strangers' positions are left alone (ruling 26), a symbol without a position, an order or a plan of ours is theirs. */
function isNothingOfOurs({ options, life }: ExecutorState): boolean {
  return options.unknownPositions === 'leave' && life.positionId === undefined && life.entry === undefined && life.holding.quantity.isZero();
}

type OrderEvent = Extract<UserEvent, { type: 'order' }>;

/** True for an execution of somebody else's order that is not ours to count. */
export function isStrangers(state: ExecutorState, event: UserEvent): event is OrderEvent & { readonly trade: VenueTrade } {
  return event.type === 'order' && event.trade !== undefined && isNothingOfOurs(state) && !state.options.tags.includes(readClientId(event.order.clientId)?.tag ?? '');
}

/** Declared at once, so that nothing is opened beside it; the next reading corrects the number. */
export function onStrangersTrade(state: ExecutorState, { trade }: { readonly trade: VenueTrade }, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  const change = trade.side === 'BUY' ? trade.quantity : trade.quantity.negated();
  state.flat = undefined;
  // A reading that is on its way was begun before it.
  state.holdingChangedAt = ctx.clock.monotonic();
  state.truthDueAt ??= ctx.clock.monotonic() + REREAD_MS;
  record(state, [{ type: 'DriftFound', at, journal: '0', venue: text((state.life.drift ?? ZERO).plus(change)) }], ctx);
}

/**
 * Trades since the last position was over, for then both sides agreed: one that nobody told of may be older than those that
 * were heard. Of the first one since it began; without any there is nothing of ours to look for.
 */
export function askTrades(state: ExecutorState, ctx: ExecutorContext): void {
  const { lastTradeAt, lastClosedAt, entry, holding } = state.life;
  if (isNothingOfOurs(state)) return;
  const known = [lastTradeAt, lastClosedAt ?? 0, entry?.sentAt ?? 0, holding.openedAt ?? 0].filter((time) => time > 0);
  if (known.length === 0 || (state.busyUntil.get('trades') ?? 0) > ctx.clock.monotonic()) return;
  const askedAt = ctx.clock.monotonic();
  state.busyUntil.set('trades', ctx.clock.monotonic() + TRADES_PATIENCE_MS);
  state.tradesAskedAt = askedAt;
  const since = Math.min(...known) - TRADES_OVERLAP_MS;
  ctx.ask(state.options.gateway, { type: 'read', name: 'trades', query: { symbol: state.options.symbol, since } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'trades-asked', askedAt, outcome }));
}

/** `askedAt`: monotonic ms. @returns nothing: the fills are its outcome, each counted once. A list from before an adoption says nothing that is not in it but what its trades cost and made. */
export function onTrades(state: ExecutorState, askedAt: number, trades: readonly VenueTrade[] | undefined, failure: string | undefined, ctx: ExecutorContext): void {
  const at = ctx.clock.now();
  state.busyUntil.set('trades', ctx.clock.monotonic() + REREAD_MS / 2);
  if (trades === undefined) return ctx.log.warn({ failure }, 'the trade list could not be read');
  state.tradesReadAt = Math.max(state.tradesReadAt, askedAt);
  const { adoptedThrough = 0 } = state.life;
  record(state, observeTrades(state.life, state.adoptedAt < askedAt ? trades : trades.filter((trade) => trade.at <= adoptedThrough), at), ctx);
}
