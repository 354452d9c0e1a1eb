/** Each fault of the streams, and each thing the venue does by itself, as the `binance` SDK tells it, and what the truth says. The page on the paper exchange has a row for each. */
import { expect } from 'chai';
import { documentedFaults, SdkOnPaper, type Row, type SdkStreams } from './sdk-kit.ts';

const SYMBOL = 'GPSUSDT';
const PRIVATE = ['ORDER_TRADE_UPDATE', 'ACCOUNT_UPDATE', 'ALGO_UPDATE'];

/** A user event in a few words. */
function brief(message: Row): string {
  const o = message['o'] as Row | undefined;
  if (message['e'] === 'ORDER_TRADE_UPDATE') return `order ${String(o!['x'])} ${String(o!['X'])}`;
  if (message['e'] === 'ALGO_UPDATE') return `algo ${String(o!['X'])}`;
  return `account ${String((message['a'] as Row)['m'])}`;
}

describe('wire: faults of the streams through the SDK', () => {
  let paper: SdkOnPaper;
  let streams: SdkStreams;
  beforeEach(async () => {
    paper = await SdkOnPaper.start();
    await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.010000' });
    streams = paper.streams();
  });
  afterEach(async () => {
    streams.close();
    await paper.close();
  });

  const tested: Record<'streams' | 'venue', string[]> = { streams: [], venue: [] };
  function fault(table: 'streams' | 'venue', name: string, run: () => Promise<void>): void {
    tested[table].push(name);
    it(name, run);
  }

  const begin = (spec: Row) => paper.control('POST', 'streams', spec);
  /** One user event each, with this leverage. */
  const configure = (leverage: number) => paper.rest.setLeverage({ symbol: SYMBOL, leverage });
  const configured = (from = 0) => streams.messages(['ACCOUNT_CONFIG_UPDATE'], from).map((message) => (message['ac'] as Row)['l']);
  const untilConfigured = (leverage: number) => streams.until(({ message }) => (message['ac'] as Row | undefined)?.['l'] === leverage);
  const connections = (from = 0) => streams.told.slice(from).flatMap(({ event, route }) => (event === 'message' ? [] : [`${event} ${route}`]));
  const order = (params: Row) => paper.rest.submitNewOrder({ symbol: SYMBOL, type: 'MARKET', quantity: '1000', ...params } as never) as unknown as Promise<Row>;
  const stopAt = (triggerPrice: string) => paper.rest.submitNewAlgoOrder({ algoType: 'CONDITIONAL', symbol: SYMBOL, side: 'SELL', type: 'STOP_MARKET', quantity: '1000', triggerPrice, reduceOnly: 'true', clientAlgoId: 'x-15PC4ZJystop' } as never);
  const openAlgos = async () => (await paper.rest.getOpenAlgoOrders({ symbol: SYMBOL })) as unknown as Row[];
  const positions = async () => ((await paper.truth())['positions'] as Row[]).map(({ positionAmt }) => positionAmt);

  fault('streams', '`disconnect`', async () => {
    await streams.openUser();
    const from = streams.told.length;
    await begin({ stream: 'user', action: 'disconnect' });
    paper.advance(0);
    await streams.until(({ event }) => event === 'reconnected', from);
    expect(connections(from)).to.deep.equal(['reconnecting private', 'reconnected private']);
    await configure(3);
    await untilConfigured(3);
  });

  fault('streams', '`disconnect` for a time', async () => {
    await streams.openUser();
    const from = streams.told.length;
    await begin({ stream: 'user', action: 'disconnect', forMs: 5_000 });
    await streams.until(({ event }) => event === 'exception', from);
    await order({ side: 'BUY', newClientOrderId: 'x-15PC4ZJyaway' });
    expect(await paper.knows('x-15PC4ZJyaway')).to.equal(true);
    paper.advance(5_000);
    await streams.until(({ event }) => event === 'reconnected', from);
    await configure(3);
    await untilConfigured(3);
    // What happened meanwhile is told by nobody; only REST has it.
    expect(streams.messages(PRIVATE)).to.deep.equal([]);
    expect(new Set(connections(from))).to.deep.equal(new Set(['reconnecting private', 'exception private', 'reconnected private']));
    expect(connections(from).at(-1)).to.equal('reconnected private');
  });

  fault('streams', '`silence`', async () => {
    await streams.openUser();
    const from = streams.told.length;
    await begin({ stream: 'all', action: 'silence', forMs: 5_000 });
    await order({ side: 'BUY', newClientOrderId: 'x-15PC4ZJyunheard' });
    expect(await paper.knows('x-15PC4ZJyunheard')).to.equal(true);
    paper.advance(5_000);
    await configure(3);
    await untilConfigured(3);
    expect(connections(from)).to.deep.equal([]);
    expect(streams.messages(PRIVATE)).to.deep.equal([]);
  });

  fault('streams', '`duplicate`', async () => {
    await streams.openUser();
    await begin({ stream: 'user', action: 'duplicate', forMs: 5_000 });
    await order({ side: 'BUY' });
    await configure(3);
    await untilConfigured(3);
    paper.advance(5_000);
    await configure(4);
    await untilConfigured(4);
    expect(configured()).to.deep.equal([3, 3, 4]);
    const fills = streams.messages(['ORDER_TRADE_UPDATE']).flatMap((message) => ((message['o'] as Row)['x'] === 'TRADE' ? [(message['o'] as Row)['t']] : []));
    const trades = ((await paper.truth())['trades'] as Row[]).map(({ id }) => id);
    expect(fills).to.deep.equal(trades.flatMap((id) => [id, id]));
  });

  fault('streams', '`reorder`', async () => {
    await streams.openUser();
    await begin({ stream: 'user', action: 'reorder', forMs: 5_000 });
    for (const leverage of [3, 4, 5]) await configure(leverage);
    await untilConfigured(3);
    expect(configured()).to.deep.equal([4, 3]);
    paper.advance(5_000);
    await untilConfigured(5);
    expect(configured()).to.deep.equal([4, 3, 5]);
    const times = streams.messages(['ACCOUNT_CONFIG_UPDATE']).map((message) => Number(message['E']));
    expect(times[0]).to.be.at.least(times[1]!);
  });

  fault('streams', '`expire-listen-key`', async () => {
    await streams.openUser();
    const before = streams.told.length;
    await begin({ stream: 'user', action: 'expire-listen-key' });
    paper.advance(0);
    await streams.until(({ event }) => event === 'reconnected');
    expect(streams.told.slice(before).map(({ event, message }) => message['e'] ?? event)).to.deep.equal(['listenKeyExpired', 'reconnecting', 'reconnected']);
    const { listenKey } = (await paper.rest.getFuturesUserDataListenKey()) as unknown as { listenKey: string };
    expect(streams.messages(['listenKeyExpired'])[0]!['listenKey']).not.to.equal(listenKey);
    await configure(3);
    await untilConfigured(3);
  });

  fault('streams', '`error` on `POST /fapi/v1/listenKey`', async () => {
    await paper.control('POST', 'faults', { match: { method: 'POST', path: '/fapi/v1/listenKey' }, action: 'error', status: 503, times: 1 });
    expect(await streams.socket.subscribeUsdFuturesUserDataStream()).to.equal(undefined);
    expect(connections()).to.deep.equal(['exception private']);
    // Nothing was tried again: who asks again is served.
    await streams.openUser();
    await configure(3);
    await untilConfigured(3);
  });

  fault('streams', '`disconnect` of the market', async () => {
    await streams.openUser();
    await streams.socket.subscribe(['gpsusdt@bookTicker', 'gpsusdt@aggTrade'], 'usdm');
    for (const event of ['bookTicker', 'aggTrade']) {
      while (streams.messages([event]).length === 0) {
        await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.010000' });
      }
    }
    const from = streams.told.length;
    await begin({ stream: 'market', action: 'disconnect' });
    paper.advance(0);
    for (const route of ['public', 'market']) await streams.until((told) => told.event === 'reconnected' && told.route === route, from);
    expect(connections(from).toSorted()).to.deep.equal(['reconnected market', 'reconnected public', 'reconnecting market', 'reconnecting public']);
    // It subscribes again by itself.
    const back = streams.told.length;
    for (const event of ['bookTicker', 'aggTrade']) {
      while (streams.messages([event], back).length === 0) await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.010001' });
    }
  });

  fault('venue', '`POST price` through a stop', async () => {
    await streams.openUser();
    await order({ side: 'BUY' });
    await stopAt('0.009800');
    await streams.until(({ message }) => message['e'] === 'ALGO_UPDATE');
    const from = streams.told.length;
    await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.008000' });
    await streams.until(({ message }) => message['e'] === 'ALGO_UPDATE' && (message['o'] as Row)['X'] === 'FINISHED', from);
    const told = streams.messages(PRIVATE, from);
    expect(told.map(brief).filter((text) => text.startsWith('algo'))).to.deep.equal(['algo TRIGGERING', 'algo TRIGGERED', 'algo FINISHED']);
    expect(told.map(brief).filter((text) => !text.startsWith('algo'))).to.deep.equal(['order NEW NEW', 'account ORDER', 'order TRADE FILLED']);
    const fill = told.find((message) => (message['o'] as Row | undefined)?.['x'] === 'TRADE')!['o'] as Row;
    // Not at the trigger: where the market is.
    expect(Number(fill['L'])).to.be.at.most(0.008);
    expect(await positions()).to.deep.equal([]);
  });

  fault('venue', '`POST price` through the liquidation price', async () => {
    await streams.openUser();
    await paper.rest.setLeverage({ symbol: SYMBOL, leverage: 20 });
    await paper.rest.setMarginType({ symbol: SYMBOL, marginType: 'ISOLATED' });
    await order({ side: 'BUY' });
    await order({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '0.009200' });
    const { liquidationPrice } = ((await paper.rest.getPositionsV3({ symbol: SYMBOL })) as unknown as Row[])[0]!;
    await streams.until(({ message }) => (message['o'] as Row | undefined)?.['p'] === '0.0092');
    const from = streams.told.length;
    await paper.control('POST', 'price', { symbol: SYMBOL, price: (Number(liquidationPrice) - 0.0001).toFixed(6) });
    await streams.until(({ message }) => (message['o'] as Row | undefined)?.['x'] === 'CALCULATED', from);
    const told = streams.messages(PRIVATE, from);
    expect(told.map(brief).filter((text) => text.startsWith('order'))).to.deep.equal(['order CANCELED CANCELED', 'order NEW NEW', 'order CALCULATED FILLED']);
    const last = told.find((message) => (message['o'] as Row | undefined)?.['x'] === 'CALCULATED')!['o'] as Row;
    expect(last['c']).to.match(/^autoclose-/);
    expect(await positions()).to.deep.equal([]);
    const forced = (await paper.rest.getForceOrders({ symbol: SYMBOL, autoCloseType: 'LIQUIDATION' })) as unknown as Row[];
    expect(forced.map((row) => row['clientOrderId'])).to.deep.equal([last['c']]);
  });

  fault('venue', '`POST adl`', async () => {
    await streams.openUser();
    await order({ side: 'BUY' });
    await streams.until(({ message }) => (message['o'] as Row | undefined)?.['X'] === 'FILLED');
    const from = streams.told.length;
    const { orderId } = await paper.control('POST', 'adl', { symbol: SYMBOL });
    await streams.until(({ message }) => (message['o'] as Row | undefined)?.['X'] === 'FILLED', from);
    const told = streams.messages(PRIVATE, from);
    expect(told.map(brief)).to.deep.equal(['order NEW NEW', 'account ORDER', 'order CALCULATED FILLED']);
    expect((told[2]!['o'] as Row)['i']).to.equal(orderId);
    expect((told[2]!['o'] as Row)['c']).to.match(/^adl_autoclose/);
    expect(await positions()).to.deep.equal([]);
    expect(((await paper.rest.getForceOrders({ symbol: SYMBOL, autoCloseType: 'ADL' })) as unknown as Row[]).map((row) => row['orderId'])).to.deep.equal([orderId]);
  });

  fault('venue', '`POST stops/drop`', async () => {
    await streams.openUser();
    await order({ side: 'BUY' });
    await stopAt('0.009800');
    await streams.until(({ message }) => message['e'] === 'ALGO_UPDATE');
    const from = streams.told.length;
    await paper.control('POST', 'stops/drop', { symbol: SYMBOL });
    await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.008000' });
    await configure(3);
    await untilConfigured(3);
    expect(streams.messages(PRIVATE, from)).to.deep.equal([]);
    expect(await openAlgos()).to.deep.equal([]);
    expect(await positions()).to.deep.equal(['1000']);
  });

  fault('venue', '`POST symbols/SYMBOL` with `CLOSE`', async () => {
    await streams.openUser();
    await order({ side: 'BUY' });
    await order({ side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '0.009500' });
    await stopAt('0.009800');
    await streams.until(({ message }) => message['e'] === 'ALGO_UPDATE');
    const from = streams.told.length;
    await paper.control('POST', `symbols/${SYMBOL}`, { status: 'CLOSE' });
    await configure(3);
    await untilConfigured(3);
    expect(streams.messages(PRIVATE, from).map(brief).toSorted()).to.deep.equal(['account ORDER', 'algo EXPIRED', 'order CALCULATED FILLED', 'order EXPIRED EXPIRED', 'order NEW NEW']);
    const refused = await order({ side: 'SELL', reduceOnly: 'true' }).then(() => ({}) as Row, (thrown: unknown) => thrown as Row);
    expect([refused['code'], refused['message']]).to.deep.equal([-4141, 'Symbol is closed.']);
    expect([await positions(), await openAlgos(), await paper.rest.getAllOpenOrders({ symbol: SYMBOL })]).to.deep.equal([[], [], []]);
  });

  it('is what the page tells, row by row', () => {
    expect(tested.streams.toSorted()).to.deep.equal(documentedFaults('Faults of the streams').toSorted());
    expect(tested.venue.toSorted()).to.deep.equal(documentedFaults('What the venue does by itself').toSorted());
  });
});
