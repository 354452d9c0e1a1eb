/** Each refusal of the catalogue, with its code, text and status, by a request that should meet it; none is without one. */
import { expect } from 'chai';
import { systemClock } from '../../src/supervision/clock.ts';
import { REFUSALS, VenueError } from '../../src/paper/core/venue-error.ts';
import { NO_LIMITS, VENUE_LIMITS, type Limits } from '../../src/paper/wire/rate-limits.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { Client, hmac, Listener, query, startForTest, type Answer, type Json } from './kit.ts';

/** Signs with the time of the exchange under test. */
class BenchClient extends Client {
  readonly #now: () => number;

  constructor(url: string, now: () => number, key: string = 'paper', secret: string = 'paper') {
    super(url, key, secret);
    this.#now = now;
  }

  override signed<T = Json>(method: string, path: string, params: Json = {}): Promise<Answer<T>> {
    const text = query({ recvWindow: 5_000, ...params, timestamp: this.#now() });
    return this.raw<T>(method, `${path}?${text}&signature=${hmac(this.secret, text)}`);
  }
}

/** A clock that stands: no counting window ends in between. */
const AT = systemClock.now();
const NOW = (): number => AT;
const clock = { ...systemClock, now: NOW };
const SYMBOL = 'HYPEUSDT';
const PRICE = '33';

/** A client of an exchange of its own, whose market of HYPEUSDT stands at 33. */
interface Bench {
  readonly client: Client;
  readonly url: string;
}
type Produce = (bench: Bench) => Promise<Answer<unknown>>;

const order = (more: Json = {}) => ({ symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '32', ...more });
const algo = (more: Json = {}) => ({ algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: '1', triggerPrice: '30', ...more });
const signed = (method: string, path: string, params: Json = {}): Produce => ({ client }) => client.signed<unknown>(method, path, params);
const place = (more: Json = {}): Produce => signed('POST', '/fapi/v1/order', order(more));
const market = (more: Json = {}): Produce => signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1', ...more });
const conditional = (more: Json = {}): Produce => signed('POST', '/fapi/v1/algoOrder', algo(more));
const get = (target: string): Produce => ({ client }) => client.raw<unknown>('GET', target);

/** One after the other; the last one's answer. */
const sequence = (...steps: readonly Produce[]): Produce => async (bench) => {
  let answer: Answer<unknown> | undefined;
  for (const step of steps) answer = await step(bench);
  return answer!;
};
const times = (count: number, step: Produce): Produce => sequence(...Array.from({ length: count }, () => step));
const clockOff = (offsetMs: number, step: Produce): Produce => async (bench) => {
  await bench.client.control('POST', 'clock', { offsetMs });
  return step(bench);
};
const manyAlgos: Produce = async (bench) => {
  for (let i = 0; i < 200; i++) await conditional({ triggerPrice: (20 + i / 100).toFixed(2) })(bench);
  return conditional()(bench);
};

/** A resting order amended to these. */
const amend = (price: string, quantity: string): Produce => sequence(place({ newClientOrderId: 'amended' }), signed('PUT', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', origClientOrderId: 'amended', price, quantity }));
const moveMargin = (more: Json): Produce => signed('POST', '/fapi/v1/positionMargin', { symbol: SYMBOL, amount: '1', type: 1, ...more });
const isolate = signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'ISOLATED' });

const hedge = signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'true' });

const logon: Produce = async ({ url }) => {
  const api = new Listener(`${url.replace('http', 'ws')}/ws-fapi/v1`);
  await api.opened();
  const { status, error } = await api.ask({ id: 1, method: 'session.logon', params: {} });
  api.close();
  return { status: status as number, headers: new Headers(), json: error };
};

const produce: Partial<Record<string, Produce>> = {
  UNKNOWN: async ({ client }) => {
    await client.control('POST', 'faults', { action: 'error', times: 1, status: 500 });
    return client.get('/fapi/v1/ping');
  },
  TOO_MANY_REQUESTS: times(61, get('/fapi/v1/ticker/24hr')),
  BANNED: times(165, get('/fapi/v1/ticker/24hr')),
  TOO_MANY_ORDERS: times(301, signed('POST', '/fapi/v1/order', {})),
  TIMESTAMP_LATE: clockOff(60_000, signed('GET', '/fapi/v3/balance')),
  TIMESTAMP_AHEAD: clockOff(-60_000, signed('GET', '/fapi/v3/balance')),
  INVALID_SIGNATURE: ({ url }) => new BenchClient(url, NOW, 'paper', 'other').signed('GET', '/fapi/v3/balance'),
  ILLEGAL_CHARS: get('/fapi/v1/klines?symbol=%E5%B8'),
  BODY_TOO_LARGE: ({ client }) => client.raw('POST', '/fapi/v1/order', { body: 'x'.repeat(1_048_577) }),
  DUPLICATE_PARAMETER: get('/fapi/v1/klines?interval=1m&interval=1m'),
  MANDATORY: place({ symbol: undefined }),
  MANDATORY_EITHER: signed('GET', '/fapi/v1/order', { symbol: SYMBOL }),
  NOT_REQUIRED: market({ price: '33' }),
  PRECISION: place({ price: '32.0000001' }),
  BAD_TIME_IN_FORCE: place({ timeInForce: 'DAY' }),
  BAD_ORDER_TYPE: place({ type: 'FANCY' }),
  BAD_SIDE: place({ side: 'HOLD' }),
  BAD_PAIR: get('/fapi/v1/indexPriceKlines?pair=NOPEUSDT&interval=1m'),
  BAD_CONTRACT_TYPE: get(`/fapi/v1/continuousKlines?pair=${SYMBOL}&contractType=WEEKLY&interval=1m`),
  BAD_INTERVAL: get(`/fapi/v1/klines?symbol=${SYMBOL}&interval=7m`),
  BAD_SYMBOL: place({ symbol: 'NOPEUSDT' }),
  BAD_LISTEN_KEY: ({ client }) => client.raw('PUT', '/fapi/v1/listenKey'),
  BAD_COMBINATION: signed('GET', '/fapi/v1/userTrades', { symbol: SYMBOL, fromId: 1, startTime: 1 }),
  BAD_PARAMETER: place({ reduceOnly: 'perhaps' }),
  BAD_RECV_WINDOW: signed('GET', '/fapi/v3/balance', { recvWindow: 60_001 }),
  CANCEL_REJECTED: signed('DELETE', '/fapi/v1/order', { symbol: SYMBOL, orderId: 1 }),
  NO_SUCH_ORDER: signed('GET', '/fapi/v1/order', { symbol: SYMBOL, orderId: 1 }),
  BAD_KEY_FORMAT: ({ url }) => new BenchClient(url, NOW, '').signed('GET', '/fapi/v3/balance'),
  BAD_KEY: ({ url }) => new BenchClient(url, NOW, 'nobody').signed('GET', '/fapi/v3/balance'),
  MARGIN_INSUFFICIENT: sequence(signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 1 }), place({ quantity: '400' })),
  WOULD_TRIGGER: conditional({ triggerPrice: '34' }),
  REDUCE_ONLY_REJECTED: place({ reduceOnly: 'true' }),
  MAX_OPEN_ORDERS: times(201, place({ quantity: '0.2' })),
  MAX_POSITION: sequence(signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 50 }), place({ quantity: '2000' })),
  PRICE_NOT_POSITIVE: place({ price: '0' }),
  PRICE_ABOVE_MAX: place({ side: 'SELL', price: '10000000' }),
  QUANTITY_NOT_POSITIVE: place({ quantity: '0' }),
  QUANTITY_ABOVE_MAX: place({ quantity: '100000000000' }),
  PRICE_BELOW_MIN: place({ price: '0.0001' }),
  PRICE_OFF_TICK: place({ price: '32.0001' }),
  BAD_CLIENT_ID: place({ newClientOrderId: 'a b' }),
  LONG_CLIENT_ID: place({ newClientOrderId: 'x'.repeat(37) }),
  PRICE_ABOVE_CAP: place({ price: '37' }),
  PRICE_BELOW_FLOOR: place({ side: 'SELL', price: '29' }),
  BAD_LEVERAGE: signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 126 }),
  MAX_ALGO_ORDERS: manyAlgos,
  SAME_MARGIN_TYPE: signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'CROSSED' }),
  MARGIN_TYPE_OPEN_ORDERS: sequence(place(), signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'ISOLATED' })),
  MARGIN_TYPE_POSITION: sequence(market(), signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'ISOLATED' })),
  MARGIN_OF_CROSSED: moveMargin({}),
  CROSS_BALANCE: sequence(isolate, market(), moveMargin({ amount: '1000000' })),
  ISOLATED_BALANCE: sequence(isolate, market(), moveMargin({ type: 2, amount: '1' })),
  MARGIN_OF_NOTHING: sequence(isolate, moveMargin({})),
  BAD_KEY_TYPE: logon,
  AMOUNT_NOT_POSITIVE: moveMargin({ amount: '0' }),
  AMEND_NOT_TRADING: sequence(place({ newClientOrderId: 'halted' }), ({ client }) => client.control('POST', `symbols/${SYMBOL}`, { status: 'PENDING_TRADING' }), signed('PUT', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', origClientOrderId: 'halted', price: '31', quantity: '1' })),
  AMEND_NOTHING: amend('32', '1'),
  AMEND_MIN_NOTIONAL: amend('32', '0.1'),
  POSITION_SIDE_OPEN_ORDERS: sequence(place(), hedge),
  POSITION_SIDE_POSITION: sequence(market(), hedge),
  SAME_POSITION_SIDE: signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'false' }),
  POSITION_SIDE_MISMATCH: place({ positionSide: 'LONG' }),
  DUPLICATE_CLIENT_ID: times(2, place({ newClientOrderId: 'twice' })),
  BATCH_SIZE: signed('POST', '/fapi/v1/batchOrders', { batchOrders: '[]' }),
  USE_ALGO_ENDPOINT: place({ type: 'STOP_MARKET' }),
  CLOSE_POSITION_EXISTS: times(2, conditional({ closePosition: 'true', quantity: undefined })),
  QUANTITY_WITH_CLOSE_POSITION: conditional({ closePosition: 'true' }),
  NOT_OPENABLE: sequence(({ client }) => client.control('POST', 'symbols/GPSUSDT', { status: 'PENDING_TRADING' }), place({ symbol: 'GPSUSDT' })),
  SYMBOL_CLOSED: sequence(({ client }) => client.control('POST', 'symbols/RIVERUSDT', { status: 'CLOSE' }), place({ symbol: 'RIVERUSDT' })),
  LEVERAGE_REDUCTION: sequence(signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'ISOLATED' }), market(), signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 2 })),
  MIN_NOTIONAL: place({ quantity: '0.1' }),
  LONG_INTERVAL: signed('GET', '/fapi/v1/userTrades', { symbol: SYMBOL, startTime: 1, endTime: 7 * 86_400_000 + 2 }),
  SAME_MULTI_ASSETS: signed('POST', '/fapi/v1/multiAssetsMargin', { multiAssetsMargin: 'false' }),
  UNKNOWN_PATH: get('/fapi/v1/nothing'),
  BAD_GOOD_TILL_DATE: place({ timeInForce: 'GTD', goodTillDate: 1_000 }),
  FOK_REJECTED: place({ timeInForce: 'FOK' }),
  GTX_REJECTED: place({ timeInForce: 'GTX', price: '35' }),
};

/** What no request of the synthetic market can meet, by a command on a market whose rules allow more digits than its steps. */
const inCore: Partial<Record<string, (exchange: TestExchange) => unknown>> = {
  QUANTITY_BELOW_MIN: (exchange) => exchange.order('BUY', '0.1'),
  AMEND_TOO_OFTEN(exchange) {
    const { orderId } = exchange.order('BUY', '1', { at: '9' });
    for (let i = 0; i <= 10_000; i++) {
      const amendment = { name: { symbol: RULES.symbol, orderId, clientOrderId: null }, side: 'BUY' as const, quantity: decimal('1'), price: decimal(i % 2 === 0 ? '8.9' : '9') };
      exchange.run({ type: 'AmendOrder', account: 'a', amendment });
    }
  },
  QUANTITY_OFF_STEP: (exchange) => exchange.order('BUY', '1.05'),
};

/** These leave something behind, so each has an exchange of its own; with the venue's limits where they are what is met. */
const apart: Partial<Record<string, Limits>> = {
  TOO_MANY_REQUESTS: VENUE_LIMITS, BANNED: VENUE_LIMITS, TOO_MANY_ORDERS: VENUE_LIMITS, TIMESTAMP_LATE: NO_LIMITS, TIMESTAMP_AHEAD: NO_LIMITS, MARGIN_INSUFFICIENT: NO_LIMITS, MAX_OPEN_ORDERS: NO_LIMITS, MAX_POSITION: NO_LIMITS, MAX_ALGO_ORDERS: NO_LIMITS,
  MARGIN_TYPE_OPEN_ORDERS: NO_LIMITS, MARGIN_TYPE_POSITION: NO_LIMITS, DUPLICATE_CLIENT_ID: NO_LIMITS, CLOSE_POSITION_EXISTS: NO_LIMITS, LEVERAGE_REDUCTION: NO_LIMITS, POSITION_SIDE_OPEN_ORDERS: NO_LIMITS, POSITION_SIDE_POSITION: NO_LIMITS,
  CROSS_BALANCE: NO_LIMITS, ISOLATED_BALANCE: NO_LIMITS, MARGIN_OF_NOTHING: NO_LIMITS, AMEND_NOT_TRADING: NO_LIMITS, AMEND_NOTHING: NO_LIMITS, AMEND_MIN_NOTIONAL: NO_LIMITS,
};

function pattern(text: string): RegExp {
  return new RegExp(`^${text.split('%s').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`);
}

describe('paper exchange: each refusal by a request that should meet it', () => {
  let shared: PaperExchange;
  before(async () => {
    shared = await opened(NO_LIMITS);
  });
  after(() => shared.close());

  async function opened(limits: Limits): Promise<PaperExchange> {
    const exchange = await startForTest({ clock, limits });
    await new BenchClient(exchange.url, NOW).control('POST', 'price', { symbol: SYMBOL, price: PRICE });
    return exchange;
  }

  for (const { refusal, code, text, status } of REFUSALS) {
    it(`${refusal} (${code})`, async () => {
      const alone = inCore[refusal];
      if (alone) {
        const exchange = new TestExchange();
        expect(() => alone(exchange)).to.throw(VenueError, pattern(text)).with.property('code', code);
        return;
      }
      const request = produce[refusal];
      if (!request) throw new Error(`nothing here produces ${refusal}`);
      const limits = apart[refusal];
      const exchange = limits ? await opened(limits) : shared;
      try {
        const answer = await request({ client: new BenchClient(exchange.url, NOW), url: exchange.url });
        const { msg, ...rest } = answer.json as { msg: string };
        expect([answer.status, rest]).to.deep.equal([status, { code }]);
        expect(msg).to.match(pattern(text));
      } finally {
        if (exchange !== shared) await exchange.close();
      }
    });
  }
});
