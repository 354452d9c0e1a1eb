/** What the gateway is given and what it knows; the parts that work on it stand beside this file, the behaviour is ../gateway.ts. */
import type { ActorContext, Outcome } from '../../supervision/behaviour.ts';
import type { Ref } from '../../supervision/ref.ts';
import type { VigilError } from '../../protocol/errors.ts';
import type { Denial } from '../../protocol/denials.ts';
import type { ExecutorMessage, FindingMessage, GatewayMessage, ReadMessage, RestSaidMessage, StandingMessage, TradingStateActorMessage, TradingStateAnswer, VenueRefusedMessage, WriteMessage } from '../../protocol/messages.ts';
import type { PlanId, SymbolName } from '../../protocol/names.ts';
import type { PermitRedeemer } from '../../protocol/permit.ts';
import type { AccountModes, KeyPermissions, LeverageBracket, VenueReads, VenueWrite, WriteOutcome } from '../../protocol/venue.ts';
import type { TradingStateView, VenueSessionView } from '../../protocol/views.ts';
import type { VenueRestFile } from '../../persistence/port.ts';
import type { ClockReadings } from '../../rules/clock-offset.ts';
import type { VenueKind } from '../../rules/key-permissions.ts';
import type { Slot, StatedOrders } from '../../rules/rate-lane.ts';
import type { Budget, ReadLane } from '../../rules/request-budget.ts';
import type { VenueGateway } from '../../venue/port.ts';

export interface GatewayOptions {
  readonly venue: VenueGateway;
  /** Whose money it is: on the main venue a key that may withdraw is refused. */
  readonly mode: VenueKind;
  readonly redeemer: PermitRedeemer;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'session'; readonly view: VenueSessionView }>[];
  /** Told what REST says of orders and fills: a stream that does not say it too is deaf. */
  readonly userStream?: Ref<RestSaidMessage>;
  /** Those who carry out what an answer of the venue prescribes. */
  readonly owners: {
    readonly tradingState: Ref<TradingStateActorMessage>;
    readonly watchdog: Ref<StandingMessage>;
    readonly findings: Ref<FindingMessage>;
    readonly locks: Ref<VenueRefusedMessage>;
  };
  /** Until when the venue wants rest, over restarts of actor and process. */
  readonly rest: VenueRestFile;
  /** Beyond it, ms, the difference of the clocks is an alert (and the governor's guard denies openings). */
  readonly clockSkewMaxMs: number;
  /** Told each newly measured offset venue − us, ms. */
  readonly onClockOffset: (offsetMs: number) => void;
  /** Asked in the turn of the send, right before the redemption: why nothing may be sent now (the lease is lost). By default everything may. */
  readonly mayRedeem?: (write: VenueWrite) => Denial | undefined;
  /** The account cannot be traded with as it is: the service refuses to run. */
  readonly refuse: (error: VigilError) => void;
}

/** A question on its way to the venue, or waiting for room. */
export interface WaitingRead {
  readonly read: ReadMessage;
  readonly lane: ReadLane;
  /** Monotonic ms. */
  readonly since: number;
  /** It has been asked before and was refused by its time alone. */
  readonly again: boolean;
  readonly answer: (value: never) => void;
}

/** What was refused by its time alone, and goes once more when the clock has been measured. */
export type Resent = { readonly what: 'read'; readonly waiting: WaitingRead } | { readonly what: 'write'; readonly message: WriteMessage; readonly refused: WriteOutcome };

/** The venue's time, as it was asked for. */
export type Time = Outcome<VenueReads['serverTime']['answer']>;

/** What is asserted of key and account before anything is opened. */
export interface Assertion {
  readonly modes: AccountModes;
  readonly brackets: ReadonlyMap<SymbolName, readonly LeverageBracket[]>;
  /** Undefined: it was asserted before. */
  readonly key: KeyPermissions | undefined;
}

/** The same moment by both clocks, ms. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** `sentAt` of a reading: wall ms. */
export type GatewayInternal =
  | GatewayMessage
  | { readonly type: 'read-done'; readonly waiting: WaitingRead; readonly sentAt: number; readonly outcome: Outcome<unknown> }
  | { readonly type: 'drain' }
  | { readonly type: 'written'; readonly message: WriteMessage; readonly under: string; readonly sentAt: Moment; readonly again: boolean; readonly outcome: Outcome<WriteOutcome> }
  | { readonly type: 'slots-due' }
  | { readonly type: 'measure-time' }
  | { readonly type: 'time'; readonly question: number; readonly outcome: Time }
  | { readonly type: 'confirm-modes' }
  | { readonly type: 'modes'; readonly asking: number; readonly sentAt: number; readonly outcome: Outcome<Assertion> }
  | { readonly type: 'halted'; readonly outcome: Outcome<TradingStateAnswer> }
  | { readonly type: 'heartbeat' };

/** Of the process, not of an incarnation. */
export interface Asserted {
  /** Key and modes were found right once: from then on a fault stops openings, and the exits go on. */
  once: boolean;
  /** What was said of the key when it was asserted. */
  key: readonly string[];
  /** The modes were right when they were last read, and nothing has put that in doubt: a gateway that is started again goes on with it. */
  modes: boolean;
  /** What is wrong with the account's modes, found after they had been right. */
  fault: string | undefined;
  brackets: VenueSessionView['brackets'];
  /** The connection of the user stream since which they are asserted. */
  streamEpoch: number | undefined;
}

export interface GatewayState {
  readonly options: GatewayOptions;
  readonly asserted: Asserted;
  session: VenueSessionView;
  readings: ClockReadings;
  /** The question for the venue's time that was put last; only its answer counts. */
  time: { readonly question: number; readonly underWay: boolean };
  /** Refused by their time alone, in that order, and waiting for its answer. Of the process: what one incarnation leaves, the next sends. */
  readonly resent: Resent[];
  /** The last look at both clocks: when they part, somebody has set one. */
  look: Moment;
  budget: Budget;
  ordersStated: StatedOrders;
  queue: WaitingRead[];
  /** The reading of one symbol's position, or of several together, that is under way, by whom it answers; `sentAt`: monotonic ms. */
  positions: { readonly answer: WaitingRead['answer']; readonly sentAt: number } | undefined;
  /** Monotonic ms at which a reading last found no room; undefined: none ever did. */
  exhaustedAt: number | undefined;
  /** Times of recent orders, ascending. */
  sent: readonly number[];
  readonly slots: {
    given: readonly Slot[];
    /** In the order in which they asked; `since`: monotonic ms. */
    waiting: { readonly symbol: SymbolName; readonly planId: PlanId; readonly since: number }[];
  };
  /** Leverage and margin modes: which symbols wait with how many, and which are being set, each until it is answered or, monotonic ms, given up. */
  readonly settings: { readonly waiting: Map<SymbolName, number>; readonly underWay: Map<SymbolName, { readonly left: number; readonly until: number }> };
  tradingState: TradingStateView | undefined;
  /** The venue refuses key, signature or permission; `retryAt`: monotonic ms before which nothing signed is sent. */
  refusal: { readonly since: number; readonly failures: number; readonly message: string; readonly retryAt: number } | undefined;
  halting: boolean;
  /** Counts the questions for the modes: what an earlier one was answered says nothing any more. */
  asking: number;
  /** When they were found right, monotonic ms; undefined: never. */
  modesAt: number | undefined;
  reads: number;
  writes: number;
  refusals: number;
  lastFailure: string | null;
  /** What of the session cannot be had, by step: told once, until it changes. */
  readonly stuck: Map<'time' | 'modes', string>;
}

export type GatewayContext = ActorContext<GatewayInternal>;
