/** OTP's gen_server_SUITE by the names of its cases: how an actor is started, called, told and stopped, and how it fails. */
import { expect } from 'chai';
import { ignore, shutdown, stop } from '../../src/supervision/behaviour.ts';
import type { Next } from '../../src/supervision/behaviour.ts';
import { supervisor } from '../../src/supervision/child-spec.ts';
import type { TraceEvent } from '../../src/supervision/cell/tracer.ts';
import { Cast, note, once, question, unanswered } from '../supervision/cast.ts';
import type { Init, PuppetOptions, Question } from '../supervision/cast.ts';
import type { Context, Cue } from '../supervision/puppet.ts';

const started = question((answer) => answer(['ok']));
const NOT_ACCEPTED = 'Error: server does not accept question';

/** Answered by a timer of the server. */
const delayed = (delayMs: number): Question => question((answer, ctx) => ctx.timers.once(`delayed ${delayMs}`, delayMs, { type: 'do', act: () => answer([`delayed ${delayMs}`]) }));

/** A server `server` under a root that does not restart it, and a `client` that watches it. */
async function served(options: PuppetOptions = {}): Promise<Cast> {
  const cast = await new Cast().start('client');
  expect(await cast.now(cast.supervisor().startChild(cast.actor('server', { restart: 'temporary', ...options })))).to.deep.equal({ ok: true, path: 'server', incarnation: 1 });
  await cast.watch('client', 'server');
  return cast;
}

const call = (cast: Cast, asked: Question, timeoutMs = 1_000) => cast.now(cast.outside('server', asked, timeoutMs));

/** A view that throws is shown as such, and harms nobody. */
async function unviewable(thrown: unknown, shown: string): Promise<void> {
  const cast = await served({ more: { view: () => { throw thrown; } } });
  expect(cast.state('server')).to.deep.equal({ unviewable: shown });
  expect(await cast.now(cast.world.system.state('server'))).to.deep.equal({ unviewable: shown });
  expect(await call(cast, started)).to.deep.equal(['ok']);
  expect(cast.lives('server')).to.deep.equal(['server running 1']);
}

async function stoppedWithoutTerminate(reason: string): Promise<void> {
  const cast = await served();
  await cast.now(cast.supervisor().terminateChild('server', reason));
  expect(cast.notes('client')).to.deep.equal([`server/1 shutdown: ${reason}`]);
}

describe('OTP gen_server', () => {
  it('start', async () => {
    const cast = await served();
    const root = cast.supervisor();
    expect(await call(cast, started)).to.deep.equal(['ok']);
    expect(await cast.now(root.startChild(cast.actor('server')))).to.deep.equal({ ok: false, error: 'already-started', reason: 'server runs already' });
    await cast.act('server', () => stop('stopped'));
    expect(cast.notes('client')).to.deep.equal(['server/1 normal: stopped']);
    expect(await call(cast, started)).to.equal(NOT_ACCEPTED);

    const sleeping = root.startChild(cast.actor('sleeping', { init: () => new Promise(() => undefined), startMs: 100 }));
    await cast.world.advance(100);
    expect(await sleeping).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: sleeping: init took longer than 100 ms' });
    expect(await cast.now(root.startChild(cast.actor('ignoring', { init: () => ignore, restart: 'temporary' })))).to.include({ ok: true });
    expect(await cast.now(root.startChild(cast.actor('stopping', { init: () => { throw new Error('stopped'); } })))).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: stopped' });
    expect(cast.lives('sleeping', 'ignoring', 'stopping')).to.deep.equal(['sleeping unknown', 'ignoring unknown', 'stopping unknown']);

    // Linked: its normal end harms nobody. No number of an incarnation comes again.
    const again = await cast.now(root.startChild(cast.actor('server', { restart: 'temporary' })));
    expect(again).to.have.property('incarnation').that.is.above(1);
    await cast.link('client', 'server');
    await cast.act('server', () => stop('stopped'));
    expect(cast.notes('client')).to.have.length(2);
    expect(cast.notes('client')[1]).to.match(/^server\/\d+ normal: stopped$/);
    expect(cast.lives('client')).to.deep.equal(['client running 1']);
  });

  it('stop1', async () => {
    const cast = await served();
    expect(await cast.now(cast.supervisor().terminateChild('server'))).to.include({ ok: true });
    expect(cast.lives('server')).to.deep.equal(['server unknown']);
    expect(await cast.now(cast.supervisor().terminateChild('server'))).to.include({ ok: false, error: 'not-found' });
  });

  it('stop2', async () => {
    const cast = await served({ shutdown: 'infinity' });
    await cast.now(cast.supervisor().terminateChild('server', 'other_reason'));
    expect(cast.notes('client')).to.deep.equal(['server/1 shutdown: other_reason']);
  });

  it('stop3', async () => {
    const cast = await new Cast().start('client');
    for (const wrong of [NaN, -1, Infinity, 'invalid_timeout' as 'brutal']) {
      expect(await cast.now(cast.supervisor().startChild(cast.actor('server', { shutdown: wrong })))).to.include({ ok: false, error: 'invalid-spec' });
    }
    await cast.now(cast.supervisor().startChild(cast.actor('server')));
    const upgraded = await cast.now(cast.supervisor().upgrade(supervisor('vigil', 'upgraded', [cast.actor('server', { shutdown: -1 })])));
    expect(upgraded).to.include({ ok: false, error: 'invalid-spec' });
    expect(cast.lives('server')).to.deep.equal(['server running 1']);
  });

  it('stop4', async () => {
    const cast = await served({ restart: 'transient' });
    await cast.now(cast.supervisor().terminateChild('server'));
    expect(cast.lives('server')).to.deep.equal(['server stopped 1']);
    expect(await call(cast, started)).to.equal(NOT_ACCEPTED);
    expect(await cast.now(cast.supervisor().terminateChild('server'))).to.include({ ok: true });
    expect(cast.notes('client')).to.deep.equal(['server/1 shutdown: terminated by its supervisor']);
  });

  it('crash', async () => {
    const ends: readonly (readonly [Next<never>, string])[] = [[shutdown('reason'), 'shutdown: reason'], [stop('stop_reason'), 'normal: stop_reason']];
    for (const [end, down] of ends) {
      const cast = await served();
      const asked = cast.outside('server', unanswered, 60_000);
      await cast.act('server', () => end);
      expect(await asked).to.equal(`Error: server ended: ${down.split(': ')[1]}`);
      expect(cast.notes('client')).to.deep.equal([`server/1 ${down}`]);
      expect(cast.world.events.filter(({ type }) => type === 'crashed'), 'no crash report').to.deep.equal([]);
    }
    const cast = await served({ restart: 'transient' });
    const crashing = question(() => { throw new Error('crashed'); });
    expect(await call(cast, crashing, 60_000)).to.equal('Error: server ended: Error: crashed');
    const reports = cast.world.events.filter((event) => event.type === 'crashed').map(({ path, crash }) => ({ path, reason: crash.reason, during: crash.during, incarnation: crash.incarnation }));
    expect(reports).to.deep.equal([{ path: 'server', reason: 'Error: crashed', during: 'question', incarnation: 1 }]);
    expect(cast.detail('server').crashes[0]?.stack).to.match(/otp-gen-server/);
    expect(cast.notes('client')).to.deep.equal(['server/1 crashed: Error: crashed']);
  });

  it('call', async () => {
    const cast = await served();
    expect(await call(cast, started)).to.deep.equal(['ok']);
    const later = cast.outside('server', delayed(1));
    await cast.world.advance(1);
    expect(await later).to.deep.equal(['delayed 1']);

    // Two requests within a given time, or not.
    let within = false;
    const callWithin = question((answer, ctx) => {
      within = true;
      ctx.timers.once('within', 1_000, { type: 'do', act: () => void (within = false) });
      answer(['ok']);
    });
    const nextCall = question((answer, ctx) => {
      ctx.timers.cancel('within');
      answer([within ? 'ok' : 'false']);
    });
    for (const [waitMs, expected] of [[500, 'ok'], [1_500, 'false']] as const) {
      expect(await call(cast, callWithin)).to.deep.equal(['ok']);
      await cast.world.advance(waitMs);
      expect(await call(cast, nextCall)).to.deep.equal([expected]);
    }

    const inTime = cast.outside('server', delayed(1), 30);
    const tooLate = cast.outside('server', delayed(30), 1);
    await cast.world.advance(30);
    expect(await inTime).to.deep.equal(['delayed 1']);
    expect(await tooLate).to.equal('Error: server did not answer question within 1 ms');
    expect(cast.letters()).to.deep.equal(['server → outside question: late-answer']);

    const badReturn: Cue = { type: 'do', act: () => 'badreturn' as unknown as Next<never> };
    await cast.tell('server', badReturn);
    expect(cast.notes('client')).to.deep.equal(['server/1 crashed: Error: server: handling do returned no Next']);
  });

  it('send_request', async () => {
    const cast = await served();
    const order: string[] = [];
    const asked = [delayed(20), started, delayed(10)].map((one, index) => cast.outside('server', one).then((answer) => order.push(`${index} ${String(answer)}`)));
    await cast.world.advance(20);
    await Promise.all(asked);
    expect(order).to.deep.equal(['1 ok', '2 delayed 10', '0 delayed 20']);
    const crashing = question(() => { throw new Error('badreturn'); });
    expect(await call(cast, crashing)).to.equal('Error: server ended: Error: badreturn');
    expect(await call(cast, started), 'noproc').to.equal(NOT_ACCEPTED);
    expect(await cast.now(cast.outside('nobody', started))).to.equal('Error: nobody does not accept question');
  });

  it('send_request_receive_reqid_collection', async () => {
    const cast = await new Cast().start('client', 'one', 'two', 'three', 'four');
    await cast.ask('client', 'one', delayed(400), 5_000);
    await cast.ask('client', 'two', delayed(1), 5_000);
    await cast.ask('client', 'three', delayed(200), 5_000);
    await cast.ask('client', 'three', delayed(1_000), 300);
    await cast.ask('client', 'four', unanswered, 5_000);
    await cast.act('four', () => shutdown('stop_shutdown'));
    await cast.world.advance(1_000);
    expect(cast.notes('client')).to.deep.equal([
      'target-down: four ended: stop_shutdown',
      'answer ["delayed 1"]',
      'answer ["delayed 200"]',
      'deadline: three did not answer question within 300 ms',
      'answer ["delayed 400"]',
    ]);
    expect(cast.letters(), 'the abandoned one').to.deep.equal(['three → client question: late-answer']);
  });

  it('cast', async () => {
    const cast = await served();
    const replies = (text: string): Cue => ({ type: 'do', act: (ctx) => void ctx.tell(cast.ref('client'), note(text)) });
    expect(await cast.tell('server', replies('handled_cast'))).to.deep.equal([true]);
    await cast.act('server', (ctx) => ctx.timers.once('delayed', 1, replies('delayed')));
    await cast.world.advance(1);
    await cast.act('server', (ctx) => {
      ctx.tell(cast.ref('client'), note('stopped'));
      return stop('cast');
    });
    expect(cast.notes('client').toSorted()).to.deep.equal(['delayed', 'handled_cast', 'server/1 normal: cast', 'stopped']);
    expect(await cast.tell('server', 'one more')).to.deep.equal([false]);
  });

  it('cast_fast', async () => {
    const cast = await served({ mailbox: { capacity: 2 } });
    cast.suspend('server');
    const accepted = ['a', 'b', 'c'].map((text) => cast.world.system.tell(cast.ref('server'), note(text)));
    expect([...accepted, cast.world.system.tell(cast.ref('hopp'), note('hopp'))]).to.deep.equal([true, true, false, false]);
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({ overflow: 1, 'unknown-ref': 1 });
  });

  it('info', async () => {
    const cast = await served();
    const senders: string[] = [];
    cast.world.system.trace('server', { messages: 10, ms: 10_000 }, (event) => senders.push(event.direction === 'in' ? event.from : event.direction === 'end' ? event.reason : event.to));
    await cast.tell('server', 'handled_info');
    await cast.act('client', (ctx) => void ctx.tell(cast.ref('server'), note('from an actor')));
    await cast.act('server', (ctx) => ctx.timers.once('delayed', 1, note('delayed_info')));
    await cast.world.advance(1);
    expect(cast.notes('server')).to.deep.equal(['handled_info', 'from an actor', 'delayed_info']);
    await cast.act('server', () => stop('stopped_info'));
    expect(senders).to.deep.equal(['outside', 'client', 'outside', 'timer:delayed', 'closed']);
    expect(cast.notes('client')).to.deep.equal(['server/1 normal: stopped_info']);
  });

  it('continue', async () => {
    const cast = await new Cast().start('client');
    const opened = Promise.withResolvers<readonly string[]>();
    const init: Init = (ctx) => {
      ctx.timers.once('continue', 0, note('continue'));
      return opened.promise;
    };
    const starting = cast.supervisor().startChild(cast.actor('server', { init }));
    await cast.world.advance(0);
    await cast.tell('server', 'after_continue');
    expect(cast.lives('server')).to.deep.equal(['server starting 1']);
    opened.resolve(['init']);
    expect(await cast.now(starting)).to.include({ ok: true });
    expect(cast.notes('server')).to.deep.equal(['init', 'continue', 'after_continue']);
  });

  it('calling_self', async () => {
    const cast = await new Cast().start('client');
    const init: Init = (ctx) => ctx.ask(cast.ref('server'), { type: 'question' }, 60_000);
    const refused = await cast.now(cast.supervisor().startChild(cast.actor('server', { init })));
    expect(refused).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: server would wait for itself while starting: server → server' });
    await cast.ask('client', 'client', { type: 'question' });
    expect(cast.notes('client')).to.deep.equal(['answer []']);
  });

  it('otp_7669', async () => {
    const cast = await new Cast().start('client');
    const fail: Init = () => { throw new Error('stopped'); };
    for (let i = 0; i < 100; i++) {
      const ignored = await cast.now(cast.supervisor().startChild(cast.actor('server', { init: () => ignore, restart: 'temporary' })));
      expect(ignored.ok).to.equal(true);
      expect(cast.lives('server')).to.deep.equal(['server unknown']);
      expect(await cast.now(cast.supervisor().startChild(cast.actor('server', { init: fail })))).to.include({ error: 'failed-to-start' });
      expect(cast.lives('server')).to.deep.equal(['server unknown']);
    }
    expect(await cast.now(cast.supervisor().startChild(cast.actor('server')))).to.deep.equal({ ok: true, path: 'server', incarnation: 201 });
  });

  it('call_format_status', async () => {
    const cast = await served({ init: () => ['a', 'b'], more: { view: (notes) => ({ formatted: notes.length, token: 't-1' }) } });
    const formatted = { formatted: 2, token: '[redacted]' };
    expect(cast.state('server')).to.deep.equal(formatted);
    expect(await cast.now(cast.world.system.state('server'))).to.deep.equal(formatted);
    cast.suspend('server');
    expect(cast.detail('server')).to.deep.include({ status: 'suspended', state: formatted });
  });

  it('error_format_status', async () => {
    const cast = await served({ restart: 'transient', init: () => ['what only the state knows'] });
    await cast.tell('server', once(() => { throw new Error('crashed'); }));
    const shown = JSON.stringify([cast.world.events, cast.detail('server').crashes, cast.detail('server').lastExit]);
    expect(shown).to.include('Error: crashed').and.not.include('what only the state knows');
    expect(cast.state('server'), 'the next incarnation').to.deep.equal(['what only the state knows']);
  });

  it('terminate_crash_format', async () => {
    const cast = await served({ more: { terminate: () => Promise.reject(new Error('crash, terminate')) } });
    await cast.now(cast.supervisor().terminateChild('server', 'stopped'));
    expect(cast.notes('client')).to.deep.equal(['server/1 crashed: stopped: Error: crash, terminate']);
    expect(cast.world.logs.filter(({ path }) => path === 'server').map(({ level, message }) => `${level} ${message}`)).to.deep.equal(['error terminate failed; going on with the stop']);
  });

  it('crash_in_format_status', () => unviewable(new Error('crash'), 'Error: crash'));

  it('throw_in_format_status', () => unviewable('thrown', 'thrown'));

  it('format_all_status', async () => {
    const cast = await served({ restart: 'transient', init: () => ['password=p-1'] });
    const events: TraceEvent[] = [];
    cast.world.system.trace('server', { messages: 10, ms: 10_000, payload: true }, (event) => events.push(event));
    await cast.tell('server', note('secret: s-2'));
    await cast.act('server', () => { throw new Error('token=t-3'); });
    const shown = JSON.stringify([await cast.now(cast.world.system.state('server')), events, cast.detail('server'), cast.world.events]);
    expect(shown.match(/\[redacted\]/g)).to.have.length.above(5);
    for (const secret of ['p-1', 's-2', 't-3']) expect(shown).not.to.include(secret);
  });

  it('get_state', async () => {
    const cast = await served({ init: () => ['state'] });
    const { system } = cast.world;
    expect(await cast.now(system.state('server'))).to.deep.equal(['state']);
    expect(await cast.now(system.state('server', 5_000))).to.deep.equal(['state']);
    cast.suspend('server');
    expect(await cast.now(system.state('server'))).to.deep.equal(['state']);
    await cast.resume('server');

    // Asked for in the turn that a link ends: it is nobody's any more, and the asker is not told it was there.
    await cast.act('server', (ctx) => ctx.link(cast.ref('client')));
    system.control('client', 'kill', 'test');
    const late = system.state('server', 5_000).then(() => 'a state', (error: Error) => error.message);
    await cast.world.advance(5_000);
    expect(await late).to.equal('server: its turn took longer than 5000 ms');
  });

  it('replace_state', async () => {
    const cast = await served({ init: () => ['state'] });
    const { system } = cast.world;
    const replace = (change: (state: readonly string[]) => readonly string[]) => cast.now(system.replaceState('server', change, 'test').then(() => 'replaced', (error: Error) => error.message));
    expect(await replace(() => ['replaced'])).to.equal('replaced');
    expect(await replace((state) => [...state, 'again'])).to.equal('replaced');
    expect(await call(cast, { type: 'question' })).to.deep.equal(['replaced', 'again']);
    expect(await replace(() => { throw new Error('fail'); })).to.equal('fail');
    expect(await cast.now(system.state('server'))).to.deep.equal(['replaced', 'again']);
    cast.suspend('server');
    expect(await replace((state) => [...state, 'and again'])).to.equal('replaced');
    await cast.resume('server');
    expect(await call(cast, { type: 'question' })).to.deep.equal(['replaced', 'again', 'and again']);
  });

  it('call_with_huge_message_queue', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('client', { mailbox: { capacity: 100_000 } }), 'server');
    cast.suspend('client');
    cast.world.system.tell(cast.ref('client'), { type: 'do', act: (ctx) => ctx.ask(cast.ref('server'), started, 1_000, () => note('answered')) });
    for (let i = 0; i < 5_000; i++) cast.world.system.tell(cast.ref('client'), note('mail'));
    await cast.resume('client');
    const notes = await cast.now(cast.world.system.ask(cast.ref('client'), { type: 'question' }, 1_000));
    expect(notes).to.have.length(5_001);
    // As many as the asker's turn took in which the answer came.
    expect(notes.indexOf('answered@1')).to.be.within(0, 64);
  });

  it('undef_handle_call', async () => {
    const cast = await served({ more: { receive: () => undefined as never } });
    expect(await call(cast, started)).to.equal('Error: server ended: Error: server: handling question returned no Next');
  });

  it('undef_handle_cast', async () => {
    const cast = await served({ more: { receive: undefined as never } });
    await cast.tell('server', 'cast_msg');
    expect(cast.notes('client')).to.have.length(1);
    expect(cast.notes('client')[0]).to.match(/^server\/1 crashed: TypeError: .*receive is not a function$/);
  });

  it('undef_init', async () => {
    const cast = await new Cast().start('client');
    const undef = await cast.now(cast.supervisor().startChild(cast.actor('server', { more: { init: undefined as never } })));
    expect(undef).to.include({ ok: false, error: 'failed-to-start' }).and.to.have.property('reason').that.match(/^TypeError: .*init is not a function$/);
    expect(cast.lives('server')).to.deep.equal(['server unknown']);
  });

  it('undef_terminate1', () => stoppedWithoutTerminate('normal'));

  it('undef_terminate2', () => stoppedWithoutTerminate('{error, test}'));

  it('undef_in_terminate', async () => {
    const undef = undefined as unknown as () => Promise<void>;
    const cast = await served({ more: { terminate: () => undef() } });
    expect(await cast.now(cast.supervisor().terminateChild('server', 'stopped'))).to.include({ ok: true });
    expect(cast.notes('client')).to.deep.equal(['server/1 crashed: stopped: TypeError: undef is not a function']);
  });

  it('undef_in_handle_info', async () => {
    const undef = undefined as unknown as (ctx: Context) => void;
    const cast = await served();
    await cast.act('server', (ctx) => undef(ctx));
    expect(cast.notes('client')).to.deep.equal(['server/1 crashed: TypeError: undef is not a function']);
  });
});
