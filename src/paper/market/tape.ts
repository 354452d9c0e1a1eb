/** The public trades of one symbol, made from its ticks: what a candle counts is what the tape shows, to the last digit. */
import { SeededRandom } from '../../supervision/random.ts';
import { text, wholeDecimal, type Decimal } from '../../protocol/decimal.ts';
import type { MarketView } from '../core/book.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import type { TickVolume } from './candle-series.ts';

/** Prices and quantities are decimal strings. */
export interface TapeTrade {
  readonly id: number;
  /** Of the aggregate that it belongs to. */
  readonly aggregateId: number;
  readonly price: string;
  readonly quantity: string;
  readonly time: number;
  /** A seller took: the buyer had been waiting. */
  readonly buyerMaker: boolean;
}

/** Trades at one price and instant, taken by one side. */
export interface AggregateTrade {
  readonly id: number;
  readonly price: string;
  readonly quantity: string;
  readonly firstId: number;
  readonly lastId: number;
  readonly time: number;
  readonly buyerMaker: boolean;
}

export interface TapeQuery {
  readonly fromId?: number | null;
  /** Both inclusive, ms. */
  readonly startTime?: number | null;
  readonly endTime?: number | null;
  readonly limit: number;
}

/** Twice what one request may ask for. */
export const KEPT_TRADES = 2_000;
const MOST_PARTS = 3;

/** Splits whole `steps` into one to three parts, each at least one. */
function parts(steps: number, random: SeededRandom): number[] {
  const count = Math.min(steps, 1 + Math.floor(random.next() * MOST_PARTS));
  const result: number[] = [];
  let left = steps;
  for (let part = count; part > 1; part--) {
    const share = 1 + Math.floor(((left - part) / part) * 2 * random.next());
    result.push(share);
    left -= share;
  }
  return left > 0 ? [...result, left] : result;
}

export class Tape {
  readonly #rules: SymbolRules;
  #trades: TapeTrade[] = [];
  #aggregates: AggregateTrade[] = [];
  #lastId: number;
  #lastAggregateId: number;

  /** @param firstId above every id of an earlier life: a start's time in milliseconds is, as trades are fewer than those. */
  constructor(rules: SymbolRules, firstId: number) {
    this.#rules = rules;
    this.#lastId = firstId;
    this.#lastAggregateId = firstId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get last(): TapeTrade | undefined {
    return this.#trades.at(-1);
  }

  /** The trades of one tick, all at its price: sellers' first when the price rose, so that the last one is on the side it moved to. */
  record(view: MarketView, { base, takerBase }: TickVolume, rose: boolean, time: number): { trades: number; aggregates: readonly AggregateTrade[] } {
    const before = this.#lastId;
    const random = new SeededRandom(view.bookSeed ^ 0x5bd1e995);
    const sides = [
      { quantity: base.minus(takerBase), buyerMaker: true },
      { quantity: takerBase, buyerMaker: false },
    ];
    const made = (rose ? sides : sides.toReversed()).filter(({ quantity }) => quantity.isPositive() && !quantity.isZero()).map(({ quantity, buyerMaker }) => this.#take(view.last, quantity, buyerMaker, time, random));
    this.#aggregates.push(...made);
    if (this.#trades.length > 2 * KEPT_TRADES) this.#trades = this.#trades.slice(-KEPT_TRADES);
    if (this.#aggregates.length > 2 * KEPT_TRADES) this.#aggregates = this.#aggregates.slice(-KEPT_TRADES);
    return { trades: this.#lastId - before, aggregates: made };
  }

  #take(price: Decimal, quantity: Decimal, buyerMaker: boolean, time: number, random: SeededRandom): AggregateTrade {
    const { stepSize } = this.#rules;
    const aggregateId = ++this.#lastAggregateId;
    const [priceText, firstId] = [text(price), this.#lastId + 1];
    for (const steps of parts(quantity.dividedBy(stepSize).toNumber(), random)) {
      this.#trades.push({ id: ++this.#lastId, aggregateId, price: priceText, quantity: text(stepSize.multipliedBy(wholeDecimal(steps))), time, buyerMaker });
    }
    return { id: aggregateId, price: priceText, quantity: text(quantity), firstId, lastId: this.#lastId, time, buyerMaker };
  }

  /** Ascending; the newest `limit`, or the first of them from `fromId` on. Only what is kept can be asked for. */
  trades(query: TapeQuery): TapeTrade[] {
    return select(this.#trades, query);
  }

  aggregates(query: TapeQuery): AggregateTrade[] {
    return select(this.#aggregates, query);
  }
}

function select<T extends { readonly id: number; readonly time: number }>(rows: readonly T[], { fromId, startTime, endTime, limit }: TapeQuery): T[] {
  const within = rows.slice(-KEPT_TRADES).filter(({ id, time }) => id >= (fromId ?? 0) && time >= (startTime ?? 0) && time <= (endTime ?? Infinity));
  return (fromId ?? startTime ?? null) === null ? within.slice(-limit) : within.slice(0, limit);
}
