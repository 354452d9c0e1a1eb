/** A venue in miniature for one symbol: one-way position, IOC entry, reduce-only stop, target and close. What it says, it also tells as user events. */
import { decimal } from '../../../src/protocol/decimal.ts';
import type { ClientId, OrderSide, SymbolName } from '../../../src/protocol/names.ts';
import type { OrderStatus, UserEvent, VenueAlgoOrder, VenueOrder, VenueTrade, VenueWrite, WriteOutcome } from '../../../src/protocol/venue.ts';

/** How much of an order is executed, in quarters, and in how many trades. */
export interface Liquidity {
  readonly quarters: number;
  readonly trades: number;
}

export class VenueModel {
  readonly symbol: SymbolName;
  position = 0;
  readonly orders = new Map<string, VenueOrder>();
  readonly algos = new Map<string, VenueAlgoOrder>();
  readonly trades: VenueTrade[] = [];
  /** Told but not yet delivered; whoever carries them may lose, repeat or reorder them. */
  readonly told: UserEvent[] = [];
  /** How often an opening order was executed here, by client id. */
  readonly openings = new Map<string, number>();
  #ids = 0;

  constructor(symbol: SymbolName) {
    this.symbol = symbol;
  }

  openAlgos(): VenueAlgoOrder[] {
    return [...this.algos.values()].filter((one) => one.status === 'NEW');
  }

  execute(write: VenueWrite, liquidity: Liquidity, now: number, wouldTrigger = false): WriteOutcome {
    switch (write.kind) {
      case 'OPEN':
        this.openings.set(write.clientId, (this.openings.get(write.clientId) ?? 0) + 1);
        return this.#accepted(this.#order(write.clientId, write.side, Number(write.quantity), liquidity, now, false));
      case 'CLOSE':
        if (this.position === 0 || this.position > 0 !== (write.side === 'SELL')) return { result: 'rejected', venueCode: -2022, message: 'ReduceOnly Order is rejected.' };
        return this.#accepted(this.#order(write.clientId, write.side, Number(write.quantity), liquidity, now, true));
      case 'PROTECT': {
        if (this.algos.get(write.clientId)?.status === 'NEW') return { result: 'unknown', message: '-4116 clientAlgoId is duplicated' };
        if (wouldTrigger) return { result: 'rejected', venueCode: -2021, message: 'Order would immediately trigger.' };
        const algo: VenueAlgoOrder = { symbol: this.symbol, clientId: write.clientId, algoId: String(++this.#ids), side: write.side, type: write.leg === 'stop' ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET', status: 'NEW', quantity: write.quantity, triggerPrice: write.triggerPrice, reduceOnly: true, updatedAt: now };
        this.#tellAlgo(algo, now);
        return { result: 'accepted', algoId: algo.algoId };
      }
      case 'CANCEL': {
        const algo = this.algos.get(write.clientId);
        if (algo?.status !== 'NEW') return { result: 'rejected', venueCode: -2011, message: 'Unknown order sent.' };
        this.#tellAlgo({ ...algo, status: 'CANCELED' }, now);
        return { result: 'accepted' };
      }
      case 'CONFIGURE':
        return { result: 'accepted' };
    }
  }

  /** The mark reaches a protection: it fires, and reduces as far as there is something to reduce and somebody to trade with. */
  trigger(which: number, liquidity: Liquidity, now: number): void {
    const standing = this.openAlgos();
    const algo = standing[which % Math.max(standing.length, 1)];
    if (algo === undefined) return;
    this.#tellAlgo({ ...algo, status: 'TRIGGERING' }, now);
    if (this.position === 0 || this.position > 0 !== (algo.side === 'SELL')) return this.#tellAlgo({ ...algo, status: 'REJECTED' }, now);
    const order = this.#order(algo.clientId, algo.side, Number(algo.quantity), liquidity, now, true);
    this.#tellAlgo({ ...algo, status: 'TRIGGERED', actualOrderId: order.orderId }, now);
    this.#tellAlgo({ ...algo, status: 'FINISHED', actualOrderId: order.orderId }, now);
  }

  /** Somebody trades by hand on the same account. */
  byHand(side: OrderSide, quantity: number, now: number): void {
    this.#order(`web_${++this.#ids}` as ClientId, side, quantity, { quarters: 4, trades: 1 }, now, false);
  }

  #order(clientId: ClientId, side: OrderSide, quantity: number, liquidity: Liquidity, now: number, reduceOnly: boolean): VenueOrder {
    const orderId = String(++this.#ids);
    const possible = reduceOnly ? Math.min(quantity, Math.abs(this.position)) : quantity;
    const executed = Math.floor((possible * liquidity.quarters) / 4);
    const base = { symbol: this.symbol, clientId, orderId, side, type: 'MARKET', quantity: decimal(String(quantity)), price: decimal('0'), reduceOnly, updatedAt: now };
    const tell = (status: OrderStatus, executedQuantity: number, trade?: VenueTrade) => {
      const order: VenueOrder = { ...base, status, executedQuantity: decimal(String(executedQuantity)) };
      this.orders.set(clientId, order);
      this.told.push({ type: 'order', order, ...(trade === undefined ? {} : { trade }), observedAt: now });
      return order;
    };
    tell('NEW', 0);
    let done = 0;
    const parts = Math.max(1, Math.min(liquidity.trades, executed));
    for (let part = 1; part <= parts && executed > 0; part++) {
      const size = part === parts ? executed - done : Math.floor(executed / parts);
      done += size;
      this.position += side === 'BUY' ? size : -size;
      const trade: VenueTrade = { symbol: this.symbol, tradeId: String(++this.#ids), orderId, clientId, side, price: decimal('100'), quantity: decimal(String(size)), commission: decimal('0.05'), commissionAsset: 'USDT', realizedPnl: decimal('0'), at: now };
      this.trades.push(trade);
      tell(done === quantity ? 'FILLED' : 'PARTIALLY_FILLED', done, trade);
    }
    return done === quantity ? this.orders.get(clientId)! : tell('EXPIRED', done);
  }

  #accepted(order: VenueOrder): WriteOutcome {
    return { result: 'accepted', order: { orderId: order.orderId, status: order.status, executedQuantity: order.executedQuantity } };
  }

  #tellAlgo(algo: VenueAlgoOrder, now: number): void {
    this.algos.set(algo.clientId, { ...algo, updatedAt: now });
    this.told.push({ type: 'algo', order: algo, observedAt: now });
  }
}
