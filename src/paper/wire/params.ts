/** The parameters of a request as the client wrote them; a missing or malformed one is refused with the venue's code and its name. */
import { decimal, type Decimal } from '../../protocol/decimal.ts';
import { VenueError } from '../core/venue-error.ts';

const decimalText = /^-?\d+(\.\d+)?$/;

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw new VenueError('ILLEGAL_CHARS', part.slice(0, 40));
  }
}

/** Reads `a=1&b=2`. Percent-encoding that is not UTF-8 is refused with −1100, a name that comes twice with −1101. */
function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decodePart(at < 0 ? pair : pair.slice(0, at));
    if (pairs.has(name)) throw new VenueError('DUPLICATE_PARAMETER');
    pairs.set(name, at < 0 ? '' : decodePart(pair.slice(at + 1)));
  }
  return pairs;
}

export class Params {
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** Of a request, both parts raw. What is in both query and body counts as in the query. */
  static ofRequest(query: string, body: string): Params {
    return new Params(new Map([...parsePairs(body), ...parsePairs(query)]));
  }

  /** Of one element of a batch: an object whose values are text, numbers or booleans. @throws VenueError for anything else */
  static ofElement(element: unknown, name: string): Params {
    if (typeof element !== 'object' || element === null || Array.isArray(element)) throw new VenueError('BAD_PARAMETER', name);
    const values = new Map<string, string>();
    for (const [key, value] of Object.entries(element)) {
      if (value === null) continue;
      if (typeof value === 'object') throw new VenueError('BAD_PARAMETER', key);
      values.set(key, String(value));
    }
    return new Params(values);
  }

  /** A JSON array within a parameter, as batches are sent; null when it was not sent. @throws VenueError when it is none */
  list(name: string): readonly unknown[] | null {
    const value = this.text(name);
    if (value === null) return null;
    let list: unknown;
    try {
      list = JSON.parse(value);
    } catch {
      throw new VenueError('BAD_PARAMETER', name);
    }
    if (!Array.isArray(list)) throw new VenueError('BAD_PARAMETER', name);
    return list;
  }

  /** Empty is as absent. */
  text(name: string): string | null {
    const value = this.#values.get(name);
    return value === undefined || value === '' ? null : value;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === null) throw new VenueError('MANDATORY', name);
    return value;
  }

  decimal(name: string): Decimal | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!decimalText.test(value)) throw new VenueError('MANDATORY', name);
    return decimal(value);
  }

  requiredDecimal(name: string): Decimal {
    const value = this.decimal(name);
    if (value === null) throw new VenueError('MANDATORY', name);
    return value;
  }

  whole(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    const number = Number(value);
    if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(number)) throw new VenueError('MANDATORY', name);
    return number;
  }

  requiredWhole(name: string): number {
    const value = this.whole(name);
    if (value === null) throw new VenueError('MANDATORY', name);
    return value;
  }

  /** A whole number within bounds; outside them the venue refuses the value. */
  limit(name: string, ifAbsent: number, most: number): number {
    const value = this.whole(name) ?? ifAbsent;
    if (value < 1 || value > most) throw new VenueError('BAD_PARAMETER', name);
    return value;
  }

  /** `true` or `false` in any case; absent is false. */
  flag(name: string): boolean {
    const value = this.text(name)?.toLowerCase() ?? 'false';
    if (value !== 'true' && value !== 'false') throw new VenueError('BAD_PARAMETER', name);
    return value === 'true';
  }

  /** Refuses a value of `name` other than those served. */
  only(name: string, ...served: readonly string[]): void {
    const value = this.text(name);
    if (value !== null && !served.includes(value)) throw new VenueError('BAD_PARAMETER', name);
  }
}
