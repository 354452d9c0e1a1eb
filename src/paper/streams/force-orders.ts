/** Liquidations as the market hears of them: at most one a symbol and second, the largest. */
import { text, type Decimal } from '../../protocol/decimal.ts';
import type { ExchangeEvent } from '../core/events.ts';
import type { Order, Trade } from '../core/model.ts';
import { averagePrice } from '../wire/shapes.ts';
import type { Topics } from './topics.ts';

/** What the venue's own liquidation orders are called by. */
const LIQUIDATION_ID = 'autoclose-';

interface Liquidation {
  readonly order: Order;
  readonly trade: Trade;
}

function worth({ order, trade }: Liquidation): Decimal {
  return order.quantity.multipliedBy(trade.price);
}

function forceOrderMessage({ order, trade }: Liquidation, now: number): Record<string, unknown> {
  const o = {
    s: order.symbol,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: text(order.quantity),
    p: text(order.price),
    ap: text(averagePrice(order)),
    X: order.status,
    l: text(trade.quantity),
    z: text(order.filled),
    T: trade.time,
  };
  return { e: 'forceOrder', E: now, o, ps: order.symbol, st: 1 };
}

export class ForceOrders {
  readonly #topics: Topics;
  readonly #largest = new Map<string, Liquidation>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  onEvents(events: readonly ExchangeEvent[]): void {
    for (const event of events) {
      if (event.type !== 'OrderTraded' || !event.order.clientOrderId.startsWith(LIQUIDATION_ID)) continue;
      const before = this.#largest.get(event.order.symbol);
      if (!before || before.order.orderId === event.order.orderId || worth(event).isGreaterThan(worth(before))) this.#largest.set(event.order.symbol, event);
    }
  }

  onSecond(now: number): void {
    for (const [symbol, liquidation] of this.#largest) {
      for (const stream of [`${symbol.toLowerCase()}@forceOrder`, '!forceOrder@arr']) this.#topics.publish('market', stream, () => forceOrderMessage(liquidation, now));
    }
    this.#largest.clear();
  }
}
