/** Every method of the WebSocket API there is, and the endpoint that carries it out: what REST answers is what it answers. */

/** Method → endpoint. What is neither here nor about the session is unknown. */
export const METHODS: ReadonlyMap<string, string> = new Map(Object.entries({
  ping: 'GET /fapi/v1/ping',
  time: 'GET /fapi/v1/time',
  depth: 'GET /fapi/v1/depth',
  'ticker.price': 'GET /fapi/v2/ticker/price',
  'ticker.book': 'GET /fapi/v1/ticker/bookTicker',
  'order.place': 'POST /fapi/v1/order',
  'order.modify': 'PUT /fapi/v1/order',
  'order.cancel': 'DELETE /fapi/v1/order',
  'order.status': 'GET /fapi/v1/order',
  'algoOrder.place': 'POST /fapi/v1/algoOrder',
  'algoOrder.cancel': 'DELETE /fapi/v1/algoOrder',
  'account.balance': 'GET /fapi/v2/balance',
  'account.status': 'GET /fapi/v2/account',
  'account.position': 'GET /fapi/v2/positionRisk',
  'v2/account.balance': 'GET /fapi/v3/balance',
  'v2/account.status': 'GET /fapi/v3/account',
  'v2/account.position': 'GET /fapi/v3/positionRisk',
  'userDataStream.start': 'POST /fapi/v1/listenKey',
  'userDataStream.ping': 'PUT /fapi/v1/listenKey',
  'userDataStream.stop': 'DELETE /fapi/v1/listenKey',
}));

/** A session is for Ed25519 keys; those of the accounts here are HMAC. */
export const SESSION_METHODS = ['session.logon', 'session.status', 'session.logout'] as const;
export type SessionMethod = (typeof SESSION_METHODS)[number];

export function isSessionMethod(method: string): method is SessionMethod {
  return (SESSION_METHODS as readonly string[]).includes(method);
}

export const WS_API_PATH = '/ws-fapi/v1';

/** Whether a handshake is for the WebSocket API. */
export function isWsApi(url: string): boolean {
  return url.split('?', 1)[0] === WS_API_PATH;
}
