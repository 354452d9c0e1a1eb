/** The one place where a write takes its shape on the wire: what reduces is reduce-only by its type, not by a flag somebody may forget (failure 49). */
import { text } from '../protocol/decimal.ts';
import type { VenueWrite } from '../protocol/venue.ts';
import type { VenueRequest } from './binance-call.ts';

/** Decimals as plain strings; positionSide is never sent (one-way mode, failure 53); no number but leverage. */
export function writeRequest(write: VenueWrite): VenueRequest {
  switch (write.kind) {
    case 'OPEN':
      return post('fapi/v1/order', {
        symbol: write.symbol,
        side: write.side,
        type: 'LIMIT',
        timeInForce: 'IOC',
        quantity: text(write.quantity),
        price: text(write.price),
        newClientOrderId: write.clientId,
        newOrderRespType: 'RESULT',
      });
    case 'CLOSE':
      return post('fapi/v1/order', {
        symbol: write.symbol,
        side: write.side,
        type: 'MARKET',
        quantity: text(write.quantity),
        reduceOnly: 'true',
        newClientOrderId: write.clientId,
        newOrderRespType: 'RESULT',
      });
    case 'PROTECT':
      // Never closePosition: a second one is refused with −4130, and placing before cancelling would be impossible (ruling 6).
      return post('fapi/v1/algoOrder', {
        algoType: 'CONDITIONAL',
        symbol: write.symbol,
        side: write.side,
        type: write.leg === 'stop' ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET',
        timeInForce: 'GTC',
        quantity: text(write.quantity),
        triggerPrice: text(write.triggerPrice),
        workingType: 'MARK_PRICE',
        reduceOnly: 'true',
        clientAlgoId: write.clientId,
      });
    case 'CANCEL':
      return write.of === 'order'
        ? { method: 'DELETE', path: 'fapi/v1/order', signed: true, params: { symbol: write.symbol, origClientOrderId: write.clientId } }
        : { method: 'DELETE', path: 'fapi/v1/algoOrder', signed: true, params: { clientAlgoId: write.clientId } };
    case 'CONFIGURE':
      return write.setting === 'leverage'
        ? post('fapi/v1/leverage', { symbol: write.symbol, leverage: write.leverage })
        : post('fapi/v1/marginType', { symbol: write.symbol, marginType: write.marginMode });
  }
}

function post(path: string, params: Readonly<Record<string, string | number>>): VenueRequest {
  return { method: 'POST', path, signed: true, params };
}
