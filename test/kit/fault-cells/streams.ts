/** Cells of the fault matrix: what meets everybody. Streams that fall silent, break, repeat or swap; settings and readings that fail. */
import type { Control, FaultCase } from '../fault-case.ts';

const stream = (name: 'user' | 'market' | 'all', action: string, forMs?: number): Control => ({ control: 'streams', body: { stream: name, action, ...(forMs === undefined ? {} : { forMs }) } });

const SETTING_FAULTS = [
  ['500', { action: 'error', status: 500, code: -1001, times: 1 }],
  ['drop-request', { action: 'drop-request', times: 1 }],
  ['drop-response', { action: 'drop-response', times: 1 }],
  ['reset', { action: 'reset', times: 1 }],
  ['a delay of 2 s', { action: 'delay', delayMs: 2_000, times: 1 }],
  ['502 of a proxy, and it was set', { action: 'error', status: 502, text: 'Bad Gateway', processed: true, times: 1 }],
] as const;

/** What is asked before anything can be opened. */
const AT_START = ['time', 'exchangeInfo', 'klines', 'accountConfig', 'leverageBracket', 'symbolConfig', 'openOrders', 'openAlgoOrders'];
const START_FAULTS = [
  { action: 'error', status: 500, code: -1001, times: 1 },
  { action: 'reset', times: 1 },
  { action: 'drop-request', times: 1 },
  { action: 'delay', delayMs: 1_000, times: 1 },
] as const;
const START_REQUESTS = [...AT_START.map((name) => ({ method: 'GET', path: `/fapi/v1/${name}` })), { method: 'GET', path: '/fapi/v3/positionRisk' }, { method: 'GET', path: '/fapi/v3/account' }, { method: 'POST', path: '/fapi/v1/listenKey' }];

export const STREAMS: readonly FaultCase[] = [
  // The ready gate waits for the settings of every symbol, or openings of this one do (failure 41).
  ...(['leverage', 'marginType'] as const).flatMap((what) =>
    SETTING_FAULTS.map(([fault, spec]): FaultCase => ({ failure: '41', at: `setting of ${what}`, fault, armed: [{ match: { method: 'POST', path: `/fapi/v1/${what}`, params: { symbol: '{symbol}' } }, ...spec }], atStart: true, end: 'held' })),
  ),
  { failure: '32, 68', at: 'start', fault: 'every reading fails in three ways and is late', armed: START_REQUESTS.flatMap((match) => START_FAULTS.map((fault) => ({ match, ...fault }))), atStart: true, end: 'held' },
  { failure: '68, 73', at: 'balance', fault: '500 twice', armed: [{ match: { method: 'GET', path: '/fapi/v3/account' }, action: 'error', status: 500, code: -1001, times: 2 }], alone: true, end: 'held' },
  { failure: '76', at: 'user stream, opening', fault: 'silent for 6 s', armed: [], before: [stream('user', 'silence', 6_000)], alone: true, end: 'held' },
  { failure: '76', at: 'user stream, opening', fault: 'disconnected', armed: [], before: [stream('user', 'disconnect')], alone: true, end: 'held' },
  { failure: '76', at: 'user stream, opening', fault: 'each event twice', armed: [], before: [stream('user', 'duplicate', 5_000)], alone: true, end: 'held' },
  { failure: '76', at: 'user stream, opening', fault: 'events swapped', armed: [], before: [stream('user', 'reorder', 5_000)], alone: true, end: 'held' },
  { failure: '76', at: 'listen key', fault: 'expired, and the next one is refused once', armed: [{ match: { method: 'POST', path: '/fapi/v1/listenKey' }, action: 'error', status: 503, code: -1000, times: 1 }], before: [stream('user', 'expire-listen-key')], alone: true, end: 'held' },
  { failure: '76', at: 'market stream, opening', fault: 'silent for 5 s', armed: [], before: [stream('market', 'silence', 5_000)], alone: true, end: 'held' },
  { failure: '76', at: 'market stream, opening', fault: 'disconnected for 3 s', armed: [], before: [stream('market', 'disconnect', 3_000)], alone: true, end: 'held' },
  { failure: '76', at: 'all streams, opening', fault: 'disconnected for 3 s', armed: [], before: [stream('all', 'disconnect', 3_000)], alone: true, end: 'held' },
  { failure: '76, 90', at: 'user stream, the stop fires', fault: 'silent for 6 s', armed: [], beforeAct: [stream('user', 'silence', 6_000)], act: 'stop', alone: true, end: 'flat' },
  { failure: '76, 90', at: 'user stream, the target fires', fault: 'disconnected', armed: [], beforeAct: [stream('user', 'disconnect')], act: 'target', alone: true, end: 'flat' },
  { failure: '76, 93', at: 'user stream, a part', fault: 'events swapped', armed: [], beforeAct: [stream('user', 'reorder', 5_000)], act: 'tier', alone: true, end: 'held' },
  { failure: '76, 49', at: 'user stream, a close', fault: 'silent for 6 s', armed: [], beforeAct: [stream('user', 'silence', 6_000)], act: 'close', alone: true, end: 'flat' },
];
