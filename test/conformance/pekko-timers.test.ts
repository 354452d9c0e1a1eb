/** Pekko typed's TimerSpec by the titles of its cases: ticks come in time, in their key, and to their incarnation alone. */
import { expect } from 'chai';
import { become, same, stop } from '../../src/supervision/behaviour.ts';
import { Cast, note, once } from '../supervision/cast.ts';
import type { Init, PuppetOptions } from '../supervision/cast.ts';

const INTERVAL_MS = 1_000;

/** A `target` that ticks from its start on: `tick 1` in its first incarnation, `tick 2` in its second. */
async function ticking(options: PuppetOptions = {}): Promise<Cast> {
  const cast = new Cast();
  const init: Init = (ctx) => {
    ctx.timers.every('T', INTERVAL_MS, note(`tick ${ctx.incarnation}`));
    return [];
  };
  await cast.start();
  expect(await cast.now(cast.supervisor().startChild(cast.actor('target', { init, ...options })))).to.include({ ok: true });
  return cast;
}

/** Its tick is queued while it is held up, and then `happening` comes first. */
async function whileTickWaits(cast: Cast, happening: () => Promise<void> | void): Promise<void> {
  cast.suspend('target');
  await cast.world.advance(INTERVAL_MS);
  expect(cast.detail('target').mailbox.depth).to.be.above(0);
  await happening();
  await cast.resume('target');
}

const pending = (cast: Cast) => cast.world.clock.pending;

describe('A timer', () => {
  it('schedule non-repeated ticks', async () => {
    const cast = await new Cast().start('target');
    await cast.act('target', (ctx) => ctx.timers.once('T', 10, note('tick')));
    await cast.world.advance(9);
    expect(cast.notes('target')).to.deep.equal([]);
    await cast.world.advance(10_000);
    expect(cast.notes('target')).to.deep.equal(['tick']);
    expect(pending(cast)).to.deep.equal([]);
  });

  it('schedule repeated ticks', async () => {
    const cast = await ticking();
    await cast.world.advance(INTERVAL_MS * 4 - 100);
    expect(cast.notes('target')).to.deep.equal(Array(3).fill('tick 1'));
  });

  it('replace timer', async () => {
    const cast = await ticking();
    await cast.world.advance(INTERVAL_MS);
    await cast.act('target', (ctx) => ctx.timers.once('bump', INTERVAL_MS - 1, { type: 'do', act: (later) => later.timers.every('T', INTERVAL_MS, note('bumped')) }));
    await whileTickWaits(cast, () => undefined);
    expect(cast.notes('target'), 'the tick that waited is void').to.deep.equal(['tick 1']);
    await cast.world.advance(INTERVAL_MS);
    expect(cast.notes('target')).to.deep.equal(['tick 1', 'bumped']);
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({ cancelled: 1 });
  });

  it('cancel timer', async () => {
    const cast = await ticking();
    await cast.world.advance(INTERVAL_MS);
    await cast.act('target', (ctx) => ctx.timers.cancel('T'));
    await cast.world.advance(INTERVAL_MS * 10);
    expect(cast.notes('target')).to.deep.equal(['tick 1']);
    expect(pending(cast)).to.deep.equal([]);
  });

  it('discard timers from old incarnation after restart, alt 1', async () => {
    const cast = await ticking();
    await cast.world.advance(INTERVAL_MS);
    await whileTickWaits(cast, () => cast.kill('target'));
    await cast.world.advance(INTERVAL_MS - 1);
    expect(cast.notes('target')).to.deep.equal([]);
    await cast.world.advance(1);
    expect(cast.notes('target')).to.deep.equal(['tick 2']);
    expect(cast.letters()).to.deep.equal(['timer:T → target note: stale-incarnation']);
  });

  it('discard timers from old incarnation after restart, alt 2', async () => {
    const cast = await ticking();
    await cast.act('target', (ctx) => {
      ctx.timers.every('T', INTERVAL_MS, note('bumped'));
      ctx.timers.once('crash', INTERVAL_MS, once(() => { throw new Error('crash'); }));
      ctx.timers.every('other', INTERVAL_MS, note('other'));
    });
    await whileTickWaits(cast, () => undefined);
    await cast.world.advance(INTERVAL_MS * 3);
    expect(cast.incarnations('target')).to.deep.equal([2]);
    expect(cast.notes('target')).to.deep.equal(Array(3).fill('tick 2'));
    expect(cast.letters().toSorted()).to.deep.equal(['timer:crash → target do: crashed', 'timer:other → target note: stale-incarnation']);
  });

  it('cancel timers when stopped from exception', async () => {
    const cast = await ticking({ restart: 'temporary' });
    await cast.crash('target');
    await cast.world.advance(INTERVAL_MS * 2);
    expect(pending(cast)).to.deep.equal([]);
    expect(cast.letters().filter((letter) => letter.includes('timer'))).to.deep.equal([]);
  });

  it('cancel timers when stopped voluntarily', async () => {
    const cast = await ticking({ restart: 'transient' });
    await cast.act('target', () => stop('asked to'));
    await cast.world.advance(INTERVAL_MS * 2);
    expect(pending(cast)).to.deep.equal([]);
    expect(cast.letters()).to.deep.equal([]);
  });

  it('allow for nested timers', async () => {
    const cast = await ticking();
    await cast.act('target', (ctx) => ctx.timers.every('inner', INTERVAL_MS, note('inner')));
    await cast.world.advance(INTERVAL_MS);
    expect(cast.notes('target')).to.deep.equal(['tick 1', 'inner']);
  });

  it('keep timers when behavior changes', async () => {
    const cast = await ticking({ more: { receive: (notes, cue) => (cue.type === 'note' ? become([...notes.slice(-1), cue.text]) : same) } });
    await cast.world.advance(INTERVAL_MS * 3);
    expect(cast.notes('target')).to.deep.equal(['tick 1', 'tick 1']);
    expect(cast.detail('target').handled).to.equal(3);
  });

  it('not leak timers when PostStop is used', async () => {
    const closing = Promise.withResolvers<void>();
    const cast = await ticking({ restart: 'transient', shutdown: 'infinity', more: { terminate: () => closing.promise } });
    const stopped = cast.supervisor().terminateChild('target');
    await cast.world.advance(INTERVAL_MS * 3);
    expect(cast.detail('target').handled).to.equal(0);
    closing.resolve();
    expect(await cast.now(stopped)).to.include({ ok: true });
    await cast.world.advance(INTERVAL_MS * 3);
    expect(pending(cast)).to.deep.equal([]);
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({});
  });
});

describe('TimerSpec', () => {
  it('discard TimerMsg on restart', async () => {
    const cast = await new Cast().start('target');
    await cast.act('target', (ctx) => {
      ctx.timers.once('0', 5, {
        type: 'do',
        act: (later) => {
          later.timers.once('1', 0, note('tick 1'));
          throw new Error('boom');
        },
      });
    });
    await cast.world.advance(100);
    await cast.tell('target', 'tick 100');
    expect(cast.state('target')).to.deep.equal(['tick 100@2']);
  });

  it('discard TimerMsg when exception from withTimers block', async () => {
    const cast = new Cast();
    let failing = false;
    const init: Init = (ctx) => {
      if (failing) {
        failing = false;
        ctx.timers.once('0', 5, note('tick 0'));
        throw new Error('boom');
      }
      return [];
    };
    await cast.start(cast.actor('target', { init }));
    failing = true;
    await cast.kill('target');
    await cast.world.advance(100);
    await cast.tell('target', 'tick 100');
    expect(cast.state('target')).to.deep.equal(['tick 100@3']);
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({});
  });
});
