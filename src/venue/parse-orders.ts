/** The venue's answers about orders in our words: orders, conditional orders, trades. */
import { z } from 'zod';
import type { AlgoStatus, OrderStatus, VenueAlgoOrder, VenueOrder, VenueTrade } from '../protocol/venue.ts';
import { clientIdField, decimalField, idField, oneWayField, parseAnswer, sideField, symbolField, timeField } from './parse-fields.ts';

const ORDER_STATUSES = ['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'EXPIRED_IN_MATCH'] as const satisfies readonly OrderStatus[];
const ALGO_STATUSES = ['NEW', 'TRIGGERING', 'TRIGGERED', 'FINISHED', 'CANCELED', 'EXPIRED', 'REJECTED'] as const satisfies readonly AlgoStatus[];

/** NEW_INSURANCE and NEW_ADL: a liquidation being taken over by the insurance fund or by a counterparty. Not terminal, so NEW to us. */
export const orderStatusField = z.union([z.enum(ORDER_STATUSES), z.enum(['NEW_INSURANCE', 'NEW_ADL']).transform((): OrderStatus => 'NEW')]);
export const algoStatusField = z.enum(ALGO_STATUSES);
/** Not yet fired: absent, empty, or zero, by endpoint. */
export const actualOrderIdField = z
  .union([idField, z.literal('')])
  .nullish()
  .transform((id) => (id === undefined || id === null || id === '' || id === '0' ? undefined : id));

const order = z.object({
  symbol: symbolField,
  clientOrderId: clientIdField,
  orderId: idField,
  side: sideField,
  positionSide: oneWayField,
  type: z.string(),
  status: orderStatusField,
  origQty: decimalField,
  executedQty: decimalField,
  price: decimalField,
  reduceOnly: z.boolean(),
  updateTime: timeField,
});

function orderOf(row: z.output<typeof order>): VenueOrder {
  return {
    symbol: row.symbol,
    clientId: row.clientOrderId,
    orderId: row.orderId,
    side: row.side,
    type: row.type,
    status: row.status,
    quantity: row.origQty,
    executedQuantity: row.executedQty,
    price: row.price,
    reduceOnly: row.reduceOnly,
    updatedAt: row.updateTime,
  };
}

/** `GET /fapi/v1/order`. @throws VenueError */
export function parseOrder(body: unknown, where: string): VenueOrder {
  return orderOf(parseAnswer(order, body, where));
}

/** `GET /fapi/v1/openOrders`. @throws VenueError: one order that cannot be read makes the whole list unknown. */
export function parseOpenOrders(body: unknown, where: string): readonly VenueOrder[] {
  return parseAnswer(z.array(order), body, where).map((row) => orderOf(row));
}

const algoRow = z.object({
  symbol: symbolField,
  clientAlgoId: clientIdField,
  algoId: idField,
  side: sideField,
  positionSide: oneWayField,
  orderType: z.string(),
  algoStatus: algoStatusField,
  quantity: decimalField,
  triggerPrice: decimalField,
  reduceOnly: z.boolean(),
  actualOrderId: actualOrderIdField,
  createTime: timeField.nullish(),
  updateTime: timeField,
});

/** What an order of its kind does not have is absent, empty, or zero, by endpoint. Ours have both; one that somebody places by hand must not hide them. */
const algoOrder = z.preprocess((row) => {
  if (typeof row !== 'object' || row === null) return row;
  const { closePosition, orderType, quantity, triggerPrice } = row as Record<string, unknown>;
  return { ...row, ...(closePosition === true && isNone(quantity) ? { quantity: '0' } : {}), ...(orderType === 'TRAILING_STOP_MARKET' && isNone(triggerPrice) ? { triggerPrice: '0' } : {}) };
}, algoRow);

function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function algoOrderOf(row: z.output<typeof algoRow>): VenueAlgoOrder {
  return {
    symbol: row.symbol,
    clientId: row.clientAlgoId,
    algoId: row.algoId,
    side: row.side,
    type: row.orderType,
    status: row.algoStatus,
    quantity: row.quantity,
    triggerPrice: row.triggerPrice,
    reduceOnly: row.reduceOnly,
    ...(row.actualOrderId === undefined ? {} : { actualOrderId: row.actualOrderId }),
    ...(row.createTime === undefined || row.createTime === null ? {} : { createdAt: row.createTime }),
    updatedAt: row.updateTime,
  };
}

/** `GET /fapi/v1/algoOrder`. @throws VenueError */
export function parseAlgoOrder(body: unknown, where: string): VenueAlgoOrder {
  return algoOrderOf(parseAnswer(algoOrder, body, where));
}

/** `GET /fapi/v1/openAlgoOrders`. @throws VenueError */
export function parseOpenAlgoOrders(body: unknown, where: string): readonly VenueAlgoOrder[] {
  return parseAnswer(z.array(algoOrder), body, where).map((row) => algoOrderOf(row));
}

const trade = z.object({
  symbol: symbolField,
  id: idField,
  orderId: idField,
  side: sideField,
  price: decimalField,
  qty: decimalField,
  commission: decimalField,
  commissionAsset: z.string(),
  realizedPnl: decimalField,
  time: timeField,
});

/** `GET /fapi/v1/userTrades`. @throws VenueError */
export function parseTrades(body: unknown, where: string): readonly VenueTrade[] {
  return parseAnswer(z.array(trade), body, where).map((row) => ({
    symbol: row.symbol,
    tradeId: row.id,
    orderId: row.orderId,
    side: row.side,
    price: row.price,
    quantity: row.qty,
    commission: row.commission,
    commissionAsset: row.commissionAsset,
    realizedPnl: row.realizedPnl,
    at: row.time,
  }));
}
