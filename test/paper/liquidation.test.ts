/** Liquidation and auto-deleveraging: at the formula price and not a tick before, orders first, never more than there was, told in the venue's words. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, ZERO, type Decimal } from '../../src/protocol/decimal.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { deleverage, forceOrders, LIQUIDATION_FEE } from '../../src/paper/core/liquidation.ts';
import { accountMargin } from '../../src/paper/core/margin.ts';
import { Turn } from '../../src/paper/core/turn.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { type Json } from './kit.ts';

function isolated(): TestExchange {
  const exchange = new TestExchange();
  exchange.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType: 'ISOLATED' });
  return exchange;
}

const formulaPrice = (exchange: TestExchange) => accountMargin(exchange.state, exchange.own).positions[0]!.liquidationPrice;
const ticksBelow = (price: Decimal) => price.decimalPlaces(2, 1);

/** wallet = deposit + Σ realised − Σ commission + Σ income. */
function expectOneLedger({ own }: TestExchange): void {
  const traded = own.trades.reduce((total, trade) => total.plus(trade.realised).minus(trade.commission), own.account.deposit);
  expect(own.account.wallet.toFixed()).to.equal(own.incomes.reduce((total, income) => total.plus(income.amount), traded).toFixed());
}

function told(exchange: TestExchange, events: readonly ExchangeEvent[]): string[] {
  return events.flatMap((event) => userMessages(exchange.state, event).messages).map(({ event, payload }) => {
    const o = payload['o'] as Json | undefined;
    return event === 'ORDER_TRADE_UPDATE' ? `${String(o!['o'])} ${String(o!['x'])} ${String(o!['X'])}` : event === 'ACCOUNT_UPDATE' ? String((payload['a'] as Json)['m']) : event;
  });
}

describe('paper exchange: liquidation', () => {
  for (const [name, make] of [['isolated', isolated], ['crossed', () => new TestExchange('10', '60')]] as const) {
    it(`of an ${name} long happens at the formula price and not a tick above it`, () => {
      const exchange = make();
      exchange.order('BUY', '100');
      const price = ticksBelow(formulaPrice(exchange));
      exchange.move(price.plus(RULES.tickSize).toFixed());
      expect(exchange.amount).to.equal('100');
      exchange.move(price.toFixed());
      expect(exchange.amount).to.equal('0');
      expect(exchange.own.trades.at(-1)!.price.toFixed()).to.equal(price.toFixed());
      expectOneLedger(exchange);
    });

    it(`of an ${name} short happens at the formula price and not a tick below it`, () => {
      const exchange = make();
      exchange.order('SELL', '100');
      const price = ticksBelow(formulaPrice(exchange));
      exchange.move(price.toFixed());
      expect(exchange.amount).to.equal('-100');
      exchange.move(price.plus(RULES.tickSize).toFixed());
      expect(exchange.amount).to.equal('0');
      expectOneLedger(exchange);
    });
  }

  it('cancels the orders of the leg first, closes by an autoclose- order that is CALCULATED, and charges the fee as INSURANCE_CLEAR', () => {
    const exchange = isolated();
    exchange.order('BUY', '100');
    const resting = exchange.order('BUY', '1', { at: '9' });
    const stop = exchange.algo('SELL', 'STOP_MARKET', '9', { closePosition: true, quantity: null, reduceOnly: false });
    const price = ticksBelow(formulaPrice(exchange));
    const events = exchange.move(price.toFixed());
    expect(told(exchange, events)).to.deep.equal(['LIMIT CANCELED CANCELED', 'ALGO_UPDATE', 'LIQUIDATION NEW NEW', 'ORDER', 'LIQUIDATION CALCULATED FILLED', 'INSURANCE_CLEAR']);
    expect([exchange.own.orders.get(resting.orderId)!.status, exchange.own.algos.get(stop)!.status]).to.deep.equal(['CANCELED', 'CANCELED']);
    const [order] = forceOrders(exchange.own, 'LIQUIDATION');
    expect(order).to.include({ side: 'SELL', status: 'FILLED', timeInForce: 'IOC', type: 'LIMIT' });
    expect(order!.clientOrderId).to.match(/^autoclose-\d+$/);
    expect(exchange.own.incomes.map((income) => income.incomeType)).to.deep.equal(['INSURANCE_CLEAR']);
  });

  it('charges the fee in full when that much is left, and what is left otherwise', () => {
    const exchange = isolated();
    for (let part = 0; part < 4; part++) {
      exchange.order('BUY', '1000');
      exchange.move('10', part);
    }
    exchange.move(ticksBelow(formulaPrice(exchange)).toFixed());
    const { price, quantity } = exchange.own.trades.at(-1)!;
    expect(exchange.own.incomes[0]!.amount.toFixed()).to.equal(price.multipliedBy(quantity).multipliedBy(LIQUIDATION_FEE).negated().toFixed());
    const small = isolated();
    small.order('BUY', '100');
    const { isolatedWallet } = accountMargin(small.state, small.own).positions[0]!.position;
    const before = small.own.account.wallet;
    small.move(ticksBelow(formulaPrice(small)).toFixed());
    expect(before.minus(small.own.account.wallet).toFixed()).to.equal(isolatedWallet.toFixed());
  });

  it('takes no more than the isolated wallet, however far the market jumps', () => {
    for (const [side, to] of [['BUY', '5'], ['SELL', '20']] as const) {
      const exchange = isolated();
      exchange.order(side, '100');
      const { isolatedWallet } = accountMargin(exchange.state, exchange.own).positions[0]!.position;
      const before = exchange.own.account.wallet;
      exchange.move(to);
      expect(exchange.amount).to.equal('0');
      expect(before.minus(exchange.own.account.wallet).toFixed()).to.equal(isolatedWallet.toFixed());
      expectOneLedger(exchange);
    }
  });

  it('leaves a crossed account with nothing and not with less, however far the market jumps', () => {
    const exchange = new TestExchange('10', '60');
    exchange.order('BUY', '100');
    exchange.move('5');
    expect([exchange.amount, exchange.own.account.wallet.toFixed()]).to.deep.equal(['0', '0']);
    expectOneLedger(exchange);
  });

  it('comes before a stop that the same jump reaches', () => {
    const exchange = new TestExchange('10', '60');
    exchange.order('BUY', '100');
    const stop = exchange.algo('SELL', 'STOP_MARKET', '9.8', { quantity: decimal('100') });
    exchange.move('5');
    expect(exchange.own.algos.get(stop)!.status).to.equal('CANCELED');
    expect(exchange.own.account.wallet.isNegative()).to.equal(false);
  });

  it('is preceded by a margin call from 80 % on, told once', () => {
    const exchange = isolated();
    exchange.order('BUY', '100');
    const price = ticksBelow(formulaPrice(exchange));
    expect(told(exchange, exchange.move('9.8'))).to.deep.equal([]);
    const near = price.plus(decimal('0.02')).toFixed();
    expect(told(exchange, exchange.move(near))).to.deep.equal(['MARGIN_CALL']);
    expect(told(exchange, exchange.move(near))).to.deep.equal([]);
    const called = exchange.events.find((event) => event.type === 'MarginCalled')!;
    const [p] = userMessages(exchange.state, called).messages[0]!.payload['p'] as Json[];
    expect(p).to.include({ s: RULES.symbol, ps: 'BOTH', pa: '100', mt: 'ISOLATED' });
  });

  it('never leaves a wallet below zero nor a ledger that disagrees, over random markets', () => {
    const step = fc.record({ move: fc.integer({ min: -400, max: 400 }), buy: fc.boolean(), quantity: fc.integer({ min: 5, max: 1_500 }) });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 40 }), (one, steps) => {
        const exchange = new TestExchange('10', '300');
        if (one) exchange.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType: 'ISOLATED' });
        let price = 1_000;
        for (const [index, { move, buy, quantity }] of steps.entries()) {
          price = Math.max(200, Math.min(5_000, price + move));
          exchange.move((price / 100).toFixed(2), index);
          const margin = accountMargin(exchange.state, exchange.own);
          for (const row of margin.positions) {
            const balance = one ? row.position.isolatedWallet.plus(row.unrealised) : margin.crossWallet.plus(margin.crossUnrealised);
            if (!row.position.amount.isZero()) expect(balance.isGreaterThan(row.maintMargin)).to.equal(true);
          }
          expect(exchange.own.account.wallet.plus(margin.unrealised).isNegative()).to.equal(false);
          exchange.code(() => exchange.order(buy ? 'BUY' : 'SELL', (quantity / 10).toFixed(1)));
          expectOneLedger(exchange);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('paper exchange: auto-deleveraging', () => {
  const adl = (exchange: TestExchange, quantity: Decimal | null) => exchange.run({ type: 'Deleverage', account: 'a', symbol: RULES.symbol, positionSide: 'BOTH', quantity });

  it('closes part of a position at the mark, without a fee, by an order named adl_autoclose', () => {
    const exchange = new TestExchange();
    exchange.order('SELL', '10');
    exchange.move('9');
    const { id, events } = adl(exchange, decimal('4'));
    expect(exchange.amount).to.equal('-6');
    const trade = exchange.own.trades.at(-1)!;
    expect([trade.price.toFixed(), trade.realised.toFixed(), trade.commission.toFixed(), trade.side]).to.deep.equal(['9', '4', '0', 'BUY']);
    expect(told(exchange, events)).to.deep.equal(['LIQUIDATION NEW NEW', 'ORDER', 'LIQUIDATION CALCULATED FILLED']);
    expect(exchange.own.orders.get(id!)!.clientOrderId).to.equal('adl_autoclose');
    expect([forceOrders(exchange.own, 'ADL').length, forceOrders(exchange.own, 'LIQUIDATION').length, forceOrders(exchange.own, null).length]).to.deep.equal([1, 0, 1]);
    expectOneLedger(exchange);
  });

  it('closes all of it when more is asked for or nothing is said, with what protected it, and refuses without a position (−2022)', () => {
    for (const quantity of [decimal('99'), null]) {
      const exchange = new TestExchange();
      exchange.order('BUY', '10');
      const tied = exchange.algo('SELL', 'STOP_MARKET', '9.5', { timeInForce: 'GTE_GTC' });
      adl(exchange, quantity);
      expect([exchange.amount, exchange.own.algos.get(tied)!.status]).to.deep.equal(['0', 'EXPIRED']);
      expect(exchange.code(() => adl(exchange, null))).to.equal(-2022);
      expect(() => deleverage(new Turn(exchange.state, 0), exchange.own, RULES.symbol, 'LONG', ZERO)).to.throw();
    }
  });
});
