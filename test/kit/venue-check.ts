/** What the venue's own word says of one symbol of ours: what is held, what covers it, for how long it was naked, and which orders are ours. */
import { BigNumber } from 'bignumber.js';
import type { Truth, TruthAlgo, TruthOrder } from './service.ts';

export const PREFIX = 'x-15PC4ZJy';
const TAG_LENGTH = 4;

export function isOurs(clientId: string): boolean {
  return clientId.startsWith(PREFIX);
}

/** `e` entry, `c` close, `r` part, `s` stop, `t` target; undefined: not an order of ours. */
export function legOf(clientId: string): string | undefined {
  return isOurs(clientId) ? clientId[PREFIX.length + TAG_LENGTH] : undefined;
}

/** Signed; zero is flat. */
export function amountOf(truth: Truth, symbol: string): BigNumber {
  return new BigNumber(truth.positions.find((one) => one.symbol === symbol)?.positionAmt ?? '0');
}

/** Entries of ours that the venue has executed, in whole or in part. */
export function executedEntries(truth: Truth, symbol: string): readonly TruthOrder[] {
  return truth.orders.filter((order) => order.symbol === symbol && legOf(order.clientOrderId) === 'e' && !new BigNumber(order.executedQty).isZero());
}

/**
 * What of the venue's side is not at rest, in words; empty: nothing. Held: exactly one stop that covers exactly what is held,
 * at most one target, no order waiting. Flat: nothing of ours in the book.
 */
export function unrest(truth: Truth, symbol: string): readonly string[] {
  const amount = amountOf(truth, symbol);
  const book = truth.openAlgoOrders.filter((algo) => algo.symbol === symbol && isOurs(algo.clientAlgoId));
  const waiting = truth.openOrders.filter((order) => order.symbol === symbol && isOurs(order.clientOrderId));
  const found = waiting.map((order) => `order ${order.clientOrderId} is open`);
  if (amount.isZero()) return [...found, ...book.map((algo) => `flat, and ${algo.orderType} ${algo.clientAlgoId} stands`)];
  const stops = book.filter((algo) => algo.orderType === 'STOP_MARKET');
  const targets = book.filter((algo) => algo.orderType === 'TAKE_PROFIT_MARKET');
  if (stops.length !== 1) found.push(`${amount.toFixed()} held behind ${stops.length} stops`);
  if (targets.length > 1) found.push(`${targets.length} targets`);
  for (const algo of book) if (!new BigNumber(algo.quantity).isEqualTo(amount.abs()) || algo.side !== closing(amount)) found.push(`${amount.toFixed()} held, and ${algo.orderType} ${algo.clientAlgoId} is to ${algo.side} ${algo.quantity}`);
  return found;
}

function closing(amount: BigNumber): 'BUY' | 'SELL' {
  return amount.isPositive() ? 'SELL' : 'BUY';
}

export interface Nakedness {
  readonly symbol: string;
  readonly from: number;
  readonly forMs: number;
}

/** Every time a symbol was held with no stop covering all of it, by the venue's clock; orders that vanished without a word count as standing. */
export function nakedTimes(truth: Truth, symbol: string, now: number): readonly Nakedness[] {
  const trades = truth.trades.filter((trade) => trade.symbol === symbol).toSorted((a, b) => a.id - b.id);
  const stops = truth.algoOrders.filter((algo) => algo.symbol === symbol && algo.orderType === 'STOP_MARKET');
  const moments = [...new Set([...trades.map((trade) => trade.time), ...stops.flatMap((stop) => [stop.createTime, endOf(stop)])])].filter((at) => at < now).toSorted((a, b) => a - b);
  const found: Nakedness[] = [];
  let since: number | undefined;
  for (const at of moments) {
    const amount = trades.filter((trade) => trade.time <= at).reduce((sum, trade) => (trade.side === 'BUY' ? sum.plus(trade.qty) : sum.minus(trade.qty)), new BigNumber(0));
    const covered = stops.some((stop) => stop.createTime <= at && endOf(stop) > at && stop.side === closing(amount) && new BigNumber(stop.quantity).isGreaterThanOrEqualTo(amount.abs()));
    const naked = !amount.isZero() && !covered;
    if (naked) since ??= at;
    else if (since !== undefined) {
      found.push({ symbol, from: since, forMs: at - since });
      since = undefined;
    }
  }
  return since === undefined ? found : [...found, { symbol, from: since, forMs: now - since }];
}

function endOf(algo: TruthAlgo): number {
  return algo.algoStatus === 'NEW' ? Infinity : algo.updateTime;
}
