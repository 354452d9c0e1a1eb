/** How long ago each symbol was heard of: who is silent, and what is tried about it, in which order and how often (operators' 47). */
import { expect } from 'chai';
import type { SymbolName } from '../../src/protocol/names.ts';
import { ReceiveAges, STALE_AFTER_MS } from '../../src/rules/receive-ages.ts';
import { GPS, HYPE, RIVER } from '../kit/decisions.ts';

const T = 1_000_000;
const MINUTE = 60_000;

function watching(...symbols: readonly SymbolName[]): ReceiveAges {
  const ages = new ReceiveAges();
  ages.watch(symbols, T);
  return ages;
}

/** Looks each second from `from` on, while `heard` go on being heard, and says when a new connection was wanted. */
function reconnects(ages: ReceiveAges, heard: readonly SymbolName[], from: number, forMs: number): readonly number[] {
  const times: number[] = [];
  for (let now = from; now <= from + forMs; now += 1_000) {
    for (const symbol of heard) ages.heard(symbol, now);
    if (ages.remedy(now).reconnect) times.push((now - from) / 1_000);
  }
  return times;
}

describe('receive ages', () => {
  it('count from the last time a symbol was heard, or from when it was first followed; of others nothing is known', () => {
    const ages = watching(GPS);
    expect([ages.ageMs(GPS, T + 5), ages.ageMs(HYPE, T + 5)]).to.deep.equal([5, undefined]);
    ages.heard(GPS, T + 7);
    ages.heard(HYPE, T + 7);
    expect([ages.ageMs(GPS, T + 10), ages.ageMs(HYPE, T + 10)]).to.deep.equal([3, undefined]);
    ages.watch([GPS, HYPE], T + 20);
    expect([ages.ageMs(GPS, T + 30), ages.ageMs(HYPE, T + 30)], 'who was followed before goes on').to.deep.equal([23, 10]);
    ages.watch([HYPE], T + 40);
    expect(ages.ageMs(GPS, T + 50)).to.equal(undefined);
  });

  it('are stale beyond ten seconds, and no longer when something is heard', () => {
    const ages = watching(GPS, HYPE);
    expect(ages.stale(T + STALE_AFTER_MS)).to.deep.equal([]);
    ages.heard(HYPE, T + 1);
    expect(ages.stale(T + STALE_AFTER_MS + 1)).to.deep.equal([GPS]);
    ages.heard(GPS, T + STALE_AFTER_MS + 1);
    expect(ages.stale(T + STALE_AFTER_MS + 1)).to.deep.equal([]);
    expect(STALE_AFTER_MS).to.equal(10_000);
  });

  it('of a silent symbol: it is subscribed anew once, and the connection is replaced ten seconds later, if that has brought nothing', () => {
    const ages = watching(GPS, HYPE);
    const look = (at: number) => {
      ages.heard(HYPE, T + at);
      return ages.remedy(T + at);
    };
    expect(look(10_000)).to.deep.equal({ resubscribe: [], reconnect: false });
    expect(look(10_001)).to.deep.equal({ resubscribe: [GPS], reconnect: false });
    expect(look(20_000)).to.deep.equal({ resubscribe: [], reconnect: false });
    expect(look(20_001)).to.deep.equal({ resubscribe: [], reconnect: true });
    ages.heard(GPS, T + 21_000);
    expect(look(31_001), 'silent again: from the beginning').to.deep.equal({ resubscribe: [GPS], reconnect: false });
  });

  it('of one that has been asked for in vain: the connection is replaced although another has only now fallen silent', () => {
    const ages = watching(GPS, HYPE, RIVER);
    ages.heard(RIVER, T + 20_001);
    ages.heard(HYPE, T + 10_000);
    ages.remedy(T + 10_001);
    expect(ages.remedy(T + 20_001)).to.deep.equal({ resubscribe: [HYPE], reconnect: true });
  });

  it('of everything silent: a new connection every 30 s, for as long as it lasts', () => {
    expect(reconnects(watching(GPS, HYPE), [], T + 10_001, 5 * MINUTE)).to.deep.equal([10, 40, 70, 100, 130, 160, 190, 220, 250, 280]);
  });

  it('of some silent: ever more seldom, half an hour apart at most, for it costs all the others; and from the beginning after nobody was', () => {
    const ages = watching(GPS, HYPE);
    const times = reconnects(ages, [HYPE], T + 10_001, 180 * MINUTE);
    expect(times.map((time, index) => time - (times[index - 1] ?? 0))).to.deep.equal([10, 30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800]);
    const later = T + 240 * MINUTE;
    reconnects(ages, [GPS, HYPE], later, 1_000);
    const again = reconnects(ages, [HYPE], later + 12_000, 2 * MINUTE);
    expect(again).to.deep.equal([10, 40, 100]);
  });

  it('are lost when neither a new subscription nor a new connection has brought them back 20 s after the first', () => {
    const ages = watching(GPS, HYPE, RIVER);
    const until = (at: number) => reconnects(ages, [HYPE, RIVER], T + 10_001, at - 10_001);
    until(30_001);
    expect(ages.lost(T + 30_001)).to.deep.equal([]);
    expect(ages.lost(T + 30_002)).to.deep.equal([GPS]);
    ages.heard(GPS, T + 30_500);
    expect(ages.lost(T + 30_500)).to.deep.equal([]);
    // It has come back twice, and the next connection is a minute off.
    const back = watching(GPS, HYPE);
    for (const at of [20_001, 50_001]) {
      reconnects(back, [HYPE], T + at - 10_000, 10_000);
      back.heard(GPS, T + at + 999);
    }
    expect(reconnects(back, [HYPE], T + 61_001, 20_001)).to.deep.equal([]);
    expect(back.lost(T + 81_002), 'asked for anew, and not yet connected anew').to.deep.equal([]);
    // Silent again while no connection is due: it has not been tried for it.
    const only = watching(GPS, HYPE);
    only.remedy(T + 10_001);
    expect(only.lost(T + 10 * MINUTE)).to.deep.equal([]);
  });
});
