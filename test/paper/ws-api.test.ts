/** The WebSocket API: every method answers what its endpoint answers by REST, whatever a client sends instead is answered, and faults reach it too. */
import { expect } from 'chai';
import { NO_LIMITS, VENUE_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { METHODS } from '../../src/paper/ws-api/methods.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, hmac, Listeners, startForTest, type Json, type Listener, type LogLine } from './kit.ts';

const PATH = '/ws-fapi/v1';
const UNICODE = '币安人生USDT';

/** Signs by itself, as the libraries do: sorted by name, the values raw unless told otherwise. */
function signed(params: Json, write: (value: string) => string = String): Json {
  const all: Json = { apiKey: 'paper', timestamp: Date.now(), ...params };
  const payload = Object.keys(all).toSorted().map((name) => `${name}=${write(String(all[name]))}`).join('&');
  return { ...all, signature: hmac('paper', payload) };
}

describe('paper exchange: the WebSocket API', () => {
  let exchange: PaperExchange & { readonly logs: LogLine[] };
  let rest: Client;
  let api: Listener;
  const listeners = new Listeners();
  let lastId = 0;
  const call = (method: string, params?: Json, on: Listener = api) => on.ask({ id: ++lastId, method, ...(params ? { params } : {}) });
  const result = async (method: string, params: Json): Promise<Json> => {
    const answer = await call(method, params);
    expect(answer, JSON.stringify(answer)).to.include({ status: 200 });
    return answer['result'] as Json;
  };
  const limit = (more: Json = {}) => ({ symbol: 'GPSUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0098', ...more });

  before(async () => {
    exchange = await startForTest({ limits: NO_LIMITS });
    rest = new Client(exchange.url);
    await rest.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.01' });
    await rest.control('POST', 'symbols/GPSUSDT', { status: 'TRADING' });
  });
  beforeEach(async () => {
    api = await listeners.open(exchange, PATH);
  });
  afterEach(() => listeners.closeAll());
  after(() => exchange.close());

  it('places, asks for, amends and cancels an order, with the answers of REST', async () => {
    const placed = await result('order.place', signed(limit({ newClientOrderId: 'api:order/1' })));
    expect(placed).to.include({ status: 'NEW', clientOrderId: 'api:order/1', origQty: '1000', price: '0.0098' }).and.not.have.any.keys('avgPrice', 'cumQuote');
    const { orderId } = placed;
    const byRest = await rest.signed('GET', '/fapi/v1/order', { symbol: 'GPSUSDT', orderId });
    expect(await result('order.status', signed({ symbol: 'GPSUSDT', orderId }))).to.deep.equal(byRest.json);
    expect(await result('order.modify', signed({ symbol: 'GPSUSDT', orderId, side: 'BUY', quantity: '1100', price: '0.0097' }))).to.include({ orderId, origQty: '1100', price: '0.0097' });
    expect(await result('order.cancel', signed({ symbol: 'GPSUSDT', origClientOrderId: 'api:order/1' }))).to.include({ orderId, status: 'CANCELED' });
    expect((await call('order.cancel', signed({ symbol: 'GPSUSDT', orderId })))['error']).to.deep.equal({ code: -2011, msg: 'Unknown order sent.' });
  });

  it('places and cancels a conditional order', async () => {
    const { algoId } = await result('algoOrder.place', signed({ algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', type: 'STOP_MARKET', triggerPrice: '0.005', closePosition: 'true' }));
    expect((await rest.signed('GET', '/fapi/v1/algoOrder', { algoId })).json).to.include({ algoStatus: 'NEW' });
    expect(await result('algoOrder.cancel', signed({ algoId }))).to.include({ algoId, code: '200' });
    expect((await call('order.place', signed({ symbol: 'GPSUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '1', stopPrice: '0.005' })))['error']).to.include({ code: -4120 });
  });

  it('answers each asking method with what REST answers', async () => {
    for (const [method, params] of [['depth', { symbol: 'GPSUSDT', limit: 5 }], ['ticker.price', { symbol: 'GPSUSDT' }], ['ticker.price', {}], ['ticker.book', { symbol: 'GPSUSDT' }], ['ticker.book', {}], ['ping', {}], ['time', {}]] as const) {
      const [, path = ''] = METHODS.get(method)!.split(' ');
      const { json } = await rest.get<Json>(path, params);
      expect(Object.keys(await result(method, params)), method).to.deep.equal(Object.keys(json));
    }
    await result('order.place', signed({ symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000' }));
    for (const method of ['account.balance', 'account.status', 'account.position', 'v2/account.balance', 'v2/account.status', 'v2/account.position']) {
      const [, path = ''] = METHODS.get(method)!.split(' ');
      expect(await result(method, signed({})), method).to.have.keys(Object.keys((await rest.signed('GET', path)).json));
    }
  });

  it('starts, extends and stops a user stream on which orders of the API are told', async () => {
    const { listenKey } = await result('userDataStream.start', { apiKey: 'paper' });
    const user = await listeners.open(exchange, `/private/ws/${String(listenKey)}`);
    await result('order.place', signed({ symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000' }));
    const told = await user.until((message) => message['e'] === 'ORDER_TRADE_UPDATE' && (message['o'] as Json)['x'] === 'TRADE');
    expect(told['o']).to.include({ s: 'GPSUSDT', X: 'FILLED' });
    expect(await result('userDataStream.ping', { apiKey: 'paper' })).to.deep.equal({ listenKey });
    expect(await result('userDataStream.stop', { apiKey: 'paper' })).to.deep.equal({});
    expect((await call('userDataStream.ping', { apiKey: 'paper' }))['error']).to.include({ code: -1125 });
  });

  it('verifies the signature over values as they were written: numbers, and text raw or percent-encoded', async () => {
    const params = { apiKey: 'paper', ...limit({ quantity: '2000.0', price: '9.7e-3' }), timestamp: String(Date.now()) };
    const payload = Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`).join('&');
    const numbers = JSON.stringify({ ...params, signature: hmac('paper', payload) }).replaceAll(/"(2000\.0|9\.7e-3|\d{13})"/g, '$1');
    api.socket.send(`{"id":"as-written","method":"order.place","params":${numbers}}`);
    // Accepted as signed, and then refused for what it says: the venue takes no exponents.
    expect((await api.until((message) => message['id'] === 'as-written'))['error']).to.include({ code: -1102 });
    for (const write of [String, encodeURIComponent]) expect(await result('order.place', signed({ symbol: UNICODE, side: 'BUY', type: 'MARKET', quantity: '100' }, write))).to.include({ symbol: UNICODE });
  });

  it('refuses what REST refuses, with the same code and status', async () => {
    const refusals: [string, Json, number, number][] = [
      ['order.place', { ...signed(limit()), signature: 'f'.repeat(64) }, 400, -1022],
      ['order.place', signed({ ...limit(), timestamp: Date.now() - 60_000 }), 400, -1021],
      ['order.place', signed({ ...limit(), apiKey: 'nobody' }), 401, -2015],
      ['order.place', limit(), 401, -2014],
      ['order.place', { apiKey: 'paper', ...limit() }, 400, -1102],
      ['order.place', signed(limit({ price: '0.00971234567' })), 400, -1111],
      ['userDataStream.start', {}, 401, -2014],
      ['ticker.price', { symbol: 'NOPEUSDT' }, 400, -1121],
      ['session.logon', signed({}), 400, -4056],
      ['order.frobnicate', signed({}), 404, -5000],
      ['constructor', {}, 404, -5000],
    ];
    for (const [method, params, status, code] of refusals) {
      const answer = await call(method, params);
      expect([answer['status'], (answer['error'] as Json)['code']], `${method} ${JSON.stringify(answer)}`).to.deep.equal([status, code]);
    }
    expect(await result('session.status', {})).to.include({ apiKey: null, authorizedSince: null, returnRateLimits: true });
  });

  it('answers what is no request with −1135 and goes on', async () => {
    for (const frame of ['', 'no json', '[]', '7', 'null', '{"id":"x"}', '{"id":{},"method":"ping"}', '{"id":1.5,"method":"ping"}', '{"id":"y","method":"ping","params":[]}', '{"id":"z","method":"ping","params":3}']) {
      const before = api.messages.length;
      api.socket.send(frame);
      await result('ping', {});
      expect(api.messages[before], frame).to.include({ status: 400 }).and.to.have.nested.property('error.code', -1135);
    }
    api.socket.send(Buffer.from([1, 2, 3]));
    await result('ping', {});
    expect(exchange.logs.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('repeats ids as they came, and says what was used of the limits unless asked not to', async () => {
    for (const id of [7, 'a-text', null]) {
      api.socket.send(JSON.stringify({ id, method: 'ping' }));
      expect(await api.until((message) => message['id'] === id)).to.have.keys('id', 'status', 'result', 'rateLimits');
    }
    const weight = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2_400 };
    const [only] = (await call('ping'))['rateLimits'] as Json[];
    expect(only).to.include(weight).and.to.have.property('count').that.is.a('number');
    const rows = (await call('order.place', signed(limit({ price: '0.0095' }))))['rateLimits'] as Json[];
    expect(rows.map((row) => [row['rateLimitType'], row['interval'], row['intervalNum'], row['limit']])).to.deep.equal([['ORDERS', 'SECOND', 10, 300], ['ORDERS', 'MINUTE', 1, 1_200], ['REQUEST_WEIGHT', 'MINUTE', 1, 2_400]]);
    expect(await call('ping', { returnRateLimits: false })).to.have.keys('id', 'status', 'result');
    const quiet = await listeners.open(exchange, `${PATH}?returnRateLimits=false`);
    expect(await call('ping', {}, quiet)).to.have.keys('id', 'status', 'result');
    expect(await call('ping', { returnRateLimits: true }, quiet)).to.include.keys('rateLimits');
  });

  it('meets the faults of the endpoint it asks', async () => {
    const fault = (action: string, more: Json = {}) => rest.control('POST', 'faults', { match: { method: 'POST', path: '/fapi/v1/order' }, action, times: 1, ...more });
    await fault('error', { processed: true, status: 503, code: -1007, message: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.' });
    expect(await call('order.place', signed(limit({ newClientOrderId: 'fault-1', price: '0.0094' })))).to.include({ status: 503 }).and.to.have.nested.property('error.code', -1007);
    await fault('drop-response');
    api.socket.send(JSON.stringify({ id: 'lost', method: 'order.place', params: signed(limit({ newClientOrderId: 'fault-2', price: '0.0094' })) }));
    for (const origClientOrderId of ['fault-1', 'fault-2']) expect(await result('order.status', signed({ symbol: 'GPSUSDT', origClientOrderId }))).to.include({ status: 'NEW' });
    expect(api.messages.some((message) => message['id'] === 'lost')).to.equal(false);
    await fault('reset');
    const gone = api.closed();
    api.socket.send(JSON.stringify({ id: 'cut', method: 'order.place', params: signed(limit()) }));
    expect(await gone).to.equal(1006);
  });

  it('shares the limits of REST, and says when to come back', async () => {
    const limited = await startForTest({ limits: { ...VENUE_LIMITS, ordersPer10Seconds: 2, weightPerMinute: 100 } });
    try {
      const socket = await listeners.open(limited, PATH);
      const place = () => call('order.place', signed(limit({ quantity: '0' })), socket);
      await place();
      await place();
      const { status, error } = await place();
      expect([status, (error as Json)['code']]).to.deep.equal([429, -1015]);
      const { serverTime, retryAfter } = (error as Json)['data'] as { serverTime: number; retryAfter: number };
      expect(retryAfter - serverTime).to.be.within(1_000, 10_000);
      const used = Number((await new Client(limited.url).get('/fapi/v1/ping')).headers.get('x-mbx-used-weight-1m'));
      await call('account.balance', signed({}), socket);
      expect(Number((await new Client(limited.url).get('/fapi/v1/ping')).headers.get('x-mbx-used-weight-1m'))).to.equal(used + 6);
    } finally {
      await limited.close();
    }
  });
});
