/** Candles over REST: of trades, of a pair's continuous contract, and of the mark price, the index and the premium between them. */
import { VenueError } from '../core/venue-error.ts';
import type { Candle } from '../market/candle.ts';
import { intervalOf, type Interval } from '../market/interval.ts';
import { asCandle, type PriceKind } from '../market/prices.ts';
import type { Params } from './params.ts';
import type { PublicCall, Route } from './route.ts';

const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 1_500;
/** There is nothing here but perpetual contracts; the others exist, without a candle. */
const CONTRACT_TYPES = ['PERPETUAL', 'CURRENT_QUARTER', 'NEXT_QUARTER', 'TRADIFI_PERPETUAL'];

function klineRow({ openTime, open, high, low, close, volume, quoteVolume, trades, takerVolume, takerQuoteVolume }: Candle, interval: Interval): unknown[] {
  return [openTime, open, high, low, close, volume, interval.endOf(openTime) - 1, quoteVolume, trades, takerVolume, takerQuoteVolume, '0'];
}

interface Wanted {
  readonly interval: Interval;
  readonly start: number | null;
  readonly end: number | null;
  readonly limit: number;
}

function wantedOf(params: Params): Wanted {
  const interval = intervalOf(params.required('interval'));
  if (!interval) throw new VenueError('BAD_INTERVAL');
  return { interval, start: params.whole('startTime'), end: params.whole('endTime'), limit: params.limit('limit', DEFAULT_LIMIT, MAX_LIMIT) };
}

function tradeRows({ venue, params }: PublicCall, symbol: string): unknown {
  const { interval, start, end, limit } = wantedOf(params);
  return venue.market.series(symbol)!.list(interval, start, end, limit).map((candle) => klineRow(candle, interval));
}

function symbolOf({ venue, params }: PublicCall): string {
  const symbol = params.required('symbol');
  if (!venue.market.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  return symbol;
}

/** A pair has the name of its perpetual contract. */
function pairOf({ venue, params }: PublicCall): string {
  const pair = params.required('pair');
  if (!venue.market.rules.has(pair)) throw new VenueError('BAD_PAIR');
  return pair;
}

function continuousKlines(call: PublicCall): unknown {
  const pair = pairOf(call);
  const contractType = call.params.required('contractType');
  if (!CONTRACT_TYPES.includes(contractType)) throw new VenueError('BAD_CONTRACT_TYPE');
  const rows = tradeRows(call, pair);
  return contractType === 'PERPETUAL' ? rows : [];
}

/** Nothing is traded at these prices: volumes are zero, and the count is how often the price was looked at. */
function priceKlines(kind: PriceKind, named: (call: PublicCall) => string): (call: PublicCall) => unknown {
  return (call) => {
    const prices = call.venue.market.prices(named(call))!;
    const { interval, start, end, limit } = wantedOf(call.params);
    return prices.series(kind).list(interval, start, end, limit).map((candle) => klineRow(asCandle(candle), interval));
  };
}

function weight(params: Params): number {
  const limit = params.whole('limit') ?? DEFAULT_LIMIT;
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
}

export const klineRoutes: readonly Route[] = [
  { name: 'GET /fapi/v1/klines', weight, security: 'NONE', run: (call) => tradeRows(call, symbolOf(call)) },
  { name: 'GET /fapi/v1/continuousKlines', weight, security: 'NONE', run: continuousKlines },
  { name: 'GET /fapi/v1/markPriceKlines', weight, security: 'NONE', run: priceKlines('mark', symbolOf) },
  { name: 'GET /fapi/v1/indexPriceKlines', weight, security: 'NONE', run: priceKlines('index', pairOf) },
  { name: 'GET /fapi/v1/premiumIndexKlines', weight, security: 'NONE', run: priceKlines('premium', symbolOf) },
];
