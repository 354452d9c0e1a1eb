/** Restarts, budgets, order of start and stop: what OTP's supervisor promises, as far as the tree needs it here. */
import { expect } from 'chai';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { become, same, stop } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { pool } from '../../src/supervision/pool.ts';
import { World } from '../kit/world.ts';

type CounterMessage = { type: 'add' } | { type: 'crash' } | { type: 'end' } | ({ type: 'count' } & { '~answer'?: number });

function counter(options: { onInit?: () => void; onTerminate?: () => void; onRestart?: 'keep' | 'flush' } = {}): Behaviour<CounterMessage, number> {
  return {
    role: 'counter',
    purpose: 'counts in tests',
    consumes: { add: 'adds one', crash: 'throws', end: 'stops in order', count: 'answers the count' },
    emits: [],
    mailbox: { capacity: 10, overflow: 'reject', onRestart: options.onRestart ?? 'keep' },
    init() {
      options.onInit?.();
      return 0;
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'add':
          return become(state + 1);
        case 'crash':
          throw new Error('as asked');
        case 'end':
          return stop('asked to');
        case 'count':
          ctx.answering(message)(state);
          return same;
      }
    },
    async terminate() {
      options.onTerminate?.();
    },
    view: (state) => ({ count: state }),
  };
}

describe('supervisor', () => {
  it('starts children in order and stops them in reverse', async () => {
    const world = new World();
    const order: string[] = [];
    const child = (name: string) => worker(world.system.ref<CounterMessage>(name), counter({ onInit: () => order.push(`start ${name}`), onTerminate: () => order.push(`stop ${name}`) }));
    await world.start(child('a'), supervisor('inner', 'a nested one', [child('b'), child('c')]), child('d'));
    const stopping = world.system.stop('test over');
    await world.advance(5_000);
    await stopping;
    expect(order).to.deep.equal(['start a', 'start b', 'start c', 'start d', 'stop d', 'stop c', 'stop b', 'stop a']);
  });

  it('restarts a crashed child alone, as a new incarnation with fresh state, and keeps its waiting messages', async () => {
    const world = new World();
    const ref = world.system.ref<CounterMessage>('counter');
    await world.start(worker(ref, counter()), worker(world.system.ref<CounterMessage>('bystander'), counter()));
    for (const type of ['add', 'add', 'crash', 'add'] as const) world.system.tell(ref, { type });
    await world.advance(1_000);
    expect(world.system.inspect('counter')).to.include({ incarnation: 2, restarts: 1, status: 'running' });
    expect(world.system.inspect('counter')).to.have.deep.property('state', { count: 1 });
    expect(world.system.inspect('bystander')).to.include({ incarnation: 1, restarts: 0 });
  });

  it('restarts a permanent child that ended in order, too (failure 1: an exit not seen as a failure)', async () => {
    const world = new World();
    const ref = world.system.ref<CounterMessage>('counter');
    await world.start(worker(ref, counter()));
    world.system.tell(ref, { type: 'end' });
    await world.advance(1_000);
    expect(world.system.inspect('counter')).to.include({ incarnation: 2, status: 'running' });
  });

  it('leaves a transient child that ended in order, and a temporary one that crashed', async () => {
    const world = new World();
    const transient = world.system.ref<CounterMessage>('transient');
    const temporary = world.system.ref<CounterMessage>('temporary');
    await world.start(worker(transient, counter(), { restart: 'transient' }), worker(temporary, counter(), { restart: 'temporary' }));
    world.system.tell(transient, { type: 'end' });
    world.system.tell(temporary, { type: 'crash' });
    await world.advance(60_000);
    expect(world.system.inspect('transient')).to.include({ incarnation: 1, status: 'stopped' });
    expect(world.system.inspect('temporary')).to.include({ incarnation: 1, status: 'stopped' });
  });

  it('waits longer before each restart, and goes on slowly for ever when the budget is spent (failure 10, ruling 13)', async () => {
    const world = new World();
    const ref = world.system.ref<CounterMessage>('counter');
    await world.start(worker(ref, counter(), { policy: { limit: 3, windowMs: 60_000, backoff: { minMs: 100, maxMs: 10_000 }, whenSpent: { retryEveryMs: 30_000 } } }));
    for (let i = 0; i < 4; i++) {
      world.system.tell(ref, { type: 'crash' });
      await world.advance(i < 3 ? 1_000 : 0);
    }
    const delays = world.events.filter((event) => event.type === 'restarting').map((event) => event.inMs);
    expect(delays).to.have.length(4);
    for (const [index, base] of [100, 200, 400].entries()) expect(delays[index]).to.be.within(base * 0.8, base * 1.2);
    expect(delays[3]).to.equal(30_000);
    expect(world.events.some((event) => event.type === 'budget-spent' && event.path === 'counter')).to.equal(true);
    expect(world.system.inspect('counter')).to.include({ status: 'restarting' });
    await world.advance(30_000);
    expect(world.system.inspect('counter')).to.include({ status: 'running', incarnation: 5 });
  });

  it('escalates where the policy says so: the parent restarts the whole subtree', async () => {
    const world = new World();
    const ref = world.system.ref<CounterMessage>('fragile');
    const policy = { limit: 0, whenSpent: 'escalate' as const };
    await world.start(supervisor('inner', 'gives up at once', [worker(ref, counter(), { policy }), worker(world.system.ref<CounterMessage>('sibling'), counter())]));
    world.system.tell(ref, { type: 'crash' });
    await world.advance(1_000);
    expect(world.system.inspect('inner')).to.include({ incarnation: 2, restarts: 1, status: 'running' });
    expect(world.system.inspect('sibling')).to.include({ incarnation: 2, status: 'running' });
  });

  it('refuses to start when a child cannot, and leaves nothing running', async () => {
    const world = new World();
    const stopped: string[] = [];
    const broken = counter({
      onInit: () => {
        throw new Error('no journal');
      },
    });
    const start = world.start(worker(world.system.ref<CounterMessage>('a'), counter({ onTerminate: () => stopped.push('a') })), worker(world.system.ref<CounterMessage>('b'), broken));
    let failure: unknown;
    await start.catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(Error).with.property('message', 'no journal');
    expect(stopped).to.deep.equal(['a']);
  });

  it('restarts a child whose init fails at run time with the same budget and backoff, and stays responsive meanwhile', async () => {
    const world = new World();
    let healthy = true;
    const ref = world.system.ref<CounterMessage>('counter');
    await world.start(
      worker(ref, counter({ onInit: () => expect(healthy, 'journal is away').to.equal(true) })),
    );
    healthy = false;
    world.system.tell(ref, { type: 'crash' });
    await world.advance(1_000);
    expect(world.system.inspect('counter')).to.include({ status: 'restarting' });
    expect(world.system.tell(ref, { type: 'add' })).to.equal(true);
    healthy = true;
    await world.advance(60_000);
    expect(world.system.inspect('counter')).to.include({ status: 'running' });
    expect(world.system.inspect('counter')).to.have.deep.property('state', { count: 1 });
  });

  it('makes the members of a pool on demand and starts them again after the pool was killed', async () => {
    const world = new World();
    const members = pool<CounterMessage, string>(world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: (ref) => worker(ref, counter()) });
    await world.start(members.spec);
    const ref = members.pool.member('币安人生USDT');
    world.system.tell(ref, { type: 'add' });
    await world.advance(10);
    expect(world.system.inspect('member/币安人生USDT')).to.have.deep.property('state', { count: 1 });
    expect(world.system.control('members', 'kill', 'test')).to.equal(1);
    await world.advance(1_000);
    expect(world.system.inspect('member/币安人生USDT')).to.include({ status: 'running', incarnation: 2 });
  });
});
