/** The adapter against the paper exchange, over the very wire it speaks to the venue: every read, every write, both streams, and the console stays empty. */
import { expect } from 'chai';
import { decimal, floorTo, text } from '../../src/protocol/decimal.ts';
import type { Decimal } from '../../src/protocol/decimal.ts';
import type { Instrument, MarketEvent } from '../../src/protocol/market.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import type { UserEvent, WriteOutcome } from '../../src/protocol/venue.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { DEFAULT_SEED, startPaperExchange } from '../../src/paper/exchange.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { DEFAULT_TIMEOUTS } from '../../src/venue/binance-client.ts';
import { createBinanceVenue } from '../../src/venue/binance-venue.ts';
import { resolveEndpoint } from '../../src/venue/endpoint.ts';
import type { OpenStream, Venue } from '../../src/venue/port.ts';
import { VenueError } from '../../src/venue/port.ts';
import { BINANCE_LIFE } from './fixtures.ts';
import { Arrivals } from './stub-venue.ts';

const symbol = BINANCE_LIFE;
const id = (name: string): ClientId => `x-15PC4ZJyVGL1${name}` as ClientId;

describe('the adapter on the paper exchange', () => {
  let exchange: PaperExchange;
  let venue: Venue;
  let user: OpenStream;
  let instrument: Instrument;
  const logged: string[] = [];
  const printed: unknown[][] = [];
  const lives = new Arrivals<true>();
  const lost = new Arrivals<string>();
  const events = new Arrivals<UserEvent>();
  const console_ = { log: console.log, info: console.info, warn: console.warn, error: console.error };

  function venueFor(apiKey: string, apiSecret: string, timeouts = DEFAULT_TIMEOUTS, offsetMs = 0): Venue {
    return createBinanceVenue({
      endpoint: resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl: exchange.url }),
      armed: undefined,
      credentials: { apiKey, apiSecret },
      clock: systemClock,
      offsetMs: () => offsetMs,
      timeouts,
      log: (level, message, fields) => logged.push(`${level} ${message} ${JSON.stringify(fields)}`),
    });
  }

  before(async () => {
    for (const name of ['log', 'info', 'warn', 'error'] as const) console[name] = (...said: unknown[]) => printed.push(said);
    exchange = await startPaperExchange({ host: '127.0.0.1', port: 0, seed: DEFAULT_SEED, balance: '10000', log: () => undefined });
    venue = venueFor('paper', 'paper');
    user = venue.userStream.open(await venue.listenKeys.ask(), { onEvent: (event) => events.push(event), onLive: () => lives.push(true), onLost: (reason) => lost.push(reason) });
    await lives.next();
    instrument = (await venue.gateway.read('instruments', {})).find((one) => one.symbol === symbol)!;
  });

  after(async () => {
    Object.assign(console, console_);
    user.close();
    await exchange.close();
  });

  async function control(path: string, body: Record<string, unknown>): Promise<void> {
    const response = await fetch(`${exchange.url}/paper/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect(response.ok, await response.text()).to.equal(true);
  }

  /** The first event that `matches`, past or to come: between types the venue promises no order. */
  async function until<Type extends UserEvent['type']>(type: Type, matches: (event: Extract<UserEvent, { type: Type }>) => boolean): Promise<Extract<UserEvent, { type: Type }>> {
    const isIt = (event: UserEvent): event is Extract<UserEvent, { type: Type }> => event.type === type && matches(event as Extract<UserEvent, { type: Type }>);
    for (;;) {
      const found = events.all.find(isIt);
      if (found !== undefined) return found;
      await events.next();
    }
  }

  async function price(): Promise<Decimal> {
    return (await venue.gateway.read('tickers', {})).find((ticker) => ticker.symbol === symbol)!.lastPrice;
  }

  async function open(name: string, through = venue): Promise<{ outcome: WriteOutcome; quantity: Decimal; last: Decimal }> {
    const last = await price();
    const quantity = floorTo(decimal('100').dividedBy(last), instrument.stepSize);
    const limit = floorTo(last.multipliedBy('1.02'), instrument.tickSize);
    const outcome = await through.gateway.write({ kind: 'OPEN', symbol, clientId: id(name), side: 'BUY', quantity, price: limit });
    return { outcome, quantity, last };
  }

  it('reads the market: time, instruments, tickers, candles', async () => {
    const { gateway } = venue;
    const { serverTime, sentAt, receivedAt } = await gateway.read('serverTime', {});
    expect(serverTime).to.be.within(sentAt - 1_000, receivedAt + 1_000);
    expect(instrument).to.include({ status: 'TRADING', contractType: 'PERPETUAL' });
    expect((await gateway.read('tickers', {})).length).to.be.greaterThan(4);
    const candles = await gateway.read('candles', { symbol, limit: 50 });
    expect(candles).to.have.length(50);
    expect(candles.slice(0, -1).every((candle) => candle.closed)).to.equal(true);
  });

  it('reads the account: money, modes, settings, brackets, and that there is nothing yet', async () => {
    const { gateway } = venue;
    const account = await gateway.read('account', {});
    expect(text(account.walletBalance)).to.equal('10000');
    expect(await gateway.read('accountModes', {})).to.deep.equal({ hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true });
    expect((await gateway.read('settings', {})).some((row) => row.symbol === symbol)).to.equal(true);
    expect((await gateway.read('brackets', {})).get(symbol)).to.not.equal(undefined);
    expect(await gateway.read('positions', { symbol })).to.deep.equal([]);
    expect(await gateway.read('openOrders', {})).to.deep.equal([]);
    expect(await gateway.read('openAlgoOrders', {})).to.deep.equal([]);
    expect(await gateway.read('trades', { symbol, since: systemClock.now() - 60_000 })).to.deep.equal([]);
    expect(gateway.usage().weight1m).to.be.greaterThan(0);
  });

  it('does not find what was never sent, and says so with the venue\'s code when it is to be cancelled', async () => {
    const { gateway } = venue;
    expect(await gateway.read('order', { symbol, clientId: id('nothing') })).to.equal(undefined);
    expect(await gateway.read('algoOrder', { symbol, clientId: id('nothing') })).to.equal(undefined);
    for (const book of ['order', 'algo'] as const) {
      const outcome = await gateway.write({ kind: 'CANCEL', symbol, clientId: id('nothing'), of: book });
      expect(outcome).to.include({ result: 'rejected' });
      expect(outcome.result === 'rejected' && outcome.venueCode).to.be.oneOf([-2011, -2013]);
    }
  });

  it('sets margin mode and leverage, twice with the same result, and hears of the leverage', async () => {
    for (let round = 0; round < 2; round += 1) {
      expect(await venue.gateway.write({ kind: 'CONFIGURE', symbol, clientId: id('cfg'), setting: 'marginMode', marginMode: 'ISOLATED' })).to.deep.equal({ result: 'accepted' });
    }
    expect(await venue.gateway.write({ kind: 'CONFIGURE', symbol, clientId: id('cfg'), setting: 'leverage', leverage: 2 })).to.deep.equal({ result: 'accepted' });
    expect((await until('settings', (event) => event.symbol === symbol)).leverage).to.equal(2);
    expect((await venue.gateway.read('settings', {})).find((row) => row.symbol === symbol)).to.deep.equal({ symbol, leverage: 2, marginMode: 'ISOLATED' });
  });

  it('opens 币安人生USDT, hears the fills, protects it, replaces the stop, and is closed by the stop (failures 20, 44, 88, 93)', async () => {
    const { gateway } = venue;
    const since = systemClock.now() - 1_000;
    const { outcome, quantity, last } = await open('open1');
    expect(outcome).to.have.property('result', 'accepted');
    const filled = await until('order', (event) => event.order.clientId === id('open1') && event.order.status === 'FILLED');
    expect(text(filled.order.executedQuantity)).to.equal(text(quantity));
    expect(filled.trade).to.include({ commissionAsset: 'USDT', clientId: id('open1') });
    await until('account', (event) => event.reason === 'ORDER' && event.positions.some((position) => position.symbol === symbol));
    expect((await gateway.read('positions', { symbol })).map((position) => text(position.quantity))).to.deep.equal([text(quantity)]);
    const order = await gateway.read('order', { symbol, clientId: id('open1') });
    expect(order).to.deep.include({ status: 'FILLED', executedQuantity: quantity, reduceOnly: false });
    const traded = (await gateway.read('trades', { symbol, since })).filter((trade) => trade.orderId === order!.orderId);
    expect(text(traded.reduce((sum, trade) => sum.plus(trade.quantity), decimal('0')))).to.equal(text(quantity));

    const trigger = (factor: string): Decimal => floorTo(last.multipliedBy(factor), instrument.tickSize);
    const protect = (name: string, leg: 'stop' | 'target', triggerPrice: Decimal) => gateway.write({ kind: 'PROTECT', symbol, clientId: id(name), side: 'SELL', leg, quantity, triggerPrice });
    expect(await protect('stop1', 'stop', trigger('0.9'))).to.have.property('result', 'accepted');
    expect(await protect('target1', 'target', trigger('1.2'))).to.have.property('result', 'accepted');
    expect(await protect('stop2', 'stop', trigger('0.92'))).to.have.property('result', 'accepted');
    await until('algo', (event) => event.order.clientId === id('stop2') && event.order.status === 'NEW');
    expect(await gateway.write({ kind: 'CANCEL', symbol, clientId: id('stop1'), of: 'algo' })).to.have.property('result', 'accepted');
    await until('algo', (event) => event.order.clientId === id('stop1') && event.order.status === 'CANCELED');
    expect((await gateway.read('openAlgoOrders', { symbol })).map((one) => one.clientId).toSorted()).to.deep.equal([id('stop2'), id('target1')]);
    expect(await gateway.read('algoOrder', { symbol, clientId: id('stop2') })).to.deep.include({ type: 'STOP_MARKET', status: 'NEW', reduceOnly: true, quantity, triggerPrice: trigger('0.92') });

    await control('price', { symbol, price: text(trigger('0.9')) });
    const fired = await until('algo', (event) => event.order.clientId === id('stop2') && event.order.actualOrderId !== undefined);
    const exit = await until('order', (event) => event.order.orderId === fired.order.actualOrderId && event.order.status === 'FILLED');
    expect(exit.order).to.include({ side: 'SELL', reduceOnly: true });
    expect(await gateway.read('positions', {})).to.deep.equal([]);
    expect(await gateway.write({ kind: 'CANCEL', symbol, clientId: id('target1'), of: 'algo' })).to.have.property('result');
    const day = { symbol, since: systemClock.now() - 86_400_000 };
    const statusOf = new Map((await gateway.read('algoOrders', day)).map((one) => [one.clientId, one.status]));
    expect([statusOf.get(id('stop2')), statusOf.get(id('target1'))], 'ended ones, too').to.deep.equal(['FINISHED', 'CANCELED']);
    expect((await gateway.read('orders', day)).find((one) => one.orderId === fired.order.actualOrderId)).to.include({ status: 'FILLED', reduceOnly: true });
  });

  it('closes at market reduce-only, and is refused when there is nothing to close (failures 49, 54)', async () => {
    const { outcome, quantity } = await open('open2');
    expect(outcome).to.have.property('result', 'accepted');
    const close = await venue.gateway.write({ kind: 'CLOSE', symbol, clientId: id('close2'), side: 'SELL', quantity });
    expect(close.result === 'accepted' && close.order?.status).to.equal('FILLED');
    expect(await venue.gateway.write({ kind: 'CLOSE', symbol, clientId: id('close3'), side: 'SELL', quantity })).to.include({ result: 'rejected', venueCode: -2022 });
    expect(await venue.gateway.read('positions', {})).to.deep.equal([]);
  });

  it('is told what the venue refuses of an order', async () => {
    const tooSmall = await venue.gateway.write({ kind: 'OPEN', symbol, clientId: id('small'), side: 'BUY', quantity: instrument.minQuantity, price: floorTo(await price(), instrument.tickSize) });
    expect(tooSmall).to.include({ result: 'rejected', venueCode: -4164 });
  });

  it('does not know what came of an order that was executed and never answered, and finds it by its id (failure 47)', async () => {
    await control('faults', { match: { method: 'POST', path: '/fapi/v1/order' }, action: 'drop-response', times: 1 });
    const { outcome, quantity } = await open('lost1', venueFor('paper', 'paper', { readMs: 8_000, writeMs: 300 }));
    expect(outcome).to.have.property('result', 'unknown');
    expect(await venue.gateway.read('order', { symbol, clientId: id('lost1') })).to.include({ status: 'FILLED' });
    expect(await venue.gateway.write({ kind: 'CLOSE', symbol, clientId: id('close4'), side: 'SELL', quantity })).to.have.property('result', 'accepted');
  });

  it('streams mark price, book and candles of 币安人生USDT', async () => {
    const seen = new Arrivals<MarketEvent>();
    const stream = venue.marketStreams.open([symbol, 'GPSUSDT' as SymbolName], (event) => seen.push(event), () => undefined);
    const missing = new Set(['mark', 'book', 'candle']);
    while (missing.size > 0) {
      const event = await seen.next();
      if (event.symbol === symbol) missing.delete(event.type);
    }
    stream.close();
  });

  it('is refused with −1021 while its clock is wrong, and works on once the offset is known (failure 58)', async () => {
    await control('clock', { offsetMs: 60_000 });
    const error: unknown = await venue.gateway.read('account', {}).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(VenueError).that.includes({ kind: 'rejected', venueCode: -1021 });
    const corrected = venueFor('paper', 'paper', DEFAULT_TIMEOUTS, 60_000);
    expect((await corrected.gateway.read('account', {})).observedAt).to.be.greaterThan(systemClock.now() + 59_000);
    await control('clock', { offsetMs: 0 });
  });

  it('says that a foreign key or a wrong secret is not accepted (failure 30)', async () => {
    for (const [key, secret] of [['nobodynobody', 'nothingnothing'], ['paper', 'nothingnothing']] as const) {
      const error: unknown = await venueFor(key, secret).gateway.read('account', {}).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(VenueError).that.includes({ kind: 'authentication' });
      expect(await venueFor(key, secret).gateway.write({ kind: 'CANCEL', symbol, clientId: id('x'), of: 'order' })).to.have.property('result', 'rejected');
    }
  });

  it('printed nothing of its own, and never lost the stream', () => expect([printed, lost.all]).to.deep.equal([[], []]));
});
