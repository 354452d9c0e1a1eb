/** Changing what stands: a resting order's price and quantity, an isolated position's margin. */
import { text } from '../../protocol/decimal.ts';
import { findOrder } from '../core/cancel.ts';
import type { AmendmentRecord, MarginChange } from '../core/model.ts';
import { VenueError } from '../core/venue-error.ts';
import { orderName, positionSideOf, sideOf, symbolOf } from './order-request.ts';
import { page } from './paging.ts';
import { ONE_ORDER, type PrivateCall, type Route } from './route.ts';
import { amendmentRow, orderAnswer } from './shapes.ts';

const AMENDMENTS = { ifAbsent: 50, most: 100 };

export function amendOrder(call: PrivateCall): unknown {
  const { venue, own, params } = call;
  const name = orderName(call);
  params.only('priceMatch', 'NONE');
  const modifyId = params.whole('modifyId');
  const amendment = { name, side: sideOf(params), quantity: params.requiredDecimal('quantity'), price: params.requiredDecimal('price') };
  const { events, id } = venue.execute({ type: 'AmendOrder', account: own.account.apiKey, amendment });
  const amended = events.find((event) => event.type === 'OrderAmended');
  return { ...orderAnswer(amended?.order ?? own.orders.get(id!)!), pair: name.symbol, ...(modifyId === null ? {} : { modifyId }) };
}

/** Of one order, the newest amendment first. */
function orderAmendments(call: PrivateCall): unknown {
  const name = orderName(call);
  const orderId = name.orderId ?? findOrder(call.own, name)?.orderId;
  const wanted = call.own.amendments.filter((amendment) => amendment.orderId === orderId);
  return page<AmendmentRecord>(call.params, name.symbol, wanted, (amendment) => amendment.amendmentId, 'fromId', AMENDMENTS).toReversed().map(amendmentRow);
}

function movePositionMargin(call: PrivateCall): unknown {
  const { venue, own, params } = call;
  const symbol = symbolOf(call);
  const positionSide = positionSideOf(call);
  const amount = params.requiredDecimal('amount');
  const type = params.requiredWhole('type');
  if (type !== 1 && type !== 2) throw new VenueError('BAD_PARAMETER', 'type');
  if (!amount.isPositive() || amount.isZero()) throw new VenueError('AMOUNT_NOT_POSITIVE');
  if (amount.decimalPlaces()! > 8) throw new VenueError('PRECISION');
  venue.execute({ type: 'MovePositionMargin', account: own.account.apiKey, symbol, positionSide, amount: type === 1 ? amount : amount.negated() });
  return { code: 200, msg: 'Successfully modify position margin.', amount: amount.toNumber(), type };
}

function marginHistory(call: PrivateCall): unknown {
  const { own, params } = call;
  const type = params.whole('type');
  if (type !== null && type !== 1 && type !== 2) throw new VenueError('BAD_PARAMETER', 'type');
  const typeOf = (change: MarginChange) => (change.amount.isPositive() ? 1 : 2);
  const wanted = own.marginChanges.filter((change) => type === null || typeOf(change) === type);
  return page(params, symbolOf(call), wanted, (change) => change.tranId, 'fromId').map((change) => ({
    symbol: change.symbol,
    type: typeOf(change),
    deltaType: 'USER_ADJUST',
    amount: text(change.amount.absoluteValue()),
    asset: 'USDT',
    time: change.time,
    positionSide: change.positionSide,
  }));
}

export const amendRoutes: readonly Route[] = [
  { name: 'PUT /fapi/v1/order', weight: 0, orders: ONE_ORDER, security: 'SIGNED', run: amendOrder },
  { name: 'GET /fapi/v1/orderAmendment', weight: 1, security: 'SIGNED', run: orderAmendments },
  { name: 'POST /fapi/v1/positionMargin', weight: 1, security: 'SIGNED', run: movePositionMargin },
  { name: 'GET /fapi/v1/positionMargin/history', weight: 1, security: 'SIGNED', run: marginHistory },
];
