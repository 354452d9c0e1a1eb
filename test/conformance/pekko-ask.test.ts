/** Pekko typed's AskSpec by the titles of its cases: an answer, or the reason why there is none. */
import { expect } from 'chai';
import { stop } from '../../src/supervision/behaviour.ts';
import { Cast, noted, question, unanswered } from '../supervision/cast.ts';
import type { Question } from '../supervision/cast.ts';

const foo = question((answer) => answer(['foo']));
const bar = (delayMs: number): Question => question((answer, ctx) => ctx.timers.once('bar', delayMs, { type: 'do', act: () => answer(['bar']) }));

describe('Ask pattern', () => {
  it('fail the future if the actor is already terminated', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('target', { restart: 'transient' }));
    const last = cast.outside('target', question((answer) => answer(['stopping'])));
    await cast.act('target', () => stop('asked to'));
    expect(await last).to.deep.equal(['stopping']);
    expect(await cast.now(cast.outside('target', foo))).to.equal('Error: target does not accept question');
    expect(cast.letters()).to.deep.equal(['outside → target question: stopped']);
  });

  it('succeed when the actor is alive', async () => {
    const cast = await new Cast().start('target');
    expect(await cast.now(cast.outside('target', foo))).to.deep.equal(['foo']);
  });

  it('fail the future if the actor doesn’t reply in time', async () => {
    const cast = await new Cast().start('target');
    const failure = cast.outside('target', unanswered, 10);
    await cast.world.advance(10);
    expect(await failure).to.equal('Error: target did not answer question within 10 ms');
  });

  it('fail the future if the actor doesn’t exist', async () => {
    const cast = await new Cast().start();
    expect(await cast.now(cast.outside('foo/bar', foo, 60_000))).to.equal('Error: foo/bar does not accept question');
    expect(cast.letters()).to.deep.equal(['outside → foo/bar question: unknown-ref']);
  });

  it('publish dead-letter if the context.ask has completed on timeout', async () => {
    const cast = await new Cast().start('asker', 'target');
    await cast.ask('asker', 'target', bar(10), 1);
    await cast.world.advance(1);
    expect(cast.notes('asker')).to.deep.equal(['deadline: target did not answer question within 1 ms']);
    expect(cast.letters()).to.deep.equal([]);
    await cast.world.advance(9);
    expect(cast.letters()).to.deep.equal(['target → asker question: late-answer']);
    expect(cast.notes('asker')).to.have.length(1);
  });

  it('publish dead-letter if the AskPattern.ask has completed on timeout', async () => {
    const cast = await new Cast().start('target');
    const failure = cast.outside('target', bar(10), 1);
    await cast.world.advance(10);
    expect(await failure).to.equal('Error: target did not answer question within 1 ms');
    expect(cast.letters()).to.deep.equal(['target → outside question: late-answer']);
  });

  it('fail asking actor if responder function throws', async () => {
    const cast = new Cast();
    await cast.start(cast.actor('asker', { restart: 'transient' }), 'target', 'watcher');
    await cast.watch('watcher', 'asker');
    const asking = (answered: string) =>
      cast.act('asker', (ctx) =>
        ctx.ask(cast.ref('target'), question((answer) => answer([answered])), 1_000, (outcome) => {
          if (outcome.ok && outcome.value[0] === '42') throw new Error('Unsupported number');
          return noted(outcome);
        }));
    await asking('0');
    expect(cast.notes('asker')).to.deep.equal(['answer ["0"]']);
    await asking('42');
    expect(cast.notes('watcher')).to.deep.equal(['asker/1 crashed: Error: Unsupported number']);
    expect(cast.lives('target')).to.deep.equal(['target running 1']);
  });
});
