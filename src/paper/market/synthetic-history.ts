/** What a synthetic symbol was before the exchange opened: two days of minutes by the same walk that goes on afterwards. */
import type { SymbolRules } from '../core/symbol-rules.ts';
import { KEPT_CANDLES } from './candle-series.ts';
import type { CommonFactor } from './common-factor.ts';
import { MINUTE_MS } from './interval.ts';
import { PackedCandles } from './packed-candles.ts';
import { priceUnits, type PriceCandle } from './price-series.ts';
import { emptyPrices, pushPrices } from './prices.ts';
import type { SymbolHistory } from './source.ts';
import type { SyntheticSymbol } from './synthetic-symbols.ts';
import type { Temper, Walk } from './walk.ts';

export const DAY_CANDLES = 1_440;
const HISTORY_MINUTES = 2 * DAY_CANDLES;
const HISTORY_STEPS_A_MINUTE = 6;

export interface Instrument {
  readonly rules: SymbolRules;
  readonly spec: SyntheticSymbol;
  readonly temper: Temper;
  walk: Walk;
}

/** What moved all symbols in each part of each of those minutes. */
export function pastOfAll(common: CommonFactor): number[][] {
  return Array.from({ length: HISTORY_MINUTES }, () => Array.from({ length: HISTORY_STEPS_A_MINUTE }, () => common.step(1 / HISTORY_STEPS_A_MINUTE)));
}

/** The steps of an instrument as plain numbers, and the digits of a minute's texts: asked for once, not in each of thousands of minutes. */
function scaleOf({ tickSize, stepSize }: SymbolRules) {
  const [price, base] = [tickSize.decimalPlaces()!, stepSize.decimalPlaces()!];
  return { tick: tickSize.toNumber(), step: stepSize.toNumber(), places: [price, price, price, price, base, price + base, base, price + base] };
}

/** A price within one minute: first, highest, lowest and newest of what it was looked at. */
class Range {
  open = 0;
  high = 0;
  low = 0;
  close = 0;

  look(value: number, first: boolean): void {
    if (first) this.open = this.high = this.low = value;
    else if (value > this.high) this.high = value;
    else if (value < this.low) this.low = value;
    this.close = value;
  }

  minute(openTime: number): PriceCandle {
    return { openTime, open: priceUnits(this.open), high: priceUnits(this.high), low: priceUnits(this.low), close: priceUnits(this.close), samples: HISTORY_STEPS_A_MINUTE };
  }
}

/**
 * What a symbol was up to a minute. In whole ticks and whole steps, whose products stay far below 2^53: half a million steps of history in exact decimals, or as texts, would take seconds.
 * @param common as `pastOfAll` gives it
 */
export function pastOf({ rules, spec, walk }: Instrument, end: number, common: readonly (readonly number[])[]): SymbolHistory {
  const { tick, step, places } = scaleOf(rules);
  const [minutes, prices] = [new PackedCandles(KEPT_CANDLES), emptyPrices()];
  const [traded, mark, index, premium] = [new Range(), new Range(), new Range(), new Range()];
  for (const [minute, moves] of common.entries()) {
    const openTime = end - (common.length - minute) * MINUTE_MS;
    let [base, quote, takerBase, takerQuote] = [0, 0, 0, 0];
    for (let part = 0; part < moves.length; part++) {
      walk.step(1 / HISTORY_STEPS_A_MINUTE, moves[part]!);
      const price = Math.max(1, Math.round(walk.last / tick));
      const turnover = (spec.dayTurnover / DAY_CANDLES / HISTORY_STEPS_A_MINUTE) * (0.4 + 1.2 * walk.random.next());
      const bought = Math.floor(turnover / (price * tick) / step);
      const byTakers = Math.floor(bought * walk.random.next());
      traded.look(price, part === 0);
      mark.look(walk.mark, part === 0);
      index.look(walk.index, part === 0);
      premium.look(walk.premium, part === 0);
      base += bought;
      quote += bought * price;
      takerBase += byTakers;
      takerQuote += byTakers * price;
    }
    minutes.pushUnits(openTime, HISTORY_STEPS_A_MINUTE, [traded.open, traded.high, traded.low, traded.close, base, quote, takerBase, takerQuote], places);
    pushPrices(prices, { mark: mark.minute(openTime), index: index.minute(openTime), premium: premium.minute(openTime) });
  }
  return { minutes, prices, days: [] };
}
