/** Hedge mode: two legs a symbol that know nothing of each other, in the core, on the wire and in the user stream. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { accountMargin } from '../../src/paper/core/margin.ts';
import type { PositionSide } from '../../src/paper/core/model.ts';
import { positionOf } from '../../src/paper/core/state.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';

function hedged(): TestExchange {
  const exchange = new TestExchange();
  exchange.run({ type: 'SetPositionMode', account: 'a', dualSide: true });
  return exchange;
}

const leg = (exchange: TestExchange, side: PositionSide) => positionOf(exchange.own, RULES.symbol, side).amount.toFixed();
const LONG = { positionSide: 'LONG' } as const;
const SHORT = { positionSide: 'SHORT' } as const;

describe('paper exchange: hedge mode in the core', () => {
  it('is changed only to another mode (−4059), without open orders (−4067) and without a position (−4068)', () => {
    const exchange = new TestExchange();
    const set = (dualSide: boolean) => exchange.code(() => exchange.run({ type: 'SetPositionMode', account: 'a', dualSide }));
    expect(set(false)).to.equal(-4059);
    exchange.order('BUY', '1', { at: '9' });
    expect(set(true)).to.equal(-4067);
    exchange.run({ type: 'CancelAllOrders', account: 'a', symbol: RULES.symbol });
    exchange.algo('SELL', 'STOP_MARKET', '9.5');
    expect(set(true)).to.equal(-4067);
    exchange.run({ type: 'CancelAllAlgos', account: 'a', symbol: RULES.symbol });
    exchange.order('BUY', '1');
    expect(set(true)).to.equal(-4068);
    exchange.order('SELL', '1');
    expect([set(true), set(true), set(false)]).to.deep.equal([0, -4059, 0]);
  });

  it('keeps both legs apart: entries, realised profit and margin', () => {
    const exchange = hedged();
    exchange.order('BUY', '3', LONG);
    exchange.order('SELL', '2', SHORT);
    expect([leg(exchange, 'LONG'), leg(exchange, 'SHORT'), exchange.amount]).to.deep.equal(['3', '-2', '0']);
    const rows = accountMargin(exchange.state, exchange.own).positions;
    expect(rows.map((row) => [row.position.positionSide, row.position.entryPrice.toFixed(), row.positionInitialMargin.toFixed()])).to.deep.equal([['LONG', '10.01', '1.5'], ['SHORT', '10', '1']]);
    exchange.move('11');
    exchange.order('SELL', '3', LONG);
    expect(exchange.own.trades.at(-1)!.realised.toFixed()).to.equal('2.97');
    expect([leg(exchange, 'LONG'), leg(exchange, 'SHORT')]).to.deep.equal(['0', '-2']);
  });

  it('refuses a side that is not of the mode (−4061), reduceOnly (−1106), and closing more than the leg has (−2022)', () => {
    const exchange = hedged();
    exchange.order('BUY', '1', LONG);
    expect(exchange.code(() => exchange.order('BUY', '1'))).to.equal(-4061);
    expect(exchange.code(() => exchange.algo('SELL', 'STOP_MARKET', '9.5'))).to.equal(-4061);
    expect(exchange.code(() => exchange.order('SELL', '1', { ...LONG, reduceOnly: true }))).to.equal(-1106);
    expect(exchange.code(() => exchange.order('SELL', '1.1', LONG))).to.equal(-2022);
    expect(exchange.code(() => exchange.order('BUY', '1', SHORT))).to.equal(-2022);
    exchange.order('SELL', '0.6', { ...LONG, at: '12' });
    expect(exchange.code(() => exchange.order('SELL', '0.5', LONG))).to.equal(-2022);
    expect(exchange.code(() => exchange.order('SELL', '0.4', LONG))).to.equal(0);
    const oneWay = new TestExchange();
    expect(oneWay.code(() => oneWay.order('BUY', '1', LONG))).to.equal(-4061);
  });

  it('expires the closing orders of a leg that is gone, and leaves the other leg alone', () => {
    const exchange = hedged();
    exchange.order('BUY', '2', LONG);
    exchange.order('SELL', '2', SHORT);
    const tied = exchange.algo('SELL', 'STOP_MARKET', '9', { ...LONG, reduceOnly: false, timeInForce: 'GTE_GTC' });
    const other = exchange.order('BUY', '1', { ...SHORT, at: '9' });
    exchange.order('SELL', '2', LONG);
    expect([exchange.own.algos.get(tied)!.status, exchange.own.orders.get(other.orderId)!.status]).to.deep.equal(['EXPIRED', 'NEW']);
  });

  it('triggers conditional orders on their own leg, closePosition too, once a direction and leg (−4130)', () => {
    const exchange = hedged();
    exchange.order('BUY', '2', LONG);
    exchange.order('SELL', '2', SHORT);
    const close = { closePosition: true, quantity: null, reduceOnly: false };
    exchange.algo('SELL', 'STOP_MARKET', '9.5', { ...LONG, ...close });
    expect(exchange.code(() => exchange.algo('SELL', 'STOP_MARKET', '9.4', { ...LONG, ...close }))).to.equal(-4130);
    expect(exchange.code(() => exchange.algo('BUY', 'STOP_MARKET', '11', { ...SHORT, ...close }))).to.equal(0);
    exchange.move('9.5');
    expect([leg(exchange, 'LONG'), leg(exchange, 'SHORT')]).to.deep.equal(['0', '-2']);
  });

  it('has one liquidation price for both crossed legs of a symbol, and one each when isolated', () => {
    const exchange = hedged();
    exchange.order('BUY', '400', LONG);
    exchange.order('SELL', '100', SHORT);
    const prices = accountMargin(exchange.state, exchange.own).positions.map((row) => row.liquidationPrice);
    expect(prices[0]!.toFixed()).to.equal(prices[1]!.toFixed());
    const isolated = hedged();
    isolated.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType: 'ISOLATED' });
    isolated.order('BUY', '4', LONG);
    isolated.order('SELL', '1', SHORT);
    const [long, short] = accountMargin(isolated.state, isolated.own).positions.map((row) => row.liquidationPrice);
    expect([long!.isLessThan(decimal('10')), short!.isGreaterThan(decimal('10'))]).to.deep.equal([true, true]);
  });

  it('pays funding for each leg, and names the leg in the user stream', () => {
    const exchange = hedged();
    exchange.order('BUY', '2', LONG);
    const traded = exchange.order('SELL', '2', SHORT);
    const { events } = exchange.run({ type: 'SettleFunding', symbol: RULES.symbol, fundingTime: 0, rate: decimal('0.001'), mark: decimal('10') });
    expect(exchange.own.incomes.map(({ amount, positionSide }) => [positionSide, amount.toFixed()])).to.deep.equal([['LONG', '-0.02'], ['SHORT', '0.02']]);
    expect(events).to.have.length(3);
    const fill = exchange.events.find((event) => event.type === 'OrderTraded' && event.order.orderId === traded.orderId)!;
    const [, account, order] = userMessages(exchange.state, fill).messages.map(({ payload }) => payload);
    expect([(account!['a'] as { P: Json[] }).P[0]!['ps'], (order!['o'] as Json)['ps']]).to.deep.equal(['SHORT', 'SHORT']);
  });
});

describe('paper exchange: hedge mode on the wire', () => {
  it('opens, shows, closes and keeps both legs over a restart', async () => {
    const { dir, remove } = temporaryDirectory();
    let exchange = await startForTest({ stateDir: dir });
    let client = new Client(exchange.url);
    const order = (params: Json) => client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', type: 'MARKET', quantity: '1000', ...params });
    const sides = async (path: string) => (await client.signed<Json[]>('GET', path, { symbol: 'GPSUSDT' })).json.map((row) => [row['positionSide'], row['positionAmt']]);
    try {
      expect((await client.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'true' })).json).to.deep.equal({ code: 200, msg: 'success' });
      expect((await client.signed('GET', '/fapi/v1/positionSide/dual')).json).to.deep.equal({ dualSidePosition: true });
      expect((await client.signed('GET', '/fapi/v1/accountConfig')).json).to.include({ dualSidePosition: true });
      expect(await sides('/fapi/v2/positionRisk')).to.deep.equal([['LONG', '0'], ['SHORT', '0']]);
      expect((await order({ side: 'BUY' })).json['code']).to.equal(-4061);
      expect((await order({ side: 'BUY', positionSide: 'UP' })).json['code']).to.equal(-1130);
      expect((await order({ side: 'BUY', positionSide: 'LONG', reduceOnly: 'false' })).json['code']).to.equal(-1106);
      expect((await order({ side: 'BUY', positionSide: 'LONG' })).json).to.include({ positionSide: 'LONG' });
      expect((await order({ side: 'SELL', positionSide: 'SHORT', quantity: '2000' })).json).to.include({ positionSide: 'SHORT' });
      const held = [['LONG', '1000'], ['SHORT', '-2000']];
      expect(await sides('/fapi/v3/positionRisk')).to.deep.equal(held);
      expect((await client.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'false' })).json['code']).to.equal(-4068);
      const account = (await client.signed('GET', '/fapi/v2/account')).json['positions'] as Json[];
      expect(account).to.have.length(2 * SYNTHETIC_SYMBOLS.length);
      const trades = await client.signed<Json[]>('GET', '/fapi/v1/userTrades', { symbol: 'GPSUSDT' });
      expect(new Set(trades.json.map((trade) => trade['positionSide']))).to.deep.equal(new Set(['LONG', 'SHORT']));
      const closing = await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', positionSide: 'LONG', type: 'STOP_MARKET', closePosition: 'true', triggerPrice: '0.005' });
      expect(closing.json).to.include({ positionSide: 'LONG', algoStatus: 'NEW' });
      await exchange.close();
      exchange = await startForTest({ stateDir: dir });
      client = new Client(exchange.url);
      expect(await sides('/fapi/v3/positionRisk')).to.deep.equal(held);
      expect((await order({ side: 'SELL', positionSide: 'LONG' })).status).to.equal(200);
      expect(await sides('/fapi/v3/positionRisk')).to.deep.equal([held[1]]);
    } finally {
      await exchange.close();
      remove();
    }
  });
});
