/** What has been: public trades, one by one and aggregated, and the funding that was settled. */
import { decimal, text } from '../../protocol/decimal.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Tape, TapeQuery, TapeTrade } from '../market/tape.ts';
import type { PublicCall, Route } from './route.ts';

const MAX_LIMIT = 1_000;
const DEFAULT_FUNDING_LIMIT = 100;

function tapeOf({ venue, params }: PublicCall): Tape {
  const tape = venue.market.tape(params.required('symbol'));
  if (!tape) throw new VenueError('BAD_SYMBOL');
  return tape;
}

/** `startTime` and `endTime`, both inclusive. */
function period({ params }: PublicCall): { readonly startTime: number | null; readonly endTime: number | null } {
  const [startTime, endTime] = [params.whole('startTime'), params.whole('endTime')];
  if (startTime !== null && endTime !== null && startTime > endTime) throw new VenueError('BAD_PARAMETER', 'endTime');
  return { startTime, endTime };
}

function tradeRows(call: PublicCall, query: TapeQuery): unknown {
  return tapeOf(call)
    .trades(query)
    .map(({ id, price, quantity, time, buyerMaker }: TapeTrade) => ({ id, price, qty: quantity, quoteQty: text(decimal(price).multipliedBy(decimal(quantity))), time, isBuyerMaker: buyerMaker, isRPITrade: false }));
}

function recentTrades(call: PublicCall): unknown {
  return tradeRows(call, { limit: call.params.limit('limit', 500, MAX_LIMIT) });
}

function historicalTrades(call: PublicCall): unknown {
  return tradeRows(call, { fromId: call.params.whole('fromId'), limit: call.params.limit('limit', 100, 500) });
}

function aggregateTrades(call: PublicCall): unknown {
  const query = { fromId: call.params.whole('fromId'), ...period(call), limit: call.params.limit('limit', 500, MAX_LIMIT) };
  return tapeOf(call)
    .aggregates(query)
    .map(({ id, price, quantity, firstId, lastId, time, buyerMaker }) => ({ a: id, p: price, q: quantity, nq: quantity, f: firstId, l: lastId, T: time, m: buyerMaker }));
}

/** Settled rates, ascending: from a start the oldest, else the newest. */
function fundingRates(call: PublicCall): unknown {
  const { venue, params } = call;
  const symbol = params.text('symbol');
  if (symbol !== null && !venue.state.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  const { startTime, endTime } = period(call);
  const limit = params.limit('limit', DEFAULT_FUNDING_LIMIT, MAX_LIMIT);
  const settled = symbol === null ? [...venue.state.fundings.values()].flat() : (venue.state.fundings.get(symbol) ?? []);
  const within = settled.filter(({ fundingTime }) => fundingTime >= (startTime ?? 0) && fundingTime <= (endTime ?? Infinity)).toSorted((a, b) => a.fundingTime - b.fundingTime);
  const rows = startTime === null ? within.slice(-limit) : within.slice(0, limit);
  return rows.map((funding) => ({ symbol: funding.symbol, fundingTime: funding.fundingTime, fundingRate: funding.rate.toFixed(8), markPrice: funding.mark.toFixed(8), rateType: 'Regular' }));
}

export const tapeRoutes: readonly Route[] = [
  { name: 'GET /fapi/v1/trades', weight: 5, security: 'NONE', run: recentTrades },
  { name: 'GET /fapi/v1/historicalTrades', weight: 20, security: 'KEY', run: historicalTrades },
  { name: 'GET /fapi/v1/aggTrades', weight: 20, security: 'NONE', run: aggregateTrades },
  { name: 'GET /fapi/v1/fundingRate', weight: 0, pool: 'FUNDING', security: 'NONE', run: fundingRates },
];
