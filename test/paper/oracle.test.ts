/** The exchange against a second, independent book, over random histories: what the wire shows is equal to the last digit. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, type Decimal } from '../../src/protocol/decimal.ts';
import { maintenanceMargin } from '../../src/paper/core/brackets.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { execute, type Command } from '../../src/paper/core/exchange-core.ts';
import { accountMargin } from '../../src/paper/core/margin.ts';
import type { MarginType, PositionSide } from '../../src/paper/core/model.ts';
import { emptyState, legsOf, positionKey, settingsOf } from '../../src/paper/core/state.ts';
import { VenueError } from '../../src/paper/core/venue-error.ts';
import { accountTotals, positionRiskV3 } from '../../src/paper/wire/position-shapes.ts';
import { RULES } from './core-kit.ts';
import { add, f, liquidation, maintenance, most, negate, NONE, OracleBook, over, round, size, subtract, times, written, type Fraction, type Leg } from './oracle-book.ts';

const SYMBOLS = ['ALPHAUSDT', 'BETAUSDT'] as const;
const DEPOSIT = '3000';

interface Step {
  readonly what: 'market' | 'limit' | 'move' | 'fund' | 'margin';
  readonly symbol: 0 | 1;
  readonly buys: boolean;
  readonly closes: boolean;
  /** 0.1 of the base asset. */
  readonly quantity: number;
  /** 0.01 USDT away from where the market is. */
  readonly offset: number;
}

interface Plan {
  readonly dual: boolean;
  readonly types: readonly [MarginType, MarginType];
  readonly leverages: readonly [number, number];
  readonly steps: readonly Step[];
}

const marginType = fc.constantFrom<MarginType>('CROSSED', 'ISOLATED');
const leverage = fc.constantFrom(3, 7, 20, 50);
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('market', 'market', 'limit', 'move', 'move', 'fund', 'margin'),
  symbol: fc.constantFrom(0, 1),
  buys: fc.boolean(),
  closes: fc.boolean(),
  quantity: fc.oneof(fc.integer({ min: 5, max: 300 }), fc.integer({ min: 300, max: 9_000 })),
  offset: fc.integer({ min: -60, max: 60 }),
});
const plan: fc.Arbitrary<Plan> = fc.record({ dual: fc.boolean(), types: fc.tuple(marginType, marginType), leverages: fc.tuple(leverage, leverage), steps: fc.array(step, { minLength: 20, maxLength: 60 }) });

const exact = (value: Decimal): Fraction => f(value.toFixed());

/** Runs a plan, feeds the second book with what was traded and settled, and compares after each step. */
class Comparison {
  readonly state = emptyState(SYMBOLS.map((symbol) => ({ ...RULES, symbol })));
  readonly book = new OracleBook(DEPOSIT);
  readonly seen = { crossedZero: 0, liquidated: 0, funded: 0, partial: 0 };
  readonly #prices = [1_000, 1_000];
  #time = 1_000;

  constructor({ dual, types, leverages }: Plan) {
    this.run({ type: 'OpenAccount', apiKey: 'a', apiSecret: 's', deposit: decimal(DEPOSIT) });
    for (const [index, symbol] of SYMBOLS.entries()) {
      this.#move(index, 0);
      if (types[index] === 'ISOLATED') this.run({ type: 'SetMarginType', account: 'a', symbol, marginType: 'ISOLATED' });
      this.run({ type: 'SetLeverage', account: 'a', symbol, leverage: leverages[index]! });
    }
    if (dual) this.run({ type: 'SetPositionMode', account: 'a', dualSide: true });
  }

  get own() {
    return this.state.accounts.get('a')!;
  }

  #isolated(symbol: string): boolean {
    return settingsOf(this.own, symbol).marginType === 'ISOLATED';
  }

  run(command: Command): void {
    let events: readonly ExchangeEvent[] = [];
    try {
      ({ events } = execute(this.state, command, this.#time++));
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
    }
    for (const event of events) this.#take(event);
  }

  #take(event: ExchangeEvent): void {
    if (event.type === 'OrderTraded') this.#takeTrade(event);
    if (event.type === 'MarginMoved') this.book.of(positionKey(event.change)).isolated = add(this.book.of(positionKey(event.change)).isolated, exact(event.change.amount));
    if (event.type === 'FundingSettled') {
      const { symbol, rate, mark } = event.funding;
      for (const key of this.book.holdings.keys()) {
        if (key.split(' ')[0] === symbol && this.book.funding(key, exact(rate), exact(mark), this.#isolated(symbol)).n !== 0n) this.seen.funded += 1;
      }
    }
    // Its own rule is tested elsewhere; here it is one more sum that the wallet must show.
    if (event.type === 'IncomeBooked' && event.income.incomeType === 'INSURANCE_CLEAR') this.book.wallet = add(this.book.wallet, exact(event.income.amount));
  }

  #takeTrade({ trade, order }: Extract<ExchangeEvent, { type: 'OrderTraded' }>): void {
    const key = positionKey(trade);
    const before = this.book.of(key).amount;
    const { realised, commission } = this.book.trade({
      key,
      buys: trade.side === 'BUY',
      price: exact(trade.price),
      quantity: exact(trade.quantity),
      maker: trade.maker,
      free: order.autoClose === 'ADL',
      isolated: this.#isolated(trade.symbol),
      leverage: settingsOf(this.own, trade.symbol).leverage,
    });
    expect(written(exact(trade.realised), 8)).to.equal(written(realised, 8));
    expect(written(exact(trade.commission), 8)).to.equal(written(commission, 8));
    const after = this.book.of(key).amount;
    if (before.n !== 0n && after.n !== 0n && before.n > 0n !== after.n > 0n) this.seen.crossedZero += 1;
    if (realised.n !== 0n && after.n !== 0n) this.seen.partial += 1;
    if (order.autoClose === 'LIQUIDATION') this.seen.liquidated += 1;
  }

  #move(index: number, offset: number): void {
    this.#prices[index] = Math.max(300, Math.min(3_000, this.#prices[index]! + offset));
    const last = decimal((this.#prices[index] / 100).toFixed(2));
    // A mark price has eight digits and need not be on the tick.
    const mark = last.plus(decimal((offset / 100_000).toFixed(8)));
    this.run({ type: 'MoveMarket', view: { symbol: SYMBOLS[index]!, last, mark, index: mark, bid: last, ask: last.plus(RULES.tickSize), bookSeed: this.#time } });
  }

  step({ what, symbol: index, buys, closes, quantity, offset }: Step): void {
    const symbol = SYMBOLS[index];
    const dual = this.own.account.dualSide;
    const positionSide: PositionSide = dual ? (buys !== closes ? 'LONG' : 'SHORT') : 'BOTH';
    const common = { symbol, side: buys ? ('BUY' as const) : ('SELL' as const), positionSide, quantity: decimal((quantity / 10).toFixed(1)), reduceOnly: !dual && closes, clientOrderId: null };
    const price = decimal(((this.#prices[index]! + offset) / 100).toFixed(2));
    switch (what) {
      case 'market':
        return this.run({ type: 'PlaceOrder', account: 'a', request: { ...common, type: 'MARKET', timeInForce: null, price: null } });
      case 'limit':
        return this.run({ type: 'PlaceOrder', account: 'a', request: { ...common, type: 'LIMIT', timeInForce: 'GTC', price } });
      case 'move':
        return this.#move(index, offset);
      case 'fund':
        return this.run({ type: 'SettleFunding', symbol, fundingTime: this.#time, rate: decimal((offset / 77_777).toFixed(8)), mark: this.state.markets.get(symbol)!.view.mark });
      case 'margin':
        return this.run({ type: 'MovePositionMargin', account: 'a', symbol, positionSide, amount: decimal((offset / 7).toFixed(8)) });
    }
  }

  #restingNotional(key: string): { bids: Fraction; asks: Fraction } {
    const sides = { BUY: NONE, SELL: NONE };
    for (const order of this.own.openOrders.values()) {
      if (positionKey(order) === key && !order.reduceOnly) sides[order.side] = add(sides[order.side], times(subtract(exact(order.quantity), exact(order.filled)), exact(order.price)));
    }
    return { bids: sides.BUY, asks: sides.SELL };
  }

  /** Everything that the account and its positions show, computed again. */
  compare(): void {
    const shown = accountMargin(this.state, this.own);
    const rows = new Map(shown.positions.map((row) => [positionKey(row.position), positionRiskV3(row)]));
    const legs = SYMBOLS.flatMap((symbol) => legsOf(this.own).map((positionSide) => ({ symbol, key: positionKey({ symbol, positionSide }), mark: exact(this.state.markets.get(symbol)!.view.mark) })));
    const profit = (leg: Leg) => times(leg.holding.amount, subtract(leg.mark, leg.holding.entry));
    const needs = (leg: Leg) => maintenance(times(size(leg.holding.amount), leg.mark)).margin;
    const all = legs.map(({ symbol, key, mark }) => ({ symbol, key, mark, holding: this.book.of(key), isolated: this.#isolated(symbol) }));
    const crossed = all.filter((leg) => !leg.isolated);
    const crossWallet = subtract(this.book.wallet, add(...all.map((leg) => leg.holding.isolated)));
    const crossProfit = add(...crossed.map(profit));
    let [locked, initial, onOrders] = [NONE, NONE, NONE];

    for (const leg of all) {
      const { symbol, key, mark, holding } = leg;
      const notional = times(holding.amount, mark);
      const { bids, asks } = this.#restingNotional(key);
      const { leverage: times1 } = settingsOf(this.own, symbol);
      const ofPosition = over(size(notional), f(String(times1)));
      const worst = most(size(add(notional, bids)), size(subtract(notional, asks)));
      const ofOrders = over(most(subtract(worst, size(notional)), NONE), f(String(times1)));
      initial = add(initial, ofPosition);
      onOrders = add(onOrders, ofOrders);
      locked = add(locked, ofOrders, leg.isolated ? NONE : ofPosition);
      const row = rows.get(key);
      if (!row) {
        expect([holding.amount.n, bids.n, asks.n, holding.isolated.n]).to.deep.equal([0n, 0n, 0n, 0n]);
        continue;
      }
      const together = leg.isolated ? [leg] : crossed.filter((other) => other.symbol === symbol);
      const apart = crossed.filter((other) => other.symbol !== symbol);
      const balance = leg.isolated ? holding.isolated : add(crossWallet, ...apart.map(profit), ...apart.map((other) => negate(needs(other))));
      const price = holding.amount.n === 0n ? NONE : liquidation(together, balance);
      expect({
        positionAmt: written(f(String(row['positionAmt'])), 8),
        entryPrice: written(f(String(row['entryPrice'])), 12),
        liquidationPrice: written(f(String(row['liquidationPrice'])), 8),
        realised: written(exact(this.own.positions.get(key)?.realised ?? decimal('0')), 8),
        ...Object.fromEntries(['unRealizedProfit', 'notional', 'isolatedWallet', 'maintMargin', 'positionInitialMargin', 'openOrderInitialMargin', 'initialMargin', 'bidNotional', 'askNotional'].map((name) => [name, row[name]])),
      }).to.deep.equal({
        positionAmt: written(holding.amount, 8),
        entryPrice: written(holding.entry, 12),
        liquidationPrice: written(price, 8),
        realised: written(holding.realised, 8),
        unRealizedProfit: written(profit(leg), 8),
        notional: written(notional, 8),
        isolatedWallet: written(holding.isolated, 8),
        maintMargin: written(needs(leg), 8),
        positionInitialMargin: written(ofPosition, 8),
        openOrderInitialMargin: written(ofOrders, 8),
        initialMargin: written(add(ofPosition, ofOrders), 8),
        bidNotional: written(bids, 8),
        askNotional: written(asks, 8),
      });
    }
    expect(this.own.account.wallet.toFixed(8)).to.equal(written(this.book.wallet, 8));
    expect(accountTotals(shown)).to.include({
      totalWalletBalance: written(this.book.wallet, 8),
      totalCrossWalletBalance: written(crossWallet, 8),
      totalUnrealizedProfit: written(add(...all.map(profit)), 8),
      totalCrossUnPnl: written(crossProfit, 8),
      totalMaintMargin: written(add(...all.map(needs)), 8),
      totalPositionInitialMargin: written(initial, 8),
      totalOpenOrderInitialMargin: written(onOrders, 8),
      totalInitialMargin: written(add(initial, onOrders), 8),
      totalMarginBalance: written(add(this.book.wallet, ...all.map(profit)), 8),
      availableBalance: written(most(subtract(add(crossWallet, crossProfit), locked), NONE), 8),
    });
  }
}

describe('paper exchange: the second book', () => {
  it('agrees with the exchange to the last digit after every step of every history', function () {
    this.timeout(60_000);
    const seen = { crossedZero: 0, liquidated: 0, funded: 0, partial: 0 };
    fc.assert(
      fc.property(plan, (history) => {
        const comparison = new Comparison(history);
        for (const one of history.steps) {
          comparison.step(one);
          comparison.compare();
        }
        for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += comparison.seen[name];
      }),
      { numRuns: 80, seed: 4 },
    );
    for (const [name, count] of Object.entries(seen)) expect(count, `${name} was never tried`).to.be.greaterThan(10);
  });

  it('agrees on maintenance margin through all brackets, at their edges too', () => {
    const edges = [5_000, 25_000, 100_000, 250_000, 1_000_000, 2_000_000, 4_000_000, 10_000_000, 15_000_000];
    const cents = fc.oneof(fc.integer({ min: 1, max: 1_600_000_000 }), fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 })).map(([edge, off]) => edge * 100 + off));
    fc.assert(
      fc.property(cents, (value) => {
        const notional = (value / 100).toFixed(2);
        expect(maintenanceMargin(decimal(notional)).toFixed(8)).to.equal(written(maintenance(f(notional)).margin, 8));
      }),
      { numRuns: 1_000, seed: 4 },
    );
  });

  it('would notice a digit: its own rounding, brackets and price are right at known values', () => {
    expect([written(f('-0.000000005'), 8), written(f('0.0000000049'), 8), written(round(f('2.5'), 0), 1)]).to.deep.equal(['-0.00000001', '0.00000000', '3.0']);
    // 5,000 × 1 % + 20,000 × 1.5 % + 5,000 × 2 %.
    expect(written(maintenance(f('30000')).margin, 2)).to.equal('450.00');
    const holding = { amount: f('1'), entry: f('100'), isolated: f('5'), realised: NONE };
    // 5 + p − 100 = 0.01 p.
    expect(written(liquidation([{ holding, mark: f('100') }], f('5')), 4)).to.equal('95.9596');
  });
});
