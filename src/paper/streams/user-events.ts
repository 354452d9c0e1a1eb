/** What the user stream says of an event, in the order the venue says it: nothing is told that the event does not hold. */
import { text, ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { ExchangeEvent } from '../core/events.ts';
import { breakEvenPrice } from '../core/ledger.ts';
import type { Account, Algo, Order, Position, Trade } from '../core/model.ts';
import { positionKey, settingsOf, type AccountState, type ExchangeState } from '../core/state.ts';
import { usdt } from '../wire/position-shapes.ts';
import { averagePrice } from '../wire/shapes.ts';

export interface UserMessage {
  /** Event type, as in `events=` of the connection. */
  readonly event: string;
  readonly payload: Record<string, unknown>;
}

function orderUpdate(time: number, order: Order, executionType: string, trade: Trade | null, expiryReason: string): UserMessage {
  const o = {
    s: order.symbol,
    c: order.clientOrderId,
    S: order.side,
    o: order.autoClose === null ? order.type : 'LIQUIDATION',
    f: order.timeInForce,
    q: text(order.quantity),
    p: text(order.price),
    ap: text(averagePrice(order)),
    sp: text(order.stopPrice),
    x: executionType,
    X: order.status,
    i: order.orderId,
    l: text(trade?.quantity ?? ZERO),
    z: text(order.filled),
    L: text(trade?.price ?? ZERO),
    n: text(trade?.commission ?? ZERO),
    ...(trade ? { N: 'USDT' } : {}),
    T: time,
    t: trade?.id ?? 0,
    b: '0',
    a: '0',
    m: trade?.maker ?? false,
    R: order.reduceOnly,
    wt: order.workingType,
    ot: order.origType,
    ps: order.positionSide,
    cp: order.closePosition,
    ...(order.origType === 'TRAILING_STOP_MARKET' ? { AP: text(order.activatePrice), cr: text(order.callbackRate) } : {}),
    rp: text(trade?.realised ?? ZERO),
    pP: false,
    si: 0,
    ss: 0,
    V: 'EXPIRE_MAKER',
    pm: 'NONE',
    gtd: order.goodTillDate,
    er: expiryReason,
  };
  return { event: 'ORDER_TRADE_UPDATE', payload: { e: 'ORDER_TRADE_UPDATE', E: time, T: time, o } };
}

/** A fill in few words, ahead of its ORDER_TRADE_UPDATE. */
function tradeLite(time: number, order: Order, trade: Trade): UserMessage {
  const payload = {
    e: 'TRADE_LITE',
    E: time,
    T: trade.time,
    s: order.symbol,
    q: text(order.quantity),
    p: text(order.price),
    m: trade.maker,
    c: order.clientOrderId,
    S: order.side,
    L: text(trade.price),
    l: text(trade.quantity),
    t: trade.id,
    i: order.orderId,
  };
  return { event: 'TRADE_LITE', payload };
}

/** What an ACCOUNT_UPDATE is about: why, the account and position after it, and what the wallet changed by besides profit and commission. */
interface AccountChange {
  readonly time: number;
  readonly reason: string;
  readonly account: Account;
  readonly position: Position;
  readonly change: Decimal;
  readonly showsPosition: boolean;
}

/** Wallet and position after the event; `cw` is what isolated positions leave. */
function accountUpdate(state: ExchangeState, own: AccountState, { time, reason, account, position, change, showsPosition }: AccountChange): UserMessage {
  const mark = state.markets.get(position.symbol)?.view.mark ?? position.entryPrice;
  const isolated = settingsOf(own, position.symbol).marginType === 'ISOLATED';
  let crossWallet = account.wallet.minus(position.isolatedWallet);
  for (const [key, other] of own.positions) if (key !== positionKey(position)) crossWallet = crossWallet.minus(other.isolatedWallet);
  const P = {
    s: position.symbol,
    pa: text(position.amount),
    ep: text(position.entryPrice),
    bep: text(breakEvenPrice(position)),
    cr: text(position.realised),
    up: usdt(position.amount.multipliedBy(mark.minus(position.entryPrice))),
    mt: isolated ? 'isolated' : 'cross',
    iw: text(position.isolatedWallet),
    ps: position.positionSide,
    ma: 'USDT',
  };
  const B = { a: 'USDT', wb: text(account.wallet), cw: text(crossWallet), bc: text(change) };
  return { event: 'ACCOUNT_UPDATE', payload: { e: 'ACCOUNT_UPDATE', E: time, T: time, a: { m: reason, B: [B], P: showsPosition ? [P] : [] } } };
}

function marginCall(state: ExchangeState, { time, account, position, mark, unrealised, maintMargin, crossWallet }: Extract<ExchangeEvent, { type: 'MarginCalled' }>): UserMessage {
  const isolated = settingsOf(state.accounts.get(account)!, position.symbol).marginType === 'ISOLATED';
  const p = {
    s: position.symbol,
    ps: position.positionSide,
    pa: text(position.amount),
    mt: isolated ? 'ISOLATED' : 'CROSSED',
    iw: text(position.isolatedWallet),
    mp: usdt(mark),
    up: usdt(unrealised),
    mm: usdt(maintMargin),
  };
  return { event: 'MARGIN_CALL', payload: { e: 'MARGIN_CALL', E: time, cw: text(crossWallet), p: [p] } };
}

function algoUpdate(own: AccountState, time: number, algo: Algo): UserMessage {
  // Only the end knows what was executed; before it the order may have gone on already by the time this is written.
  const actual = algo.status === 'FINISHED' && algo.actualOrderId !== null ? own.orders.get(algo.actualOrderId) : undefined;
  const o = {
    caid: algo.clientAlgoId,
    aid: algo.algoId,
    at: 'CONDITIONAL',
    o: algo.type,
    s: algo.symbol,
    S: algo.side,
    ps: algo.positionSide,
    f: algo.timeInForce,
    q: text(algo.quantity),
    X: algo.status,
    ai: algo.actualOrderId === null ? '' : String(algo.actualOrderId),
    ap: actual ? text(averagePrice(actual)) : '0',
    aq: actual ? text(actual.filled) : '0',
    act: actual?.type ?? '0',
    tp: text(algo.triggerPrice),
    p: text(algo.price),
    V: 'EXPIRE_MAKER',
    wt: algo.workingType,
    pm: 'NONE',
    cp: algo.closePosition,
    pP: false,
    R: algo.reduceOnly,
    tt: algo.triggerTime,
    gtd: 0,
    rm: algo.rejectReason,
    ia: !algo.extreme.isZero(),
  };
  return { event: 'ALGO_UPDATE', payload: { e: 'ALGO_UPDATE', E: time, T: time, o } };
}

/** The API key an event belongs to, and its messages. */
export function userMessages(state: ExchangeState, event: ExchangeEvent): { apiKey: string; messages: UserMessage[] } {
  const { time } = event;
  switch (event.type) {
    case 'AccountOpened':
    case 'MarginTypeChanged':
    case 'SymbolStatusChanged':
    case 'AlgoVanished':
    case 'HistoryPruned':
    case 'FundingSettled':
    case 'AlgoTrailed':
    case 'PositionModeChanged':
      return { apiKey: '', messages: [] };
    case 'LeverageChanged': {
      const { account, symbol, leverage } = event.settings;
      const payload = { e: 'ACCOUNT_CONFIG_UPDATE', E: time, T: time, ac: { s: symbol, l: leverage } };
      return { apiKey: account, messages: [{ event: 'ACCOUNT_CONFIG_UPDATE', payload }] };
    }
    case 'OrderAccepted':
      return { apiKey: event.order.account, messages: [orderUpdate(time, event.order, 'NEW', null, '0')] };
    case 'OrderAmended':
      return { apiKey: event.order.account, messages: [orderUpdate(time, event.order, 'AMENDMENT', null, '0')] };
    case 'OrderCanceled':
      return { apiKey: event.order.account, messages: [orderUpdate(time, event.order, 'CANCELED', null, '0')] };
    case 'OrderExpired':
      return { apiKey: event.order.account, messages: [orderUpdate(time, event.order, 'EXPIRED', null, '0')] };
    case 'OrderTraded': {
      const own = state.accounts.get(event.order.account)!;
      const { order, trade } = event;
      const account = accountUpdate(state, own, { ...event, reason: 'ORDER', change: ZERO, showsPosition: true });
      const messages = order.autoClose === null ? [tradeLite(time, order, trade), account, orderUpdate(time, order, 'TRADE', trade, '0')] : [account, orderUpdate(time, order, 'CALCULATED', trade, '0')];
      return { apiKey: order.account, messages };
    }
    case 'MarginMoved': {
      const own = state.accounts.get(event.change.account)!;
      const change = { time, position: event.position, account: own.account, reason: 'MARGIN_TRANSFER', change: ZERO, showsPosition: true };
      return { apiKey: event.change.account, messages: [accountUpdate(state, own, change)] };
    }
    case 'MarginCalled':
      return { apiKey: event.account, messages: [marginCall(state, event)] };
    case 'IncomeBooked': {
      const own = state.accounts.get(event.income.account)!;
      const isolated = settingsOf(own, event.position.symbol).marginType === 'ISOLATED';
      const change = { ...event, reason: event.income.incomeType, change: event.income.amount, showsPosition: isolated };
      return { apiKey: event.income.account, messages: [accountUpdate(state, own, change)] };
    }
    case 'AlgoChanged': {
      const own = state.accounts.get(event.algo.account)!;
      return { apiKey: event.algo.account, messages: [algoUpdate(own, time, event.algo)] };
    }
  }
}
