/** TRAILING_STOP_MARKET: follows from its activation on, turns when the price has come back, and not before. */
import { expect } from 'chai';
import { decimal, ZERO } from '../../src/protocol/decimal.ts';
import type { AlgoRequest } from '../../src/paper/core/algos.ts';
import { userMessages } from '../../src/paper/streams/user-events.ts';
import { Client, startForTest, type Json } from './kit.ts';
import { TestExchange } from './core-kit.ts';

function trailing(exchange: TestExchange, side: 'BUY' | 'SELL', callbackRate: string, activatePrice: string | null, more: Partial<AlgoRequest> = {}): number {
  return exchange.algo(side, 'TRAILING_STOP_MARKET', '0', { triggerPrice: ZERO, callbackRate: decimal(callbackRate), activatePrice: activatePrice === null ? null : decimal(activatePrice), ...more });
}

describe('paper exchange core: trailing stops', () => {
  const sides = [
    { side: 'SELL', open: 'BUY', activate: '10.5', before: ['10.49', '9.6'], follows: ['10.6', '11', '10.9'], still: '10.9', at: '10.89' },
    { side: 'BUY', open: 'SELL', activate: '9.5', before: ['9.51', '10.4'], follows: ['9.4', '9', '9.08'], still: '9.08', at: '9.09' },
  ] as const;
  for (const { side, open, activate, before, follows, still, at } of sides) {
    it(`${side}: waits for its activation, follows, and triggers 1 % back from the best price`, () => {
      const exchange = new TestExchange();
      exchange.order(open, '1');
      const algoId = trailing(exchange, side, '1', activate);
      const status = () => exchange.own.algos.get(algoId)!.status;
      for (const price of [...before, ...follows, still]) {
        const events = exchange.move(price);
        expect(status(), price).to.equal('NEW');
        expect(events.flatMap((event) => userMessages(exchange.state, event).messages)).to.deep.equal([]);
      }
      exchange.move(at);
      expect([status(), exchange.amount]).to.deep.equal(['FINISHED', '0']);
    });
  }

  it('follows at once without an activation price', () => {
    const exchange = new TestExchange();
    exchange.order('BUY', '1');
    const algoId = trailing(exchange, 'SELL', '5', null);
    exchange.move('9.51');
    expect(exchange.own.algos.get(algoId)!.status).to.equal('NEW');
    exchange.move('9.5');
    expect(exchange.own.algos.get(algoId)!.status).to.equal('FINISHED');
  });

  it('refuses an activation price on the wrong side (−2021) and a rate out of 0.1 to 20 percent or its steps (−1130)', () => {
    const exchange = new TestExchange();
    const code = (side: 'BUY' | 'SELL', rate: string, activate: string | null) => exchange.code(() => trailing(exchange, side, rate, activate));
    expect([code('BUY', '1', '10'), code('BUY', '1', '9.99'), code('SELL', '1', '10'), code('SELL', '1', '10.01')]).to.deep.equal([-2021, 0, -2021, 0]);
    expect([code('SELL', '0.1', null), code('SELL', '0', null), code('SELL', '20', null), code('SELL', '20.1', null), code('SELL', '0.15', null)]).to.deep.equal([0, -1130, 0, -1130, -1130]);
  });

  it('is placed, shown and triggered over the wire', async () => {
    const exchange = await startForTest();
    const client = new Client(exchange.url);
    try {
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.01' });
      await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '1000' });
      const placed = await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', type: 'TRAILING_STOP_MARKET', quantity: '1000', reduceOnly: 'true', activatePrice: '0.02', callbackRate: '5' });
      expect(placed.json).to.include({ orderType: 'TRAILING_STOP_MARKET', algoStatus: 'NEW', activatePrice: '0.02', callbackRate: '5' });
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.03' });
      await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.028' });
      expect((await client.signed<Json>('GET', '/fapi/v1/algoOrder', { algoId: placed.json['algoId'] })).json).to.include({ algoStatus: 'FINISHED' });
    } finally {
      await exchange.close();
    }
  });
});
