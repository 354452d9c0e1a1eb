/** Taking over, at an operator's word, a position that the journal cannot explain: asked of the venue anew, put on record with its mandate, protected from then on. */
import { ceilTo, decimal, floorTo, text, ZERO } from '../../protocol/decimal.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import type { LifeEventOf } from '../../protocol/life-events.ts';
import type { SymbolTruth } from '../../protocol/messages.ts';
import type { PositionId } from '../../protocol/names.ts';
import type { Mandate } from '../../protocol/permit.ts';
import { openOrdersOf } from '../../rules/position-life/standing.ts';
import { protectionPrices, stopPassed } from '../../rules/protection.ts';
import { record } from './record.ts';
import type { AskedAdoption, ExecutorContext, ExecutorState } from './state.ts';

/** What is taken over is what the venue says now, not what it said last. */
export function onAdopt(state: ExecutorState, asked: AskedAdoption, ctx: ExecutorContext): void {
  const { symbol } = state.options;
  if (state.adopting !== undefined) return void refuse(asked, `an adoption of ${symbol} is under way`);
  const open = openOrdersOf(state.life).map((order) => order.clientId);
  if (state.pending !== undefined || open.length > 0 || state.inFlight.size > 0) return void refuse(asked, `an order of ${symbol} is on its way (${[...open, ...state.inFlight.keys()].join(', ') || 'about to be sent'}): what it brings is ours already; try again when it has ended`);
  state.adopting = asked;
  // A reading that began before the question may be from before the position.
  state.reading = undefined;
  state.truthDueAt = ctx.clock.monotonic();
}

/** The venue could not be read: whoever asked is told, and may ask again. */
export function endAdoption(state: ExecutorState, failure: string): void {
  const { adopting } = state;
  state.adopting = undefined;
  if (adopting !== undefined) refuse(adopting, `the venue could not be read: ${failure}`);
}

/** With a reading of the venue. True: it was taken over. */
export function takeOver(state: ExecutorState, truth: SymbolTruth, ctx: ExecutorContext): boolean {
  const { adopting: asked, life } = state;
  const { symbol } = state.options;
  state.adopting = undefined;
  if (asked === undefined) return false;
  const { position } = truth;
  if (position === undefined || position.quantity.isZero()) return refuse(asked, `the venue holds no position in ${symbol}`);
  const { quantity, entryPrice, markPrice } = position;
  if (quantity.isEqualTo(life.holding.quantity) && life.mandate !== undefined && life.drift === undefined) return refuse(asked, `${symbol} is managed already, as ${life.positionId ?? 'a position of ours'}: ${text(quantity)} at ${text(entryPrice)}`);
  const stop = stopFor(state, quantity, entryPrice, asked.stopPrice);
  if (typeof stop === 'string') return refuse(asked, stop);
  const side = quantity.isPositive() ? 'LONG' : 'SHORT';
  if (stopPassed(side, stop, markPrice)) {
    const whose = asked.stopPrice === undefined ? `the stop of the configuration, ${text(stop)},` : `stop ${text(stop)}`;
    return refuse(asked, `${whose} is ${side === 'LONG' ? 'not below' : 'not above'} the mark price ${text(markPrice)} of this ${side}: it would close it at once; give --stop a price ${side === 'LONG' ? 'below' : 'above'} the mark price, or close the position at the venue`);
  }
  adopt(state, { quantity: text(quantity), entryPrice: text(entryPrice), through: throughOf(truth), ...(asked.stopPrice === undefined ? {} : { stopPrice: text(stop) }) }, `${asked.by}: ${asked.reason}`, ctx);
  const { positionId } = state.life;
  if (positionId === undefined) return refuse(asked, 'it could not be put on record');
  asked.answer({ ok: true, positionId, side, quantity: text(quantity.abs()), entryPrice: text(entryPrice), stopPrice: text(stop) });
  return true;
}

/** What becomes the position; the quantity is signed. */
type Adopted = Pick<LifeEventOf<'PositionAdopted'>, 'quantity' | 'entryPrice' | 'stopPrice' | 'through'>;

/** The venue's word, on record, with the mandate to protect and close what is there (ruling 26). */
export function adoptStated(state: ExecutorState, truth: SymbolTruth, cause: string, ctx: ExecutorContext): void {
  adopt(state, { quantity: text(truth.position?.quantity ?? ZERO), entryPrice: text(truth.position?.entryPrice ?? ZERO), through: throughOf(truth) }, cause, ctx);
}

/** What was counted so far, with a mandate: further trades are on top of it. */
export function adoptCounted(state: ExecutorState, cause: string, ctx: ExecutorContext): void {
  const { quantity, averageEntry } = state.life.holding;
  adopt(state, { quantity: text(quantity), entryPrice: text(averageEntry) }, cause, ctx);
}

/** Up to when the trades are in what was stated: its last change. Of nothing the venue tells no change; then it is when it was asked, by our clock. */
function throughOf({ position, readAt }: SymbolTruth): number {
  return position === undefined || position.quantity.isZero() ? readAt : position.updatedAt;
}

function adopt(state: ExecutorState, adopted: Adopted, cause: string, ctx: ExecutorContext): void {
  const { symbol } = state.options;
  const { quantity } = adopted;
  const at = ctx.clock.now();
  const positionId = state.life.positionId ?? (`adopted-${symbol}-${at}` as PositionId);
  const unsigned = quantity.startsWith('-') ? quantity.slice(1) : quantity;
  const mandate: Mandate = { mandateId: `mandate-${positionId}-${at}` as Mandate['mandateId'], symbol, side: quantity.startsWith('-') ? 'SHORT' : 'LONG', maxQuantity: unsigned };
  if (adopted.through !== undefined) state.adoptedAt = ctx.clock.monotonic();
  record(state, [{ type: 'PositionAdopted', at, positionId, cause, mandate, ...adopted }], ctx);
}

/** To the tick, nearer to the profit; text: why there is none. */
function stopFor({ options, rules }: ExecutorState, quantity: Decimal, entryPrice: Decimal, given: string | undefined): Decimal | string {
  if (rules === undefined) return `the venue's filters of ${options.symbol} are not known yet; try again in a moment`;
  const side = quantity.isPositive() ? 'LONG' : 'SHORT';
  if (given === undefined) return protectionPrices(side, entryPrice, options.stopLossPercent, options.takeProfitPercent, rules.tickSize)?.stop ?? `no stop can be made for an entry at ${text(entryPrice)}; give --stop`;
  const price = decimal(given);
  const stop = side === 'LONG' ? ceilTo(price, rules.tickSize) : floorTo(price, rules.tickSize);
  return stop.isGreaterThan(0) ? stop : `stop ${given} is below one tick (${text(rules.tickSize)})`;
}

function refuse({ answer }: AskedAdoption, message: string): false {
  answer({ ok: false, message });
  return false;
}
