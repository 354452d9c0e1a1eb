/** The SUBSCRIBE family as the venue reads it: each frame is a request, or refused with the venue's code and words. */
export type StreamRequest =
  | { readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE'; readonly streams: readonly string[] }
  | { readonly method: 'LIST_SUBSCRIPTIONS' | 'GET_PROPERTY' }
  | { readonly method: 'SET_PROPERTY'; readonly combined: boolean };

/** The id that an answer repeats. */
export type RequestId = string | number | null;

/** A request that is refused: 0 unknown property, 1 wrong type of value, 2 no request, 3 no JSON. */
export class BadRequest extends Error {
  readonly code: number;
  readonly id: RequestId;

  constructor(code: number, message: string, id: RequestId = null) {
    super(message);
    this.code = code;
    this.id = id;
  }
}

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequest(3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (!isRecord(value)) throw new BadRequest(2, 'Invalid request: request must be an object');
  return value;
}

/** Unsigned integers and strings; a request without one is answered with null. */
function readId(id: unknown): RequestId {
  if (id === undefined || id === null || typeof id === 'string') return id ?? null;
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return id;
  throw new BadRequest(2, 'Invalid request: request ID must be an unsigned integer or a string');
}

function readStreams(id: RequestId, params: unknown): readonly string[] {
  if (params === undefined) throw new BadRequest(2, 'Invalid request: missing field `params`', id);
  if (!Array.isArray(params)) throw new BadRequest(2, 'Invalid request: params must be an array of stream names', id);
  const names = params.filter((name): name is string => typeof name === 'string' && name !== '');
  if (names.length !== params.length || names.length === 0) throw new BadRequest(2, 'Invalid request: params must be an array of stream names', id);
  return names;
}

/** Checks the name of a property and how many values come with it. */
function readProperty(id: RequestId, params: unknown, count: number): readonly unknown[] {
  const [name, ...values] = Array.isArray(params) ? (params as unknown[]) : [];
  if (typeof name !== 'string') throw new BadRequest(2, 'Invalid request: property name must be a string', id);
  if (name !== 'combined') throw new BadRequest(0, 'Unknown property', id);
  if (values.length > count) throw new BadRequest(2, 'Invalid request: too many parameters', id);
  return values;
}

/** @throws BadRequest */
export function readRequest(text: string): { id: RequestId; request: StreamRequest } {
  const { id: given, method, params } = parse(text);
  const id = readId(given);
  switch (method) {
    case undefined:
      throw new BadRequest(2, 'Invalid request: missing field `method`', id);
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
      return { id, request: { method, streams: readStreams(id, params) } };
    case 'LIST_SUBSCRIPTIONS':
      return { id, request: { method } };
    case 'GET_PROPERTY':
      readProperty(id, params, 0);
      return { id, request: { method } };
    case 'SET_PROPERTY': {
      const [combined] = readProperty(id, params, 1);
      if (typeof combined !== 'boolean') throw new BadRequest(1, 'Invalid value type: expected Boolean', id);
      return { id, request: { method, combined } };
    }
    default:
      throw new BadRequest(2, `Invalid request: unknown variant \`${String(method).slice(0, 40)}\`, expected one of ${METHODS.map((name) => `\`${name}\``).join(', ')}`, id);
  }
}
