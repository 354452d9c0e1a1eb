/** One endpoint as data: the help, the routes and the 405 are made from the same table, so none can say other than the rest. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { VigilError } from '../protocol/errors.ts';
import type { Stream } from './stream.ts';

/** Through which door a request came: the Unix socket (the file mode is the authority) or loopback TCP (the token is). */
export type Door = 'socket' | 'tcp';

export interface Call {
  readonly door: Door;
  /** What stood for `*` in the path, still percent-encoded. */
  readonly rest: string;
  /** The TCP port it came in by; 0 on the socket. */
  readonly port: number;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Instead of the body: an answer that goes on. */
  readonly stream?: Stream;
  readonly headers?: Readonly<Record<string, string>>;
  /** Runs once the asker has its answer, or has gone. */
  readonly afterwards?: () => void;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A `*` at the end stands for the rest, slashes included. */
  readonly path: string;
  /** One sentence for the help. */
  readonly does: string;
  readonly query?: string;
  readonly body?: string;
  answer(call: Call): Answer | Promise<Answer>;
}

/** A GET: it reads and never acts. */
export function reading(path: string, does: string, answer: (call: Call) => unknown, query?: string): Endpoint {
  return { method: 'GET', path, does, answer: async (call) => ({ status: 200, body: await answer(call) }), ...(query === undefined ? {} : { query }) };
}

/** Why an operator acts: kept with the act. */
export const reasonSchema = z.string().trim().min(1).max(500);

/** The reason of an act in which nobody should have to think of words first. */
export const ASKED_FOR = 'asked for by an operator';

/** Checks what came in from outside. Throws REQUEST_INVALID naming every field at fault, its value and what was expected. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => {
    // An unknown key is a fault of that key, not of the whole.
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), value: null, expected: 'no such field' }));
    return [{ field: issue.path.join('.') || what, value: shown(issue.input), expected: issue.message }];
  });
  throw new VigilError('REQUEST_INVALID', errors.map((error) => `${error.field}: ${error.expected} (got ${JSON.stringify(error.value)})`).join('; '), { details: { errors } });
}

/** A value as it can be shown back: cut to size, and never undefined. */
function shown(input: unknown): unknown {
  const text = JSON.stringify(input) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 200)}…` : input ?? null;
}
