/** Cells of the fault matrix: the venue wants rest (429), or bans the address (418), at an exit or a stop. Rest is for openings; a ban is for everything, told loudly, and nothing is sent in it. */
import type { Fault, FaultCase } from '../fault-case.ts';
import { cancelOf, closeOf, readOf, stopOf, targetOf } from '../fault-case.ts';

/** The shortest ban of the venue is two minutes; what is tried here is its beginning and its end. */
const ban = (match: Fault['match'], banMs = 3_000): readonly Fault[] => [{ match, action: 'error', status: 418, code: -1003, banMs, times: 1 }];
/** With the five seconds the paper exchange names. */
const rest = (match: Fault['match']): readonly Fault[] => [{ match, action: 'rate-limit', times: 1 }];
/** The account's window of orders is full, ten seconds long: as long as a position may be naked. */
const ordersFull = (match: Fault['match']): readonly Fault[] => [{ match, action: 'error', status: 429, code: -1015, message: 'Too many new orders; current limit is 300 orders per 10 SECONDS.', times: 1 }];
const BANNED = { alerts: ['venue-banned'], closedTo: ['VENUE_BANNED', 'TRADING_REDUCING'], alone: true } as const;
/** All at once: exits and stops go on in it. That nothing is opened meanwhile is asked by those that go alone. */
const RESTING = { alerts: ['venue-throttled'] } as const;
const CLOSED = { closedTo: ['VENUE_THROTTLED'], alone: true } as const;

export const BANS: readonly FaultCase[] = [
  { failure: '57, 88', at: 'stop', fault: 'rate-limit 429', armed: rest(stopOf), ...RESTING, end: 'held' },
  { failure: '57', at: 'target', fault: 'rate-limit 429', armed: rest(targetOf), ...RESTING, end: 'held' },
  { failure: '57, 49', at: 'part', fault: 'rate-limit 429', armed: rest(closeOf), act: 'tier', ...RESTING, end: 'held' },
  { failure: '57, 93', at: 'stop after a part', fault: 'rate-limit 429', armed: rest(stopOf), act: 'tier', ...RESTING, end: 'held' },
  { failure: '57, 49', at: 'close', fault: 'rate-limit 429', armed: rest(closeOf), act: 'close', ...RESTING, ...CLOSED, end: 'flat' },
  { failure: '57, 90', at: 'cancel of the stop after a close', fault: 'rate-limit 429', armed: rest(cancelOf('stop')), act: 'close', ...RESTING, end: 'flat' },
  { failure: '57, 88', at: 'the position, to confirm flat', fault: 'rate-limit 429', armed: rest(readOf('/fapi/v3/positionRisk')), act: 'close', ...RESTING, alone: true, end: 'flat' },
  { failure: '57, 88', at: 'stop', fault: '−1015, ten seconds of rest: closed at the naked bound', armed: ordersFull(stopOf), ...CLOSED, alerts: ['venue-throttled', 'naked/{symbol}'], end: 'flat' },
  // Nothing can be sent: naked beyond the bound, told of as both, and closed when the ban is over. After a first ban nothing is opened for five minutes (ruling 12): those that need an opening have been before.
  { failure: '57, 88', at: 'stop', fault: 'a ban of 14 s', armed: ban(stopOf, 14_000), ...BANNED, alerts: ['venue-banned', 'naked/{symbol}'], nakedMs: 16_000, end: 'flat' },
  { failure: '57, 93', at: 'stop after a part', fault: 'a ban of 3 s', armed: ban(stopOf), act: 'tier', ...BANNED, end: 'held' },
  { failure: '57', at: 'target after a part', fault: 'a ban of 3 s', armed: ban(targetOf), act: 'tier', ...BANNED, end: 'held' },
  { failure: '57, 49', at: 'part', fault: 'a ban of 3 s', armed: ban(closeOf), act: 'tier', ...BANNED, end: 'held' },
  { failure: '57, 93', at: 'cancel of the stop that was replaced', fault: 'a ban of 3 s', armed: ban(cancelOf('stop')), act: 'tier', ...BANNED, end: 'held' },
  { failure: '57, 49', at: 'close', fault: 'a ban of 3 s', armed: ban(closeOf), act: 'close', ...BANNED, end: 'flat' },
  { failure: '57, 90', at: 'the stop fires, and the cancel of the target', fault: 'a ban of 3 s', armed: ban(cancelOf('target')), act: 'stop', ...BANNED, end: 'flat' },
  { failure: '57, 88', at: 'the position, to confirm flat', fault: 'a ban of 3 s', armed: ban(readOf('/fapi/v3/positionRisk')), act: 'close', ...BANNED, end: 'flat' },
];
