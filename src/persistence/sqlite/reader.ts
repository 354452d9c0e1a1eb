/**
 * Reads in slices, so that a long history never keeps an append waiting. Slices need no transaction around them: appends in
 * between only add beyond the end that a read began with, and nothing is let go of while a read is under way.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EncodedRow } from '../journal-entry.ts';
import type { TailBounds } from '../port.ts';
import type { ReadRequest } from './messages.ts';
import { ROW_COLUMNS } from './schema.ts';

/** Below about a millisecond of work each. */
const ROWS_A_SLICE = 200;
const CHARACTERS_A_SLICE = 500_000;
/** Rows looked at for their type in one slice, most of which may be of another. */
const SCANNED_A_SLICE = 2_000;

/** The rows a request asks for, slice by slice; an empty slice means "go on". */
export function readSlices(reader: DatabaseSync, request: ReadRequest): Generator<EncodedRow[]> {
  switch (request.kind) {
    case 'read':
      return entitySlices(reader, request.entity);
    case 'readTypes':
      return typeSlices(reader, request.types, request.since);
    case 'readTail':
      return tailSlices(reader, request.entity, request.bounds);
  }
}

/** From the newest entry backwards. */
export function* tailSlices(reader: DatabaseSync, entity: string, { since, characters }: TailBounds): Generator<EncodedRow[]> {
  const statement = reader.prepare(`SELECT ${ROW_COLUMNS} FROM entries WHERE entity = ? AND sequence < ? ORDER BY sequence DESC`);
  let left = characters;
  for (let below = Number.MAX_SAFE_INTEGER; ; ) {
    const { rows, cut } = takeSlice(statement, [entity, below]);
    let wanted = 0;
    for (const row of rows) {
      left -= row.payload.length;
      const newest = below === Number.MAX_SAFE_INTEGER && wanted === 0;
      if (row.at < since || (left < 0 && !newest)) break;
      wanted += 1;
    }
    yield rows.slice(0, wanted);
    if (!cut || wanted < rows.length) return;
    below = rows.at(-1)!.sequence;
  }
}

function* entitySlices(reader: DatabaseSync, entity: string): Generator<EncodedRow[]> {
  const { last, snapshot } = (reader.prepare('SELECT last, snapshot FROM entities WHERE entity = ?').get(entity) ?? { last: 0, snapshot: 0 }) as { last: number; snapshot: number };
  const statement = reader.prepare(`SELECT ${ROW_COLUMNS} FROM entries WHERE entity = ? AND sequence > ? AND sequence <= ? ORDER BY sequence`);
  for (let done = snapshot - 1; done < last; ) {
    const { rows } = takeSlice(statement, [entity, done, last]);
    done = rows.at(-1)?.sequence ?? last;
    yield rows;
  }
}

function* typeSlices(reader: DatabaseSync, types: readonly string[], since: number): Generator<EncodedRow[]> {
  const { first, end } = reader.prepare('SELECT anchor.position AS first, head.position AS end FROM anchor, head').get() as { first: number; end: number };
  const statement = reader.prepare(
    `SELECT ${ROW_COLUMNS} FROM entries WHERE position > ? AND position <= ? AND at >= ? AND type IN (SELECT value FROM json_each(?)) ORDER BY position`,
  );
  const wanted = JSON.stringify(types);
  for (let done = first; done < end; ) {
    const upTo = Math.min(done + SCANNED_A_SLICE, end);
    const { rows, cut } = takeSlice(statement, [done, upTo, since, wanted]);
    // A slice that was cut short ends at its last row; one that was not has seen everything up to its end.
    done = cut ? rows.at(-1)!.position : upTo;
    yield rows;
  }
}

/** The sequence of the entity's last entry, held or not. */
export function lastSequence(reader: DatabaseSync, entity: string): number {
  return Number(reader.prepare('SELECT last FROM entities WHERE entity = ?').get(entity)?.['last'] ?? 0);
}

/** The entities whose name starts with `prefix`, in the order of their UTF-8 bytes. */
export function entityNames(reader: DatabaseSync, prefix: string): string[] {
  const names: string[] = [];
  for (const { entity } of reader.prepare('SELECT entity FROM entities WHERE entity >= ? ORDER BY entity').iterate(prefix)) {
    if (typeof entity !== 'string' || !entity.startsWith(prefix)) break;
    names.push(entity);
  }
  return names;
}

/** Rows up to the bounds of a slice; `cut` when there may be more. */
export function takeSlice(statement: StatementSync, parameters: (string | number)[]): { rows: EncodedRow[]; cut: boolean } {
  const rows: EncodedRow[] = [];
  let characters = 0;
  for (const found of statement.iterate(...parameters)) {
    const row = found as unknown as EncodedRow;
    rows.push(row);
    characters += row.payload.length;
    if (rows.length >= ROWS_A_SLICE || characters >= CHARACTERS_A_SLICE) return { rows, cut: true };
  }
  return { rows, cut: false };
}
