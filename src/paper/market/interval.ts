/** The lengths of candles, aligned as the venue's: up to three days to the epoch, weeks to Mondays, months to the first, all in UTC. */
import { isoTime } from '../../supervision/clock.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

const WEEK_MS = 7 * DAY_MS;
/** The epoch was a Thursday; this is the Monday after it. */
const FIRST_MONDAY = 4 * DAY_MS;

export interface Interval {
  readonly name: string;
  /** Whole days: made of days, which are kept longer than minutes. */
  readonly ofDays: boolean;
  /** When the candle that holds a time opens, ms. */
  openOf(time: number): number;
  /** When a candle that opens then is over: the next one's opening. */
  endOf(openTime: number): number;
}

function even(name: string, span: number, origin: number = 0): Interval {
  return { name, ofDays: span >= DAY_MS, openOf: (time) => Math.floor((time - origin) / span) * span + origin, endOf: (openTime) => openTime + span };
}

/** Clients ask for any time; calendars end. */
const LATEST = 8_000_000_000_000_000;

/** The first of the month, in UTC. */
function monthOf(asked: number): number {
  const time = Math.min(Math.max(asked, 0), LATEST);
  const dayOfMonth = Number(isoTime(time).slice(8, 10));
  return Math.floor(time / DAY_MS) * DAY_MS - (dayOfMonth - 1) * DAY_MS;
}

/** No month is longer than 31 days, and none of two is as short. */
const month: Interval = { name: '1M', ofDays: true, openOf: monthOf, endOf: (openTime) => monthOf(openTime + 31 * DAY_MS) };

const MINUTES: Readonly<Record<string, number>> = { '1m': 1, '3m': 3, '5m': 5, '15m': 15, '30m': 30, '1h': 60, '2h': 120, '4h': 240, '6h': 360, '8h': 480, '12h': 720, '1d': 1_440, '3d': 4_320 };

/** What `klines` serves, shortest first. */
export const INTERVALS: readonly Interval[] = [...Object.entries(MINUTES).map(([name, minutes]) => even(name, minutes * MINUTE_MS)), even('1w', WEEK_MS, FIRST_MONDAY), month];

const byName: ReadonlyMap<string, Interval> = new Map(INTERVALS.map((interval) => [interval.name, interval]));

export function intervalOf(name: string): Interval | undefined {
  return byName.get(name);
}

export const ONE_MINUTE: Interval = byName.get('1m')!;
export const ONE_DAY: Interval = byName.get('1d')!;
