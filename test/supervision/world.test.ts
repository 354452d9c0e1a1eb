/** The kit itself: the same seed gives the same run, another seed another; time stands until it is moved; what is sent is frozen where asked. */
import { expect } from 'chai';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { seal } from '../kit/seal.ts';
import { World } from '../kit/world.ts';
import type { WorldOptions } from '../kit/world.ts';

type Message = { readonly type: 'note'; readonly n: number };

/** Three actors that get twenty messages each, and the order in which they were handled. */
async function run(seed: number, options: WorldOptions = {}): Promise<string> {
  const world = new World(seed, options);
  const handled: string[] = [];
  const names = ['a', 'b', 'c'];
  const behaviour: Behaviour<Message, null> = { role: 'noted', purpose: 'is noted', consumes: { note: '' }, emits: [], mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive: (_state, _message, ctx) => (handled.push(ctx.path), same), view: () => null };
  await world.start(...names.map((name) => worker(world.system.ref<Message>(name), behaviour)));
  for (let n = 0; n < 20; n++) for (const name of names) world.system.tell(world.system.ref<Message>(name), { type: 'note', n });
  await world.settle();
  expect(handled).to.have.length(60);
  return handled.join('');
}

/** How many handled in a row, at most and at least, before another came. */
const stretches = (handled: string) => (handled.match(/(.)\1*/g) ?? []).map((stretch) => stretch.length);

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

describe('world', () => {
  it('gives the same run for the same seed, and others for others', async () => {
    for (const options of [{}, { turnMessages: 'seeded' }, { turnMessages: 1 }] as const) {
      const runs = await Promise.all(seeds.map((seed) => run(seed, options)));
      expect(await Promise.all(seeds.map((seed) => run(seed, options)))).to.deep.equal(runs);
      expect(new Set(runs).size).to.be.above(3);
    }
  });

  it('lets a turn take 32 messages, as many as it is told, or as many as the seed draws', async () => {
    expect(new Set((await Promise.all(seeds.map((seed) => run(seed)))).flatMap(stretches))).to.deep.equal(new Set([20]));
    const drawn = new Set((await Promise.all(seeds.map((seed) => run(seed, { turnMessages: 'seeded' })))).flatMap(stretches));
    expect(drawn.size).to.be.above(10);
    const ones = await Promise.all(seeds.map((seed) => run(seed, { turnMessages: 1 })));
    expect(ones.filter((handled) => stretches(handled).length > 25)).to.deep.equal(ones);
  });

  it('moves time only where it is told to, and runs what falls due on the way in its order', async () => {
    const world = new World();
    const ran: string[] = [];
    const behaviour: Behaviour<Message, null> = {
      role: 'timed', purpose: 'is timed', consumes: { note: '' }, emits: [], mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep' },
      init(ctx) {
        for (const n of [300, 100, 200]) ctx.timers.once(`${n}`, n, { type: 'note', n });
        return null;
      },
      receive: (_state, { n }, ctx) => (ran.push(`${n} at ${ctx.clock.now() - startedAt}`), same),
      view: () => null,
    };
    const startedAt = world.clock.now();
    await world.start(worker(world.system.ref<Message>('timed'), behaviour));
    await world.settle();
    expect({ ran, passed: world.clock.now() - startedAt }).to.deep.equal({ ran: [], passed: 0 });
    await world.advance(250);
    expect({ ran, passed: world.clock.now() - startedAt }).to.deep.equal({ ran: ['100 at 100', '200 at 200'], passed: 250 });
    expect(world.clock.pending).to.deep.equal([50]);
  });

  it('freezes plain messages at every depth, circles too, and leaves alone what has a class of its own', () => {
    const map = new Map([['a', { free: 1 }]]);
    const message: { type: string; list: { n: number }[]; map: Map<string, { free: number }>; self?: unknown; at: Date } = { type: 'note', list: [{ n: 1 }], map, at: new Date(0) };
    message.self = message;
    Object.freeze(message.list);
    seal(message);
    expect([message, message.list, message.list[0], message.map, message.at].map((part) => Object.isFrozen(part))).to.deep.equal([true, true, true, false, false]);
    expect(Object.isFrozen(map.get('a'))).to.equal(false);
  });
});
