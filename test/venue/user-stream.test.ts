/** A private stream is live once, ends once, and leaves neither sockets nor timers when it is closed. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { UserEvent } from '../../src/protocol/venue.ts';
import type { OpenStream } from '../../src/venue/port.ts';
import { GPS, ID, LISTEN_KEY, venueOn } from './fixtures.ts';
import type { LogLine } from './fixtures.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { StubVenue } from './stub-venue.ts';
import { Arrivals, startStubVenue } from './stub-venue.ts';

type Said = { readonly live: true } | { readonly lost: string } | { readonly event: UserEvent };

interface Opened {
  readonly clock: VirtualClock;
  readonly said: Arrivals<Said>;
  readonly lines: Arrivals<LogLine>;
  readonly stream: OpenStream;
}

const LISTEN = '/fapi/v1/listenKey';

let stub: StubVenue;
let stream: OpenStream | undefined;
beforeEach(async () => {
  stub = await startStubVenue();
  stub.script(`POST ${LISTEN}`, { body: { listenKey: LISTEN_KEY } });
});
afterEach(async () => {
  stream?.close();
  await stub.close();
});

async function opened(): Promise<Opened> {
  const clock = new VirtualClock();
  const venue = venueOn(stub, { clock });
  const said = new Arrivals<Said>();
  stream = venue.userStream.open(await venue.listenKeys.ask(), { onEvent: (event) => said.push({ event }), onLive: () => said.push({ live: true }), onLost: (lost) => said.push({ lost }) });
  return { clock, said, lines: venue.lines, stream };
}

function orderUpdate(changes: Record<string, unknown> = {}): unknown {
  return {
    stream: LISTEN_KEY,
    data: {
      e: 'ORDER_TRADE_UPDATE', E: 21, T: 20,
      o: {
        s: GPS, c: ID, S: 'BUY', o: 'LIMIT', f: 'IOC', q: '23207', p: '0.00862', ap: '0.0086', sp: '0', x: 'TRADE', X: 'PARTIALLY_FILLED', i: 8886774, l: '100', z: '118', L: '0.0086', n: '0.00043', N: 'USDT',
        T: 20, t: 555, b: '0', a: '0', m: false, R: false, wt: 'CONTRACT_PRICE', ot: 'LIMIT', ps: 'BOTH', cp: false, rp: '-0.5', er: '0', ...changes,
      },
    },
  };
}

const order = { symbol: GPS, clientId: ID, orderId: '8886774', side: 'BUY', type: 'LIMIT', status: 'PARTIALLY_FILLED', quantity: decimal('23207'), executedQuantity: decimal('118'), price: decimal('0.00862'), reduceOnly: false, updatedAt: 20 };
const trade = { symbol: GPS, tradeId: '555', orderId: '8886774', clientId: ID, side: 'BUY', price: decimal('0.0086'), quantity: decimal('100'), commission: decimal('0.00043'), commissionAsset: 'USDT', realizedPnl: decimal('-0.5'), at: 20 };

describe('the user stream', () => {
  it('is live once its private socket is open on a fresh listen key', async () => {
    const { said } = await opened();
    const socket = await stub.sockets.next();
    expect(socket.address).to.equal(`/private/stream?listenKey=${LISTEN_KEY}`);
    expect(await said.next()).to.deep.equal({ live: true });
    expect(stub.requests.map((request) => [request.method, request.path, request.rawQuery])).to.deep.equal([['POST', LISTEN, '']]);
  });

  it('tells an order and its fill, and a liquidation nobody here sent', async () => {
    const { said } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    socket.say(orderUpdate());
    expect(await said.next()).to.deep.equal({ event: { type: 'order', order, trade, observedAt: 21 } });
    socket.say(orderUpdate({ x: 'CALCULATED', c: 'autoclose-1770000000000', o: 'LIQUIDATION', X: 'FILLED' }));
    const liquidation = await said.next();
    expect('event' in liquidation && liquidation.event.type === 'order' && liquidation.event.trade?.clientId).to.equal('autoclose-1770000000000');
    socket.say(orderUpdate({ x: 'NEW', X: 'NEW', l: '0', z: '0', L: '0', n: undefined, N: undefined, t: 0 }));
    const placed = await said.next();
    expect('event' in placed && placed.event).to.not.have.property('trade');
  });

  it('tells the order, not the trade, of a fill whose fee is missing, and reports it', async () => {
    const { said, lines } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    socket.say(orderUpdate({ n: undefined, N: undefined }));
    expect(await said.next()).to.deep.equal({ event: { type: 'order', order, observedAt: 21 } });
    expect((await lines.next()).fields['reason']).to.match(/a fill without trade id or fee/);
  });

  it('tells conditional orders, money, positions and leverage', async () => {
    const { said } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    const algo = { caid: ID, aid: 77, at: 'CONDITIONAL', o: 'STOP_MARKET', s: GPS, S: 'SELL', ps: 'BOTH', f: 'GTC', q: '5', X: 'REJECTED', ai: '', ap: '0', aq: '0', act: '', tp: '0.0081', p: '0', R: true, rm: 'ReduceOnly Order is rejected.' };
    socket.say({ stream: 'x', data: { e: 'ALGO_UPDATE', E: 31, T: 30, o: algo } });
    expect(await said.next()).to.deep.equal({
      event: {
        type: 'algo', rejectReason: 'ReduceOnly Order is rejected.', observedAt: 31,
        order: { symbol: GPS, clientId: ID, algoId: '77', side: 'SELL', type: 'STOP_MARKET', status: 'REJECTED', quantity: decimal('5'), triggerPrice: decimal('0.0081'), reduceOnly: true, updatedAt: 30 },
      },
    });
    socket.say({ stream: 'x', data: { e: 'ALGO_UPDATE', E: 31, T: 30, o: { ...algo, X: 'TRIGGERED', ai: 99, rm: undefined } } });
    const fired = await said.next();
    expect('event' in fired && fired.event.type === 'algo' && fired.event.order.actualOrderId).to.equal('99');
    socket.say({ stream: 'x', data: { e: 'ACCOUNT_UPDATE', E: 41, T: 40, a: { m: 'ORDER', B: [{ a: 'BNB', wb: '1' }, { a: 'USDT', wb: '9999.5', cw: '9', bc: '0' }], P: [{ s: GPS, pa: '-5', ep: '0.1', cr: '0', up: '0.01', mt: 'isolated', iw: '0', ps: 'BOTH' }] } } });
    expect(await said.next()).to.deep.equal({
      event: { type: 'account', walletBalance: decimal('9999.5'), positions: [{ symbol: GPS, quantity: decimal('-5'), entryPrice: decimal('0.1'), unrealizedPnl: decimal('0.01'), marginMode: 'ISOLATED' }], reason: 'ORDER', observedAt: 41 },
    });
    for (const [mt, marginMode] of [['cross', 'CROSSED'], ['CROSSED', 'CROSSED'], ['ISOLATED', 'ISOLATED'], ['portfolio', undefined], [undefined, undefined], [7, undefined]] as const) {
      socket.say({ stream: 'x', data: { e: 'ACCOUNT_UPDATE', E: 42, T: 40, a: { m: 'ORDER', P: [{ s: GPS, pa: '1', ep: '1', up: '0', mt, ps: 'BOTH' }] } } });
      const told = await said.next();
      expect('event' in told && told.event.type === 'account' && told.event.positions.map((row) => row.marginMode), String(mt)).to.deep.equal([marginMode]);
    }
    // This message is not wrapped, as on the venue's bare route.
    socket.say({ e: 'ACCOUNT_CONFIG_UPDATE', E: 51, T: 50, ac: { s: GPS, l: 2 } });
    expect(await said.next()).to.deep.equal({ event: { type: 'settings', symbol: GPS, leverage: 2, observedAt: 51 } });
  });

  it('keeps quiet about TRADE_LITE, drops what it cannot read, and goes on', async () => {
    const { said, lines } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    for (const message of ['not json', 'null', '[]', { stream: 'x', data: { e: 'TRADE_LITE', E: 1, s: GPS, t: 555 } }, { stream: 'x', data: { e: 'MARGIN_CALL', E: 1 } }, orderUpdate({ z: 7 })]) socket.say(message);
    socket.say(orderUpdate());
    expect(await said.next()).to.have.property('event');
    expect(said.all).to.have.length(2);
    const reported = lines.all.map((line) => line.fields['reason']);
    expect(reported).to.deep.equal(['no event type', 'event type MARGIN_CALL', 'ORDER_TRADE_UPDATE: o.z']);
  });

  it('tells its loss once, and does not come back by itself', async () => {
    const { clock, said } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    socket.socket.terminate();
    expect(await said.next()).to.have.property('lost');
    expect(clock.pending).to.deep.equal([]);
    expect(said.all).to.have.length(2);
    expect(stub.sockets.all).to.have.length(1);
  });

  it('tells that it could not be opened', async () => {
    stub.refuseSockets = true;
    const { said } = await opened();
    expect(await said.next()).to.have.property('lost').that.does.not.include(LISTEN_KEY);
  });

  it('is lost when the listen key expires although the socket stays open, and says so once', async () => {
    const { said } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    socket.say({ stream: LISTEN_KEY, data: { e: 'listenKeyExpired', E: 1, listenKey: LISTEN_KEY } });
    expect(await said.next()).to.deep.equal({ lost: 'the listen key expired' });
    await socket.closed;
    expect(said.all).to.have.length(2);
  });

  it('is lost when the other side falls silent without closing', async () => {
    const { clock, said } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    socket.socket.pause();
    clock.advance(10_000);
    expect(said.all).to.have.length(1);
    clock.advance(5_000);
    expect(await said.next()).to.deep.equal({ lost: 'no pong within 5000 ms' });
  });

  it('leaves neither socket nor timer when it is closed, whenever that is', async () => {
    const early = await opened();
    early.stream.close();
    expect(early.clock.pending).to.deep.equal([]);
    const { clock, said, stream: open } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    open.close();
    await socket.closed;
    expect(clock.pending).to.deep.equal([]);
    expect(said.all).to.deep.equal([{ live: true }]);
    expect(early.said.all).to.deep.equal([]);
  });

  it('does not delete the key, which another process of the same account may be using', async () => {
    const { said, stream: open } = await opened();
    const socket = await stub.sockets.next();
    await said.next();
    open.close();
    await socket.closed;
    expect(stub.requests.map((request) => request.method)).to.deep.equal(['POST']);
  });
});
