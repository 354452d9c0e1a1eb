/** Orders over the wire beyond one at a time: batches, orders that are only tried, and the switch that cancels what nobody renews. */
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, hmac, query, startForTest, type Json } from './kit.ts';

const SYMBOL = 'GPSUSDT';
const limit = (more: Json = {}): Json => ({ symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0085', ...more });

describe('paper exchange: orders over the wire', () => {
  let exchange: PaperExchange;
  let client: Client;
  beforeEach(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
    await client.control('POST', 'price', { symbol: SYMBOL, price: '0.0086' });
  });
  afterEach(() => exchange.close());

  const open = async () => (await client.signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol: SYMBOL })).json;
  const batch = (orders: unknown) => client.signed<Json[]>('POST', '/fapi/v1/batchOrders', { batchOrders: typeof orders === 'string' ? orders : JSON.stringify(orders) });

  it('places a batch, each element by itself, and counts it as five orders in ten seconds and one in a minute', async () => {
    const before = await client.signed('POST', '/fapi/v1/order', limit());
    const orders = [limit({ newClientOrderId: 'one', quantity: 1_000 }), limit({ side: 'HOLD' }), limit({ price: '0.00850001' }), limit({ newClientOrderId: 'two', reduceOnly: false }), 7];
    const placed = await batch(orders);
    expect(placed.status).to.equal(200);
    expect(placed.json.map((row) => row['clientOrderId'] ?? row['code'])).to.deep.equal(['one', -1117, -4014, 'two', -1130]);
    expect(placed.json[0]).to.include({ status: 'NEW', symbol: SYMBOL }).and.not.have.any.keys('avgPrice', 'cumQuote');
    expect(placed.json[1]).to.deep.equal({ code: -1117, msg: 'Invalid side.' });
    const count = (header: string) => Number(placed.headers.get(header)) - Number(before.headers.get(header));
    expect([count('x-mbx-order-count-10s') % 6, count('x-mbx-order-count-1m'), count('x-mbx-used-weight-1m')]).to.deep.equal([5, 1, 5]);
    expect(await open()).to.have.length(3);
  });

  it('refuses a batch that is empty, too long, no list, no JSON or missing', async () => {
    expect((await batch([])).json).to.include({ code: -4082 });
    expect((await batch(Array.from({ length: 6 }, () => limit()))).json).to.deep.equal({ code: -4082, msg: 'Invalid number of batch place orders.' });
    expect((await batch({})).json).to.include({ code: -1130 });
    expect((await batch('[{')).json).to.include({ code: -1130 });
    expect((await client.signed('POST', '/fapi/v1/batchOrders')).json).to.include({ code: -1102 });
    expect(await open()).to.have.length(0);
  });

  it('amends a batch, each element by itself', async () => {
    await batch([limit({ newClientOrderId: 'a' }), limit({ newClientOrderId: 'b' })]);
    const amend = (more: Json): Json => ({ symbol: SYMBOL, side: 'BUY', quantity: '900', price: '0.0084', ...more });
    const orders = [amend({ origClientOrderId: 'b' }), amend({ origClientOrderId: 'none' }), amend({}), amend({ origClientOrderId: 'a', price: '0' })];
    const amended = await client.signed<Json[]>('PUT', '/fapi/v1/batchOrders', { batchOrders: JSON.stringify(orders) });
    expect(amended.json.map((row) => row['price'] ?? row['code'])).to.deep.equal(['0.0084', -2013, -1102, -4001]);
    expect((await open()).map(({ clientOrderId, price }) => [clientOrderId, price])).to.deep.equal([['a', '0.0085'], ['b', '0.0084']]);
    expect((await client.signed('PUT', '/fapi/v1/batchOrders', { batchOrders: '[]' })).json).to.include({ code: -4082 });
  });

  it('cancels a batch by ids or by client ids, each element by itself', async () => {
    const placed = await batch([limit({ newClientOrderId: 'a' }), limit({ newClientOrderId: 'b' }), limit({ newClientOrderId: 'c' })]);
    const ids = placed.json.map((row) => row['orderId']);
    const byId = await client.signed<Json[]>('DELETE', '/fapi/v1/batchOrders', { symbol: SYMBOL, orderIdList: JSON.stringify([ids[0], 1]) });
    expect(byId.json.map((row) => row['status'] ?? row['code'])).to.deep.equal(['CANCELED', -2011]);
    const byName = await client.signed<Json[]>('DELETE', '/fapi/v1/batchOrders', { symbol: SYMBOL, origClientOrderIdList: '["b","a"]' });
    expect(byName.json.map((row) => row['status'] ?? row['code'])).to.deep.equal(['CANCELED', -2011]);
    expect((await open()).map((row) => row['clientOrderId'])).to.deep.equal(['c']);
    for (const [params, code] of [[{}, -1102], [{ orderIdList: '[]' }, -1130], [{ orderIdList: JSON.stringify(Array.from({ length: 11 }, () => 1)) }, -1130], [{ orderIdList: 'x' }, -1130]] as const) {
      expect((await client.signed('DELETE', '/fapi/v1/batchOrders', { symbol: SYMBOL, ...params })).json).to.include({ code });
    }
  });

  it('tries an order with every check and places nothing', async () => {
    const tried = await client.signed('POST', '/fapi/v1/order/test', limit({ newClientOrderId: 'tried' }));
    expect([tried.status, tried.json['status'], tried.json['clientOrderId'], tried.json['executedQty']]).to.deep.equal([200, 'NEW', 'tried', '0']);
    expect(tried.json).not.to.have.any.keys('avgPrice', 'cumQuote');
    for (const [more, code] of [[{ quantity: '100' }, -4164], [{ quantity: '100000000000' }, -4005], [{ price: '1' }, -4016], [{ type: 'STOP' }, -4120], [{ quantity: '24000000', side: 'SELL', price: '0.009' }, -2019], [{ reduceOnly: 'true' }, -2022]] as const) {
      expect((await client.signed('POST', '/fapi/v1/order/test', limit(more))).json, JSON.stringify(more)).to.include({ code });
    }
    const market = await client.signed('POST', '/fapi/v1/order/test', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000' });
    expect(market.json).to.include({ status: 'NEW', executedQty: '0' });
    expect((await client.signed<Json[]>('GET', '/fapi/v1/allOrders', { symbol: SYMBOL })).json).to.have.length(0);
    expect((await client.signed<Json[]>('GET', '/fapi/v1/userTrades', { symbol: SYMBOL })).json).to.have.length(0);
  });

  it('pages through orders from an id, from a time, and from the newest', async () => {
    const placed = [...(await batch([limit(), limit(), limit()])).json, ...(await batch([limit(), limit()])).json].map((row) => row['orderId']);
    const page = async (params: Json) => (await client.signed<Json[]>('GET', '/fapi/v1/allOrders', { symbol: SYMBOL, ...params })).json.map((row) => row['orderId']);
    expect(await page({})).to.deep.equal(placed);
    expect(await page({ limit: 2 })).to.deep.equal(placed.slice(-2));
    expect(await page({ orderId: placed[1], limit: 2 })).to.deep.equal(placed.slice(1, 3));
    expect(await page({ startTime: Date.now() - 60_000, limit: 1 })).to.deep.equal(placed.slice(0, 1));
    expect(await page({ endTime: 1 })).to.deep.equal([]);
    expect((await client.signed('GET', '/fapi/v1/allOrders', { symbol: SYMBOL, limit: 1_001 })).json).to.include({ code: -1130 });
    expect((await client.signed('GET', '/fapi/v1/allOrders', { symbol: SYMBOL, startTime: 2, endTime: 1 })).json).to.include({ code: -1130 });
  });
});

describe('paper exchange: countdownCancelAll', () => {
  it('cancels the open orders of its symbol alone when nobody renews it, and not the conditional ones', async () => {
    const clock = new VirtualClock();
    const exchange = await startForTest({ clock });
    try {
      const client = new Client(exchange.url);
      const signed = <T = Json>(method: string, path: string, params: Json) => {
        const text = query({ ...params, timestamp: clock.now() });
        return client.raw<T>(method, `${path}?${text}&signature=${hmac('paper', text)}`);
      };
      const resting = async (symbol: string) => (await signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol })).json.length;
      const countdown = (countdownTime: unknown, symbol = SYMBOL) => signed('POST', '/fapi/v1/countdownCancelAll', { symbol, countdownTime });
      await client.control('POST', 'price', { symbol: SYMBOL, price: '0.0086' });
      await client.control('POST', 'price', { symbol: 'HYPEUSDT', price: '33' });
      await signed('POST', '/fapi/v1/order', limit({ price: '0.008' }));
      await signed('POST', '/fapi/v1/order', { ...limit(), symbol: 'HYPEUSDT', quantity: '1', price: '31' });
      await signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'BUY', type: 'STOP_MARKET', quantity: '1000', triggerPrice: '0.05' });

      const begun = await countdown(60_000);
      expect([begun.status, begun.json]).to.deep.equal([200, { symbol: SYMBOL, countdownTime: '60000' }]);
      clock.advance(59_000);
      await countdown(60_000);
      clock.advance(59_999);
      expect(await resting(SYMBOL)).to.equal(1);
      clock.advance(1);
      expect([await resting(SYMBOL), await resting('HYPEUSDT')]).to.deep.equal([0, 1]);
      expect((await signed<Json[]>('GET', '/fapi/v1/openAlgoOrders', { symbol: SYMBOL })).json).to.have.length(1);

      await countdown(1_000, 'HYPEUSDT');
      await countdown(0, 'HYPEUSDT');
      clock.advance(5_000);
      expect(await resting('HYPEUSDT')).to.equal(1);
      for (const [time, code] of [[undefined, -1102], ['x', -1102], [-1, -1130], [2 ** 40, -1130]] as const) expect((await countdown(time)).json).to.include({ code });
      expect((await countdown(1_000, 'NOPE')).json).to.include({ code: -1121 });
    } finally {
      await exchange.close();
    }
  });
});
