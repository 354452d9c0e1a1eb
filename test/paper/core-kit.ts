/** A bare exchange core for tests: one symbol with a known book, one account, and commands in few words. */
import { decimal, type Decimal } from '../../src/protocol/decimal.ts';
import type { AlgoRequest } from '../../src/paper/core/algos.ts';
import type { MarketView } from '../../src/paper/core/book.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { execute, type Command } from '../../src/paper/core/exchange-core.ts';
import type { Order } from '../../src/paper/core/model.ts';
import type { OrderRequest } from '../../src/paper/core/order-checks.ts';
import { emptyState, positionOf, type AccountState, type ExchangeState } from '../../src/paper/core/state.ts';
import type { SymbolRules } from '../../src/paper/core/symbol-rules.ts';
import { VenueError } from '../../src/paper/core/venue-error.ts';

/** Tick 0.01, step 0.1 with one digit more of precision each, so that every filter's edge can be reached. */
export const RULES: SymbolRules = {
  symbol: 'TESTUSDT',
  tickSize: decimal('0.01'),
  minPrice: decimal('0.05'),
  maxPrice: decimal('1000'),
  stepSize: decimal('0.1'),
  minQty: decimal('0.2'),
  maxQty: decimal('10000'),
  marketMaxQty: decimal('1000'),
  minNotional: decimal('5'),
  multiplierUp: decimal('1.1'),
  multiplierDown: decimal('0.9'),
  pricePrecision: 3,
  quantityPrecision: 2,
};

function viewAt(price: string, bookSeed: number = 1, ask?: string): MarketView {
  const last = decimal(price);
  return { symbol: RULES.symbol, last, mark: last, index: last, bid: last, ask: ask === undefined ? last.plus(RULES.tickSize) : decimal(ask), bookSeed };
}

export class TestExchange {
  readonly state: ExchangeState = emptyState([RULES]);
  readonly events: ExchangeEvent[] = [];
  #now = 1_000;

  constructor(price: string = '10', deposit: string = '10000') {
    this.run({ type: 'OpenAccount', apiKey: 'a', apiSecret: 's', deposit: decimal(deposit) });
    this.move(price);
  }

  run(command: Command): { id: number | null; events: readonly ExchangeEvent[] } {
    const outcome = execute(this.state, command, this.#now++);
    this.events.push(...outcome.events);
    return outcome;
  }

  /** The clock stands at `time` when it is looked at. */
  passTo(time: number): readonly ExchangeEvent[] {
    this.#now = time;
    return this.run({ type: 'PassTime' }).events;
  }

  get own(): AccountState {
    return this.state.accounts.get('a')!;
  }

  move(price: string, bookSeed?: number): readonly ExchangeEvent[] {
    return this.run({ type: 'MoveMarket', view: viewAt(price, bookSeed) }).events;
  }

  /** MARKET unless a price is given, then LIMIT GTC unless another time in force is. */
  order(side: 'BUY' | 'SELL', quantity: string, more: Partial<OrderRequest> & { at?: string } = {}): Order {
    const { at, ...rest } = more;
    const price: Decimal | null = at === undefined ? null : decimal(at);
    const request: OrderRequest = { symbol: RULES.symbol, side, type: price ? 'LIMIT' : 'MARKET', timeInForce: price ? 'GTC' : null, quantity: decimal(quantity), price, reduceOnly: false, clientOrderId: null, ...rest };
    return this.own.orders.get(this.run({ type: 'PlaceOrder', account: 'a', request }).id!)!;
  }

  algo(side: 'BUY' | 'SELL', type: AlgoRequest['type'], triggerPrice: string, more: Partial<AlgoRequest> = {}): number {
    const request: AlgoRequest = {
      symbol: RULES.symbol, side, type, timeInForce: 'GTC', quantity: decimal('1'), triggerPrice: decimal(triggerPrice), price: null, workingType: 'CONTRACT_PRICE', reduceOnly: true, closePosition: false, clientAlgoId: null, ...more,
    };
    return this.run({ type: 'PlaceAlgo', account: 'a', request }).id!;
  }

  get amount(): string {
    return positionOf(this.own, RULES.symbol).amount.toFixed();
  }

  /** The code that `run` is refused with; 0 when it is not refused. A refusal must leave no event. */
  code(run: () => unknown): number {
    const before = this.events.length;
    try {
      run();
      return 0;
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      if (this.events.length !== before) throw new Error('a refusal changed the state', { cause: error });
      return error.code;
    }
  }
}
