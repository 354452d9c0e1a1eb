/** A frame of the WebSocket API as a request: numbers stay as the client wrote them, because it signed them so. */
import { hmac } from '../wire/signature.ts';
import { Params } from '../wire/params.ts';

export type RequestId = string | number | null;

export interface ApiRequest {
  readonly id: RequestId;
  readonly method: string;
  /** As they were signed; without what was null. */
  readonly values: ReadonlyMap<string, string>;
}

/** A frame that is no request: −1135 and what is wrong with it. */
export class BadFrame extends Error {
  readonly code = -1135;
  readonly id: RequestId;

  constructor(message: string, id: RequestId = null) {
    super(message);
    this.id = id;
  }
}

/** A number as it was written. */
class Written {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseWithSource(text, (_key, part, { source }) => (typeof part === 'number' ? new Written(source ?? String(part)) : part));
  } catch {
    throw new BadFrame('Invalid JSON Request');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Written) throw new BadFrame('Invalid JSON Request');
  return value as Record<string, unknown>;
}

function readId(id: unknown): RequestId {
  if (id === undefined || id === null) return null;
  if (typeof id === 'string' && id.length <= 64) return id;
  if (id instanceof Written && /^-?\d{1,16}$/.test(id.source)) return Number(id.source);
  throw new BadFrame("Invalid 'id' in JSON request; expected an integer, a string matching '^[a-zA-Z0-9-_]{1,36}$', or null.");
}

/** Values that are no text, number or boolean are written as JSON: no endpoint takes them. */
function asWritten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Written) return value.source;
  return JSON.stringify(value);
}

/** @throws BadFrame */
export function readApiRequest(text: string): ApiRequest {
  const { id: given, method, params = {} } = parse(text);
  const id = readId(given);
  if (typeof method !== 'string' || method === '') throw new BadFrame("Missing 'method' in JSON request.", id);
  if (typeof params !== 'object' || params === null || Array.isArray(params) || params instanceof Written) throw new BadFrame("Invalid 'params' in JSON request; expected an object.", id);
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(params)) if (value !== null) values.set(name, asWritten(value));
  return { id, method, values };
}

export function apiParams(values: ReadonlyMap<string, string>): Params {
  return Params.ofElement(Object.fromEntries(values), 'params');
}

/**
 * HMAC-SHA256 over `name=value&…` in the order of the names, `signature` left out.
 * Client libraries differ in whether the values are percent-encoded first; for most it is the same text.
 */
export function apiSignatures(secret: string, values: ReadonlyMap<string, string>): readonly string[] {
  const signed = [...values].filter(([name]) => name !== 'signature').toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = (write: (value: string) => string) => signed.map(([name, value]) => `${name}=${write(value)}`).join('&');
  return [text((value) => value), text(encodeURIComponent)].map((payload) => hmac(secret, payload));
}
