/** What the auditor is given, and what it hands back. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { FindingCode } from '../../protocol/findings.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { VenueAlgoOrder, VenueOrder, VenuePosition, VenueTrade } from '../../protocol/venue.ts';
import type { Life } from '../position-life/life.ts';

/** All the venue has since `AuditTerms.since`: every order, not only the open ones; terminal conditional orders, too. */
export interface VenueFacts {
  readonly orders: readonly VenueOrder[];
  readonly algoOrders: readonly VenueAlgoOrder[];
  readonly trades: readonly VenueTrade[];
  /** Positions that are not flat. */
  readonly positions: readonly VenuePosition[];
}

/** One symbol's stream of the journal: from its beginning, or from a snapshot on. */
export interface RecordedLife {
  readonly start?: Life;
  /** When the snapshot was taken, ms. What happened before it is in it as a whole, and is not judged one by one. */
  readonly startedAt?: number;
  readonly events: readonly LifeEvent[];
}

export interface AuditTerms {
  /** Instance tags whose ids are ours. */
  readonly tags: readonly string[];
  /** What happened before is not judged (venue time, ms): the journal or the lists may not reach back that far. */
  readonly since: number;
  /** What happened after is not judged either: it may still be on its way to the journal. */
  readonly settledBefore: number;
  readonly now: number;
  /** How long a position may be without a stop that covers it. */
  readonly nakedBoundMs: number;
  /** When nobody was there to place one: not counted as naked. */
  readonly away?: readonly { readonly from: number; readonly to: number }[];
}

export interface AuditFinding {
  readonly code: Extract<FindingCode, 'ORDER_WITHOUT_PERMIT' | 'ORDER_DOUBLED' | 'FILL_LOST' | 'RECORD_DIFFERS' | 'NAKED'>;
  readonly symbol: SymbolName;
  /** The order, trade or symbol it is about. */
  readonly subject: string;
  readonly message: string;
}

/** What was looked at, and what is reported apart from findings. */
export interface AuditCounts {
  /** Orders and conditional orders of ours, by what allows them. */
  underPermit: number;
  underMandate: number;
  /** Of those under a mandate: sent while the journal was away, and known by their derived id (ruling 36). */
  unrecorded: number;
  /** Fired from a conditional order of ours. */
  triggered: number;
  /** Liquidations, deleveraging, settlements. */
  venueMade: number;
  /** Of other programs, persons or instances. */
  foreign: number;
  fills: number;
  /** Fills that are in the journal as an adoption of what the venue stated. */
  fillsAdopted: number;
  /** Symbols whose difference is declared and left alone. */
  drifted: number;
  /** Symbols that something happened to since `settledBefore`: their stand is not judged this time. */
  unsettled: number;
}

export const NO_COUNTS: Readonly<AuditCounts> = { underPermit: 0, underMandate: 0, unrecorded: 0, triggered: 0, venueMade: 0, foreign: 0, fills: 0, fillsAdopted: 0, drifted: 0, unsettled: 0 };

export interface AuditReport {
  readonly findings: readonly AuditFinding[];
  readonly counts: Readonly<AuditCounts>;
}

/** Everything of one symbol, as its parts look at it. */
export interface AuditedSymbol {
  readonly symbol: SymbolName;
  readonly orders: readonly VenueOrder[];
  readonly algoOrders: readonly VenueAlgoOrder[];
  readonly trades: readonly VenueTrade[];
  /** Signed. */
  readonly quantity: Decimal;
  readonly events: readonly LifeEvent[];
  readonly start: Life;
  readonly terms: AuditTerms;
}
