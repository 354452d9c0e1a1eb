/** Builders for tests of decisions: a valid thing of each kind, to be spoilt in one place by the test that needs it. */
import type { Intent, Plan } from '../../src/protocol/decisions.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Candle, Instrument, MarketStatistics, SymbolMarket, Universe } from '../../src/protocol/market.ts';
import type { JournalView, LifeView, LocksView, PerformanceView, PositionView } from '../../src/protocol/views.ts';
import type { IntentId, PlanId, PositionId, SymbolName } from '../../src/protocol/names.ts';
import type { GuardInputs, RiskLimits } from '../../src/rules/guards/guard.ts';
import { utcDay } from '../../src/rules/utc-day.ts';

export const NOW = 1_770_000_000_000;
export const GPS = 'GPSUSDT' as SymbolName;
export const HYPE = 'HYPEUSDT' as SymbolName;
export const RIVER = 'RIVERUSDT' as SymbolName;
/** A real symbol of the venue: not every name is ASCII (failure 20). */
export const CHINESE = '币安人生USDT' as SymbolName;
export const POLICY: readonly SymbolName[] = [...(['ANKRUSDT', 'ARCUSDT', 'CHESSUSDT', 'FHEUSDT', 'STABLEUSDT'] as SymbolName[]), GPS, HYPE, RIVER, CHINESE];

export function makeInstrument(fields: Partial<Instrument> = {}): Instrument {
  return {
    symbol: GPS,
    status: 'TRADING',
    contractType: 'PERPETUAL',
    tickSize: decimal('0.0000001'),
    minPrice: decimal('0.0000001'),
    maxPrice: decimal('100000'),
    stepSize: decimal('1'),
    minQuantity: decimal('1'),
    maxQuantity: decimal('10000000'),
    marketMaxQuantity: decimal('5000000'),
    minNotional: decimal('5'),
    multiplierUp: decimal('1.15'),
    multiplierDown: decimal('0.85'),
    ...fields,
  };
}

export function makeIntent(fields: Partial<Intent> = {}): Intent {
  return {
    intentId: 'intent-1' as IntentId,
    source: 'trend-24h',
    symbol: GPS,
    side: 'LONG',
    confidence: 0.6274,
    price: '0.008625',
    notional: '200',
    leverage: 10,
    stopLossPercent: '2',
    takeProfitPercent: '4',
    createdAt: NOW,
    expiresAt: NOW + 120_000,
    universeVersion: 1,
    ...fields,
  };
}

/** A plan of another notional is one piece at that price: what the permit allows is quantity × limit price. */
export function makePlan(fields: Partial<Plan> = {}): Plan {
  return {
    planId: 'plan-1' as PlanId,
    intentId: 'intent-1' as IntentId,
    action: fields.side === 'SHORT' ? 'OPEN_SHORT' : 'OPEN_LONG',
    source: 'trend-24h',
    symbol: GPS,
    side: 'LONG',
    quantity: '23188',
    limitPrice: '0.0086508',
    notional: '200.5947504',
    leverage: 10,
    stopLossPercent: '2',
    takeProfitPercent: '4',
    madeAt: NOW,
    expiresAt: NOW + 120_000,
    ...(fields.notional === undefined ? {} : { quantity: '1', limitPrice: fields.notional }),
    ...fields,
  };
}

/** Every one is made once: four hundred candles, parsed anew for each view, were most of what a desk under virtual time cost. */
const made = new Map<string, readonly Candle[]>();

/** Closed one-minute candles without a gap up to NOW, rising by a small zigzag: `count` of them, around `price`. The same list each time: frozen. */
export function makeCandles(count = 400, price = 0.008): readonly Candle[] {
  const key = `${count} at ${price}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const candles = Object.freeze(
    Array.from({ length: count }, (_, index) => {
      const close = price * (1 + 0.0001 * index + (index % 2 === 0 ? 0.0004 : -0.0004));
      const text = (value: number) => decimal(value.toFixed(10));
      return Object.freeze({ openTime: NOW - (count - index) * 60_000, open: text(close * 0.9999), high: text(close * 1.0006), low: text(close * 0.9994), close: text(close), volume: decimal('1000'), closed: true });
    }),
  );
  made.set(key, candles);
  return candles;
}

/** A calm symbol in a trend: kill score 0.5, and nothing against opening it. */
export function makeStatistics(fields: Partial<MarketStatistics> = {}, at = NOW): MarketStatistics {
  return { at, observedAt: at, atrShare: 0.01, sigma: 0.002, trendStrength: 0.5, regime: { trend: 0.6, meanReversion: 0.2, chop: 0.2 }, ...fields };
}

/** Funding of 0.01 % in eight hours, which longs pay. */
export function makeFunding(fields: Partial<NonNullable<SymbolMarket['funding']>> = {}, at = NOW): NonNullable<SymbolMarket['funding']> {
  return { rate: decimal('0.0001'), intervalHours: 8, nextAt: at + 3_600_000, observedAt: at, ...fields };
}

/** A day without a loss, at the peak. */
export function makePerformance(fields: Partial<PerformanceView> = {}, at = NOW): PerformanceView {
  return { day: utcDay(at), dayStartEquity: '10000', dayLossPercent: '0', dailyLossReached: false, sessionSince: at, sessionPeak: '10000', sessionDrawdownPercent: '0', allTimePeak: '10000', allTimeDrawdownPercent: '0', ...fields };
}

export function makeMarket(fields: Partial<SymbolMarket> = {}): SymbolMarket {
  return {
    symbol: GPS,
    mark: { price: decimal('0.008625'), observedAt: NOW },
    book: { bid: decimal('0.008624'), ask: decimal('0.008626'), observedAt: NOW },
    ticker: { changePercent: decimal('12.74'), quoteVolume: decimal('50000000'), observedAt: NOW },
    candles: makeCandles(),
    statistics: makeStatistics(),
    funding: makeFunding(),
    ...fields,
  };
}

export function makeUniverse(instruments: readonly Instrument[] = POLICY.map((symbol) => makeInstrument({ symbol }))): Universe {
  const byName = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
  return { version: 1, observedAt: NOW, instruments: byName, listed: byName, excluded: [], overlap: 1, breaker: 'closed' };
}

export function makeLife(fields: Partial<LifeView> = {}): LifeView {
  return { symbol: GPS, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...fields };
}

/** 20,000 at 0.0095, held since `openedAt`. */
export function makePosition(fields: Partial<PositionView> = {}): PositionView {
  return { positionId: 'plan-1' as string as PositionId, side: 'LONG', quantity: '20000', entryPrice: '0.0095', leverage: 10, stopLoss: null, takeProfit: null, stopOrderId: null, guard: null, stopSeenAt: null, takeProfitOrderId: null, planId: 'plan-1', openedAt: NOW, realizedPnl: '0', commission: '0', initialStop: null, originalQuantity: '20000', tiersDone: [], reducing: false, ...fields };
}

export const LIMITS: RiskLimits = {
  equityMaxAgeMs: 300_000,
  priceMaxAgeMs: 10_000,
  clockSkewMaxMs: 1_000,
  spreadMaxBps: 50,
  maxPositions: 10,
  notionalPerTrade: '210',
  notionalTotal: '2200',
  opensPerHour: 60,
  opensPer5Min: 10,
  dailyLossPercent: '2.5',
  sessionDrawdownPercent: '8',
  totalDrawdownPercent: '15',
  volatilityMaxPercent: '5',
  fundingAdversePercent: '0.1',
  takerFeeBps: 5,
  edgeToCost: 2,
  killScoreMax: 0.55,
};

/** Nothing rests, and no close waits to be looked at. */
export const NO_LOCKS: LocksView = { locks: [], judged: new Map() };

export const JOURNAL_UP: JournalView = { store: 'up', since: 0, reason: null, spilled: 0, unrecorded: null, aside: [], place: null, replica: null };

/** Everything known, fresh and within limits: each guard allows. */
export function makeGuardInputs(fields: Partial<GuardInputs> = {}): GuardInputs {
  const plan = fields.plan ?? makePlan();
  return {
    plan,
    limits: LIMITS,
    now: NOW,
    venueNow: NOW,
    stopping: false,
    tradingState: { overall: 'ACTIVE', symbols: new Map(), cause: 'first start', since: 0, tradingEpoch: 1, activatedAt: 0 },
    readiness: { ready: true, missing: [], behind: [], since: NOW },
    equity: { equity: '10000', walletBalance: '10000', availableBalance: '10000', observedAt: NOW, performance: makePerformance() },
    universe: makeUniverse(),
    locks: NO_LOCKS,
    journal: JOURNAL_UP,
    market: makeMarket({ symbol: plan.symbol }),
    stream: { live: true, streamEpoch: 3, since: NOW },
    reconciliation: { streamEpoch: 3, at: NOW, unresolved: [] },
    session: { clockOffsetMs: 12, modesConfirmed: true, brackets: new Map([[plan.symbol, [{ leverage: 25, notionalCap: decimal('5000') }, { leverage: 10, notionalCap: decimal('20000') }, { leverage: 5, notionalCap: decimal('100000') }]]]) },
    expected: [plan.symbol],
    lives: new Map([[plan.symbol, makeLife({ symbol: plan.symbol })]]),
    reservations: new Map(),
    openedAgoMs: [],
    ...fields,
  };
}
