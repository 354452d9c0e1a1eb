/** The listen key's life, as rules: when what is asked, what an answer makes of it, what is told, and when a connection must leave it. */
import { expect } from 'chai';
import { afterFailure, afterKey, keyAlerts, mustLeave, nextRequest, NO_KEY, restsOn, wantedBy } from '../../src/rules/listen-key.ts';
import type { KeyLife, KeyRequest } from '../../src/rules/listen-key.ts';

const MINUTE = 60_000;
const T = 1_000_000;
const first = { number: 1 };
const second = { number: 2 };
const given = (life: KeyLife, key = first, sentAt = T, forConnection = life.wanted) => afterKey(life, 'ask', { key, sentAt, forConnection });
const inVain = (life: KeyLife, of: KeyRequest, at: number, part: { readonly venueCode?: number; readonly restMs?: number } = {}) => afterFailure(life, of, { message: 'timeout', venueCode: part.venueCode, restMs: part.restMs ?? 0, at });
const HELD = given(wantedBy(NO_KEY, 1));

describe('the listen key\'s life', () => {
  it('begins with asking at once, and goes on by prolonging half an hour after the request that gave it', () => {
    expect(nextRequest(NO_KEY)).to.deep.equal({ request: 'ask', at: 0 });
    expect(HELD.held).to.deep.equal({ key: first, since: T, keptAt: T });
    expect(nextRequest(HELD)).to.deep.equal({ request: 'prolong', at: T + 30 * MINUTE });
    const kept = afterKey(HELD, 'prolong', { key: undefined, sentAt: T + 30 * MINUTE, forConnection: 1 });
    expect(kept.held).to.deep.equal({ key: first, since: T, keptAt: T + 30 * MINUTE });
    expect(nextRequest(kept).at).to.equal(T + 60 * MINUTE);
  });

  it('asks anew for every connection that wants one, and grants it to those who wanted it when it was asked', () => {
    const wanted = wantedBy(HELD, 2);
    expect(nextRequest(wanted)).to.deep.equal({ request: 'ask', at: 0 });
    expect(wantedBy(wanted, 1), 'an older wish takes nothing back').to.equal(wanted);
    const meanwhile = wantedBy(wanted, 3);
    const granted = given(meanwhile, first, T + 5, 2);
    expect(granted.granted).to.equal(2);
    expect(nextRequest(granted), 'the newer one has not been asked for').to.include({ request: 'ask' });
    expect(given(granted, first, T + 6, 3)).to.include({ granted: 3, gone: undefined });
    expect(given(given(granted, first, T + 6, 3), first, T + 7, 1).granted).to.equal(3);
    expect(afterKey(meanwhile, 'prolong', { key: first, sentAt: T, forConnection: 3 }).granted, 'prolonging grants nothing').to.equal(1);
  });

  it('knows that a key is gone when the venue gives another, by asking or by prolonging, and that one it gives again is not', () => {
    for (const request of ['ask', 'prolong'] as const) {
      const other = afterKey(HELD, request, { key: second, sentAt: T + 9, forConnection: 1 });
      expect(other.held).to.deep.equal({ key: second, since: T + 9, keptAt: T + 9 });
      expect(other.gone).to.deep.equal({ key: first, reason: 'the venue has given another listen key' });
      expect(given(other, second).gone, 'it stays known').to.deep.equal(other.gone);
    }
    expect(given(inVain(HELD, 'prolong', T, { venueCode: -1125 }), first).gone).to.equal(undefined);
  });

  it('loses the key that the venue does not know (−1125), and asks for another at once', () => {
    const lost = inVain(inVain(HELD, 'prolong', T), 'prolong', T + MINUTE, { venueCode: -1125 });
    expect(lost).to.deep.include({ held: undefined, gone: { key: first, reason: 'the venue no longer knows the listen key' }, failure: undefined });
    expect(nextRequest(lost)).to.deep.equal({ request: 'ask', at: 0 });
    expect(inVain(lost, 'prolong', T, { venueCode: -1125 }).gone, 'which one it was is still known').to.deep.equal(lost.gone);
    expect(inVain(HELD, 'ask', T, { venueCode: -1125 }).held, 'asking makes one: there the code says nothing').to.deep.equal(HELD.held);
    expect(inVain(HELD, 'prolong', T, { venueCode: -1003 }).held).to.deep.equal(HELD.held);
  });

  it('prolongs again after a minute, asks again after half a second and ever later, and rests as long as the venue wants', () => {
    const tired = inVain(HELD, 'prolong', T + 30 * MINUTE);
    expect(nextRequest(tired)).to.deep.equal({ request: 'prolong', at: T + 31 * MINUTE });
    expect(nextRequest(inVain(HELD, 'prolong', T, { restMs: 90_000 })).at).to.equal(T + 90_000);
    let life = NO_KEY;
    const waits = Array.from({ length: 8 }, () => nextRequest((life = inVain(life, 'ask', T))).at - T);
    expect(waits).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(nextRequest(inVain(NO_KEY, 'ask', T, { restMs: 90_000 })).at).to.equal(T + 90_000);
    expect(nextRequest(wantedBy(tired, 2)), 'a wish does not wait for what prolonging waits for').to.deep.equal({ request: 'ask', at: T + 30 * MINUTE });
    expect(nextRequest(wantedBy(inVain(HELD, 'prolong', T, { restMs: 90_000 }), 2)).at, 'but rests with it').to.equal(T + 90_000);
    expect(inVain(tired, 'ask', T).failure, 'each is counted for itself').to.include({ of: 'ask', count: 1 });
    expect(given(life).failure).to.equal(undefined);
  });

  it('is told of from the third failure on, with the time that is left, while it can still be helped', () => {
    const at = T + 30 * MINUTE;
    const twice = inVain(inVain(HELD, 'prolong', at), 'prolong', at + MINUTE);
    expect(keyAlerts(HELD, T)).to.deep.equal([]);
    expect(keyAlerts(twice, at + MINUTE)).to.deep.equal([]);
    const thrice = inVain(twice, 'prolong', at + 2 * MINUTE);
    const [alert] = keyAlerts(thrice, at + 2 * MINUTE);
    expect(alert).to.include({ name: 'listen-key-unkept' });
    expect(alert?.message).to.contain('3 times in a row: timeout; it dies in 28 min');
    expect(keyAlerts(thrice, T + 60 * MINUTE - 1)[0]?.message).to.contain('it dies in 1 min');
    expect(keyAlerts(thrice, T + 60 * MINUTE)[0]?.message).to.contain('it must be dead');
    const asked = [0, 1, 2].reduce((life) => inVain(life, 'ask', T), NO_KEY);
    expect(keyAlerts(asked, T)).to.have.length(1).and.have.nested.property('[0].name', 'listen-key-missing');
    expect(keyAlerts(asked, T)[0]?.message).to.contain('3 times in a row: timeout');
    expect(keyAlerts(given(asked), T)).to.deep.equal([]);
  });
});

describe('a connection and the key it rests on', () => {
  const on = { key: first, keptAt: T };

  it('stays on what was prolonged within 55 minutes, whoever says nothing of it', () => {
    for (const view of [undefined, NO_KEY, HELD]) {
      expect(mustLeave(on, view, T + 55 * MINUTE - 1)).to.equal(undefined);
      expect(mustLeave(on, view, T + 55 * MINUTE)).to.equal('its listen key has not been prolonged for 55 min');
    }
  });

  it('learns of each prolongation of its own key, and of no other', () => {
    const later = afterKey(HELD, 'prolong', { key: first, sentAt: T + MINUTE, forConnection: 1 });
    expect(restsOn(on, later)).to.deep.equal({ key: first, keptAt: T + MINUTE });
    expect(restsOn({ key: first, keptAt: T + 2 * MINUTE }, later).keptAt, 'never back').to.equal(T + 2 * MINUTE);
    expect(restsOn(on, NO_KEY)).to.equal(on);
    expect(restsOn({ key: second, keptAt: T }, later).keptAt).to.equal(T);
  });

  it('leaves a key that is gone or was replaced, not one that another connection has left behind', () => {
    const lost = inVain(HELD, 'prolong', T, { venueCode: -1125 });
    expect(mustLeave(on, lost, T)).to.equal('the venue no longer knows the listen key');
    const other = given(lost, second);
    expect(mustLeave(on, other, T)).to.equal('the venue no longer knows the listen key');
    expect(mustLeave({ key: second, keptAt: T }, other, T)).to.equal(undefined);
    expect(mustLeave(on, given(NO_KEY, second), T)).to.equal('the venue has given another listen key');
  });
});
