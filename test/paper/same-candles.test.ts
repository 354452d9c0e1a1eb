/** A seed is the same market for ever, to the last digit: candles of every interval, prices, statistics and the state to go on from, as digests taken when they were first made. A state keeps only what came after its beginning and makes the rest again, so that what changes a digest changes the past of markets that are kept. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Clock } from '../../src/supervision/clock.ts';
import { INTERVALS } from '../../src/paper/market/interval.ts';
import { Market } from '../../src/paper/market/market.ts';
import { PRICE_KINDS } from '../../src/paper/market/prices.ts';
import { SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import type { SyntheticSymbol } from '../../src/paper/market/synthetic-symbols.ts';

/** Five minutes before a month, a day and a funding begin. */
const START = Date.parse('2026-05-31T23:55:20Z');
/** Prices of eight digits and of none, turnovers beyond what a double holds exactly, symbols that hardly trade. */
const ODD: readonly SyntheticSymbol[] = [
  { symbol: 'FINEUSDT', price: '0.00001234', tickSize: '0.00000001', stepSize: '1', dayTurnover: 3_000_000 },
  { symbol: 'WHOLEUSDT', price: '91000', tickSize: '1', stepSize: '0.00000001', dayTurnover: 900_000_000_000, volatility: 3 },
  { symbol: 'RAREUSDT', price: '100', tickSize: '0.5', stepSize: '10', dayTurnover: 5_000, beta: -1 },
];

class StillClock implements Clock {
  time = START;
  now = () => this.time;
  monotonic = () => this.time;
  after = () => ({ cancel() {} });
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** Everything the exchange tells of a symbol's past, and how it goes on. */
function told(market: Market): unknown {
  return [...market.rules.keys()].map((symbol) => {
    const [series, prices] = [market.series(symbol)!, market.prices(symbol)!];
    return [
      symbol,
      INTERVALS.map((interval) => [series.list(interval, null, null, 5_000), series.list(interval, START - 7_000_000, null, 3), series.list(interval, START - 90_000_000, START - 80_000_000, 50), series.current(interval)]),
      PRICE_KINDS.map((kind) => INTERVALS.map((interval) => prices.series(kind).list(interval, null, null, 5_000))),
      [market.day(symbol), market.fundingRate(symbol).toFixed(), prices.markAverage(market.view(symbol)!.mark), prices.estimatedSettle(market.view(symbol)!.mark)],
    ];
  });
}

function play(seed: number, symbols: readonly SyntheticSymbol[] | undefined, ticks: number): { readonly past: string; readonly later: string; readonly state: string } {
  const clock = new StillClock();
  const market = new Market(new SyntheticMarket(seed, symbols), clock, () => {});
  market.open(undefined);
  const past = digest(told(market));
  for (let tick = 0; tick < ticks; tick++) {
    market.tick();
    clock.time += 250;
  }
  return { past, later: digest(told(market)), state: digest(market.save().source) };
}

describe('paper exchange: what a seed makes', () => {
  it('is what it always was with the built-in symbols', () => {
    expect(play(7, undefined, 2_000)).to.deep.equal({ past: 'ab1ed5e3c2e3b451', later: '4ce2572eda8b1c3c', state: 'de909349e287335f' });
  });

  it('is what it always was with symbols of a file, however odd their digits', () => {
    expect(play(21, ODD, 2_000)).to.deep.equal({ past: '796ee4d146bd855e', later: '21cfebe99d7ec36b', state: '0539bbb22db5cb27' });
  });
});
