/** A read answers exactly what the venue said, or throws an error whose kind callers can decide by; it never fills in what is missing. */
import { expect } from 'chai';
import { decimal, text } from '../../src/protocol/decimal.ts';
import { VenueError } from '../../src/venue/port.ts';
import { BINANCE_LIFE, GPS, ID, algoAnswer, orderAnswer, tradeAnswer, venueOn, writes } from './fixtures.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { StubAnswer, StubVenue } from './stub-venue.ts';
import { startStubVenue } from './stub-venue.ts';

let stub: StubVenue;
beforeEach(async () => {
  stub = await startStubVenue();
});
afterEach(() => stub.close());

async function thrownBy(read: Promise<unknown>): Promise<VenueError> {
  try {
    await read;
  } catch (error) {
    if (error instanceof VenueError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function symbolRow(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    symbol: BINANCE_LIFE, status: 'TRADING', contractType: 'PERPETUAL', pricePrecision: 9,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.0001', maxPrice: '200', tickSize: '0.0001' },
      { filterType: 'LOT_SIZE', minQty: '1', maxQty: '1000000', stepSize: '1' },
      { filterType: 'MARKET_LOT_SIZE', minQty: '1', maxQty: '20000', stepSize: '1' },
      { filterType: 'MIN_NOTIONAL', notional: '5' },
      { filterType: 'PERCENT_PRICE', multiplierUp: '1.05', multiplierDown: '0.95', multiplierDecimal: '4' },
      { filterType: 'SOMETHING_NEW', of: 2027 },
    ],
    ...changes,
  };
}

describe('what the venue answers', () => {
  it('is read with every filter of an instrument, also of 币安人生USDT (failures 20, 22)', async () => {
    stub.script('GET /fapi/v1/exchangeInfo', { body: { symbols: [symbolRow()], rateLimits: [] } });
    const [instrument] = await venueOn(stub).gateway.read('instruments', {});
    expect(instrument).to.deep.equal({
      symbol: BINANCE_LIFE, status: 'TRADING', contractType: 'PERPETUAL', tickSize: decimal('0.0001'), minPrice: decimal('0.0001'), maxPrice: decimal('200'), stepSize: decimal('1'), minQuantity: decimal('1'),
      maxQuantity: decimal('1000000'), marketMaxQuantity: decimal('20000'), minNotional: decimal('5'), multiplierUp: decimal('1.05'), multiplierDown: decimal('0.95'),
    });
  });

  it('loses one instrument that cannot be read, says which, and keeps the others', async () => {
    stub.script('GET /fapi/v1/exchangeInfo', { body: { symbols: [symbolRow({ symbol: 'ODDUSDT', filters: [] }), symbolRow()] } });
    const venue = venueOn(stub);
    expect(await venue.gateway.read('instruments', {})).to.have.length(1);
    expect((await venue.lines.next()).fields['reason']).to.match(/exchangeInfo: ODDUSDT: filters\.PRICE_FILTER/);
  });

  it('is refused when no instrument can be read', async () => {
    stub.script('GET /fapi/v1/exchangeInfo', { body: { symbols: [symbolRow({ filters: [] })] } });
    expect(await thrownBy(venueOn(stub).gateway.read('instruments', {}))).to.include({ kind: 'unknown' });
  });

  it('keeps every digit of an order id beyond 2^53 and of a price', async () => {
    const body = JSON.stringify(orderAnswer({ price: '0.1234567890123456789' })).replace('8886774', '9223372036854775807');
    stub.script('GET /fapi/v1/order', { body });
    const order = await venueOn(stub).gateway.read('order', { symbol: GPS, clientId: ID });
    expect(order?.orderId).to.equal('9223372036854775807');
    expect(text(order!.price)).to.equal('0.1234567890123456789');
  });

  it('observes the account at the venue time of the request, not of its last change (ruling 24)', async () => {
    stub.script('GET /fapi/v3/account', { body: { totalWalletBalance: '10000.5', totalUnrealizedProfit: '-3', availableBalance: '9000', updateTime: 0, assets: [] } });
    const clock = new VirtualClock(1_770_000_000_000);
    const account = await venueOn(stub, { clock, offsetMs: () => 250 }).gateway.read('account', {});
    expect(account).to.deep.equal({ walletBalance: decimal('10000.5'), unrealizedPnl: decimal('-3'), availableBalance: decimal('9000'), observedAt: 1_770_000_000_250 });
    expect(stub.requests[0]!.query).to.not.have.property('symbol');
  });

  it('tells modes from both answers that hold them', async () => {
    stub.script('GET /fapi/v1/accountConfig', { body: { dualSidePosition: true, multiAssetsMargin: false, canTrade: true } });
    stub.script('GET /fapi/v2/account', { body: { feeBurn: true } });
    expect(await venueOn(stub).gateway.read('accountModes', {})).to.deep.equal({ hedgeMode: true, multiAssets: false, feeBurn: true, canTrade: true });
  });

  it('lists positions that are not flat, and refuses one of hedge mode instead of folding two into one (failure 53)', async () => {
    const row = { symbol: GPS, positionSide: 'BOTH', positionAmt: '-12', entryPrice: '0.00862', markPrice: '0.0086', unRealizedProfit: '0.0002', updateTime: 5 };
    stub.script('GET /fapi/v3/positionRisk', { body: [row, { ...row, symbol: 'FLATUSDT', positionAmt: '0.000' }] }, { body: [{ ...row, positionSide: 'LONG' }] });
    const { gateway } = venueOn(stub);
    const positions = await gateway.read('positions', {});
    expect(positions.map((position) => [position.symbol, text(position.quantity)])).to.deep.equal([[GPS, '-12']]);
    expect((await thrownBy(gateway.read('positions', { symbol: GPS }))).message).to.match(/GET \/fapi\/v3\/positionRisk: 0\.positionSide: .*\("LONG"\)/);
    expect(stub.requests.map((request) => request.query['symbol'])).to.deep.equal([undefined, GPS]);
  });

  it('gives brackets by falling leverage, from a list or from a single object, numbers or strings', async () => {
    const row = { symbol: GPS, brackets: [{ initialLeverage: 5, notionalCap: 100_000 }, { initialLeverage: 25, notionalCap: '5000.5' }] };
    stub.script('GET /fapi/v1/leverageBracket', { body: [row] }, { body: row });
    const { gateway } = venueOn(stub);
    for (let round = 0; round < 2; round += 1) {
      expect((await gateway.read('brackets', {})).get(GPS)).to.deep.equal([{ leverage: 25, notionalCap: decimal('5000.5') }, { leverage: 5, notionalCap: decimal('100000') }]);
    }
  });

  it('counts all candles but the last as closed, and the last by venue time', async () => {
    const candle = (openTime: number) => [openTime, '1', '2', '0.5', '1.5', '10', openTime + 59_999, '0', 1, '0', '0', '0'];
    stub.script('GET /fapi/v1/klines', { body: [candle(0), candle(60_000)] });
    const clock = new VirtualClock(119_998);
    const { gateway } = venueOn(stub, { clock });
    const closed = async () => (await gateway.read('candles', { symbol: GPS, limit: 2 })).map((one) => one.closed);
    expect(await closed()).to.deep.equal([true, false]);
    clock.advance(10);
    expect(await closed()).to.deep.equal([true, true]);
  });

  it('reads settings, tickers, server time and lists of orders', async () => {
    const clock = new VirtualClock(1_000);
    const { gateway } = venueOn(stub, { clock });
    stub.script('GET /fapi/v1/symbolConfig', { body: [{ symbol: GPS, marginType: 'CROSSED', leverage: 20, maxNotionalValue: '1' }] });
    expect(await gateway.read('settings', {})).to.deep.equal([{ symbol: GPS, leverage: 20, marginMode: 'CROSSED' }]);
    stub.script('GET /fapi/v1/ticker/24hr', { body: [{ symbol: GPS, priceChangePercent: '-12.74', lastPrice: '0.00862', quoteVolume: '5', closeTime: 7 }] });
    expect(await gateway.read('tickers', {})).to.deep.equal([{ symbol: GPS, changePercent: decimal('-12.74'), lastPrice: decimal('0.00862'), quoteVolume: decimal('5'), closeTime: 7 }]);
    stub.script('GET /fapi/v1/time', { body: { serverTime: 99 } });
    expect(await gateway.read('serverTime', {})).to.deep.equal({ serverTime: 99, sentAt: 1_000, receivedAt: 1_000 });
    stub.script('GET /fapi/v1/openOrders', { body: [orderAnswer({ status: 'NEW', executedQty: '0' })] });
    expect((await gateway.read('openOrders', {}))[0]).to.include({ clientId: ID, status: 'NEW', reduceOnly: false });
    stub.script('GET /fapi/v1/openAlgoOrders', { body: [algoAnswer(), algoAnswer({ actualOrderId: '77', algoStatus: 'TRIGGERED' })] });
    expect((await gateway.read('openAlgoOrders', { symbol: GPS })).map((order) => order.actualOrderId)).to.deep.equal([undefined, '77']);
  });

  it('lists our stops beside what somebody else has placed by hand: a trailing stop has no trigger price, one that closes all no quantity', async () => {
    const { gateway } = venueOn(stub);
    const trailing = (changes: Record<string, unknown>) => algoAnswer({ algoId: 1, clientAlgoId: 'web_1', orderType: 'TRAILING_STOP_MARKET', ...changes });
    const closesAll = (changes: Record<string, unknown>) => algoAnswer({ algoId: 2, clientAlgoId: 'web_2', closePosition: true, ...changes });
    for (const none of ['', '0', null, undefined]) {
      stub.script('GET /fapi/v1/openAlgoOrders', { body: [trailing({ triggerPrice: none }), closesAll({ quantity: none }), algoAnswer()] });
      const listed = await gateway.read('openAlgoOrders', { symbol: GPS });
      expect(listed.map(({ clientId, quantity, triggerPrice }) => [clientId, text(quantity), text(triggerPrice)]), `${none}`).to.deep.equal([['web_1', '23207', '0'], ['web_2', '0', '0.00811'], [ID, '23207', '0.00811']]);
    }
    for (const ours of [algoAnswer({ quantity: '' }), algoAnswer({ triggerPrice: '' }), trailing({ quantity: '' }), closesAll({ triggerPrice: '' })]) {
      stub.script('GET /fapi/v1/openAlgoOrders', { body: [ours] });
      expect(await thrownBy(gateway.read('openAlgoOrders', {}))).to.include({ kind: 'unknown' });
    }
  });

  it('says how much was used, as the last answers stated it', async () => {
    const { gateway } = venueOn(stub);
    expect(gateway.usage()).to.deep.equal({ weight1m: undefined, orders10s: undefined, orders1m: undefined });
    stub.script('GET /fapi/v1/time', { body: { serverTime: 1 }, headers: { 'X-MBX-USED-WEIGHT-1M': '37' } });
    await gateway.read('serverTime', {});
    expect(gateway.usage()).to.deep.equal({ weight1m: 37, orders10s: undefined, orders1m: undefined });
  });

  it('says so by the order of the answers, whichever of its two clients heard them, and whoever sets the wall clock in between', async () => {
    const { gateway } = venueOn(stub);
    const used = (weight: number, status = 200) => ({ status, body: status === 200 ? { serverTime: 1 } : 'Bad Gateway', headers: { 'X-MBX-USED-WEIGHT-1M': String(weight) } });
    stub.script('POST /fapi/v1/order', used(40), { status: 502, body: 'Bad Gateway' });
    stub.script('GET /fapi/v1/time', used(41), used(42), used(7, 502));
    await gateway.read('serverTime', {});
    await gateway.write(writes.close);
    expect(gateway.usage().weight1m).to.equal(40);
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor() {
        super(RealDate.now() - 3_600_000);
      }
    } as DateConstructor;
    try {
      await gateway.read('serverTime', {});
      expect(gateway.usage().weight1m, 'set back by an hour').to.equal(42);
    } finally {
      globalThis.Date = RealDate;
    }
    await gateway.write(writes.close);
    expect(gateway.usage().weight1m, 'an answer that does not say').to.equal(42);
    await thrownBy(gateway.read('serverTime', {}));
    expect(gateway.usage().weight1m, 'an answer that is a failure').to.equal(7);
  });
});

describe('trades of a symbol', () => {
  const DAY = 86_400_000;

  it('come all and once, by time until a page is full and by id from there', async () => {
    const first = Array.from({ length: 1_000 }, (_, index) => tradeAnswer(index + 1, 1_000 + index));
    stub.script('GET /fapi/v1/userTrades', { body: first }, { body: [tradeAnswer(1_001, 9_000)] });
    const trades = await venueOn(stub, { clock: new VirtualClock(10_000) }).gateway.read('trades', { symbol: GPS, since: 1_000 });
    expect(trades).to.have.length(1_001);
    expect(trades.at(-1)).to.include({ tradeId: '1001', at: 9_000 });
    expect(stub.requests.map(({ query }) => [query['startTime'], query['fromId']])).to.deep.equal([['1000', undefined], [undefined, '1001']]);
  });

  it('are asked for week by week when the time is longer ago', async () => {
    stub.script('GET /fapi/v1/userTrades', { body: [] }, { body: [] }, { body: [tradeAnswer(5, 15 * DAY)] });
    const trades = await venueOn(stub, { clock: new VirtualClock(16 * DAY) }).gateway.read('trades', { symbol: GPS, since: 0 });
    expect(trades.map((trade) => trade.tradeId)).to.deep.equal(['5']);
    expect(stub.requests.map(({ query }) => [Number(query['startTime']), Number(query['endTime'])])).to.deep.equal([[0, 7 * DAY - 1], [7 * DAY, 14 * DAY - 1], [14 * DAY, 21 * DAY - 1]]);
  });

  it('end with an error, not never, when the venue repeats itself', async () => {
    stub.script('GET /fapi/v1/userTrades', { body: Array.from({ length: 1_000 }, (_, index) => tradeAnswer(index, 1)) });
    expect(await thrownBy(venueOn(stub).gateway.read('trades', { symbol: GPS, since: 0 }))).to.include({ kind: 'unknown' });
  });
});

describe('a read that fails', () => {
  const failures: [string, VenueError['kind'], number | undefined, StubAnswer][] = [
    ['a bad key (failure 30)', 'authentication', -2015, { status: 401, body: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' } }],
    ['a malformed key', 'authentication', -2014, { status: 400, body: { code: -2014, msg: 'API-key format invalid.' } }],
    ['a bad signature', 'authentication', -1022, { status: 400, body: { code: -1022, msg: 'Signature for this request is not valid.' } }],
    ['a key of another venue', 'authentication', -2008, { status: 400, body: { code: -2008, msg: 'Invalid Api-Key ID.' } }],
    ['401 without a code', 'authentication', undefined, { status: 401, body: '' }],
    ['a wrong clock (failure 58)', 'rejected', -1021, { status: 400, body: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' } }],
    ['an invalid symbol', 'rejected', -1121, { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } }],
    ['429', 'throttled', -1003, { status: 429, headers: { 'retry-after': '3' }, body: { code: -1003, msg: 'Too many requests.' } }],
    ['500', 'unreachable', -1000, { status: 500, body: { code: -1000, msg: 'An unknown error occured.' } }],
    ['503 HTML', 'unreachable', undefined, { status: 503, body: '<html></html>' }],
    ['403 of a firewall', 'throttled', undefined, { status: 403, headers: { 'retry-after': '3' }, body: '<html></html>' }],
    ['404 with HTML', 'unreachable', undefined, { status: 404, body: '<html></html>' }],
    ['408', 'unreachable', -1007, { status: 408, body: { code: -1007, msg: 'Timeout waiting for response from backend server.' } }],
    ['a reset connection', 'unreachable', undefined, 'reset'],
    ['200 with HTML', 'unknown', undefined, { body: '<html>maintenance</html>' }],
    ['a body that is not an object', 'unknown', undefined, { body: [] }],
  ];
  for (const [name, kind, venueCode, answer] of failures) {
    it(`throws ${kind} after ${name}`, async () => {
      stub.script('GET /fapi/v3/account', answer);
      const error = await thrownBy(venueOn(stub).gateway.read('account', {}));
      expect(error).to.include({ kind, venueCode });
      expect(error.message).to.include('GET /fapi/v3/account');
      expect(error.retryAfterMs).to.equal(kind === 'throttled' ? 3_000 : undefined);
      expect(stub.requests).to.have.length(1);
    });
  }

  it('throws unreachable when nothing answers in time, and when the caller no longer waits', async () => {
    stub.script('GET /fapi/v3/account', 'hang');
    const { gateway } = venueOn(stub, { timeouts: { readMs: 40, writeMs: 40 } });
    expect(await thrownBy(gateway.read('account', {}))).to.include({ kind: 'unreachable' });
    const caller = new AbortController();
    const patient = venueOn(stub).gateway.read('account', {}, caller.signal);
    caller.abort();
    expect(await thrownBy(patient)).to.include({ kind: 'unreachable', message: 'GET /fapi/v3/account: the caller no longer waits' });
  });

  const malformed: [string, Record<string, unknown>, RegExp][] = [
    ['a missing field', { executedQty: undefined }, /executedQty: .*\(undefined\)/],
    ['an exponent', { executedQty: '1e-7' }, /executedQty: .*\("1e-7"\)/],
    ['a number where a decimal string belongs', { price: 0.1 }, /price: .*\(0\.1\)/],
    ['a flag as text', { reduceOnly: 'true' }, /reduceOnly: .*\("true"\)/],
    ['a status nobody knows', { status: 'PAUSED' }, /status: .*\("PAUSED"\)/],
    ['an id that is not one', { orderId: -1 }, /orderId: .*\(-1\)/],
  ];
  for (const [name, changes, expected] of malformed) {
    it(`names endpoint, field and value of ${name}`, async () => {
      stub.script('GET /fapi/v1/order', { body: orderAnswer(changes) });
      const error = await thrownBy(venueOn(stub).gateway.read('order', { symbol: GPS, clientId: ID }));
      expect(error.kind).to.equal('unknown');
      expect(error.message).to.match(/^GET \/fapi\/v1\/order: /).and.to.match(expected);
    });
  }

  it('answers undefined only when the venue says it does not know the order', async () => {
    const unknown = { status: 400, body: { code: -2013, msg: 'Order does not exist.' } };
    stub.script('GET /fapi/v1/order', unknown, { status: 503, body: 'Order does not exist.' });
    stub.script('GET /fapi/v1/algoOrder', unknown, { status: 400, body: { code: -4999, msg: 'Algo order does not exist' } }, { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } });
    const { gateway } = venueOn(stub);
    expect(await gateway.read('order', { symbol: GPS, clientId: ID })).to.equal(undefined);
    expect(await thrownBy(gateway.read('order', { symbol: GPS, clientId: ID }))).to.include({ kind: 'unreachable' });
    expect(await gateway.read('algoOrder', { symbol: GPS, clientId: ID })).to.equal(undefined);
    expect(await gateway.read('algoOrder', { symbol: GPS, clientId: ID })).to.equal(undefined);
    expect(await thrownBy(gateway.read('algoOrder', { symbol: GPS, clientId: ID }))).to.include({ kind: 'rejected', venueCode: -1121 });
  });

  it('reads income page by page, ascending and each row once, with transfers that belong to no symbol', async () => {
    const row = (id: number, changes: Record<string, unknown> = {}) => ({ symbol: GPS, incomeType: 'FUNDING_FEE', income: '-0.0125', asset: 'USDT', info: '', time: 1_000 + id, tranId: id, tradeId: '', ...changes });
    const pages = [Array.from({ length: 1_000 }, (_, index) => row(1_000 - index)), [row(1_001), row(1_000), row(2_000, { symbol: '', incomeType: 'TRANSFER', income: '500', tranId: '9007199254740993' })]];
    stub.script('GET /fapi/v1/income', { body: pages[0] }, { body: pages[1] });
    const rows = await venueOn(stub).gateway.read('income', { since: 900 });
    expect(stub.requests.map(({ query }) => [query['startTime'], query['page']])).to.deep.equal([['900', '1'], ['900', '2']]);
    expect(rows).to.have.length(1_002);
    expect(rows[0]).to.deep.equal({ incomeId: `FUNDING_FEE/1/${GPS}`, type: 'FUNDING_FEE', symbol: GPS, amount: decimal('-0.0125'), asset: 'USDT', at: 1_001 });
    expect(rows.at(-1)).to.deep.include({ type: 'TRANSFER', symbol: undefined });
    expect(rows.map((one) => one.at)).to.deep.equal(rows.map((one) => one.at).toSorted((a, b) => a - b));
  });

  it('does not take income that cannot be read for none', async () => {
    stub.script('GET /fapi/v1/income', { body: [{ symbol: GPS, incomeType: 'FUNDING_FEE', income: 'a lot', asset: 'USDT', time: 1, tranId: 1 }] });
    expect((await thrownBy(venueOn(stub).gateway.read('income', { since: 1 }))).message).to.contain('income');
  });

  it('reads the hours between fundings of the symbols that have their own', async () => {
    stub.script('GET /fapi/v1/fundingInfo', { body: [{ symbol: BINANCE_LIFE, adjustedFundingRateCap: '0.02', adjustedFundingRateFloor: '-0.02', fundingIntervalHours: 4, disclaimer: false }] });
    expect(await venueOn(stub).gateway.read('fundingIntervals', {})).to.deep.equal(new Map([[BINANCE_LIFE, 4]]));
  });
});
