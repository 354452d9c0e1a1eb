/** Who is told when whom ends: a watch is on the role and says how each of its lives ended; a link binds two lives. */
import { expect } from 'chai';
import { shutdown, stop } from '../../src/supervision/behaviour.ts';
import { supervisor } from '../../src/supervision/child-spec.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { Cast, note, once, told } from './cast.ts';
import type { Init } from './cast.ts';
import type { Context } from './puppet.ts';

describe('watch', () => {
  it('says how each incarnation ended, with its number and its reason, and goes on over restarts', async () => {
    const cast = await new Cast().start('watcher', 'target');
    await cast.watch('watcher', 'target');
    await cast.act('target', () => stop('done'));
    await cast.act('target', () => shutdown('asked to'));
    await cast.crash('target');
    await cast.kill('target');
    expect(cast.notes('watcher')).to.deep.equal(['target/1 normal: done', 'target/2 shutdown: asked to', 'target/3 crashed: Error: boom', 'target/4 killed: killed: test']);
    expect(cast.incarnations('watcher', 'target')).to.deep.equal([1, 5]);
  });

  it('twice is one watch, and the later message counts', async () => {
    const cast = await new Cast().start('watcher', 'target');
    await cast.watch('watcher', 'target');
    await cast.act('watcher', (ctx) => ctx.watch(cast.ref('target'), () => note('the later')));
    await cast.kill('target');
    expect(cast.notes('watcher')).to.deep.equal(['the later']);
    expect(cast.detail('target').watchedBy).to.deep.equal(['watch watcher']);
  });

  it('tells at once of one that does not run: stopped, or unknown', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('watcher'), cast.actor('target', { restart: 'transient' }));
    await cast.act('target', () => stop('done'));
    await cast.watch('watcher', 'target');
    await cast.watch('watcher', 'nobody');
    expect(cast.notes('watcher')).to.deep.equal(['target/1 absent: it does not run', 'nobody/0 absent: there is no such actor']);
  });

  it('tells at once of one that has never started, and then of the end of its first life', async () => {
    const cast = new Cast();
    const init: Init = (ctx) => {
      ctx.watch(cast.ref('later'), told);
      return [];
    };
    await cast.start(cast.actor('watcher', { init }), cast.actor('later'));
    await cast.kill('later');
    expect(cast.notes('watcher')).to.deep.equal(['later/0 absent: it does not run', 'later/1 killed: killed: test']);
  });

  it('knows one that has never started from one whose name was deleted before', async () => {
    const cast = await new Cast().start('watcher');
    const root = cast.supervisor();
    for (let i = 0; i < 3; i++) {
      const started = root.startChild(cast.actor('target', { restart: 'temporary' }));
      await cast.world.settle();
      expect(await started).to.deep.equal({ ok: true, path: 'target', incarnation: i + 1 });
      await cast.kill('target');
    }
    let hang = true;
    const held = root.startChild(supervisor('held', 'its second child waits for its first', [cast.actor('first', { init: () => (hang ? new Promise<never>(() => undefined) : []) }), cast.actor('target')]));
    await cast.world.settle();
    await cast.watch('watcher', 'target');
    expect(cast.notes('watcher')).to.deep.equal(['target/0 absent: it does not run']);
    hang = false;
    await cast.world.advance(20_000);
    expect(await held).to.include({ ok: false, error: 'failed-to-start' });
  });

  it('ends with unwatch, also for a notice that waits already', async () => {
    const cast = await new Cast().start('watcher', 'target');
    await cast.watch('watcher', 'target');
    // Of its own results the oldest comes first: the timer's message unwatches while the notice waits behind it.
    await cast.act('watcher', (ctx) => ctx.timers.once('unwatch', 10, { type: 'do', act: (later) => later.unwatch(cast.ref('target')) }));
    cast.suspend('watcher');
    await cast.world.advance(10);
    await cast.kill('target');
    await cast.resume('watcher');
    await cast.kill('target');
    expect(cast.notes('watcher')).to.deep.equal([]);
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({ cancelled: 1 });
    expect(cast.detail('target').watchedBy).to.deep.equal([]);
  });

  it('ends with the watcher: its next incarnation is told nothing', async () => {
    const cast = await new Cast().start('watcher', 'target');
    await cast.watch('watcher', 'target');
    await cast.kill('watcher');
    await cast.kill('target');
    expect(cast.notes('watcher')).to.deep.equal([]);
    expect(cast.detail('target').watchedBy).to.deep.equal([]);
  });

  it('of its next incarnation is not undone by what an ended one still holds', async () => {
    const cast = await new Cast().start('watcher', 'target', 'linked');
    let stale: Context | undefined;
    await cast.act('watcher', (ctx) => void (stale = ctx));
    await cast.kill('watcher');
    await cast.watch('watcher', 'target');
    await cast.link('watcher', 'linked');
    stale!.unwatch(cast.ref('target'));
    stale!.unlink(cast.ref('linked'));
    stale!.watch(cast.ref('linked'), told);
    await cast.kill('target');
    expect(cast.notes('watcher')).to.deep.equal(['target/1 killed: killed: test']);
    await cast.kill('linked');
    expect(cast.incarnations('watcher')).to.deep.equal([3]);
  });

  it('tells of a start that failed as of any other end', async () => {
    const cast = new Cast();
    let healthy = true;
    const init: Init = () => {
      if (!healthy) throw new Error('no journal');
      return [];
    };
    await cast.start(cast.actor('watcher'), cast.actor('target', { init, policy: { backoff: { minMs: 1_000, maxMs: 1_000 } } }));
    await cast.watch('watcher', 'target');
    healthy = false;
    await cast.kill('target');
    await cast.world.advance(1_300);
    expect(cast.notes('watcher')).to.deep.equal(['target/1 killed: killed: test', 'target/2 crashed: Error: no journal']);
  });

  it('is possible on a supervisor: its end, and its failed start', async () => {
    const cast = new Cast();
    let healthy = true;
    const init: Init = () => {
      if (!healthy) throw new Error('no journal');
      return [];
    };
    const inner = supervisor('inner', 'watched', [cast.actor('child', { init })], { policy: { backoff: { minMs: 1_000, maxMs: 1_000 } } });
    await cast.start(cast.actor('watcher'), inner);
    await cast.watch('watcher', 'inner');
    healthy = false;
    await cast.kill('inner');
    await cast.world.advance(1_300);
    expect(cast.notes('watcher')).to.deep.equal(['inner/1 killed: killed: test', 'inner/2 crashed: Error: no journal']);
    healthy = true;
    await cast.world.advance(10_000);
    expect(cast.world.system.inspect('inner')).to.include({ status: 'running', incarnation: 3 });
  });

  it('whose message cannot be made is the watcher’s crash, and nobody else’s', async () => {
    const cast = new Cast();
    const init: Init = (ctx) => {
      if (ctx.incarnation === 1) ctx.watch(cast.ref('target'), () => { throw new Error('no words'); });
      else ctx.watch(cast.ref('target'), told);
      return [];
    };
    await cast.start('other', 'target', cast.actor('watcher', { init }));
    await cast.watch('other', 'target');
    await cast.kill('target');
    expect(cast.detail('watcher').crashes.map(({ reason, during }) => `${during}: ${reason}`)).to.deep.equal(['watch:target: Error: no words']);
    expect(cast.notes('other')).to.deep.equal(['target/1 killed: killed: test']);
    expect(cast.notes('watcher'), 'told by its new watch, and not also by the old').to.deep.equal(['target/1 absent: it does not run']);
    expect(cast.incarnations('watcher', 'other', 'target')).to.deep.equal([2, 1, 2]);
  });
});

describe('link', () => {
  for (const [ends, follows] of [['one', 'other'], ['other', 'one']] as const) {
    it(`ends ${follows} when ${ends} fails, whoever asked for it, and gives the reason`, async () => {
      const cast = await new Cast().start('one', 'other', 'bystander');
      await cast.link('one', 'other');
      await cast.crash(ends);
      expect(cast.incarnations('one', 'other', 'bystander')).to.deep.equal([2, 2, 1]);
      expect(cast.detail(follows).lastExit).to.include({ kind: 'crashed', incarnation: 1, reason: `Error: linked ${ends} ended: Error: boom` });
      expect(cast.detail(follows).restarts).to.equal(1);
    });
  }

  it('passes a failure on along a chain, also to a suspended actor', async () => {
    const cast = await new Cast().start('a', 'b', 'c', 'd');
    await cast.link('a', 'b');
    await cast.link('b', 'c');
    await cast.link('d', 'c');
    cast.suspend('c');
    await cast.kill('a');
    expect(cast.incarnations('a', 'b', 'c', 'd')).to.deep.equal([2, 2, 2, 2]);
    expect(cast.detail('d').lastExit?.reason).to.match(/^Error: linked c ended: Error: linked b ended: Error: linked a ended: killed: test$/);
  });

  it('does not end anybody for a normal end or a shutdown, and is gone with it', async () => {
    const cast = await new Cast().start('one', 'other');
    for (const end of [stop('done'), shutdown('asked to')]) {
      await cast.link('one', 'other');
      await cast.act('other', () => end);
      await cast.kill('other');
    }
    expect(cast.incarnations('one', 'other')).to.deep.equal([1, 5]);
    expect(cast.detail('one').watchedBy).to.deep.equal([]);
  });

  it('twice is one link; one that traps it gets a message for whatever end, and lives', async () => {
    const cast = await new Cast().start('one', 'other');
    await cast.act('one', (ctx) => ctx.trapLinks(told));
    for (const end of ['normal', 'killed'] as const) {
      await cast.link('one', 'other');
      await cast.link('other', 'one');
      if (end === 'killed') await cast.kill('other');
      else await cast.act('other', () => stop('done'));
    }
    expect(cast.notes('one')).to.deep.equal(['other/1 normal: done', 'other/2 killed: killed: test']);
    expect(cast.incarnations('one', 'other')).to.deep.equal([1, 3]);
  });

  it('is between two lives: the next incarnations are not bound', async () => {
    const cast = await new Cast().start('one', 'other');
    await cast.link('one', 'other');
    await cast.kill('other');
    await cast.kill('other');
    await cast.kill('one');
    expect(cast.incarnations('one', 'other')).to.deep.equal([3, 3]);
  });

  for (const asks of ['one', 'other'] as const) {
    it(`is undone for both when ${asks} asks for it`, async () => {
      const cast = await new Cast().start('one', 'other');
      await cast.link('one', 'other');
      await cast.act(asks, (ctx) => ctx.unlink(cast.ref(asks === 'one' ? 'other' : 'one')));
      await cast.kill('one');
      await cast.kill('other');
      expect(cast.incarnations('one', 'other')).to.deep.equal([2, 2]);
    });
  }

  it('leaves a watch between the same two as it is', async () => {
    const cast = await new Cast().start('one', 'other');
    await cast.watch('one', 'other');
    await cast.link('one', 'other');
    await cast.act('one', (ctx) => ctx.unlink(cast.ref('other')));
    await cast.kill('other');
    await cast.kill('other');
    expect(cast.notes('one')).to.deep.equal(['other/1 killed: killed: test', 'other/2 killed: killed: test']);
    await cast.kill('one');
    expect(cast.detail('other').watchedBy, 'and it ends as any watch does').to.deep.equal([]);
  });

  it('to one that does not run ends the one that asks for it, unless it traps that', async () => {
    const cast = await new Cast().start('one', 'trapping');
    await cast.tell('one', once((ctx) => ctx.link(cast.ref('nobody'))));
    expect(cast.detail('one').lastExit?.reason).to.equal('Error: linked nobody ended: there is no such actor');
    await cast.act('trapping', (ctx) => ctx.trapLinks(told));
    await cast.link('trapping', 'nobody');
    expect(cast.notes('trapping')).to.deep.equal(['nobody/0 absent: there is no such actor']);
    expect(cast.incarnations('one', 'trapping')).to.deep.equal([2, 1]);
  });

  it('to a supervisor ends the actor with it, and never the supervisor', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('one'), supervisor('inner', 'linked', [cast.actor('child')], { policy: NO_BUDGET }));
    await cast.link('one', 'inner');
    await cast.kill('one');
    expect(cast.world.system.inspect('inner')).to.include({ incarnation: 1, status: 'running' });
    await cast.link('one', 'inner');
    await cast.kill('inner');
    expect(cast.incarnations('one', 'child')).to.deep.equal([3, 2]);
  });
});
