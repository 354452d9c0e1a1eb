/** A delisted symbol: orders expire, positions are settled at the index price by the venue's own orders, and then it is closed. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { forceOrders } from '../../src/paper/core/liquidation.ts';
import { statusOf } from '../../src/paper/core/listing.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { Client, startForTest, type Json } from './kit.ts';

const { symbol } = RULES;
const settle = (exchange: TestExchange): readonly ExchangeEvent[] => exchange.run({ type: 'SetSymbolStatus', symbol, status: 'SETTLING' }).events;

/** Last, mark and index apart from one another. */
function moved(exchange: TestExchange, index: string): void {
  const last = decimal('10');
  exchange.run({ type: 'MoveMarket', view: { symbol, last, mark: last, index: decimal(index), bid: last, ask: decimal('10.01'), bookSeed: 1 } });
}

function expectOneLedger({ own }: TestExchange): void {
  const traded = own.trades.reduce((total, trade) => total.plus(trade.realised).minus(trade.commission), own.account.deposit);
  expect(own.account.wallet.toFixed()).to.equal(own.incomes.reduce((total, income) => total.plus(income.amount), traded).toFixed());
}

describe('paper exchange core: delisting', () => {
  it('settles at the index price on the tick, without a fee, after orders and conditional orders have expired', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '5');
    const resting = exchange.order('BUY', '1', { at: '9' });
    const algoId = exchange.algo('SELL', 'STOP_MARKET', '8');
    moved(exchange, '9.873');
    const before = exchange.own.account.wallet;
    const entry = exchange.own.positions.get(symbol)!.entryPrice;
    const told = settle(exchange).flatMap((event) => userMessages(exchange.state, event).messages).map(({ event, payload }) => [event, (payload['o'] as Json | undefined)?.['x'] ?? (payload['o'] as Json | undefined)?.['X']]);
    expect(told).to.deep.equal([['ORDER_TRADE_UPDATE', 'EXPIRED'], ['ALGO_UPDATE', 'EXPIRED'], ['ORDER_TRADE_UPDATE', 'NEW'], ['ACCOUNT_UPDATE', undefined], ['ORDER_TRADE_UPDATE', 'CALCULATED']]);
    expect([exchange.own.orders.get(resting.orderId)!.status, exchange.own.algos.get(algoId)!.status]).to.deep.equal(['EXPIRED', 'EXPIRED']);
    expect(exchange.amount).to.equal('0');
    const trade = exchange.own.trades.at(-1)!;
    const order = exchange.own.orders.get(trade.orderId)!;
    expect(order.clientOrderId).to.match(/^settlement_autoclose-\d+$/);
    expect([trade.price.toFixed(), trade.commission.toFixed(), order.status]).to.deep.equal(['9.87', '0', 'FILLED']);
    expect(exchange.own.account.wallet.toFixed()).to.equal(before.plus(decimal('9.87').minus(entry).multipliedBy(5)).toFixed());
    expect(forceOrders(exchange.own, null), 'neither a liquidation nor deleveraging').to.deep.equal([]);
    expectOneLedger(exchange);
  });

  it('settles both legs, and the insurance fund pays what an isolated one does not have', () => {
    const exchange = new TestExchange();
    exchange.run({ type: 'SetPositionMode', account: 'a', dualSide: true });
    exchange.run({ type: 'SetMarginType', account: 'a', symbol, marginType: 'ISOLATED' });
    exchange.order('BUY', '5', { positionSide: 'LONG' });
    exchange.order('SELL', '2', { positionSide: 'SHORT' });
    const set = exchange.own.positions.get(`${symbol} LONG`)!.isolatedWallet;
    moved(exchange, '5');
    const crossWallet = exchange.own.account.wallet.minus(set).minus(exchange.own.positions.get(`${symbol} SHORT`)!.isolatedWallet);
    settle(exchange);
    for (const position of exchange.own.positions.values()) expect([position.amount.toFixed(), position.isolatedWallet.toFixed()]).to.deep.equal(['0', '0']);
    expect(exchange.own.incomes.map(({ incomeType }) => incomeType)).to.deep.equal(['INSURANCE_CLEAR']);
    const shortWon = exchange.own.trades.at(-1)!.realised;
    expect(shortWon.isPositive()).to.equal(true);
    expect(exchange.own.account.wallet.isGreaterThanOrEqualTo(crossWallet)).to.equal(true);
    expectOneLedger(exchange);
  });

  it('is settling for a minute, then closed; nothing happens twice', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '5');
    exchange.passTo(100_000);
    settle(exchange);
    const { time } = exchange.events.at(-1)!;
    exchange.passTo(time + 59_000);
    expect(statusOf(exchange.state, symbol)).to.equal('SETTLING');
    expect(exchange.code(() => exchange.order('BUY', '1'))).to.equal(-4141);
    expect(exchange.passTo(time + 61_000).map((event) => event.type)).to.deep.equal(['SymbolStatusChanged']);
    expect(statusOf(exchange.state, symbol)).to.equal('CLOSE');
    expect(exchange.passTo(time + 200_000)).to.deep.equal([]);
  });
});

describe('paper exchange: delisting over the wire', () => {
  it('leaves the account flat, with trade and income to show', async () => {
    const exchange = await startForTest();
    const client = new Client(exchange.url);
    try {
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.0086' });
      await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'SELL', type: 'MARKET', quantity: '10000' });
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.0088' });
      await client.control('POST', 'symbols/GPSUSDT', { status: 'SETTLING' });
      expect((await client.signed('GET', '/fapi/v3/positionRisk', { symbol: 'GPSUSDT' })).json).to.deep.equal([]);
      const trades = (await client.signed<Json[]>('GET', '/fapi/v1/userTrades', { symbol: 'GPSUSDT' })).json;
      const income = (await client.signed<Json[]>('GET', '/fapi/v1/income', { symbol: 'GPSUSDT' })).json;
      expect(income.filter((row) => row['incomeType'] === 'REALIZED_PNL').map((row) => [row['tradeId'], row['income']])).to.deep.equal([[String(trades.at(-1)!['id']), trades.at(-1)!['realizedPnl']]]);
      expect(income.filter((row) => row['incomeType'] === 'COMMISSION').map((row) => row['tradeId'])).not.to.include(String(trades.at(-1)!['id']));
      const orders = (await client.signed<Json[]>('GET', '/fapi/v1/allOrders', { symbol: 'GPSUSDT' })).json;
      expect(orders.at(-1)!['clientOrderId']).to.match(/^settlement_autoclose-/);
    } finally {
      await exchange.close();
    }
  });
});
