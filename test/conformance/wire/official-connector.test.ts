/** The exchange's own connector, unchanged but for its addresses, through the calls and streams a bot uses. */
import type { DerivativesTradingUsdsFutures } from '@binance/derivatives-trading-usds-futures';
import { expect } from 'chai';
import { Heard, startPaperProcess, type PaperProcess, type Row } from './paper-process.ts';

const SYMBOL = 'HYPEUSDT';
const UNICODE = '币安人生USDT';

describe('wire: @binance/derivatives-trading-usds-futures', () => {
  let paper: PaperProcess;
  let client: DerivativesTradingUsdsFutures;
  before(async () => {
    // Read when it is loaded; it tells of each connection otherwise.
    process.env['LOG_LEVEL'] = 'error';
    const connector = await import('@binance/derivatives-trading-usds-futures');
    paper = await startPaperProcess();
    await paper.price(SYMBOL, '33');
    client = new connector.DerivativesTradingUsdsFutures({
      configurationRestAPI: { apiKey: 'paper', apiSecret: 'paper', basePath: paper.url, timeout: 8_000, retries: 0 },
      configurationWebsocketStreams: { wsURL: paper.streams },
    });
  });
  after(() => paper.close());

  /** What a call answered, as it came. Its enumerations are written as the wire writes them. */
  async function call(name: string, parameters: Row = {}): Promise<Row & readonly Row[]> {
    const rest = client.restAPI as unknown as Record<string, (parameters: Row) => Promise<{ data(): Promise<Row & readonly Row[]> }>>;
    return (await rest[name]!(parameters)).data();
  }

  it('reads the market', async () => {
    expect(await call('checkServerTime')).to.have.property('serverTime');
    expect(((await call('exchangeInformation'))['symbols'] as Row[]).map((row) => row['symbol'])).to.include.members([SYMBOL, UNICODE]);
    expect(await call('klineCandlestickData', { symbol: UNICODE, interval: '5m', limit: 3 })).to.have.length(3);
    expect((await call('orderBook', { symbol: SYMBOL, limit: 5 }))['bids']).to.have.length(5);
    expect(await call('markPrice', { symbol: SYMBOL })).to.have.property('nextFundingTime');
    expect(await call('ticker24hrPriceChangeStatistics', { symbol: SYMBOL })).to.include({ symbol: SYMBOL });
    expect(await call('openInterest', { symbol: SYMBOL })).to.have.property('openInterest');
    expect(await call('compressedAggregateTradesList', { symbol: SYMBOL, limit: 1 })).to.have.length(1);
  });

  it('places, asks for, amends and cancels orders, alone and in batches', async () => {
    const order = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 1, price: 32 };
    const placed = await call('newOrder', order);
    expect(placed).to.include({ status: 'NEW', origQty: '1', price: '32' });
    const orderId = placed['orderId'];
    expect(await call('queryOrder', { symbol: SYMBOL, orderId })).to.include({ status: 'NEW', avgPrice: '0' });
    expect(await call('modifyOrder', { symbol: SYMBOL, orderId, side: 'BUY', quantity: 1, price: 31.5 })).to.include({ price: '31.5' });
    expect(await call('cancelOrder', { symbol: SYMBOL, orderId })).to.include({ status: 'CANCELED' });
    const batch = await call('placeMultipleOrders', { batchOrders: [order, { ...order, side: 'NONE' }, order] });
    expect(batch.map((row) => row['status'] ?? row['code'])).to.deep.equal(['NEW', -1117, 'NEW']);
    const open = await call('currentAllOpenOrders', { symbol: SYMBOL });
    const canceled = await call('cancelMultipleOrders', { symbol: SYMBOL, orderIdList: open.map((row) => row['orderId']) });
    expect(canceled.map((row) => row['status'])).to.deep.equal(['CANCELED', 'CANCELED']);
    expect(await call('autoCancelAllOpenOrders', { symbol: SYMBOL, countdownTime: 60_000 })).to.include({ countdownTime: '60000' });
    expect(await call('allOrders', { symbol: SYMBOL })).to.have.length(3);
  });

  it('opens a position, protects it, sees it in every place, and closes it', async () => {
    await call('changeInitialLeverage', { symbol: SYMBOL, leverage: 5 });
    await call('changeMarginType', { symbol: SYMBOL, marginType: 'ISOLATED' });
    const bought = await call('newOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: 1, newOrderRespType: 'RESULT' });
    expect(bought).to.include({ status: 'FILLED', executedQty: '1' });
    const stop = await call('newAlgoOrder', { algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: 1, triggerPrice: 30, reduceOnly: 'true' });
    expect(stop).to.include({ algoStatus: 'NEW' });
    expect(await call('currentAllAlgoOpenOrders', { symbol: SYMBOL })).to.have.length(1);
    expect((await call('positionInformationV3', { symbol: SYMBOL }))[0]).to.include({ positionAmt: '1', symbol: SYMBOL });
    expect((await call('accountInformationV3'))['positions']).to.have.length(1);
    expect(await call('accountTradeList', { symbol: SYMBOL })).to.have.length.of.at.least(1);
    expect(await call('getIncomeHistory')).to.have.length.of.at.least(2);
    await call('cancelAllAlgoOpenOrders', { symbol: SYMBOL });
    await call('newOrder', { symbol: SYMBOL, side: 'SELL', type: 'MARKET', quantity: 1, reduceOnly: 'true' });
    expect(await call('positionInformationV3', { symbol: SYMBOL })).to.have.length(0);
    const [balance] = await call('futuresAccountBalanceV3');
    expect(balance).to.have.property('asset', 'USDT');
  });

  it('understands a refusal', async () => {
    const error = await call('newOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: 0 }).then(() => null, (caught: unknown) => caught);
    expect(error).to.be.instanceOf(Error).and.have.property('message').that.includes('Quantity less than zero.');
  });

  it('hears marks, book and its own orders on the three routes', async () => {
    const streams = await client.websocketStreams.connect();
    const [market, user] = [new Heard(), new Heard()];
    streams.markPriceStream({ symbol: SYMBOL.toLowerCase(), updateSpeed: '1s' as never }).on('message', market.hear);
    streams.individualSymbolBookTickerStreams({ symbol: SYMBOL.toLowerCase() }).on('message', market.hear);
    const { listenKey } = await call('startUserDataStream');
    streams.userData(String(listenKey)).on('message', user.hear);
    await market.until((message) => message['e'] === 'markPriceUpdate');
    await market.until((message) => message['e'] === 'bookTicker');
    await call('newOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: 1, newClientOrderId: 'heard' });
    await user.until((message) => message['e'] === 'ORDER_TRADE_UPDATE' && (message['o'] as Row)['X'] === 'FILLED');
    const told = user.messages.filter((message) => (message['o'] as Row | undefined)?.['c'] === 'heard').map((message) => (message['o'] as Row)['x']);
    expect(told[0]).to.equal('NEW');
    expect(told).to.include('TRADE');
    expect(user.messages.map((message) => message['e'])).to.include('ACCOUNT_UPDATE');
    await streams.disconnect();
  });
});
