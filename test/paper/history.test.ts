/** History leaves after the venue's own times and beyond a cap, with every index of it, in memory and on disk; the ledger still adds up. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { decimal, ZERO } from '../../src/protocol/decimal.ts';
import { SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import { SqliteStore } from '../../src/paper/store/sqlite-store.ts';
import { stateIn } from '../../src/paper/store/state-directory.ts';
import type { AccountState } from '../../src/paper/core/state.ts';
import { PaperVenue } from '../../src/paper/venue.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { RULES, TestExchange } from './core-kit.ts';
import { temporaryDirectory } from './kit.ts';

const DAY = 86_400_000;
const symbol = RULES.symbol;

/** wallet = deposit + forgotten + Σ realised − Σ commission + Σ income. */
function expectOneLedger({ account, trades, incomes }: AccountState): void {
  const traded = trades.reduce((total, trade) => total.plus(trade.realised).minus(trade.commission), account.deposit.plus(account.forgotten));
  expect(incomes.reduce((total, income) => total.plus(income.amount), traded).toFixed()).to.equal(account.wallet.toFixed());
}

function pruneAt(exchange: TestExchange, time: number, most: number = 100_000): void {
  exchange.passTo(time);
  exchange.run({ type: 'PruneHistory', most });
}

describe('paper exchange core: history', () => {
  it('lets go of what was cancelled without a fill after three days, of everything else after ninety, and of nothing that is open', () => {
    const exchange = new TestExchange();
    const open = exchange.order('BUY', '1', { at: '9', clientOrderId: 'open' });
    const cancelled = exchange.order('BUY', '1', { at: '9', clientOrderId: 'cancelled' });
    exchange.run({ type: 'CancelOrder', account: 'a', name: { symbol, orderId: cancelled.orderId, clientOrderId: null } });
    const filled = exchange.order('BUY', '1', { clientOrderId: 'filled' });
    const stop = exchange.algo('SELL', 'STOP_MARKET', '5', { clientAlgoId: 'stop' });
    exchange.run({ type: 'CancelAlgo', account: 'a', name: { algoId: stop, clientAlgoId: null } });
    const kept = exchange.algo('SELL', 'STOP_MARKET', '5', { clientAlgoId: 'kept' });
    const { own } = exchange;

    pruneAt(exchange, 3 * DAY);
    expect([own.orders.size, own.algos.size]).to.deep.equal([3, 2]);
    pruneAt(exchange, 3 * DAY + 2_000);
    expect([...own.orders.keys()]).to.deep.equal([open.orderId, filled.orderId]);
    expect([...own.algos.keys()]).to.deep.equal([kept]);
    expect([...own.byClientId.keys()]).to.deep.equal([`${symbol} open`, `${symbol} filled`]);
    expect([...own.byClientAlgoId.keys()]).to.deep.equal(['kept']);
    expect(exchange.code(() => exchange.run({ type: 'CancelOrder', account: 'a', name: { symbol, orderId: null, clientOrderId: 'cancelled' } }))).to.equal(-2011);

    pruneAt(exchange, 90 * DAY);
    expect([own.orders.size, own.trades.length]).to.deep.equal([2, 1]);
    pruneAt(exchange, 90 * DAY + 2_000);
    expect([...own.orders.keys()]).to.deep.equal([open.orderId]);
    expect([own.trades, [...own.algos.keys()]]).to.deep.equal([[], [kept]]);
    expect(own.account.forgotten.toFixed()).to.equal(own.account.wallet.minus(own.account.deposit).toFixed()).and.not.equal('0');
    expectOneLedger(own);
  });

  it('keeps the newest of each kind beyond the cap, whatever their age, and the ledger with it', () => {
    const exchange = new TestExchange('10', '100000');
    const first = exchange.order('BUY', '1', { at: '9', clientOrderId: 'same' });
    exchange.run({ type: 'CancelOrder', account: 'a', name: { symbol, orderId: first.orderId, clientOrderId: null } });
    const rest = exchange.order('BUY', '1', { at: '9', clientOrderId: 'same' });
    for (let i = 0; i < 60; i++) {
      exchange.order(i % 2 === 0 ? 'BUY' : 'SELL', '1');
      exchange.run({ type: 'SettleFunding', symbol, fundingTime: i, rate: decimal('0.001'), mark: decimal('10') });
      exchange.run({ type: 'AmendOrder', account: 'a', amendment: { name: { symbol, orderId: rest.orderId, clientOrderId: null }, side: 'BUY', quantity: decimal('1'), price: decimal(i % 2 === 0 ? '8.9' : '9') } });
    }
    const { own } = exchange;
    const newest = [...own.orders.keys()].slice(-20);
    pruneAt(exchange, 10_000, 20);
    expect([...own.orders.keys()]).to.deep.equal([rest.orderId, ...newest]);
    expect([own.trades.length, own.incomes.length, own.amendments.length]).to.deep.equal([20, 20, 20]);
    expect(own.byClientId.get(`${symbol} same`), 'the index knows the newer of one name').to.equal(rest.orderId);
    expectOneLedger(own);
    expect(exchange.run({ type: 'PruneHistory', most: 20 }).events).to.deep.equal([]);
  });
});

/** Days of trading on disk, with the clock moved by hand. */
class Days {
  readonly clock = new VirtualClock(20_000 * DAY);
  readonly dir: string;
  venue: PaperVenue;
  #number = 0;

  constructor(dir: string) {
    this.dir = dir;
    this.venue = this.#open();
  }

  #open(): PaperVenue {
    const fatal = (error: unknown): never => {
      throw error;
    };
    const source = new SyntheticMarket(7, [{ symbol, price: '10', tickSize: '0.01', stepSize: '0.1', dayTurnover: 50_000_000 }]);
    return new PaperVenue({ source, store: new SqliteStore(stateIn(this.dir), source), clock: this.clock, log: () => {}, balance: decimal('100000'), keptRows: 20, onFatal: fatal });
  }

  reopen(): void {
    this.venue.close();
    this.venue = this.#open();
  }

  get own(): AccountState {
    return this.venue.account('paper')!;
  }

  /** Each day an order that fills (three buys, three sales), one that is cancelled, and a conditional one; funding as it falls due. */
  pass(count: number): void {
    const account = 'paper';
    for (let day = 0; day < count; day++) {
      this.clock.moveTo(this.clock.now() + DAY);
      const side = this.#number++ % 6 < 3 ? ('BUY' as const) : ('SELL' as const);
      const bid = this.venue.state.markets.get(symbol)!.view.bid;
      const price = bid.multipliedBy('0.97').decimalPlaces(2);
      const request = { symbol, side, quantity: decimal('2'), reduceOnly: false, clientOrderId: null };
      this.venue.execute({ type: 'PlaceOrder', account, request: { ...request, type: 'MARKET', timeInForce: null, price: null } });
      const { id } = this.venue.execute({ type: 'PlaceOrder', account, request: { ...request, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price } });
      this.venue.execute({ type: 'CancelOrder', account, name: { symbol, orderId: id, clientOrderId: null } });
      this.venue.execute({ type: 'PlaceAlgo', account, request: { symbol, side: 'SELL', type: 'STOP_MARKET', timeInForce: 'GTC', quantity: decimal('2'), triggerPrice: price, price: null, workingType: 'MARK_PRICE', reduceOnly: true, closePosition: false, clientAlgoId: null } });
      this.venue.execute({ type: 'CancelAllAlgos', account, symbol });
      this.venue.passTime();
    }
  }

  sizes(): number[] {
    const { orders, byClientId, trades, incomes, algos, byClientAlgoId } = this.own;
    return [orders.size, byClientId.size, trades.length, incomes.length, algos.size, byClientAlgoId.size, this.venue.state.fundings.get(symbol)?.length ?? 0];
  }

  rows(): Record<string, number> {
    const db = new DatabaseSync(join(this.dir, 'exchange.db'), { readOnly: true });
    const rows = db.prepare('SELECT kind, count(*) AS count FROM records GROUP BY kind').all();
    db.close();
    return Object.fromEntries(rows.map((row) => [String(row['kind']), Number(row['count'])]));
  }
}

describe('paper exchange: many days of history on disk', () => {
  it('stays as large as it was, opens again, and gives no id twice', () => {
    const { dir, remove } = temporaryDirectory();
    const days = new Days(dir);
    try {
      days.pass(30);
      const [before, rows] = [days.sizes(), days.rows()];
      days.pass(70);
      // Funding stays ninety days, one row for each day that was looked at; all else was full long before.
      expect(days.sizes().slice(0, 3)).to.deep.equal(before.slice(0, 3));
      expect(days.sizes()[4]).to.equal(before[4]).and.lessThan(6);
      expect(days.sizes()[6]).to.equal(91);
      expect(days.rows()).to.deep.include({ order: rows['order'], trade: rows['trade'], algo: rows['algo'], funding: 91 });
      expect(days.rows()).to.include({ order: days.own.orders.size, trade: days.own.trades.length, income: days.own.incomes.length, algo: days.own.algos.size });
      expectOneLedger(days.own);

      const { lastOrderId, lastTradeId, lastAlgoId } = days.venue.state;
      const [sizes, wallet] = [days.sizes(), days.own.account.wallet.toFixed()];
      const orders = new Set(days.own.orders.keys());
      expect(days.own.trades.some((trade) => !orders.has(trade.orderId)), 'a trade outlived its order').to.equal(true);
      days.reopen();
      expect([days.sizes(), days.own.account.wallet.toFixed()]).to.deep.equal([sizes, wallet]);
      expectOneLedger(days.own);
      days.clock.moveTo(days.clock.now() + 200 * DAY);
      days.venue.passTime();
      expect([days.own.orders.size, days.own.trades.length, days.own.algos.size]).to.deep.equal([0, 0, 0]);
      days.reopen();
      expect(days.venue.state).to.include({ lastOrderId, lastTradeId, lastAlgoId });
      expect(days.own.account.forgotten.isEqualTo(ZERO)).to.equal(false);
      expectOneLedger(days.own);
    } finally {
      days.venue.close();
      remove();
    }
  });
});
