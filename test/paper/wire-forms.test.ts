/** Every form in which clients write a request: query, body, both, other content types, raw and encoded Unicode; and what is no request at all. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, hmac, query, startForTest, type Json, type LogLine } from './kit.ts';

const UNICODE = '币安人生USDT';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('paper exchange: forms of a request', () => {
  let exchange: PaperExchange & { readonly logs: LogLine[] };
  let client: Client;
  before(async () => {
    exchange = await startForTest({ limits: NO_LIMITS });
    client = new Client(exchange.url);
  });
  after(() => exchange.close());
  const sign = (text: string): string => hmac('paper', text);
  const now = () => Date.now();

  /** Sends these bytes and returns all that comes until the other side closes or has been silent. */
  function bytes(...parts: readonly (string | Buffer)[]): Promise<string> {
    const { port, hostname } = new URL(exchange.url);
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(Number(port), hostname, () => {
        for (const part of parts) socket.write(part);
      });
      socket.on('data', (data) => {
        answer += String(data);
      });
      socket.on('error', () => resolve(answer));
      socket.on('close', () => resolve(answer));
    });
  }
  const get = (target: string | Buffer, method = 'GET') => bytes(`${method} `, target, ' HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: paper\r\nConnection: close\r\n\r\n');

  it('takes signed parameters in the query whatever the content type of an empty body', async () => {
    for (const type of ['application/json', 'application/json;charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded']) {
      const text = query({ symbol: 'GPSUSDT', leverage: 6, timestamp: now() });
      for (const body of ['', undefined]) {
        const { status, json } = await client.raw('POST', `/fapi/v1/leverage?${text}&signature=${sign(text)}`, { headers: { 'Content-Type': type }, ...(body === undefined ? {} : { body }) });
        expect([status, json['leverage']], type).to.deep.equal([200, 6]);
      }
    }
  });

  it('takes the query where a name is in both parts, and verifies both parts as they were sent', async () => {
    const [inQuery, inBody] = [query({ symbol: 'GPSUSDT', leverage: 8 }), query({ leverage: 9, timestamp: now() })];
    const mixed = (signed: string, where: 'query' | 'body') =>
      client.raw('POST', `/fapi/v1/leverage?${inQuery}${where === 'query' ? `&signature=${sign(signed)}` : ''}`, { body: `${inBody}${where === 'body' ? `&signature=${sign(signed)}` : ''}`, headers: FORM });
    for (const where of ['query', 'body'] as const) expect((await mixed(inQuery + inBody, where)).json, where).to.include({ leverage: 8 });
    expect((await mixed(`${inQuery}&${inBody}`, 'body')).json).to.include({ code: -1022 });
  });

  it('refuses a name that comes twice in one part', async () => {
    expect((await client.raw('GET', '/fapi/v1/klines?symbol=GPSUSDT&interval=1m&symbol=HYPEUSDT')).json).to.deep.equal({ code: -1101, msg: 'Duplicate values for a parameter detected.' });
  });

  it('verifies the signature over the bytes as they came: encoded in any case, and in a body not encoded at all', async () => {
    const spellings = [encodeURIComponent(UNICODE), encodeURIComponent(UNICODE).toLowerCase().replace('usdt', 'USDT'), UNICODE];
    for (const spelling of spellings) {
      const text = `symbol=${spelling}&leverage=7&timestamp=${now()}`;
      const body = `${text}&signature=${sign(text)}`;
      expect((await client.raw('POST', '/fapi/v1/leverage', { body, headers: FORM })).json, spelling).to.include({ symbol: UNICODE, leverage: 7 });
    }
  });

  it('refuses bytes that are not UTF-8, raw or encoded, with −1100', async () => {
    expect((await client.raw('GET', '/fapi/v1/klines?symbol=%E5%B8&interval=1m')).json).to.include({ code: -1100 });
    expect(await get(Buffer.from('/fapi/v1/klines?symbol=币'))).to.match(/^HTTP\/1\.1 400/);
    const body = Buffer.from([...Buffer.from('symbol='), 0xff]);
    expect(await bytes(`POST /fapi/v1/leverage HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`, body)).to.include('"code":-1100');
  });

  it('takes JSON that is not encoded inside a form, and encoded JSON in the query', async () => {
    const orders = JSON.stringify([{ symbol: 'GPSUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0078', newClientOrderId: 'raw.json-1' }, { symbol: UNICODE, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '100', price: '0.12' }]);
    const raw = `batchOrders=${orders}&timestamp=${now()}`;
    const inForm = await client.raw<Json[]>('POST', '/fapi/v1/batchOrders', { body: `${raw}&signature=${sign(raw)}`, headers: FORM });
    expect(inForm.json.map((row) => row['status'])).to.deep.equal(['NEW', 'NEW']);
    const encoded = query({ batchOrders: orders.replace('raw.json-1', 'raw.json-2'), timestamp: now() });
    const inQuery = await client.raw<Json[]>('POST', `/fapi/v1/batchOrders?${encoded}&signature=${sign(encoded)}`);
    expect(inQuery.json.map((row) => row['status'])).to.deep.equal(['NEW', 'NEW']);
    for (const symbol of ['GPSUSDT', UNICODE]) await client.signed('DELETE', '/fapi/v1/allOpenOrders', { symbol });
  });

  it('takes a plus as a space, an empty value as absent, and parts without a value', async () => {
    expect((await client.raw('GET', '/fapi/v1/klines?symbol=GPS+USDT&interval=1m')).json).to.include({ code: -1121 });
    expect((await client.raw('GET', '/fapi/v1/klines?symbol=&interval=1m')).json).to.include({ code: -1102 });
    expect((await client.raw('GET', '/fapi/v1/klines?&symbol=GPSUSDT&&interval=1m&limit')).status).to.equal(200);
  });

  it('answers other methods and paths as unknown ones: 404 and −5000, HEAD without a body', async () => {
    for (const [method, path] of [['PATCH', '/fapi/v1/order'], ['PUT', '/fapi/v1/ping'], ['OPTIONS', '/fapi/v1/ping'], ['GET', '/fapi/v1/ping/'], ['GET', '//fapi/v1/ping'], ['GET', '/FAPI/v1/ping'], ['GET', '/'], ['DELETE', '/fapi/v9/order']] as const) {
      const { status, json, headers } = await client.raw(method, `${path}?a=1`);
      expect([status, json], `${method} ${path}`).to.deep.equal([404, { code: -5000, msg: `Path ${path}, Method ${method} is invalid` }]);
      expect(headers.get('content-type')).to.equal('application/json;charset=UTF-8');
      expect(headers.get('x-mbx-used-weight-1m')).to.match(/^\d+$/);
    }
    expect(await get('/fapi/v1/ping', 'HEAD')).to.match(/^HTTP\/1\.1 404 [^]*\r\n\r\n$/);
    expect(await get('/fapi/v1/ping', 'BREW')).to.match(/^HTTP\/1\.1 400/);
  });

  it('serves a client that offers HTTP/2 with its request, in the HTTP/1.1 it came in', async () => {
    // What Java's own client sends first over plain http, whatever the method.
    const offer = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA';
    const socket = connect(Number(new URL(exchange.url).port), '127.0.0.1');
    const heard = new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
    });
    socket.write(`GET /fapi/v1/time HTTP/1.1\r\n${offer}\r\n\r\n`);
    expect(await heard).to.match(/^HTTP\/1\.1 200 OK[^]*"serverTime"/);
    socket.destroy();
  });

  it('answers HTTP/1.0, waits with the body until it is told to go on, and keeps idle connections longer than pools do', async () => {
    expect(await bytes('GET /fapi/v1/ping HTTP/1.0\r\n\r\n')).to.match(/^HTTP\/1\.1 200 OK[^]*Connection: close[^]*{}$/);
    const text = query({ symbol: 'GPSUSDT', leverage: 6, timestamp: now() });
    const body = `${text}&signature=${sign(text)}`;
    const expecting = await bytes(`POST /fapi/v1/leverage HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: paper\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`, body);
    expect(expecting).to.match(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*"leverage":6/);
    expect((await client.raw('GET', '/fapi/v1/ping')).headers.get('keep-alive')).to.equal('timeout=75');
  });

  it('reads of a GET the query alone', async () => {
    const text = query({ timestamp: now() });
    const request = (target: string, body: string) => bytes(`GET ${target} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: paper\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`, body);
    expect(await request(`/fapi/v3/balance?${text}&signature=${sign(text)}`, '{}')).to.match(/^HTTP\/1\.1 200/);
    expect(await request('/fapi/v3/balance', `${text}&signature=${sign(text)}`)).to.match(/^HTTP\/1\.1 400[^]*-1102/);
  });

  it('takes upper-case and lower-case hex in a signature', async () => {
    for (const spelt of [(hex: string) => hex.toUpperCase(), (hex: string) => hex]) {
      const text = query({ timestamp: now() });
      expect((await client.raw('GET', `/fapi/v3/balance?${text}&signature=${spelt(sign(text))}`)).status).to.equal(200);
    }
  });

  it('finds a conditional order by its names in lower case too, as the refusal writes them', async () => {
    const order = { algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', type: 'STOP_MARKET', triggerPrice: '0.005', closePosition: 'true', clientAlgoId: 'lower.case-1' };
    const { json } = await client.signed('POST', '/fapi/v1/algoOrder', order);
    expect((await client.signed('GET', '/fapi/v1/algoOrder', { clientalgoid: 'lower.case-1' })).json['algoId']).to.equal(json['algoId']);
    expect((await client.signed('DELETE', '/fapi/v1/algoOrder', { algoid: json['algoId'] })).json).to.include({ code: '200', clientAlgoId: 'lower.case-1' });
  });

  it('says the weight on every answer and the order counts on answers to orders alone', async () => {
    const ping = await client.get('/fapi/v1/ping');
    const refused = await client.raw('GET', '/fapi/v3/balance');
    const order = await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0078' });
    for (const { headers } of [ping, refused, order]) expect(headers.get('x-mbx-used-weight-1m')).to.match(/^\d+$/);
    expect([ping.headers.get('x-mbx-order-count-1m'), order.headers.get('x-mbx-order-count-1m'), order.headers.get('x-mbx-order-count-10s')].map((value) => value !== null)).to.deep.equal([false, true, true]);
  });

  it('closes only the connection that sent a broken, endless or oversized request', async () => {
    expect(await bytes('NOT HTTP AT ALL\r\n\r\n')).to.match(/^HTTP\/1\.1 400/);
    expect(await bytes(`GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).to.match(/^HTTP\/1\.1 431/);
    expect(await bytes('POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n')).to.match(/^HTTP\/1\.1 413[^]*-1101/);
    expect(await bytes('POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')).to.match(/^HTTP\/1\.1 400/);
    const half = connect(Number(new URL(exchange.url).port), '127.0.0.1');
    half.write('POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsymbol=');
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
    half.destroy();
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
    expect(exchange.logs.filter((line) => line.level === 'error')).to.deep.equal([]);
  });
});
