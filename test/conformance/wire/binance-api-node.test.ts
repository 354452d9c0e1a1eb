/** `binance-api-node`, a client with an implementation of its own, unchanged but for its addresses. */
import binanceApiNode from 'binance-api-node';
import { expect } from 'chai';
import { Heard, startPaperProcess, type PaperProcess, type Row } from './paper-process.ts';

const SYMBOL = 'RIVERUSDT';
const UNICODE = '币安人生USDT';

/** Its types know fewer fields than it passes on; a call is looked at as it comes. */
type Call = (...parameters: unknown[]) => Promise<Row & readonly Row[]>;
interface Loose {
  readonly ws: Record<string, (...parameters: unknown[]) => unknown>;
  readonly [name: string]: unknown;
}

describe('wire: binance-api-node', () => {
  let paper: PaperProcess;
  let client: Loose;
  const call = (name: string, ...parameters: unknown[]) => (client[name] as Call)(...parameters);
  before(async () => {
    paper = await startPaperProcess();
    await paper.price(SYMBOL, '14');
    const make = ((binanceApiNode as unknown as { default?: unknown }).default ?? binanceApiNode) as (options: Row) => Loose;
    client = make({
      apiKey: 'paper', apiSecret: 'paper', httpFutures: paper.url,
      wsFuturesPublic: `${paper.streams}/public/ws`, wsFuturesMarket: `${paper.streams}/market/ws`, wsFuturesPrivate: `${paper.streams}/private/ws`,
    });
  });
  after(() => paper.close());

  it('reads the market', async () => {
    expect(await call('futuresPing')).to.equal(true);
    expect(await call('futuresTime')).to.be.a('number');
    expect(((await call('futuresExchangeInfo'))['symbols'] as Row[]).map((row) => row['symbol'])).to.include.members([SYMBOL, UNICODE]);
    expect(await call('futuresCandles', { symbol: UNICODE, interval: '5m', limit: 3 })).to.have.length(3);
    expect((await call('futuresBook', { symbol: SYMBOL, limit: 5 }))['bids']).to.have.length(5);
    expect(await call('futuresMarkPrice')).to.have.length.of.at.least(9);
    expect(await call('futuresDailyStats', { symbol: SYMBOL })).to.include({ symbol: SYMBOL });
    expect(await call('futuresPrices')).to.have.property(SYMBOL);
    expect(await call('futuresAllBookTickers')).to.have.property(SYMBOL);
    expect(await call('futuresTrades', { symbol: SYMBOL, limit: 1 })).to.have.length(1);
    expect(await call('futuresAggTrades', { symbol: SYMBOL, limit: 1 })).to.have.length(1);
  });

  it('places, asks for, cancels, in batches too', async () => {
    const order = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1', price: '13' };
    const placed = await call('futuresOrder', order);
    expect(placed).to.include({ status: 'NEW', price: '13' });
    expect(await call('futuresGetOrder', { symbol: SYMBOL, orderId: placed['orderId'] })).to.include({ status: 'NEW' });
    expect(await call('futuresUpdateOrder', { symbol: SYMBOL, orderId: placed['orderId'], side: 'BUY', quantity: '2', price: '13' })).to.include({ origQty: '2' });
    expect(await call('futuresCancelOrder', { symbol: SYMBOL, orderId: placed['orderId'] })).to.include({ status: 'CANCELED' });
    const batch = await call('futuresBatchOrders', { batchOrders: JSON.stringify([order, { ...order, price: '0' }]) });
    expect(batch.map((row) => row['status'] ?? row['code'])).to.deep.equal(['NEW', -4001]);
    expect(await call('futuresOpenOrders', { symbol: SYMBOL })).to.have.length(1);
    await call('futuresCancelAllOpenOrders', { symbol: SYMBOL });
    expect(await call('futuresOpenOrders', { symbol: SYMBOL })).to.have.length(0);
    expect(await call('futuresAllOrders', { symbol: SYMBOL })).to.have.length(2);
  });

  it('trades a position with a conditional order, and reads account, positions, trades and income', async () => {
    await call('futuresLeverage', { symbol: SYMBOL, leverage: 3 });
    await call('futuresMarginType', { symbol: SYMBOL, marginType: 'ISOLATED' });
    expect(await call('futuresOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '2', newOrderRespType: 'RESULT' })).to.include({ status: 'FILLED' });
    const stop = await call('futuresCreateAlgoOrder', { symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: '2', triggerPrice: '12', reduceOnly: 'true', algoType: 'CONDITIONAL' });
    expect(stop).to.include({ algoStatus: 'NEW' });
    expect(await call('futuresGetOpenAlgoOrders', { symbol: SYMBOL })).to.have.length(1);
    await call('futuresCancelAllAlgoOpenOrders', { symbol: SYMBOL });
    expect((await call('futuresPositionRisk', { symbol: SYMBOL }))[0]).to.include({ positionAmt: '2', marginType: 'isolated', leverage: '3' });
    expect((await call('futuresAccountBalance'))[0]).to.include({ asset: 'USDT' });
    expect((await call('futuresAccountInfo'))['assets']).to.have.length(1);
    expect(await call('futuresPositionMode')).to.deep.equal({ dualSidePosition: false });
    await call('futuresOrder', { symbol: SYMBOL, side: 'SELL', type: 'MARKET', quantity: '2', reduceOnly: 'true' });
    expect(await call('futuresUserTrades', { symbol: SYMBOL })).to.have.length.of.at.least(2);
    expect(await call('futuresIncome', {})).to.have.length.of.at.least(3);
    expect(await call('futuresLeverageBracket', { symbol: SYMBOL })).to.have.length(1);
  });

  it('understands a refusal by its code', async () => {
    const error = await call('futuresOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '0' }).then(() => null, (caught: unknown) => caught as Row);
    expect(error).to.include({ code: -4003, message: 'Quantity less than zero.' });
  });

  it('hears candles, book and its own orders on the three routes', async () => {
    const [market, user] = [new Heard(), new Heard()];
    const ends = [
      client.ws['futuresCandles']!(UNICODE, '1m', market.hear, false),
      client.ws['futuresBookTicker']!(SYMBOL, market.hear, false),
      await client.ws['futuresUser']!(user.hear, false),
    ] as ((options?: Row) => unknown)[];
    await market.until((message) => message['e'] === 'kline' && message['s'] === UNICODE);
    await market.until((message) => message['e'] === 'bookTicker' && message['s'] === SYMBOL);
    await call('futuresOrder', { symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1', newClientOrderId: 'heard' });
    const filled = await user.until((message) => ((message['o'] ?? message['order']) as Row | undefined)?.['X'] === 'FILLED' || message['orderStatus'] === 'FILLED');
    expect(JSON.stringify(filled)).to.include('heard');
    for (const end of ends) await end({ delay: 0, fastClose: true });
  });
});
