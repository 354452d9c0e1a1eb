/** What a client asks for in an order, read from its parameters: each missing, malformed or unsupported one is refused by its own code. */
import type { Side, TimeInForce } from '../core/model.ts';
import type { OrderRequest } from '../core/orders.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Params } from './params.ts';
import type { PrivateCall } from './route.ts';

const CONDITIONAL_TYPES = ['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'];
const TIMES_IN_FORCE: readonly string[] = ['GTC', 'IOC', 'FOK', 'GTX'] satisfies TimeInForce[];

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

/** An ordinary order as its parameters say, in whatever shape they came. @throws VenueError */
export function orderRequest(call: PrivateCall): OrderRequest {
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
