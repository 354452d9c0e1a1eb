/** What a client asks for in an order, read from its parameters: each missing, malformed or unsupported one is refused by its own code. */
import { positionSideSchema, type PositionSide, type Side, type TimeInForce } from '../core/model.ts';
import type { OrderName } from '../core/cancel.ts';
import type { OrderRequest } from '../core/order-checks.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Params } from './params.ts';
import type { PrivateCall } from './route.ts';

const CONDITIONAL_TYPES = ['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'];
const TIMES_IN_FORCE: readonly string[] = ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'] satisfies TimeInForce[];

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

/** The order that a request is about. @throws VenueError −1102 without a name */
export function orderName(call: PrivateCall): OrderName {
  const symbol = symbolOf(call);
  const orderId = call.params.whole('orderId');
  const clientOrderId = call.params.text('origClientOrderId');
  if (orderId === null && clientOrderId === null) throw new VenueError('MANDATORY_EITHER', 'origClientOrderId', 'orderId');
  return { symbol, orderId, clientOrderId };
}

/** The leg an order is for: hedge mode names one and takes no `reduceOnly`, one-way mode has BOTH only. */
export function positionSideOf({ own, params }: PrivateCall): PositionSide {
  const side = positionSideSchema.safeParse(params.text('positionSide') ?? 'BOTH');
  if (!side.success) throw new VenueError('BAD_PARAMETER', 'positionSide');
  if (own.account.dualSide === (side.data === 'BOTH')) throw new VenueError('POSITION_SIDE_MISMATCH');
  if (own.account.dualSide && params.text('reduceOnly') !== null) throw new VenueError('NOT_REQUIRED', 'reduceOnly');
  return side.data;
}

/** What is not served about orders. */
export function checkServed(params: Params): void {
  params.only('priceMatch', 'NONE');
  params.only('selfTradePreventionMode', 'EXPIRE_MAKER');
  params.only('newOrderRespType', 'ACK', 'RESULT');
  const priceProtect = params.flag('priceProtect');
  if (priceProtect) throw new VenueError('BAD_PARAMETER', 'priceProtect');
}

/** An ordinary order as its parameters say, in whatever shape they came. @throws VenueError */
export function orderRequest(call: PrivateCall): OrderRequest {
  const { params } = call;
  const symbol = symbolOf(call);
  const side = sideOf(params);
  const type = params.required('type');
  if (CONDITIONAL_TYPES.includes(type)) throw new VenueError('USE_ALGO_ENDPOINT');
  if (type !== 'LIMIT' && type !== 'MARKET') throw new VenueError('BAD_ORDER_TYPE');
  const positionSide = positionSideOf(call);
  checkServed(params);
  if (params.flag('closePosition')) throw new VenueError('USE_ALGO_ENDPOINT');
  const quantity = params.requiredDecimal('quantity');
  const common = { symbol, side, positionSide, quantity, reduceOnly: params.flag('reduceOnly'), clientOrderId: params.text('newClientOrderId') };
  if (type === 'MARKET') {
    for (const name of ['timeInForce', 'price']) if (params.text(name) !== null) throw new VenueError('NOT_REQUIRED', name);
    return { ...common, type, timeInForce: null, price: null };
  }
  const timeInForce = params.required('timeInForce');
  if (!TIMES_IN_FORCE.includes(timeInForce)) throw new VenueError('BAD_TIME_IN_FORCE');
  // The venue counts whole seconds.
  const goodTillDate = timeInForce === 'GTD' ? Math.floor(params.requiredWhole('goodTillDate') / 1_000) * 1_000 : 0;
  return { ...common, goodTillDate, type, timeInForce: timeInForce as TimeInForce, price: params.requiredDecimal('price') };
}
