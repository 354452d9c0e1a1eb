/** What the actors publish of what they know: whole pictures, on every change and once a second besides, so that a restarted reader is up to date within a second. */
import type { DenialCode } from './denials.ts';
import type { PlanId, PositionId, PositionSide, SymbolName } from './names.ts';
import type { Mandate } from './permit.ts';
import type { LeverageBracket, ListenKey, SymbolSettings } from './venue.ts';

/** How often every view is published at least. */
export const VIEW_EVERY_MS = 1_000;

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

/** What is known of the listen key. Monotonic ms. */
export interface ListenKeyView {
  readonly held: HeldListenKey | undefined;
  /** The last one that is known to be gone, and why. */
  readonly gone: { readonly key: ListenKey; readonly reason: string } | undefined;
  /** The connection up to which a key was asked for after it was wanted. */
  readonly granted: number;
}

export interface HeldListenKey {
  readonly key: ListenKey;
  readonly since: number;
  /** When the request was sent by which the venue last prolonged it. */
  readonly keptAt: number;
}

/** `streamEpoch`: the number of the user stream's connection; what was missed before it only a reconciliation brings. */
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
export const PHASES = ['Flat', 'Opening', 'Protected', 'Reducing', 'Closing', 'Ambiguous', 'Drifted'] as const;
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
  /** The stream epoch in which both sides were last found to agree, or their difference put on record. */
  readonly reconciledEpoch: number;
  /** When the reading was begun that found it, monotonic ms; 0 or absent: none has since the executor started. */
  readonly reconciledAt?: number;
  /** The signed quantity the venue states, while it differs and is left alone. */
  readonly drift?: string;
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
  /** The venue takes no stop: the price at which it is closed from here. Null: it does, or nobody has asked it. */
  readonly guard: string | null;
  /** When the venue last listed the stop that stands, wall time ms; null: not since it was placed, or since the executor began. */
  readonly stopSeenAt: number | null;
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
export const LOCK_KINDS = ['cooldown', 'same-signal', 'kill-close', 'loss-streak', 'stop-guard', 'low-profit', 'drawdown', 'error-breaker', 'margin', 'venue-refusal'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

export interface LocksView {
  readonly locks: readonly Lock[];
  /** The last close of each symbol whose consequences have been drawn, wall time ms: another one may yet bring a lock. */
  readonly judged: ReadonlyMap<SymbolName, number>;
}

/** What must be known before anything is opened; `missing` names the inputs that are not, with the reason. */
export interface ReadinessView {
  readonly ready: boolean;
  readonly missing: readonly { readonly input: string; readonly reason: string }[];
  /** What single symbols still lack while the others may be opened: each of them is denied by its own guard. */
  readonly behind: readonly { readonly input: string; readonly reason: string }[];
  readonly since: number;
}

/** Whether what is recorded reaches the journal's store. While it does not, nothing is opened; exits and stops go on (ruling 36). */
export interface JournalView {
  readonly store: 'up' | 'away';
  /** Wall time, ms. */
  readonly since: number;
  /** Why it is away; null: it is not. */
  readonly reason: string | null;
  /** Records kept beside it until it is back. */
  readonly spilled: number;
  /** Why nothing more is kept beside it: from then on what happens is not on record. */
  readonly unrecorded: string | null;
  /** Files of records that the store would not take. */
  readonly aside: readonly string[];
  /** Why this process may not open, although the store is up: its place as the only writer is in doubt (ruling 38). */
  readonly place: string | null;
  /** Why no opening is recorded, although the store is up: no replica vouches for what it takes (ruling 37). */
  readonly replica: string | null;
}
