/** Conditional orders, the only way to them since December 2025. */
import { ZERO } from '../../protocol/decimal.ts';
import { findAlgo, type AlgoName, type AlgoRequest } from '../core/algos.ts';
import { algoTypeSchema, type Algo } from '../core/model.ts';
import { VenueError } from '../core/venue-error.ts';
import { checkServed, positionSideOf, sideOf, symbolOf } from './order-request.ts';
import { page, weekOf } from './paging.ts';
import { bySymbol, done, ONE_ORDER, type PrivateCall, type Route } from './route.ts';
import { algoAnswer, algoRow } from './shapes.ts';

const TIMES_IN_FORCE: readonly string[] = ['GTC', 'IOC', 'FOK', 'GTX', 'GTE_GTC'] satisfies Algo['timeInForce'][];

function algoRequest(call: PrivateCall): AlgoRequest {
  const { params } = call;
  if (params.required('algoType') !== 'CONDITIONAL') throw new VenueError('BAD_PARAMETER', 'algoType');
  const symbol = symbolOf(call);
  const side = sideOf(params);
  const type = algoTypeSchema.safeParse(params.required('type'));
  if (!type.success) throw new VenueError('BAD_ORDER_TYPE');
  const positionSide = positionSideOf(call);
  checkServed(params);
  params.only('workingType', 'MARK_PRICE', 'CONTRACT_PRICE');
  const limit = type.data === 'STOP' || type.data === 'TAKE_PROFIT';
  const closePosition = params.flag('closePosition');
  const timeInForce = params.text('timeInForce') ?? 'GTC';
  if (!TIMES_IN_FORCE.includes(timeInForce)) throw new VenueError('BAD_TIME_IN_FORCE');
  if (timeInForce === 'GTE_GTC' && !closePosition && !params.flag('reduceOnly') && positionSide === 'BOTH') throw new VenueError('BAD_TIME_IN_FORCE');
  const trails = type.data === 'TRAILING_STOP_MARKET';
  const foreign = trails ? ['triggerPrice'] : ['activatePrice', 'callbackRate'];
  for (const name of foreign) if (params.text(name) !== null) throw new VenueError('NOT_REQUIRED', name);
  if (closePosition && (limit || trails)) throw new VenueError('NOT_REQUIRED', 'closePosition');
  if (closePosition && params.text('quantity') !== null) throw new VenueError('QUANTITY_WITH_CLOSE_POSITION');
  if (closePosition && params.text('reduceOnly') !== null) throw new VenueError('NOT_REQUIRED', 'reduceOnly');
  if (!limit && params.text('price') !== null) throw new VenueError('NOT_REQUIRED', 'price');
  return {
    symbol,
    side,
    positionSide,
    type: type.data,
    timeInForce: timeInForce as Algo['timeInForce'],
    quantity: closePosition ? null : params.requiredDecimal('quantity'),
    triggerPrice: trails ? ZERO : params.requiredDecimal('triggerPrice'),
    ...(trails ? { callbackRate: params.requiredDecimal('callbackRate'), activatePrice: params.decimal('activatePrice') } : {}),
    price: limit ? params.requiredDecimal('price') : null,
    workingType: params.text('workingType') === 'MARK_PRICE' ? 'MARK_PRICE' : 'CONTRACT_PRICE',
    reduceOnly: params.flag('reduceOnly'),
    closePosition,
    clientAlgoId: params.text('clientAlgoId'),
  };
}

function placeAlgo(call: PrivateCall): unknown {
  const { id } = call.venue.execute({ type: 'PlaceAlgo', account: call.own.account.apiKey, request: algoRequest(call) });
  return algoAnswer(call.own.algos.get(id!)!);
}

function algoName({ params }: PrivateCall): AlgoName {
  // The venue's own words name them in lower case, and client libraries send them so.
  const name = { algoId: params.whole('algoId') ?? params.whole('algoid'), clientAlgoId: params.text('clientAlgoId') ?? params.text('clientalgoid') };
  if (name.algoId === null && name.clientAlgoId === null) throw new VenueError('MANDATORY_EITHER', 'algoid', 'clientalgoid');
  return name;
}

function cancelAlgo(call: PrivateCall): unknown {
  const { id } = call.venue.execute({ type: 'CancelAlgo', account: call.own.account.apiKey, name: algoName(call) });
  return { algoId: id, clientAlgoId: call.own.algos.get(id!)!.clientAlgoId, code: '200', msg: 'success' };
}

function cancelAllAlgos(call: PrivateCall): unknown {
  call.venue.execute({ type: 'CancelAllAlgos', account: call.own.account.apiKey, symbol: symbolOf(call) });
  return done('The operation of cancel all open order is done.');
}

function row({ own }: PrivateCall, algo: Algo): unknown {
  return algoRow(algo, algo.actualOrderId === null ? undefined : own.orders.get(algo.actualOrderId));
}

function queryAlgo(call: PrivateCall): unknown {
  const algo = findAlgo(call.own, algoName(call));
  if (!algo) throw new VenueError('NO_SUCH_ORDER');
  return row(call, algo);
}

function openAlgoOrders(call: PrivateCall): unknown {
  call.params.only('algoType', 'CONDITIONAL');
  const symbol = call.params.text('symbol') === null ? null : symbolOf(call);
  const algoId = call.params.whole('algoId');
  const open = [...call.own.openAlgos.values()].filter((algo) => (symbol === null || algo.symbol === symbol) && (algoId === null || algo.algoId === algoId));
  return open.map((algo) => row(call, algo));
}

function allAlgoOrders(call: PrivateCall): unknown {
  const found = page<Algo>(call.params, symbolOf(call), call.own.algos.values(), (algo) => algo.algoId, 'algoId', weekOf(call, 'algoId'));
  return found.map((algo) => row(call, algo));
}

export const algoRoutes: readonly Route[] = [
  { name: 'POST /fapi/v1/algoOrder', weight: 0, orders: ONE_ORDER, security: 'SIGNED', run: placeAlgo },
  { name: 'DELETE /fapi/v1/algoOrder', weight: 1, security: 'SIGNED', run: cancelAlgo },
  { name: 'GET /fapi/v1/algoOrder', weight: 1, security: 'SIGNED', run: queryAlgo },
  { name: 'DELETE /fapi/v1/algoOpenOrders', weight: 1, security: 'SIGNED', run: cancelAllAlgos },
  { name: 'GET /fapi/v1/openAlgoOrders', weight: bySymbol(1, 40), security: 'SIGNED', run: openAlgoOrders },
  { name: 'GET /fapi/v1/allAlgoOrders', weight: 5, security: 'SIGNED', run: allAlgoOrders },
];
