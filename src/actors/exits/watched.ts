/** What the exits hold of one open position: its life as last told, its mark, what evaluations left for the next, and the plan that is under way. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, text } from '../../protocol/decimal.ts';
import type { SymbolMarket } from '../../protocol/market.ts';
import type { ExecutorMessage } from '../../protocol/messages.ts';
import type { LifeView, PositionView } from '../../protocol/views.ts';
import { NO_MEMORY } from '../../rules/exits/decide.ts';
import type { ExitDecision, ExitMemory, OpenPosition } from '../../rules/exits/decide.ts';
import { nextTier } from '../../rules/exits/tiers.ts';
import type { Tier } from '../../rules/exits/tiers.ts';
import { stopPassed } from '../../rules/protection.ts';

export type HeldLife = LifeView & { readonly position: PositionView };
export type PlanMessage = Extract<ExecutorMessage, { type: 'close' | 'reduce' | 'move-stop' }>;

/** A plan that the executor's life does not show yet. */
export interface Outstanding {
  readonly message: PlanMessage;
  /** Monotonic ms of the last sending. */
  sentAt: number;
  sendings: number;
}

export interface Watched {
  life: HeldLife;
  memory: ExitMemory;
  /** `seenAt`: monotonic ms at which it came; by it its age is told, whatever the clocks of venue and machine say. */
  mark: { readonly price: Decimal; readonly observedAt: number; readonly seenAt: number } | undefined;
  /** Monotonic ms of the last evaluation of everything; undefined: one is due. */
  evaluatedAt: number | undefined;
  /** A plan was just taken up: what comes next is decided as soon as nothing is under way. */
  again: boolean;
  outstanding: Outstanding | undefined;
  last: ExitDecision | undefined;
  /** Its mark is missing or too old, and that was said. */
  blind: boolean;
}

export function watch(life: HeldLife): Watched {
  return { life, memory: NO_MEMORY, mark: undefined, evaluatedAt: undefined, again: false, outstanding: undefined, last: undefined, blind: false };
}

/**
 * A mark that goes on coming is fresh by when it comes: no clock that is off may hold up an exit (failure 95). Only of the
 * first one nothing is known but the venue's time: too old by that, it is none until the next one comes.
 */
export function see(watched: Watched, market: SymbolMarket | undefined, now: { readonly wall: number; readonly monotonic: number }, maxAgeMs: number): void {
  const mark = market?.mark;
  if (mark === undefined || mark.observedAt === watched.mark?.observedAt) return;
  const seenAt = watched.mark === undefined && now.wall - mark.observedAt > maxAgeMs ? now.monotonic - (now.wall - mark.observedAt) : now.monotonic;
  watched.mark = { price: mark.price, observedAt: mark.observedAt, seenAt };
}

/** What is open, as the rules look at it. */
export function openPosition({ life: { position } }: Watched, now: number): OpenPosition {
  const known = (price: string | null) => (price === null ? undefined : decimal(price));
  return { side: position.side, entry: decimal(position.entryPrice), initialStop: known(position.initialStop), stop: known(position.stopLoss), tiersDone: position.tiersDone, reducing: position.reducing, ageMs: now - position.openedAt };
}

/** While it is being closed, or is not ours to touch, nothing is decided. */
export function isDecidedOn({ life }: Watched): boolean {
  return life.phase !== 'Closing' && life.phase !== 'Drifted' && life.phase !== 'Flat';
}

/** True when the life says that the plan has been taken up. */
export function isShown({ message }: Outstanding, { phase, position }: HeldLife): boolean {
  if (phase === 'Closing') return true;
  if (message.type === 'close') return false;
  if (message.type === 'reduce') return position.tiersDone.includes(message.tier);
  return position.stopLoss !== null && stopPassed(position.side, decimal(position.stopLoss), decimal(message.stopPrice));
}

export function samePlan(one: PlanMessage, other: PlanMessage): boolean {
  if (one.type !== other.type) return false;
  return one.type !== 'reduce' || other.type !== 'reduce' || one.tier === other.tier;
}

/** The position as an operator sees it. */
export function shown({ life, last, mark, outstanding, blind }: Watched, tiers: readonly Tier[], now: { readonly wall: number; readonly monotonic: number }): object {
  const { position, phase, symbol } = life;
  const next = nextTier(tiers, position.tiersDone);
  return {
    symbol,
    positionId: position.positionId,
    side: position.side,
    phase,
    r: last?.r?.toFixed(4) ?? null,
    killScore: last?.kill === undefined ? null : Number(last.kill.score.toFixed(6)),
    killEvaluations: last?.memory.kill?.count ?? 0,
    mark: mark === undefined ? null : text(mark.price),
    markAgeMs: mark === undefined ? null : Math.round(now.monotonic - mark.seenAt),
    markKnown: !blind,
    tiersDone: position.tiersDone,
    nextTier: next === undefined ? null : `${next.percent} % at ${next.name} R`,
    ageMs: now.wall - position.openedAt,
    decision: last?.code ?? null,
    underWay: outstanding === undefined ? null : { plan: outstanding.message.type, reason: outstanding.message.reason, sendings: outstanding.sendings },
  };
}
