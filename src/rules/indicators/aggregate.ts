/** Longer candles from one-minute ones: only whole ones, and only as far back as no minute is missing. */
import type { Candle } from '../../protocol/market.ts';

const MINUTE_MS = 60_000;

/** A candle for computing with: prices as plain numbers, times in ms UTC. */
export interface Bar {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/**
 * The newest candles of `minutes` minutes, ascending, aligned to the clock as the venue's own. One that lacks a minute is
 * none, and what lies before it does not count: a statistic over a gap says something about a market that never was.
 * @param closed one-minute candles, ascending.
 */
export function aggregate(closed: readonly Candle[], minutes: number): readonly Bar[] {
  const span = minutes * MINUTE_MS;
  const bars: Bar[] = [];
  for (let end = closed.length; end >= minutes; end -= minutes) {
    // The rest of a candle that is not whole yet, at the newest end.
    if (bars.length === 0) while (end >= minutes && (closed[end - 1]!.openTime + MINUTE_MS) % span !== 0) end -= 1;
    if (end < minutes) break;
    const part = closed.slice(end - minutes, end);
    const openTime = part[0]!.openTime;
    if (openTime % span !== 0 || part.at(-1)!.openTime - openTime !== span - MINUTE_MS) break;
    const newer = bars.at(-1);
    if (newer !== undefined && newer.openTime !== openTime + span) break;
    bars.push(barOf(part));
  }
  return bars.toReversed();
}

function barOf(part: readonly Candle[]): Bar {
  return {
    openTime: part[0]!.openTime,
    open: part[0]!.open.toNumber(),
    high: Math.max(...part.map((candle) => candle.high.toNumber())),
    low: Math.min(...part.map((candle) => candle.low.toNumber())),
    close: part.at(-1)!.close.toNumber(),
  };
}
