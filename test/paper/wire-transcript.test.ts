/** The wire is deterministic: the same market and the same requests give the same answers and stream messages, byte for byte, times among them as the clock is the test's; a listen key alone is a secret and drawn. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROUTES } from '../../src/paper/wire/dispatch.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, hmac, Listener, query, startForTest, temporaryDirectory, type Json } from './kit.ts';

/**
 * Changes only with what a client can see: a new value here is a change of behaviour, to be explained in its commit.
 * The failing test prints the new value. To find what has changed: `TRANSCRIPT=/tmp/new npx mocha --config .mocharc.one.json --exit
 * test/paper/wire-transcript.test.ts` writes the transcript to that file; the same at the commit before, and `diff`.
 */
const FROZEN = '4c6bd5612e3c5e01d921e8d62935756b8f6309fe6f6de5cdd638d4092a522c7b';

const UNICODE = '币安人生USDT';
const ROWS = 400;
const ROUNDS = 3;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
/** What a client may act on. */
const HEADERS = ['content-type', 'retry-after', 'x-mbx-used-weight-1m', 'x-mbx-order-count-10s', 'x-mbx-order-count-1m'];

type Step = readonly [string, Json?];

const traded = [
  { symbol: 'GPSUSDT', price: '0.01005', low: '0.00980', high: '0.01030', quantity: '2000' },
  { symbol: UNICODE, price: '0.13050', low: '0.12800', high: '0.13400', quantity: '150' },
  { symbol: 'HYPEUSDT', price: '33.150', low: '32.500', high: '33.900', quantity: '1' },
] as const;

/** The same candles on every machine: saws, one period for all. */
function recordings(dir: string): void {
  for (const [symbol, base, digits] of [['GPSUSDT', 0.01, 5], ['HYPEUSDT', 33, 3], [UNICODE, 0.13, 5]] as const) {
    const rows = Array.from({ length: ROWS }, (_, minute) => {
      const at = (step: number) => (base * (1 + (step % 17) / 1_000)).toFixed(digits);
      const prices = [at(minute * 3), at(minute * 3 + 1), at(minute * 3 + 2)];
      const sorted = prices.map(Number).toSorted((one, other) => one - other);
      return [1_764_000_000_000 + minute * 60_000, prices[0], sorted[2]!.toFixed(digits), sorted[0]!.toFixed(digits), prices[2], Math.round(50_000 / base)].join(',');
    });
    writeFileSync(join(dir, `${symbol}.csv`), `open_time,open,high,low,close,volume\n${rows.join('\n')}\n`);
  }
}

/** One round through a trader's day; `draw` varies it. */
function round(number: number, draw: () => number): Step[] {
  const { symbol, price, low, high, quantity } = traded[number % traded.length]!;
  const id = (name: string) => `x-15PC4ZJy${name}${number}`;
  const of = { symbol };
  const limit = { ...of, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity, price: low };
  const stop = { algoType: 'CONDITIONAL', ...of, side: 'SELL', type: 'STOP_MARKET', quantity, triggerPrice: low, reduceOnly: 'true' };
  const market = { ...of, side: 'BUY', type: 'MARKET', quantity, newOrderRespType: 'RESULT' };
  return [
    ['PRICE', { symbol, price }],
    ['POST /fapi/v1/leverage', { ...of, leverage: 2 + Math.floor(draw() * 8) }],
    ['POST /fapi/v1/marginType', { ...of, marginType: draw() < 0.5 ? 'ISOLATED' : 'CROSSED' }],
    ['POST /fapi/v1/order/test', limit],
    ['POST /fapi/v1/order', { ...limit, newClientOrderId: id('rest') }],
    ['POST /fapi/v1/order', { ...limit, newClientOrderId: id('rest') }],
    ['PUT /fapi/v1/order', { ...of, side: 'BUY', origClientOrderId: id('rest'), quantity, price: low.replace(/\d$/, '1') }],
    ['GET /fapi/v1/openOrder', { ...of, origClientOrderId: id('rest') }],
    ['POST /fapi/v1/batchOrders', { batchOrders: JSON.stringify([{ ...limit, newClientOrderId: id('batch') }, { ...limit, side: 'UP' }, { ...limit, timeInForce: 'GTX', price: high }]) }],
    ['PUT /fapi/v1/batchOrders', { batchOrders: JSON.stringify([{ ...of, side: 'BUY', origClientOrderId: id('batch'), quantity, price: low.replace(/\d$/, '2') }]) }],
    ['POST /fapi/v1/order', { ...market, newClientOrderId: id('open') }],
    ['POST /fapi/v1/positionMargin', { ...of, amount: '1.5', type: '1' }],
    ['POST /fapi/v1/algoOrder', { ...stop, clientAlgoId: id('stop') }],
    ['POST /fapi/v1/algoOrder', { ...stop, side: 'BUY', triggerPrice: high, reduceOnly: undefined, clientAlgoId: id('again') }],
    ['GET /fapi/v1/algoOrder', { clientAlgoId: id('stop') }],
    ['DELETE /fapi/v1/algoOrder', { clientAlgoId: id('again') }],
    ['GET /fapi/v1/openAlgoOrders', of],
    ['POST /fapi/v1/countdownCancelAll', { ...of, countdownTime: '60000' }],
    ['PRICE', { symbol, price: draw() < 0.5 ? high : price }],
    ['TIME', { ms: 1_000 * Math.ceil(draw() * 5) }],
    ['DELETE /fapi/v1/batchOrders', { ...of, origClientOrderIdList: JSON.stringify([id('batch'), 'none']) }],
    ['DELETE /fapi/v1/order', { ...of, origClientOrderId: id('rest') }],
    ['DELETE /fapi/v1/order', { ...of, origClientOrderId: id('rest') }],
    ['PRICE', { symbol, price: low }],
    ['POST /fapi/v1/order', { ...market, side: 'SELL', reduceOnly: 'true' }],
    ['GET /fapi/v1/order', { ...of, origClientOrderId: id('open') }],
    ['POST /fapi/v1/order', { ...limit, type: 'STOP_MARKET' }],
    ['POST /fapi/v1/order', { ...limit, price: `${low}1` }],
    ['POST /fapi/v1/order', { ...limit, quantity: '0' }],
    ['GET /fapi/v1/order', { symbol: 'NOPEUSDT', orderId: 1 }],
    ['GET /fapi/v1/nothing', of],
  ];
}

/** Every endpoint once more, with what most of them ask for: also those that no round names. */
const sweep: Step[] = ROUTES.map(({ name }) => [name, { symbol: 'GPSUSDT', interval: '5m', limit: 5, orderId: 8_400_000_001, algoId: 1, leverage: 5, dualSidePosition: 'false', multiAssetsMargin: 'false', marginType: 'CROSSED', countdownTime: 0 }]);

class Recorder {
  readonly lines: string[] = [];
  readonly named = new Set<string>();
  readonly #client: Client;
  readonly #clock: VirtualClock;
  readonly #draw: () => number;

  constructor(client: Client, clock: VirtualClock, draw: () => number) {
    this.#client = client;
    this.#clock = clock;
    this.#draw = draw;
  }

  async run([name, params = {}]: Step): Promise<void> {
    if (name === 'TIME') this.#clock.advance(Number(params['ms']));
    else if (name === 'PRICE') this.lines.push(`price ${JSON.stringify((await this.#client.control('POST', 'price', params)).json)}`);
    else await this.#request(name, params);
  }

  /** In the query, in the body, or in both; signed over the bytes as they go out. */
  async #request(name: string, params: Json): Promise<void> {
    const [method = '', path = ''] = name.split(' ');
    this.named.add(name);
    const security = ROUTES.find((route) => route.name === name)?.security ?? 'NONE';
    const all = security === 'SIGNED' ? { ...params, recvWindow: 5_000, timestamp: this.#clock.now() } : params;
    const form = method === 'GET' ? 'query' : ['query', 'body', 'mixed', 'json'][Math.floor(this.#draw() * 4)]!;
    const pairs = Object.entries(all);
    const cut = form === 'body' ? 0 : form === 'mixed' ? Math.ceil(pairs.length / 2) : pairs.length;
    let [inQuery, inBody] = [query(Object.fromEntries(pairs.slice(0, cut))), query(Object.fromEntries(pairs.slice(cut)))];
    if (security === 'SIGNED') {
      const signature = `signature=${hmac('paper', inQuery + inBody)}`;
      if (inBody === '') inQuery += `&${signature}`;
      else inBody += `&${signature}`;
    }
    const headers = form === 'json' ? { 'Content-Type': 'application/json' } : FORM;
    const answer = await this.#client.raw(method, `${path}${inQuery === '' ? '' : `?${inQuery}`}`, { headers, ...(method === 'GET' ? {} : { body: inBody }) });
    const told = HEADERS.flatMap((header) => (answer.headers.has(header) ? [`${header}: ${answer.headers.get(header)}`] : []));
    this.lines.push(`${name} ${form} ${JSON.stringify(params)}`, `  ${answer.status} ${told.join(', ')}`, `  ${JSON.stringify(answer.json)}`);
  }
}

interface Transcript {
  readonly text: string;
  readonly named: ReadonlySet<string>;
  readonly requests: number;
}

async function transcript(seed: number): Promise<Transcript> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const { dir, remove } = temporaryDirectory();
  recordings(dir);
  const exchange = await startForTest({ clock, replay: { dir, speed: 1, history: 360, align: 'start' } });
  const client = new Client(exchange.url);
  const recorder = new Recorder(client, clock, () => random.next());
  const listenKey = String((await client.raw('POST', '/fapi/v1/listenKey')).json['listenKey']);
  const streams = exchange.url.replace('http', 'ws');
  const paths = [
    `/private/ws/${listenKey}`,
    `/private/stream?listenKey=${listenKey}&events=ORDER_TRADE_UPDATE`,
    `/market/stream?streams=${['gpsusdt@aggTrade', 'gpsusdt@markPrice@1s', 'hypeusdt@kline_1m', '!miniTicker@arr', `${encodeURIComponent(UNICODE.toLowerCase())}@ticker`, '!forceOrder@arr'].join('/')}`,
    '/public/stream?streams=gpsusdt@bookTicker/hypeusdt@depth5@500ms/gpsusdt@depth@500ms/!bookTicker',
  ];
  const listeners = paths.map((path) => new Listener(streams + path));
  try {
    await Promise.all(listeners.map((listener) => listener.opened()));
    for (let number = 0; number < ROUNDS; number++) for (const step of round(number, () => random.next())) await recorder.run(step);
    for (const step of sweep) await recorder.run(step);
    await recorder.run(['TIME', { ms: 2_000 }]);
    for (const [index, listener] of listeners.entries()) {
      await listener.ask({ method: 'LIST_SUBSCRIPTIONS', id: index });
      recorder.lines.push(`stream ${paths[index]!}`, ...listener.messages.map((message) => `  ${JSON.stringify(message)}`));
    }
  } finally {
    for (const listener of listeners) listener.close();
    await exchange.close();
    remove();
  }
  const keys = new Map<string, string>();
  const text = recorder.lines.join('\n').replaceAll(/(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])/g, (key) => keys.get(key) ?? keys.set(key, `KEY${keys.size}`).get(key)!);
  return { text, named: recorder.named, requests: recorder.lines.filter((line) => /^(GET|POST|PUT|DELETE) /.test(line)).length };
}

describe('paper exchange: transcript of the wire', () => {
  it('is the same whenever the same is asked, and as it was frozen', async () => {
    const [one, other] = [await transcript(3), await transcript(3)];
    if (process.env['TRANSCRIPT'] !== undefined) writeFileSync(process.env['TRANSCRIPT'], one.text);
    expect(other.text.split('\n')).to.deep.equal(one.text.split('\n'));
    expect(ROUTES.filter(({ name }) => !one.named.has(name))).to.deep.equal([]);
    expect(one.requests).to.be.at.least(140);
    for (const told of ['"x":"TRADE"', '"X":"FINISHED"', 'ACCOUNT_CONFIG_UPDATE', 'ACCOUNT_UPDATE', '"e":"aggTrade"', '"e":"kline"', '"e":"depthUpdate"', '"e":"bookTicker"', '24hrMiniTicker', 'markPriceUpdate']) expect(one.text).to.include(told);
    expect(createHash('sha256').update(one.text).digest('hex')).to.equal(FROZEN);
  });

  it('is another when something else is asked', async () => {
    expect((await transcript(4)).text).not.to.equal((await transcript(3)).text);
  });
});
