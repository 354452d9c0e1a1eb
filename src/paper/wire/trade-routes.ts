/** Ordinary orders: placing, cancelling, asking. */
import type { Order, Side, TimeInForce } from '../core/model.ts';
import { findOrder, type OrderName, type OrderRequest } from '../core/orders.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Params } from './params.ts';
import { bySymbol, done, type PrivateCall, type Route } from './route.ts';
import { orderAnswer, orderRow, tradeRow } from './shapes.ts';

const CONDITIONAL_TYPES = ['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'];
const TIMES_IN_FORCE: readonly string[] = ['GTC', 'IOC', 'FOK', 'GTX'] satisfies TimeInForce[];
/** Queries reach back a week unless asked otherwise. */
const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1_000;

export function sideOf(params: Params): Side {
  const side = params.required('side');
  if (side !== 'BUY' && side !== 'SELL') throw new VenueError('BAD_SIDE');
  return side;
}

/** A symbol the exchange lists. */
export function symbolOf({ venue, params }: PrivateCall): string {
  const symbol = params.required('symbol');
  if (!venue.state.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  return symbol;
}

/** One-way mode, and what is not served about orders. */
export function checkOneWay(params: Params): void {
  const positionSide = params.text('positionSide');
  if (positionSide !== null && positionSide !== 'BOTH') throw new VenueError('POSITION_SIDE_MISMATCH');
  params.only('priceMatch', 'NONE');
  params.only('selfTradePreventionMode', 'EXPIRE_MAKER');
  params.only('newOrderRespType', 'ACK', 'RESULT');
  const priceProtect = params.flag('priceProtect');
  if (priceProtect) throw new VenueError('BAD_PARAMETER', 'priceProtect');
}

function orderRequest(call: PrivateCall): OrderRequest {
  const { params } = call;
  const symbol = symbolOf(call);
  const side = sideOf(params);
  const type = params.required('type');
  if (CONDITIONAL_TYPES.includes(type)) throw new VenueError('USE_ALGO_ENDPOINT');
  if (type !== 'LIMIT' && type !== 'MARKET') throw new VenueError('BAD_ORDER_TYPE');
  checkOneWay(params);
  if (params.flag('closePosition')) throw new VenueError('USE_ALGO_ENDPOINT');
  const quantity = params.requiredDecimal('quantity');
  const common = { symbol, side, quantity, reduceOnly: params.flag('reduceOnly'), clientOrderId: params.text('newClientOrderId') };
  if (type === 'MARKET') {
    for (const name of ['timeInForce', 'price']) if (params.text(name) !== null) throw new VenueError('NOT_REQUIRED', name);
    return { ...common, type, timeInForce: null, price: null };
  }
  const timeInForce = params.required('timeInForce');
  if (!TIMES_IN_FORCE.includes(timeInForce)) throw new VenueError('BAD_TIME_IN_FORCE');
  return { ...common, type, timeInForce: timeInForce as TimeInForce, price: params.requiredDecimal('price') };
}

/** ACK (default) answers before matching; RESULT the outcome, except that a GTC order is answered as it was accepted. */
function placeOrder(call: PrivateCall): unknown {
  const { venue, own, params } = call;
  const request = orderRequest(call);
  const { events, id } = venue.execute({ type: 'PlaceOrder', account: own.account.apiKey, request });
  const accepted = events.find((event) => event.type === 'OrderAccepted' && event.order.orderId === id);
  if (accepted?.type !== 'OrderAccepted') throw new Error('an order was placed without being accepted');
  const final = params.text('newOrderRespType') === 'RESULT' && request.timeInForce !== 'GTC';
  return orderAnswer(final ? own.orders.get(accepted.order.orderId)! : accepted.order);
}

function orderName(call: PrivateCall): OrderName {
  const symbol = symbolOf(call);
  const orderId = call.params.whole('orderId');
  const clientOrderId = call.params.text('origClientOrderId');
  if (orderId === null && clientOrderId === null) throw new VenueError('MANDATORY_EITHER', 'origClientOrderId', 'orderId');
  return { symbol, orderId, clientOrderId };
}

function cancelOrder(call: PrivateCall): unknown {
  const { id } = call.venue.execute({ type: 'CancelOrder', account: call.own.account.apiKey, name: orderName(call) });
  return orderAnswer(call.own.orders.get(id!)!);
}

function cancelAllOrders(call: PrivateCall): unknown {
  call.venue.execute({ type: 'CancelAllOrders', account: call.own.account.apiKey, symbol: symbolOf(call) });
  return done('The operation of cancel all open order is done.');
}

function queryOrder(call: PrivateCall): unknown {
  const order = findOrder(call.own, orderName(call));
  if (!order) throw new VenueError('NO_SUCH_ORDER');
  return orderRow(order);
}

function queryOpenOrder(call: PrivateCall): unknown {
  const order = findOrder(call.own, orderName(call));
  if (!order || !call.own.openOrders.has(order.orderId)) throw new VenueError('NO_SUCH_ORDER');
  return orderRow(order);
}

function openOrders(call: PrivateCall): unknown {
  const symbol = call.params.text('symbol') === null ? null : symbolOf(call);
  const open = [...call.own.openOrders.values()].filter((order) => symbol === null || order.symbol === symbol);
  return open.toSorted((a, b) => a.orderId - b.orderId).map(orderRow);
}

interface Dated {
  readonly symbol: string;
  readonly time: number;
}

/** Records of a symbol within `startTime`…`endTime`: from `fromId` or a start the oldest `limit`, else the newest. */
export function page<T extends Dated>(params: Params, symbol: string | null, records: Iterable<T>, idOf: (record: T) => number, fromName: string): T[] {
  const [from, start, end] = [params.whole(fromName), params.whole('startTime'), params.whole('endTime')];
  if (start !== null && end !== null && start > end) throw new VenueError('BAD_PARAMETER', 'endTime');
  const limit = params.limit('limit', DEFAULT_LIMIT, MAX_LIMIT);
  const found: T[] = [];
  for (const record of records) {
    const inTime = (start === null || record.time >= start) && (end === null || record.time <= end);
    if ((symbol === null || record.symbol === symbol) && inTime && (from === null || idOf(record) >= from)) found.push(record);
  }
  return from === null && start === null ? found.slice(-limit) : found.slice(0, limit);
}

function allOrders(call: PrivateCall): unknown {
  const symbol = call.params.text('symbol') === null ? null : symbolOf(call);
  return page<Order>(call.params, symbol, call.own.orders.values(), (order) => order.orderId, 'orderId').map(orderRow);
}

function userTrades(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  const orderId = call.params.whole('orderId');
  const trades = orderId === null ? call.own.trades : call.own.trades.filter((trade) => trade.orderId === orderId);
  return page(call.params, symbol, trades, (trade) => trade.id, 'fromId').map(tradeRow);
}

export const tradeRoutes: readonly Route[] = [
  { name: 'POST /fapi/v1/order', weight: 0, order: true, security: 'SIGNED', run: placeOrder },
  { name: 'DELETE /fapi/v1/order', weight: 1, security: 'SIGNED', run: cancelOrder },
  { name: 'GET /fapi/v1/order', weight: 1, security: 'SIGNED', run: queryOrder },
  { name: 'GET /fapi/v1/openOrder', weight: 1, security: 'SIGNED', run: queryOpenOrder },
  { name: 'GET /fapi/v1/openOrders', weight: bySymbol(1, 40), security: 'SIGNED', run: openOrders },
  { name: 'GET /fapi/v1/allOrders', weight: 5, security: 'SIGNED', run: allOrders },
  { name: 'DELETE /fapi/v1/allOpenOrders', weight: 1, security: 'SIGNED', run: cancelAllOrders },
  { name: 'GET /fapi/v1/userTrades', weight: 5, security: 'SIGNED', run: userTrades },
];
