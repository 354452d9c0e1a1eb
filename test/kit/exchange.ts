/**
 * An exchange of several symbols in virtual time, for the whole service: it keeps a ledger whose income explains its wallet,
 * fires stops and targets, and goes wrong only as the test says. Its candles rise steadily, whatever the marks do.
 */
import { decimal, ONE, ZERO } from '../../src/protocol/decimal.ts';
import type { Decimal } from '../../src/protocol/decimal.ts';
import type { Candle, Instrument, MarketEvent } from '../../src/protocol/market.ts';
import type { ClientId, OrderSide, SymbolName } from '../../src/protocol/names.ts';
import type { ListenKey, MarginMode, ReadName, UserEvent, VenueAlgoOrder, VenueIncome, VenueOrder, VenueReads, VenueTrade, VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { weightOf, weightOfWrite, WEIGHT_PER_MINUTE } from '../../src/rules/request-budget.ts';
import type { ReadOf } from '../../src/rules/request-budget.ts';
import { VenueError } from '../../src/venue/port.ts';
import type { OpenMarketStream, OpenStream, Venue } from '../../src/venue/port.ts';
import { anInstrument } from './actors.ts';
import type { VirtualClock } from './virtual-clock.ts';

const MINUTE_MS = 60_000;
const TAKER_FEE = decimal('0.0005');
/** Of a price of 1: a tick is 0.00001, so 2 bps of spread are 20 ticks. */
const HALF_SPREAD = decimal('0.0001');

interface Listed {
  instrument: Instrument;
  mark: Decimal;
  changePercent: Decimal;
  quantity: Decimal;
  entry: Decimal;
  leverage: number;
  marginMode: MarginMode;
}

export class TestExchange implements Venue {
  readonly writes: VenueWrite[] = [];
  readonly orders = new Map<ClientId, VenueOrder>();
  readonly algos = new Map<ClientId, VenueAlgoOrder>();
  readonly trades: VenueTrade[] = [];
  readonly incomes: VenueIncome[] = [];
  wallet: Decimal;
  /** The venue's clock less ours, ms. */
  skewMs = 0;
  /** Reads that fail with the venue out of reach. */
  readonly away = new Set<ReadName>();
  /** True: no closed candle comes any more. */
  candlesStop = false;
  /** What was used of the venue's request weight in each of its minutes, as we count it; beyond the limit it refuses. */
  readonly weights = new Map<number, number>();
  readonly #symbols = new Map<SymbolName, Listed>();
  readonly #clock: VirtualClock;
  #watchers: { readonly symbols: ReadonlySet<SymbolName>; readonly onEvent: (event: MarketEvent) => void }[] = [];
  #users: { onEvent(event: UserEvent): void }[] = [];
  #ids = 1_000;

  /** Each symbol at a price of 1, 5 % up on the day: a signal to buy. */
  constructor(clock: VirtualClock, symbols: readonly SymbolName[], wallet = '10000') {
    this.#clock = clock;
    this.wallet = decimal(wallet);
    for (const symbol of symbols) this.list(symbol);
    this.#tick();
  }

  list(symbol: SymbolName, part: Partial<Instrument> = {}): void {
    this.#symbols.set(symbol, { instrument: anInstrument(symbol, part), mark: ONE, changePercent: decimal('5'), quantity: ZERO, entry: ZERO, leverage: 10, marginMode: 'ISOLATED' });
  }

  /** What another one has on its books: the service was restarted, the exchange was not. */
  takeOver(before: TestExchange): void {
    this.wallet = before.wallet;
    this.#ids = before.#ids + 1_000;
    for (const [symbol, listed] of before.#symbols) this.#symbols.set(symbol, { ...listed });
    for (const [id, order] of before.orders) this.orders.set(id, order);
    for (const [id, algo] of before.algos) this.algos.set(id, algo);
    this.trades.push(...before.trades);
    this.incomes.push(...before.incomes);
  }

  /** Positions by symbol, signed, as the venue has them. */
  get positions(): ReadonlyMap<SymbolName, Decimal> {
    return new Map([...this.#symbols].filter(([, { quantity }]) => !quantity.isZero()).map(([symbol, { quantity }]) => [symbol, quantity]));
  }

  get equity(): Decimal {
    return this.wallet.plus(this.#unrealized());
  }

  /** Moves the mark, and fires what it reaches. */
  move(symbol: SymbolName, price: string): void {
    const listed = this.#of(symbol);
    listed.mark = decimal(price);
    this.#emit(symbol, { type: 'mark', symbol, price: listed.mark, observedAt: this.#now(), funding: { rate: decimal('0.0001'), nextAt: this.#now() + 3_600_000 } });
    for (const algo of this.algos.values()) {
      if (algo.symbol !== symbol || algo.status !== 'NEW' || !reached(algo, listed.mark)) continue;
      const orderId = String(++this.#ids);
      this.#setAlgo({ ...algo, status: 'TRIGGERED', actualOrderId: orderId });
      this.#fill(`autofire_${orderId}` as ClientId, symbol, algo.side, algo.quantity, listed.mark, true, orderId);
      this.#setAlgo({ ...algo, status: 'FINISHED', actualOrderId: orderId });
    }
  }

  change(symbol: SymbolName, changePercent: string): void {
    this.#of(symbol).changePercent = decimal(changePercent);
  }

  /** The venue changes what it lists, and says so on its stream. */
  status(symbol: SymbolName, status: string): void {
    const listed = this.#of(symbol);
    listed.instrument = { ...listed.instrument, status };
    for (const { onEvent } of this.#watchers) onEvent({ type: 'listing', symbol, status, observedAt: this.#now() });
  }

  /** As an account is that nobody has set: crossed, at 20×. */
  unset(symbol: SymbolName): void {
    Object.assign(this.#of(symbol), { leverage: 20, marginMode: 'CROSSED' });
  }

  deposit(amount: string): void {
    this.#book('TRANSFER', decimal(amount), undefined);
  }

  readonly gateway = {
    read: async <Name extends ReadName>(name: Name, query: VenueReads[Name]['query']): Promise<VenueReads[Name]['answer']> => {
      if (this.away.has(name)) throw new VenueError('unreachable', `${name}: connection refused`);
      if (!this.#weigh(weightOf({ name, query } as ReadOf))) throw new VenueError('throttled', `${name}: 429`, { retryAfterMs: MINUTE_MS - (this.#now() % MINUTE_MS) });
      return this.#read(name, query) as VenueReads[Name]['answer'];
    },
    write: async (write: VenueWrite): Promise<WriteOutcome> => {
      this.writes.push(write);
      if (!this.#weigh(weightOfWrite(write.kind))) return { result: 'throttled', retryAfterMs: MINUTE_MS - (this.#now() % MINUTE_MS), banned: false, message: '429' };
      return this.#write(write);
    },
    usage: () => ({ weight1m: this.weights.get(this.#minute), orders10s: undefined, orders1m: undefined }),
  };

  readonly marketStreams = {
    open: (symbols: readonly SymbolName[], onEvent: (event: MarketEvent) => void, onState: (up: boolean, reason: string) => void): OpenMarketStream => {
      const watcher = { symbols: new Set(symbols), onEvent };
      this.#watchers.push(watcher);
      onState(true, 'open');
      return { resubscribe: () => undefined, close: () => void (this.#watchers = this.#watchers.filter((one) => one !== watcher)) };
    },
  };

  /** The key there is; the test takes it away. */
  key: ListenKey | undefined;
  #keys = 0;

  readonly listenKeys = {
    ask: async (): Promise<ListenKey> => (this.key ??= { number: ++this.#keys }),
    prolong: async (): Promise<ListenKey> => {
      if (this.key === undefined) throw new VenueError('rejected', 'PUT /fapi/v1/listenKey: 400 (-1125) This listenKey does not exist.', { venueCode: -1125 });
      return this.key;
    },
  };

  readonly userStream = {
    open: (_key: ListenKey, handlers: { onEvent(event: UserEvent): void; onLive(): void; onLost(reason: string): void }): OpenStream => {
      this.#users.push(handlers);
      handlers.onLive();
      return { close: () => void (this.#users = this.#users.filter((one) => one !== handlers)) };
    },
  };

  /** Each second every mark and book; each minute a closed candle. */
  #tick(): void {
    const at = this.#now();
    for (const [symbol, { mark, instrument }] of this.#symbols) {
      if (instrument.status !== 'TRADING') continue;
      this.move(symbol, mark.toFixed());
      this.#emit(symbol, { type: 'book', symbol, bid: mark.multipliedBy(ONE.minus(HALF_SPREAD)), ask: mark.multipliedBy(ONE.plus(HALF_SPREAD)), observedAt: at });
      const minute = Math.floor(this.#clock.now() / MINUTE_MS);
      if (this.#clock.now() % MINUTE_MS < 1_000 && !this.candlesStop) this.#emit(symbol, { type: 'candle', symbol, candle: candleOf(minute - 1), observedAt: at });
    }
    this.#clock.after(1_000, () => this.#tick());
  }

  get #minute(): number {
    return Math.floor(this.#now() / MINUTE_MS);
  }

  #weigh(weight: number): boolean {
    const used = (this.weights.get(this.#minute) ?? 0) + weight;
    this.weights.set(this.#minute, used);
    return used <= WEIGHT_PER_MINUTE;
  }

  #write(write: VenueWrite): WriteOutcome {
    const listed = this.#of(write.symbol);
    if (listed.instrument.status !== 'TRADING' && write.kind === 'OPEN') return { result: 'rejected', venueCode: -4140, message: 'Invalid symbol status for opening position' };
    switch (write.kind) {
      case 'OPEN':
        return this.#fill(write.clientId, write.symbol, write.side, write.quantity, listed.mark, false);
      case 'CLOSE': {
        if (listed.quantity.isZero()) return { result: 'rejected', venueCode: -2022, message: 'ReduceOnly Order is rejected.' };
        const most = listed.quantity.abs();
        return this.#fill(write.clientId, write.symbol, write.side, write.quantity.isGreaterThan(most) ? most : write.quantity, listed.mark, true);
      }
      case 'PROTECT': {
        const algoId = String(++this.#ids);
        this.#setAlgo({ symbol: write.symbol, clientId: write.clientId, algoId, side: write.side, type: write.leg === 'stop' ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET', status: 'NEW', quantity: write.quantity, triggerPrice: write.triggerPrice, reduceOnly: true, createdAt: this.#now(), updatedAt: this.#now() });
        return { result: 'accepted', algoId };
      }
      case 'CANCEL': {
        const algo = this.algos.get(write.clientId);
        if (algo?.status !== 'NEW') return { result: 'rejected', venueCode: -2011, message: 'Unknown order sent.' };
        this.#setAlgo({ ...algo, status: 'CANCELED' });
        return { result: 'accepted', algoId: algo.algoId };
      }
      case 'CONFIGURE':
        if (write.setting === 'leverage') listed.leverage = write.leverage;
        else listed.marginMode = write.marginMode;
        return { result: 'accepted' };
    }
  }

  #fill(clientId: ClientId, symbol: SymbolName, side: OrderSide, quantity: Decimal, price: Decimal, reduceOnly: boolean, orderId = String(++this.#ids)): WriteOutcome {
    const listed = this.#of(symbol);
    const signed = side === 'BUY' ? quantity : quantity.negated();
    const closes = !listed.quantity.isZero() && listed.quantity.isPositive() !== signed.isPositive();
    const realized = closes ? signed.negated().multipliedBy(price.minus(listed.entry)) : ZERO;
    const commission = quantity.multipliedBy(price).multipliedBy(TAKER_FEE);
    listed.entry = closes ? listed.entry : listed.quantity.abs().multipliedBy(listed.entry).plus(quantity.multipliedBy(price)).dividedBy(listed.quantity.abs().plus(quantity));
    listed.quantity = listed.quantity.plus(signed);
    if (!realized.isZero()) this.#book('REALIZED_PNL', realized, symbol);
    this.#book('COMMISSION', commission.negated(), symbol);
    const trade: VenueTrade = { symbol, tradeId: String(++this.#ids), orderId, clientId, side, price, quantity, commission, commissionAsset: 'USDT', realizedPnl: realized, at: this.#now() };
    this.trades.push(trade);
    const order: VenueOrder = { symbol, clientId, orderId, side, type: 'LIMIT', status: 'FILLED', quantity, executedQuantity: quantity, price, reduceOnly, updatedAt: this.#now() };
    this.orders.set(clientId, order);
    this.#tell({ type: 'order', order, trade, observedAt: this.#now() });
    this.#tell({ type: 'account', walletBalance: this.wallet, positions: [{ symbol, quantity: listed.quantity, entryPrice: listed.entry, unrealizedPnl: ZERO, marginMode: listed.marginMode }], reason: 'ORDER', observedAt: this.#now() });
    return { result: 'accepted', order: { orderId, status: 'FILLED', executedQuantity: quantity } };
  }

  #book(type: string, amount: Decimal, symbol: SymbolName | undefined): void {
    this.wallet = this.wallet.plus(amount);
    this.incomes.push({ incomeId: `${type}/${++this.#ids}`, type, symbol, amount, asset: 'USDT', at: this.#now() });
  }

  #read(name: ReadName, query: object): unknown {
    const { symbol, since, clientId, type } = query as { symbol?: SymbolName; since: number; clientId: ClientId; type?: string };
    const now = this.#now();
    const own = [...this.#symbols];
    switch (name) {
      case 'serverTime':
        return { serverTime: now, sentAt: this.#clock.now(), receivedAt: this.#clock.now() };
      case 'instruments':
        return own.map(([, { instrument }]) => instrument);
      case 'tickers':
        return own.map(([of, { changePercent, mark }]) => ({ symbol: of, changePercent, lastPrice: mark, quoteVolume: decimal('50000000'), closeTime: now }));
      case 'candles': {
        const minute = Math.floor(this.#clock.now() / MINUTE_MS);
        return Array.from({ length: 400 }, (_, index) => candleOf(minute - 400 + index));
      }
      case 'account':
        return { walletBalance: this.wallet, unrealizedPnl: this.#unrealized(), availableBalance: this.wallet.minus(this.#margin()), observedAt: now };
      case 'accountModes':
        return { hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true };
      case 'keyPermissions':
        return { canTrade: true, canWithdraw: false, ipRestricted: true };
      case 'settings':
        return own.map(([of, { leverage, marginMode }]) => ({ symbol: of, leverage, marginMode }));
      case 'brackets':
        return new Map(own.map(([of]) => [of, [{ leverage: 50, notionalCap: decimal('10000') }]]));
      case 'positions':
        return own.filter(([of, { quantity }]) => !quantity.isZero() && (symbol === undefined || of === symbol)).map(([of, { quantity, entry, mark }]) => ({ symbol: of, quantity, entryPrice: entry, markPrice: mark, unrealizedPnl: quantity.multipliedBy(mark.minus(entry)), updatedAt: now }));
      case 'openOrders':
        return [];
      case 'openAlgoOrders':
        return [...this.algos.values()].filter((algo) => algo.status === 'NEW' && (symbol === undefined || algo.symbol === symbol));
      case 'order':
        return this.orders.get(clientId);
      case 'orders':
        return [...this.orders.values()].filter((order) => order.updatedAt >= since && order.symbol === symbol);
      case 'algoOrders':
        return [...this.algos.values()].filter((algo) => algo.updatedAt >= since && algo.symbol === symbol);
      case 'algoOrder':
        return this.algos.get(clientId);
      case 'trades':
        return this.trades.filter((trade) => trade.at >= since && trade.symbol === symbol);
      case 'income':
        return this.incomes.filter((row) => row.at >= since && (symbol === undefined || row.symbol === symbol) && (type === undefined || row.type === type));
      case 'fundingIntervals':
        return new Map();
    }
  }

  #unrealized(): Decimal {
    return [...this.#symbols.values()].reduce((sum, { quantity, mark, entry }) => sum.plus(quantity.multipliedBy(mark.minus(entry))), ZERO);
  }

  #margin(): Decimal {
    return [...this.#symbols.values()].reduce((sum, { quantity, entry, leverage }) => sum.plus(quantity.abs().multipliedBy(entry).dividedBy(leverage)), ZERO);
  }

  #setAlgo(order: VenueAlgoOrder): void {
    this.algos.set(order.clientId, { ...order, updatedAt: this.#now() });
    this.#tell({ type: 'algo', order, observedAt: this.#now() });
  }

  #emit(symbol: SymbolName, event: MarketEvent): void {
    for (const { symbols, onEvent } of this.#watchers) if (symbols.has(symbol)) onEvent(event);
  }

  #tell(event: UserEvent): void {
    for (const user of this.#users) user.onEvent(event);
  }

  #of(symbol: SymbolName): Listed {
    const found = this.#symbols.get(symbol);
    if (found === undefined) throw new Error(`the exchange does not list ${symbol}`);
    return found;
  }

  #now(): number {
    return this.#clock.now() + this.skewMs;
  }
}

function reached({ side, type, triggerPrice }: VenueAlgoOrder, mark: Decimal): boolean {
  const falls = (side === 'SELL') === (type === 'STOP_MARKET');
  return falls ? mark.isLessThanOrEqualTo(triggerPrice) : mark.isGreaterThanOrEqualTo(triggerPrice);
}

/** The candle of a minute since 1970: a steady rise with a little zigzag, the same whoever asks. */
function candleOf(minute: number): Candle {
  const close = 1 + (minute % 1_000_000) * 0.0001 + (minute % 2 === 0 ? 0.0004 : -0.0004);
  const text = (value: number) => decimal(value.toFixed(8));
  return { openTime: minute * MINUTE_MS, open: text(close * 0.9999), high: text(close * 1.0004), low: text(close * 0.9996), close: text(close), volume: decimal('1000'), closed: true };
}
