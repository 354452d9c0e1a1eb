/** The core is deterministic: the same commands give the same events, byte for byte, today and in a year. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { SeededRandom } from '../../src/supervision/random.ts';
import { TestExchange } from './core-kit.ts';

/** Changes only with what the exchange does: a new value here is a change of behaviour, to be explained in its commit. */
const FROZEN = '2675f8e94338db6c8e829a70d8f0dd0af6c4c35196a7feea325679e3abdbc90c';

function transcript(seed: number): string {
  const random = new SeededRandom(seed);
  const exchange = new TestExchange('10', '5000');
  let price = 1_000;
  for (let step = 0; step < 400; step++) {
    const side = random.next() < 0.5 ? ('BUY' as const) : ('SELL' as const);
    const quantity = (1 + Math.floor(random.next() * 40)).toFixed(0);
    const near = ((price + Math.floor(random.next() * 20) - 10) / 100).toFixed(2);
    const what = random.next();
    exchange.code(() => {
      if (what < 0.5) {
        price = Math.max(500, Math.min(2_000, price + Math.floor(random.next() * 21) - 10));
        exchange.move((price / 100).toFixed(2), step);
      } else if (what < 0.65) exchange.order(side, quantity);
      else if (what < 0.85) exchange.order(side, quantity, { at: near });
      else if (what < 0.95) exchange.algo(side, random.next() < 0.5 ? 'STOP_MARKET' : 'TAKE_PROFIT_MARKET', near);
      else exchange.run({ type: 'CancelAllOrders', account: 'a', symbol: 'TESTUSDT' });
    });
  }
  return exchange.events.map((event) => JSON.stringify(event)).join('\n');
}

describe('paper exchange core: transcript', () => {
  it('gives the frozen events for the same commands', () => {
    const events = transcript(7);
    for (const type of ['OrderAccepted', 'OrderTraded', 'OrderCanceled', 'OrderExpired', 'FINISHED', 'REJECTED']) expect(events).to.include(type);
    expect(createHash('sha256').update(events).digest('hex')).to.equal(FROZEN);
  });

  it('gives other events for other commands', () => {
    expect(transcript(8)).not.to.equal(transcript(7));
  });
});
