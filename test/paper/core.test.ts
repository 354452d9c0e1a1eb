/** The matching core: filters at both edges, fills, makers, reduce-only, margin, conditional orders. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { BRACKETS, liquidationPrice, maintenanceMargin, maxNotionalAt } from '../../src/paper/core/brackets.ts';
import { accountMargin } from '../../src/paper/core/margin.ts';
import { levelsLeft } from '../../src/paper/core/matching.ts';
import { RULES, TestExchange } from './core-kit.ts';

const LIMIT_AT = (at: string) => ({ at });

describe('paper exchange core: filters', () => {
  const cases: readonly (readonly [string, string, string | undefined, number])[] = [
    ['the smallest price', '100', '0.05', -4024],
    ['below the smallest price', '100', '0.04', -4013],
    ['a price of zero', '100', '0', -4001],
    ['a negative price', '100', '-1', -4001],
    ['the largest price', '1', '1000', -4016],
    ['above the largest price', '1', '1000.01', -4002],
    ['a price on the tick', '1', '9.99', 0],
    ['a price off the tick', '1', '9.995', -4014],
    ['more digits than a price has', '1', '9.9951', -1111],
    ['the smallest quantity', '0.6', '9', 0],
    ['below the smallest quantity', '0.1', '9', -4004],
    ['a quantity of zero', '0', '9', -4003],
    ['a negative quantity', '-1', '9', -4003],
    ['the largest quantity', '10000', '9', 0],
    ['above the largest quantity', '10000.1', '9', -4005],
    ['the largest market quantity', '1000', undefined, 0],
    ['above the largest market quantity', '1000.1', undefined, -4005],
    ['a quantity off the step', '1.25', '9', -4023],
    ['more digits than a quantity has', '1.251', '9', -1111],
    ['the smallest notional', '0.5', '10', 0],
    ['below the smallest notional', '0.5', '9.99', -4164],
    ['the smallest notional of a market order', '0.5', undefined, 0],
    ['below the smallest notional of a market order', '0.4', undefined, -4164],
    ['the highest price of a BUY', '1', '11', 0],
    ['above the highest price of a BUY', '1', '11.01', -4016],
  ];
  for (const [name, quantity, at, code] of cases) {
    it(`${code === 0 ? 'accepts' : `refuses with ${code}`}: ${name}`, () => {
      const exchange = new TestExchange();
      // A SELL far below is bounded from below only, a BUY from above only.
      const side = code === -4024 ? 'SELL' : 'BUY';
      expect(exchange.code(() => exchange.order(side, quantity, at === undefined ? {} : { at }))).to.equal(code);
    });
  }

  it('bounds a SELL from below only', () => {
    const exchange = new TestExchange();
    expect(exchange.code(() => exchange.order('SELL', '1', LIMIT_AT('9')))).to.equal(0);
    expect(exchange.code(() => exchange.order('SELL', '1', LIMIT_AT('8.99')))).to.equal(-4024);
    expect(exchange.code(() => exchange.order('SELL', '1', LIMIT_AT('500')))).to.equal(0);
  });

  it('does not ask a reduce-only order for the smallest notional', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    expect(exchange.code(() => exchange.order('SELL', '0.2', { reduceOnly: true }))).to.equal(0);
  });

  it('takes client ids of 36 characters and refuses 37, and other characters (−4015)', () => {
    const exchange = new TestExchange();
    expect(exchange.code(() => exchange.order('BUY', '1', { at: '9', clientOrderId: 'x'.repeat(36) }))).to.equal(0);
    expect(exchange.code(() => exchange.order('BUY', '1', { at: '9', clientOrderId: 'x'.repeat(37) }))).to.equal(-4015);
    expect(exchange.code(() => exchange.order('BUY', '1', { at: '9', clientOrderId: '币' }))).to.equal(-4015);
  });

  it('refuses a client id among open orders (−4116) and takes it again once the order is gone', () => {
    const exchange = new TestExchange();
    const order = exchange.order('BUY', '1', { at: '9', clientOrderId: 'same' });
    expect(exchange.code(() => exchange.order('SELL', '1', { clientOrderId: 'same' }))).to.equal(-4116);
    exchange.run({ type: 'CancelOrder', account: 'a', name: { symbol: RULES.symbol, orderId: order.orderId, clientOrderId: null } });
    expect(exchange.code(() => exchange.order('SELL', '1', { clientOrderId: 'same' }))).to.equal(0);
  });

  it('takes 200 open orders of a symbol and no more (−2025)', () => {
    const exchange = new TestExchange('10', '1000000');
    for (let i = 0; i < 200; i++) exchange.order('BUY', '1', LIMIT_AT('9'));
    expect(exchange.code(() => exchange.order('BUY', '1', LIMIT_AT('9')))).to.equal(-2025);
  });
});

describe('paper exchange core: matching', () => {
  it('fills a larger taker over several levels, each at its own price, the fee being the taker fee', () => {
    const exchange = new TestExchange();
    const levels = [...levelsLeft(exchange.state, exchange.state.markets.get(RULES.symbol)!, 'SELL')];
    const order = exchange.order('BUY', levels[0]!.quantity.plus(levels[1]!.quantity).plus(decimal('0.1')).toFixed());
    expect(order.status).to.equal('FILLED');
    expect(exchange.own.trades.map((trade) => trade.price.toFixed())).to.deep.equal(['10.01', '10.02', '10.03']);
    for (const trade of exchange.own.trades) {
      expect(trade.commission.toFixed()).to.equal(trade.price.multipliedBy(trade.quantity).multipliedBy(decimal('0.0005')).toFixed());
      expect(trade.maker).to.equal(false);
    }
  });

  it('takes from the book what it filled, until the market moves', () => {
    const exchange = new TestExchange();
    const first = levelsLeft(exchange.state, exchange.state.markets.get(RULES.symbol)!, 'SELL')[0]!;
    exchange.order('BUY', first.quantity.toFixed());
    exchange.order('BUY', '1');
    expect(exchange.own.trades.at(-1)!.price.toFixed()).to.equal('10.02');
    exchange.move('10');
    exchange.order('BUY', '1');
    expect(exchange.own.trades.at(-1)!.price.toFixed()).to.equal('10.01');
  });

  it('expires what an IOC cannot take within its price, and keeps what it took', () => {
    const exchange = new TestExchange();
    const first = levelsLeft(exchange.state, exchange.state.markets.get(RULES.symbol)!, 'SELL')[0]!;
    const order = exchange.order('BUY', first.quantity.plus(decimal('5')).toFixed(), { at: '10.01', timeInForce: 'IOC' });
    expect([order.status, order.filled.toFixed()]).to.deep.equal(['EXPIRED', first.quantity.toFixed()]);
  });

  it('refuses a FOK that cannot fill whole (−5021) and a GTX that would take (−5022), and serves both otherwise', () => {
    const exchange = new TestExchange();
    const first = levelsLeft(exchange.state, exchange.state.markets.get(RULES.symbol)!, 'SELL')[0]!.quantity;
    expect(exchange.code(() => exchange.order('BUY', first.plus(decimal('0.1')).toFixed(), { at: '10.01', timeInForce: 'FOK' }))).to.equal(-5021);
    expect(exchange.order('BUY', first.toFixed(), { at: '10.01', timeInForce: 'FOK' }).status).to.equal('FILLED');
    exchange.move('10');
    expect(exchange.code(() => exchange.order('BUY', '1', { at: '10.01', timeInForce: 'GTX' }))).to.equal(-5022);
    expect(exchange.order('BUY', '1', { at: '10', timeInForce: 'GTX' }).status).to.equal('NEW');
  });

  it('fills a resting order at its own price, as maker, when the market trades through it and not when it only touches it', () => {
    const exchange = new TestExchange();
    const { orderId } = exchange.order('BUY', '5', LIMIT_AT('9.5'));
    exchange.move('9.5');
    expect(exchange.own.orders.get(orderId)!.status).to.equal('NEW');
    exchange.move('9.4');
    expect(exchange.own.orders.get(orderId)!.status).to.equal('FILLED');
    const trade = exchange.own.trades[0]!;
    expect([trade.price.toFixed(), trade.maker, trade.commission.toFixed()]).to.deep.equal(['9.5', true, '0.0095']);
  });

  it('fills a large resting order in parts, as far as the levels that crossed it go', () => {
    const exchange = new TestExchange('10', '1000000');
    const { orderId } = exchange.order('BUY', '2000', LIMIT_AT('9.5'));
    exchange.move('9.49', 5);
    const order = exchange.own.orders.get(orderId)!;
    expect(order.status).to.equal('PARTIALLY_FILLED');
    expect(order.filled.isLessThan(decimal('2000'))).to.equal(true);
  });

  it('expires the own resting order that a taker would meet', () => {
    const exchange = new TestExchange();
    const { orderId } = exchange.order('SELL', '1', LIMIT_AT('10.02'));
    exchange.order('BUY', '500');
    expect(exchange.own.orders.get(orderId)!.status).to.equal('EXPIRED_IN_MATCH');
  });

  it('leaves the own resting orders alone that a taker does not reach', () => {
    const exchange = new TestExchange();
    const { orderId } = exchange.order('BUY', '1', LIMIT_AT('9'));
    exchange.order('SELL', '1');
    expect(exchange.own.orders.get(orderId)!.status).to.equal('NEW');
  });

  it('cuts a reduce-only order to the position, refuses it without one (−2022), and never opens with it', () => {
    const exchange = new TestExchange();
    expect(exchange.code(() => exchange.order('SELL', '1', { reduceOnly: true }))).to.equal(-2022);
    exchange.order('BUY', '3');
    expect(exchange.code(() => exchange.order('BUY', '1', { reduceOnly: true }))).to.equal(-2022);
    const order = exchange.order('SELL', '10', { reduceOnly: true });
    expect([order.status, order.quantity.toFixed(), exchange.amount]).to.deep.equal(['FILLED', '3', '0']);
  });

  it('counts resting reduce-only orders against the position (−2022), and expires them when it is gone', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '3');
    const { orderId } = exchange.order('SELL', '3', { reduceOnly: true, at: '11' });
    expect(exchange.code(() => exchange.order('SELL', '1', { reduceOnly: true }))).to.equal(-2022);
    exchange.order('SELL', '3');
    expect(exchange.own.orders.get(orderId)!.status).to.equal('EXPIRED');
    expect(exchange.amount).to.equal('0');
  });
});

describe('paper exchange core: margin', () => {
  it('accepts an order up to what is available and refuses the next step (−2019)', () => {
    // Leverage 20: 100 USDT carry 2,000 of notional; a resting BUY at mark locks exactly price × quantity / 20.
    const exchange = new TestExchange('10', '100');
    expect(exchange.code(() => exchange.order('BUY', '200.1', LIMIT_AT('10')))).to.equal(-2019);
    expect(exchange.code(() => exchange.order('BUY', '200', LIMIT_AT('10')))).to.equal(0);
    expect(accountMargin(exchange.state, exchange.own).available.toFixed()).to.equal('0');
  });

  it('lets an order that reduces through without margin', () => {
    const exchange = new TestExchange('10', '60');
    exchange.order('BUY', '100');
    expect(exchange.code(() => exchange.order('SELL', '100'))).to.equal(0);
  });

  it('bounds the position by the bracket of the leverage (−2027)', () => {
    const exchange = new TestExchange('10', '1000000');
    exchange.run({ type: 'SetLeverage', account: 'a', symbol: RULES.symbol, leverage: 75 });
    expect(exchange.code(() => exchange.order('BUY', '500', LIMIT_AT('10')))).to.equal(0);
    expect(exchange.code(() => exchange.order('BUY', '0.5', LIMIT_AT('10')))).to.equal(-2027);
  });

  it('has brackets whose maintenance is continuous and whose leverage falls', () => {
    for (const [index, bracket] of BRACKETS.entries()) {
      const next = BRACKETS[index + 1];
      if (!next) continue;
      const edge = decimal(String(bracket.notionalCap));
      expect(maintenanceMargin(edge).toFixed()).to.equal(edge.multipliedBy(next.maintMarginRatio).minus(next.cum).toFixed());
      expect(next.initialLeverage).to.be.lessThan(bracket.initialLeverage);
    }
    expect(maxNotionalAt(20)).to.equal(250_000);
  });

  it('puts the liquidation price where margin balance meets maintenance', () => {
    for (const amount of ['100', '-100']) {
      const [size, entry, balance] = [decimal(amount), decimal('10'), decimal('50')];
      const price = liquidationPrice([{ amount: size, entryPrice: entry }], entry, balance);
      const left = balance.plus(size.multipliedBy(price.minus(entry))).minus(maintenanceMargin(size.multipliedBy(price)));
      expect(left.absoluteValue().isLessThan(decimal('0.0000000001'))).to.equal(true);
    }
  });

  it('changes margin type only when it is another (−4046), without open orders (−4047) and without a position (−4048)', () => {
    const exchange = new TestExchange();
    const set = (marginType: 'CROSSED' | 'ISOLATED') => exchange.code(() => exchange.run({ type: 'SetMarginType', account: 'a', symbol: RULES.symbol, marginType }));
    expect(set('CROSSED')).to.equal(-4046);
    const { orderId } = exchange.order('BUY', '1', LIMIT_AT('9'));
    expect(set('ISOLATED')).to.equal(-4047);
    exchange.run({ type: 'CancelOrder', account: 'a', name: { symbol: RULES.symbol, orderId, clientOrderId: null } });
    exchange.order('BUY', '1');
    expect(set('ISOLATED')).to.equal(-4048);
    exchange.order('SELL', '1');
    expect(set('ISOLATED')).to.equal(0);
    exchange.order('BUY', '100');
    const margin = accountMargin(exchange.state, exchange.own);
    expect(margin.positions[0]!.position.isolatedWallet.toFixed()).to.equal(margin.walletBalance.minus(margin.crossWallet).toFixed());
    expect(exchange.code(() => exchange.run({ type: 'SetLeverage', account: 'a', symbol: RULES.symbol, leverage: 10 }))).to.equal(-4161);
    expect(exchange.code(() => exchange.run({ type: 'SetLeverage', account: 'a', symbol: RULES.symbol, leverage: 76 }))).to.equal(-4028);
  });
});

describe('paper exchange core: conditional orders', () => {
  const sides = [
    { name: 'a STOP_MARKET SELL falls', type: 'STOP_MARKET', side: 'SELL', open: 'BUY', trigger: '9.5', before: '9.51', at: '9.5', wrong: '10' },
    { name: 'a STOP_MARKET BUY rises', type: 'STOP_MARKET', side: 'BUY', open: 'SELL', trigger: '10.5', before: '10.49', at: '10.5', wrong: '10' },
    { name: 'a TAKE_PROFIT_MARKET SELL rises', type: 'TAKE_PROFIT_MARKET', side: 'SELL', open: 'BUY', trigger: '10.5', before: '10.49', at: '10.5', wrong: '10' },
    { name: 'a TAKE_PROFIT_MARKET BUY falls', type: 'TAKE_PROFIT_MARKET', side: 'BUY', open: 'SELL', trigger: '9.5', before: '9.51', at: '9.5', wrong: '10' },
  ] as const;
  for (const { name, type, side, open, trigger, before, at, wrong } of sides) {
    it(`${name} to its trigger: not before, exactly there, and not placed when already there (−2021)`, () => {
      const exchange = new TestExchange();
      exchange.order(open, '1');
      expect(exchange.code(() => exchange.algo(side, type, wrong))).to.equal(-2021);
      const algoId = exchange.algo(side, type, trigger);
      exchange.move(before);
      expect(exchange.own.algos.get(algoId)!.status).to.equal('NEW');
      const events = exchange.move(at);
      expect(events.map((event) => (event.type === 'AlgoChanged' ? event.algo.status : event.type))).to.deep.equal(['TRIGGERING', 'TRIGGERED', 'OrderAccepted', 'OrderTraded', 'FINISHED']);
      const algo = exchange.own.algos.get(algoId)!;
      const order = exchange.own.orders.get(algo.actualOrderId!)!;
      expect([order.type, order.status, order.reduceOnly]).to.deep.equal(['MARKET', 'FILLED', true]);
      expect(order.clientOrderId).not.to.equal(algo.clientAlgoId);
      expect(exchange.amount).to.equal('0');
    });
  }

  it('looks at the mark price or at the last price, as asked', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '2');
    const byMark = exchange.algo('SELL', 'STOP_MARKET', '9.5', { workingType: 'MARK_PRICE' });
    const byLast = exchange.algo('SELL', 'STOP_MARKET', '9.5');
    const view = { ...exchange.state.markets.get(RULES.symbol)!.view, mark: decimal('9.4') };
    exchange.run({ type: 'MoveMarket', view });
    expect([exchange.own.algos.get(byMark)!.status, exchange.own.algos.get(byLast)!.status]).to.deep.equal(['FINISHED', 'NEW']);
  });

  it('rests the limit order of a STOP at its own price and finishes with it', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    const algoId = exchange.algo('SELL', 'STOP', '9.5', { price: decimal('9.8') });
    exchange.move('9.5');
    const { actualOrderId, status } = exchange.own.algos.get(algoId)!;
    expect([status, exchange.own.orders.get(actualOrderId!)!.status]).to.deep.equal(['TRIGGERED', 'NEW']);
    exchange.move('9.9');
    expect([exchange.own.algos.get(algoId)!.status, exchange.amount]).to.deep.equal(['FINISHED', '0']);
  });

  it('closes with closePosition whatever is open then, once a direction (−4130), and expires without a position', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    const close = { closePosition: true, quantity: null, reduceOnly: false };
    const algoId = exchange.algo('SELL', 'STOP_MARKET', '9.5', close);
    expect(exchange.code(() => exchange.algo('SELL', 'STOP_MARKET', '9.4', close))).to.equal(-4130);
    exchange.order('BUY', '4');
    exchange.move('9.5');
    expect([exchange.own.algos.get(algoId)!.status, exchange.amount]).to.deep.equal(['FINISHED', '0']);
    const late = exchange.algo('SELL', 'STOP_MARKET', '9.4', close);
    exchange.move('9.4');
    expect(exchange.own.algos.get(late)!.status).to.equal('EXPIRED');
  });

  it('rejects a triggered order that the engine refuses, with its reason', () => {
    const exchange = new TestExchange();
    const algoId = exchange.algo('SELL', 'STOP_MARKET', '9.5');
    exchange.move('9.5');
    const { status, rejectReason, actualOrderId } = exchange.own.algos.get(algoId)!;
    expect([status, rejectReason, actualOrderId]).to.deep.equal(['REJECTED', 'ReduceOnly Order is rejected.', null]);
  });

  it('expires GTE_GTC with the position, and keeps GTC', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    const tied = exchange.algo('SELL', 'STOP_MARKET', '9.5', { timeInForce: 'GTE_GTC' });
    const free = exchange.algo('SELL', 'STOP_MARKET', '9.4');
    exchange.order('SELL', '1');
    expect([exchange.own.algos.get(tied)!.status, exchange.own.algos.get(free)!.status]).to.deep.equal(['EXPIRED', 'NEW']);
  });

  it('keeps its ids unique (−4116), its number bounded (−4045), and cancels once (−2011)', () => {
    const exchange = new TestExchange();
    const algoId = exchange.algo('SELL', 'STOP_MARKET', '9.5', { clientAlgoId: 'one' });
    expect(exchange.code(() => exchange.algo('SELL', 'STOP_MARKET', '9.5', { clientAlgoId: 'one' }))).to.equal(-4116);
    const cancel = () => exchange.run({ type: 'CancelAlgo', account: 'a', name: { algoId, clientAlgoId: null } });
    expect([exchange.code(cancel), exchange.code(cancel)]).to.deep.equal([0, -2011]);
    for (let i = 0; i < 200; i++) exchange.algo('SELL', 'STOP_MARKET', '9.5');
    expect(exchange.code(() => exchange.algo('SELL', 'STOP_MARKET', '9.5'))).to.equal(-4045);
  });

  it('fills a stop beyond its trigger when the market jumps through it', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    exchange.algo('SELL', 'STOP_MARKET', '9.5');
    exchange.move('8');
    expect(exchange.own.trades.at(-1)!.price.toFixed()).to.equal('8');
  });
});
