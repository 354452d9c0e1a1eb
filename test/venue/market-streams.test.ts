/** Prices of exactly the symbols asked for, the truth about the sockets, and no event that can bring the service down. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { MarketEvent } from '../../src/protocol/market.ts';
import type { OpenMarketStream } from '../../src/venue/port.ts';
import { BINANCE_LIFE, GPS, venueOn } from './fixtures.ts';
import type { VenueUnderTest } from './fixtures.ts';
import type { StubSocket, StubVenue } from './stub-venue.ts';
import { Arrivals, startStubVenue } from './stub-venue.ts';

interface Opened {
  readonly venue: VenueUnderTest;
  readonly events: Arrivals<MarketEvent>;
  readonly states: Arrivals<[boolean, string]>;
  readonly stream: OpenMarketStream;
}

let stub: StubVenue;
let stream: OpenMarketStream | undefined;
beforeEach(async () => {
  stub = await startStubVenue();
});
afterEach(async () => {
  stream?.close();
  await stub.close();
});

function opened(symbols: readonly SymbolName[] = [GPS, BINANCE_LIFE]): Opened {
  const venue = venueOn(stub);
  const events = new Arrivals<MarketEvent>();
  const states = new Arrivals<[boolean, string]>();
  stream = venue.marketStreams.open(symbols, (event) => events.push(event), (up, reason) => states.push([up, reason]));
  return { venue, events, states, stream };
}

/** Both sockets by their route, subscribed. */
async function bothSockets(): Promise<{ market: StubSocket; public: StubSocket }> {
  const found = [await stub.sockets.next(), await stub.sockets.next()];
  return { market: found.find((one) => one.address === '/market/stream')!, public: found.find((one) => one.address === '/public/stream')! };
}

describe('market streams', () => {
  it('subscribe each topic on its route, 币安人生USDT as it is written (failure 20), and say once that they are up', async () => {
    const { states } = opened();
    const sockets = await bothSockets();
    expect(await sockets.public.texts.next()).to.deep.include({ method: 'SUBSCRIBE', params: ['gpsusdt@bookTicker', '币安人生usdt@bookTicker'] });
    expect(await sockets.market.texts.next()).to.deep.include({ method: 'SUBSCRIBE', params: ['gpsusdt@markPrice@1s', 'gpsusdt@kline_1m', '币安人生usdt@markPrice@1s', '币安人生usdt@kline_1m', '!contractInfo'] });
    expect((await states.next())[0]).to.equal(true);
    expect(states.all).to.have.length(1);
  });

  it('ask the venue once more for a symbol that is silent, taking it off first, on the connections there are', async () => {
    const { stream: open } = opened();
    const sockets = await bothSockets();
    for (const socket of [sockets.public, sockets.market]) {
      const { id } = (await socket.texts.next()) as { id: unknown };
      socket.say({ result: null, id });
    }
    open.resubscribe([GPS, 'NOBODYUSDT' as SymbolName]);
    for (const [socket, topics] of [[sockets.public, ['gpsusdt@bookTicker']], [sockets.market, ['gpsusdt@markPrice@1s', 'gpsusdt@kline_1m']]] as const) {
      const gone = (await socket.texts.next()) as { method: string; params: string[]; id: unknown };
      expect(gone).to.deep.include({ method: 'UNSUBSCRIBE', params: topics });
      socket.say({ result: null, id: gone.id });
      expect(await socket.texts.next()).to.deep.include({ method: 'SUBSCRIBE', params: topics });
    }
  });

  it('ask for hundreds of symbols in messages that the venue reads, and in no more of them than it allows in a second', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `1000LONGNAMED${index}USDT` as SymbolName);
    const { stream: open } = opened(names);
    const { market, public: books } = await bothSockets();
    for (const [socket, topics, messages] of [[market, 1_001, 9], [books, 500, 5]] as const) {
      const asked = new Set<string>();
      for (let count = 0; count < messages; count += 1) {
        const said = (await socket.texts.next()) as { method: string; params: string[] };
        expect(said.method).to.equal('SUBSCRIBE');
        expect(Buffer.byteLength(JSON.stringify(said)), 'longer ones it drops without a word').to.be.at.most(4_096);
        for (const topic of said.params) asked.add(topic);
      }
      expect(asked.size).to.equal(topics);
    }
    open.resubscribe(names);
    for (let count = 0; count < 9; count += 1) expect(await market.texts.next()).to.include({ method: 'UNSUBSCRIBE' });
    const takenOff = performance.now();
    for (let count = 0; count < 9; count += 1) expect(await market.texts.next()).to.include({ method: 'SUBSCRIBE' });
    expect(performance.now() - takenOff, 'not in the same second').to.be.at.least(1_000);
  });

  it('tell mark price, book and candle', async () => {
    const { events } = opened();
    const sockets = await bothSockets();
    sockets.market.say({ stream: '币安人生usdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 11, s: BINANCE_LIFE, p: '0.1742', i: '0.17', r: '0.0001', T: 12, st: 1 } });
    expect(await events.next()).to.deep.equal({ type: 'mark', symbol: BINANCE_LIFE, price: decimal('0.1742'), observedAt: 11, funding: { rate: decimal('0.0001'), nextAt: 12 } });
    sockets.market.say({ stream: '币安人生usdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 12, s: BINANCE_LIFE, p: '0.1743', i: '0.17', r: '', T: 0 } });
    expect(await events.next(), 'a contract without funding').to.deep.equal({ type: 'mark', symbol: BINANCE_LIFE, price: decimal('0.1743'), observedAt: 12 });
    sockets.market.say({ stream: '!contractInfo', data: { e: 'contractInfo', E: 13, s: 'NEWUSDT', ps: 'NEWUSDT', ct: 'PERPETUAL', dt: 4, ot: 5, cs: 'SETTLING' } });
    expect(await events.next(), 'a symbol nobody asked for').to.deep.equal({ type: 'listing', symbol: 'NEWUSDT', status: 'SETTLING', observedAt: 13 });
    sockets.public.say({ stream: 'gpsusdt@bookTicker', data: { e: 'bookTicker', u: 1, s: GPS, b: '0.0086', B: '1', a: '0.0087', A: '2', T: 13, E: 14 } });
    expect(await events.next()).to.deep.equal({ type: 'book', symbol: GPS, bid: decimal('0.0086'), ask: decimal('0.0087'), observedAt: 14 });
    sockets.market.say({ stream: 'gpsusdt@kline_1m', data: { e: 'kline', E: 15, s: GPS, k: { t: 0, T: 59_999, s: GPS, i: '1m', o: '1', c: '4', h: '5', l: '0.5', v: '9', x: true } } });
    expect(await events.next()).to.deep.equal({
      type: 'candle', symbol: GPS, observedAt: 15, candle: { openTime: 0, open: decimal('1'), high: decimal('5'), low: decimal('0.5'), close: decimal('4'), volume: decimal('9'), closed: true },
    });
  });

  it('drop what cannot be read, say why, and go on', async () => {
    const { events, venue } = opened();
    const { market } = await bothSockets();
    const bad: unknown[] = [
      'not json', 'null', '42', '[]', '{}',
      { stream: 'gpsusdt@markPrice@1s', data: null },
      { stream: 'gpsusdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 1, s: GPS } },
      { stream: 'gpsusdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 1, s: GPS, p: '0' } },
      { stream: 'gpsusdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 1, s: GPS, p: 'NaN' } },
      { stream: 'btcusd_perp@markPrice@1s', data: { e: 'markPriceUpdate', E: 1, s: 'BTCUSD_PERP', p: '1' } },
      { stream: 'gpsusdt@kline_1m', data: { e: 'kline', E: 1, s: GPS, k: { i: '5m' } } },
      { stream: 'x', data: { e: 'somethingNew', E: 1 } },
      { id: 7, error: { code: 2, msg: 'Invalid request: unknown stream' } },
    ];
    for (const message of bad) market.say(message);
    market.say({ stream: 'gpsusdt@markPrice@1s', data: { e: 'markPriceUpdate', E: 2, s: GPS, p: '1' } });
    expect(await events.next()).to.include({ type: 'mark', observedAt: 2 });
    expect(events.all).to.have.length(1);
    const said = JSON.stringify(venue.lines.all);
    for (const word of ['markPriceUpdate: p', 'kline: ', 'BTCUSD_PERP', 'somethingNew', 'unknown stream', 'Failed to parse']) expect(said).to.include(word);
  });

  it('report a flood of equal faults once, not a line each', async () => {
    const { events, venue } = opened();
    const { market } = await bothSockets();
    for (let count = 0; count < 500; count += 1) market.say({ stream: 'x', data: { e: 'markPriceUpdate', E: count, s: GPS, p: '-1' } });
    market.say({ stream: 'x', data: { e: 'markPriceUpdate', E: 2, s: GPS, p: '1' } });
    await events.next();
    expect(venue.lines.all.filter((line) => line.message.includes('dropped'))).to.have.length(1);
  });

  it('say that they are down when a socket is lost, and up when it is back and subscribed again', async () => {
    const { states } = opened();
    const { market } = await bothSockets();
    await states.next();
    market.socket.terminate();
    expect((await states.next())[0]).to.equal(false);
    const again = await stub.sockets.next();
    expect(again.address).to.equal('/market/stream');
    expect(await again.texts.next()).to.deep.include({ method: 'SUBSCRIBE' });
    expect((await states.next())[0]).to.equal(true);
  });

  it('try again when the first connection is refused, so seldom that the venue bans no address for it', async () => {
    stub.refuseSockets = true;
    const { states, venue } = opened();
    while (stub.refusedAt.length < 4) await venue.lines.next();
    stub.refuseSockets = false;
    // Of 300 tries in five minutes both connections make 240 at the most.
    expect(stub.refusedAt[2]! - stub.refusedAt[1]!).to.be.at.least(2_400);
    await bothSockets();
    expect((await states.next())[0]).to.equal(true);
    const told = venue.lines.all.filter(({ level }) => level !== 'debug').map(({ level, message }) => [level, message]);
    expect(told, 'once, however often both connections try').to.deep.equal([['warn', 'market stream: the stream client reports a fault'], ['info', 'market stream: connected again']]);
  });

  it('close both sockets at once and say nothing afterwards', async () => {
    const { states, stream: open } = opened();
    const sockets = await bothSockets();
    await states.next();
    open.close();
    await Promise.all([sockets.market.closed, sockets.public.closed]);
    expect(states.all).to.have.length(1);
  });

  it('can be closed in the turn they were opened: the sockets that the SDK still makes are closed too', async () => {
    const { states, stream: open } = opened();
    open.close();
    const sockets = [await stub.sockets.next(), await stub.sockets.next()];
    await Promise.all(sockets.map((one) => one.closed));
    expect(states.all).to.deep.equal([]);
  });

  it('say so when there is nothing to subscribe', () => {
    const states: boolean[] = [];
    venueOn(stub).marketStreams.open([], () => undefined, (up) => states.push(up)).close();
    expect(states).to.deep.equal([false]);
  });
});
