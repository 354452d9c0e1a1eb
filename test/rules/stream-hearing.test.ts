/** What the user stream owes: every order and fill that REST has told of, within a bound, by whatever name the event gives it. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { UserEvent } from '../../src/protocol/venue.ts';
import { deafWaitMs, Hearing } from '../../src/rules/stream-hearing.ts';
import type { RestWord } from '../../src/rules/stream-hearing.ts';
import { GPS, HYPE } from '../kit/decisions.ts';

const T = 10_000_000;
const BOUND = 5_000;
const order = (at = T, id = 'c-1'): RestWord => ({ what: 'order', symbol: GPS, id, at });
const fill = (part: Partial<RestWord> = {}): RestWord => ({ what: 'fill', symbol: GPS, id: '71', orderId: '9', at: T, ...part });
const orderEvent = (part: { clientId?: string; symbol?: typeof GPS; orderId?: string; executed?: string; trade?: string } = {}): UserEvent =>
  ({ type: 'order', order: { clientId: part.clientId ?? 'c-1', symbol: part.symbol ?? GPS, orderId: part.orderId ?? '9', executedQuantity: decimal(part.executed ?? '0') }, ...(part.trade === undefined ? {} : { trade: { tradeId: part.trade } }) }) as unknown as UserEvent;
const algoEvent = (clientId: string) => ({ type: 'algo', order: { clientId } }) as unknown as UserEvent;

/** A stream live since `liveSince` that REST has told of these at T. */
function owing(words: readonly RestWord[], liveSince = T - 60_000): Hearing {
  const hearing = new Hearing();
  for (const word of words) hearing.said(word, liveSince, T);
  return hearing;
}
const owed = (hearing: Hearing, now = T + BOUND) => hearing.overdue(BOUND, now);

describe('what the user stream owes', () => {
  it('is overdue at the bound, the oldest first, with how much there is', () => {
    const hearing = owing([order()]);
    hearing.said(fill({ id: '72' }), T - 60_000, T + 1);
    expect(owed(hearing, T + BOUND - 1)).to.equal(undefined);
    expect(owed(hearing)).to.deep.equal({ word: order(), forMs: BOUND, owed: 2 });
    expect(owed(new Hearing())).to.equal(undefined);
  });

  it('is paid by an event that names it, and by no other', () => {
    for (const [word, pays, others] of [
      [order(), orderEvent(), orderEvent({ clientId: 'c-2', executed: '1' })],
      [order(), algoEvent('c-1'), algoEvent('c-2')],
      [fill(), orderEvent({ trade: '71' }), orderEvent({ trade: '72' })],
      [fill(), orderEvent({ trade: '71', orderId: '8' }), orderEvent({ trade: '71', symbol: HYPE })],
      // An event without its trade tells of all that is executed.
      [fill(), orderEvent({ executed: '1' }), orderEvent({ executed: '0' })],
      [fill(), orderEvent({ executed: '1' }), orderEvent({ executed: '1', orderId: '8' })],
      [fill(), orderEvent({ executed: '1' }), orderEvent({ executed: '1', symbol: HYPE })],
    ] as const) {
      const hearing = owing([word]);
      expect(hearing.told(others, T + 1), JSON.stringify(others)).to.equal(false);
      expect(owed(hearing)).to.not.equal(undefined);
      expect(hearing.told(pays, T + 1), JSON.stringify(pays)).to.equal(true);
      expect(owed(hearing)).to.equal(undefined);
    }
    const unnumbered = owing([{ what: 'fill', symbol: GPS, id: '71', at: T }]);
    expect(unnumbered.told(orderEvent({ executed: '1' }), T + 1), 'of which the order is not known').to.equal(false);
    expect(unnumbered.told({ type: 'balance' } as unknown as UserEvent, T + 1)).to.equal(false);
  });

  it('is nothing that it had told before REST did, for five minutes', () => {
    for (const [ageMs, forgotten] of [[300_000, false], [300_001, true]] as const) {
      const hearing = new Hearing();
      hearing.told(orderEvent({ clientId: 'c-0', executed: '0', orderId: '1' }), T - 200_000 - ageMs);
      hearing.told(orderEvent({ executed: '1' }), T - ageMs);
      // Whatever is told next clears away what is too old.
      hearing.told(algoEvent('c-9'), T);
      for (const word of [order(), fill(), order(T, 'c-0')]) hearing.said(word, T - 600_000, T);
      expect(owed(hearing)?.owed, `${ageMs}`).to.equal(forgotten ? 3 : 1);
    }
    const repeated = new Hearing();
    repeated.told(algoEvent('c-1'), T - 400_000);
    repeated.told(algoEvent('c-1'), T - 100);
    repeated.told(algoEvent('c-9'), T);
    repeated.said(order(), T - 600_000, T);
    expect(owed(repeated), 'told again since').to.equal(undefined);
  });

  it('is nothing from before it was live, a fill so shortly after it neither, and nothing that is two minutes old', () => {
    expect(owed(owing([order(T - 1)], T))).to.equal(undefined);
    expect(owed(owing([order(T)], T))?.owed).to.equal(1);
    expect(owed(owing([fill({ at: T - 1 })], T - 2_000))).to.equal(undefined);
    expect(owed(owing([fill({ at: T })], T - 2_000))?.owed).to.equal(1);
    expect(owed(owing([order(T - 120_001)], T - 600_000))).to.equal(undefined);
    expect(owed(owing([order(T - 120_000)], T - 600_000))?.owed).to.equal(1);
  });

  it('is owed once, since it was first said, and nothing of it by a new connection', () => {
    const hearing = owing([order()]);
    hearing.said(order(), T - 60_000, T + 3_000);
    expect(owed(hearing)).to.deep.include({ forMs: BOUND, owed: 1 });
    hearing.begin();
    expect(owed(hearing)).to.equal(undefined);
  });
});

describe('after a deaf connection', () => {
  it('the next comes at once, after further ones ever later, five minutes at most', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(deafWaitMs)).to.deep.equal([0, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });
});
