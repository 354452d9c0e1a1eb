/** Locks: what each result and refusal brings, at the edge of each rule, and when each ends by itself. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../../src/protocol/decimal.ts';
import type { EquityView } from '../../../src/protocol/views.ts';
import type { SymbolName } from '../../../src/protocol/names.ts';
import { afterLockEvent, EMPTY_BOOK, parseLockEvent } from '../../../src/rules/locks/book.ts';
import type { KeptLock, LockBook, LockEvent, Refusal, Result } from '../../../src/rules/locks/book.ts';
import { endOf, locksOf, locksOfRefusal, pause } from '../../../src/rules/locks/rules.ts';
import type { LockRules } from '../../../src/rules/locks/rules.ts';
import { CHINESE, GPS, HYPE, NOW } from '../../kit/decisions.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RULES: LockRules = {
  cooldownMs: MINUTE,
  sameSignal: { pauseMs: 4 * HOUR, resetPercent: '1' },
  killClose: { pauseMs: HOUR },
  lossStreak: { losses: 3, pauseMs: HOUR },
  stopGuard: { stops: 4, windowMs: HOUR, pauseMs: HOUR },
  lowProfit: { trades: 4, windowMs: 24 * HOUR, minPercent: '0', pauseMs: 6 * HOUR },
  drawdown: { trades: 10, windowMs: 24 * HOUR, maxPercent: '5', pauseMs: HOUR },
  errorBreaker: { errors: 5, windowMs: 10 * MINUTE, pauseMs: 15 * MINUTE },
};
const EQUITY: EquityView = { equity: '1000', walletBalance: '1000', availableBalance: '500', observedAt: NOW };

let ids = 0;
const result = (fields: Partial<Result> = {}): Result => ({ positionId: `p-${++ids}`, symbol: GPS, side: 'LONG', reason: 'TARGET', closedAt: NOW, net: '4', notional: '200', funding: '0', ...fields });
const refusal = (venueCode: number, at = NOW, symbol = GPS): Refusal => ({ symbol, venueCode, message: 'no', at });

/** Draws the consequences of each in turn, as the actor does; the locks that each brought. */
function play(things: readonly (Result | Refusal)[], rules = RULES): { book: LockBook; brought: readonly (readonly KeptLock[])[] } {
  let book = EMPTY_BOOK;
  const apply = (event: LockEvent) => (book = afterLockEvent(book, event));
  const brought = things.map((thing) => {
    const at = 'closedAt' in thing ? thing.closedAt : thing.at;
    apply('closedAt' in thing ? { type: 'ResultRecorded', at, result: thing } : { type: 'RefusalRecorded', at, refusal: thing });
    const locks = 'closedAt' in thing ? locksOf(thing, book, rules, EQUITY) : locksOfRefusal(thing, book, rules, EQUITY);
    for (const lock of locks) apply({ type: 'LockSet', at, lock });
    return locks;
  });
  return { book, brought };
}
const kinds = (locks: readonly KeptLock[]) => locks.map((one) => one.kind);

describe('locks', () => {
  it('every close lets its symbol rest', () => {
    const [lock] = play([result({ symbol: CHINESE })]).brought[0]!;
    expect(lock).to.deep.include({ kind: 'cooldown', symbol: CHINESE, side: null, code: 'SYMBOL_COOLDOWN', since: NOW, until: NOW + MINUTE });
  });

  it('after a stop, time or kill close the same side rests, after a target not (ruling 20)', () => {
    for (const reason of ['STOP', 'STOP_PASSED', 'EMERGENCY', 'TIME_STOP', 'KILL_SCORE']) {
      const lock = play([result({ reason, side: 'SHORT' })]).brought[0]!.find((one) => one.kind === 'same-signal');
      expect(lock, reason).to.deep.include({ symbol: GPS, side: 'SHORT', code: 'SAME_SIGNAL', until: NOW + 4 * HOUR });
    }
    for (const reason of ['TARGET', 'FLATTEN', 'EXTERNAL', 'TIER_1']) expect(kinds(play([result({ reason })]).brought[0]!), reason).to.deep.equal(['cooldown']);
  });

  it('a kill close lets the whole symbol rest for an hour (ruling 22)', () => {
    expect(play([result({ reason: 'KILL_SCORE' })]).brought[0]!.find((one) => one.kind === 'kill-close')).to.deep.include({ symbol: GPS, side: null, code: 'KILL_SCORE', until: NOW + HOUR });
  });

  it('three losses in a row over all symbols stop everything; a gain between them, or only two, do not; then it counts anew', () => {
    const loss = (minutes: number, symbol = GPS) => result({ net: '-0.01', symbol, closedAt: NOW + minutes * MINUTE });
    const three = play([loss(0), loss(1, HYPE), loss(2, CHINESE)]);
    expect(three.brought.map(kinds)).to.deep.equal([['cooldown'], ['cooldown'], ['cooldown', 'loss-streak']]);
    expect(three.brought[2]![1]).to.deep.include({ symbol: null, code: 'LOSS_STREAK', until: NOW + 2 * MINUTE + HOUR });
    expect(three.brought[2]![1]!.cause).to.contain(CHINESE);
    expect(play([loss(0), loss(1), result({ net: '0', closedAt: NOW + 2 * MINUTE }), loss(3)]).brought.flat().map((one) => one.kind)).not.to.include('loss-streak');
    const on = play([0, 1, 2, 90, 91, 92].map((minutes) => loss(minutes)), { ...RULES, lowProfit: { ...RULES.lowProfit, trades: 99 } });
    expect(on.brought.map((one) => kinds(one).includes('loss-streak'))).to.deep.equal([false, false, true, false, false, true]);
  });

  it('results count in the order of the closes, whichever of them is known first', () => {
    const loss = (minutes: number, symbol: SymbolName) => result({ net: '-0.01', reason: 'STOP', symbol, closedAt: NOW + minutes * MINUTE });
    const [first, second, third, fourth] = [loss(0, GPS), loss(1, HYPE), loss(2, CHINESE), loss(3, 'FHEUSDT' as SymbolName)];
    const streak = play([second, third, first]).brought[2]!.find((one) => one.kind === 'loss-streak');
    expect(streak).to.deep.include({ since: NOW + 2 * MINUTE, until: NOW + 2 * MINUTE + HOUR });
    const stops = play([second, third, fourth, first], { ...RULES, lossStreak: { ...RULES.lossStreak, losses: 99 } });
    expect(stops.brought.map((one) => kinds(one).includes('stop-guard'))).to.deep.equal([false, false, false, true]);
    const deep = { ...RULES, drawdown: { ...RULES.drawdown, trades: 2 }, lossStreak: { ...RULES.lossStreak, losses: 99 } };
    expect(kinds(play([result({ net: '-40', symbol: HYPE, closedAt: NOW + MINUTE }), result({ net: '-40' })], deep).brought[1]!)).to.include('drawdown');
    // A gain in between that comes late ends no lock, and is no fourth.
    expect(play([first, second, third, result({ net: '1', closedAt: NOW + 90_000 })]).brought[3]!.map((one) => one.kind)).to.deep.equal(['cooldown']);
  });

  it('four stops within the hour stop everything, however much was made between them', () => {
    const stops = (...minutes: number[]) => play(minutes.map((at) => result({ reason: 'STOP', net: '1', closedAt: NOW + at * MINUTE }))).brought.at(-1)!;
    expect(kinds(stops(0, 10, 20, 59))).to.include('stop-guard');
    expect(kinds(stops(0, 10, 20, 60))).not.to.include('stop-guard');
    expect(kinds(stops(0, 10, 20))).not.to.include('stop-guard');
  });

  it('a symbol that made less than required with enough results rests, and no other', () => {
    const own = (nets: readonly string[], symbol = GPS) => nets.map((net, index) => result({ net, symbol, closedAt: NOW + index * MINUTE }));
    const poor = play([...own(['-3', '1', '1', '0.99']), ...own(['1', '1', '1', '1'], HYPE)]);
    expect(poor.brought[3]!.find((one) => one.kind === 'low-profit')).to.deep.include({ symbol: GPS, code: 'LOW_PROFIT', until: NOW + 3 * MINUTE + 6 * HOUR });
    expect(poor.brought.slice(4).flat().map((one) => one.kind)).not.to.include('low-profit');
    expect(kinds(play(own(['-3', '1', '1', '1'])).brought[3]!), 'exactly what is required').not.to.include('low-profit');
    expect(kinds(play(own(['-3', '1', '1'])).brought[2]!), 'too few').not.to.include('low-profit');
  });

  it('results that fell too far from their best stop everything, when there are enough of them', () => {
    const nets = (last: string) => ['20', '10', '-10', '5', '-5', '5', '-5', '5', '-5', last].map((net, index) => result({ net, symbol: (index % 2 === 0 ? GPS : HYPE), closedAt: NOW + index * MINUTE }));
    // The best is 30; with the last the sum is −20: a fall of 50 of 1,000.
    const fallen = play(nets('-40'));
    expect(fallen.brought.at(-1)!.find((one) => one.kind === 'drawdown')).to.deep.include({ symbol: null, code: 'DRAWDOWN' });
    expect(kinds(play(nets('-39.99')).brought.at(-1)!)).not.to.include('drawdown');
    expect(kinds(play(nets('-40').slice(1)).brought.at(-1)!), 'nine are too few').not.to.include('drawdown');
  });

  it('too many refusals of the venue open the breaker; −2019 stops everything until there is more margin (failure 40)', () => {
    const refused = (...minutes: number[]) => play(minutes.map((at) => refusal(-4164, NOW + at * MINUTE))).brought.at(-1)!;
    expect(refused(0, 1, 2, 3, 9.9)[0]).to.deep.include({ kind: 'error-breaker', symbol: null, code: 'ERROR_BREAKER' });
    expect(refused(0, 1, 2, 3, 10)).to.deep.equal([]);
    for (const code of [-1003, -1008, -1015]) expect(play([0, 1, 2, 3, 4, 5].map((at) => refusal(code, NOW + at * MINUTE))).brought.flat(), `${code}: who asks for rest has refused nothing`).to.deep.equal([]);
    for (const code of [-1004, -1007, -1009, -1014, -1016]) expect(play([0, 1, 2, 3, 4].map((at) => refusal(code, NOW + at * MINUTE))).brought.flat(), String(code)).to.have.length(1);
    const [lock] = play([refusal(-2019)]).brought[0]!;
    expect(lock).to.deep.include({ kind: 'margin', symbol: null, code: 'MARGIN_INSUFFICIENT', until: null, available: '500' });
    const ends = (fields: Partial<EquityView>) => endOf(lock!, NOW + 1, RULES, undefined, { ...EQUITY, observedAt: NOW + 1, ...fields });
    expect(ends({})).to.equal(undefined);
    expect(ends({ availableBalance: '500.01' })).to.contain('500.01');
    expect(ends({ availableBalance: '500.01', observedAt: NOW }), 'an observation of before says nothing').to.equal(undefined);
  });

  it('a refusal that the table prescribes a rest for has openings rest: for its symbol or for all, by its minutes, once for all that come meanwhile', () => {
    const [own] = play([refusal(-4131)]).brought[0]!;
    expect(own).to.deep.include({ kind: 'venue-refusal', symbol: GPS, code: 'VENUE_PAUSED', until: NOW + MINUTE });
    expect(own!.cause).to.include('-4131').and.include('too far from the mark price');
    const [all] = play([refusal(-2023)]).brought[0]!;
    expect(all).to.deep.include({ kind: 'venue-refusal', symbol: null, until: NOW + 5 * MINUTE });
    const later = (ms: number) => play([refusal(-2023), refusal(-2023, NOW + ms)]).brought[1]!;
    expect(later(2.5 * MINUTE), 'it lasts about as long').to.deep.equal([]);
    expect(later(2.5 * MINUTE + 1)).to.have.length(1);
    expect(kinds(play([refusal(-2018)]).brought[0]!), 'as −2019').to.deep.equal(['margin']);
    expect(play([refusal(-4164)]).brought[0], 'an ordinary no').to.deep.equal([]);
  });

  it('what else than an entry was refused is looked up under what it was', () => {
    const { book } = play([]);
    const no = (venueCode: number) => ({ symbol: GPS, venueCode, message: 'no', at: NOW });
    expect(pause('PROTECT', no(-4120), book, EQUITY)).to.deep.include({ symbol: null, until: NOW + 15 * MINUTE });
    expect(pause('OPEN', no(-4120), book, EQUITY), 'no entry is a stop').to.equal(undefined);
    expect(pause('CLOSE', no(-2019), book, EQUITY), 'what reduces needs no margin').to.equal(undefined);
  });

  it('a lock ends with its time, and the same signal when it has been gone: within ± 1 %', () => {
    const [, lock] = play([result({ reason: 'STOP' })]).brought[0]!;
    const at = (ms: number, change?: string) => endOf(lock!, NOW + ms, RULES, change === undefined ? undefined : decimal(change), EQUITY);
    expect(at(4 * HOUR - 1)).to.equal(undefined);
    expect(at(4 * HOUR)).to.contain('time');
    expect(at(1, '1.01')).to.equal(undefined);
    expect(at(1, '-1.01')).to.equal(undefined);
    expect(at(1, '1')).to.contain('back');
    expect(at(1, '-1')).to.contain('back');
  });

  it('say in words what they were brought by, with its numbers, under a name of their own', () => {
    const said = (things: readonly (Result | Refusal)[], kind: string, rules = RULES) => play(things, rules).brought.flat().filter((one) => one.kind === kind).map(({ lockId, cause }) => `${lockId}: ${cause}`);
    expect(said([result({ symbol: HYPE, reason: 'TARGET' })], 'cooldown')).to.deep.equal([`cooldown-${HYPE}-${NOW}: closed by TARGET`]);
    expect(said([result({ reason: 'STOP', side: 'SHORT' })], 'same-signal')).to.deep.equal([`same-signal-${GPS}-SHORT-${NOW}: SHORT was closed by STOP`]);
    expect(said([0, 1, 2, 3].map((at) => result({ reason: 'STOP', closedAt: NOW + at * MINUTE })), 'stop-guard')).to.deep.equal([`stop-guard-all-${NOW + 3 * MINUTE}: 4 stops within 60 min: ${Array(4).fill(GPS).join(', ')}`]);
    expect(said(['-3', '1', '1', '0.990001'].map((net) => result({ net, notional: '201' })), 'low-profit')).to.deep.equal([`low-profit-${GPS}-${NOW}: 4 results made -0.0012 % of what was traded; 0 % are required`]);
    expect(said(['20', '-70.0001'].map((net) => result({ net })), 'drawdown', { ...RULES, drawdown: { ...RULES.drawdown, trades: 2 } })).to.deep.equal([`drawdown-all-${NOW}: 2 results fell 7 % of the equity from their best`]);
    expect(said([-4164, -4164, -2010, -4164, -2010].map((code) => refusal(code)), 'error-breaker')).to.deep.equal([`error-breaker-all-${NOW}: the venue refused 5 orders within 10 min (-4164, -2010)`]);
    expect(said([refusal(-2019)], 'margin')).to.deep.equal([`margin-all-${NOW}: ${GPS}: no`]);
  });

  it('remember a week of results and refusals, to the millisecond, and no more', () => {
    const WEEK = 7 * 24 * HOUR;
    expect(play([result({ closedAt: NOW - WEEK }), result({ closedAt: NOW - WEEK + 1 }), result()]).book.results.map((one) => one.closedAt)).to.deep.equal([NOW - WEEK + 1, NOW]);
    expect(play([refusal(-4164, NOW - WEEK), refusal(-4164, NOW - WEEK + 1), refusal(-4164)]).book.refusals.map((one) => one.at)).to.deep.equal([NOW - WEEK + 1, NOW]);
  });

  it('come back from the journal with what was available when the margin was too little', () => {
    const [lock] = play([refusal(-2019)]).brought[0]!;
    expect(parseLockEvent('LockSet', NOW, JSON.parse(JSON.stringify({ lock })))).to.deep.equal({ type: 'LockSet', at: NOW, lock });
  });

  it('a rule of no time at all brings no lock', () => {
    expect(play([result({ reason: 'KILL_SCORE' })], { ...RULES, cooldownMs: 0, killClose: { pauseMs: 0 }, sameSignal: { ...RULES.sameSignal, pauseMs: 0 } }).brought[0]).to.deep.equal([]);
  });

  it('random histories: the book comes back from JSON as it was, and the count of losses in a row is the same counted backwards', () => {
    const one = fc.record({ minutes: fc.integer({ min: 1, max: 300 }), cents: fc.integer({ min: -300, max: 300 }), symbol: fc.constantFrom(GPS, HYPE, CHINESE), reason: fc.constantFrom('STOP', 'TARGET', 'KILL_SCORE', 'TIME_STOP') });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (all) => {
        let at = NOW;
        const results = all.map(({ minutes, cents, symbol, reason }) => result({ closedAt: (at += minutes * MINUTE), net: decimal(String(cents)).dividedBy(100).toFixed(), symbol: symbol as SymbolName, reason }));
        const { brought } = play(results);
        let [streak, events] = [0, [] as LockEvent[]];
        results.forEach((each, index) => {
          streak = each.net.startsWith('-') ? streak + 1 : 0;
          const locked = brought[index]!.some((lock) => lock.kind === 'loss-streak');
          expect(locked, `result ${index}`).to.equal(streak === 3);
          if (locked) streak = 0;
          events = [...events, { type: 'ResultRecorded', at: each.closedAt, result: each }, ...brought[index]!.map((lock): LockEvent => ({ type: 'LockSet', at: each.closedAt, lock }))];
        });
        const again = events.map(({ type, at: time, ...payload }) => parseLockEvent(type, time, JSON.parse(JSON.stringify(payload))));
        expect(again).to.deep.equal(events);
      }),
      { numRuns: 100 },
    );
  });
});
