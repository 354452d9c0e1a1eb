/** The control endpoints: each fault does what it says, as often as it was asked to, and is logged; bad bodies are explained. */
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, startForTest, type Json, type LogLine } from './kit.ts';

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

  it('answers 404 for what is not built', async () => {
    expect((await client.control('POST', 'adl', {})).status).to.equal(404);
  });
});
