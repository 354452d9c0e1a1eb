/** What an entry is at rest: checked before it is written, and chained to the one before it by its checksum. */
import { hash } from 'node:crypto';
import { VigilError } from '../protocol/errors.ts';
import { canonicalJson } from './canonical-json.ts';
import type { NewEntry, StoredEntry } from './port.ts';

/** A new entry with its payload as canonical JSON: what engines compare, write and hash. */
export interface EncodedEntry extends Omit<NewEntry, 'payload'> {
  readonly payload: string;
}

/** A stored entry whose payload is still text. */
export interface EncodedRow extends EncodedEntry {
  readonly position: number;
  readonly writerEpoch: number;
}

/** The checksum before the first entry. */
export const GENESIS = '0'.repeat(64);

/**
 * Checks an entry and fixes it as text at the moment of the call, so that what the caller changes later is not written.
 * Throws VigilError INTERNAL naming the field and the value: a faulty entry is a defect of the writer, not of the journal.
 */
export function encodeEntry(entry: NewEntry): EncodedEntry {
  const { entity, sequence, type, version, at } = entry;
  requireName('entity', entity);
  requireName('type', type);
  requireInteger(entity, 'sequence', sequence, Number.MIN_SAFE_INTEGER);
  requireInteger(entity, 'version', version, 1);
  requireInteger(entity, 'at', at, Number.MIN_SAFE_INTEGER);
  return { entity, sequence, type, version, at, payload: canonicalJson(entry.payload, `${entity} #${sequence} ${type}: payload`) };
}

/** The entry as readers see it. */
export function decodeRow(row: EncodedRow): StoredEntry {
  const { position, entity, sequence, type, version, at, writerEpoch } = row;
  return { position, entity, sequence, type, version, at, writerEpoch, payload: JSON.parse(row.payload) as unknown };
}

/** Whether the two say the same, byte for byte. Who wrote it, and when it was stored, does not count. */
export function sameEntry(left: EncodedEntry, right: EncodedEntry): boolean {
  return (
    left.entity === right.entity &&
    left.sequence === right.sequence &&
    left.type === right.type &&
    left.version === right.version &&
    left.at === right.at &&
    left.payload === right.payload
  );
}

/**
 * SHA-256 over every field of the row and the checksum of the row before it: a changed byte, a removed row and two rows
 * that changed places all break the chain at that row.
 */
export function chainChecksum(previous: string, row: EncodedRow): string {
  const { position, entity, sequence, type, version, at, writerEpoch, payload } = row;
  return hash('sha256', JSON.stringify([previous, position, entity, sequence, type, version, at, writerEpoch, payload]), 'hex');
}

/** Names must survive UTF-8 unchanged: a lone surrogate would come back as another name, and a NUL cuts text in C. */
function requireName(field: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && value.isWellFormed() && !value.includes('\0')) return;
  throw new VigilError('INTERNAL', `${field} of a journal entry is ${JSON.stringify(value)}; it must be well-formed text that is not empty`);
}

function requireInteger(entity: string, field: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new VigilError('INTERNAL', `${field} of a journal entry of ${entity} is ${String(value)}; it must be a whole number${least === 1 ? ' from 1' : ''}`);
}
