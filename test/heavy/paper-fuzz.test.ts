/** Nothing a client sends crashes or stalls the exchange: 20,000 seeded mutations of valid requests, each answered or its connection closed, none a fault of ours. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { SeededRandom } from '../../src/supervision/random.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { Client, hmac, query, startForTest, type Json, type LogLine } from '../paper/kit.ts';

const REQUESTS = 20_000;
const AT_ONCE = 64;
const SEED = 20_261_122;

type Pair = readonly [string, string];
interface Valid {
  readonly method: string;
  readonly path: string;
  readonly params: readonly Pair[];
}

const limit: Json = { symbol: 'GPSUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0085', newClientOrderId: 'fuzz', newOrderRespType: 'RESULT', reduceOnly: 'false' };
const valid: readonly (readonly [string, string, Json])[] = [
  ['POST', '/fapi/v1/order', limit],
  ['POST', '/fapi/v1/order', { symbol: '币安人生USDT', side: 'SELL', type: 'MARKET', quantity: '100' }],
  ['POST', '/fapi/v1/order/test', limit],
  ['PUT', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', quantity: '900', price: '0.0084', origClientOrderId: 'fuzz' }],
  ['GET', '/fapi/v1/order', { symbol: 'GPSUSDT', origClientOrderId: 'fuzz' }],
  ['DELETE', '/fapi/v1/order', { symbol: 'GPSUSDT', origClientOrderId: 'fuzz' }],
  ['POST', '/fapi/v1/batchOrders', { batchOrders: JSON.stringify([limit, { ...limit, newClientOrderId: undefined }]) }],
  ['DELETE', '/fapi/v1/batchOrders', { symbol: 'GPSUSDT', orderIdList: '[8400000001,8400000002]', origClientOrderIdList: '["a","b"]' }],
  ['POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '1000', triggerPrice: '0.008', reduceOnly: 'true', workingType: 'MARK_PRICE', clientAlgoId: 'stop' }],
  ['DELETE', '/fapi/v1/algoOrder', { clientAlgoId: 'stop' }],
  ['GET', '/fapi/v1/openAlgoOrders', { symbol: 'GPSUSDT' }],
  ['GET', '/fapi/v1/allOrders', { symbol: 'GPSUSDT', startTime: '1', endTime: '2000000000000', limit: '5' }],
  ['GET', '/fapi/v1/userTrades', { symbol: 'GPSUSDT', fromId: '1', limit: '5' }],
  ['GET', '/fapi/v1/income', { incomeType: 'COMMISSION', limit: '5' }],
  ['POST', '/fapi/v1/countdownCancelAll', { symbol: 'GPSUSDT', countdownTime: '100000' }],
  ['POST', '/fapi/v1/leverage', { symbol: 'GPSUSDT', leverage: '7' }],
  ['POST', '/fapi/v1/marginType', { symbol: 'HYPEUSDT', marginType: 'ISOLATED' }],
  ['POST', '/fapi/v1/positionMargin', { symbol: 'HYPEUSDT', amount: '1', type: '1' }],
  ['GET', '/fapi/v3/positionRisk', { symbol: 'GPSUSDT' }],
  ['GET', '/fapi/v2/account', {}],
  ['GET', '/fapi/v1/klines', { symbol: 'GPSUSDT', interval: '5m', startTime: '1', endTime: '2000000000000', limit: '5' }],
  ['GET', '/fapi/v1/depth', { symbol: 'GPSUSDT', limit: '5' }],
  ['GET', '/fapi/v1/aggTrades', { symbol: 'GPSUSDT', fromId: '1', limit: '5' }],
  ['GET', '/fapi/v1/ticker/24hr', { symbol: 'GPSUSDT' }],
  ['POST', '/fapi/v1/listenKey', {}],
];
/** What has broken other parsers. */
const NASTY = ['', '0', '-1', '1e308', '9'.repeat(400), '0.' + '0'.repeat(300) + '1', 'NaN', 'Infinity', 'undefined', 'null', 'true', '[]', '{}', '[[[[', '"', "'", '\\', '%', '%00', '%E5', '\u0000', '🙂', '币'.repeat(50), '__proto__', 'constructor', 'GPSUSDT', '2000000000000', ' ', '\r\n', '../..', '&&==', '18446744073709551616', '-0', '0x10', '1_000'];

class Mutator {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Changes parameters; the request is signed afterwards and gets far in. */
  params({ params, ...rest }: Valid): Valid {
    const changed = [...params];
    for (let count = 1 + this.below(3); count > 0; count--) {
      const at = this.below(changed.length + 1);
      const [name, value] = changed[at] ?? [this.pick(NASTY), this.pick(NASTY)];
      const what = this.below(5);
      if (what === 0) changed.splice(at, 1);
      else if (what === 1) changed.splice(at, 0, [name, value]);
      else if (what === 2) changed.splice(at, 1, [name, this.bytes(Buffer.from(value)).toString('latin1')]);
      else if (what === 3) changed.splice(at, 1, [this.pick(NASTY), value]);
      else changed.splice(at, 1, [name, this.pick(NASTY)]);
    }
    return { ...rest, params: changed };
  }

  /** Flips, cuts, doubles and inserts bytes. */
  bytes(buffer: Buffer): Buffer {
    let changed = buffer;
    for (let count = 1 + this.below(4); count > 0; count--) {
      const at = this.below(changed.length + 1);
      const to = Math.min(changed.length, at + this.below(12));
      const [before, part, after] = [changed.subarray(0, at), changed.subarray(at, to), changed.subarray(to)];
      const what = this.below(5);
      if (what === 0) changed = Buffer.concat([before, after]);
      else if (what === 1) changed = Buffer.concat([before, part, part, after]);
      else if (what === 2) changed = Buffer.concat([before, Buffer.from(this.pick(NASTY)), after]);
      else if (what === 3) changed = Buffer.concat([before, Buffer.from([this.below(256)]), changed.subarray(at + 1)]);
      else changed = before.length > 0 ? before : changed;
    }
    return changed;
  }
}

function encode(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`).join('&');
}

function write({ method, path, params }: Valid, inBody: boolean): Buffer {
  const text = encode([...params, ['timestamp', String(Date.now())]]);
  const signed = `${text}&signature=${hmac('paper', text)}`;
  const [target, body] = inBody ? [path, signed] : [`${path}?${signed}`, ''];
  return Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: paper\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}

function signed(params: Json): string {
  const text = query({ ...params, timestamp: Date.now() });
  return `${text}&signature=${hmac('paper', text)}`;
}

describe('paper exchange: fuzz', () => {
  let exchange: Awaited<ReturnType<typeof startForTest>> & { readonly logs: LogLine[] };
  before(async () => {
    exchange = await startForTest({ limits: NO_LIMITS });
  });
  after(() => exchange.close());

  /** All that came until the other side closed. */
  function exchangeBytes(bytes: Buffer): Promise<string> {
    const { port } = new URL(exchange.url);
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.end(bytes));
      const finish = () => {
        socket.resetAndDestroy();
        resolve(answer);
      };
      socket.on('data', (data) => {
        answer += data.toString('latin1');
      });
      socket.on('error', finish);
      socket.on('end', finish);
      socket.on('close', finish);
    });
  }

  it(`answers or closes after each of ${REQUESTS} mutated requests, and stands`, async function () {
    this.timeout(120_000);
    const mutator = new Mutator(SEED);
    const statuses = new Map<string, number>();
    let sent = 0;
    const next = (): Buffer => {
      const [method, path, params] = mutator.pick(valid);
      const request: Valid = { method, path, params: Object.entries(params).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]) };
      const deep = mutator.below(2) === 0;
      const bytes = write(deep ? mutator.params(request) : request, mutator.below(2) === 0);
      return deep ? bytes : mutator.bytes(bytes);
    };
    const worker = async (): Promise<void> => {
      while (sent < REQUESTS) {
        sent += 1;
        const bytes = next();
        const answer = await exchangeBytes(bytes);
        const status = answer === '' ? 'closed' : answer.slice(0, 12);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (!/^(HTTP\/1\.1 [1-4]\d\d|closed)$/.test(status)) throw new Error(`${status} for ${JSON.stringify(bytes.toString('latin1'))}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));

    expect(exchange.logs.filter(({ level }) => level === 'error')).to.deep.equal([]);
    expect([...statuses.values()].reduce((total, count) => total + count, 0)).to.equal(REQUESTS);
    // The mutations reach far in: some requests are still right.
    expect(statuses.get('HTTP/1.1 200')).to.be.greaterThan(REQUESTS / 20);
    expect(statuses.get('HTTP/1.1 400')).to.be.greaterThan(REQUESTS / 5);
    const client = new Client(exchange.url);
    const order = await client.raw('POST', `/fapi/v1/order?${signed({ symbol: 'HYPEUSDT', side: 'BUY', type: 'MARKET', quantity: '1' })}`);
    expect([order.status, order.json['status']]).to.deep.equal([200, 'NEW']);
  });
});
