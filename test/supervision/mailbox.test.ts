/** The mailbox keeps its word: what is taken first, what goes when it is full, and what becomes of mail when an incarnation ends. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { LaneSpec, MailboxSpec, Overflow } from '../../src/supervision/mailbox.ts';
import { CLASSES, stage } from './puppet.ts';
import type { Cue, Stage } from './puppet.ts';

type Mail = Extract<Cue, { text: string }>;
type MailType = Mail['type'];

const lane = (part: Partial<LaneSpec> = {}): LaneSpec => ({ capacity: 3, overflow: 'reject', onRestart: 'keep', ...part });
const of = (type: MailType, text: string, key?: string): Mail => ({ type, text, ...(key === undefined ? {} : { key }) });
const keyed = (message: Mail) => message.key ?? '';

/** Does `what` while the puppet is suspended, and returns what it notes when it goes on; without the incarnation. */
async function meanwhile({ world, notes }: Stage, what: () => void | Promise<void>): Promise<readonly string[]> {
  world.system.control('puppet', 'suspend', 'test');
  await what();
  world.system.control('puppet', 'resume', 'test');
  await world.settle();
  return notes().map((note) => note.replace(/@\d+$/, ''));
}

describe('mailbox', () => {
  it('takes control before exit before normal before telemetry, first in first out within each', async () => {
    const one = await stage(CLASSES);
    const noted = await meanwhile(one, () => {
      one.tell(of('tick', 't1'), 'n1', of('leave', 'e1'), of('order', 'c1'), of('tick', 't2'), of('order', 'c2'), 'n2', of('leave', 'e2'));
    });
    expect(noted).to.deep.equal(['c1', 'c2', 'e1', 'e2', 'n1', 'n2', 't1', 't2']);
  });

  it('takes what the actor itself has started before all of them', async () => {
    const one = await stage(CLASSES);
    one.act((ctx) => ctx.timers.once('own', 100, { type: 'note', text: 'own' }));
    await one.world.settle();
    const noted = await meanwhile(one, async () => {
      one.tell(of('order', 'c'), 'n');
      await one.world.advance(200);
    });
    expect(noted).to.deep.equal(['own', 'c', 'n']);
  });

  it('has room for each class by itself: a flood of ticks refuses no order, and the sum is what an operator sees', async () => {
    const one = await stage({ capacity: 1, lanes: { control: { types: ['order'], ...lane({ capacity: 2 }) }, telemetry: { types: ['tick'], ...lane({ capacity: 4 }) } } });
    const answers: boolean[] = [];
    await meanwhile(one, () => {
      for (let i = 0; i < 5; i++) answers.push(...one.tell(of('tick', 't'), of('order', 'c'), 'n'));
    });
    expect(one.detail().mailbox.capacity).to.equal(7);
    expect(answers).to.deep.equal([true, true, true, true, true, false, true, false, false, true, false, false, false, false, false]);
  });

  for (const [overflow, answers, noted, counts] of [
    ['reject', [true, true, true, false, false], ['a', 'b', 'c'], { received: 3, dropped: 0, refused: 2 }],
    ['drop-newest', [true, true, true, false, false], ['a', 'b', 'c'], { received: 5, dropped: 2, refused: 0 }],
    ['drop-oldest', [true, true, true, true, true], ['c', 'd', 'e'], { received: 5, dropped: 2, refused: 0 }],
  ] as const) {
    it(`${overflow}: says what became of each, keeps the right ones and counts the others`, async () => {
      const one = await stage({ capacity: 3, overflow });
      let told: readonly boolean[] = [];
      expect(await meanwhile(one, () => void (told = one.tell('a', 'b', 'c', 'd', 'e')))).to.deep.equal(noted);
      expect(told).to.deep.equal(answers);
      expect(one.detail().accounts).to.include(counts);
      expect(one.world.system.deadLetters.counts()).to.deep.equal({ overflow: 2 });
    });
  }

  it('latest-by-key: the newer message takes the place of the one with its key; the place keeps its age, the message has its own', async () => {
    const one = await stage({ overflow: 'latest-by-key', key: keyed as (message: never) => string, capacity: 3 });
    const noted = await meanwhile(one, async () => {
      expect(one.tell(of('note', 'gps1', 'gps'), of('note', 'btc1', 'btc'))).to.deep.equal([true, true]);
      await one.world.advance(1_000);
      expect(one.tell(of('note', 'gps2', 'gps'))).to.deep.equal([true]);
      expect(one.detail().mailbox).to.include({ depth: 2, oldestMs: 1_000 });
    });
    expect(noted).to.deep.equal(['gps2', 'btc1']);
    expect(one.detail().recentMessages.map((message) => message.queueMs)).to.deep.equal([0, 1_000]);
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ superseded: 1 });
    expect(one.detail().accounts).to.include({ received: 3, handled: 2, dropped: 0, superseded: 1 });
  });

  it('latest-by-key: without a key a message is about its type, and without one of its key the oldest goes', async () => {
    const byType = await stage({ overflow: 'latest-by-key' });
    expect(await meanwhile(byType, () => void byType.tell('a', of('tick', 't'), 'b'))).to.deep.equal(['b', 't']);
    const byKey = await stage({ overflow: 'latest-by-key', key: keyed as (message: never) => string, capacity: 2 });
    expect(await meanwhile(byKey, () => void byKey.tell(of('note', 'a', 'a'), of('note', 'b', 'b'), of('note', 'c', 'c'), of('note', 'a2', 'a')))).to.deep.equal(['c', 'a2']);
    expect(byKey.world.system.deadLetters.counts()).to.deep.equal({ overflow: 2 });
  });

  it('latest-by-key: what was handled is superseded by nothing, and the message that took a place has its own sender', async () => {
    const one = await stage({ overflow: 'latest-by-key' });
    one.tell('a');
    await one.world.settle();
    one.tell('b');
    await one.world.settle();
    await meanwhile(one, () => {
      one.world.system.tell(one.ref, { type: 'note', text: 'c' }, 'first');
      one.world.system.tell(one.ref, { type: 'note', text: 'd' }, 'second');
    });
    expect(one.notes()).to.deep.equal(['a@1', 'b@1', 'd@1']);
    expect(one.detail().recentMessages.at(-1)).to.include({ from: 'second' });
  });

  it('latest-by-key: a question takes no place and gives none up', async () => {
    const one = await stage({ overflow: 'latest-by-key', key: (() => 'all') as (message: never) => string });
    let answer: Promise<readonly string[]> | undefined;
    const noted = await meanwhile(one, () => {
      one.tell('a');
      answer = one.world.system.ask(one.ref, { type: 'question' }, 1_000);
      one.tell('b');
    });
    expect(noted).to.deep.equal(['b']);
    expect(await answer).to.deep.equal(['b@1']);
  });

  it('takes a message whose key function throws as one of its own: its sender is not the one to crash', async () => {
    const one = await stage({
      overflow: 'latest-by-key',
      key: (() => {
        throw new Error('no key');
      }) as (message: never) => string,
    });
    expect(await meanwhile(one, () => void one.tell('a', 'b'))).to.deep.equal(['a', 'b']);
    expect(one.world.logs.filter(({ level, path }) => level === 'error' && path === 'puppet'), 'told, once').to.have.length(1);
  });

  it('keeps one class and flushes another when the incarnation ends, and counts what it flushed', async () => {
    const one = await stage({ lanes: { telemetry: { types: ['tick'], ...lane({ onRestart: 'flush' }) } } });
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('kept', of('tick', 'stale'), of('tick', 'staler'));
    one.world.system.control('puppet', 'kill', 'test');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['kept@2']);
    expect(one.detail().accounts).to.include({ handled: 1, flushed: 2, queued: 0 });
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ flushed: 2 });
  });

  it('is bounded under a suspended actor as under any, and its mail outlives a kill meanwhile', async () => {
    const one = await stage({ capacity: 2 });
    one.world.system.control('puppet', 'suspend', 'test');
    expect(one.tell('a', 'b', 'c')).to.deep.equal([true, true, false]);
    await one.world.advance(1_500);
    expect(one.detail().mailbox).to.include({ depth: 2, oldestMs: 1_500 });
    one.world.system.control('puppet', 'kill', 'test');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['a@2', 'b@2']);
  });

  it('does what a naive mailbox does, whatever comes in which order', async () => {
    const classes = { control: 'order', exit: 'leave', normal: 'note', telemetry: 'tick' } as const;
    const order = ['control', 'exit', 'normal', 'telemetry'] as const;
    const policy = fc.record({ capacity: fc.integer({ min: 1, max: 4 }), overflow: fc.constantFrom<Overflow>('reject', 'drop-oldest', 'drop-newest', 'latest-by-key') });
    const mail = fc.record({ class: fc.constantFrom(...order), key: fc.constantFrom('x', 'y', 'z') });
    await fc.assert(
      fc.asyncProperty(fc.record({ control: policy, exit: policy, normal: policy, telemetry: policy }), fc.array(mail, { maxLength: 30 }), async (policies, mails) => {
        const spec = (name: (typeof order)[number]) => lane({ ...policies[name], key: keyed as (message: never) => string });
        const lanes: NonNullable<MailboxSpec['lanes']> = { control: { types: ['order'], ...spec('control') }, exit: { types: ['leave'], ...spec('exit') }, telemetry: { types: ['tick'], ...spec('telemetry') } };
        const one = await stage({ ...spec('normal'), lanes });
        const model = { control: [] as Mail[], exit: [] as Mail[], normal: [] as Mail[], telemetry: [] as Mail[] };
        const expected: boolean[] = [];
        let told: readonly boolean[] = [];
        const messages = mails.map((item, index) => of(classes[item.class], `${index}`, item.key));
        for (const [index, { class: name }] of mails.entries()) {
          const { capacity, overflow } = policies[name];
          const message = messages[index]!;
          const waiting = model[name];
          const place = overflow === 'latest-by-key' ? waiting.findIndex((one) => one.key === message.key) : -1;
          const full = place < 0 && waiting.length === capacity;
          expected.push(!full || overflow === 'drop-oldest' || overflow === 'latest-by-key');
          if (place >= 0) waiting[place] = message;
          else if (!full) waiting.push(message);
          else if (overflow !== 'reject' && overflow !== 'drop-newest') waiting.splice(0, waiting.length, ...waiting.slice(1), message);
        }
        const noted = await meanwhile(one, () => void (told = one.tell(...messages)));
        expect(told).to.deep.equal(expected);
        expect(noted).to.deep.equal(order.flatMap((name) => model[name].map((message) => message.text)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('poison', () => {
  /** Crashes the first `times` handlers that get it. */
  const poison = (times: number): Cue => {
    let left = times;
    return {
      type: 'do',
      act: () => {
        if (left-- > 0) throw new Error('token=abc is poison');
      },
    };
  };

  it('is tried again by the next incarnation, before what waited behind it', async () => {
    const one = await stage();
    const seen: string[] = [];
    one.tell('a', { type: 'do', act: (ctx) => { seen.push(`poison@${ctx.incarnation}`); if (ctx.incarnation === 1) throw new Error('once'); } }, { type: 'do', act: (ctx) => void seen.push(`next@${ctx.incarnation}`) });
    await one.world.settle();
    expect(seen).to.deep.equal(['poison@1', 'poison@2', 'next@2']);
    expect(one.detail()).to.include({ incarnation: 2 });
    expect(one.detail().accounts).to.include({ handled: 3, parked: 0 });
  });

  it('is parked with its payload at the second crash, and the actor goes on', async () => {
    const one = await stage();
    one.world.system.tell(one.ref, { type: 'note', text: 'boom', key: 'k' }, 'market');
    one.tell('next');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['next@3']);
    expect(one.detail().parked).to.deep.equal([{ type: 'note', from: 'market', at: new Date(one.world.clock.now()).toISOString(), reason: 'Error: boom', payload: '{"type":"note","text":"boom","key":"k"}' }]);
    expect(one.detail().accounts).to.include({ received: 2, handled: 1, parked: 1 });
    expect(one.detail().mailbox.parked).to.equal(1);
    expect(one.world.events.filter((event) => event.type === 'parked')).to.deep.equal([{ type: 'parked', path: 'puppet', incarnation: 2, message: 'note', from: 'market', reason: 'Error: boom' }]);
  });

  it('comes back when it is unparked, with two more crashes before it is parked again', async () => {
    const one = await stage();
    one.tell(poison(3));
    await one.world.settle();
    expect(one.world.system.unpark('puppet')).to.equal(1);
    await one.world.settle();
    expect(one.detail()).to.include({ incarnation: 4 });
    expect(one.detail().accounts).to.include({ received: 1, handled: 1, parked: 0, queued: 0 });
    expect(one.world.system.unpark('puppet')).to.equal(0);
    expect(one.world.system.unpark('nobody')).to.equal(undefined);
  });

  it('finds a full mailbox when it is unparked: what has no place is dropped, and counted', async () => {
    const one = await stage({ capacity: 1 });
    one.tell(poison(2));
    await one.world.settle();
    one.world.system.control('puppet', 'suspend', 'test');
    one.tell('a');
    expect(one.world.system.unpark('puppet')).to.equal(1);
    expect(one.detail().accounts).to.include({ received: 2, queued: 1, parked: 0, dropped: 1 });
  });

  it('stays parked where nobody will handle it', async () => {
    const one = await stage({}, { restart: 'transient' });
    one.tell(poison(2), { type: 'do', act: () => ({ next: 'stop', kind: 'normal', reason: 'done' }) });
    await one.world.settle();
    expect(one.detail()).to.include({ status: 'stopped', incarnation: 3 });
    expect(one.world.system.unpark('puppet')).to.equal(0);
    expect(one.detail().accounts).to.include({ parked: 1, queued: 0 });
  });

  it('in a class that is flushed is flushed with the rest, and not tried again', async () => {
    const one = await stage({ onRestart: 'flush' });
    one.tell('boom', 'stale');
    await one.world.settle();
    expect(one.detail()).to.include({ incarnation: 2 });
    expect(one.detail().accounts).to.include({ handled: 0, flushed: 2, parked: 0 });
  });

  it('that is a question is not tried again: its asker has been told why', async () => {
    const one = await stage();
    let failure = '';
    one.world.system.ask(one.ref, { type: 'question', act: () => { throw new Error('as asked'); } }, 1_000).catch((error: Error) => (failure = error.message));
    await one.world.settle();
    expect(failure).to.match(/as asked/);
    expect(one.detail()).to.include({ incarnation: 2 });
    expect(one.detail().accounts).to.include({ handled: 0, dead: 1, parked: 0 });
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ crashed: 1 });
  });

  it('that is a timer’s message is not tried again: it was for the life that set it', async () => {
    const one = await stage();
    one.act((ctx) => ctx.timers.once('bad', 10, { type: 'note', text: 'boom' }));
    await one.world.advance(100);
    expect(one.detail()).to.include({ incarnation: 2 });
    expect(one.world.system.deadLetters.counts()).to.deep.equal({ crashed: 1 });
  });

  it('that tells of a fact is tried again, before all mail, and parked if it crashes twice: a fact is not forgotten', async () => {
    for (const [crashes, accounts] of [[1, { handled: 2, parked: 0 }], [2, { handled: 1, parked: 1 }]] as const) {
      const one = await stage();
      const seen: number[] = [];
      const outcome: Cue = {
        type: 'do',
        act: (ctx) => {
          seen.push(ctx.incarnation);
          if (seen.length <= crashes) throw new Error('order filled, and then this');
        },
      };
      one.act((ctx) => ctx.effect({ name: 'order', deadlineMs: 1_000, fact: true, run: async () => 'filled', report: () => outcome }));
      await one.world.settle();
      expect(seen).to.deep.equal([1, 2]);
      expect(one.detail().accounts).to.include(accounts);
      if (crashes === 2) one.world.system.unpark('puppet');
      await one.world.settle();
      expect(one.detail().accounts).to.include({ handled: 2, parked: 0, dead: 0 });
    }
  });

  it('is kept a hundred at most: the oldest gives way, and stays counted', async () => {
    const one = await stage({ capacity: 200 });
    for (let i = 0; i < 103; i++) one.world.system.tell(one.ref, { type: 'note', text: 'boom', key: `${i}` });
    await one.world.settle();
    const { parked, accounts, mailbox } = one.detail();
    expect(parked).to.have.length(100);
    expect(parked[0]?.payload).to.include('"key":"3"');
    expect(accounts).to.include({ received: 103, parked: 103 });
    expect(mailbox.parked).to.equal(100);
    expect(one.world.system.unpark('puppet')).to.equal(100);
    expect(one.detail().accounts).to.include({ parked: 3, queued: 100 });
  });

  it('can be given up: dead from then on', async () => {
    const one = await stage();
    one.tell(poison(2));
    await one.world.settle();
    expect(one.world.system.discardParked('puppet')).to.equal(1);
    expect(one.detail().accounts).to.include({ parked: 0, dead: 1 });
  });
});
