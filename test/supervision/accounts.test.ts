/** Conservation: whatever happens, every message that was taken is handled, queued, parked, flushed, dropped or dead; none twice. */
import { expect } from 'chai';
import fc from 'fast-check';
import { stop } from '../../src/supervision/behaviour.ts';
import type { Accounts } from '../../src/supervision/inspection.ts';
import { World } from '../kit/world.ts';
import { CLASSES, stage } from './puppet.ts';
import type { Cue, Stage } from './puppet.ts';

const NOTHING: Accounts = { received: 0, handled: 0, queued: 0, parked: 0, flushed: 0, dropped: 0, superseded: 0, dead: 0, refused: 0 };
const boom: Cue = { type: 'note', text: 'boom' };
const end: Cue = { type: 'do', act: () => stop('done') };
const tick: Cue = { type: 'tick', text: 't' };

function balanced({ accounts }: { readonly accounts: Accounts }): Accounts {
  const { received, handled, queued, parked, flushed, dropped, superseded, dead } = accounts;
  expect(handled + queued + parked + flushed + dropped + superseded + dead, JSON.stringify(accounts)).to.equal(received);
  return accounts;
}

/** What the puppet's accounts came to, by those that are not 0. */
const accountsOf = (one: Stage) => Object.fromEntries(Object.entries(balanced(one.detail())).filter(([, count]) => count > 0));

describe('accounts', () => {
  it('add up where nothing has happened', async () => {
    expect((await stage()).detail().accounts).to.deep.equal(NOTHING);
  });

  it('count a message in hand as queued, until its handler is done', async () => {
    const one = await stage();
    let meanwhile: Accounts | undefined;
    one.act(() => void (meanwhile = balanced(one.detail())));
    one.tell('behind');
    await one.world.settle();
    expect(meanwhile).to.include({ received: 2, handled: 0, queued: 2 });
    expect(accountsOf(one)).to.deep.equal({ received: 2, handled: 2 });
  });

  it('add up when a handler ends its incarnation in order and another takes what waits', async () => {
    const one = await stage();
    one.tell('a', end, 'b');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['b@2']);
    expect(accountsOf(one)).to.deep.equal({ received: 3, handled: 3 });
  });

  it('add up when a handler ends its incarnation for good: what waits is dead, what comes is refused', async () => {
    const one = await stage({}, { restart: 'transient' });
    one.tell('a', end, 'b', 'c');
    await one.world.settle();
    expect(one.tell('d')).to.deep.equal([false]);
    expect(accountsOf(one)).to.deep.equal({ received: 4, handled: 2, dead: 2, refused: 1 });
  });

  it('add up when a handler has its own incarnation killed and goes on, or throws thereafter', async () => {
    for (const fails of [false, true]) {
      const one = await stage();
      one.act(() => {
        one.world.system.control('puppet', 'kill', 'from within');
        balanced(one.detail());
        if (fails) throw new Error('after the end');
      });
      one.tell('next');
      await one.world.settle();
      expect(one.notes()).to.deep.equal(['next@2']);
      expect(one.detail().lastExit).to.include({ kind: 'killed' });
      expect(accountsOf(one)).to.deep.equal({ received: 2, handled: 2 });
    }
  });

  it('add up over crashes: tried again, parked, unparked, given up', async () => {
    const one = await stage();
    one.tell(boom, 'a', boom);
    await one.world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 3, handled: 1, parked: 2 });
    one.world.system.control('puppet', 'suspend', 'test');
    one.world.system.unpark('puppet');
    expect(accountsOf(one)).to.deep.equal({ received: 3, handled: 1, queued: 2 });
    one.world.system.control('puppet', 'resume', 'test');
    await one.world.settle();
    one.world.system.discardParked('puppet');
    expect(accountsOf(one)).to.deep.equal({ received: 3, handled: 1, dead: 2 });
  });

  it('add up when the mailbox flushes, drops the oldest or the newest, supersedes and refuses', async () => {
    const one = await stage({
      capacity: 2,
      overflow: 'drop-oldest',
      onRestart: 'flush',
      lanes: {
        control: { types: ['order'], capacity: 1, overflow: 'reject', onRestart: 'keep' },
        exit: { types: ['leave'], capacity: 1, overflow: 'drop-newest', onRestart: 'keep' },
        telemetry: { types: ['tick'], capacity: 1, overflow: 'latest-by-key', onRestart: 'keep' },
      },
    });
    one.world.system.control('puppet', 'suspend', 'test');
    for (const type of ['note', 'order', 'leave', 'tick'] as const) for (let i = 0; i < 3; i++) one.tell({ type, text: `${i}` });
    expect(accountsOf(one)).to.deep.equal({ received: 10, queued: 5, dropped: 3, superseded: 2, refused: 2 });
    one.world.system.control('puppet', 'kill', 'test');
    await one.world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 10, handled: 3, flushed: 2, dropped: 3, superseded: 2, refused: 2 });
  });

  it('add up for questions: answered, crashed in hand, waiting at the end, overtaken by their deadline', async () => {
    const one = await stage();
    const put = (cue: Extract<Cue, { type: 'question' }>) => void one.world.system.ask(one.ref, cue, 1_000).catch(() => undefined);
    put({ type: 'question' });
    put({ type: 'question', act: () => undefined });
    await one.world.advance(2_000);
    put({ type: 'question', act: () => { throw new Error('as asked'); } });
    put({ type: 'question' });
    await one.world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 4, handled: 2, dead: 2 });
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ crashed: 1, 'asked-of-the-dead': 1 });
  });

  it('add up for what the actor has started itself: a tick cancelled while it waits, one of an ended life, a fact after the end of all', async () => {
    const one = await stage({}, { restart: 'transient' });
    const { world } = one;
    const fact = Promise.withResolvers<string>();
    one.act((ctx) => {
      ctx.timers.once('a', 10, tick);
      ctx.timers.once('b', 10, tick);
      ctx.effect({ name: 'order', deadlineMs: 60_000, fact: true, run: () => fact.promise, report: (outcome) => ({ type: 'outcome', outcome }) });
    });
    one.tell({ type: 'do', act: (ctx) => { world.clock.advance(20); ctx.timers.cancel('a'); } });
    await world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 4, handled: 3, dead: 1 });
    one.act((ctx) => ctx.timers.once('c', 10, tick));
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(20);
    world.system.control('puppet', 'kill', 'test');
    await world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 6, handled: 4, dead: 2 });
    one.tell(end);
    await world.settle();
    fact.resolve('filled');
    await world.settle();
    expect(accountsOf(one)).to.deep.equal({ received: 8, handled: 5, dead: 3 });
    expect(world.system.deadLetters.counts()).to.deep.equal({ cancelled: 1, 'stale-incarnation': 1, stopped: 1 });
  });

  it('add up when its supervisor forgets it, with mail waiting', async () => {
    const one = await stage({}, { restart: 'temporary' });
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('a', 'b');
    await one.world.system.supervisor('vigil')!.terminateChild('puppet');
    expect(one.world.system.inspect('puppet')).to.equal(undefined);
    expect(one.tell('c')).to.deep.equal([false]);
    expect(accountsOf(one)).to.deep.equal({ received: 2, dead: 2 });
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ stopped: 2, 'unknown-ref': 1 });
  });

  it('add up when the tree stops with mail waiting', async () => {
    const one = await stage(CLASSES);
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('a', tick, { type: 'order', text: 'c' });
    const stopping = one.world.system.stop('test over');
    await one.world.advance(3_000);
    await stopping;
    expect(accountsOf(one)).to.deep.equal({ received: 3, dead: 3 });
  });

  it('add up at any moment of any story, and in the end nothing is queued', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('tell' as const), cue: fc.constantFrom<Cue>({ type: 'note', text: 'a' }, boom, tick, { type: 'order', text: 'c' }, { type: 'leave', text: 'e' }, end) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('control' as const), action: fc.constantFrom('kill' as const, 'restart' as const, 'suspend' as const, 'resume' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), fails: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('start' as const), what: fc.constantFrom('timer' as const, 'fact' as const, 'effect' as const, 'kill' as const, 'self' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('unpark' as const, 'discard' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 5, 50, 2_000) }) },
    );
    const policy = fc.record({ capacity: fc.integer({ min: 1, max: 3 }), overflow: fc.constantFrom('reject' as const, 'drop-oldest' as const, 'drop-newest' as const, 'latest-by-key' as const), onRestart: fc.constantFrom('keep' as const, 'flush' as const) });
    await fc.assert(
      fc.asyncProperty(fc.integer(), policy, policy, policy, fc.array(step, { maxLength: 40 }), async (seed, normal, control, telemetry, steps) => {
        const one = await stage({ ...normal, lanes: { control: { types: ['order'], ...control }, telemetry: { types: ['tick'], ...telemetry } } }, { world: new World(seed) });
        const { system } = one.world;
        for (const next of steps) {
          if (next.do === 'tell') one.tell(next.cue);
          else if (next.do === 'control') system.control('puppet', next.action, 'test');
          else if (next.do === 'ask') system.ask(one.ref, next.fails ? { type: 'question', act: () => { throw new Error('x'); } } : { type: 'question' }, 30).catch(() => undefined);
          else if (next.do === 'unpark') system.unpark('puppet');
          else if (next.do === 'discard') system.discardParked('puppet');
          else if (next.do === 'advance') await one.world.advance(next.ms);
          else if (next.do === 'start') {
            const { what } = next;
            one.act((ctx) => {
              if (what === 'timer') ctx.timers.every('tick', 10, tick);
              else if (what === 'kill') system.control('puppet', 'kill', 'from within');
              else if (what === 'self') for (let i = 0; i < 3; i++) ctx.tell(ctx.self, { type: 'note', text: 'self' });
              else ctx.effect({ name: what, deadlineMs: 20, fact: what === 'fact', run: () => new Promise((resolve) => void ctx.clock.after(40, () => resolve(what))), report: (outcome) => ({ type: 'outcome', outcome }) });
            });
          }
          balanced(one.detail());
        }
        system.control('puppet', 'resume', 'test');
        await one.world.advance(5_000);
        system.control('puppet', 'kill', 'the timers end');
        await one.world.advance(5_000);
        expect(balanced(one.detail()).queued).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });
});
