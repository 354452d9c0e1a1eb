/** Dead letters are all counted, the last of them kept, and told of at a rate that hides no reason and floods no log. */
import { expect } from 'chai';
import { DeadLetters } from '../../src/supervision/dead-letters.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';

function letters() {
  const clock = new VirtualClock(1_000);
  const told: string[] = [];
  const all = new DeadLetters(clock, ({ to, type, reason }, unreported) => told.push(`${type} to ${to}: ${reason}${unreported === 0 ? '' : `, ${unreported} unreported`}`));
  return { clock, told, all };
}

const FIVE_MINUTES = 300_000;

describe('dead letters', () => {
  it('are counted by reason and kept with who, to whom, what, why and when', () => {
    const { all, clock } = letters();
    all.add('a', 'b', 'note', 'stopped');
    clock.advance(5);
    all.add('a', 'b', 'tick', 'overflow');
    all.add('c', 'b', 'tick', 'overflow');
    expect(all.counts()).to.deep.equal({ stopped: 1, overflow: 2 });
    expect(all.recent().slice(0, 2)).to.deep.equal([
      { to: 'a', from: 'b', type: 'note', reason: 'stopped', at: 1_000 },
      { to: 'a', from: 'b', type: 'tick', reason: 'overflow', at: 1_005 },
    ]);
  });

  it('are kept two hundred at most, newest last, and all counted', () => {
    const { all } = letters();
    for (let i = 0; i < 250; i++) all.add('a', 'b', `${i}`, 'stopped');
    expect(all.recent().map((letter) => letter.type)).to.deep.equal(Array.from({ length: 200 }, (_, i) => `${i + 50}`));
    expect(all.counts()).to.deep.equal({ stopped: 250 });
  });

  it('are forgotten when asked, and how many there were is said; the counts stay', () => {
    const { all } = letters();
    for (let i = 0; i < 3; i++) all.add('a', 'b', 'note', 'stopped');
    expect(all.clear()).to.equal(3);
    expect(all.clear()).to.equal(0);
    expect(all.recent()).to.deep.equal([]);
    expect(all.counts()).to.deep.equal({ stopped: 3 });
  });

  it('are told of ten times in five minutes for one reason and receiver; then the next says how many were not', () => {
    const { all, clock, told } = letters();
    for (let i = 0; i < 25; i++) all.add('a', 'b', 'note', 'stopped');
    expect(told).to.deep.equal(Array(10).fill('note to a: stopped'));
    clock.advance(FIVE_MINUTES - 1);
    all.add('a', 'b', 'note', 'stopped');
    expect(told).to.have.length(10);
    clock.advance(1);
    for (let i = 0; i < 12; i++) all.add('a', 'b', 'note', 'stopped');
    expect(told.slice(10)).to.deep.equal(['note to a: stopped, 16 unreported', ...Array<string>(9).fill('note to a: stopped')]);
    clock.advance(FIVE_MINUTES);
    all.add('a', 'b', 'note', 'stopped');
    expect(told.at(-1)).to.equal('note to a: stopped, 2 unreported');
  });

  it('of another reason or receiver are told of all the same', () => {
    const { all, told } = letters();
    for (let i = 0; i < 11; i++) all.add('a', 'b', 'note', 'stopped');
    all.add('a', 'b', 'note', 'overflow');
    all.add('c', 'b', 'note', 'stopped');
    expect(told.slice(10)).to.deep.equal(['note to a: overflow', 'note to c: stopped']);
  });

  it('that a newer message of its key superseded are counted, not kept and not told of: that is what its mailbox is for', () => {
    const { all, told } = letters();
    all.add('a', 'b', 'tick', 'superseded');
    expect(all.counts()).to.deep.equal({ superseded: 1 });
    expect(all.recent()).to.deep.equal([]);
    expect(told).to.deep.equal([]);
  });

  it('remember a thousand receivers: a storm at ever new names forgets the one whose five minutes began first', () => {
    const { all, clock, told } = letters();
    const flood = (to: string) => {
      for (let i = 0; i < 11; i++) all.add(to, 'b', 'note', 'unknown-ref');
      const times = told.filter((line) => line.includes(` ${to}:`)).length;
      told.length = 0;
      return times;
    };
    expect(flood('first')).to.equal(10);
    clock.advance(1);
    expect(flood('second')).to.equal(10);
    clock.advance(FIVE_MINUTES);
    // The first begins anew, so that the second is now the oldest.
    expect(flood('first')).to.equal(10);
    for (let i = 0; i < 999; i++) all.add(`${i}`, 'b', 'note', 'unknown-ref');
    expect(flood('first')).to.equal(0);
    for (let i = 0; i < 1_000; i++) all.add(`more ${i}`, 'b', 'note', 'unknown-ref');
    expect(flood('first')).to.equal(10);
  });
});
