/** The market hears of liquidations: the largest of a symbol within a second, and of nothing else; over the wire, streams and REST tell the same. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { ForceOrders } from '../../src/paper/streams/force-orders.ts';
import { Topics } from '../../src/paper/streams/topics.ts';
import { TestExchange } from './core-kit.ts';
import { Client, Listeners, startForTest, type Json } from './kit.ts';

const exchange = new TestExchange('10', '1000000');

/** Real trades of the core, of an order under another client id. */
function traded(clientOrderId: string, quantity: string): readonly ExchangeEvent[] {
  exchange.move('10', 1);
  const before = exchange.events.length;
  exchange.order('BUY', quantity);
  return exchange.events.slice(before).flatMap((event) => (event.type === 'OrderTraded' ? [{ ...event, order: { ...event.order, clientOrderId } }] : []));
}

describe('paper exchange: forceOrder', () => {
  const heard: [string, Json][] = [];
  const topics = new Topics();
  const feed = new ForceOrders(topics);
  const listener = { route: 'market', events: null, publish: (stream: string, payload: string) => void heard.push([stream, JSON.parse(payload) as Json]) } as const;
  topics.add(listener, 'testusdt@forceOrder');
  topics.add(listener, '!forceOrder@arr');
  const second = (...events: (readonly ExchangeEvent[])[]) => {
    heard.length = 0;
    for (const one of events) feed.onEvents(one);
    feed.onSecond(5_000);
    return heard;
  };

  it('tells the largest of a second once, to who listens to its symbol and to who listens to all', () => {
    const [own, all, ...more] = second(traded('autoclose-1', '1'), traded('autoclose-2', '5'), traded('autoclose-3', '2'));
    expect(more).to.deep.equal([]);
    expect([own![0], all![0]]).to.deep.equal(['testusdt@forceOrder', '!forceOrder@arr']);
    expect(own![1]).to.deep.equal(all![1]).and.to.include({ e: 'forceOrder', E: 5_000 });
    expect(own![1]['o']).to.include({ s: 'TESTUSDT', S: 'BUY', q: '5', X: 'FILLED', z: '5' }).and.have.keys('s', 'S', 'o', 'f', 'q', 'p', 'ap', 'X', 'l', 'z', 'T');
    expect(second()).to.deep.equal([]);
  });

  it('shows an order of several trades as it is after the last one', () => {
    const trades = traded('autoclose-1', '200').filter((event) => event.type === 'OrderTraded');
    expect(trades.length).to.be.greaterThan(1);
    const last = trades.at(-1)!;
    expect(second(trades)[0]![1]['o']).to.include({ q: '200', z: '200', l: last.trade.quantity.toFixed(), X: 'FILLED' });
    expect(decimal('200').isEqualTo(last.order.filled)).to.equal(true);
  });

  it('says nothing of other orders', () => {
    expect(second(traded('x-15PC4ZJyV1', '1'), traded('adl_autoclose', '1'))).to.deep.equal([]);
  });
});

describe('paper exchange: a liquidation over the wire', () => {
  const symbol = '币安人生USDT';

  it('is told to its account, to the market and by REST, as the same order', async () => {
    const exchange = await startForTest();
    const listeners = new Listeners();
    try {
      const client = new Client(exchange.url);
      await client.control('POST', 'price', { symbol, price: '0.13000' });
      await client.signed('POST', '/fapi/v1/leverage', { symbol, leverage: 20 });
      await client.signed('POST', '/fapi/v1/marginType', { symbol, marginType: 'ISOLATED' });
      await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'MARKET', quantity: '1000' });
      await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '100', price: '0.12000' });
      const { liquidationPrice } = (await client.signed<Json[]>('GET', '/fapi/v3/positionRisk', { symbol })).json[0]!;
      expect(Number(liquidationPrice)).to.be.within(0.12, 0.13);
      const { listenKey } = (await client.raw('POST', '/fapi/v1/listenKey')).json;
      const user = await listeners.open(exchange, `/private/ws/${String(listenKey)}`);
      const own = await listeners.open(exchange, `/market/ws/${encodeURIComponent(symbol.toLowerCase())}@forceOrder`);
      const all = await listeners.open(exchange, '/market/ws/!forceOrder@arr');
      const elsewhere = await listeners.open(exchange, '/market/ws/gpsusdt@forceOrder');

      await client.control('POST', 'price', { symbol, price: (Number(liquidationPrice) + 0.0002).toFixed(5) });
      await user.until((message) => message['e'] === 'MARGIN_CALL');
      await client.control('POST', 'price', { symbol, price: '0.12100' });
      const isOrder = (x: string) => (message: Json) => message['e'] === 'ORDER_TRADE_UPDATE' && (message['o'] as Json)['x'] === x;
      const filled = (await user.until(isOrder('CALCULATED')))['o'] as Json;
      expect(filled).to.include({ s: symbol, S: 'SELL', X: 'FILLED', z: '1000', o: 'LIQUIDATION' });
      expect(filled['c']).to.match(/^autoclose-/);
      expect((await user.until(isOrder('CANCELED')))['o']).to.include({ q: '100', p: '0.12' });

      const told = await own.until(() => true);
      expect(told['e']).to.equal('forceOrder');
      expect(told['o']).to.include({ s: symbol, S: 'SELL', q: '1000', z: '1000', X: 'FILLED', ap: filled['ap'], p: filled['p'], T: filled['T'] });
      expect((await all.until(() => true))['o']).to.deep.equal(told['o']);
      const rows = (await client.signed<Json[]>('GET', '/fapi/v1/forceOrders', { autoCloseType: 'LIQUIDATION' })).json;
      expect(rows).to.have.length(1);
      expect(rows[0]).to.include({ symbol, orderId: filled['i'], clientOrderId: filled['c'], side: 'SELL', status: 'FILLED', executedQty: '1000', avgPrice: filled['ap'] });
      expect((await client.signed<Json[]>('GET', '/fapi/v1/forceOrders', { autoCloseType: 'ADL' })).json).to.deep.equal([]);

      const account = ((await client.control('GET', 'truth')).json['accounts'] as Json[])[0]!;
      expect([account['positions'], account['openOrders']]).to.deep.equal([[], []]);
      const income = (await client.signed<Json[]>('GET', '/fapi/v1/income', { limit: 1_000 })).json;
      expect(income.map(({ incomeType }) => incomeType)).to.include('INSURANCE_CLEAR');
      const booked = income.reduce((total, row) => total.plus(decimal(String(row['income']))), decimal('0'));
      expect(booked.isEqualTo(decimal(String(account['walletBalance'])))).to.equal(true);
      expect([own.messages.length, all.messages.length, elsewhere.messages.length]).to.deep.equal([1, 1, 0]);
    } finally {
      listeners.closeAll();
      await exchange.close();
    }
  });
});
