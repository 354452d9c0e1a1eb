/** What the market streams say of a symbol. */
import type { MarketView } from '../core/book.ts';
import { MINUTE_MS, type Candle, type DayStatistics } from '../market/candle.ts';
import type { AggregateTrade, Tape } from '../market/tape.ts';
import { fundingRateOf } from '../core/funding.ts';
import { nextFundingTime } from '../wire/public-routes.ts';
import type { BookRow, BookSnapshot } from './order-book.ts';

type Message = Record<string, unknown>;

export function markPriceMessage(view: MarketView, now: number): Message {
  const index = view.index.toFixed(8);
  return { e: 'markPriceUpdate', E: now, s: view.symbol, p: view.mark.toFixed(8), ap: view.mark.toFixed(8), P: index, i: index, r: fundingRateOf(view).toFixed(8), T: nextFundingTime(now), st: 1 };
}

/** An empty side has a price and a quantity of zero. */
export function bookTickerMessage(symbol: string, { lastUpdateId, bids, asks }: BookSnapshot, now: number): Message {
  const [[bid, bidQuantity], [ask, askQuantity]] = [bids[0] ?? ['0', '0'], asks[0] ?? ['0', '0']];
  return { e: 'bookTicker', u: lastUpdateId, E: now, T: now, s: symbol, b: bid, B: bidQuantity, a: ask, A: askQuantity, st: 1 };
}

export function aggTradeMessage(symbol: string, { id, price, quantity, firstId, lastId, time, buyerMaker }: AggregateTrade, now: number): Message {
  return { e: 'aggTrade', E: now, a: id, s: symbol, p: price, q: quantity, nq: quantity, f: firstId, l: lastId, T: time, m: buyerMaker, st: 1 };
}

export function miniTickerMessage(symbol: string, day: DayStatistics, now: number): Message {
  return { e: '24hrMiniTicker', E: now, s: symbol, c: day.last, o: day.open, h: day.high, l: day.low, v: day.volume, q: day.quoteVolume, st: 1 };
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
    C: day.closeTime,
    F: tape.lastId - day.trades + 1,
    L: tape.lastId,
    n: day.trades,
    st: 1,
  };
}

/** @param rows all of the book for a partial stream; what changed since `after` for the others. */
export function depthMessage(symbol: string, after: number, id: number, rows: { readonly bids: readonly BookRow[]; readonly asks: readonly BookRow[] }, now: number): Message {
  return { e: 'depthUpdate', E: now, T: now, s: symbol, U: after + 1, u: id, pu: after, b: rows.bids, a: rows.asks, st: 1 };
}

/**
 * @param closed whether the interval is over: its last message.
 * @param lastId of its trades.
 */
export function klineMessage(symbol: string, interval: string, minutes: number, candle: Candle, closed: boolean, lastId: number, now: number): Message {
  const { openTime, open, high, low, close, volume, trades, quoteVolume, takerVolume, takerQuoteVolume } = candle;
  const k = {
    t: openTime,
    T: openTime + minutes * MINUTE_MS - 1,
    s: symbol,
    i: interval,
    f: lastId - trades + 1,
    L: lastId,
    o: open,
    c: close,
    h: high,
    l: low,
    v: volume,
    n: trades,
    x: closed,
    q: quoteVolume,
    V: takerVolume,
    Q: takerQuoteVolume,
    B: '0',
  };
  return { e: 'kline', E: now, s: symbol, k, st: 1 };
}
