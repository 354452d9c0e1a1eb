/** Cells of the fault matrix: everything that can become of an entry. One order, a known position and a stop; or no order, and the plan says so. */
import { each, entryOf, LOST_REQUESTS, readOf, REFUSALS, UNKNOWN_ANSWERS } from '../fault-case.ts';
import type { Fault, FaultCase } from '../fault-case.ts';

/** The answer was lost; or the request was, and nothing but our own asking can tell. Beside it one reading of the resolution fails at first. */
const lostAnswer: Fault = { match: entryOf, action: 'error', status: 408, code: -1007, processed: true, times: 1 };
const lostRequest: Fault = { match: entryOf, action: 'reset', times: 1 };

const READINGS = {
  'the order': readOf('/fapi/v1/order'),
  'the position': readOf('/fapi/v3/positionRisk'),
  'the open orders': readOf('/fapi/v1/openOrders'),
  'the open protections': readOf('/fapi/v1/openAlgoOrders'),
  'the trades': readOf('/fapi/v1/userTrades'),
} as const;
type Reading = keyof typeof READINGS;

const FAILED_READINGS = [
  ['500 twice', { action: 'error', status: 500, code: -1001, times: 2 }],
  ['drop-request', { action: 'drop-request', times: 1 }],
  ['drop-response', { action: 'drop-response', times: 1 }],
  ['reset twice', { action: 'reset', times: 2 }],
  ['a delay of 6 s', { action: 'delay', delayMs: 6_000, times: 1 }],
] as const;

function resolving(what: Reading, lost: Fault, end: FaultCase['end']): readonly FaultCase[] {
  // Positions of several who ask at once are read together, and that reading names no symbol: a fault of one symbol's would meet nothing.
  const alone = what === 'the position' ? { alone: true } : {};
  return FAILED_READINGS.map(([fault, spec]) => ({ ...alone, failure: '47, 83', at: `entry ${lost === lostAnswer ? 'executed' : 'not executed'} and not answered, then ${what}`, fault, armed: [lost, { match: READINGS[what], ...spec }], end }));
}

export const OPENING: readonly FaultCase[] = [
  ...each(UNKNOWN_ANSWERS, (_, spec) => ({ failure: '47', at: 'entry', armed: [{ match: entryOf, ...spec }], end: 'held' })),
  ...each(LOST_REQUESTS, (_, spec) => ({ failure: '47', at: 'entry', armed: [{ match: entryOf, ...spec }], end: { none: 'ENTRY_ABSENT' } })),
  ...each(REFUSALS, (_, spec) => ({ failure: '40, 48, 58', at: 'entry', armed: [{ match: entryOf, ...spec }], end: { none: 'VENUE_REJECTED' } })),
  // It arrives after its deadline, while it is being asked for: found, never sent again.
  { failure: '47', at: 'entry', fault: 'a delay beyond the deadline and within the recvWindow', armed: [{ match: entryOf, action: 'delay', delayMs: 4_000, times: 1 }], end: 'held' },
  { failure: '47', at: 'entry', fault: 'a delay beyond deadline and recvWindow: the venue refuses it as too old', armed: [{ match: entryOf, action: 'delay', delayMs: 9_500, times: 1 }], quietMs: 10_000, end: { none: 'VENUE_REJECTED' } },
  // The user stream tells of the fill, so only what is asked in any case is asked here.
  ...(['the position', 'the open orders', 'the open protections'] as const).flatMap((what) => resolving(what, lostAnswer, 'held')),
  ...(['the order', 'the position', 'the open orders', 'the trades'] as const).flatMap((what) => resolving(what, lostRequest, { none: 'ENTRY_ABSENT' })),
  // What these bring is upon all openings: they go last, one after another.
  { failure: '40', at: 'entry', fault: '−2019, which closes every symbol to openings', armed: [{ match: entryOf, action: 'error', status: 400, code: -2019, message: 'Margin is insufficient.', times: 1 }], alone: true, end: { none: 'VENUE_REJECTED' } },
  { failure: '57', at: 'entry', fault: 'rate-limit 429', armed: [{ match: entryOf, action: 'rate-limit', times: 1 }], alone: true, end: { none: 'VENUE_REJECTED' } },
  { failure: '57', at: 'entry', fault: 'rate-limit 418, a ban of two minutes', armed: [{ match: entryOf, action: 'rate-limit', status: 418, times: 1 }], alone: true, end: { none: 'VENUE_REJECTED' } },
];
