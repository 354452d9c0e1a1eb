/** What an operator sees is true, bounded and without secrets, and looking changes nothing. */
import { expect } from 'chai';
import { stop } from '../../src/supervision/behaviour.ts';
import type { TraceEvent } from '../../src/supervision/cell/tracer.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { LifecycleEvent } from '../../src/supervision/inspection.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { World } from '../kit/world.ts';
import { puppet, stage } from './puppet.ts';
import type { Cue, Stage } from './puppet.ts';

const boom: Cue = { type: 'note', text: 'boom' };
const thrown = (error: unknown): Cue => ({ type: 'do', act: () => { throw error; } });

/** Takes so long in its handler. */
const takes = (one: Stage, ms: number): Cue => ({ type: 'do', act: () => one.world.clock.moveTo(one.world.clock.now() + ms) });

const typesOf = (events: readonly LifecycleEvent[]) => events.map((event) => ('path' in event ? `${event.path} ${event.type}` : event.type));

describe('events', () => {
  it('tell the whole life of an actor in order: started, suspended, resumed, crashed, restarting, parked, state replaced, stopped', async () => {
    const one = await stage();
    const { system, events } = one.world;
    events.length = 0;
    for (const action of ['suspend', 'resume'] as const) system.control('puppet', action, 'test');
    one.tell(boom);
    await one.world.settle();
    const replaced = system.replaceState('puppet', () => ['rescued'], 'by hand');
    await one.world.settle();
    await replaced;
    one.tell({ type: 'do', act: () => stop('done') });
    await one.world.settle();
    expect(typesOf(events)).to.deep.equal(
      ['suspended', 'resumed', 'crashed', 'restarting', 'started', 'parked', 'crashed', 'restarting', 'started', 'state-replaced', 'stopped', 'restarting', 'started'].map((type) => `puppet ${type}`),
    );
    expect(events.find((event) => event.type === 'restarting')).to.deep.include({ incarnation: 1, inMs: 0, used: 1 });
    expect(events.find((event) => event.type === 'state-replaced')).to.deep.include({ incarnation: 3, reason: 'by hand' });
    expect(events.find((event) => event.type === 'stopped')).to.deep.include({ incarnation: 3, kind: 'normal', reason: 'done' });
  });

  it('tell that a supervisor has given up, over which child and why', async () => {
    const world = new World();
    const ref = world.system.ref<Cue>('fragile');
    await world.start(supervisor('inner', 'gives up at once', [worker(ref, puppet(), { policy: { ...NO_BUDGET, limit: 0 } })], { policy: NO_BUDGET }));
    world.events.length = 0;
    world.system.tell(ref, thrown(new Error('broken')));
    await world.settle();
    expect(world.events.find((event) => event.type === 'escalated')).to.deep.equal({ type: 'escalated', path: 'inner', incarnation: 1, child: 'fragile', reason: 'Error: broken' });
    expect(typesOf(world.events).slice(0, 4)).to.deep.equal(['fragile crashed', 'inner escalated', 'inner stopped', 'inner restarting']);
  });

  it('tell that a budget is spent, and how slowly it goes on', async () => {
    const one = await stage({}, { policy: { limit: 0, windowMs: 60_000, backoff: { minMs: 0, maxMs: 0 }, whenSpent: { retryEveryMs: 30_000 } } });
    one.tell(boom);
    await one.world.settle();
    expect(one.world.events.find((event) => event.type === 'budget-spent')).to.deep.equal({ type: 'budget-spent', path: 'puppet', retryEveryMs: 30_000 });
  });

  it('tell of dead letters, at a rate that floods nobody', async () => {
    const { world } = await stage();
    for (let i = 0; i < 20; i++) world.system.tell(world.system.ref<Cue>('nobody'), boom, 'me');
    const told = world.events.filter((event) => event.type === 'dead-letter');
    expect(told).to.have.length(10);
    expect(told[0]).to.deep.equal({ type: 'dead-letter', to: 'nobody', from: 'me', message: 'note', reason: 'unknown-ref', unreported: 0 });
  });

  it('go to every listener though one throws, which is logged, and to none that has unsubscribed', async () => {
    const one = await stage();
    const heard: string[] = [];
    const unsubscribe = one.world.system.subscribe(() => {
      throw new Error('a listener');
    });
    const silence = one.world.system.subscribe((event) => heard.push(event.type));
    one.world.system.control('puppet', 'suspend', 'test');
    unsubscribe();
    silence();
    one.world.system.control('puppet', 'resume', 'test');
    expect(heard).to.deep.equal(['suspended']);
    expect(one.world.logs.filter((line) => line.level === 'error')).to.deep.include.members([{ level: 'error', path: 'supervision', fields: one.world.logs.at(-1)!.fields, message: 'a listener to the life of the tree threw' }]);
  });
});

describe('detail', () => {
  it('times messages: how long they waited and how long they took, by median, 99th percentile and longest', async () => {
    const one = await stage();
    for (let i = 0; i < 98; i++) one.tell(takes(one, 4));
    one.tell(takes(one, 100), takes(one, 100));
    await one.world.settle();
    const { serviceMs, waitMs } = one.detail().timing;
    expect(serviceMs).to.include({ count: 100, max: 100 });
    expect(serviceMs.p50).to.be.within(4, 5);
    expect(serviceMs.p99).to.be.within(80, 100);
    expect(waitMs).to.include({ count: 100, max: 98 * 4 + 100 });
    expect(waitMs.p50).to.be.within(49 * 4, 49 * 4 * 1.25);
    expect(one.world.system.resetTiming('puppet')).to.equal(true);
    expect(one.detail().timing.serviceMs).to.deep.equal({ count: 0, p50: 0, p99: 0, max: 0 });
    expect(one.world.system.resetTiming('nobody')).to.equal(false);
  });

  it('puts a slow message among quick ones down as slow, though they share readings of the clock', async () => {
    const one = await stage();
    for (let i = 0; i < 99; i++) one.tell(i === 60 ? takes(one, 200) : `${i}`);
    await one.world.settle();
    const { serviceMs } = one.detail().timing;
    expect(serviceMs).to.include({ count: 99, max: 200 });
    expect(serviceMs.p50).to.be.below(0.01);
  });

  it('waits from the instant it was told, whatever was read of the clock before', async () => {
    const one = await stage();
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('a');
    await one.world.advance(10_000);
    one.world.system.control('puppet', 'resume', 'test');
    one.tell('b');
    await one.world.settle();
    one.world.clock.moveTo(one.world.clock.now() + 10_000);
    const read = one.world.system.state('puppet');
    one.tell('c');
    await one.world.settle();
    await read;
    expect(one.detail().recentMessages.map((message) => message.queueMs)).to.deep.equal([10_000, 0, 0]);
  });

  it('keeps the last twenty messages, with their sender, their waiting and their taking', async () => {
    const one = await stage();
    const startedAt = one.world.clock.now();
    for (let i = 0; i < 25; i++) one.world.system.tell(one.ref, takes(one, 10), `sender ${i}`);
    await one.world.settle();
    const { recentMessages, lastMessageAt, handled } = one.detail();
    expect(recentMessages).to.have.length(20);
    expect(recentMessages[0]).to.deep.equal({ type: 'do', at: new Date(startedAt + 60).toISOString(), from: 'sender 5', queueMs: 50, serviceMs: 10 });
    expect(recentMessages.at(-1)).to.include({ from: 'sender 24', queueMs: 240 });
    expect({ lastMessageAt, handled }).to.deep.equal({ lastMessageAt: new Date(startedAt + 250).toISOString(), handled: 25 });
  });

  it('keeps the last ten crashes, redacted and cut, with the message in hand', async () => {
    const one = await stage();
    for (let i = 0; i < 6; i++) one.tell(thrown(new Error(`${i}: apiKey=k-123 ${'x'.repeat(5_000)}`)));
    await one.world.settle();
    const { crashes } = one.detail();
    expect(crashes.map((crash) => crash.incarnation)).to.deep.equal([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(crashes.at(-1)).to.include({ during: 'do', at: one.world.clock.now() });
    expect(crashes.at(-1)!.reason).to.match(/^Error: 5: apiKey=\[redacted\] x+$/).and.have.length(500);
    expect(crashes.at(-1)!.stack).to.match(/^Error: 5: apiKey=\[redacted\]/).and.have.length(2_000);
    expect(JSON.stringify(one.world.events)).to.not.include('k-123');
  });

  it('survives whatever is thrown: text, nothing, an object, one that cannot even be described', async () => {
    const one = await stage();
    const strange = Object.assign(new Error(), { name: Symbol('no text'), stack: 5 });
    const hostile = { toJSON() { throw new Error('no'); } };
    for (const what of ['text', undefined, { code: -1021, secret: 's' }, Object.create(null), strange, hostile]) one.tell(thrown(what));
    one.tell('next');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['next@13']);
    expect(one.detail().parked.map((parked) => parked.reason)).to.deep.equal(['text', 'undefined', '{"code":-1021,"secret":"[redacted]"}', '{}', 'an error that cannot be described', '"[unreadable]"']);
    expect(one.detail().crashes.at(-4)).to.include({ stack: '' });
  });

  it('redacts and cuts the payload of what is parked', async () => {
    const one = await stage();
    one.tell({ type: 'note', text: 'boom', key: 'token=abc' }, { ...boom, key: 'y'.repeat(5_000) } as Cue);
    await one.world.settle();
    const [first, second] = one.detail().parked;
    expect(first?.payload).to.equal('{"type":"note","text":"boom","key":"token=[redacted]"}');
    expect(second?.payload).to.have.length(1_001).and.match(/y…$/);
  });

  it('shows the state by the behaviour’s view, redacted; a view that throws is shown as such, and hides nothing else', async () => {
    let healthy = true;
    const view = () => {
      if (!healthy) throw new Error('password=p no view');
      return { equity: '10000', apiKey: 'k-123', cookie: 'c', signature: 's', nested: { listenKey: 'l', at: new Date(0) } };
    };
    const one = await stage({}, { more: { view } });
    expect(one.detail().state).to.deep.equal({ equity: '10000', apiKey: '[redacted]', cookie: '[redacted]', signature: '[redacted]', nested: { listenKey: '[redacted]', at: '1970-01-01T00:00:00.000Z' } });
    healthy = false;
    expect(one.detail().state).to.deep.equal({ unviewable: 'Error: password=[redacted] no view' });
    expect(one.detail()).to.include({ status: 'running', incarnation: 1 });
  });
});

describe('state', () => {
  it('is read and replaced in the actor’s turn, while it is suspended too, without a message being handled', async () => {
    const one = await stage();
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('waits');
    const replaced = one.world.system.replaceState<readonly string[]>('puppet', (notes) => [...notes, 'rescued'], 'by hand');
    const read = one.world.system.state('puppet');
    expect(one.notes()).to.deep.equal([]);
    await one.world.settle();
    await replaced;
    expect(await read).to.deep.equal(['rescued']);
    expect(one.detail().accounts).to.include({ handled: 0, queued: 1 });
    one.world.system.control('puppet', 'resume', 'test');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['rescued', 'waits@1']);
  });

  it('comes before the messages that wait', async () => {
    const one = await stage();
    one.tell('a');
    const read = one.world.system.state('puppet');
    await one.world.settle();
    expect(await read).to.deep.equal([]);
    expect(one.notes()).to.deep.equal(['a@1']);
  });

  it('has a timeout where none runs, and says so at once where there is none of that name', async () => {
    const one = await stage({}, { policy: { backoff: { minMs: 60_000, maxMs: 60_000 } } });
    one.world.system.control('puppet', 'kill', 'test');
    const failures: string[] = [];
    const fails = (promise: Promise<unknown>) => void promise.catch((error: Error) => failures.push(error.message));
    fails(one.world.system.state('puppet', 200));
    fails(one.world.system.replaceState('puppet', () => [], 'by hand'));
    fails(one.world.system.state('nobody'));
    await one.world.settle();
    expect(failures).to.deep.equal(['there is no actor nobody']);
    await one.world.advance(499);
    expect(failures.slice(1)).to.deep.equal(['puppet: its turn took longer than 200 ms']);
    await one.world.advance(1);
    await one.world.settle();
    expect(failures.slice(2)).to.deep.equal(['puppet: its turn took longer than 500 ms']);
  });

  it('is not replaced by what throws: that is its caller’s failure, and the actor goes on', async () => {
    const one = await stage();
    one.tell('a');
    await one.world.settle();
    let failure = '';
    one.world.system.replaceState('puppet', () => { throw new Error('no state'); }, 'by hand').catch((error: Error) => (failure = error.message));
    await one.world.settle();
    expect({ failure, notes: one.notes() }).to.deep.equal({ failure: 'no state', notes: ['a@1'] });
    expect(one.world.events.some((event) => event.type === 'state-replaced')).to.equal(false);
  });
});

describe('trace', () => {
  /** Follows the puppet. */
  const follow = (one: Stage, limits: { messages: number; ms: number; payload?: boolean }) => {
    const events: TraceEvent[] = [];
    const end = one.world.system.trace('puppet', limits, (event) => events.push(event))!;
    return { events, end, directions: () => events.map((event) => event.direction) };
  };

  it('must have limits, of messages and of time', async () => {
    const one = await stage();
    for (const [messages, ms] of [[0, 1_000], [10_001, 1_000], [NaN, 1_000], [10, 0], [10, 600_001], [10, Infinity]] as const) {
      expect(() => follow(one, { messages, ms }), `${messages} in ${ms} ms`).to.throw(RangeError);
    }
    expect(one.world.system.trace('nobody', { messages: 1, ms: 1 }, () => undefined)).to.equal(undefined);
  });

  it('tells of each message in, with its waiting and taking, and of each out, with its being taken or not; no payload unless asked', async () => {
    const one = await stage();
    const { events } = follow(one, { messages: 10, ms: 1_000 });
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('a');
    await one.world.advance(5);
    one.world.system.control('puppet', 'resume', 'test');
    one.act((ctx) => {
      ctx.tell(one.world.system.ref<Cue>('nobody'), boom);
      ctx.tell(ctx.self, { type: 'tick', text: 't' });
    });
    await one.world.settle();
    const at = new Date(one.world.clock.now()).toISOString();
    expect(events).to.deep.equal([
      { direction: 'in', at, incarnation: 1, type: 'note', from: 'outside', queueMs: 5, serviceMs: 0 },
      { direction: 'out', at, incarnation: 1, type: 'note', to: 'nobody', accepted: false },
      { direction: 'out', at, incarnation: 1, type: 'tick', to: 'puppet', accepted: true },
      { direction: 'in', at, incarnation: 1, type: 'do', from: 'outside', queueMs: 0, serviceMs: 0 },
      { direction: 'in', at, incarnation: 1, type: 'tick', from: 'puppet', queueMs: 0, serviceMs: 0 },
    ]);
  });

  it('shows payloads when asked, redacted and cut', async () => {
    const one = await stage();
    const { events } = follow(one, { messages: 10, ms: 1_000, payload: true });
    one.tell({ type: 'note', text: 'secret=s', key: 'z'.repeat(2_000) });
    await one.world.settle();
    const payload = (events[0] as { readonly payload: string }).payload;
    expect(payload).to.have.length(1_001).and.include('secret=[redacted]');
  });

  it('ends by its number of messages, in the middle of a handler too, and says so', async () => {
    const one = await stage();
    const { events, end } = follow(one, { messages: 3, ms: 1_000 });
    one.act((ctx) => {
      for (let i = 0; i < 5; i++) ctx.tell(ctx.self, { type: 'note', text: `${i}` });
    });
    await one.world.settle();
    expect(events.map((event) => (event.direction === 'end' ? event.reason : event.direction))).to.deep.equal(['out', 'out', 'out', 'messages']);
    end();
    await one.world.advance(2_000);
    expect(events.at(-1)).to.include({ direction: 'end', events: 3 });
    expect(events).to.have.length(4);
  });

  it('ends by its time, by asking, by another trace, and when its actor is forgotten; each says why', async () => {
    const one = await stage({}, { restart: 'temporary' });
    const byTime = follow(one, { messages: 10, ms: 1_000 });
    one.tell('a');
    await one.world.advance(1_000);
    one.tell('b');
    await one.world.settle();
    expect(byTime.directions()).to.deep.equal(['in', 'end']);
    const byAsking = follow(one, { messages: 10, ms: 1_000 });
    byAsking.end();
    const replaced = follow(one, { messages: 10, ms: 1_000 });
    const byClose = follow(one, { messages: 10, ms: 1_000 });
    byAsking.end();
    await one.world.system.supervisor('vigil')!.terminateChild('puppet');
    await one.world.advance(2_000);
    const reasons = [byTime, byAsking, replaced, byClose].map(({ events }) => events.filter((event) => event.direction === 'end').map((event) => event.reason));
    expect(reasons).to.deep.equal([['time'], ['asked'], ['asked'], ['closed']]);
  });

  it('goes on over restarts, and a listener that throws is not its actor’s crash', async () => {
    const one = await stage();
    let heard = 0;
    one.world.system.trace('puppet', { messages: 10, ms: 1_000 }, () => {
      heard += 1;
      throw new Error('a listener');
    });
    one.tell(boom, 'a');
    await one.world.settle();
    expect(heard).to.equal(3);
    expect(one.notes()).to.deep.equal(['a@3']);
  });
});

describe('top', () => {
  it('puts the busiest first: by what waits, its age, time in handlers, messages and restarts', async () => {
    const world = new World();
    const names = ['a', 'b', 'c'] as const;
    const refs = names.map((name) => world.system.ref<Cue>(name));
    await world.start(...refs.map((ref) => worker(ref, puppet(), { policy: NO_BUDGET })));
    const [a, b, c] = refs as [typeof refs[0] & object, typeof refs[0] & object, typeof refs[0] & object];
    const spend = (ms: number): Cue => ({ type: 'do', act: () => world.clock.moveTo(world.clock.now() + ms) });
    world.system.tell(a, spend(300));
    world.system.tell(b, boom);
    await world.settle();
    for (let i = 0; i < 5; i++) world.system.tell(c, { type: 'note', text: `${i}` });
    await world.settle();
    for (const name of names) world.system.control(name, 'suspend', 'test');
    world.system.tell(b, { type: 'note', text: 'old' });
    await world.advance(100);
    for (let i = 0; i < 2; i++) world.system.tell(c, { type: 'note', text: 'young' });
    await world.advance(100);
    const order = async (by: Parameters<typeof world.system.top>[0]) => (await world.system.top(by, 3)).map((row) => row.path).join('');
    expect(await order('queue')).to.equal('cba');
    expect(await order('age')).to.equal('bca');
    expect(await order('time')).to.equal('abc');
    expect(await order('handled')).to.equal('cab');
    expect(await order('restarts')).to.equal('bac');
    expect(await world.system.top('time', 1)).to.deep.equal([{ path: 'a', incarnation: 1, queue: 0, ageMs: 0, timeMs: 300, share: 0.6, handled: 1, restarts: 0 }]);
    expect((await world.system.top('queue', 2)).map(({ path, queue, ageMs }) => ({ path, queue, ageMs }))).to.deep.equal([{ path: 'c', queue: 2, ageMs: 100 }, { path: 'b', queue: 1, ageMs: 200 }]);
  });

  it('over a window counts what was added in it', async () => {
    const one = await stage();
    one.tell(takes(one, 500), 'a', boom);
    await one.world.settle();
    const asked = one.world.system.top('time', 5, 1_000);
    await one.world.settle();
    one.tell(takes(one, 250), boom);
    await one.world.advance(1_000);
    expect(await asked).to.deep.equal([{ path: 'puppet', incarnation: 5, queue: 0, ageMs: 0, timeMs: 250, share: 0.25, handled: 1, restarts: 2 }]);
  });

  it('refuses a window that is none', async () => {
    const one = await stage();
    for (const windowMs of [-1, NaN, 60_001]) {
      const failure = await one.world.system.top('time', 1, windowMs).then(() => undefined, (error: unknown) => error);
      expect(failure).to.be.instanceOf(RangeError);
    }
  });

  it('does not take a new actor under an old name for the old one: neither its messages nor its number', async () => {
    const one = await stage({}, { restart: 'temporary' });
    const root = one.world.system.supervisor('vigil')!;
    one.tell('a', 'b', 'c');
    await one.world.settle();
    const asked = one.world.system.top('handled', 5, 1_000);
    await root.terminateChild('puppet');
    await root.startChild(worker(one.ref, puppet()));
    one.tell('d');
    await one.world.advance(1_000);
    expect((await asked).map(({ incarnation, handled, restarts }) => ({ incarnation, handled, restarts }))).to.deep.equal([{ incarnation: 2, handled: 1, restarts: 0 }]);
    expect((await one.world.system.top('restarts', 1))[0]).to.include({ incarnation: 2, restarts: 0 });
  });
});
