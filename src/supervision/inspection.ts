/** What can be seen of the tree from outside: a stream of events, and a view of each node. */
import type { Distribution } from './cell/histogram.ts';
import type { ExitKind } from './behaviour.ts';
import { isoTime } from './clock.ts';
import { redactedLine, redactText } from './redact.ts';

export type LifecycleEvent =
  | { readonly type: 'started'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'stopped'; readonly path: string; readonly incarnation: number; readonly kind: ExitKind; readonly reason: string }
  | { readonly type: 'crashed'; readonly path: string; readonly incarnation: number; readonly crash: Crash }
  | { readonly type: 'restarting'; readonly path: string; readonly incarnation: number; readonly inMs: number; readonly used: number; readonly limit: number }
  | { readonly type: 'budget-spent'; readonly path: string; readonly retryEveryMs: number }
  | { readonly type: 'escalated'; readonly path: string; readonly incarnation: number; readonly child: string; readonly reason: string }
  | { readonly type: 'suspended' | 'resumed'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'parked'; readonly path: string; readonly incarnation: number; readonly message: string; readonly from: string; readonly reason: string }
  | { readonly type: 'state-replaced'; readonly path: string; readonly incarnation: number; readonly reason: string }
  /** At most ten in five minutes for one reason and receiver; `unreported` were not told of before this one. All are counted. */
  | { readonly type: 'dead-letter'; readonly to: string; readonly from: string; readonly message: string; readonly reason: string; readonly unreported: number };

/** Why an incarnation ended before its time. Text only, redacted and cut to size: it is shown and logged. */
export interface Crash {
  readonly at: number;
  readonly incarnation: number;
  readonly reason: string;
  /** The type of the message in whose handling it happened. */
  readonly during?: string;
  readonly stack?: string;
}

/** How the last incarnation ended. */
export interface Exit {
  readonly kind: ExitKind;
  readonly incarnation: number;
  readonly reason: string;
  /** ISO-8601. */
  readonly at: string;
}

export type NodeStatus = 'starting' | 'running' | 'restarting' | 'suspended' | 'stopped';

/** As in OTP: `permanent` is always started again, `transient` only after a failure, `temporary` never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Where every message went: `received = handled + queued + parked + flushed + dropped + superseded + dead`; the refused were never taken. */
export interface Accounts {
  readonly received: number;
  readonly handled: number;
  /** Waiting, or in hand. */
  readonly queued: number;
  readonly parked: number;
  readonly flushed: number;
  readonly dropped: number;
  /** A newer one of the same key took its place: no loss, but what the mailbox is for. */
  readonly superseded: number;
  readonly dead: number;
  readonly refused: number;
}

/** Milliseconds in the mailbox and in the handler. In a burst, up to sixteen quick messages share one reading of the clock. */
export interface Timing {
  readonly waitMs: Distribution;
  readonly serviceMs: Distribution;
}

export interface NodeView {
  readonly path: string;
  readonly role: string;
  readonly kind: 'supervisor' | 'worker';
  readonly status: NodeStatus;
  readonly incarnation: number;
  readonly restart: RestartType;
  readonly restarts: number;
  readonly restartBudget: { readonly used: number; readonly limit: number; readonly windowMs: number };
  /** Null until an incarnation has ended. */
  readonly lastExit: Exit | null;
  /** `parked`: messages that crashed two incarnations, kept aside now. */
  readonly mailbox: { readonly depth: number; readonly capacity: number; readonly oldestMs: number; readonly dropped: number; readonly parked: number };
  readonly handled: number;
  /** ISO-8601; null before the first message. */
  readonly lastMessageAt: string | null;
  readonly children: readonly NodeView[];
}

/** A message that was handled, for the inspection of one actor. */
export interface RecentMessage {
  readonly type: string;
  readonly at: string;
  readonly from: string;
  readonly queueMs: number;
  readonly serviceMs: number;
}

/** A message that crashed two incarnations and is kept aside. `payload`: one line of JSON, redacted and cut. */
export interface ParkedMessage {
  readonly type: string;
  readonly from: string;
  readonly at: string;
  readonly reason: string;
  readonly payload: string;
}

export interface WorkerDetail extends NodeView {
  readonly purpose: string;
  /** By the actor's own view, redacted; null: no incarnation has one now. */
  readonly state: unknown;
  readonly accounts: Accounts;
  readonly timing: Timing;
  readonly recentMessages: readonly RecentMessage[];
  readonly crashes: readonly Crash[];
  readonly parked: readonly ParkedMessage[];
  /** Effects that still run: those of this incarnation, and those that outlived theirs. */
  readonly effects: { readonly running: number; readonly orphaned: number };
  readonly watchedBy: readonly string[];
}

/** The part of a view that the node knows itself; the rest its supervisor adds. */
export type OwnView = Omit<NodeView, 'restart' | 'restarts' | 'restartBudget'>;
export type OwnDetail = Omit<WorkerDetail, 'restart' | 'restarts' | 'restartBudget'>;

const REASON_LIMIT = 500;
const STACK_LIMIT = 2_000;

/** Whatever was thrown, in a line. Never throws itself: it is called where there is nobody left to catch it. */
export function describeError(error: unknown): string {
  try {
    if (typeof error === 'object' && error !== null && !(error instanceof Error)) return redactedLine(error).slice(0, REASON_LIMIT);
    return redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, REASON_LIMIT);
  } catch {
    return 'an error that cannot be described';
  }
}

export function describeCrash(error: unknown, at: number, incarnation: number, during: string | undefined): Crash {
  const crash = { at, incarnation, reason: describeError(error), ...(during === undefined ? {} : { during }) };
  if (!(error instanceof Error)) return crash;
  // Writing a stack out takes longer than a restart: it is done for whoever looks.
  let stack: string | undefined;
  return Object.defineProperty(crash, 'stack', { enumerable: true, get: () => (stack ??= typeof error.stack === 'string' ? redactText(error.stack).slice(0, STACK_LIMIT) : '') });
}

export function describeExit(kind: ExitKind, incarnation: number, reason: string, at: number): Exit {
  return { kind, incarnation, reason: redactText(reason).slice(0, REASON_LIMIT), at: isoTime(at) };
}
