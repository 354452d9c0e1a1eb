/** The UTC day of a moment, on both sides of every midnight. */
import { expect } from 'chai';
import fc from 'fast-check';
import { isoTime } from '../../src/supervision/clock.ts';
import { utcDay } from '../../src/rules/utc-day.ts';

describe('the UTC day', () => {
  it('is the one the calendar says, leap days and turns of the century among them', () => {
    for (const [at, day] of [[0, '1970-01-01'], [951_782_399_999, '2000-02-28'], [951_782_400_000, '2000-02-29'], [1_709_251_199_999, '2024-02-29'], [1_770_000_000_000, '2026-02-02'], [4_107_542_400_000, '2100-03-01']] as const) expect(utcDay(at)).to.equal(day);
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000_000_000 }), (at) => utcDay(at) === isoTime(at).slice(0, 10)), { seed: 12 });
  });
});
