/** Health: each thing that can be wrong is named in its own check, and what is not known is never well. */
import { expect } from 'chai';
import { judgeHealth } from '../../src/operator/health.ts';
import type { HealthStatus } from '../../src/operator/health-check.ts';
import type { HealthInputs } from '../../src/operator/health.ts';
import type { ReadinessView, TradingStateName } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { inputs, life, node, NOW, position, reading, tree } from './kit/readings.ts';

const missing: ReadinessView = { ready: false, since: NOW - 4_000, missing: [{ input: 'equity', reason: 'never observed' }, { input: 'universe', reason: 'the venue does not answer' }] };

function trading(overall: TradingStateName, own: [SymbolName, TradingStateName][] = []): HealthInputs['tradingState'] {
  return { known: true, value: { overall, symbols: new Map(own), cause: 'told so', since: NOW - 2_000, tradingEpoch: 2 } };
}

type Row = { readonly when: string; readonly given: Partial<HealthInputs>; readonly check: string; readonly status: HealthStatus; readonly says: RegExp; readonly ageMs?: number };

const TABLE: readonly Row[] = [
  { when: 'every node runs', given: {}, check: 'supervision', status: 'ok', says: /^2 nodes run$/ },
  { when: 'an actor is restarting', given: { tree: tree(node('bridge', 'restarting')) }, check: 'supervision', status: 'degraded', says: /^bridge is restarting$/ },
  { when: 'an actor is suspended', given: { tree: tree(node('bridge', 'suspended')) }, check: 'supervision', status: 'degraded', says: /bridge is suspended/ },
  { when: 'an actor has not started yet', given: { tree: tree(node('bridge', 'stopped', { incarnation: 0 })) }, check: 'supervision', status: 'degraded', says: /bridge has not started yet/ },
  { when: 'an actor has stopped and nobody restarts it', given: { tree: tree(node('bridge', 'stopped')) }, check: 'supervision', status: 'failing', says: /bridge has stopped/ },
  { when: 'a deep child is restarting', given: { tree: tree(node('decisions', 'running', { kind: 'supervisor', children: [node('generator/币安', 'restarting')] })) }, check: 'supervision', status: 'degraded', says: /^generator\/币安 is restarting$/ },
  { when: 'a restart budget is spent', given: { tree: tree(node('bridge', 'restarting', { restartBudget: { used: 6, limit: 5, windowMs: 60_000 } })) }, check: 'supervision', status: 'degraded', says: /slowly: its restart budget is spent/ },
  { when: 'the root has stopped', given: { tree: { ...tree(), status: 'stopped' } }, check: 'supervision', status: 'failing', says: /the service is stopping/ },
  { when: 'everything is known', given: {}, check: 'readiness', status: 'ok', says: /known/, ageMs: 1_000 },
  { when: 'inputs are missing', given: { readiness: { known: true, value: missing } }, check: 'readiness', status: 'degraded', says: /missing: equity, universe/, ageMs: 4_000 },
  { when: 'one input is missing', given: { readiness: { known: true, value: missing } }, check: 'readiness/universe', status: 'degraded', says: /the venue does not answer/, ageMs: 4_000 },
  { when: 'readiness is silent', given: { readiness: { known: false, why: 'no answer within 500 ms' } }, check: 'readiness', status: 'failing', says: /no answer within 500 ms/ },
  { when: 'trading is active', given: {}, check: 'tradingState', status: 'ok', says: /ACTIVE/, ageMs: 2_000 },
  { when: 'trading is reducing', given: { tradingState: trading('REDUCING') }, check: 'tradingState', status: 'degraded', says: /^REDUCING: told so$/ },
  { when: 'trading is halted', given: { tradingState: trading('HALTED') }, check: 'tradingState', status: 'degraded', says: /HALTED: told so/ },
  { when: 'one symbol is halted', given: { tradingState: trading('ACTIVE', [['GPSUSDT' as SymbolName, 'HALTED']]) }, check: 'tradingState', status: 'degraded', says: /GPSUSDT HALTED/ },
  { when: 'the trading state is silent', given: { tradingState: { known: false, why: 'trading-state is restarting' } }, check: 'tradingState', status: 'failing', says: /trading-state is restarting/ },
  { when: 'the journal is restarting', given: { tree: node('vigil', 'running', { children: [node('journal', 'restarting')] }) }, check: 'journal', status: 'degraded', says: /journal is restarting/ },
  { when: 'there is no journal', given: { tree: node('vigil') }, check: 'journal', status: 'failing', says: /no journal/ },
  { when: 'part of the operator is away', given: { tree: tree(node('operator/funnel', 'restarting')) }, check: 'operator', status: 'degraded', says: /operator\/funnel is restarting/ },
  { when: 'a position has its stop', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Protected', position()))] }, check: 'positions', status: 'ok', says: /^1 open/ },
  { when: 'a position has no stop', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Opening', position({ stopOrderId: null })))] }, check: 'positions', status: 'degraded', says: /GPSUSDT has a position and no stop/, ageMs: 90_000 },
  { when: 'a symbol is ambiguous', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Ambiguous'))] }, check: 'positions', status: 'degraded', says: /GPSUSDT is Ambiguous/ },
  { when: 'a symbol has drifted', given: { executors: [reading('币安人生USDT', life('币安人生USDT', 'Drifted', position()))] }, check: 'positions', status: 'degraded', says: /币安人生USDT is Drifted/ },
  { when: 'an executor is away', given: { executors: [reading('GPSUSDT', undefined, 'restarting', 2)] }, check: 'positions', status: 'degraded', says: /GPSUSDT: its executor is restarting/ },
  { when: 'an executor runs and shows no life', given: { executors: [reading('GPSUSDT', undefined, 'running', 1)] }, check: 'positions', status: 'degraded', says: /not known/ },
  { when: 'there are dead letters', given: { deadLetters: { counts: { overflow: 3 }, last: { to: 'a', from: 'b', type: 't', reason: 'overflow', at: NOW - 7_000 } } }, check: 'deadLetters', status: 'ok', says: /overflow 3/, ageMs: 7_000 },
  { when: 'the wall clock has jumped back', given: { readiness: { known: true, value: { ready: true, missing: [], since: NOW + 60_000 } } }, check: 'readiness', status: 'ok', says: /known/, ageMs: 0 },
];

describe('health', () => {
  for (const { when, given, check, status, says, ageMs } of TABLE) {
    it(`${check} is ${status} when ${when}`, () => {
      const found = judgeHealth(inputs(given)).checks.find((one) => one.name === check);
      expect(found?.status).to.equal(status);
      expect(found?.message).to.match(says);
      if (ageMs !== undefined) expect(found?.ageMs).to.equal(ageMs);
    });
  }

  it('is as bad as its worst check', () => {
    expect(judgeHealth(inputs()).status).to.equal('ok');
    expect(judgeHealth(inputs({ tradingState: trading('REDUCING') })).status).to.equal('degraded');
    expect(judgeHealth(inputs({ tradingState: trading('REDUCING'), readiness: { known: false, why: 'silent' } })).status).to.equal('failing');
  });

  it('names the trading state, and says UNKNOWN when nobody tells it', () => {
    expect(judgeHealth(inputs({ tradingState: trading('HALTED') })).tradingState).to.equal('HALTED');
    expect(judgeHealth(inputs({ tradingState: { known: false, why: 'silent' } })).tradingState).to.equal('UNKNOWN');
  });
});
