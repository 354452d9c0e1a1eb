/** What may be shown of a message, a state or an error: no secrets, plain JSON, and never more than fits a screen. */

/** Names under which secrets live. Numbers under most of them are counts, booleans are flags: they are shown. */
const SECRET_NAME = /secret|token|passw|passphrase|credential|authorization|cookie|signature|private|(?:api|listen)[-_]?key/i;
/** Under these a number may be the secret itself. */
const SECRET_NUMBER = /secret|passw|passphrase|credential/i;
/** `name=value`, `name: value` and `"name":"value"` inside a text. */
const SECRET_IN_TEXT = /((?:api[-_]?)?(?:secret|key|token|password|passphrase|signature|authorization)["']?\s*[=:]\s*["']?)((?:Bearer\s+)?[^\s"',&;})\]]+)/gi;
const REDACTED = '[redacted]';

/** How much is shown: levels below the value itself, entries of one list or object, values of the whole. */
interface Limits {
  readonly depth: number;
  readonly entries: number;
  readonly values: number;
}

/** For a message or a line of a log. */
const LINE: Limits = { depth: 6, entries: 100, values: 1_000 };
/** For the state of an actor: more than any healthy one has; one that grew without bound must not take the service down when looked at. */
export const STATE: Limits = { depth: 12, entries: 2_000, values: 50_000 };

/** Without what looks like a secret in a text. */
export function redactText(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${REDACTED}`);
}

/** A copy that is plain JSON: secrets by their names, deep and long things cut with a word of what was cut. Never throws. */
export function redact(value: unknown, limits: Limits = LINE): unknown {
  return new Copy(limits).of(value, limits.depth);
}

class Copy {
  readonly #most: number;
  #left: number;

  constructor({ entries, values }: Limits) {
    this.#most = entries;
    this.#left = values;
  }

  of(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return redactText(value);
      case 'bigint':
      case 'symbol':
        return String(value);
      case 'function':
        return '[function]';
      case 'object':
        break;
      default:
        return value;
    }
    if (value === null) return null;
    try {
      return this.#ofObject(value, depth);
    } catch {
      // A getter or a toJSON that throws is a defect of what is looked at, and must not hide the rest.
      return '[unreadable]';
    }
  }

  #ofObject(value: object, depth: number): unknown {
    if (value instanceof Error) return redactText(`${value.name}: ${value.message}`);
    if (depth === 0) return Array.isArray(value) ? `[${value.length} items]` : '[object]';
    // Decimals and dates say themselves how they are written.
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.of(value.toJSON() as unknown, depth - 1);
    if (Array.isArray(value) || value instanceof Set) {
      const items = [...value];
      const shown = items.slice(0, this.#take(items.length)).map((item) => this.of(item, depth - 1));
      return items.length > shown.length ? [...shown, `[${items.length - shown.length} more]`] : shown;
    }
    const entries: [string, unknown][] = value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
    const shown = entries.slice(0, this.#take(entries.length)).map(([key, item]) => [key, hides(key, item) ? REDACTED : this.of(item, depth - 1)] as const);
    return Object.fromEntries(entries.length > shown.length ? [...shown, ['…', `${entries.length - shown.length} more`]] : shown);
  }

  /** How many of so many entries may be shown. */
  #take(wanted: number): number {
    const taken = Math.min(wanted, this.#most, this.#left);
    this.#left -= taken;
    return taken;
  }
}

function hides(key: string, value: unknown): boolean {
  if (typeof value === 'boolean' || value === null || value === undefined) return false;
  return (typeof value === 'number' ? SECRET_NUMBER : SECRET_NAME).test(key);
}

/** The same as one line of JSON of at most `length` characters. */
export function redactedLine(value: unknown, length = 1_000): string {
  const line = JSON.stringify(redact(value)) ?? String(value);
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
