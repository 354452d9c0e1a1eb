/** Market data that anyone may ask for. */
import { decimal, floorTo, text } from '../../protocol/decimal.ts';
import type { MarketView } from '../core/book.ts';
import { FUNDING_INTERVAL_MS, fundingTimeAt } from '../core/funding.ts';
import { statusOf } from '../core/listing.ts';
import type { SymbolStatus } from '../core/model.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';
import { VenueError } from '../core/venue-error.ts';
import { closeTimeOf } from '../market/candle.ts';
import { bookSnapshot } from '../streams/order-book.ts';
import { VENUE_LIMITS } from './rate-limits.ts';
import { bySymbol, type PublicCall, type Route } from './route.ts';
import type { Params } from './params.ts';

const FUNDING_INTERVAL_HOURS = FUNDING_INTERVAL_MS / 3_600_000;
const OPEN_INTEREST_SHARE = 4;

export function nextFundingTime(now: number): number {
  return fundingTimeAt(now) + FUNDING_INTERVAL_MS;
}

/** Where a symbol belongs, and since and until when it is listed: for ever. */
export function contractOf(symbol: string): { readonly pair: string; readonly contractType: string; readonly deliveryDate: number; readonly onboardDate: number } {
  return { pair: symbol, contractType: 'PERPETUAL', deliveryDate: 4_133_404_800_000, onboardDate: 1_569_398_400_000 };
}

function symbolInfo(rules: SymbolRules, status: SymbolStatus): Record<string, unknown> {
  const baseAsset = rules.symbol.replace(/USDT$/, '');
  return {
    symbol: rules.symbol,
    ...contractOf(rules.symbol),
    status,
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset,
    quoteAsset: 'USDT',
    marginAsset: 'USDT',
    pricePrecision: rules.pricePrecision,
    quantityPrecision: rules.quantityPrecision,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    settlePlan: 0,
    triggerProtect: '0.1500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.10',
    maxMoveOrderLimit: 10_000,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: text(rules.minPrice), maxPrice: text(rules.maxPrice), tickSize: text(rules.tickSize) },
      { filterType: 'LOT_SIZE', minQty: text(rules.minQty), maxQty: text(rules.maxQty), stepSize: text(rules.stepSize) },
      { filterType: 'MARKET_LOT_SIZE', minQty: text(rules.minQty), maxQty: text(rules.marketMaxQty), stepSize: text(rules.stepSize) },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
      { filterType: 'MIN_NOTIONAL', notional: text(rules.minNotional) },
      { filterType: 'PERCENT_PRICE', multiplierUp: rules.multiplierUp.toFixed(4), multiplierDown: rules.multiplierDown.toFixed(4), multiplierDecimal: '4' },
    ],
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'],
  };
}

export function rateLimitRows(): Record<string, unknown>[] {
  return [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: VENUE_LIMITS.weightPerMinute },
    { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: VENUE_LIMITS.ordersPerMinute },
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: VENUE_LIMITS.ordersPer10Seconds },
  ];
}

function exchangeInfo({ venue, now }: PublicCall): unknown {
  return {
    timezone: 'UTC',
    serverTime: now,
    futuresType: 'U_MARGINED',
    rateLimits: rateLimitRows(),
    exchangeFilters: [],
    assets: [{ asset: 'USDT', marginAvailable: true, autoAssetExchange: '0' }],
    symbols: [...venue.state.rules.values()].map((rules) => symbolInfo(rules, venue.market.view(rules.symbol) ? statusOf(venue.state, rules.symbol) : 'PENDING_TRADING')),
  };
}

/** One symbol's row, or all rows in an array when no symbol is named. Symbols without a price yet have no row. */
function rows(call: PublicCall, row: (view: MarketView) => unknown): unknown {
  const symbol = call.params.text('symbol');
  if (symbol === null) return call.venue.market.views().map(row);
  const view = call.venue.market.view(symbol);
  if (!view) throw new VenueError('BAD_SYMBOL');
  return row(view);
}

function dayTicker(call: PublicCall): unknown {
  return rows(call, ({ symbol }) => {
    const day = call.venue.market.day(symbol)!;
    const tape = call.venue.market.tape(symbol)!;
    return {
      symbol,
      priceChange: day.change,
      priceChangePercent: day.changePercent,
      weightedAvgPrice: day.weightedAverage,
      lastPrice: day.last,
      lastQty: tape.last?.quantity ?? '0',
      openPrice: day.open,
      highPrice: day.high,
      lowPrice: day.low,
      volume: day.volume,
      quoteVolume: day.quoteVolume,
      openTime: day.openTime,
      closeTime: closeTimeOf(day, tape.last),
      firstId: tape.lastId - day.trades + 1,
      lastId: tape.lastId,
      count: day.trades,
    };
  });
}

function premiumIndex(call: PublicCall): unknown {
  const { market } = call.venue;
  return rows(call, ({ symbol, mark, index }) => ({
    symbol,
    markPrice: mark.toFixed(8),
    indexPrice: index.toFixed(8),
    estimatedSettlePrice: market.prices(symbol)!.estimatedSettle(index),
    lastFundingRate: market.fundingRate(symbol).toFixed(8),
    interestRate: '0.00010000',
    nextFundingTime: nextFundingTime(call.now),
    time: call.now,
  }));
}

/** Of composite indices only, and no symbol here is one. */
function indexInfo({ venue, params }: PublicCall): unknown {
  const symbol = params.text('symbol');
  if (symbol !== null && !venue.market.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  return [];
}

function bookTicker(call: PublicCall): unknown {
  return rows(call, ({ symbol }) => {
    const { bids, asks, lastUpdateId } = bookSnapshot(call.venue, symbol, 1)!;
    const [[bidPrice, bidQty], [askPrice, askQty]] = [bids[0] ?? ['0', '0'], asks[0] ?? ['0', '0']];
    return { symbol, bidPrice, bidQty, askPrice, askQty, time: call.now, lastUpdateId };
  });
}

/** A snapshot of what is left of the book; it is never deeper than the book itself. */
function depth({ venue, params, now }: PublicCall): unknown {
  const symbol = params.required('symbol');
  const limit = params.whole('limit') ?? 500;
  if (![5, 10, 20, 50, 100, 500, 1_000].includes(limit)) throw new VenueError('BAD_PARAMETER', 'limit');
  const book = bookSnapshot(venue, symbol, limit);
  if (!book) throw new VenueError('BAD_SYMBOL');
  return { lastUpdateId: book.lastUpdateId, E: now, T: now, bids: book.bids, asks: book.asks };
}

function depthWeight(params: Params): number {
  const limit = params.whole('limit') ?? 500;
  return limit <= 50 ? 2 : limit === 100 ? 5 : limit === 500 ? 10 : 20;
}

/** A quarter of the day's volume, as it is on many live symbols: the market has no other customers to count. */
function openInterest({ venue, params, now }: PublicCall): unknown {
  const symbol = params.required('symbol');
  const day = venue.market.day(symbol);
  if (!day) throw new VenueError('BAD_SYMBOL');
  const { stepSize } = venue.state.rules.get(symbol)!;
  return { symbol, openInterest: text(floorTo(decimal(day.volume).dividedBy(OPEN_INTEREST_SHARE), stepSize)), time: now };
}

const priceTicker = (call: PublicCall): unknown => rows(call, (view) => ({ symbol: view.symbol, price: text(view.last), time: call.now }));

export const publicRoutes: readonly Route[] = [
  { name: 'GET /fapi/v1/ping', weight: 1, security: 'NONE', run: () => ({}) },
  { name: 'GET /fapi/v1/time', weight: 1, security: 'NONE', run: ({ now }) => ({ serverTime: now }) },
  { name: 'GET /fapi/v1/exchangeInfo', weight: 1, security: 'NONE', run: exchangeInfo },
  { name: 'GET /fapi/v1/depth', weight: depthWeight, security: 'NONE', run: depth },
  { name: 'GET /fapi/v1/ticker/24hr', weight: bySymbol(1, 40), security: 'NONE', run: dayTicker },
  { name: 'GET /fapi/v1/ticker/price', weight: bySymbol(1, 2), security: 'NONE', run: priceTicker },
  { name: 'GET /fapi/v2/ticker/price', weight: bySymbol(1, 2), security: 'NONE', run: priceTicker },
  { name: 'GET /fapi/v1/ticker/bookTicker', weight: bySymbol(2, 5), security: 'NONE', run: bookTicker },
  { name: 'GET /fapi/v1/premiumIndex', weight: bySymbol(1, 10), security: 'NONE', run: premiumIndex },
  { name: 'GET /fapi/v1/indexInfo', weight: 1, security: 'NONE', run: indexInfo },
  { name: 'GET /fapi/v1/openInterest', weight: 1, security: 'NONE', run: openInterest },
  {
    name: 'GET /fapi/v1/fundingInfo',
    weight: 0,
    pool: 'FUNDING',
    security: 'NONE',
    run: ({ venue }) =>
      [...venue.state.rules.keys()].map((symbol) => ({ symbol, adjustedFundingRateCap: '0.02000000', adjustedFundingRateFloor: '-0.02000000', fundingIntervalHours: FUNDING_INTERVAL_HOURS, disclaimer: false })),
  },
];

