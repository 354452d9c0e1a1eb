/** What supervisors promise beyond OTP: backoff and budgets of a child's own, answers while restarting, stops that nothing holds up. */
import { expect } from 'chai';
import { faultsOf, supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec, SupervisorOptions } from '../../src/supervision/child-spec.ts';
import { pool } from '../../src/supervision/pool.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import type { Intensity, RestartPolicy, Spent, WhenSpent } from '../../src/supervision/tree/restart-budget.ts';
import { Stage } from '../conformance/kit.ts';
import type { Cue } from '../conformance/kit.ts';

const POLICY: RestartPolicy = { limit: 3, windowMs: 60_000, backoff: { minMs: 100, maxMs: 10_000 }, whenSpent: { retryEveryMs: 30_000 } };

function intensity(limit: number, whenSpent: Intensity['whenSpent'] = 'escalate', windowMs = 60_000): { readonly intensity: Intensity } {
  return { intensity: { limit, windowMs, whenSpent } };
}

/** How long each restart of a role was waited for, in order. */
function waits(stage: Stage, path: string): readonly number[] {
  return stage.world.events.filter((event) => event.type === 'restarting').filter((event) => event.path === path).map((event) => event.inMs);
}

function escalations(stage: Stage): readonly string[] {
  return stage.world.events.filter((event) => event.type === 'escalated').map((event) => `${event.path}: ${event.child}`);
}

describe('supervisor', () => {
  describe('restarts', () => {
    it('restart a crashed child alone, as a new incarnation with fresh state, and keep its waiting messages', async () => {
      const stage = new Stage();
      const [child, bystander] = [stage.puppet('child'), stage.puppet('bystander')];
      await stage.start(child.spec({ policy: POLICY }), bystander.spec());
      for (const text of ['a', 'b']) stage.world.system.tell(child.ref, { type: 'note', text });
      stage.world.system.tell(child.ref, { type: 'crash' });
      stage.world.system.tell(child.ref, { type: 'note', text: 'c' });
      await stage.world.advance(1_000);
      expect(stage.world.system.inspect('child')).to.include({ incarnation: 2, restarts: 1, status: 'running' });
      expect(stage.world.system.inspect('child')).to.have.deep.property('state', ['c']);
      expect(stage.world.system.inspect('bystander')).to.include({ incarnation: 1, restarts: 0 });
    });

    it('wait twice as long each time up to the most, give or take a fifth, and begin small again after a quiet window', async () => {
      const stage = new Stage();
      const child = stage.puppet('child');
      await stage.start(child.spec({ policy: { ...POLICY, limit: 100, backoff: { minMs: 100, maxMs: 800 } } }));
      for (let i = 0; i < 6; i++) {
        await child.end('killed');
        await stage.world.advance(1_000);
      }
      const before = waits(stage, 'child');
      for (const [index, base] of [100, 200, 400, 800, 800, 800].entries()) expect(before[index]).to.be.within(base * 0.8, base * 1.2);
      expect(new Set(before.slice(3)).size, 'no two alike').to.be.above(1);

      await stage.world.advance(60_000);
      await child.end('killed');
      expect(waits(stage, 'child').at(-1)).to.be.within(80, 120);
    });

    it('go on slowly for ever when the budget is spent and the policy says so (failure 10, ruling 13)', async () => {
      const stage = new Stage();
      const child = stage.puppet('child');
      await stage.start(child.spec({ policy: POLICY }));
      for (let i = 0; i < 4; i++) {
        await child.end('killed');
        if (i < 3) await stage.world.advance(1_000);
      }
      expect(waits(stage, 'child').at(-1)).to.equal(30_000);
      expect(stage.world.events.filter((event) => event.type === 'budget-spent')).to.deep.equal([{ type: 'budget-spent', path: 'child', retryEveryMs: 30_000 }]);
      await stage.world.advance(29_999);
      expect(stage.world.system.inspect('child')).to.include({ status: 'restarting', incarnation: 4 });
      await stage.world.advance(1);
      expect(stage.world.system.inspect('child')).to.include({ status: 'running', incarnation: 5 });
    });

    it('stay slow until an incarnation has run for a whole window: a slow restart alone is no recovery', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start >= 2 && start <= 12 ? 'fail' : 'run') });
      await stage.start(child.spec({ policy: POLICY }));
      await child.end('killed');
      await stage.world.advance(20 * 30_000);
      expect(waits(stage, 'child').slice(POLICY.limit)).to.deep.equal(Array.from({ length: 12 - POLICY.limit }, () => 30_000));
      expect(stage.world.system.inspect('child')).to.include({ status: 'running', incarnation: 13 });
      await child.end('killed');
      expect(waits(stage, 'child').at(-1), 'it has run for long enough').to.be.below(150);
    });

    it('whose starts fail again and again without a wait of their own get one: the clock goes on', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start === 1 ? 'run' : 'fail') });
      await stage.start(child.spec());
      await child.end('killed');
      await stage.world.advance(1_000);
      expect(child.starts).to.be.within(15, 25);
    });

    it('try a failing init again by the same budget, and keep what comes meanwhile', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start >= 2 && start <= 5 ? 'fail' : 'run') });
      await stage.start(child.spec({ policy: POLICY }));
      await child.end('killed');
      await stage.world.advance(1_000);
      expect(stage.world.system.tell(child.ref, { type: 'note', text: 'kept' })).to.equal(true);
      await stage.world.advance(60_000);
      expect(waits(stage, 'child').slice(3)).to.deep.equal([30_000, 30_000]);
      expect(stage.world.system.inspect('child')).to.include({ status: 'running', incarnation: 6 });
      expect(stage.world.system.inspect('child')).to.have.deep.property('state', ['kept']);
    });

    it('do not wait for one another: a slow init holds up no sibling', async () => {
      const stage = new Stage();
      const slow = stage.puppet('slow', { init: (start) => (start === 1 ? 'run' : 5_000) });
      const quick = stage.puppet('quick');
      await stage.startSupervisor([slow.spec(), quick.spec()], intensity(10));
      await slow.end('killed');
      await quick.end('killed');
      expect(stage.children()).to.deep.equal(['slow restarting 2', 'quick running 2']);
      await stage.world.advance(5_000);
      expect(stage.children()).to.deep.equal(['slow running 2', 'quick running 2']);
    });
  });

  describe('that waits before a restart', () => {
    it('answers meanwhile, shows the child and those that wait with it as restarting, and then starts them in order', async () => {
      const stage = new Stage();
      const [first, second, third] = [stage.puppet('first'), stage.puppet('second'), stage.puppet('third')];
      const sup = await stage.startSupervisor([first.spec(), second.spec({ policy: POLICY }), third.spec()], { strategy: 'rest-for-one' });
      await second.end('killed');
      expect(stage.children()).to.deep.equal(['first running 1', 'second restarting 1', 'third restarting 1']);
      expect(stage.counts()).to.deep.equal([3, 1, 0, 3]);
      expect(await stage.now(sup.restartChild('third'))).to.include({ ok: false, error: 'restarting' });
      expect(await stage.now(sup.deleteChild('second'))).to.include({ ok: false, error: 'restarting' });
      expect(stage.world.system.tell(third.ref, { type: 'note', text: 'kept' })).to.equal(true);

      const late = stage.puppet('late');
      expect(await stage.now(sup.startChild(late.spec()))).to.include({ ok: true });
      stage.order.length = 0;
      await stage.world.advance(200);
      expect(stage.order, 'what was added comes after').to.deep.equal(['stop late', 'start second', 'start third', 'start late']);
      expect(stage.children()).to.deep.equal(['first running 1', 'second running 2', 'third running 2', 'late running 2']);
      expect(stage.world.system.inspect('third')).to.have.deep.property('state', ['kept']);
    });

    it('terminates it, and nothing of it comes back; those that waited with it are stopped and can be started', async () => {
      const stage = new Stage();
      const [first, second] = [stage.puppet('first'), stage.puppet('second')];
      const sup = await stage.startSupervisor([first.spec({ policy: POLICY }), second.spec()], { strategy: 'one-for-all' });
      await first.end('killed');
      expect(await stage.now(sup.terminateChild('first'))).to.include({ ok: true });
      await stage.world.advance(60_000);
      expect(stage.children()).to.deep.equal(['first stopped 1', 'second stopped 1']);
      expect(stage.world.system.tell(second.ref, { type: 'note', text: 'to nobody' })).to.equal(false);
      expect(await stage.now(sup.restartChild('second'))).to.include({ ok: true });
    });

    it('starts it at once, with its group, when an operator restarts it', async () => {
      const stage = new Stage();
      const [first, second] = [stage.puppet('first'), stage.puppet('second')];
      const sup = await stage.startSupervisor([first.spec({ policy: POLICY }), second.spec()], { strategy: 'one-for-all' });
      await first.end('killed');
      expect(await stage.now(sup.cycleChild('first', 'now'))).to.include({ ok: true });
      expect(stage.children()).to.deep.equal(['first running 2', 'second running 2']);
      await stage.world.advance(60_000);
      expect(stage.children(), 'and not a second time').to.deep.equal(['first running 2', 'second running 2']);
    });

    it('is ended by its own supervisor without waiting, and starts whole again', async () => {
      const stage = new Stage();
      const child = stage.puppet('child');
      await stage.startSupervisor([child.spec({ policy: POLICY })], { restart: 'permanent' });
      await child.end('killed');
      stage.world.system.control('sup', 'restart', 'test');
      await stage.world.settle();
      expect(stage.children()).to.deep.equal(['child running 2']);
      await stage.world.advance(60_000);
      expect(child.starts).to.equal(2);
    });
  });

  describe('that was asked to terminate a child', () => {
    it('does not start it again for an end it learns of later', async () => {
      const stage = new Stage();
      const child = stage.puppet('child');
      const sup = await stage.startSupervisor([child.spec()], intensity(10));
      const starting = sup.startChild(stage.puppet('slow', { init: 1_000 }).spec());
      const terminating = sup.terminateChild('child');
      await child.end('killed');
      await stage.within(1_000, starting);
      await stage.now(terminating);
      await stage.world.advance(1_000);
      expect(stage.children()).to.deep.equal(['child stopped 1', 'slow running 1']);
      expect(child.starts).to.equal(1);
    });

    it('does not start it again for an init that fails later, nor for a restart that falls due meanwhile', async () => {
      const stage = new Stage();
      const hanging = stage.puppet('hanging', { init: (start) => (start === 1 ? 'run' : { failAfterMs: 500 }) });
      const waiting = stage.puppet('waiting');
      const sup = await stage.startSupervisor([hanging.spec(), waiting.spec({ policy: { ...POLICY, backoff: { minMs: 1_000, maxMs: 1_000 } } })], intensity(10));
      await hanging.end('killed');
      await waiting.end('killed');
      expect(await stage.now(sup.terminateChild('hanging'))).to.include({ ok: true });
      const starting = sup.startChild(stage.puppet('slow', { init: 2_000 }).spec());
      const terminating = sup.terminateChild('waiting');
      await stage.within(5_000, starting);
      await stage.now(terminating);
      await stage.world.advance(60_000);
      expect(stage.children()).to.deep.equal(['hanging stopped 2', 'waiting stopped 1', 'slow running 1']);
    });
  });

  describe('budgets', () => {
    it('of a child and of its supervisor stand side by side: whichever is spent first decides', async () => {
      const stage = new Stage();
      const [careful, careless] = [stage.puppet('careful'), stage.puppet('careless')];
      await stage.startSupervisor([careful.spec({ policy: { ...NO_BUDGET, limit: 1, windowMs: 60_000, whenSpent: { retryEveryMs: 5_000 } } }), careless.spec()], intensity(4));
      for (let i = 0; i < 2; i++) await careful.end('killed');
      expect(stage.children(), 'its own is spent: slowly').to.deep.equal(['careful restarting 2', 'careless running 1']);
      for (let i = 0; i < 2; i++) await careless.end('killed');
      expect(stage.alive('sup')).to.equal(true);
      await careless.end('killed');
      expect(escalations(stage), 'five in all: the common one is spent').to.deep.equal(['sup: careless']);
    });

    it('escalate where the policy says so, and are whole again for the next incarnation', async () => {
      const stage = new Stage();
      const [child, sibling] = [stage.puppet('child'), stage.puppet('sibling')];
      await stage.startSupervisor([child.spec({ policy: { ...NO_BUDGET, limit: 1, windowMs: 60_000 } }), sibling.spec()], { restart: 'permanent', ...intensity(2) });
      for (let i = 0; i < 2; i++) await child.end('killed');
      expect(escalations(stage)).to.deep.equal(['sup: child']);
      expect(stage.world.system.inspect('sup')).to.include({ incarnation: 2, restarts: 1, status: 'running' });
      expect(stage.children()).to.deep.equal(['child running 3', 'sibling running 2']);
      await child.end('killed');
      await sibling.end('killed');
      expect(escalations(stage), 'one and two are within both').to.have.length(1);
      expect(stage.world.system.inspect('sup')).to.include({ incarnation: 2 });
    });

    it('that are spent ask their owner, who is told what is lost and decides each time', async () => {
      const stage = new Stage();
      const asked: Spent[] = [];
      const answers: WhenSpent[] = [{ retryEveryMs: 7_000 }, 'escalate'];
      const child = stage.puppet('child');
      const whenSpent = (spent: Spent): WhenSpent => {
        asked.push(spent);
        return answers[asked.length - 1]!;
      };
      await stage.startSupervisor([child.spec()], intensity(1, whenSpent));
      for (let i = 0; i < 2; i++) await child.end('killed');
      expect(asked).to.deep.equal([{ supervisor: 'sup', child: 'child', used: 2, reason: 'killed: as told' }]);
      await stage.world.advance(7_000);
      expect(stage.children()).to.deep.equal(['child running 3']);
      await child.end('killed');
      expect(asked).to.have.length(2);
      expect(escalations(stage)).to.deep.equal(['sup: child']);
    });

    it('whose owner throws when asked escalate: what nobody decides is not lost', async () => {
      const stage = new Stage();
      const child = stage.puppet('child');
      const whenSpent = (): never => {
        throw new Error('no answer');
      };
      await stage.startSupervisor([child.spec()], intensity(0, whenSpent));
      await child.end('killed');
      expect(stage.exits('sup')).to.deep.equal(['shutdown']);
      expect(stage.world.logs.filter(({ level, path }) => level === 'error' && path === 'sup')).to.have.length(1);
    });
  });

  describe('stops', () => {
    it('come in reverse order of start, to any depth', async () => {
      const stage = new Stage();
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((path) => stage.puppet(path).spec());
      await stage.startSupervisor([a!, stage.supervisor('inner', [b!, stage.supervisor('innermost', [c!])]), d!]);
      expect(stage.order).to.deep.equal(['start a', 'start b', 'start c', 'start d']);
      stage.order.length = 0;
      await stage.stop();
      expect(stage.order).to.deep.equal(['stop d', 'stop c', 'stop b', 'stop a']);
      expect(stage.exits('innermost').concat(stage.exits('inner'))).to.deep.equal(['shutdown', 'shutdown']);
    });

    it('do not wait for an init that hangs, in a group as little as alone', async () => {
      for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'] as const) {
        const stage = new Stage();
        const sup = await stage.startSupervisor([], { strategy });
        const child = stage.puppet('child', { init: (start) => (start === 1 ? 'run' : 'hang') });
        await stage.now(sup.startChild(child.spec()));
        await child.end('killed');
        expect(child.starts, strategy).to.equal(2);
        expect(await stage.stop(), strategy).to.equal(0);
        expect(stage.exits('child')[0], strategy).to.equal('killed');
        expect(stage.alive('child'), strategy).to.equal(false);
      }
    });

    it('do not wait for a start that an operator asked for, who is told', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([]);
      const starting = sup.startChild(stage.puppet('child', { init: 'hang' }).spec());
      await stage.world.settle();
      expect(await stage.stop()).to.equal(0);
      expect(await stage.now(starting)).to.include({ ok: false, error: 'failed-to-start' });
    });

    it('of the system are over when their time is: a naughty child that may take for ever holds up nothing', async () => {
      const stage = new Stage();
      const [before, naughty, after] = [stage.puppet('before'), stage.puppet('naughty', { terminate: 'hang' }), stage.puppet('after')];
      await stage.start(before.spec(), stage.supervisor('sup', [naughty.spec({ shutdown: 'infinity' })]), after.spec());
      await stage.within(3_000, stage.world.system.stop('test over', 3_000));
      expect(stage.order.slice(3)).to.deep.equal(['stop after', 'stop naughty']);
      for (const path of ['before', 'naughty', 'after']) expect(stage.world.system.inspect(path)?.status ?? 'stopped', path).to.equal('stopped');
    });

    it('of a supervisor are bounded by its own shutdown, and then brutal', async () => {
      const stage = new Stage();
      await stage.start(stage.supervisor('sup', [stage.puppet('naughty', { terminate: 'hang' }).spec({ shutdown: 'infinity' })], { shutdown: 1_000, restart: 'temporary' }));
      expect(await stage.stop()).to.equal(1_000);
      expect(stage.exits('naughty')).to.deep.equal(['killed']);
      expect(stage.exits('sup')).to.deep.equal(['killed']);
    });

    it('wait for a supervisor that is giving up already: when they are over, nothing below runs', async () => {
      const stage = new Stage();
      const [fragile, slow] = [stage.puppet('fragile'), stage.puppet('slow', { terminate: 1_000 })];
      await stage.startSupervisor([stage.puppet('first').spec(), stage.supervisor('inner', [slow.spec(), fragile.spec()], intensity(0))]);
      await fragile.end('killed');
      expect(await stage.stop()).to.equal(1_000);
      expect(stage.downs.map((down) => `${down.path} ${down.kind}`)).to.deep.equal(['fragile killed', 'slow shutdown', 'inner shutdown', 'first shutdown', 'sup shutdown']);
    });

    it('ask nothing of a brutal child or supervisor, and nothing of those below it', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.puppet('child').spec({ shutdown: 'brutal' }), stage.supervisor('inner', [stage.puppet('below').spec()], { shutdown: 'brutal' })]);
      for (const path of ['inner', 'child']) expect(await stage.now(sup.terminateChild(path))).to.include({ ok: true });
      expect(stage.order).to.deep.equal(['start child', 'start below']);
      expect(stage.downs.map((down) => `${down.path} ${down.kind}`)).to.deep.equal(['below killed', 'inner killed', 'child killed']);
    });

    it('of dynamic children come all at once', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([], { strategy: 'dynamic' });
      for (const path of ['a', 'b', 'c']) await stage.now(sup.startChild(stage.puppet(path, { terminate: 1_000 }).spec()));
      expect(await stage.stop()).to.equal(1_000);
    });
  });

  describe('a start', () => {
    it('that one child refuses is refused, and leaves nothing running', async () => {
      const stage = new Stage();
      let failure: unknown;
      await stage.start(stage.puppet('a').spec(), stage.puppet('b', { init: 'fail' }).spec(), stage.puppet('c').spec()).catch((error: unknown) => (failure = error));
      expect(failure).to.be.instanceOf(Error).with.property('message', 'b cannot start');
      expect(stage.order).to.deep.equal(['start a', 'start b', 'stop a']);
    });

    it('that fails below is tried again by the budget of each level, up to the root', async () => {
      const stage = new Stage();
      const deep = stage.puppet('deep', { init: (start) => (start === 1 ? 'run' : 'fail') });
      const nested = (path: string, child: ChildSpec, options: SupervisorOptions = {}) => stage.supervisor(path, [child], { ...intensity(1), ...options });
      await stage.start(nested('level1', nested('level2', nested('level3', deep.spec())), { restart: 'temporary' }));
      await deep.end('killed');
      expect(escalations(stage)).to.deep.equal(['level3: deep', 'level2: level3', 'level1: level2']);
      expect(stage.world.system.inspect('deep')).to.equal(undefined);
      // The first; one try of level3; one of level2, which starts level3 anew; one of level1.
      expect(deep.starts).to.equal(4);
    });

    it('of a child killed within its init is one failure, not two', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start === 2 ? 'hang' : 'run') });
      await stage.startSupervisor([child.spec()], intensity(2));
      await child.end('killed');
      await child.end('killed');
      expect(stage.children()).to.deep.equal(['child running 3']);
      expect(waits(stage, 'child')).to.have.length(2);
    });

    it('of a child killed in the instant it runs is seen to end', async () => {
      const stage = new Stage();
      const child = stage.puppet('member/a');
      const atOnce = worker(child.ref, { ...child.behaviour(), init: () => [] }, { policy: NO_BUDGET });
      const members = pool<Cue, string>(stage.world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: () => atOnce });
      stage.world.system.subscribe((event) => {
        if (event.type === 'started' && event.path === 'member/a' && event.incarnation === 1) stage.world.system.control('member/a', 'kill', 'test');
      });
      await stage.start(members.spec);
      members.pool.member('a');
      await stage.world.settle();
      expect(stage.children('members')).to.deep.equal(['member/a running 2']);
    });

    it('of a supervisor killed while starting begins anew', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start === 2 ? 'hang' : 'run') });
      await stage.startSupervisor([stage.supervisor('inner', [child.spec()])], intensity(5));
      stage.world.system.control('inner', 'kill', 'test');
      await stage.world.settle();
      expect(stage.children()).to.deep.equal(['inner restarting 2']);
      stage.world.system.control('inner', 'kill', 'test');
      await stage.world.settle();
      expect(stage.children()).to.deep.equal(['inner running 3']);
      expect(stage.children('inner')).to.deep.equal(['child running 3']);
    });

    it('of a child whose paths are taken, or could not be made, is refused and binds nothing', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.supervisor('inner', [stage.puppet('taken').spec()])]);
      expect(await stage.now(sup.startChild(stage.supervisor('other', [stage.puppet('free').spec(), stage.puppet('taken').spec()])))).to.include({ ok: false, error: 'already-present', reason: 'there is another one called taken' });
      expect(await stage.now(sup.upgrade(stage.supervisor('sup', [stage.puppet('taken').spec()])))).to.include({ ok: false, error: 'already-present' });
      for (const path of ['other', 'free']) expect(await stage.now(sup.startChild(stage.puppet(path).spec())), path).to.include({ ok: true });
    });
  });

  describe('cycleChild', () => {
    it('stops a child in order and starts it again, whatever its type, and counts no failure', async () => {
      for (const restart of ['permanent', 'transient', 'temporary'] as const) {
        const stage = new Stage();
        const child = stage.puppet('child');
        const sup = await stage.startSupervisor([child.spec({ restart })], intensity(0));
        for (let i = 0; i < 3; i++) expect(await stage.now(sup.cycleChild('child', 'test'))).to.include({ ok: true });
        expect(stage.children()).to.deep.equal(['child running 4']);
        expect(stage.exits('child')).to.deep.equal(['shutdown', 'shutdown', 'shutdown']);
        expect(stage.world.system.inspect('child')?.restartBudget).to.include({ used: 0 });
      }
    });

    it('of a temporary child that cannot start again ends as its end would', async () => {
      const stage = new Stage();
      const child = stage.puppet('child', { init: (start) => (start === 1 ? 'run' : 'fail') });
      const sup = await stage.startSupervisor([child.spec({ restart: 'temporary' })]);
      await stage.now(sup.cycleChild('child', 'test'));
      await stage.world.advance(60_000);
      expect(stage.children()).to.deep.equal([]);
      expect(child.starts).to.equal(2);
    });

    it('knows only its own children', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([]);
      expect(await stage.now(sup.cycleChild('observer', 'test'))).to.include({ ok: false, error: 'not-found' });
    });
  });

  describe('upgrade', () => {
    it('changes strategy and order from the next failure on, and what was counted counts on', async () => {
      const stage = new Stage();
      const [a, b] = [stage.puppet('a'), stage.puppet('b')];
      const sup = await stage.startSupervisor([a.spec(), b.spec()], intensity(5));
      await a.end('killed');
      expect(await stage.now(sup.upgrade(stage.supervisor('sup', [b.spec(), a.spec()], { strategy: 'rest-for-one', ...intensity(2) })))).to.include({ ok: true });
      expect(stage.children()).to.deep.equal(['b running 1', 'a running 2']);
      await b.end('killed');
      expect(stage.children()).to.deep.equal(['b running 2', 'a running 3']);
      await a.end('killed');
      expect(escalations(stage), 'the third in all').to.deep.equal(['sup: a']);
    });

    it('leaves nobody waiting for one with whom it is no more restarted', async () => {
      const stage = new Stage();
      const [a, b] = [stage.puppet('a'), stage.puppet('b')];
      const sup = await stage.startSupervisor([a.spec({ policy: POLICY }), b.spec()], { strategy: 'one-for-all' });
      await a.end('killed');
      await stage.now(sup.upgrade(stage.supervisor('sup', [])));
      await stage.world.advance(1_000);
      expect(stage.children()).to.deep.equal(['a running 2', 'b running 2']);
    });

    it('cannot make a worker a supervisor', async () => {
      const stage = new Stage();
      const sup = await stage.startSupervisor([stage.puppet('child').spec()]);
      expect(await stage.now(sup.upgrade(stage.supervisor('sup', [stage.supervisor('child', [])])))).to.include({ ok: false, error: 'invalid-spec' });
    });
  });

  it('keeps children that were added at run time over its own restart, but for the temporary and the ended', async () => {
    const stage = new Stage();
    const sup = await stage.startSupervisor([], { strategy: 'dynamic', restart: 'permanent' });
    for (const restart of ['permanent', 'transient', 'temporary'] as const) await stage.now(sup.startChild(stage.puppet(restart).spec({ restart })));
    const done = stage.puppet('done');
    await stage.now(sup.startChild(done.spec({ restart: 'transient' })));
    await done.end('normal');
    stage.world.system.control('sup', 'kill', 'test');
    await stage.world.settle();
    expect(stage.world.system.inspect('sup')).to.include({ incarnation: 2 });
    expect(stage.children()).to.deep.equal(['permanent running 2', 'transient running 2']);
  });

  it('has all children of its specification again when it starts again, in their order', async () => {
    const stage = new Stage();
    const [a, b, c] = [stage.puppet('a'), stage.puppet('b'), stage.puppet('c')];
    const sup = await stage.startSupervisor([a.spec({ restart: 'temporary' }), b.spec(), c.spec()], { restart: 'permanent' });
    await a.end('normal');
    await stage.now(sup.terminateChild('b'));
    await stage.now(sup.deleteChild('b'));
    await stage.now(sup.startChild(stage.puppet('late').spec()));
    expect(sup.whichChildren().map((child) => child.path)).to.deep.equal(['c', 'late']);
    stage.order.length = 0;
    stage.world.system.control('sup', 'restart', 'test');
    await stage.world.settle();
    expect(stage.order).to.deep.equal(['stop late', 'stop c', 'start a', 'start b', 'start c', 'start late']);
  });

  it('makes the members of a pool on demand, also while it starts, and starts them again after it was killed', async () => {
    const stage = new Stage();
    const members = pool<Cue, string>(stage.world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: (ref) => worker(ref, stage.puppet(ref.path).behaviour()) });
    const asker = stage.puppet('member/first', { init: () => (members.pool.member('second'), 'run') });
    const spec = { ...members.spec, children: [asker.spec()] };
    await stage.start(spec);
    const ref = members.pool.member('币安人生USDT');
    stage.world.system.tell(ref, { type: 'note', text: 'a' });
    await stage.world.advance(10);
    expect(stage.world.system.inspect('member/币安人生USDT')).to.have.deep.property('state', ['a']);
    expect(stage.alive('member/second')).to.equal(true);
    expect(stage.world.system.control('members', 'kill', 'test')).to.equal(1);
    await stage.world.advance(1_000);
    expect(stage.world.system.inspect('member/币安人生USDT')).to.include({ status: 'running', incarnation: 2 });
  });

  it('makes a member of a pool again, for who asks for it, when it has been forgotten: ended for good, or terminated', async () => {
    const stage = new Stage();
    const [temporary, transient, permanent] = (['temporary', 'transient', 'permanent'] as const).map((restart) => ({ restart, puppet: stage.puppet(`member/${restart}`) }));
    const all = [temporary!, transient!, permanent!];
    const specOf = (key: string) => all.map(({ restart, puppet }) => puppet.spec({ restart })).find((spec) => spec.path === `member/${key}`)!;
    const members = pool<Cue, string>(stage.world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: (_ref, key) => specOf(key) });
    await stage.start(members.spec);
    for (const { restart } of all) members.pool.member(restart);
    await stage.world.settle();
    await temporary!.puppet.end('killed');
    await transient!.puppet.end('normal');
    await stage.now(stage.find('members').terminateChild('member/permanent'));
    expect(stage.children('members')).to.deep.equal([]);

    for (const { restart } of all) expect(stage.world.system.tell(members.pool.member(restart), { type: 'note', text: 'a' }), restart).to.equal(true);
    await stage.world.settle();
    expect(stage.children('members').map((child) => child.split(' ').slice(0, 2).join(' '))).to.deep.equal(['member/temporary running', 'member/transient running', 'member/permanent running']);
    for (const { restart } of all) {
      expect(stage.world.system.inspect(`member/${restart}`), restart).to.have.deep.property('state', ['a']);
      expect(stage.world.system.inspect(`member/${restart}`)?.incarnation, 'no number comes again').to.be.above(1);
    }
  });

  it('makes a member of a pool once, however often it is asked for', async () => {
    const stage = new Stage();
    let made = 0;
    const members = pool<Cue, string>(stage.world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: (ref) => (made++, stage.puppet(ref.path).spec()) });
    await stage.start(members.spec);
    for (let i = 0; i < 3; i++) members.pool.member('a');
    await stage.world.settle();
    members.pool.member('a');
    expect(made).to.equal(1);
    expect(stage.children('members')).to.deep.equal(['member/a running 1']);
  });

  it('makes no member of a pool while the pool is deleted, and all that were asked for when it is added again', async () => {
    const stage = new Stage();
    const members = pool<Cue, string>(stage.world.system, { path: 'members', memberPath: (key) => `member/${key}`, purpose: 'one a key', child: (ref) => stage.puppet(ref.path).spec() });
    await stage.start(members.spec);
    members.pool.member('before');
    await stage.world.settle();
    const root = stage.find('vigil');
    await stage.now(root.terminateChild('members'));
    await stage.now(root.deleteChild('members'));
    expect(stage.world.system.tell(members.pool.member('meanwhile'), { type: 'note', text: 'to nobody' })).to.equal(false);
    expect(await stage.now(root.startChild(members.spec))).to.include({ ok: true });
    expect(stage.children('members').map((child) => child.split(' ').slice(0, 2).join(' '))).to.deep.equal(['member/before running', 'member/meanwhile running']);
  });
});

describe('faultsOf', () => {
  const stage = new Stage();
  const whole = stage.puppet('child').spec();
  const lane = { capacity: 1, overflow: 'reject', onRestart: 'keep' } as const;
  const withMailbox = (mailbox: object): ChildSpec => ({ ...whole, declaration: { ...whole.declaration, mailbox: { ...whole.declaration.mailbox, ...mailbox } } });
  const sup = (children: readonly ChildSpec[], options: SupervisorOptions = {}): ChildSpec => supervisor('sup', 'tried', children, options);

  const cases: readonly [string, unknown, readonly string[]][] = [
    ['nothing wrong', whole, []],
    ['no specification', undefined, ['a specification is undefined; make it with worker() or supervisor()']],
    ['path', { ...whole, path: '' }, ["(no path): path is ''; give each child a path of its own"]],
    ['restart', { ...whole, restart: 'always' }, ['child: restart is always; use permanent, transient or temporary']],
    ['shutdown', { ...whole, shutdown: Number.NaN }, ["child: shutdown is NaN; use a number of ms from 0, 'brutal' or 'infinity'"]],
    ['shutdown without end', { ...whole, shutdown: Infinity }, ["child: shutdown is Infinity; use a number of ms from 0, 'brutal' or 'infinity'"]],
    ['policy', { ...whole, policy: undefined }, ['child: policy is undefined; give a restart budget: worker() and supervisor() do']],
    ['policy.limit', { ...whole, policy: { ...POLICY, limit: -1 } }, ['child: policy.limit is -1; use a whole number of restarts, 0 or more']],
    ['policy.windowMs', { ...whole, policy: { ...POLICY, windowMs: 0 } }, ['child: policy.windowMs is 0; use a number of ms above 0']],
    ['policy.backoff', { ...whole, policy: { ...POLICY, backoff: { minMs: 5, maxMs: 1 } } }, ['child: policy.backoff is 5 to 1; use 0 ≤ minMs ≤ maxMs']],
    ['policy.whenSpent', { ...whole, policy: { ...POLICY, whenSpent: 'give up' } }, ["child: policy.whenSpent is give up; use 'escalate', { retryEveryMs } or a function"]],
    ['policy.whenSpent.retryEveryMs', { ...whole, policy: { ...POLICY, whenSpent: { retryEveryMs: 0 } } }, ['child: policy.whenSpent.retryEveryMs is 0; use a number of ms above 0']],
    ['mailbox.capacity', withMailbox({ capacity: Infinity }), ['child: mailbox.capacity is Infinity; a mailbox is bounded: use a whole number above 0']],
    ['mailbox.lanes', withMailbox({ lanes: { exit: { ...lane, types: ['go'] }, control: { ...lane, capacity: 0, types: ['go'] } } }), ['child: mailbox.lanes.control.capacity is 0; a mailbox is bounded: use a whole number above 0', 'child: mailbox.lanes.control.types is go; it is in the lane exit already']],
    ['strategy', sup([], { strategy: 'all' as never }), ['sup: strategy is all; use one-for-one, one-for-all, rest-for-one or dynamic']],
    ['autoShutdown', sup([], { autoShutdown: 'some' as never }), ['sup: autoShutdown is some; use never, any-significant or all-significant']],
    ['intensity', sup([], intensity(0.5, 'escalate', -1)), ['sup: intensity.limit is 0.5; use a whole number of restarts, 0 or more', 'sup: intensity.windowMs is -1; use a number of ms above 0']],
    ['a path twice, on two levels', sup([whole, supervisor('inner', 'tried', [whole])]), ['sup: children is two called child; give each child a path of its own']],
    ['several at once, each named', sup([{ ...whole, restart: 'no' as never, shutdown: -1 }]), ['child: restart is no; use permanent, transient or temporary', "child: shutdown is -1; use a number of ms from 0, 'brutal' or 'infinity'"]],
  ];
  for (const [what, spec, faults] of cases) it(`names field, value and remedy: ${what}`, () => expect(faultsOf(spec as ChildSpec, 'never')).to.deep.equal(faults));
});
