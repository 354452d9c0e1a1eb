/** Cells of the fault matrix: what can become of a stop, a target, and of what follows the position. Whatever fails, it is behind one stop, or closed within the naked bound. */
import { cancelOf, closeOf, each, LOST_REQUESTS, readOf, REFUSALS, stopOf, targetOf, UNKNOWN_ANSWERS } from '../fault-case.ts';
import type { Control, FaultCase } from '../fault-case.ts';
import { STOP_LOST_BOUND_MS } from '../../../src/rules/position-life/guard.ts';

const DISAPPEARS: Control = { control: 'stops/drop', body: { symbol: '{symbol}' } };
/** The question for the stop that stood before the act; it names no symbol. */
const askedFor = { method: 'GET', path: '/fapi/v1/algoOrder', params: { clientAlgoId: '{stop}' } } as const;
const LOST_QUESTIONS = [
  ['500', { action: 'error', status: 500, code: -1001, times: 1 }],
  ['drop-request', { action: 'drop-request', times: 1 }],
  ['drop-response', { action: 'drop-response', times: 1 }],
  ['reset', { action: 'reset', times: 1 }],
  ['a delay of 6 s', { action: 'delay', delayMs: 6_000, times: 1 }],
] as const;
const EVERY_ANSWER = [...UNKNOWN_ANSWERS, ...LOST_REQUESTS, ...REFUSALS];
/** What a reading may be answered with, each a few times. */
const FAILED_READINGS = [
  ['500 twice', { action: 'error', status: 500, code: -1001, times: 2 }],
  ['drop-request', { action: 'drop-request', times: 1 }],
  ['reset twice', { action: 'reset', times: 2 }],
] as const;
const WOULD_TRIGGER = { action: 'error', status: 400, code: -2021, message: 'Order would immediately trigger.', times: 1 } as const;
const NO_ROOM = { action: 'error', status: 400, code: -4045, message: 'Reach max stop order limit.', times: 1 } as const;
const REDUCE_ONLY = { action: 'error', status: 400, code: -2022, message: 'ReduceOnly Order is rejected.', times: 1 } as const;

export const PLACED: readonly FaultCase[] = [
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '88, 92', at: 'stop', armed: [{ match: stopOf, ...spec }], end: 'held' })),
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '88, 92', at: 'target', armed: [{ match: targetOf, ...spec }], end: 'held' })),
  { failure: '91', at: 'stop', fault: '−2021: it is hit', armed: [{ match: stopOf, ...WOULD_TRIGGER }], end: 'flat' },
  // For ever: closed at the naked bound, whatever the venue says of stops.
  { failure: '88', at: 'stop', fault: '503 for ever', armed: [{ match: stopOf, action: 'error', status: 503, text: 'Service Unavailable.' }], healAfterMs: 16_000, end: 'flat' },
  { failure: '88', at: 'stop', fault: 'drop-request for ever', armed: [{ match: stopOf, action: 'drop-request' }], healAfterMs: 16_000, end: 'flat' },
  // The close at the bound is lost, too, and asked for by its id before it is sent again.
  { failure: '88', at: 'stop and the close', fault: '503 for ever, and the first close is lost', armed: [{ match: stopOf, action: 'error', status: 503, text: 'Service Unavailable.' }, { match: closeOf, action: 'reset', times: 1 }], healAfterMs: 16_000, nakedMs: 22_000, end: 'flat' },
  { failure: '88', at: 'open protections, read back', fault: '500 for ten seconds', armed: [{ match: readOf('/fapi/v1/openAlgoOrders'), action: 'error', status: 500, code: -1001 }], healAfterMs: 10_000, end: 'held' },
];

export const CHANGED: readonly FaultCase[] = [
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '49, 56', at: 'part', armed: [{ match: closeOf, ...spec }], act: 'tier', end: 'held' })),
  { failure: '54', at: 'part', fault: '−2022', armed: [{ match: closeOf, ...REDUCE_ONLY }], act: 'tier', end: 'held' },
  // The stop follows the quantity: the new one first, then the old one goes.
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '93', at: 'stop after a part', armed: [{ match: stopOf, ...spec }], act: 'tier', end: 'held' })),
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '93', at: 'cancel of the stop that was replaced', armed: [{ match: cancelOf('stop'), ...spec }], act: 'tier', end: 'held' })),
  ...each([...LOST_REQUESTS, ...UNKNOWN_ANSWERS.slice(0, 2)], (_, spec) => ({ failure: '93', at: 'cancel of the target that was replaced', armed: [{ match: cancelOf('target'), ...spec }], act: 'tier', end: 'held' })),
  ...each([...LOST_REQUESTS, ...UNKNOWN_ANSWERS.slice(0, 2)], (_, spec) => ({ failure: '93', at: 'stop into profit', armed: [{ match: stopOf, ...spec }], act: 'lock', end: 'held' })),
  { failure: '89', at: 'stop after a part', fault: '−4045 once', armed: [{ match: stopOf, ...NO_ROOM }], act: 'tier', end: 'held' },
];

/** Few at a time: each looks for its stop, and the weight of a minute is what it has. */
export const DISAPPEARED: readonly FaultCase[] = [
  // Nobody tells of it. The venue's list is read at least every 15 s, and it stands again within 30.
  { failure: '88', at: 'stop', fault: 'disappears without a word', armed: [], act: DISAPPEARS, nakedMs: STOP_LOST_BOUND_MS, end: 'held' },
  ...LOST_QUESTIONS.map(([fault, spec]): FaultCase => ({ failure: '88', at: 'stop that has disappeared, asked for', fault, armed: [{ match: askedFor, ...spec }], act: DISAPPEARS, nakedMs: STOP_LOST_BOUND_MS, end: 'held' })),
  // Found within the bound, and naked from then on.
  { failure: '88', at: 'stop that has disappeared, placed anew', fault: '503 for ever', armed: [{ match: stopOf, action: 'error', status: 503, text: 'Service Unavailable.' }], act: DISAPPEARS, healAfterMs: STOP_LOST_BOUND_MS, nakedMs: STOP_LOST_BOUND_MS + 10_000, end: 'flat' },
];

export const CLOSED: readonly FaultCase[] = [
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '47, 49', at: 'close', armed: [{ match: closeOf, ...spec }], act: 'close', end: 'flat' })),
  { failure: '54', at: 'close', fault: '−2022', armed: [{ match: closeOf, ...REDUCE_ONLY }], act: 'close', end: 'flat' },
  ...each(EVERY_ANSWER, (_, spec) => ({ failure: '90', at: 'cancel of the stop after a close', armed: [{ match: cancelOf('stop'), ...spec }], act: 'close', end: 'flat' })),
  ...each([...LOST_REQUESTS, ...UNKNOWN_ANSWERS.slice(0, 2)], (_, spec) => ({ failure: '90', at: 'cancel of the target after the stop has fired', armed: [{ match: cancelOf('target'), ...spec }], act: 'stop', end: 'flat' })),
  ...each([...LOST_REQUESTS, ...UNKNOWN_ANSWERS.slice(0, 2)], (_, spec) => ({ failure: '90', at: 'cancel of the stop after the target has fired', armed: [{ match: cancelOf('stop'), ...spec }], act: 'target', end: 'flat' })),
  ...each(FAILED_READINGS, (_, spec) => ({ failure: '92', at: 'the position, to confirm flat', armed: [{ match: readOf('/fapi/v3/positionRisk'), ...spec }], act: 'close', alone: true, end: 'flat' })),
  { failure: '84, 94', at: 'position', fault: 'deleveraged by the venue', armed: [], act: { control: 'adl', body: { symbol: '{symbol}' } }, end: 'flat' },
];
