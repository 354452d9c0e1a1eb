/** The stand-in for a stop that the venue does not take: where it closes, when it is blind, and that its parts make up the bound. */
import { expect } from 'chai';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import { guardPrice, guardState, STOP_CHECK_EVERY_MS, STOP_LOST_BOUND_MS, STOP_RECHECK_MS, STOP_UNLISTED_AT_MOST } from '../../../src/rules/position-life/guard.ts';
import { NOW } from '../../kit/decisions.ts';
import { idOf, lifeOf, makeSituation, tell } from '../../kit/lives.ts';

const refused: LifeEvent = { type: 'StopRefused', at: NOW + 30, clientId: idOf('stop'), venueCode: -4120, message: 'no such order' };
const at = (price: string, ageMs = 0) => makeSituation({ mark: { price: decimal(price), ageMs } });

describe('the guard of a position whose stop the venue does not take', () => {
  const long = tell();
  const short = tell('SHORT');
  const guarded = lifeOf(long.opened(), long.sending('stop'), long.ended('stop', 'rejected'), refused);
  const guardedShort = lifeOf(short.opened(), short.sending('stop'), short.ended('stop', 'rejected'), refused);

  it('stands where the stop would stand, and closes at it or beyond', () => {
    expect([guardPrice(guarded, makeSituation()), guardPrice(guardedShort, makeSituation())].map(String)).to.deep.equal(['98', '102']);
    expect(['98.1', '98', '97.9'].map((price) => guardState(guarded, at(price)))).to.deep.equal(['holds', 'passed', 'passed']);
    expect(['101.9', '102', '102.1'].map((price) => guardState(guardedShort, at(price)))).to.deep.equal(['holds', 'passed', 'passed']);
  });

  it('goes with a stop that was moved', () => {
    const moved: LifeEvent = { type: 'StopMoveRequested', at: NOW + 40, positionId: 'plan-1' as never, stopPrice: '101', reason: 'PROFIT_LOCK', by: 'exits' };
    expect(String(guardPrice(lifeOf(long.opened(), long.sending('stop'), long.ended('stop', 'rejected'), refused, moved), makeSituation()))).to.equal('101');
  });

  it('is blind without a price, and with one as old as naked is allowed', () => {
    expect(guardState(guarded, makeSituation())).to.equal('blind');
    expect([guardState(guarded, at('99', 9_999)), guardState(guarded, at('99', 10_000)), guardState(guarded, at('97', 10_000))]).to.deep.equal(['holds', 'blind', 'blind']);
  });

  it('is nobody where a stop stands, none was refused, or nothing is held', () => {
    for (const life of [lifeOf(long.protected()), lifeOf(long.protected(), refused), lifeOf(long.opened()), lifeOf(refused), lifeOf(long.opened(), refused, long.sending('stop'), long.placed('stop')), lifeOf(long.opened(), refused, long.fill(10, { side: 'SELL' }))]) {
      expect(guardPrice(life, makeSituation())).to.equal(undefined);
      expect(guardState(life, at('1'))).to.equal(undefined);
    }
  });

  it('stands in again for what a stop that stood no longer covers', () => {
    expect(String(guardPrice(lifeOf(long.protected(), refused, long.lost('stop', 'vanished')), makeSituation()))).to.equal('98');
    expect(String(guardPrice(lifeOf(long.protected(), refused, long.fill(5)), makeSituation()))).to.equal('98');
  });

  it('the bound of a lost stop is made of how often it is looked for', () => {
    expect(STOP_CHECK_EVERY_MS + STOP_RECHECK_MS * STOP_UNLISTED_AT_MOST).to.be.below(STOP_LOST_BOUND_MS);
  });
});
