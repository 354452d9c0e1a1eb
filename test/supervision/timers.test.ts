/** The timers of an actor: keyed, replaced, cancelled, silent once their incarnation has ended; and the silence of others. */
import { expect } from 'chai';
import type { ActorTimers } from '../../src/supervision/cell/timers.ts';
import { DEFAULT_RESTART } from '../../src/supervision/tree/restart-budget.ts';
import type { Context, Cue } from './puppet.ts';
import { stage } from './puppet.ts';

const note = (text: string): Cue => ({ type: 'note', text });

describe('timers', () => {
  it('tell once after their delay, each key its own, and in the order of their times', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => {
      ctx.timers.once('late', 200, note('late'));
      ctx.timers.once('early', 100, note('early'));
      ctx.timers.once('as late', 200, note('as late'));
      ctx.timers.once('overdue', -5, note('overdue'));
    });
    await world.advance(99);
    expect(notes()).to.deep.equal(['overdue@1']);
    await world.advance(101);
    expect(notes()).to.deep.equal(['overdue@1', 'early@1', 'late@1', 'as late@1']);
    await world.advance(10_000);
    expect(notes()).to.have.length(4);
  });

  it('may be set again under their key while their own message is handled', async () => {
    const { world, act, notes, detail } = await stage();
    let polls = 0;
    const poll: Cue = {
      type: 'do',
      act: (ctx) => {
        polls += 1;
        ctx.timers.once('poll', 100, poll);
      },
    };
    act((ctx) => ctx.timers.once('poll', 100, poll));
    await world.advance(550);
    expect(polls).to.equal(5);
    act((ctx) => ctx.timers.cancel('poll'));
    await world.advance(1_000);
    expect(polls).to.equal(5);
    act((ctx) => ctx.timers.once('last', 0, { type: 'do', act: (later) => void expect((later.timers as ActorTimers<Cue>).keys, 'no key is kept').to.deep.equal([]) }));
    await world.advance(1_000);
    expect(detail().crashes).to.deep.equal([]);
    expect(notes()).to.deep.equal([]);
  });

  it('are replaced by the next of their key, also where the message of the first waits already', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => ctx.timers.once('key', 100, note('first')));
    await world.advance(50);
    act((ctx) => ctx.timers.once('key', 100, note('second')));
    await world.advance(99);
    expect(notes()).to.deep.equal([]);
    await world.advance(1);
    expect(notes()).to.deep.equal(['second@1']);

    // The message of `replace` comes before that of `key`, and makes it void.
    act((ctx) => {
      ctx.timers.once('replace', 100, { type: 'do', act: (later) => later.timers.every('key', 1_000, note('fourth')) });
      ctx.timers.once('key', 100, note('third'));
    });
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(100);
    world.system.control('puppet', 'resume', 'test');
    await world.advance(1_000);
    expect(notes()).to.deep.equal(['second@1', 'fourth@1']);
    expect(world.system.deadLetters.counts()).to.deep.equal({ cancelled: 1 });
  });

  it('tick on, and no tick is queued while one waits', async () => {
    const { world, act, notes, detail } = await stage();
    act((ctx) => ctx.timers.every('tick', 100, note('tick')));
    await world.advance(250);
    expect(notes()).to.deep.equal(['tick@1', 'tick@1']);
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(1_000);
    expect(detail().mailbox.depth).to.equal(1);
    world.system.control('puppet', 'resume', 'test');
    await world.settle();
    expect(notes()).to.have.length(3);
    await world.advance(50);
    expect(notes()).to.have.length(4);
  });

  it('that are cancelled are silent, with what waits of them', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => {
      ctx.timers.once('once', 100, note('once'));
      ctx.timers.every('every', 100, note('every'));
      ctx.timers.cancel('once');
      ctx.timers.cancel('every');
      ctx.timers.cancel('no such key');
      ctx.timers.once('cancel', 300, { type: 'do', act: (later) => later.timers.cancel('tick') });
      ctx.timers.every('tick', 300, note('tick'));
    });
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(300);
    world.system.control('puppet', 'resume', 'test');
    await world.advance(10_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.recent().map(({ from, reason }) => `${from} ${reason}`)).to.deep.equal(['timer:tick cancelled']);
  });

  it('that are cancelled lose no message where whoever hears of it kills their actor', async () => {
    const { world, act, tell, notes, detail } = await stage({}, { policy: DEFAULT_RESTART });
    world.system.subscribe((event) => {
      if (event.type === 'dead-letter' && event.reason === 'cancelled') world.system.control('puppet', 'kill', 'heard of it');
    });
    act((ctx) => {
      ctx.timers.once('cancel', 300, { type: 'do', act: (later) => later.timers.cancel('tick') });
      ctx.timers.every('tick', 300, note('tick'));
    });
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(300);
    tell('after');
    world.system.control('puppet', 'resume', 'test');
    await world.advance(10_000);
    expect(notes()).to.deep.equal(['after@2']);
    expect(detail().accounts).to.include({ received: 4, handled: 3, dead: 1 });
  });

  it('end with their incarnation: what waits is not for the next, and what the ended one still sets never comes', async () => {
    const { world, act, notes } = await stage();
    let stale: Context | undefined;
    act((ctx) => {
      stale = ctx;
      ctx.timers.once('waiting', 100, note('waiting'));
      ctx.timers.every('every', 500, note('every'));
      ctx.timers.onSilence(500, note('silence'));
    });
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(100);
    world.system.control('puppet', 'kill', 'test');
    await world.settle();
    stale!.timers.once('stale', 10, note('stale'));
    stale!.timers.every('stale too', 10, note('stale'));
    stale!.timers.onSilence(10, note('stale'));
    await world.advance(10_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.counts()).to.deep.equal({ 'stale-incarnation': 1 });
    expect(world.clock.pending).to.deep.equal([]);
  });

  it('refuse a time that is none, and leave the timer of that key as it was', async () => {
    const { world, act, notes } = await stage();
    const refused: string[] = [];
    const tried = (set: () => void) => {
      try {
        set();
      } catch (error) {
        refused.push((error as Error).name);
      }
    };
    act((ctx) => {
      ctx.timers.every('tick', 100, note('tick'));
      ctx.timers.onSilence(1_000, note('silence'));
      for (const wrong of [0, -1, NaN]) {
        tried(() => ctx.timers.every('tick', wrong, note('wrong')));
        tried(() => ctx.timers.onSilence(wrong, note('wrong')));
      }
      tried(() => ctx.timers.once('tick', NaN, note('wrong')));
    });
    await world.advance(150);
    expect(refused).to.deep.equal(Array(7).fill('RangeError'));
    expect(notes()).to.deep.equal(['tick@1']);
    await world.advance(850);
    expect(notes().filter((text) => text !== 'tick@1')).to.deep.equal(['silence@1']);
  });
});

describe('silence', () => {
  it('is told of each time nothing has come from outside for so long', async () => {
    const { world, act, tell, notes } = await stage();
    act((ctx) => ctx.timers.onSilence(1_000, note('silence')));
    await world.advance(900);
    tell('mail');
    await world.advance(999);
    expect(notes()).to.deep.equal(['mail@1']);
    await world.advance(1);
    expect(notes()).to.deep.equal(['mail@1', 'silence@1']);
    await world.advance(2_000);
    expect(notes()).to.deep.equal(['mail@1', 'silence@1', 'silence@1', 'silence@1']);
  });

  it('is not broken by what the actor sends itself: timers, and outcomes of its effects', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => {
      ctx.timers.onSilence(1_000, note('silence'));
      ctx.timers.every('tick', 400, {
        type: 'do',
        act: (later) => later.effect({ name: 'own', deadlineMs: 100, run: () => Promise.resolve('work'), report: (outcome) => ({ type: 'outcome', outcome }) }),
      });
    });
    await world.advance(1_000);
    expect(notes()).to.deep.equal(['work@1', 'work@1', 'silence@1']);
  });

  it('is broken by what has come and waits, and told of once while nobody takes it', async () => {
    const { world, act, tell, notes, detail } = await stage();
    act((ctx) => ctx.timers.onSilence(1_000, note('silence')));
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    for (let i = 0; i < 3; i++) {
      await world.advance(900);
      tell(`mail ${i}`);
    }
    expect(detail().mailbox.depth).to.equal(3);
    await world.advance(5_000);
    expect(detail().mailbox.depth).to.equal(4);
    world.system.control('puppet', 'resume', 'test');
    await world.settle();
    expect(notes()).to.deep.equal(['silence@1', 'mail 0@1', 'mail 1@1', 'mail 2@1']);
  });

  it('is watched no more once cancelled, also where its message waits already', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => {
      ctx.timers.once('cancel', 1_000, { type: 'do', act: (later) => later.timers.cancelSilence() });
      ctx.timers.onSilence(1_000, note('silence'));
    });
    await world.settle();
    world.system.control('puppet', 'suspend', 'test');
    await world.advance(1_000);
    world.system.control('puppet', 'resume', 'test');
    await world.advance(10_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.counts()).to.deep.equal({ cancelled: 1 });
    expect(world.clock.pending).to.deep.equal([]);
  });

  it('is watched anew, with another time and message, when it is set again', async () => {
    const { world, act, notes } = await stage();
    act((ctx) => ctx.timers.onSilence(1_000, note('first')));
    await world.advance(500);
    act((ctx) => ctx.timers.onSilence(2_000, note('second')));
    await world.advance(1_999);
    expect(notes()).to.deep.equal([]);
    await world.advance(1);
    expect(notes()).to.deep.equal(['second@1']);
  });
});
