/** For each guard of an opening: what it still allows, what it denies and with which numbers, and what it does not know. */
import { decimal } from '../../../src/protocol/decimal.ts';
import type { Denial } from '../../../src/protocol/denials.ts';
import type { Lock, LifeView, PerformanceView } from '../../../src/protocol/views.ts';
import { PHASES } from '../../../src/protocol/views.ts';
import type { PlanId, PositionId, SymbolName } from '../../../src/protocol/names.ts';
import type { GuardInputs } from '../../../src/rules/guards/guard.ts';
import type { Reservation } from '../../../src/rules/reservations.ts';
import { CHINESE, GPS, JOURNAL_UP, makeFunding, makeGuardInputs, makeInstrument, makeLife, makeMarket, makePerformance, makePlan, makePosition, makeStatistics, makeUniverse, NOW, POLICY } from '../../kit/decisions.ts';

export type Inputs = Partial<GuardInputs>;

export interface Row {
  readonly guard: string;
  /** The edge: still allowed. */
  readonly allows: readonly Inputs[];
  readonly denies: readonly (readonly [Inputs, ...Denial[]])[];
  /** Denied, because what the rule asks for is not known. */
  readonly unknown: readonly (readonly [Inputs, string])[];
}

const base = makeGuardInputs();
const session = base.session!;
const state = base.tradingState!;
const symbolAt = (index: number) => `S${index}USDT` as SymbolName;
const livesOf = (...lives: Partial<LifeView>[]): GuardInputs['lives'] => new Map([makeLife(), ...lives.map(makeLife)].map((one) => [one.symbol, one]));
export const held = (count: number, notional = '200') => livesOf(...Array.from({ length: count }, (_, index) => ({ symbol: symbolAt(index), phase: 'Protected' as const, notional })));
const reservation = (symbol: SymbolName, notional = '200', fields: Partial<Reservation> = {}): Reservation => ({ symbol, planId: 'plan-0' as PlanId, side: 'LONG', quantity: decimal(notional), notional: decimal(notional), margin: decimal(notional).dividedBy(10), grantedAt: NOW, taken: false, ...fields });
const reserved = (...list: Reservation[]): GuardInputs['reservations'] => new Map(list.map((one) => [one.symbol, one]));
const position = (symbol: SymbolName, openedAt: number, side: 'LONG' | 'SHORT' = 'LONG', quantity = '23188'): Partial<LifeView> => ({ symbol, phase: 'Protected', notional: '200', position: makePosition({ side, quantity, openedAt }) });
const book = (bid: string, ask: string, ageMs = 0): Inputs => ({ market: makeMarket({ book: { bid: decimal(bid), ask: decimal(ask), observedAt: NOW - ageMs } }) });
const marked = (ageMs: number): Inputs => ({ market: makeMarket({ mark: { price: decimal('0.008625'), observedAt: NOW - ageMs } }) });
export const observed = (ageMs: number): Inputs => ({ equity: { ...base.equity!, observedAt: NOW - ageMs } });
const performed = (fields: Partial<PerformanceView>): Inputs => ({ equity: { ...base.equity!, performance: makePerformance(fields) } });
const { performance: _performance, ...bareEquity } = base.equity!;
const opened = (count: number, ageMs: number) => Array.from({ length: count }, () => ageMs);
const notional = (value: string): Inputs => ({ plan: makePlan({ notional: value }) });
const said = (fields: Parameters<typeof makeStatistics>[0]): Inputs => ({ market: makeMarket({ statistics: makeStatistics(fields) }) });
const funded = (rate: string, intervalHours = 8, side: 'LONG' | 'SHORT' = 'LONG', ageMs = 0): Inputs => ({ plan: makePlan({ side }), market: makeMarket({ funding: makeFunding({ rate: decimal(rate), intervalHours, observedAt: NOW - ageMs }) }) });
const without = (part: 'mark' | 'book' | 'statistics' | 'funding'): Inputs => ({ market: Object.fromEntries(Object.entries(makeMarket()).filter(([key]) => key !== part)) as never });
const locked = (...locks: Partial<Lock>[]): Inputs => ({ locks: { locks: locks.map((one, index) => ({ lockId: `lock-${index}`, kind: 'loss-streak', symbol: null, side: null, code: 'LOSS_STREAK', since: NOW - 60_000, until: NOW + 5_000, cause: '3 losses', ...one })), judged: new Map() } });
const closedAt = (symbol: SymbolName, at: number): Partial<LifeView> => ({ symbol, lastClosed: { positionId: 'p' as PositionId, planId: 'plan-0', side: 'LONG', reason: 'STOP', entryPrice: '1', quantity: '1', openedAt: 0, closedAt: at, realizedPnl: '-1', commission: '0' } });
const throttled = (untilMs: number, banned: boolean): Inputs => ({ session: { ...session, throttle: { until: NOW + untilMs, banned, message: 'too much' } } });
const inBrackets = (leverage: number, cap: string): Inputs => ({ session: { ...session, brackets: new Map([[GPS, [{ leverage, notionalCap: decimal(cap) }]]]) } });

export const OPENING_CASES: readonly Row[] = [
  { guard: 'SERVICE_STOPPING', allows: [], denies: [[{ stopping: true }, { code: 'SERVICE_STOPPING' }]], unknown: [] },
  {
    guard: 'TRADING_HALTED',
    allows: [
      { tradingState: { ...state, symbols: new Map([[CHINESE, 'HALTED']]) } },
      // What can only make the position smaller, down to nothing.
      { tradingState: { ...state, overall: 'REDUCING' }, lives: livesOf(position(GPS, 0)), plan: makePlan({ side: 'SHORT', quantity: '23188' }) },
    ],
    denies: [
      [{ tradingState: { ...state, overall: 'HALTED', cause: 'flatten' } }, { code: 'TRADING_HALTED', detail: 'flatten' }],
      [{ tradingState: { ...state, overall: 'FLATTENING', cause: 'operator' } }, { code: 'TRADING_FLATTENING', detail: 'operator' }],
      [{ tradingState: { ...state, overall: 'REDUCING', cause: 'operator' } }, { code: 'TRADING_REDUCING', limit: '0', value: '23188', detail: 'opens from flat; operator' }],
      [{ tradingState: { ...state, overall: 'REDUCING' }, plan: makePlan({ side: 'SHORT' }) }, { code: 'TRADING_REDUCING', limit: '0', value: '-23188', detail: 'opens from flat; first start' }],
      [{ tradingState: { ...state, symbols: new Map([[GPS, 'HALTED']]), cause: 'x' } }, { code: 'TRADING_HALTED', detail: 'x' }],
      [{ tradingState: { ...state, symbols: new Map([[GPS, 'REDUCING']]), cause: 'x' } }, { code: 'TRADING_REDUCING', limit: '0', value: '23188', detail: 'opens from flat; x' }],
      [{ tradingState: { ...state, overall: 'REDUCING', symbols: new Map([[GPS, 'HALTED']]), cause: 'x' } }, { code: 'TRADING_HALTED', detail: 'x' }],
      [{ tradingState: { ...state, overall: 'HALTED', symbols: new Map([[GPS, 'FLATTENING']]), cause: 'x' } }, { code: 'TRADING_FLATTENING', detail: 'x' }],
      [{ tradingState: { ...state, overall: 'REDUCING', cause: 'x' }, lives: livesOf(position(GPS, 0)) }, { code: 'TRADING_REDUCING', limit: '23188', value: '46376', detail: 'exceeds the present position; x' }],
      [{ tradingState: { ...state, overall: 'REDUCING', cause: 'x' }, lives: livesOf(position(GPS, 0)), plan: makePlan({ side: 'SHORT', quantity: '23189' }) }, { code: 'TRADING_REDUCING', limit: '0', value: '-1', detail: 'flips; x' }],
      // With what was granted for the symbol before and may still be executed.
      [{ tradingState: { ...state, overall: 'REDUCING', cause: 'x' }, lives: livesOf(position(GPS, 0)), reservations: reserved(reservation(GPS, '200', { side: 'SHORT', quantity: decimal('2') })), plan: makePlan({ side: 'SHORT', quantity: '23187' }) }, { code: 'TRADING_REDUCING', limit: '0', value: '-1', detail: 'flips; x' }],
    ],
    unknown: [[{ tradingState: undefined }, 'TRADING_STATE_UNKNOWN']],
  },
  { guard: 'NOT_READY', allows: [], denies: [[{ readiness: { ready: false, behind: [], missing: [{ input: 'equity', reason: 'never' }, { input: 'candles', reason: 'never' }], since: 0 } }, { code: 'NOT_READY', detail: 'equity, candles' }]], unknown: [[{ readiness: undefined }, 'NOT_READY']] },
  { guard: 'EXECUTORS_UNREPORTED', allows: [], denies: [[{ expected: [GPS, CHINESE] }, { code: 'EXECUTORS_UNREPORTED', limit: '2', value: '1', detail: CHINESE }]], unknown: [[{ expected: [] }, 'EXECUTORS_UNREPORTED']] },
  { guard: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', allows: [], denies: [[{ universe: { ...makeUniverse(POLICY.filter((one) => one !== GPS).map((symbol) => makeInstrument({ symbol }))), version: 4, listed: makeUniverse().listed } }, { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', limit: 'version 4', value: GPS }]], unknown: [[{ universe: undefined }, 'UNIVERSE_UNKNOWN']] },
  { guard: 'UNIVERSE_SHRUNK', allows: [{ universe: { ...makeUniverse(), overlap: 0.1 } }], denies: [[{ universe: { ...makeUniverse(), overlap: 0.4, breaker: 'open' } }, { code: 'UNIVERSE_SHRUNK', value: '0.4' }]], unknown: [[{ universe: undefined }, 'UNIVERSE_UNKNOWN']] },
  { guard: 'VENUE_BANNED', allows: [throttled(0, true), throttled(-1, false)], denies: [[throttled(1, true), { code: 'VENUE_BANNED', limit: String(NOW + 1), value: '1', detail: 'too much' }], [throttled(60_000, false), { code: 'VENUE_THROTTLED', limit: String(NOW + 60_000), value: '60000', detail: 'too much' }]], unknown: [[{ session: undefined }, 'VENUE_BANNED']] },
  {
    guard: 'JOURNAL_AWAY',
    allows: [{ journal: { ...JOURNAL_UP, spilled: 3, aside: ['/var/spill.aside-1'] } }],
    denies: [
      [{ journal: { ...JOURNAL_UP, store: 'away', since: NOW - 4_000, reason: 'ECONNREFUSED', spilled: 3 } }, { code: 'JOURNAL_AWAY', ageMs: 4_000, value: '3', detail: 'ECONNREFUSED' }],
      [{ journal: { ...JOURNAL_UP, place: 'the last renewal is 6.1 s old' } }, { code: 'LEASE_LOST', detail: 'the last renewal is 6.1 s old' }],
    ],
    unknown: [[{ journal: undefined }, 'JOURNAL_AWAY']],
  },
  { guard: 'EQUITY_STALE', allows: [observed(300_000), observed(-500)], denies: [[observed(300_001), { code: 'EQUITY_STALE', limit: '300000', ageMs: 300_001 }], [observed(2_185_000), { code: 'EQUITY_STALE', limit: '300000', ageMs: 2_185_000 }]], unknown: [[{ equity: undefined }, 'EQUITY_MISSING'], [{ venueNow: undefined }, 'EQUITY_STALE']] },
  { guard: 'PRICE_STALE', allows: [marked(10_000)], denies: [[marked(10_001), { code: 'PRICE_STALE', limit: '10000', ageMs: 10_001 }]], unknown: [[{ market: undefined }, 'PRICE_MISSING'], [without('mark'), 'PRICE_MISSING'], [{ venueNow: undefined }, 'PRICE_STALE']] },
  { guard: 'MARKET_SILENT', allows: [marked(0)], denies: [[{ market: makeMarket({ silentSince: NOW - 11_000 }) }, { code: 'MARKET_SILENT', ageMs: 11_000 }]], unknown: [[{ market: undefined }, 'MARKET_SILENT']] },
  { guard: 'STREAM_STALE', allows: [], denies: [[{ stream: { live: false, streamEpoch: 3, since: 5 } }, { code: 'STREAM_STALE', detail: 'lost since 5' }]], unknown: [[{ stream: undefined }, 'STREAM_STALE']] },
  {
    guard: 'NOT_RECONCILED',
    allows: [{ reconciliation: { streamEpoch: 3, at: NOW, unresolved: [CHINESE] } }],
    denies: [
      [{ reconciliation: { streamEpoch: 2, at: NOW, unresolved: [] } }, { code: 'NOT_RECONCILED', limit: '3', value: '2' }],
      [{ reconciliation: { streamEpoch: 3, at: NOW, unresolved: [GPS] } }, { code: 'NOT_RECONCILED', limit: '3', value: '3', detail: 'GPSUSDT is unresolved' }],
    ],
    unknown: [[{ reconciliation: undefined }, 'NOT_RECONCILED'], [{ stream: undefined }, 'NOT_RECONCILED']],
  },
  { guard: 'CLOCK_SKEW', allows: [{ session: { ...session, clockOffsetMs: 1_000 } }, { session: { ...session, clockOffsetMs: -1_000 } }], denies: [[{ session: { ...session, clockOffsetMs: 1_001 } }, { code: 'CLOCK_SKEW', limit: '1000', value: '1001' }], [{ session: { ...session, clockOffsetMs: -1_001 } }, { code: 'CLOCK_SKEW', limit: '1000', value: '-1001' }]], unknown: [[{ session: undefined }, 'CLOCK_SKEW'], [{ session: { ...session, clockOffsetMs: undefined } }, 'CLOCK_SKEW']] },
  {
    guard: 'DAILY_LOSS',
    allows: [performed({ dayLossPercent: '2.4999999999' }), performed({ dayLossPercent: '-7' })],
    denies: [
      [performed({ dayLossPercent: '2.5' }), { code: 'DAILY_LOSS', limit: '2.5', value: '2.5' }],
      [performed({ dayLossPercent: '0.3', dailyLossReached: true }), { code: 'DAILY_LOSS', limit: '2.5', value: '0.3', detail: 'reached on this day' }],
    ],
    unknown: [[{ equity: undefined }, 'DAILY_LOSS'], [{ equity: bareEquity }, 'DAILY_LOSS'], [{ venueNow: undefined }, 'DAILY_LOSS'], [performed({ day: '2026-02-01' }), 'DAILY_LOSS'], [performed({ day: '2026-02-03' }), 'DAILY_LOSS']],
  },
  {
    guard: 'DRAWDOWN',
    allows: [performed({ sessionDrawdownPercent: '7.99', allTimeDrawdownPercent: '14.99' })],
    denies: [
      [performed({ sessionDrawdownPercent: '8' }), { code: 'DRAWDOWN', limit: '8', value: '8', detail: 'from the session\'s peak' }],
      [performed({ allTimeDrawdownPercent: '15' }), { code: 'DRAWDOWN', limit: '15', value: '15', detail: 'from the all-time peak' }],
      [performed({ sessionDrawdownPercent: '16.1', allTimeDrawdownPercent: '16.2' }), { code: 'DRAWDOWN', limit: '8', value: '16.1', detail: 'from the session\'s peak' }, { code: 'DRAWDOWN', limit: '15', value: '16.2', detail: 'from the all-time peak' }],
    ],
    unknown: [[{ equity: undefined }, 'DRAWDOWN'], [{ equity: bareEquity }, 'DRAWDOWN']],
  },
  {
    guard: 'MARGIN_INSUFFICIENT',
    allows: [
      { ...notional('200'), equity: { ...base.equity!, availableBalance: '20.01' } },
      // What is reserved for the symbol itself is what is asked for.
      { ...notional('200'), equity: { ...base.equity!, availableBalance: '20.01' }, reservations: reserved(reservation(GPS)) },
      // Held since before the account was observed: its margin is no longer among what is available.
      { ...notional('200'), equity: { ...base.equity!, availableBalance: '20.01' }, lives: livesOf(position(CHINESE, NOW - 1)), reservations: reserved(reservation(CHINESE, '200', { taken: true })) },
    ],
    denies: [
      [{ ...notional('200'), equity: { ...base.equity!, availableBalance: '20' } }, { code: 'MARGIN_INSUFFICIENT', limit: '20', value: '20' }],
      [{ ...notional('200'), equity: { ...base.equity!, availableBalance: '40' }, reservations: reserved(reservation(CHINESE)) }, { code: 'MARGIN_INSUFFICIENT', limit: '40', value: '40' }],
      // Filled after the account was observed.
      [{ ...notional('200'), equity: { ...base.equity!, availableBalance: '40' }, lives: livesOf(position(CHINESE, NOW)), reservations: reserved(reservation(CHINESE, '200', { taken: true })) }, { code: 'MARGIN_INSUFFICIENT', limit: '40', value: '40' }],
      // On its way since before this governor: at the leverage that is confirmed, or the worst.
      [{ ...notional('200'), equity: { ...base.equity!, availableBalance: '40' }, lives: livesOf({ symbol: CHINESE, phase: 'Ambiguous', notional: '200', settings: { symbol: CHINESE, leverage: 10, marginMode: 'ISOLATED' } }) }, { code: 'MARGIN_INSUFFICIENT', limit: '40', value: '40' }],
      [{ ...notional('200'), equity: { ...base.equity!, availableBalance: '220' }, lives: livesOf({ symbol: CHINESE, phase: 'Opening', notional: '200' }) }, { code: 'MARGIN_INSUFFICIENT', limit: '220', value: '220' }],
    ],
    unknown: [[{ equity: undefined }, 'MARGIN_INSUFFICIENT']],
  },
  {
    guard: 'LOCKS_UNKNOWN',
    allows: [{ lives: livesOf(closedAt(CHINESE, 5)), locks: { locks: [], judged: new Map([[CHINESE, 5]]) } }, locked({ symbol: CHINESE }), locked({ side: 'SHORT' }), locked(), { lives: livesOf({ ...closedAt(GPS, NOW), lastClosedAt: NOW }), locks: { locks: [], judged: new Map([[GPS, NOW]]) } }],
    denies: [
      [locked({}), { code: 'LOSS_STREAK', limit: String(NOW + 5_000), value: '5000', detail: 'lock-0: 3 losses' }],
      // The rest after a close is a lock like any other: with its lock it ends, whatever the life says.
      [{ ...locked({ code: 'SYMBOL_COOLDOWN', kind: 'cooldown', symbol: GPS, cause: 'closed by TARGET' }) }, { code: 'SYMBOL_COOLDOWN', limit: String(NOW + 5_000), value: '5000', detail: 'lock-0: closed by TARGET' }],
      // Until its owner says that it is over: the wall clock may have been set.
      [locked({ until: NOW - 1 }), { code: 'LOSS_STREAK', limit: String(NOW - 1), value: '0', detail: 'lock-0: 3 losses' }],
      [locked({ code: 'SAME_SIGNAL', kind: 'same-signal', symbol: GPS, side: 'LONG', until: null, cause: 'stopped' }), { code: 'SAME_SIGNAL', limit: 'until cleared', detail: 'lock-0: stopped' }],
      [locked({ symbol: GPS }, { symbol: CHINESE }, { code: 'STOP_GUARD', side: 'LONG', until: NOW + 1 }), { code: 'LOSS_STREAK', limit: String(NOW + 5_000), value: '5000', detail: 'lock-0: 3 losses' }, { code: 'STOP_GUARD', limit: String(NOW + 1), value: '1', detail: 'lock-2: 3 losses' }],
    ],
    unknown: [[{ locks: undefined }, 'LOCKS_UNKNOWN'], [{ lives: livesOf(closedAt(CHINESE, 5)) }, 'LOCKS_UNKNOWN'], [{ lives: livesOf(closedAt(CHINESE, 6)), locks: { locks: [], judged: new Map([[CHINESE, 5]]) } }, 'LOCKS_UNKNOWN'], [{ lives: livesOf(closedAt(CHINESE, 5)), locks: { locks: [], judged: new Map([[CHINESE, 6]]) } }, 'LOCKS_UNKNOWN']],
  },
  { guard: 'SPREAD_WIDE', allows: [book('0.9975', '1.0025'), book('1', '1', 10_000)], denies: [[book('0.9975', '1.0026'), { code: 'SPREAD_WIDE', limit: '50', value: '50.99745' }]], unknown: [[{ market: undefined }, 'SPREAD_WIDE'], [without('book'), 'SPREAD_WIDE'], [book('0', '0'), 'SPREAD_WIDE'], [book('1', '1', 10_001), 'SPREAD_WIDE'], [{ venueNow: undefined }, 'SPREAD_WIDE']] },
  { guard: 'VOLATILITY_HIGH', allows: [said({ atrShare: 0.05 }), said({ observedAt: NOW - 180_000 })], denies: [[said({ atrShare: 0.0501 }), { code: 'VOLATILITY_HIGH', limit: '5', value: '5.010000' }]], unknown: [[{ market: undefined }, 'VOLATILITY_HIGH'], [without('statistics'), 'VOLATILITY_HIGH'], [said({ atrShare: undefined }), 'VOLATILITY_HIGH'], [said({ observedAt: NOW - 180_001 }), 'VOLATILITY_HIGH'], [{ venueNow: undefined }, 'VOLATILITY_HIGH']] },
  {
    // σ 0.014 is z = 0.2, K = 0.549834; σ 0.01405 is z = 0.2025, K = 0.550453.
    guard: 'KILL_SCORE',
    allows: [said({ sigma: 0.014 })],
    denies: [
      [said({ sigma: 0.01405 }), { code: 'KILL_SCORE', limit: '0.55', value: '0.550453' }],
      [said({ regime: { trend: 0.29, meanReversion: 0.31, chop: 0.4 } }), { code: 'KILL_SCORE', limit: '0.55', value: '0.731059' }],
    ],
    unknown: [[{ market: undefined }, 'KILL_SCORE'], [without('statistics'), 'KILL_SCORE'], [said({ sigma: undefined }), 'KILL_SCORE'], [said({ trendStrength: undefined }), 'KILL_SCORE'], [said({ regime: undefined }), 'KILL_SCORE'], [said({ observedAt: NOW - 180_001 }), 'KILL_SCORE'], [{ venueNow: undefined }, 'KILL_SCORE']],
  },
  {
    guard: 'FUNDING_ADVERSE',
    allows: [funded('0.001'), funded('-0.01'), funded('-0.001', 8, 'SHORT'), funded('0.01', 8, 'SHORT'), funded('0.0005', 4), funded('0.001', 8, 'LONG', 180_000)],
    denies: [
      [funded('0.0010001'), { code: 'FUNDING_ADVERSE', limit: '0.1', value: '0.10001' }],
      [funded('-0.0010001', 8, 'SHORT'), { code: 'FUNDING_ADVERSE', limit: '0.1', value: '0.10001' }],
      [funded('0.000501', 4), { code: 'FUNDING_ADVERSE', limit: '0.1', value: '0.1002' }],
      [funded('0.00013', 1), { code: 'FUNDING_ADVERSE', limit: '0.1', value: '0.104' }],
    ],
    unknown: [[{ market: undefined }, 'FUNDING_ADVERSE'], [without('funding'), 'FUNDING_ADVERSE'], [funded('0', 8, 'LONG', 180_001), 'FUNDING_ADVERSE'], [{ venueNow: undefined }, 'FUNDING_ADVERSE']],
  },
  {
    guard: 'LEVERAGE_UNCONFIRMED',
    allows: [{ lives: new Map([[GPS, makeLife({ settings: { symbol: GPS, leverage: 10, marginMode: 'ISOLATED' } })]]) }],
    denies: [
      [{ lives: new Map([[GPS, makeLife({ leverageConfirmed: false })]]) }, { code: 'LEVERAGE_UNCONFIRMED', limit: '10' }],
      [{ lives: new Map([[GPS, makeLife({ leverageConfirmed: false, leverageRefused: '-4028', settings: { symbol: GPS, leverage: 20, marginMode: 'CROSSED' } })]]) }, { code: 'LEVERAGE_UNCONFIRMED', limit: '10', value: '20 CROSSED', detail: '-4028' }],
      [{ plan: makePlan({ leverage: 5 }), lives: new Map([[GPS, makeLife({ settings: { symbol: GPS, leverage: 10, marginMode: 'ISOLATED' } })]]) }, { code: 'LEVERAGE_UNCONFIRMED', limit: '5', value: '10 ISOLATED' }],
    ],
    unknown: [[{ lives: new Map() }, 'LEVERAGE_UNCONFIRMED']],
  },
  {
    guard: 'LEVERAGE_BRACKET',
    allows: [
      { ...inBrackets(10, '200'), ...notional('200') },
      { ...inBrackets(125, '200'), ...notional('200') },
      // The largest of those that allow the leverage, in whatever order the venue names them.
      ...[0, 1].map((first): Inputs => ({ ...notional('200'), session: { ...session, brackets: new Map([[GPS, [{ leverage: 20 - first * 10, notionalCap: decimal(first === 0 ? '100' : '200') }, { leverage: 10 + first * 10, notionalCap: decimal(first === 0 ? '200' : '100') }]]]) } })),
    ],
    denies: [
      [{ ...inBrackets(10, '200'), ...notional('200.01') }, { code: 'LEVERAGE_BRACKET', limit: '200', value: '200.01' }],
      [{ plan: makePlan({ leverage: 25, notional: '5000.01' }) }, { code: 'LEVERAGE_BRACKET', limit: '5000', value: '5000.01' }],
      [{ plan: makePlan({ leverage: 26 }) }, { code: 'LEVERAGE_BRACKET', value: '26', detail: 'no bracket allows leverage 26' }],
    ],
    unknown: [[{ session: undefined }, 'LEVERAGE_BRACKET'], [{ session: { ...session, brackets: new Map() } }, 'LEVERAGE_BRACKET']],
  },
  {
    guard: 'POSITION_OPEN',
    allows: [{ reservations: reserved(reservation(CHINESE)) }],
    denies: [[{ reservations: reserved(reservation(GPS)) }, { code: 'POSITION_OPEN', limit: 'Flat', value: 'reserved' }], ...PHASES.filter((phase) => phase !== 'Flat').map((phase) => [{ lives: new Map([[GPS, makeLife({ phase })]]) }, { code: 'POSITION_OPEN', limit: 'Flat', value: phase }] as const)],
    unknown: [],
  },
  {
    guard: 'MAX_POSITIONS',
    allows: [{ lives: held(9) }, { lives: held(9), reservations: reserved(reservation(symbolAt(0))) }, { lives: held(9), reservations: reserved(reservation(GPS)) }],
    denies: [[{ lives: held(10, '100') }, { code: 'MAX_POSITIONS', limit: '10', value: '10' }], [{ lives: held(9), reservations: reserved(reservation(CHINESE)) }, { code: 'MAX_POSITIONS', limit: '10', value: '10' }]],
    unknown: [],
  },
  { guard: 'NOTIONAL_PER_TRADE', allows: [notional('210')], denies: [[notional('210.00000001'), { code: 'NOTIONAL_PER_TRADE', limit: '210', value: '210.00000001' }]], unknown: [] },
  {
    guard: 'NOTIONAL_TOTAL',
    allows: [
      { lives: held(1, '2000'), ...notional('200') },
      { lives: held(1, '1900'), reservations: reserved(reservation(symbolAt(0), '2000')), ...notional('200') },
      { lives: held(1, '2000'), reservations: reserved(reservation(GPS)), ...notional('200') },
      // What is held is what was filled, whatever was reserved for it.
      { lives: livesOf({ ...position(CHINESE, 0), notional: '2000' }), reservations: reserved(reservation(CHINESE, '2100', { taken: true })), ...notional('200') },
    ],
    denies: [
      [{ lives: held(1, '2000'), ...notional('200.01') }, { code: 'NOTIONAL_TOTAL', limit: '2200', value: '2200.01' }],
      [{ lives: held(1, '1000'), reservations: reserved(reservation(CHINESE, '1100')), ...notional('200') }, { code: 'NOTIONAL_TOTAL', limit: '2200', value: '2300' }],
      // An entry price is a quotient with forty places: what is above is shown above.
      [{ lives: held(1, `2000.${'0'.repeat(30)}1`), ...notional('200') }, { code: 'NOTIONAL_TOTAL', limit: '2200', value: '2200.00000001' }],
    ],
    unknown: [],
  },
  { guard: 'RATE_HOURLY', allows: [{ openedAgoMs: opened(59, 1_800_000) }, { openedAgoMs: opened(60, 3_600_000) }], denies: [[{ openedAgoMs: opened(60, 3_599_999) }, { code: 'RATE_HOURLY', limit: '60', value: '60' }]], unknown: [] },
  { guard: 'RATE_BURST', allows: [{ openedAgoMs: opened(9, 0) }, { openedAgoMs: opened(10, 300_000) }], denies: [[{ openedAgoMs: opened(10, 299_999) }, { code: 'RATE_BURST', limit: '10', value: '10' }]], unknown: [] },
  {
    guard: 'INTENT_EXPIRED',
    allows: [{ plan: makePlan({ expiresAt: NOW }) }, { plan: makePlan({ expiresAt: NOW }), now: NOW + 1 }],
    denies: [[{ plan: makePlan({ expiresAt: NOW - 1 }) }, { code: 'INTENT_EXPIRED', limit: String(NOW - 1), value: String(NOW) }]],
    unknown: [[{ venueNow: undefined }, 'INTENT_EXPIRED']],
  },
  {
    // Fees 10 bps and funding 1 bps to be paid: with no spread, twice 11 bps; with 9 bps of spread, twice 20 bps.
    guard: 'EDGE_BELOW_COST',
    allows: [
      { plan: makePlan({ quantity: '200', limitPrice: '1', takeProfitPercent: '0.22' }), ...book('1', '1') },
      { plan: makePlan({ quantity: '200', limitPrice: '1', takeProfitPercent: '0.4' }), ...book('0.99955', '1.00045') },
      { plan: makePlan({ side: 'SHORT', quantity: '200', limitPrice: '1', takeProfitPercent: '0.2' }), ...book('1', '1') },
    ],
    denies: [
      [{ plan: makePlan({ quantity: '200', limitPrice: '1', takeProfitPercent: '0.2199' }), ...book('1', '1') }, { code: 'EDGE_BELOW_COST', limit: '0.0022', value: '0.002199' }],
      [{ plan: makePlan({ quantity: '200', limitPrice: '1', takeProfitPercent: '0.21999999' }), ...book('1', '1') }, { code: 'EDGE_BELOW_COST', limit: '0.0022', value: '0.0022' }],
      [{ plan: makePlan({ quantity: '200', limitPrice: '1', takeProfitPercent: '0.3999' }), ...book('0.99955', '1.00045') }, { code: 'EDGE_BELOW_COST', limit: '0.004', value: '0.003999' }],
      [{ plan: makePlan({ side: 'SHORT', quantity: '200', limitPrice: '1', takeProfitPercent: '0.1999' }), ...book('1', '1') }, { code: 'EDGE_BELOW_COST', limit: '0.002', value: '0.001999' }],
    ],
    unknown: [[{ market: undefined }, 'EDGE_BELOW_COST'], [without('book'), 'EDGE_BELOW_COST'], [without('funding'), 'EDGE_BELOW_COST'], [{ venueNow: undefined }, 'EDGE_BELOW_COST']],
  },
  {
    guard: 'STOP_INVALID',
    allows: [{ plan: makePlan({ side: 'SHORT' }) }],
    denies: [[{ plan: makePlan({ stopLossPercent: '0' }) }, { code: 'STOP_INVALID', value: 'stop 0 %, target 4 %' }], [{ plan: makePlan({ takeProfitPercent: '0' }) }, { code: 'STOP_INVALID', value: 'stop 2 %, target 0 %' }], [{ plan: makePlan({ stopLossPercent: '100' }) }, { code: 'STOP_INVALID', value: 'stop 100 %, target 4 %' }]],
    unknown: [[{ universe: undefined }, 'STOP_INVALID'], [{ universe: makeUniverse([makeInstrument({ symbol: CHINESE })]) }, 'STOP_INVALID']],
  },
];
