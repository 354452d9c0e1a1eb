/** The control endpoints: each fault does what it says, as often as it was asked to, and is logged; bad bodies are explained. */
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, hmac, Listener, query, startForTest, type Json, type LogLine } from './kit.ts';

function signedQuery(params: Json): string {
  const text = query({ ...params, timestamp: Date.now() });
  return `${text}&signature=${hmac('paper', text)}`;
}

describe('paper exchange: control', () => {
  let exchange: PaperExchange & { logs: LogLine[] };
  let client: Client;
  before(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
  });
  after(() => exchange.close());
  afterEach(() => client.control('DELETE', 'faults'));

  const fault = (spec: Json) => client.control('POST', 'faults', spec);
  const buy = (id: string) => client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000', newClientOrderId: id });
  const orderMatch = { method: 'POST', path: '/fapi/v1/order' };
  const exists = async (id: string) => (await client.signed('GET', '/fapi/v1/order', { symbol: 'GPSUSDT', origClientOrderId: id })).status === 200;
  /** Sends an order that gets no answer: returns once the fault has been used and a later request was answered, the order's still not. */
  async function unanswered(id: string): Promise<void> {
    const used = () => exchange.logs.filter((line) => line.message === 'a fault was injected').length;
    const before = used();
    const sent = buy(id).then(() => 'answered', () => 'lost');
    while (used() === before) await client.get('/fapi/v1/ping');
    expect(await Promise.race([sent, client.get('/fapi/v1/ping').then(() => 'silence')])).to.equal('silence');
  }

  it('answers an error with status, code and message of choice, as many times as asked, elsewhere nothing', async () => {
    await fault({ match: orderMatch, action: 'error', times: 1, status: 503, code: -1008, message: 'Request throttled' });
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
    const refused = await buy('e1');
    expect([refused.status, refused.json]).to.deep.equal([503, { code: -1008, msg: 'Request throttled' }]);
    expect(await exists('e1')).to.equal(false);
    expect((await buy('e2')).status).to.equal(200);
    expect(exchange.logs.find((line) => line.message === 'a fault was injected')?.fields).to.include({ action: 'error', path: '/fapi/v1/order' });
  });

  it('limits the rate with 429, or bans with 418', async () => {
    await fault({ match: { path: '/fapi/v1/*' }, action: 'rate-limit', times: 1 });
    const slow = await client.get('/fapi/v1/time');
    expect([slow.status, slow.json['code'], slow.headers.get('retry-after')]).to.deep.equal([429, -1003, '5']);
    await fault({ action: 'rate-limit', status: 418, times: 1 });
    expect((await client.get('/fapi/v1/time')).status).to.equal(418);
  });

  it('meets only requests that say what it names of themselves, by their whole value or its beginning, whatever their order in time', async () => {
    await fault({ match: { ...orderMatch, params: { symbol: 'GPSUSDT', newClientOrderId: 'mine-*' } }, action: 'error', status: 400, code: -2019 });
    expect((await buy('other-1')).status, 'another id').to.equal(200);
    expect((await buy('mine-1')).json, 'that id').to.include({ code: -2019 });
    expect((await client.signed('POST', '/fapi/v1/order', { symbol: 'ANKRUSDT', side: 'BUY', type: 'MARKET', quantity: '1000', newClientOrderId: 'mine-2' })).status, 'another symbol').to.equal(200);
    expect((await client.raw('POST', '/fapi/v1/order?symbol=%ff')).json, 'one that cannot be read').to.include({ code: -1100 });
  });

  it('delays, and then serves', async () => {
    await fault({ match: { method: 'GET', path: '/fapi/v1/time' }, action: 'delay', delayMs: 150, times: 1 });
    const begun = performance.now();
    expect((await client.get('/fapi/v1/time')).status).to.equal(200);
    expect(performance.now() - begun).to.be.greaterThan(140);
  });

  it('resets the connection without having processed the order', async () => {
    await fault({ match: orderMatch, action: 'reset', times: 1 });
    expect(await buy('r1').then(() => 'answered', () => 'reset')).to.equal('reset');
    expect(await exists('r1')).to.equal(false);
  });

  it('drops the request unprocessed', async () => {
    await fault({ match: orderMatch, action: 'drop-request', times: 1 });
    await unanswered('d1');
    expect(await exists('d1')).to.equal(false);
  });

  it('processes the order and drops the response', async () => {
    await fault({ match: orderMatch, action: 'drop-response', times: 1 });
    await unanswered('d2');
    expect(await exists('d2')).to.equal(true);
  });

  it('lists faults, deletes one by id, and keeps one without `times` until then', async () => {
    const { json } = await fault({ match: { path: '/fapi/v1/ping' }, action: 'error' });
    for (let i = 0; i < 3; i++) expect((await client.get('/fapi/v1/ping')).status).to.equal(503);
    expect((await client.control('GET', 'faults')).json['faults']).to.have.length(1);
    expect((await client.control('DELETE', `faults/${String(json['id'])}`)).status).to.equal(200);
    expect((await client.control('DELETE', `faults/${String(json['id'])}`)).status).to.equal(404);
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
  });

  it('moves the market to a price, and says what is wrong with one that cannot be', async () => {
    await client.control('POST', 'price', { symbol: 'HYPEUSDT', price: '40.5' });
    const mark = await client.get('/fapi/v1/premiumIndex', { symbol: 'HYPEUSDT' });
    expect(Number(mark.json['markPrice'])).to.be.closeTo(40.5, 0.2);
    const bad = [{ symbol: 'HYPEUSDT', price: '40.50005' }, { symbol: 'XUSDT', price: '1' }, { symbol: 'HYPEUSDT', price: '0' }, { symbol: 'HYPEUSDT', price: 40 }, { symbol: 'HYPEUSDT' }];
    for (const body of bad) {
      const { status, json } = await client.control('POST', 'price', body);
      expect(status).to.equal(400);
      expect((json['error'] as Json)['message']).to.match(/^(price|symbol)\b.*/);
    }
    const wrong = await fault({ match: {}, action: 'explode', times: 0 });
    expect((wrong.json['error'] as Json)['message']).to.include('action').and.include('"explode"').and.include('times');
  });

  it('combines faults: every delay that matches, and the oldest of the others', async () => {
    await fault({ match: { path: '/fapi/v1/time' }, action: 'delay', delayMs: 60, times: 1 });
    await fault({ match: { path: '/fapi/v1/*' }, action: 'delay', delayMs: 70, times: 1 });
    await fault({ match: { path: '/fapi/v1/time' }, action: 'error', status: 503, times: 1 });
    const begun = performance.now();
    expect((await client.get('/fapi/v1/time')).status).to.equal(503);
    expect(performance.now() - begun).to.be.greaterThan(120);
    expect((await client.control('GET', 'faults')).json['faults']).to.deep.equal([]);
    expect((await client.get('/fapi/v1/time')).status).to.equal(200);
  });

  it('carries an order out and answers an error all the same, as text when a gateway would', async () => {
    await fault({ match: orderMatch, action: 'error', times: 1, status: 503, text: 'Unknown error, please check your request or try again later.', processed: true });
    const answer = await fetch(`${exchange.url}/fapi/v1/order?${signedQuery({ symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000', newClientOrderId: 'p1' })}`, { method: 'POST', headers: { 'X-MBX-APIKEY': 'paper' } });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).to.deep.equal([503, 'text/html;charset=UTF-8', 'Unknown error, please check your request or try again later.']);
    expect(await exists('p1')).to.equal(true);
  });

  it('opens another account, apart from the first, and says what is wrong with one that cannot be', async () => {
    const opened = await client.control('POST', 'accounts', { apiKey: 'second', apiSecret: 'two', balance: '250.5' });
    expect([opened.status, opened.json]).to.deep.equal([200, { apiKey: 'second', balance: '250.5' }]);
    const second = new Client(exchange.url, 'second', 'two');
    expect((await second.signed<Json[]>('GET', '/fapi/v3/balance')).json[0]).to.include({ balance: '250.50000000' });
    expect((await new Client(exchange.url, 'second', 'paper').signed('GET', '/fapi/v3/balance')).json).to.include({ code: -1022 });
    expect(((await client.control('GET', 'truth')).json['accounts'] as Json[]).map((account) => account['apiKey'])).to.deep.equal(['paper', 'second']);
    const again = await client.control('POST', 'accounts', { apiKey: 'second', apiSecret: 'x', balance: '1' });
    expect([again.status, (again.json['error'] as Json)['code']]).to.deep.equal([409, 'CONTROL_ACCOUNT_EXISTS']);
    for (const body of [{ apiKey: 'a b', apiSecret: 'x', balance: '1' }, { apiKey: '', apiSecret: 'x', balance: '1' }, { apiKey: 'c', apiSecret: 'x', balance: '-1' }, { apiKey: 'c', apiSecret: 'x', balance: 1 }, { apiKey: 'c', balance: '1' }, []]) {
      const { status, json } = await client.control('POST', 'accounts', body);
      expect([status, (json['error'] as Json)['code']]).to.deep.equal([400, 'CONTROL_BAD_REQUEST']);
    }
    expect(JSON.stringify(exchange.logs.filter((line) => line.message === 'the control was used'))).to.include('second').and.not.include('"two').and.not.include('two\\"');
  });

  it('halts, delists and lists a symbol: orders are refused as the venue refuses them, and the market stands still', async () => {
    const symbol = '币安人生USDT';
    const status = (value: unknown, of = encodeURIComponent(symbol)) => client.control('POST', `symbols/${of}`, { status: value });
    const order = (more: Json = {}) => client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '100', price: '0.13', ...more });
    const info = async () => ((await client.get('/fapi/v1/exchangeInfo')).json['symbols'] as Json[]).find((row) => row['symbol'] === symbol)!['status'];
    await client.control('POST', 'price', { symbol, price: '0.135' });
    await order();
    await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol, side: 'BUY', type: 'STOP_MARKET', quantity: '100', triggerPrice: '0.2' });
    const open = async () => [(await client.signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol })).json.length, (await client.signed<Json[]>('GET', '/fapi/v1/openAlgoOrders', { symbol })).json.length];

    expect((await status('PENDING_TRADING')).json).to.deep.equal({ symbol, status: 'PENDING_TRADING' });
    expect(await info()).to.equal('PENDING_TRADING');
    expect((await order()).json).to.include({ code: -4140 });
    expect(((await client.control('POST', 'price', { symbol, price: '0.1' })).json['error'] as Json)['message']).to.include('TRADING');
    expect(await open()).to.deep.equal([1, 1]);

    await status('PRE_SETTLE');
    expect((await order()).json).to.include({ code: -4140 });
    expect((await order({ side: 'SELL', price: '0.14', reduceOnly: 'true' })).json).to.include({ code: -2022 });
    await status('CLOSE');
    expect((await order()).json).to.include({ code: -4141 });
    expect(await open()).to.deep.equal([0, 0]);
    await status('TRADING');
    expect([await info(), (await order()).status]).to.deep.equal(['TRADING', 200]);

    expect(((await status('CLOSED')).json['error'] as Json)['message']).to.include('status').and.include('"CLOSED"').and.include('CLOSE');
    for (const wrong of ['NOPEUSDT', '%E5']) expect(((await status('TRADING', wrong)).json['error'] as Json)['message']).to.match(/^symbol is /);
  });

  it('lets protective orders disappear without a word', async () => {
    const symbol = 'HYPEUSDT';
    await client.control('POST', 'price', { symbol, price: '33' });
    const placed = await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol, side: 'SELL', type: 'STOP_MARKET', quantity: '1', triggerPrice: '30', clientAlgoId: 'stop' });
    const { listenKey } = (await client.raw('POST', '/fapi/v1/listenKey')).json;
    const listener = new Listener(`${exchange.url.replace('http', 'ws')}/private/ws/${String(listenKey)}`);
    await listener.opened();
    const dropped = await client.control('POST', 'stops/drop', { symbol });
    expect(dropped.json).to.deep.equal({ symbol, dropped: [{ apiKey: 'paper', algoId: placed.json['algoId'], clientAlgoId: 'stop' }] });
    expect((await client.signed<Json[]>('GET', '/fapi/v1/openAlgoOrders', { symbol })).json).to.deep.equal([]);
    // What is told after it is told; the loss itself never is.
    await client.signed('POST', '/fapi/v1/leverage', { symbol, leverage: 3 });
    await listener.until((message) => message['e'] === 'ACCOUNT_CONFIG_UPDATE');
    expect(listener.messages.map((message) => message['e'])).to.deep.equal(['ACCOUNT_CONFIG_UPDATE']);
    listener.close();
    expect(((await client.control('POST', 'stops/drop', { symbol: 'NOPE' })).json['error'] as Json)['message']).to.include('HYPEUSDT');
  });

  it('closes a position by auto-deleveraging, whole or in part, as the venue tells it', async () => {
    const symbol = 'HYPEUSDT';
    await client.control('POST', 'price', { symbol, price: '33' });
    await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'MARKET', quantity: '3' });
    const amount = async () => (await client.signed<Json[]>('GET', '/fapi/v3/positionRisk', { symbol })).json[0]?.['positionAmt'] ?? '0';
    const part = await client.control('POST', 'adl', { symbol, quantity: '1' });
    expect(part.status).to.equal(200);
    expect(await amount()).to.equal('2');
    await client.control('POST', 'adl', { symbol });
    expect(await amount()).to.equal('0');
    const forced = await client.signed<Json[]>('GET', '/fapi/v1/forceOrders', { symbol, autoCloseType: 'ADL' });
    expect(forced.json.map(({ orderId, status, side, executedQty }) => ({ orderId, status, side, executedQty }))[0]).to.deep.equal({ orderId: part.json['orderId'], status: 'FILLED', side: 'SELL', executedQty: '1' });
    expect(String(forced.json[0]!['clientOrderId'])).to.match(/^adl_autoclose/);
    expect((await client.signed<Json[]>('GET', '/fapi/v1/forceOrders', { autoCloseType: 'LIQUIDATION' })).json).to.deep.equal([]);
    expect((await client.signed('GET', '/fapi/v1/forceOrders', { autoCloseType: 'OTHER' })).json).to.include({ code: -1130 });
    expect((await client.signed('GET', '/fapi/v1/forceOrders', { limit: 101 })).json).to.include({ code: -1130 });
    expect((await client.control('POST', 'adl', { symbol })).status).to.equal(409);
    for (const body of [{ symbol: 'NOPE' }, { symbol, apiKey: 'nobody' }, { symbol, quantity: '0' }, { symbol, quantity: '0.0001' }, { symbol, positionSide: 'UP' }]) {
      const { status, json } = await client.control('POST', 'adl', body);
      expect([status, (json['error'] as Json)['code']]).to.deep.equal([400, 'CONTROL_BAD_REQUEST']);
    }
  });

  it('bounds the truth and says how much there is', async () => {
    const account = ((await client.control('GET', 'truth')).json['accounts'] as Json[])[0]!;
    const { orders, trades, algoOrders, counts } = account as { orders: Json[]; trades: Json[]; algoOrders: Json[]; counts: Json };
    expect(counts).to.deep.equal({ orders: orders.length, trades: trades.length, algoOrders: algoOrders.length });
  });

  it('answers 404 for what is not built', async () => {
    expect((await client.control('POST', 'nonsense', {})).status).to.equal(404);
    expect((await client.control('GET', 'price')).status).to.equal(404);
  });
});
