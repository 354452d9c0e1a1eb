/** Each filter that exchangeInfo prints holds exactly where it says, on both sides of each of its edges. */
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { decimal, type Decimal } from '../../src/protocol/decimal.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { Client, startForTest, type Json } from './kit.ts';

const SYMBOL = 'HYPEUSDT';
const OK = 0;
/** Tells the time and never wakes anybody: the market stands where it was put, however long a test takes. */
const clock = { ...systemClock, after: () => ({ cancel() {} }) };

describe('paper exchange: filters over the wire', () => {
  let exchange: PaperExchange;
  let client: Client;
  let filters: Record<string, Record<string, string>>;
  let mark: Decimal;

  before(async () => {
    // Enough to be stopped by no margin: what is tested are the filters.
    exchange = await startForTest({ clock, limits: NO_LIMITS, balance: '1000000000000' });
    client = new Client(exchange.url);
    const { json } = await client.get('/fapi/v1/exchangeInfo');
    const info = (json['symbols'] as Json[]).find((row) => row['symbol'] === SYMBOL)!;
    filters = Object.fromEntries((info['filters'] as Record<string, string>[]).map((filter) => [filter['filterType'], filter]));
    await client.signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 1 });
  });
  beforeEach(async () => {
    await client.control('POST', 'price', { symbol: SYMBOL, price: '33' });
    mark = decimal('33');
  });
  after(() => exchange.close());

  const edge = (filter: string, name: string): Decimal => decimal(filters[filter]![name]!);
  /** The code that an order is refused with when it is tried; 0 when it is not. */
  async function code(params: Json): Promise<number> {
    const { status, json } = await client.signed('POST', '/fapi/v1/order/test', { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '10', price: '33', ...params });
    return status === 200 ? OK : Number(json['code']);
  }

  it('PRICE_FILTER', async () => {
    const [min, max, tick] = [edge('PRICE_FILTER', 'minPrice'), edge('PRICE_FILTER', 'maxPrice'), edge('PRICE_FILTER', 'tickSize')];
    const big = { quantity: decimal('5').dividedBy(min).toFixed(2) };
    expect(await code({ price: min.toFixed(), ...big })).to.equal(OK);
    expect(await code({ price: min.minus(tick.dividedBy(decimal('10'))).toFixed(), ...big })).to.equal(-4013);
    expect(await code({ side: 'SELL', price: max.toFixed(), quantity: '1' })).to.equal(OK);
    expect(await code({ side: 'SELL', price: max.plus(tick).toFixed(), quantity: '1' })).to.equal(-4002);
    expect(await code({ price: decimal('33').plus(tick).toFixed() })).to.equal(OK);
    expect(await code({ price: decimal('33').plus(tick.dividedBy(decimal('10'))).toFixed() })).to.equal(-4014);
    expect(await code({ price: decimal('33').plus(tick.dividedBy(decimal('1000'))).toFixed() })).to.equal(-1111);
    for (const price of ['0', '-1']) expect(await code({ price })).to.equal(-4001);
  });

  it('LOT_SIZE', async () => {
    const [min, max, step] = [edge('LOT_SIZE', 'minQty'), edge('LOT_SIZE', 'maxQty'), edge('LOT_SIZE', 'stepSize')];
    const tiny = { side: 'SELL', price: edge('PRICE_FILTER', 'maxPrice').toFixed() };
    expect(await code({ quantity: min.toFixed(), ...tiny })).to.equal(OK);
    expect(await code({ quantity: min.dividedBy(decimal('2')).toFixed(), ...tiny })).to.equal(-1111);
    const cheap = { price: edge('PRICE_FILTER', 'minPrice').toFixed() };
    expect(await code({ quantity: max.toFixed(), ...cheap })).to.equal(OK);
    expect(await code({ quantity: max.plus(step).toFixed(), ...cheap })).to.equal(-4005);
    for (const quantity of ['0', '-1']) expect(await code({ quantity })).to.equal(-4003);
  });

  it('MARKET_LOT_SIZE', async () => {
    const [max, step] = [edge('MARKET_LOT_SIZE', 'maxQty'), edge('MARKET_LOT_SIZE', 'stepSize')];
    const market = { type: 'MARKET', timeInForce: undefined, price: undefined };
    expect(max.isLessThan(edge('LOT_SIZE', 'maxQty'))).to.equal(true);
    expect(await code({ ...market, quantity: max.toFixed() })).to.equal(OK);
    expect(await code({ ...market, quantity: max.plus(step).toFixed() })).to.equal(-4005);
  });

  it('MIN_NOTIONAL, at the limit price, at mark for market orders, and not for reduce-only orders', async () => {
    const least = edge('MIN_NOTIONAL', 'notional');
    const at = (notional: Decimal, price: string) => notional.dividedBy(decimal(price)).toFixed();
    expect(await code({ price: '25', quantity: at(least, '25') })).to.equal(OK);
    expect(await code({ price: '25', quantity: at(least.minus(decimal('0.25')), '25') })).to.equal(-4164);
    await client.control('POST', 'price', { symbol: SYMBOL, price: '25' });
    const market = { type: 'MARKET', timeInForce: undefined, price: undefined };
    expect(await code({ ...market, quantity: '0.19' })).to.equal(-4164);
    expect(await code({ ...market, quantity: '0.21' })).to.equal(OK);
    await client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1' });
    expect(await code({ ...market, side: 'SELL', quantity: '0.01', reduceOnly: 'true' })).to.equal(OK);
  });

  it('PERCENT_PRICE bounds a buy from above and a sell from below, and only these', async () => {
    const tick = edge('PRICE_FILTER', 'tickSize');
    const cap = mark.multipliedBy(edge('PERCENT_PRICE', 'multiplierUp'));
    const floor = mark.multipliedBy(edge('PERCENT_PRICE', 'multiplierDown'));
    expect(await code({ price: cap.toFixed() })).to.equal(OK);
    expect(await code({ price: cap.plus(tick).toFixed() })).to.equal(-4016);
    expect(await code({ side: 'SELL', price: floor.toFixed() })).to.equal(OK);
    expect(await code({ side: 'SELL', price: floor.minus(tick).toFixed() })).to.equal(-4024);
    expect(await code({ price: floor.minus(tick).toFixed() })).to.equal(OK);
    expect(await code({ side: 'SELL', price: cap.plus(tick).toFixed() })).to.equal(OK);
  });

  it('MAX_NUM_ORDERS', async () => {
    const most = Number(filters['MAX_NUM_ORDERS']!['limit']);
    const place = () => client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '20' });
    for (let i = 0; i < most; i++) expect((await place()).status).to.equal(200);
    expect((await place()).json).to.include({ code: -2025 });
    await client.signed('DELETE', '/fapi/v1/allOpenOrders', { symbol: SYMBOL });
    expect((await place()).status).to.equal(200);
  });
});
