/** The log of the tree: what is lost or given up is loud, what belongs to restarts is not, and the summary of what was not told is. */
import { expect } from 'chai';
import { pino } from 'pino';
import { logLifecycle } from '../../src/service/lifecycle-log.ts';
import type { LifecycleEvent } from '../../src/supervision/inspection.ts';

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

function logged(event: LifecycleEvent): { level: string; msg: string; actor: string } {
  const written: string[] = [];
  logLifecycle(event, pino({ level: 'debug', base: null }, { write: (line: string) => void written.push(line) }));
  expect(written).to.have.length(1);
  const { level, msg, actor } = JSON.parse(written[0]!) as { level: number; msg: string; actor: string };
  return { level: LEVELS[level]!, msg, actor };
}

const letter = (reason: string, unreported = 0): LifecycleEvent => ({ type: 'dead-letter', to: 'bridge', from: 'market', message: 'tick', reason, unreported });
const at = { path: 'bridge', incarnation: 2 };

const TABLE: readonly { readonly event: LifecycleEvent; readonly level: string; readonly says: RegExp }[] = [
  ...['unknown-ref', 'stopped', 'overflow', 'crashed'].map((reason) => ({ event: letter(reason), level: 'warn', says: new RegExp(`^dead letter: tick \\(${reason}\\)$`) })),
  ...['flushed', 'stale-incarnation', 'cancelled', 'asked-of-the-dead', 'late-answer', 'nobody-asked'].map((reason) => ({ event: letter(reason), level: 'debug', says: new RegExp(reason) })),
  { event: letter('overflow', 1_234), level: 'warn', says: /, and 1234 like it that were not told of$/ },
  { event: { type: 'escalated', ...at, child: 'gateway', reason: 'Error: no' }, level: 'error', says: /^gave up on gateway, .*Error: no$/ },
  { event: { type: 'parked', ...at, message: 'tick', from: 'market', reason: 'Error: no' }, level: 'error', says: /^parked tick, .*vigil inspect bridge/ },
  { event: { type: 'state-replaced', ...at, reason: 'a rescue' }, level: 'warn', says: /a rescue$/ },
  { event: { type: 'stopped', ...at, kind: 'normal', reason: 'done' }, level: 'debug', says: /^stopped \(normal\): done$/ },
  { event: { type: 'stopped', ...at, kind: 'shutdown', reason: 'stopping' }, level: 'debug', says: /^stopped \(shutdown\)/ },
  { event: { type: 'stopped', ...at, kind: 'killed', reason: 'too late' }, level: 'warn', says: /^ended by force: too late$/ },
  { event: { type: 'crashed', ...at, crash: { at: 0, incarnation: 2, reason: 'Error: no' } }, level: 'error', says: /^crashed: Error: no$/ },
  { event: { type: 'budget-spent', path: 'bridge', retryEveryMs: 30_000 }, level: 'error', says: /used up/ },
  { event: { type: 'restarting', ...at, inMs: 100, used: 1, limit: 5 }, level: 'warn', says: /in 100 ms/ },
  { event: { type: 'started', ...at }, level: 'info', says: /running again/ },
  { event: { type: 'started', path: 'bridge', incarnation: 1 }, level: 'debug', says: /running/ },
  { event: { type: 'suspended', ...at }, level: 'info', says: /^suspended$/ },
];

describe('the log of the tree', () => {
  for (const { event, level, says } of TABLE) {
    it(`tells ${event.type}${event.type === 'dead-letter' ? ` (${event.reason})` : event.type === 'stopped' ? ` (${event.kind})` : ''} as ${level}`, () => {
      const line = logged(event);
      expect(line).to.include({ level, actor: 'bridge' });
      expect(line.msg).to.match(says);
    });
  }
});
