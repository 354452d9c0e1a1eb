/** The order client that the service uses, against the paper exchange: orders, fills, user stream, conditional orders, and a symbol that is not ASCII. */
import { expect } from 'chai';
import { USDMClient, WebsocketClient } from 'binance';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, closeSdk, startForTest, type Json } from './kit.ts';

const quiet = { trace() {}, info() {}, error() {} };

describe('paper exchange: the SDK', () => {
  let exchange: PaperExchange;
  let rest: USDMClient;
  let socket: WebsocketClient;
  const seen: Json[] = [];
  const waiting: { matches: (message: Json) => boolean; resolve: (message: Json) => void }[] = [];

  function until(matches: (message: Json) => boolean): Promise<Json> {
    const past = seen.find(matches);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => {
      waiting.push({ matches, resolve });
    });
  }

  before(async () => {
    exchange = await startForTest();
    const keys = { api_key: 'paper', api_secret: 'paper' };
    rest = new USDMClient({ ...keys, baseUrl: exchange.url, recvWindow: 5_000, disableTimeSync: true, filterUndefinedParams: true, beautifyResponses: false }, { timeout: 8_000 });
    socket = new WebsocketClient(
      {
        ...keys,
        beautify: false,
        wsUrl: exchange.url.replace('http', 'ws'),
        restOptions: { baseUrl: exchange.url },
        requestOptions: { timeout: 8_000 },
        pingInterval: 10_000,
        pongTimeout: 5_000,
        reconnectTimeout: 500,
      },
      quiet,
    );
    socket.on('message', (data) => {
      const message = ((data as unknown as Json)['data'] ?? data) as Json;
      seen.push(message);
      for (const waiter of waiting.filter(({ matches }) => matches(message))) waiter.resolve(message);
    });
  });

  after(async () => {
    closeSdk(socket);
    await exchange.close();
  });

  const id = (name: string) => `x-15PC4ZJy${name}`;
  const order = (params: Json) => rest.submitNewOrder(params as unknown as Parameters<USDMClient['submitNewOrder']>[0]) as unknown as Promise<Json>;
  const ofOrder = (name: string, execution: string) => (message: Json) => {
    const o = message['o'] as Json | undefined;
    return message['e'] === 'ORDER_TRADE_UPDATE' && o?.['c'] === id(name) && o['x'] === execution;
  };

  it('trades a symbol that is not ASCII from order to flat, and tells it on the user stream in order', async () => {
    const symbol = '币安人生USDT';
    const connected = new Promise<void>((resolve) => {
      socket.on('open', ({ wsKey }) => wsKey.endsWith('usdmPrivate') && resolve());
    });
    await socket.subscribeUsdFuturesUserDataStream();
    await connected;
    await rest.setLeverage({ symbol, leverage: 5 });
    await rest.setMarginType({ symbol, marginType: 'ISOLATED' });
    const { markPrice } = (await rest.getMarkPrice({ symbol })) as unknown as { markPrice: string };
    const limit = (Number(markPrice) * 1.003).toFixed(5);
    const quantity = String(Math.floor(200 / Number(limit)));
    const bought = await order({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'IOC', quantity, price: limit, newOrderRespType: 'RESULT', newClientOrderId: id('open') });
    expect(bought).to.include({ status: 'FILLED', executedQty: quantity, symbol });
    expect(bought).not.to.have.property('avgPrice');

    await until(ofOrder('open', 'TRADE'));
    const told = seen.filter((message) => message['e'] !== undefined).map((message) => message['e']);
    expect(told[0]).to.equal('ACCOUNT_CONFIG_UPDATE');
    const first = seen.findIndex(ofOrder('open', 'NEW'));
    const trade = seen.findIndex(ofOrder('open', 'TRADE'));
    expect(first).to.be.greaterThan(-1).and.lessThan(trade);

    const positions = (await rest.getPositionsV3({ symbol })) as unknown as Json[];
    expect(positions).to.have.length(1);
    expect(positions[0]).to.include({ symbol, positionAmt: quantity });
    const entry = Number(positions[0]!['entryPrice']);

    const stop = (await rest.submitNewAlgoOrder({
      algoType: 'CONDITIONAL', symbol, side: 'SELL', type: 'STOP_MARKET', quantity, triggerPrice: (entry * 0.98).toFixed(5), reduceOnly: 'true', workingType: 'MARK_PRICE', clientAlgoId: id('stop'),
    } as unknown as Parameters<USDMClient['submitNewAlgoOrder']>[0])) as unknown as Json;
    expect(stop).to.include({ algoStatus: 'NEW', clientAlgoId: id('stop') });
    expect(await rest.getOpenAlgoOrders({ symbol })).to.have.length(1);
    expect(await rest.getAllOpenOrders({ symbol })).to.have.length(0);

    const client = new Client(exchange.url);
    await client.control('POST', 'price', { symbol, price: (entry * 0.97).toFixed(5) });
    const finished = await until((message) => message['e'] === 'ALGO_UPDATE' && (message['o'] as Json)['X'] === 'FINISHED');
    expect(finished['o']).to.include({ caid: id('stop'), aid: stop['algoId'], aq: quantity });
    const asked = (await rest.getAlgoOrder({ clientAlgoId: id('stop') })) as unknown as Json;
    expect(asked).to.include({ algoStatus: 'FINISHED' });
    const actual = (await rest.getOrder({ symbol, orderId: Number(asked['actualOrderId']) })) as unknown as Json;
    expect(actual).to.include({ status: 'FILLED', executedQty: quantity, reduceOnly: true, type: 'MARKET' });
    expect(actual['clientOrderId']).not.to.equal(id('stop'));
    expect(await rest.getPositionsV3({ symbol })).to.have.length(0);

    const statuses = seen.filter((message) => message['e'] === 'ALGO_UPDATE').map((message) => (message['o'] as Json)['X']);
    expect(statuses).to.deep.equal(['NEW', 'TRIGGERING', 'TRIGGERED', 'FINISHED']);
  });

  it('streams marks, book and candles of a symbol that is not ASCII on the routes the SDK chooses', async () => {
    const streams = ['币安人生usdt@markPrice@1s', '币安人生usdt@bookTicker', '币安人生usdt@kline_1m'];
    await socket.subscribe(streams, 'usdm');
    for (const event of ['markPriceUpdate', 'bookTicker', 'kline']) {
      const message = await until((candidate) => candidate['e'] === event);
      expect(message['s']).to.equal('币安人生USDT');
    }
  });
});
