/** What has been granted and is not yet seen: of ten plans for one free place exactly one is granted (failure 51). */
import type { Decimal } from '../protocol/decimal.ts';
import { decimal, ZERO } from '../protocol/decimal.ts';
import type { LifeView } from '../protocol/messages.ts';
import type { PlanId, SymbolName } from '../protocol/names.ts';

export interface Reservation {
  readonly symbol: SymbolName;
  readonly planId: PlanId;
  /** At the permit's worst price, USDT. */
  readonly notional: Decimal;
  readonly margin: Decimal;
  readonly grantedAt: number;
}

/** A reservation nobody took up is given back after this long: a permit lives 5 s, and its write-ahead has had its time. */
const FORGOTTEN_AFTER_MS = 15_000;

/** What a symbol holds or has reserved. `busy`: it counts as a position. */
export function exposureOf(symbol: SymbolName, lives: ReadonlyMap<SymbolName, LifeView>, reservations: ReadonlyMap<SymbolName, Reservation>): { readonly busy: boolean; readonly notional: Decimal } {
  const life = lives.get(symbol);
  const reservation = reservations.get(symbol);
  const held = life === undefined ? ZERO : decimal(life.notional);
  const reserved = reservation?.notional ?? ZERO;
  return { busy: reservation !== undefined || (life !== undefined && life.phase !== 'Flat'), notional: held.isGreaterThan(reserved) ? held : reserved };
}

/**
 * The reservations that stand after `life` was reported: an executor whose order is out carries the exposure itself, one
 * whose plan has ended gives it back; one that neither holds the plan nor ever took it up is forgotten in time.
 */
export function settleReservation(reservations: ReadonlyMap<SymbolName, Reservation>, life: LifeView, now: number): ReadonlyMap<SymbolName, Reservation> {
  const reservation = reservations.get(life.symbol);
  if (reservation === undefined) return reservations;
  const taken = life.plan?.planId === reservation.planId ? life.plan.stage : undefined;
  const forgotten = taken === undefined && now - reservation.grantedAt > FORGOTTEN_AFTER_MS;
  if (taken !== 'sent' && taken !== 'ended' && !forgotten) return reservations;
  const rest = new Map(reservations);
  rest.delete(life.symbol);
  return rest;
}
