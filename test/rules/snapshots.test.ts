/** Every owner's Snapshot, written and read back, is the state itself and goes on as it would have gone on; and it is written when it is due. */
import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson } from '../../src/persistence/canonical-json.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { JournalledEntry } from '../../src/protocol/versions.ts';
import { readPerformance } from '../../src/rules/account/record.ts';
import { lockBookSnapshot, restoreLockBook } from '../../src/rules/locks/record.ts';
import { NOTHING_UNSNAPSHOTTED, snapshotDue, withEntry } from '../../src/rules/snapshots.ts';
import { restoreScore, scoreSnapshot } from '../../src/rules/strategies/score-record.ts';
import { restoreTradingState, tradingStateSnapshot } from '../../src/rules/trading-state-record.ts';
import { readUniverse } from '../../src/rules/universe-record.ts';

const SYMBOLS = ['GPSUSDT', '币安人生USDT', 'HYPEUSDT'] as SymbolName[];
const DAY_MS = 86_400_000;
const symbol = fc.constantFrom(...SYMBOLS);
const side = fc.constantFrom('LONG', 'SHORT');
const amount = fc.tuple(fc.integer({ min: -9_999, max: 9_999 }), fc.integer({ min: 0, max: 12 })).map(([digits, places]) => `${digits < 0 ? '-' : ''}${Math.abs(digits) % 100}.${String(Math.abs(digits)).padStart(places + 1, '0')}`);

function entries(of: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<JournalledEntry[]> {
  const kinds = Object.entries(of).map(([type, payload]) => fc.record({ type: fc.constant(type), version: fc.constant(1), at: fc.integer({ min: 0, max: 9 * DAY_MS }), payload }));
  return fc.array(fc.oneof(...kinds), { maxLength: 30 });
}

const lockId = fc.constantFrom('a', 'b', 'c');
const lock = fc.record({ lockId, kind: fc.constantFrom('cooldown', 'margin', 'loss-streak'), symbol: fc.option(symbol), side: fc.option(side), code: fc.constantFrom('SYMBOL_COOLDOWN', 'SAME_SIGNAL'), since: fc.nat(), until: fc.option(fc.nat()), cause: fc.string(), available: amount }, { requiredKeys: ['lockId', 'kind', 'symbol', 'side', 'code', 'since', 'until', 'cause'] });
const result = fc.record({ positionId: fc.string(), symbol, side, reason: fc.string(), closedAt: fc.integer({ min: 0, max: 20 * DAY_MS }), net: amount, notional: amount, funding: fc.option(amount) });
const paper = { symbol, side };

const OWNERS: Readonly<Record<string, { entries: fc.Arbitrary<JournalledEntry[]>; restore: (list: readonly JournalledEntry[]) => unknown; snapshot: (state: never) => unknown }>> = {
  'the trading state': {
    entries: entries({ TradingStateSet: fc.record({ state: fc.constantFrom('ACTIVE', 'REDUCING', 'HALTED', 'FLATTENING'), symbol: fc.option(symbol), reason: fc.string(), by: fc.string() }) }),
    restore: (list) => restoreTradingState(list, 5),
    snapshot: tradingStateSnapshot,
  },
  'the lock book': {
    entries: entries({ LockSet: fc.record({ lock }), LockEnded: fc.record({ lockId, cause: fc.string(), by: fc.option(fc.string()) }), ResultRecorded: fc.record({ result }), RefusalRecorded: fc.record({ refusal: fc.record({ symbol, venueCode: fc.integer(), message: fc.string(), at: fc.integer({ min: 0, max: 20 * DAY_MS }) }) }) }),
    restore: restoreLockBook,
    snapshot: lockBookSnapshot,
  },
  'a shadow\'s score': {
    entries: entries({ PaperOpened: fc.record({ ...paper, entryPrice: amount, stopLoss: amount, takeProfit: amount, costPercent: amount, confidence: fc.double({ min: 0, max: 1, noNaN: true }) }), PaperClosed: fc.record({ ...paper, reason: fc.constantFrom('STOP', 'TARGET', 'OPPOSITE', 'TIME'), exitPrice: amount, resultPercent: amount, resultUsdt: amount }), PaperVoided: fc.record(paper) }),
    restore: restoreScore,
    snapshot: scoreSnapshot,
  },
};

describe('Snapshots', () => {
  for (const [what, owner] of Object.entries(OWNERS)) {
    const taken = (state: unknown): JournalledEntry => ({ type: 'Snapshot', version: 1, at: 7, payload: JSON.parse(canonicalJson(owner.snapshot(state as never))) as unknown });

    it(`of ${what} are ${what} itself, before and after whatever comes`, () => {
      fc.assert(
        fc.property(owner.entries, owner.entries, (before, after) => {
          const lived = owner.restore(before);
          expect(owner.restore([taken(lived)])).to.deep.equal(lived);
          expect(owner.restore([...before, taken(lived), ...after])).to.deep.equal(owner.restore([...before, ...after]));
          expect(owner.restore([taken(lived), ...after])).to.deep.equal(owner.restore([...before, ...after]));
        }),
        { numRuns: 300, seed: 6_014 },
      );
    });

    it(`of ${what} that are damaged, or of a later Vigil, are refused by name`, () => {
      const whole = taken(owner.restore([]));
      for (const field of Object.keys(whole.payload as object)) {
        const { [field]: _gone, ...rest } = whole.payload as Record<string, unknown>;
        expect(() => owner.restore([{ ...whole, payload: rest }]), field).to.throw(new RegExp(field));
      }
      expect(() => owner.restore([{ ...whole, payload: { ...(whole.payload as object), extra: 1 } }])).to.throw(/extra/);
      for (const entry of [{ ...whole, version: 2 }, { ...whole, type: 'Invented' }]) expect(() => owner.restore([entry])).to.throw(VigilError, /run the version of Vigil that wrote it/).that.includes({ code: 'JOURNAL_FOREIGN' });
    });
  }

  it('of the trading state say when an operator last activated all of it, not one symbol, and that nobody ever has', () => {
    const set = (state: string, of: SymbolName | null, at: number): JournalledEntry => ({ type: 'TradingStateSet', version: 1, at, payload: { state, symbol: of, reason: 'r', by: 'operator' } });
    const activatedAt = (...list: readonly JournalledEntry[]) => restoreTradingState(list, 5).activatedAt;
    expect(activatedAt()).to.equal(0);
    expect(activatedAt(set('HALTED', null, 7), set('ACTIVE', SYMBOLS[0]!, 8))).to.equal(0);
    expect(activatedAt(set('ACTIVE', null, 7), set('REDUCING', null, 8), set('ACTIVE', SYMBOLS[0]!, 9))).to.equal(7);
    expect(activatedAt(set('ACTIVE', null, 7), set('ACTIVE', null, 9))).to.equal(9);
  });

  it('of what each entry says whole are read like any other entry, and refused like them', () => {
    const performance = { day: '2026-02-02', dayStartEquity: '10000', dailyLossReached: false, sessionSince: 0, sessionPeak: '10000', allTimePeak: '10000', equity: '9900', walletBalance: '9900', observedAt: 5, incomeUntil: 5, incomeIds: [] };
    const universe = { version: 3, symbols: SYMBOLS, largest: 3, rules: 'top 3', accepted: { reason: 'expected', by: 'operator' } };
    const owners: readonly (readonly [string, (entry: JournalledEntry) => unknown, object])[] = [['AccountObserved', readPerformance, performance], ['UniverseDetermined', readUniverse, universe], ['UniverseDetermined', readUniverse, { version: 1, symbols: [] }]];
    for (const [type, read, payload] of owners) {
      const entry = { type, version: 1, at: 5, payload };
      for (const written of [entry, { ...entry, type: 'Snapshot' }]) {
        expect(read(written), written.type).to.deep.equal(payload);
        expect(() => read({ ...written, payload: { ...payload, extra: 1 } })).to.throw(/extra/);
        expect(() => read({ ...written, version: 2 })).to.throw(VigilError, /has version 2; this build knows 1/).that.includes({ code: 'JOURNAL_FOREIGN' });
      }
      expect(() => read({ ...entry, type: 'Invented' })).to.throw(VigilError, /is of no type/).that.includes({ code: 'JOURNAL_FOREIGN' });
    }
  });

  it('are due after 200 entries, or when the oldest that waits for one, or the last one itself, is a day old', () => {
    const told = (count: number, type = 'Happened', at = 0) => Array.from({ length: count }, () => ({ type, at }));
    const due = (list: readonly { readonly type: string; readonly at: number }[], now: number) => snapshotDue(list.reduce(withEntry, NOTHING_UNSNAPSHOTTED), now);
    expect(due([], 10 * DAY_MS), 'of nothing').to.equal(false);
    expect([due(told(199), 1), due(told(200), 1), due(told(1), DAY_MS - 1), due(told(1), DAY_MS)]).to.deep.equal([false, true, false, true]);
    expect([due([...told(200), ...told(1, 'Snapshot', 5)], 6), due([...told(200), ...told(1, 'Snapshot', 5), ...told(199, 'Happened', 6)], 7)]).to.deep.equal([false, false]);
    expect(due([...told(1, 'Snapshot', 5), ...told(200, 'Happened', 6)], 7)).to.equal(true);
    expect([due(told(1, 'Snapshot', 5), DAY_MS + 4), due(told(1, 'Snapshot', 5), DAY_MS + 5)]).to.deep.equal([false, true]);
  });
});
