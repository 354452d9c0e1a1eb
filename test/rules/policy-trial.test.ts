/** A policy is tried on what was decided: what the universe decides flips, and nothing else does. */
import { expect } from 'chai';
import type { DenialCode } from '../../src/protocol/denials.ts';
import { DENIALS } from '../../src/protocol/denials.ts';
import type { RecordedDecision } from '../../src/protocol/read-models.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { BRIDGE_GATES } from '../../src/rules/bridge-gates.ts';
import { DECIDED_BEFORE_UNIVERSE, tryPolicy } from '../../src/rules/policy-trial.ts';
import type { TrialInputs } from '../../src/rules/policy-trial.ts';
import { CHINESE, GPS, HYPE, NOW, RIVER } from '../kit/decisions.ts';

const decision = (symbol: SymbolName, outcome: RecordedDecision['outcome'], part: Partial<RecordedDecision> = {}): RecordedDecision => ({ stage: 'intent', symbol, outcome, at: NOW, by: 'bridge', inputs: { source: 'trend-24h' }, count: 1, lastAt: NOW, ...part });
const trial = (part: Partial<TrialInputs> = {}) => tryPolicy({ policy: [GPS, CHINESE], chosen: undefined, universe: { symbols: [GPS, HYPE], excluded: [] }, decisions: [], ...part });
const kinds = (part: Partial<TrialInputs>) => trial(part).flips.map(({ symbol, stage, from, to }) => [symbol, stage, from, to]);

describe('a policy on trial', () => {
  it('lets in what the universe had refused, and keeps out what had passed or was refused later', () => {
    const decisions = [decision(CHINESE, 'SYMBOL_NOT_IN_POLICY_UNIVERSE'), decision(HYPE, 'passed'), decision(HYPE, 'POSITION_OPEN'), decision(HYPE, 'passed', { stage: 'signal' }), decision(GPS, 'passed'), decision(GPS, 'POSITION_OPEN'), decision(RIVER, 'SYMBOL_NOT_IN_POLICY_UNIVERSE')];
    expect(kinds({ decisions })).to.have.deep.members([
      [CHINESE, 'intent', 'SYMBOL_NOT_IN_POLICY_UNIVERSE', 'passed'],
      [HYPE, 'intent', 'passed', 'SYMBOL_NOT_IN_POLICY_UNIVERSE'],
      [HYPE, 'intent', 'POSITION_OPEN', 'SYMBOL_NOT_IN_POLICY_UNIVERSE'],
      [HYPE, 'signal', 'passed', 'SYMBOL_NOT_IN_POLICY_UNIVERSE'],
    ]);
  });

  it('tries intents, and evaluations that became signals; holds and permits are none', () => {
    const decisions = [decision(HYPE, 'SIGNAL_HOLD', { stage: 'signal' }), decision(HYPE, 'EQUITY_STALE', { stage: 'permit' }), decision(GPS, 'passed', { stage: 'signal', count: 3 })];
    expect(trial({ decisions })).to.deep.include({ flips: [], decisions: 3 });
  });

  it('leaves what the bridge asks before the universe as it was, for each gate of its table', () => {
    const place = BRIDGE_GATES.findIndex((gate) => gate.code === 'SYMBOL_NOT_IN_POLICY_UNIVERSE');
    for (const { code } of BRIDGE_GATES.slice(0, place)) expect(kinds({ decisions: [decision(HYPE, code)] }), code).to.deep.equal([]);
    for (const { code } of BRIDGE_GATES.slice(place + 1)) expect(kinds({ decisions: [decision(HYPE, code)] }), code).to.have.length(1);
    // Codes that are no gate's own: the schema before all gates, and what gates say beside their own code.
    for (const code of ['INTENT_INVALID', 'CLOCK_SKEW', 'SOURCE_UNKNOWN', 'UNIVERSE_UNKNOWN', 'UNIVERSE_SHRUNK'] as const) expect(kinds({ decisions: [decision(HYPE, code)] }), code).to.deep.equal([]);
    for (const code of DECIDED_BEFORE_UNIVERSE) expect(DENIALS).to.have.property(code as DenialCode);
  });

  it('sums what is the same by source, with the first and the last time and how often', () => {
    const decisions = [decision(HYPE, 'passed', { at: NOW, lastAt: NOW }), decision(HYPE, 'passed', { at: NOW - 5_000, lastAt: NOW + 7_000, count: 4 }), decision(HYPE, 'passed', { inputs: { source: 'manual' } })];
    expect(trial({ decisions }).flips.map(({ source, count, firstAt, lastAt }) => [source, count, firstAt - NOW, lastAt - NOW])).to.deep.equal([['trend-24h', 5, -5_000, 7_000], ['manual', 1, 0, 0]]);
  });

  it('names the symbols that enter and leave, and keeps out what the venue does not trade, whatever the policy says', () => {
    expect(trial()).to.deep.include({ entering: [CHINESE], leaving: [HYPE] });
    const universe = { symbols: [GPS], excluded: [{ symbol: CHINESE, reason: 'NOT_LISTED' }, { symbol: HYPE, reason: 'NOT_CHOSEN' }] };
    const delisted = trial({ policy: [GPS, CHINESE, HYPE], universe, decisions: [decision(CHINESE, 'SYMBOL_NOT_IN_POLICY_UNIVERSE')] });
    expect(delisted).to.deep.include({ entering: [HYPE], leaving: [], flips: [] });
    expect(trial({ universe: undefined })).to.deep.include({ entering: undefined, leaving: undefined });
  });

  it('stays within the choice, and says when the service would not start', () => {
    expect(trial({ policy: [GPS, CHINESE], chosen: [GPS] })).to.deep.include({ entering: [], leaving: [HYPE], refusal: undefined });
    expect(trial({ chosen: [GPS, HYPE] }).refusal).to.deep.equal({ code: 'UNIVERSE_OUTSIDE_POLICY', symbols: [HYPE] });
    expect(trial({ policy: [CHINESE], universe: { symbols: [GPS], excluded: [{ symbol: CHINESE, reason: 'NOT_TRADING' }] } }).refusal).to.deep.equal({ code: 'UNIVERSE_EMPTY', symbols: [CHINESE] });
    const many = Array.from({ length: 501 }, (_, index) => `N${index}USDT`);
    expect(trial({ policy: many }).refusal).to.deep.equal({ code: 'UNIVERSE_TOO_LARGE', symbols: many });
    expect(trial({ policy: many, chosen: many.slice(1) }).refusal).to.equal(undefined);
    expect(trial({ policy: many, universe: { symbols: [GPS], excluded: [{ symbol: 'N7USDT', reason: 'NOT_LISTED' }] } }).refusal).to.equal(undefined);
  });
});
