/** Funding: who holds a position when it is settled pays or gets amount × mark × rate, once, in the wallet, the income history and the user stream alike. */
import { expect } from 'chai';
import { decimal, ZERO } from '../../src/protocol/decimal.ts';
import { FUNDING_INTERVAL_MS, fundingRateOf, fundingTimeAt } from '../../src/paper/core/funding.ts';
import { positionOf } from '../../src/paper/core/state.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';

function settle(exchange: TestExchange, rate: string, mark = '10', fundingTime = 0) {
  return exchange.run({ type: 'SettleFunding', symbol: RULES.symbol, fundingTime, rate: decimal(rate), mark: decimal(mark) }).events;
}

describe('paper exchange: funding in the core', () => {
  for (const [side, rate, paid] of [['BUY', '0.0001', '-0.1'], ['SELL', '0.0001', '0.1'], ['BUY', '-0.0003', '0.3'], ['SELL', '-0.0003', '-0.3']] as const) {
    it(`moves ${paid} USDT for a ${side} of 1,000 USDT at a rate of ${rate}`, () => {
      const exchange = new TestExchange();
      exchange.order(side, '100');
      const before = exchange.own.account.wallet;
      settle(exchange, rate);
      expect(exchange.own.account.wallet.minus(before).toFixed()).to.equal(paid);
      expect(exchange.own.incomes.map(({ incomeType, amount, symbol }) => [incomeType, amount.toFixed(), symbol])).to.deep.equal([['FUNDING_FEE', paid, RULES.symbol]]);
    });
  }

  it('books nothing without a position, at a rate of zero, and after the position is closed', () => {
    const exchange = new TestExchange();
    settle(exchange, '0.01');
    exchange.order('BUY', '100');
    settle(exchange, '0');
    exchange.order('SELL', '100');
    settle(exchange, '0.01');
    expect(exchange.own.incomes).to.have.length(0);
    expect(exchange.state.fundings.get(RULES.symbol)!.map(({ rate }) => rate.toFixed())).to.deep.equal(['0.01', '0', '0.01']);
  });

  it('keeps wallet = deposit + Σ realised − Σ commission + Σ funding to the last booked digit', () => {
    const exchange = new TestExchange();
    for (let step = 0; step < 60; step++) {
      exchange.move((10 + Math.sin(step)).toFixed(2), step);
      exchange.code(() => exchange.order(step % 3 === 0 ? 'SELL' : 'BUY', (1 + (step % 7) / 10).toFixed(1)));
      settle(exchange, (((step % 5) - 2) / 7_777).toFixed(8), (10 + Math.cos(step)).toFixed(8), step);
    }
    const { account, trades, incomes } = exchange.own;
    const traded = trades.reduce((total, trade) => total.plus(trade.realised).minus(trade.commission), ZERO);
    const paid = incomes.reduce((total, income) => total.plus(income.amount), ZERO);
    expect(incomes.length).to.be.greaterThan(20);
    expect(account.wallet.toFixed()).to.equal(account.deposit.plus(traded).plus(paid).toFixed());
  });

  it('takes the fee of an isolated position out of its own margin, and tells the position', () => {
    const exchange = new TestExchange();
    exchange.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType: 'ISOLATED' });
    exchange.order('BUY', '100');
    const before = positionOf(exchange.own, RULES.symbol).isolatedWallet;
    const [, booked] = settle(exchange, '0.0001');
    expect(positionOf(exchange.own, RULES.symbol).isolatedWallet.minus(before).toFixed()).to.equal('-0.1');
    const [update] = userMessages(exchange.state, booked!).messages;
    const { m, B, P } = update!.payload['a'] as { m: string; B: Json[]; P: Json[] };
    expect([m, B[0]!['bc'], P[0]!['iw']]).to.deep.equal(['FUNDING_FEE', '-0.1', before.minus(decimal('0.1')).toFixed()]);
  });

  it('tells only the balance for a crossed position', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '100');
    const [, booked] = settle(exchange, '0.0001');
    const [update] = userMessages(exchange.state, booked!).messages;
    const { m, B, P } = update!.payload['a'] as { m: string; B: Json[]; P: Json[] };
    expect([m, P.length, B[0]!['bc'], B[0]!['wb']]).to.deep.equal(['FUNDING_FEE', 0, '-0.1', exchange.own.account.wallet.toFixed()]);
  });

  it('keeps income and settled fundings for 90 days', () => {
    const exchange = new TestExchange();
    for (let day = 0; day < 100; day++) settle(exchange, '0.0001', '10', day * 86_400_000);
    const times = exchange.state.fundings.get(RULES.symbol)!.map((row) => row.fundingTime / 86_400_000);
    expect([times.length, times[0]]).to.deep.equal([91, 9]);
  });

  it('has the interest rate as its rate while mark is near index on average, and follows the premium beyond, to 2 %', () => {
    const rate = (premium: string) => fundingRateOf(decimal(premium)).toFixed();
    expect([rate('0'), rate('0.0005'), rate('-0.0003'), rate('0.001'), rate('-0.01'), rate('0.5'), rate('-0.5')]).to.deep.equal(['0.0001', '0.0001', '0.0001', '0.0005', '-0.0095', '0.02', '-0.02']);
  });
});

describe('paper exchange: funding at its time', () => {
  it('is settled once when the server clock crosses a funding time, is in the income history, and survives a restart', async () => {
    const { dir, remove } = temporaryDirectory();
    let exchange = await startForTest({ stateDir: dir });
    let client = new Client(exchange.url);
    const income = async (params: Json = {}) => (await client.signed<Json[]>('GET', '/fapi/v1/income', params)).json;
    /** The server's clock stands `ms` after the next funding time when the market moves. */
    async function cross(ms: number): Promise<void> {
      const now = Date.now();
      await client.control('POST', 'clock', { offsetMs: fundingTimeAt(now) + FUNDING_INTERVAL_MS + ms - now });
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.01' });
      await client.control('POST', 'clock', { offsetMs: 0 });
    }
    try {
      const placed = await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000' });
      expect(placed.status).to.equal(200);
      await cross(1_000);
      await cross(2_000);
      const later = { endTime: Date.now() + 2 * FUNDING_INTERVAL_MS };
      const rows = await income({ ...later, incomeType: 'FUNDING_FEE' });
      expect(rows).to.have.length(1);
      const { json: settled } = await client.get<Json[]>('/fapi/v1/fundingRate', { symbol: 'GPSUSDT' });
      expect(settled).to.have.length(1);
      expect(settled[0]).to.include({ markPrice: '0.01000000' });
      expect(rows[0]).to.include({ symbol: 'GPSUSDT', income: decimal(String(settled[0]!['fundingRate'])).multipliedBy(-10).decimalPlaces(8).toFixed(), asset: 'USDT', info: 'FUNDING_FEE', tradeId: '' });
      const all = await income(later);
      expect(all.map((row) => row['incomeType'])).to.deep.equal(['TRANSFER', 'COMMISSION', 'FUNDING_FEE']);
      expect(await income({ ...later, limit: 2 })).to.deep.equal(all.slice(-2));
      expect(await income({ ...later, limit: 2, page: 1 })).to.deep.equal(all.slice(0, 2));
      expect(await income({ ...later, limit: 2, page: 2 })).to.deep.equal(all.slice(2));
      expect(await income({ ...later, symbol: 'GPSUSDT' })).to.deep.equal(all.slice(1));
      expect((await client.signed('GET', '/fapi/v1/income', { incomeType: 'LUCK' })).json['code']).to.equal(-1130);
      await exchange.close();
      exchange = await startForTest({ stateDir: dir });
      client = new Client(exchange.url);
      expect(await income(later)).to.deep.equal(all);
    } finally {
      await exchange.close();
      remove();
    }
  });
});
