/** The cases of Pekko's TimerSpec, and what became of each: timers are keyed, and belong to an incarnation. */
import type { ConformanceCase } from './case.ts';

const GROUP = 'A timer';

export const pekkoTimers: readonly ConformanceCase[] = [
  { name: 'schedule non-repeated ticks', group: GROUP, status: 'ported' },
  { name: 'schedule repeated ticks', group: GROUP, status: 'ported' },
  { name: 'replace timer', group: GROUP, status: 'ported' },
  { name: 'cancel timer', group: GROUP, status: 'ported' },
  { name: 'discard timers from old incarnation after restart, alt 1', group: GROUP, status: 'ported' },
  { name: 'discard timers from old incarnation after restart, alt 2', group: GROUP, status: 'ported' },
  { name: 'cancel timers when stopped from exception', group: GROUP, status: 'ported' },
  { name: 'cancel timers when stopped voluntarily', group: GROUP, status: 'ported' },
  { name: 'allow for nested timers', group: GROUP, status: 'adapted', note: 'behaviours do not nest: an incarnation has one set of timers, each under its key' },
  { name: 'keep timers when behavior changes', group: GROUP, status: 'adapted', note: 'what changes is the state: its timers go on' },
  { name: 'not leak timers when PostStop is used', group: GROUP, status: 'ported', note: 'the terminate may take its time: no tick comes meanwhile, nor after' },
  { name: 'discard TimerMsg on restart', group: 'TimerSpec', status: 'ported' },
  { name: 'discard TimerMsg when exception from withTimers block', group: 'TimerSpec', status: 'adapted', note: 'what sets timers and then fails is an init' },
];
