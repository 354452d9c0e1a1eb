/** How lists are asked for in parts: by symbol, time, first id and size. */
import { VenueError } from '../core/venue-error.ts';
import type { Params } from './params.ts';

const DEFAULT_PAGE = { ifAbsent: 500, most: 1_000 };

interface Dated {
  readonly symbol: string;
  readonly time: number;
}

/** Records of a symbol within `startTime`…`endTime`: from `fromId` or a start the oldest `limit`, else the newest. */
export function page<T extends Dated>(params: Params, symbol: string | null, records: Iterable<T>, idOf: (record: T) => number, fromName: string, { ifAbsent, most } = DEFAULT_PAGE): T[] {
  const [from, start, end] = [params.whole(fromName), params.whole('startTime'), params.whole('endTime')];
  if (start !== null && end !== null && start > end) throw new VenueError('BAD_PARAMETER', 'endTime');
  const limit = params.limit('limit', ifAbsent, most);
  const found: T[] = [];
  for (const record of records) {
    const inTime = (start === null || record.time >= start) && (end === null || record.time <= end);
    if ((symbol === null || record.symbol === symbol) && inTime && (from === null || idOf(record) >= from)) found.push(record);
  }
  return from === null && start === null ? found.slice(-limit) : found.slice(0, limit);
}
