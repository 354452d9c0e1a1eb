/** What the actors say to one another: a union per role. */
import type { Decimal } from './decimal.ts';
import type { Decision, Intent, Plan } from './decisions.ts';
import type { Denial, DenialCode } from './denials.ts';
import type { Finding, FindingCode } from './findings.ts';
import type { MarketEvent, MarketView, Universe } from './market.ts';
import type { ClientId, IntentId, PlanId, PositionId, PositionSide, SymbolName } from './names.ts';
import type { Authority, Mandate, PermitOf } from './permit.ts';
import type { AlertView, FlowView, FunnelView, ReconciledRow, RecordedDecision, TraceView } from './read-models.ts';
import type { Replying } from './replying.ts';
import type { MarginMode, ReadName, SymbolSettings, UserEvent, VenueAlgoOrder, VenueOrder, VenuePosition, VenueReads, VenueTrade, VenueWrite, WriteOutcome } from './venue.ts';
import type { Asked } from './venue-reactions.ts';
import type { EquityView, JournalView, LifeView, ListenKeyView, LocksView, ReadinessView, ReconciliationView, StreamView, TradingStateName, TradingStateView, VenueSessionView } from './views.ts';

type MarketViewMessage = { readonly type: 'market-view'; readonly view: MarketView };
type UniverseMessage = { readonly type: 'universe'; readonly universe: Universe };
type EquityMessage = { readonly type: 'equity'; readonly view: EquityView };
type StreamMessage = { readonly type: 'stream'; readonly view: StreamView };
type ReconciliationMessage = { readonly type: 'reconciliation'; readonly view: ReconciliationView };
type SessionMessage = { readonly type: 'session'; readonly view: VenueSessionView };
type TradingStateMessage = { readonly type: 'trading-state'; readonly view: TradingStateView };
type LifeMessage = { readonly type: 'life'; readonly view: LifeView };
type LocksViewMessage = { readonly type: 'locks'; readonly view: LocksView };
export type JournalViewMessage = { readonly type: 'journal'; readonly view: JournalView };
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
  /** From the entity's newest Snapshot on. */
  | ({ readonly type: 'read'; readonly entity: string } & Replying<readonly JournalEntryDraft[]>)
  /** The newest entries of an entity from `since` on, wall time ms, of at most so many characters of payload. */
  | ({ readonly type: 'read-tail'; readonly entity: string; readonly since: number; readonly characters: number } & Replying<readonly JournalEntryDraft[]>)
  /** Of some types, written at `since` or later, wall time ms. */
  | ({ readonly type: 'read-types'; readonly types: readonly string[]; readonly since: number } & Replying<readonly JournalEntryDraft[]>)
  /** The number of an entity's last entry, held or not; 0: it never had one. */
  | ({ readonly type: 'last-sequence'; readonly entity: string } & Replying<number>)
  | ({ readonly type: 'entities'; readonly prefix: string } & Replying<readonly string[]>);
export type JournalAnswer = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string };

export type ReadMessage<Name extends ReadName = ReadName> = { [N in Name]: { readonly type: 'read'; readonly name: N; readonly query: VenueReads[N]['query'] } & Replying<ReadAnswer<N>> }[Name];
/** A read that the venue did not answer says why; it never looks like an empty answer. */
export type ReadAnswer<Name extends ReadName> = { readonly ok: true; readonly value: VenueReads[Name]['answer'] } | { readonly ok: false; readonly kind: string; readonly message: string };

/**
 * Its outcome goes to whichever incarnation of the symbol's executor lives then. `recordedAt`: the time on the record that went before it,
 * which comes back with its outcome, for under the same id it may be sent again; undefined: it has no record of its own.
 */
export type WriteMessage = { readonly type: 'write'; readonly write: VenueWrite; readonly authority: Authority; readonly because: string; readonly recordedAt?: number | undefined };

export type GatewayMessage =
  | ReadMessage
  | WriteMessage
  /** Asks for room in the entry lane of the venue's rate limits. */
  | { readonly type: 'request-slot'; readonly symbol: SymbolName; readonly planId: PlanId }
  /** The plan has come to nothing: others may have its room. */
  | { readonly type: 'return-slot'; readonly planId: PlanId }
  /** Asks for room for so many settings of the symbol; it comes when it is this symbol's turn. */
  | { readonly type: 'request-room'; readonly symbol: SymbolName; readonly settings: number }
  | { readonly type: 'modes-changed'; readonly reason: string }
  | TradingStateMessage
  | StreamMessage;

/** A refusal after which openings rest; of entries the locks learn by the executor's life. */
export type VenueRefusedMessage = { readonly type: 'venue-refused'; readonly asked: Asked; readonly refusal: { readonly symbol: SymbolName; readonly venueCode: number; readonly message: string; readonly at: number } };

export type ExecutorMessage =
  | { readonly type: 'plan'; readonly intent: Intent; readonly plan: Plan }
  | { readonly type: 'slot-granted'; readonly planId: PlanId }
  /** There is no room for an entry, and will not be in time. */
  | { readonly type: 'slot-refused'; readonly planId: PlanId; readonly denial: Denial }
  | { readonly type: 'room-granted' }
  | { readonly type: 'permit-granted'; readonly planId: PlanId; readonly permit: PermitOf<'OPEN'>; readonly mandate: Mandate }
  | { readonly type: 'permit-denied'; readonly planId: PlanId; readonly denials: readonly Denial[] }
  | { readonly type: 'configure-granted'; readonly permit: PermitOf<'CONFIGURE'> }
  | { readonly type: 'configure-denied'; readonly denials: readonly Denial[] }
  /** `late`: after the deadline had already been reported as an unknown outcome. */
  | { readonly type: 'write-outcome'; readonly write: VenueWrite; readonly outcome: WriteOutcome; readonly late: boolean; readonly recordedAt?: number | undefined }
  | { readonly type: 'write-refused'; readonly write: VenueWrite; readonly code: DenialCode; readonly detail: string }
  | { readonly type: 'user-event'; readonly event: UserEvent }
  /** The venue's side of this symbol, read after `streamEpoch` went live. */
  | { readonly type: 'truth'; readonly truth: SymbolTruth }
  /** The mark price, for an executor that guards its position by itself. Wall time ms. */
  | { readonly type: 'mark'; readonly price: Decimal; readonly observedAt: number }
  | { readonly type: 'close'; readonly reason: string; readonly by: string; readonly positionId?: PositionId }
  /** `percent` of the quantity the position had at the most; each tier once. */
  | { readonly type: 'reduce'; readonly positionId: PositionId; readonly tier: string; readonly percent: string; readonly reason: string; readonly by: string }
  /** What the venue holds and the journal cannot explain is to be taken over, with a stop there or where the configuration says. */
  | ({ readonly type: 'adopt'; readonly stopPrice: string | undefined; readonly reason: string; readonly by: string } & Replying<AdoptAnswer>)
  | { readonly type: 'move-stop'; readonly positionId: PositionId; readonly stopPrice: string; readonly reason: string; readonly by: string }
  | UniverseMessage;

/** `stopPrice`: where its stop is to stand; that it does, the executor's life says. */
export type AdoptAnswer = { readonly ok: true; readonly positionId: PositionId; readonly side: PositionSide; readonly quantity: string; readonly entryPrice: string; readonly stopPrice: string } | { readonly ok: false; readonly message: string };

export interface SymbolTruth {
  readonly streamEpoch: number;
  /** When the requests were sent, wall time ms. */
  readonly readAt: number;
  /** The same, monotonic ms: what happened later is not in it. */
  readonly begunAt: number;
  readonly position: VenuePosition | undefined;
  readonly openOrders: readonly VenueOrder[];
  readonly openAlgoOrders: readonly VenueAlgoOrder[];
  readonly trades: readonly VenueTrade[];
  readonly settings: SymbolSettings | undefined;
}

export type GovernorMessage =
  | { readonly type: 'request-permit'; readonly plan: Plan; readonly clientId: ClientId; readonly executorIncarnation: number }
  | { readonly type: 'request-configure'; readonly symbol: SymbolName; readonly clientId: ClientId; readonly leverage: number; readonly marginMode: MarginMode }
  /** The service stops: nothing is opened any more, in this process. */
  | { readonly type: 'stopping' }
  | MarketViewMessage
  | UniverseMessage
  | EquityMessage
  | StreamMessage
  | ReconciliationMessage
  | SessionMessage
  | TradingStateMessage
  | LifeMessage
  | LocksViewMessage
  | JournalViewMessage
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
  | VenueRefusedMessage
  | ({ readonly type: 'get' } & Replying<LocksView>)
  | ({ readonly type: 'clear'; readonly lockId: string; readonly reason: string; readonly by: string } & Replying<{ readonly ok: true } | { readonly ok: false; readonly message: string }>);

export type GeneratorMessage = MarketViewMessage | UniverseMessage | ReadinessMessage | SessionMessage;

/** A shadow is told what there is to see, and nothing of trading. */
export type ShadowMessage = MarketViewMessage | UniverseMessage | SessionMessage;

export type ExitsMessage = MarketViewMessage | LifeMessage;

export type MarketMessage = { readonly type: 'market-event'; readonly event: MarketEvent } | UniverseMessage | LifeMessage;

/** What REST has said of our orders and fills: the stream must tell of it too. `at`, monotonic ms: of an order when it was sent, of a fill when it was made. */
export type RestSaidMessage = { readonly type: 'rest-said'; readonly words: readonly { readonly what: 'order' | 'fill'; readonly symbol: SymbolName; readonly id: string; readonly orderId?: string; readonly at: number }[] };

export type ListenKeyViewMessage = { readonly type: 'listen-key'; readonly view: ListenKeyView };

/** A connection is to be opened, on a key that is asked for after this. Said once a second until it is granted. */
export type ListenKeyMessage = { readonly type: 'key-wanted'; readonly connection: number };

/** `connection`: whose word it is; that of one that was closed no longer counts. */
export type UserStreamMessage = RestSaidMessage | ListenKeyViewMessage | { readonly type: 'user-event'; readonly event: UserEvent } | { readonly type: 'stream-live'; readonly connection: number } | { readonly type: 'stream-lost'; readonly connection: number; readonly reason: string };

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
  /** An operator's activation ends it, until it has gone and come again; without this it stands as long as it is reported. */
  readonly endedByOperator?: true;
}

/** All that stands now, once a second. `reconciled`: journal and venue agree. */
export type TradingStateCauses = { readonly type: 'causes'; readonly causes: readonly AutomaticCause[]; readonly reconciled: boolean };

export type ReadinessMessages = TradingStateMessage | MarketViewMessage | UniverseMessage | EquityMessage | StreamMessage | ReconciliationMessage | SessionMessage | LifeMessage | ({ readonly type: 'get' } & Replying<ReadinessView>);

export type ReconcilerMessage =
  | StreamMessage
  | UniverseMessage
  | LifeMessage
  /** Without a symbol: all. Answered when every executor asked has come to a result, or after some seconds. */
  | ({ readonly type: 'reconcile-now'; readonly symbol: SymbolName | undefined } & Replying<ReconcileAnswer>);
export type ReconcileAnswer = { readonly ok: true; readonly rows: readonly ReconciledRow[] } | { readonly ok: false; readonly message: string };

/** An audit now; answered when it has come to an end, which takes a moment a symbol. */
export type AuditorMessage = { readonly type: 'audit' } & Replying<AuditAnswer>;
/**
 * Orders and fills are judged once: `symbols` says from when on each was judged now, `since` is the earliest of those, and `counts` what was
 * looked at of it, by name. `halts`: trading is halted for it now. How things stand is judged each time. `skipped`: too much happened to them to be judged. `earlier`: the
 * audits of this process before, from when on, and what they found.
 */
export type AuditAnswer =
  | {
      readonly ok: true;
      readonly since: number;
      readonly symbols: readonly { readonly symbol: SymbolName; readonly since: number }[];
      readonly skipped: readonly SymbolName[];
      readonly findings: readonly { readonly code: FindingCode; readonly symbol: SymbolName; readonly subject: string; readonly message: string; readonly halts: boolean }[];
      readonly counts: { readonly [name: string]: number };
      readonly earlier: { readonly audits: number; readonly since: number; readonly findings: number } | undefined;
    }
  | { readonly ok: false; readonly message: string };

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

/** What an edge carried, by outcome: `accepted`, or the code of why not. Reported by its producer, evaluations that came to nothing included. */
export type FlowedMessage = { readonly type: 'flowed'; readonly edge: string; readonly outcomes: Readonly<Record<string, number>> };

/** All that stands wrong in the eyes of one actor, said whole at each change and once a second besides; nothing: an empty list. It stands until that actor says otherwise. `causes`: what of it lowers the trading state for as long. */
export type StandingMessage = { readonly type: 'standing'; readonly from: string; readonly alerts: readonly { readonly name: string; readonly message: string }[]; readonly causes?: readonly AutomaticCause[] };

/** Something that must not happen, or that nobody may miss, has been seen: told once each time it is seen, kept, and shown for a day. */
export type FindingMessage = { readonly type: 'finding'; readonly from: string; readonly finding: Finding };

export type WatchdogMessage = FlowedMessage | StandingMessage | ReadinessMessage | LifeMessage | ({ readonly type: 'get-flows' } & Replying<readonly FlowView[]>) | ({ readonly type: 'get-alerts' } & Replying<readonly AlertView[]>);
