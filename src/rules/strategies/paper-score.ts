/** What a shadow's signals would have come to: entered at mark, out at stop, target, an opposite signal or in time, costs taken off. A fold of events. */
import { z } from 'zod';
import { decimal, decimalString, text, ZERO } from '../../protocol/decimal.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import type { SymbolMarket } from '../../protocol/market.ts';
import type { PositionSide, SymbolName } from '../../protocol/names.ts';
import type { Verdict } from './strategy.ts';

const symbolName = z.string().min(1).transform((value) => value as SymbolName);
const sideSchema = z.enum(['LONG', 'SHORT']);

export const openedSchema = z.strictObject({
  symbol: symbolName,
  side: sideSchema,
  entryPrice: decimalString,
  stopLoss: decimalString,
  takeProfit: decimalString,
  /** Both fees and the spread, in percent of the notional, as they were at the entry. */
  costPercent: decimalString,
  confidence: z.number(),
});
export const PAPER_EXITS = ['STOP', 'TARGET', 'OPPOSITE', 'TIME'] as const;
export const closedSchema = z.strictObject({
  symbol: symbolName,
  side: sideSchema,
  reason: z.enum(PAPER_EXITS),
  exitPrice: decimalString,
  /** Of the notional, costs taken off. */
  resultPercent: decimalString,
  resultUsdt: decimalString,
});
/** It could not be priced when its time was over: what it would have come to is not known, and counts as nothing. */
export const voidedSchema = z.strictObject({ symbol: symbolName, side: sideSchema });

/** `at`: wall time, ms. */
export type PaperEvent =
  | { readonly type: 'PaperOpened'; readonly at: number; readonly payload: z.infer<typeof openedSchema> }
  | { readonly type: 'PaperClosed'; readonly at: number; readonly payload: z.infer<typeof closedSchema> }
  | { readonly type: 'PaperVoided'; readonly at: number; readonly payload: z.infer<typeof voidedSchema> };

export interface PaperPosition {
  readonly symbol: SymbolName;
  readonly side: PositionSide;
  readonly entryPrice: Decimal;
  readonly stopLoss: Decimal;
  readonly takeProfit: Decimal;
  readonly costPercent: Decimal;
  readonly openedAt: number;
}

export interface Score {
  readonly open: ReadonlyMap<SymbolName, PaperPosition>;
  /** Stopped out or timed out on this side: no entry until its signal has been gone, as for a live one (ruling 20). */
  readonly spent: ReadonlyMap<SymbolName, PositionSide>;
  readonly closed: number;
  readonly hits: number;
  readonly voided: number;
  readonly resultUsdt: Decimal;
  readonly byReason: Readonly<Record<(typeof PAPER_EXITS)[number], number>>;
}

export const NO_SCORE: Score = { open: new Map(), spent: new Map(), closed: 0, hits: 0, voided: 0, resultUsdt: ZERO, byReason: { STOP: 0, TARGET: 0, OPPOSITE: 0, TIME: 0 } };

export interface PaperTerms {
  readonly notional: string;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  /** Of one trade. */
  readonly takerFeeBps: number;
  readonly minConfidence: number;
  /** A position of this age is closed, whatever it is worth. */
  readonly timeMs: number;
  readonly priceMaxAgeMs: number;
}

const HUNDRED = decimal('100');

export function foldScore(score: Score, event: PaperEvent): Score {
  const open = new Map(score.open);
  if (event.type === 'PaperOpened') {
    const { symbol, side, entryPrice, stopLoss, takeProfit, costPercent } = event.payload;
    open.set(symbol, { symbol, side, entryPrice: decimal(entryPrice), stopLoss: decimal(stopLoss), takeProfit: decimal(takeProfit), costPercent: decimal(costPercent), openedAt: event.at });
    return { ...score, open };
  }
  open.delete(event.payload.symbol);
  if (event.type === 'PaperVoided') return { ...score, open, voided: score.voided + 1 };
  const { symbol, side, reason, resultUsdt } = event.payload;
  const spent = new Map(score.spent);
  if (reason === 'STOP' || reason === 'TIME') spent.set(symbol, side);
  const result = decimal(resultUsdt);
  return { ...score, open, spent, closed: score.closed + 1, hits: score.hits + (result.isGreaterThan(0) ? 1 : 0), resultUsdt: score.resultUsdt.plus(result), byReason: { ...score.byReason, [reason]: score.byReason[reason] + 1 } };
}

/** The side's signal is gone: from now on it may be followed again. */
export function foldVerdict(score: Score, symbol: SymbolName, verdict: Verdict): Score {
  const side = score.spent.get(symbol);
  if (side === undefined || verdict.verdict === 'unknown' || (verdict.verdict === 'signal' && verdict.side === side)) return score;
  const spent = new Map(score.spent);
  spent.delete(symbol);
  return { ...score, spent };
}

/** The fresh mark price, or undefined. `now`: venue time. */
function priceOf(market: SymbolMarket | undefined, now: number, { priceMaxAgeMs }: PaperTerms): Decimal | undefined {
  return market?.mark === undefined || now - market.mark.observedAt > priceMaxAgeMs ? undefined : market.mark.price;
}

/** What a position would come to at a price. */
export function resultOf(position: PaperPosition, price: Decimal, notional: string): { readonly percent: Decimal; readonly usdt: Decimal } {
  const move = price.minus(position.entryPrice).dividedBy(position.entryPrice).multipliedBy(HUNDRED);
  const percent = (position.side === 'LONG' ? move : move.negated()).minus(position.costPercent).decimalPlaces(8);
  return { percent, usdt: percent.multipliedBy(notional).dividedBy(HUNDRED).decimalPlaces(8) };
}

/** What follows from a verdict: nothing, an entry, or an exit and an entry. Without a fresh price and book nothing does: an entry at a guessed price would score a guess. */
export function followed(score: Score, symbol: SymbolName, verdict: Verdict, market: SymbolMarket | undefined, at: number, now: number, terms: PaperTerms): readonly PaperEvent[] {
  if (verdict.verdict !== 'signal' || verdict.confidence < terms.minConfidence) return [];
  const price = priceOf(market, now, terms);
  if (price === undefined || market?.book === undefined || now - market.book.observedAt > terms.priceMaxAgeMs) return [];
  const held = score.open.get(symbol);
  if (held?.side === verdict.side || score.spent.get(symbol) === verdict.side) return [];
  const { bid, ask } = market.book;
  const spread = ask.minus(bid).dividedBy(price).multipliedBy(HUNDRED);
  const fees = decimal(terms.takerFeeBps.toFixed(8)).multipliedBy(2).dividedBy(HUNDRED);
  const away = (percent: string, sign: 1 | -1) => price.multipliedBy(HUNDRED.plus(decimal(percent).multipliedBy(sign))).dividedBy(HUNDRED);
  const long = verdict.side === 'LONG';
  const opened: PaperEvent = {
    type: 'PaperOpened',
    at,
    payload: { symbol, side: verdict.side, entryPrice: text(price), stopLoss: text(away(terms.stopLossPercent, long ? -1 : 1)), takeProfit: text(away(terms.takeProfitPercent, long ? 1 : -1)), costPercent: text(fees.plus(spread).decimalPlaces(8)), confidence: verdict.confidence },
  };
  return held === undefined ? [opened] : [closing(held, 'OPPOSITE', price, at, terms), opened];
}

/** Those whose stop, target or time has come. `at`: wall time of the event, `now`: venue time of the prices. */
export function exitsDue(score: Score, market: ReadonlyMap<SymbolName, SymbolMarket>, at: number, now: number, terms: PaperTerms): readonly PaperEvent[] {
  const due: PaperEvent[] = [];
  for (const position of score.open.values()) {
    const price = priceOf(market.get(position.symbol), now, terms);
    const late = at - position.openedAt >= terms.timeMs;
    if (price === undefined) {
      // A price that stays away for as long again will not come: the symbol has left.
      if (at - position.openedAt >= 2 * terms.timeMs) due.push({ type: 'PaperVoided', at, payload: { symbol: position.symbol, side: position.side } });
      continue;
    }
    const long = position.side === 'LONG';
    const stopped = long ? price.isLessThanOrEqualTo(position.stopLoss) : price.isGreaterThanOrEqualTo(position.stopLoss);
    const reached = long ? price.isGreaterThanOrEqualTo(position.takeProfit) : price.isLessThanOrEqualTo(position.takeProfit);
    const reason = stopped ? 'STOP' : reached ? 'TARGET' : late ? 'TIME' : undefined;
    if (reason !== undefined) due.push(closing(position, reason, price, at, terms));
  }
  return due;
}

function closing(position: PaperPosition, reason: (typeof PAPER_EXITS)[number], price: Decimal, at: number, { notional }: PaperTerms): PaperEvent {
  const { percent, usdt } = resultOf(position, price, notional);
  return { type: 'PaperClosed', at, payload: { symbol: position.symbol, side: position.side, reason, exitPrice: text(price), resultPercent: text(percent), resultUsdt: text(usdt) } };
}

/** An event as it was kept. @throws RangeError if it is none: a score over what is not understood would be no score. */
export function readPaperEvent(type: string, at: number, payload: unknown): PaperEvent {
  if (type === 'PaperOpened') return { type, at, payload: openedSchema.parse(payload) };
  if (type === 'PaperClosed') return { type, at, payload: closedSchema.parse(payload) };
  if (type === 'PaperVoided') return { type, at, payload: voidedSchema.parse(payload) };
  throw new RangeError(`not an event of a shadow's score: ${type}`);
}
