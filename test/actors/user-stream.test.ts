/** The user stream: every event to whom it is about, every connection an epoch of its own, and nothing lost over a restart. */
import { expect } from 'chai';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import { ONE, ZERO } from '../../src/protocol/decimal.ts';
import type { AccountMessage, ExecutorMessage, FindingMessage, GatewayMessage, ListenKeyMessage, RestSaidMessage, UserStreamMessage } from '../../src/protocol/messages.ts';
import type { ListenKeyView, StreamView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { ListenKey, UserEvent, VenueOrder, VenueTrade } from '../../src/protocol/venue.ts';
import type { VenueUserStream } from '../../src/venue/port.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const BTC = 'BTCUSDT' as SymbolName;
const anOrder = (symbol: SymbolName, clientId = 'c', part: Partial<VenueOrder> = {}): Extract<UserEvent, { type: 'order' }> => ({ type: 'order', order: { symbol, clientId, orderId: '1', side: 'BUY', type: 'LIMIT', status: 'NEW', quantity: ZERO, executedQuantity: ZERO, price: ZERO, reduceOnly: false, updatedAt: 0, ...part } as unknown as VenueOrder, observedAt: 0 });
const aFill = (symbol: SymbolName, tradeId: string): UserEvent => ({ ...anOrder(symbol), trade: { tradeId } as VenueTrade });
const DEAF_MS = 5_000;

const KEY: ListenKey = { number: 1 };
const MINUTE = 60_000;

async function bench() {
  const world = new World();
  const opened: { key: ListenKey; handlers: Parameters<VenueUserStream['open']>[1]; closed: boolean }[] = [];
  const stream: VenueUserStream = {
    open(key, handlers) {
      const one = { key, handlers, closed: false };
      opened.push(one);
      return { close: () => void (one.closed = true) };
    },
  };
  const listenKey = new Probe<ListenKeyMessage>(world, 'listen-key');
  const userStream = world.system.ref<UserStreamMessage>('user-stream');
  /** Grants what is wanted, at once; false: nothing is granted. */
  const keys = { grants: true, key: KEY };
  const tellKey = (view: Partial<ListenKeyView> = {}) => world.system.tell(userStream, { type: 'listen-key', view: { held: { key: keys.key, since: 0, keptAt: world.clock.monotonic() }, gone: undefined, granted: 0, ...view } });
  listenKey.answer = ({ connection }) => {
    if (keys.grants) tellKey({ granted: connection });
    return null;
  };
  const executors = new Map([GPS, BTC].map((symbol) => [symbol, new Probe<ExecutorMessage>(world, `executor/${symbol}`)]));
  const account = new Probe<AccountMessage>(world, 'account');
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  const reader = new Probe<{ readonly type: 'stream'; readonly view: StreamView }>(world, 'reader');
  const findings = new Probe<FindingMessage>(world, 'findings');
  let connections = 0;
  await world.start(
    ...[...executors.values(), account, gateway, reader, findings, listenKey].map((probe) => probe.spec),
    worker(userStream, userStreamBehaviour({ stream, listenKey: listenKey.ref, executorOf: (symbol) => executors.get(symbol)!.ref, account: account.ref, gateway: gateway.ref, subscribers: [reader.ref], findings: findings.ref, nextConnection: () => ++connections, deafAfterMs: DEAF_MS })),
  );
  /** What REST says: of an order that is sent now, or of a fill made so long ago. */
  const rest = async (id: string, part: Partial<RestSaidMessage['words'][number]> = {}) => {
    world.system.tell(userStream, { type: 'rest-said', words: [{ what: 'order', symbol: GPS, id, at: world.clock.monotonic(), ...part }] });
    await world.settle();
  };
  const live = async () => {
    opened.at(-1)!.handlers.onLive();
    await world.settle();
  };
  const hear = async (event: UserEvent) => {
    opened.at(-1)!.handlers.onEvent(event);
    await world.settle();
  };
  return { world, opened, keys, tellKey, listenKey, executors, account, gateway, reader, findings, rest, live, hear, view: () => reader.last('stream')?.view };
}

describe('user stream', () => {
  it('takes every event to the symbol it is about, and account events to the account alone', async () => {
    const { world, opened, executors, account } = await bench();
    const { handlers } = opened[0]!;
    handlers.onEvent(anOrder(GPS));
    handlers.onEvent({ type: 'settings', symbol: BTC, leverage: 5, observedAt: 0 });
    handlers.onEvent({ type: 'account', positions: [], reason: 'ORDER', observedAt: 0 });
    await world.settle();
    expect([executors.get(GPS)!.told.length, executors.get(BTC)!.told.length, account.told.length]).to.deep.equal([1, 1, 1]);
  });

  it('tells a symbol at once that its position is held in cross margin; that it is isolated is no news', async () => {
    const { opened, hear, executors, account } = await bench();
    const row = (symbol: SymbolName, marginMode?: 'ISOLATED' | 'CROSSED') => ({ symbol, quantity: ONE, entryPrice: ONE, unrealizedPnl: ZERO, ...(marginMode === undefined ? {} : { marginMode }) });
    await hear({ type: 'account', positions: [row(GPS, 'CROSSED'), row(BTC, 'ISOLATED'), row(BTC)], reason: 'ORDER', observedAt: 7 });
    expect(opened).to.have.length(1);
    expect(executors.get(GPS)!.told).to.deep.equal([{ type: 'user-event', event: { type: 'settings', symbol: GPS, marginMode: 'CROSSED', observedAt: 7 } }]);
    expect([executors.get(BTC)!.told.length, account.told.length]).to.deep.equal([0, 1]);
  });

  it('tells the gateway when the account is put into another mode, and nobody else', async () => {
    const { world, opened, executors, account, gateway } = await bench();
    opened[0]!.handlers.onEvent({ type: 'modes', multiAssets: true, observedAt: 0 });
    await world.settle();
    expect(gateway.told).to.deep.equal([{ type: 'modes-changed', reason: 'the user stream says that multi-assets mode is on' }]);
    expect([...[...executors.values()].map((probe) => probe.told.length), account.told.length]).to.deep.equal([0, 0, 0]);
  });

  it('is not live until the venue says so, and each connection has an epoch of its own', async () => {
    const { world, opened, view } = await bench();
    await world.advance(1_100);
    expect(view()).to.include({ live: false, streamEpoch: 0 });
    opened[0]!.handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 1 });
    opened[0]!.handlers.onLost('socket closed');
    await world.settle();
    expect(view()).to.include({ live: false, streamEpoch: 1 });
    await world.advance(500);
    opened[1]!.handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
  });

  it('dates a loss from its beginning, however many connections come to nothing after it', async () => {
    const { world, opened, view } = await bench();
    opened[0]!.handlers.onLive();
    await world.advance(5_000);
    opened[0]!.handlers.onLost('socket closed');
    await world.settle();
    const since = view()?.since;
    await world.advance(5_000);
    opened[1]!.handlers.onLost('refused');
    await world.advance(5_000);
    expect(view()).to.deep.equal({ live: false, streamEpoch: 1, since });
  });

  it('waits longer and longer for the next connection, begins anew after one that held a minute, and leaves nothing open behind', async () => {
    const { world, opened, live } = await bench();
    const waits: number[] = [];
    const lostAfter = async (ms: number) => {
      await world.advance(ms);
      const before = opened.length;
      opened.at(-1)!.handlers.onLost('socket closed');
      await world.settle();
      const at = world.clock.now();
      while (opened.length === before) await world.advance(100);
      waits.push(world.clock.now() - at);
    };
    for (let i = 0; i < 8; i++) await lostAfter(0);
    await live();
    await lostAfter(59_000);
    await live();
    await lostAfter(60_000);
    expect(waits).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 500]);
    expect(opened.slice(0, -1).every((one) => one.closed)).to.equal(true);
  });

  it('closes its socket when it dies, and comes back with a new one, not live, under a higher epoch', async () => {
    const { world, opened, view } = await bench();
    opened[0]!.handlers.onLive();
    await world.settle();
    world.system.control('user-stream', 'kill', 'test');
    await world.advance(2_000);
    expect(opened.map((one) => one.closed)).to.deep.equal([true, false]);
    expect(view()).to.include({ live: false });
    opened[1]!.handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
  });

  it('does not take the word of a socket that it has closed for the one it has', async () => {
    const { world, opened, view } = await bench();
    opened[0]!.handlers.onLive();
    await world.settle();
    world.system.control('user-stream', 'kill', 'test');
    await world.advance(1_000);
    expect(opened).to.have.length(2);
    opened[0]!.handlers.onLive();
    await world.advance(1_000);
    expect(view()).to.include({ live: false });
  });

  it('keeps the fills that come while it is being restarted', async () => {
    const { world, opened, executors } = await bench();
    world.system.control('user-stream', 'suspend', 'test');
    opened[0]!.handlers.onEvent(anOrder(GPS));
    world.system.control('user-stream', 'kill', 'test');
    await world.advance(2_000);
    expect(executors.get(GPS)!.of('user-event')).to.have.length(1);
  });
});

describe('a user stream and its listen key (operators\' 43)', () => {
  it('opens nothing until a key has been asked for for this connection, and says once a second which one waits', async () => {
    const { world, opened, keys, tellKey, listenKey } = await bench();
    await world.advance(MINUTE);
    expect(opened, 'it is not live yet, and is not hurried').to.have.length(1);
    keys.grants = false;
    opened[0]!.handlers.onLost('socket closed');
    await world.advance(5_500);
    tellKey({ granted: 1 });
    await world.settle();
    expect(opened, 'the key it had, which may be dead').to.have.length(1);
    expect(listenKey.told.slice(1).map((wish) => wish.connection)).to.deep.equal([2, 2, 2, 2, 2, 2]);
    expect(world.system.inspect('user-stream')).to.deep.nested.include({ 'state.waitsFor': 'a listen key', 'state.connection': 2 });
    tellKey({ held: undefined, granted: 2 });
    await world.settle();
    expect(opened, 'granted, and gone again').to.have.length(1);
    tellKey({ granted: 2 });
    await world.settle();
    expect(opened.map((one) => one.key)).to.deep.equal([KEY, KEY]);
  });

  it('is left when its key is gone, and when the venue has given another; the next is another epoch', async () => {
    const { world, opened, keys, tellKey, live, view } = await bench();
    await live();
    tellKey({ held: undefined, gone: { key: KEY, reason: 'the venue no longer knows the listen key' }, granted: 1 });
    await world.settle();
    expect(opened.map((one) => one.closed)).to.deep.equal([true]);
    expect(view()).to.include({ live: false, streamEpoch: 1 });
    expect(world.system.inspect('user-stream')).to.have.nested.property('state.lastLoss.reason', 'the venue no longer knows the listen key');
    await world.advance(500);
    await live();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
    keys.key = { number: 2 };
    tellKey({ granted: 2 });
    await world.advance(1_100);
    expect(opened.map((one) => [one.key.number, one.closed])).to.deep.equal([[1, true], [1, true], [2, false]]);
  });

  it('stays while its key is prolonged, and while nobody says anything of it, but not longer than 55 minutes', async () => {
    const { world, opened, live, tellKey } = await bench();
    await live();
    await world.advance(50 * MINUTE);
    tellKey({ granted: 1 });
    await world.settle();
    tellKey({ held: undefined, granted: 0 });
    await world.advance(55 * MINUTE - 1_000);
    expect(opened, 'its owner was started again, and knows no key').to.have.length(1);
    await world.advance(2_000);
    expect(opened.map((one) => one.closed)).to.deep.equal([true, false]);
    expect(world.system.inspect('user-stream')).to.have.nested.property('state.lastLoss.reason', 'its listen key has not been prolonged for 55 min');
  });

  it('opens one connection however often it is granted one', async () => {
    const { world, opened, tellKey } = await bench();
    for (let i = 0; i < 3; i++) tellKey({ granted: 1 });
    await world.settle();
    expect(opened).to.have.length(1);
  });
});

describe('a user stream that is silent against order activity (operators\' 22, 44)', () => {
  it('is deaf after the bound: found, closed, opened anew, not live meanwhile, and the next is another epoch', async () => {
    const { world, opened, findings, rest, live, view } = await bench();
    await live();
    await world.advance(10_000);
    expect(opened, 'silence without orders is no alarm').to.have.length(1);
    await rest('entry-1');
    await world.advance(DEAF_MS - 1_000);
    expect(view()).to.include({ live: true });
    await world.advance(2_000);
    expect(opened.map((one) => one.closed)).to.deep.equal([true, false]);
    expect(view()).to.include({ live: false, streamEpoch: 1 });
    expect(findings.of('finding').map(({ finding }) => [finding.code, finding.message])).to.have.nested.property('[0][0]', 'STREAM_DEAF');
    expect(findings.last('finding')?.finding.message).to.contain('entry-1').and.contain(GPS);
    await live();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
    await world.advance(60_000);
    expect(opened, 'what the old one owed the new one does not').to.have.length(2);
  });

  it('is not deaf because somebody sets the wall clock', async () => {
    const { world, opened, rest, live, hear } = await bench();
    await live();
    await world.advance(1_000);
    await rest('entry-1');
    const monotonic = world.clock.monotonic.bind(world.clock);
    world.clock.moveTo(world.clock.now() + 3_600_000);
    world.clock.monotonic = () => monotonic() - 3_600_000;
    await world.advance(2_000);
    await hear(anOrder(GPS, 'entry-1'));
    await world.advance(60_000);
    expect(opened).to.have.length(1);
  });

  it('has told in time, before REST did or after: an order by its id, a fill by its trade, or by its order where the event lacks the trade', async () => {
    const { world, opened, rest, live, hear } = await bench();
    await live();
    await world.advance(5_000);
    await hear(anOrder(GPS, 'early'));
    await rest('early');
    await rest('late');
    await rest('555', { what: 'fill', orderId: '1' });
    await rest('556', { what: 'fill', orderId: '7' });
    await hear(anOrder(GPS, 'late'));
    await hear(aFill(GPS, '555'));
    await hear(anOrder(GPS, 'x', { orderId: '7', executedQuantity: ONE }));
    await hear({ type: 'algo', order: { symbol: GPS, clientId: 'stop-1' } as never, observedAt: 0 });
    await rest('stop-1');
    await world.advance(60_000);
    expect(opened).to.have.length(1);
  });

  it('is deaf to a fill although it told of the order, of another symbol\'s trade of that number, and of money', async () => {
    const { world, opened, rest, live, hear } = await bench();
    await live();
    await world.advance(5_000);
    await rest('555', { what: 'fill', orderId: '1' });
    await hear(anOrder(GPS, 'entry'));
    await hear(aFill(BTC, '555'));
    await hear({ type: 'account', positions: [], reason: 'ORDER', observedAt: 0 });
    await world.advance(DEAF_MS + 1_000);
    expect(opened).to.have.length(2);
  });

  it('does not owe what is from before its connection, what came while it was lost, or what is long past', async () => {
    const { world, opened, rest, live } = await bench();
    await rest('while-away');
    const before = world.clock.monotonic();
    await world.advance(1_000);
    await live();
    await rest('sent-before', { at: before });
    await rest('7', { what: 'fill', at: world.clock.monotonic() + 500 });
    await world.advance(200_000);
    await rest('8', { what: 'fill', at: world.clock.monotonic() - 130_000 });
    await world.advance(30_000);
    expect(opened).to.have.length(1);
  });

  it('waits longer and longer for the next when deaf again and again, and begins anew once one has told what was owed', async () => {
    const { world, opened, rest, live, hear } = await bench();
    const deafAgain = async () => {
      await live();
      await rest(`order-${world.clock.now()}`);
      await world.advance(DEAF_MS + 1_000);
    };
    const opensWithin = async () => {
      const before = opened.length;
      for (let waited = 0; waited <= 600; waited += 10) {
        if (opened.length > before) return waited;
        await world.advance(10_000);
      }
      throw new Error('never');
    };
    await deafAgain();
    expect(opened).to.have.length(2);
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      await deafAgain();
      waits.push(await opensWithin());
    }
    expect(waits).to.deep.equal([30, 60, 120, 240, 300, 300]);
    await live();
    await rest('heard');
    await hear(anOrder(GPS, 'heard'));
    await world.advance(1_000);
    const before = opened.length;
    await rest(`order-${world.clock.now()}`);
    await world.advance(DEAF_MS + 1_000);
    expect(opened.length, 'at once, as the first time').to.equal(before + 1);
  });

  it('takes no word of the connection it has left for one of the next', async () => {
    const { world, opened, rest, live, view } = await bench();
    await live();
    await rest('entry-1');
    await world.advance(DEAF_MS + 1_000);
    opened[0]!.handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: false });
    await live();
    opened[0]!.handlers.onLost('closed at last');
    await world.advance(1_000);
    expect(view()).to.include({ live: true, streamEpoch: 2 });
    expect(opened).to.have.length(2);
  });
});
