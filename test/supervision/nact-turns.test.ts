/** The one file on nact hands its token on whatever closes or fails, leaves the loop its turns, and asks nact for nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { same } from '../../src/supervision/behaviour.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { Stamp } from '../../src/supervision/stamp.ts';
import type { Turn } from '../../src/supervision/turns.ts';
import { live, until } from './live.ts';

/** `count` that ask for turns; `ran` names them in the order of theirs. */
function turnsOf(count: number, run: (index: number) => void = () => undefined) {
  const stamp = new Stamp(systemClock);
  const turns = nactTurns(stamp);
  const ran: number[] = [];
  const all: Turn[] = Array.from({ length: count }, (_, index) =>
    turns.register(() => {
      ran.push(index);
      run(index);
    }),
  );
  return { stamp, turns, all, ran };
}

describe('turns by nact', () => {
  it('come later, never inside the call that asks, each in the order it was asked for', async () => {
    const { turns, all, ran } = turnsOf(3);
    for (const index of [2, 0, 1]) all[index]!.wake();
    expect(ran).to.deep.equal([]);
    await until(() => ran.length === 3, 'three turns');
    expect(ran).to.deep.equal([2, 0, 1]);
    turns.close();
  });

  it('go to the others when the one that holds nact’s token closes', async () => {
    const { turns, all, ran } = turnsOf(4);
    for (const turn of all) turn.wake();
    all[0]!.close();
    await until(() => ran.length === 3, 'the turns of the others');
    expect(ran).to.deep.equal([1, 2, 3]);
    turns.close();
  });

  it('go to the others though everyone before them in the queue has closed, in whatever order', async () => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]]) {
      const { turns, all, ran } = turnsOf(5);
      for (const turn of all) turn.wake();
      for (const index of order) all[index]!.close();
      await until(() => ran.length === 2, `turns after ${order.join(', ')} closed`);
      expect(ran).to.deep.equal([3, 4]);
      turns.close();
    }
  });

  it('come to whoever asks after all that had asked have closed', async () => {
    const { turns, all, ran } = turnsOf(3);
    all[0]!.wake();
    all[1]!.wake();
    all[0]!.close();
    all[1]!.close();
    all[2]!.wake();
    await until(() => ran.length === 1, 'the turn of the last');
    expect(ran).to.deep.equal([2]);
    turns.close();
  });

  it('go on when one closes others, or itself, in its turn', async () => {
    const { turns, all, ran } = turnsOf(5, (index) => {
      if (index === 0) for (const other of [0, 1, 3]) all[other]!.close();
    });
    for (const turn of all) turn.wake();
    await until(() => ran.includes(4), 'the turn of the last');
    expect(ran).to.deep.equal([0, 2, 4]);
    turns.close();
  });

  it('go on when a turn throws, which is a defect', async () => {
    const { stamp, turns, all, ran } = turnsOf(3, (index) => {
      if (index === 0) throw new Error('a defect');
    });
    for (const turn of all) turn.wake();
    await until(() => ran.length === 3, 'the turns behind the one that threw');
    expect(stamp.shared).to.equal(false);
    all[0]!.wake();
    await until(() => ran.length === 4, 'another turn of the one that threw');
    turns.close();
  });

  it('are none after the close', async () => {
    const { turns, all, ran } = turnsOf(2);
    for (const turn of all) turn.wake();
    for (const turn of all) turn.close();
    turns.close();
    all[0]!.wake();
    for (let i = 0; i < 10; i++) await nextTurn();
    expect(ran).to.deep.equal([]);
  });

  it('leave the loop its own while two actors send one another messages without end', async () => {
    type Ball = { readonly type: 'ball' };
    const one = live();
    const [ping, pong] = [one.system.ref<Ball>('ping'), one.system.ref<Ball>('pong')];
    const player = (to: Ref<Ball>): Behaviour<Ball, null> => ({ role: 'player', purpose: 'plays', consumes: { ball: '' }, emits: [], mailbox: { capacity: 1, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive: (_state, ball, ctx) => (ctx.tell(to, ball), same), view: () => null });
    await one.start(worker(ping, player(pong)), worker(pong, player(ping)));
    one.system.tell(ping, { type: 'ball' });
    const seen: number[] = [];
    for (let turns = 0; turns < 20; turns++) {
      await nextTurn();
      seen.push(one.detail('ping').handled);
    }
    expect(new Set(seen).size, `${seen.join(' ')}`).to.be.above(5);
    expect(seen.at(-1)).to.be.above(100);
    await one.stop();
  });

  it('are all that is asked of nact: start, spawn, dispatch and stop; that no other file imports it, the arrows hold (test/check/arrows.test.ts)', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/supervision/nact.ts'), 'utf8');
    const imports = [...source.matchAll(/import (.+) from 'nact';/g)].map((match) => match[1]);
    expect(imports).to.deep.equal(['{ dispatch, spawn, start, stop }', 'type { Ref as NactRef }']);
  });
});
