/** Deadlines pass in order and on time, whatever is set and cancelled meanwhile, behind one timer of the clock. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Deadlines } from '../../src/supervision/deadlines.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { collect } from './collect.ts';

function deadlines() {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  const all = new Deadlines(clock);
  return { clock, ran, all, after: (ms: number, name: string) => all.after(ms, () => ran.push(`${name}@${clock.now()}`)) };
}

describe('deadlines', () => {
  it('pass in the order of their time, and first set first at the same instant', () => {
    const { clock, ran, after } = deadlines();
    after(30, 'c');
    after(10, 'a1');
    after(20, 'b');
    after(10, 'a2');
    after(-5, 'now');
    clock.advance(100);
    expect(ran).to.deep.equal(['now@0', 'a1@10', 'a2@10', 'b@20', 'c@30']);
  });

  it('have one timer on the clock at a time: that of the earliest', () => {
    const { clock, after } = deadlines();
    after(1_000, 'late');
    expect(clock.pending).to.deep.equal([1_000]);
    for (let i = 0; i < 50; i++) after(500 + i, `${i}`);
    expect(clock.pending).to.deep.equal([500]);
    after(100, 'early').cancel();
    expect(clock.pending).to.deep.equal([100]);
    clock.advance(100);
    expect(clock.pending).to.deep.equal([400]);
    clock.advance(10_000);
    expect(clock.pending).to.deep.equal([]);
  });

  it('do not pass when cancelled, by whom and how often ever', () => {
    const { clock, ran, all, after } = deadlines();
    const b = after(10, 'b');
    all.after(5, () => b.cancel());
    const c = after(5, 'c');
    after(5, 'd');
    const e = after(20, 'e');
    c.cancel();
    c.cancel();
    expect(all.size).to.equal(4);
    clock.advance(15);
    expect(ran).to.deep.equal(['d@5']);
    expect(all.size).to.equal(1);
    clock.advance(100);
    e.cancel();
    expect(ran).to.deep.equal(['d@5', 'e@20']);
    expect(all.size).to.equal(0);
  });

  it('can be cancelled by one that passes at the same instant', () => {
    const { clock, ran, all, after } = deadlines();
    all.after(5, () => later.cancel());
    const later = after(5, 'later');
    after(5, 'last');
    clock.advance(5);
    expect(ran).to.deep.equal(['last@5']);
  });

  it('that are set while others pass wait for the next sweep: none runs inside the call that set it, and no loop holds the clock', () => {
    const { clock, ran, all } = deadlines();
    let left = 3;
    const again = () => {
      ran.push(`again@${clock.now()}`);
      if (--left > 0) all.after(0, again);
      ran.push('set');
    };
    all.after(10, again);
    clock.fireNext(10);
    expect(ran).to.deep.equal(['again@10', 'set']);
    clock.advance(10);
    expect(ran).to.deep.equal(['again@10', 'set', 'again@10', 'set', 'again@10', 'set']);
  });

  it('go on behind one that throws, which the clock is told of', () => {
    const { clock, ran, all, after } = deadlines();
    after(10, 'before');
    all.after(10, () => {
      throw new Error('a defect');
    });
    after(10, 'behind');
    after(20, 'later');
    expect(() => clock.advance(50)).to.throw('a defect');
    clock.advance(50);
    expect(ran).to.deep.equal(['before@10', 'behind@10', 'later@20']);
    expect(clock.pending).to.deep.equal([]);
  });

  it('give the memory of thousands of cancelled ones back before their time', async () => {
    const { clock, ran, all, after } = deadlines();
    after(500_000, 'kept');
    const cancelled: WeakRef<object>[] = [];
    for (let i = 0; i < 5_000; i++) {
      const handle = after(600_000 - i, 'cancelled');
      handle.cancel();
      cancelled.push(new WeakRef(handle));
    }
    expect(all.size).to.equal(1);
    await collect();
    expect(cancelled.filter((one) => one.deref() !== undefined)).to.have.length.below(300);
    for (const one of [1, 2, 3]) after(one, `${one}`);
    clock.advance(700_000);
    expect(ran).to.deep.equal(['1@1', '2@2', '3@3', 'kept@500000']);
  });

  it('refuse a delay that is no number: it would have no place in the order, and hold up the others', () => {
    const { clock, ran, all, after } = deadlines();
    expect(() => all.after(NaN, () => undefined)).to.throw(RangeError, 'NaN');
    after(10, 'a');
    clock.advance(10);
    expect(ran).to.deep.equal(['a@10']);
  });

  it('never pass where the delay has no end, and hold up nobody', () => {
    const { clock, ran, all, after } = deadlines();
    const never = after(Infinity, 'never');
    after(10, 'a');
    clock.advance(1e12);
    expect(ran).to.deep.equal(['a@10']);
    never.cancel();
    expect(all.size).to.equal(0);
  });

  it('pass no more once closed, neither those set before nor those set after', () => {
    const { clock, ran, all, after } = deadlines();
    const before = after(10, 'before');
    all.close();
    expect(clock.pending).to.deep.equal([]);
    before.cancel();
    after(5, 'after');
    clock.advance(100);
    expect(ran).to.deep.equal([]);
    expect(all.size).to.equal(0);
    expect(clock.pending).to.deep.equal([]);
  });

  it('that one of them closes do not pass behind it', () => {
    const { clock, ran, all, after } = deadlines();
    all.after(10, () => all.close());
    after(10, 'behind');
    clock.advance(100);
    expect(ran).to.deep.equal([]);
  });

  it('do what a naive list does, whatever is set, cancelled and waited for', () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), ms: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel-many' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 15 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('burst' as const), ms: fc.integer({ min: 0, max: 20 }) }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { clock, ran, all, after } = deadlines();
        const handles: { cancel(): void }[] = [];
        const expected: string[] = [];
        let model: { readonly id: number; readonly at: number }[] = [];
        const set = (ms: number) => {
          model.push({ id: handles.length, at: clock.now() + ms });
          handles.push(after(ms, `${handles.length}`));
        };
        const cancel = (which: number) => {
          handles[which]?.cancel();
          model = model.filter(({ id }) => id !== which);
        };
        for (const next of actions) {
          if (next.do === 'set') set(next.ms);
          else if (next.do === 'burst') for (let i = 0; i < 300; i++) set((next.ms + i * 7) % 40);
          else if (next.do === 'cancel') cancel(handles.length === 0 ? 0 : next.which % handles.length);
          else if (next.do === 'cancel-many') for (let i = 0; i < handles.length; i += 1 + (i % 3)) cancel(i);
          else {
            const until = clock.now() + next.ms;
            const due = model.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at || one.id - other.id);
            model = model.filter(({ at }) => at > until);
            expected.push(...due.map(({ id, at }) => `${id}@${at}`));
            clock.advance(next.ms);
          }
          expect(all.size).to.equal(model.length);
          expect(clock.pending.length).to.be.at.most(1);
        }
        expect(ran).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    );
  });
});
