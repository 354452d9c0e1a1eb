/** Every answer and every event has exactly the fields that the venue documents, each of its type: for clients that parse strictly. */
import { expect } from 'chai';
import { fundingTimeAt, FUNDING_INTERVAL_MS } from '../../src/paper/core/funding.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import { ROUTES } from '../../src/paper/wire/dispatch.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, hmac, Listeners, query, startForTest, type Answer, type Json, type Listener } from './kit.ts';
import { expectShape, shape, type Shape } from './wire-shapes.ts';

const SYMBOL = 'HYPEUSDT';
const ISOLATED = 'GPSUSDT';
/** The start: two minutes before funding is settled. */
const START = fundingTimeAt(Date.now()) + FUNDING_INTERVAL_MS - 120_000;

/** Of POST, PUT and DELETE: since July 2026 without `avgPrice` and `cumQuote`. */
const ORDER = 'orderId:i symbol:t status:t clientOrderId:t price:d origQty:d executedQty:d timeInForce:t type:t reduceOnly:b closePosition:b side:t positionSide:t stopPrice:d workingType:t priceProtect:b origType:t priceMatch:t selfTradePreventionMode:t goodTillDate:i updateTime:i';
const ANSWER = shape(`${ORDER} cumQty:d`);
const ROW = shape(`${ORDER} avgPrice:d cumQuote:d time:i`);
const ALGO = 'algoId:i clientAlgoId:t algoType:t orderType:t symbol:t side:t positionSide:t timeInForce:t quantity:d algoStatus:t triggerPrice:d price:d icebergQuantity:z selfTradePreventionMode:t workingType:t priceMatch:t closePosition:b priceProtect:b reduceOnly:b createTime:i updateTime:i triggerTime:i goodTillDate:i';
const ALGO_ROW = shape(`${ALGO} actualOrderId:t actualPrice:d tpTriggerPrice:d tpPrice:d slTriggerPrice:d slPrice:d tpOrderType:t`);
const TRADE = shape('id:i price:d qty:d quoteQty:d time:i isBuyerMaker:b isRPITrade:b');
const MARK = shape('symbol:t markPrice:d indexPrice:d estimatedSettlePrice:d lastFundingRate:d interestRate:d nextFundingTime:i time:i');
const TICKER = shape('symbol:t priceChange:d priceChangePercent:d weightedAvgPrice:d lastPrice:d lastQty:d openPrice:d highPrice:d lowPrice:d volume:d quoteVolume:d openTime:i closeTime:i firstId:i lastId:i count:i');
const PRICE = shape('symbol:t price:d time:i');
const TOUCH = shape('symbol:t bidPrice:d bidQty:d askPrice:d askQty:d time:i lastUpdateId:i');
const BALANCE = shape('accountAlias:t asset:t balance:d crossWalletBalance:d crossUnPnl:d availableBalance:d maxWithdrawAmount:d marginAvailable:b updateTime:i');
const TOTALS = 'totalInitialMargin:d totalMaintMargin:d totalWalletBalance:d totalUnrealizedProfit:d totalMarginBalance:d totalPositionInitialMargin:d totalOpenOrderInitialMargin:d totalCrossWalletBalance:d totalCrossUnPnl:d availableBalance:d maxWithdrawAmount:d';
const ASSET = 'asset:t walletBalance:d unrealizedProfit:d marginBalance:d maintMargin:d initialMargin:d positionInitialMargin:d openOrderInitialMargin:d crossWalletBalance:d crossUnPnl:d availableBalance:d maxWithdrawAmount:d updateTime:i';
const POSITION = 'symbol:t positionSide:t positionAmt:d unrealizedProfit:d isolatedMargin:d notional:d isolatedWallet:d initialMargin:d maintMargin:d updateTime:i';
const RISK = 'symbol:t positionSide:t positionAmt:d entryPrice:d breakEvenPrice:d markPrice:d unRealizedProfit:d liquidationPrice:d isolatedMargin:d notional:d isolatedWallet:d updateTime:i';
const DONE = shape('code:i msg:t');
const KEY = shape('listenKey:t');
const LIMIT = shape('rateLimitType:t interval:t intervalNum:i limit:i');
const MODES = 'feeTier:i canTrade:b canDeposit:b canWithdraw:b updateTime:i multiAssetsMargin:b tradeGroupId:i';

/** How each filter is written; every symbol has them all. */
const FILTERS: Readonly<Record<string, Shape>> = {
  PRICE_FILTER: shape('filterType:t minPrice:d maxPrice:d tickSize:d'),
  LOT_SIZE: shape('filterType:t minQty:d maxQty:d stepSize:d'),
  MARKET_LOT_SIZE: shape('filterType:t minQty:d maxQty:d stepSize:d'),
  MAX_NUM_ORDERS: shape('filterType:t limit:i'),
  MIN_NOTIONAL: shape('filterType:t notional:d'),
  PERCENT_PRICE: shape('filterType:t multiplierUp:d multiplierDown:d multiplierDecimal:d'),
};

/** Endpoint, parameters, shape. A list of one shape: an array with at least one row of it. */
const asked: readonly (readonly [string, Json, Shape | readonly [Shape]])[] = [
  ['GET /fapi/v1/ping', {}, shape('')],
  ['GET /fapi/v1/time', {}, shape('serverTime:i')],
  ['GET /fapi/v1/depth', { symbol: SYMBOL, limit: 5 }, shape('lastUpdateId:i E:i T:i bids:l asks:l')],
  ['GET /fapi/v1/trades', { symbol: SYMBOL, limit: 5 }, [TRADE]],
  ['GET /fapi/v1/historicalTrades', { symbol: SYMBOL, limit: 5 }, [TRADE]],
  ['GET /fapi/v1/aggTrades', { symbol: SYMBOL, limit: 5 }, [shape('a:i p:d q:d nq:d f:i l:i T:i m:b')]],
  ['GET /fapi/v1/premiumIndex', { symbol: SYMBOL }, MARK],
  ['GET /fapi/v1/premiumIndex', {}, [MARK]],
  ['GET /fapi/v1/fundingRate', { symbol: SYMBOL }, [shape('symbol:t fundingRate:d fundingTime:i markPrice:d rateType:t')]],
  ['GET /fapi/v1/fundingInfo', {}, [shape('symbol:t adjustedFundingRateCap:d adjustedFundingRateFloor:d fundingIntervalHours:i disclaimer:b')]],
  ['GET /fapi/v1/ticker/24hr', { symbol: SYMBOL }, TICKER],
  ['GET /fapi/v1/ticker/24hr', {}, [TICKER]],
  ['GET /fapi/v1/ticker/price', { symbol: SYMBOL }, PRICE],
  ['GET /fapi/v2/ticker/price', {}, [PRICE]],
  ['GET /fapi/v1/ticker/bookTicker', { symbol: SYMBOL }, TOUCH],
  ['GET /fapi/v1/ticker/bookTicker', {}, [TOUCH]],
  ['GET /fapi/v1/openInterest', { symbol: SYMBOL }, shape('openInterest:d symbol:t time:i')],
  ['POST /fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '39', newClientOrderId: 'shape-1' }, ANSWER],
  ['POST /fapi/v1/order', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1', newOrderRespType: 'RESULT' }, ANSWER],
  ['POST /fapi/v1/order/test', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1' }, ANSWER],
  ['PUT /fapi/v1/order', { symbol: SYMBOL, side: 'BUY', quantity: '2', price: '38', origClientOrderId: 'shape-1' }, shape(`${ORDER} cumQty:d pair:t`)],
  ['PUT /fapi/v1/order', { symbol: SYMBOL, side: 'BUY', quantity: '2', price: '37', origClientOrderId: 'shape-1', modifyId: 7 }, shape(`${ORDER} cumQty:d pair:t modifyId:i`)],
  ['GET /fapi/v1/order', { symbol: SYMBOL, origClientOrderId: 'shape-1' }, ROW],
  ['GET /fapi/v1/openOrder', { symbol: SYMBOL, origClientOrderId: 'shape-1' }, ROW],
  ['GET /fapi/v1/openOrders', {}, [ROW]],
  ['GET /fapi/v1/allOrders', { symbol: SYMBOL }, [ROW]],
  ['DELETE /fapi/v1/order', { symbol: SYMBOL, origClientOrderId: 'shape-1' }, ANSWER],
  ['POST /fapi/v1/batchOrders', { batchOrders: JSON.stringify([{ symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '39', newClientOrderId: 'shape-2' }]) }, [ANSWER]],
  ['DELETE /fapi/v1/batchOrders', { symbol: SYMBOL, origClientOrderIdList: '["shape-2"]' }, [ANSWER]],
  ['DELETE /fapi/v1/batchOrders', { symbol: SYMBOL, origClientOrderIdList: '["shape-2"]' }, [DONE]],
  ['DELETE /fapi/v1/allOpenOrders', { symbol: SYMBOL }, DONE],
  ['POST /fapi/v1/countdownCancelAll', { symbol: SYMBOL, countdownTime: 0 }, shape('symbol:t countdownTime:d')],
  ['GET /fapi/v1/userTrades', { symbol: SYMBOL }, [shape('buyer:b commission:d commissionAsset:t id:i maker:b orderId:i price:d qty:d quoteQty:d realizedPnl:d side:t positionSide:t symbol:t time:i')]],
  ['POST /fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'TRAILING_STOP_MARKET', quantity: '1', callbackRate: '1', clientAlgoId: 'shape-3' }, shape(`${ALGO} activatePrice:d callbackRate:d`)],
  ['GET /fapi/v1/algoOrder', { clientAlgoId: 'shape-3' }, ALGO_ROW],
  ['GET /fapi/v1/openAlgoOrders', {}, [ALGO_ROW]],
  ['GET /fapi/v1/allAlgoOrders', { symbol: SYMBOL }, [ALGO_ROW]],
  ['DELETE /fapi/v1/algoOrder', { clientAlgoId: 'shape-3' }, shape('algoId:i clientAlgoId:t code:d msg:t')],
  ['DELETE /fapi/v1/algoOpenOrders', { symbol: SYMBOL }, DONE],
  ['GET /fapi/v2/balance', {}, [BALANCE]],
  ['GET /fapi/v3/balance', {}, [BALANCE]],
  ['GET /fapi/v3/account', {}, shape(TOTALS, { assets: [shape(ASSET)], positions: [shape(POSITION)] })],
  // The live venue tells of a position what version 3 does, besides what its page names.
  ['GET /fapi/v2/account', {}, shape(`${MODES} feeBurn:b ${TOTALS}`, { assets: [shape(`${ASSET} marginAvailable:b`)], positions: [shape(`${POSITION} positionInitialMargin:d openOrderInitialMargin:d leverage:d isolated:b entryPrice:d breakEvenPrice:d maxNotional:d bidNotional:d askNotional:d`)] })],
  ['GET /fapi/v1/accountConfig', {}, shape(`${MODES} dualSidePosition:b`)],
  ['GET /fapi/v1/symbolConfig', {}, [shape('symbol:t marginType:t isAutoAddMargin:b leverage:i maxNotionalValue:d')]],
  ['GET /fapi/v1/commissionRate', { symbol: SYMBOL }, shape('symbol:t makerCommissionRate:d takerCommissionRate:d rpiCommissionRate:d')],
  ['GET /fapi/v1/leverageBracket', { symbol: SYMBOL }, [shape('symbol:t notionalCoef:n', { brackets: [shape('bracket:i initialLeverage:i notionalCap:i notionalFloor:i maintMarginRatio:n cum:n')] })]],
  ['GET /fapi/v2/positionRisk', {}, [shape(`${RISK} marginType:t isAutoAddMargin:q leverage:d maxNotionalValue:d`)]],
  ['GET /fapi/v3/positionRisk', {}, [shape(`${RISK} marginAsset:t initialMargin:d maintMargin:d positionInitialMargin:d openOrderInitialMargin:d adl:i bidNotional:d askNotional:d`)]],
  ['POST /fapi/v1/leverage', { symbol: SYMBOL, leverage: 10 }, shape('leverage:i maxNotionalValue:d symbol:t')],
  ['POST /fapi/v1/positionMargin', { symbol: ISOLATED, amount: '1.5', type: 1 }, shape('amount:n code:i msg:t type:i')],
  ['GET /fapi/v1/positionMargin/history', { symbol: ISOLATED }, [shape('symbol:t type:i deltaType:t amount:d asset:t time:i positionSide:t')]],
  ['GET /fapi/v1/positionSide/dual', {}, shape('dualSidePosition:b')],
  ['GET /fapi/v1/multiAssetsMargin', {}, shape('multiAssetsMargin:b')],
  ['GET /fapi/v1/feeBurn', {}, shape('feeBurn:b')],
  ['GET /fapi/v1/income', {}, [shape('symbol:t incomeType:t income:d asset:t info:t time:i tranId:i tradeId:t')]],
  ['GET /fapi/v1/rateLimit/order', {}, [LIMIT]],
  ['POST /fapi/v1/stock/contract', {}, DONE],
  ['POST /fapi/v1/listenKey', {}, KEY],
  ['PUT /fapi/v1/listenKey', {}, KEY],
];

const DEPTH = shape('e:t E:i T:i s:t U:i u:i pu:i b:l a:l ps:t st:i');
const BOOK = shape('e:t u:i E:i T:i s:t b:d B:d a:d A:d ps:t st:i');
const MARK_EVENT = shape('e:t E:i s:t p:d ap:d i:d P:d r:d T:i st:i');
const MINI = shape('e:t E:i s:t c:d o:d h:d l:d v:d q:d ps:t st:i');
const FULL = shape('e:t E:i s:t p:d P:d w:d c:d Q:d o:d h:d l:d v:d q:d O:i C:i F:i L:i n:i ps:t st:i');
const TRADED = shape('e:t E:i T:i s:t t:i p:d q:d X:t m:b st:i');
const CANDLE = 't:i T:i i:t f:i L:i o:d c:d h:d l:d v:d n:i x:b q:d V:d Q:d B:d';
const LOWER = SYMBOL.toLowerCase();

/** Route and stream, shape. */
const streamed: readonly (readonly [string, Shape | readonly [Shape]])[] = [
  [`market/ws/${LOWER}@aggTrade`, shape('e:t E:i a:i s:t p:d q:d nq:d f:i l:i T:i m:b st:i')],
  [`public/ws/${LOWER}@trade`, TRADED],
  [`market/ws/${LOWER}@markPrice@1s`, MARK_EVENT],
  ['market/ws/!markPrice@arr@1s', [MARK_EVENT]],
  [`market/ws/${LOWER}@kline_1m`, shape('e:t E:i s:t st:i', { k: shape(`${CANDLE} s:t`) })],
  [`market/ws/${LOWER}_perpetual@continuousKline_1m`, shape('e:t E:i ps:t ct:t st:i', { k: shape(CANDLE) })],
  [`market/ws/${LOWER}@miniTicker`, MINI],
  ['market/ws/!miniTicker@arr', [MINI]],
  [`market/ws/${LOWER}@ticker`, FULL],
  ['market/ws/!ticker@arr', [FULL]],
  [`public/ws/${LOWER}@bookTicker`, BOOK],
  ['public/ws/!bookTicker', BOOK],
  [`public/ws/${LOWER}@depth5@100ms`, DEPTH],
  [`market/ws/!forceOrder@arr`, shape('e:t E:i ps:t st:i', { o: shape('s:t S:t o:t f:t q:d p:d ap:d X:t l:d z:d T:i') })],
];

const ORDER_EVENT = 's:t c:t S:t o:t f:t q:d p:d ap:d sp:d x:t X:t i:i l:d z:d L:d n:d T:i t:i b:d a:d m:b R:b wt:t ot:t ps:t cp:b rp:d pP:b si:i ss:i V:t pm:t gtd:i er:d';

/** What of the user's events, shape. */
const told: readonly (readonly [string, (event: Json) => boolean, Shape])[] = [
  ['a new order', (event) => event['e'] === 'ORDER_TRADE_UPDATE' && (event['o'] as Json)['x'] === 'NEW', shape('e:t E:i T:i', { o: shape(ORDER_EVENT) })],
  ['a fill', (event) => event['e'] === 'ORDER_TRADE_UPDATE' && (event['o'] as Json)['x'] === 'TRADE', shape('e:t E:i T:i', { o: shape(`${ORDER_EVENT} N:t`) })],
  ['a fill of a liquidation', (event) => event['e'] === 'ORDER_TRADE_UPDATE' && (event['o'] as Json)['x'] === 'CALCULATED', shape('e:t E:i T:i', { o: shape(`${ORDER_EVENT} N:t`) })],
  ['a fill in short', (event) => event['e'] === 'TRADE_LITE', shape('e:t E:i T:i s:t q:d p:d m:b c:t S:t L:d l:d t:i i:i')],
  ['the account', (event) => event['e'] === 'ACCOUNT_UPDATE' && ((event['a'] as Json)['P'] as Json[]).length > 0, shape('e:t E:i T:i', { a: shape('m:t', { B: [shape('a:t wb:d cw:d bc:d')], P: [shape('s:t pa:d ep:d bep:d cr:d up:d mt:t iw:d ps:t ma:t')] }) })],
  ['a conditional order', (event) => event['e'] === 'ALGO_UPDATE', shape('e:t E:i T:i', { o: shape('caid:t aid:i at:t o:t s:t S:t ps:t f:t q:d X:t ai:t ap:d aq:d act:t tp:d p:d V:t wt:t pm:t cp:b pP:b R:b tt:i gtd:i rm:t ia:b') })],
  ['leverage', (event) => event['e'] === 'ACCOUNT_CONFIG_UPDATE', shape('e:t E:i T:i', { ac: shape('s:t l:i') })],
];

describe('paper exchange: shapes of answers and events', () => {
  let clock: VirtualClock;
  let exchange: PaperExchange;
  let client: Client;
  let user: Listener;
  const listeners = new Listeners();
  const heard = new Map<string, Listener>();

  /** Signs with the exchange's clock. */
  class ClockedClient extends Client {
    override signed<T = Json>(method: string, path: string, params: Json = {}): Promise<Answer<T>> {
      const text = query({ ...params, timestamp: clock.now() });
      return this.raw<T>(method, `${path}?${text}&signature=${hmac(this.secret, text)}`);
    }
  }
  async function sent(name: string, params: Json): Promise<unknown> {
    const [method = '', path = ''] = name.split(' ');
    const route = ROUTES.find((known) => known.name === name)!;
    const { status, json } = route.security === 'SIGNED' ? await client.signed(method, path, params) : await client.raw(method, `${path}?${query(params)}`);
    expect(status, `${name} ${JSON.stringify(json)}`).to.equal(200);
    return json;
  }

  before(async () => {
    clock = new VirtualClock(START);
    exchange = await startForTest({ clock, limits: NO_LIMITS });
    client = new ClockedClient(exchange.url);
    for (const [symbol, price] of [[SYMBOL, '40'], [ISOLATED, '0.01']]) await client.control('POST', 'price', { symbol, price });
    for (const [stream] of streamed) heard.set(stream, await listeners.open(exchange, `/${stream}`));
    const { listenKey } = (await sent('POST /fapi/v1/listenKey', {})) as Json;
    user = await listeners.open(exchange, `/private/ws/${String(listenKey)}`);
    await sent('POST /fapi/v1/marginType', { symbol: ISOLATED, marginType: 'ISOLATED' });
    await sent('POST /fapi/v1/order', { symbol: ISOLATED, side: 'BUY', type: 'MARKET', quantity: '10000' });
    for (let second = 0; second < 130; second++) clock.advance(1_000);
    for (const [symbol, price] of [[SYMBOL, '40'], [ISOLATED, '0.01']]) await client.control('POST', 'price', { symbol, price });
  });
  after(async () => {
    listeners.closeAll();
    await exchange.close();
  });

  for (const [name, params, expected] of asked) {
    it(`${name} ${JSON.stringify(params).slice(0, 60)}`, async () => {
      expectShape(await sent(name, params), expected, name);
    });
  }

  it('GET /fapi/v1/exchangeInfo, with every filter of every symbol', async () => {
    const { symbols, ...rest } = (await sent('GET /fapi/v1/exchangeInfo', {})) as Json & { symbols: Json[] };
    expect(rest['exchangeFilters']).to.deep.equal([]);
    expectShape({ ...rest, exchangeFilters: [] }, shape('timezone:t serverTime:i futuresType:t exchangeFilters:a', { rateLimits: [LIMIT], assets: [shape('asset:t marginAvailable:b autoAssetExchange:d')] }), 'exchangeInfo');
    for (const { filters, ...symbol } of symbols) {
      expectShape(symbol, shape('symbol:t pair:t contractType:t deliveryDate:i onboardDate:i status:t maintMarginPercent:d requiredMarginPercent:d baseAsset:t quoteAsset:t marginAsset:t pricePrecision:i quantityPrecision:i baseAssetPrecision:i quotePrecision:i underlyingType:t underlyingSubType:a settlePlan:i triggerProtect:d liquidationFee:d marketTakeBound:d maxMoveOrderLimit:i orderTypes:a timeInForce:a'), String(symbol['symbol']));
      expect((filters as Json[]).map(({ filterType }) => filterType)).to.have.members(Object.keys(FILTERS));
      for (const filter of filters as Json[]) expectShape(filter, FILTERS[String(filter['filterType'])]!, `${String(symbol['symbol'])} ${String(filter['filterType'])}`);
    }
  });

  it('candles: twelve columns', async () => {
    for (const [path, params] of [['klines', { symbol: SYMBOL }], ['continuousKlines', { pair: SYMBOL, contractType: 'PERPETUAL' }], ['markPriceKlines', { symbol: SYMBOL }], ['indexPriceKlines', { pair: SYMBOL }], ['premiumIndexKlines', { symbol: SYMBOL }]] as const) {
      const rows = (await sent(`GET /fapi/v1/${path}`, { ...params, interval: '1m', limit: 3 })) as unknown[][];
      expect(rows.length, path).to.equal(3);
      for (const row of rows) expectShape(Object.fromEntries(row.entries()), shape('0:i 1:d 2:d 3:d 4:d 5:d 6:i 7:d 8:i 9:d 10:d 11:d'), path);
    }
  });

  it('forced orders, and every stream, after a liquidation', async () => {
    await sent('POST /fapi/v1/leverage', { symbol: ISOLATED, leverage: 20 });
    await client.control('POST', 'price', { symbol: ISOLATED, price: '0.0085' });
    for (let second = 0; second < 6; second++) clock.advance(1_000);
    expectShape(await sent('GET /fapi/v1/forceOrders', {}), [ROW], 'forceOrders');
    for (const [stream, expected] of streamed) {
      const message = await heard.get(stream)!.until(() => true);
      expectShape(message, expected, stream);
    }
    for (const [what, matches, expected] of told) expectShape(await user.until(matches), expected, what);
  });

  it('forgets no endpoint', () => {
    const elsewhere = ['GET /fapi/v1/exchangeInfo', 'GET /fapi/v1/forceOrders', 'POST /fapi/v1/marginType', 'POST /fapi/v1/positionSide/dual', 'POST /fapi/v1/multiAssetsMargin', 'DELETE /fapi/v1/listenKey', 'GET /fapi/v1/indexInfo', 'PUT /fapi/v1/batchOrders', 'GET /fapi/v1/orderAmendment'];
    const known = new Set([...asked.map(([name]) => name), ...elsewhere]);
    expect(ROUTES.map(({ name }) => name).filter((name) => !known.has(name) && !/klines$/i.test(name))).to.deep.equal([]);
  });
});
