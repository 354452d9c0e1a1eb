/** What has been granted, from the grant to flat: of ten plans for one free place exactly one is granted (failure 51, ruling 14). */
import type { Decimal } from '../protocol/decimal.ts';
import { decimal, wholeDecimal, ZERO } from '../protocol/decimal.ts';
import type { Plan } from '../protocol/decisions.ts';
import type { LifeView } from '../protocol/views.ts';
import type { PlanId, PositionSide, SymbolName } from '../protocol/names.ts';

export interface Reservation {
  readonly symbol: SymbolName;
  readonly planId: PlanId;
  readonly side: PositionSide;
  readonly quantity: Decimal;
  /** At the permit's worst price, USDT. */
  readonly notional: Decimal;
  readonly margin: Decimal;
  /** Monotonic ms: a wall clock that is set neither ends a reservation nor keeps it. */
  readonly grantedAt: number;
  /** Its executor has reported the order as sent: from then on only flat ends it. */
  readonly taken: boolean;
}

/** A reservation nobody took up is given back after this long: a permit lives 5 s, and its write-ahead has had its time. */
const FORGOTTEN_AFTER_MS = 15_000;

/** What the permit would allow at most: quantity × limit price (ruling 15); what the plan says of itself is not asked. */
export function worstNotional(plan: Plan): Decimal {
  return decimal(plan.quantity).multipliedBy(decimal(plan.limitPrice));
}

/** @param now monotonic ms. */
export function reserve(plan: Plan, now: number): Reservation {
  const notional = worstNotional(plan);
  return { symbol: plan.symbol, planId: plan.planId, side: plan.side, quantity: decimal(plan.quantity), notional, margin: notional.dividedBy(wholeDecimal(plan.leverage)), grantedAt: now, taken: false };
}

export interface Exposure {
  readonly symbol: SymbolName;
  /** It counts as a position. */
  readonly busy: boolean;
  /** Entry notional of what is held; limit price of what is opening, or may be (ruling 15). */
  readonly notional: Decimal;
  /** Margin that the account's figures, observed at `accountAt` (venue time), cannot show yet. */
  readonly unseenMargin: Decimal;
}

/** What a symbol holds or has reserved, counted once: while its entry may still fill, the larger of both; afterwards what is held. */
export function exposureOf(symbol: SymbolName, lives: ReadonlyMap<SymbolName, LifeView>, reservations: ReadonlyMap<SymbolName, Reservation>, accountAt = 0): Exposure {
  const life = lives.get(symbol);
  const reservation = reservations.get(symbol);
  const held = life === undefined ? ZERO : decimal(life.notional);
  const busy = reservation !== undefined || (life !== undefined && life.phase !== 'Flat');
  if (life?.position !== undefined && life.phase !== 'Opening' && life.phase !== 'Ambiguous') {
    const seen = accountAt > life.position.openedAt;
    return { symbol, busy, notional: held, unseenMargin: seen ? ZERO : held.dividedBy(wholeDecimal(life.position.leverage)) };
  }
  const reserved = reservation?.notional ?? ZERO;
  // A life without a reservation of ours is from before this governor: its leverage is the confirmed one, or the worst.
  const margin = held.dividedBy(wholeDecimal(life?.settings?.leverage ?? 1));
  return { symbol, busy, notional: held.isGreaterThan(reserved) ? held : reserved, unseenMargin: reservation !== undefined && reserved.isGreaterThanOrEqualTo(held) ? reservation.margin : margin };
}

/** Of every symbol that holds or has reserved anything. */
export function exposures(lives: ReadonlyMap<SymbolName, LifeView>, reservations: ReadonlyMap<SymbolName, Reservation>, accountAt = 0): readonly Exposure[] {
  return [...new Set([...lives.keys(), ...reservations.keys()])].map((symbol) => exposureOf(symbol, lives, reservations, accountAt)).filter((one) => one.busy);
}

/**
 * The reservations that stand after `life` was reported. One ends when its plan has come to nothing (abandoned, refused,
 * absent, unfilled) or its position is confirmed flat; Ambiguous keeps it; one that nobody took up expires. `now`: monotonic ms.
 */
export function settleReservation(reservations: ReadonlyMap<SymbolName, Reservation>, life: LifeView, now: number): ReadonlyMap<SymbolName, Reservation> {
  const reservation = reservations.get(life.symbol);
  if (reservation === undefined) return reservations;
  const stage = life.plan?.planId === reservation.planId ? life.plan.stage : undefined;
  if (life.phase === 'Flat' && stage !== 'pending' && stage !== 'sent') {
    const over = stage === 'ended' || reservation.taken || now - reservation.grantedAt > FORGOTTEN_AFTER_MS;
    return over ? without(reservations, life.symbol) : reservations;
  }
  if (reservation.taken || stage !== 'sent') return reservations;
  return new Map([...reservations, [life.symbol, { ...reservation, taken: true }]]);
}

function without(reservations: ReadonlyMap<SymbolName, Reservation>, symbol: SymbolName): ReadonlyMap<SymbolName, Reservation> {
  return new Map([...reservations].filter(([key]) => key !== symbol));
}
