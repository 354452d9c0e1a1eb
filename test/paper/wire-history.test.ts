/** History over the wire: a week at a time, amendments of an order, trailing stops with their own fields, and countdowns that outlive a restart. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, hmac, query, startForTest, temporaryDirectory, type Answer, type Json } from './kit.ts';

const DAY = 86_400_000;
const SYMBOL = 'GPSUSDT';
const limit = (more: Json = {}): Json => ({ symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0085', ...more });

class ClockClient extends Client {
  readonly #clock: VirtualClock;

  constructor(url: string, clock: VirtualClock) {
    super(url);
    this.#clock = clock;
  }

  override signed<T = Json>(method: string, path: string, params: Json = {}): Promise<Answer<T>> {
    const text = query({ ...params, timestamp: this.#clock.now() });
    return this.raw<T>(method, `${path}?${text}&signature=${hmac('paper', text)}`);
  }
}

describe('paper exchange: history over the wire', () => {
  let clock: VirtualClock;
  let exchange: PaperExchange;
  let client: ClockClient;
  beforeEach(async () => {
    clock = new VirtualClock();
    exchange = await startForTest({ clock });
    client = new ClockClient(exchange.url, clock);
    await client.control('POST', 'price', { symbol: SYMBOL, price: '0.0086' });
  });
  afterEach(() => exchange.close());

  it('shows the last week of orders, trades and conditional orders unless another is asked for, and never more than one', async () => {
    const begun = clock.now();
    const placed = await client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000' });
    const algo = await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: '1000', triggerPrice: '0.0001', reduceOnly: 'true' });
    const lists = [['allOrders', 'orderId', placed.json['orderId']], ['userTrades', 'fromId', 1], ['allAlgoOrders', 'algoId', algo.json['algoId']]] as const;
    clock.moveTo(begun + 7 * DAY);
    for (const [path] of lists) {
      const count = async (params: Json) => (await client.signed<Json[]>('GET', `/fapi/v1/${path}`, { symbol: SYMBOL, ...params })).json.length;
      expect(await count({}), path).to.equal(1);
    }
    clock.moveTo(begun + 7 * DAY + 1);
    for (const [path, fromName, from] of lists) {
      const asked = (params: Json) => client.signed<Json[]>('GET', `/fapi/v1/${path}`, { symbol: SYMBOL, ...params });
      const count = async (params: Json) => (await asked(params)).json.length;
      expect([await count({}), await count({ [fromName]: from })], path).to.deep.equal([0, 1]);
      expect([await count({ startTime: begun - 7 * DAY }), await count({ startTime: begun - 7 * DAY - 1 })], path).to.deep.equal([1, 0]);
      expect([await count({ endTime: begun + 7 * DAY }), await count({ endTime: begun + 7 * DAY + 1 })], path).to.deep.equal([1, 0]);
      expect(await count({ startTime: begun - DAY, endTime: begun + 6 * DAY }), path).to.equal(1);
      expect((await asked({ startTime: begun - DAY, endTime: begun + 6 * DAY + 1 })).json, path).to.deep.equal({ code: -4165, msg: 'Maximum time interval is 7 days' });
    }
  });

  it('lists the amendments of an order, the newest first', async () => {
    const { json: order } = await client.signed('POST', '/fapi/v1/order', limit({ newClientOrderId: 'changed' }));
    const amend = (price: string, quantity: string) => client.signed('PUT', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', origClientOrderId: 'changed', price, quantity });
    const amended = (params: Json) => client.signed<Json[]>('GET', '/fapi/v1/orderAmendment', { symbol: SYMBOL, ...params });
    expect((await amended({ orderId: order['orderId'] })).json).to.deep.equal([]);
    await amend('0.0084', '1000');
    const between = clock.now();
    clock.moveTo(between + 10);
    await amend('0.0084', '2000');
    const { json } = await amended({ orderId: order['orderId'] });
    expect(json[0]).to.deep.equal({
      amendmentId: json[0]!['amendmentId'], symbol: SYMBOL, pair: SYMBOL, orderId: order['orderId'], clientOrderId: 'changed', time: between + 10,
      amendment: { price: { before: '0.0084', after: '0.0084' }, origQty: { before: '1000', after: '2000' }, count: 2 },
    });
    expect(json.map((row) => (row['amendment'] as Json)['count'])).to.deep.equal([2, 1]);
    expect(Number(json[0]!['amendmentId'])).to.be.greaterThan(Number(json[1]!['amendmentId']));
    expect((await amended({ origClientOrderId: 'changed', limit: 1 })).json).to.deep.equal([json[0]]);
    expect((await amended({ origClientOrderId: 'changed', endTime: between })).json).to.deep.equal([json[1]]);
    expect((await amended({ origClientOrderId: 'another' })).json).to.deep.equal([]);
    expect((await amended({})).json).to.include({ code: -1102 });
    expect((await amended({ orderId: 1, limit: 101 })).json).to.include({ code: -1130 });
  });

  it('shows what a trailing stop turned on, on the order that it became', async () => {
    await client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000' });
    const { json: algo } = await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'TRAILING_STOP_MARKET', quantity: '1000', activatePrice: '0.0087', callbackRate: '1', reduceOnly: 'true' });
    for (const price of ['0.0088', '0.0086']) await client.control('POST', 'price', { symbol: SYMBOL, price });
    const { json: ended } = await client.signed('GET', '/fapi/v1/algoOrder', { algoId: algo['algoId'] });
    const { json: order } = await client.signed('GET', '/fapi/v1/order', { symbol: SYMBOL, orderId: ended['actualOrderId'] });
    expect(order).to.include({ status: 'FILLED', origType: 'TRAILING_STOP_MARKET', activatePrice: '0.0087', priceRate: '1' });
  });
});

describe('paper exchange: countdowns over a restart', () => {
  it('go on where they were, and cancel at once what ran out meanwhile', async () => {
    const { dir, remove } = temporaryDirectory();
    const clock = new VirtualClock();
    // One symbol: the market's past is made at every start.
    const symbolsFile = join(dir, 'symbols.json');
    writeFileSync(symbolsFile, JSON.stringify([{ symbol: SYMBOL, price: '0.0086', tickSize: '0.000001', stepSize: '1', dayTurnover: 50_000_000 }]));
    const options = { clock, stateDir: dir, symbolsFile };
    let exchange = await startForTest(options);
    let client = new ClockClient(exchange.url, clock);
    const restart = async (downMs: number) => {
      await exchange.close();
      clock.advance(downMs);
      exchange = await startForTest(options);
      client = new ClockClient(exchange.url, clock);
    };
    const resting = async () => (await client.signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol: SYMBOL })).json.length;
    const begin = async (countdownTime: number) => {
      await client.control('POST', 'price', { symbol: SYMBOL, price: '0.0086' });
      await client.signed('POST', '/fapi/v1/order', limit({ price: '0.0078' }));
      expect((await client.signed('POST', '/fapi/v1/countdownCancelAll', { symbol: SYMBOL, countdownTime })).status).to.equal(200);
    };
    try {
      await begin(6_000);
      await restart(5_000);
      clock.advance(999);
      expect(await resting()).to.equal(1);
      clock.advance(1);
      expect(await resting()).to.equal(0);

      await begin(6_000);
      await restart(7_000);
      clock.advance(0);
      expect(await resting()).to.equal(0);

      await begin(6_000);
      await client.signed('POST', '/fapi/v1/countdownCancelAll', { symbol: SYMBOL, countdownTime: 0 });
      await restart(7_000);
      clock.advance(0);
      expect(await resting()).to.equal(1);
    } finally {
      await exchange.close();
      remove();
    }
  });
});
