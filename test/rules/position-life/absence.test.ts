/** An id that the venue does not know: when it is asked for again, and when it is absent (ruling 8). */
import { expect } from 'chai';
import { ZERO } from '../../../src/protocol/decimal.ts';
import type { ClientId } from '../../../src/protocol/names.ts';
import { RECV_WINDOW_MS } from '../../../src/protocol/venue.ts';
import { isAbsent, queryDueAt, whatOfUnknownProtection } from '../../../src/rules/position-life/absence.ts';
import type { ProtectionRecord } from '../../../src/rules/position-life/life.ts';

/** Monotonic ms; and a second beyond the window, for a time that was ahead of the venue's. */
const SENT = 1_000;
const OVER = SENT + RECV_WINDOW_MS + 1_000;
const out = (openBefore = 0) => ({ by: SENT, openBefore });
const stop = (state: ProtectionRecord['state']): ProtectionRecord => ({ leg: 'stop', clientId: 's' as ClientId, attempt: 1, side: 'SELL', quantity: ZERO, triggerPrice: ZERO, sentAt: 0, state, unanswered: false, algoId: undefined, orderId: undefined });

describe('an order that the venue does not know', () => {
  const schedule = (openBefore: number) => [0, 1, 2, 3, 4, 5, 6].map((times) => queryDueAt(out(openBefore), times) - SENT);

  it('is asked for at 0.5, 1, 2, 5 and 8 s after its outcome was not told, then every 8 s', () => {
    expect(schedule(0)).to.deep.equal([500, 1_000, 2_000, 5_000, 8_000, 16_000, 24_000]);
  });

  it('is asked for at once if it was open before this incarnation began, however long, and then as often as any', () => {
    for (const openBefore of [500, 1_500, 3_600_000]) expect(schedule(openBefore), 'the fifth question comes when its window is over').to.deep.equal([0, 500, 1_500, 4_500, 7_500, 15_500, 23_500]);
    expect(schedule(200)[0]).to.equal(300);
  });

  it('is asked for no later if the wall clock was set back while nobody ran', () => {
    expect(schedule(-3_600_000)).to.deep.equal(schedule(0));
  });

  const agreed = { agreedAt: OVER, tradesReadAt: OVER, adoptedAt: 0 };
  for (const { when, times = 5, askedAt = OVER, beside = agreed, purpose = 'entry', absent } of [
    { when: 'after every query, asked for when its window was over, and so were position and trades', absent: true },
    { when: 'after four queries', times: 4, absent: false },
    { when: 'when it was asked for last while the venue could still take it', askedAt: OVER - 1, absent: false },
    { when: 'with a position read while the venue could still take it', beside: { ...agreed, agreedAt: OVER - 1 }, absent: false },
    { when: 'with trades read while the venue could still take it', beside: { ...agreed, tradesReadAt: OVER - 1 }, absent: false },
    { when: 'without trades, once the venue\'s word has become the position', beside: { ...agreed, tradesReadAt: 0, adoptedAt: SENT + 1 }, absent: true },
    { when: 'without trades, after an adoption of before it was sent', beside: { ...agreed, tradesReadAt: 0, adoptedAt: SENT }, absent: false },
    { when: 'as a close, whatever was read', purpose: 'close', askedAt: SENT, beside: { agreedAt: 0, tradesReadAt: 0, adoptedAt: 0 }, absent: true },
    { when: 'as a part, unless all was read', purpose: 'reduce', beside: { agreedAt: 0, tradesReadAt: 0, adoptedAt: 0 }, absent: false },
    { when: 'as a close, after four queries', purpose: 'close', times: 4, absent: false },
  ] as const) {
    it(`${absent ? 'is' : 'is not'} absent ${when}`, () => {
      for (const openBefore of [0, 3_600_000, -3_600_000]) expect(isAbsent(purpose, out(openBefore), { times, askedAt }, beside)).to.equal(absent);
    });
  }
});

describe('a protection that the venue does not know', () => {
  for (const { when, state, times = 2, holds = true, askedAt = OVER, what } of [
    { when: 'after one query', state: 'sending', times: 1, what: 'ask-again' },
    { when: 'never acknowledged, at once', state: 'sending', askedAt: SENT, what: 'send-again' },
    { when: 'acknowledged, while its window lasts', state: 'placed', askedAt: OVER - 1, what: 'ask-again' },
    { when: 'acknowledged, after it', state: 'placed', what: 'lost' },
    { when: 'never acknowledged, with nothing held, while its window lasts', state: 'sending', holds: false, askedAt: OVER - 1, what: 'ask-again' },
    { when: 'never acknowledged, with nothing held, after it', state: 'sending', holds: false, what: 'lost' },
  ] as const) {
    it(`${when}: ${what}`, () => {
      for (const openBefore of [0, 3_600_000, -3_600_000]) expect(whatOfUnknownProtection(stop(state), out(openBefore), { times, askedAt }, holds)).to.equal(what);
    });
  }
});
