/** Ordinary orders: placing, cancelling, asking. */
import { MAX_COUNTDOWN_MS } from '../countdowns.ts';
import type { Order } from '../core/model.ts';
import { forceOrders as venueOrders } from '../core/liquidation.ts';
import { findOrder } from '../core/cancel.ts';
import { rehearseOrder } from '../core/rehearsal.ts';
import { VenueError } from '../core/venue-error.ts';
import { orderName, orderRequest, symbolOf } from './order-request.ts';
import { page, weekOf } from './paging.ts';
import { bySymbol, done, ONE_ORDER, type PrivateCall, type Route } from './route.ts';
import { orderAnswer, orderRow, tradeRow } from './shapes.ts';

const FORCE_ORDERS = { ifAbsent: 50, most: 100 };

/** ACK (default) answers before matching; RESULT the outcome, except that a GTC order is answered as it was accepted. */
export function placeOrder(call: PrivateCall): unknown {
  const { venue, own, params } = call;
  const request = orderRequest(call);
  const { events, id } = venue.execute({ type: 'PlaceOrder', account: own.account.apiKey, request });
  const accepted = events.find((event) => event.type === 'OrderAccepted' && event.order.orderId === id);
  if (accepted?.type !== 'OrderAccepted') throw new Error('an order was placed without being accepted');
  const final = params.text('newOrderRespType') === 'RESULT' && request.timeInForce !== 'GTC';
  return orderAnswer(final ? own.orders.get(accepted.order.orderId)! : accepted.order);
}

/** All checks of an order and its answer as it would be accepted; nothing reaches the book. */
function testOrder(call: PrivateCall): unknown {
  return orderAnswer(rehearseOrder(call.venue.state, call.own, orderRequest(call), call.now));
}

function cancelOrder(call: PrivateCall): unknown {
  const { id } = call.venue.execute({ type: 'CancelOrder', account: call.own.account.apiKey, name: orderName(call) });
  return orderAnswer(call.own.orders.get(id!)!);
}

function cancelAllOrders(call: PrivateCall): unknown {
  call.venue.execute({ type: 'CancelAllOrders', account: call.own.account.apiKey, symbol: symbolOf(call) });
  return done('The operation of cancel all open order is done.');
}

/** Renewed in time, or the symbol's open orders go; conditional orders stay. */
function countdownCancelAll(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  const countdownTime = call.params.requiredWhole('countdownTime');
  if (countdownTime < 0 || countdownTime > MAX_COUNTDOWN_MS) throw new VenueError('BAD_PARAMETER', 'countdownTime');
  call.venue.countdowns.set(call.own.account.apiKey, symbol, countdownTime);
  return { symbol, countdownTime: String(countdownTime) };
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

function allOrders(call: PrivateCall): unknown {
  const symbol = call.params.text('symbol') === null ? null : symbolOf(call);
  return page<Order>(call.params, symbol, call.own.orders.values(), (order) => order.orderId, 'orderId', weekOf(call, 'orderId')).map(orderRow);
}

function userTrades(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  const orderId = call.params.whole('orderId');
  const trades = orderId === null ? call.own.trades : call.own.trades.filter((trade) => trade.orderId === orderId);
  const timed = call.params.text('startTime') !== null || call.params.text('endTime') !== null;
  if (timed && call.params.text('fromId') !== null) throw new VenueError('BAD_COMBINATION');
  return page(call.params, symbol, trades, (trade) => trade.id, 'fromId', weekOf(call, 'fromId')).map(tradeRow);
}

/** What the venue closed on the account's behalf: liquidations and auto-deleveraging. */
function forceOrders(call: PrivateCall): unknown {
  const { own, params } = call;
  params.only('autoCloseType', 'LIQUIDATION', 'ADL');
  const symbol = params.text('symbol') === null ? null : symbolOf(call);
  const type = params.text('autoCloseType') as 'LIQUIDATION' | 'ADL' | null;
  return page<Order>(params, symbol, venueOrders(own, type), (order) => order.orderId, 'orderId', FORCE_ORDERS).map(orderRow);
}

export const tradeRoutes: readonly Route[] = [
  { name: 'POST /fapi/v1/order', weight: 0, orders: ONE_ORDER, security: 'SIGNED', run: placeOrder },
  { name: 'POST /fapi/v1/order/test', weight: 0, security: 'SIGNED', run: testOrder },
  { name: 'DELETE /fapi/v1/order', weight: 1, security: 'SIGNED', run: cancelOrder },
  { name: 'GET /fapi/v1/order', weight: 1, security: 'SIGNED', run: queryOrder },
  { name: 'GET /fapi/v1/openOrder', weight: 1, security: 'SIGNED', run: queryOpenOrder },
  { name: 'GET /fapi/v1/openOrders', weight: bySymbol(1, 40), security: 'SIGNED', run: openOrders },
  { name: 'GET /fapi/v1/allOrders', weight: 5, security: 'SIGNED', run: allOrders },
  { name: 'DELETE /fapi/v1/allOpenOrders', weight: 1, security: 'SIGNED', run: cancelAllOrders },
  { name: 'POST /fapi/v1/countdownCancelAll', weight: 10, security: 'SIGNED', run: countdownCancelAll },
  // Nothing here is a TradFi contract: signing the agreement is all that it does.
  { name: 'POST /fapi/v1/stock/contract', weight: 50, security: 'SIGNED', run: () => done('success') },
  { name: 'GET /fapi/v1/forceOrders', weight: bySymbol(20, 50), security: 'SIGNED', run: forceOrders },
  { name: 'GET /fapi/v1/userTrades', weight: 5, security: 'SIGNED', run: userTrades },
];
