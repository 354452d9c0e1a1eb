/** The table of the venue's answers: one row for each code and thing asked, none that no row can reach, and what failures and pains ask of it. */
import { expect } from 'chai';
import { REFUSALS } from '../../src/paper/core/venue-error.ts';
import { entryPauseAfter, meaningOf, REACTIONS, reactionTo, reactionToAnswer, VENUE_CODES } from '../../src/protocol/venue-reactions.ts';
import type { Asked, Reaction } from '../../src/protocol/venue-reactions.ts';

const ASKED: readonly Asked[] = ['OPEN', 'CLOSE', 'PROTECT', 'CANCEL', 'CONFIGURE', 'READ'];

describe('the table of the venue\'s answers', () => {
  it('has for each code and each thing asked one row at most, so that the order of its rows means nothing', () => {
    for (const asked of ASKED) {
      const seen = new Set<number>();
      for (const row of VENUE_CODES) {
        if (row.on !== undefined && !row.on.includes(asked)) continue;
        expect(seen.has(row.code), `${row.code} ${asked}`).to.equal(false);
        seen.add(row.code);
      }
    }
  });

  it('knows every code that the paper exchange answers with', () => {
    for (const { code, text } of REFUSALS) expect(meaningOf(code), `${code} ${text}`).to.not.equal(undefined);
  });

  it('uses each of its reactions, and rests openings only after what opens, protects or sets something', () => {
    const used = new Set<string>(VENUE_CODES.map((row) => row.reaction));
    for (const name of Object.keys(REACTIONS)) if (name !== 'unknown') expect(used.has(name), name).to.equal(true);
    for (const row of VENUE_CODES) if (row.pause !== undefined) expect(row.on === undefined || row.on.every((asked) => asked !== 'CLOSE' && asked !== 'CANCEL' && asked !== 'READ'), String(row.code)).to.equal(true);
  });

  const PRESCRIBED: readonly (readonly [code: number, asked: readonly Asked[], reaction: Reaction, why: string])[] = [
    [-1021, ASKED, 'resync', 'failure 58'],
    [-2022, ['CLOSE', 'PROTECT', 'CANCEL'], 'reconcile', 'failure 54'],
    [-2011, ['CANCEL'], 'reconcile', 'gone already, perhaps filled'],
    [-2013, ['CANCEL'], 'reconcile', 'gone already, perhaps filled'],
    [-2013, ['READ'], 'absent', 'once proves nothing'],
    [-2021, ['PROTECT'], 'stop-hit', 'failure 91'],
    [-2021, ['CLOSE'], 'defect', 'no close is conditional'],
    [-4116, ['OPEN', 'CLOSE', 'PROTECT'], 'ask', 'operators\' 16'],
    [-4120, ['PROTECT'], 'no-stop', 'failure 89b'],
    [-4045, ['PROTECT'], 'no-stop', 'failure 89'],
    [-1006, ['OPEN', 'CLOSE', 'PROTECT', 'CANCEL', 'CONFIGURE'], 'ask', 'failure 47'],
    [-1007, ['OPEN', 'CLOSE', 'PROTECT', 'CANCEL', 'CONFIGURE'], 'ask', 'failure 47'],
    [-2015, ASKED, 'halt', 'failure 30'],
    [-2014, ASKED, 'halt', 'failure 30'],
    [-1022, ASKED, 'halt', 'failure 30'],
    [-1003, ASKED, 'rest', 'failure 57'],
    [-4061, ['OPEN', 'CLOSE', 'PROTECT'], 'modes', 'failure 53'],
    [-4046, ['CONFIGURE'], 'done', 'it is as asked for'],
    [-9999, ASKED, 'unknown', 'in no table'],
    [503, ['OPEN', 'CLOSE'], 'refuse', 'a definite failure without a code'],
    [401, ['OPEN', 'READ'], 'halt', 'a status without a code'],
  ];
  for (const [code, asked, reaction, why] of PRESCRIBED) {
    it(`prescribes ${reaction} for ${code} of ${asked.join(', ')}: ${why}`, () => {
      for (const one of asked) expect(reactionTo(one, code), one).to.equal(reaction);
    });
  }

  it('never lets a write whose fate is open count as refused, whatever code comes with a status of the servers', () => {
    for (const { code, reaction } of VENUE_CODES) if (reaction !== 'rest') expect(reactionToAnswer('OPEN', 500, code, 'x'), String(code)).to.equal('ask');
    expect(reactionToAnswer('OPEN', 503, -1008, 'overloaded')).to.equal('rest');
    expect(reactionToAnswer('OPEN', 503, undefined, 'Service Unavailable.')).to.equal('refuse');
    expect(reactionToAnswer('OPEN', undefined, undefined, 'reset')).to.equal('ask');
    expect(reactionToAnswer('OPEN', 403, undefined, '<html>')).to.equal('ask');
    expect(reactionToAnswer('READ', 502, undefined, '<html>')).to.equal('again');
    expect(reactionToAnswer('OPEN', 401, -9999, 'x')).to.equal('halt');
  });

  it('takes the status and the words before the code, of writes and of reads', () => {
    const failed = 'Internal error; unable to process your request. Please try again.';
    const answers: readonly (readonly [status: number | undefined, code: number | undefined, words: string, write: Reaction, read: Reaction])[] = [
      [undefined, undefined, 'reset', 'ask', 'again'],
      [429, undefined, '', 'rest', 'rest'],
      [418, -1000, 'x', 'rest', 'rest'],
      [408, undefined, '', 'ask', 'again'],
      [408, -2019, 'x', 'ask', 'again'],
      [401, undefined, '', 'halt', 'halt'],
      [401, -1021, 'x', 'resync', 'resync'],
      [503, undefined, 'Service Unavailable', 'refuse', 'again'],
      [502, undefined, 'Service Unavailable', 'ask', 'again'],
      [503, undefined, failed, 'refuse', 'again'],
      [500, undefined, failed, 'ask', 'again'],
      [500, -2019, 'x', 'ask', 'again'],
      [500, -1008, 'x', 'rest', 'rest'],
      [499, -2011, 'x', 'reconcile', 'absent'],
      [403, undefined, '<html>', 'ask', 'rest'],
      [404, undefined, '<html>', 'ask', 'again'],
    ];
    for (const [status, code, words, write, read] of answers) expect([reactionToAnswer('CANCEL', status, code, words), reactionToAnswer('READ', status, code, words)], `${status} ${code} ${words}`).to.deep.equal([write, read]);
  });

  it('has openings rest until there is more balance after too little of it, and for minutes after what does not change sooner', () => {
    for (const code of [-2018, -2019]) expect(entryPauseAfter('OPEN', code)).to.deep.equal({ of: 'all', until: 'balance' });
    expect(entryPauseAfter('CLOSE', -2019)).to.equal(undefined);
    expect(entryPauseAfter('PROTECT', -4120)).to.deep.equal({ of: 'all', until: 900_000 });
    expect(entryPauseAfter('OPEN', -4131)).to.deep.equal({ of: 'symbol', until: 60_000 });
    expect(entryPauseAfter('OPEN', -1111)).to.equal(undefined);
  });
});
