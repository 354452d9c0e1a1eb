/** The synthetic market: seeded walks that tick four times a second and have something in common, with two days of history before the first tick. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { decimal, floorTo, wholeDecimal, type Decimal } from '../../protocol/decimal.ts';
import { deriveRules, type SymbolRules } from '../core/symbol-rules.ts';
import type { CandleSeries, TickVolume } from './candle-series.ts';
import { CommonFactor, commonSchema } from './common-factor.ts';
import { MINUTE_MS, ONE_MINUTE } from './interval.ts';
import type { MarketSource, SymbolHistory, Tick } from './source.ts';
import { DAY_CANDLES, pastOf, pastOfAll, type Instrument } from './synthetic-history.ts';
import { SYNTHETIC_SYMBOLS, type SyntheticSymbol } from './synthetic-symbols.ts';
import { Walk, walkSchema } from './walk.ts';

/** What all have in common is seeded apart from every symbol; with this the default seed lets rise and fall of the nine what it always did (a test holds it). */
const COMMON_SEED = 1126;

/** Puts at least five of the policy's nine beyond ± 2 % over the 24 hours before the first start (a test holds it). */
export const DEFAULT_SEED = 7;

const TICK_MS = 250;
/** Digits of mark and index prices on the wire. */
const MARK_DECIMALS = 8;

/** Walks by symbol, and what they have in common; states saved before there was that lack it, and begin it anew. */
const COMMON = 'common';
const savedSchema = z.object({ [COMMON]: commonSchema.optional() }).catchall(walkSchema);

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

export class SyntheticMarket implements MarketSource {
  readonly identity: string;
  readonly description: string;
  readonly periodMs = TICK_MS;
  readonly remembers = true;
  readonly rules: readonly SymbolRules[];
  readonly #instruments: Map<string, Instrument>;
  #common: CommonFactor;
  #lastTick = 0;

  /** @param symbols left out: the built-in ones. */
  constructor(seed: number, symbols?: readonly SyntheticSymbol[]) {
    const digest = symbols && createHash('sha256').update(JSON.stringify(symbols)).digest('hex').slice(0, 16);
    this.identity = digest === undefined ? `synthetic seed ${seed}` : `synthetic seed ${seed} symbols ${digest}`;
    this.description = `the synthetic market of seed ${seed}${symbols ? ` with ${symbols.length} symbols of a file` : ''}`;
    const instruments = (symbols ?? SYNTHETIC_SYMBOLS).map((spec, index) => {
      const temper = { beta: spec.beta ?? 1, volatility: spec.volatility ?? 1 };
      return { rules: rulesOf(spec), spec, temper, walk: Walk.seeded(Number(spec.price), temper, seed * 1_000 + index * 7 + 1) };
    });
    this.#common = CommonFactor.seeded(seed * 1_000 + COMMON_SEED);
    this.#instruments = new Map(instruments.map((instrument) => [instrument.spec.symbol, instrument]));
    this.rules = instruments.map((instrument) => instrument.rules);
  }

  /** Two days up to the minute before `now`, walked by the same process that goes on afterwards. */
  history(now: number): ReadonlyMap<string, SymbolHistory> {
    const common = pastOfAll(this.#common);
    return new Map([...this.#instruments.values()].map((instrument) => [instrument.spec.symbol, pastOf(instrument, ONE_MINUTE.openOf(now), common)]));
  }

  /** A symbol that the saved market lacks goes on from its history. */
  start(now: number, saved: unknown): void {
    this.#lastTick = now - TICK_MS;
    if (saved === undefined) return;
    const { [COMMON]: common, ...walks } = savedSchema.parse(saved);
    if (common) this.#common = new CommonFactor(common);
    for (const [symbol, instrument] of this.#instruments) {
      const walk = walks[symbol];
      if (walk) instrument.walk = new Walk(Number(instrument.spec.price), instrument.temper, walk);
    }
  }

  /** One tick a symbol for each quarter of a second. Time that was slept through (a suspended machine) is not made up. */
  due(now: number): Tick[] {
    if (now >= this.#lastTick && now - this.#lastTick < TICK_MS / 2) return [];
    this.#lastTick = now;
    const minutes = TICK_MS / MINUTE_MS;
    const common = this.#common.step(minutes);
    return [...this.#instruments.values()].map((instrument) => {
      const { rules, spec, walk } = instrument;
      walk.step(minutes, common);
      const last = inTicks(walk.last, rules.tickSize);
      const volume = volumeOf(instrument, minutes, last);
      return { symbol: spec.symbol, last, mark: exactly(walk.mark), index: exactly(walk.index), candleTime: now, volume, bookSeed: walk.random.state };
    });
  }

  moved(symbol: string, price: Decimal): void {
    this.#instruments.get(symbol)?.walk.moveTo(price.toNumber());
  }

  candleTime(_symbol: string, now: number): number {
    return now;
  }

  save(): unknown {
    return { ...Object.fromEntries([...this.#instruments].map(([symbol, { walk }]) => [symbol, walk.save()])), [COMMON]: this.#common.save() };
  }

  /** The last 1,440 minutes in which the exchange ran: while it was down, its market stood still. */
  dayFrom(_symbol: string, { length }: CandleSeries): number {
    return Math.max(0, length - DAY_CANDLES);
  }
}
