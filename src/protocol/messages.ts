/**
 * What the actors say to one another, a union per role. Views are whole pictures, published on every change and once a
 * second besides, so that a restarted reader is up to date within a second and needs no subscription.
 */
import type { Denial, DenialCode } from './denials.ts';
import type { Decision, DecisionIds, Intent, Plan, Stage } from './decisions.ts';
import type { Universe, MarketEvent, MarketView } from './market.ts';
import type { ClientId, IntentId, PlanId, PositionId, PositionSide, SymbolName } from './names.ts';
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
  /** Undefined: not known yet, and then nothing is opened. */
  readonly performance?: PerformanceView;
}

/** How the account has done, net of transfers (ruling 16). Percentages are decimal text, positive for a loss. */
export interface PerformanceView {
  /** UTC day, `2026-11-22`. */
  readonly day: string;
  readonly dayStartEquity: string;
  readonly dayLossPercent: string;
  /** The limit was reached on this day: it stays so until the day ends, whatever the equity does. */
  readonly dailyLossReached: boolean;
  /** Since the last activation by an operator. */
  readonly sessionSince: number;
  readonly sessionPeak: string;
  readonly sessionDrawdownPercent: string;
  readonly allTimePeak: string;
  readonly allTimeDrawdownPercent: string;
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
  /** The venue's last word that it is asked too much: until when it wants rest (our wall time, ms), and whether it has banned the address. */
  readonly throttle?: { readonly until: number; readonly banned: boolean; readonly message: string };
}

export type TradingStateName = 'ACTIVE' | 'REDUCING' | 'HALTED' | 'FLATTENING';

export interface TradingStateView {
  readonly overall: TradingStateName;
  /** Symbols with a state of their own, stricter than the overall one. */
  readonly symbols: ReadonlyMap<SymbolName, TradingStateName>;
  readonly cause: string;
  readonly since: number;
  readonly tradingEpoch: number;
  /** When an operator last activated all trading: a session begins there (ruling 16); 0: never. */
  readonly activatedAt: number;
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
  /** The last flat-to-flat result, until the next one. */
  readonly lastClosed?: ClosedView;
  /** The venue's last definite refusal of an order of this symbol. */
  readonly lastRefusal?: { readonly venueCode: number; readonly message: string; readonly at: number };
  readonly leverageConfirmed: boolean;
  /** Why the venue's leverage or margin mode is not ours and will not become so for now. */
  readonly leverageRefused?: string;
  readonly settings?: SymbolSettings;
  /** True once the journal is loaded and the venue has been asked. */
  readonly reconciledEpoch: number;
}

/** A position that has ended. Money in USDT, before fees and funding; decimals as text. */
export interface ClosedView {
  readonly positionId: PositionId;
  readonly planId: string;
  readonly side: PositionSide;
  /** `STOP`, `TARGET`, `TIME_STOP`, `KILL_SCORE`, … */
  readonly reason: string;
  readonly entryPrice: string;
  /** The most that was held. */
  readonly quantity: string;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly realizedPnl: string;
  readonly commission: string;
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
  /** The first stop that stood: with the average entry it is the risk for the position's life (ruling 21). Null: none has stood yet. */
  readonly initialStop: string | null;
  /** The most that was held, unsigned: tiers are shares of it. */
  readonly originalQuantity: string;
  /** Tiers that have been asked for; each is taken once. */
  readonly tiersDone: readonly string[];
  /** A reduction is under way. */
  readonly reducing: boolean;
}

/** Why openings rest for a while, or until somebody says otherwise. Durable; listed and cleared by an operator. */
export interface Lock {
  readonly lockId: string;
  readonly kind: LockKind;
  /** Null: all symbols. */
  readonly symbol: SymbolName | null;
  /** Null: both sides. */
  readonly side: PositionSide | null;
  /** What an opening is denied with. */
  readonly code: DenialCode;
  readonly since: number;
  /** Wall time, ms; null: until its condition ends or an operator clears it. */
  readonly until: number | null;
  readonly cause: string;
}
export const LOCK_KINDS = ['cooldown', 'same-signal', 'kill-close', 'loss-streak', 'stop-guard', 'low-profit', 'drawdown', 'error-breaker', 'margin'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

export interface LocksView {
  readonly locks: readonly Lock[];
  /** The last close of each symbol whose consequences have been drawn, wall time ms: a later one may yet bring a lock. */
  readonly judged: ReadonlyMap<SymbolName, number>;
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
type LocksViewMessage = { readonly type: 'locks'; readonly view: LocksView };
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
  /** The newest entries of an entity from `since` on, wall time ms, of at most so many characters of payload. */
  | ({ readonly type: 'read-tail'; readonly entity: string; readonly since: number; readonly characters: number } & Replying<readonly JournalEntryDraft[]>)
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
  | { readonly type: 'close'; readonly reason: string; readonly by: string; readonly positionId?: PositionId }
  /** `percent` of the quantity the position had at the most; each tier once. */
  | { readonly type: 'reduce'; readonly positionId: PositionId; readonly tier: string; readonly percent: string; readonly reason: string; readonly by: string }
  | { readonly type: 'move-stop'; readonly positionId: PositionId; readonly stopPrice: string; readonly reason: string; readonly by: string }
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
  | LocksViewMessage
  | ReadinessMessage;

export type BridgeMessage = { readonly type: 'intent'; readonly intent: Intent } | MarketViewMessage | UniverseMessage | LifeMessage | SessionMessage;

/** An intent from outside, as it came: `body` is not trusted. */
export type IntakeMessage = ({ readonly type: 'submit'; readonly source: string; readonly body: unknown; readonly idempotencyKey: string | undefined } & Replying<IntakeAnswer>) | MarketViewMessage | UniverseMessage | SessionMessage;
/** `error` is a code of `protocol/errors.ts` or of the denials. */
export type IntakeAnswer = { readonly ok: true; readonly intentId: IntentId; readonly repeated: boolean } | { readonly ok: false; readonly code: string; readonly message: string; readonly details?: Readonly<Record<string, unknown>> };

export type LocksMessage =
  | LifeMessage
  | MarketViewMessage
  | EquityMessage
  | ({ readonly type: 'get' } & Replying<LocksView>)
  | ({ readonly type: 'clear'; readonly lockId: string; readonly reason: string; readonly by: string } & Replying<{ readonly ok: true } | { readonly ok: false; readonly message: string }>);

export type GeneratorMessage = MarketViewMessage | UniverseMessage | ReadinessMessage | SessionMessage;

/** A shadow is told what there is to see, and nothing of trading. */
export type ShadowMessage = MarketViewMessage | UniverseMessage | SessionMessage;

export type ExitsMessage = MarketViewMessage | LifeMessage;

export type MarketMessage = { readonly type: 'market-event'; readonly event: MarketEvent } | UniverseMessage | LifeMessage;

export type UserStreamMessage = { readonly type: 'user-event'; readonly event: UserEvent } | { readonly type: 'stream-live' } | { readonly type: 'stream-lost'; readonly reason: string };

export type AccountMessage = { readonly type: 'user-event'; readonly event: UserEvent } | TradingStateMessage;

export type UniverseActorMessage =
  | { readonly type: 'refresh' }
  /** What is left of a universe that shrank is taken as it is. */
  | ({ readonly type: 'accept'; readonly reason: string; readonly by: string } & Replying<{ readonly ok: true; readonly version: number } | { readonly ok: false; readonly message: string }>);

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

/** Whoever decides tells of it; nobody waits for it to be kept. */
export type DecidedMessage = { readonly type: 'decided'; readonly decision: Decision };

export type DecisionLogMessage =
  | DecidedMessage
  | HappenedMessage
  | ({ readonly type: 'funnel'; readonly windowMs: number } & Replying<FunnelView>)
  | ({ readonly type: 'explain'; readonly symbol: SymbolName; readonly limit: number } & Replying<readonly RecordedDecision[]>)
  | ({ readonly type: 'trace'; readonly id: string } & Replying<TraceView>);

/** Told of what has just happened, for whoever follows; nobody waits for who is told. `tookMs`: until it was durable. */
export type HappenedMessage =
  | { readonly type: 'happened'; readonly what: 'decision'; readonly decision: RecordedDecision }
  | { readonly type: 'happened'; readonly what: 'journalled'; readonly entries: readonly JournalEntryDraft[]; readonly tookMs: number };

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

/** What an edge carried, by outcome: `accepted`, or the code of why not. Reported by its producer, evaluations that came to nothing included. */
export type FlowedMessage = { readonly type: 'flowed'; readonly edge: string; readonly outcomes: Readonly<Record<string, number>> };

/** All that stands wrong in the eyes of one actor, said whole at each change and once a second besides; nothing: an empty list. It stands until that actor says otherwise. */
export type StandingMessage = { readonly type: 'standing'; readonly from: string; readonly alerts: readonly { readonly name: string; readonly message: string }[] };

export type WatchdogMessage = FlowedMessage | StandingMessage | ReadinessMessage | LifeMessage | ({ readonly type: 'get-flows' } & Replying<readonly FlowView[]>) | ({ readonly type: 'get-alerts' } & Replying<readonly AlertView[]>);

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
