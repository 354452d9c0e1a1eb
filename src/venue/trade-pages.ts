/** All trades of a symbol since a time, ascending and each once, although the venue gives a thousand at a time and a week at most. */
import type { SymbolName } from '../protocol/names.ts';
import type { VenueTrade } from '../protocol/venue.ts';
import { VenueError } from './port.ts';

const PAGE = 1_000;
/** The longest span one question with times may cover. */
const WINDOW_MS = 7 * 24 * 3_600_000;
/** 50,000 trades of one symbol are no gap to fill but a mistake in `since`. */
const MOST_PAGES = 50;

/**
 * Windows by time until one comes back full; from there on by id, which the venue does not limit to a week (and does not allow together with times).
 * @throws VenueError what `page` throws; kind `unknown` if it does not end
 */
export async function readTrades(page: (query: Record<string, string | number>) => Promise<readonly VenueTrade[]>, symbol: SymbolName, since: number, venueNow: number): Promise<readonly VenueTrade[]> {
  const found = new Map<string, VenueTrade>();
  let windowStart = since;
  let fromId: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = fromId === undefined ? { startTime: windowStart, endTime: windowStart + WINDOW_MS - 1 } : { fromId };
    const trades = await page({ symbol, ...query, limit: PAGE });
    for (const trade of trades) if (trade.at >= since) found.set(trade.tradeId, trade);
    const last = trades.at(-1);
    if (last !== undefined && trades.length >= PAGE) {
      fromId = String(BigInt(last.tradeId) + 1n);
      continue;
    }
    // By id, a short page is the end of all; by time, it is the end of one window.
    windowStart += WINDOW_MS;
    if (fromId !== undefined || windowStart > venueNow) return [...found.values()].toSorted(byTimeThenId);
  }
  throw new VenueError('unknown', `GET /fapi/v1/userTrades: ${symbol} since ${since} does not end within ${MOST_PAGES} pages`);
}

function byTimeThenId(one: VenueTrade, other: VenueTrade): number {
  if (one.at !== other.at) return one.at - other.at;
  return BigInt(one.tradeId) < BigInt(other.tradeId) ? -1 : 1;
}
