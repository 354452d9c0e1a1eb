/** What the market streams say of a symbol. */
import { text } from '../../protocol/decimal.ts';
import { bookSide, type MarketView } from '../core/book.ts';
import { fundingRateOf } from '../core/funding.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { MINUTE_MS, type Candle } from '../market/candle.ts';
import { nextFundingTime } from '../wire/public-routes.ts';

export function markPriceMessage(view: MarketView, now: number): Record<string, unknown> {
  const index = view.index.toFixed(8);
  return { e: 'markPriceUpdate', E: now, s: view.symbol, p: view.mark.toFixed(8), ap: view.mark.toFixed(8), P: index, i: index, r: fundingRateOf(view).toFixed(8), T: nextFundingTime(now), st: 1 };
}

export function bookTickerMessage(view: MarketView, rules: SymbolRules, update: number, now: number): Record<string, unknown> {
  const [bid, ask] = (['BUY', 'SELL'] as const).map((side) => bookSide(view, rules, side, 1)[0]);
  return { e: 'bookTicker', u: update, E: now, T: now, s: view.symbol, b: text(view.bid), B: bid ? text(bid.quantity) : '0', a: text(view.ask), A: ask ? text(ask.quantity) : '0', st: 1 };
}

/** @param closed whether the interval is over: its last message. */
export function klineMessage(symbol: string, interval: string, minutes: number, candle: Candle, closed: boolean, now: number): Record<string, unknown> {
  const { openTime, open, high, low, close, volume, trades, quoteVolume, takerVolume, takerQuoteVolume } = candle;
  const k = {
    t: openTime,
    T: openTime + minutes * MINUTE_MS - 1,
    s: symbol,
    i: interval,
    f: 0,
    L: trades,
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
