/** One actor over its incarnations: what it is told, asked and reminded of, and what of an ended life reaches the next. */
import { expect } from 'chai';
import { ignore } from '../../src/supervision/behaviour.ts';
import type { MessageTiming } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import { World } from '../kit/world.ts';
import { puppet, stage } from './puppet.ts';
import type { Context, Cue } from './puppet.ts';

const remind = (delayMs: number): Cue => ({ type: 'do', act: (ctx) => ctx.timers.once('reminder', delayMs, { type: 'note', text: 'reminded' }) });
const boom: Cue = { type: 'question', act: () => { throw new Error('as asked'); } };

describe('actor', () => {
  it('refuses what its mailbox cannot hold, says so to the sender, and counts it (H02, H05)', async () => {
    const { world, tell, detail } = await stage({ capacity: 3 });
    expect(tell('a', 'b', 'c', 'd', 'e')).to.deep.equal([true, true, true, false, false]);
    await world.settle();
    expect(world.system.deadLetters.counts()).to.deep.equal({ overflow: 2 });
    expect(detail().mailbox.dropped).to.equal(2);
  });

  it('keeps a dead letter for whoever has never existed', async () => {
    const { world } = await stage();
    expect(world.system.tell(world.system.ref<Cue>('nobody'), { type: 'note', text: 'a' })).to.equal(false);
    expect(world.system.deadLetters.recent().at(-1)).to.include({ to: 'nobody', type: 'note', reason: 'unknown-ref' });
  });

  it('silences the timers of an ended incarnation (H16)', async () => {
    const { world, tell, notes, detail } = await stage();
    tell(remind(5_000));
    await world.settle();
    world.system.control('puppet', 'kill', 'test');
    await world.advance(10_000);
    expect(detail().incarnation).to.equal(2);
    expect(notes()).to.deep.equal([]);
  });

  it('does not hand a timer that had fired for one incarnation to the next (H16)', async () => {
    const { world, tell, notes } = await stage();
    tell(remind(100));
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(200);
    world.system.control('puppet', 'kill', 'test');
    await world.advance(1_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.counts()).to.deep.equal({ 'stale-incarnation': 1 });
  });

  it('says how long the message in hand has waited and has been handled so far; nothing when none is', async () => {
    const { world, act, tell } = await stage();
    let kept: Context | undefined;
    const told: (MessageTiming | undefined)[] = [];
    world.system.control('puppet', 'suspend', 'test');
    act((ctx) => {
      kept = ctx;
      told.push(ctx.timing());
      world.clock.moveTo(world.clock.now() + 7);
      told.push(ctx.timing());
    });
    await world.advance(40);
    world.system.control('puppet', 'resume', 'test');
    await world.settle();
    tell('afterwards');
    await world.settle();
    expect(told).to.deep.equal([{ queueMs: 40, serviceMs: 0 }, { queueMs: 40, serviceMs: 7 }]);
    expect(kept?.timing()).to.equal(undefined);
  });

  it('answers a question with the type it promised', async () => {
    const { world, ref, tell } = await stage();
    tell('a');
    const answer = world.system.ask(ref, { type: 'question' }, 1_000);
    await world.settle();
    expect(await answer).to.deep.equal(['a@1']);
  });

  it('fails a question at once when the asked one dies: in hand, answered later, or waiting; and by its timeout when it is ignored (H34)', async () => {
    const { world, ref, act } = await stage();
    const failures: string[] = [];
    const put = (cue: Extract<Cue, { type: 'question' }>, ms = 60_000) => world.system.ask(ref, cue, ms).then(() => failures.push('answered'), (error: Error) => failures.push(error.message));
    const ignored = put({ type: 'question', act: () => undefined });
    await world.settle();
    act((ctx) => void ctx.incarnation);
    const crashes = put(boom as Extract<Cue, { type: 'question' }>);
    const waits = put({ type: 'question' });
    await world.settle();
    await Promise.all([ignored, crashes, waits]);
    expect(failures).to.deep.equal(Array(3).fill('puppet ended: Error: as asked'));
    const late = put({ type: 'question', act: () => undefined }, 1_000);
    await world.advance(2_000);
    await late;
    expect(failures.at(-1)).to.equal('puppet did not answer question within 1000 ms');
  });

  it('tells each asker of the end, though they asked with one and the same object', async () => {
    const { world, ref } = await stage();
    const question: Extract<Cue, { type: 'question' }> = { type: 'question', act: () => undefined };
    const failures: string[] = [];
    for (const asker of ['one', 'other']) world.system.ask(ref, question, 60_000).catch((error: Error) => failures.push(`${asker}: ${error.message}`));
    await world.settle();
    world.system.control('puppet', 'kill', 'test');
    await world.settle();
    expect(failures).to.deep.equal(['one: puppet ended: killed: test', 'other: puppet ended: killed: test']);
  });

  it('keeps a question that is put while it starts, and answers it then', async () => {
    const world = new World();
    const ref = world.system.ref<Cue>('slow');
    const opening = Promise.withResolvers<readonly string[]>();
    const starting = world.start(worker(ref, puppet({}, { init: () => opening.promise })));
    await Promise.resolve();
    const answer = world.system.ask(ref, { type: 'question' }, 5_000);
    opening.resolve(['open']);
    await starting;
    expect(await answer).to.deep.equal(['open']);
  });

  it('keeps what arrives while suspended, and suspending or resuming twice is no error', async () => {
    const { world, tell, notes } = await stage();
    for (const action of ['suspend', 'suspend'] as const) world.system.control('puppet', action, 'test');
    tell('a');
    await world.advance(1_000);
    expect(notes()).to.deep.equal([]);
    for (const action of ['resume', 'resume'] as const) world.system.control('puppet', action, 'test');
    await world.settle();
    expect(notes()).to.deep.equal(['a@1']);
    expect(world.events.map((event) => event.type).filter((type) => type === 'suspended' || type === 'resumed')).to.deep.equal(['suspended', 'resumed']);
  });

  it('treats a handler that returns nothing as a crash, not as a state of undefined (H09)', async () => {
    const { world, tell, detail } = await stage({}, { more: { receive: () => undefined as never } });
    tell('a');
    await world.settle();
    expect(detail().crashes[0]?.reason).to.equal('Error: puppet: handling note returned no Next');
    expect(detail().state).to.deep.equal([]);
  });

  it('is ended by the outside while it starts, and what its init comes to afterwards is nobody’s state', async () => {
    const world = new World();
    const openings: PromiseWithResolvers<readonly string[]>[] = [];
    const ref = world.system.ref<Cue>('puppet');
    let healthy = true;
    const init = () => {
      if (healthy) return [];
      const opening = Promise.withResolvers<readonly string[]>();
      openings.push(opening);
      return opening.promise;
    };
    await world.start(worker(ref, puppet({}, { init })));
    healthy = false;
    world.system.control('puppet', 'kill', 'first');
    await world.advance(200);
    world.system.control('puppet', 'kill', 'while starting');
    await world.advance(2_000);
    openings[0]!.resolve(['too late']);
    await world.settle();
    expect(openings).to.have.length(2);
    expect(world.system.inspect('puppet')).to.include({ status: 'starting', incarnation: 3, state: null });
    openings[1]!.resolve(['in time']);
    await world.settle();
    expect(world.system.inspect('puppet')).to.deep.include({ status: 'running', incarnation: 3, state: ['in time'] });
  });

  it('has nothing to do where its init says so: no incarnation runs, none has failed, and what it is told is refused', async () => {
    const world = new World();
    const ref = world.system.ref<Cue>('idle');
    await world.start(supervisor('inner', 'holds it', [worker(ref, puppet({}, { init: () => ignore }), { restart: 'transient' })]));
    expect(world.system.inspect('idle')).to.include({ status: 'stopped', incarnation: 1, restarts: 0 });
    expect(world.system.tell(ref, { type: 'note', text: 'a' })).to.equal(false);
    expect(world.system.deadLetters.counts()).to.deep.equal({ stopped: 1 });
    expect(world.events.filter((event) => event.type === 'crashed')).to.deep.equal([]);
  });
});
