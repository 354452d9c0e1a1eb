/** Readings count only when they were begun after what they are held against, whatever was done to the clock. */
import { expect } from 'chai';
import { isBefore } from '../../../src/rules/position-life/before.ts';

describe('before a reading', () => {
  for (const { what, happened, begun, now, before } of [
    { what: 'a fill, then the reading', happened: 100, begun: 200, now: 300, before: true },
    { what: 'a fill while it is read', happened: 250, begun: 200, now: 300, before: false },
    { what: 'both in the same millisecond', happened: 200, begun: 200, now: 300, before: false },
    { what: 'a fill, the clock set back, then the reading', happened: 1_000, begun: 200, now: 300, before: true },
    { what: 'a fill while it is read, then the clock set back', happened: 1_000, begun: 990, now: 300, before: false },
  ]) {
    it(`${what}: ${before ? 'it was' : 'it was not'}`, () => {
      expect(isBefore(happened, begun, now)).to.equal(before);
    });
  }
});
