/** When an order without an answer is asked for, and when what the venue does not know is absent: one "unknown" proves nothing (ruling 8, failure 47, operators' 19). */
import { RECV_WINDOW_MS } from '../../protocol/venue.ts';
import type { OrderRecord, ProtectionRecord } from './life.ts';

/** When an ambiguous order is asked for, after it became so; then every 8 s. */
const QUERY_AFTER_MS = [500, 1_000, 2_000, 5_000, 8_000];
/** So often a protection is asked for before its absence says anything. */
const PROTECTION_QUERIES = 2;

/** When it is asked for next, wall time ms. `asked`: how often the venue has said "unknown" to its id. */
export function queryDueAt({ ambiguousSince, sentAt }: OrderRecord, asked: number): number {
  const last = QUERY_AFTER_MS.at(-1)!;
  return (ambiguousSince ?? sentAt) + (QUERY_AFTER_MS[asked] ?? last * (asked - QUERY_AFTER_MS.length + 2));
}

/** What was read beside the order, wall time ms at which each was asked for. */
export interface ReadBeside {
  /** The last reading of the position that agreed with our count. */
  readonly agreedAt: number;
  readonly tradesReadAt: number;
  /** The venue's word last became the position. */
  readonly adoptedAt: number;
}

/**
 * Absence needs every query, and position and trades, both read when the venue could take it no more, that agree without it:
 * flat, or what others have made of it. Trades that could not be read are not waited for once the venue's word has become
 * the position. A close may be sent twice and closes once; a part would be closed twice.
 */
export function isAbsent({ purpose, sentAt }: OrderRecord, asked: number, { agreedAt, tradesReadAt, adoptedAt }: ReadBeside): boolean {
  if (asked < QUERY_AFTER_MS.length) return false;
  const over = sentAt + RECV_WINDOW_MS;
  return purpose === 'close' || (agreedAt >= over && (tradesReadAt >= over || adoptedAt > sentAt));
}

/**
 * One that never stood is sent again under its own id while something is held: at worst it is there already. One that stood,
 * or that nothing needs any more, is lost, once the venue can take it no more.
 */
export function whatOfUnknownProtection({ state, sentAt }: ProtectionRecord, asked: number, holds: boolean, now: number): 'ask-again' | 'send-again' | 'lost' {
  if (asked < PROTECTION_QUERIES) return 'ask-again';
  if (state === 'sending' && holds) return 'send-again';
  return now < sentAt + RECV_WINDOW_MS ? 'ask-again' : 'lost';
}
