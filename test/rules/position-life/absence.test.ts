/** An id that the venue does not know: when it is asked for again, and when it is absent (ruling 8). */
import { expect } from 'chai';
import { ZERO } from '../../../src/protocol/decimal.ts';
import type { ClientId } from '../../../src/protocol/names.ts';
import { RECV_WINDOW_MS } from '../../../src/protocol/venue.ts';
import { isAbsent, queryDueAt, whatOfUnknownProtection } from '../../../src/rules/position-life/absence.ts';
import type { OrderRecord, ProtectionRecord } from '../../../src/rules/position-life/life.ts';

const SENT = 1_000_000;
const OVER = SENT + RECV_WINDOW_MS;
const order = (part: Partial<OrderRecord> = {}): OrderRecord => ({ purpose: 'entry', clientId: 'c' as ClientId, attempt: 1, side: 'BUY', quantity: ZERO, price: undefined, sentAt: SENT, state: 'ambiguous', ambiguousSince: SENT + 100, orderId: undefined, status: undefined, executedQuantity: ZERO, ...part });
const stop = (state: ProtectionRecord['state']): ProtectionRecord => ({ leg: 'stop', clientId: 's' as ClientId, attempt: 1, side: 'SELL', quantity: ZERO, triggerPrice: ZERO, sentAt: SENT, state, unanswered: false, algoId: undefined, orderId: undefined });

describe('an order that the venue does not know', () => {
  it('is asked for at 0.5, 1, 2, 5 and 8 s after it became ambiguous, then every 8 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((asked) => queryDueAt(order(), asked) - SENT - 100)).to.deep.equal([500, 1_000, 2_000, 5_000, 8_000, 16_000, 24_000]);
    expect(queryDueAt(order({ ambiguousSince: undefined }), 0)).to.equal(SENT + 500);
  });

  const agreed = { agreedAt: OVER, tradesReadAt: OVER, adoptedAt: 0 };
  for (const { when, asked = 5, beside = agreed, purpose = 'entry', absent } of [
    { when: 'after every query, with position and trades read when its window was over', absent: true },
    { when: 'after four queries', asked: 4, absent: false },
    { when: 'with a position read while the venue could still take it', beside: { ...agreed, agreedAt: OVER - 1 }, absent: false },
    { when: 'with trades read while the venue could still take it', beside: { ...agreed, tradesReadAt: OVER - 1 }, absent: false },
    { when: 'without trades, once the venue\'s word has become the position', beside: { ...agreed, tradesReadAt: 0, adoptedAt: SENT + 1 }, absent: true },
    { when: 'without trades, after an adoption of before it was sent', beside: { ...agreed, tradesReadAt: 0, adoptedAt: SENT }, absent: false },
    { when: 'as a close, whatever was read', purpose: 'close', beside: { agreedAt: 0, tradesReadAt: 0, adoptedAt: 0 }, absent: true },
    { when: 'as a part, unless all was read', purpose: 'reduce', beside: { agreedAt: 0, tradesReadAt: 0, adoptedAt: 0 }, absent: false },
    { when: 'as a close, after four queries', purpose: 'close', asked: 4, absent: false },
  ] as const) {
    it(`${absent ? 'is' : 'is not'} absent ${when}`, () => {
      expect(isAbsent(order({ purpose }), asked, beside)).to.equal(absent);
    });
  }
});

describe('a protection that the venue does not know', () => {
  for (const { when, state, asked = 2, holds = true, now = OVER, what } of [
    { when: 'after one query', state: 'sending', asked: 1, what: 'ask-again' },
    { when: 'never acknowledged, at once', state: 'sending', now: SENT, what: 'send-again' },
    { when: 'acknowledged, while its window lasts', state: 'placed', now: OVER - 1, what: 'ask-again' },
    { when: 'acknowledged, after it', state: 'placed', what: 'lost' },
    { when: 'never acknowledged, with nothing held, while its window lasts', state: 'sending', holds: false, now: OVER - 1, what: 'ask-again' },
    { when: 'never acknowledged, with nothing held, after it', state: 'sending', holds: false, what: 'lost' },
  ] as const) {
    it(`${when}: ${what}`, () => {
      expect(whatOfUnknownProtection(stop(state), asked, holds, now)).to.equal(what);
    });
  }
});
