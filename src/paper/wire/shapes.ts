/** Orders, algo orders and trades as the REST wire shows them: the venue's field names, decimals as strings. */
import { text, type Decimal } from '../../protocol/decimal.ts';
import type { Algo, AmendmentRecord, Order, Trade } from '../core/model.ts';

/** Average fill price of an order; zero without a fill. */
export function averagePrice(order: Order): Decimal {
  return order.filled.isZero() ? order.cost : order.cost.dividedBy(order.filled).decimalPlaces(12);
}

function orderFields(order: Order): Record<string, unknown> {
  return {
    orderId: order.orderId,
    symbol: order.symbol,
    status: order.status,
    clientOrderId: order.clientOrderId,
    price: text(order.price),
    origQty: text(order.quantity),
    executedQty: text(order.filled),
    timeInForce: order.timeInForce,
    type: order.type,
    reduceOnly: order.reduceOnly,
    closePosition: order.closePosition,
    side: order.side,
    positionSide: order.positionSide,
    stopPrice: text(order.stopPrice),
    workingType: order.workingType,
    priceProtect: false,
    origType: order.origType,
    ...(order.origType === 'TRAILING_STOP_MARKET' ? { activatePrice: text(order.activatePrice), priceRate: text(order.callbackRate) } : {}),
    priceMatch: 'NONE',
    selfTradePreventionMode: 'EXPIRE_MAKER',
    goodTillDate: order.goodTillDate,
    updateTime: order.updateTime,
  };
}

/** Answer of POST and DELETE: since 14 July 2026 without `avgPrice` and `cumQuote`. */
export function orderAnswer(order: Order): Record<string, unknown> {
  return { ...orderFields(order), cumQty: text(order.filled) };
}

/** Answer of GET. */
export function orderRow(order: Order): Record<string, unknown> {
  return { ...orderFields(order), avgPrice: text(averagePrice(order)), cumQuote: text(order.cost), time: order.time };
}

export function tradeRow(trade: Trade): Record<string, unknown> {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    side: trade.side,
    price: text(trade.price),
    qty: text(trade.quantity),
    realizedPnl: text(trade.realised),
    quoteQty: text(trade.price.multipliedBy(trade.quantity)),
    commission: text(trade.commission),
    commissionAsset: 'USDT',
    time: trade.time,
    positionSide: trade.positionSide,
    buyer: trade.side === 'BUY',
    maker: trade.maker,
  };
}

export function amendmentRow(amendment: AmendmentRecord): Record<string, unknown> {
  const { amendmentId, symbol, orderId, clientOrderId, time, priceBefore, priceAfter, quantityBefore, quantityAfter, count } = amendment;
  return {
    amendmentId,
    symbol,
    pair: symbol,
    orderId,
    clientOrderId,
    time,
    amendment: { price: { before: text(priceBefore), after: text(priceAfter) }, origQty: { before: text(quantityBefore), after: text(quantityAfter) }, count },
  };
}

function algoFields(algo: Algo): Record<string, unknown> {
  return {
    algoId: algo.algoId,
    clientAlgoId: algo.clientAlgoId,
    algoType: 'CONDITIONAL',
    orderType: algo.type,
    symbol: algo.symbol,
    side: algo.side,
    positionSide: algo.positionSide,
    timeInForce: algo.timeInForce,
    quantity: text(algo.quantity),
    algoStatus: algo.status,
    triggerPrice: text(algo.triggerPrice),
    price: text(algo.price),
    icebergQuantity: null,
    selfTradePreventionMode: 'EXPIRE_MAKER',
    workingType: algo.workingType,
    priceMatch: 'NONE',
    closePosition: algo.closePosition,
    priceProtect: false,
    reduceOnly: algo.reduceOnly,
    createTime: algo.time,
    updateTime: algo.updateTime,
    triggerTime: algo.triggerTime,
    goodTillDate: 0,
  };
}

/** Answer of POST. */
export function algoAnswer(algo: Algo): Record<string, unknown> {
  const trails = algo.type === 'TRAILING_STOP_MARKET';
  return { ...algoFields(algo), activatePrice: trails ? text(algo.activatePrice) : '', callbackRate: trails ? text(algo.callbackRate) : '' };
}

/** Answer of GET. `actual` is the order it triggered. */
export function algoRow(algo: Algo, actual: Order | undefined): Record<string, unknown> {
  return {
    ...algoFields(algo),
    actualOrderId: algo.actualOrderId === null ? '' : String(algo.actualOrderId),
    actualPrice: actual ? text(averagePrice(actual)) : '0',
    tpTriggerPrice: '0.000',
    tpPrice: '0.000',
    slTriggerPrice: '0.000',
    slPrice: '0.000',
    tpOrderType: '',
  };
}
