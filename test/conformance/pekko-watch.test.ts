/** Pekko typed's WatchSpec by the titles of its cases: who watches another is told of its end. */
import { expect } from 'chai';
import { stop } from '../../src/supervision/behaviour.ts';
import { Cast, note, told } from '../supervision/cast.ts';

/** Of an actor `terminator` that is not restarted, and a `watcher`. */
async function setUp(): Promise<Cast> {
  const cast = new Cast();
  await cast.start('watcher', cast.actor('terminator', { restart: 'transient' }));
  return cast;
}

const watchWith = (cast: Cast, text: string, unwatchFirst = false) =>
  cast.act('watcher', (ctx) => {
    if (unwatchFirst) ctx.unwatch(cast.ref('terminator'));
    ctx.watch(cast.ref('terminator'), () => note(text));
  });

const terminate = (cast: Cast) => cast.act('terminator', () => stop('asked to'));

describe('Actor monitoring', () => {
  it('get notified of graceful actor termination', async () => {
    const cast = await setUp();
    await cast.watch('watcher', 'terminator');
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['terminator/1 normal: asked to']);
  });

  it('notify a parent of child termination because of failure', async () => {
    const cast = new Cast();
    await cast.start('parent', cast.actor('child', { restart: 'temporary' }));
    await cast.watch('parent', 'child');
    await cast.act('parent', (ctx) => void ctx.tell(cast.ref('child'), { type: 'do', act: () => { throw new Error('boom'); } }));
    expect(cast.notes('parent')).to.deep.equal(['child/1 crashed: Error: boom']);
    expect(cast.lives('child')).to.deep.equal(['child unknown']);
  });

  it('notify a parent of child termination because of failure with a supervisor', async () => {
    const cast = await new Cast().start('parent', 'child');
    await cast.watch('parent', 'child');
    await cast.crash('child', 'boom');
    await cast.crash('child', 'boom again');
    expect(cast.notes('parent')).to.deep.equal(['child/1 crashed: Error: boom', 'child/2 crashed: Error: boom again']);
  });

  it('fail the actor itself with DeathPact if it does not accept Terminated', async () => {
    const cast = new Cast();
    const temporary = { restart: 'temporary' } as const;
    await cast.start('grosso-bosso', cast.actor('middle-management', temporary), cast.actor('joe', temporary));
    await cast.link('middle-management', 'joe');
    await cast.watch('grosso-bosso', 'middle-management');
    await cast.crash('joe', 'boom');
    expect(cast.notes('grosso-bosso')).to.deep.equal(['middle-management/1 crashed: Error: linked joe ended: Error: boom']);
  });

  it('allow idempotent invocations of watch', async () => {
    const cast = await setUp();
    for (let i = 0; i < 2; i++) await cast.watch('watcher', 'terminator');
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['terminator/1 normal: asked to']);
  });

  it('get notified of actor termination with a custom message', async () => {
    const cast = await setUp();
    await watchWith(cast, 'custom');
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['custom']);
  });

  it('allow idempotent invocations of watchWith with matching msgs', async () => {
    const cast = await setUp();
    for (let i = 0; i < 2; i++) await watchWith(cast, 'custom');
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['custom']);
  });

  it('allow watch message definition after watch using unwatch', async () => {
    const cast = await setUp();
    await cast.act('watcher', (ctx) => ctx.watch(cast.ref('terminator'), told));
    await watchWith(cast, 'custom', true);
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['custom']);
  });

  it('allow watch message redefinition using unwatch', async () => {
    const cast = await setUp();
    await watchWith(cast, 'first', true);
    await watchWith(cast, 'second', true);
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['second']);
  });

  it('fail when watchWitch is used after watchWith with different termination message', async () => {
    const cast = await setUp();
    await watchWith(cast, 'first');
    await watchWith(cast, 'second');
    await terminate(cast);
    expect(cast.notes('watcher')).to.deep.equal(['second']);
    expect(cast.lives('watcher')).to.deep.equal(['watcher running 1']);
  });
});
