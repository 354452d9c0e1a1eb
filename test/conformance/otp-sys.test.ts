/** OTP's sys_SUITE by the names of its cases: what an operator asks of a running actor, it answers between two messages. */
import { expect } from 'chai';
import { become, same } from '../../src/supervision/behaviour.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { TraceEvent } from '../../src/supervision/cell/tracer.ts';
import type { Asking } from '../../src/supervision/ref.ts';
import { Cast, question } from '../supervision/cast.ts';

const LIMITS = { messages: 100, ms: 60_000 };
const answering = (text: string) => question((answer) => answer([text]));
const brief = (events: readonly TraceEvent[]): readonly string[] =>
  events.map((event) => {
    if (event.direction === 'end') return `end: ${event.reason}`;
    return event.direction === 'in' ? `in ${event.type} from ${event.from}` : `out ${event.type} to ${event.to}${event.accepted ? '' : ' refused'}`;
  });

type Channel = ({ readonly type: 'alloc' } & Asking<number>) | { readonly type: 'free'; readonly channel: number };

interface Channels {
  readonly taken: readonly number[];
  readonly free: readonly number[];
}

/** OTP's example of a process that is no gen_server; here it is an actor like any other. */
function channels(count: number): Behaviour<Channel, Channels> {
  return {
    role: 'channels',
    purpose: 'lends channels in a conformance suite',
    consumes: { alloc: 'answers a free channel', free: 'takes one back' },
    emits: [],
    mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
    init: () => ({ taken: [], free: Array.from({ length: count }, (_, index) => index + 1) }),
    receive({ taken, free }, message, ctx) {
      if (message.type === 'free') return become({ taken: taken.filter((one) => one !== message.channel), free: [message.channel, ...free] });
      const [first, ...rest] = free;
      if (first === undefined) return same;
      ctx.answering(message)(first);
      return become({ taken: [first, ...taken], free: rest });
    },
    view: (state) => state,
  };
}

describe('OTP sys', () => {
  it('log', async () => {
    const cast = await new Cast().start('server', 'client');
    await cast.ask('client', 'server', answering('44'));
    for (let i = 0; i < 30; i++) await cast.tell('server', `note ${i}`);
    const { recentMessages } = cast.detail('server');
    expect(recentMessages).to.have.length(20);
    expect(recentMessages.map(({ type, from }) => `${type} ${from}`)).to.deep.equal(Array(20).fill('note outside'));
    await cast.ask('client', 'server', answering('45'));
    expect(cast.detail('server').recentMessages.at(-1)).to.include({ type: 'question', from: 'client', queueMs: 0, serviceMs: 0 });
  });

  it('stats', async () => {
    const cast = await new Cast().start('server');
    const slow = question((answer) => {
      cast.world.clock.moveTo(cast.world.clock.now() + 7);
      answer([]);
    });
    expect(await cast.now(cast.outside('server', slow))).to.deep.equal([]);
    expect(cast.detail('server')).to.deep.include({ status: 'running', accounts: { received: 1, handled: 1, queued: 0, parked: 0, flushed: 0, dropped: 0, superseded: 0, dead: 0, refused: 0 } });
    expect(cast.detail('server').timing.serviceMs).to.include({ count: 1, max: 7 });
    expect(cast.world.system.resetTiming('server')).to.equal(true);
    expect(cast.detail('server').timing).to.deep.equal({ waitMs: { count: 0, p50: 0, p99: 0, max: 0 }, serviceMs: { count: 0, p50: 0, p99: 0, max: 0 } });
    expect(cast.detail('server').accounts.handled).to.equal(1);
    expect(cast.world.system.resetTiming('nobody')).to.equal(false);
  });

  it('trace', async () => {
    const cast = await new Cast().start('server', 'client');
    const events: TraceEvent[] = [];
    const end = cast.world.system.trace('server', LIMITS, (event) => events.push(event));
    await cast.ask('client', 'server', answering('44'));
    await cast.act('server', (ctx) => void ctx.tell(cast.ref('nobody'), { type: 'note', text: 'lost' }));
    end!();
    await cast.tell('server', 'not followed any more');
    expect(brief(events)).to.deep.equal(['out answer:question to client', 'in question from client', 'out note to nobody refused', 'in do from outside', 'end: asked']);

    const asking: TraceEvent[] = [];
    const endAsking = cast.world.system.trace('client', LIMITS, (event) => asking.push(event));
    await cast.ask('client', 'nobody', answering('45'));
    endAsking!();
    expect(brief(asking)).to.deep.equal(['out question to nobody refused', 'in do from outside', 'in note from nobody', 'end: asked']);

    const limited: TraceEvent[] = [];
    cast.world.system.trace('server', { messages: 2, ms: 60_000, payload: true }, (event) => limited.push(event));
    await cast.tell('server', 'a', 'b', 'c');
    expect(brief(limited)).to.deep.equal(['in note from outside', 'in note from outside', 'end: messages']);
    expect(limited[0]).to.have.property('payload', '{"type":"note","text":"a"}');

    const timed: TraceEvent[] = [];
    cast.world.system.trace('server', { messages: 2, ms: 1_000 }, (event) => timed.push(event));
    await cast.world.advance(1_000);
    expect(brief(timed)).to.deep.equal(['end: time']);
    for (const wrong of [{ messages: 0, ms: 1 }, { messages: Infinity, ms: 1 }, { messages: 1, ms: 0 }, { messages: 1, ms: NaN }]) {
      expect(() => cast.world.system.trace('server', wrong, () => undefined)).to.throw(RangeError, /give 1 to/);
    }
    expect(cast.world.system.trace('nobody', LIMITS, () => undefined)).to.equal(undefined);
  });

  it('suspend', async () => {
    const cast = await new Cast().start('server');
    const late: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      cast.suspend('server'); // doing it twice is no error
      const refused = cast.outside('server', answering('48'));
      await cast.world.advance(1_000);
      late.push(await refused);
      expect(cast.lives('server')).to.deep.equal(['server suspended 1']);
    }
    expect(late).to.deep.equal(Array(2).fill('Error: server did not answer question within 1000 ms'));
    for (let i = 0; i < 2; i++) {
      await cast.resume('server'); // nor is that
      expect(cast.lives('server')).to.deep.equal(['server running 1']);
      expect(await cast.now(cast.outside('server', answering('48')))).to.deep.equal(['48']);
    }
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({ 'late-answer': 2 });
  });

  it('install', async () => {
    const cast = await new Cast().start('server');
    const { system } = cast.world;
    const seen: string[] = [];
    const spy = (id: string) => system.trace('server', LIMITS, (event) => seen.push(`${id} ${event.direction === 'end' ? event.reason : event.type}`))!;
    const remove = spy('one');
    await cast.tell('server', '1');
    remove();
    await cast.tell('server', '2');
    remove(); // removing twice is no error
    spy('two');
    const removeLater = spy('three');
    await cast.tell('server', '3', '4');
    removeLater();
    await cast.tell('server', '5');
    expect(seen).to.deep.equal(['one note', 'one asked', 'two asked', 'three note', 'three note', 'three asked']);

    system.trace('server', LIMITS, () => {
      throw new Error('a listener of its own');
    });
    await cast.tell('server', '6', '7');
    await cast.act('server', (ctx) => void ctx.tell(ctx.self, { type: 'note', text: '8' }));
    expect(cast.notes('server')).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(cast.lives('server')).to.deep.equal(['server running 1']);
  });

  it('special_process', async () => {
    const cast = new Cast();
    const { system } = cast.world;
    const ref = system.ref<Channel>('channels');
    await cast.start(worker(ref, channels(5), { restart: 'temporary' }), 'watcher');
    await cast.watch('watcher', 'channels');
    expect(await cast.now(system.ask(ref, { type: 'alloc' }, 1_000))).to.equal(1);
    expect(await cast.now(system.state('channels'))).to.deep.equal({ taken: [1], free: [2, 3, 4, 5] });
    await cast.now(system.replaceState<Channels>('channels', ({ taken }) => ({ taken, free: [2, 3, 4] }), 'a rescue'));
    system.tell(ref, { type: 'free', channel: 1 });
    expect(await cast.now(system.state('channels')), 'a system message comes before mail').to.deep.equal({ taken: [1], free: [2, 3, 4] });
    expect(await cast.now(system.state('channels'))).to.deep.equal({ taken: [], free: [1, 2, 3, 4] });
    expect(cast.detail('channels').accounts).to.include({ received: 2, handled: 2 });

    // A replacement that fails replaces nothing.
    const failed = system.replaceState('channels', () => { throw new Error('fail'); }, 'a mistake').then(() => 'replaced', (error: Error) => error.message);
    expect(await cast.now(failed)).to.equal('fail');
    expect(await cast.now(system.state('channels'))).to.deep.equal({ taken: [], free: [1, 2, 3, 4] });
    expect(cast.world.events.filter(({ type }) => type === 'state-replaced')).to.deep.equal([{ type: 'state-replaced', path: 'channels', incarnation: 1, reason: 'a rescue' }]);

    expect(await cast.now(cast.supervisor().terminateChild('channels', 'done with'))).to.include({ ok: true });
    expect(cast.notes('watcher')).to.deep.equal(['channels/1 shutdown: done with']);
    expect(cast.lives('channels')).to.deep.equal(['channels unknown']);
    expect(await cast.now(system.state('channels').catch((error: Error) => error.message))).to.equal('there is no actor channels');
  });
});
