/** One text for one value: keys sorted, nothing guessed. Two payloads are the same exactly when their texts are the same bytes. */
import { VigilError } from '../protocol/errors.ts';

/** Deeper than any event of ours; a cycle ends here with a message instead of a stack overflow. */
const MAX_DEPTH = 64;

/**
 * The canonical JSON text of `value`: object keys sorted by code unit, properties that are `undefined` left out, `toJSON` honoured.
 * Throws VigilError INTERNAL naming the path where JSON would lose something in silence: NaN, Infinity, bigint, a function,
 * `undefined` in a list, a Map, a cycle.
 */
export function canonicalJson(value: unknown, path = 'payload'): string {
  return write(value, path, 0);
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new VigilError('INTERNAL', `${path} is nested deeper than ${MAX_DEPTH}, or contains itself`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw unwritable(path, String(value));
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw unwritable(path, typeof value === 'bigint' ? 'a bigint' : typeof value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return write((value.toJSON as () => unknown)(), path, depth + 1);
  // Not `map`, which skips what is not there: a hole is an `undefined`.
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown, index) => write(item, `${path}[${index}]`, depth + 1)).join(',')}]`;
  return writeObject(value, path, depth);
}

function writeObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw unwritable(path, `an instance of ${value.constructor.name}`);
  const members: string[] = [];
  for (const [key, member] of Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    // The same as absent: an optional field that was not given.
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${write(member, `${path}.${key}`, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

function unwritable(path: string, what: string): VigilError {
  return new VigilError('INTERNAL', `${path} is ${what}, which JSON cannot carry`, { details: { path } });
}
