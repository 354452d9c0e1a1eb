/** All rows of a history of the venue since a time (trades, orders, conditional orders), ascending and each once, although the venue gives a thousand at a time and a week at most. */
import type { SymbolName } from '../protocol/names.ts';
import { VenueError } from './port.ts';

const PAGE = 1_000;
/** The longest span one question with times may cover. */
const WINDOW_MS = 7 * 24 * 3_600_000;
/** 50,000 rows of one symbol are no gap to fill but a mistake in `since`. */
const MOST_PAGES = 50;

/** One history: how a row is named and dated, and by which parameter the venue is asked for those from an id on. */
export interface History<Row> {
  /** For the error. */
  readonly request: string;
  readonly from: 'fromId' | 'orderId' | 'algoId';
  readonly id: (row: Row) => string;
  readonly at: (row: Row) => number;
}

/**
 * Windows by time until one comes back full; from there on by id, which the venue does not limit to a week (and does not allow together with times).
 * @throws VenueError what `page` throws; kind `unknown` if it does not end
 */
export async function readHistory<Row>({ request, from, id, at }: History<Row>, page: (query: Record<string, string | number>) => Promise<readonly Row[]>, symbol: SymbolName, since: number, venueNow: number): Promise<readonly Row[]> {
  const found = new Map<string, Row>();
  let windowStart = since;
  let next: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = next === undefined ? { startTime: windowStart, endTime: windowStart + WINDOW_MS - 1 } : { [from]: next };
    const rows = await page({ symbol, ...query, limit: PAGE });
    for (const row of rows) if (at(row) >= since) found.set(id(row), row);
    const last = rows.at(-1);
    if (last !== undefined && rows.length >= PAGE) {
      next = String(BigInt(id(last)) + 1n);
      continue;
    }
    // By id, a short page is the end of all; by time, it is the end of one window.
    windowStart += WINDOW_MS;
    if (next !== undefined || windowStart > venueNow) return [...found.values()].toSorted((one, other) => at(one) - at(other) || (BigInt(id(one)) < BigInt(id(other)) ? -1 : 1));
  }
  throw new VenueError('unknown', `GET /${request}: ${symbol} since ${since} does not end within ${MOST_PAGES} pages`);
}
