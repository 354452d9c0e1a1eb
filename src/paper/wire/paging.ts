/** How lists are asked for in parts: by symbol, time, first id and size. */
import { VenueError } from '../core/venue-error.ts';
import type { Params } from './params.ts';
import type { PublicCall } from './route.ts';

const WEEK_DAYS = 7;
const WEEK_MS = WEEK_DAYS * 86_400_000;

/** How many rows an answer has, and of which time when the request does not say. */
interface PageOptions {
  readonly ifAbsent?: number;
  readonly most?: number;
  readonly since?: number;
  readonly until?: number;
}

interface Dated {
  readonly symbol: string;
  readonly time: number;
}

/** A history that shows no more than seven days at once: those asked for, or the last ones, unless an id says where to begin. @throws VenueError −4165 */
export function weekOf({ params, now }: PublicCall, fromName: string): PageOptions {
  const [start, end] = [params.whole('startTime'), params.whole('endTime')];
  if (start !== null && end !== null && end - start > WEEK_MS) throw new VenueError('LONG_INTERVAL', String(WEEK_DAYS));
  if (start !== null) return { until: start + WEEK_MS };
  if (end !== null) return { since: end - WEEK_MS };
  return params.whole(fromName) === null ? { since: now - WEEK_MS } : {};
}

/** Records of a symbol within `startTime`…`endTime`: from `fromId` or a start the oldest `limit`, else the newest. */
export function page<T extends Dated>(params: Params, symbol: string | null, records: Iterable<T>, idOf: (record: T) => number, fromName: string, { ifAbsent = 500, most = 1_000, since = -Infinity, until = Infinity }: PageOptions = {}): T[] {
  const [from, start, end] = [params.whole(fromName), params.whole('startTime'), params.whole('endTime')];
  if (start !== null && end !== null && start > end) throw new VenueError('BAD_PARAMETER', 'endTime');
  const limit = params.limit('limit', ifAbsent, most);
  const [first, last] = [start ?? since, end ?? until];
  const found: T[] = [];
  for (const record of records) {
    const inTime = record.time >= first && record.time <= last;
    if (inTime && (symbol === null || record.symbol === symbol) && (from === null || idOf(record) >= from)) found.push(record);
  }
  return from === null && start === null ? found.slice(-limit) : found.slice(0, limit);
}
