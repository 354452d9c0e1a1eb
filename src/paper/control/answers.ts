/** How the control answers: JSON with a status, and a bad body named by field, value and what is expected. */
import type { z } from 'zod';
import type { WireAnswer } from '../wire/dispatch.ts';

const MAX_SHOWN = 200;

export function ok(json: unknown): WireAnswer {
  return { status: 200, headers: {}, json };
}

export function failed(status: number, code: string, message: string): WireAnswer {
  return { status, headers: {}, json: { error: { code, message } } };
}

/** What the body holds at a path. */
function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[name] : undefined), body);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, MAX_SHOWN);
}

/** Every fault of a body at once: field, what is expected, and the value. */
function describe(error: z.ZodError, body: unknown): string {
  const lines = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${[...issue.path, key].join('.')}: no such field, got ${shown(valueAt(body, [...issue.path, key]))}: leave it out`);
    }
    const expected = issue.message.replace(/^(Invalid \w+|Too \w+): /, '').replace(/, received .*$/, '');
    return [`${issue.path.join('.') || 'body'}: ${expected}, got ${shown(valueAt(body, issue.path))}`];
  });
  return lines.join('; ');
}

/** Answered 400 with its message. */
export class BadBody extends Error {}

/** @throws BadBody naming field, value and what is expected. */
export function read<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new BadBody(`body: expected JSON, got ${JSON.stringify(body.slice(0, 80))}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new BadBody(describe(parsed.error, value));
  return parsed.data;
}
