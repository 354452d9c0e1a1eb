/** Orders that change or run out: amendments in place, GTD, and margin moved into an isolated position. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { accountMargin } from '../../src/paper/core/margin.ts';
import type { Order } from '../../src/paper/core/model.ts';
import { positionOf } from '../../src/paper/core/state.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';

function amend(exchange: TestExchange, { orderId, side }: Pick<Order, 'orderId' | 'side'>, quantity: string, price: string): number {
  const name = { symbol: RULES.symbol, orderId, clientOrderId: null };
  return exchange.code(() => exchange.run({ type: 'AmendOrder', account: 'a', amendment: { name, side, quantity: decimal(quantity), price: decimal(price) } }));
}

const now = (exchange: TestExchange, order: Order) => exchange.own.orders.get(order.orderId)!;

describe('paper exchange core: amendments', () => {
  it('changes price and quantity in place, told as AMENDMENT, under the same id', () => {
    const exchange = new TestExchange();
    const order = exchange.order('BUY', '5', { at: '9' });
    expect(amend(exchange, order, '6', '9.5')).to.equal(0);
    const { status, price, quantity, clientOrderId } = now(exchange, order);
    expect([status, price.toFixed(), quantity.toFixed(), clientOrderId]).to.deep.equal(['NEW', '9.5', '6', order.clientOrderId]);
    const [message] = userMessages(exchange.state, exchange.events.at(-1)!).messages;
    expect(message!.payload['o']).to.include({ x: 'AMENDMENT', X: 'NEW', p: '9.5', q: '6', i: order.orderId });
    exchange.move('9.4');
    expect(now(exchange, order).status).to.equal('FILLED');
  });

  it('takes at once when the new price meets the market', () => {
    const exchange = new TestExchange();
    const order = exchange.order('BUY', '5', { at: '9' });
    expect(amend(exchange, order, '5', '10.05')).to.equal(0);
    expect([now(exchange, order).status, exchange.own.trades[0]!.price.toFixed()]).to.deep.equal(['FILLED', '10.01']);
  });

  it('refuses what a new order would be refused, and an amendment that changes nothing (−5027), with the order as it was', () => {
    const exchange = new TestExchange('10', '100');
    const order = exchange.order('BUY', '5', { at: '9' });
    const cases = [['5', '9', -5027], ['5', '9.001', -4014], ['5.05', '9', -4023], ['0.5', '9', -5029], ['5', '11.5', -4016], ['5', '0', -4001], ['5000', '9', -2019]] as const;
    for (const [quantity, price, code] of cases) expect(amend(exchange, order, quantity, price), price).to.equal(code);
    expect(amend(exchange, { ...order, side: 'SELL' }, '6', '9')).to.equal(-1117);
    expect(now(exchange, order)).to.deep.equal(order);
    exchange.run({ type: 'CancelAllOrders', account: 'a', symbol: RULES.symbol });
    expect(amend(exchange, order, '6', '9')).to.equal(-2013);
  });

  it('asks for the margin of the difference only', () => {
    const exchange = new TestExchange('10', '10');
    const order = exchange.order('BUY', '18', { at: '10' });
    expect(amend(exchange, order, '19', '10')).to.equal(0);
    expect(amend(exchange, order, '21', '10')).to.equal(-2019);
  });

  it('cancels an order that is filled that far already, and a GTX order that would take', () => {
    const exchange = new TestExchange('10', '1000000');
    const order = exchange.order('BUY', '2000', { at: '9.5' });
    exchange.move('9.49', 5);
    const { filled } = now(exchange, order);
    expect(amend(exchange, order, filled.toFixed(), '9.5')).to.equal(0);
    expect(now(exchange, order).status).to.equal('CANCELED');
    const poster = exchange.order('BUY', '5', { at: '9', timeInForce: 'GTX' });
    expect(amend(exchange, poster, '5', '9.6')).to.equal(0);
    expect(now(exchange, poster).status).to.equal('CANCELED');
  });

  it('keeps a reduce-only order within its position (−2022)', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '5');
    const order = exchange.order('SELL', '3', { at: '11', reduceOnly: true });
    expect(amend(exchange, order, '5', '11')).to.equal(0);
    expect(amend(exchange, order, '5.1', '11')).to.equal(-2022);
  });
});

describe('paper exchange core: GTD', () => {
  it('rests until its time, then expires; a time nearer than ten minutes is refused', () => {
    const exchange = new TestExchange();
    expect(exchange.code(() => exchange.order('BUY', '1', { at: '9', timeInForce: 'GTD', goodTillDate: 600_000 }))).to.equal(-5040);
    const order = exchange.order('BUY', '1', { at: '9', timeInForce: 'GTD', goodTillDate: 700_000 });
    exchange.run({ type: 'PassTime' });
    expect(now(exchange, order).status).to.equal('NEW');
    exchange.passTo(699_999);
    expect(now(exchange, order).status).to.equal('NEW');
    exchange.passTo(700_000);
    expect(now(exchange, order).status).to.equal('EXPIRED');
  });
});

describe('paper exchange core: margin of an isolated position', () => {
  const move = (exchange: TestExchange, amount: string) => exchange.code(() => exchange.run({ type: 'MovePositionMargin', account: 'a', symbol: RULES.symbol, positionSide: 'BOTH', amount: decimal(amount) }));

  it('moves in and out, within what is free (−4050) and what the position needs (−4051), and moves the liquidation price', () => {
    const exchange = new TestExchange();
    expect(move(exchange, '1')).to.equal(-4049);
    exchange.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType: 'ISOLATED' });
    expect(move(exchange, '1')).to.equal(-4054);
    exchange.order('BUY', '100');
    const before = accountMargin(exchange.state, exchange.own);
    expect(move(exchange, '20.5')).to.equal(0);
    const after = accountMargin(exchange.state, exchange.own);
    expect(after.positions[0]!.position.isolatedWallet.minus(before.positions[0]!.position.isolatedWallet).toFixed()).to.equal('20.5');
    expect([after.walletBalance.toFixed(), after.crossWallet.plus(decimal('20.5')).toFixed()]).to.deep.equal([before.walletBalance.toFixed(), before.crossWallet.toFixed()]);
    expect(after.positions[0]!.liquidationPrice.isLessThan(before.positions[0]!.liquidationPrice)).to.equal(true);
    expect([move(exchange, '100000'), move(exchange, '-30'), move(exchange, '0')]).to.deep.equal([-4050, -4051, -4055]);
    expect(move(exchange, '-10')).to.equal(0);
    expect(positionOf(exchange.own, RULES.symbol).isolatedWallet.minus(before.positions[0]!.position.isolatedWallet).toFixed()).to.equal('10.5');
    const [update] = userMessages(exchange.state, exchange.events.at(-1)!).messages;
    expect((update!.payload['a'] as Json)['m']).to.equal('MARGIN_TRANSFER');
  });
});

describe('paper exchange: amendments on the wire', () => {
  it('amends, answers without average and quote, moves margin, and keeps all of it over a restart', async () => {
    const { dir, remove } = temporaryDirectory();
    let exchange = await startForTest({ stateDir: dir });
    let client = new Client(exchange.url);
    const symbol = 'GPSUSDT';
    try {
      const placed = await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTD', goodTillDate: Date.now() + 3_600_999, quantity: '1000', price: '0.008' });
      expect(Number(placed.json['goodTillDate']) % 1_000).to.equal(0);
      const amended = await client.signed('PUT', '/fapi/v1/order', { symbol, side: 'BUY', orderId: placed.json['orderId'], quantity: '2000', price: '0.0081' });
      expect(amended.json).to.include({ orderId: placed.json['orderId'], status: 'NEW', origQty: '2000', price: '0.0081', pair: symbol, timeInForce: 'GTD' });
      expect(amended.json).not.to.have.any.keys('avgPrice', 'cumQuote');
      expect((await client.signed('PUT', '/fapi/v1/order', { symbol, side: 'BUY', orderId: placed.json['orderId'], quantity: '2000', price: '0.0081' })).json['code']).to.equal(-5027);
      const other = '币安人生USDT';
      await client.signed('POST', '/fapi/v1/marginType', { symbol: other, marginType: 'ISOLATED' });
      await client.signed('POST', '/fapi/v1/order', { symbol: other, side: 'BUY', type: 'MARKET', quantity: '1000' });
      expect((await client.signed('POST', '/fapi/v1/positionMargin', { symbol: other, amount: '5', type: 1 })).json).to.deep.equal({ code: 200, msg: 'Successfully modify position margin.', amount: 5, type: 1 });
      expect((await client.signed('POST', '/fapi/v1/positionMargin', { symbol: other, amount: '5', type: 3 })).json['code']).to.equal(-1130);
      const risk = async () => (await client.signed<Json[]>('GET', '/fapi/v3/positionRisk', { symbol: other })).json.map((row) => row['isolatedWallet']);
      const history = async () => (await client.signed<Json[]>('GET', '/fapi/v1/positionMargin/history', { symbol: other })).json;
      const before = [await risk(), await history(), (await client.signed<Json[]>('GET', '/fapi/v1/openOrders')).json];
      expect((before[1] as Json[])[0]).to.include({ symbol: other, type: 1, deltaType: 'USER_ADJUST', amount: '5', asset: 'USDT', positionSide: 'BOTH' });
      await exchange.close();
      exchange = await startForTest({ stateDir: dir });
      client = new Client(exchange.url);
      expect([await risk(), await history(), (await client.signed<Json[]>('GET', '/fapi/v1/openOrders')).json]).to.deep.equal(before);
    } finally {
      await exchange.close();
      remove();
    }
  });
});
