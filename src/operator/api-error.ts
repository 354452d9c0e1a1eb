/** Every failure leaves as `{"error":{code,message,details}}` with a fitting status; a defect never shows its insides. */
import type { ErrorCode } from '../protocol/errors.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';

/** 500 for whatever is not the asker's to mend. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  NOT_AUTHENTICATED: 401,
  ORIGIN_REFUSED: 403,
  ACTOR_NOT_FOUND: 404,
  LOCK_NOT_FOUND: 404,
  SYMBOL_UNKNOWN: 404,
  ID_UNKNOWN: 404,
  NOT_FOUND: 404,
  ACTION_REFUSED: 409,
  STATE_UNKNOWN: 503,
};

/** A known fault whose status its code alone does not say. */
export class StatusError extends VigilError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ErrorCode, message: string, options: { details?: Record<string, unknown>; headers?: Record<string, string> } = {}) {
    super(code, message, options.details === undefined ? {} : { details: options.details });
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** The path exists, but not for this method. `allow` is what it takes. */
export function wrongMethod(method: string, path: string, allow: readonly string[]): StatusError {
  return new StatusError(405, 'REQUEST_INVALID', `${path} does not take ${method}, but ${allow.join(', ')}`, { details: { method, allow }, headers: { allow: allow.join(', ') } });
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly code: ErrorCode; readonly message: string; readonly details: Readonly<Record<string, unknown>> } };
}

/** What the asker is told about whatever was thrown; `defect` when it is ours, and belongs in the log. */
export function errorAnswer(thrown: unknown): ErrorAnswer & { readonly defect: boolean } {
  if (thrown instanceof StatusError) return { ...answer(thrown.status, thrown.code, thrown.message, thrown.details), headers: thrown.headers, defect: false };
  if (thrown instanceof VigilError) {
    const status = STATUS[thrown.code] ?? 500;
    return { ...answer(status, thrown.code, thrown.message, thrown.details), defect: status === 500 };
  }
  const status = statusOf(thrown);
  // What the HTTP library refuses (no JSON, too large, wrong content type) carries a 4xx of its own.
  if (status >= 400 && status < 500) return { ...answer(status, 'REQUEST_INVALID', messageOf(thrown), {}), defect: false };
  return { ...answer(500, 'INTERNAL', 'the request failed on a defect; the log has it', {}), defect: true };
}

function answer(status: number, code: ErrorCode, message: string, details: Readonly<Record<string, unknown>>): ErrorAnswer {
  const headers: Record<string, string> = status === 401 ? { 'www-authenticate': 'Bearer realm="vigil"' } : {};
  return { status, headers, body: { error: { code, message, details } } };
}

function statusOf(thrown: unknown): number {
  return typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
}
