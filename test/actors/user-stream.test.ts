/** The user stream: every event to whom it is about, every connection an epoch of its own, and nothing lost over a restart. */
import { expect } from 'chai';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import { ONE, ZERO } from '../../src/protocol/decimal.ts';
import type { AccountMessage, ExecutorMessage, FindingMessage, GatewayMessage, RestSaidMessage, UserStreamMessage } from '../../src/protocol/messages.ts';
import type { StreamView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { UserEvent, VenueOrder, VenueTrade } from '../../src/protocol/venue.ts';
import type { VenueUserStream } from '../../src/venue/port.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const BTC = 'BTCUSDT' as SymbolName;
const anOrder = (symbol: SymbolName, clientId = 'c', part: Partial<VenueOrder> = {}): Extract<UserEvent, { type: 'order' }> => ({ type: 'order', order: { symbol, clientId, orderId: '1', side: 'BUY', type: 'LIMIT', status: 'NEW', quantity: ZERO, executedQuantity: ZERO, price: ZERO, reduceOnly: false, updatedAt: 0, ...part } as unknown as VenueOrder, observedAt: 0 });
const aFill = (symbol: SymbolName, tradeId: string): UserEvent => ({ ...anOrder(symbol), trade: { tradeId } as VenueTrade });
const DEAF_MS = 5_000;

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
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  const reader = new Probe<{ readonly type: 'stream'; readonly view: StreamView }>(world, 'reader');
  const findings = new Probe<FindingMessage>(world, 'findings');
  let epoch = 0;
  await world.start(
    ...[...executors.values(), account, gateway, reader, findings].map((probe) => probe.spec),
    worker(world.system.ref<UserStreamMessage>('user-stream'), userStreamBehaviour({ stream, executorOf: (symbol) => executors.get(symbol)!.ref, account: account.ref, gateway: gateway.ref, subscribers: [reader.ref], findings: findings.ref, nextEpoch: () => ++epoch, deafAfterMs: DEAF_MS })),
  );
  const userStream = world.system.ref<UserStreamMessage>('user-stream');
  /** What REST says: of an order that is sent now, or of a fill made so long ago. */
  const rest = async (id: string, part: Partial<RestSaidMessage['words'][number]> = {}) => {
    world.system.tell(userStream, { type: 'rest-said', words: [{ what: 'order', symbol: GPS, id, at: world.clock.now(), ...part }] });
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
  return { world, opened, executors, account, gateway, reader, findings, rest, live, hear, view: () => reader.last('stream')?.view };
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
    const before = world.clock.now();
    await world.advance(1_000);
    await live();
    await rest('sent-before', { at: before });
    await rest('7', { what: 'fill', at: world.clock.now() + 500 });
    await world.advance(200_000);
    await rest('8', { what: 'fill', at: world.clock.now() - 130_000 });
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
    await world.settle();
    expect(view()).to.include({ live: true, streamEpoch: 2 });
  });
});
