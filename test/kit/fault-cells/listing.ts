/** Cells of the fault matrix: a symbol is halted, or delisted and settled by the venue, while it is flat, opening, protected, closing. */
import type { Control, Fault, FaultCase } from '../fault-case.ts';
import { cancelOf, closeOf, entryOf, stopOf, targetOf } from '../fault-case.ts';

const status = (to: 'TRADING' | 'PENDING_TRADING' | 'PRE_SETTLE' | 'SETTLING' | 'CLOSE'): Control => ({ control: 'symbols/{symbol}', body: { status: to } });
const HALTED = status('PENDING_TRADING');
const back = (afterMs: number) => ({ afterMs, controls: [status('TRADING')] });
/** So long under way that the venue is another one when it arrives, and within its deadline: eight seconds, of a protection two and a half. */
const underWay = (match: Fault['match']): readonly Fault[] => [{ match, action: 'delay', delayMs: match === stopOf || match === targetOf ? 2_000 : 3_500, times: 1 }];
/** Refused by the venue, or by us once its list has been read again. */
const NOT_OPENED = { refused: ['VENUE_REJECTED', 'SYMBOL_NOT_TRADING', 'SYMBOL_NOT_IN_UNIVERSE', 'SYMBOL_NOT_IN_POLICY_UNIVERSE'] };

const GONE = [
  ['delisted and settled', status('SETTLING')],
  ['closed at once', status('CLOSE')],
] as const;

export const LISTING: readonly FaultCase[] = [
  ...([['halted', HALTED], ['about to be delisted', status('PRE_SETTLE')], ...GONE] as const).map(([fault, control]): FaultCase => ({ failure: '19', at: 'flat', fault, armed: [], before: [control], end: NOT_OPENED })),
  ...([['halted', HALTED], ...GONE] as const).map(([fault, control]): FaultCase => ({ failure: '19', at: 'entry under way', fault, armed: underWay(entryOf), onStruck: [control], end: NOT_OPENED })),
  // Executed, its answer lost, and settled before we could know of it.
  ...GONE.map(([fault, control]): FaultCase => ({ failure: '19, 47', at: 'entry executed and not answered', fault, armed: [{ match: entryOf, action: 'drop-response', times: 1 }], onStruck: [control], end: 'flat' })),
  { failure: '19, 88', at: 'stop under way', fault: 'halted for 4 s', armed: underWay(stopOf), onStruck: [HALTED], undo: back(4_000), alerts: ['naked/{symbol}'], end: 'held' },
  // Nothing can be sent until it trades again: told of as naked, and closed as soon as it can be.
  { failure: '19, 88', at: 'stop under way', fault: 'halted for 14 s', armed: underWay(stopOf), onStruck: [HALTED], undo: back(14_000), alerts: ['naked/{symbol}'], nakedMs: 18_000, end: 'flat' },
  { failure: '19, 88', at: 'stop under way', fault: 'about to be delisted: what reduces is taken', armed: underWay(stopOf), onStruck: [status('PRE_SETTLE')], end: 'held' },
  ...GONE.map(([fault, control]): FaultCase => ({ failure: '19, 88', at: 'stop under way', fault, armed: underWay(stopOf), onStruck: [control], end: 'flat' })),
  { failure: '19', at: 'target under way', fault: 'halted for 4 s', armed: underWay(targetOf), onStruck: [HALTED], undo: back(4_000), end: 'held' },
  { failure: '19', at: 'target under way', fault: 'delisted and settled', armed: underWay(targetOf), onStruck: [status('SETTLING')], end: 'flat' },
  { failure: '19', at: 'protected', fault: 'halted for 4 s', armed: [], act: HALTED, undo: back(4_000), end: 'held' },
  { failure: '19', at: 'protected', fault: 'about to be delisted', armed: [], act: status('PRE_SETTLE'), end: 'held' },
  ...GONE.map(([fault, control]): FaultCase => ({ failure: '19, 84', at: 'protected', fault, armed: [], act: control, end: 'flat' })),
  { failure: '19, 49', at: 'part under way', fault: 'halted for 4 s', armed: underWay(closeOf), act: 'tier', onStruck: [HALTED], undo: back(4_000), end: 'held' },
  { failure: '19, 49', at: 'part under way', fault: 'delisted and settled', armed: underWay(closeOf), act: 'tier', onStruck: [status('SETTLING')], end: 'flat' },
  { failure: '19, 93', at: 'stop after a part', fault: 'halted for 4 s', armed: underWay(stopOf), act: 'tier', onStruck: [HALTED], undo: back(4_000), end: 'held' },
  { failure: '19, 49', at: 'close', fault: 'halted for 6 s', armed: [], beforeAct: [HALTED], act: 'close', undo: back(6_000), end: 'flat' },
  { failure: '19, 49', at: 'close', fault: 'about to be delisted', armed: [], beforeAct: [status('PRE_SETTLE')], act: 'close', end: 'flat' },
  ...([['halted for 4 s', HALTED, back(4_000)], ['delisted and settled', status('SETTLING'), undefined], ['closed at once', status('CLOSE'), undefined]] as const).map(
    ([fault, control, undo]): FaultCase => ({ failure: '19, 47', at: 'close under way', fault, armed: underWay(closeOf), act: 'close', onStruck: [control], ...(undo === undefined ? {} : { undo }), end: 'flat' }),
  ),
  { failure: '19, 47', at: 'close executed and not answered', fault: 'delisted and settled', armed: [{ match: closeOf, action: 'drop-response', times: 1 }], act: 'close', onStruck: [status('SETTLING')], end: 'flat' },
  { failure: '19, 90', at: 'cancel of the stop after a close', fault: 'halted', armed: underWay(cancelOf('stop')), act: 'close', onStruck: [HALTED], end: 'flat' },
  { failure: '19, 90', at: 'cancel of the stop after a close', fault: 'delisted and settled', armed: underWay(cancelOf('stop')), act: 'close', onStruck: [status('SETTLING')], end: 'flat' },
];
