/** Cells of the fault matrix: the venue's clock steps or drifts away from ours (−1021) before and while something is sent. Nothing is opened until both are one again; what reduces goes once more by the new time. */
import type { Control, Fault, FaultCase } from '../fault-case.ts';
import { cancelOf, closeOf, entryOf, stopOf, targetOf } from '../fault-case.ts';

const offset = (offsetMs: number, thenMs?: number): Control => ({ control: 'clock', body: { offsetMs }, ...(thenMs === undefined ? {} : { thenMs }) });
/** The venue is later than the recvWindow allows for, or earlier than it takes at all; and so it is again when it steps back, so that both are noticed. */
const STEPS = [
  ['steps 7 s ahead', 7_000],
  ['steps 7 s back', -7_000],
] as const;
const undo = { afterMs: 0, controls: [offset(0)] };
/** It is away for so long at least: the question for the time must find it so. */
const LASTS = { afterMs: 1_500, controls: [offset(0)] };
/** Until the clock has stepped, and within its deadline. */
const UNDER_WAY_MS = 2_000;
const underWay = (match: Fault['match']): readonly Fault[] => [{ match, action: 'delay', delayMs: UNDER_WAY_MS, times: 1 }];
/** Still away when what is under way arrives. */
const LASTS_UNDER_WAY = { afterMs: UNDER_WAY_MS + 1_500, controls: [offset(0)] };
/** By the venue for its time; or by us, who have heard of it first. */
const NOT_OPENED = { refused: ['VENUE_REJECTED', 'CLOCK_SKEW', 'INTENT_EXPIRED'] };
/** The one that finds it out is refused by the venue itself. */
const CLOSED = ['CLOCK_SKEW', 'VENUE_REJECTED'];
/** Within what the recvWindow allows for: no refusal tells of it, the reading every 15 s does, and the one after it. */
const SEEN_MS = 17_000;
/** A venue's clock that steps makes its own times long or short by as much. */
const STEPPED_NAKED_MS = 18_000;

/** In small steps, each below what anybody would notice, until it is beyond every window. */
const DRIFT: readonly Control[] = Array.from({ length: 16 }, (_, index) => offset((index + 1) * 500, 100));

export const CLOCK: readonly FaultCase[] = [
  ...STEPS.map(([fault, ms]): FaultCase => ({ failure: '58', at: 'before the entry', fault: `the venue's clock ${fault}`, armed: [], before: [offset(ms)], closedTo: CLOSED, alerts: ['clock-skew'], undo, alone: true, end: NOT_OPENED })),
  { failure: '58', at: 'before the entry', fault: "the venue's clock steps 3 s ahead", armed: [], before: [offset(3_000, SEEN_MS)], closedTo: ['CLOCK_SKEW'], alerts: ['clock-skew'], undo, alone: true, end: { refused: ['CLOCK_SKEW', 'INTENT_EXPIRED'] } },
  ...STEPS.map(([fault, ms]): FaultCase => ({ failure: '58', at: 'entry under way', fault: `the venue's clock ${fault}`, armed: underWay(entryOf), onStruck: [offset(ms)], closedTo: CLOSED, undo: LASTS_UNDER_WAY, alone: true, end: NOT_OPENED })),
  ...STEPS.map(([fault, ms]): FaultCase => ({ failure: '58, 88', at: 'stop under way', fault: `the venue's clock ${fault}`, armed: underWay(stopOf), onStruck: [offset(ms)], undo: LASTS_UNDER_WAY, nakedMs: STEPPED_NAKED_MS, alone: true, end: 'held' })),
  { failure: '58', at: 'target under way', fault: "the venue's clock steps 7 s ahead", armed: underWay(targetOf), onStruck: [offset(7_000)], undo: LASTS_UNDER_WAY, alone: true, end: 'held' },
  ...STEPS.map(([fault, ms]): FaultCase => ({ failure: '58, 49', at: 'close', fault: `the venue's clock ${fault}`, armed: [], beforeAct: [offset(ms)], act: 'close', undo: LASTS, alone: true, end: 'flat' })),
  { failure: '58, 49', at: 'close under way', fault: "the venue's clock steps 7 s ahead", armed: underWay(closeOf), act: 'close', onStruck: [offset(7_000)], undo: LASTS_UNDER_WAY, alone: true, end: 'flat' },
  { failure: '58, 49', at: 'close', fault: "the venue's clock has drifted 8 s away", armed: [], beforeAct: DRIFT, act: 'close', undo: LASTS, alone: true, end: 'flat' },
  { failure: '58, 49', at: 'part', fault: "the venue's clock steps 7 s ahead", armed: [], beforeAct: [offset(7_000)], act: 'tier', undo: LASTS, nakedMs: STEPPED_NAKED_MS, alone: true, end: 'held' },
  { failure: '58, 93', at: 'cancel of the stop that was replaced', fault: "the venue's clock steps 7 s back", armed: underWay(cancelOf('stop')), act: 'tier', onStruck: [offset(-7_000)], undo: LASTS_UNDER_WAY, nakedMs: STEPPED_NAKED_MS, alone: true, end: 'held' },
  { failure: '58, 90', at: 'the stop fires', fault: "the venue's clock steps 7 s ahead", armed: [], beforeAct: [offset(7_000)], act: 'stop', undo: LASTS, alone: true, end: 'flat' },
];
