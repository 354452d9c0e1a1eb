/** Recorded candles played again, X times as fast: open → nearer extreme → other extreme → close of each minute, and silence where nothing was recorded. */
import { z } from 'zod';
import { decimal, floorTo, wholeDecimal, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { deriveRules, powerOfTen, type SymbolRules } from '../core/symbol-rules.ts';
import type { Candle } from './candle.ts';
import type { CandleSeries } from './candle-series.ts';
import { DAY_MS, MINUTE_MS } from './interval.ts';
import { readRecordings, type Recording, type Row } from './replay-files.ts';
import { historyOfTrades, type MarketSource, type SymbolHistory, type Tick } from './source.ts';

export interface ReplayOptions {
  readonly dir: string;
  /** Recorded time runs this many times as fast as real time. */
  readonly speed: number;
  /** Rows of each symbol that are served as history (at most half of what it has). */
  readonly history: number;
  /** `start`: each symbol's first live row plays at the start. `recorded`: all keep the time grid they were recorded on. */
  readonly align: 'start' | 'recorded';
}

/** Where in its minute each price of a row is reached, recorded ms. */
const PATH_MS = [0, 15_000, 35_000, 55_000] as const;

const savedSchema = z.object({ base: z.int(), elapsed: z.number().nonnegative() });

interface Track {
  readonly symbol: string;
  readonly rules: SymbolRules;
  readonly rows: readonly Row[];
  readonly firstLive: number;
  /** Recorded time at which this symbol's replay begins. */
  readonly origin: number;
  row: number;
  point: number;
}

function decimalsOf(values: Iterable<Decimal>): number {
  let most = 0;
  for (const value of values) most = Math.max(most, value.decimalPlaces() ?? 0);
  return most;
}

function rulesFor({ symbol, rows }: Recording): SymbolRules {
  const tick = powerOfTen(-decimalsOf(rows.flatMap((row) => [row.open, row.high, row.low, row.close])));
  return deriveRules(symbol, rows.at(-1)!.close, tick, powerOfTen(-decimalsOf(rows.map((row) => row.volume))));
}

/** The four turning points of a minute: of high and low, the one nearer to the open comes first. */
export function turningPoints(row: Row): readonly [Decimal, Decimal, Decimal, Decimal] {
  const highFirst = row.high.minus(row.open).isLessThan(row.open.minus(row.low));
  return highFirst ? [row.open, row.high, row.low, row.close] : [row.open, row.low, row.high, row.close];
}

function candleOf(row: Row, openTime: number): Candle {
  const half = row.volume.dividedBy(2);
  const [open, high, low, close] = [row.open, row.high, row.low, row.close].map((value) => value.toFixed()) as [string, string, string, string];
  const average = row.high.plus(row.low).dividedBy(2);
  return { openTime, open, high, low, close, volume: row.volume.toFixed(), quoteVolume: row.volume.multipliedBy(average).toFixed(), trades: 4, takerVolume: half.toFixed(), takerQuoteVolume: half.multipliedBy(average).toFixed() };
}

export class ReplayMarket implements MarketSource {
  readonly identity: string;
  readonly description: string;
  readonly periodMs: number;
  /** A recording that was changed would be refused, but what of it is history lies where this start's time is. */
  readonly remembers = false;
  readonly rules: readonly SymbolRules[];
  readonly #speed: number;
  /** Between two turning points a price is told at least once a real second. */
  readonly #stepsBetween: number;
  readonly #tracks: Track[];
  readonly #ended = new Set<string>();
  readonly #onEnd: (symbol: string, all: boolean) => void;
  /** Candle time at which the replay began, a whole minute. */
  #base = 0;
  /** Recorded ms played before `#resumedAt`. */
  #elapsed = 0;
  #resumedAt = 0;

  /** @param onEnd told once a symbol when its data ends. @throws RecordingError */
  constructor(options: ReplayOptions, onEnd: (symbol: string, all: boolean) => void) {
    const { recordings, digest } = readRecordings(options.dir);
    this.identity = `replay ${digest} history ${options.history} align ${options.align}`;
    this.description = `the recordings in ${options.dir} (history ${options.history}, align ${options.align})`;
    this.#speed = options.speed;
    this.#stepsBetween = Math.max(1, Math.round(20_000 / options.speed / 1_000));
    this.periodMs = Math.min(1_000, Math.max(20, Math.floor(10_000 / options.speed)));
    this.#onEnd = onEnd;
    const firstLives = recordings.map(({ rows }) => Math.min(options.history, Math.floor(rows.length / 2)));
    const shared = Math.min(...recordings.map(({ rows }, index) => rows[firstLives[index]!]!.openTime));
    this.#tracks = recordings.map((recording, index) => {
      const own = firstLives[index]!;
      const later = recording.rows.findIndex((row) => row.openTime >= shared);
      const firstLive = options.align === 'start' ? own : later < 0 ? recording.rows.length : later;
      const origin = options.align === 'start' ? recording.rows[own]!.openTime : shared;
      return { symbol: recording.symbol, rules: rulesFor(recording), rows: recording.rows, firstLive, origin, row: firstLive, point: 0 };
    });
    this.rules = this.#tracks.map((track) => track.rules);
  }

  /** Recordings hold trades only: mark and index are at their price, and the premium is zero. */
  history(now: number): ReadonlyMap<string, SymbolHistory> {
    const base = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    return new Map(
      this.#tracks.map((track) => {
        const candles = track.rows.slice(0, track.firstLive).map((row) => candleOf(row, base + row.openTime - track.origin));
        return [track.symbol, historyOfTrades(candles)];
      }),
    );
  }

  start(now: number, saved: unknown): void {
    this.#resumedAt = now;
    this.#base = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    if (saved === undefined) return;
    const { base, elapsed } = savedSchema.parse(saved);
    this.#base = base;
    this.#elapsed = elapsed;
    for (const track of this.#tracks) this.#skipTo(track, elapsed);
  }

  /** What was played before the stop is not played again. */
  #skipTo(track: Track, elapsed: number): void {
    while (this.#dueAt(track) <= elapsed) this.#advance(track);
  }

  #played(now: number): number {
    return this.#elapsed + Math.max(0, now - this.#resumedAt) * this.#speed;
  }

  /** Recorded ms after the start at which a track's next point is due. */
  #dueAt(track: Track): number {
    const row = track.rows[track.row];
    if (!row) return Infinity;
    const segment = Math.floor(track.point / this.#stepsBetween);
    const [from, to] = [PATH_MS[segment]!, PATH_MS[segment + 1] ?? PATH_MS[segment]!];
    return row.openTime - track.origin + from + ((to - from) * (track.point % this.#stepsBetween)) / this.#stepsBetween;
  }

  #advance(track: Track): void {
    track.point += 1;
    if (track.point <= this.#stepsBetween * (PATH_MS.length - 1)) return;
    track.point = 0;
    track.row += 1;
  }

  #tickOf(track: Track, dueAt: number): Tick {
    const row = track.rows[track.row]!;
    const points = turningPoints(row);
    const segment = Math.floor(track.point / this.#stepsBetween);
    const from = points[segment]!;
    const way = (points[segment + 1] ?? from).minus(from).multipliedBy(wholeDecimal(track.point % this.#stepsBetween)).dividedBy(wholeDecimal(this.#stepsBetween));
    const { tickSize, stepSize } = track.rules;
    const last = from.plus(way).dividedBy(tickSize).integerValue(4).multipliedBy(tickSize);
    const base = floorTo(row.volume.dividedBy(wholeDecimal(this.#stepsBetween * 3 + 1)), stepSize);
    const volume = { base, takerBase: floorTo(base.multipliedBy(decimal('0.5')), stepSize) };
    const bookSeed = (Math.imul(row.openTime / MINUTE_MS, 0x85ebca6b) + track.point) >>> 0;
    return { symbol: track.symbol, last, mark: last, index: last, candleTime: this.#base + Math.floor(dueAt), volume: base.isZero() ? { base: ZERO, takerBase: ZERO } : volume, bookSeed };
  }

  due(now: number): Tick[] {
    const played = this.#played(now);
    const ticks: { at: number; tick: Tick }[] = [];
    for (const track of this.#tracks) {
      for (let at = this.#dueAt(track); at <= played; at = this.#dueAt(track)) {
        ticks.push({ at, tick: this.#tickOf(track, at) });
        this.#advance(track);
      }
      const over = (track.rows.at(-1)!.openTime - track.origin + MINUTE_MS) <= played;
      if (over && !this.#ended.has(track.symbol)) {
        this.#ended.add(track.symbol);
        this.#onEnd(track.symbol, this.#ended.size === this.#tracks.length);
      }
    }
    return ticks.toSorted((a, b) => a.at - b.at).map(({ tick }) => tick);
  }

  /** The recording goes on as recorded: the next tick brings its price back. */
  moved(): void {}

  candleTime(_symbol: string, now: number): number {
    return this.#base + Math.floor(this.#played(now));
  }

  save(now: number): unknown {
    return { base: this.#base, elapsed: this.#played(now) };
  }

  /** A day of the time as it is played, or what history exists of it. */
  dayFrom(symbol: string, series: CandleSeries, now: number): number {
    const since = Math.min(this.candleTime(symbol, now), (series.last?.openTime ?? 0) + DAY_MS) - DAY_MS;
    return Math.min(series.countBefore(since + 1), series.length - 1);
  }
}
