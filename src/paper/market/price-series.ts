/** The minutes of a price that nobody trades at (mark, index) or of the premium between them: three days in one block of memory that never grows. */
import { KEPT_CANDLES } from './candle-series.ts';
import { ONE_MINUTE, type Interval } from './interval.ts';

/** Eight decimals, as on the wire: numbers here are whole 10^-8, exact up to prices of ninety million. */
const UNIT = 100_000_000;
const DECIMALS = 8;

export interface PriceCandle {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** How often it was looked at. */
  readonly samples: number;
}

/** The nearest whole 10^-8. */
export function priceUnits(value: number): number {
  return Math.round(value * UNIT);
}

/** Decimal text of whole 10^-8. */
export function priceText(units: number): string {
  const digits = String(Math.abs(units)).padStart(DECIMALS + 1, '0');
  return `${units < 0 ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

const FIELDS = 6;

export class PriceSeries {
  /** A ring of open time, open, high, low, close, samples. */
  readonly #block = new Float64Array(KEPT_CANDLES * FIELDS);
  #first = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  #offset(position: number): number {
    return ((this.#first + position) % KEPT_CANDLES) * FIELDS;
  }

  #at(position: number): PriceCandle {
    const [block, offset] = [this.#block, this.#offset(position)];
    return { openTime: block[offset]!, open: block[offset + 1]!, high: block[offset + 2]!, low: block[offset + 3]!, close: block[offset + 4]!, samples: block[offset + 5]! };
  }

  /** The next minute; the oldest goes when three days are full. */
  push({ openTime, open, high, low, close, samples }: PriceCandle): void {
    if (this.#count < KEPT_CANDLES) this.#count++;
    else this.#first = (this.#first + 1) % KEPT_CANDLES;
    const [block, offset] = [this.#block, this.#offset(this.#count - 1)];
    block[offset] = openTime;
    block[offset + 1] = open;
    block[offset + 2] = high;
    block[offset + 3] = low;
    block[offset + 4] = close;
    block[offset + 5] = samples;
  }

  /** Forgets what opened at `time` or later. */
  cutFrom(time: number): void {
    while (this.#count > 0 && this.#block[this.#offset(this.#count - 1)]! >= time) this.#count--;
  }

  get last(): PriceCandle | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1);
  }

  /** Looks at the price at market time `time`; time that runs backwards stays in the newest minute. @returns the minute that this closed */
  tick(time: number, units: number): PriceCandle | null {
    const block = this.#block;
    const offset = this.#count === 0 ? -1 : this.#offset(this.#count - 1);
    const openTime = ONE_MINUTE.openOf(time);
    if (offset < 0 || openTime > block[offset]!) {
      const closed = this.last ?? null;
      this.push({ openTime, open: units, high: units, low: units, close: units, samples: 1 });
      return closed;
    }
    if (units > block[offset + 2]!) block[offset + 2] = units;
    if (units < block[offset + 3]!) block[offset + 3] = units;
    block[offset + 4] = units;
    block[offset + 5]! += 1;
    return null;
  }

  /** Minutes from a time on, ascending. */
  since(time: number): PriceCandle[] {
    let first = this.#count;
    while (first > 0 && this.#block[this.#offset(first - 1)]! >= time) first--;
    return Array.from({ length: this.#count - first }, (_, index) => this.#at(first + index));
  }

  /** Candles whose open time is in [start, end], ascending: the first `limit` when a start is given, else the last. */
  list(interval: Interval, start: number | null, end: number | null, limit: number): PriceCandle[] {
    const joined: PriceCandle[] = [];
    for (const minute of this.since(start === null ? 0 : interval.openOf(start))) {
      const openTime = interval.openOf(minute.openTime);
      const last = joined.at(-1);
      if (last?.openTime === openTime) joined[joined.length - 1] = { openTime, open: last.open, high: Math.max(last.high, minute.high), low: Math.min(last.low, minute.low), close: minute.close, samples: last.samples + minute.samples };
      else joined.push({ ...minute, openTime });
    }
    const within = joined.filter(({ openTime }) => (start === null || openTime >= start) && (end === null || openTime <= end));
    return start === null ? within.slice(-limit) : within.slice(0, limit);
  }

  /** Mean of the closes of the newest `minutes`; undefined when there are none. */
  meanClose(minutes: number): number | undefined {
    const count = Math.min(minutes, this.#count);
    let sum = 0;
    for (let position = this.#count - count; position < this.#count; position++) sum += this.#block[this.#offset(position) + 4]!;
    return count === 0 ? undefined : Math.round(sum / count);
  }
}
