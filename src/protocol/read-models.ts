/** What operators read: decisions as they are kept, the chain of one thing, the funnel, flow contracts, alerts. */
import type { Decision, DecisionIds, Stage } from './decisions.ts';
import type { SymbolName } from './names.ts';
import type { Phase } from './views.ts';

/** A decision as it is kept: the same again and again is one record with a count. */
export interface RecordedDecision extends Decision {
  readonly count: number;
  /** When it was last decided the same way, wall time ms. */
  readonly lastAt: number;
}

/** The life of one thing, from the first signal to the last fill; empty `steps`: nothing is on record under this id. */
export interface TraceView {
  readonly id: string;
  readonly ids: DecisionIds & { readonly orderIds: readonly string[] };
  readonly steps: readonly TraceStep[];
  /** Why the chain may lack steps: the journal could not be read, say. */
  readonly incomplete?: string;
}

export interface TraceStep {
  readonly at: number;
  /** `signal`, `intent`, …; of the journal's own events: their type. */
  readonly step: string;
  readonly by: string;
  readonly outcome: string;
  readonly queueMs: number | null;
  readonly serviceMs: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface FunnelView {
  readonly windowMs: number;
  readonly stages: readonly { readonly stage: Stage; readonly in: number; readonly out: number; readonly refused: Readonly<Record<string, number>>; readonly lastAt: string | null }[];
}

/** One flow contract and how it is kept. */
export interface FlowView {
  readonly edge: string;
  readonly producer: string;
  /** Null: its silence says nothing. */
  readonly everyMs: number | null;
  readonly graceMs: number;
  readonly acceptEveryMs: number | null;
  readonly maxMisconfiguredRatio: number | null;
  /** `released`: not held to it now, as while the ready gate is closed. */
  readonly state: 'released' | 'grace' | 'fine' | 'silent' | 'dry';
  readonly broken: boolean;
  /** Open while too large a share of what it carries is misconfigured. */
  readonly breaker: 'closed' | 'open';
  /** ISO-8601. */
  readonly lastSeenAt: string | null;
  readonly lastSeenAgeMs: number | null;
  readonly windowMs: number;
  /** Over the window. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Restarts of the producer for its silence. */
  readonly restarts: { readonly used: number; readonly limit: number; readonly windowMs: number };
  /** True: nothing more is tried, only told. */
  readonly restartsSpent: boolean;
  /** What is wrong and what is done about it; empty: nothing. */
  readonly message: string;
}

/** Something that stands and that somebody should know. */
export interface AlertView {
  readonly name: string;
  /** ISO-8601. */
  readonly since: string;
  readonly message: string;
}

/**
 * What a reconciliation found of one symbol. `agreed`: both sides said the same. `corrected`: ours was wrong, and is the
 * venue's now. `left`: they differ, and it is left alone. `unresolved`: its executor has come to no result yet.
 */
export interface ReconciledRow {
  readonly symbol: SymbolName;
  readonly outcome: 'agreed' | 'corrected' | 'left' | 'unresolved';
  /** What our count held before; signed quantities. */
  readonly before: string;
  readonly journal: string;
  readonly venue: string;
  readonly state: Phase | 'Unknown';
  /** Open orders that are none of ours, in words. */
  readonly unknownOrders: readonly string[];
}

/** Names and texts of one thing that is shown to other programs. */
export type ShownFields = Readonly<Record<string, string>>;

/** A change of what other programs read, under `PREFIX` + `name`. `record`: a hash as a whole; null: it is removed. `added`: one more entry of a bounded stream. */
export type ShownChange = { readonly name: string } & ({ readonly record: ShownFields | null } | { readonly added: ShownFields });
