/** A question has one answer or one failure, in time, with its reason; and nobody waits for itself. */
import { expect } from 'chai';
import { stop } from '../../src/supervision/behaviour.ts';
import { supervisor } from '../../src/supervision/child-spec.ts';
import { World } from '../kit/world.ts';
import { Cast, noted, once, question, unanswered } from './cast.ts';
import type { Init, Question, Starting } from './cast.ts';
import type { Context } from './puppet.ts';

describe('ask', () => {
  it('brings the answer as a message, or the reason why there is none: the time is over', async () => {
    const cast = await new Cast().start('asker', 'target');
    await cast.ask('asker', 'target', { type: 'question' });
    await cast.ask('asker', 'target', unanswered);
    await cast.world.advance(999);
    expect(cast.state('asker')).to.deep.equal(['answer []@1']);
    await cast.world.advance(1);
    expect(cast.state('asker')).to.deep.equal(['answer []@1', 'deadline: target did not answer question within 1000 ms@1']);
  });

  it('is refused at once by who is unknown, has ended for good, or has no room', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('asker'), cast.actor('ended', { restart: 'transient' }), cast.actor('full', { mailbox: { capacity: 2 } }));
    await cast.act('ended', () => stop('done'));
    cast.suspend('full');
    await cast.tell('full', 'a', 'b');
    for (const to of ['nobody', 'ended', 'full']) await cast.ask('asker', to, { type: 'question' });
    expect(cast.state('asker')).to.deep.equal(['nobody', 'ended', 'full'].map((to) => `refused: ${to} does not accept question@1`));
    expect(cast.world.system.deadLetters.counts()).to.deep.equal({ 'unknown-ref': 1, stopped: 1, overflow: 1 });
  });

  it('takes no time that is none, and then sends nothing', async () => {
    const cast = await new Cast().start('asker', 'target');
    for (const wrong of [0, -1, NaN, Infinity, 600_001]) {
      expect(await cast.outside('target', { type: 'question' }, wrong)).to.equal(`RangeError: asking target question: timeoutMs is ${wrong}; give a number of ms above 0 and up to 600000`);
    }
    await cast.ask('asker', 'target', { type: 'question' }, 0);
    expect(cast.state('asker')).to.deep.equal(['refused: asking target question: timeoutMs is 0; give a number of ms above 0 and up to 600000@1']);
    expect(cast.world.system.inspect('target')).to.include({ handled: 0 });
    for (const right of [0.5, 600_000]) {
      const answer = cast.outside('target', { type: 'question' }, right);
      await cast.world.settle();
      expect(await answer).to.deep.equal([]);
    }
  });

  it('fails at once with the one that was asked: in hand, kept for later, or still queued', async () => {
    const cast = await new Cast().start('asker', 'target');
    const crashing: Question = { type: 'question', act: () => { throw new Error('boom'); } };
    await cast.ask('asker', 'target', unanswered, 60_000);
    cast.suspend('target');
    await cast.ask('asker', 'target', crashing, 60_000);
    await cast.ask('asker', 'target', { type: 'question' }, 60_000);
    await cast.resume('target');
    expect(cast.state('asker')).to.deep.equal(Array(3).fill('target-down: target ended: Error: boom@1'));
    expect(cast.letters()).to.deep.equal(['asker → target question: crashed', 'asker → target question: asked-of-the-dead']);
    expect(cast.world.clock.now()).to.equal(new World().clock.now());
  });

  it('waits where the asked one is on its way back, and is answered by the next incarnation', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('asker'), cast.actor('target', { init: () => ['fresh'], policy: { backoff: { minMs: 500, maxMs: 500 } } }));
    await cast.kill('target');
    await cast.ask('asker', 'target', { type: 'question' }, 5_000);
    expect(cast.state('asker')).to.deep.equal([]);
    await cast.world.advance(700);
    expect(cast.state('asker')).to.deep.equal(['answer ["fresh"]@1']);
  });

  it('has one answer: what comes again, or for what nobody asked, is a dead letter', async () => {
    const cast = await new Cast().start('asker', 'target');
    const twice = question((answer) => {
      answer(['first']);
      answer(['second']);
    });
    await cast.ask('asker', 'target', twice);
    await cast.tell('target', twice);
    expect(cast.state('asker')).to.deep.equal(['answer ["first"]@1']);
    expect(cast.letters()).to.deep.equal(Array(3).fill('target → nobody question: nobody-asked'));
  });

  it('may be answered later; an answer after its time is a dead letter to its asker', async () => {
    const cast = await new Cast().start('asker', 'target');
    const kept: ((notes: readonly string[]) => void)[] = [];
    for (let i = 0; i < 2; i++) await cast.ask('asker', 'target', question((answer) => kept.push(answer)));
    await cast.world.advance(500);
    kept[0]!(['in time']);
    await cast.world.advance(500);
    kept[1]!(['too late']);
    await cast.world.settle();
    expect(cast.state('asker')).to.deep.equal(['answer ["in time"]@1', 'deadline: target did not answer question within 1000 ms@1']);
    expect(cast.letters()).to.deep.equal(['target → asker question: late-answer']);
  });

  it('cannot be answered once its message is out of hand, unless its answer was taken then', async () => {
    const cast = await new Cast().start('asker', 'target');
    await cast.ask('asker', 'target', unanswered);
    await cast.act('target', (ctx) => void ctx.answering(unanswered));
    expect(cast.detail('target').crashes[0]?.reason).to.match(/target: only the message in hand can be answered/);
  });

  it('is over with the life it was put to, and its answer from there is too late', async () => {
    const cast = await new Cast().start('asker', 'target');
    let kept: ((notes: readonly string[]) => void) | undefined;
    await cast.ask('asker', 'target', question((answer) => void (kept = answer)));
    await cast.kill('target');
    kept!(['from the dead']);
    await cast.world.settle();
    expect(cast.state('asker')).to.deep.equal(['target-down: target ended: killed: test@1']);
    expect(cast.letters()).to.deep.equal(['target → asker question: late-answer']);
  });

  it('is over with the life that put it: its answer is a dead letter, and not the next one’s', async () => {
    const cast = await new Cast().start('asker', 'target');
    let kept: ((notes: readonly string[]) => void) | undefined;
    await cast.ask('asker', 'target', question((answer) => void (kept = answer)));
    await cast.kill('asker');
    kept!(['for the dead']);
    await cast.world.settle();
    expect(cast.state('asker')).to.deep.equal([]);
    expect(cast.letters()).to.deep.equal(['target → asker question: stale-incarnation']);
  });

  it('is not sent by an incarnation that has ended', async () => {
    const cast = await new Cast().start('asker', 'target');
    let stale: Context | undefined;
    await cast.act('asker', (ctx) => void (stale = ctx));
    await cast.kill('asker');
    stale!.ask(cast.ref('target'), { type: 'question' }, 1_000, noted);
    await cast.world.settle();
    expect(cast.world.system.inspect('target')).to.include({ handled: 0 });
  });

  for (const to of ['target', 'nobody'] as const) {
    it(`whose message cannot be made is the asker’s crash alone (${to === 'nobody' ? 'refused in its own handler' : 'answered'})`, async () => {
      const cast = await new Cast().start('asker', 'target');
      await cast.tell('asker', once((ctx) => ctx.ask(cast.ref(to), { type: 'question' }, 1_000, () => { throw new Error('no words'); })));
      const asker = cast.detail('asker');
      expect(asker.crashes.map(({ reason, during }) => `${during}: ${reason}`)).to.deep.equal(['answer:question: Error: no words']);
      expect(asker).to.include({ incarnation: 2, status: 'running' });
      expect(cast.world.system.inspect('target')).to.include({ incarnation: 1, status: 'running' });
    });
  }
});

describe('ask while starting', () => {
  /** Restarts `paths` together; once all of them are starting, each asks the next of its list, and keeps what comes of it. */
  async function circle(asks: Readonly<Record<string, string>>): Promise<Cast> {
    const cast = new Cast();
    const gate = Promise.withResolvers<void>();
    const init = (to: string): Init => async (ctx) => {
      if (ctx.incarnation === 1) return [];
      await gate.promise;
      return ctx.ask(cast.ref(to), { type: 'question' }, 5_000).then(
        (answer) => [`answered ${JSON.stringify(answer)}`],
        (error: Error) => [error.message],
      );
    };
    await cast.start(...Object.entries(asks).map(([path, to]) => cast.actor(path, { init: init(to) })));
    await cast.kill(...Object.keys(asks));
    gate.resolve();
    await cast.world.settle();
    return cast;
  }

  it('oneself is refused at once', async () => {
    const cast = await circle({ a: 'a' });
    expect(cast.state('a')).to.deep.equal(['a would wait for itself while starting: a → a']);
  });

  it('one that waits for this start is refused at once, and the other then gets its answer', async () => {
    const cast = await circle({ a: 'b', b: 'a' });
    expect(cast.state('b')).to.deep.equal(['b would wait for itself while starting: b → a → b']);
    expect(cast.state('a')).to.deep.equal([`answered ${JSON.stringify(cast.state('b'))}`]);
  });

  it('one that waits for this start through another is refused at once', async () => {
    const cast = await circle({ a: 'b', b: 'c', c: 'a' });
    expect(cast.state('c')).to.deep.equal(['c would wait for itself while starting: c → a → b → c']);
    expect(cast.state('b')).to.deep.equal([`answered ${JSON.stringify(cast.state('c'))}`]);
  });

  it('one that starts too, without waiting for this one, is waited for', async () => {
    const cast = await circle({ a: 'b', b: 'c', c: 'd', d: 'nobody' });
    expect(cast.state('d')).to.deep.equal(['d cannot ask nobody while starting: that has not started yet']);
    expect(cast.state('c')).to.deep.equal([`answered ${JSON.stringify(cast.state('d'))}`]);
  });

  it('one that has never started is refused at once, also where numbers do not begin at one', async () => {
    const cast = await new Cast().start();
    const root = cast.supervisor();
    const first = root.startChild(cast.actor('late', { restart: 'temporary' }));
    await cast.world.settle();
    expect(await first).to.include({ ok: true });
    await cast.kill('late');
    const both = root.startChild(supervisor('both', 'the first asks the second', [cast.actor('early', { init: (ctx) => ctx.ask(cast.ref('late'), { type: 'question' }, 5_000) }), cast.actor('late')]));
    await cast.world.settle();
    expect(await both).to.deep.equal({ ok: false, error: 'failed-to-start', reason: 'Error: early cannot ask late while starting: that has not started yet' });
  });

  it('fails with the asked one’s reason, and the start with it', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target'), cast.actor('asker', { init: (ctx) => (ctx.incarnation === 1 ? [] : ctx.ask(cast.ref('target'), unanswered, 60_000)), policy: { backoff: { minMs: 1_000, maxMs: 1_000 } } }));
    await cast.kill('asker');
    await cast.world.advance(1_300);
    expect(cast.world.system.inspect('asker')).to.include({ status: 'starting', incarnation: 2 });
    await cast.kill('target');
    expect(cast.detail('asker').lastExit).to.include({ kind: 'crashed', incarnation: 2, reason: 'Error: target ended: killed: test' });
  });

  it('that was given up holds nobody: its question is not waited for any more', async () => {
    const cast = new Cast();
    const gate = Promise.withResolvers<void>();
    const a: Init = (ctx) => (ctx.incarnation === 2 ? ctx.ask(cast.ref('b'), unanswered, 60_000) : ['a']);
    const b: Init = async (ctx) => {
      if (ctx.incarnation === 1) return ['b'];
      await gate.promise;
      return ctx.ask(cast.ref('a'), { type: 'question' }, 60_000);
    };
    await cast.start(cast.actor('a', { init: a, startMs: 1_000, policy: { backoff: { minMs: 500, maxMs: 500 } } }), cast.actor('b', { init: b }));
    await cast.kill('b', 'a');
    await cast.world.advance(600);
    expect(cast.lives('a', 'b')).to.deep.equal(['a starting 2', 'b starting 2']);
    await cast.world.advance(5_000);
    expect(cast.lives('a', 'b')).to.deep.equal(['a running 3', 'b starting 2']);
    gate.resolve();
    await cast.world.settle();
    expect(cast.lives('b')).to.deep.equal(['b running 2']);
    expect(cast.state('b')).to.deep.equal(['a']);
  });

  it('is not sent by a start that has ended', async () => {
    const cast = new Cast();
    let stale: Starting | undefined;
    const init: Init = (ctx) => {
      stale ??= ctx;
      return [];
    };
    await cast.start(cast.actor('asker', { init }), cast.actor('target'));
    await cast.kill('asker');
    const refusal = stale!.ask(cast.ref('target'), { type: 'question' }, 1_000).then(() => 'asked', (error: Error) => error.message);
    await cast.world.settle();
    expect(await refusal).to.equal('asker has ended: it asks target no more');
    expect(cast.world.system.inspect('target')).to.include({ handled: 0 });
  });
});
