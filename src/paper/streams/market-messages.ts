/** What the market streams say of a symbol. */
import type { MarketView } from '../core/book.ts';
import type { Listing } from '../core/model.ts';
import { closeTimeOf, type Candle, type DayStatistics } from '../market/candle.ts';
import type { Interval } from '../market/interval.ts';
import type { Market } from '../market/market.ts';
import type { AggregateTrade, Tape, TapeTrade } from '../market/tape.ts';
import { contractOf, nextFundingTime } from '../wire/public-routes.ts';
import type { BookRow, BookSnapshot } from './order-book.ts';

type Message = Record<string, unknown>;

/** The symbol's `view` is there. */
export function markPriceMessage(market: Market, view: MarketView, now: number): Message {
  const { symbol, mark, index } = view;
  const prices = market.prices(symbol)!;
  return { e: 'markPriceUpdate', E: now, s: symbol, p: mark.toFixed(8), ap: prices.markAverage(mark), P: prices.estimatedSettle(index), i: index.toFixed(8), r: market.fundingRate(symbol).toFixed(8), T: nextFundingTime(now), st: 1 };
}

/** Brackets are told only when they change, and here they do not. */
export function contractInfoMessage({ symbol, status }: Listing, now: number): Message {
  const { pair, contractType, deliveryDate, onboardDate } = contractOf(symbol);
  return { e: 'contractInfo', E: now, s: symbol, ps: pair, ct: contractType, dt: deliveryDate, ot: onboardDate, cs: status, st: 1 };
}

/** An empty side has a price and a quantity of zero. */
export function bookTickerMessage(symbol: string, { lastUpdateId, bids, asks }: BookSnapshot, now: number): Message {
  const [[bid, bidQuantity], [ask, askQuantity]] = [bids[0] ?? ['0', '0'], asks[0] ?? ['0', '0']];
  return { e: 'bookTicker', u: lastUpdateId, E: now, T: now, s: symbol, b: bid, B: bidQuantity, a: ask, A: askQuantity, ps: symbol, st: 1 };
}

export function aggTradeMessage(symbol: string, { id, price, quantity, firstId, lastId, time, buyerMaker }: AggregateTrade, now: number): Message {
  return { e: 'aggTrade', E: now, a: id, s: symbol, p: price, q: quantity, nq: quantity, f: firstId, l: lastId, T: time, m: buyerMaker, st: 1 };
}

export function tradeMessage(symbol: string, { id, price, quantity, time, buyerMaker }: TapeTrade, now: number): Message {
  return { e: 'trade', E: now, T: time, s: symbol, t: id, p: price, q: quantity, X: 'MARKET', m: buyerMaker, st: 1 };
}

export function miniTickerMessage(symbol: string, day: DayStatistics, now: number): Message {
  return { e: '24hrMiniTicker', E: now, s: symbol, c: day.last, o: day.open, h: day.high, l: day.low, v: day.volume, q: day.quoteVolume, ps: symbol, st: 1 };
}

export function tickerMessage(symbol: string, day: DayStatistics, tape: Tape, now: number): Message {
  return {
    e: '24hrTicker',
    E: now,
    s: symbol,
    p: day.change,
    P: day.changePercent,
    w: day.weightedAverage,
    c: day.last,
    Q: tape.last?.quantity ?? '0',
    o: day.open,
    h: day.high,
    l: day.low,
    v: day.volume,
    q: day.quoteVolume,
    O: day.openTime,
    C: closeTimeOf(day, tape.last),
    F: tape.lastId - day.trades + 1,
    L: tape.lastId,
    n: day.trades,
    ps: symbol,
    st: 1,
  };
}

/** @param rows all of the book for a partial stream; what changed since `after` for the others. */
export function depthMessage(symbol: string, after: number, id: number, rows: { readonly bids: readonly BookRow[]; readonly asks: readonly BookRow[] }, now: number): Message {
  return { e: 'depthUpdate', E: now, T: now, s: symbol, U: after + 1, u: id, pu: after, b: rows.bids, a: rows.asks, ps: symbol, st: 1 };
}

export interface KlineState {
  readonly interval: Interval;
  readonly candle: Candle;
  /** The interval is over: its last message. */
  readonly closed: boolean;
  /** Of its trades. */
  readonly lastId: number;
}

function klineFields({ interval, candle, closed, lastId }: KlineState, symbol?: string): Message {
  const { openTime, open, high, low, close, volume, trades, quoteVolume, takerVolume, takerQuoteVolume } = candle;
  const name = symbol === undefined ? {} : { s: symbol };
  return { t: openTime, T: interval.endOf(openTime) - 1, ...name, i: interval.name, f: lastId - trades + 1, L: lastId, o: open, c: close, h: high, l: low, v: volume, n: trades, x: closed, q: quoteVolume, V: takerVolume, Q: takerQuoteVolume, B: '0' };
}

export function klineMessage(symbol: string, state: KlineState, now: number): Message {
  return { e: 'kline', E: now, s: symbol, k: klineFields(state, symbol), st: 1 };
}

/** The same candle under the name of its pair and contract type; there is only one contract of a pair here. */
export function continuousKlineMessage(pair: string, state: KlineState, now: number): Message {
  return { e: 'continuous_kline', E: now, ps: pair, ct: 'PERPETUAL', k: klineFields(state), st: 1 };
}
