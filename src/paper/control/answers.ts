/** How the control answers: JSON with a status, and a bad body named by field, value and what is expected. */
import type { z } from 'zod';
import type { WireAnswer } from '../wire/dispatch.ts';

export function ok(json: unknown): WireAnswer {
  return { status: 200, headers: {}, json };
}

export function failed(status: number, code: string, message: string): WireAnswer {
  return { status, headers: {}, json: { error: { code, message } } };
}

/** Every fault of a body at once: field, value and what is expected. */
function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}, got ${JSON.stringify(issue.input) ?? 'nothing'}`).join('; ');
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
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw new BadBody(describe(parsed.error));
  return parsed.data;
}
