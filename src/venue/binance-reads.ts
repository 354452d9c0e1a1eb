/** What the venue can be asked, as one table: for each read its requests and how its answer is understood. */
import type { SymbolName } from '../protocol/names.ts';
import type { ReadName, VenueReads } from '../protocol/venue.ts';
import type { CallFailure, CallResult, VenueRequest } from './binance-call.ts';
import { nameOf } from './binance-call.ts';
import { parseAccount, parseAccountConfig, parseBrackets, parseFeeBurn, parseKeyPermissions, parseMayTransferOut, parsePositions, parseSettings } from './parse-account.ts';
import { parseFundingIntervals, parseIncome } from './parse-income.ts';
import { parseCandles, parseInstruments, parseServerTime, parseTickers } from './parse-market.ts';
import { parseAlgoOrder, parseOpenAlgoOrders, parseOpenOrders, parseOrder, parseTrades } from './parse-orders.ts';
import { VenueError } from './port.ts';
import type { History } from './history-pages.ts';
import { readHistory } from './history-pages.ts';

/** What a read may use. */
interface ReadContext {
  /** One request, its failure as a value. */
  call(request: VenueRequest): Promise<CallResult>;
  /** The same at the address that tells what keys may do; undefined: there is none. */
  readonly callKeys: ((request: VenueRequest) => Promise<CallResult>) | undefined;
  /** @returns never: throws what `failure` means for a read. */
  fail(failure: CallFailure): never;
  /** Our clock, ms. */
  now(): number;
  /** Venue time, ms, as far as it is known. */
  venueNow(): number;
  onBadRow(reason: string): void;
}

type Readers = { readonly [Name in ReadName]: (query: VenueReads[Name]['query'], context: ReadContext) => Promise<VenueReads[Name]['answer']> };

const ORDER_DOES_NOT_EXIST = -2013;
const INCOME_PAGE = 1_000;
/** 20,000 rows are no gap to fill but a mistake in `since`. */
const MOST_INCOME_PAGES = 20;

export const readers: Readers = {
  async serverTime(_query, context) {
    const sentAt = context.now();
    const { body, where } = await ask(context, open('fapi/v1/time'));
    return { serverTime: parseServerTime(body, where), sentAt, receivedAt: context.now() };
  },
  async instruments(_query, context) {
    const { body, where } = await ask(context, open('fapi/v1/exchangeInfo'));
    return parseInstruments(body, where, (reason) => context.onBadRow(reason));
  },
  async tickers(_query, context) {
    const { body, where } = await ask(context, open('fapi/v1/ticker/24hr'));
    return parseTickers(body, where, (reason) => context.onBadRow(reason));
  },
  async candles({ symbol, limit }, context) {
    const { body, where } = await ask(context, open('fapi/v1/klines', { symbol, interval: '1m', limit }));
    return parseCandles(body, where, context.venueNow());
  },
  async account(_query, context) {
    const sentAt = context.venueNow();
    const { body, where } = await ask(context, signed('fapi/v3/account'));
    return parseAccount(body, where, sentAt);
  },
  async accountModes(_query, context) {
    const [config, account] = await Promise.all([ask(context, signed('fapi/v1/accountConfig')), ask(context, signed('fapi/v2/account'))]);
    return { ...parseAccountConfig(config.body, config.where), feeBurn: parseFeeBurn(account.body, account.where) };
  },
  async keyPermissions(_query, context) {
    if (context.callKeys === undefined) {
      const { body, where } = await ask(context, signed('fapi/v1/accountConfig'));
      return parseMayTransferOut(body, where);
    }
    const request = signed('sapi/v1/account/apiRestrictions');
    const result = await context.callKeys(request);
    return result.ok ? parseKeyPermissions(result.body, nameOf(request)) : context.fail(result.failure);
  },
  async settings(_query, context) {
    const { body, where } = await ask(context, signed('fapi/v1/symbolConfig'));
    return parseSettings(body, where);
  },
  async brackets(_query, context) {
    const { body, where } = await ask(context, signed('fapi/v1/leverageBracket'));
    return parseBrackets(body, where);
  },
  async income({ since, symbol, type }, context) {
    const found = new Map<string, VenueReads['income']['answer'][number]>();
    // A page that is full is followed by the next, by number: rows of the same millisecond have no other order.
    for (let page = 1; page <= MOST_INCOME_PAGES; page += 1) {
      const { body, where } = await ask(context, signed('fapi/v1/income', { startTime: since, symbol, incomeType: type, limit: INCOME_PAGE, page }));
      const rows = parseIncome(body, where);
      for (const row of rows) found.set(row.incomeId, row);
      if (rows.length < INCOME_PAGE) return [...found.values()].toSorted((one, other) => one.at - other.at);
    }
    throw new VenueError('unknown', `GET /fapi/v1/income: since ${since} does not end within ${MOST_INCOME_PAGES} pages`);
  },
  async fundingIntervals(_query, context) {
    const { body, where } = await ask(context, open('fapi/v1/fundingInfo'));
    return parseFundingIntervals(body, where);
  },
  async positions({ symbol }, context) {
    const { body, where } = await ask(context, signed('fapi/v3/positionRisk', { symbol }));
    return parsePositions(body, where);
  },
  async openOrders({ symbol }, context) {
    const { body, where } = await ask(context, signed('fapi/v1/openOrders', { symbol }));
    return parseOpenOrders(body, where);
  },
  async openAlgoOrders({ symbol }, context) {
    const { body, where } = await ask(context, signed('fapi/v1/openAlgoOrders', { symbol }));
    return parseOpenAlgoOrders(body, where);
  },
  async order({ symbol, ...name }, context) {
    const found = await askForOne(context, signed('fapi/v1/order', { symbol, ...('orderId' in name ? { orderId: name.orderId } : { origClientOrderId: name.clientId }) }));
    return found === undefined ? undefined : parseOrder(found.body, found.where);
  },
  async algoOrder({ clientId }, context) {
    const found = await askForOne(context, signed('fapi/v1/algoOrder', { clientAlgoId: clientId }));
    return found === undefined ? undefined : parseAlgoOrder(found.body, found.where);
  },
  trades({ symbol, since }, context) {
    return history(context, { request: 'fapi/v1/userTrades', from: 'fromId', id: (trade) => trade.tradeId, at: (trade) => trade.at }, parseTrades, symbol, since);
  },
  orders({ symbol, since }, context) {
    return history(context, { request: 'fapi/v1/allOrders', from: 'orderId', id: (order) => order.orderId, at: (order) => order.updatedAt }, parseOpenOrders, symbol, since);
  },
  algoOrders({ symbol, since }, context) {
    return history(context, { request: 'fapi/v1/allAlgoOrders', from: 'algoId', id: (order) => order.algoId, at: (order) => order.updatedAt }, parseOpenAlgoOrders, symbol, since);
  },
};

async function history<Row>(context: ReadContext, of: History<Row>, parse: (body: unknown, where: string) => readonly Row[], symbol: SymbolName, since: number): Promise<readonly Row[]> {
  async function page(params: Params): Promise<readonly Row[]> {
    const { body, where } = await ask(context, signed(of.request, params));
    return parse(body, where);
  }
  return readHistory(of, page, symbol, since, context.venueNow());
}

interface Answer {
  readonly body: unknown;
  readonly where: string;
}

async function ask(context: ReadContext, request: VenueRequest): Promise<Answer> {
  const result = await context.call(request);
  return result.ok ? { body: result.body, where: nameOf(request) } : context.fail(result.failure);
}

/** The algo service answers −2013 too; its text is accepted with another code, because its codes are not documented. */
async function askForOne(context: ReadContext, request: VenueRequest): Promise<Answer | undefined> {
  const result = await context.call(request);
  if (result.ok) return { body: result.body, where: nameOf(request) };
  const { code, status, text } = result.failure;
  const answered = status !== undefined && status < 500 && code !== undefined;
  if (answered && (code === ORDER_DOES_NOT_EXIST || /\border (does not|doesn't) exist\b/i.test(text))) return undefined;
  return context.fail(result.failure);
}

type Params = NonNullable<VenueRequest['params']>;

function open(path: string, params: Params = {}): VenueRequest {
  return { method: 'GET', path, signed: false, params };
}

function signed(path: string, params: Params = {}): VenueRequest {
  return { method: 'GET', path, signed: true, params };
}
