/** How long the next try waits: half a second, doubled, never more than half a minute; a connection that held begins anew. */
import { expect } from 'chai';
import { failuresBefore, retryMs } from '../../src/rules/reconnecting.ts';

describe('reconnecting', () => {
  it('waits half a second, then twice as long each time, half a minute at most', () => {
    expect(Array.from({ length: 8 }, (_, failures) => retryMs(failures))).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(retryMs(2_000)).to.equal(30_000);
  });

  it('forgets the failures before a connection that held a minute, and no other', () => {
    expect([failuresBefore(4, undefined), failuresBefore(4, 0), failuresBefore(4, 59_999), failuresBefore(4, 60_000)]).to.deep.equal([4, 4, 4, 0]);
  });
});
