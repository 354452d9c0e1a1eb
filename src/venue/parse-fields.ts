/** Every answer of the venue passes a schema: fields we do not know are let go, a missing or malformed one is an error with endpoint, field and value. */
import { z } from 'zod';
import { decimal, decimalString } from '../protocol/decimal.ts';
import type { ClientId, SymbolName } from '../protocol/names.ts';
import { VenueError } from './port.ts';

export const decimalField = decimalString.transform((text) => decimal(text));
export const positiveDecimalField = decimalField.refine((value) => value.isGreaterThan(0), 'above zero');
/** Notional caps come as JSON numbers. */
export const numericField = z.union([decimalString, z.number().transform(String).pipe(decimalString)]).transform((text) => decimal(text));
/** Ids as text: beyond 2^53 they already come as text out of `exact-json.ts`. */
export const idField = z.union([z.int().nonnegative().transform(String), z.string().regex(/^\d+$/)]);
/** Milliseconds since the epoch. */
export const timeField = z.int().nonnegative();
/** Any text: a symbol is valid because the venue lists it (failure 20). */
export const symbolField = z.string().min(1).transform((text) => text as SymbolName);
/** Any text: orders of other programs and of the venue itself have ids of other shapes. */
export const clientIdField = z.string().transform((text) => text as ClientId);
export const sideField = z.enum(['BUY', 'SELL']);
/** In hedge mode one symbol has two positions, which no type of ours can say: such an answer is refused, not folded into one. */
export const oneWayField = z.literal('BOTH');

const LONGEST_VALUE = 80;

/**
 * `body` by `schema`.
 * @throws VenueError kind `unknown`: what the venue meant is not known
 */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, body: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new VenueError('unknown', `${where}: ${describeIssues(parsed.error)}`);
}

/**
 * The rows of a list of the whole market. One row we cannot read must not close all the others: it is handed to `onBadRow` and left out.
 * @throws VenueError kind `unknown` if the body is no list, or not one row of it can be read
 */
export function parseRows<Schema extends z.ZodType>(schema: Schema, body: unknown, where: string, onBadRow: (reason: string) => void): z.output<Schema>[] {
  const rows = parseAnswer(z.array(z.unknown()), body, where);
  const good: z.output<Schema>[] = [];
  let reason = '';
  for (const row of rows) {
    const parsed = schema.safeParse(row, { reportInput: true });
    if (parsed.success) {
      good.push(parsed.data);
      continue;
    }
    reason = `${where}: ${nameOfRow(row)}${describeIssues(parsed.error)}`;
    onBadRow(reason);
  }
  if (good.length === 0 && rows.length > 0) throw new VenueError('unknown', `${reason} (none of ${rows.length} rows can be read)`);
  return good;
}

/** The first three faults: `executedQty: Invalid input: expected string, received undefined (undefined)`. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length === 0 ? 'the answer' : issue.path.join('.')}: ${issue.message} (${valueText(issue.input)})`)
    .join('; ');
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function nameOfRow(row: unknown): string {
  return typeof row === 'object' && row !== null && 'symbol' in row && typeof row.symbol === 'string' ? `${row.symbol}: ` : '';
}
