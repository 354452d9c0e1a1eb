/** A venue of one symbol that does what an exchange does, until the test says otherwise: a lost answer, a silent stream, a refusal. */
import { decimal, ZERO } from '../../src/protocol/decimal.ts';
import type { Decimal } from '../../src/protocol/decimal.ts';
import type { ClientId, OrderSide, SymbolName } from '../../src/protocol/names.ts';
import type { ReadName, UserEvent, VenueAlgoOrder, VenueOrder, VenueReads, VenueTrade, VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import type { VenueGateway, VenueUsage } from '../../src/venue/port.ts';

type Scripted<Value> = Value | Promise<Value> | undefined;
/** What a test answers a read with: a list, a value, or a promise of either. */
type ReadScript = Scripted<object>;

export class ScriptedVenue implements VenueGateway {
  readonly writes: VenueWrite[] = [];
  readonly reads: { readonly name: ReadName; readonly at: number }[] = [];
  readonly orders = new Map<ClientId, VenueOrder>();
  readonly algos = new Map<ClientId, VenueAlgoOrder>();
  readonly trades: VenueTrade[] = [];
  quantity: Decimal = ZERO;
  mark = decimal('0.01');
  leverage = 10;
  marginMode: 'ISOLATED' | 'CROSSED' = 'ISOLATED';
  hedgeMode = false;
  canWithdraw: boolean | undefined = false;
  canTrade = true;
  ipRestricted = true;
  /** What the headers of its answers say. */
  stated: VenueUsage = { weight1m: undefined, orders10s: undefined, orders1m: undefined };
  /** False: what happens is not told on the user stream. */
  streaming = true;
  /** Undefined: the venue does what it is asked. */
  onWrite: (write: VenueWrite) => Scripted<WriteOutcome> = () => undefined;
  onRead: (name: ReadName, query: object) => ReadScript = () => undefined;
  /** When what happens is told on the user stream, and how often. */
  onTell: (deliver: () => void) => void = (deliver) => deliver();
  readonly #symbol: SymbolName;
  readonly #now: () => number;
  readonly #emit: (event: UserEvent) => void;
  #ids = 1_000;

  constructor(symbol: SymbolName, now: () => number, emit: (event: UserEvent) => void) {
    this.#symbol = symbol;
    this.#now = now;
    this.#emit = emit;
  }

  async read<Name extends ReadName>(name: Name, query: VenueReads[Name]['query']): Promise<VenueReads[Name]['answer']> {
    this.reads.push({ name, at: this.#now() });
    const scripted = this.onRead(name, query);
    return (scripted === undefined ? this.#answer(name, query) : await scripted) as VenueReads[Name]['answer'];
  }

  async write(write: VenueWrite): Promise<WriteOutcome> {
    this.writes.push(write);
    return this.onWrite(write) ?? this.execute(write);
  }

  usage() {
    return this.stated;
  }

  /** Does what the write says, as an exchange with endless depth would. */
  execute(write: VenueWrite): WriteOutcome {
    switch (write.kind) {
      case 'OPEN':
        return this.fill(write, write.quantity, write.price);
      case 'CLOSE':
        if (this.quantity.isZero()) return { result: 'rejected', venueCode: -2022, message: 'ReduceOnly Order is rejected.' };
        return this.fill(write, write.quantity.isGreaterThan(this.quantity.abs()) ? this.quantity.abs() : write.quantity, decimal('0.0099'));
      case 'PROTECT': {
        const algoId = String(++this.#ids);
        this.#setAlgo({ symbol: this.#symbol, clientId: write.clientId, algoId, side: write.side, type: write.leg === 'stop' ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET', status: 'NEW', quantity: write.quantity, triggerPrice: write.triggerPrice, reduceOnly: true, updatedAt: this.#now() });
        return { result: 'accepted', algoId };
      }
      case 'CANCEL': {
        const algo = this.algos.get(write.clientId);
        if (algo?.status !== 'NEW') return { result: 'rejected', venueCode: -2011, message: 'Unknown order sent.' };
        this.#setAlgo({ ...algo, status: 'CANCELED' });
        return { result: 'accepted', algoId: algo.algoId };
      }
      case 'CONFIGURE':
        if (write.setting === 'leverage') this.leverage = write.leverage;
        else this.marginMode = write.marginMode;
        return { result: 'accepted' };
    }
  }

  /** Fills an IOC order by `executed` of its quantity. */
  fill(write: Extract<VenueWrite, { kind: 'OPEN' | 'CLOSE' }>, executed: Decimal, price: Decimal): WriteOutcome {
    const orderId = String(++this.#ids);
    const status = executed.isEqualTo(write.quantity) ? 'FILLED' : 'EXPIRED';
    const order: VenueOrder = { symbol: this.#symbol, clientId: write.clientId, orderId, side: write.side, type: 'LIMIT', status, quantity: write.quantity, executedQuantity: executed, price, reduceOnly: write.kind === 'CLOSE', updatedAt: this.#now() };
    this.orders.set(write.clientId, order);
    const trade = executed.isZero() ? undefined : this.#trade(orderId, write.side, executed, price);
    this.#tell({ type: 'order', order, ...(trade === undefined ? {} : { trade }), observedAt: this.#now() });
    return { result: 'accepted', order: { orderId, status, executedQuantity: executed } };
  }

  /** The mark reaches a stop or target: it fires and is filled. */
  trigger(clientId: ClientId): void {
    const algo = this.algos.get(clientId);
    if (algo === undefined) throw new Error(`no such protection: ${clientId}`);
    const orderId = String(++this.#ids);
    this.#setAlgo({ ...algo, status: 'TRIGGERED', actualOrderId: orderId });
    this.trade(algo.side, algo.quantity, algo.triggerPrice, orderId);
    this.#setAlgo({ ...algo, status: 'FINISHED', actualOrderId: orderId });
  }

  /** An execution of somebody else's order, or of a triggered one. */
  trade(side: OrderSide, quantity: Decimal, price: Decimal, orderId = String(++this.#ids), clientId = `web_${orderId}` as ClientId): void {
    const trade = this.#trade(orderId, side, quantity, price);
    const order: VenueOrder = { symbol: this.#symbol, clientId, orderId, side, type: 'MARKET', status: 'FILLED', quantity, executedQuantity: quantity, price, reduceOnly: true, updatedAt: this.#now() };
    this.orders.set(clientId, order);
    this.#tell({ type: 'order', order, trade, observedAt: this.#now() });
  }

  /** A protection goes without a word on the stream. */
  vanish(clientId: ClientId): void {
    this.algos.delete(clientId);
  }

  #trade(orderId: string, side: OrderSide, quantity: Decimal, price: Decimal): VenueTrade {
    const trade: VenueTrade = { symbol: this.#symbol, tradeId: String(++this.#ids), orderId, side, price, quantity, commission: decimal('0.1'), commissionAsset: 'USDT', realizedPnl: ZERO, at: this.#now() };
    this.trades.push(trade);
    this.quantity = side === 'BUY' ? this.quantity.plus(quantity) : this.quantity.minus(quantity);
    return trade;
  }

  #setAlgo(order: VenueAlgoOrder): void {
    this.algos.set(order.clientId, order);
    this.#tell({ type: 'algo', order, observedAt: this.#now() });
  }

  #tell(event: UserEvent): void {
    if (this.streaming) this.onTell(() => this.#emit(event));
  }

  #answer(name: ReadName, query: object): unknown {
    const { clientId, orderId, since } = query as { clientId: ClientId; orderId?: string; since: number };
    const now = this.#now();
    switch (name) {
      case 'serverTime':
        return { serverTime: now, sentAt: now, receivedAt: now };
      case 'positions':
        return this.quantity.isZero() ? [] : [{ symbol: this.#symbol, quantity: this.quantity, entryPrice: decimal('0.01'), markPrice: this.mark, unrealizedPnl: ZERO, updatedAt: now }];
      case 'openOrders':
        return [...this.orders.values()].filter((order) => order.status === 'NEW' || order.status === 'PARTIALLY_FILLED');
      case 'openAlgoOrders':
        return [...this.algos.values()].filter((algo) => algo.status === 'NEW');
      case 'order':
        return orderId === undefined ? this.orders.get(clientId) : [...this.orders.values()].find((order) => order.orderId === orderId);
      case 'orders':
        return [...this.orders.values()].filter((order) => order.updatedAt >= since);
      case 'algoOrders':
        return [...this.algos.values()].filter((algo) => algo.updatedAt >= since);
      case 'algoOrder':
        return this.algos.get(clientId);
      case 'trades':
        return this.trades.filter((trade) => trade.at >= since);
      case 'settings':
        return [{ symbol: this.#symbol, leverage: this.leverage, marginMode: this.marginMode }];
      case 'accountModes':
        return { hedgeMode: this.hedgeMode, multiAssets: false, feeBurn: false, canTrade: true };
      case 'keyPermissions':
        return { canTrade: this.canTrade, canWithdraw: this.canWithdraw, ipRestricted: this.ipRestricted };
      case 'brackets':
        return new Map([[this.#symbol, [{ leverage: 50, notionalCap: decimal('10000') }]]]);
      case 'account':
        return { walletBalance: decimal('10000'), unrealizedPnl: ZERO, availableBalance: decimal('10000'), observedAt: now };
      case 'instruments':
      case 'tickers':
      case 'candles':
      case 'income':
        return [];
      case 'fundingIntervals':
        return new Map();
    }
  }
}
