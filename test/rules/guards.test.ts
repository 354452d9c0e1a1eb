/** The governor's guards, a table: each allows at its limit, denies beyond it with its numbers, and denies what is not known. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Denial } from '../../src/protocol/denials.ts';
import type { LifeView } from '../../src/protocol/messages.ts';
import { PHASES } from '../../src/protocol/messages.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import { judgeOpening, OPENING_GUARDS } from '../../src/rules/guards.ts';
import type { GuardInputs } from '../../src/rules/guards.ts';
import type { Reservation } from '../../src/rules/reservations.ts';
import { CHINESE, GPS, makeGuardInputs, makeLife, makeMarket, makePlan, NOW } from '../kit/decisions.ts';

type Inputs = Partial<GuardInputs>;
interface Row {
  readonly guard: string;
  /** The edge: still allowed. */
  readonly allows: readonly Inputs[];
  readonly denies: readonly (readonly [Inputs, Denial])[];
  readonly unknown: readonly (readonly [Inputs, string])[];
}

const base = makeGuardInputs();
const session = base.session!;
const state = base.tradingState!;
const symbolAt = (index: number) => `S${index}USDT` as SymbolName;
const livesOf = (...lives: Partial<LifeView>[]): GuardInputs['lives'] => new Map([makeLife(), ...lives.map(makeLife)].map((one) => [one.symbol, one]));
const held = (count: number, notional = '200') => livesOf(...Array.from({ length: count }, (_, index) => ({ symbol: symbolAt(index), phase: 'Protected' as const, notional })));
const reservation = (symbol: SymbolName, notional = '200', margin = '20'): Reservation => ({ symbol, planId: 'plan-0' as PlanId, notional: decimal(notional), margin: decimal(margin), grantedAt: NOW });
const reserved = (...list: Reservation[]): GuardInputs['reservations'] => new Map(list.map((one) => [one.symbol, one]));
const book = (bid: string, ask: string): Inputs => ({ market: makeMarket({ book: { bid: decimal(bid), ask: decimal(ask), observedAt: NOW } }) });
const marked = (ageMs: number): Inputs => ({ market: makeMarket({ mark: { price: decimal('0.008625'), observedAt: NOW - ageMs } }) });
const observed = (ageMs: number): Inputs => ({ equity: { ...base.equity!, observedAt: NOW - ageMs } });
const opened = (count: number, ageMs: number) => Array.from({ length: count }, () => NOW - ageMs);
const notional = (value: string): Inputs => ({ plan: makePlan({ notional: value }) });
const { mark: _mark, ...noMark } = makeMarket();
const { book: _book, ...noBook } = makeMarket();

const TABLE: readonly Row[] = [
  {
    guard: 'TRADING_HALTED',
    allows: [{ tradingState: { ...state, symbols: new Map([[CHINESE, 'HALTED']]) } }],
    denies: [
      [{ tradingState: { ...state, overall: 'HALTED', cause: 'flatten' } }, { code: 'TRADING_HALTED', detail: 'flatten' }],
      [{ tradingState: { ...state, overall: 'REDUCING', cause: 'operator' } }, { code: 'TRADING_REDUCING', detail: 'operator' }],
      [{ tradingState: { ...state, symbols: new Map([[GPS, 'HALTED']]), cause: 'x' } }, { code: 'TRADING_HALTED', detail: 'x' }],
      [{ tradingState: { ...state, symbols: new Map([[GPS, 'REDUCING']]), cause: 'x' } }, { code: 'TRADING_REDUCING', detail: 'x' }],
      [{ tradingState: { ...state, overall: 'REDUCING', symbols: new Map([[GPS, 'HALTED']]), cause: 'x' } }, { code: 'TRADING_HALTED', detail: 'x' }],
    ],
    unknown: [[{ tradingState: undefined }, 'TRADING_STATE_UNKNOWN']],
  },
  { guard: 'NOT_READY', allows: [], denies: [[{ readiness: { ready: false, missing: [{ input: 'equity', reason: 'never' }, { input: 'candles', reason: 'never' }], since: 0 } }, { code: 'NOT_READY', detail: 'equity, candles' }]], unknown: [[{ readiness: undefined }, 'NOT_READY']] },
  { guard: 'EXECUTORS_UNREPORTED', allows: [], denies: [[{ expected: [GPS, CHINESE] }, { code: 'EXECUTORS_UNREPORTED', detail: CHINESE }]], unknown: [[{ expected: [] }, 'EXECUTORS_UNREPORTED']] },
  { guard: 'EQUITY_STALE', allows: [observed(300_000), observed(-500)], denies: [[observed(300_001), { code: 'EQUITY_STALE', limit: '300000', ageMs: 300_001 }], [observed(2_185_000), { code: 'EQUITY_STALE', limit: '300000', ageMs: 2_185_000 }]], unknown: [[{ equity: undefined }, 'EQUITY_MISSING'], [{ venueNow: undefined }, 'EQUITY_STALE']] },
  { guard: 'PRICE_STALE', allows: [marked(10_000)], denies: [[marked(10_001), { code: 'PRICE_STALE', limit: '10000', ageMs: 10_001 }]], unknown: [[{ market: undefined }, 'PRICE_MISSING'], [{ market: noMark }, 'PRICE_MISSING'], [{ venueNow: undefined }, 'PRICE_STALE']] },
  { guard: 'STREAM_STALE', allows: [], denies: [[{ stream: { live: false, streamEpoch: 3, since: 5 } }, { code: 'STREAM_STALE', detail: 'lost since 5' }]], unknown: [[{ stream: undefined }, 'STREAM_STALE']] },
  {
    guard: 'NOT_RECONCILED',
    allows: [{ reconciliation: { streamEpoch: 3, at: NOW, unresolved: [CHINESE] } }],
    denies: [
      [{ reconciliation: { streamEpoch: 2, at: NOW, unresolved: [] } }, { code: 'NOT_RECONCILED', limit: '3', value: '2' }],
      [{ reconciliation: { streamEpoch: 3, at: NOW, unresolved: [GPS] } }, { code: 'NOT_RECONCILED', detail: 'GPSUSDT is unresolved' }],
    ],
    unknown: [[{ reconciliation: undefined }, 'NOT_RECONCILED'], [{ stream: undefined }, 'NOT_RECONCILED']],
  },
  { guard: 'CLOCK_SKEW', allows: [{ session: { ...session, clockOffsetMs: 1_000 } }, { session: { ...session, clockOffsetMs: -1_000 } }], denies: [[{ session: { ...session, clockOffsetMs: 1_001 } }, { code: 'CLOCK_SKEW', limit: '1000', value: '1001' }], [{ session: { ...session, clockOffsetMs: -1_001 } }, { code: 'CLOCK_SKEW', limit: '1000', value: '-1001' }]], unknown: [[{ session: undefined }, 'CLOCK_SKEW'], [{ session: { ...session, clockOffsetMs: undefined } }, 'CLOCK_SKEW']] },
  { guard: 'SPREAD_WIDE', allows: [book('0.9975', '1.0025')], denies: [[book('0.9975', '1.0026'), { code: 'SPREAD_WIDE', limit: '50', value: '51.0' }], [{ market: makeMarket({ book: { bid: decimal('1'), ask: decimal('1'), observedAt: NOW - 10_001 } }) }, { code: 'SPREAD_WIDE', detail: 'the book is too old to tell', limit: '10000', ageMs: 10_001 }]], unknown: [[{ market: undefined }, 'SPREAD_WIDE'], [{ market: noBook }, 'SPREAD_WIDE'], [book('0', '0'), 'SPREAD_WIDE']] },
  { guard: 'LEVERAGE_UNCONFIRMED', allows: [], denies: [[{ lives: new Map([[GPS, makeLife({ leverageConfirmed: false })]]) }, { code: 'LEVERAGE_UNCONFIRMED' }]], unknown: [[{ lives: new Map() }, 'LEVERAGE_UNCONFIRMED']] },
  {
    guard: 'LEVERAGE_BRACKET',
    allows: [notional('20000'), { plan: makePlan({ leverage: 25, notional: '5000' }) }],
    denies: [[notional('20000.01'), { code: 'LEVERAGE_BRACKET', limit: '20000', value: '20000.01' }], [{ plan: makePlan({ leverage: 25, notional: '5000.01' }) }, { code: 'LEVERAGE_BRACKET', limit: '5000', value: '5000.01' }], [{ plan: makePlan({ leverage: 26 }) }, { code: 'LEVERAGE_BRACKET', detail: 'no bracket allows leverage 26' }]],
    unknown: [[{ session: undefined }, 'LEVERAGE_BRACKET'], [{ session: { ...session, brackets: new Map() } }, 'LEVERAGE_BRACKET']],
  },
  { guard: 'POSITION_OPEN', allows: [{ reservations: reserved(reservation(CHINESE)) }], denies: [[{ reservations: reserved(reservation(GPS)) }, { code: 'POSITION_OPEN' }], ...PHASES.filter((phase) => phase !== 'Flat').map((phase) => [{ lives: new Map([[GPS, makeLife({ phase })]]) }, { code: 'POSITION_OPEN' }] as const)], unknown: [] },
  { guard: 'SYMBOL_COOLDOWN', allows: [{ lives: livesOf({ lastClosedAt: NOW - 60_000 }) }, { lives: livesOf({ symbol: CHINESE, lastClosedAt: NOW }) }], denies: [[{ lives: livesOf({ lastClosedAt: NOW - 59_999 }) }, { code: 'SYMBOL_COOLDOWN', limit: '60000', ageMs: 59_999 }]], unknown: [] },
  { guard: 'MAX_POSITIONS', allows: [{ lives: held(9) }], denies: [[{ lives: held(10) }, { code: 'MAX_POSITIONS', limit: '10', value: '10' }], [{ lives: held(9), reservations: reserved(reservation(CHINESE)) }, { code: 'MAX_POSITIONS', limit: '10', value: '10' }]], unknown: [] },
  { guard: 'NOTIONAL_PER_TRADE', allows: [notional('210')], denies: [[notional('210.00000001'), { code: 'NOTIONAL_PER_TRADE', limit: '210', value: '210.00000001' }]], unknown: [] },
  {
    guard: 'NOTIONAL_TOTAL',
    allows: [{ lives: held(1, '2000'), plan: makePlan({ notional: '200' }) }, { lives: held(1, '1900'), reservations: reserved(reservation(symbolAt(0), '2000')), plan: makePlan({ notional: '200' }) }],
    denies: [
      [{ lives: held(1, '2000'), plan: makePlan({ notional: '200.01' }) }, { code: 'NOTIONAL_TOTAL', limit: '2200', value: '2200.01' }],
      [{ lives: held(1, '1000'), reservations: reserved(reservation(CHINESE, '1100')), plan: makePlan({ notional: '200' }) }, { code: 'NOTIONAL_TOTAL', limit: '2200', value: '2300' }],
    ],
    unknown: [],
  },
  {
    guard: 'MARGIN_INSUFFICIENT',
    allows: [{ plan: makePlan({ notional: '200' }), equity: { ...base.equity!, availableBalance: '20.01' } }],
    denies: [
      [{ plan: makePlan({ notional: '200' }), equity: { ...base.equity!, availableBalance: '20' } }, { code: 'MARGIN_INSUFFICIENT', limit: '20', value: '20' }],
      [{ plan: makePlan({ notional: '200' }), equity: { ...base.equity!, availableBalance: '40' }, reservations: reserved(reservation(CHINESE)) }, { code: 'MARGIN_INSUFFICIENT', limit: '40', value: '40' }],
    ],
    unknown: [[{ equity: undefined }, 'EQUITY_MISSING']],
  },
  { guard: 'RATE_HOURLY', allows: [{ opens: opened(59, 1_800_000) }, { opens: opened(60, 3_600_000) }], denies: [[{ opens: opened(60, 3_599_999) }, { code: 'RATE_HOURLY', limit: '60', value: '60' }]], unknown: [] },
  { guard: 'RATE_BURST', allows: [{ opens: opened(9, 0) }, { opens: opened(10, 300_000) }], denies: [[{ opens: opened(10, 299_999) }, { code: 'RATE_BURST', limit: '10', value: '10' }]], unknown: [] },
  { guard: 'STOP_INVALID', allows: [{ plan: makePlan({ side: 'SHORT' }) }], denies: [[{ plan: makePlan({ stopLossPercent: '0' }) }, { code: 'STOP_INVALID', value: 'stop 0 %, target 4 %' }], [{ plan: makePlan({ takeProfitPercent: '0' }) }, { code: 'STOP_INVALID', value: 'stop 2 %, target 0 %' }]], unknown: [[{ tickSize: undefined }, 'STOP_INVALID']] },
];

const judge = (inputs: Inputs) => judgeOpening(makeGuardInputs(inputs));
const verdictOf = (guard: string, inputs: Inputs) => OPENING_GUARDS.find((one) => one.code === guard)?.check(makeGuardInputs(inputs));

describe('guards of an opening', () => {
  it('are all in this table, once each', () => expect(TABLE.map((row) => row.guard)).to.deep.equal(OPENING_GUARDS.map((guard) => guard.code)));

  it('all pass when everything is known and within its limits, and the passed checks are listed', () => {
    expect(judge({})).to.deep.equal({ denials: [], passed: OPENING_GUARDS.map((guard) => guard.code) });
  });

  for (const { guard, allows, denies, unknown } of TABLE) {
    it(`${guard} allows up to its limit`, () => {
      for (const inputs of [{}, ...allows]) expect(verdictOf(guard, inputs)).to.equal('allow');
    });
    it(`${guard} denies beyond it, with its numbers`, () => {
      for (const [inputs, denial] of denies) {
        expect(verdictOf(guard, inputs)).to.deep.equal(denial);
        const judged = judge(inputs);
        expect(judged.denials).to.deep.include(denial);
        expect(judged.passed).not.to.include(guard);
      }
    });
    for (const [inputs, code] of unknown) {
      it(`${guard} denies with ${code} when ${Object.keys(inputs).join()} is unknown`, () => expect(verdictOf(guard, inputs)).to.have.property('code', code));
    }
  }

  it('are all asked: every denial is listed, and every check that passed', () => {
    const { denials, passed } = judge({ tradingState: undefined, equity: undefined, market: undefined, session: undefined, opens: opened(60, 0) });
    expect(denials.map((denial) => denial.code)).to.deep.equal(['TRADING_STATE_UNKNOWN', 'EQUITY_MISSING', 'PRICE_MISSING', 'CLOCK_SKEW', 'SPREAD_WIDE', 'LEVERAGE_BRACKET', 'EQUITY_MISSING', 'RATE_HOURLY', 'RATE_BURST']);
    expect(denials.length + passed.length).to.equal(OPENING_GUARDS.length);
  });

  it('deny when nothing at all is known: no guard mistakes unknown for fine', () => {
    const { passed } = judge({ venueNow: undefined, tradingState: undefined, readiness: undefined, equity: undefined, market: undefined, tickSize: undefined, stream: undefined, reconciliation: undefined, session: undefined, expected: [], lives: new Map() });
    // What is counted from what has been granted and reported is known to be nothing; EXECUTORS_UNREPORTED stands for it.
    expect(passed).to.deep.equal(['POSITION_OPEN', 'SYMBOL_COOLDOWN', 'MAX_POSITIONS', 'NOTIONAL_PER_TRADE', 'NOTIONAL_TOTAL', 'RATE_HOURLY', 'RATE_BURST']);
  });

  it('count the age of the equity from the venue\'s observation by the venue\'s clock, not by ours (ruling 24, failure 73)', () => {
    expect(verdictOf('EQUITY_STALE', { ...observed(300_000), now: NOW + 1_000_000 })).to.equal('allow');
    expect(verdictOf('EQUITY_STALE', { ...observed(0), venueNow: NOW + 300_001 })).to.deep.include({ code: 'EQUITY_STALE', ageMs: 300_001 });
  });
});
