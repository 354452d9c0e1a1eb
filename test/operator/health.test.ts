/** Health: each thing that can be wrong is named in its own check, and what is not known is never well. */
import { expect } from 'chai';
import { JOURNAL_UP } from '../kit/decisions.ts';
import { judgeHealth } from '../../src/operator/health.ts';
import type { HealthStatus } from '../../src/operator/health-check.ts';
import type { HealthInputs } from '../../src/operator/health.ts';
import type { ReadinessView, TradingStateName } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { Exit, NodeView } from '../../src/supervision/inspection.ts';
import { inputs, life, node, NOW, position, reading, tree } from './kit/readings.ts';

const missing: ReadinessView = { ready: false, since: NOW - 4_000, behind: [], missing: [{ input: 'equity', reason: 'never observed' }, { input: 'universe', reason: 'the venue does not answer' }] };

function trading(overall: TradingStateName, own: [SymbolName, TradingStateName][] = []): HealthInputs['tradingState'] {
  return { known: true, value: { overall, symbols: new Map(own), cause: 'told so', since: NOW - 2_000, tradingEpoch: 2, activatedAt: 0 } };
}

function exit(kind: Exit['kind']): Exit {
  return { kind, incarnation: 1, reason: 'because', at: '2026-02-02T00:00:00.000Z' };
}

function mail(more: Partial<NodeView['mailbox']>): NodeView['mailbox'] {
  return { depth: 0, capacity: 10, oldestMs: 0, dropped: 0, parked: 0, ...more };
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
  { when: 'a restart budget is spent, and it runs until it dies again', given: { tree: tree(node('bridge', 'running', { restartBudget: { used: 6, limit: 5, windowMs: 60_000 } })) }, check: 'supervision', status: 'degraded', says: /^bridge runs again, and has spent its restart budget$/ },
  { when: 'a restart budget is used up, and not spent', given: { tree: tree(node('bridge', 'running', { restartBudget: { used: 5, limit: 5, windowMs: 60_000 } })) }, check: 'supervision', status: 'ok', says: /^3 nodes run$/ },
  { when: 'a child that need not be there has ended in order', given: { tree: tree(node('one-off', 'stopped', { restart: 'transient', lastExit: exit('normal') })) }, check: 'supervision', status: 'ok', says: /^2 nodes run, 1 ended in order$/ },
  { when: 'a temporary one was told to end', given: { tree: tree(node('one-off', 'stopped', { restart: 'temporary', lastExit: exit('shutdown') })) }, check: 'supervision', status: 'ok', says: /1 ended in order/ },
  { when: 'a temporary one has crashed', given: { tree: tree(node('one-off', 'stopped', { restart: 'temporary', lastExit: exit('crashed') })) }, check: 'supervision', status: 'failing', says: /^one-off has stopped: because$/ },
  { when: 'one that must be there for ever has ended in order', given: { tree: tree(node('bridge', 'stopped', { lastExit: exit('normal') })) }, check: 'supervision', status: 'failing', says: /^bridge has stopped: because$/ },
  { when: 'a whole room has ended in order', given: { tree: tree(node('session', 'stopped', { kind: 'supervisor', restart: 'transient', lastExit: exit('shutdown'), children: [node('feed', 'stopped', { lastExit: exit('shutdown') })] })) }, check: 'supervision', status: 'ok', says: /1 ended in order/ },
  { when: 'a room is restarting, and nobody in it can run', given: { tree: tree(node('venue', 'restarting', { kind: 'supervisor', children: [node('gateway', 'stopped')] })) }, check: 'supervision', status: 'degraded', says: /^venue is restarting$/ },
  { when: 'two are suspended', given: { tree: tree(node('bridge', 'suspended'), node('exits', 'suspended')) }, check: 'supervision', status: 'degraded', says: /^bridge is suspended; exits is suspended$/ },
  { when: 'a mailbox has room', given: { tree: tree(node('bridge', 'running', { mailbox: mail({ depth: 9, oldestMs: 1_000 }) })) }, check: 'mailboxes', status: 'ok', says: /nobody is behind/ },
  { when: 'a mailbox is nearly full', given: { tree: tree(node('bridge', 'running', { mailbox: mail({ depth: 10, oldestMs: 5 }) })) }, check: 'mailboxes', status: 'degraded', says: /^bridge has 10 of 10 messages waiting$/ },
  { when: 'a message waits too long', given: { tree: tree(node('bridge', 'running', { mailbox: mail({ depth: 1, oldestMs: 1_001 }) })) }, check: 'mailboxes', status: 'degraded', says: /^bridge keeps a message waiting for 1001 ms$/ },
  { when: 'what waits long waits for a restart', given: { tree: tree(node('bridge', 'restarting', { mailbox: mail({ depth: 1, oldestMs: 9_000 }) })) }, check: 'mailboxes', status: 'ok', says: /nobody/ },
  { when: 'nothing is parked', given: {}, check: 'parked', status: 'ok', says: /^none$/ },
  { when: 'messages are parked', given: { tree: tree(node('bridge', 'running', { mailbox: mail({ parked: 2 }) }), node('exits', 'running', { mailbox: mail({ parked: 1 }) })) }, check: 'parked', status: 'degraded', says: /^bridge has parked 2; exits has parked 1: / },
  { when: 'nobody gave up', given: {}, check: 'escalations', status: 'ok', says: /^none$/ },
  { when: 'a supervisor gave up a while ago', given: { escalations: [{ path: 'venue', child: 'gateway', reason: 'Error: no', at: NOW - 200_000 }] }, check: 'escalations', status: 'degraded', says: /^venue gave up on gateway: Error: no$/, ageMs: 200_000 },
  { when: 'a supervisor gave up long ago', given: { escalations: [{ path: 'venue', child: 'gateway', reason: 'Error: no', at: NOW - 300_000 }] }, check: 'escalations', status: 'ok', says: /^none$/ },
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
  { when: 'nothing is received of one symbol', given: { silent: { known: true, value: [{ symbol: 'GPSUSDT', silentMs: 14_000 }] } }, check: 'market', status: 'degraded', says: /nothing received of GPSUSDT \(14 s\)/, ageMs: 14_000 },
  { when: 'the market is silent', given: { silent: { known: false, why: 'market is restarting' } }, check: 'market', status: 'failing', says: /market is restarting/ },
  { when: 'the journal is silent', given: { journal: { known: false, why: 'journal shows no state' } }, check: 'journal', status: 'failing', says: /journal shows no state/ },
  { when: 'the journal takes what is written', given: {}, check: 'journal', status: 'ok', says: /takes what is written/ },
  { when: 'the store of the journal is away', given: { journal: { known: true, value: { ...JOURNAL_UP, store: 'away', since: NOW - 7_000, reason: 'ECONNREFUSED', spilled: 12 } } }, check: 'journal', status: 'degraded', says: /away for 7 s \(ECONNREFUSED\): nothing is opened, exits and stops go on, 12 records/, ageMs: 7_000 },
  { when: 'nothing is on record any more', given: { journal: { known: true, value: { ...JOURNAL_UP, store: 'away', since: NOW - 61_000, reason: 'ECONNREFUSED', unrecorded: 'journal.spill.maxMs (60000)' } } }, check: 'journal', status: 'failing', says: /not on record \(journal\.spill\.maxMs/ },
  { when: 'its place as the only writer is in doubt', given: { journal: { known: true, value: { ...JOURNAL_UP, place: 'the last renewal is 7 s old' } } }, check: 'journal', status: 'degraded', says: /nothing is opened: the last renewal is 7 s old/ },
  { when: 'records were put aside', given: { journal: { known: true, value: { ...JOURNAL_UP, aside: ['/d/spill.aside-1'] } } }, check: 'journal', status: 'degraded', says: /\/d\/spill\.aside-1 holds records/ },
  { when: 'there is no journal', given: { tree: node('vigil') }, check: 'journal', status: 'failing', says: /no journal/ },
  { when: 'part of the operator is away', given: { tree: tree(node('operator/decision-log', 'restarting')) }, check: 'operator', status: 'degraded', says: /operator\/decision-log is restarting/ },
  { when: 'a position has its stop', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Protected', position()))] }, check: 'positions', status: 'ok', says: /^1 open/ },
  { when: 'a position has no stop', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Opening', position({ stopOrderId: null })))] }, check: 'positions', status: 'degraded', says: /GPSUSDT has a position and no stop/, ageMs: 90_000 },
  { when: 'a position is guarded from here', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Opening', position({ stopOrderId: null, guard: '9.5' })))] }, check: 'positions', status: 'degraded', says: /GPSUSDT .* guarded from here, at 9\.5/, ageMs: 90_000 },
  { when: 'a symbol is ambiguous', given: { executors: [reading('GPSUSDT', life('GPSUSDT', 'Ambiguous'))] }, check: 'positions', status: 'degraded', says: /GPSUSDT is Ambiguous/ },
  { when: 'a symbol has drifted', given: { executors: [reading('币安人生USDT', life('币安人生USDT', 'Drifted', position()))] }, check: 'positions', status: 'degraded', says: /币安人生USDT is Drifted/ },
  { when: 'an executor is away', given: { executors: [reading('GPSUSDT', undefined, 'restarting', 2)] }, check: 'positions', status: 'degraded', says: /GPSUSDT: its executor is restarting/ },
  { when: 'an executor runs and shows no life', given: { executors: [reading('GPSUSDT', undefined, 'running', 1)] }, check: 'positions', status: 'degraded', says: /not known/ },
  { when: 'there are dead letters', given: { deadLetters: { counts: { overflow: 3 }, last: { to: 'a', from: 'b', type: 't', reason: 'overflow', at: NOW - 7_000 } } }, check: 'deadLetters', status: 'ok', says: /overflow 3/, ageMs: 7_000 },
  { when: 'the gate is open and single symbols lack something', given: { readiness: { known: true, value: { ready: true, missing: [], behind: [{ input: 'leverage', reason: 'missing for 343 of 400 symbols: A, B and 341 more' }], since: NOW - 1_000 } } }, check: 'readiness', status: 'ok', says: /^everything a decision needs is known; leverage is missing for 343 of 400 symbols: A, B and 341 more, which wait for it$/, ageMs: 1_000 },
  { when: 'the wall clock has jumped back', given: { readiness: { known: true, value: { ready: true, missing: [], behind: [], since: NOW + 60_000 } } }, check: 'readiness', status: 'ok', says: /known/, ageMs: 0 },
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
