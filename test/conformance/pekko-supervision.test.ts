/** Pekko typed's SupervisionSpec by the titles of its cases: what follows when a handler, or a start, fails. */
import { expect } from 'chai';
import { become, ignore, same } from '../../src/supervision/behaviour.ts';
import type { ActorContext } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec, Strategy } from '../../src/supervision/child-spec.ts';
import type { RestartType } from '../../src/supervision/inspection.ts';
import { pool } from '../../src/supervision/pool.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import type { Intensity, RestartPolicy } from '../../src/supervision/tree/restart-budget.ts';
import { Cast, once, unanswered } from '../supervision/cast.ts';
import type { Init, Starting } from '../supervision/cast.ts';
import { puppet } from '../supervision/puppet.ts';
import type { Cue } from '../supervision/puppet.ts';

const TYPES: readonly RestartType[] = ['permanent', 'transient', 'temporary'];
const getState: Cue & { type: 'question' } = { type: 'question' };
const throws = (text = 'exc'): Cue => once(() => { throw new Error(text); });

/** Always restarted, each time after the same wait. */
const backoff = (minMs: number, maxMs = minMs): RestartPolicy => ({ ...NO_BUDGET, backoff: { minMs, maxMs } });

/** At most so many restarts; one more ends the supervisor. */
const limited = (limit: number, windowMs = 60_000): Intensity => ({ limit, windowMs, whenSpent: 'escalate' });

const waits = (cast: Cast): readonly number[] => cast.world.events.filter((event) => event.type === 'restarting').map((event) => event.inMs);

/** `child` under a supervisor `inner` that is not restarted itself. */
async function inner(cast: Cast, child: ChildSpec, intensity: Intensity): Promise<void> {
  await cast.start(supervisor('inner', 'ends with what is spent', [child], { intensity, restart: 'transient' }));
}

/** Starts as `fails` says: given the number of the start. */
function failingInit(fails: (start: number) => boolean, starts: string[] = []): Init {
  let count = 0;
  return (ctx: Starting) => {
    count += 1;
    starts.push(`start ${count}`);
    if (fails(count)) throw new Error('simulated exc from setup');
    return [`incarnation ${ctx.incarnation}`];
  };
}

interface Family {
  readonly cast: Cast;
  /** Starts and stops, in order, from when the family runs. */
  readonly order: string[];
  /** Until then its children do not end their terminate. */
  readonly release: () => void;
}

/** A parent with two children that are slow to stop, and somebody else. */
async function family(policy: RestartPolicy, strategy: Strategy, failing: { child2: boolean } = { child2: false }): Promise<Family> {
  const cast = new Cast();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const child = (path: string) =>
    cast.actor(path, {
      policy,
      shutdown: 'infinity',
      init: () => {
        const fails = path === 'child2' && failing.child2;
        order.push(`${fails ? 'fail' : 'start'} ${path}`);
        if (!fails) return [];
        failing.child2 = false;
        throw new Error('exc from setup');
      },
      more: {
        async terminate() {
          await gate.promise;
          order.push(`stop ${path}`);
        },
      },
    });
  const parent = cast.actor('parent', {
    policy,
    init: (ctx) => {
      order.push('start parent');
      return [`parent ${ctx.incarnation}`];
    },
  });
  await cast.start('another', supervisor('family', 'lives and ends together', [parent, child('child1'), child('child2')], { strategy, policy: NO_BUDGET }));
  order.length = 0;
  return { cast, order, release: gate.resolve };
}

async function stopsChildren(policy: RestartPolicy): Promise<void> {
  const { cast, order, release } = await family(policy, 'rest-for-one');
  await cast.watch('parent', 'another');
  await cast.tell('parent', throws());
  const state = cast.outside('parent', getState, 60_000);
  await cast.kill('another');
  await cast.world.advance(1_000);
  expect(cast.lives('parent'), 'waiting for the children to stop').to.deep.equal(['parent restarting 1']);
  release();
  await cast.world.advance(1_000);
  expect(order).to.deep.equal(['stop child2', 'stop child1', 'start parent', 'start child1', 'start child2']);
  expect(await state).to.deep.equal(['parent 2']);
  expect(cast.notes('parent'), 'the watch of its former life').to.deep.equal(['parent 2']);
}

async function stopsNoChildren(policy: RestartPolicy): Promise<void> {
  const { cast, order } = await family(policy, 'one-for-one');
  await cast.tell('parent', throws());
  const state = cast.outside('parent', getState, 60_000);
  await cast.world.advance(1_000);
  expect(await state).to.deep.equal(['parent 2']);
  expect(order).to.deep.equal(['start parent']);
  expect(cast.lives('child1', 'child2')).to.deep.equal(['child1 running 1', 'child2 running 1']);
}

async function stopsChildrenAgain(policy: RestartPolicy): Promise<void> {
  const { cast, order, release } = await family(policy, 'rest-for-one');
  await cast.tell('parent', throws());
  const first = cast.outside('parent', getState, 60_000);
  await cast.tell('parent', throws(), 'after');
  release();
  await cast.world.advance(1_000);
  expect(await first).to.deep.equal(['parent 2']);
  const round = ['stop child2', 'stop child1', 'start parent', 'start child1', 'start child2'];
  expect(order).to.deep.equal([...round, ...round]);
  expect(cast.notes('parent')).to.deep.equal(['parent 3', 'after']);
  expect(cast.lives('child1', 'child2')).to.deep.equal(['child1 running 3', 'child2 running 3']);
}

async function stopsChildrenOfFailedSetup(policy: RestartPolicy): Promise<void> {
  const failing = { child2: false };
  const { cast, order, release } = await family(policy, 'one-for-all', failing);
  release();
  failing.child2 = true;
  await cast.tell('parent', throws());
  await cast.world.advance(1_000);
  expect(order.slice(0, 5)).to.deep.equal(['stop child2', 'stop child1', 'start parent', 'start child1', 'fail child2']);
  expect(order.slice(5)).to.deep.equal(['stop child1', 'start parent', 'start child1', 'start child2']);
  expect(cast.lives('parent', 'child1', 'child2')).to.deep.equal(['parent running 3', 'child1 running 3', 'child2 running 3']);
}

async function keepsUnhandled(policy: RestartPolicy): Promise<void> {
  const cast = new Cast();
  await cast.start(cast.actor('target', { policy }));
  cast.suspend('target');
  await cast.tell('target', throws(), throws(), 'ping 1', 'ping 2');
  await cast.resume('target');
  await cast.world.advance(1_000);
  expect(cast.state('target')).to.deep.equal(['ping 1@3', 'ping 2@3']);
}

async function keepsWaiting(policy: RestartPolicy): Promise<void> {
  const cast = new Cast();
  await cast.start(cast.actor('target', { policy, init: failingInit((start) => start === 2 || start === 3) }));
  cast.suspend('target');
  await cast.tell('target', 'ping 1', 'ping 2');
  await cast.kill('target');
  await cast.world.advance(1_000);
  expect(cast.state('target')).to.deep.equal(['incarnation 4', 'ping 1@4', 'ping 2@4']);
}

describe('A restarter (stubbed)', () => {
  it('stop after restart retries limit', async () => {
    const cast = new Cast();
    await inner(cast, cast.actor('target'), limited(2));
    for (const life of ['target running 2', 'target running 3', 'target stopped 3']) {
      await cast.tell('target', throws());
      expect(cast.lives('target')).to.deep.equal([life]);
    }
    expect(cast.lives('inner')).to.deep.equal(['inner stopped 1']);
  });

  it('reset retry limit after withinTimeRange', async () => {
    const cast = new Cast();
    await inner(cast, cast.actor('target'), limited(2, 2_000));
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 2; i++) await cast.tell('target', throws());
      expect(cast.lives('target')).to.deep.equal([`target running ${3 + round * 2}`]);
      if (round === 0) await cast.world.advance(2_000);
    }
    await cast.tell('target', throws());
    expect(cast.lives('target', 'inner')).to.deep.equal(['target stopped 5', 'inner stopped 1']);
  });

  it('stop at first exception when restart retries limit is 0', async () => {
    const cast = new Cast();
    await inner(cast, cast.actor('target'), limited(0));
    await cast.tell('target', throws());
    expect(cast.lives('target', 'inner')).to.deep.equal(['target stopped 1', 'inner stopped 1']);
  });
});

describe('A supervised actor', () => {
  it('receive message', async () => {
    const cast = await new Cast().start('target');
    expect(await cast.tell('target', 'ping')).to.deep.equal([true]);
    expect(cast.notes('target')).to.deep.equal(['ping']);
  });

  it('default to stop when no strategy', async () => {
    const cast = new Cast();
    await cast.start(worker(cast.ref('by default'), puppet()), cast.actor('temporary', { restart: 'temporary' }));
    for (const path of ['by default', 'temporary']) await cast.tell(path, throws());
    await cast.world.advance(1_000);
    expect(cast.lives('by default', 'temporary')).to.deep.equal(['by default running 2', 'temporary unknown']);
  });

  it('stop when strategy is stop', async () => {
    const cast = new Cast();
    await cast.start('watcher', cast.actor('target', { restart: 'temporary' }));
    await cast.watch('watcher', 'target');
    await cast.tell('target', throws('exc-3'));
    expect(cast.notes('watcher')).to.deep.equal(['target/1 crashed: Error: exc-3']);
    expect(cast.lives('target')).to.deep.equal(['target unknown']);
  });

  it('stop when strategy is stop - exception in setup', async () => {
    const cast = await new Cast().start();
    const started = await cast.now(cast.supervisor().startChild(cast.actor('target', { restart: 'temporary', init: failingInit(() => true) })));
    expect(started).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: simulated exc from setup' });
    expect(cast.lives('target')).to.deep.equal(['target unknown']);
  });

  it('restart when handled exception', async () => {
    const cast = await new Cast().start('target');
    await cast.tell('target', 'increment');
    expect(await cast.now(cast.outside('target', getState))).to.deep.equal(['increment@1']);
    await cast.tell('target', throws('exc-2'));
    expect(await cast.now(cast.outside('target', getState))).to.deep.equal([]);
    expect(cast.detail('target')).to.include({ incarnation: 2, restarts: 1 });
  });

  it('stop when restart limit is hit', async () => {
    const cast = new Cast();
    const policy: RestartPolicy = { limit: 2, windowMs: 500, backoff: { minMs: 0, maxMs: 0 }, whenSpent: 'escalate' };
    await cast.start(supervisor('inner', 'has no intensity', [cast.actor('target', { policy })], { restart: 'transient' }));
    for (let i = 0; i < 3; i++) await cast.tell('target', throws());
    expect(cast.lives('target', 'inner')).to.deep.equal(['target stopped 3', 'inner stopped 1']);
    expect(cast.world.events.filter(({ type }) => type === 'escalated')).to.deep.equal([{ type: 'escalated', path: 'inner', incarnation: 1, child: 'target', reason: 'Error: exc' }]);
  });

  it('reset fixed limit after timeout', async () => {
    const cast = new Cast();
    await inner(cast, cast.actor('target'), limited(2, 500));
    for (let i = 0; i < 2; i++) await cast.tell('target', throws());
    await cast.world.advance(500);
    await cast.tell('target', throws());
    expect(cast.lives('target', 'inner')).to.deep.equal(['target running 4', 'inner running 1']);
    expect(cast.state('target')).to.deep.equal([]);
  });

  it('stop children when restarting', () => stopsChildren(NO_BUDGET));

  it('stop children when backoff', () => stopsChildren(backoff(10)));

  it('successfully restart after stopping watchWith’d children', async () => {
    const { cast, release } = await family(NO_BUDGET, 'rest-for-one');
    for (const path of ['another', 'child1']) await cast.watch('parent', path);
    await cast.tell('parent', throws());
    await cast.kill('another');
    release();
    await cast.world.settle();
    expect(cast.lives('parent', 'child1', 'child2')).to.deep.equal(['parent running 2', 'child1 running 2', 'child2 running 2']);
    expect(cast.notes('parent')).to.deep.equal(['parent 2']);
  });

  it('optionally NOT stop children when restarting', () => stopsNoChildren(NO_BUDGET));

  it('optionally NOT stop children when backoff', () => stopsNoChildren(backoff(10)));

  it('stop children when restarting second time during unstash', () => stopsChildrenAgain(NO_BUDGET));

  it('stop children when backoff second time during unstash', () => stopsChildrenAgain(backoff(10)));

  it('stop children when restart (with limit) from exception in first setup', async () => {
    const cast = await new Cast().start('watcher');
    await cast.watch('watcher', 'child1');
    const children = [cast.actor('child1'), cast.actor('parent', { init: failingInit((start) => start === 1) })];
    const spec = supervisor('family', 'its second cannot start', children, { intensity: limited(10, 1_000) });
    expect(await cast.now(cast.supervisor().startChild(spec))).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: simulated exc from setup' });
    expect(cast.notes('watcher')).to.deep.equal(['child1/0 absent: there is no such actor', 'child1/1 shutdown: the start of a sibling failed']);
    expect(await cast.now(cast.supervisor().startChild(spec))).to.include({ ok: true });
  });

  it('stop children when restart (with limit) from exception in later setup', () => stopsChildrenOfFailedSetup(NO_BUDGET));

  it('stop children when backoff from exception in later setup', () => stopsChildrenOfFailedSetup(backoff(10)));

  it('publish dropped messages while backing off and stash is full', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target', { mailbox: { capacity: 2 }, policy: backoff(1_000) }));
    await cast.kill('target');
    expect(await cast.tell('target', 'ping 1', 'ping 2', 'ping 3', 'ping 4')).to.deep.equal([true, true, false, false]);
    expect(cast.letters()).to.deep.equal(Array(2).fill('outside → target note: overflow'));
    await cast.world.advance(1_200);
    expect(cast.state('target')).to.deep.equal(['ping 1@2', 'ping 2@2']);
  });

  it('restart after exponential backoff', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target', { policy: { ...NO_BUDGET, windowMs: 60_000, backoff: { minMs: 1_000, maxMs: 10_000 } } }));
    for (const [index, expectedMs] of [1_000, 2_000, 4_000, 8_000, 10_000].entries()) {
      await cast.tell('target', 'increment');
      await cast.tell('target', throws());
      const waitMs = waits(cast).at(-1)!;
      expect(waitMs).to.be.within(expectedMs * 0.8, expectedMs * 1.2);
      await cast.world.advance(waitMs - 1);
      expect(cast.lives('target')).to.deep.equal([`target restarting ${index + 1}`]);
      await cast.world.advance(1);
      expect(cast.lives('target')).to.deep.equal([`target running ${index + 2}`]);
      expect(cast.state('target')).to.deep.equal([]);
    }
  });

  it('fail if reaching maximum number of restarts with backoff', async () => {
    const cast = new Cast();
    const starts: string[] = [];
    const policy: RestartPolicy = { limit: 2, windowMs: 10_000, backoff: { minMs: 200, maxMs: 10_000 }, whenSpent: 'escalate' };
    await cast.start(supervisor('inner', 'gives up', [cast.actor('target', { policy, init: failingInit((start) => start > 1, starts) })], { restart: 'transient' }));
    await cast.tell('target', throws());
    await cast.world.advance(3_000);
    expect(starts).to.deep.equal(['start 1', 'start 2', 'start 3']);
    expect(cast.lives('target', 'inner')).to.deep.equal(['target stopped 3', 'inner stopped 1']);
  });

  it('reset exponential backoff count after reset timeout', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target', { policy: { ...NO_BUDGET, windowMs: 5_000, backoff: { minMs: 1_000, maxMs: 10_000 } } }));
    await cast.tell('target', throws());
    await cast.world.advance(1_300);
    await cast.tell('target', throws());
    await cast.world.advance(5_000);
    await cast.tell('target', throws());
    const [first, second, third] = waits(cast);
    expect(first).to.be.within(800, 1_200);
    expect(second).to.be.within(1_600, 2_400);
    expect(third).to.be.within(800, 1_200);
  });

  it('default resetBackoffAfter to average of min and max backoff', async () => {
    const cast = new Cast();
    await cast.start(worker(cast.ref('target'), puppet()));
    for (const quietMs of [1_000, 59_000, 60_000, 0]) {
      await cast.kill('target');
      await cast.world.advance(quietMs);
    }
    for (const [index, expectedMs] of [100, 200, 200, 100].entries()) expect(waits(cast)[index]).to.be.within(expectedMs * 0.8, expectedMs * 1.2);
  });

  it('create underlying deferred behavior immediately', async () => {
    const cast = await new Cast().start();
    const starts: string[] = [];
    const spec = cast.actor('target', { init: failingInit(() => false, starts) });
    expect(starts).to.deep.equal([]);
    await cast.now(cast.supervisor().startChild(spec));
    expect(starts).to.deep.equal(['start 1']);
  });

  it('fail instead of restart when deferred factory throws', async () => {
    const cast = await new Cast().start();
    const starts: string[] = [];
    const started = await cast.now(cast.supervisor().startChild(cast.actor('target', { init: failingInit((start) => start === 1, starts) })));
    await cast.world.advance(60_000);
    expect(started).to.include({ ok: false, error: 'failed-to-start' });
    expect(starts).to.deep.equal(['start 1']);
  });

  it('restart with exponential backoff when deferred factory throws', async () => {
    const cast = new Cast();
    const starts: string[] = [];
    const { pool: members, spec } = pool<Cue, string>(cast.world.system, {
      path: 'members',
      memberPath: (key) => `member/${key}`,
      purpose: 'makes them on demand',
      child: (ref) => worker(ref, puppet({}, { init: failingInit((start) => start === 1, starts) }), { policy: backoff(100, 1_000) }),
    });
    await cast.start(spec);
    members.member('a');
    await cast.world.advance(79);
    expect(starts).to.deep.equal(['start 1']);
    await cast.world.advance(41);
    expect(starts).to.deep.equal(['start 1', 'start 2']);
    expect(cast.lives('member/a')).to.deep.equal(['member/a running 2']);
  });

  it('restart.withLimit when deferred factory throws', async () => {
    const cast = new Cast();
    const starts: string[] = [];
    await inner(cast, cast.actor('target', { init: failingInit((start) => start === 2, starts) }), limited(3, 1_000));
    await cast.kill('target');
    expect(starts).to.deep.equal(['start 1', 'start 2', 'start 3']);
    expect(cast.lives('target', 'inner')).to.deep.equal(['target running 3', 'inner running 1']);
  });

  it('fail after more than limit in restart.withLimit when deferred factory throws', async () => {
    const cast = new Cast();
    const starts: string[] = [];
    await inner(cast, cast.actor('target', { init: failingInit((start) => start > 1, starts) }), limited(2, 1_000));
    await cast.kill('target');
    expect(starts).to.deep.equal(['start 1', 'start 2', 'start 3']);
    expect(cast.lives('target', 'inner')).to.deep.equal(['target stopped 3', 'inner stopped 1']);
  });

  it('ensure unhandled message retention during unstash exception when restart', () => keepsUnhandled(NO_BUDGET));

  it('ensure unhandled message retention during unstash exception when backoff', () => keepsUnhandled(backoff(10)));

  it('ensure stash message retention on start exception when restart', () => keepsWaiting(NO_BUDGET));

  it('ensure stash message retention on start exception when backoff', () => keepsWaiting(backoff(10)));

  it('work with nested supervisions and defers', async () => {
    const cast = new Cast();
    const starts: string[] = [];
    const nested = supervisor('outer', 'holds the inner', [supervisor('inner', 'holds the target', [cast.actor('target', { init: failingInit(() => false, starts) })], { intensity: limited(3, 1_000) })], { intensity: limited(3, 1_000) });
    await cast.start(nested);
    expect(starts).to.deep.equal(['start 1']);
    expect(cast.lives('outer', 'inner', 'target')).to.deep.equal(['outer running 1', 'inner running 1', 'target running 1']);
  });

  it('be able to recover from a DeathPactException', async () => {
    const cast = await new Cast().start('actor', 'child');
    await cast.link('actor', 'child');
    await cast.kill('child');
    expect(cast.detail('actor').crashes.map(({ reason }) => reason)).to.deep.equal(['Error: linked child ended: killed: test']);
    await cast.tell('actor', 'ping');
    expect(cast.state('actor')).to.deep.equal(['ping@2']);
  });

  it('log exceptions when logging is enabled and provided log level matches', async () => {
    const cast = await new Cast().start('target');
    for (const text of ['exc-1', 'exc-2']) await cast.tell('target', throws(text));
    const crashes = cast.world.events.filter((event) => event.type === 'crashed').map(({ path, incarnation, crash }) => `${path}/${incarnation} ${crash.during}: ${crash.reason}`);
    expect(crashes).to.deep.equal(['target/1 do: Error: exc-1', 'target/2 do: Error: exc-2']);
    expect(cast.detail('target').crashes.map(({ reason }) => reason)).to.deep.equal(['Error: exc-1', 'Error: exc-2']);
  });

  it('log at critical level after specified restartWithBackoff attempts', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target', { policy: { limit: 3, windowMs: 2_000, backoff: { minMs: 1, maxMs: 1 }, whenSpent: { retryEveryMs: 10 } } }));
    const spent = () => cast.world.events.filter(({ type }) => type === 'budget-spent').length;
    for (const expected of [0, 0, 0, 1]) {
      await cast.tell('target', throws());
      await cast.world.advance(10);
      expect(spent()).to.equal(expected);
    }
    expect(waits(cast)).to.deep.equal([1, 1, 1, 10]);
    await cast.world.advance(2_100);
    await cast.tell('target', throws());
    expect(spent()).to.equal(1);
    expect(waits(cast).at(-1)).to.equal(1);
  });

  it('handle exceptions from different message type', async () => {
    const cast = new Cast();
    const receive = (notes: readonly string[], cue: Cue) => {
      if (cue.type === 'note') return become([...notes, cue.text]);
      throw new Error(`not understood: ${cue.type}`);
    };
    await cast.start(cast.actor('target', { more: { receive } }));
    await cast.tell('target', 'ping 1', { type: 'boom' } as never, 'ping 2');
    expect(cast.notes('target')).to.deep.equal(['ping 2']);
    expect(cast.incarnations('target')).to.deep.equal([3]);
    expect(cast.detail('target').parked.map(({ type, reason }) => `${type}: ${reason}`)).to.deep.equal(['boom: Error: not understood: boom']);
  });

  it('detect AbstractBehavior with wrong ActorContext', async () => {
    const cast = await new Cast().start('wrong', 'other');
    let stale: ActorContext<Cue> | undefined;
    await cast.act('wrong', (ctx) => void (stale = ctx));
    await cast.kill('wrong');
    let ran = false;
    stale!.effect({ name: 'order', deadlineMs: 10, run: () => Promise.resolve((ran = true)), report: (outcome) => ({ type: 'outcome', outcome }) });
    let released = false;
    stale!.own(() => void (released = true));
    expect([stale!.tell(cast.ref('other'), { type: 'note', text: 'from the dead' }), ran, released]).to.deep.equal([false, false, true]);
    await cast.world.settle();
    expect([...cast.notes('wrong'), ...cast.notes('other')]).to.deep.equal([]);
  });

  it('apply supervision to adapter function', async () => {
    const cast = await new Cast().start('target');
    await cast.act('target', (ctx) => {
      ctx.effect({ name: 'future', deadlineMs: 1_000, run: () => Promise.resolve('boom'), report: () => { throw new Error('thrown in adapter'); } });
      return same;
    });
    await cast.tell('target', 'message');
    expect(cast.state('target')).to.deep.equal(['message@2']);
    expect(cast.detail('target').crashes.map(({ during, reason }) => `${during}: ${reason}`)).to.deep.equal(['effect:future: Error: thrown in adapter']);
  });
});

describe('Supervision with the strategy', () => {
  it('that is initially stopped should be stopped', async () => {
    for (const restart of TYPES) {
      const cast = new Cast();
      await cast.start(cast.actor('target', { restart, init: () => ignore }));
      await cast.world.advance(60_000);
      expect(cast.lives('target'), restart).to.deep.equal([restart === 'temporary' ? 'target unknown' : 'target stopped 1']);
      expect(await cast.tell('target', 'ping')).to.deep.equal([false]);
    }
  });

  it('that is stopped after restart should be stopped', async () => {
    for (const restart of TYPES) {
      const cast = new Cast();
      await cast.start(cast.actor('target', { restart, init: (ctx) => (ctx.incarnation > 1 ? ignore : []) }));
      const waiting = cast.outside('target', unanswered, 60_000);
      await cast.tell('target', throws(), 'waits');
      await cast.world.advance(10_000);
      expect(await waiting).to.equal('Error: target ended: Error: exc');
      expect(cast.lives('target'), restart).to.deep.equal([restart === 'temporary' ? 'target unknown' : 'target stopped 2']);
      expect(await cast.tell('target', 'ping')).to.deep.equal([false]);
      expect(cast.world.system.deadLetters.counts()['stopped'], restart).to.be.above(1);
    }
  });
});
