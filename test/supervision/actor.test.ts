/** One actor: its mailbox, its incarnations, its questions and its effects. Hazards of nact by number where they apply. */
import { expect } from 'chai';
import type { Behaviour, Outcome } from '../../src/supervision/behaviour.ts';
import { become, same } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { MailboxSpec } from '../../src/supervision/mailbox.ts';
import { World } from '../kit/world.ts';

type Note =
  | { type: 'note'; text: string }
  | { type: 'crash' }
  | { type: 'work'; fact: boolean; work: Promise<string> }
  | { type: 'worked'; outcome: Outcome<string> }
  | { type: 'remind'; inMs: number }
  | ({ type: 'ask-notes' } & { '~answer'?: string[] })
  | ({ type: 'ask-never' } & { '~answer'?: string });

function notebook(mailbox: Partial<MailboxSpec> = {}, aborted: string[] = []): Behaviour<Note, string[]> {
  return {
    role: 'notebook',
    purpose: 'remembers in tests',
    consumes: { note: '', crash: '', work: '', worked: '', remind: '', 'ask-notes': '', 'ask-never': '' },
    emits: [],
    mailbox: { capacity: 3, overflow: 'reject', onRestart: 'keep', ...mailbox },
    init: () => [],
    receive(notes, message, ctx) {
      switch (message.type) {
        case 'note':
          return become([...notes, `${message.text}@${ctx.incarnation}`]);
        case 'crash':
          throw new Error('as asked');
        case 'remind':
          ctx.timers.once('reminder', message.inMs, { type: 'note', text: 'reminded' });
          return same;
        case 'work':
          ctx.effect({
            name: 'work',
            deadlineMs: 1_000,
            fact: message.fact,
            run: (signal) => {
              signal.addEventListener('abort', () => aborted.push(String((signal.reason as Error).message)));
              return message.work;
            },
            report: (outcome) => ({ type: 'worked', outcome }),
          });
          return same;
        case 'worked':
          return become([...notes, `${message.outcome.ok ? message.outcome.value : message.outcome.cause}${message.outcome.late ? ' late' : ''}@${ctx.incarnation}`]);
        case 'ask-notes':
          ctx.answering(message)(notes);
          return same;
        case 'ask-never':
          return same;
      }
    },
    view: (notes) => notes,
  };
}

async function worldWith(mailbox: Partial<MailboxSpec> = {}, aborted: string[] = []) {
  const world = new World();
  const ref = world.system.ref<Note>('notebook');
  await world.start(worker(ref, notebook(mailbox, aborted)));
  return { world, ref, notes: () => (world.system.inspect('notebook') as unknown as { state: string[] }).state };
}

describe('actor', () => {
  it('refuses what its mailbox cannot hold, says so to the sender, and counts it (H02, H05)', async () => {
    const { world, ref } = await worldWith();
    const accepted = ['a', 'b', 'c', 'd', 'e'].map((text) => world.system.tell(ref, { type: 'note', text }));
    expect(accepted).to.deep.equal([true, true, true, false, false]);
    await world.settle();
    expect(world.system.deadLetters.counts()).to.deep.equal({ overflow: 2 });
    expect(world.system.inspect('notebook')).to.have.nested.property('mailbox.dropped', 2);
  });

  it('drops the oldest where only the latest counts', async () => {
    const { world, ref, notes } = await worldWith({ overflow: 'drop-oldest' });
    for (const text of ['a', 'b', 'c', 'd', 'e']) expect(world.system.tell(ref, { type: 'note', text })).to.equal(true);
    await world.settle();
    expect(notes()).to.deep.equal(['c@1', 'd@1', 'e@1']);
  });

  it('keeps a dead letter for whoever has never existed', async () => {
    const { world } = await worldWith();
    expect(world.system.tell(world.system.ref<Note>('nobody'), { type: 'crash' })).to.equal(false);
    expect(world.system.deadLetters.recent().at(-1)).to.include({ to: 'nobody', type: 'crash', reason: 'unknown-ref' });
  });

  it('flushes its mailbox at a restart when its declaration says so, and counts what it flushed', async () => {
    const { world, ref, notes } = await worldWith({ onRestart: 'flush' });
    world.system.tell(ref, { type: 'crash' });
    world.system.tell(ref, { type: 'note', text: 'stale' });
    await world.advance(1_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.counts()).to.deep.equal({ crashed: 1, flushed: 1 });
  });

  it('silences the timers of an ended incarnation (H16)', async () => {
    const { world, ref, notes } = await worldWith();
    world.system.tell(ref, { type: 'remind', inMs: 5_000 });
    world.system.tell(ref, { type: 'crash' });
    await world.advance(10_000);
    expect(notes()).to.deep.equal([]);
  });

  it('does not hand a timer that had fired for one incarnation to the next (H16)', async () => {
    const { world, ref, notes } = await worldWith();
    world.system.tell(ref, { type: 'remind', inMs: 100 });
    await world.settle();
    world.system.control('notebook', 'suspend', 'test');
    await world.advance(200);
    world.system.control('notebook', 'kill', 'test');
    await world.advance(1_000);
    expect(notes()).to.deep.equal([]);
    expect(world.system.deadLetters.counts()).to.deep.equal({ 'stale-incarnation': 1 });
  });

  it('aborts the effects of an ended incarnation and forgets their outcome (H10)', async () => {
    const aborted: string[] = [];
    const { world, ref, notes } = await worldWith({}, aborted);
    const work = Promise.withResolvers<string>();
    world.system.tell(ref, { type: 'work', fact: false, work: work.promise });
    world.system.tell(ref, { type: 'crash' });
    await world.advance(500);
    expect(aborted).to.deep.equal(['incarnation ended']);
    expect(world.system.inspect('notebook')).to.have.deep.property('effects', { running: 0, orphaned: 1 });
    work.resolve('too late');
    await world.advance(500);
    expect(notes()).to.deep.equal([]);
    expect(world.system.inspect('notebook')).to.have.deep.property('effects', { running: 0, orphaned: 0 });
  });

  it('hands a fact to the incarnation that lives when it arrives (ruling 9)', async () => {
    const aborted: string[] = [];
    const { world, ref, notes } = await worldWith({}, aborted);
    const work = Promise.withResolvers<string>();
    world.system.tell(ref, { type: 'work', fact: true, work: work.promise });
    world.system.tell(ref, { type: 'crash' });
    await world.advance(500);
    work.resolve('filled');
    await world.advance(100);
    expect(notes()).to.deep.equal(['filled@2']);
    expect(aborted).to.deep.equal([]);
  });

  it('reports a deadline, and a fact that comes after it a second time, marked late', async () => {
    const { world, ref, notes } = await worldWith();
    const work = Promise.withResolvers<string>();
    world.system.tell(ref, { type: 'work', fact: true, work: work.promise });
    await world.advance(2_000);
    work.resolve('filled');
    await world.advance(100);
    expect(notes()).to.deep.equal(['deadline@1', 'filled late@1']);
  });

  it('answers a question with the type it promised', async () => {
    const { world, ref } = await worldWith();
    world.system.tell(ref, { type: 'note', text: 'a' });
    const answer = world.system.ask(ref, { type: 'ask-notes' }, 1_000);
    await world.settle();
    expect(await answer).to.deep.equal(['a@1']);
  });

  it('fails a question at once when the asked one dies, and by its timeout when it is ignored (H34)', async () => {
    const { world, ref } = await worldWith();
    const failures: string[] = [];
    const ignored = world.system.ask(ref, { type: 'ask-never' }, 60_000).catch((error: Error) => failures.push(error.message));
    await world.settle();
    world.system.control('notebook', 'kill', 'test');
    await ignored;
    await world.advance(1_000);
    const late = world.system.ask(ref, { type: 'ask-never' }, 1_000).catch((error: Error) => failures.push(error.message));
    await world.advance(2_000);
    await late;
    expect(failures[0]).to.match(/notebook ended: Error: killed: test/);
    expect(failures[1]).to.match(/did not answer ask-never within 1000 ms/);
  });

  it('keeps what arrives while suspended, and suspending twice is no error', async () => {
    const { world, ref, notes } = await worldWith();
    world.system.control('notebook', 'suspend', 'test');
    world.system.control('notebook', 'suspend', 'test');
    world.system.tell(ref, { type: 'note', text: 'a' });
    await world.advance(1_000);
    expect(notes()).to.deep.equal([]);
    world.system.control('notebook', 'resume', 'test');
    await world.settle();
    expect(notes()).to.deep.equal(['a@1']);
  });

  it('treats a handler that returns nothing as a crash, not as a state of undefined (H09)', async () => {
    const world = new World();
    const ref = world.system.ref<Note>('careless');
    const careless = { ...notebook(), receive: () => undefined as never };
    await world.start(worker(ref, careless));
    world.system.tell(ref, { type: 'note', text: 'a' });
    await world.advance(1_000);
    expect(world.system.inspect('careless')).to.have.nested.property('crashes[0].reason').that.match(/returned no Next/);
  });
});
