/** The governor's guards, a table: each allows at its limit, denies beyond it with its numbers, and denies what is not known. */
import { expect } from 'chai';
import { denialOf } from '../../../src/rules/guards/guard.ts';
import type { GuardInputs, Verdict } from '../../../src/rules/guards/guard.ts';
import { judgeOpening, OPENING_GUARDS } from '../../../src/rules/guards/opening.ts';
import { DENIALS } from '../../../src/protocol/denials.ts';
import { makeGuardInputs, makeMarket, makeStatistics, NOW } from '../../kit/decisions.ts';
import { held, observed, OPENING_CASES } from './opening-cases.ts';
import type { Inputs } from './opening-cases.ts';

const judge = (inputs: Inputs) => judgeOpening(makeGuardInputs(inputs));
const verdictsOf = (guard: string, inputs: Inputs): readonly Verdict[] => [OPENING_GUARDS.find((one) => one.code === guard)!.check(makeGuardInputs(inputs))].flat();
const denialsOf = (guard: string, inputs: Inputs) => verdictsOf(guard, inputs).map(denialOf).filter((one) => one !== undefined);

/** Nothing at all is known. */
const NOTHING: Inputs = { venueNow: undefined, tradingState: undefined, readiness: undefined, universe: undefined, equity: undefined, market: undefined, stream: undefined, reconciliation: undefined, session: undefined, locks: undefined, journal: undefined, expected: [], lives: new Map() };

describe('guards of an opening', () => {
  it('are all in the table of cases, once each, under a code of the catalogue', () => {
    expect(OPENING_CASES.map((row) => row.guard)).to.deep.equal(OPENING_GUARDS.map((guard) => guard.code));
    expect(new Set(OPENING_GUARDS.map((guard) => guard.code)).size).to.equal(OPENING_GUARDS.length);
    for (const { code } of OPENING_GUARDS) expect(DENIALS).to.have.property(code);
  });

  it('all pass when everything is known and within its limits, and the passed checks are listed', () => {
    const { denials, passed } = judge({});
    expect({ denials, passed }).to.deep.equal({ denials: [], passed: OPENING_GUARDS.map((guard) => guard.code) });
  });

  for (const { guard, allows, denies, unknown } of OPENING_CASES) {
    it(`${guard} allows up to its limit`, () => {
      for (const [index, inputs] of [{}, ...allows].entries()) expect(denialsOf(guard, inputs), `case ${index}`).to.deep.equal([]);
    });
    it(`${guard} denies beyond it, with its numbers`, () => {
      for (const [index, [inputs, ...denials]] of denies.entries()) {
        expect(denialsOf(guard, inputs), `case ${index}`).to.deep.equal(denials);
        const judged = judge(inputs);
        expect(judged.denials).to.deep.include.members(denials);
        expect(judged.passed).not.to.include(guard);
      }
    });
    for (const [inputs, code] of unknown) {
      it(`${guard} denies with ${code} when ${Object.keys(inputs).join()} does not tell, and says that it is not known`, () => {
        expect(denialsOf(guard, inputs)).to.have.length(1);
        expect(denialsOf(guard, inputs)[0]).to.include({ code, unknown: true });
        expect(judge(inputs).passed).not.to.include(guard);
      });
    }
  }

  it('are all asked, whatever the first says: every denial is listed, and every check that passed', () => {
    const { denials, passed, verdicts } = judge({ tradingState: undefined, lives: held(10, '100'), openedAgoMs: Array.from({ length: 60 }, () => 0) });
    expect(denials.map((denial) => denial.code)).to.deep.equal(['TRADING_STATE_UNKNOWN', 'MAX_POSITIONS', 'RATE_HOURLY', 'RATE_BURST']);
    expect(denials.length + passed.length).to.equal(OPENING_GUARDS.length);
    expect([...verdicts.keys()]).to.deep.equal(OPENING_GUARDS.map((guard) => guard.code));
  });

  it('deny when nothing at all is known: no guard mistakes unknown for fine', () => {
    const { passed, denials } = judge(NOTHING);
    // That the service stops it has been told, or it does not. What is counted from what has been granted and reported is known to be nothing; EXECUTORS_UNREPORTED stands for it.
    expect(passed).to.deep.equal(['SERVICE_STOPPING', 'POSITION_OPEN', 'MAX_POSITIONS', 'NOTIONAL_PER_TRADE', 'NOTIONAL_TOTAL', 'RATE_HOURLY', 'RATE_BURST']);
    expect(denials.every((denial) => denial.unknown === true)).to.equal(true);
  });

  it('deny for each input that is missing alone', () => {
    for (const name of Object.keys(NOTHING) as (keyof GuardInputs)[]) expect(judge({ [name]: NOTHING[name] }).denials, name).not.to.deep.equal([]);
  });

  it('count the age of the equity from the venue\'s observation by the venue\'s clock, not by ours (ruling 24, failure 73)', () => {
    expect(denialsOf('EQUITY_STALE', { ...observed(300_000), now: NOW + 1_000_000 })).to.deep.equal([]);
    expect(denialsOf('EQUITY_STALE', { ...observed(0), venueNow: NOW + 300_001 })[0]).to.deep.include({ code: 'EQUITY_STALE', ageMs: 300_001 });
  });

  it('tell the numbers they looked at when they allow, too', () => {
    expect(verdictsOf('EQUITY_STALE', observed(1_200))).to.deep.equal([{ verdict: 'allow', limit: '300000', ageMs: 1_200 }]);
    expect(verdictsOf('EDGE_BELOW_COST', {})[0]).to.include({ verdict: 'allow', value: '0.04' });
    expect(verdictsOf('LOCKS_UNKNOWN', {}), 'no lock stands').to.deep.equal([{ verdict: 'allow', value: '0' }]);
  });

  it('tell how old it is when something is too old to tell', () => {
    const aged = { market: makeMarket({ statistics: makeStatistics({ observedAt: NOW - 180_001 }) }) };
    for (const code of ['VOLATILITY_HIGH', 'KILL_SCORE']) expect(denialsOf(code, aged)[0]).to.include({ code, unknown: true, limit: '180000', ageMs: 180_001 });
  });
});
