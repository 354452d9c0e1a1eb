/** The user stream: every event to whom it is about, every connection an epoch of its own, and nothing lost over a restart. */
import { expect } from 'chai';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import { ZERO } from '../../src/protocol/decimal.ts';
import type { AccountMessage, ExecutorMessage, UserStreamMessage } from '../../src/protocol/messages.ts';
import type { StreamView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { UserEvent, VenueOrder } from '../../src/protocol/venue.ts';
import type { VenueUserStream } from '../../src/venue/port.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const BTC = 'BTCUSDT' as SymbolName;
const anOrder = (symbol: SymbolName): UserEvent => ({ type: 'order', order: { symbol, clientId: 'c', orderId: '1', side: 'BUY', type: 'LIMIT', status: 'NEW', quantity: ZERO, executedQuantity: ZERO, price: ZERO, reduceOnly: false, updatedAt: 0 } as unknown as VenueOrder, observedAt: 0 });

async function bench() {
  const world = new World();
  const opened: { handlers: Parameters<VenueUserStream['open']>[0]; closed: boolean }[] = [];
  const stream: VenueUserStream = {
    open(handlers) {
      const one = { handlers, closed: false };
      opened.push(one);
      return { close: () => void (one.closed = true) };
    },
  };
  const executors = new Map([GPS, BTC].map((symbol) => [symbol, new Probe<ExecutorMessage>(world, `executor/${symbol}`)]));
  const account = new Probe<AccountMessage>(world, 'account');
  const reader = new Probe<{ readonly type: 'stream'; readonly view: StreamView }>(world, 'reader');
  let epoch = 0;
  await world.start(
    ...[...executors.values(), account, reader].map((probe) => probe.spec),
    worker(world.system.ref<UserStreamMessage>('user-stream'), userStreamBehaviour({ stream, executorOf: (symbol) => executors.get(symbol)!.ref, account: account.ref, subscribers: [reader.ref], nextEpoch: () => ++epoch })),
  );
  return { world, opened, executors, account, reader, view: () => reader.last('stream')?.view };
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

  it('is not live until the venue says so, and each connection has an epoch of its own', async () => {
    const { world, opened, view } = await bench();
    await world.advance(1_100);
    expect(view()).to.include({ live: false, streamEpoch: 0 });
    const { handlers } = opened[0]!;
    handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 1 });
    handlers.onLost('socket closed');
    await world.settle();
    expect(view()).to.include({ live: false, streamEpoch: 1 });
    handlers.onLive();
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
  });

  it('dates a loss from its beginning, however often it is told', async () => {
    const { world, opened, view } = await bench();
    opened[0]!.handlers.onLive();
    await world.advance(5_000);
    opened[0]!.handlers.onLost('socket closed');
    await world.settle();
    const since = view()?.since;
    await world.advance(5_000);
    opened[0]!.handlers.onLost('still closed');
    await world.settle();
    expect(view()?.since).to.equal(since);
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
