/** Work outside an actor: bounded in time and number, ended with the incarnation that began it, unless it is a fact; and what is owned is released. */
import { expect } from 'chai';
import { stop } from '../../src/supervision/behaviour.ts';
import { stage } from './puppet.ts';
import type { Context, Cue, Stage } from './puppet.ts';

interface Work {
  readonly settled: PromiseWithResolvers<string>;
  readonly signal: () => AbortSignal;
}

/** Has the puppet begin work that ends when the test says so. */
function begin(one: Stage, { fact = false, deadlineMs = 1_000 } = {}): Work {
  const settled = Promise.withResolvers<string>();
  let given: AbortSignal | undefined;
  one.act((ctx) =>
    ctx.effect({
      name: 'order',
      deadlineMs,
      fact,
      run: (signal) => {
        given = signal;
        return settled.promise;
      },
      report: (outcome) => ({ type: 'outcome', outcome }),
    }),
  );
  return { settled, signal: () => given! };
}

const kill = (one: Stage) => one.world.system.control('puppet', 'kill', 'test');
const reason = (signal: AbortSignal) => (signal.aborted ? (signal.reason as Error).message : undefined);

describe('effect', () => {
  it('begins in its handler’s turn, and its outcome comes back as a message', async () => {
    const one = await stage();
    const order: string[] = [];
    one.act((ctx) => {
      ctx.effect({ name: 'order', deadlineMs: 1_000, run: async () => order.push('run'), report: (outcome) => ({ type: 'outcome', outcome }) });
      order.push('handler goes on');
    });
    await one.world.settle();
    expect(order).to.deep.equal(['run', 'handler goes on']);
    expect(one.notes()).to.deep.equal(['1@1']);
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 0 });
  });

  it('that fails, or throws at once, or throws what is no error, is an outcome and no crash', async () => {
    const one = await stage();
    const errors: Error[] = [];
    const note = (outcome: Extract<Cue, { type: 'outcome' }>['outcome']): Cue => {
      if (!outcome.ok) errors.push(outcome.error);
      return { type: 'outcome', outcome };
    };
    const fails: (() => Promise<never>)[] = [
      () => Promise.reject(new Error('refused')),
      () => {
        throw new Error('at once');
      },
      // oxlint-disable-next-line no-throw-literal, only-throw-error, prefer-promise-reject-errors -- that it is no error is what is tested
      () => Promise.reject('no error'),
    ];
    one.act((ctx) => fails.forEach((run) => ctx.effect({ name: 'order', deadlineMs: 1_000, run, report: note })));
    await one.world.settle();
    expect(errors.map((error) => error.message)).to.have.members(['refused', 'at once', 'no error']);
    expect(errors.find((error) => error.message === 'no error')?.cause).to.equal('no error');
    expect(one.notes()).to.deep.equal(['failed@1', 'failed@1', 'failed@1']);
  });

  it('that passes its deadline is reported once and aborted, and what it comes to later is nobody’s', async () => {
    const one = await stage();
    const work = begin(one);
    await one.world.advance(999);
    expect(reason(work.signal())).to.equal(undefined);
    await one.world.advance(1);
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['deadline@1']);
    expect(reason(work.signal())).to.equal('deadline');
    expect(one.detail().effects).to.deep.equal({ running: 1, orphaned: 0 });
    work.settled.resolve('too late');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['deadline@1']);
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 0 });
  });

  it('that is a fact is not aborted, and comes a second time, marked late, after its deadline (ruling 9)', async () => {
    const one = await stage();
    const work = begin(one, { fact: true });
    await one.world.advance(2_000);
    expect(reason(work.signal())).to.equal(undefined);
    work.settled.resolve('filled');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['deadline@1', 'filled late@1']);
  });

  it('of an ended incarnation is aborted, counted as orphaned until it settles, and forgotten (H10)', async () => {
    const one = await stage();
    const works = [begin(one), begin(one)];
    await one.world.settle();
    kill(one);
    await one.world.settle();
    expect(works.map((work) => reason(work.signal()))).to.deep.equal(['incarnation ended', 'incarnation ended']);
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 2 });
    works[0]!.settled.resolve('too late');
    await one.world.settle();
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 1 });
    works[1]!.settled.reject(new Error('aborted'));
    await one.world.advance(2_000);
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 0 });
    expect(one.notes()).to.deep.equal([]);
  });

  it('that is a fact goes to the incarnation that lives when it arrives (ruling 9)', async () => {
    const one = await stage();
    const work = begin(one, { fact: true });
    await one.world.settle();
    kill(one);
    await one.world.settle();
    expect(reason(work.signal())).to.equal(undefined);
    expect(one.detail().effects).to.deep.equal({ running: 1, orphaned: 0 });
    work.settled.resolve('filled');
    await one.world.settle();
    expect(one.notes()).to.deep.equal(['filled@2']);
  });

  it('that is a fact waits while none runs, its deadline too', async () => {
    const one = await stage({}, { policy: { backoff: { minMs: 5_000, maxMs: 5_000 }, limit: 5, windowMs: 60_000, whenSpent: 'escalate' } });
    const work = begin(one, { fact: true });
    await one.world.settle();
    kill(one);
    await one.world.advance(2_000);
    work.settled.resolve('filled');
    await one.world.settle();
    expect(one.detail()).to.include({ status: 'restarting' });
    await one.world.advance(6_000);
    expect(one.notes()).to.deep.equal(['deadline@2', 'filled late@2']);
  });

  it('cannot be begun by an incarnation that has ended', async () => {
    const one = await stage();
    let kept: Context | undefined;
    let ran = false;
    one.act((ctx) => void (kept = ctx));
    one.tell({ type: 'do', act: () => stop('done') });
    await one.world.settle();
    kept!.effect({ name: 'order', deadlineMs: 1_000, fact: true, run: async () => (ran = true), report: (outcome) => ({ type: 'outcome', outcome }) });
    expect(kept!.tell(one.ref, { type: 'note', text: 'from the dead' })).to.equal(false);
    await one.world.settle();
    expect({ ran, notes: one.notes() }).to.deep.equal({ ran: false, notes: [] });
  });

  it('whose report throws is its actor’s crash, with the effect’s name, and nobody else’s', async () => {
    const one = await stage();
    one.act((ctx) => ctx.effect({ name: 'order', deadlineMs: 1_000, run: async () => 'filled', report: () => { throw new Error('no message'); } }));
    await one.world.settle();
    expect(one.detail().crashes).to.have.length(1);
    expect(one.detail().crashes[0]).to.include({ incarnation: 1, reason: 'Error: no message', during: 'effect:order' });
    expect(one.detail()).to.include({ incarnation: 2, status: 'running' });
  });

  it('is one of ten thousand at once: one more is a loop, and ended as one', async () => {
    const one = await stage();
    let begun = 0;
    one.act((ctx) => {
      for (; begun <= 10_000; begun++) ctx.effect({ name: 'order', deadlineMs: 1_000, run: () => new Promise(() => undefined), report: (outcome) => ({ type: 'outcome', outcome }) });
    });
    await one.world.settle();
    expect(one.detail().crashes[0]?.reason).to.equal('Error: puppet: order would be one of more than 10000 effects at once');
    expect(begun).to.equal(10_001);
    expect(one.detail().effects).to.deep.equal({ running: 1, orphaned: 10_000 });
  });

  it('with a deadline that is no number is refused and leaves no count behind', async () => {
    const one = await stage();
    one.act((ctx) => ctx.effect({ name: 'order', deadlineMs: NaN, run: async () => 'filled', report: (outcome) => ({ type: 'outcome', outcome }) }));
    await one.world.settle();
    expect(one.detail().crashes[0]?.reason).to.match(/NaN/);
    expect(one.detail().effects).to.deep.equal({ running: 0, orphaned: 0 });
  });
});

describe('what an incarnation owns', () => {
  it('is released when it ends, the last first, once', async () => {
    const one = await stage();
    const released: string[] = [];
    one.act((ctx) => ['a', 'b', 'c'].forEach((name) => ctx.own(() => released.push(name))));
    await one.world.settle();
    kill(one);
    kill(one);
    await one.world.settle();
    expect(released).to.deep.equal(['c', 'b', 'a']);
  });

  it('is released however it ends: in order, by a crash, by a failed start', async () => {
    const released: string[] = [];
    let starts = 0;
    const one = await stage({}, {
      more: {
        init(ctx) {
          const number = ctx.incarnation;
          ctx.own(() => released.push(`of ${number}`));
          if (++starts === 3) throw new Error('no journal');
          return [];
        },
      },
    });
    one.tell({ type: 'do', act: () => stop('done') });
    await one.world.settle();
    one.tell({ type: 'note', text: 'boom' });
    await one.world.settle();
    expect(released.slice(0, 3)).to.deep.equal(['of 1', 'of 2', 'of 3']);
  });

  it('is released though another release throws, which is logged', async () => {
    const one = await stage();
    const released: string[] = [];
    one.act((ctx) => {
      ctx.own(() => released.push('first'));
      ctx.own(() => {
        throw new Error('already closed');
      });
      ctx.own(() => released.push('last'));
    });
    await one.world.settle();
    kill(one);
    await one.world.settle();
    expect(released).to.deep.equal(['last', 'first']);
    expect(one.world.logs.filter((line) => line.level === 'error').map((line) => line.message)).to.deep.equal(['releasing what the ended incarnation owned failed']);
    expect(one.detail()).to.include({ incarnation: 2, status: 'running' });
  });

  it('is released at once when it is given after the end', async () => {
    const one = await stage();
    let kept: Context | undefined;
    one.act((ctx) => void (kept = ctx));
    await one.world.settle();
    kill(one);
    let released = 0;
    kept!.own(() => (released += 1));
    expect(released).to.equal(1);
  });
});
