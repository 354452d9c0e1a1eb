/** The circuit breaker: closed, open after so many failures in a row, one trial after the while; and nothing else opens or closes it. */
import { expect } from 'chai';
import { answered, asking, CLOSED } from '../../../src/rules/strategies/circuit.ts';
import type { Circuit } from '../../../src/rules/strategies/circuit.ts';
import { counted, fallbackShare } from '../../../src/rules/strategies/fallback-share.ts';
import type { Counted } from '../../../src/rules/strategies/fallback-share.ts';
import { crashedOn, FIRST_MS, isLeftOut, LONGEST_MS } from '../../../src/rules/strategies/left-out.ts';
import type { LeftOut } from '../../../src/rules/strategies/left-out.ts';
import { GPS } from '../../kit/decisions.ts';

const RULE = { failuresToOpen: 3, retryMs: 60_000 };
const after = (circuit: Circuit, ...outcomes: readonly ('good' | 'failed')[]) => outcomes.reduce((known, outcome) => answered(known, outcome, false, 1_000, RULE), circuit);

describe('the circuit of a model server', () => {
  it('stays closed over failures that are not in a row', () => {
    expect(after(CLOSED, 'failed', 'failed', 'good', 'failed', 'failed')).to.deep.equal({ state: 'closed', failures: 2 });
  });

  it('opens at the third failure in a row, for its while', () => {
    const open = after(CLOSED, 'failed', 'failed', 'failed');
    expect(open).to.deep.equal({ state: 'open', failures: 3, since: 1_000, retryAt: 61_000 });
    expect(asking(open, 60_999).may).to.equal(false);
  });

  it('is tried with one question after the while, and with no second one', () => {
    const { may, circuit } = asking(after(CLOSED, 'failed', 'failed', 'failed'), 61_000);
    expect([may, circuit.state]).to.deep.equal([true, 'trying']);
    expect(asking(circuit, 100_000)).to.deep.equal({ may: false, circuit });
    expect(answered(circuit, 'good', true, 62_000, RULE)).to.deep.equal(CLOSED);
    expect(answered(circuit, 'failed', true, 62_000, RULE)).to.deep.equal({ state: 'open', failures: 4, since: 1_000, retryAt: 122_000 });
  });

  it('is not moved by answers to questions of before it opened', () => {
    const open = after(CLOSED, 'failed', 'failed', 'failed');
    expect(after(open, 'good', 'failed')).to.equal(open);
    const { circuit } = asking(open, 61_000);
    expect(after(circuit, 'good', 'failed')).to.equal(circuit);
  });
});

describe('the share of the fallback', () => {
  it('is of the window, and of no signals there is none', () => {
    const known = ([[0, true], [500, false], [900, true]] as const).reduce<Counted>((all, [at, fallback]) => counted(all, fallback, at, 1_000), []);
    expect(fallbackShare(known, 999, 1_000)).to.deep.equal({ signals: 3, fallback: 2, share: 2 / 3 });
    expect(fallbackShare(known, 1_000, 1_000)).to.deep.equal({ signals: 2, fallback: 1, share: 0.5 });
    expect(fallbackShare(known, 5_000, 1_000)).to.deep.equal({ signals: 0, fallback: 0, share: null });
    expect(counted(known, true, 1_900, 1_000), 'what is over is forgotten').to.have.length(1);
  });
});

describe('a symbol that is left out', () => {
  it('is so for ten minutes, then twice as long each time, and six hours at the most', () => {
    expect([FIRST_MS, LONGEST_MS]).to.deep.equal([600_000, 21_600_000]);
    let now = 1_769_990_400_000;
    let known: LeftOut | undefined;
    const times: number[] = [];
    for (let i = 0; i < 8; i++) {
      known = crashedOn(known, GPS, 'x', now);
      times.push(known.until - now);
      expect(isLeftOut(known, known.until - 1)).to.equal(true);
      expect(isLeftOut(known, known.until)).to.equal(false);
      now = known.until;
    }
    expect(times.slice(0, 4)).to.deep.equal([FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS, 8 * FIRST_MS]);
    expect(times.at(-1)).to.equal(LONGEST_MS);
  });

  it('begins anew when it has been well as long as it was left out', () => {
    const first = crashedOn(undefined, GPS, 'x', 1_769_990_400_000);
    expect(crashedOn(first, GPS, 'x', first.until + FIRST_MS).crashes).to.equal(2);
    expect(crashedOn(first, GPS, 'x', first.until + FIRST_MS + 1)).to.include({ crashes: 1 });
  });
});
