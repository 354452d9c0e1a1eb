/** Several orders in one request: each element succeeds or is refused by itself, in the order it was sent. */
import { VenueError } from '../core/venue-error.ts';
import { amendOrder } from './amend-routes.ts';
import { symbolOf } from './order-request.ts';
import { Params } from './params.ts';
import { ONE_BATCH, type PrivateCall, type Route } from './route.ts';
import { orderAnswer } from './shapes.ts';
import { placeOrder } from './trade-routes.ts';

const MAX_BATCH = 5;
const MAX_CANCELED = 10;

/** The answer of one element, or its refusal as `{code, msg}`. */
function each(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return { code: error.code, msg: error.message };
  }
}

/** Each element of `batchOrders` as a request of its own. */
function batch(call: PrivateCall, run: (call: PrivateCall) => unknown): unknown {
  const orders = call.params.list('batchOrders');
  if (orders === null) throw new VenueError('MANDATORY', 'batchOrders');
  if (orders.length < 1 || orders.length > MAX_BATCH) throw new VenueError('BATCH_SIZE');
  return orders.map((order) => each(() => run({ ...call, params: Params.ofElement(order, 'batchOrders') })));
}

/** By order ids when they are given, else by client ids. */
function cancelBatch(call: PrivateCall): unknown {
  const symbol = symbolOf(call);
  // Client libraries write these two names in lower case, and the live venue takes it.
  const either = (name: string) => call.params.list(name) ?? call.params.list(name.toLowerCase());
  const [ids, clientIds] = [either('orderIdList'), either('origClientOrderIdList')];
  const [name, list] = ids === null ? ['origClientOrderIdList', clientIds] as const : ['orderIdList', ids] as const;
  if (list === null) throw new VenueError('MANDATORY_EITHER', 'orderIdList', 'origClientOrderIdList');
  if (list.length < 1 || list.length > MAX_CANCELED) throw new VenueError('BAD_PARAMETER', name);
  return list.map((value) =>
    each(() => {
      const orderId = ids === null ? null : Number(value);
      if (orderId === null ? typeof value !== 'string' : !Number.isSafeInteger(orderId)) throw new VenueError('BAD_PARAMETER', name);
      const order = { symbol, orderId, clientOrderId: orderId === null ? String(value) : null };
      const { id } = call.venue.execute({ type: 'CancelOrder', account: call.own.account.apiKey, name: order });
      return orderAnswer(call.own.orders.get(id!)!);
    }),
  );
}

export const batchRoutes: readonly Route[] = [
  { name: 'POST /fapi/v1/batchOrders', weight: 5, orders: ONE_BATCH, security: 'SIGNED', run: (call) => batch(call, placeOrder) },
  { name: 'PUT /fapi/v1/batchOrders', weight: 5, orders: ONE_BATCH, security: 'SIGNED', run: (call) => batch(call, amendOrder) },
  { name: 'DELETE /fapi/v1/batchOrders', weight: 1, security: 'SIGNED', run: cancelBatch },
];
