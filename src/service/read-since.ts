/** A time that an operator writes. */
import { InvalidArgumentError } from 'commander';
import { msOfIso } from '../supervision/clock.ts';

/** A day, an hour and minute, or what the export shows, in UTC; or ms since 1970. @throws InvalidArgumentError. */
export function readSince(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const ms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.test(text) ? msOfIso(text) : undefined;
  if (ms === undefined) throw new InvalidArgumentError('It is not a time such as 2026-02-03, 2026-02-03T14:00Z or 2026-02-03T14:00:00.000Z (UTC), or milliseconds since 1970.');
  return ms;
}
