/** The REST wire: who may ask, what is missing or wrong, what is counted, and answers in the venue's own fields. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../src/supervision/clock.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { NO_LIMITS, VENUE_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { sign } from '../../src/paper/wire/signature.ts';
import { Client, hmac, query, startForTest, type Json } from './kit.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';

const SYMBOL = 'GPSUSDT';

describe('paper exchange: wire', () => {
  let exchange: PaperExchange & { logs: { message: string }[] };
  let client: Client;

  before(async () => {
    exchange = await startForTest({ limits: NO_LIMITS });
    client = new Client(exchange.url);
  });
  after(() => exchange.close());

  const order = (params: Json) => client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000', ...params });
  const limit = (params: Json) => order({ type: 'LIMIT', timeInForce: 'GTC', price: '0.009', ...params });
  const algo = (params: Json) => client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: '1000', triggerPrice: '0.005', reduceOnly: 'true', ...params });

  it('signs the documented example as documented', () => {
    const text = 'symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943';
    const secret = '2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9';
    const expected = '3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9';
    expect(sign(secret, text, '')).to.equal(expected);
    expect(sign(secret, '', text)).to.equal(expected);
    expect(sign(secret, `${text.slice(0, 40)}&signature=x`, text.slice(40))).to.equal(expected);
  });

  it('takes signed parameters in the query, in the body, or in both, and an upper-case signature', async () => {
    const text = query({ symbol: SYMBOL, leverage: 7, timestamp: Date.now() });
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const inBody = await client.raw('POST', '/fapi/v1/leverage', { body: `${text}&signature=${hmac('paper', text).toUpperCase()}`, headers: form });
    expect([inBody.status, inBody.json['leverage']]).to.deep.equal([200, 7]);
    const [first, second] = [query({ symbol: SYMBOL, leverage: 8 }), query({ leverage: 9, timestamp: Date.now() })];
    const mixed = await client.raw('POST', `/fapi/v1/leverage?${first}`, { body: `${second}&signature=${hmac('paper', first + second)}`, headers: form });
    expect([mixed.status, mixed.json['leverage']]).to.deep.equal([200, 8]);
  });

  it('refuses a wrong signature (−1022), a missing one (−1102), no key (401, −2014) and an unknown one (401, −2015)', async () => {
    const text = query({ timestamp: Date.now() });
    expect((await client.raw('GET', `/fapi/v3/balance?${text}&signature=${hmac('other', text)}`)).json['code']).to.equal(-1022);
    expect((await client.raw('GET', `/fapi/v3/balance?${text}`)).json['code']).to.equal(-1102);
    const keyless = await fetch(`${exchange.url}/fapi/v3/balance?${text}`);
    expect([keyless.status, ((await keyless.json()) as Json)['code']]).to.deep.equal([401, -2014]);
    const stranger = await new Client(exchange.url, 'nobody').signed('GET', '/fapi/v3/balance');
    expect([stranger.status, stranger.json['code']]).to.deep.equal([401, -2015]);
  });

  it('refuses a late and an early timestamp with their own texts (−1021), by the clock that a test may skew', async () => {
    await client.control('POST', 'clock', { offsetMs: 60_000 });
    const late = await client.signed('GET', '/fapi/v3/balance');
    await client.control('POST', 'clock', { offsetMs: -60_000 });
    const early = await client.signed('GET', '/fapi/v3/balance');
    await client.control('POST', 'clock', { offsetMs: 0 });
    expect(late.json).to.deep.equal({ code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' });
    expect(early.json).to.deep.equal({ code: -1021, msg: "Timestamp for this request was 1000ms ahead of the server's time." });
    expect((await client.signed('GET', '/fapi/v3/balance')).status).to.equal(200);
  });

  it('answers a path it does not serve as the venue answers an unknown one', async () => {
    const { status, json } = await client.raw('GET', '/fapi/v1/nonsense?a=1');
    expect([status, json]).to.deep.equal([404, { code: -5000, msg: 'Path /fapi/v1/nonsense, Method GET is invalid' }]);
    expect((await client.raw('PATCH', '/fapi/v1/order')).status).to.equal(404);
  });

  it('answers each faulty order with its code', async () => {
    const codes: [Promise<{ json: Json }>, number][] = [
      [order({ symbol: 'NOPEUSDT' }), -1121],
      [order({ symbol: undefined }), -1102],
      [order({ side: 'HOLD' }), -1117],
      [order({ type: 'FANCY' }), -1116],
      [order({ type: 'STOP_MARKET' }), -4120],
      [order({ type: 'TRAILING_STOP_MARKET' }), -4120],
      [order({ quantity: undefined }), -1102],
      [order({ quantity: 'undefined' }), -1102],
      [order({ quantity: '1e3' }), -1102],
      [order({ quantity: '1000.5' }), -1111],
      [order({ price: '0.009' }), -1106],
      [order({ positionSide: 'LONG' }), -4061],
      [order({ reduceOnly: 'perhaps' }), -1130],
      [order({ reduceOnly: 'true' }), -2022],
      [order({ priceMatch: 'QUEUE' }), -1130],
      [limit({ price: undefined }), -1102],
      [limit({ timeInForce: undefined }), -1102],
      [limit({ timeInForce: 'GTD' }), -1102],
      [limit({ timeInForce: 'GTD', goodTillDate: 1 }), -5040],
      [limit({ price: '0.0090005' }), -4014],
      [limit({ newClientOrderId: 'x'.repeat(37) }), -4015],
      [algo({ algoType: 'OTHER' }), -1130],
      [algo({ type: 'TRAILING_STOP_MARKET' }), -1106],
      [algo({ type: 'TRAILING_STOP_MARKET', triggerPrice: undefined }), -1102],
      [algo({ type: 'TRAILING_STOP_MARKET', triggerPrice: undefined, callbackRate: '20.1' }), -1130],
      [algo({ callbackRate: '1' }), -1106],
      [algo({ triggerPrice: undefined }), -1102],
      [algo({ triggerPrice: '0.5' }), -2021],
      [algo({ closePosition: 'true', reduceOnly: undefined }), -4137],
      [algo({ closePosition: 'true', quantity: undefined }), -1106],
      [client.signed('GET', '/fapi/v1/order', { symbol: SYMBOL, orderId: 1 }), -2013],
      [client.signed('GET', '/fapi/v1/order', { symbol: SYMBOL }), -1102],
      [client.signed('DELETE', '/fapi/v1/order', { symbol: SYMBOL, orderId: 1 }), -2011],
      [client.signed('DELETE', '/fapi/v1/algoOrder', { algoId: 1 }), -2011],
      [client.signed('POST', '/fapi/v1/leverage', { symbol: SYMBOL, leverage: 126 }), -4028],
      [client.signed('POST', '/fapi/v1/marginType', { symbol: SYMBOL, marginType: 'CROSSED' }), -4046],
      [client.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'false' }), -4059],
      [client.signed('POST', '/fapi/v1/multiAssetsMargin', { multiAssetsMargin: 'true' }), -1130],
      [client.signed('GET', '/fapi/v3/balance', { recvWindow: 60_001 }), -1131],
      [client.get('/fapi/v1/klines', { symbol: SYMBOL, interval: '7m' }), -1120],
      [client.raw('GET', '/fapi/v1/klines?symbol=%E5%B8'), -1100],
      [client.raw('PUT', '/fapi/v1/listenKey'), -1125],
    ];
    const answered = await Promise.all(codes.map(async ([answer, code]) => [(await answer).json['code'], code]));
    for (const [index, [got, expected]] of answered.entries()) expect(got, `case ${index}`).to.equal(expected);
  });

  it('answers orders without average and quote, queries with them, and the default ACK as NEW', async () => {
    const ack = await order({ newClientOrderId: 'ack' });
    expect(ack.json).to.include({ status: 'NEW', executedQty: '0', clientOrderId: 'ack', origQty: '1000' });
    expect(ack.json).not.to.have.any.keys('avgPrice', 'cumQuote');
    const asked = await client.signed('GET', '/fapi/v1/order', { symbol: SYMBOL, origClientOrderId: 'ack' });
    expect(asked.json).to.include({ status: 'FILLED', executedQty: '1000' });
    expect(Number(asked.json['avgPrice'])).to.be.greaterThan(0);
    expect(ack.headers.get('x-mbx-order-count-10s')).to.match(/^\d+$/);
    const trades = await client.signed<Json[]>('GET', '/fapi/v1/userTrades', { symbol: SYMBOL });
    expect(trades.json.reduce((total, trade) => total + Number(trade['qty']), 0)).to.equal(1_000);
  });

  it('cancels all open orders and all conditional orders, each apart from the other', async () => {
    await limit({});
    await algo({});
    await client.signed('DELETE', '/fapi/v1/allOpenOrders', { symbol: SYMBOL });
    expect((await client.signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol: SYMBOL })).json).to.have.length(0);
    expect((await client.signed<Json[]>('GET', '/fapi/v1/openAlgoOrders')).json).to.have.length(1);
    await client.signed('DELETE', '/fapi/v1/algoOpenOrders', { symbol: SYMBOL });
    expect((await client.signed<Json[]>('GET', '/fapi/v1/openAlgoOrders')).json).to.have.length(0);
    expect((await client.signed<Json[]>('GET', '/fapi/v1/allAlgoOrders', { symbol: SYMBOL })).json).to.have.length(1);
  });

  it('keeps balance, account, positions, income and truth to one ledger', async () => {
    const [balance, v2, v3, income, truth] = await Promise.all([
      client.signed<Json[]>('GET', '/fapi/v3/balance'),
      client.signed('GET', '/fapi/v2/account'),
      client.signed('GET', '/fapi/v3/account'),
      client.signed<Json[]>('GET', '/fapi/v1/income'),
      client.control('GET', 'truth'),
    ]);
    const account = (truth.json['accounts'] as Json[])[0]!;
    const wallet = Number(account['walletBalance']);
    expect(Number(balance.json[0]!['balance'])).to.be.closeTo(wallet, 1e-8);
    expect(Number(v3.json['totalWalletBalance'])).to.be.closeTo(wallet, 1e-8);
    expect(income.json.reduce((total, row) => total + Number(row['income']), 0)).to.be.closeTo(wallet, 1e-6);
    expect(v2.json).to.include({ feeBurn: false, canTrade: true, multiAssetsMargin: false });
    expect(v2.json['positions']).to.have.length(SYNTHETIC_SYMBOLS.length);
    expect(account).to.include.keys('positions', 'openOrders', 'openAlgoOrders', 'orders', 'trades');
  });

  it('serves market data for all symbols, in the venue\'s fields', async () => {
    const info = await client.get('/fapi/v1/exchangeInfo');
    const symbols = (info.json['symbols'] as Json[]).map((row) => row['symbol']);
    expect(symbols).to.have.length(SYNTHETIC_SYMBOLS.length).and.include.members(['币安人生USDT', 'BTCUSDT', 'ETHUSDT']);
    const day = await client.get<Json[]>('/fapi/v1/ticker/24hr');
    expect(day.json.filter((row) => Math.abs(Number(row['priceChangePercent'])) > 2)).to.have.length.of.at.least(5);
    const klines = await client.get<unknown[][]>('/fapi/v1/klines', { symbol: '币安人生USDT', interval: '15m', limit: 20 });
    expect(klines.json).to.have.length(20);
    const times = klines.json.map((row) => Number(row[0]));
    expect(times.every((time, index) => index === 0 || time - times[index - 1]! === 900_000)).to.equal(true);
    const depth = await client.get('/fapi/v1/depth', { symbol: SYMBOL, limit: 5 });
    const [bids, asks] = [depth.json['bids'] as string[][], depth.json['asks'] as string[][]];
    expect([bids.length, asks.length]).to.deep.equal([5, 5]);
    expect(Number(bids[0]![0])).to.be.lessThan(Number(asks[0]![0]));
    const premium = (await client.get('/fapi/v1/premiumIndex', { symbol: SYMBOL })).json;
    expect(premium).to.include({ symbol: SYMBOL, interestRate: '0.00010000' }).and.have.all.keys('symbol', 'markPrice', 'indexPrice', 'estimatedSettlePrice', 'lastFundingRate', 'interestRate', 'nextFundingTime', 'time');
    const [mark, index, settle] = ['markPrice', 'indexPrice', 'estimatedSettlePrice'].map((field) => Number(premium[field])) as [number, number, number];
    expect(mark / index).to.be.closeTo(1, 0.0045);
    expect(settle / index).to.be.closeTo(1, 0.05);
    expect(Math.abs(Number(premium['lastFundingRate']))).to.be.lessThan(0.004);
  });

  it('serves open interest of a symbol in whole steps, and signs the agreement that changes nothing', async () => {
    const { json } = await client.get('/fapi/v1/openInterest', { symbol: SYMBOL });
    expect(json).to.include({ symbol: SYMBOL });
    expect(json['openInterest']).to.match(/^[1-9]\d*$/);
    expect((await client.get('/fapi/v1/openInterest', { symbol: 'NOPE' })).json).to.include({ code: -1121 });
    expect((await client.signed('POST', '/fapi/v1/stock/contract')).json).to.include({ code: 200 });
  });

  it('serves the tape: trades by themselves and aggregated, the same to the last digit, in parts by id and by time', async () => {
    for (const price of ['0.0086', '0.0087', '0.0086']) await client.control('POST', 'price', { symbol: SYMBOL, price });
    const trades = (await client.get<Json[]>('/fapi/v1/trades', { symbol: SYMBOL, limit: 1_000 })).json;
    const aggregates = (await client.get<Json[]>('/fapi/v1/aggTrades', { symbol: SYMBOL, limit: 1_000 })).json;
    expect(trades.at(-1)).to.have.all.keys('id', 'price', 'qty', 'quoteQty', 'time', 'isBuyerMaker', 'isRPITrade');
    expect(aggregates.at(-1)).to.have.all.keys('a', 'p', 'q', 'nq', 'f', 'l', 'T', 'm');
    for (const { f, l, q, p } of aggregates) {
      const within = trades.filter(({ id }) => Number(id) >= Number(f) && Number(id) <= Number(l));
      expect(within.map(({ price }) => price)).to.deep.equal(within.map(() => p));
      expect(within.reduce((total, { qty }) => total + Number(qty), 0)).to.equal(Number(q));
    }
    const from = aggregates.at(-2)!['a'];
    const part = (await client.get<Json[]>('/fapi/v1/aggTrades', { symbol: SYMBOL, fromId: from, limit: 1 })).json;
    expect(part).to.deep.equal([aggregates.at(-2)]);
    expect((await client.get<Json[]>('/fapi/v1/aggTrades', { symbol: SYMBOL, endTime: 1 })).json).to.deep.equal([]);
    expect((await client.get('/fapi/v1/aggTrades', { symbol: SYMBOL, startTime: 2, endTime: 1 })).json).to.include({ code: -1130 });
    expect((await client.get<Json[]>('/fapi/v1/historicalTrades', { symbol: SYMBOL, fromId: trades[0]!['id'], limit: 2 })).json).to.deep.equal(trades.slice(0, 2));
    expect((await client.get('/fapi/v1/trades', { symbol: SYMBOL, limit: 1_001 })).json).to.include({ code: -1130 });
    expect((await client.get('/fapi/v1/trades', { symbol: 'NOPE' })).json).to.include({ code: -1121 });
  });

  it('serves the funding that was settled, and none before there was any', async () => {
    expect((await client.get<Json[]>('/fapi/v1/fundingRate', { symbol: SYMBOL })).json).to.deep.equal([]);
    await client.control('POST', 'clock', { offsetMs: 8 * 3_600_000 });
    let rows: Json[] = [];
    while (rows.length === 0) ({ json: rows } = await client.get<Json[]>('/fapi/v1/fundingRate', { symbol: SYMBOL }));
    await client.control('POST', 'clock', { offsetMs: 0 });
    expect(rows[0]).to.have.all.keys('symbol', 'fundingTime', 'fundingRate', 'markPrice', 'rateType');
    expect(Number(rows[0]!['fundingTime']) % (8 * 3_600_000)).to.equal(0);
    expect((await client.get<Json[]>('/fapi/v1/fundingRate')).json.length).to.equal(SYNTHETIC_SYMBOLS.length);
    expect((await client.get<Json[]>('/fapi/v1/fundingRate', { endTime: 1 })).json).to.deep.equal([]);
    expect((await client.get('/fapi/v1/fundingRate', { symbol: 'NOPE' })).json).to.include({ code: -1121 });
  });

  it('survives broken requests and huge bodies', async () => {
    const huge = await fetch(`${exchange.url}/fapi/v1/order`, { method: 'POST', body: 'x'.repeat(2_000_000) }).then((answer) => answer.status, () => 'closed');
    expect(huge).to.be.oneOf([413, 'closed']);
    const { port, hostname } = new URL(exchange.url);
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write('NOT HTTP AT ALL\r\n\r\n'));
      socket.once('data', (data) => resolve(String(data)));
    });
    expect(reply).to.match(/^HTTP\/1.1 400/);
    expect((await client.raw('POST', '/paper/v1/price', { body: '{' })).status).to.equal(400);
    expect((await client.get('/fapi/v1/ping')).json).to.deep.equal({});
    expect(exchange.logs.some((line) => line.message.includes('failed'))).to.equal(false);
  });
});

describe('paper exchange: rate limits', () => {
  it('counts weight, answers 429 with Retry-After beyond the limit, and bans (418) who goes on', async () => {
    // The count is by clock minutes: in one that stands still no boundary comes in between.
    const now = systemClock.now();
    const exchange = await startForTest({ clock: { ...systemClock, now: () => now }, limits: { ...VENUE_LIMITS, weightPerMinute: 50 } });
    try {
      const client = new Client(exchange.url);
      const first = await client.get('/fapi/v1/ping');
      expect(Number(first.headers.get('x-mbx-used-weight-1m'))).to.be.greaterThan(0);
      await client.get('/fapi/v1/ticker/24hr');
      let refused = await client.get('/fapi/v1/ticker/24hr');
      expect([refused.status, refused.json['code']]).to.deep.equal([429, -1003]);
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60);
      for (let i = 0; i < 120 && refused.status === 429; i++) refused = await client.get('/fapi/v1/ticker/24hr');
      expect([refused.status, refused.json['code']]).to.deep.equal([418, -1003]);
    } finally {
      await exchange.close();
    }
  });

  it('lets five hundred requests for funding data through in five minutes, without weight', async () => {
    const now = systemClock.now();
    const exchange = await startForTest({ clock: { ...systemClock, now: () => now } });
    try {
      const client = new Client(exchange.url);
      const ask = () => client.get('/fapi/v1/fundingInfo');
      for (let i = 0; i < 499; i++) await ask();
      const last = await ask();
      expect([last.status, last.headers.get('x-mbx-used-weight-1m')]).to.deep.equal([200, '0']);
      const refused = await ask();
      expect([refused.status, refused.json['code']]).to.deep.equal([429, -1003]);
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 300);
    } finally {
      await exchange.close();
    }
  });

  it('counts orders by account and answers −1015 beyond the limit', async () => {
    const exchange = await startForTest({ limits: { ...VENUE_LIMITS, ordersPerMinute: 1 } });
    try {
      const client = new Client(exchange.url);
      const place = () => client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000' });
      const answers = [await place(), await place(), await place()];
      expect(answers.some(({ status, json }) => status === 429 && json['code'] === -1015)).to.equal(true);
    } finally {
      await exchange.close();
    }
  });
});
