/** The synthetic market: seeded walks that tick four times a second, with two days of history before the first tick. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { decimal, floorTo, wholeDecimal, type Decimal } from '../../protocol/decimal.ts';
import { deriveRules, type SymbolRules } from '../core/symbol-rules.ts';
import { MINUTE_MS, type Candle } from './candle.ts';
import type { TickVolume } from './candle-series.ts';
import type { MarketSource, Tick } from './source.ts';
import { SYNTHETIC_SYMBOLS, type SyntheticSymbol } from './synthetic-symbols.ts';
import { Walk, walkSchema } from './walk.ts';

/** Puts at least five of the nine beyond ± 2 % over the 24 hours before the first start (a test holds it). */
export const DEFAULT_SEED = 7;

const HISTORY_MINUTES = 2_880;
const HISTORY_STEPS_A_MINUTE = 6;
const TICK_MS = 250;
const DAY_CANDLES = 1_440;
/** Digits of mark and index prices on the wire. */
const MARK_DECIMALS = 8;

const savedSchema = z.record(z.string(), walkSchema);

interface Instrument {
  readonly rules: SymbolRules;
  readonly spec: SyntheticSymbol;
  walk: Walk;
}

/** What the file leaves open is derived. */
function rulesOf({ symbol, price, tickSize, stepSize, minNotional, maxQty, marketMaxQty }: SyntheticSymbol): SymbolRules {
  const rules = deriveRules(symbol, decimal(price), decimal(tickSize), decimal(stepSize));
  return {
    ...rules,
    minNotional: minNotional === undefined ? rules.minNotional : decimal(minNotional),
    maxQty: maxQty === undefined ? rules.maxQty : decimal(maxQty),
    marketMaxQty: marketMaxQty === undefined ? rules.marketMaxQty : decimal(marketMaxQty),
  };
}

function inTicks(price: number, tickSize: Decimal): Decimal {
  const ticks = Math.max(1, Math.round(price / tickSize.toNumber()));
  return tickSize.multipliedBy(wholeDecimal(ticks));
}

function exactly(price: number): Decimal {
  return decimal(price.toFixed(MARK_DECIMALS));
}

/** Volume of `minutes` at `price`: the symbol's turnover, unevenly, about half of it bought by takers. */
function volumeOf({ rules, spec, walk }: Instrument, minutes: number, price: Decimal): TickVolume {
  const quote = (spec.dayTurnover / DAY_CANDLES) * minutes * (0.4 + 1.2 * walk.random.next());
  const base = floorTo(wholeDecimal(Math.round(quote)).dividedBy(price), rules.stepSize);
  return { base, takerBase: floorTo(base.multipliedBy(decimal(walk.random.next().toFixed(3))), rules.stepSize) };
}

/** `units` of 10^-decimals as decimal text. Whole numbers, because half a million steps of history in exact decimals would take seconds. */
function scaled(units: number, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** One minute in whole ticks and whole steps; products of the two stay far below 2^53. */
function pastMinute({ rules, spec, walk }: Instrument, openTime: number): Candle {
  const [tick, step] = [rules.tickSize.toNumber(), rules.stepSize.toNumber()];
  const prices: number[] = [];
  let [base, quote, takerBase, takerQuote] = [0, 0, 0, 0];
  for (let part = 0; part < HISTORY_STEPS_A_MINUTE; part++) {
    const price = Math.max(1, Math.round(walk.step(1 / HISTORY_STEPS_A_MINUTE) / tick));
    const turnover = (spec.dayTurnover / DAY_CANDLES / HISTORY_STEPS_A_MINUTE) * (0.4 + 1.2 * walk.random.next());
    const bought = Math.floor(turnover / (price * tick) / step);
    const byTakers = Math.floor(bought * walk.random.next());
    prices.push(price);
    base += bought;
    quote += bought * price;
    takerBase += byTakers;
    takerQuote += byTakers * price;
  }
  const [priceDecimals, baseDecimals] = [rules.tickSize.decimalPlaces()!, rules.stepSize.decimalPlaces()!];
  return {
    openTime,
    open: scaled(prices[0]!, priceDecimals),
    high: scaled(Math.max(...prices), priceDecimals),
    low: scaled(Math.min(...prices), priceDecimals),
    close: scaled(prices.at(-1)!, priceDecimals),
    volume: scaled(base, baseDecimals),
    quoteVolume: scaled(quote, priceDecimals + baseDecimals),
    trades: HISTORY_STEPS_A_MINUTE,
    takerVolume: scaled(takerBase, baseDecimals),
    takerQuoteVolume: scaled(takerQuote, priceDecimals + baseDecimals),
  };
}

function pastMinutes(instrument: Instrument, end: number): Candle[] {
  return Array.from({ length: HISTORY_MINUTES }, (_, index) => pastMinute(instrument, end - (HISTORY_MINUTES - index) * MINUTE_MS));
}

export class SyntheticMarket implements MarketSource {
  readonly identity: string;
  readonly description: string;
  readonly periodMs = TICK_MS;
  readonly rules: readonly SymbolRules[];
  readonly #instruments: Map<string, Instrument>;
  #lastTick = 0;

  /** @param symbols left out: the built-in nine. */
  constructor(seed: number, symbols?: readonly SyntheticSymbol[]) {
    const digest = symbols && createHash('sha256').update(JSON.stringify(symbols)).digest('hex').slice(0, 16);
    this.identity = digest === undefined ? `synthetic seed ${seed}` : `synthetic seed ${seed} symbols ${digest}`;
    this.description = `the synthetic market of seed ${seed}${symbols ? ` with ${symbols.length} symbols of a file` : ''}`;
    const instruments = (symbols ?? SYNTHETIC_SYMBOLS).map((spec, index) => ({
      rules: rulesOf(spec),
      spec,
      walk: new Walk(Number(spec.price), seed * 1_000 + index * 7 + 1),
    }));
    this.#instruments = new Map(instruments.map((instrument) => [instrument.spec.symbol, instrument]));
    this.rules = instruments.map((instrument) => instrument.rules);
  }

  /** Two days up to the minute before `now`, walked by the same process that goes on afterwards. */
  history(now: number): ReadonlyMap<string, readonly Candle[]> {
    const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    return new Map([...this.#instruments.values()].map((instrument) => [instrument.spec.symbol, pastMinutes(instrument, end)]));
  }

  start(now: number, saved: unknown): void {
    this.#lastTick = now - TICK_MS;
    if (saved === undefined) return;
    const walks = savedSchema.parse(saved);
    for (const [symbol, instrument] of this.#instruments) {
      const walk = walks[symbol];
      if (!walk) throw new Error(`the saved market lacks ${symbol}`);
      instrument.walk = Walk.resume(Number(instrument.spec.price), walk);
    }
  }

  /** One tick a symbol for each quarter of a second. Time that was slept through (a suspended machine) is not made up. */
  due(now: number): Tick[] {
    if (now >= this.#lastTick && now - this.#lastTick < TICK_MS / 2) return [];
    this.#lastTick = now;
    return [...this.#instruments.values()].map((instrument) => {
      const { rules, spec, walk } = instrument;
      walk.step(TICK_MS / MINUTE_MS);
      const last = inTicks(walk.price, rules.tickSize);
      const volume = volumeOf(instrument, TICK_MS / MINUTE_MS, last);
      const mark = exactly(walk.price);
      return { symbol: spec.symbol, last, mark, index: mark, candleTime: now, volume, bookSeed: walk.random.state };
    });
  }

  moved(symbol: string, price: Decimal): void {
    this.#instruments.get(symbol)?.walk.moveTo(price.toNumber());
  }

  candleTime(_symbol: string, now: number): number {
    return now;
  }

  save(): unknown {
    return Object.fromEntries([...this.#instruments].map(([symbol, { walk }]) => [symbol, walk.save()]));
  }

  /** The last 1,440 minutes in which the exchange ran: while it was down, its market stood still. */
  dayOf(_symbol: string, candles: readonly Candle[]): readonly Candle[] {
    return candles.slice(-DAY_CANDLES);
  }
}
