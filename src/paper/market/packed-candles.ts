/** Minutes in blocks of numbers instead of texts: a fourth of the memory, made at once, summed at once, and given back to the last digit. */
import { joinAll, type Candle } from './candle.ts';

/** The fields that are texts, in the order in which they lie here. */
const TEXTS = ['open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'takerVolume', 'takerQuoteVolume'] as const;
const [HIGH, LOW] = [1, 2];
/** Texts of which a joined candle has the sum. */
const SUMMED = [4, 5, 6, 7] as const;
/** Open time, trades, and the texts as whole numbers of their last digit. */
const FIELDS = 2 + TEXTS.length;
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** `units` of 10^-decimals as decimal text. */
function scaled(units: number, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** As exact decimals are written: without zeros at the end. */
function shortest(units: number, decimals: number): string {
  let [left, places] = [units, decimals];
  while (places > 0 && left % 10 === 0) [left, places] = [left / 10, places - 1];
  return scaled(left, places);
}

/** A ring of the newest `capacity` minutes, ascending. */
export class PackedCandles {
  readonly #capacity: number;
  readonly #numbers: Float64Array;
  readonly #decimals: Uint8Array;
  /** By their place: what has digits that a number cannot hold, as it is. */
  readonly #odd = new Map<number, Candle>();
  #first = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#numbers = new Float64Array(capacity * FIELDS);
    this.#decimals = new Uint8Array(capacity * TEXTS.length);
  }

  get length(): number {
    return this.#count;
  }

  #place(position: number): number {
    return (this.#first + position) % this.#capacity;
  }

  /** Where the next one lies; the oldest goes when all places are taken. */
  #next(): number {
    if (this.#count < this.#capacity) this.#count++;
    else this.#first = (this.#first + 1) % this.#capacity;
    const place = this.#place(this.#count - 1);
    this.#odd.delete(place);
    return place;
  }

  push(candle: Candle): void {
    this.#write(this.#next(), candle);
  }

  /** The newest one anew. */
  amend(candle: Candle): void {
    const place = this.#place(this.#count - 1);
    this.#odd.delete(place);
    this.#write(place, candle);
  }

  #write(place: number, candle: Candle): void {
    const [numbers, decimals] = [place * FIELDS, place * TEXTS.length];
    this.#numbers[numbers] = candle.openTime;
    this.#numbers[numbers + 1] = candle.trades;
    for (const [index, name] of TEXTS.entries()) {
      const value = candle[name];
      const point = value.indexOf('.');
      const places = point < 0 ? 0 : value.length - point - 1;
      const units = Number(point < 0 ? value : value.slice(0, point) + value.slice(point + 1));
      this.#numbers[numbers + 2 + index] = units;
      this.#decimals[decimals + index] = places;
      if (places >= POWERS.length || scaled(units, places) !== value) this.#odd.set(place, candle);
    }
  }

  /** A minute in whole units. @param units of 10^-places, and @param places, both as `Candle` orders its texts */
  pushUnits(openTime: number, trades: number, units: readonly number[], places: readonly number[]): void {
    const place = this.#next();
    this.#numbers[place * FIELDS] = openTime;
    this.#numbers[place * FIELDS + 1] = trades;
    for (let index = 0; index < TEXTS.length; index++) {
      this.#numbers[place * FIELDS + 2 + index] = units[index]!;
      this.#decimals[place * TEXTS.length + index] = places[index]!;
    }
  }

  /** Forgets what opened at `time` or later. */
  cutFrom(time: number): void {
    this.#count = this.countBefore(time);
  }

  timeAt(position: number): number {
    return this.#numbers[this.#place(position) * FIELDS]!;
  }

  /** How many opened before `time`. */
  countBefore(time: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timeAt(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #text(place: number, index: number): string {
    return scaled(this.#numbers[place * FIELDS + 2 + index]!, this.#decimals[place * TEXTS.length + index]!);
  }

  at(position: number): Candle {
    const place = this.#place(position);
    const odd = this.#odd.get(place);
    if (odd) return odd;
    return {
      openTime: this.#numbers[place * FIELDS]!,
      open: this.#text(place, 0),
      high: this.#text(place, 1),
      low: this.#text(place, 2),
      close: this.#text(place, 3),
      volume: this.#text(place, 4),
      quoteVolume: this.#text(place, 5),
      trades: this.#numbers[place * FIELDS + 1]!,
      takerVolume: this.#text(place, 6),
      takerQuoteVolume: this.#text(place, 7),
    };
  }

  /** Those from one position to before another, ascending. */
  slice(from: number, to: number = this.#count): Candle[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => this.at(from + index));
  }

  /** What `joinAll` makes of a range of at least one, to the last digit. */
  join(from: number, to: number): Candle {
    const places = Array.from({ length: to - from }, (_, index) => this.#place(from + index));
    const odd = this.#odd.size > 0 && places.some((place) => this.#odd.has(place));
    const texts = odd ? null : this.#joinedTexts(places);
    if (texts === null) return joinAll(this.slice(from, to));
    const [high, low, volume, quoteVolume, takerVolume, takerQuoteVolume] = texts as [string, string, string, string, string, string];
    let trades = 0;
    for (const place of places) trades += this.#numbers[place * FIELDS + 1]!;
    return { openTime: this.timeAt(from), open: this.#text(places[0]!, 0), high, low, close: this.#text(places.at(-1)!, 3), volume, quoteVolume, trades, takerVolume, takerQuoteVolume };
  }

  /** Highest, lowest and the sums; null when one of them is beyond what a number holds exactly. */
  #joinedTexts(places: readonly number[]): string[] | null {
    const highest = this.#fold(places, HIGH, Math.max);
    const lowest = this.#fold(places, LOW, Math.min);
    const texts = [highest, lowest, ...SUMMED.map((index) => this.#fold(places, index, (sum, units) => sum + units))];
    return texts.every((value) => value !== null) ? texts : null;
  }

  /** One text of many minutes, all in the digits of the finest. */
  #fold(places: readonly number[], index: number, together: (a: number, b: number) => number): string | null {
    let finest = 0;
    for (const place of places) finest = Math.max(finest, this.#decimals[place * TEXTS.length + index]!);
    let result = NaN;
    for (const place of places) {
      const units = this.#numbers[place * FIELDS + 2 + index]! * POWERS[finest - this.#decimals[place * TEXTS.length + index]!]!;
      result = Number.isNaN(result) ? units : together(result, units);
      if (!Number.isSafeInteger(units) || !Number.isSafeInteger(result)) return null;
    }
    return shortest(result, finest);
  }
}
