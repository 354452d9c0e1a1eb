/** Shapes of answers and events as tables: a value has exactly the fields of its shape, each of its kind. */
import { expect } from 'chai';

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  /** Text of any kind. */
  t: (value) => typeof value === 'string',
  /** A decimal as text: no exponent, no sign but minus, nothing that a parser could stumble over. */
  d: (value) => typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value),
  /** A whole number that every language can hold. */
  i: (value) => Number.isSafeInteger(value),
  n: (value) => typeof value === 'number' && Number.isFinite(value),
  b: (value) => typeof value === 'boolean',
  /** `'true'` or `'false'`. */
  q: (value) => value === 'true' || value === 'false',
  /** Not used and null. */
  z: (value) => value === null,
  /** Levels of a book: price and quantity. */
  l: (value) => Array.isArray(value) && value.length > 0 && value.every((level) => Array.isArray(level) && level.length === 2 && level.every((part) => kinds['d']!(part))),
  /** Names. */
  a: (value) => Array.isArray(value) && value.every((part) => typeof part === 'string'),
};

/** Field → kind, another shape, or a list of one shape with at least one row. */
export type Shape = { readonly [field: string]: string | Shape | readonly [Shape] };

/** `name:kind name:kind`, and what is nested. */
export function shape(flat: string, nested: Shape = {}): Shape {
  const fields = flat.split(' ').filter((part) => part !== '').map((part) => part.split(':') as [string, string]);
  for (const [name, kind] of fields) if (!(kind in kinds)) throw new Error(`${name} is of no known kind: ${kind}`);
  return { ...Object.fromEntries(fields), ...nested };
}

/** @throws AssertionError with the path of what is wrong */
export function expectShape(value: unknown, expected: Shape | readonly [Shape], path: string): void {
  if (Array.isArray(expected)) {
    expect(value, path).to.be.an('array').that.is.not.empty;
    for (const [index, row] of (value as unknown[]).entries()) expectShape(row, (expected as readonly [Shape])[0], `${path}[${index}]`);
    return;
  }
  const fields = expected as Shape;
  expect(value, path).to.be.an('object');
  const record = value as Record<string, unknown>;
  expect(Object.keys(record).toSorted(), path).to.deep.equal(Object.keys(fields).toSorted());
  for (const [name, kind] of Object.entries(fields)) {
    if (typeof kind !== 'string') expectShape(record[name], kind, `${path}.${name}`);
    else expect(kinds[kind]!(record[name]), `${path}.${name} is ${JSON.stringify(record[name])}, not of kind ${kind}`).to.equal(true);
  }
}
