/**
 * What the actors say to one another, a union per role. Views are whole pictures, published on every change and once a
 * second besides, so that a restarted reader is up to date within a second and needs no subscription.
 */
import type { Denial, DenialCode } from './denials.ts';
import type { FunnelStep, Intent, Plan } from './decisions.ts';
import type { Universe, MarketEvent, MarketView } from './market.ts';
import type { ClientId, PlanId, PositionId, PositionSide, SymbolName } from './names.ts';
import type { Authority, Mandate, PermitOf } from './permit.ts';
import type { Replying } from './replying.ts';
import type { LeverageBracket, MarginMode, ReadName, SymbolSettings, UserEvent, VenueAlgoOrder, VenueOrder, VenuePosition, VenueReads, VenueTrade, VenueWrite, WriteOutcome } from './venue.ts';

/** How often every view is published at least. */
export const VIEW_EVERY_MS = 1_000;

// ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface EquityView {
  readonly equity: string;
  readonly walletBalance: string;
  readonly availableBalance: string;
  /** Venue time of the observation (ruling 24). */
  readonly observedAt: number;
}

/** `streamEpoch` counts connections of the user stream; what was missed in between only a reconciliation brings. */
export interface StreamView {
  readonly live: boolean;
  readonly streamEpoch: number;
  readonly since: number;
}

export interface ReconciliationView {
  /** The stream epoch it belongs to. */
  readonly streamEpoch: number;
  readonly at: number;
  readonly unresolved: readonly SymbolName[];
}

/** Measured offset venue − us, ms, by median; and the brackets, as the venue states them. */
export interface VenueSessionView {
  readonly clockOffsetMs: number | undefined;
  readonly modesConfirmed: boolean;
  readonly brackets: ReadonlyMap<SymbolName, readonly LeverageBracket[]>;
}

export type TradingStateName = 'ACTIVE' | 'REDUCING' | 'HALTED';

export interface TradingStateView {
  readonly overall: TradingStateName;
  /** Symbols with a state of their own, stricter than the overall one. */
  readonly symbols: ReadonlyMap<SymbolName, TradingStateName>;
  readonly cause: string;
  readonly since: number;
  readonly tradingEpoch: number;
}

/** The phases of a symbol's life, in the words of the operators. */
export const PHASES = ['Flat', 'Opening', 'Protected', 'Closing', 'Ambiguous', 'Drifted'] as const;
export type Phase = (typeof PHASES)[number];

/** What an executor says of its symbol. Quantities unsigned, decimals as text. */
export interface LifeView {
  readonly symbol: SymbolName;
  readonly phase: Phase;
  /** The plan it works on or worked on last; `pending` until an order may exist. */
  readonly plan?: { readonly planId: PlanId; readonly stage: 'pending' | 'sent' | 'ended' };
  readonly position?: PositionView;
  /** Entry notional of the position, or of the opening order at its limit price; '0' when flat. */
  readonly notional: string;
  readonly mandate?: Mandate;
  readonly lastClosedAt?: number;
  readonly leverageConfirmed: boolean;
  /** Why the venue's leverage or margin mode is not ours and will not become so for now. */
  readonly leverageRefused?: string;
  readonly settings?: SymbolSettings;
  /** True once the journal is loaded and the venue has been asked. */
  readonly reconciledEpoch: number;
}

export interface PositionView {
  readonly positionId: PositionId;
  readonly side: PositionSide;
  readonly quantity: string;
  readonly entryPrice: string;
  readonly leverage: number;
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
  readonly stopOrderId: string | null;
  readonly takeProfitOrderId: string | null;
  readonly planId: string;
  readonly openedAt: number;
  readonly realizedPnl: string;
  readonly commission: string;
}

/** What must be known before anything is opened; `missing` names the inputs that are not, with the reason. */
export interface ReadinessView {
  readonly ready: boolean;
  readonly missing: readonly { readonly input: string; readonly reason: string }[];
  readonly since: number;
}

// ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

type MarketViewMessage = { readonly type: 'market-view'; readonly view: MarketView };
type UniverseMessage = { readonly type: 'universe'; readonly universe: Universe };
type EquityMessage = { readonly type: 'equity'; readonly view: EquityView };
type StreamMessage = { readonly type: 'stream'; readonly view: StreamView };
type ReconciliationMessage = { readonly type: 'reconciliation'; readonly view: ReconciliationView };
type SessionMessage = { readonly type: 'session'; readonly view: VenueSessionView };
type TradingStateMessage = { readonly type: 'trading-state'; readonly view: TradingStateView };
type LifeMessage = { readonly type: 'life'; readonly view: LifeView };
type ReadinessMessage = { readonly type: 'readiness'; readonly view: ReadinessView };

/** One fact for the journal. The writer numbers the entries of its own entity. */
export interface JournalEntryDraft {
  readonly entity: string;
  readonly sequence: number;
  readonly type: string;
  readonly version: number;
  readonly at: number;
  readonly payload: unknown;
}

export type JournalMessage =
  | ({ readonly type: 'append'; readonly entries: readonly JournalEntryDraft[] } & Replying<JournalAnswer>)
  | ({ readonly type: 'read'; readonly entity: string } & Replying<readonly JournalEntryDraft[]>)
  | ({ readonly type: 'read-types'; readonly types: readonly string[] } & Replying<readonly JournalEntryDraft[]>)
  | ({ readonly type: 'entities'; readonly prefix: string } & Replying<readonly string[]>);
export type JournalAnswer = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string };

export type ReadMessage<Name extends ReadName = ReadName> = { [N in Name]: { readonly type: 'read'; readonly name: N; readonly query: VenueReads[N]['query'] } & Replying<ReadAnswer<N>> }[Name];
/** A read that the venue did not answer says why; it never looks like an empty answer. */
export type ReadAnswer<Name extends ReadName> = { readonly ok: true; readonly value: VenueReads[Name]['answer'] } | { readonly ok: false; readonly kind: string; readonly message: string };

/** Who asked for a write; its outcome goes to whichever incarnation of the symbol's executor lives then. */
export type WriteMessage = { readonly type: 'write'; readonly write: VenueWrite; readonly authority: Authority; readonly because: string };

export type GatewayMessage =
  | ReadMessage
  | WriteMessage
  /** Asks for room in the entry lane of the venue's rate limits. */
  | { readonly type: 'request-slot'; readonly symbol: SymbolName; readonly planId: PlanId };

export type ExecutorMessage =
  | { readonly type: 'plan'; readonly intent: Intent; readonly plan: Plan }
  | { readonly type: 'slot-granted'; readonly planId: PlanId }
  | { readonly type: 'permit-granted'; readonly planId: PlanId; readonly permit: PermitOf<'OPEN'>; readonly mandate: Mandate }
  | { readonly type: 'permit-denied'; readonly planId: PlanId; readonly denials: readonly Denial[] }
  | { readonly type: 'configure-granted'; readonly permit: PermitOf<'CONFIGURE'> }
  | { readonly type: 'configure-denied'; readonly denials: readonly Denial[] }
  /** `late`: after the deadline had already been reported as an unknown outcome. */
  | { readonly type: 'write-outcome'; readonly write: VenueWrite; readonly outcome: WriteOutcome; readonly late: boolean }
  | { readonly type: 'write-refused'; readonly write: VenueWrite; readonly code: DenialCode; readonly detail: string }
  | { readonly type: 'user-event'; readonly event: UserEvent }
  /** The venue's side of this symbol, read after `streamEpoch` went live. */
  | { readonly type: 'truth'; readonly truth: SymbolTruth }
  | { readonly type: 'close'; readonly reason: string; readonly by: string }
  | UniverseMessage;

export interface SymbolTruth {
  readonly streamEpoch: number;
  /** When the requests were sent: what happened later is not in it. */
  readonly readAt: number;
  readonly position: VenuePosition | undefined;
  readonly openOrders: readonly VenueOrder[];
  readonly openAlgoOrders: readonly VenueAlgoOrder[];
  readonly trades: readonly VenueTrade[];
  readonly settings: SymbolSettings | undefined;
}

export type GovernorMessage =
  | { readonly type: 'request-permit'; readonly plan: Plan; readonly clientId: ClientId; readonly executorIncarnation: number }
  | { readonly type: 'request-configure'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly leverage: number; readonly marginMode: MarginMode }
  | MarketViewMessage
  | UniverseMessage
  | EquityMessage
  | StreamMessage
  | ReconciliationMessage
  | SessionMessage
  | TradingStateMessage
  | LifeMessage
  | ReadinessMessage;

export type BridgeMessage = { readonly type: 'intent'; readonly intent: Intent } | MarketViewMessage | UniverseMessage | LifeMessage | SessionMessage;

export type GeneratorMessage = MarketViewMessage | UniverseMessage | ReadinessMessage | SessionMessage;

export type ExitsMessage = MarketViewMessage | LifeMessage;

export type MarketMessage = { readonly type: 'market-event'; readonly event: MarketEvent } | UniverseMessage;

export type UserStreamMessage = { readonly type: 'user-event'; readonly event: UserEvent } | { readonly type: 'stream-live' } | { readonly type: 'stream-lost'; readonly reason: string };

export type AccountMessage = { readonly type: 'user-event'; readonly event: UserEvent };

export type UniverseActorMessage = { readonly type: 'refresh' };

export type TradingStateActorMessage =
  | ({ readonly type: 'set'; readonly state: TradingStateName; readonly symbol: SymbolName | undefined; readonly reason: string; readonly by: string } & Replying<TradingStateAnswer>)
  | ({ readonly type: 'get' } & Replying<TradingStateView>);
export type TradingStateAnswer = { readonly ok: true; readonly view: TradingStateView } | { readonly ok: false; readonly message: string };

/** Why the trading state is lowered for as long as this stands (ruling 12). Without a symbol: for all. */
export interface AutomaticCause {
  readonly key: string;
  readonly symbol: SymbolName | undefined;
  readonly reason: string;
}

/** All that stands now, once a second. `reconciled`: journal and venue agree. */
export type TradingStateCauses = { readonly type: 'causes'; readonly causes: readonly AutomaticCause[]; readonly reconciled: boolean };

export type ReadinessMessages = TradingStateMessage | MarketViewMessage | UniverseMessage | EquityMessage | StreamMessage | ReconciliationMessage | SessionMessage | LifeMessage | ({ readonly type: 'get' } & Replying<ReadinessView>);

export type ReconcilerMessage = StreamMessage | UniverseMessage | LifeMessage;

export type FunnelMessage = { readonly type: 'step'; readonly step: FunnelStep } | ({ readonly type: 'get'; readonly windowMs: number } & Replying<FunnelView>);

export interface FunnelView {
  readonly windowMs: number;
  readonly stages: readonly { readonly stage: FunnelStep['stage']; readonly in: number; readonly out: number; readonly refused: Readonly<Record<string, number>>; readonly lastAt: string | null }[];
}

/** What an edge carried, by outcome: `accepted`, or the code of why not. Reported by its producer, evaluations that came to nothing included. */
export type FlowedMessage = { readonly type: 'flowed'; readonly edge: string; readonly outcomes: Readonly<Record<string, number>> };

export type WatchdogMessage = FlowedMessage | ReadinessMessage | LifeMessage | ({ readonly type: 'get-flows' } & Replying<readonly FlowView[]>) | ({ readonly type: 'get-alerts' } & Replying<readonly AlertView[]>);

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
