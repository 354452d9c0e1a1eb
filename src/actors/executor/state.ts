/** What an executor holds within one incarnation: the journalled life, and beside it only what can be asked for again. */
import type { ActorContext, Outcome } from '../../supervision/behaviour.ts';
import type { Ref } from '../../supervision/ref.ts';
import type { Decimal } from '../../protocol/decimal.ts';
import type { Intent, Plan } from '../../protocol/decisions.ts';
import { Failing } from '../../protocol/failing.ts';
import type { Instrument } from '../../protocol/market.ts';
import type { AdoptAnswer, ExecutorMessage, DecidedMessage, FindingMessage, GatewayMessage, GovernorMessage, JournalAnswer, JournalEntryDraft, JournalMessage, ReadAnswer, StandingMessage, SymbolTruth } from '../../protocol/messages.ts';
import type { IdPrefix } from '../../rules/client-ids.ts';
import type { LifeView } from '../../protocol/views.ts';
import type { ClientId, SymbolName } from '../../protocol/names.ts';
import type { Authority, Mandate, PermitOf } from '../../protocol/permit.ts';
import type { SymbolSettings, VenueAlgoOrder, VenueOrder, VenuePosition, VenueTrade, VenueWrite } from '../../protocol/venue.ts';
import type { Unknowns } from '../../rules/position-life/absence.ts';
import { newLife } from '../../rules/position-life/life.ts';
import type { Life } from '../../rules/position-life/life.ts';
import { NOTHING_UNSNAPSHOTTED } from '../../rules/snapshots.ts';
import type { Unsnapshotted } from '../../rules/snapshots.ts';

export interface ExecutorOptions {
  readonly symbol: SymbolName;
  /** Four characters that mark this instance's orders; then those of instances it has taken over. */
  readonly tags: readonly [string, ...string[]];
  /** What the ids of new orders begin with; without it the SDK's prefix. */
  readonly idPrefix?: IdPrefix;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  readonly leverage: number;
  readonly nakedAlarmMs: number;
  readonly nakedCloseMs: number;
  /** What to do with a position the journal cannot explain (ruling 26). */
  readonly unknownPositions: 'adopt' | 'leave';
  readonly journal: Ref<JournalMessage>;
  readonly gateway: Ref<GatewayMessage>;
  readonly governor: Ref<GovernorMessage>;
  readonly decisions: Ref<DecidedMessage>;
  readonly findings: Ref<FindingMessage>;
  readonly watchdog: Ref<StandingMessage>;
  /** Who is told of every change of the life. */
  readonly watchers: readonly Ref<{ readonly type: 'life'; readonly view: LifeView }>[];
}

/** When a question was put: wall time and monotonic, ms. */
export interface Asked {
  readonly readAt: number;
  readonly begunAt: number;
}

/** Answers to the executor's own questions. */
export type ExecutorInternal =
  | ExecutorMessage
  | { readonly type: 'tick' }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'appended'; readonly through: number; readonly outcome: Outcome<JournalAnswer> }
  | { readonly type: 'order-asked'; readonly clientId: ClientId; readonly askedAt: number; readonly outcome: Outcome<ReadAnswer<'order'>> }
  | { readonly type: 'owner-asked'; readonly orderId: string; readonly outcome: Outcome<ReadAnswer<'order'>> }
  | { readonly type: 'algo-asked'; readonly clientId: ClientId; readonly askedAt: number; readonly outcome: Outcome<ReadAnswer<'algoOrder'>> }
  | { readonly type: 'trades-asked'; readonly askedAt: number; readonly outcome: Outcome<ReadAnswer<'trades'>> }
  | { readonly type: 'position-asked'; readonly reading: number; readonly outcome: Outcome<ReadAnswer<'positions'>> }
  | { readonly type: 'orders-asked'; readonly reading: number; readonly outcome: Outcome<ReadAnswer<'openOrders'>> }
  | { readonly type: 'stops-asked'; readonly asked: Asked; readonly outcome: Outcome<ReadAnswer<'openAlgoOrders'>> }
  | { readonly type: 'algos-asked'; readonly reading: number; readonly outcome: Outcome<ReadAnswer<'openAlgoOrders'>> };

export type ExecutorContext = ActorContext<ExecutorInternal>;

/** An opening on its way to the venue; until `recording` nothing of it is durable and nothing can have been sent. */
export interface PendingOpening {
  readonly intent: Intent;
  readonly plan: Plan;
  readonly clientId: ClientId;
  readonly since: number;
  stage: 'slot' | 'permit' | 'recording';
  permit?: PermitOf<'OPEN'>;
  mandate?: Mandate;
}

/** A write that waits until what precedes it is durable. */
export interface WaitingWrite {
  readonly write: VenueWrite;
  readonly authority: Authority;
  readonly because: string;
  /** Sequence number that must be durable first. */
  readonly after: number;
  /** Time of the record before it, wall ms; undefined: it has none of its own. */
  readonly recordedAt?: number | undefined;
  readonly since: number;
}

/** A reading of the venue's side, while its three answers come in; those of an earlier one are not mixed into it. */
export interface TruthReading {
  readonly number: number;
  /** Wall time ms. */
  readonly startedAt: number;
  /** The same, monotonic ms. */
  readonly begunAt: number;
  position?: VenuePosition | 'flat';
  orders?: readonly VenueOrder[];
  algos?: readonly VenueAlgoOrder[];
}

/** A position an operator wants taken over, until the venue has been read. */
export interface AskedAdoption {
  readonly stopPrice: string | undefined;
  readonly reason: string;
  readonly by: string;
  /** Monotonic ms. */
  readonly askedAt: number;
  readonly answer: (answer: AdoptAnswer) => void;
}

export interface ExecutorState {
  readonly options: ExecutorOptions;
  life: Life;
  /** Number of the last event of this symbol's stream, durable or on its way. */
  sequence: number;
  durable: number;
  /** Entries not yet acknowledged by the journal, in order; one append is on its way at a time. */
  outbox: JournalEntryDraft[];
  /** What a Snapshot written now would stand for. */
  unsnapshotted: Unsnapshotted;
  appending: boolean;
  waiting: WaitingWrite[];
  pending: PendingOpening | undefined;
  /** Writes without an outcome yet, and when each was handed to the gateway, monotonic ms. */
  readonly inFlight: Map<ClientId, number>;
  /** When the outcome of each write of this incarnation was heard, or given up, monotonic ms. */
  readonly answeredAt: Map<ClientId, number>;
  /** When this incarnation began. */
  born: { readonly wall: number; readonly monotonic: number };
  /** Needs that are being met: key → when to try again, ms. */
  readonly busyUntil: Map<string, number>;
  /** Ids that the venue has said "unknown" to; times are monotonic ms. */
  readonly absences: Map<ClientId, Unknowns>;
  /** Orders of which fills were counted and nobody knows yet whose they are: since when, ms, how often they were asked for, and whether our protections were asked before. */
  readonly unclaimed: Map<string, { readonly since: number; asked: number; protectionsAsked: boolean }>;
  reading: TruthReading | undefined;
  readings: number;
  truthDueAt: number | undefined;
  /** Consecutive readings that disagree with our count, or with what is declared to be a stranger's. */
  mismatches: number;
  /** When the trade list was asked for last, monotonic ms. */
  tradesAskedAt: number;
  /** When the trade list was asked for that was read last, monotonic ms. */
  tradesReadAt: number;
  /** When the venue's word last became the position, in this incarnation, monotonic ms: trades asked for before are in it. */
  adoptedAt: number;
  /** The venue has said flat, after everything we know of, and listed these protections of ours. */
  flat: { readonly openAlgoIds: readonly ClientId[] } | undefined;
  /** The last write of an exit that the venue, or the gateway, did not take, and why. */
  refusedExit?: { readonly at: number; readonly write: string; readonly why: string };
  /** The last close, of the whole or of a part, that the venue refused since our picture is wrong: that there was no room for one says nothing of it. */
  nothingToReduce?: ClientId;
  /** Protections of ours that the venue lists and the journal does not know: sent while it was away (ruling 36). */
  orphans: readonly ClientId[];
  /** When the last reading was begun that agreed with our count, monotonic ms; 0: none since the count changed, or one differed. */
  agreedAt: number;
  /** When it was last heard that a protection has fired, ended or gone, monotonic ms: a list that was asked for before may still have it. */
  protectionGoneAt: number;
  /** When the count, or by the stream what strangers hold, changed last in this process, monotonic ms. */
  holdingChangedAt: number;
  streamEpoch: number;
  reconciledEpoch: number;
  /** When the last reading was begun that led to a result, monotonic ms: both sides agree, or the difference is declared. */
  reconciledAt: number;
  /** An operator has asked to take over what the venue holds; the venue is being read. */
  adopting: AskedAdoption | undefined;
  /** The venue's side has been read in this incarnation: before that nothing is sent. */
  truthSeenAt: number | undefined;
  /** Not before this time is a failed append tried again. */
  appendAfter: number;
  rules: Instrument | undefined;
  /** It is in the universe: only there leverage and margin mode are set. */
  mayOpen: boolean;
  settings: SymbolSettings | undefined;
  /** What the user stream, or the answer to a write, has said of them, and when it was heard, monotonic ms: it stands against every reading that was begun before. */
  settingsHeard: (Partial<SymbolSettings> & { readonly at: number }) | undefined;
  configuring: ClientId | undefined;
  configureAttempt: number;
  leverageRefused: string | undefined;
  /** The price of the guarded position as it was last heard, or asked for, and when, monotonic ms. */
  mark: { readonly price: Decimal; readonly seenAt: number } | undefined;
  /** The venue's time of the price that was heard last: the same again says nothing new. */
  markHeardAt: number | undefined;
  /** When the venue's list of stops is read next, ms, and whether it is being read. */
  stopsDueAt: number;
  checkingStops: boolean;
  /** How many lists in a row lacked a protection that was acknowledged. */
  readonly unlisted: Map<ClientId, number>;
  /** When the list was asked for that last had the stop that stands: wall time, to be shown, and monotonic ms, to be reckoned with. */
  stopSeen: Asked | undefined;
  /** Readings of the list of stops that came to nothing, one after the other. */
  readonly stopsUnread: Failing;
  /** Since when this incarnation has seen it naked, monotonic ms. */
  nakedSeen: number | undefined;
  nakedAlarmed: boolean;
  /** The alerts as they were last told. */
  alarmed: string;
  reported: string;
}

/** The truth an executor read by itself, in the shape the reconciler sends. */
export function truthOf(state: ExecutorState, reading: TruthReading & { position: VenuePosition | 'flat'; orders: readonly VenueOrder[]; algos: readonly VenueAlgoOrder[] }, trades: readonly VenueTrade[] = []): SymbolTruth {
  return { streamEpoch: state.streamEpoch, readAt: reading.startedAt, begunAt: reading.begunAt, position: reading.position === 'flat' ? undefined : reading.position, openOrders: reading.orders, openAlgoOrders: reading.algos, trades, settings: undefined };
}

/** The signed quantity of a position as the venue states it. */
export function statedQuantity(truth: SymbolTruth, zero: Decimal): Decimal {
  return truth.position?.quantity ?? zero;
}

/** Each order has keys of its own: what is over says nothing more, and a process runs for months. */
export function forgetOver(busyUntil: Map<string, number>, now: number): void {
  for (const [key, until] of busyUntil) if (until <= now) busyUntil.delete(key);
}

export function newState(options: ExecutorOptions): ExecutorState {
  return {
    options,
    life: newLife(options.symbol),
    sequence: 0,
    durable: 0,
    outbox: [],
    unsnapshotted: NOTHING_UNSNAPSHOTTED,
    appending: false,
    waiting: [],
    pending: undefined,
    inFlight: new Map(),
    answeredAt: new Map(),
    born: { wall: 0, monotonic: 0 },
    busyUntil: new Map(),
    absences: new Map(),
    unclaimed: new Map(),
    reading: undefined,
    readings: 0,
    truthDueAt: undefined,
    mismatches: 0,
    tradesAskedAt: 0,
    tradesReadAt: 0,
    adoptedAt: 0,
    flat: undefined,
    orphans: [],
    agreedAt: 0,
    protectionGoneAt: 0,
    holdingChangedAt: 0,
    streamEpoch: 0,
    reconciledEpoch: 0,
    reconciledAt: 0,
    adopting: undefined,
    truthSeenAt: undefined,
    appendAfter: 0,
    rules: undefined,
    mayOpen: false,
    settings: undefined,
    settingsHeard: undefined,
    configuring: undefined,
    configureAttempt: 0,
    leverageRefused: undefined,
    mark: undefined,
    markHeardAt: undefined,
    stopsDueAt: 0,
    checkingStops: false,
    unlisted: new Map(),
    stopSeen: undefined,
    stopsUnread: new Failing(),
    nakedSeen: undefined,
    nakedAlarmed: false,
    alarmed: '',
    reported: '',
  };
}
