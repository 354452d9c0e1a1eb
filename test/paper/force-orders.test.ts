/** The market hears of liquidations: the largest of a symbol within a second, and of nothing else. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ExchangeEvent } from '../../src/paper/core/events.ts';
import { ForceOrders } from '../../src/paper/streams/force-orders.ts';
import { Topics } from '../../src/paper/streams/topics.ts';
import { TestExchange } from './core-kit.ts';
import type { Json } from './kit.ts';

const exchange = new TestExchange('10', '1000000');

/** Real trades of the core, of an order under another client id. */
function traded(clientOrderId: string, quantity: string): readonly ExchangeEvent[] {
  exchange.move('10', 1);
  const before = exchange.events.length;
  exchange.order('BUY', quantity);
  return exchange.events.slice(before).flatMap((event) => (event.type === 'OrderTraded' ? [{ ...event, order: { ...event.order, clientOrderId } }] : []));
}

describe('paper exchange: forceOrder', () => {
  const heard: [string, Json][] = [];
  const topics = new Topics();
  const feed = new ForceOrders(topics);
  const listener = { route: 'market', events: null, publish: (stream: string, payload: string) => void heard.push([stream, JSON.parse(payload) as Json]) } as const;
  topics.add(listener, 'testusdt@forceOrder');
  topics.add(listener, '!forceOrder@arr');
  const second = (...events: (readonly ExchangeEvent[])[]) => {
    heard.length = 0;
    for (const one of events) feed.onEvents(one);
    feed.onSecond(5_000);
    return heard;
  };

  it('tells the largest of a second once, to who listens to its symbol and to who listens to all', () => {
    const [own, all, ...more] = second(traded('autoclose-1', '1'), traded('autoclose-2', '5'), traded('autoclose-3', '2'));
    expect(more).to.deep.equal([]);
    expect([own![0], all![0]]).to.deep.equal(['testusdt@forceOrder', '!forceOrder@arr']);
    expect(own![1]).to.deep.equal(all![1]).and.to.include({ e: 'forceOrder', E: 5_000 });
    expect(own![1]['o']).to.include({ s: 'TESTUSDT', S: 'BUY', q: '5', X: 'FILLED', z: '5' }).and.have.keys('s', 'S', 'o', 'f', 'q', 'p', 'ap', 'X', 'l', 'z', 'T');
    expect(second()).to.deep.equal([]);
  });

  it('shows an order of several trades as it is after the last one', () => {
    const trades = traded('autoclose-1', '200').filter((event) => event.type === 'OrderTraded');
    expect(trades.length).to.be.greaterThan(1);
    const last = trades.at(-1)!;
    expect(second(trades)[0]![1]['o']).to.include({ q: '200', z: '200', l: last.trade.quantity.toFixed(), X: 'FILLED' });
    expect(decimal('200').isEqualTo(last.order.filled)).to.equal(true);
  });

  it('says nothing of other orders', () => {
    expect(second(traded('x-15PC4ZJyV1', '1'), traded('adl_autoclose', '1'))).to.deep.equal([]);
  });
});
