/** What can be seen of the tree from outside: a stream of events, and a view of each node. */

export type LifecycleEvent =
  | { readonly type: 'started'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'stopped'; readonly path: string; readonly incarnation: number; readonly reason: string }
  | { readonly type: 'crashed'; readonly path: string; readonly incarnation: number; readonly crash: Crash }
  | { readonly type: 'restarting'; readonly path: string; readonly incarnation: number; readonly inMs: number; readonly used: number; readonly limit: number }
  | { readonly type: 'budget-spent'; readonly path: string; readonly retryEveryMs: number }
  | { readonly type: 'suspended' | 'resumed'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'dead-letter'; readonly to: string; readonly from: string; readonly message: string; readonly reason: string };

/** Why an incarnation ended before its time. Text only, cut to size: it is shown and logged. */
export interface Crash {
  readonly at: number;
  readonly incarnation: number;
  readonly reason: string;
  /** The type of the message in whose handling it happened. */
  readonly during?: string;
  readonly stack?: string;
}

export type NodeStatus = 'starting' | 'running' | 'restarting' | 'suspended' | 'stopped';

export interface NodeView {
  readonly path: string;
  readonly role: string;
  readonly kind: 'supervisor' | 'worker';
  readonly status: NodeStatus;
  readonly incarnation: number;
  readonly restarts: number;
  readonly restartBudget: { readonly used: number; readonly limit: number; readonly windowMs: number };
  readonly mailbox: { readonly depth: number; readonly capacity: number; readonly oldestMs: number; readonly dropped: number };
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

export interface WorkerDetail extends NodeView {
  readonly purpose: string;
  readonly state: unknown;
  readonly recentMessages: readonly RecentMessage[];
  readonly crashes: readonly Crash[];
  /** Effects that still run: those of this incarnation, and those that outlived theirs. */
  readonly effects: { readonly running: number; readonly orphaned: number };
}

const STACK_LIMIT = 2_000;

export function describeCrash(error: unknown, at: number, incarnation: number, during: string | undefined): Crash {
  const reason = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
  const stack = error instanceof Error ? error.stack?.slice(0, STACK_LIMIT) : undefined;
  return { at, incarnation, reason, ...(during === undefined ? {} : { during }), ...(stack === undefined ? {} : { stack }) };
}
