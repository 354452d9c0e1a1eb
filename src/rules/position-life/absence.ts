/**
 * When an order without an answer is asked for, and when what the venue does not know is absent: one "unknown" proves
 * nothing (ruling 8, failure 47, operators' 19). All by the monotonic clock, ms: the wall clock may be set meanwhile, and
 * to call absent too early what the venue still takes, or to wait for an hour, would be the price.
 */
import { RECV_WINDOW_MS } from '../../protocol/venue.ts';
import type { OrderRecord, ProtectionRecord } from './life.ts';

/** When an ambiguous order is asked for, after it became so; then every 8 s. */
const QUERY_AFTER_MS = [500, 1_000, 2_000, 5_000, 8_000];
const LAST_QUERY_MS = 8_000;
/** So often a protection is asked for before its absence says anything. */
const PROTECTION_QUERIES = 2;
/** The venue takes a time that is as much as a second ahead of its own: it may take what was sent so long after the recvWindow. */
const WINDOW_MS = RECV_WINDOW_MS + 1_000;

/** What is known of the time at which a write went out. */
export interface WentOut {
  /** Not later: its outcome was heard then, or this incarnation began. */
  readonly by: number;
  /** How long it had been open when this incarnation began, by the wall clock alone, ms; 0: it is this incarnation's own. */
  readonly openBefore: number;
}

/** How often the venue has said "unknown" to an id, and when it was asked the last of these times. */
export interface Unknowns {
  readonly times: number;
  readonly askedAt: number;
}

/** When it is asked for next. One that was open before this incarnation is asked for at once, and then as if it had been sent now: its past is the wall clock's word alone, which puts nothing off and proves nothing. */
export function queryDueAt({ by, openBefore }: WentOut, times: number): number {
  const after = QUERY_AFTER_MS[times] ?? LAST_QUERY_MS * (times - QUERY_AFTER_MS.length + 2);
  return by + after - Math.min(Math.max(0, openBefore), QUERY_AFTER_MS[0]!);
}

/** Every query of the schedule has been put. */
export function isAskedOut({ times }: Unknowns): boolean {
  return times >= QUERY_AFTER_MS.length;
}

/** What was read beside the order: when each was asked for. 0: never. */
export interface ReadBeside {
  /** The last reading of the position that agreed with our count, and was contradicted by none since. */
  readonly agreedAt: number;
  readonly tradesReadAt: number;
  /** The venue's word last became the position. */
  readonly adoptedAt: number;
}

/**
 * Absence needs every query, and then the order, position and trades, each asked for when the venue could take it no more,
 * that agree without it: flat, or what others have made of it. Trades that could not be read are not waited for once the
 * venue's word has become the position. A close may be sent twice and closes once; a part would be closed twice.
 */
export function isAbsent(purpose: OrderRecord['purpose'], { by }: WentOut, unknowns: Unknowns, { agreedAt, tradesReadAt, adoptedAt }: ReadBeside): boolean {
  if (!isAskedOut(unknowns)) return false;
  const over = by + WINDOW_MS;
  return purpose === 'close' || (unknowns.askedAt >= over && agreedAt >= over && (tradesReadAt >= over || adoptedAt > by));
}

/**
 * One that never stood is sent again under its own id while it is `wanted`: at worst it is there already. One that stood, or
 * that nothing needs any more, is lost, once it was asked for when the venue could take it no more.
 */
export function whatOfUnknownProtection({ state }: ProtectionRecord, { by }: WentOut, { times, askedAt }: Unknowns, wanted: boolean): 'ask-again' | 'send-again' | 'lost' {
  if (times < PROTECTION_QUERIES) return 'ask-again';
  if (state === 'sending' && wanted) return 'send-again';
  return askedAt < by + WINDOW_MS ? 'ask-again' : 'lost';
}
