/** Asks the venue what became of one order or protection, and takes the answer; that it does not know an id proves nothing by itself. */
import { closingSide } from '../../protocol/names.ts';
import type { ClientId } from '../../protocol/names.ts';
import { text } from '../../protocol/decimal.ts';
import type { ReadAnswer } from '../../protocol/messages.ts';
import type { ReadName, VenueReads } from '../../protocol/venue.ts';
import { isAbsent, isAskedOut, queryDueAt, whatOfUnknownProtection } from '../../rules/position-life/absence.ts';
import type { Unknowns, WentOut } from '../../rules/position-life/absence.ts';
import type { Life, OrderRecord, ProtectionRecord } from '../../rules/position-life/life.ts';
import { observeAlgo, observeOrder, observeReplaced } from '../../rules/position-life/observe.ts';
import { heldSide, ordersOf, protectionOf } from '../../rules/position-life/standing.ts';
import type { Outcome } from '../../supervision/behaviour.ts';
import { RECHECK_MS } from './outcomes.ts';
import { record } from './record.ts';
import type { ExecutorContext, ExecutorInternal, ExecutorState } from './state.ts';
import { askTrades, askTruth } from './truth.ts';
import { noteTold, wentOut } from './went-out.ts';

const ORDER_READ_TIMEOUT_MS = 5_000;
/** A protection that the venue did not know is looked for again in its list. */
const RELOOK_MS = 1_000;

/** Position and trades are asked for beside the order: protection follows the position before the order is resolved. */
export function askOrder(state: ExecutorState, order: OrderRecord, ctx: ExecutorContext): void {
  const askedAt = ctx.clock.monotonic();
  if (askedAt < queryDueAt(outOf(state, order), state.absences.get(order.clientId)?.times ?? 0)) return;
  state.busyUntil.set(`ask:${order.clientId}`, askedAt + ORDER_READ_TIMEOUT_MS);
  askTruth(state, ctx);
  askTrades(state, ctx);
  const { clientId } = order;
  ctx.ask(state.options.gateway, { type: 'read', name: 'order', query: { symbol: state.options.symbol, clientId } }, ORDER_READ_TIMEOUT_MS, (outcome) => ({ type: 'order-asked', clientId, askedAt, outcome }));
}

export function onOrderAsked(state: ExecutorState, message: Extract<ExecutorInternal, { type: 'order-asked' }>, ctx: ExecutorContext): void {
  const answer = answered<'order'>(message.outcome);
  if (answer.failure !== undefined) return ctx.log.warn({ clientId: message.clientId, failure: answer.failure }, 'the venue could not be asked about the order');
  if (answer.value === undefined) return onOrderUnknown(state, message.clientId, message.askedAt, ctx);
  ctx.log.info({ clientId: message.clientId, status: answer.value.status, executedQuantity: answer.value.executedQuantity.toFixed() }, 'the venue knows the order');
  noteTold(state, message.clientId, ctx);
  state.truthDueAt ??= ctx.clock.monotonic() + RECHECK_MS;
  record(state, observeOrder(state.life, answer.value, ctx.clock.now()), ctx);
}

function onOrderUnknown(state: ExecutorState, clientId: ClientId, askedAt: number, ctx: ExecutorContext): void {
  state.busyUntil.delete(`ask:${clientId}`);
  const order = ordersOf(state.life).find((one) => one.clientId === clientId);
  if (order === undefined || isFromBefore(state, clientId, askedAt, outOf(state, order))) return;
  const unknowns = noteUnknown(state, clientId, askedAt);
  if (concludeAbsent(state, order, unknowns, ctx)) return;
  // What was read beside it was from before, or could not be read: it is read once more, and not with the next query only.
  if (isAskedOut(unknowns)) state.truthDueAt ??= ctx.clock.monotonic();
}

/** It is on its way again, or was when this was asked: what the venue did not know then says nothing. */
function isFromBefore(state: ExecutorState, clientId: ClientId, askedAt: number, { by }: WentOut): boolean {
  return state.inFlight.has(clientId) || askedAt < by;
}

function noteUnknown(state: ExecutorState, clientId: ClientId, askedAt: number): Unknowns {
  const unknowns = { times: (state.absences.get(clientId)?.times ?? 0) + 1, askedAt };
  state.absences.set(clientId, unknowns);
  return unknowns;
}

/** Called after every message: order, position and trades are read beside one another, and whichever is answered last completes the proof. */
export function concludeAbsences(state: ExecutorState, ctx: ExecutorContext): void {
  for (const order of ordersOf(state.life)) {
    const unknowns = state.absences.get(order.clientId);
    // One that the venue has told of meanwhile is asked anew before it is called absent.
    if (unknowns !== undefined && (order.state === 'sending' || order.state === 'ambiguous')) concludeAbsent(state, order, unknowns, ctx);
  }
}

function concludeAbsent(state: ExecutorState, order: OrderRecord, unknowns: Unknowns, ctx: ExecutorContext): boolean {
  const { clientId, purpose } = order;
  if (state.inFlight.has(clientId) || !isAbsent(purpose, outOf(state, order), unknowns, state)) return false;
  state.absences.delete(clientId);
  record(state, [{ type: 'OrderAbsent', at: ctx.clock.now(), clientId }], ctx);
  return true;
}

function outOf(state: ExecutorState, { clientId, ambiguousSince, sentAt }: OrderRecord): WentOut {
  return wentOut(state, { clientId, openSince: ambiguousSince ?? sentAt });
}

export function onAlgoAsked(state: ExecutorState, message: Extract<ExecutorInternal, { type: 'algo-asked' }>, ctx: ExecutorContext): void {
  const { clientId } = message;
  const at = ctx.clock.now();
  const answer = answered<'algoOrder'>(message.outcome);
  if (answer.failure !== undefined) return ctx.log.warn({ clientId, failure: answer.failure }, 'the venue could not be asked about the protection');
  const protection = protectionOf(state.life, clientId);
  if (answer.value !== undefined) {
    state.absences.delete(clientId);
    return record(state, protection === undefined ? observeReplaced(state.life, answer.value, at) : observeAlgo(state.life, answer.value, at), ctx);
  }
  if (protection === undefined || protection.state === 'ended') return;
  const out = wentOut(state, { clientId, openSince: protection.sentAt });
  if (isFromBefore(state, clientId, message.askedAt, out)) return;
  const unknowns = noteUnknown(state, clientId, message.askedAt);
  const what = whatOfUnknownProtection(protection, out, unknowns, isWanted(state.life, protection));
  if (what === 'ask-again') return lookAgain(state, ctx);
  state.absences.delete(clientId);
  if (what === 'send-again') return sendAgain(state, protection, ctx);
  record(state, [{ type: 'ProtectionLost', at, leg: protection.leg, clientId, cause: 'vanished' }], ctx);
}

/** While something is held the list of stops alone is enough: somebody may have cancelled those of every symbol at once, and each reading of the whole costs four times as much. */
function lookAgain(state: ExecutorState, ctx: ExecutorContext): void {
  const at = ctx.clock.monotonic() + RELOOK_MS;
  if (state.life.holding.quantity.isZero()) state.truthDueAt ??= at;
  else state.stopsDueAt = Math.min(state.stopsDueAt, at);
}

/** Nothing has replaced it, and it closes what is held: a position may have been turned round meanwhile. */
function isWanted(life: Life, { leg, clientId, side }: ProtectionRecord): boolean {
  const held = heldSide(life);
  return held !== undefined && side === closingSide(held) && life[leg]?.clientId === clientId;
}

/** A protection that never stood and that the venue does not know goes out again as the same order: at worst the id is there already (ruling 8). */
function sendAgain(state: ExecutorState, record: ProtectionRecord, ctx: ExecutorContext): void {
  const { mandate, holding, symbol } = state.life;
  if (mandate === undefined) return;
  const { clientId, leg, side, quantity, triggerPrice } = record;
  ctx.log.warn({ clientId, leg, held: text(holding.quantity) }, 'the venue does not know the protection; sending it again under its own id');
  state.inFlight.set(clientId, ctx.clock.monotonic());
  state.waiting.push({ write: { kind: 'PROTECT', symbol, clientId, side, leg, quantity, triggerPrice }, authority: { by: 'mandate', mandateId: mandate.mandateId }, because: `${leg} again`, after: 0, recordedAt: record.sentAt, since: ctx.clock.monotonic() });
}

export function answered<Name extends ReadName>(outcome: Outcome<ReadAnswer<Name>>): { readonly value: VenueReads[Name]['answer']; readonly failure: undefined } | { readonly value: undefined; readonly failure: string } {
  if (!outcome.ok) return { value: undefined, failure: outcome.error.message };
  if (!outcome.value.ok) return { value: undefined, failure: `${outcome.value.kind}: ${outcome.value.message}` };
  return { value: outcome.value.value, failure: undefined };
}
