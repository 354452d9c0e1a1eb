/** What a comparison of venue and journal comes to, symbol by symbol: how often it is tried, what was found, and what is none of ours. */
import { decimal, text, ZERO } from '../protocol/decimal.ts';
import type { Decimal } from '../protocol/decimal.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ReconciledRow } from '../protocol/read-models.ts';
import type { VenueAlgoOrder, VenueOrder } from '../protocol/venue.ts';
import type { LifeView, ReconciliationView } from '../protocol/views.ts';
import { readClientId } from './client-ids.ts';

/** After how long the venue's side is brought again to an executor that has come to no result: it reads by itself meanwhile, far more often. */
const AGAIN_AFTER_MS = [3_000, 3_000, 6_000, 12_000, 24_000] as const;
/** So often without a result, and the symbol is closed to openings; from then on it is looked at with all the others (operators' 25 and 32). */
export const ATTEMPTS = AGAIN_AFTER_MS.length + 1;

/** One symbol, as often as the venue's side was brought to its executor without a result. */
export interface Attempts {
  readonly tries: number;
  /** When the reading that was brought last had begun, monotonic ms. */
  readonly begunAt: number;
  /** When it was brought, monotonic ms. */
  readonly broughtAt: number;
  /** It has come to a result since; that its executor was restarted and has forgotten it does not count as an attempt in vain. */
  readonly done: boolean;
}

/** Its executor has come to a result on what was brought last. */
export function isConcluded(attempts: Attempts | undefined, life: LifeView | undefined): boolean {
  return attempts !== undefined && life?.reconciledAt !== undefined && life.reconciledAt >= attempts.begunAt;
}

/** With what an executor says now. */
export function heardOf(attempts: Attempts, life: LifeView): Attempts {
  return attempts.done || !isConcluded(attempts, life) ? attempts : { ...attempts, done: true };
}

/** The venue's side is brought once more. */
export function brought(attempts: Attempts | undefined, begunAt: number, now: number): Attempts {
  const tries = attempts === undefined || attempts.done ? 1 : attempts.tries + 1;
  return { tries, begunAt, broughtAt: now, done: false };
}

/** True when it is to be brought again now. `behind`: whatever its executor has found by itself, it has not found it in this stream epoch. */
export function isDueAgain(attempts: Attempts | undefined, life: LifeView | undefined, behind: boolean, now: number): boolean {
  if (attempts === undefined) return false;
  if (isConcluded(attempts, life) && !behind) return false;
  const wait = attempts.done ? AGAIN_AFTER_MS[0] : AGAIN_AFTER_MS[attempts.tries - 1];
  return wait !== undefined && now - attempts.broughtAt >= wait;
}

/** All attempts were made, and the last has had its time. */
export function isSpent(attempts: Attempts | undefined, life: LifeView | undefined, now: number): boolean {
  if (attempts === undefined || attempts.done || isConcluded(attempts, life) || attempts.tries < ATTEMPTS) return false;
  return attempts.tries > ATTEMPTS || now - attempts.broughtAt >= AGAIN_AFTER_MS[0];
}

/** Symbols whose executor has not come to a result in this stream epoch. An Ambiguous or Drifted one is looked after by itself. */
export function behind(expected: readonly SymbolName[], lives: ReadonlyMap<SymbolName, LifeView>, streamEpoch: number): readonly SymbolName[] {
  return expected.filter((symbol) => {
    const life = lives.get(symbol);
    return life === undefined || life.reconciledEpoch < streamEpoch;
  });
}

/** What a comparison that is still under way says of this epoch now. Undefined: nothing new, or not all have looked once or been given up. */
export function conclusion(known: ReconciliationView | undefined, streamEpoch: number, expected: readonly SymbolName[], late: readonly SymbolName[], spent: readonly SymbolName[]): readonly SymbolName[] | undefined {
  const unresolved = expected.filter((symbol) => late.includes(symbol) || spent.includes(symbol));
  // Afterwards one that differs is closed by itself, and holds nobody else up.
  if (known?.streamEpoch !== streamEpoch) return unresolved.every((symbol) => spent.includes(symbol)) ? unresolved : undefined;
  return known.unresolved.join() === unresolved.join() ? undefined : unresolved;
}

/** A tag of ours on a live order that is not this instance's; undefined: there is none. */
export function foreignTag(orders: readonly { readonly clientId: string }[], tags: readonly string[]): string | undefined {
  return orders.map(({ clientId }) => readClientId(clientId)?.tag).find((tag) => tag !== undefined && !tags.includes(tag));
}

/** What the venue has of one symbol. */
export interface VenueSide {
  /** Signed. */
  readonly quantity: Decimal;
  /** Open orders and conditional orders that carry no tag of ours, in words. */
  readonly unknownOrders: readonly string[];
}

/** Open orders that no instance of ours has made: what a person, or another program, has in the book. */
export function unknownOrders(orders: readonly VenueOrder[], algoOrders: readonly VenueAlgoOrder[], tags: readonly string[]): readonly string[] {
  const foreign = (clientId: string) => !tags.includes(readClientId(clientId)?.tag ?? '');
  return [
    ...orders.filter((one) => foreign(one.clientId)).map((one) => `${one.type} ${one.side} ${text(one.quantity)} at ${text(one.price)} (${one.clientId})`),
    ...algoOrders.filter((one) => foreign(one.clientId)).map((one) => `${one.type} ${one.side} ${text(one.quantity)} from ${text(one.triggerPrice)} (${one.clientId})`),
  ].toSorted();
}

/** What an executor counts, signed. */
export function heldBy(life: LifeView | undefined): string {
  const { position } = life ?? {};
  if (position === undefined) return '0';
  return position.side === 'LONG' ? position.quantity : `-${position.quantity}`;
}

/** What was found of one symbol. `before`: what was held by our count when the comparison was asked for. */
export function reconciledRow(symbol: SymbolName, before: string, side: VenueSide | undefined, life: LifeView | undefined, concluded: boolean): ReconciledRow {
  const venue = text(side?.quantity ?? ZERO);
  const journal = heldBy(life);
  const agreed = decimal(before).isEqualTo(venue);
  const outcome = !concluded ? 'unresolved' : life?.drift !== undefined ? 'left' : agreed ? 'agreed' : 'corrected';
  return { symbol, outcome, before, journal, venue, state: life?.phase ?? 'Unknown', unknownOrders: side?.unknownOrders ?? [] };
}
