/** The public trades: made from the ticks by seed, counted by the candles to the last digit, kept within bounds, told as they happen. */
import { expect } from 'chai';
import type { Clock } from '../../src/supervision/clock.ts';
import { decimal, text, ZERO } from '../../src/protocol/decimal.ts';
import { Market } from '../../src/paper/market/market.ts';
import { SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import { KEPT_TRADES, type AggregateTrade, type TapeTrade } from '../../src/paper/market/tape.ts';
import { Client, Listener, startForTest, type Json } from './kit.ts';

const START = 1_795_000_020_000;
const MINUTE = 60_000;

class StillClock implements Clock {
  time = START;
  now = () => this.time;
  monotonic = () => this.time;
  after = () => ({ cancel() {} });
}

function played(seed: number, ticks: number): { market: Market; told: Map<string, AggregateTrade[]> } {
  const clock = new StillClock();
  const told = new Map<string, AggregateTrade[]>();
  const market = new Market(new SyntheticMarket(seed), clock, ({ view, trades }) => told.set(view.symbol, [...(told.get(view.symbol) ?? []), ...trades]));
  market.open(undefined, undefined);
  for (let tick = 0; tick < ticks; tick++) {
    market.tick();
    clock.time += 250;
  }
  return { market, told };
}

const sum = (values: readonly string[]) => text(values.reduce((total, value) => total.plus(decimal(value)), ZERO));

describe('paper exchange: trades of the market', () => {
  it('are what the candles count: prices, volumes, takers\' share and number, for every symbol and minute', () => {
    const { market } = played(3, 480);
    for (const symbol of market.rules.keys()) {
      for (const minute of [START, START + MINUTE]) {
        const openTime = Math.floor(minute / MINUTE) * MINUTE;
        const trades = market.tape(symbol)!.trades({ startTime: openTime, endTime: openTime + MINUTE - 1, limit: 1_000 });
        const candle = market.series(symbol)!.all.find((one) => one.openTime === openTime)!;
        const prices = trades.map(({ price }) => Number(price));
        expect(trades.length).to.be.within(100, 1_500);
        expect({
          open: trades[0]!.price, close: trades.at(-1)!.price, high: Math.max(...prices), low: Math.min(...prices), trades: trades.length,
          volume: sum(trades.map(({ quantity }) => quantity)),
          takerVolume: sum(trades.filter(({ buyerMaker }) => !buyerMaker).map(({ quantity }) => quantity)),
          quoteVolume: sum(trades.map(({ price, quantity }) => text(decimal(price).multipliedBy(decimal(quantity))))),
        }, symbol).to.deep.equal({ open: candle.open, close: candle.close, high: Number(candle.high), low: Number(candle.low), trades: candle.trades, volume: candle.volume, takerVolume: candle.takerVolume, quoteVolume: candle.quoteVolume });
      }
    }
  });

  it('join into aggregates of one price, side and instant, with ids that follow one another', () => {
    const { market, told } = played(4, 400);
    const tape = market.tape('GPSUSDT')!;
    const trades = tape.trades({ limit: 1_000 });
    expect(trades.map(({ id }) => id)).to.deep.equal(trades.map((_, index) => tape.lastId - trades.length + 1 + index));
    const aggregates = tape.aggregates({ limit: 300 });
    expect(aggregates).to.deep.equal(told.get('GPSUSDT')!.slice(-300));
    for (const [index, one] of aggregates.entries()) {
      if (index > 0) expect([one.id, one.firstId]).to.deep.equal([aggregates[index - 1]!.id + 1, aggregates[index - 1]!.lastId + 1]);
      const own = tape.trades({ fromId: one.firstId, limit: one.lastId - one.firstId + 1 });
      expect(own.map(({ aggregateId, price, buyerMaker, time }) => ({ aggregateId, price, buyerMaker, time }))).to.deep.equal(own.map(() => ({ aggregateId: one.id, price: one.price, buyerMaker: one.buyerMaker, time: one.time })));
      expect(sum(own.map(({ quantity }) => quantity))).to.equal(one.quantity);
    }
    expect(new Set(aggregates.map(({ buyerMaker }) => buyerMaker)).size).to.equal(2);
  });

  it('are the same for the same seed and another for another', () => {
    const tape = (seed: number): readonly TapeTrade[] => played(seed, 40).market.tape('HYPEUSDT')!.trades({ limit: 100 });
    expect(tape(5)).to.deep.equal(tape(5));
    expect(tape(6)).not.to.deep.equal(tape(5));
  });

  it('are asked for by id and by time, and kept within bounds', () => {
    const { market } = played(4, 3_000);
    const tape = market.tape('GPSUSDT')!;
    const all = tape.trades({ limit: 10_000 });
    expect(all).to.have.length(KEPT_TRADES);
    const middle = all[1_000]!;
    expect(tape.trades({ fromId: middle.id, limit: 3 })).to.deep.equal(all.slice(1_000, 1_003));
    expect(tape.trades({ limit: 2 })).to.deep.equal(all.slice(-2));
    expect(tape.trades({ endTime: middle.time, limit: 1 })[0]!.time).to.equal(middle.time);
    expect(tape.trades({ startTime: middle.time, limit: 1 })[0]!.time).to.equal(middle.time);
    expect(tape.trades({ fromId: tape.lastId + 1, limit: 5 })).to.deep.equal([]);
  });

  it('stream as aggTrade, each once and in order, what the candle of the same moment counts', async () => {
    const exchange = await startForTest();
    const listener = new Listener(`${exchange.url.replace('http', 'ws')}/market/stream?streams=gpsusdt@aggTrade/gpsusdt@kline_1m`);
    try {
      await listener.opened();
      const count = (event: string) => listener.messages.filter((message) => (message['data'] as Json)['e'] === event).length;
      await listener.until(() => count('aggTrade') >= 4 && count('kline') >= 4);
      const data = listener.messages.map((message) => message['data'] as Json);
      const trades = data.filter((message) => message['e'] === 'aggTrade');
      expect(trades[0]).to.have.keys('e', 'E', 'a', 's', 'p', 'q', 'nq', 'f', 'l', 'T', 'm', 'st');
      for (const [index, trade] of trades.slice(1).entries()) expect([trade['a'], trade['f']]).to.deep.equal([Number(trades[index]!['a']) + 1, Number(trades[index]!['l']) + 1]);
      const [first, second] = data.filter((message) => message['e'] === 'kline').map((message) => message['k'] as Json);
      if (first!['t'] === second!['t']) {
        expect(Number(second!['L']) - Number(first!['L'])).to.equal(Number(second!['n']) - Number(first!['n']));
        expect(second!['f']).to.equal(first!['f']);
      }
      const client = new Client(exchange.url);
      const { json } = await client.get('/fapi/v1/ticker/24hr', { symbol: 'GPSUSDT' });
      expect(Number(json['lastId']) - Number(json['firstId']) + 1).to.equal(json['count']);
    } finally {
      listener.close();
      await exchange.close();
    }
  });
});
