/**
 * The position of one symbol weighs as much as those of all: of many who ask, one is answered at once, and those who ask
 * meanwhile are answered together by the next reading. Asked for one by one, a universe in trouble would use up the minute (failure 57).
 */
import type { ReadAnswer } from '../../protocol/messages.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { GatewayContext, GatewayState, WaitingRead } from './state.ts';

/** A reading that hangs holds up nobody for longer. */
const UNDER_WAY_AT_MOST_MS = 1_000;

type OneSymbols = WaitingRead & { readonly read: { readonly name: 'positions'; readonly query: { readonly symbol: SymbolName } } };

function isOneSymbols(waiting: WaitingRead): waiting is OneSymbols {
  return waiting.read.name === 'positions' && waiting.read.query.symbol !== undefined;
}

/** How long the next reading of a symbol's position waits for the one under way, ms; 0: not at all. */
export function waitsForOthers({ positions }: GatewayState, waiting: WaitingRead, ctx: GatewayContext): number {
  if (!isOneSymbols(waiting) || positions === undefined) return 0;
  return Math.max(positions.sentAt + UNDER_WAY_AT_MOST_MS - ctx.clock.monotonic(), 0);
}

/** What is sent in its stead: one reading for all who wait for a position. @param taken those of the queue that others have taken along. */
export function together(state: GatewayState, first: WaitingRead, taken: Set<WaitingRead>, ctx: GatewayContext): WaitingRead {
  if (!isOneSymbols(first)) return first;
  const all = state.queue.filter(isOneSymbols).filter((one) => !taken.has(one));
  for (const one of all) taken.add(one);
  const sent: WaitingRead = all.length === 1 ? first : { ...first, read: { type: 'read', name: 'positions', query: {} }, answer: (answer: ReadAnswer<'positions'>) => all.forEach((one) => shareOf(one, answer)) };
  state.positions = { answer: sent.answer, sentAt: ctx.clock.monotonic() };
  return sent;
}

/** True: it was the one under way, and the next may go. */
export function noLongerUnderWay(state: GatewayState, { answer }: WaitingRead): boolean {
  if (state.positions?.answer !== answer) return false;
  state.positions = undefined;
  return true;
}

function shareOf({ read, answer }: OneSymbols, whole: ReadAnswer<'positions'>): void {
  answer((whole.ok ? { ...whole, value: whole.value.filter((position) => position.symbol === read.query.symbol) } : whole) as never);
}
